//! A whole run inside this process, on the simulated clock: plan from texts, simulated bench, the real
//! drivers over its links, the record in a folder, the findings of the judge. The same plan gives the
//! same findings, and a minute of a bench takes a second.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use certbench_clock::Clock;
use certbench_devices::Port as DevicePort;
use certbench_model::step::Scope;
use certbench_model::vocabulary::Vocabulary;
use certbench_model::{
    CaseEnd, Date, Event, EventBody, Facts, FaultKind, Findings, Plan, Recorded, RunEnd, Sample,
};
use certbench_record::{Pace, Recorder, Recording, Start};
use certbench_roles::{Answer, Device, Operator, Question};
use certbench_run::{Consent, Control, Listener, Run, Settings};
use certbench_sim::config::{FaultConfig, WorldConfig};
use certbench_sim::{Happening, Port, Simulation, Transport};
use certbench_suite::{Diagnostic, Request, Sources};
use serde_json::Value;

/// The day of every run here: the certificates of the shipped benches hold on it.
pub const DAY: &str = "2026-11-22";
/// The beginning of that day, ns since 1970: the simulated clock begins at zero.
const DAY_UNIX_NS: u64 = 1_795_305_600_000_000_000;

/// So long nothing may move for being at rest.
const REST: Duration = Duration::from_millis(100);

/// Names of the files in [`Papers`].
const SUITE: &str = "test.suite.yaml";
const BENCH: &str = "test.bench.yaml";
const JOB: &str = "test.job.yaml";

/// The files of a plan, in memory.
#[derive(Clone, Debug)]
pub struct Papers {
    files: BTreeMap<String, String>,
    set: Vec<String>,
}

impl Papers {
    /// A suite (with the shipped tables and templates beside it) on a bench.
    pub fn new(suite: &str, bench: &str) -> Papers {
        let mut files = BTreeMap::from([
            (SUITE.to_string(), suite.to_string()),
            (BENCH.to_string(), bench.to_string()),
        ]);
        for table in ["cube-poses", "grasp-objects", "stop-speeds"] {
            let name = format!("tables/{table}.yaml");
            files.insert(name.clone(), shipped(&name));
        }
        for template in [
            "tracker-reference",
            "tracker-returned",
            "rig-zero",
            "rig-returned",
        ] {
            let name = format!("templates/{template}.template.yaml");
            files.insert(name.clone(), shipped(&name));
        }
        Papers {
            files,
            set: Vec::new(),
        }
    }

    /// A shipped suite on the shipped bench of a device, with its job: `("payload", "arm")`.
    pub fn shipped(suite: &str, device: &str) -> Papers {
        let mut papers = Papers::new(
            &shipped(&format!("{suite}.suite.yaml")),
            &shipped(&format!("benches/sim-{device}.bench.yaml")),
        );
        let job = shipped(&format!("jobs/sim-{device}.job.yaml"));
        papers.files.insert(JOB.to_string(), job);
        papers
    }

    /// With a further table of the shipped ones.
    #[must_use]
    pub fn table(mut self, name: &str) -> Papers {
        let name = format!("tables/{name}.yaml");
        self.files.insert(name.clone(), shipped(&name));
        self
    }

    /// With a further shipped file of any kind: `templates/grip-strength-check.template.yaml`.
    #[must_use]
    pub fn file(mut self, name: &str) -> Papers {
        self.files.insert(name.to_string(), shipped(name));
        self
    }

    /// With a file of the test's own.
    #[must_use]
    pub fn with_file(mut self, name: &str, text: &str) -> Papers {
        self.files.insert(name.to_string(), text.to_string());
        self
    }

    /// With a parameter set by the laboratory: `cycles=3`.
    #[must_use]
    pub fn set(mut self, parameter: &str) -> Papers {
        self.set.push(parameter.to_string());
        self
    }

    /// With something in the suite written otherwise.
    ///
    /// # Panics
    /// When the suite does not say it: a test that changes nothing tests nothing.
    #[must_use]
    pub fn suite_with(self, from: &str, to: &str) -> Papers {
        self.with(SUITE, from, to)
    }

