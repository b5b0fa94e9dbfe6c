//! Limit-checked steps: the whole way of a number, in a process of its own.
//!
//! A step here is a window in which an instrument is triggered, delivers two readings of its force
//! at once, and costs no time of its own; the finding of that window is its peak force against a
//! limit, with uncertainty. The plan goes through the real executor, every line is written before
//! the next step and synced within a second, then the record is opened again, checked and judged.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use certbench_clock::Clock;
use certbench_model::event::RunEnd;
use certbench_model::measure::{Compare, SetBy};
use certbench_model::plan::Output;
use certbench_model::step::{Over, Repeat, SetOutput, Window};
use certbench_model::{
    Accept, DecisionRule, Identity, LinkFacts, Measure, ParamValue, Plan, Quantity, Reading,
    Sample, Step, Text, Verdict,
};
use certbench_record::{Pace, Recorder, Recording};
use certbench_roles::{Device, Lease, NewsSink, Outputs, SampleSink, Trouble, Wiring};

use crate::bench::{self, Record, newton};
use crate::paired::{Paired, median, paired};
use crate::peer;
use crate::scratch::Scratch;
use crate::table::Row;

/// First argument of the process that performs the steps.
pub(crate) const CHILD: &str = "steps-in-this-process";
/// Another harness's command line for as many steps, to be measured in turn with ours.
const PEER: &str = "CERTBENCH_STEPS_PEER";
/// What OpenHTF 1.6.3 was measured at, elsewhere: 1,000 phases with one limit-checked number.
const OPENHTF_S: f64 = 1.94;
const OPENHTF_MIB: f64 = 37.6;
const STEPS: u32 = 1000;

pub(crate) fn measure() -> Result<Vec<Row>, String> {
    let mut told = Vec::new();
    let mut ours = || -> Result<f64, String> {
        let scratch = Scratch::new()?;
        let (seconds, child) = perform(scratch.path(), STEPS)?;
        told.push(child);
        Ok(seconds)
    };
    let pairs = match peer::command(PEER) {
        Some(_) => paired(7, ours, || time_peer().map(|(seconds, _)| seconds))?,
        None => {
            let mut rounds = Vec::new();
            for _ in 0..7 {
                rounds.push((ours()?, OPENHTF_S));
            }
            Paired::of(rounds)
        }
    };
    let part = |pick: fn(&Child) -> f64| median(told.iter().map(pick));
    let mib = part(|child| child.mib);
    let measured_here = if peer::command(PEER).is_some() {
        format!("{:.2} s, in turn", pairs.baseline())
    } else {
        format!("{OPENHTF_S} s, printed")
    };
    let ratio = pairs.ratio();
    let ten_times = ten_times()?;
    Ok(vec![
        Row {
            what: format!("{STEPS} limit-checked steps, recorded and judged; whole process"),
            subject: format!(
                "{:.0} ms (run {:.0}, close {:.0}, open {:.0}, judge {:.0})",
                pairs.subject() * 1e3,
                part(|child| child.run_ms),
                part(|child| child.close_ms),
                part(|child| child.open_ms),
                part(|child| child.judge_ms),
            ),
            baseline: format!("OpenHTF: {measured_here}"),
            ratio: Some(ratio),
            target: "at most 0.05".into(),
            met: Some(ratio.median <= 0.05),
        },
        Row {
            what: "the same: peak memory".into(),
            subject: format!("{mib:.1} MiB"),
            baseline: format!("OpenHTF: {OPENHTF_MIB} MiB, printed"),
            ratio: Some(Paired::of(vec![(mib, OPENHTF_MIB)]).ratio()),
            target: "below 1".into(),
            met: Some(mib < OPENHTF_MIB),
        },
        Row {
            what: format!("{} such steps against {STEPS}", 10 * STEPS),
            subject: format!("{:.0} ms", ten_times.subject() * 1e3),
            baseline: format!("{:.0} ms", ten_times.baseline() * 1e3),
            ratio: Some(ten_times.ratio()),
            target: "at most 12 (grows no faster than the steps)".into(),
            met: Some(ten_times.ratio().median <= 12.0),
        },
    ])
}

