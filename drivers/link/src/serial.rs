//! A serial port, with the same code on a pseudo-terminal.

use std::fmt;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use certbench_clock::{Clock, Time};
use tokio_serial::{ClearBuffer, DataBits, ErrorKind, FlowControl, SerialPort, StopBits};

use crate::descriptor::{Descriptor, Manner};
use crate::info::kind_of_tty;
use crate::{ByteLink, LinkError, LinkInfo, Stamp};

/// How a port is set up. The default is 9600 8N1 without flow control.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SerialOptions {
    /// Bits per second.
    pub baud: u32,
    /// Bits in a character: 7 or 8.
    pub data_bits: u8,
    /// The parity bit.
    pub parity: Parity,
    /// Stop bits: 1 or 2.
    pub stop_bits: u8,
    /// Flow control.
    pub flow: Flow,
    /// How much longer than its time on the wire a frame may take to be accepted.
    pub write_margin: Duration,
    /// How often an idle port is looked at, which bounds how far apart the earliest and the
    /// latest time of an arrival can be on a quiet machine.
    pub look_every: Duration,
}

/// The parity bit of a character.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Parity {
    /// There is none.
    None,
    /// An odd number of ones.
    Odd,
    /// An even number of ones.
    Even,
}

/// Who may hold the line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flow {
    /// Nobody.
    None,
    /// RTS and CTS.
    Hardware,
    /// XON and XOFF.
    Software,
}

impl Default for SerialOptions {
    fn default() -> SerialOptions {
        SerialOptions {
            baud: 9600,
            data_bits: 8,
            parity: Parity::None,
            stop_bits: 1,
            flow: Flow::None,
            write_margin: Duration::from_millis(100),
            look_every: Duration::from_millis(5),
        }
    }
}

/// `115200 8N1`.
impl fmt::Display for SerialOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parity = match self.parity {
            Parity::None => 'N',
            Parity::Odd => 'O',
            Parity::Even => 'E',
        };
        write!(
            f,
            "{} {}{parity}{}",
            self.baud, self.data_bits, self.stop_bits
        )?;
        f.write_str(match self.flow {
            Flow::None => "",
            Flow::Hardware => " rtscts",
            Flow::Software => " xonxoff",
        })
    }
}

/// An open serial port, or the slave side of a pseudo-terminal. It is open exclusively
/// (`TIOCEXCL` and `flock`) until dropped; received bytes from before are thrown away.
pub struct Serial {
    line: Descriptor,
    info: LinkInfo,
    /// Holds the port exclusively; goes last.
    _port: Mutex<Box<dyn SerialPort>>,
}

impl Serial {
    /// Opens the port at `path`.
    ///
    /// # Errors
    /// [`LinkError::NotFound`], [`LinkError::Denied`], [`LinkError::Busy`], or
    /// [`LinkError::Unusable`] when it is no serial port, the settings are impossible, or the
    /// clock is simulated.
    pub fn open(clock: &Clock, path: &str, options: &SerialOptions) -> Result<Serial, LinkError> {
        let unusable = |what: String| LinkError::Unusable {
            port: path.into(),
            what,
        };
        if clock.is_simulated() {
            return Err(unusable(
                "a serial port has no simulated time; use an in-process pair there".into(),
            ));
        }
        let builder = builder(path, options).map_err(unusable)?;
        std::fs::metadata(path).map_err(|e| LinkError::from_io(path, "opening", &e))?;
        let (kind, provenance_hint) = kind_of_tty(Path::new(path));
        let fail = |e: std::io::Error| LinkError::from_io(path, "preparing", &e);
        let port = builder
            .open_native()
            .map_err(|e| failed_to_open(path, &e))?;
        port.clear(ClearBuffer::Input).map_err(|e| fail(e.into()))?;

        let mut info = LinkInfo {
            kind,
            port: path.into(),
            settings: options.to_string(),
            provenance_hint,
            latency_timer_ms: None,
            notes: Vec::new(),
        };
        shorten_latency(Path::new(path), &mut info);
        let manner = Manner {
            baud: options.baud,
            margin: options.write_margin,
            look_every: options.look_every,
            datagrams: false,
        };
        let fd = without_blocking(port.as_raw_fd()).map_err(fail)?;
        let line = Descriptor::new(clock, path, fd, manner);
        Ok(Serial {
            line,
            info,
            _port: Mutex::new(Box::new(port)),
        })
    }
}

impl ByteLink for Serial {
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

fn builder(path: &str, options: &SerialOptions) -> Result<tokio_serial::SerialPortBuilder, String> {
    if options.baud == 0 {
        return Err("0 baud is no speed".into());
    }
    let data_bits = match options.data_bits {
        7 => DataBits::Seven,
        8 => DataBits::Eight,
        n => return Err(format!("{n} data bits; write 7 or 8")),
    };
    let stop_bits = match options.stop_bits {
        1 => StopBits::One,
        2 => StopBits::Two,
        n => return Err(format!("{n} stop bits; write 1 or 2")),
    };
    let parity = match options.parity {
        Parity::None => tokio_serial::Parity::None,
        Parity::Odd => tokio_serial::Parity::Odd,
        Parity::Even => tokio_serial::Parity::Even,
    };
    let flow = match options.flow {
        Flow::None => FlowControl::None,
        Flow::Hardware => FlowControl::Hardware,
        Flow::Software => FlowControl::Software,
    };
    let builder = tokio_serial::new(path, options.baud)
        .data_bits(data_bits)
        .stop_bits(stop_bits);
    Ok(builder.parity(parity).flow_control(flow).exclusive(true))
}

fn failed_to_open(path: &str, e: &tokio_serial::Error) -> LinkError {
    let (port, what) = (path.to_string(), e.to_string());
    match e.kind() {
        ErrorKind::NoDevice => LinkError::Busy { port }, // what the crate makes of EBUSY and a held lock
        ErrorKind::Io(std::io::ErrorKind::NotFound) => LinkError::NotFound { port, what },
        ErrorKind::Io(std::io::ErrorKind::PermissionDenied) => LinkError::Denied { port, what },
        _ => LinkError::Unusable {
            port,
            what: format!("{what}; is it a serial port, and can it do these settings?"),
        },
    }
}

/// Asks an FTDI adapter to hand received bytes over after 1 ms instead of 16, and notes what it does.
fn shorten_latency(path: &Path, info: &mut LinkInfo) {
    let real = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let Some(name) = real.file_name() else { return };
    let timer = Path::new("/sys/bus/usb-serial/devices")
        .join(name)
        .join("latency_timer");
    if !timer.exists() {
        return;
    }
    if let Err(e) = std::fs::write(&timer, "1") {
        info.notes.push(format!("latency timer not shortened: {e}"));
    }
    info.latency_timer_ms = std::fs::read_to_string(&timer)
        .ok()
        .and_then(|ms| ms.trim().parse().ok());
}

/// A second descriptor of the same open port, which no longer blocks.
#[expect(unsafe_code, reason = "the port gives its descriptor as a bare number")]
fn without_blocking(port: RawFd) -> std::io::Result<OwnedFd> {
    // SAFETY: the caller keeps the port open; the borrow ends with this statement.
    let fd = unsafe { BorrowedFd::borrow_raw(port) }.try_clone_to_owned()?;
    // SAFETY: reading the flags of an open descriptor touches no memory.
    let flags = unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_GETFL) };
    // SAFETY: nor does setting them.
    if flags < 0
        || unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETFL, flags | libc::O_NONBLOCK) } < 0
    {
        return Err(std::io::Error::last_os_error());
    }
    Ok(fd)
}
