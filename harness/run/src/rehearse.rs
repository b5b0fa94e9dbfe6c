//! The rehearsal: every motion, grasp and output of every case, through all repeats, is resolved
//! and offered to its device, which says whether it would do it. Nothing is enabled, nothing moves,
//! and all refusals come out together.

use crate::bench::{Bench, Switch, fill, fill_text};
use crate::resolve::{self, Act, Motion};
use crate::scope;
use crate::when::When;
use certbench_model::plan::{Actuation, Case};
use certbench_model::step::{
    self, Ask, Condition, During, Otherwise, Outcome, Presence, Prompt, Scope, SetOutput, Stop,
    Trial, Wait,
};
use certbench_model::{EventBody, Step, Text};
use certbench_roles::{Setting, Trouble};
use std::collections::{BTreeMap, BTreeSet};

/// Something that the plan asks and the bench cannot do.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// Place in the plan, `case/3/0`; or a device.
    pub place: String,
    /// Why, in words.
    pub text: Text,
}

/// What a rehearsal found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rehearsal {
    /// What the bench cannot do, all of it together.
    pub refusals: Vec<Refusal>,
    /// Faults and device events on the way. With any of them the rehearsal is not complete.
    pub troubles: Vec<EventBody>,
}

/// What the walk through a plan found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) refusals: Vec<Refusal>,
    /// Device and trouble.
    pub(crate) troubles: Vec<(String, Trouble)>,
    pub(crate) extents: Extents,
}

/// All that will move by a plan.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Extents {
    pub(crate) devices: BTreeMap<String, Extent>,
    /// Outputs that move something, with the states they are set to.
    pub(crate) outputs: BTreeMap<String, BTreeSet<String>>,
    /// Robots that do programs of their own, with these programs.
    pub(crate) programs: BTreeMap<String, BTreeSet<String>>,
}

/// How far and how fast one device will move.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Extent {
    pub(crate) joints: BTreeMap<usize, (f64, f64)>,
    pub(crate) deg_per_s_max: f64,
    /// The highest speed at which it looks for its home, where it does.
    pub(crate) homes_deg_per_s: Option<f64>,
    pub(crate) fingers: bool,
    pub(crate) force_max: f64,
    pub(crate) speed_max: f64,
    /// Of a driven device.
    pub(crate) torque_nm_max: Option<f64>,
    pub(crate) driven_deg_per_s_max: Option<f64>,
}

/// Rehearses a whole plan.
pub(crate) fn rehearse(bench: &Bench, unattended: bool) -> Found {
    let mut walk = Walk {
        bench,
        inside_by_file: unattended && bench.any_physical(),
        found: Found::default(),
        offered: Vec::new(),
        refused: BTreeSet::new(),
        trial: None,
    };
    let scope = Scope::default();
    for Case {
        id,
        setup,
        steps,
        finally,
        ..
    } in &bench.plan.cases
    {
        walk.steps(setup, &format!("{id}/setup"), &scope);
        walk.steps(steps, id, &scope);
        walk.steps(finally, &format!("{id}/finally"), &scope);
    }
    walk.steps(&bench.plan.finally, "finally", &scope);
    walk.found
}

struct Walk<'a> {
    bench: &'a Bench,
    inside_by_file: bool,
    found: Found,
    /// Motions offered already: a device is asked once.
    offered: Vec<(String, Act)>,
    /// Refusals by their place and words: said once.
    refused: BTreeSet<(String, Text)>,
    trial: Option<&'a Trial>,
}

impl<'a> Walk<'a> {
    fn steps(&mut self, steps: &'a [Step], path: &str, scope: &Scope) {
        self.steps_from(steps, path, scope, 0);
    }

    /// Several lists of inner steps, counted through all of them.
    fn lists(&mut self, step: &'a Step, path: &str, scope: &Scope) {
        let mut place = 0;
        for steps in step.lists() {
            self.steps_from(steps, path, scope, place);
            place += steps.len();
        }
    }

    fn steps_from(&mut self, steps: &'a [Step], path: &str, scope: &Scope, first: usize) {
        for (index, step) in steps.iter().enumerate() {
            let path = format!("{path}/{}", first + index);
            if let Err(text) = self.step(step, &path, scope) {
                self.refuse(&path, text);
            }
        }
    }

    fn refuse(&mut self, place: &str, text: Text) {
        if self.refused.insert((place.to_string(), text.clone())) {
            let place = place.to_string();
            self.found.refusals.push(Refusal { place, text });
        }
    }

