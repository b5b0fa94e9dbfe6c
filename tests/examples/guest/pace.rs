//! Measured: a bus of 24 joints that each send a frame every millisecond, recorded, and logged by candump
//! in turn; how even the periods in both are, and how far behind the sending each frame was stamped: a
//! joint that is late itself spoils the first, not the second.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use certbench_clock::Clock;
use certbench_link::candump;
use certbench_link::socketcan::SocketCan;
use certbench_link::{CanFrame, CanLink};
use certbench_record::{WIRE, read_wire};

use crate::rate::LISTENER;
use crate::{Checked, vcan};

/// The word that makes this program the joints.
pub(crate) const SENDER: &str = "joints-at-1-kHz";

const JOINTS: u32 = 24;
/// As transmit PDO 1 of nodes 1 to 24.
const FIRST_ID: u32 = 0x181;
const PERIOD: Duration = Duration::from_millis(1);
const SECONDS: u64 = 5;
const SHARES: [(&str, f64); 3] = [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)];

/// A frame as it was stamped.
struct Stamped {
    /// Of the stamp, µs of the wall's clock.
    us: u64,
    /// Which of the joint's periods.
    period: u32,
    /// When it was sent, the lower half of the same clock.
    sent_us: u32,
}

impl Stamped {
    fn of(frame: &CanFrame, us: u64) -> Option<Self> {
        let (period, sent) = frame.data().split_first_chunk()?;
        Some(Self {
            us,
            period: u32::from_le_bytes(*period),
            sent_us: u32::from_le_bytes(*sent.first_chunk()?),
        })
    }

    /// How long after the sending it was stamped, µs. A record keeps the earliest time that a frame may
    /// have come, so that it may be before.
    fn behind(&self) -> i64 {
        i64::from((self.us as u32).wrapping_sub(self.sent_us).cast_signed())
    }
}

/// The frames of every identifier.
type Stamps = BTreeMap<u32, Vec<Stamped>>;

pub(crate) fn measure(_: &str) -> Checked {
    let folder = Path::new("/tmp/pace");
    for who in ["record", "candump"] {
        let _ = std::fs::remove_dir_all(folder); // of the other
        std::fs::create_dir_all(folder)?;
        let mut listener = match who {
            "candump" => Command::new(who)
                .args(["-l", "-T", "4000", vcan::NAME])
                .current_dir(folder)
                .spawn()?,
            form => Command::new(std::env::current_exe()?)
                .args([LISTENER, form])
                .arg(folder)
                .spawn()?,
        };
        std::thread::sleep(Duration::from_secs(2)); // until it listens
        let sent = Command::new(std::env::current_exe()?)
            .args([SENDER, &SECONDS.to_string(), who])
            .status()?;
        let ended = (sent, listener.wait()?);
        if !(ended.0.success() && ended.1.success()) {
            return Err(format!("joints, {who}: {ended:?}").into());
        }
        if who == "candump" {
            say(who, &logged(folder)?, "0");
        } else {
            let lost = std::fs::read_to_string(folder.join("lost"))?;
            say(who, &recorded(&folder.join(WIRE))?, &lost);
        }
    }
    Ok(())
}

/// Sends: every period, one frame a joint. What is late does not hurry: the next period keeps its time.
pub(crate) fn send(seconds: &str, to: &str) -> Checked {
    let clock = Clock::real();
    let bus = SocketCan::open(&clock, vcan::NAME)?;
    let periods = 1000 * seconds.parse::<u32>()?;
    let (mut due, mut late) = (clock.now(), 0);
    for period in 0..periods {
        clock.sleep_until(due);
        let now = clock.now();
        if now > due + PERIOD {
            late += 1;
            due = now;
        }
        due += PERIOD;
        for joint in 0..JOINTS {
            let sent = SystemTime::now().duration_since(UNIX_EPOCH)?;
            let mut data = [0; 8];
            data[..4].copy_from_slice(&period.to_le_bytes());
            data[4..].copy_from_slice(&(sent.as_micros() as u32).to_le_bytes());
            bus.send(&CanFrame::standard(FIRST_ID + joint, &data)?)?;
        }
    }
    println!("guest: measured joints-to-{to} periods={periods} begun_late={late}");
    Ok(())
}

fn recorded(path: &Path) -> Result<Stamps, Box<dyn std::error::Error>> {
    let mut stamps = Stamps::new();
    read_wire(path, |heard| {
        let text = String::from_utf8_lossy(&heard.data).into_owned();
        if let Ok(frame) = text.parse::<CanFrame>() {
            let of_id = stamps.entry(frame.id()).or_default();
            of_id.extend(Stamped::of(&frame, heard.unix_ns / 1000));
        }
    })?;
    Ok(stamps)
}

fn logged(folder: &Path) -> Result<Stamps, Box<dyn std::error::Error>> {
    let log = std::fs::read_dir(folder)?.next().ok_or("no log")??.path();
    let lines = candump::read(&std::fs::read_to_string(log)?);
    let mut stamps = Stamps::new();
    for line in lines.map_err(|(at, why)| format!("line {at}: {why}"))? {
        let of_id = stamps.entry(line.frame.id()).or_default();
        of_id.extend(Stamped::of(&line.frame, line.unix_us));
    }
    Ok(stamps)
}

/// How far the periods lie from a millisecond, and the stamps behind the sending, µs, over all joints.
fn say(who: &str, stamps: &Stamps, told_lost: &str) {
    let frames: usize = stamps.values().map(Vec::len).sum();
    let pairs = stamps.values().flat_map(|frames| frames.windows(2));
    let off = pairs.filter_map(|two| match two {
        [one, next] if next.period == one.period + 1 => {
            i64::try_from(next.us.abs_diff(one.us).abs_diff(1000)).ok()
        }
        _ => None,
    });
    let behind = stamps.values().flatten().map(Stamped::behind);
    println!(
        "guest: measured {who} frames={frames} of={} told_lost={told_lost} {} {}",
        u64::from(JOINTS) * 1000 * SECONDS,
        shares("off", off.collect()),
        shares("behind", behind.collect())
    );
}

/// `WHAT-p50=NUMBER ...`
fn shares(what: &str, mut all: Vec<i64>) -> String {
    all.sort_unstable();
    let at = |share: f64| {
        let rank = (share * all.len() as f64).ceil() as usize;
        all.get(rank.saturating_sub(1)).copied().unwrap_or(0)
    };
    let said = SHARES.iter();
    let said = said.map(|(name, share)| format!("{what}-{name}={}", at(*share)));
    said.collect::<Vec<_>>().join(" ")
}
