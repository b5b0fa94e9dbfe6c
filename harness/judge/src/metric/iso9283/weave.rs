//! Weaving deviations WS and WF: ISO 9283:1998, 11.

/// Deviation of an attained weaving stroke (or frequency) from its command, percent:
/// `WS = (S_a - S_c) / S_c`, `WF = (F_a - F_c) / F_c`. `None` for a command that is not positive.
#[must_use]
pub fn deviation(attained: f64, command: f64) -> Option<f64> {
    let percent = 100.0 * (attained - command) / command;
    (command > 0.0 && percent.is_finite()).then_some(percent)
}

/// Stroke and frequency of a weave from `(seconds, lateral position)` samples: mean peak to peak of
/// the half waves between crossings of the mean line, and crossings over time. `None` with fewer
/// than three crossings.
#[must_use]
pub fn attained(samples: &[(f64, f64)]) -> Option<(f64, f64)> {
    let n = samples.len() as f64;
    let mean = samples.iter().map(|s| s.1).sum::<f64>() / n;
    let mut crossings: Vec<(f64, usize)> = Vec::new();
    for (i, pair) in samples.windows(2).enumerate() {
        let (a, b) = (pair[0].1 - mean, pair[1].1 - mean);
        if (a < 0.0) != (b < 0.0) {
            crossings.push((pair[0].0 + (pair[1].0 - pair[0].0) * a / (a - b), i + 1));
        }
    }
    let (first, last) = (crossings.first()?, crossings.last()?);
    if crossings.len() < 3 {
        return None;
    }
    let halves: Vec<f64> = crossings
        .windows(2)
        .map(|pair| {
            let part = &samples[pair[0].1..pair[1].1];
            part.iter().map(|s| (s.1 - mean).abs()).fold(0.0, f64::max)
        })
        .collect();
    let stroke = 2.0 * halves.iter().sum::<f64>() / halves.len() as f64;
    let frequency = halves.len() as f64 / 2.0 / (last.0 - first.0);
    (stroke.is_finite() && frequency.is_finite()).then_some((stroke, frequency))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::check::to_digits;

    #[test]
    fn a_weave_of_four_millimetres_at_two_hertz() {
        let samples: Vec<(f64, f64)> = (0..5_000)
            .map(|i| f64::from(i) / 1_000.0)
            .map(|t| (t, 7.0 + 2.0 * (2.0 * std::f64::consts::PI * 2.0 * t).sin()))
            .collect();
        let (stroke, frequency) = attained(&samples).unwrap();
        to_digits(stroke, 4.0, 3);
        to_digits(frequency, 2.0, 3);
        to_digits(deviation(stroke, 5.0).unwrap(), -20.0, 2);
        assert_eq!(deviation(1.0, 0.0), None);
        assert_eq!(attained(&samples[..100]), None);
    }
}
