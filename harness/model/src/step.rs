//! What a case does, step by step.
//!
//! Texts and names inside a [`Repeat`] may hold placeholders `{variable}` (the row's id, or the
//! count from 1) and `{variable.column}`; [`Scope::fill`] replaces them when the step is performed.
//! Steps are plain data: no loop without a bound, no code.

use crate::expr::Expr;
use crate::{Quantity, Text};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One step of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Ask or tell the operator.
    Prompt(Prompt),
    /// Move joints.
    Move(Move),
    /// Close a hand.
    Grasp(Grasp),
    /// Open a hand.
    Release(Release),
    /// Take a driven device to a torque or speed.
    Drive(Drive),
    /// Have a robot do a program of its own.
    Program(Program),
    /// Set an output.
    Set(SetOutput),
    /// Demand a stop.
    Stop(Stop),
    /// Let time pass, or wait for something.
    Wait(Wait),
    /// Record channels while the inner steps run.
    Window(Window),
    /// Do the inner steps several times.
    Repeat(Repeat),
    /// One attempt with an outcome.
    Trial(Trial),
    /// Put a named mark on the record.
    Mark(Mark),
    /// Zero an instrument (tare).
    Zero(Zero),
    /// Hold an instrument against a known value.
    Check(Check),
    /// Go on only when a channel is as it must be: a precondition.
    Require(Require),
    /// Steps beside other steps, each device commanded by one of them only.
    During(During),
    /// Do the inner steps for every combination of several variables.
    Matrix(Matrix),
    /// Do the inner steps at times fixed in advance.
    Schedule(Schedule),
    /// Steps with a set-up and a closing of their own.
    Block(Block),
}

/// A message to the operator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prompt {
    /// Unique within the case; answers files refer to it.
    pub id: String,
    /// What is said.
    pub text: Text,
    /// What is asked.
    pub ask: Ask,
    /// Whether a person is in the machine's reach while it is answered.
    pub presence: Presence,
    /// What the answer changes in the world, as data: `mount` -> `cylinder-50`, `load` -> `5 kg`.
    pub changes: BTreeMap<String, String>,
}

/// Where the person is. Inside means: safe state verified by feedback first, a new arming after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Presence {
    /// Inside the machine's reach (the default).
    Inside,
    /// Outside of it.
    Outside,
}

/// The form of an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ask {
    /// Do this, then go on.
    Instruct,
    /// Yes or no; no ends the case as not tested.
    Confirm,
    /// A number with a unit, inside a range.
    Number {
        /// Least.
        least: Quantity,
        /// Most.
        most: Quantity,
    },
    /// One of several.
    Choose(Vec<Choice>),
    /// A file (photo, document) that becomes part of the record.
    Attach,
}

/// One of several answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// What is recorded.
    pub id: String,
    /// What is shown.
    pub text: Text,
    /// What the answer means for the trial that it is given in, if anything.
    pub means: Option<Outcome>,
    /// Whether the answer says that a person intervened (helped, reset, repositioned): a fact of
    /// its own on the record.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub intervention: bool,
}

/// How a trial ended, as somebody or some rule says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// What was tried succeeded.
    Success,
    /// It did not.
    Failure,
    /// The end was not reached within the bound that the plan states.
    Censored,
    /// Not to be counted, for a reason that the plan names.
    Invalid(String),
}

/// A joint motion. certbench does no kinematics: a pose is joint angles of the bench file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Move {
    /// Device.
    pub device: String,
    /// Where to.
    pub to: Target,
    /// Percent of the device's rated joint speed on this bench, or an angular speed.
    pub speed: Quantity,
    /// Go on when settled, or as soon as the motion has started.
    pub until: Until,
    /// A motion that is not settled by then is a fault of the bench or event of the device, s.
    pub timeout_s: f64,
}

/// Where a motion goes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// A named pose of the bench (may be a placeholder).
    Pose(String),
    /// Angles by joint name; the others stay.
    Joints(BTreeMap<String, Quantity>),
    /// A named preset posture of the bench (hands).
    Preset(String),
    /// Wherever the device's own search for its zero ends.
    Home,
}

