//! A robot that does programs of its own: what the bench's wiring says is done to it, and its end is
//! awaited. certbench commands no motion of it.

use crate::bench::{Bench, fill};
use crate::executor::{Cut, Executor};
use crate::resolve::seconds;
use certbench_clock::Time;
use certbench_model::plan::{Actuation, Contact, Programs};
use certbench_model::step::{
    Ask, Condition, Does, Otherwise, Presence, Program, ProgramAct, ProgramState, Prompt, Scope,
    SetOutput, Wait,
};
use certbench_model::{EventBody, FaultKind, Text};
use certbench_roles::Trouble;
use std::collections::BTreeMap;
use std::time::Duration;

/// A robot that was started says that it is under way within this time, seconds.
const BUSY_WITHIN_S: f64 = 5.0;
/// How often it is looked at whether it stands.
const LOOKED_AT_EVERY: Duration = Duration::from_millis(10);

/// How the robot is wired.
pub(crate) fn wiring<'a>(bench: &'a Bench, device: &str) -> Result<&'a Programs, Text> {
    bench.plan.bench.programs.get(device).ok_or_else(|| {
        Text::new(
            format!("the bench does not say how programs of `{device}` are asked for"),
            format!("测试台未说明如何调用 `{device}` 的程序"),
        )
    })
}

/// The program that a step names.
pub(crate) fn program_name(act: &ProgramAct, scope: &Scope) -> Result<Option<String>, Text> {
    match act {
        ProgramAct::Run { program, .. } | ProgramAct::Select { program } => {
            fill(scope, program).map(Some)
        }
        ProgramAct::Start | ProgramAct::Await { .. } | ProgramAct::Abort => Ok(None),
    }
}

/// What is done to the robot by a step, in order.
pub(crate) fn actuations<'a>(
    wiring: &'a Programs,
    act: &ProgramAct,
    scope: &Scope,
) -> Result<Vec<&'a Actuation>, Text> {
    let select = match program_name(act, scope)? {
        None => [].as_slice(),
        Some(name) => wiring.select.get(&name).ok_or_else(|| {
            let known: Vec<_> = wiring.select.keys().map(String::as_str).collect();
            let known = known.join(", ");
            Text::new(
                format!("the bench has no program `{name}`; it has: {known}"),
                format!("测试台没有程序 `{name}`；已有：{known}"),
            )
        })?,
    };
    let lists: [&[Actuation]; 3] = match act {
        ProgramAct::Run { .. } => [&wiring.ready, select, &wiring.start],
        ProgramAct::Select { .. } => [select, &[], &[]],
        ProgramAct::Start => [&wiring.ready, &wiring.start, &[]],
        ProgramAct::Await { .. } => [&[], &[], &[]],
        ProgramAct::Abort => [&wiring.abort, &[], &[]],
    };
    Ok(lists.into_iter().flatten().collect())
}

impl Executor {
    pub(super) fn program(&mut self, step: &Program) -> Result<(), Cut> {
        let id = &step.device;
        let wiring = wiring(&self.bench, id).cloned();
        let wiring = wiring.map_err(|why| self.impossible(why))?;
        let acts = actuations(&wiring, &step.act, &self.scope);
        let acts = acts.map_err(|why| self.impossible(why))?;
        let starts = matches!(step.act, ProgramAct::Run { .. } | ProgramAct::Start);
        if starts {
            self.ensure_armed()?;
        }
        for act in acts {
            self.actuate(id, act)?;
        }
        if !matches!(step.act, ProgramAct::Await { .. }) {
            self.tell(EventBody::Commanded {
                device: id.clone(),
                what: words(step),
            });
        }
        match &step.act {
            ProgramAct::Run {
                within_s,
                otherwise,
                ..
            } => {
                if wiring.busy.is_some() {
                    let within_s = BUSY_WITHIN_S.min(*within_s);
                    self.stands(id, &wiring, ProgramState::Busy, within_s, &Otherwise::Fault)?;
                }
                self.stands(id, &wiring, ProgramState::Done, *within_s, otherwise)
            }
            ProgramAct::Await {
                state,
                within_s,
                otherwise,
            } => self.stands(id, &wiring, *state, *within_s, otherwise),
            ProgramAct::Select { .. } | ProgramAct::Start | ProgramAct::Abort => Ok(()),
        }
    }

    fn actuate(&mut self, id: &str, act: &Actuation) -> Result<(), Cut> {
        match act {
            Actuation::Set { set, back } => {
                self.set(set)?;
                if let Some((to, after_s)) = back {
                    self.wait_until(self.now() + seconds(*after_s))?;
                    self.set(&SetOutput {
                        output: set.output.clone(),
                        to: to.clone(),
                    })?;
                }
                Ok(())
            }
            Actuation::Pendant(text) => {
                let pressed = [("pendant".to_string(), text.en.clone())];
                self.at_the_pendant(id, text, pressed.into())
            }
        }
    }