    fn step(&mut self, step: &'a Step, path: &str, scope: &Scope) -> Result<(), Text> {
        match step {
            Step::Prompt(p) => self.prompt(p, scope),
            Step::Move(m) => self.offer(path, resolve::movement(self.bench, m, scope)?),
            Step::Grasp(g) => self.offer(path, resolve::grasp(self.bench, g, scope)?),
            Step::Release(r) => self.offer(path, resolve::release(self.bench, r)?),
            Step::Drive(d) => self.offer(path, resolve::drive(self.bench, d)?),
            Step::Program(p) => self.program(p, scope),
            Step::Set(set) => self.set(set, scope),
            Step::Stop(stop) => self.stop(stop, scope),
            Step::Wait(wait) => self.wait(wait),
            Step::Window(w) => {
                for channel in &w.record {
                    self.channel(channel)?;
                }
                self.steps(&w.steps, path, scope);
                w.until.iter().try_for_each(|wait| self.wait(wait))
            }
            Step::Repeat(r) => {
                for index in 0..scope::distinct_passes(r) {
                    let inner = scope::pass(&self.bench.plan, r, index, scope)?;
                    self.lists(step, path, &inner);
                }
                Ok(())
            }
            Step::Matrix(m) => {
                for cell in &m.cells {
                    let inner = scope::cell(&self.bench.plan, m, cell, scope)?;
                    self.steps(&m.steps, path, &inner);
                }
                Ok(())
            }
            Step::Schedule(s) => {
                let mut inner = scope.clone();
                inner.variables.insert(s.variable.clone(), "1".to_string());
                self.lists(step, path, &inner);
                Ok(())
            }
            Step::During(d) => {
                self.lists(step, path, scope);
                self.owners(d)
            }
            Step::Block(_) => {
                self.lists(step, path, scope);
                Ok(())
            }
            Step::Require(require) => self.condition(&require.condition),
            Step::Trial(t) => {
                let outer = self.trial.replace(t);
                self.steps(&t.steps, path, scope);
                self.trial = outer;
                Ok(())
            }
            Step::Mark(mark) => fill(scope, &mark.name).map(drop),
            Step::Zero(zero) => self.zero(&zero.channel),
            Step::Check(check) => self.channel(&check.channel),
        }
    }

    /// Every device is commanded by the leading steps or by one branch, and nobody is inside while
    /// a branch may move.
    fn owners(&self, during: &During) -> Result<(), Text> {
        let lists = Step::During(during.clone());
        let lists = lists.lists();
        let mut owners: BTreeMap<String, usize> = BTreeMap::new();
        for (owner, steps) in lists.iter().enumerate() {
            let mut commanded = BTreeSet::new();
            let mut inside = false;
            walk(steps, &mut |step| {
                commanded.extend(step.commands().map(str::to_string));
                inside |= matches!(step, Step::Prompt(p) if p.presence == Presence::Inside);
                inside |= matches!(step, Step::During(_));
            });
            if inside {
                return Err(Text::new(
                    "beside other steps nobody may be inside, and no further branches may stand",
                    "与其他步骤并行时，人员不得进入，也不得再有并行分支",
                ));
            }
            let beside = owner > 0;
            if beside && !steps.iter().all(Step::may_stand_beside) {
                return Err(Text::new(
                    "a branch may hold only what commands, switches or waits",
                    "并行分支只能包含指令、切换或等待步骤",
                ));
            }
            for device in commanded {
                if owners.insert(device.clone(), owner).is_some() {
                    return Err(Text::new(
                        format!("`{device}` is commanded by more than one of the branches"),
                        format!("`{device}` 被多个并行分支控制"),
                    ));
                }
            }
        }
        Ok(())
    }

    /// Offers a motion to its device and notes how far it goes.
    fn offer(&mut self, path: &str, motion: Motion) -> Result<(), Text> {
        let id = motion.device.id().to_string();
        let offered = (id.clone(), motion.act.clone());
        if self.offered.contains(&offered) {
            return Ok(());
        }
        match motion.accept() {
            Ok(()) => self
                .found
                .extents
                .devices
                .entry(id)
                .or_default()
                .widen(&motion.act),
            Err(Trouble::Refused(why)) => {
                let text = Text::new(
                    format!("`{id}` would not {}: {why}", motion.what),
                    format!("`{id}` 不接受 {}：{why}", motion.what),
                );
                self.refuse(path, text);
            }
            Err(trouble) => self.found.troubles.push((id, trouble)),
        }
        self.offered.push(offered);
        Ok(())
    }

