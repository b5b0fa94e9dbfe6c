//! One run from its plan to its reports: the story of the whole program.

use crate::bench::SimulationProcess;
use crate::command::simulate;
use crate::exit::Exit;
use crate::issued;
use crate::live::{Line, Narrator};
use crate::operator::{Answers, Desk, World};
use crate::unopened::Unopened;
use crate::wiring::{self, Recording as Record, SIMULATED_PORT, Taps};
use anyhow::{Context, anyhow};
use certbench_clock::Clock;
use certbench_devices::Port;
use certbench_link::Tap;
use certbench_link::tap::Tapped;
use certbench_model::date::utc_text;
use certbench_model::text::Lang;
use certbench_model::{EventBody, Findings, Plan, Provenance, RunEnd, Text};
use certbench_record::{Entry, Ledger, Pace, Recorder, Start, WireLog, items};
use certbench_roles::Device;
use certbench_run::{Consent, Control, Listener, Run, Settings};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How a run is to be done.
pub(crate) struct Order<'a> {
    /// The bench file, for the simulated bench's own process.
    pub(crate) bench: &'a Path,
    /// Where run folders and the ledger go.
    pub(crate) out: &'a Path,
    /// Consent to arm without asking (simulated benches only).
    pub(crate) yes: bool,
    /// Prepared answers, if an answers file was given.
    pub(crate) answers: Option<Answers>,
    /// The operator's language.
    pub(crate) lang: Lang,
    /// Whether a person can be asked at the terminal.
    pub(crate) terminal: bool,
    /// Put before every line, where several runs go on at once.
    pub(crate) label: &'a str,
    /// Say at the terminal what happens.
    pub(crate) narrate: bool,
    /// Join the simulation in this process, on the simulated clock.
    pub(crate) simulated_clock: bool,
    /// Keep every byte of the links in the record.
    pub(crate) wire: bool,
}

/// A finished run.
pub(crate) struct Done {
    /// Its folder.
    pub(crate) folder: PathBuf,
    /// Its findings.
    pub(crate) findings: Findings,
}

impl Done {
    /// Its exit code.
    pub(crate) fn exit(&self) -> Exit {
        Exit::of(&self.findings)
    }
}

/// Performs the plan, keeps the record, judges it, writes the reports.
pub(crate) fn perform(plan: Plan, order: &Order<'_>) -> anyhow::Result<Done> {
    let done = recorded(plan, order)?;
    write_reports(&done.folder, &done.findings)?;
    Ok(done)
}

/// Performs the plan, keeps the record, judges it.
pub(crate) fn recorded(plan: Plan, order: &Order<'_>) -> anyhow::Result<Done> {
    let folder = record(Arc::new(plan), order)?;
    let findings = judge(&folder)?;
    Ok(Done { folder, findings })
}

/// The simulated bench of a run, wherever it lives.
enum Bench {
    None,
    Process(Arc<SimulationProcess>),
    InProcess(Arc<certbench_sim::Simulation>),
}

impl Bench {
    fn world(&self) -> Option<Arc<dyn World>> {
        match self {
            Bench::None => None,
            Bench::Process(process) => Some(process.clone()),
            Bench::InProcess(simulation) => Some(simulation.clone()),
        }
    }

    fn truth(&self) -> Option<serde_json::Value> {
        match self {
            Bench::None => None,
            Bench::Process(process) => process.truth().ok(),
            Bench::InProcess(simulation) => Some(simulation.truth()),
        }
    }

    /// The devices are closed: what is left comes to rest, and its log says how. A process does so by
    /// itself.
    fn rest(&self) {
        if let Bench::InProcess(simulation) = self {
            simulation.run_until_rest(simulate::RESTS, simulate::REST_AT_MOST);
        }
    }
}

impl World for certbench_sim::Simulation {
    fn apply(&self, key: &str, value: &str) -> Result<(), String> {
        certbench_sim::Simulation::apply(self, key, value).map_err(|e| e.to_string())
    }

    fn label(&self, device: &str, field: &str) -> Option<String> {
        certbench_sim::Simulation::label(self, device, field).map(str::to_string)
    }
}

