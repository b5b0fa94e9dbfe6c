//! What a person sees while a run goes on: a line that renews itself on a terminal, plain lines
//! elsewhere. Everything goes to stderr.

use certbench_model::text::Lang;
use certbench_model::{CaseEnd, Event, EventBody, Plan, RunEnd, Sample, Text};
use certbench_run::{Control, Listener};
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Prints the events that matter to a person.
pub(crate) struct Narrator {
    label: String,
    lang: Lang,
    plan: Arc<Plan>,
    /// What the last arming showed.
    armed: Mutex<Vec<Text>>,
}

impl Narrator {
    /// Lines begin with `label` where several runs go on at once.
    pub(crate) fn new(label: &str, lang: Lang, plan: Arc<Plan>) -> Narrator {
        Narrator {
            label: label.to_string(),
            lang,
            plan,
            armed: Mutex::default(),
        }
    }

    fn say(&self, text: &str) {
        let clear = if std::io::stderr().is_terminal() {
            "\r\x1b[K"
        } else {
            ""
        };
        eprintln!("{clear}{}{text}", self.label);
    }
}

impl Listener for Narrator {
    fn name(&self) -> &str {
        "terminal"
    }

    fn event(&self, event: &Event) -> Result<(), String> {
        let at = format!("{:8.3} s", event.time_ns as f64 / 1e9);
        match &event.body {
            EventBody::Identified {
                device,
                identity,
                link,
            } => {
                let name = [
                    &identity.maker,
                    &identity.model,
                    &identity.serial,
                    &identity.firmware,
                ];
                let name: Vec<_> = name.into_iter().flatten().map(String::as_str).collect();
                let name = match name.is_empty() {
                    true => "says nothing of itself,".to_string(),
                    false => name.join(" "),
                };
                let (port, kind) = (&link.port, &link.kind);
                self.say(&format!("{at}  {device}: {name} at {port} ({kind})"));
            }
            EventBody::Refused { reasons } => {
                for reason in reasons {
                    self.say(&format!("{at}  REFUSED: {}", reason.get(self.lang)));
                }
            }
            EventBody::Armed { shown, by } => {
                // In full the first time; afterwards what is new.
                let mut before = self.armed.lock().unwrap_or_else(PoisonError::into_inner);
                let again = !before.is_empty();
                for line in shown.iter().filter(|line| !before.contains(line)) {
                    self.say(&format!("{at}  armed ({by}): {}", line.get(self.lang)));
                }
                if again {
                    self.say(&format!("{at}  armed again ({by})"));
                }
                before.clone_from(shown);
            }
            EventBody::CaseStarted { case } => {
                let title = self
                    .plan
                    .cases
                    .iter()
                    .find(|c| c.id == *case)
                    .map(|c| c.title.get(self.lang));
                self.say(&format!("{at}  case {case}: {}", title.unwrap_or_default()));
            }
            EventBody::CaseEnded { case, end } => match end {
                CaseEnd::Completed => self.say(&format!("{at}  case {case}: done")),
                other => self.say(&format!("{at}  case {case}: {}", cut_short(other))),
            },
            EventBody::DeviceEvent { device, code, text } => {
                self.say(&format!("{at}  {device} reports {code}: {text}"))
            }
            EventBody::Fault { subject, text, .. } => {
                self.say(&format!("{at}  FAULT at {subject}: {text}"))
            }
            EventBody::Tripped { channel, text, .. } => {
                self.say(&format!("{at}  WATCH {channel}: {text}"))
            }
            EventBody::Halted {
                device,
                planned: false,
                result,
                text,
            } => {
                self.say(&format!("{at}  halt {device}: {result} ({text})"));
            }
            EventBody::Lost { listener, count } => {
                self.say(&format!("{at}  {listener} lost {count}"))
            }
            EventBody::Ended { end, text } => {
                let end = match end {
                    RunEnd::Completed => "completed",
                    RunEnd::Refused => "refused",
                    RunEnd::Aborted => "aborted",
                    RunEnd::Faulted => "bench fault",
                };
                self.say(&format!("{at}  run ended: {end}: {text}"));
            }
            _ => {}
        }
        Ok(())
    }

    fn sample(&self, _: &Sample) -> bool {
        true
    }
}

/// How a case ended that did not end as it should.
fn cut_short(end: &CaseEnd) -> String {
    let (what, text) = match end {
        CaseEnd::Completed => ("done", ""),
        CaseEnd::DeviceEvent(text) => ("ended by the item", text.as_str()),
        CaseEnd::Fault(_, text) => ("ended by a fault", text.as_str()),
        CaseEnd::Tripped(text) => ("ended by a watch", text.as_str()),
        CaseEnd::Precondition(text) => ("not tested", text.as_str()),
        CaseEnd::TooManyInvalid(text) => ("too many invalid trials", text.as_str()),
        CaseEnd::Unanswered(text) => ("not answered", text.as_str()),
        CaseEnd::Aborted(text) => ("aborted", text.as_str()),
        // The end of the run says why.
        CaseEnd::NotBegun(_) => ("not begun", ""),
    };
    match text {
        "" => what.to_string(),
        text => format!("{what}: {text}"),
    }
}

/// The renewing line; ends when dropped.
pub(crate) struct Line {
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Line {
    /// Shows the run's progress four times a second, on a terminal only.
    pub(crate) fn show(control: Control) -> Line {
        let over = Arc::new(AtomicBool::new(false));
        let until = over.clone();
        let thread = std::io::stderr().is_terminal().then(|| {
            std::thread::spawn(move || {
                while !until.load(Ordering::Acquire) {
                    eprint!("\r\x1b[K{}", line(&control));
                    let _ = std::io::stderr().flush();
                    std::thread::sleep(Duration::from_millis(250));
                }
                eprint!("\r\x1b[K");
            })
        });
        Line { over, thread }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn line(control: &Control) -> String {
    let p = control.progress();
    let mut text = format!(
        "{:3.0} %  case {}/{} {}  {}",
        p.percent, p.case_number, p.cases, p.case, p.step
    );
    if p.trial > 0 {
        text += &format!("  trial {}/{}", p.trial, p.trials);
    }
    for (channel, value) in &p.values {
        match value {
            Some(value) => text += &format!("  {channel} {value:.3}"),
            None => text += &format!("  {channel} –"),
        }
    }
    text += &format!("  ≤ {:.0} s left", p.seconds_left_at_most);
    text.chars().take(150).collect()
}
