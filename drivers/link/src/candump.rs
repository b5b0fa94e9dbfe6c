//! candump's log format (`candump -L`): a frame a line, `(1436509052.249713) can0 123#DEADBEEF`.
//!
//! can-utils, python-can and many others read and write it. A log can be played as a CAN link
//! ([`open`]): frames come at their recorded times. A `T` at the end of a line (`candump -x`) marks a
//! frame that the recording computer sent itself.

use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use certbench_clock::{Clock, Time};

use crate::replay::{CanReplay, Heard};
use crate::{BadFrame, CanFrame, Direction, LinkError};

/// A line of a log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// Microseconds since the Unix epoch, or since anything.
    pub unix_us: u64,
    /// The interface: a word.
    pub interface: String,
    /// The frame.
    pub frame: CanFrame,
    /// Which way it went; received where the line does not say it.
    pub direction: Direction,
}

/// Why a line is none of a log.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadLine {
    /// Not three words, the first a time in parentheses.
    #[error("`{0}` is not in the form `(1436509052.249713) can0 123#DEADBEEF`")]
    Form(String),
    /// The frame.
    #[error("{0}")]
    Frame(#[from] BadFrame),
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (s, us) = (self.unix_us / 1_000_000, self.unix_us % 1_000_000);
        write!(f, "({s:010}.{us:06}) {} {}", self.interface, self.frame)?;
        match self.direction {
            Direction::Sent => f.write_str(" T"),
            Direction::Received => Ok(()),
        }
    }
}

impl FromStr for Line {
    type Err = BadLine;

    fn from_str(text: &str) -> Result<Line, BadLine> {
        let form = || BadLine::Form(text.chars().take(160).collect());
        let mut words = text.split_whitespace();
        let (time, interface, frame) = match (words.next(), words.next(), words.next()) {
            (Some(time), Some(interface), Some(frame)) => (time, interface, frame),
            _ => return Err(form()),
        };
        let direction = match (words.next(), words.next()) {
            (None | Some("R"), None) => Direction::Received,
            (Some("T"), None) => Direction::Sent,
            _ => return Err(form()),
        };
        // A classic frame of 8 bytes may have its data length code, 9 to F, behind it.
        let frame = frame.split_once('_').map_or(frame, |(frame, _)| frame);
        Ok(Line {
            unix_us: micros(time).ok_or_else(form)?,
            interface: interface.to_owned(),
            frame: frame.parse()?,
            direction,
        })
    }
}

/// `(seconds.fraction)`, the fraction of one to nine digits.
fn micros(time: &str) -> Option<u64> {
    let (seconds, fraction) = time.strip_prefix('(')?.strip_suffix(')')?.split_once('.')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(seconds) || !digits(fraction) || fraction.len() > 9 {
        return None;
    }
    let us: u64 = format!("{fraction:0<6}").get(..6)?.parse().ok()?;
    seconds
        .parse::<u64>()
        .ok()?
        .checked_mul(1_000_000)?
        .checked_add(us)
}

/// Every line of a log's text; empty lines are passed over.
///
/// # Errors
/// The number of the first line that is none, from 1, and why.
pub fn read(text: &str) -> Result<Vec<Line>, (usize, BadLine)> {
    let lines = text.lines().enumerate();
    lines
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(at, line)| line.parse().map_err(|why| (at + 1, why)))
        .collect()
}

