//! A pseudo-terminal with nothing of this project around it: the bare end of a measured line.

use std::fs::File;
use std::os::fd::AsRawFd;

use nix::pty::openpty;
use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};

/// Both ends, in raw mode, blocking.
pub(crate) struct Pty {
    pub(crate) master: File,
    pub(crate) slave: File,
    /// What a program opens as its port.
    pub(crate) path: String,
}

impl Pty {
    pub(crate) fn open() -> Result<Self, String> {
        let pty = openpty(None, None).map_err(|e| format!("no pseudo-terminal: {e}"))?;
        let raw = |e| format!("a pseudo-terminal cannot be set up: {e}");
        let mut termios = tcgetattr(&pty.slave).map_err(raw)?;
        cfmakeraw(&mut termios);
        tcsetattr(&pty.slave, SetArg::TCSANOW, &termios).map_err(raw)?;
        let path = std::fs::read_link(format!("/proc/self/fd/{}", pty.slave.as_raw_fd()))
            .map_err(|e| format!("a pseudo-terminal without a name: {e}"))?;
        Ok(Self {
            master: File::from(pty.master),
            slave: File::from(pty.slave),
            path: path.to_string_lossy().into_owned(),
        })
    }
}