/// When a motion step ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Until {
    /// The device reports that it is there and at rest.
    Settled,
    /// The device has accepted the motion; the next step runs during it.
    Started,
}

/// Close a hand to a preset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Grasp {
    /// Device.
    pub device: String,
    /// Preset of the bench.
    pub preset: String,
    /// Force threshold: percent of the hand's range, or a force per finger.
    pub force: Quantity,
    /// Percent of the hand's speed range.
    pub speed: Quantity,
    /// Still moving after this long: not settled, seconds.
    pub timeout_s: f64,
}

/// Open a hand (the bench's preset `open`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Release {
    /// Device.
    pub device: String,
    /// Percent of the hand's speed range.
    pub speed: Quantity,
    /// Seconds.
    pub timeout_s: f64,
}

/// Take a driven device (a load machine) to a set point, in a ramp.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Drive {
    /// Device.
    pub device: String,
    /// A torque or an angular speed; zero lets go.
    pub to: Quantity,
    /// From where it is to there, seconds; 0 in one step.
    pub ramp_s: f64,
    /// Not there by then: a fault of the bench, or an event of the device, seconds.
    pub timeout_s: f64,
}

/// Have a robot do a program of its own, which certbench does not command: by the wiring of the bench.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Program {
    /// Device.
    pub device: String,
    /// What is asked of it.
    pub act: ProgramAct,
}

/// What is asked of a robot with programs of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProgramAct {
    /// Select, start, and await the end.
    Run {
        /// A program of the bench's wiring; may be a placeholder.
        program: String,
        /// Most seconds from the start to the end.
        within_s: f64,
        /// What it means when the end does not come.
        otherwise: Otherwise,
    },
    /// Select only.
    Select {
        /// A program of the bench's wiring; may be a placeholder.
        program: String,
    },
    /// Start what is selected, and go on.
    Start,
    /// Await that it is under way, or at its end.
    Await {
        /// Which.
        state: ProgramState,
        /// Most seconds.
        within_s: f64,
        /// What it means when it does not come.
        otherwise: Otherwise,
    },
    /// Abort it, by the wiring's output or at the operator's pendant.
    Abort,
}

/// How a program stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProgramState {
    /// Under way.
    Busy,
    /// At its end.
    Done,
}

/// Set a named output of the bench to a named state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SetOutput {
    /// Output of the bench, for example `support`.
    pub output: String,
    /// State of that output, for example `lowered`.
    pub to: String,
}

/// Demand a stop of the item under test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stop {
    /// The device's own stop command over its bus: a *commanded stop*.
    Command {
        /// Device.
        device: String,
    },
    /// An output of the bench, for example the emergency-stop chain.
    Output(SetOutput),
    /// A person demands it by hand, on any stop device of the machine: the prompt tells them to, and
    /// is answered once they have. Nobody is inside.
    Person(Prompt),
    /// The heartbeat to the device is withheld until `resume`.
    Heartbeat {
        /// Device.
        device: String,
    },
    /// Bring the device back after a stop: reset, power, enable; must not restart the motion.
    Recover {
        /// Device.
        device: String,
        /// Output to restore first, if the stop came from one.
        restore: Option<SetOutput>,
    },
}

/// Wait.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wait {
    /// A time, seconds.
    For(f64),
    /// A condition, with a bound.
    Until {
        /// What to wait for.
        condition: Condition,
        /// Most seconds.
        within_s: f64,
        /// What it means when it does not come.
        otherwise: Otherwise,
    },
    /// A condition over several channels and values that were taken, with a bound.
    When {
        /// What must hold; looked at with every sample of a channel that it names, as soon as each
        /// of them has given a valid value since the wait began.
        when: Expr,
        /// Most seconds.
        within_s: f64,
        /// What it means when it does not come.
        otherwise: Otherwise,
    },
}

/// Something that a channel does. Evaluated on samples that arrive after the wait began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// Channel id.
    pub channel: String,
    /// Component; empty for the first (and only). At rest is what rests in every component of the
    /// first one's unit (x, y and z of a pose), when none is named.
    pub component: String,
    /// What it does.
    pub does: Does,
}

