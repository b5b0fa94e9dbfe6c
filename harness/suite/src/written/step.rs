//! Steps as they are written: one word and its mapping a line, `- move: { … }`.

use super::shared::{Bilingual, Level, OneOrMany, SetOutput};
use crate::yaml::{At, Entries, Scalar};
use schemars::JsonSchema;
use serde::Deserialize;

/// A list of steps.
pub(crate) type Steps = Vec<At<Step>>;

/// One step: one word with its mapping.
#[expect(clippy::large_enum_variant, reason = "read once, and few at a time")]
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
    /// Take a driven device (a load machine) to a torque or speed.
    Drive(Drive),
    /// Have a robot do a program of its own.
    Program(Program),
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
    /// Find the frame of a tracker: at poses whose commanded positions are known.
    Register(Register),
    /// One attempt with an outcome.
    Trial(Trial),
    /// A named mark on the record.
    Mark(Mark),
    /// Zero an instrument.
    Zero(Zero),
    /// Hold an instrument against a known value.
    Check(Check),
    /// Go on only when a channel is as it must be: a precondition.
    Require(Wait),
    /// Steps beside other steps.
    During(During),
    /// Do the inner steps for every combination of several variables.
    Matrix(Matrix),
    /// Do the inner steps at times fixed in advance.
    Schedule(Schedule),
    /// Steps with a set-up and a closing of their own.
    Block(Block),
    /// The steps of a template. They are written out before anything else is read, so a plan shows
    /// them as a block.
    Use(Use),
}

/// Steps beside the leading ones.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct During {
    /// The leading steps: windows, trials and prompts (with nobody inside) stand here.
    pub(crate) steps: At<Steps>,
    /// What goes on beside them; every device is commanded by one of them only.
    pub(crate) beside: At<Vec<At<Beside>>>,
}

/// A branch: commands, switches and waits.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Beside {
    /// Name, unique within the case.
    pub(crate) id: At<String>,
    /// What it does.
    pub(crate) steps: At<Steps>,
    /// Done again and again while the leading steps go on, so often at most; once when left out.
    pub(crate) at_most: Option<At<Scalar>>,
    /// When the leading steps are done, the pass that is going on ends within this time.
    pub(crate) within: At<Scalar>,
}

/// Every combination of several variables.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Matrix {
    /// Variable to what it goes over, the slowest first.
    pub(crate) over: At<Entries<At<AxisOver>>>,
    /// Combinations that are left out: variable to value or values, all of them named.
    pub(crate) exclude: Option<At<Vec<At<Exclude>>>>,
    /// `given` (the default) or `shuffled`.
    pub(crate) order: Option<At<Order>>,
    /// Seed of the shuffle.
    pub(crate) seed: Option<At<Scalar>>,
    /// A further variable that names combinations, for the `per` of measures.
    pub(crate) cell: Option<At<CellName>>,
    /// A variable whose value never comes twice in a row.
    pub(crate) apart: Option<At<String>>,
    /// What is done before a pass when a variable's value differs from the pass before.
    pub(crate) changes: Option<At<Vec<At<Change>>>>,
    /// Inner steps.
    pub(crate) steps: At<Steps>,
}

/// Variable to value or values that are left out together.
pub(crate) type Exclude = Entries<At<OneOrMany>>;

/// A name for combinations: the values of some variables, joined.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CellName {
    /// The name that measures refer to.
    pub(crate) variable: At<String>,
    /// Variables of the matrix that make it up.
    pub(crate) of: At<Vec<At<String>>>,
}

/// What a variable of a matrix goes over: exactly one of `table` and `times`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AxisOver {
    /// A table of the suite.
    pub(crate) table: Option<At<String>>,
    /// A count.
    pub(crate) times: Option<At<Scalar>>,
}

/// Steps for a new value of a variable.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    /// A variable of the matrix.
    pub(crate) of: At<String>,
    /// Steps.
    pub(crate) steps: At<Steps>,
}

