//! `certbench record SOURCE --out FOLDER`: every frame of a CAN bus, as MCAP and as a candump log.
//!
//! Nothing is sent. SOURCE is a CAN port (`can0`, `slcan:/dev/ttyACM0@1000000`), or a recording that is
//! written anew: a candump log or a `wire.mcap`, of this command or of a run. A candump log can be played
//! to any driver as the port `replay:FILE`.

use crate::exit::Exit;
use crate::inputs::seconds;
use crate::over;
use crate::say;
use anyhow::{Context, bail};
use certbench_clock::{Clock, Time};
use certbench_link::candump::{self, Line};
use certbench_link::{CanLink, Direction, LinkError, LinkKind, open_can};
use certbench_record::{Pace, Start, WIRE, WireLog, WireTap, read_wire};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

/// Name of the log in the folder.
const LOG: &str = "candump.log";
/// How often the log goes to the disk, and a silent bus is left to look whether to end.
const LOOK: Duration = Duration::from_millis(500);

/// Record a CAN bus.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// A CAN port (`can0`, `slcan:/dev/ttyACM0@1000000,listen`), or a recording: a candump log, a wire.mcap
    source: String,
    /// Folder for wire.mcap and candump.log; it may not have them yet
    #[arg(long)]
    out: PathBuf,
    /// End after so long (`90 s`); else Ctrl-C ends it
    #[arg(long = "for", value_name = "TIME")]
    lasts: Option<String>,
}

/// Records, or writes a recording anew.
pub(crate) fn record(args: &Args) -> anyhow::Result<Exit> {
    let path = Path::new(&args.source);
    if path.is_file() {
        return import(path, &args.out);
    }
    let lasts = match args.lasts.as_deref().map(seconds).transpose() {
        Ok(lasts) => lasts,
        Err(why) => {
            eprintln!("certbench: --for: {why}");
            return Ok(Exit::Usage);
        }
    };
    let clock = Clock::real();
    let bus = match open_can(&clock, &args.source) {
        Ok(bus) => bus,
        Err(error) => {
            eprintln!("certbench: {error}");
            return Ok(Exit::Refused);
        }
    };
    let name = interface(&args.source);
    let mut files = Files::create(
        &args.out,
        std::slice::from_ref(&name),
        unix_ns_at_zero(&clock),
    )?;
    let over = over::at_signal();
    eprintln!("certbench: recording {}; Ctrl-C ends it", args.source);
    let until = lasts.map(|lasts| clock.now() + lasts);
    let lost = listen(&*bus, &clock, &name, &mut files, until, &over);
    let lost = lost? + files.finish()?;
    match lost {
        0 => Ok(Exit::Passed),
        lost => {
            eprintln!(
                "certbench: {lost} frames came faster than they were read or written, and are lost"
            );
            Ok(Exit::Incomplete)
        }
    }
}

/// Until told to end; gives the frames that were lost before they came here.
fn listen(
    bus: &dyn CanLink,
    clock: &Clock,
    name: &str,
    files: &mut Files,
    until: Option<Time>,
    over: &AtomicBool,
) -> anyhow::Result<u64> {
    let comes_back = matches!(
        bus.describe().kind,
        LinkKind::SocketCan | LinkKind::VirtualCan
    );
    let (mut lost, mut away) = (0, false);
    let mut due = clock.now() + LOOK;
    while !over.load(Ordering::Relaxed) && until.is_none_or(|until| clock.now() < until) {
        match bus.recv(due.min(until.unwrap_or(due))) {
            Ok(Some((frame, stamp))) => {
                away = false;
                files.add(
                    0,
                    name,
                    stamp.earliest.as_nanos(),
                    Direction::Received,
                    frame,
                )?;
            }
            Ok(None) => away = false,
            Err(LinkError::Overrun { lost: more, .. }) => lost += more,
            Err(error @ LinkError::Gone { .. }) if comes_back => {
                if !away {
                    eprintln!("certbench: {error}; the recording goes on when it is back");
                }
                away = true;
            }
            Err(error) => {
                eprintln!("certbench: {error}; the recording ends here");
                return Ok(lost);
            }
        }
        if clock.now() >= due {
            files.flush()?;
            due = clock.now() + LOOK;
        }
    }
    Ok(lost)
}

