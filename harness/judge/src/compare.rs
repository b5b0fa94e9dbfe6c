//! Two runs of one suite, result by result: the change, its uncertainty, and whether it is more than
//! that.

use crate::paired::Pairs;
use crate::stats::binomial::Count;
use crate::stats::rates::fisher;
use certbench_model::finding::{CaseFindings, Proportion, Value};
use certbench_model::{Accept, Finding, Findings, Text, Unit, Verdict};
use serde::Serialize;
use std::collections::BTreeMap;

/// What became of one result.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// `case/measure`, with a subject `case/measure/row`.
    pub id: String,
    /// What it is called.
    pub title: Text,
    /// Verdicts of the first and the second run; `None` where the run has no such result.
    pub verdicts: [Option<Verdict>; 2],
    /// Values of both, unrounded, in `unit`.
    pub values: Option<[f64; 2]>,
    /// Unit of values, difference and margins; `1` for a share.
    pub unit: Option<Unit>,
    /// The change with its doubt.
    pub difference: Option<Difference>,
    /// Distance to the nearest limit, positive inside, of both.
    pub margins: Option<[f64; 2]>,
    /// In a word.
    pub outcome: Outcome,
}

/// A difference of two results.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// Second minus first.
    pub value: f64,
    /// Interval of the difference: +- U with k = 2 for a quantity, Newcombe's for a share.
    pub interval: [f64; 2],
    /// Whether the interval leaves out zero.
    pub significant: bool,
    /// `E_n` (ISO 13528:2022, 9.7): the difference over the root of the sum of the squared expanded
    /// uncertainties; for quantities.
    pub e_n: Option<f64>,
    /// Two-sided p of Fisher's exact test; for shares.
    pub fisher_p: Option<f64>,
    /// The same trials pair by pair, where that was asked for; for shares.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paired: Option<Pairs>,
}

impl Rates {
    /// Whether it needs the trials of both runs in pairs.
    pub fn paired(self) -> bool {
        matches!(self, Rates::McNemar | Rates::McNemarMidP)
    }
}

/// What says whether two shares differ. Fisher's test and Newcombe's interval can disagree at 5 %: one
/// of them is chosen before the test, and both are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rates {
    /// Newcombe's interval, at the confidence of the results, leaves out zero.
    #[default]
    Newcombe,
    /// The p of Fisher's exact test is at most one minus the confidence of the results.
    Fisher,
    /// The same for McNemar's exact test, over trials that belong together in pairs.
    McNemar,
    /// The same for its mid-p.
    McNemarMidP,
}

/// A change in a word, from best to worst for a program that must decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Nothing beyond the uncertainty.
    Same,
    /// Significantly further inside the limit, or a better verdict.
    Better,
    /// Significant, and no limit says which way is better.
    Changed,
    /// Cannot be told: missing, not tested, or without uncertainty.
    Unknown,
    /// Significantly nearer to the limit or further outside, or a worse verdict.
    Worse,
}

/// Every result of either run, in the order of the first; `pairs` by id, where the rates are to be
/// compared by them. A rate without pairs cannot be told then.
pub fn compare(
    first: &Findings,
    second: &Findings,
    rates: Rates,
    pairs: &BTreeMap<String, Pairs>,
) -> Vec<Change> {
    let of_first = rows(first);
    let of_second = rows(second);
    let find = |list: &[(String, &Finding)], id: &str| -> Option<usize> {
        list.iter().position(|(i, _)| i == id)
    };
    let mut changes = Vec::new();
    for (id, a) in &of_first {
        let b = find(&of_second, id)
            .and_then(|i| of_second.get(i))
            .map(|(_, f)| *f);
        changes.push(change(id, Some(a), b, (rates, pairs.get(id))));
    }
    for (id, b) in &of_second {
        if find(&of_first, id).is_none() {
            changes.push(change(id, None, Some(b), (rates, None)));
        }
    }
    changes
}

/// Every result by its id.
pub(crate) fn rows(findings: &Findings) -> Vec<(String, &Finding)> {
    let id = |case: &CaseFindings, f: &Finding| match &f.subject {
        None => format!("{}/{}", case.case, f.measure),
        Some(subject) => format!("{}/{}/{}", case.case, f.measure, subject.id),
    };
    findings.all().map(|(c, f)| (id(c, f), f)).collect()
}

/// What a result is called, with its row.
pub(crate) fn named(f: &Finding) -> Text {
    match &f.subject {
        None => f.title.clone(),
        Some(s) => Text::new(
            format!("{}: {}", f.title.en, s.title.en),
            format!("{}：{}", f.title.zh, s.title.zh),
        ),
    }
}

