//! Many runs of one suite, result by result: where a value is going.

use crate::compare::{Outcome, margin, named, of_finding, rows};
use crate::stats::linear::line;
use crate::stats::student;
use certbench_model::{Accept, Findings, Text, Unit};
use serde::Serialize;

/// The course of one result.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trend {
    /// `case/measure`, with a subject `case/measure/row`.
    pub id: String,
    /// What it is called.
    pub title: Text,
    /// Unit of the values; `1` for a share.
    pub unit: Unit,
    /// When (days, or the number of the run) and what, unrounded.
    pub points: Vec<[f64; 2]>,
    /// Change of the value for each day or run, by least squares; `None` for fewer than three points.
    pub slope: Option<f64>,
    /// 95 % interval of the slope, from the scatter about the line (Student's t).
    pub interval: Option<[f64; 2]>,
    /// At this slope the limit is reached so many days or runs after the last one.
    pub reaches_limit_in: Option<f64>,
    /// In a word: `worse` is significantly towards the limit, or away from it outside.
    pub outcome: Outcome,
}

/// Every result of the last run, over all runs that have it: `(day or number, findings)` in order.
#[must_use]
pub fn trends(runs: &[(f64, &Findings)]) -> Vec<Trend> {
    let Some((_, last)) = runs.last() else {
        return Vec::new();
    };
    let of_last = rows(last);
    let trends = of_last.iter().filter_map(|(id, finding)| {
        let unit = of_finding(finding)?.unit;
        let point = |(at, findings): &(f64, &Findings)| {
            let all = rows(findings);
            let (_, f) = all.into_iter().find(|(i, _)| i == id)?;
            let (value, _) = of_finding(f)?.to(unit)?;
            Some([*at, value])
        };
        let points: Vec<[f64; 2]> = runs.iter().filter_map(point).collect();
        Some(trend(id, named(finding), unit, points, &finding.accept))
    });
    trends.collect()
}

fn trend(
    id: &str,
    title: Text,
    unit: Unit,
    points: Vec<[f64; 2]>,
    accept: &Option<Accept>,
) -> Trend {
    let pairs: Vec<(f64, f64)> = points.iter().map(|[x, y]| (*x, *y)).collect();
    let fit = line(&pairs).filter(|fit| fit.nu > 0);
    let slope = fit.as_ref().and_then(|f| f.coefficients.get(1).copied());
    let interval = fit.as_ref().and_then(|f| {
        let half = student::quantile(0.975, f.nu as f64)? * f.uncertainties.get(1)?;
        Some([slope? - half, slope? + half])
    });
    let last = points.last().map_or(f64::NAN, |[_, y]| *y);
    // Which way the margin goes when the value grows a little.
    let now = margin(accept, last, unit);
    let toward = slope.zip(now).and_then(|(slope, now)| {
        let step = slope.signum() * last.abs().max(1.0) * 1e-9;
        Some(margin(accept, last + step, unit)? - now)
    });
    let significant = interval.is_some_and(|[low, high]| low > 0.0 || high < 0.0);
    let outcome = match (interval, toward) {
        (None, _) => Outcome::Unknown,
        (Some(_), _) if !significant => Outcome::Same,
        (Some(_), Some(change)) if change < 0.0 => Outcome::Worse,
        (Some(_), Some(change)) if change > 0.0 => Outcome::Better,
        _ => Outcome::Changed,
    };
    let reaches_limit_in = match (outcome, slope, now) {
        (Outcome::Worse, Some(slope), Some(now)) if now > 0.0 => Some(now / slope.abs()),
        _ => None,
    };
    Trend {
        id: id.to_string(),
        title,
        unit,
        points,
        slope,
        interval,
        reaches_limit_in,
        outcome,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use certbench_model::Compare;
    use certbench_model::measure::SetBy;

    fn at_most(limit: &str) -> Option<Accept> {
        Some(Accept {
            compare: Compare::Estimate,
            at_least: None,
            at_most: Some(limit.parse().unwrap()),
            set_by: SetBy::Suite,
            origin: None,
        })
    }

    fn of(values: &[f64], accept: &Option<Accept>) -> Trend {
        let points = values.iter().enumerate().map(|(i, y)| [i as f64, *y]);
        let unit = Unit::parse("mm").unwrap();
        trend("c/m", Text::same("m"), unit, points.collect(), accept)
    }

    #[test]
    fn a_value_that_creeps_to_its_limit_is_seen_before_it_is_there() {
        let trend = of(&[1.00, 1.11, 1.19, 1.30, 1.41], &at_most("2 mm"));
        assert_eq!(trend.outcome, Outcome::Worse);
        let slope = trend.slope.unwrap();
        assert!((slope - 0.101).abs() < 1e-9, "{slope}");
        // 0.101 -+ t u, t = 3.182446 for 3 degrees of freedom, u = 0.003 (by hand).
        let [low, high] = trend.interval.unwrap();
        assert!(
            (low - 0.0914527).abs() < 1e-6 && (high - 0.1105473).abs() < 1e-6,
            "{low} {high}"
        );
        assert!((trend.reaches_limit_in.unwrap() - 0.59 / 0.101).abs() < 1e-6);
        assert_eq!(
            of(&[1.41, 1.30, 1.19, 1.11, 1.00], &at_most("2 mm")).outcome,
            Outcome::Better
        );
        assert_eq!(
            of(&[1.00, 1.11, 1.19, 1.30, 1.41], &None).outcome,
            Outcome::Changed
        );
    }

    #[test]
    fn scatter_is_no_trend_and_two_points_are_none() {
        assert_eq!(
            of(&[1.0, 1.3, 0.9, 1.2, 1.0], &at_most("2 mm")).outcome,
            Outcome::Same
        );
        let two = of(&[1.0, 1.5], &at_most("2 mm"));
        assert_eq!((two.outcome, two.interval), (Outcome::Unknown, None));
    }
}
