//! What a case does, step by step.
//!
//! Texts and names inside a [`Repeat`] may hold placeholders `{variable}` (the row's id, or the
//! count from 1) and `{variable.column}`; [`Scope::fill`] replaces them when the step is performed.
//! Steps are plain data: no loop without a bound, no code.

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
}

/// What a time-out means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

/// Hold an instrument against a known value: the mean over a time must lie within a tolerance,
/// else the case ends as not tested (an instrument fault).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// Channel.
    pub channel: String,
    /// Component; empty for the first.
    pub component: String,
    /// Known value, in the channel's unit.
    pub expect: f64,
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
    /// The inner steps of a window, repeat or trial; empty for the others.
    pub fn inner(&self) -> &[Step] {
        match self {
            Step::Window(w) => &w.steps,
            Step::Repeat(r) => &r.steps,
            Step::Trial(t) => &t.steps,
            _ => &[],
        }
    }

    /// The word that a suite writes for it.
    pub fn word(&self) -> &'static str {
        match self {
            Step::Prompt(_) => "prompt",
            Step::Move(_) => "move",
            Step::Grasp(_) => "grasp",
            Step::Release(_) => "release",
            Step::Set(_) => "set",
            Step::Stop(_) => "stop",
            Step::Wait(_) => "wait",
            Step::Window(_) => "window",
            Step::Repeat(_) => "repeat",
            Step::Trial(_) => "trial",
            Step::Mark(_) => "mark",
            Step::Zero(_) => "zero",
            Step::Check(_) => "check",
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