fn ten_times() -> Result<Paired, String> {
    let of = |steps: u32| {
        let scratch = Scratch::new()?;
        perform(scratch.path(), steps).map(|(seconds, _)| seconds)
    };
    paired(3, || of(10 * STEPS), || of(STEPS))
}

fn time_peer() -> Result<(f64, ()), String> {
    let mut command = peer::command(PEER).ok_or("no other harness is named")?;
    let began = Instant::now();
    let status = command.status().map_err(|e| format!("{command:?}: {e}"))?;
    match status.success() {
        true => Ok((began.elapsed().as_secs_f64(), ())),
        false => Err(format!("{command:?} ended with {status}")),
    }
}

/// What the process says of itself.
struct Child {
    run_ms: f64,
    close_ms: f64,
    open_ms: f64,
    judge_ms: f64,
    mib: f64,
}

/// Performs the steps in a process of its own: its whole time, and what it says.
fn perform(folder: &Path, steps: u32) -> Result<(f64, Child), String> {
    let program = std::env::current_exe().map_err(|e| e.to_string())?;
    let began = Instant::now();
    let output = Command::new(program)
        .args([CHILD, &folder.to_string_lossy(), &steps.to_string()])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|e| e.to_string())?;
    let seconds = began.elapsed().as_secs_f64();
    let said = String::from_utf8_lossy(&output.stdout);
    let numbers: Vec<f64> = said
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    match (output.status.success(), &numbers[..]) {
        (true, &[run_ms, close_ms, open_ms, judge_ms, mib]) => Ok((
            seconds,
            Child {
                run_ms,
                close_ms,
                open_ms,
                judge_ms,
                mib,
            },
        )),
        _ => Err(format!("the process ended with {}: {said}", output.status)),
    }
}

/// The process: performs, records, judges, and prints its times and its largest memory.
pub(crate) fn child(arguments: &[String]) -> Result<String, String> {
    match arguments {
        [folder, steps] => steps
            .parse()
            .map_err(|_| "no count".to_owned())
            .and_then(|steps| story(Path::new(folder), steps)),
        _ => Err("a folder and a count".to_owned()),
    }
}

fn story(folder: &Path, steps: u32) -> Result<String, String> {
    let folder = folder.join("run");
    let clock = Clock::real();
    let plan = Arc::new(plan(steps));
    let mut laps = Laps::new();
    let recorder = Recorder::create(&folder, &plan, bench::start(Pace::Real));
    let recorder = Arc::new(recorder.map_err(|e| e.to_string())?);
    let device = Arc::new(Instrument::new(&clock));
    let listeners = vec![Arc::new(Record(recorder.clone())) as _];
    let end = bench::run(plan, device, listeners, clock).perform();
    if end != RunEnd::Completed {
        return Err(format!("the run ended as {end:?}"));
    }
    laps.lap();
    recorder.finish().map_err(|e| e.to_string())?;
    laps.lap();
    let recording = Recording::open(&folder).map_err(|e| e.to_string())?;
    laps.lap();
    let findings = certbench_judge::judge(&recording);
    let file = File::create(folder.join("findings.json")).map_err(|e| e.to_string())?;
    serde_json::to_writer(BufWriter::new(file), &findings).map_err(|e| e.to_string())?;
    laps.lap();
    let judged: usize = findings.cases.iter().map(|case| case.findings.len()).sum();
    if findings.verdict != Verdict::Pass || judged != steps as usize {
        let cases = findings.cases.iter().flat_map(|case| &case.findings);
        let reasons = cases.flat_map(|f| &f.reasons).chain(&findings.reasons);
        let first = reasons.map(|reason| reason.text.en.as_str()).next();
        return Err(format!("{judged} {:?}: {first:?}", findings.verdict));
    }
    Ok(format!("{} {:.2}", laps.text(), peak_mib()?))
}

