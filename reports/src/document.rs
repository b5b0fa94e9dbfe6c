//! Everything that a report says, as one value: `report.json` is this value, and both HTML reports
//! are printed from it. Texts are in both languages; numbers are printed once, here, and stand
//! beside the unrounded ones.

use certbench_model::finding::{BudgetLine, Reason, Subject, Value};
use certbench_model::job::Party;
use certbench_model::{
    Accept, Correction, Damage, Figure, FileDigest, Identity, LinkFacts, Text, Verdict,
};
use schemars::JsonSchema;
use serde::Serialize;

/// Version of the document's format.
pub(crate) const DOCUMENT_FORMAT: u32 = 2;

/// Everything that a report says.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Document {
    /// Version of this format.
    pub(crate) format: u32,
    /// Printed on every page: the report's number, or what stands for it in a draft.
    pub(crate) id: String,
    /// Not issued: every page says so.
    pub(crate) draft: bool,
    pub(crate) run: String,
    /// One device at least is not physical: every page says so.
    pub(crate) simulated: bool,
    pub(crate) verdict: Verdict,
    /// `completed`, `refused`, `aborted`, `faulted`, `interrupted`.
    pub(crate) end: String,
    /// How the run says that it ended.
    pub(crate) end_text: Option<String>,
    pub(crate) reasons: Vec<Reason>,
    pub(crate) dates: Dates,
    pub(crate) laboratory: Party,
    /// Marks of accreditation or approval that the laboratory may use, with their numbers.
    pub(crate) marks: Vec<Mark>,
    pub(crate) location: Option<String>,
    pub(crate) operator: Option<String>,
    /// Who prepared, reviewed and approved it; empty in a draft.
    pub(crate) signatures: Vec<Signature>,
    /// The issued report that this one replaces.
    pub(crate) amends: Option<Amends>,
    /// What was put right after the run, and which results became others by it.
    pub(crate) corrections: Vec<Correction>,
    pub(crate) changed: Vec<Change>,
    /// Data and judgements that entered results after the run.
    pub(crate) added: Vec<Added>,
    /// Photos and videos of the run, and where in them each case is seen.
    pub(crate) evidence: Vec<Footage>,
    /// `None`: an internal run without order.
    pub(crate) order: Option<Order>,
    pub(crate) items: Vec<Item>,
    pub(crate) suite: Suite,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) sampling: Vec<Sampling>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) watches: Vec<Watch>,
    pub(crate) instruments: Vec<Instrument>,
    pub(crate) environment: Vec<Named>,
    /// What was measured of it during the run.
    pub(crate) conditions: Vec<Condition>,
    /// Results that somebody else provided.
    pub(crate) external: Vec<External>,
    /// Apart from the results, and by persons who may.
    pub(crate) opinions: Vec<Opinion>,
    pub(crate) bench: Bench,
    pub(crate) cases: Vec<Case>,
    pub(crate) not_tested: Vec<NotTested>,
    /// Deviations and restrictions known before the start.
    pub(crate) restrictions: Vec<Restriction>,
    /// What happened beside the results, in order.
    pub(crate) occurrences: Vec<Occurrence>,
    /// Every run started for this item and suite; `None`: the record says nothing about it.
    pub(crate) earlier: Option<Vec<String>>,
    pub(crate) damage: Vec<Damage>,
    /// What simulated devices tell about themselves, as JSON.
    pub(crate) truths: Vec<Truth>,
    pub(crate) digests: Digests,
    pub(crate) software: Software,
    /// Whether this software was shown to be valid on this computer.
    pub(crate) validation: Validation,
    /// What ISO/IEC 17025:2017 asks a report for, and where it stands here.
    pub(crate) clauses: Vec<Clause>,
}

impl Document {
    /// The report's number, or what stands for it in a draft.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The laboratory's name.
    pub fn laboratory(&self) -> &str {
        &self.laboratory.name
    }

    /// Who ran the test, as the record says.
    pub fn operator(&self) -> Option<&str> {
        self.operator.as_deref()
    }
}

