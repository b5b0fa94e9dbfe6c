//! Propagation of distributions by a Monte Carlo method: JCGM 101:2008.
//!
//! Deterministic: draws come from a counter, so that the same seed gives the same bytes however many
//! threads share the work.

use super::{Confidence, Interval, normal, summary::Summary};
use std::num::NonZeroUsize;

/// What is known of one input quantity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Input {
    /// Normal with that mean and standard uncertainty.
    Normal {
        /// Mean.
        mean: f64,
        /// Standard uncertainty.
        u: f64,
    },
    /// Anywhere within `mean ± half`.
    Rectangular {
        /// Middle.
        mean: f64,
        /// Half width.
        half: f64,
    },
    /// Triangular within `mean ± half`.
    Triangular {
        /// Middle.
        mean: f64,
        /// Half width.
        half: f64,
    },
    /// Arc sine (U-shaped) within `mean ± half`: a cycle whose phase is unknown.
    ArcSine {
        /// Middle.
        mean: f64,
        /// Half width.
        half: f64,
    },
    /// Scaled and shifted t: a mean of few readings.
    T {
        /// Mean.
        mean: f64,
        /// Its standard uncertainty `s / sqrt(n)`.
        u: f64,
        /// Degrees of freedom n - 1.
        nu: f64,
    },
}

impl Input {
    /// The value in one trial; `k` numbers the input.
    #[must_use]
    pub fn draw(self, trial: Trial, k: u64) -> f64 {
        let p = trial.uniform(k);
        match self {
            Input::Normal { mean, u } => mean + u * normal::quantile(p),
            Input::Rectangular { mean, half } => mean + half * (2.0 * p - 1.0),
            Input::Triangular { mean, half } if p < 0.5 => mean + half * ((2.0 * p).sqrt() - 1.0),
            Input::Triangular { mean, half } => mean + half * (1.0 - (2.0 - 2.0 * p).sqrt()),
            Input::ArcSine { mean, half } => mean + half * (std::f64::consts::PI * (p - 0.5)).sin(),
            // R. W. Bailey, Mathematics of Computation 62 (1994): the polar method, exact.
            Input::T { mean, u, nu } => {
                let angle = std::f64::consts::TAU * trial.uniform(k | 1 << 63);
                mean + u * (nu * (p.powf(-2.0 / nu) - 1.0)).sqrt() * angle.cos()
            }
        }
    }
}

/// One trial: its numbers depend on nothing but the seed, its own number and the input's.
#[derive(Debug, Clone, Copy)]
pub struct Trial {
    seed: u64,
    number: u64,
}

impl Trial {
    fn uniform(self, input: u64) -> f64 {
        uniform(self.seed, self.number, input)
    }
}

/// The distribution of the output.
#[derive(Debug, Clone, PartialEq)]
pub struct Propagated {
    /// Mean.
    pub mean: f64,
    /// Standard uncertainty.
    pub u: f64,
    /// Probabilistically symmetric coverage interval.
    pub symmetric: Interval,
    /// Shortest coverage interval.
    pub shortest: Interval,
    /// Trials.
    pub trials: usize,
}

/// Fewest and most trials.
const TRIALS: std::ops::RangeInclusive<usize> = 100..=10_000_000;

/// Draws `trials` times from the (independent) inputs and evaluates the model. `None` for too few or
/// too many trials, or when the model ever gives a number that is not finite.
#[must_use]
pub fn propagate(
    inputs: &[Input],
    model: impl Fn(&[f64]) -> f64 + Sync,
    trials: usize,
    seed: u64,
    coverage: Confidence,
) -> Option<Propagated> {
    let model = |trial: Trial| {
        let drawn: Vec<f64> = (0..)
            .zip(inputs)
            .map(|(k, input)| input.draw(trial, k))
            .collect();
        model(&drawn)
    };
    let mut values = outcomes(model, trials, seed)?;
    let summary = Summary::of(&values)?;
    values.sort_by(f64::total_cmp);
    // JCGM 101, 7.7: q = pM values inside, (M - q) / 2 below.
    let inside = ((coverage.level() * trials as f64) as usize).clamp(1, trials - 1);
    let from = |low: usize| {
        Some(Interval {
            lower: *values.get(low)?,
            upper: *values.get(low + inside)?,
        })
    };
    let shortest = (0..trials - inside)
        .filter_map(from)
        .min_by(|a, b| a.width().total_cmp(&b.width()))?;
    Some(Propagated {
        mean: summary.mean,
        u: summary.s?,
        symmetric: from((trials - inside) / 2)?,
        shortest,
        trials,
    })
}