/// Opens a log as a CAN link that plays from now on. With several interfaces in it, one must be named.
///
/// # Errors
/// [`LinkError::NotFound`]; [`LinkError::Unusable`] when it cannot be read, or the interface cannot be
/// told.
pub fn open(clock: &Clock, path: &Path, interface: Option<&str>) -> Result<CanReplay, LinkError> {
    let port = format!("replay:{}", path.display());
    let unusable = |what: String| LinkError::Unusable {
        port: port.clone(),
        what,
    };
    let text = std::fs::read_to_string(path).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => LinkError::NotFound {
            port: port.clone(),
            what: e.to_string(),
        },
        _ => unusable(e.to_string()),
    })?;
    let lines = read(&text).map_err(|(line, why)| unusable(format!("line {line}: {why}")))?;
    let mut names: Vec<&str> = lines.iter().map(|line| line.interface.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let wanted = match (interface, &names[..]) {
        (Some(name), _) if names.contains(&name) => name,
        (Some(name), _) => {
            return Err(unusable(format!(
                "no frame of {name} is in it; there are {}",
                names.join(", ")
            )));
        }
        (None, [only]) => *only,
        (None, []) => return Err(unusable("no frame is in it".into())),
        (None, [first, ..]) => {
            let what = format!(
                "it has frames of {}; write {port},{first}",
                names.join(", ")
            );
            return Err(unusable(what));
        }
    };
    let of_wanted = lines.iter().filter(|line| line.interface == wanted);
    let heard = of_wanted.map(|line| Heard {
        direction: line.direction,
        time: Time::ZERO + Duration::from_micros(line.unix_us),
        bytes: line.frame.to_string().into_bytes(),
    });
    Ok(CanReplay::new(clock, &port, heard.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CanLink;

    /// Lines as the man pages of candump and log2asc have them, and `candump -x`.
    const LOG: &str = "(1436509052.249713) can0 044#2A366C2BBA\n\
        (1436509052.449847) can0 0F6#7ADFE07BD2\n\n\
        (1436509052.650004) can0 1ABCDEF0##1000102030405060708090A0B\n\
        (1436509052.850131) can0 321#R8\n\
        (1436509053.050284) can0 123#1122334455667788_E T\n";

    #[test]
    fn a_log_is_read_and_written_as_can_utils_have_it() {
        let lines = read(LOG).unwrap();
        assert_eq!(lines[0].unix_us, 1_436_509_052_249_713);
        assert_eq!(
            lines[0].frame,
            CanFrame::standard(0x44, &[0x2A, 0x36, 0x6C, 0x2B, 0xBA]).unwrap()
        );
        assert!(lines[2].frame.is_fd() && lines[3].frame.is_remote());
        assert_eq!(lines[4].direction, Direction::Sent);
        let again: Vec<String> = lines.iter().map(Line::to_string).collect();
        let text = LOG.replace("_E", "");
        let first: Vec<&str> = text.lines().filter(|l| !l.is_empty()).collect();
        assert_eq!(again, first);
    }

    #[test]
    fn what_is_no_line_says_so() {
        for wrong in [
            "1436509052.249713 can0 044#2A",
            "(1436509052) can0 044#2A",
            "(1.+5) can0 044#2A",
            "(99999999999999999999.1) can0 044#2A",
            "(1.5) can0",
            "(1.5) can0 044#2A X",
            "(1.5) can0 44#2A",
            "(1.5) can0 044#2",
        ] {
            assert!(wrong.parse::<Line>().is_err(), "{wrong}");
        }
        assert_eq!(read("(1.5) a 001#\nnonsense").unwrap_err().0, 2);
        let early: Line = "(1.5) a 001#".parse().unwrap();
        assert_eq!(early.to_string(), "(0000000001.500000) a 001#");
    }

    #[test]
    fn a_log_is_a_link_whose_frames_come_at_their_times() {
        let path = std::env::temp_dir().join(format!("certbench-link-{}.log", std::process::id()));
        std::fs::write(
            &path,
            "(10.0) can0 001#01\n(10.1) can1 002#02\n(12.5) can0 003#03\n",
        )
        .unwrap();
        let clock = Clock::simulated();
        let unnamed = open(&clock, &path, None).err().unwrap().to_string();
        assert!(unnamed.contains("frames of can0, can1"), "{unnamed}");
        let spec = format!("replay:{},can0", path.display());
        let link = crate::open_can(&clock, &spec).unwrap();
        let began = clock.now();
        let (first, _) = link.recv(began + Duration::from_secs(9)).unwrap().unwrap();
        let (second, at) = link.recv(began + Duration::from_secs(9)).unwrap().unwrap();
        assert_eq!([first.id(), second.id()], [1, 3]);
        assert_eq!(at.earliest - began, Duration::from_millis(2500));
        assert!(
            link.recv(began + Duration::from_secs(9)).unwrap().is_none(),
            "it is over"
        );
        std::fs::remove_file(&path).unwrap();
        assert!(
            open(&clock, &path, None)
                .err()
                .unwrap()
                .to_string()
                .contains("there is no")
        );
    }
}