    fn set(&mut self, set: &SetOutput, scope: &Scope) -> Result<(), Text> {
        let Switch {
            output,
            state,
            moves,
            ..
        } = self.bench.switch(set, scope)?;
        if moves {
            self.found
                .extents
                .outputs
                .entry(output)
                .or_default()
                .insert(state);
        }
        Ok(())
    }

    /// The bench's wiring must have what is asked; with whoever may be inside, it must say when the
    /// robot stands.
    fn program(&mut self, program: &step::Program, scope: &Scope) -> Result<(), Text> {
        let id = &program.device;
        let wiring = crate::steps::wiring(self.bench, id)?;
        let steps = crate::steps::actuations(wiring, &program.act, scope)?;
        for step in steps {
            if let Actuation::Set { set, back } = step {
                let back = back.iter().map(|(to, _)| SetOutput {
                    output: set.output.clone(),
                    to: to.clone(),
                });
                for set in [set.clone()].into_iter().chain(back) {
                    self.set(&set, scope)?;
                }
            }
        }
        for contact in wiring.busy.iter().chain(&wiring.done) {
            self.channel(&contact.channel)?;
        }
        let stop = self.bench.planned(id)?.safety.as_ref();
        if stop.is_none_or(|s| s.next.is_none()) {
            return Err(Text::new(
                format!(
                    "`{id}` does programs of its own, and the bench names no output that stops it"
                ),
                format!("`{id}` 自行执行程序，而测试台未给出使其停止的输出"),
            ));
        }
        let programs = self.found.extents.programs.entry(id.clone()).or_default();
        programs.extend(crate::steps::program_name(&program.act, scope)?);
        Ok(())
    }

    fn stop(&mut self, stop: &Stop, scope: &Scope) -> Result<(), Text> {
        let lacks = |id: &str, en: &str, zh: &str| {
            Text::new(format!("`{id}` has no {en}"), format!("`{id}` 没有{zh}"))
        };
        match stop {
            Stop::Output(set) => self.set(set, scope),
            Stop::Person(prompt) => self.prompt(prompt, scope),
            Stop::Command { device } => match self.bench.device(device)?.halt() {
                Some(_) => Ok(()),
                None => Err(lacks(device, "stop command", "停止指令")),
            },
            Stop::Heartbeat { device } => match self.bench.device(device)?.joints() {
                Some(_) => Ok(()),
                None => Err(lacks(
                    device,
                    "heartbeat that can be withheld",
                    "可中断的心跳",
                )),
            },
            Stop::Recover { device, restore } => {
                restore.iter().try_for_each(|set| self.set(set, scope))?;
                match self.bench.device(device)?.power() {
                    Some(_) => Ok(()),
                    None => Err(lacks(device, "power that can be recovered", "可恢复的动力")),
                }
            }
        }
    }

    fn wait(&self, wait: &Wait) -> Result<(), Text> {
        let (condition, otherwise) = match wait {
            Wait::For(_) => return Ok(()),
            Wait::When {
                when, otherwise, ..
            } => {
                When::new(when, &self.bench.plan)?;
                (None, otherwise)
            }
            Wait::Until {
                condition,
                otherwise,
                ..
            } => (Some(condition), otherwise),
        };
        let decides = matches!(otherwise, Otherwise::Censored | Otherwise::Failure);
        if decides && self.trial.is_none() {
            return Err(Text::new(
                "a time-out decides a trial, and there is no trial around it",
                "超时将决定一次试验的结果，但外层没有试验",
            ));
        }
        condition.map_or(Ok(()), |c| self.condition(c))
    }

    fn condition(&self, condition: &Condition) -> Result<(), Text> {
        self.channel(&condition.channel)?;
        let channel = self.bench.plan.channel(&condition.channel);
        let component = &condition.component;
        let known = channel.is_some_and(|(_, c)| c.component(component).is_some());
        if component.is_empty() || known {
            return Ok(());
        }
        Err(Text::new(
            format!(
                "channel `{}` has no component `{component}`",
                condition.channel
            ),
            format!("通道 `{}` 没有分量 `{component}`", condition.channel),
        ))
    }

