//! Measured: a bus of 24 joints that each send a frame every millisecond, recorded; how even the periods
//! in the record are, beside those in candump's log of the same bus.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

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

/// Time stamps of every identifier, µs.
type Stamps = BTreeMap<u32, Vec<u64>>;

pub(crate) fn measure(_: &str) -> Checked {
    let folder = Path::new("/tmp/pace");
    std::fs::create_dir_all(folder)?;
    let mut ours = Command::new(std::env::current_exe()?)
        .args([LISTENER, "record"])
        .arg(folder)
        .spawn()?;
    let theirs = folder.join("theirs");
    std::fs::create_dir_all(&theirs)?;
    let mut candump = Command::new("candump")
        .args(["-l", "-T", "4000", vcan::NAME])
        .current_dir(&theirs)
        .spawn()?;
    std::thread::sleep(Duration::from_secs(2)); // until both listen
    let sent = Command::new(std::env::current_exe()?)
        .args([SENDER, &SECONDS.to_string()])
        .status()?;
    let ended = (sent, ours.wait()?, candump.wait()?);
    if !(ended.0.success() && ended.1.success() && ended.2.success()) {
        return Err(format!("joints, record, candump: {ended:?}").into());
    }
    let lost = std::fs::read_to_string(folder.join("lost"))?;
    say("record", &recorded(&folder.join(WIRE))?, &lost);
    say("candump", &logged(&theirs)?, "0");
    Ok(())
}

/// Sends: every period, one frame a joint.
pub(crate) fn send(seconds: &str) -> Checked {
    let clock = Clock::real();
    let bus = SocketCan::open(&clock, vcan::NAME)?;
    let periods = 1000 * seconds.parse::<u32>()?;
    let (began, mut late) = (clock.now(), 0);
    for period in 0..periods {
        let due = began + PERIOD * period;
        clock.sleep_until(due);
        late += u32::from(clock.now() > due + PERIOD);
        for joint in 0..JOINTS {
            let mut data = [0; 8];
            data[..4].copy_from_slice(&period.to_le_bytes());
            bus.send(&CanFrame::standard(FIRST_ID + joint, &data)?)?;
        }
    }
    println!("guest: measured joints periods={periods} begun_late={late}");
    Ok(())
}

fn recorded(path: &Path) -> Result<Stamps, Box<dyn std::error::Error>> {
    let mut stamps = Stamps::new();
    read_wire(path, |heard| {
        let text = String::from_utf8_lossy(&heard.data).into_owned();
        if let Ok(frame) = text.parse::<CanFrame>() {
            stamps
                .entry(frame.id())
                .or_default()
                .push(heard.unix_ns / 1000);
        }
    })?;
    Ok(stamps)
}

fn logged(folder: &Path) -> Result<Stamps, Box<dyn std::error::Error>> {
    let log = std::fs::read_dir(folder)?.next().ok_or("no log")??.path();
    let lines = candump::read(&std::fs::read_to_string(log)?);
    let mut stamps = Stamps::new();
    for line in lines.map_err(|(at, why)| format!("line {at}: {why}"))? {
        stamps
            .entry(line.frame.id())
            .or_default()
            .push(line.unix_us);
    }
    Ok(stamps)
}

/// How far the periods lie from a millisecond, µs, over all joints.
fn say(who: &str, stamps: &Stamps, told_lost: &str) {
    let frames: usize = stamps.values().map(Vec::len).sum();
    let periods = stamps.values().flat_map(|times| times.windows(2));
    let mut off: Vec<u64> = periods
        .filter_map(|two| Some(two.last()?.abs_diff(*two.first()?).abs_diff(1000)))
        .collect();
    off.sort_unstable();
    let at = |share: f64| {
        let rank = (share * off.len() as f64).ceil() as usize;
        off.get(rank.saturating_sub(1)).copied().unwrap_or(0)
    };
    let shares: Vec<String> = SHARES
        .iter()
        .map(|(name, share)| format!("{name}={}", at(*share)))
        .collect();
    println!(
        "guest: measured {who} frames={frames} of={} told_lost={told_lost} {}",
        u64::from(JOINTS) * 1000 * SECONDS,
        shares.join(" ")
    );
}
