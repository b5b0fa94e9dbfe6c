//! The steps of a plan in words.

use certbench_model::step::{
    Condition, Ending, Otherwise, Over, Presence, ProgramAct, ProgramState, Stop, Target, Until,
    Wait,
};
use certbench_model::{Plan, Step};
use std::fmt::Write;

/// Writes steps of this plan, whose channels have the units.
pub(super) struct Steps<'a>(pub(super) &'a Plan);

impl Steps<'_> {
    /// A line a step, what is inside it further in. What would be the same as in the step before it
    /// (the next repetition of a matrix) is not written again.
    pub(super) fn list(&self, out: &mut String, list: &[Step], depth: usize) -> std::fmt::Result {
        let mut before = String::new();
        for step in list {
            writeln!(
                out,
                "{:indent$}{}",
                "",
                self.words(step),
                indent = 2 * depth
            )?;
            let mut inside = String::new();
            for list in step.lists() {
                self.list(&mut inside, list, depth + 1)?;
            }
            match inside == before && !inside.is_empty() {
                true => writeln!(out, "{:indent$}as above", "", indent = 2 * depth + 2)?,
                false => out.push_str(&inside),
            }
            before = inside;
        }
        Ok(())
    }

    /// The symbol of a component's unit; of the first one where none is named.
    fn unit(&self, channel: &str, component: &str) -> String {
        let channel = self.0.channels.iter().find(|c| c.id == channel);
        let mut components = channel.into_iter().flat_map(|c| &c.components);
        let found = components.find(|c| component.is_empty() || c.name == component);
        found.map_or_else(String::new, |c| c.unit.to_string())
    }

    fn words(&self, step: &Step) -> String {
        let word = step.word();
        match step {
            Step::Prompt(p) => {
                let who = match p.presence {
                    Presence::Inside => "a person inside",
                    Presence::Outside => "a person outside",
                };
                format!("{word} {} ({who}): {}", p.id, p.text.en)
            }
            Step::Move(m) => {
                let to = match &m.to {
                    Target::Pose(name) | Target::Preset(name) => name.clone(),
                    Target::Home => "its home".into(),
                    Target::Joints(joints) => joints
                        .iter()
                        .map(|(j, q)| format!("{j} {q}"))
                        .collect::<Vec<_>>()
                        .join(", "),
                };
                let until = match m.until {
                    Until::Settled => "until it rests there",
                    Until::Started => "until it has begun",
                };
                format!("{word} {} to {to} at {}, {until}", m.device, m.speed)
            }
            Step::Grasp(g) => format!(
                "{word} {} {} with {} at {}",
                g.device, g.preset, g.force, g.speed
            ),
            Step::Release(r) => format!("{word} {} at {}", r.device, r.speed),
            Step::Drive(d) => format!(
                "{word} {} to {} in {} s, there within {} s",
                d.device, d.to, d.ramp_s, d.timeout_s
            ),
            Step::Program(p) => format!("{word} {}: {}", p.device, asked(&p.act)),
            Step::Set(s) => format!("{word} {} to {}", s.output, s.to),
            Step::Stop(Stop::Command { device }) => format!("{word} {device} by its own command"),
            Step::Stop(Stop::Output(s)) => format!("{word} by {} to {}", s.output, s.to),
            Step::Stop(Stop::Person(p)) => {
                format!("{word} by a person's hand ({}): {}", p.id, p.text.en)
            }
            Step::Stop(Stop::Heartbeat { device }) => {
                format!("{word} {device} by withholding its heartbeat")
            }
            Step::Stop(Stop::Recover { device, .. }) => format!("recover {device}"),
            Step::Wait(wait) => format!("{word} {}", self.waiting(wait)),
            Step::Window(w) => {
                let until = w
                    .until
                    .as_ref()
                    .map(|u| format!(" until {}", self.waiting(u)))
                    .unwrap_or_default();
                format!("{word} {} of {}{until}", w.id, w.record.join(", "))
            }
            Step::Repeat(r) => match &r.over {
                Over::Times(n) => {
                    let every = r.every.iter().map(|e| {
                        let first = if e.first { " and before the first" } else { "" };
                        format!(", further steps after every {}{first}", e.passes)
                    });
                    let (ending, thinned) = (ending(r.until.as_ref()), thinned(r.thinned_s));
                    let every: String = every.collect();
                    format!("{word} {n} times ({}){every}{ending}{thinned}", r.variable)
                }
                Over::Rows { table, order, seed } => {
                    let how = seed
                        .map(|s| format!(", shuffled with seed {s}"))
                        .unwrap_or_default();
                    let word = r.registers.as_ref().map_or(word.to_string(), |g| {
                        format!(
                            "register {} to {}, a point off by at most {} mm,",
                            g.channel, g.frame, g.residual_max_mm
                        )
                    });
                    format!(
                        "{word} over {table} as {} ({}{how})",
                        r.variable,
                        order.join(", ")
                    )
                }
            },
            Step::Trial(t) => {
                let attempts = t.attempts.max(1);
                let plan = t.sampling.map(|s| format!("; {}", s.text().en));
                format!(
                    "{word} {} (attempts {attempts}, invalid at most {}{})",
                    t.id,
                    t.invalid_most,
                    plan.unwrap_or_default()
                )
            }
            Step::Mark(m) => format!("{word} {}", m.name),
            Step::Zero(z) => format!("{word} {}", z.channel),
            Step::Check(c) => {
                let known = c.returns_to.clone().unwrap_or(c.expect.to_string());
                let unit = self.unit(&c.channel, &c.component);
                format!(
                    "{word} {} against {known} within {} {unit}",
                    c.channel, c.within
                )
            }
            Step::Require(r) => {
                let wait = Wait::Until {
                    condition: r.condition.clone(),
                    within_s: r.within_s,
                    otherwise: r.otherwise.clone(),
                };
                format!("{word} {}", self.waiting(&wait))
            }
            Step::During(d) => {
                let beside = d.beside.iter();
                let beside: Vec<String> = beside
                    .map(|b| format!("{} (at most {} times)", b.id, b.passes))
                    .collect();
                format!("{word}: beside the leading steps {}", beside.join(", "))
            }
            Step::Matrix(m) => {
                let axes: Vec<&str> = m.axes.iter().map(|a| a.variable.as_str()).collect();
                if let [one] = m.cells.as_slice() {
                    let values = m.axes.iter().zip(one);
                    let values: Vec<String> = values
                        .map(|(axis, value)| format!("{} = {value}", axis.variable))
                        .collect();
                    return format!("{word}: {}", values.join(", "));
                }
                let how = m.seed.map(|s| format!(", shuffled with seed {s}"));
                format!(
                    "{word} of {}: {} combinations, {} excluded{}",
                    axes.join(" x "),
                    m.cells.len(),
                    m.excluded,
                    how.unwrap_or_default()
                )
            }
            Step::Schedule(s) => format!(
                "{word} {}: {} times, every {} s, at most {} s late{}{}",
                s.variable,
                s.times,
                s.every_s,
                s.late_s,
                ending(s.until.as_ref()),
                thinned(s.thinned_s)
            ),
            Step::Block(b) => {
                let from = b.template.as_ref().map(|t| format!(" (template {t})"));
                format!("{word} {}{}", b.id, from.unwrap_or_default())
            }
        }
    }

    fn waiting(&self, wait: &Wait) -> String {
        match wait {
            Wait::For(seconds) => format!("{seconds} s"),
            Wait::When {
                when,
                within_s,
                otherwise,
            } => format!("{when} within {within_s} s, otherwise {}", meant(otherwise)),
            Wait::Until {
                condition,
                within_s,
                otherwise,
            } => {
                let Condition {
                    channel,
                    component,
                    does,
                } = condition;
                let does = does.in_unit(&self.unit(channel, component));
                let dot = if component.is_empty() { "" } else { "." };
                let otherwise = meant(otherwise);
                format!(
                    "{channel}{dot}{component} {does} within {within_s} s, otherwise {otherwise}"
                )
            }
        }
    }
}

