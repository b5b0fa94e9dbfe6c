//! A CAN interface of the Linux kernel.

mod batch;

use std::collections::VecDeque;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use certbench_clock::{Clock, Time};
use socketcan::{
    CanAnyFrame, CanDataFrame, CanFdFrame, CanFdSocket, CanRemoteFrame, EmbeddedFrame, ExtendedId,
    Id, ShouldRetry, Socket, SocketOptions, StandardId, id::FdFlags,
};

use self::batch::Room;
use crate::descriptor::poll;
use crate::{CanFrame, CanLink, LinkError, LinkInfo, LinkKind, Physicality, Stamp};

/// How long a frame may wait for room in the queue of the interface.
const ROOM_WITHIN: Duration = Duration::from_millis(50);
/// How often it is tried meanwhile.
const RETRY_EVERY: Duration = Duration::from_micros(200);
/// How often a silent interface is asked whether it is up, and a lost one whether it is back.
const CHECK_EVERY: Duration = Duration::from_millis(100);
/// A kernel stamp this much earlier than it can be means that somebody set the wall clock. Less
/// is the way of a frame from the interrupt, where it is stamped, to the socket.
const CLOCK_SET: Duration = Duration::from_millis(100);
/// Room for received frames, in bytes of the kernel's accounting (some 800 a frame, and it doubles
/// this): seconds of a full bus of 1 Mbit/s. Without privilege the system's `rmem_max` holds.
const RECEIVE_BUFFER: i32 = 16 << 20;

/// An interface with classic CAN and, where it can, CAN FD. Error frames of the controller are
/// received too. When the interface goes down every call says so; when it comes back the next
/// call works again.
pub struct SocketCan {
    name: String,
    clock: Clock,
    state: Mutex<State>,
    info: LinkInfo,
}

struct State {
    /// `None` after the interface was lost, until it is back.
    socket: Option<Arc<CanFdSocket>>,
    /// What was fetched and not yet asked for.
    heard: VecDeque<Heard>,
    room: Box<Room>,
    /// The last fetch left nothing behind.
    drained: bool,
    /// Frames that this socket had no room for, of those already reported.
    dropped: u32,
    /// Nothing was there at this time.
    empty_at: Time,
    checked_at: Time,
}

/// What the socket gave, in order.
enum Heard {
    Frame(CanFrame, Stamp),
    /// So many frames came here and found no room.
    Lost(u32),
}

impl State {
    fn new(socket: CanFdSocket, empty_at: Time) -> State {
        State {
            socket: Some(Arc::new(socket)),
            heard: VecDeque::new(),
            room: Room::new(),
            drained: true,
            dropped: 0,
            empty_at,
            checked_at: empty_at,
        }
    }

    /// Takes what is there. The kernel's stamps are on the wall clock; the offset is measured here,
    /// right after the read. A frame says how many before it found no room.
    fn fetch(&mut self, socket: &CanFdSocket, clock: &Clock) -> std::io::Result<()> {
        if self.drained {
            return Ok(()); // until `poll` says that something is there
        }
        let before = clock.now();
        self.drained = match self.room.receive(socket.as_fd()) {
            Ok((received, all)) => {
                let offset = Offset::measure(clock);
                for received in received {
                    let dropped = received.dropped.unwrap_or(self.dropped);
                    let lost = dropped.wrapping_sub(self.dropped);
                    if lost > 0 {
                        self.heard.push_back(Heard::Lost(lost));
                        self.dropped = dropped;
                    }
                    if let Some(frame) = received.frame {
                        let stamp = offset.stamp(received.at, self.empty_at);
                        self.heard.push_back(Heard::Frame(frame, stamp));
                    }
                }
                all
            }
            Err(e) if e.should_retry() => true,
            Err(e) => return Err(e),
        };
        if self.drained {
            self.empty_at = before;
        }
        Ok(())
    }
}

/// Where the wall clock is on the run's clock: read in between.
struct Offset {
    before: Time,
    utc: SystemTime,
    after: Time,
}

impl Offset {
    fn measure(clock: &Clock) -> Offset {
        Offset {
            before: clock.now(),
            utc: clock.utc(),
            after: clock.now(),
        }
    }

