//! How long the harness takes from an offending sample on a line to the halt on that line: against
//! a loop that reads the line and writes the same bytes back.
//!
//! Subject: a pseudo-terminal, the real link, a device whose reading thread hands each reading to
//! the run, a watch that trips, the halt. The run is recorded, and armed anew for every trip.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use certbench_clock::{Clock, Task};
use certbench_link::{ByteLink, open_bytes};
use certbench_model::plan::{DevicePlan, SafeState, Safety, Watch, Watchdog};
use certbench_model::step::Wait;
use certbench_model::{Event, EventBody, Identity, LinkFacts, Plan, Reading, RunEnd, Sample, Step};
use certbench_record::{Pace, Recorder};
use certbench_roles::{Device, Halt, Lease, NewsSink, SampleSink, Trouble, Wiring};
use certbench_run::Listener;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::bench::{self, Record};
use crate::paired::{Paired, in_turn, quantile};
use crate::pty::Pty;
use crate::scratch::Scratch;
use crate::table::Row;

const TRIPS: usize = 150;
/// Quiet before each offending sample, so that both sides are equally cold.
const QUIET: Duration = Duration::from_millis(3);
/// Nothing here takes so long.
const SOON: Duration = Duration::from_secs(10);

const FINE: u8 = b'a';
const OFFENDING: u8 = b'x';
/// The offending reading, and a fine one after it: nothing is armed over a limit.
const EXCURSION: &[u8] = &[OFFENDING, FINE];
const OVER: u8 = b'q';
const HALT: &[u8] = b"HALT\r";

pub(crate) fn measure() -> Result<Vec<Row>, String> {
    let rounds = in_turn(4, reactions, echoes)?;
    let row = |what: &str, share: f64| {
        let pair = |(subject, baseline): &(Vec<f64>, Vec<f64>)| {
            let of = |seconds: &[f64]| quantile(seconds.iter().copied(), share);
            (of(subject), of(baseline))
        };
        let pairs = Paired::of(rounds.iter().map(pair).collect());
        Row {
            what: format!("stop reaction over a pty, offending sample in to halt out: {what}"),
            subject: format!("{:.1} µs", pairs.subject() * 1e6),
            baseline: format!("bare echo: {:.1} µs", pairs.baseline() * 1e6),
            ratio: Some(pairs.ratio()),
            target: "at most 3".into(),
            met: Some(pairs.ratio().median <= 3.0),
        }
    };
    Ok(vec![row("median", 0.5), row("99 %", 0.99)])
}

/// Seconds of each echo of a thread that does nothing else.
fn echoes() -> Result<Vec<f64>, String> {
    let mut pty = Pty::open()?;
    let slave = pty.slave.try_clone().map_err(|e| e.to_string())?;
    let echo = std::thread::spawn(move || echo(slave));
    let times = (0..TRIPS).map(|_| reaction(&mut pty.master)).collect();
    pty.master.write_all(&[OVER]).map_err(|e| e.to_string())?;
    let _ = echo.join(); // it cannot fail
    times
}

fn echo(mut line: File) {
    let mut bytes = [0; 64];
    while let Ok(n) = line.read(&mut bytes) {
        let got = bytes.get(..n).unwrap_or_default();
        if got.contains(&OVER) || got.contains(&OFFENDING) && line.write_all(HALT).is_err() {
            return;
        }
    }
}

/// Seconds from the offending sample to the first byte of the halt.
fn reaction(line: &mut File) -> Result<f64, String> {
    std::thread::sleep(QUIET);
    let mut bytes = [0; 64];
    while readable(line, PollTimeout::ZERO) {
        let _ = line.read(&mut bytes).map_err(|e| e.to_string())?; // repeated halts of before
    }
    let began = Instant::now();
    line.write_all(EXCURSION).map_err(|e| e.to_string())?;
    if !readable(line, PollTimeout::from(10_000u16)) {
        return Err("no halt came".into());
    }
    let n = line.read(&mut bytes).map_err(|e| e.to_string())?;
    let took = began.elapsed().as_secs_f64();
    match bytes.get(..n) {
        Some([b'H', ..]) => Ok(took),
        other => Err(format!("{other:?} is no halt")),
    }
}

fn readable(line: &File, within: PollTimeout) -> bool {
    let mut fds = [PollFd::new(line.as_fd(), PollFlags::POLLIN)];
    poll(&mut fds, within).is_ok_and(|n| n > 0)
}

/// Seconds of each reaction of a run.
fn reactions() -> Result<Vec<f64>, String> {
    let mut pty = Pty::open()?;
    let scratch = Scratch::new()?;
    let clock = Clock::real();
    let plan = Arc::new(plan());
    let device = Arc::new(Gauge::open(&clock, &pty.path)?);
    let start = bench::start(Pace::Real);
    let recorder = Recorder::create(&scratch.path().join("run"), &plan, start);
    let recorder = Arc::new(recorder.map_err(|e| e.to_string())?);
    let (armed, told) = sync_channel(TRIPS);
    let listeners: Vec<Arc<dyn Listener>> =
        vec![Arc::new(Record(recorder.clone())), Arc::new(Armed(armed))];
    let run = bench::run(plan, device, listeners, clock);
    let performing = std::thread::spawn(move || run.perform());
    let times = trip(&mut pty.master, &told);
    drop(told);
    let end = performing.join().map_err(|_| "the run panicked")?;
    recorder.finish().map_err(|e| e.to_string())?;
    match end {
        RunEnd::Completed => times,
        end => Err(format!("the run ended as {end:?}; {times:?}")),
    }
}