    /// The operator does it, outside of the robot's reach; `changes` is what that does to the world.
    fn at_the_pendant(
        &mut self,
        id: &str,
        text: &Text,
        changes: BTreeMap<String, String>,
    ) -> Result<(), Cut> {
        self.prompt(&Prompt {
            id: format!("pendant.{id}"),
            text: text.clone(),
            ask: Ask::Instruct,
            presence: Presence::Outside,
            changes,
        })
    }

    /// Awaits that the robot is under way or at its end: by its contact, else by the operator.
    fn stands(
        &mut self,
        id: &str,
        wiring: &Programs,
        state: ProgramState,
        within_s: f64,
        otherwise: &Otherwise,
    ) -> Result<(), Cut> {
        let not_busy = wiring.busy.as_ref().map(|busy| Contact {
            on: !busy.on,
            ..busy.clone()
        });
        let contact = match state {
            ProgramState::Busy => wiring.busy.clone(),
            ProgramState::Done => wiring.done.clone().or(not_busy),
        };
        if let Some(Contact { channel, on }) = contact {
            let wait = Wait::Until {
                condition: Condition {
                    channel,
                    component: String::new(),
                    does: if on {
                        Does::Above(0.5)
                    } else {
                        Does::Below(0.5)
                    },
                },
                within_s,
                otherwise: otherwise.clone(),
            };
            return self.wait(&wait).map(drop);
        }
        match &wiring.watched_by {
            Some(text) => self.at_the_pendant(id, text, BTreeMap::new()),
            None => {
                let text = format!("nothing says whether `{id}` is under way");
                Err(self.impossible(Text::same(text)))
            }
        }
    }

    /// After the outputs that stop them were set: whether robots with programs of their own stand, by
    /// their contacts. What is left is returned.
    pub(crate) fn await_programs(&mut self, planned: bool, why: &str) -> Vec<(String, Trouble)> {
        let plan = self.bench.plan.clone();
        let mut left = Vec::new();
        for (id, wiring) in &plan.bench.programs {
            let busy = wiring.busy.as_ref();
            let Some((busy, (channel, _))) =
                busy.and_then(|b| Some((b, plan.channel(&b.channel)?)))
            else {
                continue;
            };
            let asked = self.now();
            let deadline = asked + self.settings.halt_within;
            let stood = loop {
                match self.contact_since(channel, asked) {
                    Some(on) if on != busy.on => break Ok(()),
                    seen if self.now() >= deadline || self.control.leave_requested() => {
                        break Err(seen.is_some());
                    }
                    _ => self.bide(LOOKED_AT_EVERY),
                }
            };
            let (result, text) = match stood {
                Ok(()) => ("confirmed", why.to_string()),
                Err(_) => (
                    "late",
                    format!("{why}; `{}` does not say that it stands", busy.channel),
                ),
            };
            self.tell(EventBody::Halted {
                device: id.clone(),
                planned,
                result: result.to_string(),
                text,
            });
            match stood {
                Ok(()) => {
                    self.unsafe_devices.remove(id);
                }
                Err(seen) => {
                    self.unsafe_devices.insert(id.clone());
                    let within = self.settings.halt_within.as_secs_f64();
                    left.push((id.clone(), still_busy(seen, within)));
                }
            }
        }
        left
    }

    /// What a contact was in a sample taken since a time; `None` without one.
    fn contact_since(&self, channel: u16, since: Time) -> Option<bool> {
        let at = self.shared.board.valid_ns(channel)?;
        let value = self.shared.board.value(channel, 0)?;
        (at >= since.as_nanos()).then_some(value > 0.5)
    }
}

fn still_busy(seen: bool, seconds: f64) -> Trouble {
    let text = match seen {
        true => format!(
            "its contact says that it is still under way {seconds} s after its stop was demanded: \
             either it goes on, or the stop did not reach it, or the contact is stuck"
        ),
        false => format!("no feedback for {seconds} s after its stop: its contact is silent"),
    };
    Trouble::Fault(FaultKind::Unattributable, text)
}

/// The step for people.
pub(super) fn words(step: &Program) -> String {
    let id = &step.device;
    match &step.act {
        ProgramAct::Run { program, .. } => format!("{id}: run {program}"),
        ProgramAct::Select { program } => format!("{id}: select {program}"),
        ProgramAct::Start => format!("{id}: start"),
        ProgramAct::Await { state, .. } => format!("{id}: await {state:?}").to_lowercase(),
        ProgramAct::Abort => format!("{id}: abort"),
    }
}