/// What a channel's value does; numbers are in the component's unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Does {
    /// At or above the value.
    Above(f64),
    /// At or below the value.
    Below(f64),
    /// At least this fraction below the largest value since the wait began.
    DropsBy(f64),
    /// Stays within a band (peak to peak) for a time: at rest.
    Rests {
        /// Width of the band.
        within: f64,
        /// Seconds.
        for_s: f64,
    },
    /// Every valid sample of a time lies between two values, both included.
    Keeps {
        /// Least.
        least: f64,
        /// Most.
        most: f64,
        /// Seconds; 0 for a single sample.
        for_s: f64,
    },
    /// Steady: over a sliding window of this length, the slope of the least-squares line through
    /// the samples, times the length, is at most this change (either way).
    Steady {
        /// Largest change over the window.
        change: f64,
        /// Length of the window, seconds.
        over_s: f64,
    },
    /// Changes at a pace: over a sliding window of this length, the slope of the least-squares line
    /// through the samples, times the length, lies between two values, both included.
    Changes {
        /// Least change over the window; a falling value changes by less than zero.
        least: f64,
        /// Most change over the window.
        most: f64,
        /// Length of the window, seconds.
        over_s: f64,
    },
}

impl Does {
    /// In words, with its numbers in `unit`, the symbol of the component's.
    pub fn in_unit(&self, unit: &str) -> String {
        let v = |value: f64| match unit {
            "" => value.to_string(),
            unit => format!("{value} {unit}"),
        };
        match *self {
            Does::Above(value) => format!("at least {}", v(value)),
            Does::Below(value) => format!("at most {}", v(value)),
            Does::DropsBy(share) => format!("drops by {} %", share * 100.0),
            Does::Rests { within, for_s } => format!("rests within {} for {for_s} s", v(within)),
            Does::Keeps { least, most, for_s } => {
                let keeps = match (least > f64::MIN, most < f64::MAX) {
                    (true, false) => format!("at least {}", v(least)),
                    (false, _) => format!("at most {}", v(most)),
                    _ => format!("between {} and {}", v(least), v(most)),
                };
                match for_s > 0.0 {
                    true => format!("{keeps} for {for_s} s"),
                    false => keeps,
                }
            }
            Does::Steady { change, over_s } => {
                format!(
                    "changes by at most {} in {over_s} s (fitted line)",
                    v(change)
                )
            }
            Does::Changes {
                least,
                most,
                over_s,
            } => format!(
                "changes by {} to {} in {over_s} s (fitted line)",
                v(least),
                v(most)
            ),
        }
    }
}

/// In words, with numbers in the component's unit, which is not named.
impl std::fmt::Display for Does {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.in_unit(""))
    }
}

/// What a time-out means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Otherwise {
    /// Go on.
    GoOn,
    /// The trial is censored; its further steps (release, recover) are still done.
    Censored,
    /// The trial failed; its further steps (release, recover) are still done.
    Failure,
    /// The case ends as not tested: the bench did not do what it should.
    Fault,
    /// The trial is invalid for this reason, which its plan names; its further steps are still done.
    Invalid(String),
    /// The case ends as not tested: what the test presupposes is not given.
    NotTested,
}

/// A stretch of time that metrics look at. All channels are recorded always; the window marks the
/// stretch, and names the channels that must have had valid samples in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Window {
    /// Name that measures refer to; unique within a case.
    pub id: String,
    /// Channels.
    pub record: Vec<String>,
    /// Performed while it is open; then the end is awaited.
    pub steps: Vec<Step>,
    /// Awaited after the inner steps; `None` closes at once.
    pub until: Option<Wait>,
    /// Values that are taken from its samples while the run goes on, for the endings of repeats.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub take: Vec<Take>,
}

/// A value taken from the samples of a window as it closes, under a name. It steers the run (an
/// ending); verdicts come from the judge, which looks at the record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Take {
    /// Name, unique within the case.
    pub name: String,
    /// Channel, which the window records.
    pub channel: String,
    /// Component; empty for the first.
    pub component: String,
    /// Which value.
    pub value: Taken,
}

/// Which value is taken from samples; invalid ones are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Taken {
    /// The largest.
    Largest,
    /// The least.
    Least,
    /// The arithmetic mean.
    Mean,
    /// The last.
    Last,
}

