//! Judging long records: against bare reading of the same file in the same run, and what it holds in
//! memory; propagation by a million draws.
//!
//! A record of hours is written here: one channel at 1 kHz, judged minute by minute and once more as
//! a single window. Reading and judging are processes of their own, so that each has its own
//! processor time and its own peak of memory.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use certbench_judge::stats::Confidence;
use certbench_judge::stats::monte_carlo::{Input, propagate};
use certbench_model::event::WindowEnd;
use certbench_model::measure::{Compare, SetBy};
use certbench_model::step::{Over, Repeat, Window};
use certbench_model::{
    Accept, CaseEnd, Context, DecisionRule, Event, EventBody, Measure, ParamValue, Plan, Quantity,
    Reading, RunEnd, Sample, Step, Text, Verdict,
};
use certbench_record::{Pace, Recorder, Recording, TELEMETRY};
use mcap::records::op;
use mcap::sans_io::linear_reader::{LinearReadEvent, LinearReader};

use crate::bench::{self, newton};
use crate::paired::{Paired, in_turn, median};
use crate::scratch::Scratch;
use crate::steps::peak_mib;
use crate::table::Row;

/// First argument of the processes.
pub(crate) const CHILD: &str = "judge-in-this-process";
/// Length of the records; the longer one can be set, for a disk that is too small.
const HOURS: u64 = 8;
const SHORT_HOURS: u64 = 1;
const HOURS_SET: &str = "CERTBENCH_JUDGE_HOURS";
const ROUNDS: usize = 3;
const MINUTE_NS: u64 = 60_000_000_000;
const INTERVAL_NS: u64 = 1_000_000;
const DRAWS: usize = 1_000_000;

pub(crate) fn measure() -> Result<Vec<Row>, String> {
    let hours = std::env::var(HOURS_SET).ok().and_then(|h| h.parse().ok());
    let hours = hours.unwrap_or(HOURS).max(SHORT_HOURS);
    let short = Record::write(SHORT_HOURS)?;
    let long = Record::write(hours)?;
    let rounds = in_turn(ROUNDS, || long.child("judge"), || long.child("bare"))?;
    let pairs = Paired::of(rounds.iter().map(|(a, b)| (a.seconds, b.seconds)).collect());
    let open = median(rounds.iter().map(|(judge, _)| judge.opened));
    let mib = |rounds: &[(Child, Child)]| median(rounds.iter().map(|(judge, _)| judge.mib));
    let few = in_turn(1, || short.child("judge"), || short.child("bare"))?;
    let memory = Paired::of(vec![(mib(&rounds), mib(&few))]);
    Ok(vec![
        Row {
            what: format!(
                "a record of {hours} h at 1 kHz ({:.1} million samples, {:.0} MB) opened, every hash checked, judged: processor time",
                long.samples as f64 / 1e6,
                long.bytes as f64 / 1e6
            ),
            subject: format!(
                "{:.1} s (open {open:.1}, judge {:.1})",
                pairs.subject(),
                pairs.subject() - open
            ),
            baseline: format!("bare mcap reading: {:.1} s", pairs.baseline()),
            ratio: Some(pairs.ratio()),
            target: "at most 4".into(),
            met: Some(pairs.ratio().median <= 4.0),
        },
        Row {
            what: format!("the same: peak memory, against a record of {SHORT_HOURS} h"),
            subject: format!("{:.1} MiB", memory.subject()),
            baseline: format!("{:.1} MiB", memory.baseline()),
            ratio: Some(memory.ratio()),
            target: "at most 1.1".into(),
            met: Some(memory.ratio().median <= 1.1),
        },
        draws()?,
    ])
}

/// JCGM 101:2008, 9.2: four inputs and their sum.
fn draws() -> Result<Row, String> {
    let inputs = [Input::Normal { mean: 0.0, u: 1.0 }; 4];
    let mut seconds = Vec::new();
    for seed in 0..3 {
        let (cpu, began) = (cpu_s()?, Instant::now());
        let sum = |x: &[f64]| x.iter().sum();
        let all = propagate(&inputs, sum, DRAWS, seed, Confidence::P95);
        let u = all.ok_or("no distribution")?.u;
        if (u - 2.0).abs() > 0.01 {
            return Err(format!("u is {u}, not 2"));
        }
        seconds.push((began.elapsed().as_secs_f64(), cpu_s()? - cpu));
    }
    Ok(Row {
        what: "Monte Carlo, a million draws of four normal inputs, sorted, both intervals".into(),
        subject: format!(
            "{:.0} ms; {:.0} ms of the processors",
            1e3 * median(seconds.iter().map(|s| s.0)),
            1e3 * median(seconds.iter().map(|s| s.1))
        ),
        baseline: "-".into(),
        ratio: None,
        target: "-".into(),
        met: None,
    })
}