    /// With something in the bench written otherwise.
    ///
    /// # Panics
    /// As [`Papers::suite_with`].
    #[must_use]
    pub fn bench_with(self, from: &str, to: &str) -> Papers {
        self.with(BENCH, from, to)
    }

    fn with(mut self, file: &str, from: &str, to: &str) -> Papers {
        let text = self.files.get_mut(file).expect("a file of these papers");
        assert!(text.contains(from), "{file} does not say `{from}`");
        *text = text.replace(from, to);
        self
    }

    /// The suite as it is written.
    pub fn suite(&self) -> &str {
        &self.files[SUITE]
    }

    /// With a fault of the simulated bench, whose block is the bench's last.
    #[must_use]
    pub fn fault(mut self, fault: &FaultConfig) -> Papers {
        let bench = self.files.get_mut(BENCH).expect("a bench");
        assert!(!bench.contains("  faults:"), "one fault at a time");
        let fault = serde_json::to_string(fault).expect("a fault is JSON");
        bench.push_str(&format!("  faults: [{fault}]\n"));
        self
    }

    /// The plan, or every complaint.
    ///
    /// # Errors
    /// The complaints, with their places.
    pub fn plan(&self) -> Result<Plan, Vec<Diagnostic>> {
        let files = self.files.iter().map(|(n, t)| (n.as_str(), t.as_str()));
        let mut sources = Sources::memory(files);
        let mut drivers = certbench_devices::catalogue();
        drivers.push(certbench_record::import_driver());
        let vocabulary = Vocabulary {
            metrics: certbench_judge::vocabulary(),
            drivers,
        };
        let (suite, mut all) = certbench_suite::check_suite(&mut sources, SUITE, &vocabulary);
        let (bench, more) = certbench_suite::check_bench(&mut sources, BENCH, &vocabulary);
        all.extend(more);
        let mut job = None;
        if self.files.contains_key(JOB) {
            let (read, more) = certbench_suite::check_job(&mut sources, JOB);
            all.extend(more);
            job = read;
        }
        let (Some(suite), Some(bench)) = (suite, bench) else {
            return Err(all);
        };
        let request = Request {
            suite: &suite,
            bench: &bench,
            job: job.as_ref(),
            vocabulary: &vocabulary,
            today: DAY.parse::<Date>().expect("a day"),
            set: &self.set,
        };
        certbench_suite::plan(&request, &mut sources)
    }

    /// Whether the simulation accepts the bench, with its faults.
    ///
    /// # Panics
    /// When there is no plan.
    pub fn can_be_built(&self) -> bool {
        let clock = Clock::simulated();
        let plan = self.plan().expect("a plan");
        let built = open(&clock, &plan).is_ok();
        clock.end();
        built
    }

    /// Plans and plays.
    ///
    /// # Panics
    /// When there is no plan, or no run.
    pub fn play(&self) -> Played {
        self.play_changed(|_| ())
    }

    /// Plans, spoils the plan behind the back of the suite's checks, and plays.
    ///
    /// # Panics
    /// As [`Papers::play`].
    pub fn play_changed(&self, spoil: impl FnOnce(&mut Plan)) -> Played {
        self.play_with(spoil, &BTreeMap::new())
    }

    /// As [`Papers::play`], with answers to the prompts of these ids.
    ///
    /// # Panics
    /// As [`Papers::play`].
    pub fn play_answered(&self, answers: &[(&str, Answer)]) -> Played {
        let answers = answers.iter().map(|(id, a)| (id.to_string(), a.clone()));
        self.play_with(|_| (), &answers.collect())
    }

    fn play_with(
        &self,
        spoil: impl FnOnce(&mut Plan),
        answers: &BTreeMap<String, Answer>,
    ) -> Played {
        let mut plan = self.plan().unwrap_or_else(|complaints| {
            let lines: Vec<_> = complaints.iter().map(in_a_line).collect();
            panic!("no plan:\n{}", lines.join("\n"))
        });
        spoil(&mut plan);
        let folder = Folder::new();
        let path = folder.0.join("run");
        let mut played = play(plan, &path, answers).expect("a run");
        played.folder = Some(folder);
        played
    }
}