/// A mark with its number: `CNAS`, `CMA`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Mark {
    pub(crate) mark: String,
    pub(crate) number: String,
    pub(crate) scope: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Signature {
    /// `prepared`, `reviewed`, `approved`.
    pub(crate) role: String,
    pub(crate) name: String,
    pub(crate) utc: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Amends {
    pub(crate) report: String,
    /// Day of issue of the report that is replaced.
    pub(crate) issued: String,
    /// SHA-256 of its signed statement.
    pub(crate) statement_sha256: String,
    pub(crate) reason: String,
    pub(crate) changes: Vec<Change>,
}

/// Something that an amendment or a correction has made another.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Change {
    /// Id of a result, or the place of a field: `order.customer.contact`.
    pub(crate) what: String,
    pub(crate) old: Text,
    pub(crate) new: Text,
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct External {
    /// What was provided.
    pub(crate) what: Text,
    pub(crate) provider: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Opinion {
    pub(crate) text: Text,
    /// On what ground.
    pub(crate) basis: Text,
    pub(crate) by: String,
    /// Whether the laboratory lets this person give opinions.
    pub(crate) authorized: bool,
}

/// One thing that the standard asks a report for.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Clause {
    /// `7.8.2.1 a`.
    pub(crate) clause: String,
    pub(crate) title: Text,
    /// `here`, `excused` (a reason is recorded) or `missing`.
    pub(crate) state: String,
    /// Section of this report.
    pub(crate) section: String,
    /// The recorded reason, or what is missing.
    pub(crate) note: Option<Text>,
}

/// Data or judgements that were added after the run.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Added {
    /// Number of the addendum.
    pub(crate) number: u64,
    pub(crate) what: Text,
    pub(crate) by: String,
    pub(crate) utc: String,
    pub(crate) why: String,
    pub(crate) files: Vec<FileDigest>,
    /// The addendum that it takes the place of.
    pub(crate) supersedes: Option<u64>,
}

/// A photo or video of the run.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Footage {
    /// Number of the addendum.
    pub(crate) number: u64,
    pub(crate) why: String,
    pub(crate) by: String,
    pub(crate) utc: String,
    pub(crate) files: Vec<FileDigest>,
    /// How its time was brought together with the run's, and how well.
    pub(crate) aligned: Text,
    /// Where it lies in the run, how long it is.
    pub(crate) lies: Text,
    pub(crate) cases: Vec<Shown>,
}

/// A case in a photo or video.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Shown {
    pub(crate) case: String,
    pub(crate) title: Text,
    /// `whole`, `part`, or `none`: of the case nothing is seen.
    pub(crate) extent: String,
    /// Where in the file, `0:12.35–1:02.10`; of a photo nothing.
    pub(crate) at: Option<String>,
    /// Trials of which something is seen: number, and where.
    pub(crate) trials: Vec<ShownTrial>,
    /// Trials of the case.
    pub(crate) of: usize,
}

/// A trial in a photo or video.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct ShownTrial {
    pub(crate) number: u32,
    /// Not all of it is seen.
    pub(crate) part: bool,
    pub(crate) at: Option<String>,
}

/// A condition of the environment, as it was measured during the run.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Condition {
    /// The channel, whose instrument stands among the instruments, or the prompt that asked for it.
    pub(crate) channel: String,
    pub(crate) unit: String,
    /// Valid readings.
    pub(crate) n: u64,
    pub(crate) least: String,
    pub(crate) mean: String,
    pub(crate) most: String,
    /// Seconds after the start of the first and of the last reading.
    pub(crate) from_s: String,
    pub(crate) to_s: String,
    pub(crate) figure: Figure,
    /// Where persons read it: every reading; empty where a channel did.
    pub(crate) entered: Vec<Entered>,
}

/// A reading that a person entered.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Entered {
    pub(crate) at_s: String,
    pub(crate) value: String,
    pub(crate) by: String,
    /// Line of `run.jsonl`.
    pub(crate) line: u64,
}

