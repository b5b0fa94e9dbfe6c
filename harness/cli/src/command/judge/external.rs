//! `certbench judge --data FILE --suite S --bench B`: data of a test that certbench neither drove nor
//! observed. What the plan says about windows and rows becomes a record without a run; the file is taken
//! in as any import is, and the findings say where they come from.

use crate::command::import;
use crate::exit::Exit;
use crate::inputs::{Files, load, now, readable};
use crate::session::{host, new_folder};
use anyhow::Context as _;
use certbench_model::event::WindowEnd;
use certbench_model::step::Scope;
use certbench_model::{CaseEnd, Context, Event, EventBody, Plan, RunEnd, Step};
use certbench_record::{Entry, Ledger, Pace, Recorder, Start, items};
use certbench_run::scope;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// A window stands for this long on a clock that means nothing: longer than what an instrument streams
/// in one.
const NOMINAL_NS: u64 = 600_000_000_000;

/// What is judged, by which plan.
pub(super) struct External<'a> {
    pub(super) data: &'a Path,
    pub(super) files: Files,
    /// The channel that the file holds, where the plan imports several.
    pub(super) channel: Option<&'a str>,
    /// Who hands it in.
    pub(super) by: &'a str,
    /// Where the record goes.
    pub(super) out: &'a Path,
}

/// Judges a file by a plan.
pub(super) fn judge(order: &External<'_>) -> anyhow::Result<Exit> {
    if let Err(exit) = readable([order.data]) {
        return Ok(exit);
    }
    let plan = match load(&order.files)? {
        Ok(plan) => Arc::new(plan),
        Err(exit) => return Ok(exit),
    };
    let told = channel(&plan, order.channel).and_then(|channel| {
        let course = Course::of(&plan)?;
        Ok((channel, course.events))
    });
    let (channel, course) = match told {
        Ok(told) => told,
        Err(why) => {
            eprintln!("certbench: {why}");
            return Ok(Exit::Refused);
        }
    };
    let utc = now()?;
    let (run, folder) = new_folder(order.out, &plan.suite.id, &utc)?;
    record(order, &plan, &run, &folder, &utc, course)?;
    let exit = import::import(&import::Args {
        run: folder.clone(),
        file: order.data.to_path_buf(),
        channel,
        by: order.by.to_string(),
        reason: None,
    })?;
    if exit == Exit::Usage {
        // Nothing is lost: there was no run, and the file lies where it lay.
        std::fs::remove_dir_all(&folder)
            .with_context(|| format!("cannot remove {}", folder.display()))?;
        return Ok(exit);
    }
    let ledger = Ledger::open(order.out)?;
    ledger.add(&Entry::Started {
        run: run.clone(),
        utc: utc.clone(),
        suite: plan.suite.id.clone(),
        version: plan.suite.version.clone(),
        items: items(&plan),
        plan_sha256: plan.digest(),
    })?;
    let end = "external-data".to_string();
    ledger.add(&Entry::Ended { run, utc, end })?;
    crate::say!("{}", folder.display());
    Ok(exit)
}

/// The channel that is imported.
fn channel(plan: &Plan, named: Option<&str>) -> Result<String, String> {
    let imported = |device: &str| plan.device(device).is_some_and(|d| d.imported());
    let all: Vec<&str> = plan
        .channels
        .iter()
        .filter(|c| imported(&c.device))
        .map(|c| c.id.as_str())
        .collect();
    match (named, all.as_slice()) {
        (_, []) => Err(
            "the bench imports no channel: an instrument whose file is judged has `driver: csv-import`, `port: import`"
                .into(),
        ),
        (None, [only]) => Ok((*only).to_string()),
        (None, several) => Err(format!(
            "several channels are imported: {}; say with `--channel` which one the file holds",
            several.join(", ")
        )),
        (Some(name), several) if several.contains(&name) => Ok(name.to_string()),
        (Some(name), several) => Err(format!(
            "`{name}` is not imported; imported are {}",
            several.join(", ")
        )),
    }
}

