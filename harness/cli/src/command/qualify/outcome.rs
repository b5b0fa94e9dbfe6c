//! What a suite said of a device, held against what it should have said.

use super::population::{Expect, Group};
use certbench_model::finding::{Finding, Reason, Value};
use certbench_model::{Findings, Verdict};
use serde::Serialize;
use std::collections::BTreeSet;

/// Reasons that follow from another, and remarks that cost no verdict.
const CONSEQUENCES: [&str; 11] = [
    "n-below-plan",
    "no-number",
    "no-limit",
    "input-not-tested",
    "censored",
    "instrument-error-common",
    "trial-cut",
    "window-cut",
    "faulted",
    "angles-without-uncertainty",
    "iso9283-condition",
];

/// How a device fared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Outcome {
    /// As it should: a good one passed, a bad one was caught, for the right reason.
    Right,
    /// A bad one passed.
    Missed,
    /// The verdict is right, and its reason is not.
    WrongReason,
    /// Another verdict: a good one failed, nothing was said of it, or there is no truth to hold it
    /// against.
    Otherwise,
}

/// A device that was tried.
#[derive(Debug, Serialize)]
pub(super) struct Tried {
    /// Its group.
    pub(super) group: String,
    /// Its number in it, from 1.
    pub(super) number: usize,
    /// What the suite said.
    pub(super) verdict: Verdict,
    /// Measures that missed their limits.
    pub(super) measures: BTreeSet<String>,
    /// Codes of what was in the way.
    pub(super) codes: BTreeSet<String>,
    /// How it fared.
    pub(super) outcome: Outcome,
    /// Held against its twin, finding by finding, where it has one.
    pub(super) compared: Vec<Compared>,
}

/// A finding beside the true value.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Compared {
    /// Measure.
    pub(super) measure: String,
    /// Row, if it has rows.
    pub(super) row: Option<String>,
    /// Its verdict.
    pub(super) verdict: Verdict,
    /// What was measured.
    pub(super) measured: f64,
    /// What is true.
    pub(super) truth: f64,
    /// Whether what is true is inside the limit.
    pub(super) inside: bool,
}

impl Tried {
    /// Judges what a suite said.
    pub(super) fn of(
        group: &Group,
        number: usize,
        said: &Findings,
        twin: Option<&Findings>,
    ) -> Tried {
        let (measures, reasons) = (missed(said), reasons(said));
        let compared = twin.map(|twin| compared(said, twin)).unwrap_or_default();
        let outcome = match outcome(group, said.verdict, &measures, &reasons) {
            Outcome::Right if group.expect == Expect::Truth && compared.is_empty() => {
                Outcome::Otherwise
            }
            outcome => outcome,
        };
        Tried {
            group: group.id.clone(),
            number,
            verdict: said.verdict,
            measures,
            codes: reasons.iter().map(|reason| reason.code.clone()).collect(),
            outcome,
            compared,
        }
    }

    /// In a few words: `fail (droop)`.
    pub(super) fn said(&self) -> String {
        let word = match self.verdict {
            Verdict::Pass => "pass",
            Verdict::ConditionalPass => "conditional pass",
            Verdict::NotTested => "not tested",
            Verdict::ConditionalFail => "conditional fail",
            Verdict::Fail => "fail",
        };
        let fails = matches!(self.verdict, Verdict::Fail | Verdict::ConditionalFail);
        let why = if fails && !self.measures.is_empty() {
            &self.measures
        } else {
            &self.codes
        };
        if why.is_empty() || matches!(self.verdict, Verdict::Pass | Verdict::ConditionalPass) {
            return word.to_owned();
        }
        let consequence = |code: &&str| CONSEQUENCES.contains(code);
        let why: Vec<&str> = why.iter().map(String::as_str).collect();
        let causes: Vec<&str> = why.iter().filter(|c| !consequence(c)).copied().collect();
        let why = if causes.is_empty() { why } else { causes };
        format!("{word} ({})", why.join(", "))
    }
}

