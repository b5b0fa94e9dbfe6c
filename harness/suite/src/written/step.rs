//! Steps as they are written: one word and its mapping a line, `- move: { … }`.

use super::shared::{Bilingual, Level, SetOutput};
use crate::yaml::{At, Entries, Scalar};
use schemars::JsonSchema;
use serde::Deserialize;

/// A list of steps.
pub(crate) type Steps = Vec<At<Step>>;

/// One step: one word with its mapping.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Step {
    /// Ask or tell the operator.
    Prompt(Prompt),
    /// Move joints to a pose, a preset or angles.
    Move(Move),
    /// Close a hand.
    Grasp(Grasp),
    /// Open a hand.
    Release(Release),
    /// Switch an output of the bench.
    Set(SetOutput),
    /// Demand a stop: over the device's bus, by an output, or by silence.
    Stop(Stop),
    /// Bring a device back after a stop; the motion must not go on.
    Recover(Recover),
    /// Let time pass, or wait for a channel.
    Wait(Wait),
    /// The stretch of time that measures look at.
    Window(Window),
    /// Do the inner steps several times.
    Repeat(Repeat),
    /// One attempt with an outcome.
    Trial(Trial),
    /// A named mark on the record.
    Mark(Mark),
    /// Zero an instrument.
    Zero(Zero),
    /// Hold an instrument against a known value.
    Check(Check),
}

/// Ask or tell the operator.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Prompt {
    /// Unique within the case; answers files refer to it.
    pub(crate) id: At<String>,
    /// What is said. May hold `{variable}`, `{variable.column}` and `{parameter}`.
    pub(crate) text: At<Bilingual>,
    /// What is asked; `instruct` when left out: do this, then go on.
    pub(crate) ask: Option<At<Ask>>,
    /// Whether the person is inside the machine's reach (the default) or outside.
    pub(crate) presence: Option<At<Presence>>,
    /// What the answer changes in the world, as data: `mount: cylinder-50`, `load: 5 kg`.
    pub(crate) changes: Option<At<Entries<At<Scalar>>>>,
}

/// The form of an answer.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Ask {
    /// Do this, then go on.
    Instruct,
    /// Yes or no; no ends the case as not tested.
    Confirm,
    /// A number with a unit.
    Number(AskNumber),
    /// One of several.
    Choose(Vec<At<Choice>>),
    /// A photo or document for the record.
    Attach,
}

/// The range of a number that is asked for.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AskNumber {
    /// Least, with unit.
    pub(crate) least: At<Scalar>,
    /// Most, with unit.
    pub(crate) most: At<Scalar>,
}

/// One answer of several.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Choice {
    /// What is recorded.
    pub(crate) id: At<String>,
    /// What is shown.
    pub(crate) text: At<Bilingual>,
    /// What it means for the trial around it.
    pub(crate) means: Option<At<Means>>,
}

/// What an answer means for a trial.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Means {
    Success,
    Failure,
    Censored,
    /// A reason that the trial's `invalid_if` names.
    Invalid(At<String>),
}

/// Where the person is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Presence {
    Inside,
    Outside,
}

/// A joint motion.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Move {
    /// A device of `needs.devices`.
    pub(crate) device: At<String>,
    /// `{ pose: … }`, `{ preset: … }` or `{ joints: { j1: 10 deg } }`.
    pub(crate) to: At<Target>,
    /// Percent of the bench's rated joint speed, or an angular speed.
    pub(crate) speed: At<Scalar>,
    /// Go on when `settled` (the default) or as soon as `started`.
    pub(crate) until: Option<At<Until>>,
    /// Not settled by then: trouble.
    pub(crate) timeout: At<Scalar>,
}

/// Where a motion goes.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Target {
    /// A pose of `needs.poses`, or a placeholder for a row's id.
    Pose(At<String>),
    /// A preset of `needs.presets`.
    Preset(At<String>),
    /// Angles by joint name; the others stay.
    Joints(Entries<At<Scalar>>),
}

/// When a motion step ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Until {
    Settled,
    Started,
}

/// Close a hand.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Grasp {
    /// A device of `needs.devices`.
    pub(crate) device: At<String>,
    /// A preset of `needs.presets`.
    pub(crate) preset: At<String>,
    /// Force threshold: percent of the hand's range, or a force per finger.
    pub(crate) force: At<Scalar>,
    /// Percent of the hand's speed range.
    pub(crate) speed: At<Scalar>,
    /// Still moving after this long: not settled.
    pub(crate) timeout: At<Scalar>,
}

/// Open a hand (the preset `open`).
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Release {
    /// A device of `needs.devices`.
    pub(crate) device: At<String>,
    /// Percent of the hand's speed range.
    pub(crate) speed: At<Scalar>,
    /// Still moving after this long: not settled.
    pub(crate) timeout: At<Scalar>,
}

