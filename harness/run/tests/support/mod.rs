//! A bench of small fakes: an arm with joints, a hand, a gauge, an I/O box, an operator, a log.
//! They behave as the roles say and share nothing with any driver.
#![allow(dead_code, reason = "each test program uses its own part")]

mod devices;
mod plans;

use certbench_clock::Clock;
use certbench_model::{CaseEnd, Event, EventBody, Plan, RunEnd, Sample};
use certbench_roles::{Answer, Device, Operator, Question};
use certbench_run::{Consent, Control, Listener, Run, Settings};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(crate) use devices::{Arm, Gauge, Hand, Io};
pub(crate) use plans::*;

pub(crate) const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// Keeps all events.
#[derive(Default)]
pub(crate) struct Log {
    pub(crate) events: Mutex<Vec<Event>>,
    pub(crate) samples: AtomicU64,
    /// From this event on, the record cannot be kept.
    pub(crate) full_at: Mutex<Option<usize>>,
    /// What was taken does not reach the disk.
    pub(crate) sick: std::sync::atomic::AtomicBool,
    /// Samples are lost.
    pub(crate) deaf: std::sync::atomic::AtomicBool,
}

impl Listener for Log {
    fn name(&self) -> &str {
        "log"
    }

    fn event(&self, event: &Event) -> Result<(), String> {
        let mut events = self.events.lock().unwrap();
        events.push(event.clone());
        match *self.full_at.lock().unwrap() {
            Some(full) if events.len() > full => Err("no space left on device".to_string()),
            _ => Ok(()),
        }
    }

    fn sample(&self, _: &Sample) -> bool {
        self.samples.fetch_add(1, Ordering::Relaxed);
        !self.deaf.load(Ordering::Relaxed)
    }

    fn health(&self) -> Result<(), String> {
        match self.sick.load(Ordering::Relaxed) {
            true => Err("no space left on device".to_string()),
            false => Ok(()),
        }
    }
}

/// Answers from a table (the last answer of a prompt is repeated), `Yes` where it has none.
#[derive(Default)]
pub(crate) struct Desk {
    pub(crate) answers: Mutex<BTreeMap<String, Vec<Answer>>>,
    pub(crate) by: Mutex<Option<String>>,
    pub(crate) asked: Mutex<Vec<Question>>,
    /// How long a person thinks.
    pub(crate) thinks: Mutex<BTreeMap<String, Duration>>,
    pub(crate) clock: Mutex<Option<Clock>>,
}

impl Operator for Desk {
    fn ask(&self, question: &Question) -> (Answer, String) {
        self.asked.lock().unwrap().push(question.clone());
        let thinks = self.thinks.lock().unwrap().get(&question.id).copied();
        let clock = self.clock.lock().unwrap().clone();
        if let (Some(time), Some(clock)) = (thinks, clock) {
            clock.sleep(time);
        }
        let mut answers = self.answers.lock().unwrap();
        let answer = match answers.get_mut(&question.id) {
            Some(list) if list.len() > 1 => list.remove(0),
            Some(list) => list.first().cloned().unwrap_or(Answer::None),
            None => Answer::Yes,
        };
        let by = self.by.lock().unwrap().clone();
        (
            answer,
            by.unwrap_or_else(|| "simulated-operator".to_string()),
        )
    }
}

/// A whole bench, ready to run.
pub(crate) struct Bench {
    pub(crate) clock: Clock,
    pub(crate) arm: Arc<Arm>,
    pub(crate) hand: Arc<Hand>,
    pub(crate) gauge: Arc<Gauge>,
    pub(crate) io: Arc<Io>,
    pub(crate) desk: Arc<Desk>,
    pub(crate) log: Arc<Log>,
    pub(crate) control: Control,
    pub(crate) settings: Settings,
}

impl Bench {
    pub(crate) fn simulated() -> Bench {
        Bench::on(Clock::simulated())
    }

    pub(crate) fn on(clock: Clock) -> Bench {
        let mut settings = Settings::new("test-run", "2026-11-22T02:26:54Z");
        settings.consent = Consent::Given;
        settings.host = "test".to_string();
        let desk = Arc::new(Desk::default());
        *desk.clock.lock().unwrap() = Some(clock.clone());
        Bench {
            arm: Arm::new(&clock),
            hand: Hand::new(&clock),
            gauge: Gauge::new(&clock),
            io: Io::new(&clock),
            clock,
            desk,
            log: Arc::new(Log::default()),
            control: Control::new(),
            settings,
        }
    }

    pub(crate) fn run(&self, plan: &Plan) -> Run {
        let devices: Vec<Arc<dyn Device>> = vec![
            self.arm.clone(),
            self.hand.clone(),
            self.gauge.clone(),
            self.io.clone(),
        ];
        Run {
            plan: Arc::new(plan.clone()),
            devices,
            operator: self.desk.clone(),
            listeners: vec![self.log.clone()],
            clock: self.clock.clone(),
            control: self.control.clone(),
            settings: self.settings.clone(),
        }
    }

    pub(crate) fn perform(&self, plan: &Plan) -> RunEnd {
        let end = self.run(plan).perform();
        self.check_the_story();
        end
    }

