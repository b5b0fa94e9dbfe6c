//! Steps beside the leading ones. A branch is advanced by the executor's own thread whenever the
//! leading steps wait: there is one order of events, and no lock between branches. What a branch
//! runs into cuts the flow as if the leading steps had.

use super::wait::condition_words;
use super::words;
use crate::condition::Follower;
use crate::executor::{Cut, Executor};
use crate::resolve::{self, Motion, seconds};
use crate::trouble;
use crate::when::When;
use certbench_clock::Time;
use certbench_model::step::{Beside, During, Otherwise, Scope, Until, Wait};
use certbench_model::{EventBody, FaultKind, Sample, Step, Text};
use std::collections::VecDeque;
use std::time::Duration;

/// How often a device that moves is asked how far it is.
const ASKED_EVERY: Duration = Duration::from_millis(20);
/// Most samples that wait to be looked at by one branch.
const WAITING_MAX: usize = 1024;

/// A branch that is going on.
pub(crate) struct Branch {
    beside: Beside,
    path: String,
    /// Its first step's place among the inner steps of the `during`.
    place: usize,
    scope: Scope,
    /// The step that comes next or is going on.
    next: usize,
    passes: u32,
    /// No further pass is begun.
    ending: bool,
    over: bool,
    doing: Doing,
}

/// What a branch waits for. There is one of it a branch: its size does not matter.
#[expect(clippy::large_enum_variant, reason = "one a branch")]
enum Doing {
    Nothing,
    Motion {
        motion: Box<Motion>,
        deadline: Time,
        ask_at: Time,
    },
    Time(Time),
    When {
        when: Box<When>,
        since_ns: u64,
        deadline: Time,
        within_s: f64,
        otherwise: Otherwise,
    },
    Condition {
        what: String,
        channel: u16,
        follower: Follower,
        waiting: VecDeque<Sample>,
        deadline: Time,
        within_s: f64,
        otherwise: Otherwise,
    },
}

impl Branch {
    /// Looks at a followed sample. It is judged when the branch is advanced.
    pub(crate) fn see(&mut self, sample: &Sample) {
        if let Doing::Condition {
            channel, waiting, ..
        } = &mut self.doing
            && *channel == sample.channel
            && waiting.len() < WAITING_MAX
        {
            waiting.push_back(*sample);
        }
    }

    /// When it wants to be advanced at the latest.
    fn due(&self) -> Option<Time> {
        match &self.doing {
            _ if self.over => None,
            Doing::Nothing => Some(Time::ZERO),
            Doing::Motion { ask_at, .. } => Some(*ask_at),
            Doing::Time(until) => Some(*until),
            Doing::Condition { deadline, .. } | Doing::When { deadline, .. } => Some(*deadline),
        }
    }

    fn follows(&self) -> Vec<u16> {
        match &self.doing {
            Doing::Condition { channel, .. } => vec![*channel],
            Doing::When { when, .. } => when.channels(),
            _ => Vec::new(),
        }
    }

    fn place(&self) -> String {
        format!("{}/{}", self.path, self.place + self.next)
    }
}

impl Executor {
    pub(super) fn during(&mut self, during: &During, path: &str) -> Result<(), Cut> {
        let depth = self.branches.len();
        let mut place = during.steps.len();
        for beside in &during.beside {
            self.branches.push(Branch {
                beside: beside.clone(),
                path: path.to_string(),
                place,
                scope: self.scope.clone(),
                next: 0,
                passes: 0,
                ending: false,
                over: beside.steps.is_empty(),
                doing: Doing::Nothing,
            });
            place += beside.steps.len();
        }
        // Branches begin when the leading steps first wait: a window that leads is open by then.
        self.steps(&during.steps, path)?;
        self.end_branches(depth)
    }

    /// The leading steps are done: every branch completes the pass that is going on.
    fn end_branches(&mut self, depth: usize) -> Result<(), Cut> {
        let led = self.now();
        for branch in self.branches.iter_mut().skip(depth) {
            branch.ending = true;
        }
        loop {
            let now = self.now();
            let mut left = self.branches.iter().skip(depth).filter(|b| !b.over);
            let late = left.find(|b| now >= led + seconds(b.beside.within_s));
            if let Some(branch) = late {
                let text = format!(
                    "branch `{}` did not end within {} s after the steps that it stands beside: \
                     either the device did not do what it should, or the time is too short",
                    branch.beside.id, branch.beside.within_s
                );
                let subject = format!("branch `{}`", branch.beside.id);
                let attributed = trouble::fault(FaultKind::Unattributable, &subject, text);
                return Err(self.cut(attributed));
            }
            let next = self.branches.iter().skip(depth).filter(|b| !b.over);
            let next = next.map(|b| led + seconds(b.beside.within_s)).min();
            let Some(next) = next else {
                self.branches.truncate(depth);
                return Ok(());
            };
            self.idle(next)?;
        }
    }

    /// Branches above a depth are given up: the flow was cut, and everything has its halt.
    pub(crate) fn drop_branches(&mut self, depth: usize) {
        for branch in self.branches.drain(depth.min(self.branches.len())..) {
            for channel in branch.follows() {
                self.shared.unfollow(channel);
            }
        }
    }

    /// When a branch wants to be advanced at the latest.
    pub(crate) fn branches_due(&self) -> Option<Time> {
        self.branches.iter().filter_map(Branch::due).min()
    }

    /// Takes every branch as far as it goes without waiting.
    pub(crate) fn advance_branches(&mut self) -> Result<(), Cut> {
        if self.branches.is_empty() {
            return Ok(());
        }
        // What a branch calls may wait (an arming): no branch is advanced meanwhile.
        let mut branches = std::mem::take(&mut self.branches);
        let outer = self.scope.clone();
        let mut done = Ok(());
        for branch in &mut branches {
            self.scope.clone_from(&branch.scope);
            done = self.advance(branch);
            if done.is_err() {
                break;
            }
        }
        self.scope = outer;
        self.branches = branches;
        done
    }