fn asked(act: &ProgramAct) -> String {
    match act {
        ProgramAct::Run {
            program,
            within_s,
            otherwise,
        } => format!(
            "run {program} within {within_s} s, otherwise {}",
            meant(otherwise)
        ),
        ProgramAct::Select { program } => format!("select {program}"),
        ProgramAct::Start => "start".into(),
        ProgramAct::Await {
            state,
            within_s,
            otherwise,
        } => {
            let state = match state {
                ProgramState::Busy => "under way",
                ProgramState::Done => "at its end",
            };
            let otherwise = meant(otherwise);
            format!("await that it is {state} within {within_s} s, otherwise {otherwise}")
        }
        ProgramAct::Abort => "abort".into(),
    }
}

/// What a time-out means.
fn meant(otherwise: &Otherwise) -> String {
    match otherwise {
        Otherwise::GoOn => "go on".to_string(),
        Otherwise::Censored => "the trial is censored".to_string(),
        Otherwise::Failure => "the trial failed".to_string(),
        Otherwise::Fault => "fault of the bench".to_string(),
        Otherwise::Invalid(reason) => format!("the trial is invalid ({reason})"),
        Otherwise::NotTested => "not tested".to_string(),
    }
}

/// When a repeat or schedule ends early.
fn ending(until: Option<&Ending>) -> String {
    until.map_or_else(String::new, |e| {
        format!(
            ", until {} (not before {} passes)",
            e.when.printed(),
            e.at_least
        )
    })
}

/// How samples outside of windows are recorded.
fn thinned(seconds: Option<f64>) -> String {
    seconds.map_or_else(String::new, |s| {
        format!(", recorded every {s} s outside of windows")
    })
}