/// A closed record on the disk.
struct Record {
    scratch: Scratch,
    samples: u64,
    bytes: u64,
}

impl Record {
    fn write(hours: u64) -> Result<Record, String> {
        let scratch = Scratch::new()?;
        let folder = scratch.path().join("run");
        let minutes = 60 * hours;
        write(&folder, minutes)?;
        let file = std::fs::metadata(folder.join(TELEMETRY)).map_err(|e| e.to_string())?;
        Ok(Record {
            scratch,
            samples: minutes * (MINUTE_NS / INTERVAL_NS),
            bytes: file.len(),
        })
    }

    /// What a process that judges or only reads the record says of itself.
    fn child(&self, what: &str) -> Result<Child, String> {
        let program = std::env::current_exe().map_err(|e| e.to_string())?;
        let folder = self.scratch.path().join("run");
        let output = Command::new(program)
            .args([CHILD, what, &folder.to_string_lossy()])
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .map_err(|e| e.to_string())?;
        let said = String::from_utf8_lossy(&output.stdout);
        let numbers: Vec<f64> = said
            .split_whitespace()
            .filter_map(|word| word.parse().ok())
            .collect();
        match numbers[..] {
            [opened, seconds, mib, samples]
                if output.status.success() && samples == self.samples as f64 =>
            {
                Ok(Child {
                    opened,
                    seconds,
                    mib,
                })
            }
            _ => Err(format!("the process ended with {}: {said}", output.status)),
        }
    }
}

struct Child {
    /// Processor time of opening, seconds.
    opened: f64,
    /// Processor time of everything, seconds.
    seconds: f64,
    mib: f64,
}

/// The process: judges, or reads as plainly as the format allows.
pub(crate) fn child(arguments: &[String]) -> Result<String, String> {
    match arguments {
        [what, folder] if what == "judge" => judged(Path::new(folder)),
        [what, folder] if what == "bare" => bare(Path::new(folder)),
        _ => Err("what, and a folder".to_owned()),
    }
}

fn judged(folder: &Path) -> Result<String, String> {
    let recording = Recording::open(folder).map_err(|e| e.to_string())?;
    let opened = cpu_s()?;
    let findings = certbench_judge::judge(&recording);
    if findings.verdict != Verdict::Pass {
        let all = findings.cases.iter().flat_map(|case| &case.findings);
        let reasons: Vec<_> = all.flat_map(|f| &f.reasons).map(|r| &r.text.en).collect();
        return Err(format!("{:?}: {reasons:?}", findings.verdict));
    }
    // Every sample was judged, or the verdict were another: as many as the plan's windows hold.
    let windows = findings.cases.iter().flat_map(|case| &case.findings);
    let evidence = windows.flat_map(|f| &f.evidence);
    let minutes = evidence.filter(|e| e.what.starts_with("minute "));
    let spans = minutes.map(|e| e.to_ns - e.from_ns);
    let samples = spans.sum::<u64>() / INTERVAL_NS;
    Ok(format!("{opened} {} {} {samples}", cpu_s()?, peak_mib()?))
}

/// Every message of the file by the format's own reader, a chunk in memory at a time.
fn bare(folder: &Path) -> Result<String, String> {
    let mut file = File::open(folder.join(TELEMETRY)).map_err(|e| e.to_string())?;
    let mut reader = LinearReader::new();
    let (mut messages, mut bytes) = (0_u64, 0);
    while let Some(event) = reader.next_event() {
        match event.map_err(|e| e.to_string())? {
            LinearReadEvent::ReadRequest(need) => {
                let read = file.read(reader.insert(need)).map_err(|e| e.to_string())?;
                reader.notify_read(read);
            }
            LinearReadEvent::Record { opcode, data } if opcode == op::MESSAGE => {
                messages += 1;
                bytes += std::hint::black_box(data).len();
            }
            LinearReadEvent::Record { .. } => {}
        }
    }
    std::hint::black_box(bytes);
    Ok(format!("0 {} {} {messages}", cpu_s()?, peak_mib()?))
}

/// Processor time of this process so far, all threads, seconds; the kernel counts hundredths.
fn cpu_s() -> Result<f64, String> {
    spent_s(11)
}

/// User and system time, seconds, that stand from this place on after the process' name in
/// `/proc/self/stat`: 11 of this process, 13 of those that it waited for.
pub(crate) fn spent_s(at: usize) -> Result<f64, String> {
    let stat = std::fs::read_to_string("/proc/self/stat").map_err(|e| e.to_string())?;
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let fields = after_name.split_whitespace().skip(at).take(2);
    let ticks: Vec<f64> = fields.filter_map(|f| f.parse().ok()).collect();
    match ticks[..] {
        [user, system] => Ok((user + system) / 100.0),
        _ => Err("the system does not say the processor time".to_owned()),
    }
}

