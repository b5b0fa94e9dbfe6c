//! Butterworth low-pass filters for uniformly sampled channels.

use std::f64::consts::PI;

/// Why a filter cannot be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilterError {
    /// The order is not between 1 and 8.
    Order,
    /// The cut-off frequency is not strictly between 0 and half the sampling frequency.
    Cutoff,
}

impl std::fmt::Display for FilterError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Order => "a Butterworth filter has an order from 1 to 8",
            Self::Cutoff => "the cut-off frequency must lie below half the sampling frequency",
        })
    }
}

impl std::error::Error for FilterError {}

/// One second-order section, `(b0 + b1/z + b2/z²) / (1 + a1/z + a2/z²)`; unity gain at rest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Biquad {
    /// Numerator b0, b1, b2.
    pub b: [f64; 3],
    /// Denominator a1, a2 (a0 is 1).
    pub a: [f64; 2],
}

/// A Butterworth low-pass of some order as a cascade of sections.
///
/// Design: the analogue prototype's pole pairs at `angle_k = pi (2k+1) / (2n)` with
/// `Q_k = 1 / (2 sin angle_k)`, each mapped by the bilinear transform with the cut-off prewarped
/// (`K = tan(pi f_c / f_s)`), so that the digital filter is 3 dB down exactly at `f_c`
/// (Oppenheim and Schafer, Discrete-Time Signal Processing, 3rd edition, 7.2).
#[derive(Debug, Clone, PartialEq)]
pub struct Butterworth {
    order: usize,
    sections: Vec<Biquad>,
}

impl Butterworth {
    /// A low-pass of `order` (1 to 8) with its -3 dB point at `cutoff_hz`, for samples at `rate_hz`.
    ///
    /// # Errors
    /// An order out of range, or a cut-off that is not strictly between 0 and `rate_hz / 2`.
    pub fn low_pass(order: usize, cutoff_hz: f64, rate_hz: f64) -> Result<Self, FilterError> {
        if !(1..=8).contains(&order) {
            return Err(FilterError::Order);
        }
        if !(cutoff_hz > 0.0 && rate_hz.is_finite() && cutoff_hz < rate_hz / 2.0) {
            return Err(FilterError::Cutoff);
        }
        let k = (PI * cutoff_hz / rate_hz).tan();
        let mut sections: Vec<Biquad> = (0..order / 2)
            .map(|i| {
                second_order(
                    k,
                    2.0 * (PI * (2 * i + 1) as f64 / (2 * order) as f64).sin(),
                )
            })
            .collect();
        if order % 2 == 1 {
            sections.push(first_order(k));
        }
        Ok(Self { order, sections })
    }

    /// The sections, in the order in which they are applied.
    #[must_use]
    pub fn sections(&self) -> &[Biquad] {
        &self.sections
    }

    /// The causal filter, as an instrument would apply it: it delays, and a peak comes late.
    ///
    /// Initial condition: the first value is taken to have been there for ever, so that a constant
    /// offset makes no step.
    #[must_use]
    pub fn forward(&self, values: &[f64]) -> Vec<f64> {
        let mut out = values.to_vec();
        for section in &self.sections {
            section.run(&mut out);
        }
        out
    }

    /// Forward, then backward over the result: no delay, and the magnitude squared, which is 6 dB
    /// down at the cut-off instead of 3.
    ///
    /// The ends are continued by point reflection over `3 (order + 1)` values (fewer when there are
    /// fewer), each pass starting as in [`Self::forward`].
    #[must_use]
    pub fn zero_phase(&self, values: &[f64]) -> Vec<f64> {
        let (Some(&first), Some(&last)) = (values.first(), values.last()) else {
            return Vec::new();
        };
        let pad = (3 * (self.order + 1)).min(values.len() - 1);
        let before = values[1..=pad].iter().rev().map(|v| 2.0 * first - v);
        let after = values[values.len() - 1 - pad..values.len() - 1]
            .iter()
            .rev();
        let after = after.map(|v| 2.0 * last - v);
        let extended: Vec<f64> = before.chain(values.iter().copied()).chain(after).collect();
        let mut back = self.forward(&extended);
        back.reverse();
        let mut out = self.forward(&back);
        out.reverse();
        out[pad..pad + values.len()].to_vec()
    }
}

fn second_order(k: f64, inverse_q: f64) -> Biquad {
    let norm = 1.0 / (1.0 + k * inverse_q + k * k);
    let b0 = k * k * norm;
    let a = [
        2.0 * (k * k - 1.0) * norm,
        (1.0 - k * inverse_q + k * k) * norm,
    ];
    Biquad {
        b: [b0, 2.0 * b0, b0],
        a,
    }
}