/// The measures that missed their limits.
fn missed(said: &Findings) -> BTreeSet<String> {
    let fails = |f: &&Finding| matches!(f.verdict, Verdict::Fail | Verdict::ConditionalFail);
    let all = said.all().map(|(_, finding)| finding);
    all.filter(fails).map(|f| f.measure.clone()).collect()
}

/// What was in the way of a verdict, or made a whole case fail.
fn reasons(said: &Findings) -> Vec<&Reason> {
    let mut reasons: Vec<&Reason> = said.reasons.iter().collect();
    for case in said.cases.iter().filter(|case| !is_pass(case.verdict)) {
        reasons.extend(&case.reasons);
        let untested = case
            .findings
            .iter()
            .filter(|f| f.verdict == Verdict::NotTested);
        reasons.extend(untested.flat_map(|f| &f.reasons));
    }
    reasons
}

fn is_pass(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Pass | Verdict::ConditionalPass)
}

fn outcome(
    group: &Group,
    verdict: Verdict,
    measures: &BTreeSet<String>,
    reasons: &[&Reason],
) -> Outcome {
    if !group.expect.met_by(verdict) {
        let faulty = !matches!(group.expect, Expect::Pass | Expect::Truth);
        return if faulty && is_pass(verdict) {
            Outcome::Missed
        } else {
            Outcome::Otherwise
        };
    }
    if matches!(group.expect, Expect::Pass | Expect::Truth) {
        return Outcome::Right;
    }
    let named = |id: &String| group.because.contains(id);
    let reason = group
        .because
        .iter()
        .any(|because| reasons.iter().any(|r| is(r, because)));
    let right = match (group.expect, measures.is_empty()) {
        (Expect::Fail, false) => {
            let allowed = |id: &String| named(id) || group.also.contains(id);
            (reason || measures.iter().any(named)) && measures.iter().all(allowed)
        }
        _ => reason,
    };
    if right {
        Outcome::Right
    } else {
        Outcome::WrongReason
    }
}

/// Whether a reason is the one that is named: its code, or `code: words` where its text has the words.
fn is(reason: &Reason, named: &str) -> bool {
    match named.split_once(": ") {
        Some((code, words)) => reason.code == code && reason.text.en.contains(words),
        None => reason.code == named,
    }
}

/// Every finding with a limit beside the same one of the twin, where both have a value.
fn compared(said: &Findings, twin: &Findings) -> Vec<Compared> {
    let of = |case: &str, finding: &Finding| -> Option<Compared> {
        let same = |(c, f): &(&certbench_model::finding::CaseFindings, &Finding)| {
            c.case == case
                && f.measure == finding.measure
                && f.subject.as_ref().map(|s| &s.id) == finding.subject.as_ref().map(|s| &s.id)
        };
        let (_, twin) = twin.all().find(same)?;
        let truth = value(twin)?;
        Some(Compared {
            measure: finding.measure.clone(),
            row: finding.subject.as_ref().map(|s| s.id.clone()),
            verdict: finding.verdict,
            measured: value(finding)?,
            truth,
            inside: inside(twin, truth)?,
        })
    };
    said.all()
        .filter_map(|(case, finding)| of(&case.case, finding))
        .collect()
}

/// The estimate itself, whatever is compared with the limit.
fn value(finding: &Finding) -> Option<f64> {
    match finding.result.as_ref()? {
        Value::Quantity(measured) => Some(measured.value),
        Value::Proportion(proportion) => {
            (proportion.n > 0).then(|| f64::from(proportion.k) / f64::from(proportion.n))
        }
        Value::Attribute { .. } | Value::Inspection { .. } => None,
    }
}