fn record(plan: Arc<Plan>, order: &Order<'_>) -> anyhow::Result<PathBuf> {
    let clock = clock(order.simulated_clock)?;
    let started = clock
        .utc()
        .duration_since(UNIX_EPOCH)
        .context("the host's clock is before 1970")?;
    let utc = utc_text(started.as_secs());
    let (run, folder) = new_folder(order.out, &plan.suite.id, &utc)?;

    let start = Start {
        unix_ns_at_zero: (started.as_nanos() as u64).saturating_sub(clock.now().0),
        pace: if order.simulated_clock {
            Pace::Simulated
        } else {
            Pace::Real
        },
    };
    let recorder = Arc::new(Recorder::create(&folder, &plan, start)?);
    let wire = match order.wire {
        true => Some(Arc::new(WireLog::create(&folder, &names(&plan), start)?)),
        false => None,
    };
    let ledger = Ledger::open(order.out)?;
    let items = items(&plan);
    let earlier = ledger.earlier(&items, &plan.suite.id)?;
    let note = |entry| {
        ledger
            .add(&entry)
            .context("the bench's ledger cannot be written")
    };
    note(Entry::Started {
        run: run.clone(),
        utc: utc.clone(),
        suite: plan.suite.id.clone(),
        version: plan.suite.version.clone(),
        items,
        plan_sha256: plan.digest(),
    })?;

    let mut settings = settings(&run, &utc, &plan, order);
    settings.earlier = earlier;
    let attach = recorder.clone();
    settings.attach = Some(Arc::new(move |path: &Path| {
        let name = path
            .file_name()
            .map(|n| n.to_string_lossy().into_owned())
            .unwrap_or_default();
        attach.attach(&name, path).map_err(|e| e.to_string())
    }));
    let mut listeners: Vec<Arc<dyn Listener>> = vec![Arc::new(Record(recorder.clone()))];
    if order.narrate {
        let narrator = Narrator::new(order.label, order.lang, plan.clone());
        listeners.push(Arc::new(narrator));
    }
    let log = folder.join("simulation.jsonl");
    let taps = wire.as_ref().map(|wire| wiring::taps(&plan, wire));
    let tap = |device: &str| taps.as_ref().and_then(|taps| taps(device));
    let heard = wire.clone();
    settings.epilogue = Some(Arc::new(move || {
        heard.iter().filter_map(|w| lost(w)).collect()
    }));
    let opened = open_bench(
        &plan,
        order.bench,
        &log,
        &clock,
        order.simulated_clock,
        &tap,
    );
    let end = match opened {
        Ok((bench, devices)) => drive(plan, devices, bench, listeners, &clock, settings, order),
        Err(unopened) => unopened.tell(&plan, &settings, &clock, &listeners),
    };
    if let Some(wire) = wire {
        wire.finish()
            .context("the bytes of the links could not be kept")?;
    }
    recorder
        .finish()
        .context("the record could not be closed")?;
    let ended = clock
        .utc()
        .duration_since(UNIX_EPOCH)
        .map(|d| d.as_secs())
        .unwrap_or_default();
    note(Entry::Ended {
        run,
        utc: utc_text(ended),
        end: word(end).to_string(),
    })?;
    clock.end();
    Ok(folder)
}

/// Real time; or simulated time that begins with today: the day is what certificates are held
/// against, and the same day gives the same bytes.
fn clock(simulated: bool) -> anyhow::Result<Clock> {
    if !simulated {
        return Ok(Clock::real());
    }
    let today = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .context("the host's clock is before 1970")?
        .as_secs();
    let midnight = Duration::from_secs(today - today % 86_400);
    Ok(Clock::simulated_from(UNIX_EPOCH + midnight))
}

fn settings(run: &str, utc: &str, plan: &Plan, order: &Order<'_>) -> Settings {
    let mut settings = Settings::new(run, utc);
    settings.certbench = env!("CARGO_PKG_VERSION").to_string();
    settings.host = host();
    settings.operator = std::env::var("USER").unwrap_or_default();
    settings.consent = if order.yes {
        Consent::Given
    } else {
        Consent::Ask
    };
    settings.unattended = order.answers.is_some() && !order.terminal;
    if wiring::all_non_physical(plan) {
        settings.countdown = Duration::ZERO;
    }
    settings
}