/// A validation of the software on the computer that ran the test.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Validation {
    /// `holds`, `differs` (of another version or configuration), `failed` or `none`.
    pub(crate) state: String,
    pub(crate) id: Option<String>,
    pub(crate) utc: Option<String>,
    pub(crate) by: Option<String>,
    pub(crate) certbench: Option<String>,
    pub(crate) host: Option<String>,
    /// SHA-256 of its signed statement.
    pub(crate) statement_sha256: Option<String>,
    pub(crate) differs: Vec<Change>,
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Dates {
    pub(crate) started: String,
    /// Seconds from the first to the last event.
    pub(crate) lasted_s: String,
    pub(crate) issued: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Order {
    pub(crate) number: String,
    pub(crate) customer: Party,
    pub(crate) scope: Option<Text>,
    /// Declared by the customer.
    pub(crate) declared: Vec<Named>,
    /// The rule that was agreed, if another than the suite's.
    pub(crate) rule: Option<Text>,
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Item {
    pub(crate) device: String,
    pub(crate) kind: String,
    pub(crate) driver: String,
    pub(crate) provenance: String,
    pub(crate) identity: Vec<IdentityRow>,
    /// Anything else that the device said of itself.
    pub(crate) notes: Vec<String>,
    pub(crate) received: Option<String>,
    pub(crate) condition: Option<Text>,
    pub(crate) link: Option<LinkFacts>,
    pub(crate) safe_state: Option<Text>,
    pub(crate) watchdog: Option<Text>,
}

/// One field of an identity, from each of its sources.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct IdentityRow {
    /// `maker`, `model`, `serial`, `firmware`.
    pub(crate) field: String,
    pub(crate) declared: Option<String>,
    pub(crate) read: Option<String>,
    pub(crate) confirmed: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Suite {
    pub(crate) id: String,
    pub(crate) version: String,
    pub(crate) status: String,
    pub(crate) title: Text,
    pub(crate) area: String,
    pub(crate) basis: Vec<Basis>,
    pub(crate) files: Vec<FileDigest>,
}

/// A standard that the suite refers to.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Basis {
    pub(crate) standard: String,
    /// Year, or stage and date of a planned standard.
    pub(crate) edition: String,
    pub(crate) part: Option<String>,
    /// `follows`, `modelled-on`, `terms-only` or `planned`.
    pub(crate) relation: String,
    pub(crate) note: Option<Text>,
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Parameter {
    pub(crate) id: String,
    pub(crate) title: Text,
    pub(crate) value: Text,
    pub(crate) default: Text,
    /// Another value than the suite's default is in force.
    pub(crate) changed: bool,
    /// `suite`, `customer`, `laboratory`.
    pub(crate) set_by: String,
    pub(crate) origin: Option<Text>,
}

/// How a case is sampled: its repeats, trials and windows, indented as they lie in each other.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Sampling {
    pub(crate) case: String,
    pub(crate) title: Text,
    pub(crate) lines: Vec<SamplingLine>,
    pub(crate) shortened: Option<Text>,
    pub(crate) on_device_event: Text,
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct SamplingLine {
    pub(crate) depth: usize,
    pub(crate) text: Text,
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Rule {
    pub(crate) name: Text,
    /// The rule and its risk.
    pub(crate) words: Text,
    /// Cases that use it.
    pub(crate) cases: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Watch {
    pub(crate) channel: String,
    pub(crate) limits: String,
    pub(crate) max_age_s: String,
}

/// One channel with the instrument behind it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Instrument {
    pub(crate) channel: String,
    pub(crate) device: String,
    pub(crate) signal: String,
    /// `reference` or `device`.
    pub(crate) source: String,
    pub(crate) provenance: Option<String>,
    pub(crate) components: String,
    pub(crate) identity: Option<Identity>,
    pub(crate) interval_s: String,
    pub(crate) delay_ms: String,
    pub(crate) calibration: Option<Certificate>,
    pub(crate) registration: Option<Frame>,
    /// Why the run that should have found its frame found none.
    pub(crate) no_frame: Vec<Text>,
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Certificate {
    pub(crate) number: String,
    pub(crate) body: String,
    pub(crate) date: String,
    pub(crate) due: String,
    /// Whether it was in force on the day of the run.
    pub(crate) in_force: bool,
    pub(crate) uncertainty: Vec<String>,
    pub(crate) noise: Option<String>,
    pub(crate) direction: Option<String>,
    pub(crate) bandwidth: Option<String>,
    /// What it says of the angles of a pose.
    pub(crate) angles: Option<String>,
    /// What its use adds, each part as a half-width.
    pub(crate) in_use: Vec<PartInUse>,
    /// Parts of its use that its uncertainty holds already.
    pub(crate) in_certificate: Vec<String>,
    pub(crate) file: Option<FileDigest>,
}

/// Resolution, alignment or temperature of an instrument in use.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct PartInUse {
    /// `resolution`, `alignment` or `temperature`.
    pub(crate) part: String,
    /// `± 0.005 N`.
    pub(crate) half_width: String,
    /// The same error at every reading of a run.
    pub(crate) steady: bool,
    /// Where it is known from.
    pub(crate) from: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Frame {
    pub(crate) frame: String,
    pub(crate) method: String,
    pub(crate) u_position: String,
    pub(crate) u_angle: Option<String>,
    /// The points of this run that it was fitted from; none for a frame of the bench file.
    pub(crate) points: Vec<FramePoint>,
}

/// A point of a fitted frame.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct FramePoint {
    pub(crate) point: String,
    /// Distance from the commanded position after the fit.
    pub(crate) residual: String,
    /// Line of `run.jsonl` where its window begins.
    pub(crate) line: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) value: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Bench {
    pub(crate) id: String,
    pub(crate) file: FileDigest,
    /// Devices that are not under test.
    pub(crate) devices: Vec<BenchDevice>,
    pub(crate) cube: Option<TestCube>,
    /// Poses whose commanded position is known.
    pub(crate) poses: Vec<CommandedPose>,
}

/// ISO 9283:1998, 6.8.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct TestCube {
    pub(crate) device: String,
    pub(crate) frame: String,
    /// `(480, 0, 330) mm`.
    pub(crate) centre: String,
    pub(crate) edge: String,
    /// Corners of the diagonal plane: `C1-C2-C7-C8`.
    pub(crate) plane: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct CommandedPose {
    pub(crate) name: String,
    pub(crate) device: String,
    pub(crate) frame: Option<String>,
    /// `480, 0, 330`.
    pub(crate) position_mm: String,
    /// `160, 0, 90`.
    pub(crate) orientation_deg: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct BenchDevice {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) driver: String,
    pub(crate) port: String,
    pub(crate) provenance: String,
    pub(crate) identity: Option<Identity>,
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) title: Text,
    pub(crate) verdict: Verdict,
    pub(crate) reasons: Vec<Reason>,
    pub(crate) invalid_trials: Vec<Reason>,
    /// Seconds after the start, and line of the record; `None` when it was not begun.
    pub(crate) began: Option<Moment>,
    pub(crate) findings: Vec<Finding>,
    /// The rows of a measure beside each other, with their intervals.
    pub(crate) figures: Vec<Figure>,
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Moment {
    pub(crate) at_s: String,
    pub(crate) line: u64,
}

/// One row of the findings.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Finding {
    /// `case/measure`, with a subject `case/measure/row`: unique in the report.
    pub(crate) id: String,
    /// What links to it, its formula, its budget and its place in the record begin with: `r1`.
    pub(crate) anchor: String,
    pub(crate) title: Text,
    pub(crate) subject: Option<Subject>,
    pub(crate) metric: String,
    pub(crate) estimand: Text,
    pub(crate) formula: Text,
    /// `reference` or `device`.
    pub(crate) source: String,
    pub(crate) channels: Vec<String>,
    pub(crate) printed: Option<Printed>,
    /// The result, unrounded.
    pub(crate) result: Option<Value>,
    pub(crate) more: Vec<More>,
    pub(crate) limit: Option<Limit>,
    pub(crate) rule: Text,
    pub(crate) rule_short: Text,
    pub(crate) decision: Option<Decision>,
    pub(crate) verdict: Verdict,
    /// A value that nobody set a limit for: printed as reported, not as not tested.
    pub(crate) reported: bool,
    pub(crate) reasons: Vec<Reason>,
    pub(crate) budget: Vec<Contribution>,
    pub(crate) evidence: Vec<Evidence>,
    pub(crate) figures: Vec<Figure>,
}

/// A result as it is printed, the same in both languages but for words.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub(crate) enum Printed {
    /// A measured quantity.
    Quantity {
        value: String,
        unit: String,
        n: u32,
        u: Option<String>,
        k: Option<String>,
        nu_eff: Option<String>,
        bound: Option<String>,
    },
    /// k of n; shares in percent.
    Proportion {
        k: u32,
        n: u32,
        share: String,
        confidence: String,
        interval: [String; 2],
        lower: String,
        upper: String,
        wilson: [String; 2],
    },
    /// Yes or no.
    Attribute { yes: bool, evidence: Text },
    /// A person's statement.
    Inspection { statement: Text, by: String },
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct More {
    pub(crate) symbol: String,
    pub(crate) name: Text,
    pub(crate) value: String,
    pub(crate) unit: String,
    pub(crate) u: Option<String>,
    pub(crate) raw: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Limit {
    /// `≥ 25 N`, `0 … 3 mm`.
    pub(crate) text: String,
    /// `estimate` or `bound`.
    pub(crate) compare: String,
    pub(crate) set_by: String,
    pub(crate) origin: Option<Text>,
    pub(crate) raw: Accept,
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Decision {
    pub(crate) compared: String,
    pub(crate) guard: String,
    pub(crate) accept_low: Option<String>,
    pub(crate) accept_high: Option<String>,
    pub(crate) unit: String,
    /// Percent.
    pub(crate) risk: Option<String>,
    pub(crate) raw: certbench_model::finding::Decision,
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Contribution {
    pub(crate) u: String,
    pub(crate) nu: Option<String>,
    pub(crate) raw: BudgetLine,
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Evidence {
    pub(crate) what: String,
    pub(crate) case: Option<String>,
    /// Number of the trial within the case.
    pub(crate) trial: Option<u32>,
    /// Repeat variables in force: `object=box-40`.
    pub(crate) scope: String,
    pub(crate) line: u64,
    pub(crate) from_s: String,
    pub(crate) to_s: String,
}

/// Something that was not tested, and why.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct NotTested {
    pub(crate) id: String,
    pub(crate) title: Text,
    pub(crate) subject: Option<Text>,
    pub(crate) reasons: Vec<Reason>,
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Restriction {
    /// Case, measure, or empty for the whole run.
    pub(crate) about: String,
    pub(crate) code: String,
    pub(crate) text: Text,
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Occurrence {
    pub(crate) line: u64,
    pub(crate) at_s: String,
    /// `device-event`, `fault`, `tripped`, `halt`, `refused`, `armed`, `lost`, `late`, `answer`,
    /// `intervened`, `retried`, `ended`, `thinned`.
    pub(crate) kind: String,
    pub(crate) about: String,
    pub(crate) text: Text,
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Truth {
    pub(crate) device: String,
    pub(crate) line: u64,
    pub(crate) text: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Digests {
    pub(crate) plan_sha256: String,
    pub(crate) record: Vec<FileDigest>,
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Software {
    /// That performed the run.
    pub(crate) run: Option<String>,
    /// That computed the findings.
    pub(crate) judge: String,
    /// That wrote this report.
    pub(crate) report: String,
    pub(crate) host: Option<String>,
}
