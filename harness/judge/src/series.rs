//! Two runs of one suite, value by value: whether what a measure saw in its windows or trials (peaks,
//! strengths, times, means) comes from one distribution in both.
//!
//! NIST SP 1227 (draft) compares two hands so. The tests hold scatter against scatter: what the
//! instruments of the two runs did differently, they take for a difference of the items.

use crate::case;
use crate::measure::{Answer, compute};
use crate::reason::because;
use crate::run::reading;
use crate::stats::compare::{kolmogorov_smirnov, mann_whitney, welch};
use crate::stats::summary::Summary;
use crate::vocabulary;
use certbench_model::finding::{Reason, Value};
use certbench_model::{Measure, Recorded, Text, Unit};
use serde::Serialize;

/// The values behind one result of two runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Differing {
    /// `case/measure`, with a subject `case/measure/row`.
    pub id: String,
    /// What it is called.
    pub title: Text,
    /// Unit of the values.
    pub unit: Unit,
    /// Of the first and the second run; `None`: they cannot be compared.
    pub series: Option<[Series; 2]>,
    /// Kolmogorov-Smirnov, Welch, Mann-Whitney, as far as each can be computed.
    pub tests: Vec<Compared>,
    /// Why they cannot be compared.
    pub reasons: Vec<Reason>,
}

/// The values of one run in short.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Series {
    /// Values.
    pub n: usize,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation, divisor n - 1; `None` of a single value.
    pub s: Option<f64>,
    /// The tolerance bound of the measure, where it has one.
    pub bound: Option<f64>,
}

/// What one test says of two series.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Compared {
    /// Which.
    pub test: Test,
    /// D, t or U of the first series.
    pub statistic: f64,
    /// Two-sided p: how often series of one distribution differ as much or more.
    pub p: f64,
    /// Smallest p that series of these lengths can have, without ties.
    pub least_p: f64,
    /// What it takes for granted.
    pub assumes: Text,
}

impl Compared {
    /// Whether the values differ at a level of p; `None`: they are too few to show it, however they lie.
    #[must_use]
    pub fn differs(&self, level: f64) -> Option<bool> {
        let differs = self.p <= level;
        (differs || self.least_p <= level).then_some(differs)
    }
}

/// A test of two series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Test {
    /// Of the whole distributions, exact.
    KolmogorovSmirnov,
    /// Of the means.
    Welch,
    /// Of which series tends to be larger.
    MannWhitney,
}

/// Every result of either run that has values behind it, held against the other run's. Both must be of one
/// version of one suite; the caller sees to it.
pub fn differences(first: &dyn Recorded, second: &dyn Recorded) -> Vec<Differing> {
    let mut others = of_run(second);
    let held = |seen: Seen| {
        let other = others.iter().position(|o| o.id == seen.id);
        differing(seen, other.map(|i| others.remove(i)))
    };
    let mut all: Vec<Differing> = of_run(first).into_iter().map(held).collect();
    all.extend(others.into_iter().map(|other| {
        let why = because(
            "no-input",
            "The first run has no such values",
            "第一次运行没有此类数值",
        );
        unlike(other, why)
    }));
    all
}

/// What a measure saw in one run.
struct Seen {
    id: String,
    title: Text,
    /// The measure without what identifies it, so that it can be held against another run's.
    measure: Measure,
    unit: Unit,
    values: Result<(Vec<f64>, Option<f64>), Vec<Reason>>,
}

fn of_run(run: &dyn Recorded) -> Vec<Seen> {
    let metrics = vocabulary::vocabulary();
    reading(run, |reader, course| {
        let mut all = Vec::new();
        for case in &reader.plan.cases {
            let Some(performed) = course.cases.get(case.id.as_str()) else {
                continue;
            };
            let spoiled = case::spoiled(reader, case, performed);
            for metric in &metrics {
                case::rows_of(reader, metric, case, performed, |measure, subject, task| {
                    let answer = compute(task);
                    let Some(Value::Quantity(measured)) = &answer.value else {
                        return;
                    };
                    let (unit, bound) = (measured.unit, measured.bound);
                    let (mut id, mut title) =
                        (format!("{}/{}", case.id, measure.id), measure.title.clone());
                    if let Some(subject) = subject {
                        id = format!("{id}/{}", subject.id);
                        title = subject.title.clone();
                    }
                    if !answer.each.is_empty() {
                        all.push(Seen {
                            id,
                            title,
                            measure: measure.clone(),
                            unit,
                            values: sound(answer, &spoiled).map(|values| (values, bound)),
                        });
                    }
                });
            }
        }
        all
    })
}