/// The run itself, on an open bench; at its end the bench is closed.
fn drive(
    plan: Arc<Plan>,
    devices: Vec<Arc<dyn Device>>,
    bench: Bench,
    listeners: Vec<Arc<dyn Listener>>,
    clock: &Clock,
    mut settings: Settings,
    order: &Order<'_>,
) -> RunEnd {
    let control = Control::new();
    let desk = Desk::new(
        order.answers.clone().unwrap_or_default(),
        bench.world(),
        wiring::all_non_physical(&plan),
        order.terminal.then_some(order.lang),
    )
    .of(&plan);
    let bench = Arc::new(bench);
    let truth = bench.clone();
    let more = settings.epilogue.take();
    settings.epilogue = Some(Arc::new(move || {
        let told = truth.truth().map(|truth| EventBody::SimulationTruth {
            device: "world".into(),
            truth,
        });
        let more = more.iter().flat_map(|more| more());
        told.into_iter().chain(more).collect()
    }));
    let signals = crate::command::run::stop_on_signals(control.clone());
    let line =
        (order.label.is_empty() && !order.simulated_clock).then(|| Line::show(control.clone()));
    let end = Run {
        plan,
        devices,
        operator: Arc::new(desk),
        listeners,
        clock: clock.clone(),
        control,
        settings,
    }
    .perform();
    drop(line);
    drop(signals);
    bench.rest();
    end
}

/// Opens the simulated bench, where there is one, and every device.
fn open_bench(
    plan: &Plan,
    bench: &Path,
    log: &Path,
    clock: &Clock,
    in_process: bool,
    tap: Taps<'_>,
) -> Result<(Bench, Vec<Arc<dyn Device>>), Unopened> {
    let is_simulated = |d: &&certbench_model::plan::DevicePlan| d.port == SIMULATED_PORT;
    let simulated: Vec<_> = plan.bench.devices.iter().filter(is_simulated).collect();
    let alone = |d: &&certbench_model::plan::DevicePlan| {
        d.imported() || (d.port == wiring::NO_PORT && d.provenance == Provenance::Simulated)
    };
    let alone = plan.bench.devices.iter().filter(alone).count();
    if in_process && simulated.len() + alone < plan.bench.devices.len() {
        return Err(Unopened::refused(
            "bench",
            Text::new(
                "on the simulated clock every device must be simulated in-process (`port: simulated`)",
                "使用仿真时钟时，所有设备都必须在进程内仿真（`port: simulated`）",
            ),
        ));
    }
    if simulated.is_empty() {
        let devices = wiring::open_at_ports(plan, &BTreeMap::new(), clock, tap)?;
        return Ok((Bench::None, devices));
    }
    if in_process {
        let list: Vec<_> = simulated
            .iter()
            .map(|d| (d.id.clone(), d.driver.clone()))
            .collect();
        let block = plan.bench.simulation.as_ref();
        let (simulation, ends) =
            simulate::build(block, &list, clock, certbench_sim::Transport::InProcess)
                .and_then(|(simulation, ends)| {
                    simulate::log_to(&simulation, Some(log))?;
                    Ok((simulation, ends))
                })
                .map_err(Unopened::simulation)?;
        let links = ends
            .into_iter()
            .filter_map(|(id, end)| {
                let port = port(end, tap(&id))?;
                Some((id, port))
            })
            .collect();
        let devices = wiring::open_at_links(plan, links, clock)?;
        return Ok((Bench::InProcess(Arc::new(simulation)), devices));
    }
    let process = SimulationProcess::start(bench, log).map_err(Unopened::simulation)?;
    let devices = wiring::open_at_ports(plan, &process.ports, clock, tap)?;
    Ok((Bench::Process(Arc::new(process)), devices))
}

fn port(end: certbench_sim::Port, tap: Option<Tap>) -> Option<Port> {
    use certbench_sim::Port as End;
    match (end, tap) {
        (End::Bytes(line), None) => Some(Port::Bytes(line.into())),
        (End::Bytes(line), Some(tap)) => Some(Port::Bytes(Arc::new(Tapped::new(line, tap)))),
        (End::Can(bus), None) => Some(Port::Can(bus.into())),
        (End::Can(bus), Some(tap)) => Some(Port::Can(Arc::new(Tapped::new(bus, tap)))),
        (End::Path(_), _) => None,
    }
}

/// The plan's devices, in its order.
fn names(plan: &Plan) -> Vec<String> {
    plan.bench.devices.iter().map(|d| d.id.clone()).collect()
}

