//! What the judge says: values with their doubt, and verdicts.

use crate::measure::{Accept, DecisionRule};
use crate::{Figure, Quantity, Registration, Source, Text, Unit};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Version of the findings' format.
pub const FINDINGS_FORMAT: u32 = 1;

/// A verdict, ordered from best to worst for a run's summary: a fail outweighs what is not tested.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Conforms.
    Pass,
    /// Inside the limit, within the guard band (ILAC-G8 4.2.3).
    ConditionalPass,
    /// Nothing can be said.
    NotTested,
    /// Outside the limit, within the guard band.
    ConditionalFail,
    /// Does not conform.
    Fail,
}

/// A reason in words, with a short code that programs can rely on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Reason {
    /// `interrupted`, `fault-link`, `calibration-due`, `shortened`, …
    pub code: String,
    /// In words.
    pub text: Text,
}

/// All findings of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Findings {
    /// [`FINDINGS_FORMAT`].
    pub format: u32,
    /// Run.
    pub run: String,
    /// SHA-256 of the plan that was judged.
    pub plan_sha256: String,
    /// Version of the judge.
    pub judge: String,
    /// The worst verdict of all; incomplete is never a pass.
    pub verdict: Verdict,
    /// How the run ended: `completed`, `refused`, `aborted`, `faulted`, `interrupted`.
    pub end: String,
    /// Why the run as a whole is not better than it is.
    pub reasons: Vec<Reason>,
    /// One entry a case of the plan, in its order; none is ever left out.
    pub cases: Vec<CaseFindings>,
    /// Frames that were fitted from this run's own windows, one a `register` step of the plan.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub registrations: Vec<FittedFrame>,
}

/// The frame of a channel as it was fitted from windows of the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FittedFrame {
    /// Case of the step.
    pub case: String,
    /// Channel.
    pub channel: String,
    /// The fit; `None`: the channel has no frame, and `reasons` say why.
    pub fit: Option<FrameFit>,
    /// Why there is none, or what is doubtful about it.
    pub reasons: Vec<Reason>,
}

/// A rigid fit of seen points to commanded ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FrameFit {
    /// What results of this run use.
    pub registration: Registration,
    /// Distances between the commanded points and the seen ones after the fit, in the order of
    /// performance.
    pub residuals: Vec<Residual>,
    /// Their root mean square.
    pub rms: Quantity,
}

/// How far a point of a fit is off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Residual {
    /// Pose.
    pub point: String,
    /// Distance.
    pub distance: Quantity,
    /// Where its readings stand in the record.
    pub evidence: Evidence,
}

/// Findings of one case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaseFindings {
    /// Case id.
    pub case: String,
    /// Title.
    pub title: Text,
    /// The worst verdict of its findings.
    pub verdict: Verdict,
    /// Why the case as a whole was not tested, failed or is restricted.
    pub reasons: Vec<Reason>,
    /// Results; a measure that could not be computed has its row too.
    pub findings: Vec<Finding>,
    /// Trials that were called invalid: number and reason.
    pub invalid_trials: Vec<Reason>,
}

/// One result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Measure id, unique in the case; with `subject` unique in the case's findings.
    pub measure: String,
    /// The row that it is about: a pose, an object; `None` when the measure has no `per`.
    pub subject: Option<Subject>,
    /// What it is called.
    pub title: Text,
    /// Metric id.
    pub metric: String,
    /// What exactly is estimated: "this object on this bench", "mean over this object set".
    pub estimand: Text,
    /// The result, or `None` when there is none.
    pub result: Option<Value>,
    /// Further values that belong to it (components, one-sided bounds, alternative intervals).
    pub more: Vec<NamedValue>,
    /// Of a derived result: every part of its formula with its value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sub_values: Vec<SubValue>,
    /// Limit.
    pub accept: Option<Accept>,
    /// Rule.
    pub rule: DecisionRule,
    /// What the rule computed: guard band, acceptance limit, risk.
    pub decision: Option<Decision>,
    /// Verdict.
    pub verdict: Verdict,
    /// Why, whenever it is not simply value against limit.
    pub reasons: Vec<Reason>,
    /// Where the numbers come from.
    pub source: Source,
    /// Channels used.
    pub channels: Vec<String>,
    /// Formula in words and symbols, with standard and edition.
    pub formula: Text,
    /// Places in the record: window or trial instances with their line numbers.
    pub evidence: Vec<Evidence>,
    /// Figures.
    pub figures: Vec<Figure>,
}

