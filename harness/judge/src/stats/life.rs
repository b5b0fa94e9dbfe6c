//! Times (or cycles) to failure, some of them censored: Kaplan and Meier's curve, and the bounds of
//! a constant failure rate.

use super::{Confidence, Interval, normal, root::bisect};
use statrs::function::gamma::gamma_lr;

/// One item or run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Life {
    /// Time or cycles survived.
    pub t: f64,
    /// Whether it failed then; otherwise the test ended first (censored).
    pub failed: bool,
}

/// A step of the survival curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Survival {
    /// When.
    pub t: f64,
    /// Items under test just before.
    pub at_risk: usize,
    /// Failures then.
    pub failures: usize,
    /// Share surviving from then on.
    pub survival: f64,
    /// Greenwood's standard error of it.
    pub standard_error: f64,
}

/// Kaplan and Meier's product-limit estimate (JASA 53, 1958), one step a time of failure:
/// `S = prod (1 - d_i / n_i)`, standard error by Greenwood `S sqrt(sum d_i / (n_i (n_i - d_i)))`.
///
/// Censored at the time of a failure counts as surviving it. Assumes that censoring says nothing of
/// life. `None` without an item, or with a time that is not a finite number above zero.
#[must_use]
pub fn kaplan_meier(lives: &[Life]) -> Option<Vec<Survival>> {
    if lives.is_empty() || !lives.iter().all(|l| l.t > 0.0 && l.t.is_finite()) {
        return None;
    }
    let mut lives = lives.to_vec();
    lives.sort_by(|a, b| a.t.total_cmp(&b.t));
    let (mut survival, mut greenwood, mut at_risk) = (1.0, 0.0, lives.len());
    let mut steps = Vec::new();
    for together in lives.chunk_by(|a, b| a.t == b.t) {
        let failures = together.iter().filter(|l| l.failed).count();
        if failures > 0 {
            let (d, n) = (failures as f64, at_risk as f64);
            survival *= 1.0 - d / n;
            greenwood += d / (n * (n - d));
            steps.push(Survival {
                t: together[0].t,
                at_risk,
                failures,
                survival,
                standard_error: if survival > 0.0 {
                    survival * f64::sqrt(greenwood)
                } else {
                    0.0
                },
            });
        }
        at_risk -= together.len();
    }
    Some(steps)
}

/// The earliest time at which no more than `share` survive; `None` when the curve never gets there.
#[must_use]
pub fn quantile(steps: &[Survival], share: f64) -> Option<f64> {
    // Products such as 0.8 · 0.75 miss the 0.6 that they mean by one unit in the last place.
    steps
        .iter()
        .find(|s| s.survival <= share + 1e-12)
        .map(|s| s.t)
}

/// Interval of one step of the curve on the scale of `ln(-ln S)`, which stays within 0 and 1
/// (Kalbfleisch and Prentice). `None` where S is 0 or 1.
#[must_use]
pub fn survival_interval(step: &Survival, confidence: Confidence) -> Option<Interval> {
    let s = step.survival;
    if !(s > 0.0 && s < 1.0) {
        return None;
    }
    let z = normal::quantile(1.0 - confidence.alpha() / 2.0);
    let spread = (z * step.standard_error / (s * s.ln().abs())).exp();
    Some(Interval {
        lower: s.powf(spread),
        upper: s.powf(1.0 / spread),
    })
}

/// How a series of failures ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// At a time fixed before (or with survivors).
    AtTime,
    /// At a failure.
    AtFailure,
}

/// Mean time between failures of a constant rate, in the unit of the exposure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mtbf {
    /// Time or cycles over all items.
    pub exposure: f64,
    /// Failures.
    pub failures: u64,
    /// `T / r`; `None` without a failure.
    pub estimate: Option<f64>,
    /// One-sided lower bound.
    pub lower: f64,
    /// Two-sided interval; its upper end is infinite without a failure.
    pub interval: Interval,
}

/// `MTBF >= 2 T / chi²(C; 2r + 2)`, with 2r when the test ended at a failure (Epstein and Sobel,
/// JASA 48, 1953). Assumes a constant failure rate: no wear-out, no early failures. `None` for an
/// exposure that is not positive, or a test that ended at a failure it does not have.
#[must_use]
pub fn mtbf(exposure: f64, failures: u64, ended: Ended, confidence: Confidence) -> Option<Mtbf> {
    let none = failures == 0;
    if !(exposure > 0.0 && exposure.is_finite()) || (none && ended == Ended::AtFailure) {
        return None;
    }
    let r = failures as f64;
    let degrees = match ended {
        Ended::AtTime => 2.0 * r + 2.0,
        Ended::AtFailure => 2.0 * r,
    };
    let (alpha, half) = (confidence.alpha(), confidence.alpha() / 2.0);
    let at = |p: f64, nu: f64| 2.0 * exposure / chi_square_quantile(p, nu);
    Some(Mtbf {
        exposure,
        failures,
        estimate: (!none).then(|| exposure / r),
        lower: at(1.0 - alpha, degrees),
        interval: Interval {
            lower: at(1.0 - half, degrees),
            upper: if none {
                f64::INFINITY
            } else {
                at(half, 2.0 * r)
            },
        },
    })
}