/// Writes what is known: the plan, where the data come from, and which windows belong to which rows.
fn record(
    order: &External<'_>,
    plan: &Arc<Plan>,
    run: &str,
    folder: &Path,
    utc: &str,
    course: Vec<Event>,
) -> anyhow::Result<()> {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .context("the host's clock is before 1970")?;
    let start = Start {
        unix_ns_at_zero: since.as_nanos() as u64,
        pace: Pace::Simulated,
    };
    let recorder = Recorder::create(folder, plan, start)?;
    let told = |body| recorder.event(&Event { time_ns: 0, body });
    let ledger = Ledger::open(order.out)?;
    let earlier = ledger.earlier(&items(plan), &plan.suite.id)?;
    told(EventBody::Opened {
        run: run.to_string(),
        utc: utc.to_string(),
        certbench: env!("CARGO_PKG_VERSION").to_string(),
        host: host(),
        operator: String::new(),
        plan_sha256: plan.digest(),
        plan: Box::new(Plan::clone(plan)),
    })?;
    told(EventBody::Ledger { earlier })?;
    let name = order
        .data
        .file_name()
        .map(|n| n.to_string_lossy().into_owned());
    let file = recorder.attach(&name.unwrap_or_default(), order.data)?;
    let by = order.by.to_string();
    told(EventBody::External { by, file })?;
    let end_ns = course.last().map_or(0, |event| event.time_ns);
    for event in course {
        recorder.event(&event)?;
    }
    let body = EventBody::Ended {
        end: RunEnd::Completed,
        text: "no run: the data were taken elsewhere".into(),
    };
    recorder.event(&Event {
        time_ns: end_ns,
        body,
    })?;
    recorder
        .finish()
        .context("the record could not be closed")?;
    Ok(())
}

/// The windows of a plan in its order, as if they had been performed.
struct Course<'p> {
    plan: &'p Plan,
    events: Vec<Event>,
    time_ns: u64,
    case: &'p str,
    scope: Scope,
    instances: BTreeMap<&'p str, u32>,
    trials: u32,
    trial: u32,
}

impl<'p> Course<'p> {
    fn of(plan: &'p Plan) -> Result<Course<'p>, String> {
        let mut course = Course {
            plan,
            events: Vec::new(),
            time_ns: 0,
            case: "",
            scope: Scope::default(),
            instances: BTreeMap::new(),
            trials: 0,
            trial: 0,
        };
        for case in &plan.cases {
            course.case = &case.id;
            course.instances.clear();
            course.trials = 0;
            course.tell(EventBody::CaseStarted {
                case: case.id.clone(),
            });
            course.walk(&case.setup)?;
            course.walk(&case.steps)?;
            course.tell(EventBody::CaseEnded {
                case: case.id.clone(),
                end: CaseEnd::Completed,
            });
        }
        Ok(course)
    }

    fn tell(&mut self, body: EventBody) {
        let time_ns = self.time_ns;
        self.events.push(Event { time_ns, body });
    }

    fn context(&self) -> Context {
        Context {
            case: self.case.to_string(),
            scope: self.scope.clone(),
            trial: self.trial,
        }
    }

    fn walk(&mut self, steps: &'p [Step]) -> Result<(), String> {
        steps.iter().try_for_each(|step| self.step(step))
    }

    fn step(&mut self, step: &'p Step) -> Result<(), String> {
        let outer = self.scope.clone();
        match step {
            Step::Window(window) => {
                let count = self.instances.entry(&window.id).or_insert(0);
                *count += 1;
                let (window_id, instance) = (window.id.clone(), *count);
                let context = self.context();
                self.tell(EventBody::WindowOpened {
                    window: window_id.clone(),
                    instance,
                    context,
                });
                self.walk(&window.steps)?;
                self.time_ns += NOMINAL_NS;
                self.tell(EventBody::WindowClosed {
                    window: window_id,
                    instance,
                    end: WindowEnd::Reached,
                });
                self.time_ns += NOMINAL_NS;
            }
            Step::Repeat(repeat) => {
                if repeat.until.is_some() || repeat.every.iter().any(|e| !e.steps.is_empty()) {
                    let variable = &repeat.variable;
                    return Err(format!(
                        "{}: the repeat `{variable}` ends or branches by what happens; a file does not say what did",
                        self.case
                    ));
                }
                for pass in 0..repeat.over.count() {
                    let inner = scope::pass(self.plan, repeat, pass, &outer);
                    self.scope = inner.map_err(|why| why.en)?;
                    self.walk(&repeat.steps)?;
                }
            }
            Step::Matrix(matrix) => {
                for cell in &matrix.cells {
                    let inner = scope::cell(self.plan, matrix, cell, &outer);
                    self.scope = inner.map_err(|why| why.en)?;
                    self.walk(&matrix.steps)?;
                }
            }
            Step::Trial(trial) => {
                self.trials += 1;
                self.trial = self.trials;
                let context = self.context();
                self.tell(EventBody::TrialStarted {
                    trial: trial.id.clone(),
                    context,
                });
                self.walk(&trial.steps)?;
                self.tell(EventBody::TrialEnded {
                    trial: trial.id.clone(),
                    number: self.trial,
                    outcome: None,
                });
                self.trial = 0;
            }
            // What else a plan has was done elsewhere, or was not: the record says nothing of it.
            other => {
                for list in other.lists() {
                    self.walk(list)?;
                }
            }
        }
        self.scope = outer;
        Ok(())
    }
}