/// Do something several times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Repeat {
    /// The variable that inner steps can refer to.
    pub variable: String,
    /// Over what.
    pub over: Over,
    /// Inner steps.
    pub steps: Vec<Step>,
    /// Further steps after every so many passes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub every: Vec<Every>,
    /// When it ends before its last pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Ending>,
    /// Outside of windows, at most one sample a channel is recorded in this time, seconds; `None`
    /// records every sample. Windows are always recorded in full.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thinned_s: Option<f64>,
    /// The frame that its windows bring a channel into, when it is a registration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registers: Option<Registers>,
}

/// A registration: the rows of the repeat are poses whose commanded positions are known, a window of
/// each pass sees where they are in the channel's own frame, and the judge fits the one to the other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Registers {
    /// Channel: a pose or position.
    pub channel: String,
    /// The window inside that sees a point.
    pub window: String,
    /// The frame that the commanded positions are in.
    pub frame: String,
    /// Largest residual of a point, mm; with a larger one the channel is not registered.
    pub residual_max_mm: f64,
}

impl Repeat {
    /// A plain repeat: every pass alike, to the last.
    pub fn new(variable: &str, over: Over, steps: Vec<Step>) -> Repeat {
        Repeat {
            variable: variable.to_string(),
            over,
            steps,
            every: Vec::new(),
            until: None,
            thinned_s: None,
            registers: None,
        }
    }
}

/// Steps after every so many passes of a repeat: a check, a maintenance pause.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Every {
    /// Passes between them.
    pub passes: u32,
    /// Whether they are performed before the first pass as well: the value to compare with.
    pub first: bool,
    /// Steps.
    pub steps: Vec<Step>,
}

impl Every {
    /// How often they are performed in so many passes.
    pub fn count(&self, passes: u32) -> u32 {
        passes / self.passes.max(1) + u32::from(self.first)
    }
}

/// The range of a repeat, in the order in which it is performed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Over {
    /// 1 to n.
    Times(u32),
    /// Rows of a table.
    Rows {
        /// Name of the table in the plan.
        table: String,
        /// Row ids in the order of this plan.
        order: Vec<String>,
        /// Seed of the shuffle, when the order was shuffled (recorded, so that it can be redone).
        seed: Option<u64>,
    },
}

impl Over {
    /// How many passes.
    pub fn count(&self) -> u32 {
        match self {
            Over::Times(n) => *n,
            Over::Rows { order, .. } => order.len() as u32,
        }
    }
}

/// One attempt with an outcome.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Name that measures refer to; unique within a case.
    pub id: String,
    /// What is done.
    pub steps: Vec<Step>,
    /// How the record decides; `None` when an answer (`Choice::means`) does.
    pub outcome: Option<OutcomeRule>,
    /// Reasons for which the operator or the executor may call it invalid.
    pub invalid_if: Vec<String>,
    /// Most invalid trials of this id in a case; one more ends the case as not tested.
    pub invalid_most: u32,
    /// Attempts that one trial may take: after a failure it is tried again, and every attempt is on
    /// the record. 0 and 1 say one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub attempts: u32,
    /// How many trials decide, and how.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sampling: Option<crate::Sampling>,
}

fn is_zero(n: &u32) -> bool {
    *n == 0
}

/// When a repeat or schedule ends before its last pass: looked at after every pass and what comes
/// after it, as soon as everything that it names has been taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ending {
    /// Condition over what windows have taken (`name`, the first as `name.first`, the one before as
    /// `name.previous`), channels of this instant, the number of passes done, `passes`, and of a trial with a sampling
    /// plan `TRIAL.successes`, `TRIAL.failures` and `TRIAL.trials` since the repeat began.
    pub when: Expr,
    /// Fewest passes before it may end.
    pub at_least: u32,
}

/// A precondition: what a channel must be like before the test goes on. What is measured without
/// it does not count.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Require {
    /// What must hold.
    pub condition: Condition,
    /// Most seconds that it is waited for.
    pub within_s: f64,
    /// What it means when it does not come: `NotTested`, `Invalid` of the trial, or `GoOn`.
    pub otherwise: Otherwise,
}

