//! A suite file as it is written.

use super::shared::{Bilingual, Decision, OneOrMany, OneOrNamed};
use super::step::Steps;
use super::table::TableFile;
use crate::yaml::{At, Entries, Scalar};
use schemars::JsonSchema;
use serde::Deserialize;

/// A suite: what to test, how often, against which limits, by which rule.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Suite {
    /// Version of this language: 1.
    pub(crate) certbench: At<Scalar>,
    /// Identifier, for example `grasp-success`.
    pub(crate) suite: At<String>,
    /// Version, for example `0.1.0`.
    pub(crate) version: At<String>,
    /// How far it has come.
    pub(crate) status: At<Status>,
    /// Title.
    pub(crate) title: At<Bilingual>,
    /// The area of the certification system.
    pub(crate) area: At<Area>,
    /// What it is modelled on, with the edition.
    pub(crate) basis: At<Vec<At<Basis>>>,
    /// What a bench must have.
    pub(crate) needs: At<Needs>,
    /// Table name to file, inside the suite's folder; `{ file, version }` for a set of a known version.
    pub(crate) tables: Option<At<Entries<TableFile>>>,
    /// Template name to file, inside the suite's folder.
    pub(crate) templates: Option<At<Entries<At<String>>>>,
    /// Values that somebody may set.
    pub(crate) parameters: Option<At<Entries<At<Parameter>>>>,
    /// Decision rule; suites of the area `safety` are always decided guarded with `guard: U`.
    pub(crate) decision: At<Decision>,
    /// Held from arming to disarming.
    pub(crate) watch: Option<At<Vec<At<Watch>>>>,
    /// What is tested.
    pub(crate) cases: At<Vec<At<Case>>>,
    /// Results that are computed from those of several cases.
    pub(crate) derive: Option<At<Vec<At<Derive>>>>,
    /// Performed at a normal end of the run: lower, release, park.
    pub(crate) finally: Option<At<Steps>>,
}

/// How far a suite has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Status {
    Draft,
    Trial,
    Published,
    Withdrawn,
}

/// Areas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Area {
    Interface,
    Evaluation,
    Scenario,
    Safety,
    Ethics,
}

/// A standard that the suite refers to.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Basis {
    /// Number, for example `ISO 9283`; of a planned one, its project number.
    pub(crate) standard: At<String>,
    /// Edition year.
    pub(crate) edition: Option<At<String>>,
    /// Stage of a planned standard, for example `draft for comments`.
    pub(crate) stage: Option<At<String>>,
    /// Date of that stage.
    pub(crate) date: Option<At<String>>,
    /// Part or clause.
    pub(crate) part: Option<At<String>>,
    /// What the suite takes from it.
    pub(crate) relation: At<Relation>,
    /// What the suite adds, changes or leaves out.
    pub(crate) note: Option<At<Bilingual>>,
}

/// What a suite takes from a standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Relation {
    Follows,
    ModelledOn,
    TermsOnly,
    /// Not published yet: needs `stage` and `date` in place of `edition`.
    Planned,
}

/// What a bench must have. Steps and measures may name only what stands here.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Needs {
    /// The items under test.
    pub(crate) devices: At<Entries<At<DeviceNeed>>>,
    /// Channels.
    pub(crate) channels: Option<At<Entries<At<ChannelNeed>>>>,
    /// Outputs with their states.
    pub(crate) outputs: Option<At<Entries<At<OutputNeed>>>>,
    /// Named poses.
    pub(crate) poses: Option<At<Vec<At<String>>>>,
    /// Named postures of hands.
    pub(crate) presets: Option<At<Vec<At<String>>>>,
}

/// A device that is needed.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeviceNeed {
    /// `hand`, `arm`, …
    pub(crate) kind: At<String>,
    /// `identify`, `joints`, `grasp`, `halt`, …
    pub(crate) roles: At<Vec<At<String>>>,
    /// Commanded by the suite and no item under test: a load machine.
    pub(crate) equipment: Option<At<bool>>,
}

/// A channel that is needed.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChannelNeed {
    /// `scalar` (the default), `pose`, `digital`, or `vector`: several values of one unit.
    pub(crate) shape: Option<At<ShapeWord>>,
    /// Unit; of a pose, that of x, y and z. A digital channel has none.
    pub(crate) unit: Option<At<Scalar>>,
    /// Who must produce it.
    pub(crate) source: Option<At<SourceWord>>,
    /// `import`: it may come from a file after the run. Nothing in the run can wait for it.
    pub(crate) from: Option<At<FromWord>>,
    /// Largest expanded uncertainty (k = 2) over the calibrated range.
    #[serde(rename = "U_at_most")]
    pub(crate) u_at_most: Option<At<Scalar>>,
    /// Least bandwidth that the calibration holds for.
    pub(crate) bandwidth: Option<At<Scalar>>,
}