/// A window a minute, one after the other, and one window around all.
fn plan(minutes: u64) -> Plan {
    let window = |id: &str, steps: Vec<Step>| {
        Step::Window(Window {
            id: id.into(),
            record: vec!["force".into()],
            steps,
            until: None,
            take: Vec::new(),
        })
    };
    let over = Over::Times(u32::try_from(minutes).unwrap_or(u32::MAX));
    let each = Step::Repeat(Repeat::new("n", over, vec![window("minute", Vec::new())]));
    let measure = |id: &str, over: &str, n: u64| Measure {
        id: id.into(),
        title: Text::same(id),
        metric: "channel-mean".into(),
        over: [("over".into(), over.into())].into(),
        channels: [("channel".into(), "force".into())].into(),
        params: [("summary".into(), ParamValue::Text("largest".into()))].into(),
        per: None,
        n_planned: u32::try_from(n).unwrap_or(u32::MAX),
        accept: Some(Accept {
            compare: Compare::Estimate,
            at_least: None,
            at_most: Some(Quantity::new(80.0, newton())),
            set_by: SetBy::Suite,
            origin: None,
        }),
        rule: DecisionRule::Guarded { r: 1.0 },
        n_most: None,
    };
    let measures = vec![
        measure("minutes", "minute", minutes),
        measure("whole", "whole", 1),
    ];
    let case = bench::case("long", vec![window("whole", vec![each])], measures);
    let channels = vec![bench::channel("force", &["value"])];
    bench::plan(bench::gauge(), channels, vec![case])
}

/// A run of that plan as a perfect executor would have recorded it.
fn write(folder: &Path, minutes: u64) -> Result<(), String> {
    let text = |e: certbench_record::RecordError| e.to_string();
    let plan = plan(minutes);
    let plan_sha256 = plan.digest();
    let recorder = Recorder::create(folder, &plan, bench::start(Pace::Simulated)).map_err(text)?;
    let tell = |time_ns: u64, body: EventBody| {
        let told = recorder.event(&Event { time_ns, body });
        told.map_err(|e| e.to_string())
    };
    let context = Context {
        case: "long".into(),
        ..Context::default()
    };
    tell(
        0,
        EventBody::Opened {
            run: "long".into(),
            utc: bench::UTC.into(),
            certbench: env!("CARGO_PKG_VERSION").into(),
            host: "measured".into(),
            operator: "measured".into(),
            plan_sha256,
            plan: Box::new(plan),
        },
    )?;
    tell(
        0,
        EventBody::CaseStarted {
            case: "long".into(),
        },
    )?;
    let opened = |window: &str, instance, context| EventBody::WindowOpened {
        window: window.into(),
        instance,
        context,
    };
    let closed = |window: &str, instance| EventBody::WindowClosed {
        window: window.into(),
        instance,
        end: WindowEnd::Reached,
    };
    tell(0, opened("whole", 1, context.clone()))?;
    for minute in 0..minutes {
        let (from_ns, to_ns) = (minute * MINUTE_NS, (minute + 1) * MINUTE_NS);
        let instance = u32::try_from(minute + 1).map_err(|e| e.to_string())?;
        let mut here = context.clone();
        let pass = instance.to_string();
        here.scope.variables.insert("n".into(), pass);
        tell(from_ns, opened("minute", instance, here))?;
        for time_ns in (from_ns..to_ns).step_by(INTERVAL_NS as usize) {
            recorder.sample(&sample(time_ns));
        }
        tell(to_ns, closed("minute", instance))?;
    }
    let end_ns = minutes * MINUTE_NS;
    tell(end_ns, closed("whole", 1))?;
    tell(
        end_ns,
        EventBody::CaseEnded {
            case: "long".into(),
            end: CaseEnd::Completed,
        },
    )?;
    tell(
        end_ns,
        EventBody::Ended {
            end: RunEnd::Completed,
            text: String::new(),
        },
    )?;
    recorder.finish().map(drop).map_err(text)
}

/// A slow wave with some noise in its last bits, as from an instrument.
fn sample(time_ns: u64) -> Sample {
    let number = time_ns / INTERVAL_NS;
    let wave = 40.0 + 20.0 * (number as f64 * 1e-4).sin();
    let noise = (number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 52) as f64 * 1e-6;
    Sample {
        channel: 0,
        time_ns,
        reading: Reading::scalar(wave + noise),
    }
}