/// Reliability over a mission, `exp(-t / MTBF)`: with a lower bound of the MTBF, demonstrated at the
/// same confidence.
#[must_use]
pub fn mission_reliability(mtbf: f64, mission: f64) -> f64 {
    (-mission / mtbf).exp()
}

/// `P(X <= x) = p` of chi-square with `nu` degrees of freedom.
#[must_use]
pub fn chi_square_quantile(p: f64, nu: f64) -> f64 {
    let cdf = |x: f64| {
        if x > 0.0 {
            gamma_lr(nu / 2.0, x / 2.0)
        } else {
            0.0
        }
    };
    let mut high = nu.max(1.0);
    while cdf(high) < p && high < 1e15 {
        high *= 2.0;
    }
    bisect(0.0, high, p, cdf)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::check::to_digits;

    const P90: f64 = 0.9;

    #[test]
    fn the_curve_of_freireichs_leukaemia_patients() {
        // Kaplan-Meier's textbook case: 6-mercaptopurine, weeks of remission (Freireich 1963).
        let failed = [6, 6, 6, 7, 10, 13, 16, 22, 23];
        let censored = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35];
        let life = |failed| {
            move |t: &i32| Life {
                t: f64::from(*t),
                failed,
            }
        };
        let lives: Vec<Life> = failed
            .iter()
            .map(life(true))
            .chain(censored.iter().map(life(false)))
            .collect();
        let steps = kaplan_meier(&lives).unwrap();
        let table = [
            (6.0, 21, 0.8571, 0.0764),
            (7.0, 17, 0.8067, 0.0869),
            (10.0, 15, 0.7529, 0.0963),
            (13.0, 12, 0.6902, 0.1068),
            (16.0, 11, 0.6275, 0.1141),
            (22.0, 7, 0.5378, 0.1282),
            (23.0, 6, 0.4482, 0.1346),
        ];
        assert_eq!(steps.len(), table.len());
        for (step, (t, at_risk, survival, error)) in steps.iter().zip(table) {
            assert_eq!((step.t, step.at_risk), (t, at_risk));
            to_digits(step.survival, survival, 4);
            to_digits(step.standard_error, error, 4);
        }
        assert_eq!(quantile(&steps, 0.5), Some(23.0));
        assert_eq!(quantile(&steps, 0.4), None);
    }

    #[test]
    fn bounds_of_a_constant_rate() {
        // chi² tables: 0.90 at 6 degrees of freedom 10.645, at 4 7.779; 0.95 at 2 5.991.
        let at_time = mtbf(1_000.0, 2, Ended::AtTime, Confidence::new(P90).unwrap()).unwrap();
        to_digits(at_time.lower, 2_000.0 / 10.6446, 2);
        assert_eq!(at_time.estimate, Some(500.0));
        let at_failure = mtbf(1_000.0, 2, Ended::AtFailure, Confidence::new(P90).unwrap()).unwrap();
        to_digits(at_failure.lower, 2_000.0 / 7.77944, 2);
        // Without a failure: T / -ln(alpha).
        let none = mtbf(1_000.0, 0, Ended::AtTime, Confidence::P95).unwrap();
        to_digits(none.lower, 1_000.0 / -(0.05f64.ln()), 6);
        assert_eq!((none.estimate, none.interval.upper), (None, f64::INFINITY));
        to_digits(chi_square_quantile(0.95, 10.0), 18.3070380533, 9);
    }

    #[test]
    fn reliability_over_a_mission() {
        to_digits(mission_reliability(1_000.0, 100.0), 0.904837, 6);
    }

    #[test]
    fn censored_only_is_a_curve_without_a_step() {
        let lives = [Life {
            t: 5.0,
            failed: false,
        }; 3];
        assert_eq!(kaplan_meier(&lives), Some(vec![]));
        assert_eq!(kaplan_meier(&[]), None);
        assert_eq!(
            kaplan_meier(&[Life {
                t: 0.0,
                failed: true
            }]),
            None
        );
        assert_eq!(mtbf(0.0, 0, Ended::AtTime, Confidence::P95), None);
        assert_eq!(mtbf(9.0, 0, Ended::AtFailure, Confidence::P95), None);
    }

    #[test]
    fn an_interval_of_survival_stays_within_zero_and_one() {
        let step = Survival {
            t: 1.0,
            at_risk: 10,
            failures: 1,
            survival: 0.9,
            standard_error: 0.0949,
        };
        let interval = survival_interval(&step, Confidence::P95).unwrap();
        assert!(0.4 < interval.lower && interval.lower < 0.9);
        assert!(0.9 < interval.upper && interval.upper < 1.0);
    }
}