/// The shape of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ShapeWord {
    Scalar,
    Vector,
    Pose,
    Digital,
}

/// Who produces a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SourceWord {
    Reference,
    Device,
}

/// When a channel's data come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum FromWord {
    /// During the run, as the instrument measures.
    Live,
    /// After the run, from a file.
    Import,
}

/// An output that is needed.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OutputNeed {
    /// States that it must have.
    pub(crate) states: At<Vec<At<String>>>,
}

/// A value that somebody may set, within a range. Used as `$name`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parameter {
    /// What it is.
    pub(crate) title: At<Bilingual>,
    /// Value when nobody sets it: a count, or a number with a unit.
    pub(crate) default: At<Scalar>,
    /// Least and most; left out only when `set_by: suite`.
    pub(crate) range: Option<At<Vec<At<Scalar>>>>,
    /// Least value that a verdict needs: below it the case is shortened.
    pub(crate) full: Option<At<Scalar>>,
    /// Who may set it.
    pub(crate) set_by: At<SetByWord>,
    /// Where the value comes from.
    pub(crate) origin: Option<At<Bilingual>>,
}

/// Who may set a parameter: nobody, the customer in the job, the laboratory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SetByWord {
    Suite,
    Customer,
    Laboratory,
}

/// Held from arming to disarming, prompts included.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Watch {
    /// A channel of `needs.channels`.
    pub(crate) channel: At<String>,
    /// A component; every one when left out.
    pub(crate) component: Option<At<String>>,
    /// Least.
    pub(crate) at_least: Option<At<Scalar>>,
    /// Most.
    pub(crate) at_most: Option<At<Scalar>>,
    /// A value older than this trips it.
    pub(crate) max_age: At<Scalar>,
}

/// One case.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    /// Unique in the suite.
    pub(crate) id: At<String>,
    /// Title.
    pub(crate) title: At<Bilingual>,
    /// What trouble that the item itself reports means; `fail` when left out.
    pub(crate) on_device_event: Option<At<OnDeviceEventWord>>,
    /// Performed first: what brings item and bench into the state that the test presupposes.
    pub(crate) setup: Option<At<Steps>>,
    /// What is done.
    pub(crate) steps: At<Steps>,
    /// Performed at a normal end of the case.
    pub(crate) finally: Option<At<Steps>>,
    /// Results. At least one must have `accept`, or an attribute parameter `expected`.
    pub(crate) measure: Option<At<Vec<At<Measure>>>>,
    /// Results that are computed from other results.
    pub(crate) derive: Option<At<Vec<At<Derive>>>>,
}

/// What a device event means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum OnDeviceEventWord {
    Fail,
    NotTested,
}

/// One result.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Measure {
    /// Unique within the case.
    pub(crate) id: At<String>,
    /// What it is called in the report.
    pub(crate) title: At<Bilingual>,
    /// A metric, for example `iso9283-pose-repeatability`.
    pub(crate) metric: At<String>,
    /// The window or trial it is computed over, or several by input.
    pub(crate) over: At<OneOrNamed>,
    /// The repeat variable whose rows are judged apart.
    pub(crate) per: Option<At<String>>,
    /// The channel it is computed from, or several by input.
    pub(crate) channels: Option<At<OneOrNamed>>,
    /// Parameters of the metric.
    pub(crate) params: Option<At<Entries<At<Scalar>>>>,
    /// The limit. Left out: the value is only reported.
    pub(crate) accept: Option<At<Accept>>,
}

/// A result that is computed from other results.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Derive {
    /// Unique within the case, measures included; of the suite's own, within the suite.
    pub(crate) id: At<String>,
    /// What it is called in the report.
    pub(crate) title: At<Bilingual>,
    /// The formula, for example `(first.strength - last.strength) / first.strength`: results
    /// (`measure`, `case.measure`, `measure[row]`), parameters (`$name`), numbers with units,
    /// `+ - * /`, `min max abs sqrt`.
    pub(crate) value: At<Scalar>,
    /// Unit of the result.
    pub(crate) unit: At<Scalar>,
    /// The limit; the estimate is compared. Left out: the value is only reported.
    pub(crate) accept: Option<At<Accept>>,
}

/// A limit: exactly one of `estimate` and `bound`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Accept {
    /// The estimate is compared: `at_least 5 N`, or `[at_least 5 N, at_most 9 N]`.
    pub(crate) estimate: Option<At<OneOrMany>>,
    /// The confidence bound on the safe side is compared.
    pub(crate) bound: Option<At<OneOrMany>>,
    /// Where the limit comes from.
    pub(crate) origin: Option<At<Bilingual>>,
}