fn change(
    id: &str,
    a: Option<&Finding>,
    b: Option<&Finding>,
    (rates, pairs): (Rates, Option<&Pairs>),
) -> Change {
    let mut change = Change {
        id: id.to_string(),
        title: b.or(a).map_or_else(|| Text::same(id), named),
        verdicts: [a.map(|f| f.verdict), b.map(|f| f.verdict)],
        values: None,
        unit: None,
        difference: None,
        margins: None,
        outcome: Outcome::Unknown,
    };
    let (Some(a), Some(b)) = (a, b) else {
        return change;
    };
    if a.metric != b.metric {
        return change;
    }
    match (&a.result, &b.result) {
        (Some(Value::Quantity(x)), Some(Value::Quantity(y))) => {
            let Ok(first) = x.unit.convert(x.value, y.unit) else {
                return change;
            };
            change.values = Some([first, y.value]);
            change.unit = Some(y.unit);
            let here = |u: Option<f64>| x.unit.convert_difference(u?, y.unit).ok();
            if let (Some(u), Some(v)) = (here(x.u_expanded), y.u_expanded) {
                let [k, l] = [x.k, y.k].map(|k| k.unwrap_or(2.0));
                change.difference = Some(of_quantities([first, y.value], [u, v], [k, l]));
            }
        }
        (Some(Value::Proportion(x)), Some(Value::Proportion(y)))
            if x.confidence == y.confidence =>
        {
            change.values = Some([share(x), share(y)]);
            change.unit = Some(Unit::one());
            if !rates.paired() || pairs.is_some() {
                change.difference = Some(of_shares(x, y, rates, pairs.copied()));
            }
        }
        _ => {}
    }
    if let (Some([x, y]), Some(unit)) = (change.values, change.unit)
        && let (Some(m), Some(n)) = (margin(&a.accept, x, unit), margin(&b.accept, y, unit))
    {
        change.margins = Some([m, n]);
    }
    change.outcome = outcome(&change);
    change
}

/// The difference of two quantities that were measured independently, k = 2 (JCGM 100:2008, 5.1.2).
/// What both have in common (one certificate) is counted twice: the interval is too wide, never too
/// narrow.
pub fn of_quantities(values: [f64; 2], expanded: [f64; 2], k: [f64; 2]) -> Difference {
    let value = values[1] - values[0];
    let u = 2.0 * (expanded[0] / k[0]).hypot(expanded[1] / k[1]);
    let root = expanded[0].hypot(expanded[1]);
    Difference {
        value,
        interval: [value - u, value + u],
        significant: value.abs() > u,
        e_n: (root > 0.0).then(|| value / root),
        fisher_p: None,
        paired: None,
    }
}

/// The difference of two shares with the interval of R. G. Newcombe, "Interval estimation for the
/// difference between independent proportions", Statistics in Medicine 17 (1998), method 10: from the
/// Wilson intervals of both; the p of Fisher's exact test; and what their pairs say, if there are any.
pub fn of_shares(a: &Proportion, b: &Proportion, rates: Rates, pairs: Option<Pairs>) -> Difference {
    let (p, q) = (share(a), share(b));
    let value = q - p;
    let low = value - (q - b.wilson[0]).hypot(a.wilson[1] - p);
    let high = value + (b.wilson[1] - q).hypot(p - a.wilson[0]);
    let count = |p: &Proportion| Count::new(u64::from(p.k), u64::from(p.n));
    let fisher_p = count(a).zip(count(b)).map(|(a, b)| fisher(a, b));
    let small = |p: Option<f64>| p.is_some_and(|p| p <= 1.0 - a.confidence);
    // Trials in no pair may pull the rates the other way: then nothing is said.
    let pairs_agree = pairs.is_some_and(|p| (p.only_second > p.only_first) == (value > 0.0));
    Difference {
        value,
        interval: [low, high],
        significant: match rates {
            Rates::Newcombe => low > 0.0 || high < 0.0,
            Rates::Fisher => small(fisher_p),
            Rates::McNemar => small(pairs.map(|p| p.exact_p)) && pairs_agree,
            Rates::McNemarMidP => small(pairs.map(|p| p.mid_p)) && pairs_agree,
        },
        e_n: None,
        fisher_p,
        paired: pairs,
    }
}

fn share(p: &Proportion) -> f64 {
    f64::from(p.k) / f64::from(p.n.max(1))
}

/// A number with its doubt, of a quantity or a share.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Number {
    /// Value.
    value: f64,
    /// Expanded uncertainty with k = 2; a share has an interval instead.
    u: Option<f64>,
    /// Unit of both.
    pub(crate) unit: Unit,
}

impl Number {
    /// Value and expanded uncertainty in another unit; `None` when that is of another dimension.
    pub(crate) fn to(self, unit: Unit) -> Option<(f64, Option<f64>)> {
        let value = self.unit.convert(self.value, unit).ok()?;
        let u = self
            .u
            .and_then(|u| self.unit.convert_difference(u, unit).ok());
        Some((value, u))
    }
}

/// The number of a finding that has one.
pub(crate) fn of_finding(f: &Finding) -> Option<Number> {
    match f.result.as_ref()? {
        Value::Quantity(m) => Some(Number {
            value: m.value,
            u: m.u_expanded.map(|u| 2.0 * u / m.k.unwrap_or(2.0)),
            unit: m.unit,
        }),
        Value::Proportion(p) => Some(Number {
            value: share(p),
            u: None,
            unit: Unit::one(),
        }),
        Value::Attribute { .. } | Value::Inspection { .. } => None,
    }
}