    /// The kernel's stamp on the run's clock. If somebody set the wall clock since, it falls outside
    /// what this program saw, and that holds.
    fn stamp(&self, kernel: Option<SystemTime>, empty_at: Time) -> Stamp {
        let seen = Stamp {
            earliest: empty_at,
            latest: self.after,
            kernel: false,
        };
        let Some(age) = kernel.and_then(|at| self.utc.duration_since(at).ok()) else {
            return seen;
        };
        let (earliest, latest) = (self.before.earlier_by(age), self.after.earlier_by(age));
        if latest + CLOCK_SET < empty_at {
            seen
        } else {
            Stamp {
                earliest,
                latest,
                kernel: true,
            }
        }
    }
}

impl SocketCan {
    /// Opens the interface called `name`, which must be up: its bit rate is set by the system.
    ///
    /// # Errors
    /// [`LinkError::NotFound`], [`LinkError::Denied`], or [`LinkError::Unusable`] when the
    /// kernel has no CAN, the interface is down, or the clock is simulated.
    pub fn open(clock: &Clock, name: &str) -> Result<SocketCan, LinkError> {
        let unusable = |what: String| LinkError::Unusable {
            port: name.into(),
            what,
        };
        if clock.is_simulated() {
            return Err(unusable(
                "a CAN interface has no simulated time; use an in-process pair there".into(),
            ));
        }
        let empty_at = clock.now();
        let socket = connect(name).map_err(|e| match e.raw_os_error() {
            Some(libc::EAFNOSUPPORT) => unusable(
                "this kernel has no CAN sockets; load the module `can`, or use an adapter as slcan:/dev/ttyACM0@1000000"
                    .into(),
            ),
            Some(libc::ENODEV) => LinkError::NotFound { port: name.into(), what: e.to_string() },
            _ => LinkError::from_io(name, "opening", &e),
        })?;
        if !is_up(name) {
            return Err(unusable(format!(
                "it is down; try `ip link set {name} up type can bitrate 1000000`"
            )));
        }
        Ok(SocketCan {
            name: name.into(),
            clock: clock.clone(),
            state: Mutex::new(State::new(socket, empty_at)),
            info: describe(name),
        })
    }

    /// The socket, opened again if the interface is back.
    fn socket(&self) -> Result<Arc<CanFdSocket>, LinkError> {
        let mut state = self.state();
        if let Some(socket) = &state.socket {
            return Ok(socket.clone());
        }
        let empty_at = self.clock.now();
        let socket = connect(&self.name).map_err(|e| self.gone(&e.to_string()))?;
        if !is_up(&self.name) {
            return Err(self.gone("the interface is down"));
        }
        *state = State::new(socket, empty_at);
        state
            .socket
            .clone()
            .ok_or_else(|| self.gone("it was closed"))
    }

    /// What an error of the socket means; when the interface is lost, the socket is given up.
    fn failed(&self, doing: &'static str, e: &std::io::Error) -> LinkError {
        match e.raw_os_error() {
            Some(libc::ENETDOWN | libc::ENODEV | libc::ENXIO | libc::ENETUNREACH) => {
                self.gone(&e.to_string())
            }
            _ => LinkError::from_io(&self.name, doing, e),
        }
    }

    fn lose(&self, why: LinkError) -> LinkError {
        if let LinkError::Gone { .. } = why {
            self.state().socket = None;
        }
        why
    }

    fn gone(&self, what: &str) -> LinkError {
        let what = format!("{what}; `ip -details link show {}` shows it", self.name);
        LinkError::Gone {
            port: self.name.clone(),
            what,
        }
    }

    fn give(&self, heard: Heard) -> Result<Option<(CanFrame, Stamp)>, LinkError> {
        match heard {
            Heard::Frame(frame, stamp) => Ok(Some((frame, stamp))),
            Heard::Lost(frames) => Err(self.lost(frames)),
        }
    }

    fn lost(&self, frames: u32) -> LinkError {
        LinkError::Overrun {
            port: self.name.clone(),
            lost: frames.into(),
        }
    }

