//! Port specifications, as a bench file writes them.

use certbench_clock::Clock;

use crate::echo::Echoing;
use crate::net::{Net, Protocol};
use crate::serial::{Flow, Parity, Serial, SerialOptions};
use crate::slcan::{Slcan, SlcanOptions};
use crate::tail::Tail;
use crate::{ByteLink, CanLink, LinkError};

/// Opens a byte link: `PATH[@BAUD][,8N1][,rtscts|xonxoff][,echo]`, for instance
/// `/dev/ttyUSB0@115200` or `/dev/ttyUSB1@19200,8E1,echo`. What is not given is as in
/// [`SerialOptions::default`]; `echo` is for an RS-485 adapter that hears itself. Or over the network:
/// `tcp:HOST:PORT`, `udp:HOST:PORT`, for instance `tcp:192.168.1.20:5025`. Or what another program adds to
/// a file: `tail:PATH`.
///
/// # Errors
/// [`LinkError::Unusable`] when the text is not understood; else as [`Serial::open`], [`Net::open`] or
/// [`Tail::open`].
pub fn open_bytes(clock: &Clock, spec: &str) -> Result<Box<dyn ByteLink>, LinkError> {
    for (scheme, protocol) in [("tcp:", Protocol::Tcp), ("udp:", Protocol::Udp)] {
        if let Some(address) = spec.strip_prefix(scheme) {
            return Ok(Box::new(Net::open(clock, protocol, address)?));
        }
    }
    if let Some(path) = spec.strip_prefix("tail:") {
        return Ok(Box::new(Tail::open(clock, path.as_ref())?));
    }
    let Spec {
        path,
        options,
        echo,
    } = Spec::parse(spec)?;
    let port = Serial::open(clock, path, &options)?;
    Ok(if echo {
        Box::new(Echoing::new(port))
    } else {
        Box::new(port)
    })
}

/// Opens a CAN link: an interface (`can0`, Linux), or an adapter as
/// `slcan:PATH@BIT_RATE[,tty=BAUD][,data=BIT_RATE][,listen]`, for instance
/// `slcan:/dev/ttyACM0@1000000`, where the bit rate is that of the bus and `data` that of CAN
/// FD's data phase. Without `tty` the serial port runs at 115200 baud, which USB adapters ignore. Or a
/// recording in candump's log format, played from now on: `replay:PATH[,INTERFACE]`.
///
/// # Errors
/// [`LinkError::Unusable`] when the text is not understood; else as `SocketCan::open`, or as
/// [`Serial::open`] and [`Slcan::open`].
pub fn open_can(clock: &Clock, spec: &str) -> Result<Box<dyn CanLink>, LinkError> {
    if let Some(log) = spec.strip_prefix("replay:") {
        let (path, interface) = log
            .rsplit_once(',')
            .map_or((log, None), |(path, interface)| (path, Some(interface)));
        return Ok(Box::new(crate::candump::open(
            clock,
            path.as_ref(),
            interface,
        )?));
    }
    let Some(adapter) = spec.strip_prefix("slcan:") else {
        return open_interface(clock, spec);
    };
    let unusable = |what: &str| LinkError::Unusable {
        port: spec.into(),
        what: what.into(),
    };
    let (place, words) = adapter
        .split_once(',')
        .map_or((adapter, None), |(place, words)| (place, Some(words)));
    let Some((path, bit_rate)) = place.rsplit_once('@') else {
        return Err(unusable(
            "the bit rate of the bus is missing; write slcan:/dev/ttyACM0@1000000",
        ));
    };
    let number = |text: &str| {
        text.parse()
            .map_err(|_| unusable(&format!("`{text}` is not a number")))
    };
    let mut options = SlcanOptions {
        bit_rate: number(bit_rate)?,
        data_bit_rate: None,
        listen_only: false,
    };
    let mut serial = SerialOptions {
        baud: 115_200,
        ..SerialOptions::default()
    };
    for word in words.iter().flat_map(|words| words.split(',')) {
        match word.split_once('=') {
            Some(("tty", baud)) => serial.baud = number(baud)?,
            Some(("data", rate)) => options.data_bit_rate = Some(number(rate)?),
            None if word == "listen" => options.listen_only = true,
            _ => {
                return Err(unusable(&format!(
                    "`{word}` is not known; known are tty=, data= and listen"
                )));
            }
        }
    }
    Ok(Box::new(Slcan::open(
        clock,
        Serial::open(clock, path, &serial)?,
        &options,
    )?))
}