/// Passes at fixed times after the first.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Schedule {
    /// The name that inner steps refer to: it counts the passes from 1.
    pub(crate) variable: At<String>,
    /// Time between the beginnings of passes.
    pub(crate) every: At<Scalar>,
    /// How often; or `for`.
    pub(crate) times: Option<At<Scalar>>,
    /// How long: the first pass, and one more for each `every` that fits.
    #[serde(rename = "for")]
    pub(crate) time: Option<At<Scalar>>,
    /// A pass that begins later than this after its time is a fault of the bench.
    pub(crate) late: At<Scalar>,
    /// What is done at each time.
    pub(crate) steps: At<Steps>,
    /// Done again and again between passes, as often as it fits.
    pub(crate) between: Option<At<Between>>,
    /// When it ends before its last pass.
    pub(crate) until: Option<At<Ending>>,
    /// Outside of windows at most one sample a channel is recorded in this time.
    pub(crate) thinned: Option<At<Scalar>>,
}

/// What is done between the passes of a schedule.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Between {
    /// Steps.
    pub(crate) steps: At<Steps>,
    /// Most times between two passes; 1000 when left out.
    pub(crate) at_most: Option<At<Scalar>>,
}

/// Steps with a set-up and a closing.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Block {
    /// Name.
    pub(crate) id: At<String>,
    /// Where a template has been written out: its name and version.
    #[schemars(skip)]
    pub(crate) template: Option<At<String>>,
    /// Performed first.
    pub(crate) setup: Option<At<Steps>>,
    /// What it is about.
    pub(crate) steps: At<Steps>,
    /// Performed at a normal end of the block.
    pub(crate) finally: Option<At<Steps>>,
}

/// A template of the suite, with values for its parameters.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Use {
    /// A template of the suite's `templates`.
    pub(crate) template: At<String>,
    /// The version that is meant.
    pub(crate) version: At<String>,
    /// Parameter to value.
    pub(crate) with: Option<At<Entries<At<Scalar>>>>,
}

/// When a repeat or schedule ends before its last pass.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ending {
    /// A condition over what windows take, channels and `passes`: `strength < 0.8 * strength.first`.
    pub(crate) when: Option<At<String>>,
    /// A trial with a `plan`: the repeat ends as soon as its plan is decided.
    pub(crate) decided: Option<At<String>>,
    /// Fewest passes before it may end; 1 when left out.
    pub(crate) at_least: Option<At<Scalar>>,
}

/// Steps after every so many passes of a repeat.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Every {
    /// Passes between them.
    pub(crate) passes: At<Scalar>,
    /// Whether they are performed before the first pass as well; `true` when left out.
    pub(crate) first: Option<At<bool>>,
    /// Steps.
    pub(crate) steps: At<Steps>,
}

/// A value taken from a window as it closes; it steers the run, verdicts come from measures.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Take {
    /// A channel that the window records.
    pub(crate) channel: At<String>,
    /// Its component, when it has several.
    pub(crate) component: Option<At<String>>,
    /// Which value.
    pub(crate) value: At<TakenWord>,
}

/// Which value is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum TakenWord {
    Largest,
    Least,
    Mean,
    Last,
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
    /// Whether it says that a person intervened: helped, reset, put something right.
    pub(crate) intervention: Option<At<bool>>,
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
    /// `{ pose: … }`, `{ preset: … }`, `{ joints: { j1: 10 deg } }`, or `home`: the device's own search for
    /// its zero.
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
    /// The device's own search for its zero.
    Home,
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

/// Take a driven device to exactly one of a torque and a speed.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Drive {
    /// A device of `needs.devices`.
    pub(crate) device: At<String>,
    /// Torque; 0 lets go.
    pub(crate) torque: Option<At<Scalar>>,
    /// Angular speed.
    pub(crate) speed: Option<At<Scalar>>,
    /// From the set point in force to there.
    pub(crate) ramp: At<Scalar>,
    /// Not there by then: trouble.
    pub(crate) timeout: At<Scalar>,
}

/// Have a robot do a program of its own: exactly one of `run`, `select`, `do` and `await`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Program {
    /// A device of `needs.devices`.
    pub(crate) device: At<String>,
    /// Select this program of the bench, start it, await its end.
    pub(crate) run: Option<At<String>>,
    /// Select only.
    pub(crate) select: Option<At<String>>,
    /// `start` or `abort`.
    #[serde(rename = "do")]
    pub(crate) act: Option<At<ProgramVerb>>,
    /// Await that it is `busy` or `done`.
    #[serde(rename = "await")]
    pub(crate) state: Option<At<ProgramStateWord>>,
    /// Most time that is waited.
    pub(crate) within: Option<At<Scalar>>,
    /// What it means when it does not come.
    pub(crate) otherwise: Option<At<Otherwise>>,
}

/// What is done with a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ProgramVerb {
    Start,
    Abort,
}