/// What the record of the links lacks, as an event.
fn lost(wire: &WireLog) -> Option<EventBody> {
    let count = wire.lost();
    (count > 0).then(|| EventBody::Lost {
        listener: certbench_record::WIRE.to_string(),
        count,
    })
}

/// Asks every device of the plan whether it would do what the plan asks; enables nothing. In words,
/// what they refuse and what went wrong on the way.
pub(crate) fn rehearse(plan: Plan, bench: &Path) -> anyhow::Result<Vec<String>> {
    let clock = Clock::real();
    let plan = Arc::new(plan);
    let log =
        std::env::temp_dir().join(format!("certbench-rehearsal-{}.jsonl", std::process::id()));
    let (bench, devices) = match open_bench(&plan, bench, &log, &clock, false, &|_| None) {
        Ok(open) => open,
        Err(unopened) => return Ok(vec![unopened.to_string()]),
    };
    let desk = Desk::new(
        BTreeMap::new(),
        bench.world(),
        wiring::all_non_physical(&plan),
        None,
    )
    .of(&plan);
    let settings = Settings::new("rehearsal", "");
    let operator = Arc::new(desk);
    let run = Run {
        plan,
        devices,
        operator,
        listeners: Vec::new(),
        clock,
        control: Control::new(),
        settings,
    };
    let found = run.rehearse();
    drop(bench);
    let _ = std::fs::remove_file(log);
    let refusals = found
        .refusals
        .iter()
        .map(|r| format!("{}: {}", r.place, r.text.en));
    let troubles = found.troubles.iter().filter_map(|t| match t {
        EventBody::Fault { subject, text, .. } => Some(format!("{subject}: {text}")),
        EventBody::DeviceEvent { device, code, text } => {
            Some(format!("{device} reports {code}: {text}"))
        }
        _ => None,
    });
    Ok(refusals.chain(troubles).collect())
}

/// Judges a run folder and keeps the findings in it. The same folder gives the same bytes.
pub(crate) fn judge(folder: &Path) -> anyhow::Result<Findings> {
    let findings = issued::judged(folder, None)?.findings;
    let json = issued::findings_json(&findings)?;
    write(&folder.join("findings.json"), &json)?;
    Ok(findings)
}

/// Writes the reports beside the record.
pub(crate) fn write_reports(folder: &Path, findings: &Findings) -> anyhow::Result<()> {
    let document = issued::with(folder, findings)?.draft();
    for (lang, name) in [(Lang::En, "report.en.html"), (Lang::Zh, "report.zh.html")] {
        let html = certbench_reports::html(&document, lang).map_err(|e| anyhow!("{e}"))?;
        write(&folder.join(name), &html)?;
    }
    write(
        &folder.join("report.json"),
        &certbench_reports::json(&document),
    )
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// `<suite>-20261122T022654Z`, with a number where two runs start in one second.
pub(crate) fn new_folder(out: &Path, suite: &str, utc: &str) -> anyhow::Result<(String, PathBuf)> {
    std::fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()))?;
    let stamp: String = utc.chars().filter(|c| *c != '-' && *c != ':').collect();
    for number in 1..1000 {
        let run = if number == 1 {
            format!("{suite}-{stamp}")
        } else {
            format!("{suite}-{stamp}-{number}")
        };
        let folder = out.join(&run);
        match std::fs::create_dir(&folder) {
            Ok(()) => return Ok((run, folder)),
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(e).with_context(|| format!("cannot make {}", folder.display())),
        }
    }
    Err(anyhow!(
        "there are a thousand runs of {suite} at {utc} under {}",
        out.display()
    ))
}

/// Name and kernel of this computer, as a record says it.
pub(crate) fn host() -> String {
    let read = |path: &str| {
        std::fs::read_to_string(path)
            .map(|t| t.trim().to_string())
            .unwrap_or_default()
    };
    format!(
        "{} (Linux {})",
        read("/proc/sys/kernel/hostname"),
        read("/proc/sys/kernel/osrelease")
    )
}

fn word(end: RunEnd) -> &'static str {
    match end {
        RunEnd::Completed => "completed",
        RunEnd::Refused => "refused",
        RunEnd::Aborted => "aborted",
        RunEnd::Faulted => "faulted",
    }
}