/// Whether a value is inside the limits of a finding.
fn inside(finding: &Finding, value: f64) -> Option<bool> {
    let accept = finding.accept.as_ref()?;
    let unit = match finding.result.as_ref()? {
        Value::Quantity(measured) => measured.unit,
        _ => certbench_model::Unit::one(),
    };
    let limit = |limit: Option<certbench_model::Quantity>| match limit {
        None => Some(None),
        Some(limit) => limit.to(unit).ok().map(Some),
    };
    let low = limit(accept.at_least)?.is_none_or(|low| value >= low);
    let high = limit(accept.at_most)?.is_none_or(|high| value <= high);
    Some(low && high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use certbench_model::Text;

    fn group(expect: &str, because: &str) -> Group {
        let text = format!(
            "{{ id: g, title: {{ en: G, zh: G }}, n: 1, expect: {expect}, because: [{because}], also: [drift] }}"
        );
        serde_saphyr::from_str(&text).unwrap()
    }

    fn tried(group: &Group, verdict: Verdict, measures: &[&str], codes: &[&str]) -> Outcome {
        let reasons: Vec<Reason> = codes
            .iter()
            .map(|code| Reason {
                code: (*code).into(),
                text: Text::new("joint 1 moves", ""),
            })
            .collect();
        let measures = measures.iter().map(ToString::to_string).collect();
        outcome(
            group,
            verdict,
            &measures,
            &reasons.iter().collect::<Vec<_>>(),
        )
    }

    #[test]
    fn a_bad_device_is_caught_only_for_the_reason_that_it_has() {
        let soft = group("fail", "droop");
        assert_eq!(tried(&soft, Verdict::Fail, &["droop"], &[]), Outcome::Right);
        assert_eq!(
            tried(&soft, Verdict::Fail, &["droop", "drift"], &[]),
            Outcome::Right
        );
        assert_eq!(
            tried(&soft, Verdict::Fail, &["drift"], &[]),
            Outcome::WrongReason
        );
        assert_eq!(
            tried(&soft, Verdict::Fail, &["droop", "category"], &[]),
            Outcome::WrongReason
        );
        assert_eq!(
            tried(&soft, Verdict::Fail, &[], &["device-event"]),
            Outcome::WrongReason
        );
        assert_eq!(tried(&soft, Verdict::Pass, &[], &[]), Outcome::Missed);
        assert_eq!(
            tried(&soft, Verdict::NotTested, &[], &["precondition"]),
            Outcome::Otherwise
        );
    }

    #[test]
    fn an_event_of_the_device_is_told_by_its_words() {
        let restarts = group("fail", "\"device-event: moves\"");
        assert_eq!(
            tried(&restarts, Verdict::Fail, &[], &["device-event"]),
            Outcome::Right
        );
        let hot = group("fail", "\"device-event: over-temperature\"");
        assert_eq!(
            tried(&hot, Verdict::Fail, &[], &["device-event"]),
            Outcome::WrongReason
        );
    }

    #[test]
    fn a_verdict_that_no_truth_stands_against_is_not_right() {
        let at_the_limit = group("truth", "");
        let nothing: Findings = serde_json::from_value(serde_json::json!({
            "format": 1, "run": "r", "plan_sha256": "", "judge": "", "verdict": "pass",
            "end": "completed", "reasons": [], "cases": [],
        }))
        .unwrap();
        let tried = Tried::of(&at_the_limit, 1, &nothing, Some(&nothing));
        assert_eq!(tried.outcome, Outcome::Otherwise);
    }

    #[test]
    fn a_good_device_that_fails_is_no_miss_but_wrong() {
        let good = group("pass", "");
        assert_eq!(tried(&good, Verdict::Pass, &[], &[]), Outcome::Right);
        assert_eq!(
            tried(&good, Verdict::Fail, &["droop"], &[]),
            Outcome::Otherwise
        );
        assert_eq!(
            tried(&good, Verdict::NotTested, &[], &["fault-link"]),
            Outcome::Otherwise
        );
    }
}