/// The values, unless something speaks against them.
fn sound(answer: Answer, spoiled: &[Reason]) -> Result<Vec<f64>, Vec<Reason>> {
    let mut reasons = spoiled.to_vec();
    // A bound of a value is no value, whatever it is worth for a limit.
    let mut notes = answer.notes.into_vec().into_iter();
    reasons.extend(answer.doubts.into_vec());
    reasons.extend(notes.find(|note| note.code == "censored"));
    match reasons.is_empty() {
        true => Ok(answer.each),
        false => Err(reasons),
    }
}

/// What cannot be compared.
fn unlike(seen: Seen, why: Reason) -> Differing {
    Differing {
        id: seen.id,
        title: seen.title,
        unit: seen.unit,
        series: None,
        tests: Vec::new(),
        reasons: vec![why],
    }
}

fn differing(seen: Seen, other: Option<Seen>) -> Differing {
    let Some(other) = other else {
        let why = because(
            "no-input",
            "The second run has no such values",
            "第二次运行没有此类数值",
        );
        return unlike(seen, why);
    };
    let mut differing = Differing {
        id: seen.id,
        title: seen.title,
        unit: seen.unit,
        series: None,
        tests: Vec::new(),
        reasons: Vec::new(),
    };
    let limitless = |measure: &Measure| Measure {
        accept: None,
        ..measure.clone()
    };
    if limitless(&seen.measure) != limitless(&other.measure) || seen.unit != other.unit {
        differing.reasons.push(because(
            "other-measure",
            "The measure is another one in the second run: its windows, channels or parameters differ",
            "第二次运行的测量不同：窗口、通道或参数有别",
        ));
    }
    match (seen.values, other.values) {
        (Ok((a, bound)), Ok((b, other_bound))) if differing.reasons.is_empty() => {
            let short = |values: &[f64], bound| {
                let summary = Summary::of(values)?;
                Some(Series {
                    n: summary.n,
                    mean: summary.mean,
                    s: summary.s,
                    bound,
                })
            };
            differing.series = short(&a, bound)
                .zip(short(&b, other_bound))
                .map(|(a, b)| [a, b]);
            differing.tests = tests(&a, &b);
        }
        (a, b) => {
            // What spoils both runs alike is said once.
            for reason in a.err().into_iter().chain(b.err()).flatten() {
                if !differing.reasons.contains(&reason) {
                    differing.reasons.push(reason);
                }
            }
        }
    }
    differing
}

/// All tests that can be computed.
fn tests(a: &[f64], b: &[f64]) -> Vec<Compared> {
    let all = [
        (
            Test::KolmogorovSmirnov,
            kolmogorov_smirnov(a, b),
            Text::new(
                "independent values of any distribution; exact without ties, and on the safe side with them",
                "数值相互独立，分布不限；无结时精确，有结时偏保守",
            ),
        ),
        (
            Test::Welch,
            welch(a, b),
            Text::new(
                "independent values, normal or many; the variances may differ",
                "数值相互独立，服从正态分布或数量较多；方差可不同",
            ),
        ),
        (
            Test::MannWhitney,
            mann_whitney(a, b),
            Text::new(
                "independent values; its p by a normal approximation, for eight or more a side",
                "数值相互独立；p 值采用正态近似，每组宜不少于八个",
            ),
        ),
    ];
    let told = all.into_iter().filter_map(|(test, seen, assumes)| {
        let seen = seen?;
        Some(Compared {
            test,
            statistic: seen.statistic,
            p: seen.p,
            least_p: seen.least_p,
            assumes,
        })
    });
    told.collect()
}