/// A recording, written anew in both forms.
fn import(path: &Path, out: &Path) -> anyhow::Result<Exit> {
    let (mut lines, mut others, mut early) = (Vec::new(), BTreeMap::<String, u64>::new(), None);
    if path.extension().is_some_and(|e| e == "mcap") {
        early = read_wire(path, |heard| {
            let frame = std::str::from_utf8(&heard.data)
                .ok()
                .and_then(|text| text.parse().ok());
            match frame {
                Some(frame) => lines.push(Line {
                    unix_us: heard.unix_ns / 1000,
                    interface: heard.link,
                    frame,
                    direction: if heard.sent {
                        Direction::Sent
                    } else {
                        Direction::Received
                    },
                }),
                None => *others.entry(heard.link).or_default() += 1,
            }
        })?;
    } else {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        match candump::read(&text) {
            Ok(read) => lines = read,
            Err((line, why)) => {
                eprintln!("certbench: {}, line {line}: {why}", path.display());
                return Ok(Exit::Refused);
            }
        }
    }
    let mut names: Vec<String> = lines.iter().map(|line| line.interface.clone()).collect();
    names.sort();
    names.dedup();
    let mut files = Files::create(out, &names, 0)?;
    for line in lines {
        let at = names.iter().position(|name| *name == line.interface);
        let ns = line.unix_us.saturating_mul(1000);
        files.add(
            at.unwrap_or(0),
            &line.interface,
            ns,
            line.direction,
            line.frame,
        )?;
    }
    for (link, pieces) in &others {
        eprintln!("certbench: {pieces} pieces of `{link}` are no CAN frames and are left out");
    }
    if let Some(why) = &early {
        eprintln!("certbench: {} ends early: {why}", path.display());
    }
    files.finish()?;
    Ok(match (early, others.is_empty()) {
        (None, true) => Exit::Passed,
        _ => Exit::Incomplete,
    })
}

/// Both files of a recording.
struct Files {
    folder: PathBuf,
    wire: WireLog,
    taps: Vec<WireTap>,
    log: BufWriter<File>,
    unix_ns_at_zero: u64,
    frames: u64,
}

impl Files {
    fn create(folder: &Path, names: &[String], unix_ns_at_zero: u64) -> anyhow::Result<Files> {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
        let path = folder.join(LOG);
        if path.exists() || folder.join(WIRE).exists() {
            bail!(
                "{} has a recording already; name another folder",
                folder.display()
            );
        }
        // What is imported is there already: its writer is waited for.
        let pace = if unix_ns_at_zero == 0 {
            Pace::Simulated
        } else {
            Pace::Real
        };
        let start = Start {
            unix_ns_at_zero,
            pace,
        };
        let wire = WireLog::create(folder, names, start)?;
        let log =
            File::create_new(&path).with_context(|| format!("cannot create {}", path.display()))?;
        Ok(Files {
            folder: folder.to_owned(),
            taps: (0..names.len()).map(|link| wire.tap(link)).collect(),
            wire,
            log: BufWriter::new(log),
            unix_ns_at_zero,
            frames: 0,
        })
    }

    fn add(
        &mut self,
        link: usize,
        interface: &str,
        time_ns: u64,
        direction: Direction,
        frame: certbench_link::CanFrame,
    ) -> anyhow::Result<()> {
        let line = Line {
            unix_us: time_ns.saturating_add(self.unix_ns_at_zero) / 1000,
            interface: interface.to_owned(),
            frame,
            direction,
        };
        writeln!(self.log, "{line}").context(LOG)?;
        if let Some(tap) = self.taps.get(link) {
            tap(
                direction == Direction::Sent,
                time_ns,
                frame.to_string().as_bytes(),
            );
        }
        self.frames += 1;
        Ok(())
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        self.log.flush().context(LOG)
    }

    /// Both files to their ends; gives the frames that found no room on their way to the MCAP.
    fn finish(mut self) -> anyhow::Result<u64> {
        self.flush()?;
        self.log.get_ref().sync_all().context(LOG)?;
        self.wire.finish()?;
        say!("{} frames in {}", self.frames, self.folder.display());
        Ok(self.wire.lost())
    }
}

/// What a log calls the bus: the interface, or the last part of an adapter's path.
fn interface(source: &str) -> String {
    let place = source.trim_start_matches("slcan:");
    let place = place.split(['@', ',']).next().unwrap_or(place);
    let name = place.rsplit('/').next().unwrap_or(place);
    name.chars().filter(|c| !c.is_whitespace()).collect()
}

fn unix_ns_at_zero(clock: &Clock) -> u64 {
    let since = clock.utc().duration_since(SystemTime::UNIX_EPOCH);
    let now = since.map_or(0, |since| since.as_nanos() as u64);
    now.saturating_sub(clock.now().as_nanos())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_names_the_bus_by_one_word() {
        for (source, name) in [
            ("can0", "can0"),
            ("slcan:/dev/ttyACM0@1000000,listen", "ttyACM0"),
            ("slcan:/dev/pts/7", "7"),
        ] {
            assert_eq!(interface(source), name);
        }
    }
}