/// Distance to the nearest limit, positive inside.
pub(crate) fn margin(accept: &Option<Accept>, value: f64, unit: Unit) -> Option<f64> {
    let accept = accept.as_ref()?;
    let below = accept
        .at_most
        .and_then(|q| q.to(unit).ok())
        .map(|limit| limit - value);
    let above = accept
        .at_least
        .and_then(|q| q.to(unit).ok())
        .map(|limit| value - limit);
    match (below, above) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

fn outcome(change: &Change) -> Outcome {
    let judged = |v: Option<Verdict>| v.filter(|v| *v != Verdict::NotTested);
    let verdicts = change.verdicts.map(judged);
    let significant = change.difference.is_some_and(|d| d.significant);
    match (verdicts, change.margins) {
        ([Some(a), Some(b)], _) if b > a => Outcome::Worse,
        ([Some(a), Some(b)], _) if b < a => Outcome::Better,
        // One of them was judged, the other not.
        ([Some(_), None] | [None, Some(_)], _) => Outcome::Unknown,
        (_, Some([m, n])) if significant && n < m => Outcome::Worse,
        (_, Some([m, n])) if significant && n > m => Outcome::Better,
        _ if significant => Outcome::Changed,
        ([Some(_), Some(_)], _) => Outcome::Same,
        _ if change.difference.is_some() => Outcome::Same,
        _ => Outcome::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proportion(k: u32, n: u32, wilson: [f64; 2]) -> Proportion {
        Proportion {
            k,
            n,
            confidence: 0.95,
            interval: wilson,
            lower: wilson[0],
            upper: wilson[1],
            wilson,
        }
    }

    /// Eight pairs in which only the first run succeeded; its other trials failed, those of the second did
    /// not.
    #[test]
    fn pairs_against_the_rates_say_nothing() {
        let pairs = Pairs {
            both: 2,
            only_first: 8,
            only_second: 0,
            neither: 0,
            left_out: 20,
            exact_p: 0.007_812_5,
            mid_p: 0.003_906_25,
        };
        let (less, more) = (
            proportion(10, 20, [0.30, 0.70]),
            proportion(12, 20, [0.39, 0.78]),
        );
        let of = |a, b| of_shares(a, b, Rates::McNemar, Some(pairs)).significant;
        assert!(!of(&less, &more));
        assert!(of(&more, &less), "and with them they do");
    }

    /// The score interval of E. B. Wilson (1927), 95 %, written anew for this test.
    fn wilson(k: u32, n: u32) -> [f64; 2] {
        let (p, n, z) = (
            f64::from(k) / f64::from(n),
            f64::from(n),
            1.959_963_984_540_054_f64,
        );
        let middle = (2.0 * n * p + z * z) / (2.0 * (n + z * z));
        let half = z * (z * z + 4.0 * n * p * (1.0 - p)).sqrt() / (2.0 * (n + z * z));
        [middle - half, middle + half]
    }

    #[test]
    fn shares_differ_as_newcombe_prints() {
        // Newcombe 1998, table II, method 10: the differences (a) 56/70 - 48/80 and (d) 5/56 - 0/29.
        for (a, b, printed) in [
            ((48, 80), (56, 70), [0.0524, 0.3339]),
            ((0, 29), (5, 56), [-0.0381, 0.1926]),
        ] {
            let first = proportion(a.0, a.1, wilson(a.0, a.1));
            let second = proportion(b.0, b.1, wilson(b.0, b.1));
            let d = of_shares(&first, &second, Rates::Newcombe, None);
            for (x, y) in d.interval.iter().zip(printed) {
                assert!(
                    (x - y).abs() < 5.1e-5,
                    "{:?} is not {printed:?}",
                    d.interval
                );
            }
            assert_eq!(d.significant, printed[0] > 0.0);
        }
    }

    #[test]
    fn fisher_and_newcombe_can_disagree() {
        // Two hands with 46 and 38 of 50: p = 0.053765, the difference is 0.014532 to 0.302609.
        let first = proportion(38, 50, wilson(38, 50));
        let second = proportion(46, 50, wilson(46, 50));
        let by = |rates| of_shares(&first, &second, rates, None);
        assert!(by(Rates::Newcombe).significant && !by(Rates::Fisher).significant);
        assert!((by(Rates::Fisher).fisher_p.unwrap() - 0.053765).abs() < 5e-7);
        assert!((by(Rates::Newcombe).interval[0] - 0.014532).abs() < 5e-7);
    }

    #[test]
    fn a_change_within_its_uncertainty_is_none() {
        let d = of_quantities([10.0, 10.4], [0.3, 0.4], [2.0, 2.0]);
        assert!((d.interval[1] - 0.9).abs() < 1e-12 && !d.significant);
        assert!((d.e_n.unwrap() - 0.8).abs() < 1e-12);
        assert!(of_quantities([10.0, 10.6], [0.3, 0.4], [2.0, 2.0]).significant);
        // A coverage factor of 3 makes the same U a smaller u.
        assert!(of_quantities([10.0, 10.4], [0.3, 0.4], [3.0, 3.0]).significant);
    }
}