    /// Something that happens at a time of the simulation.
    pub(crate) fn at(&self, time: Duration, what: impl FnOnce() + Send + 'static) {
        let clock = self.clock.clone();
        self.clock.spawn("fate", move || {
            clock.sleep(time);
            what();
        });
    }

    pub(crate) fn events(&self) -> Vec<EventBody> {
        let events = self.log.events.lock().unwrap();
        events.iter().map(|e| e.body.clone()).collect()
    }

    pub(crate) fn ends(&self) -> Vec<(String, CaseEnd)> {
        let end = |e: EventBody| match e {
            EventBody::CaseEnded { case, end } => Some((case, end)),
            _ => None,
        };
        self.events().into_iter().filter_map(end).collect()
    }

    pub(crate) fn halted(&self) -> Vec<(String, bool, String)> {
        let halt = |e: EventBody| match e {
            EventBody::Halted {
                device,
                planned,
                result,
                ..
            } => Some((device, planned, result)),
            _ => None,
        };
        self.events().into_iter().filter_map(halt).collect()
    }

    pub(crate) fn commands(&self) -> Vec<String> {
        let command = |e: EventBody| match e {
            EventBody::Commanded { device, what } => Some(format!("{device}: {what}")),
            _ => None,
        };
        self.events().into_iter().filter_map(command).collect()
    }

    pub(crate) fn has(&self, wanted: impl Fn(&EventBody) -> bool) -> bool {
        self.events().iter().any(wanted)
    }

    /// What holds for every run, however it ends.
    fn check_the_story(&self) {
        let log = self.log.events.lock().unwrap();
        let times: Vec<u64> = log.iter().map(|e| e.time_ns).collect();
        assert!(times.is_sorted(), "events go forward in time");
        drop(log);
        let events = self.events();
        assert!(matches!(events.first(), Some(EventBody::Opened { .. })));
        assert!(matches!(events.last(), Some(EventBody::Ended { .. })));
        check_motion_is_armed(&events);
        check_cases(&events);
        assert!(
            !self.arm.moving() && !self.hand.moving(),
            "everything stands at the end"
        );
    }
}

/// Whether a command moves something; the others only switch power or zero an instrument.
fn moves(what: &str) -> bool {
    ["move", "grasp", "release", "recover", "power on"]
        .iter()
        .any(|word| what.starts_with(word))
}

/// No motion before arming, after disarming, or between an inside prompt and the next arming.
pub(crate) fn check_motion_is_armed(events: &[EventBody]) {
    let plan = events.iter().find_map(|e| match e {
        EventBody::Opened { plan, .. } => Some(plan.clone()),
        _ => None,
    });
    let plan = plan.unwrap();
    let mut armed = false;
    let mut stands = true;
    for event in events {
        match event {
            EventBody::Armed { .. } => armed = true,
            EventBody::Disarmed => armed = false,
            EventBody::Prompted { prompt, .. } if asks_inside(&plan, prompt) => {
                assert!(stands, "prompt `{prompt}` was shown in motion");
                armed = false;
            }
            EventBody::Commanded { device, what } if moves(what) => {
                assert!(armed, "`{device}`: `{what}` without arming");
                stands = false;
            }
            EventBody::Halted { result, .. } => stands = result == "confirmed",
            _ => {}
        }
    }
    assert!(!armed, "disarmed at the end");
}

fn asks_inside(plan: &Plan, id: &str) -> bool {
    fn find(steps: &[certbench_model::Step], id: &str) -> bool {
        steps.iter().any(|s| match s {
            certbench_model::Step::Prompt(p) => {
                p.id == id && p.presence == certbench_model::step::Presence::Inside
            }
            s => s.lists().into_iter().any(|list| find(list, id)),
        })
    }
    plan.cases
        .iter()
        .any(|c| [&c.setup, &c.steps, &c.finally].iter().any(|l| find(l, id)))
}

/// Unless refused, every case of the plan was begun once and ended once, in order.
fn check_cases(events: &[EventBody]) {
    let refused = events.iter().any(|e| {
        matches!(
            e,
            EventBody::Ended {
                end: RunEnd::Refused,
                ..
            }
        )
    });
    if refused {
        return;
    }
    let Some(EventBody::Opened { plan, .. }) = events.first() else {
        panic!("no plan")
    };
    let planned: Vec<_> = plan.cases.iter().map(|c| c.id.clone()).collect();
    let begun: Vec<_> = events
        .iter()
        .filter_map(|e| match e {
            EventBody::CaseStarted { case } => Some(case.clone()),
            _ => None,
        })
        .collect();
    let ended: Vec<_> = events
        .iter()
        .filter_map(|e| match e {
            EventBody::CaseEnded { case, .. } => Some(case.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(begun, planned);
    assert_eq!(ended, planned);
}

/// Whether the outputs with a safe state were in it whenever a person was let in.
pub(crate) fn outputs_are_safe_for_people(events: &[EventBody]) -> bool {
    let mut raised = true;
    for event in events {
        match event {
            EventBody::Switched { output, to, .. } if output == "support" => {
                raised = to == "raised"
            }
            EventBody::Prompted { prompt, .. } if prompt == "inside" && !raised => return false,
            _ => {}
        }
    }
    true
}