/// A row of a table that a finding is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Subject {
    /// The repeat variable: `pose`, `object`.
    pub variable: String,
    /// Row id.
    pub id: String,
    /// Row title.
    pub title: Text,
}

/// A place in the record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// Window or trial id with instance.
    pub what: String,
    /// Line of `run.jsonl` where it begins.
    pub line: u64,
    /// From, ns.
    pub from_ns: u64,
    /// To, ns.
    pub to_ns: u64,
}

/// A result of one of the four kinds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Value {
    /// A measured quantity.
    Quantity(Measured),
    /// k of n with an interval.
    Proportion(Proportion),
    /// Yes or no.
    Attribute {
        /// The answer.
        yes: bool,
        /// On what ground.
        evidence: Text,
    },
    /// A person's statement.
    Inspection {
        /// What was stated.
        statement: Text,
        /// By whom.
        by: String,
    },
}

/// A quantity with its uncertainty (JCGM 100:2008).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Measured {
    /// Estimate, unrounded.
    pub value: f64,
    /// Unit of estimate and uncertainties.
    pub unit: Unit,
    /// Number of observations.
    pub n: u32,
    /// Expanded uncertainty, unrounded; `None` when unknown, and then no verdict.
    pub u_expanded: Option<f64>,
    /// Coverage factor.
    pub k: Option<f64>,
    /// Effective degrees of freedom (Welch-Satterthwaite, truncated); `None`: infinite.
    pub nu_eff: Option<f64>,
    /// Contributions.
    pub budget: Vec<BudgetLine>,
    /// One-sided confidence bound on the side of the limit, if it was asked for.
    pub bound: Option<f64>,
}

/// One contribution to an uncertainty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BudgetLine {
    /// What.
    pub name: Text,
    /// `A` (statistics of this run) or `B` (certificate, delay, resolution).
    pub type_ab: String,
    /// Distribution: `normal`, `rectangular`, `t`.
    pub distribution: String,
    /// Standard uncertainty in the unit of the result (sensitivity included).
    pub u: f64,
    /// Degrees of freedom; `None`: infinite.
    pub nu: Option<f64>,
    /// Certificate or place that it comes from.
    pub from: Option<String>,
    /// One unknown error in every result that names the same `from`, as the error of a certificate is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub common: bool,
}

/// k successes of n.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Proportion {
    /// Successes.
    pub k: u32,
    /// Valid trials.
    pub n: u32,
    /// Confidence level of the interval, for example 0.95.
    pub confidence: f64,
    /// Two-sided interval (Clopper-Pearson).
    pub interval: [f64; 2],
    /// One-sided lower bound (Clopper-Pearson).
    pub lower: f64,
    /// One-sided upper bound (Clopper-Pearson).
    pub upper: f64,
    /// Two-sided Wilson interval, for comparison.
    pub wilson: [f64; 2],
}

/// A value that belongs to a finding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NamedValue {
    /// Symbol, for example `AP_x`.
    pub symbol: String,
    /// In words.
    pub name: Text,
    /// Value with unit.
    pub value: Quantity,
    /// Expanded uncertainty in the same unit, if known.
    pub u_expanded: Option<f64>,
}

/// A part of a formula with its value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SubValue {
    /// As it stands in the formula.
    pub text: String,
    /// The result that it is, `case/measure` or `case/measure/row`; `None` for a number or an
    /// operation.
    pub from: Option<String>,
    /// Value, unrounded.
    pub value: f64,
    /// Unit of the value as UCUM spells it; it need not be in the table of units: `N2`.
    pub unit: String,
    /// Expanded uncertainty in the same unit, of a result.
    pub u_expanded: Option<f64>,
}

/// What a decision rule computed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Decision {
    /// What was compared, in `unit`.
    pub compared: f64,
    /// Guard band w, in `unit`.
    pub guard: f64,
    /// Acceptance limits after the guard band: lower, upper.
    pub accept_low: Option<f64>,
    /// Upper acceptance limit.
    pub accept_high: Option<f64>,
    /// Unit.
    pub unit: Unit,
    /// Probability that the true value lies outside the limit although accepted, or inside although
    /// rejected (JCGM 106:2012, specific risk, normal), if computable.
    pub risk: Option<f64>,
}

impl Findings {
    /// Every finding with its case.
    pub fn all(&self) -> impl Iterator<Item = (&CaseFindings, &Finding)> {
        self.cases
            .iter()
            .flat_map(|c| c.findings.iter().map(move |f| (c, f)))
    }
}
