//! A bench that did not open: a run that ends before it begins, with a record like any other.

use certbench_clock::Clock;
use certbench_model::{CaseEnd, Event, EventBody, FaultKind, Plan, RunEnd, Text};
use certbench_roles::Trouble;
use certbench_run::{Listener, Settings};
use std::fmt;
use std::sync::Arc;

/// What did not open, and why.
#[derive(Debug)]
pub(crate) struct Unopened {
    subject: String,
    why: Why,
}

#[derive(Debug)]
enum Why {
    /// The plan asks what the bench cannot do.
    Refused(Text),
    /// Link or harness failed.
    Fault(FaultKind, String),
}

impl Unopened {
    /// A device, or the port that it should be at.
    pub(crate) fn device(id: &str, trouble: Trouble) -> Unopened {
        let why = match trouble {
            Trouble::Refused(text) => Why::Refused(Text::same(text)),
            Trouble::Fault(kind, text) => Why::Fault(kind, text),
            event @ Trouble::Event { .. } => Why::Fault(FaultKind::Link, event.to_string()),
        };
        let subject = id.to_string();
        Unopened { subject, why }
    }

    /// The simulated bench.
    pub(crate) fn simulation(error: anyhow::Error) -> Unopened {
        Unopened {
            subject: "simulation".into(),
            why: Why::Fault(FaultKind::Harness, format!("{error:#}")),
        }
    }

    /// Nothing was opened, and nothing will be.
    pub(crate) fn refused(subject: &str, text: Text) -> Unopened {
        Unopened {
            subject: subject.into(),
            why: Why::Refused(text),
        }
    }

    /// Tells the listeners the whole, short story of such a run. No case is silently missing.
    pub(crate) fn tell(
        self,
        plan: &Plan,
        settings: &Settings,
        clock: &Clock,
        listeners: &[Arc<dyn Listener>],
    ) -> RunEnd {
        let tell = |body| {
            let time_ns = clock.now().as_nanos();
            let event = Event { time_ns, body };
            for listener in listeners {
                if let Err(why) = listener.event(&event) {
                    eprintln!("certbench: {}: {why}", listener.name());
                }
            }
        };
        let text = self.to_string();
        tell(EventBody::Opened {
            run: settings.run.clone(),
            utc: settings.utc.clone(),
            certbench: settings.certbench.clone(),
            host: settings.host.clone(),
            operator: settings.operator.clone(),
            plan_sha256: plan.digest(),
            plan: Box::new(plan.clone()),
        });
        tell(EventBody::Ledger {
            earlier: settings.earlier.clone(),
        });
        let Unopened { subject, why } = self;
        let end = match why {
            Why::Refused(why) => {
                let reason = Text::new(
                    format!("{subject}: {}", why.en),
                    format!("{subject}：{}", why.zh),
                );
                tell(EventBody::Refused {
                    reasons: vec![reason],
                });
                RunEnd::Refused
            }
            Why::Fault(kind, why) => {
                tell(EventBody::Fault {
                    kind,
                    subject,
                    text: why,
                });
                for case in &plan.cases {
                    let case = case.id.clone();
                    tell(EventBody::CaseStarted { case: case.clone() });
                    let end = CaseEnd::NotBegun(text.clone());
                    tell(EventBody::CaseEnded { case, end });
                }
                RunEnd::Faulted
            }
        };
        tell(EventBody::Ended { end, text });
        end
    }
}

impl fmt::Display for Unopened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.why {
            Why::Refused(text) => write!(f, "{}: {}", self.subject, text.en),
            Why::Fault(_, text) => write!(f, "{}: {text}", self.subject),
        }
    }
}