    /// Silence may be a bus without traffic, or an interface that somebody took down; and the last
    /// frames before it may have found no room, which no later frame can say.
    fn check_silence(&self, socket: &CanFdSocket) -> Result<(), LinkError> {
        let now = self.clock.now();
        {
            let mut state = self.state();
            if now - state.checked_at < CHECK_EVERY {
                return Ok(());
            }
            state.checked_at = now;
            let dropped = dropped(socket);
            let lost = dropped.wrapping_sub(state.dropped);
            if state.drained && state.heard.is_empty() && lost > 0 {
                state.dropped = dropped;
                return Err(self.lost(lost));
            }
        }
        if is_up(&self.name) {
            Ok(())
        } else {
            Err(self.lose(self.gone("the interface is down")))
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CanLink for SocketCan {
    fn send(&self, frame: &CanFrame) -> Result<Time, LinkError> {
        let port = || self.name.clone();
        let refused = |what: String| LinkError::Refused { port: port(), what };
        let kernel = to_kernel(frame).ok_or_else(|| refused(format!("{frame} cannot be sent")))?;
        let socket = self.socket()?;
        let start = self.clock.now();
        loop {
            let before = self.clock.now();
            match socket.write_frame(&kernel) {
                Ok(()) => return Ok(before),
                Err(e) if e.raw_os_error() == Some(libc::ENOBUFS) || e.should_retry() => {
                    if before - start >= ROOM_WITHIN {
                        return Err(LinkError::Timeout {
                            port: port(),
                            sent: 0,
                            of: frame.len(),
                            within: ROOM_WITHIN,
                        });
                    }
                    self.clock.sleep(RETRY_EVERY);
                }
                Err(e) if frame.is_fd() && e.raw_os_error() == Some(libc::EINVAL) => {
                    return Err(refused(format!(
                        "{frame} is a CAN FD frame; try `ip link set {} mtu 72` or `fd on`",
                        self.name
                    )));
                }
                Err(e) => return Err(self.lose(self.failed("sending on", &e))),
            }
        }
    }

    fn recv(&self, until: Time) -> Result<Option<(CanFrame, Stamp)>, LinkError> {
        if let Some(heard) = self.state().heard.pop_front() {
            return self.give(heard);
        }
        let socket = match self.socket() {
            Ok(socket) => socket,
            Err(e) => {
                self.clock
                    .sleep_until(until.min(self.clock.now() + CHECK_EVERY)); // no busy loop while it is away
                return Err(e);
            }
        };
        loop {
            let fetched = self.state().fetch(&socket, &self.clock);
            fetched.map_err(|e| self.lose(self.failed("receiving on", &e)))?;
            if let Some(heard) = self.state().heard.pop_front() {
                return self.give(heard);
            }
            let now = self.clock.now();
            let ready = poll(socket.as_fd(), libc::POLLIN, until - now)
                .map_err(|e| self.lose(self.failed("waiting for", &e)))?;
            if !ready {
                self.state().empty_at = now;
                self.check_silence(&socket)?;
                return Ok(None);
            }
            self.state().drained = false;
        }
    }

    fn describe(&self) -> &LinkInfo {
        &self.info
    }
}

fn connect(name: &str) -> std::io::Result<CanFdSocket> {
    let socket = CanFdSocket::open(name)?;
    socket.set_nonblocking(true)?;
    socket.set_recv_timestamp(true)?;
    socket.set_error_filter_accept_all()?;
    let set = |option, value| socket.set_socket_option_int(libc::SOL_SOCKET, option, value);
    set(libc::SO_RXQ_OVFL, 1)?;
    // Best effort: a small buffer only loses frames earlier.
    let _ =
        set(libc::SO_RCVBUFFORCE, RECEIVE_BUFFER).or_else(|_| set(libc::SO_RCVBUF, RECEIVE_BUFFER));
    Ok(socket)
}

/// Frames that the socket had no room for, ever (linux/sock_diag.h, `SK_MEMINFO_DROPS`).
fn dropped(socket: &CanFdSocket) -> u32 {
    const DROPS: usize = 8;
    let mut numbers = [0; 64];
    let Ok(len) = socket.get_socket_option_bytes(libc::SOL_SOCKET, libc::SO_MEMINFO, &mut numbers)
    else {
        return 0;
    };
    let drops = numbers
        .get(..len)
        .and_then(|all| all.chunks_exact(4).nth(DROPS));
    drops
        .and_then(|bytes| bytes.try_into().ok())
        .map_or(0, u32::from_ne_bytes)
}

fn sysfs(name: &str) -> PathBuf {
    Path::new("/sys/class/net").join(name)
}

fn is_up(name: &str) -> bool {
    let flags = std::fs::read_to_string(sysfs(name).join("flags")).unwrap_or_default();
    let flags = u32::from_str_radix(flags.trim().trim_start_matches("0x"), 16).unwrap_or(0);
    flags & libc::IFF_UP as u32 != 0
}

/// An interface without hardware behind it lives under /sys/devices/virtual.
fn describe(name: &str) -> LinkInfo {
    let real = sysfs(name).canonicalize().unwrap_or_default();
    let mtu = std::fs::read_to_string(sysfs(name).join("mtu")).unwrap_or_default();
    let fd = mtu
        .trim()
        .parse()
        .is_ok_and(|mtu: usize| mtu >= libc::CANFD_MTU);
    let mut info = LinkInfo {
        settings: if fd {
            "CAN FD".into()
        } else {
            "classic CAN".into()
        },
        ..LinkInfo::not_physical(LinkKind::VirtualCan, name)
    };
    if !real.starts_with("/sys/devices/virtual") && real.starts_with("/sys/devices") {
        info.kind = LinkKind::SocketCan;
        info.provenance_hint = Physicality::Physical;
    } else if name.starts_with("slcan") {
        info.notes.push(
            "what is behind an slcan interface of the kernel cannot be told; \
             to be taken for physical, open the adapter itself: slcan:/dev/ttyACM0@1000000"
                .into(),
        );
    }
    info
}

/// What the controller reports in an error frame, in words (linux/can/error.h). `None` for other frames.
pub fn error_text(frame: &CanFrame) -> Option<String> {
    if !frame.is_error() {
        return None;
    }
    let error = socketcan::CanErrorFrame::new_error(frame.id(), frame.data()).ok()?;
    Some(error.into_error().to_string())
}

fn to_kernel(frame: &CanFrame) -> Option<CanAnyFrame> {
    let id: Id = if frame.is_extended() {
        ExtendedId::new(frame.id())?.into()
    } else {
        StandardId::new(u16::try_from(frame.id()).ok()?)?.into()
    };
    Some(match (frame.is_error(), frame.is_remote(), frame.is_fd()) {
        (true, ..) => return None,
        (_, true, _) => CanRemoteFrame::new_remote(id, frame.len())?.into(),
        (.., true) => {
            let flags = if frame.is_brs() {
                FdFlags::BRS
            } else {
                FdFlags::empty()
            };
            CanFdFrame::with_flags(id, frame.data(), flags)?.into()
        }
        _ => CanDataFrame::new(id, frame.data())?.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_frame_is_never_sent() {
        assert!(to_kernel(&CanFrame::error(0x40, &[0; 8]).unwrap()).is_none());
        assert!(to_kernel(&"123##1AABB".parse().unwrap()).is_some());
    }

    #[test]
    fn an_error_frame_is_told_in_words() {
        // linux/can/error.h: CAN_ERR_BUSOFF 0x40; CAN_ERR_CRTL 0x04 with data[1] 0x20 = TX passive.
        let bus_off = error_text(&CanFrame::error(0x40, &[0; 8]).unwrap()).unwrap();
        assert!(bus_off.to_lowercase().contains("bus"), "{bus_off}");
        let passive =
            error_text(&CanFrame::error(0x04, &[0, 0x20, 0, 0, 0, 0, 0, 0]).unwrap()).unwrap();
        assert!(passive.to_lowercase().contains("passive"), "{passive}");
        assert_eq!(error_text(&CanFrame::standard(1, &[]).unwrap()), None);
    }

    #[test]
    fn a_missing_interface_is_not_found_or_can_is_missing() {
        let e = SocketCan::open(&Clock::real(), "nosuchcan9").err().unwrap();
        assert!(
            matches!(e, LinkError::NotFound { .. } | LinkError::Unusable { .. }),
            "{e}"
        );
    }
}