fn trip(line: &mut File, armed: &Receiver<()>) -> Result<Vec<f64>, String> {
    line.write_all(&[FINE]).map_err(|e| e.to_string())?;
    (0..TRIPS)
        .map(|_| {
            armed.recv_timeout(SOON).map_err(|_| "it was not armed")?;
            reaction(line)
        })
        .collect()
}

/// A case a trip: it waits until the watch ends it.
fn plan() -> Plan {
    let gauge = DevicePlan {
        safety: Some(Safety {
            safe_state: SafeState::Hold,
            watchdog: Watchdog::None,
            held_by: None,
            next: None,
        }),
        ..bench::gauge()
    };
    let wait = Step::Wait(Wait::For(SOON.as_secs_f64()));
    let case = |n| bench::case(&format!("trip-{n}"), vec![wait.clone()], vec![]);
    let channels = vec![bench::channel("force", &["value"])];
    let mut plan = bench::plan(gauge, channels, (0..TRIPS).map(case).collect());
    plan.watches = vec![Watch {
        channel: "force".into(),
        component: String::new(),
        at_least: None,
        at_most: Some(50.0),
        max_age_s: 60.0,
    }];
    plan
}

/// Tells when the run is armed.
struct Armed(SyncSender<()>);

impl Listener for Armed {
    fn name(&self) -> &str {
        "armed"
    }

    fn event(&self, event: &Event) -> Result<(), String> {
        match event.body {
            EventBody::Armed { .. } => self.0.send(()).map_err(|_| "nobody measures".into()),
            _ => Ok(()),
        }
    }

    fn sample(&self, _: &Sample) -> bool {
        true
    }
}

/// A force a byte, and a halt.
struct Gauge {
    clock: Clock,
    line: Arc<dyn ByteLink>,
    closing: Arc<AtomicBool>,
    reader: Mutex<Option<Task<()>>>,
}

impl Gauge {
    fn open(clock: &Clock, path: &str) -> Result<Self, String> {
        let line = open_bytes(clock, &format!("{path}@115200")).map_err(|e| e.to_string())?;
        Ok(Self {
            clock: clock.clone(),
            line: line.into(),
            closing: Arc::default(),
            reader: Mutex::new(None),
        })
    }
}

impl Device for Gauge {
    fn id(&self) -> &str {
        "gauge"
    }

    fn link(&self) -> LinkFacts {
        LinkFacts {
            kind: "pty".into(),
            port: self.line.describe().port.clone(),
            settings: String::new(),
            may_be_physical: false,
        }
    }

    fn identify(&self) -> Result<Identity, Trouble> {
        Ok(Identity::default())
    }

    fn start(&self, _: Wiring, samples: SampleSink, _: NewsSink, _: Lease) -> Result<(), Trouble> {
        let (clock, line, closing) = (self.clock.clone(), self.line.clone(), self.closing.clone());
        let reader = self.clock.spawn("gauge", move || {
            let mut bytes = Vec::new();
            while !closing.load(Ordering::Relaxed) {
                let until = clock.now() + Duration::from_millis(50);
                let Ok(stamp) = line.read(&mut bytes, until) else {
                    return;
                };
                for byte in bytes.drain(..) {
                    let newton = if byte == OFFENDING { 60.0 } else { 1.0 };
                    samples(&Sample {
                        channel: 0,
                        time_ns: stamp.map_or(0, |stamp| stamp.earliest.as_nanos()),
                        reading: Reading::scalar(newton),
                    });
                }
            }
        });
        if let Ok(mut slot) = self.reader.lock() {
            *slot = Some(reader);
        }
        Ok(())
    }

    fn close(&self) {
        self.closing.store(true, Ordering::Relaxed);
        let reader = self.reader.lock().ok().and_then(|mut slot| slot.take());
        let _ = reader.map(Task::join); // it cannot fail
    }

    fn halt(&self) -> Option<Arc<dyn Halt>> {
        Some(Arc::new(Stop(self.line.clone())))
    }
}

struct Stop(Arc<dyn ByteLink>);

impl Halt for Stop {
    fn device(&self) -> &str {
        "gauge"
    }

    fn halt(&self) -> Result<(), Trouble> {
        let sent = self.0.write(HALT);
        sent.map(drop)
            .map_err(|e| Trouble::Fault(certbench_model::FaultKind::Link, e.to_string()))
    }

    fn confirmed(&self) -> Result<Option<bool>, Trouble> {
        Ok(Some(true))
    }
}