/// One window a step, one finding a window.
fn plan(steps: u32) -> Plan {
    let trigger = Step::Set(SetOutput {
        output: "trigger".into(),
        to: "on".into(),
    });
    let window = Step::Window(Window {
        id: "reading".into(),
        record: vec!["force".into()],
        steps: vec![trigger],
        until: None,
        take: Vec::new(),
    });
    let repeat = Step::Repeat(Repeat::new("step", Over::Times(steps), vec![window]));
    let text = |word: &str| ParamValue::Text(word.into());
    let measure = Measure {
        id: "force".into(),
        title: Text::same("force"),
        metric: "peak-force".into(),
        over: [("over".into(), "reading".into())].into(),
        channels: [("channel".into(), "force".into())].into(),
        params: [
            ("filter".into(), text("none")),
            ("summary".into(), text("largest")),
        ]
        .into(),
        per: Some("step".into()),
        n_planned: 1,
        accept: Some(Accept {
            compare: Compare::Estimate,
            at_least: None,
            at_most: Some(Quantity::new(25.0, newton())),
            set_by: SetBy::Suite,
            origin: None,
        }),
        rule: DecisionRule::Guarded { r: 1.0 },
        n_most: None,
    };
    let case = bench::case("steps", vec![repeat], vec![measure]);
    let channels = vec![bench::channel("force", &["value"])];
    let mut plan = bench::plan(bench::gauge(), channels, vec![case]);
    plan.bench.outputs.insert(
        "trigger".into(),
        Output {
            device: "gauge".into(),
            number: 0,
            states: [("on".into(), true)].into(),
            values: std::collections::BTreeMap::new(),
            safe: None,
            moves: false,
        },
    );
    plan
}

/// Delivers two readings when it is triggered.
struct Instrument {
    clock: Clock,
    sink: Mutex<Option<SampleSink>>,
}

impl Instrument {
    fn new(clock: &Clock) -> Self {
        Self {
            clock: clock.clone(),
            sink: Mutex::new(None),
        }
    }
}

impl Device for Instrument {
    fn id(&self) -> &str {
        "gauge"
    }

    fn link(&self) -> LinkFacts {
        LinkFacts {
            kind: "in-process".into(),
            port: "in-process".into(),
            settings: String::new(),
            may_be_physical: false,
        }
    }

    fn identify(&self) -> Result<Identity, Trouble> {
        Ok(Identity::default())
    }

    fn start(&self, _: Wiring, samples: SampleSink, _: NewsSink, _: Lease) -> Result<(), Trouble> {
        if let Ok(mut sink) = self.sink.lock() {
            *sink = Some(samples);
        }
        Ok(())
    }

    fn close(&self) {}

    fn outputs(&self) -> Option<&dyn Outputs> {
        Some(self)
    }
}

impl Outputs for Instrument {
    fn count(&self) -> u16 {
        1
    }

    fn switch(&self, _: u16, _: bool) -> Result<[u64; 2], Trouble> {
        let began = self.clock.now().as_nanos();
        if let Ok(sink) = self.sink.lock()
            && let Some(sink) = &*sink
        {
            for late_ns in [0, 1] {
                sink(&Sample {
                    channel: 0,
                    time_ns: began + late_ns,
                    reading: Reading::scalar(12.5),
                });
            }
        }
        Ok([began, self.clock.now().as_nanos()])
    }
}

/// Milliseconds from lap to lap.
struct Laps {
    last: Instant,
    laps_ms: Vec<f64>,
}

impl Laps {
    fn new() -> Self {
        Self {
            last: Instant::now(),
            laps_ms: Vec::new(),
        }
    }

    fn lap(&mut self) {
        self.laps_ms.push(self.last.elapsed().as_secs_f64() * 1e3);
        self.last = Instant::now();
    }

    fn text(&self) -> String {
        let laps: Vec<String> = self.laps_ms.iter().map(|ms| format!("{ms:.2}")).collect();
        laps.join(" ")
    }
}

/// The largest memory that this process has had so far, in MiB.
pub(crate) fn peak_mib() -> Result<f64, String> {
    let status = std::fs::read_to_string("/proc/self/status").map_err(|e| e.to_string())?;
    let kib = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"))
        .and_then(|kib| kib.parse::<f64>().ok());
    kib.map(|kib| kib / 1024.0)
        .ok_or_else(|| "the system does not say it".to_owned())
}