/// How a program stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ProgramStateWord {
    /// Under way.
    Busy,
    /// At its end.
    Done,
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
    /// What a person is told, who then demands it by hand: at the machine's own button or gate.
    pub(crate) person: Option<At<Prompt>>,
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
    /// A condition over several channels and values that were taken.
    pub(crate) when: Option<At<String>>,
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
    /// Lies between two values, for a time.
    pub(crate) keeps: Option<At<Keeps>>,
    /// Changes by so little over a time, by the slope of a fitted line.
    pub(crate) steady: Option<At<Steady>>,
    /// Changes at a pace, by the slope of a fitted line.
    pub(crate) changes: Option<At<Pace>>,
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

/// Between two values, both included.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Keeps {
    /// Least.
    pub(crate) least: Option<At<Scalar>>,
    /// Most.
    pub(crate) most: Option<At<Scalar>>,
    /// Every sample of this time; left out: one sample.
    #[serde(rename = "for")]
    pub(crate) time: Option<At<Scalar>>,
}

/// Steady: the slope of a line fitted over a time.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Steady {
    /// Largest change of the line over the time.
    pub(crate) change: At<Scalar>,
    /// The time.
    pub(crate) over: At<Scalar>,
}

/// At a pace: a line fitted over a time rises by so much.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pace {
    /// Least change of the line over the time; negative when it falls.
    pub(crate) least: At<Scalar>,
    /// Most change of the line over the time.
    pub(crate) most: At<Scalar>,
    /// The time.
    pub(crate) over: At<Scalar>,
}

/// What a time-out means.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
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
    /// What the test presupposes is not given: the case ends as not tested.
    NotTested,
    /// The trial is invalid for a reason that its `invalid_if` names.
    Invalid(At<String>),
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
    /// Name to a value that is taken as the window closes, for the endings of repeats.
    pub(crate) take: Option<At<Entries<At<Take>>>>,
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
    /// Further steps after every so many passes: a check, a maintenance pause.
    pub(crate) every: Option<At<Vec<At<Every>>>>,
    /// When it ends before its last pass.
    pub(crate) until: Option<At<Ending>>,
    /// Outside of windows at most one sample a channel is recorded in this time.
    pub(crate) thinned: Option<At<Scalar>>,
}

/// Find the frame of a tracker: the inner steps are done at each row of a table whose ids are poses of
/// the bench, and a window of theirs sees where it is. The fit is made when the run is judged, and
/// every result of the run uses it in place of the bench's own.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Register {
    /// A channel of `needs.channels`: a pose or position.
    pub(crate) channel: At<String>,
    /// The name that inner steps refer to.
    pub(crate) variable: At<String>,
    /// A table whose rows are poses, at least three and none of them judged.
    pub(crate) points: At<String>,
    /// The window inside that sees a point.
    pub(crate) window: At<String>,
    /// Largest residual of a point; with a larger one there is no frame.
    pub(crate) residual_at_most: At<Scalar>,
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
    /// Attempts that a trial may take: after a failure it is tried again. 1 when left out.
    pub(crate) attempts: Option<At<Scalar>>,
    /// How many trials decide: at most so many failures, or a sequential test.
    pub(crate) plan: Option<At<Sampling>>,
}

/// A sampling plan: `{ trials: 59, failures: 0 }`, or a sequential test
/// `{ good: 95 %, bad: 85 %, alpha: 5 %, beta: 10 %, trials: 231 }`, cut off after so many trials.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sampling {
    /// Trials; of a sequential test the most.
    pub(crate) trials: At<Scalar>,
    /// Most failures with which the item is accepted.
    pub(crate) failures: Option<At<Scalar>>,
    /// Rate of success of an item that is good.
    pub(crate) good: Option<At<Scalar>>,
    /// Rate of success of an item that is not good enough.
    pub(crate) bad: Option<At<Scalar>>,
    /// Risk that a good item is rejected.
    pub(crate) alpha: Option<At<Scalar>>,
    /// Risk that a bad item is accepted.
    pub(crate) beta: Option<At<Scalar>>,
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
    pub(crate) expect: Option<At<Scalar>>,
    /// The first value that a window took under this name, in place of a known one.
    pub(crate) returns_to: Option<At<String>>,
    /// Largest difference.
    pub(crate) within: At<Scalar>,
    /// Averaging time.
    pub(crate) over: At<Scalar>,
}
