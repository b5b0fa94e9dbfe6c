//! Peak force of one trial, with the filter that belongs to the number.
//!
//! The peak of noisy samples is biased upward: the largest of 2,000 samples of pure noise sits
//! about 3.4 standard deviations above the truth. A peak therefore means nothing without its filter
//! and bandwidth, and [`noise_bias`] says how much of it noise alone explains.

use crate::stats::filter::{Butterworth, FilterError};
use crate::stats::normal;

/// The low-pass applied before the peak is taken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LowPass {
    /// Order of the Butterworth filter.
    pub order: usize,
    /// -3 dB frequency of one pass, hertz.
    pub cutoff_hz: f64,
    /// Forward and backward (no delay, 6 dB down at the cut-off) instead of forward only.
    pub zero_phase: bool,
}

/// A peak and where it was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Peak {
    /// Largest filtered value, in the unit of the samples.
    pub value: f64,
    /// Index of its sample.
    pub index: usize,
}

/// Filters uniformly spaced `values` taken at `rate_hz`.
///
/// # Errors
/// A filter that cannot be built for that rate.
pub fn filtered(
    values: &[f64],
    rate_hz: f64,
    filter: Option<LowPass>,
) -> Result<Vec<f64>, FilterError> {
    let Some(LowPass {
        order,
        cutoff_hz,
        zero_phase,
    }) = filter
    else {
        return Ok(values.to_vec());
    };
    let filter = Butterworth::low_pass(order, cutoff_hz, rate_hz)?;
    Ok(if zero_phase {
        filter.zero_phase(values)
    } else {
        filter.forward(values)
    })
}

/// The largest value, the first of equal ones; `None` for none, or when one is not finite.
#[must_use]
pub fn peak(values: &[f64]) -> Option<Peak> {
    if values.iter().any(|v| !v.is_finite()) {
        return None;
    }
    let mut values = values.iter().copied().enumerate();
    let (index, value) = values.next()?;
    let best = values.fold(
        (index, value),
        |best, next| if next.1 > best.1 { next } else { best },
    );
    Some(Peak {
        value: best.1,
        index: best.0,
    })
}

/// How far the peak of `n` samples of pure independent noise of standard deviation `sigma` is
/// expected to sit above the truth, in the unit of `sigma`. An upper bound of the bias when the
/// force stays near its peak for less than the n samples.
#[must_use]
pub fn noise_bias(sigma: f64, n: usize) -> f64 {
    sigma * normal::expected_maximum(n)
}

/// Standard deviation left of white noise of standard deviation 1 after the filter, taken at
/// `rate_hz`: the root of the sum of its squared impulse response.
///
/// # Errors
/// A filter that cannot be built for that rate.
pub fn noise_gain(rate_hz: f64, filter: Option<LowPass>) -> Result<f64, FilterError> {
    let mut impulse = vec![0.0; 8_192];
    impulse[4_096] = 1.0;
    let response = filtered(&impulse, rate_hz, filter)?;
    Ok(response.iter().map(|v| v * v).sum::<f64>().sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::check::to_digits;

    #[test]
    fn the_peak_is_the_first_largest_value() {
        assert_eq!(
            peak(&[1.0, 5.0, 2.0, 5.0]),
            Some(Peak {
                value: 5.0,
                index: 1
            })
        );
        assert_eq!(peak(&[]), None);
        assert_eq!(peak(&[1.0, f64::NAN]), None);
        assert_eq!(
            peak(&[-3.0, -2.0]),
            Some(Peak {
                value: -2.0,
                index: 1
            })
        );
    }

    #[test]
    fn noise_lifts_the_peak_of_two_thousand_samples_by_3_4_sigma() {
        to_digits(noise_bias(0.1, 2_000), 0.34, 2);
    }

    #[test]
    fn a_low_pass_takes_a_spike_away_and_leaves_a_plateau() {
        let mut force = vec![10.0; 2_000];
        force[1_000] = 60.0;
        let raw = peak(&filtered(&force, 1_000.0, None).unwrap()).unwrap();
        assert_eq!(raw.value, 60.0);
        let low_pass = LowPass {
            order: 2,
            cutoff_hz: 20.0,
            zero_phase: true,
        };
        let smooth = peak(&filtered(&force, 1_000.0, Some(low_pass)).unwrap()).unwrap();
        assert!((10.0..14.0).contains(&smooth.value), "{}", smooth.value);
    }

    #[test]
    fn a_low_pass_at_a_tenth_of_the_rate_leaves_less_than_half_of_white_noise() {
        // Noise bandwidth of a second-order Butterworth: pi/(2 sqrt 2) times its cut-off (1.11),
        // of half the rate here 0.222, so about 0.47 of the standard deviation.
        let low_pass = LowPass {
            order: 2,
            cutoff_hz: 100.0,
            zero_phase: false,
        };
        let gain = noise_gain(1_000.0, Some(low_pass)).unwrap();
        assert!((0.45..0.49).contains(&gain), "{gain}");
        to_digits(noise_gain(1_000.0, None).unwrap(), 1.0, 12);
    }
}
