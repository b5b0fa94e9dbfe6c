//! A line of bytes over the network: TCP to an instrument's socket, UDP to one that sends datagrams.

use std::net::{SocketAddr, TcpStream, ToSocketAddrs, UdpSocket};
use std::os::fd::OwnedFd;
use std::time::Duration;

use certbench_clock::{Clock, Time};

use crate::descriptor::{Descriptor, Manner};
use crate::{ByteLink, LinkError, LinkInfo, LinkKind, Physicality, Stamp};

/// How long a connection may take.
const CONNECTS_WITHIN: Duration = Duration::from_secs(3);

/// What carries the bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Protocol {
    /// A stream; it is gone when the far end closes it.
    Tcp,
    /// Datagrams with one far end. A write is a datagram, a chunk that is read is one; one that nobody took is
    /// lost in silence.
    Udp,
}

/// A connection to one far end. It is not encrypted, and nobody is authenticated: for a network of the bench's
/// own.
pub struct Net {
    line: Descriptor,
    info: LinkInfo,
}

impl Net {
    /// Connects to `address`, `HOST:PORT`. A loopback address is a program on this computer, never a physical
    /// device.
    ///
    /// # Errors
    /// [`LinkError::NotFound`] when the host is not known or does not take the connection,
    /// [`LinkError::Unusable`] on a simulated clock.
    pub fn open(clock: &Clock, protocol: Protocol, address: &str) -> Result<Net, LinkError> {
        let scheme = match protocol {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
        };
        let port = format!("{scheme}:{address}");
        if clock.is_simulated() {
            return Err(LinkError::Unusable {
                port,
                what: "a network has no simulated time; use an in-process pair there".into(),
            });
        }
        let not_found = |error: std::io::Error| LinkError::NotFound {
            port: port.clone(),
            what: error.to_string(),
        };
        let mut far = address.to_socket_addrs().map_err(not_found)?;
        let far = far.next().ok_or_else(|| LinkError::NotFound {
            port: port.clone(),
            what: "the host has no address".into(),
        })?;
        let fd = match protocol {
            Protocol::Tcp => stream(far),
            Protocol::Udp => datagrams(far),
        };
        let manner = Manner {
            baud: u32::MAX,
            margin: Duration::from_millis(100),
            look_every: Duration::from_millis(5),
            datagrams: protocol == Protocol::Udp,
        };
        let line = Descriptor::new(clock, &port, fd.map_err(not_found)?, manner);
        let provenance_hint = match far.ip().is_loopback() {
            true => Physicality::NotPhysical,
            false => Physicality::Physical,
        };
        Ok(Net {
            line,
            info: LinkInfo {
                kind: LinkKind::Network,
                port,
                settings: far.to_string(),
                provenance_hint,
                latency_timer_ms: None,
                notes: Vec::new(),
            },
        })
    }
}

fn stream(far: SocketAddr) -> std::io::Result<OwnedFd> {
    let stream = TcpStream::connect_timeout(&far, CONNECTS_WITHIN)?;
    stream.set_nodelay(true)?; // a question is sent when it is asked
    stream.set_nonblocking(true)?;
    Ok(stream.into())
}

fn datagrams(far: SocketAddr) -> std::io::Result<OwnedFd> {
    let any = match far {
        SocketAddr::V4(_) => "0.0.0.0:0",
        SocketAddr::V6(_) => "[::]:0",
    };
    let socket = UdpSocket::bind(any)?;
    socket.connect(far)?; // what others send does not arrive
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

impl ByteLink for Net {
    fn write(&self, bytes: &[u8]) -> Result<Time, LinkError> {
        self.line.write(bytes)
    }

    fn read(&self, buf: &mut Vec<u8>, until: Time) -> Result<Option<Stamp>, LinkError> {
        self.line.read(buf, until)
    }

    fn discard(&self) {
        self.line.discard();
    }

    fn describe(&self) -> &LinkInfo {
        &self.info
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::open_bytes;
    use std::io::{Read, Write};
    use std::net::TcpListener;

    const SOON: Duration = Duration::from_secs(20);

    fn next(clock: &Clock, link: &dyn ByteLink) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        let stamp = link.read(&mut bytes, clock.now() + SOON).unwrap()?;
        assert!(stamp.earliest <= stamp.latest);
        Some(bytes)
    }

    #[test]
    fn a_stream_carries_bytes_both_ways_and_says_when_it_is_gone() {
        let clock = Clock::real();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let spec = format!("tcp:{}", listener.local_addr().unwrap());
        let link = open_bytes(&clock, &spec).unwrap();
        assert_eq!(link.describe().kind, LinkKind::Network);
        assert_eq!(
            link.describe().provenance_hint,
            Physicality::NotPhysical,
            "what is on this computer is no device"
        );
        let (mut far, _) = listener.accept().unwrap();
        link.write(b"*IDN?\n").unwrap();
        let mut heard = [0; 6];
        far.read_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"*IDN?\n");
        far.write_all(b"maker,model\n").unwrap();
        assert_eq!(next(&clock, &*link), Some(b"maker,model\n".to_vec()));
        drop(far);
        let mut bytes = Vec::new();
        let gone = link.read(&mut bytes, clock.now() + SOON);
        assert!(matches!(gone, Err(LinkError::Gone { .. })), "{gone:?}");
    }

    #[test]
    fn datagrams_keep_their_borders_and_those_of_strangers_do_not_arrive() {
        let clock = Clock::real();
        let far = UdpSocket::bind("127.0.0.1:0").unwrap();
        let spec = format!("udp:{}", far.local_addr().unwrap());
        let link = open_bytes(&clock, &spec).unwrap();
        link.write(&[0x12, 0x34]).unwrap();
        let mut room = [0; 16];
        let (n, near) = far.recv_from(&mut room).unwrap();
        assert_eq!(room.get(..n), Some(&[0x12, 0x34][..]));
        let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
        let _ = stranger.send_to(b"stranger", near);
        far.send_to(&[], near).unwrap(); // an empty datagram ends nothing
        far.send_to(b"one", near).unwrap();
        far.send_to(b"two", near).unwrap();
        assert_eq!(next(&clock, &*link), Some(b"one".to_vec()));
        assert_eq!(next(&clock, &*link), Some(b"two".to_vec()));
    }

    #[test]
    fn a_far_end_that_is_off_is_silence_for_datagrams_and_no_connection_for_a_stream() {
        let clock = Clock::real();
        let free = {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            listener.local_addr().unwrap()
        };
        let refused = open_bytes(&clock, &format!("tcp:{free}")).err();
        assert!(
            matches!(refused, Some(LinkError::NotFound { .. })),
            "{refused:?}"
        );
        let nobody = {
            let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
            socket.local_addr().unwrap()
        };
        let link = open_bytes(&clock, &format!("udp:{nobody}")).unwrap();
        for _ in 0..3 {
            link.write(b"anybody there").unwrap();
            let mut bytes = Vec::new();
            let until = clock.now() + Duration::from_millis(20);
            assert_eq!(link.read(&mut bytes, until), Ok(None));
        }
        let no_port = open_bytes(&clock, "udp:127.0.0.1").err();
        assert!(matches!(no_port, Some(LinkError::NotFound { .. })));
    }
}