/// Steps beside other steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct During {
    /// The leading steps; windows, trials and prompts stand here.
    pub steps: Vec<Step>,
    /// What goes on beside them.
    pub beside: Vec<Beside>,
}

/// A branch beside the leading steps. Its steps are of the kinds that [`Step::may_stand_beside`]
/// allows; it is advanced whenever the leading steps wait.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Beside {
    /// Name, unique within the case.
    pub id: String,
    /// Steps.
    pub steps: Vec<Step>,
    /// Most passes while the leading steps go on; 1 does its steps once.
    pub passes: u32,
    /// When the leading steps are done, the pass that is going on is completed within this time,
    /// seconds; else the case ends as not tested.
    pub within_s: f64,
}

/// Every combination of several variables, the first one slowest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Matrix {
    /// Variables with what they go over, outermost first.
    pub axes: Vec<Axis>,
    /// One list a pass, in the order of performance: for each variable its row id, or its count
    /// from 1.
    pub cells: Vec<Vec<String>>,
    /// Seed of the shuffle, when the order was shuffled.
    pub seed: Option<u64>,
    /// Combinations that are left out by the suite.
    pub excluded: u32,
    /// Inner steps.
    pub steps: Vec<Step>,
}

/// One variable of a matrix.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Axis {
    /// Variable.
    pub variable: String,
    /// Table of its rows; `None` for a count.
    pub table: Option<String>,
}

/// Passes at fixed times after the first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    /// The variable that counts the passes from 1.
    pub variable: String,
    /// Time between the beginnings of passes, seconds.
    pub every_s: f64,
    /// Most passes.
    pub times: u32,
    /// A pass that begins later than this after its time is a fault, seconds.
    pub late_s: f64,
    /// What is done at each time.
    pub steps: Vec<Step>,
    /// Done again and again between passes, as often as it fits: motion that keeps the machine warm.
    pub between: Vec<Step>,
    /// Most times that it is done between two passes.
    pub between_most: u32,
    /// When it ends before its last pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Ending>,
    /// As of a repeat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thinned_s: Option<f64>,
}

/// Steps with a set-up and a closing of their own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Block {
    /// Name, unique within the case; of a template, its name there.
    pub id: String,
    /// The template that it was written out from, with its version.
    pub template: Option<String>,
    /// Performed first.
    pub setup: Vec<Step>,
    /// What it is about.
    pub steps: Vec<Step>,
    /// Performed at a normal end of the block.
    pub finally: Vec<Step>,
}

/// A rule over the samples of a window inside the trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutcomeRule {
    /// Window inside the trial.
    pub window: String,
    /// Channel.
    pub channel: String,
    /// Component; empty for the first.
    pub component: String,
    /// Success when every valid sample in the window is at or below this, in the channel's unit.
    pub stays_below: Option<f64>,
    /// Success when every valid sample in the window is at or above this, in the channel's unit.
    pub stays_above: Option<f64>,
}

/// A named instant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// Name.
    pub name: String,
}

/// Zero an instrument.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Zero {
    /// Channel whose instrument is zeroed.
    pub channel: String,
}

/// Hold an instrument against a known value, or against what it showed before: the mean over a time
/// must lie within a tolerance, else the case ends as not tested (an instrument fault; when it does
/// not show again what it did, unattributable, as what it looks at may not have come back).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// Channel.
    pub channel: String,
    /// Component; empty for the first.
    pub component: String,
    /// Known value, in the channel's unit.
    pub expect: f64,
    /// The first value that a window took under this name in this case, in place of `expect`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returns_to: Option<String>,
    /// Largest difference, in the channel's unit.
    pub within: f64,
    /// Averaging time, seconds.
    pub over_s: f64,
}

/// Values of the repeat variables around a step.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scope {
    /// Variable to row id (or count from 1).
    pub variables: BTreeMap<String, String>,
    /// `variable.column` to text.
    pub columns: BTreeMap<String, String>,
}