fn first_order(k: f64) -> Biquad {
    let norm = 1.0 / (1.0 + k);
    Biquad {
        b: [k * norm, k * norm, 0.0],
        a: [(k - 1.0) * norm, 0.0],
    }
}

impl Biquad {
    /// Direct form II transposed, started at rest on the first value.
    fn run(&self, values: &mut [f64]) {
        let Some(&first) = values.first() else { return };
        let ([b0, b1, b2], [a1, a2]) = (self.b, self.a);
        let mut z2 = (b2 - a2) * first;
        let mut z1 = (b1 - a1) * first + z2;
        for value in values {
            let x = *value;
            let y = b0 * x + z1;
            z1 = b1 * x - a1 * y + z2;
            z2 = b2 * x - a2 * y;
            *value = y;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::check::to_digits;

    fn amplitude_after(filter: impl Fn(&[f64]) -> Vec<f64>, hz: f64) -> f64 {
        let wave: Vec<f64> = (0..4_000)
            .map(|i| (2.0 * PI * hz * f64::from(i) / 1_000.0).sin())
            .collect();
        let settled = &filter(&wave)[2_000..3_000];
        (settled.iter().map(|v| v * v).sum::<f64>() / settled.len() as f64 * 2.0).sqrt()
    }

    #[test]
    fn second_order_at_100_hz_of_1_khz() {
        let filter = Butterworth::low_pass(2, 100.0, 1_000.0).unwrap();
        let [section] = filter.sections() else {
            panic!("one section")
        };
        for (got, want) in section.b.iter().zip([0.06745527, 0.13491055, 0.06745527]) {
            to_digits(*got, want, 8);
        }
        for (got, want) in section.a.iter().zip([-1.14298050, 0.41280160]) {
            to_digits(*got, want, 8);
        }
    }

    #[test]
    fn every_order_is_three_decibels_down_at_the_cut_off_and_flat_at_rest() {
        for order in 1..=8 {
            let filter = Butterworth::low_pass(order, 100.0, 1_000.0).unwrap();
            to_digits(
                amplitude_after(|w| filter.forward(w), 100.0),
                0.5f64.sqrt(),
                6,
            );
            to_digits(amplitude_after(|w| filter.zero_phase(w), 100.0), 0.5, 6);
            assert!(
                filter
                    .forward(&[7.5; 50])
                    .iter()
                    .all(|v| (v - 7.5).abs() < 1e-12)
            );
        }
    }

    #[test]
    fn zero_phase_leaves_a_pulse_where_it_was_and_forward_moves_it() {
        let pulse: Vec<f64> = (0..400)
            .map(|i| (-((f64::from(i) - 200.0) / 10.0).powi(2)).exp())
            .collect();
        let filter = Butterworth::low_pass(2, 30.0, 1_000.0).unwrap();
        let peak_at = |v: &[f64]| {
            v.iter()
                .enumerate()
                .max_by(|a, b| a.1.total_cmp(b.1))
                .unwrap()
                .0
        };
        assert_eq!(peak_at(&filter.zero_phase(&pulse)), 200);
        assert!(peak_at(&filter.forward(&pulse)) > 203);
    }

    #[test]
    fn a_straight_line_passes_zero_phase_unchanged() {
        let line: Vec<f64> = (0..100).map(|i| 3.0 + 0.1 * f64::from(i)).collect();
        let out = Butterworth::low_pass(4, 50.0, 1_000.0)
            .unwrap()
            .zero_phase(&line);
        // The point reflection continues the line beyond both ends; the starting transient of a
        // ramp is all that remains.
        assert!(
            line.iter()
                .zip(&out)
                .skip(30)
                .take(40)
                .all(|(a, b)| (a - b).abs() < 1e-2)
        );
    }

    #[test]
    fn short_and_empty_series_do_not_panic() {
        let filter = Butterworth::low_pass(2, 100.0, 1_000.0).unwrap();
        assert!(filter.zero_phase(&[]).is_empty());
        assert_eq!(filter.zero_phase(&[4.0]), [4.0]);
        assert_eq!(filter.zero_phase(&[4.0, 4.0]).len(), 2);
    }

    #[test]
    fn impossible_filters_are_refused() {
        for (order, cutoff, rate, error) in [
            (0, 10.0, 100.0, FilterError::Order),
            (9, 10.0, 100.0, FilterError::Order),
            (2, 50.0, 100.0, FilterError::Cutoff),
            (2, 0.0, 100.0, FilterError::Cutoff),
            (2, f64::NAN, 100.0, FilterError::Cutoff),
            (2, 10.0, f64::INFINITY, FilterError::Cutoff),
        ] {
            assert_eq!(Butterworth::low_pass(order, cutoff, rate), Err(error));
        }
    }
}