    fn advance(&mut self, branch: &mut Branch) -> Result<(), Cut> {
        while !branch.over && self.through(branch)? {
            for channel in branch.follows() {
                self.shared.unfollow(channel);
            }
            if !matches!(branch.doing, Doing::Nothing) {
                branch.doing = Doing::Nothing;
                self.branch_step_ended(branch);
            }
            let steps = &branch.beside.steps;
            if branch.next >= steps.len() {
                branch.passes += 1;
                branch.next = 0;
                let again = branch.beside.passes > branch.passes && !branch.ending;
                branch.over = !again;
                // A pass that took no time does not begin anew before time has passed.
                if again {
                    branch.doing = Doing::Time(self.now() + ASKED_EVERY);
                    branch.next = usize::MAX;
                }
                continue;
            }
            let Some(step) = steps.get(branch.next).cloned() else {
                continue;
            };
            let path = branch.place();
            self.tell(EventBody::StepStarted {
                path,
                what: words(&step, &self.scope),
                context: self.context(),
            });
            branch.doing = self.begin_beside(&step)?;
            if matches!(branch.doing, Doing::Nothing) {
                self.branch_step_ended(branch);
            }
        }
        Ok(())
    }

    fn branch_step_ended(&mut self, branch: &mut Branch) {
        if branch.next == usize::MAX {
            branch.next = 0;
            branch.over = branch.ending;
            return;
        }
        self.tell(EventBody::StepEnded {
            path: branch.place(),
        });
        self.count_step();
        branch.next += 1;
    }

    /// Begins a step of a branch: what it waits for then.
    fn begin_beside(&mut self, step: &Step) -> Result<Doing, Cut> {
        let motion = match step {
            Step::Move(step) => resolve::movement(&self.bench, step, &self.scope),
            Step::Grasp(step) => resolve::grasp(&self.bench, step, &self.scope),
            Step::Release(step) => resolve::release(&self.bench, step),
            Step::Drive(step) => resolve::drive(&self.bench, step),
            Step::Wait(Wait::For(s)) => return Ok(Doing::Time(self.now() + seconds(*s))),
            Step::Wait(Wait::Until {
                condition,
                within_s,
                otherwise,
            }) => {
                let (channel, components) = self.components(condition)?;
                self.shared.follow(channel);
                return Ok(Doing::Condition {
                    what: condition_words(condition),
                    channel,
                    follower: Follower::new(condition.does, components),
                    waiting: VecDeque::new(),
                    deadline: self.now() + seconds(*within_s),
                    within_s: *within_s,
                    otherwise: otherwise.clone(),
                });
            }
            Step::Wait(Wait::When {
                when,
                within_s,
                otherwise,
            }) => {
                let when = self.when(when)?;
                for channel in when.channels() {
                    self.shared.follow(channel);
                }
                return Ok(Doing::When {
                    when: Box::new(when),
                    since_ns: self.shared.now_ns(),
                    deadline: self.now() + seconds(*within_s),
                    within_s: *within_s,
                    otherwise: otherwise.clone(),
                });
            }
            Step::Set(set) => return self.set(set).map(|()| Doing::Nothing),
            Step::Stop(stop) => return self.stop(stop).map(|()| Doing::Nothing),
            Step::Mark(mark) => return self.mark(mark).map(|()| Doing::Nothing),
            other => {
                let word = other.word();
                return Err(self.impossible(Text::new(
                    format!("a `{word}` cannot stand beside other steps"),
                    format!("`{word}` 不能与其他步骤并行"),
                )));
            }
        };
        let motion = motion.map_err(|why| self.impossible(why))?;
        self.begin_motion(&motion)?;
        let now = self.now();
        Ok(match motion.until {
            Until::Started => Doing::Nothing,
            Until::Settled => Doing::Motion {
                deadline: now + motion.timeout,
                ask_at: now + ASKED_EVERY,
                motion: Box::new(motion),
            },
        })
    }

    /// Whether what a branch waits for has come.
    fn through(&mut self, branch: &mut Branch) -> Result<bool, Cut> {
        let now = self.now();
        match &mut branch.doing {
            Doing::Nothing => Ok(true),
            Doing::Time(until) => Ok(now >= *until),
            Doing::Motion {
                motion,
                deadline,
                ask_at,
            } => {
                if now < *ask_at {
                    return Ok(false);
                }
                *ask_at = now + ASKED_EVERY;
                let late = now >= *deadline;
                self.settled(motion, late)
            }
            Doing::When {
                when,
                since_ns,
                deadline,
                within_s,
                otherwise,
            } => {
                if self.holds(when, *since_ns, 0)?.is_some() {
                    return Ok(true);
                }
                if now < *deadline {
                    return Ok(false);
                }
                self.missed(when.text(), *within_s, otherwise)?;
                Ok(true)
            }
            Doing::Condition {
                what,
                follower,
                waiting,
                deadline,
                within_s,
                otherwise,
                ..
            } => {
                if waiting.drain(..).any(|sample| follower.see(&sample)) {
                    return Ok(true);
                }
                if now < *deadline {
                    return Ok(false);
                }
                self.missed(what, *within_s, otherwise)?;
                Ok(true)
            }
        }
    }
}

/// What a branch does, for people.
pub(super) fn beside_words(during: &During) -> String {
    let ids: Vec<&str> = during.beside.iter().map(|b| b.id.as_str()).collect();
    ids.join(", ")
}