impl Scope {
    /// Replaces `{variable}` and `{variable.column}`; `Err` names the placeholder that has no value
    /// or the brace that has no partner.
    pub fn fill(&self, text: &str) -> Result<String, String> {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find('{') {
            let (before, after) = rest.split_at(start);
            let Some(end) = after.find('}') else {
                return Err(after.to_string());
            };
            let name = after.get(1..end).unwrap_or_default();
            let value = self.variables.get(name).or_else(|| self.columns.get(name));
            out.push_str(before);
            out.push_str(value.ok_or_else(|| name.to_string())?);
            rest = after.get(end + 1..).unwrap_or_default();
        }
        out.push_str(rest);
        Ok(out)
    }
}

impl Step {
    /// The inner steps, list by list in the order of the plan; none for most kinds. The place of a
    /// step is counted through all of them.
    pub fn lists(&self) -> Vec<&[Step]> {
        match self {
            Step::Window(w) => vec![&w.steps],
            Step::Repeat(r) => {
                let every = r.every.iter().map(|e| e.steps.as_slice());
                [r.steps.as_slice()].into_iter().chain(every).collect()
            }
            Step::Trial(t) => vec![&t.steps],
            Step::During(d) => {
                let beside = d.beside.iter().map(|b| b.steps.as_slice());
                [d.steps.as_slice()].into_iter().chain(beside).collect()
            }
            Step::Matrix(m) => vec![&m.steps],
            Step::Schedule(s) => vec![&s.steps, &s.between],
            Step::Block(b) => vec![&b.setup, &b.steps, &b.finally],
            _ => Vec::new(),
        }
    }

    /// All inner steps, one level down.
    pub fn inner(&self) -> impl Iterator<Item = &Step> {
        self.lists().into_iter().flatten()
    }

    /// Whether a branch beside other steps may hold it: what commands, switches or waits, without a
    /// person, a window or a trial of its own.
    pub fn may_stand_beside(&self) -> bool {
        matches!(
            self,
            Step::Move(_)
                | Step::Grasp(_)
                | Step::Release(_)
                | Step::Drive(_)
                | Step::Set(_)
                | Step::Stop(Stop::Command { .. } | Stop::Output(_) | Stop::Heartbeat { .. })
                | Step::Wait(_)
                | Step::Mark(_)
        )
    }

    /// The device that it commands, if it commands one.
    pub fn commands(&self) -> Option<&str> {
        match self {
            Step::Move(m) => Some(&m.device),
            Step::Grasp(g) => Some(&g.device),
            Step::Release(r) => Some(&r.device),
            Step::Drive(d) => Some(&d.device),
            Step::Program(p) => Some(&p.device),
            Step::Stop(
                Stop::Command { device }
                | Stop::Heartbeat { device }
                | Stop::Recover { device, .. },
            ) => Some(device),
            _ => None,
        }
    }

    /// The word that a suite writes for it.
    pub fn word(&self) -> &'static str {
        match self {
            Step::Prompt(_) => "prompt",
            Step::Move(_) => "move",
            Step::Grasp(_) => "grasp",
            Step::Release(_) => "release",
            Step::Drive(_) => "drive",
            Step::Program(_) => "program",
            Step::Set(_) => "set",
            Step::Stop(_) => "stop",
            Step::Wait(_) => "wait",
            Step::Window(_) => "window",
            Step::Repeat(_) => "repeat",
            Step::Trial(_) => "trial",
            Step::Mark(_) => "mark",
            Step::Zero(_) => "zero",
            Step::Check(_) => "check",
            Step::Require(_) => "require",
            Step::During(_) => "during",
            Step::Matrix(_) => "matrix",
            Step::Schedule(_) => "schedule",
            Step::Block(_) => "block",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_and_an_unknown_one_is_named() {
        let scope = Scope {
            variables: [("object".to_string(), "cylinder-50".to_string())].into(),
            columns: [("object.mass".to_string(), "0.4 kg".to_string())].into(),
        };
        assert_eq!(
            scope.fill("mount {object} ({object.mass})").unwrap(),
            "mount cylinder-50 (0.4 kg)"
        );
        assert_eq!(scope.fill("mount {pose}").unwrap_err(), "pose");
        assert!(scope.fill("mount {object").is_err());
        assert_eq!(scope.fill("plain").unwrap(), "plain");
    }
}
