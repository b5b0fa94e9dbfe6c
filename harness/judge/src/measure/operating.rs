//! The operating characteristic of a plan: how often it accepts, over the true rate.

use super::success::proportion;
use super::unit;
use crate::figure;
use crate::stats::Confidence;
use crate::stats::binomial::{Count, acceptance_probability};
use crate::stats::root::bisect;
use crate::verdict;
use certbench_model::figure::{Figure, FigureKind, Level};
use certbench_model::{Accept, Measure, Text, Verdict};

/// Points of the curve.
const POINTS: u32 = 200;
/// Where the curve begins: below it nearly nothing is accepted, beyond it nearly everything.
const NEARLY_NONE: f64 = 0.001;

/// Probability of a pass over the true rate, for `trials` independent trials with one rate under the
/// measure's own limit and rule, with the limit marked. `None` without a limit on one side, or when no
/// count could pass.
pub(super) fn curve(measure: &Measure, trials: u64, confidence: Confidence) -> Option<Figure> {
    let accept = measure.accept.as_ref()?;
    let (limit, at_least) = match (accept.at_least, accept.at_most) {
        (Some(limit), None) => (limit, true),
        (None, Some(limit)) => (limit, false),
        _ => return None,
    };
    let limit = limit.to(certbench_model::Unit::one()).ok()?;
    // Against an upper limit successes are what may not be many.
    let allowed = most_allowed(measure, accept, trials, confidence, at_least)?;
    let accepted = |rate: f64| {
        let good = if at_least { rate } else { 1.0 - rate };
        acceptance_probability(trials, allowed, good)
    };
    let edge = |p: f64| {
        bisect(0.0, 1.0, p, |good| {
            acceptance_probability(trials, allowed, good)
        })
    };
    let worst = edge(NEARLY_NONE).min(if at_least { limit } else { 1.0 - limit });
    let points = (0..=POINTS).map(|i| {
        let good = worst + (1.0 - worst) * f64::from(i) / f64::from(POINTS);
        let rate = if at_least { good } else { 1.0 - good };
        [100.0 * rate, 100.0 * accepted(rate)]
    });
    let title = match at_least {
        true => Text::new(
            format!(
                "Operating characteristic: a pass needs at most {allowed} of {trials} trials without success"
            ),
            format!("抽样特性曲线：{trials} 次试验中至多 {allowed} 次不成功方可通过"),
        ),
        false => Text::new(
            format!(
                "Operating characteristic: a pass needs at most {allowed} of {trials} trials with success"
            ),
            format!("抽样特性曲线：{trials} 次试验中至多 {allowed} 次成功方可通过"),
        ),
    };
    let mut figure = figure::figure(
        FigureKind::Curve,
        title,
        figure::axis(Text::new("True rate of success", "真实成功率"), unit("%")),
        figure::axis(Text::new("Probability of a pass", "通过概率"), unit("%")),
        vec![figure::series(
            Text::new(
                "this plan, for independent trials with one rate",
                "本抽样方案（试验独立且成功率相同）",
            ),
            points.collect(),
        )],
    );
    figure.limits.push(Level {
        name: Text::new(
            "probability of a pass for a rate exactly at the limit",
            "真实成功率恰为限值时的通过概率",
        ),
        at: 100.0 * accepted(limit),
    });
    figure.events.push(Level {
        name: Text::new("limit of the rate", "成功率限值"),
        at: 100.0 * limit,
    });
    Some(figure)
}

/// The largest count of what is not wanted with which the rule still says pass.
fn most_allowed(
    measure: &Measure,
    accept: &Accept,
    trials: u64,
    confidence: Confidence,
    at_least: bool,
) -> Option<u64> {
    let passes = |unwanted: u64| {
        let successes = if at_least {
            trials - unwanted
        } else {
            unwanted
        };
        let count = Count::new(successes, trials)?;
        let subject = verdict::of_proportion(&proportion(count, confidence), accept.compare);
        let (_, verdict) = verdict::decide(subject, accept, measure.rule).ok()?;
        Some(verdict == Verdict::Pass)
    };
    passes(0)?.then_some(())?;
    let (mut most, mut too_many) = (0, trials + 1);
    while too_many - most > 1 {
        let middle = most + (too_many - most) / 2;
        match passes(middle)? {
            true => most = middle,
            false => too_many = middle,
        }
    }
    Some(most)
}
