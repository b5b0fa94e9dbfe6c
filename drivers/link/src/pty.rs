//! The master side of a pseudo-terminal: for simulators and tests, which hand the slave's path
//! to whoever should open a "serial port".

use std::ffi::CStr;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::time::Duration;

use certbench_clock::{Clock, Time};

use crate::descriptor::{Descriptor, Manner};
use crate::{ByteLink, LinkError, LinkInfo, LinkKind, Stamp};

/// The master side, as a byte link. While it lives one descriptor of the slave stays open, so
/// that programs may come and go at the other end.
pub struct Master {
    line: Descriptor,
    info: LinkInfo,
    slave_path: String,
    _slave: File,
}

/// Opens a new pseudo-terminal in raw mode. When nobody reads the other end some 4 KiB are
/// kept for them; after that a write fails with [`LinkError::Timeout`] within 20 ms.
///
/// # Errors
/// [`LinkError`] when the system has none to give, or [`LinkError::Unusable`] on a simulated clock.
pub fn open(clock: &Clock) -> Result<Master, LinkError> {
    const PORT: &str = "/dev/ptmx";
    if clock.is_simulated() {
        let what = "a pseudo-terminal has no simulated time; use an in-process pair there".into();
        return Err(LinkError::Unusable {
            port: PORT.into(),
            what,
        });
    }
    let fail = |e: io::Error| LinkError::from_io(PORT, "opening", &e);
    let (master, slave_path) = new_master().map_err(fail)?;
    let slave = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(libc::O_NOCTTY)
        .open(&slave_path)
        .and_then(|slave| make_raw(&slave).map(|()| slave))
        .map_err(|e| LinkError::from_io(&slave_path, "opening", &e))?;
    let manner = Manner {
        baud: 4_000_000,
        margin: Duration::from_millis(20),
        look_every: Duration::from_millis(50),
        datagrams: false,
    };
    let line = Descriptor::new(clock, &slave_path, master, manner);
    let info = LinkInfo::not_physical(LinkKind::Pty, &slave_path);
    Ok(Master {
        line,
        info,
        slave_path,
        _slave: slave,
    })
}

impl Master {
    /// What the other side opens: `/dev/pts/7`.
    pub fn slave_path(&self) -> &str {
        &self.slave_path
    }
}

impl ByteLink for Master {
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

#[expect(unsafe_code, reason = "std has no pseudo-terminals")]
fn new_master() -> io::Result<(OwnedFd, String)> {
    let flags = libc::O_RDWR | libc::O_NOCTTY | libc::O_NONBLOCK | libc::O_CLOEXEC;
    // SAFETY: the call takes flags only.
    let fd = unsafe { libc::posix_openpt(flags) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: `fd` was just opened and belongs to nobody else.
    let master = unsafe { OwnedFd::from_raw_fd(fd) };
    // SAFETY: both calls take an open master.
    if unsafe { libc::grantpt(fd) } != 0 || unsafe { libc::unlockpt(fd) } != 0 {
        return Err(io::Error::last_os_error());
    }
    let mut name = [0; 128];
    // SAFETY: `name` is writable for its length; the result is a terminated string within it.
    let e = unsafe { libc::ptsname_r(fd, name.as_mut_ptr(), name.len()) };
    if e != 0 {
        return Err(io::Error::from_raw_os_error(e));
    }
    // SAFETY: filled in and terminated by the call above.
    let name = unsafe { CStr::from_ptr(name.as_ptr()) };
    Ok((master, name.to_string_lossy().into_owned()))
}

/// No echo, no line editing, every byte as it is.
#[expect(unsafe_code, reason = "std cannot set up a terminal")]
fn make_raw(tty: &File) -> io::Result<()> {
    // SAFETY: termios is plain numbers, for which all zeros are valid; it is then filled in.
    let mut termios = unsafe { std::mem::zeroed() };
    // SAFETY: an open terminal and a valid termios.
    if unsafe { libc::tcgetattr(tty.as_raw_fd(), &mut termios) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: a valid termios.
    unsafe { libc::cfmakeraw(&mut termios) };
    // SAFETY: an open terminal and a valid termios.
    if unsafe { libc::tcsetattr(tty.as_raw_fd(), libc::TCSANOW, &termios) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}
