//! A robot that does programs of its own: what the bench's wiring says is done to it, and its end is
//! awaited. certbench commands no motion of it.

use crate::bench::{Bench, fill};
use crate::executor::{Cut, Executor};
use crate::resolve::seconds;
use certbench_clock::Time;
use certbench_model::plan::{Actuation, Programs};
use certbench_model::step::{
    Ask, Presence, Program, ProgramAct, ProgramState, Prompt, Scope, SetOutput,
};
use certbench_model::{EventBody, FaultKind, Text};
use certbench_roles::Trouble;
use std::collections::BTreeMap;
use std::time::Duration;

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
        // Where a bench has no output that starts it, selecting does.
        let start = match wiring.start.len() {
            0 => 0,
            n => acts.len().saturating_sub(n),
        };
        if starts {
            self.ensure_armed()?;
        }
        for (place, act) in acts.into_iter().enumerate() {
            if starts && place == start {
                self.about_to_start(id, &wiring)?;
            }
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
            }
            | ProgramAct::Await {
                state: ProgramState::Done,
                within_s,
                otherwise,
            } => {
                self.must_begin(id, &wiring, *within_s)?;
                self.ends(id, &wiring, *within_s, otherwise)
            }
            ProgramAct::Await {
                state: ProgramState::Busy,
                within_s,
                otherwise,
            } => self.begins(id, &wiring, *within_s, otherwise),
            ProgramAct::Abort => {
                self.forget_start(id);
                Ok(())
            }
            ProgramAct::Select { .. } | ProgramAct::Start => Ok(()),
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
    pub(super) fn at_the_pendant(
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
        let on = self.shared.board.is_on(channel)?;
        (at >= since.as_nanos()).then_some(on)
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