/// One lift of a cylinder by the hand, held against gravity, judged by the gauge under the support.
pub fn lift() -> Papers {
    let suite = include_str!("../suites/lift.suite.yaml");
    Papers::new(suite, &shipped("benches/sim-hand.bench.yaml"))
}

/// The arm stretches with a load of 5 kg and holds it, judged by the tracker.
pub fn hold() -> Papers {
    let suite = include_str!("../suites/hold.suite.yaml");
    Papers::new(suite, &shipped("benches/sim-arm.bench.yaml"))
        .bench_with("  arm:\n    nodes", "  arm:\n    load_kg: 5\n    nodes")
}

/// One emergency stop of the arm in motion, by its brakes alone.
pub fn stop() -> Papers {
    let suite = include_str!("../suites/one-stop.suite.yaml");
    Papers::new(suite, &shipped("benches/sim-arm.bench.yaml"))
        .bench_with("category: 1", "category: 0")
}

/// A complaint in one line: `test.suite.yaml:12:7 [code] message`.
pub fn in_a_line(complaint: &Diagnostic) -> String {
    let place = complaint.labels.first();
    let place = place.map(|l| format!("{}:{}:{}", l.file, l.line, l.column));
    let place = place.unwrap_or_default();
    format!("{place} [{}] {}", complaint.code, complaint.message)
}