    fn channel(&self, id: &str) -> Result<(), Text> {
        let known = self.bench.plan.channel(id).is_some();
        known.then_some(()).ok_or_else(|| {
            Text::new(
                format!("the plan has no channel `{id}`"),
                format!("计划没有通道 `{id}`"),
            )
        })
    }

    fn zero(&self, id: &str) -> Result<(), Text> {
        self.channel(id)?;
        let channel = self.bench.plan.channel(id);
        let device = channel.map_or("", |(_, c)| c.device.as_str());
        let can = self.bench.device(device)?.zero().is_some();
        can.then_some(()).ok_or_else(|| {
            Text::new(
                format!("`{device}` cannot be zeroed from here"),
                format!("`{device}` 不能在此清零"),
            )
        })
    }

    fn prompt(&self, prompt: &Prompt, scope: &Scope) -> Result<(), Text> {
        fill_text(scope, &prompt.text)?;
        let mut robots = self.bench.plan.bench.programs.iter();
        let unseen = robots.find(|(_, wiring)| wiring.busy.is_none());
        if let (Some((id, _)), Presence::Inside) = (unseen, prompt.presence) {
            return Err(Text::new(
                format!(
                    "prompt `{}` lets a person in, and nothing says whether `{id}` stands still: its wiring has no `busy`",
                    prompt.id
                ),
                format!(
                    "提示 `{}` 允许人员进入，而无信号表明 `{id}` 已静止：其接线没有 `busy`",
                    prompt.id
                ),
            ));
        }
        for value in prompt.changes.values() {
            fill(scope, value)?;
        }
        if self.inside_by_file && prompt.presence == Presence::Inside {
            return Err(Text::new(
                format!(
                    "prompt `{}` is answered by a person inside a physical machine, never from a file",
                    prompt.id
                ),
                format!(
                    "提示 `{}` 须由身处实体机器内的人员回答，不得由文件代答",
                    prompt.id
                ),
            ));
        }
        let Ask::Choose(choices) = &prompt.ask else {
            return Ok(());
        };
        let named = |reason: &String| self.trial.is_some_and(|t| t.invalid_if.contains(reason));
        for choice in choices {
            fill_text(scope, &choice.text)?;
            match &choice.means {
                Some(Outcome::Invalid(reason)) if !named(reason) => {
                    return Err(Text::new(
                        format!(
                            "choice `{}` makes a trial invalid for `{reason}`, a reason that no trial around it names",
                            choice.id
                        ),
                        format!(
                            "选项 `{}` 以 `{reason}` 判试验无效，而外层试验未列出该理由",
                            choice.id
                        ),
                    ));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Every step, outer ones first.
fn walk(steps: &[Step], see: &mut impl FnMut(&Step)) {
    for step in steps {
        see(step);
        for list in step.lists() {
            walk(list, see);
        }
    }
}

impl Extent {
    /// The highest set points of a driven device, in words; `None` of any other.
    pub(crate) fn driven(&self) -> Option<String> {
        let torque = self.torque_nm_max.map(|nm| format!("{nm} N·m"));
        let speed = self.driven_deg_per_s_max.map(|s| format!("{s} deg/s"));
        let both: Vec<String> = torque.into_iter().chain(speed).collect();
        (!both.is_empty()).then(|| both.join(", "))
    }

    fn widen(&mut self, act: &Act) {
        match act {
            Act::Joints(motion) => {
                for (index, deg) in &motion.targets_deg {
                    let range = self.joints.entry(*index).or_insert((*deg, *deg));
                    *range = (range.0.min(*deg), range.1.max(*deg));
                }
                self.deg_per_s_max = self.deg_per_s_max.max(motion.deg_per_s);
            }
            Act::Home(speed) => {
                self.homes_deg_per_s = Some(self.homes_deg_per_s.unwrap_or(0.0).max(*speed));
            }
            Act::Grasp(grasp) => {
                self.fingers = true;
                self.force_max = self.force_max.max(grasp.force);
                self.speed_max = self.speed_max.max(grasp.speed);
            }
            Act::Drive(drive) => {
                let (most, asked) = match drive.to {
                    Setting::TorqueNm(nm) => (&mut self.torque_nm_max, nm),
                    Setting::DegPerS(speed) => (&mut self.driven_deg_per_s_max, speed),
                };
                *most = Some(most.unwrap_or(0.0).max(asked.abs()));
            }
        }
    }
}