/// Demand a stop in exactly one way.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stop {
    /// The device's own stop command over its bus.
    pub(crate) command: Option<At<String>>,
    /// An output of the bench, with `to`.
    pub(crate) output: Option<At<String>>,
    /// The state that demands the stop.
    pub(crate) to: Option<At<String>>,
    /// The device whose heartbeat is withheld until it is brought back.
    pub(crate) heartbeat: Option<At<String>>,
}

/// Bring a device back after a stop.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Recover {
    /// A device of `needs.devices`.
    pub(crate) device: At<String>,
    /// The output to put back first, when the stop came from one.
    pub(crate) restore: Option<At<SetOutput>>,
}

/// A time, or a condition with a bound.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wait {
    /// A time.
    #[serde(rename = "for")]
    pub(crate) time: Option<At<Scalar>>,
    /// The channel of a condition.
    pub(crate) channel: Option<At<String>>,
    /// Its component, when it has several.
    pub(crate) component: Option<At<String>>,
    /// A contact is on or off.
    pub(crate) is: Option<At<Level>>,
    /// At or above this value.
    pub(crate) above: Option<At<Scalar>>,
    /// At or below this value.
    pub(crate) below: Option<At<Scalar>>,
    /// This fraction below the largest value since the wait began.
    pub(crate) drops_by: Option<At<Scalar>>,
    /// Stays within a band for a time.
    pub(crate) rests: Option<At<Rests>>,
    /// Most time that a condition is waited for.
    pub(crate) within: Option<At<Scalar>>,
    /// What it means when the condition does not come.
    pub(crate) otherwise: Option<At<Otherwise>>,
}

/// At rest: within a band (peak to peak) for a time.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rests {
    /// Width of the band.
    pub(crate) within: At<Scalar>,
    /// How long.
    #[serde(rename = "for")]
    pub(crate) time: At<Scalar>,
}

/// What a time-out means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Otherwise {
    /// Go on.
    GoOn,
    /// The trial is censored.
    Censored,
    /// The trial failed.
    Failure,
    /// The bench did not do what it should: the case ends as not tested.
    Fault,
}

/// The stretch of time that measures look at.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Window {
    /// Name that measures refer to; unique within the case.
    pub(crate) id: At<String>,
    /// Channels that must have valid samples in it.
    pub(crate) record: At<Vec<At<String>>>,
    /// Performed while it is open.
    pub(crate) steps: Option<At<Steps>>,
    /// Awaited after the inner steps.
    pub(crate) until: Option<At<Wait>>,
}

/// Do the inner steps several times.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Repeat {
    /// The name that inner steps refer to.
    pub(crate) variable: At<String>,
    /// `{ times: n }` or `{ table: name }`.
    pub(crate) over: At<Over>,
    /// Inner steps.
    pub(crate) steps: At<Steps>,
}

/// What a repeat goes over: exactly one of `times` and `table`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Over {
    /// A count.
    pub(crate) times: Option<At<Scalar>>,
    /// A table of the suite.
    pub(crate) table: Option<At<String>>,
    /// `given` (the default) or `shuffled`.
    pub(crate) order: Option<At<Order>>,
    /// Seed of the shuffle.
    pub(crate) seed: Option<At<Scalar>>,
}

/// The order of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Order {
    Given,
    Shuffled,
}

/// One attempt with an outcome.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Trial {
    /// Name that measures refer to; unique within the case.
    pub(crate) id: At<String>,
    /// What is done.
    pub(crate) steps: At<Steps>,
    /// How the record decides; left out when an answer or a time-out does.
    pub(crate) outcome: Option<At<OutcomeRule>>,
    /// Reasons for which a trial may be called invalid.
    pub(crate) invalid_if: Option<At<Vec<At<String>>>>,
    /// Most invalid trials in the case; one more ends it as not tested.
    pub(crate) invalid_at_most: Option<At<Scalar>>,
}

/// Success when every valid sample of a window keeps to a side of a value.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OutcomeRule {
    /// A window inside the trial.
    pub(crate) window: At<String>,
    /// A channel that the window records.
    pub(crate) channel: At<String>,
    /// Its component, when it has several.
    pub(crate) component: Option<At<String>>,
    /// Success when it stays at or below this.
    pub(crate) stays_below: Option<At<Scalar>>,
    /// Success when it stays at or above this.
    pub(crate) stays_above: Option<At<Scalar>>,
}

/// A named mark.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mark {
    /// Name.
    pub(crate) name: At<String>,
}

/// Zero an instrument.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Zero {
    /// A channel of `needs.channels`.
    pub(crate) channel: At<String>,
}

/// Hold an instrument against a known value.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Check {
    /// A channel of `needs.channels`.
    pub(crate) channel: At<String>,
    /// Its component, when it has several.
    pub(crate) component: Option<At<String>>,
    /// The known value.
    pub(crate) expect: At<Scalar>,
    /// Largest difference.
    pub(crate) within: At<Scalar>,
    /// Averaging time.
    pub(crate) over: At<Scalar>,
}