/// What a model gives in each of `trials` trials, in their order. `None` for too few or too many, or
/// when it ever gives a number that is not finite.
#[must_use]
pub fn outcomes(model: impl Fn(Trial) -> f64 + Sync, trials: usize, seed: u64) -> Option<Vec<f64>> {
    if !TRIALS.contains(&trials) {
        return None;
    }
    let mut values = vec![0.0; trials];
    let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let part = trials.div_ceil(threads);
    std::thread::scope(|scope| {
        for (index, chunk) in values.chunks_mut(part).enumerate() {
            let model = &model;
            scope.spawn(move || {
                for (offset, value) in chunk.iter_mut().enumerate() {
                    let number = (index * part + offset) as u64;
                    *value = model(Trial { seed, number });
                }
            });
        }
    });
    values.iter().all(|v| v.is_finite()).then_some(values)
}

/// A number strictly between 0 and 1 from three counters, by the mixing of SplitMix64 (Steele, Lea,
/// Flood 2014).
fn uniform(seed: u64, trial: u64, input: u64) -> f64 {
    let mut z = mix(seed ^ mix(trial)).wrapping_add(mix(input.wrapping_add(0x51_7c_c1_b7)));
    z = mix(z);
    ((z >> 11) as f64 + 0.5) / (1u64 << 53) as f64
}

fn mix(x: u64) -> u64 {
    let mut z = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRIALS: usize = 200_000;

    fn near(got: f64, want: f64, within: f64) {
        assert!((got - want).abs() < within, "got {got}, want {want}");
    }

    fn sum(inputs: &[Input]) -> Propagated {
        let add = |x: &[f64]| x.iter().sum();
        propagate(inputs, add, TRIALS, 7, Confidence::P95).unwrap()
    }

    #[test]
    fn the_additive_model_of_jcgm_101_9_2() {
        // Four normal inputs: u 2.00, interval ±3.92. Four rectangular ones of u 1: ±3.88.
        let normal = sum(&[Input::Normal { mean: 0.0, u: 1.0 }; 4]);
        near(normal.u, 2.0, 0.01);
        near(normal.symmetric.upper, 3.92, 0.03);
        let half = 3f64.sqrt();
        let rectangular = sum(&[Input::Rectangular { mean: 0.0, half }; 4]);
        near(rectangular.u, 2.0, 0.01);
        near(rectangular.symmetric.upper, 3.88, 0.03);
        near(rectangular.symmetric.lower, -3.88, 0.03);
    }

    #[test]
    fn one_wide_rectangle_dominates() {
        // JCGM 101, 9.2.4: the same with one rectangle of u 10: u 10.1, interval ±17.0.
        let mut inputs = [Input::Rectangular {
            mean: 0.0,
            half: 3f64.sqrt(),
        }; 4];
        inputs[3] = Input::Rectangular {
            mean: 0.0,
            half: 10.0 * 3f64.sqrt(),
        };
        let propagated = sum(&inputs);
        near(propagated.u, 10.15, 0.05);
        near(propagated.symmetric.upper, 17.0, 0.1);
    }

    #[test]
    fn each_shape_has_its_standard_uncertainty() {
        for (input, u) in [
            (
                Input::Triangular {
                    mean: 1.0,
                    half: 1.0,
                },
                1.0 / 6f64.sqrt(),
            ),
            (
                Input::ArcSine {
                    mean: 1.0,
                    half: 1.0,
                },
                1.0 / 2f64.sqrt(),
            ),
            (
                Input::T {
                    mean: 1.0,
                    u: 1.0,
                    nu: 10.0,
                },
                (10.0f64 / 8.0).sqrt(),
            ),
        ] {
            let propagate = propagate(&[input], |x| x[0], 20_000, 3, Confidence::P95).unwrap();
            near(propagate.u, u, 0.03);
            near(propagate.mean, 1.0, 0.03);
        }
    }

    #[test]
    fn a_skewed_output_has_a_shorter_interval_than_the_symmetric_one() {
        let square = |x: &[f64]| x[0] * x[0];
        let input = [Input::Normal { mean: 0.0, u: 1.0 }];
        let propagated = propagate(&input, square, TRIALS, 1, Confidence::P95).unwrap();
        near(propagated.shortest.upper, 3.84, 0.05); // chi² with one degree of freedom
        assert!(propagated.shortest.width() < propagated.symmetric.width());
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_another_one_does_not() {
        let input = [Input::Normal { mean: 0.0, u: 1.0 }];
        let run = |seed| propagate(&input, |x| x[0], 1_000, seed, Confidence::P95).unwrap();
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
    }

    #[test]
    fn a_model_that_breaks_gives_nothing() {
        let input = [Input::Normal { mean: 0.0, u: 1.0 }];
        assert_eq!(
            propagate(&input, |x| x[0].sqrt(), 1_000, 1, Confidence::P95),
            None
        );
        assert_eq!(propagate(&input, |x| x[0], 10, 1, Confidence::P95), None);
    }
}