#[cfg(target_os = "linux")]
fn open_interface(clock: &Clock, name: &str) -> Result<Box<dyn CanLink>, LinkError> {
    if name.contains(['/', ':', '@', ',']) {
        let what = "write the name of a CAN interface (can0), or slcan:/dev/ttyACM0@1000000".into();
        return Err(LinkError::Unusable {
            port: name.into(),
            what,
        });
    }
    Ok(Box::new(crate::socketcan::SocketCan::open(clock, name)?))
}

#[cfg(not(target_os = "linux"))]
fn open_interface(_: &Clock, name: &str) -> Result<Box<dyn CanLink>, LinkError> {
    let what = "CAN interfaces are for Linux; write slcan:/dev/ttyACM0@1000000".into();
    Err(LinkError::Unusable {
        port: name.into(),
        what,
    })
}

struct Spec<'a> {
    path: &'a str,
    options: SerialOptions,
    echo: bool,
}

impl Spec<'_> {
    fn parse(spec: &str) -> Result<Spec<'_>, LinkError> {
        let unusable = |what: String| LinkError::Unusable {
            port: spec.into(),
            what,
        };
        let (place, words) = spec
            .split_once(',')
            .map_or((spec, None), |(place, words)| (place, Some(words)));
        let (path, baud) = place
            .rsplit_once('@')
            .map_or((place, None), |(path, baud)| (path, Some(baud)));
        if path.is_empty() {
            return Err(unusable("no path; write /dev/ttyUSB0@115200".into()));
        }
        let mut parsed = Spec {
            path,
            options: SerialOptions::default(),
            echo: false,
        };
        if let Some(baud) = baud {
            parsed.options.baud = baud
                .parse()
                .map_err(|_| unusable(format!("`{baud}` is not a speed in baud")))?;
        }
        for word in words.iter().flat_map(|words| words.split(',')) {
            match word.as_bytes() {
                b"rtscts" => parsed.options.flow = Flow::Hardware,
                b"xonxoff" => parsed.options.flow = Flow::Software,
                b"echo" => parsed.echo = true,
                [
                    data @ b'7'..=b'8',
                    parity @ (b'N' | b'O' | b'E'),
                    stop @ b'1'..=b'2',
                ] => {
                    parsed.options.data_bits = data - b'0';
                    parsed.options.stop_bits = stop - b'0';
                    parsed.options.parity = match parity {
                        b'O' => Parity::Odd,
                        b'E' => Parity::Even,
                        _ => Parity::None,
                    };
                }
                _ => {
                    let known = "known are 8N1 and the like, rtscts, xonxoff and echo";
                    return Err(unusable(format!("`{word}` is not known; {known}")));
                }
            }
        }
        Ok(parsed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_specification_says_how_the_port_is_set_up() {
        let spec = Spec::parse("/dev/ttyUSB0@115200").unwrap();
        assert_eq!(
            (spec.path, spec.options.to_string().as_str(), spec.echo),
            ("/dev/ttyUSB0", "115200 8N1", false)
        );
        let spec = Spec::parse("/dev/serial/by-id/a@b@19200,8E1,rtscts,echo").unwrap();
        assert_eq!(spec.path, "/dev/serial/by-id/a@b");
        assert_eq!(
            (spec.options.to_string().as_str(), spec.echo),
            ("19200 8E1 rtscts", true)
        );
        assert_eq!(
            Spec::parse("/dev/ttyS0,7O2").unwrap().options.to_string(),
            "9600 7O2"
        );
    }

    #[test]
    fn a_specification_that_is_not_understood_says_what_to_write() {
        for (spec, says) in [
            ("/dev/ttyUSB0@fast", "`fast` is not a speed"),
            ("/dev/ttyUSB0@9600,9N1", "`9N1` is not known"),
            ("@9600", "no path"),
            ("/dev/ttyUSB0@-1", "not a speed"),
        ] {
            let e = open_bytes(&Clock::real(), spec).err().unwrap().to_string();
            assert!(e.contains(says), "{spec}: {e}");
        }
        for (spec, says) in [
            ("slcan:/dev/ttyACM0", "bit rate of the bus is missing"),
            ("slcan:/dev/ttyACM0@1M", "`1M` is not a number"),
            ("slcan:/dev/ttyACM0@1000000,loud", "`loud` is not known"),
            ("/dev/ttyACM0@1000000", "write the name of a CAN interface"),
        ] {
            let e = open_can(&Clock::real(), spec).err().unwrap().to_string();
            assert!(e.contains(says), "{spec}: {e}");
        }
    }
}