/// A file of the folder `suites`.
///
/// # Panics
/// When it is not there.
pub fn shipped(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../suites")
        .join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// A folder that goes with the test.
pub struct Folder(pub PathBuf);

impl Folder {
    /// A new one.
    ///
    /// # Panics
    /// When it cannot be made.
    #[expect(clippy::new_without_default, reason = "it makes a folder on the disk")]
    pub fn new() -> Folder {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("certbench-tests-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("a folder");
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The truth at the end of a window.
#[derive(Clone, Debug)]
pub struct Stay {
    /// The window.
    pub window: String,
    /// Repeat variables in force.
    pub scope: Scope,
    /// Position of the tool centre point, mm.
    pub tcp_mm: [f64; 3],
}

/// What is left of a run.
pub struct Played {
    /// How it ended.
    pub end: RunEnd,
    /// What the judge found in the record.
    pub findings: Findings,
    /// The record, read back.
    pub facts: Facts,
    /// What truly happened in the world.
    pub log: Vec<Happening>,
    /// What was true when the run had ended.
    pub truth: Value,
    /// Whether nothing moved a moment after the run had ended.
    pub at_rest: bool,
    /// Where the tool centre point truly was, in the arm's base frame, whenever a window closed.
    pub stays: Vec<Stay>,
    /// Where the record is; goes when this is dropped.
    pub folder: Option<Folder>,
}

impl Played {
    /// Every event, in order.
    pub fn events(&self) -> impl Iterator<Item = &EventBody> {
        self.facts.events.iter().map(|line| &line.event.body)
    }

    /// The faults that are on the record.
    pub fn faults(&self) -> Vec<(FaultKind, String)> {
        let fault = |body: &EventBody| match body {
            EventBody::Fault {
                kind,
                subject,
                text,
            } => Some((*kind, format!("{subject}: {text}"))),
            _ => None,
        };
        self.events().filter_map(fault).collect()
    }

    /// The codes of the device events on the record: `arm emcy-0x2310`.
    pub fn device_events(&self) -> Vec<String> {
        let event = |body: &EventBody| match body {
            EventBody::DeviceEvent { device, code, .. } => Some(format!("{device} {code}")),
            _ => None,
        };
        self.events().filter_map(event).collect()
    }

    /// The results of the halts of a device that certbench made by itself, in order.
    pub fn halts(&self, of: &str) -> Vec<String> {
        let halt = |body: &EventBody| match body {
            EventBody::Halted {
                device,
                planned: false,
                result,
                ..
            } if device == of => Some(result.clone()),
            _ => None,
        };
        self.events().filter_map(halt).collect()
    }

    /// How the first case ended.
    ///
    /// # Panics
    /// When no case has ended.
    pub fn case_end(&self) -> &CaseEnd {
        let mut ends = self.events().filter_map(|body| match body {
            EventBody::CaseEnded { end, .. } => Some(end),
            _ => None,
        });
        ends.next().expect("a case that ended")
    }

    /// How long the first case took, seconds.
    ///
    /// # Panics
    /// When no case has ended.
    pub fn case_seconds(&self) -> f64 {
        let at = |wanted: fn(&EventBody) -> bool| {
            let mut lines = self.facts.events.iter();
            lines
                .find(|line| wanted(&line.event.body))
                .expect("a case")
                .event
                .time_ns
        };
        let begun = at(|body| matches!(body, EventBody::CaseStarted { .. }));
        let ended = at(|body| matches!(body, EventBody::CaseEnded { .. }));
        (ended - begun) as f64 * 1e-9
    }

    /// When something first happened in the world at or after a time, seconds.
    pub fn happened(&self, what: &str, from_s: f64) -> Option<f64> {
        let mut log = self.log.iter().filter(|h| h.t_s >= from_s);
        log.find(|h| h.what == what).map(|h| h.t_s)
    }

    /// When a window first opened, seconds.
    pub fn opened_s(&self, window: &str) -> Option<f64> {
        let mut lines = self.facts.events.iter();
        let opened = |body: &EventBody| matches!(body, EventBody::WindowOpened { window: w, .. } if w == window);
        let line = lines.find(|line| opened(&line.event.body))?;
        Some(line.event.time_ns as f64 * 1e-9)
    }
}

/// Plays a plan in `folder`. `answers` are given to the prompts of these ids; to all others the operator
/// does what is asked and says so.
///
/// # Errors
/// In words, when the bench cannot be simulated or opened, or there is no record.
pub fn play(
    plan: Plan,
    folder: &Path,
    answers: &BTreeMap<String, Answer>,
) -> Result<Played, String> {
    let clock = Clock::simulated();
    let played = play_on(&clock, Arc::new(plan), folder, answers);
    clock.end();
    played
}

fn play_on(
    clock: &Clock,
    plan: Arc<Plan>,
    folder: &Path,
    answers: &BTreeMap<String, Answer>,
) -> Result<Played, String> {
    let start = Start {
        unix_ns_at_zero: DAY_UNIX_NS,
        pace: Pace::Simulated,
    };
    let recorder = Recorder::create(folder, &plan, start).map_err(|e| e.to_string())?;
    let recorder = Arc::new(recorder);
    let (simulation, devices) = open(clock, &plan)?;
    let mut settings = Settings::new("test", format!("{DAY}T00:00:00Z"));
    settings.consent = Consent::Given;
    settings.countdown = Duration::ZERO;
    let attach = recorder.clone();
    let attached = AtomicU32::new(0);
    settings.attach = Some(Arc::new(move |path: &Path| {
        let name = path
            .file_name()
            .map_or("file".into(), |n| n.to_string_lossy());
        let name = format!("{}-{name}", attached.fetch_add(1, Ordering::Relaxed) + 1);
        attach.attach(&name, path).map_err(|e| e.to_string())
    }));
    let world = simulation.clone();
    settings.epilogue = Some(Arc::new(move || {
        vec![EventBody::SimulationTruth {
            device: "world".into(),
            truth: world.truth(),
        }]
    }));
    let desk = Desk {
        world: simulation.clone(),
        answers: answers.clone(),
    };
    let witness = Arc::new(Witness {
        world: simulation.clone(),
        open: Mutex::default(),
        stays: Mutex::default(),
    });
    let end = Run {
        plan,
        devices,
        operator: Arc::new(desk),
        listeners: vec![Arc::new(Record(recorder.clone())), witness.clone()],
        clock: clock.clone(),
        control: Control::new(),
        settings,
    }
    .perform();
    let truth = simulation.truth();
    let at_rest = simulation.run_until_rest(REST, 10 * REST);
    let _ = recorder.finish(); // a record that is broken says so where it is read
    let recording = Recording::open(folder).map_err(|e| e.to_string())?;
    Ok(Played {
        end,
        findings: certbench_judge::judge(&recording),
        facts: recording.facts().clone(),
        log: simulation.take_log(),
        truth,
        at_rest,
        stays: std::mem::take(&mut *relock(&witness.stays)),
        folder: None,
    })
}

type Bench = (Arc<Simulation>, Vec<Arc<dyn Device>>);

fn open(clock: &Clock, plan: &Plan) -> Result<Bench, String> {
    let block = plan.bench.simulation.as_ref().unwrap_or(&Value::Null);
    let config = WorldConfig::from_json(block).map_err(|e| e.to_string())?;
    let linked = |d: &&certbench_model::plan::DevicePlan| d.port != "none";
    let ids = plan.bench.devices.iter().filter(linked);
    let ids: Vec<_> = ids.map(|d| (d.id.clone(), d.driver.clone())).collect();
    let (simulation, mut ports) =
        Simulation::build(&config, &ids, clock, Transport::InProcess).map_err(|e| e.to_string())?;
    let open_one = |device: &certbench_model::plan::DevicePlan| {
        let port = match ports.remove(&device.id) {
            Some(Port::Bytes(line)) => DevicePort::Bytes(line.into()),
            Some(Port::Can(bus)) => DevicePort::Can(bus.into()),
            None if device.port == "none" => DevicePort::None,
            Some(Port::Path(_)) | None => return Err(format!("no link to {}", device.id)),
        };
        certbench_devices::open(device, port, clock).map_err(|e| e.to_string())
    };
    let devices: Result<Vec<_>, _> = plan.bench.devices.iter().map(open_one).collect();
    Ok((Arc::new(simulation), devices?))
}

/// Does what a prompt asks, in the simulated world.
struct Desk {
    world: Arc<Simulation>,
    answers: BTreeMap<String, Answer>,
}

impl Operator for Desk {
    fn ask(&self, question: &Question) -> (Answer, String) {
        if let Some(answer) = self.answers.get(&question.id) {
            return (answer.clone(), "test".into());
        }
        if let Some(label) = question.id.strip_prefix("label.") {
            let read = label
                .rsplit_once('.')
                .and_then(|(d, f)| self.world.label(d, f));
            let asked = |said| question.text.en.contains(&format!("`{said}`"));
            let answer = read.map_or(Answer::None, |said| match asked(said) {
                true => Answer::Yes,
                false => Answer::No,
            });
            return (answer, "simulated-operator".into());
        }
        let mut changes = question.changes.iter();
        let done = changes.all(|(key, value)| self.world.apply(key, value).is_ok());
        let answer = if done { Answer::Yes } else { Answer::None };
        (answer, "simulated-operator".into())
    }
}

/// The record as a listener.
struct Record(Arc<Recorder>);

impl Listener for Record {
    fn name(&self) -> &str {
        "record"
    }

    fn event(&self, event: &Event) -> Result<(), String> {
        self.0.event(event).map_err(|e| e.to_string())
    }

    fn sample(&self, sample: &Sample) -> bool {
        self.0.sample(sample)
    }
    fn health(&self) -> Result<(), String> {
        self.0.health().map_err(|e| e.to_string())
    }
}

/// Looks at the truth whenever a window closes.
struct Witness {
    world: Arc<Simulation>,
    open: Mutex<Vec<(String, Scope)>>,
    stays: Mutex<Vec<Stay>>,
}

impl Listener for Witness {
    fn name(&self) -> &str {
        "witness"
    }

    fn event(&self, event: &Event) -> Result<(), String> {
        match &event.body {
            EventBody::WindowOpened {
                window, context, ..
            } => relock(&self.open).push((window.clone(), context.scope.clone())),
            EventBody::WindowClosed { .. } => {
                let tcp = &self.world.truth()["arm"]["tcp"];
                let tcp_mm = [0, 1, 2].map(|axis| tcp[axis].as_f64().unwrap_or(f64::NAN));
                if let Some((window, scope)) = relock(&self.open).pop() {
                    relock(&self.stays).push(Stay {
                        window,
                        scope,
                        tcp_mm,
                    });
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn sample(&self, _: &Sample) -> bool {
        true
    }
}

fn relock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
