//! What a channel does while somebody waits for it. Pure: samples in, yes or not yet out.

use certbench_model::Sample;
use certbench_model::step::Does;
use std::collections::VecDeque;

/// Follows one condition from the moment the wait begins.
#[derive(Debug)]
pub(crate) struct Follower {
    does: Does,
    components: Vec<usize>,
    largest: Option<f64>,
    bands: Vec<Band>,
    /// Since when every value has kept between its bounds, ns.
    kept_since: Option<u64>,
    slope: Slope,
}

impl Follower {
    /// Follows these components of the channel. Every condition but [`Does::Rests`] looks at the
    /// first of them; at rest is only what rests in all.
    pub(crate) fn new(does: Does, components: Vec<usize>) -> Follower {
        let width = match does {
            Does::Rests { within, .. } => within,
            _ => 0.0,
        };
        let bands = components.iter().map(|_| Band::new(width)).collect();
        Follower {
            does,
            components,
            largest: None,
            bands,
            kept_since: None,
            slope: Slope::default(),
        }
    }

    /// Looks at one more sample; whether the condition holds now.
    pub(crate) fn see(&mut self, sample: &Sample) -> bool {
        if let Does::Rests { for_s, .. } = self.does {
            return self.rests(sample, for_s);
        }
        let first = self.components.first().copied().unwrap_or(0);
        let Some(value) = sample.reading.component(first) else {
            // Nobody vouches for what a reading hides that is no number.
            self.kept_since = None;
            self.slope = Slope::default();
            return false;
        };
        match self.does {
            Does::Above(limit) => value >= limit,
            Does::Below(limit) => value <= limit,
            Does::DropsBy(fraction) => {
                let largest = self.largest.map_or(value, |l| l.max(value));
                self.largest = Some(largest);
                largest > 0.0 && value <= largest * (1.0 - fraction)
            }
            Does::Rests { .. } => false,
            Does::Keeps { least, most, for_s } => {
                if !(least..=most).contains(&value) {
                    self.kept_since = None;
                    return false;
                }
                let since = *self.kept_since.get_or_insert(sample.time_ns);
                sample.time_ns.saturating_sub(since) as f64 >= for_s * 1e9
            }
            Does::Steady { change, over_s } => {
                let changed = self.slope.push(sample.time_ns, value, over_s);
                changed.is_some_and(|c| c.abs() <= change)
            }
            Does::Changes {
                least,
                most,
                over_s,
            } => {
                let changed = self.slope.push(sample.time_ns, value, over_s);
                changed.is_some_and(|c| (least..=most).contains(&c))
            }
        }
    }

    fn rests(&mut self, sample: &Sample, for_s: f64) -> bool {
        let mut rests = !self.components.is_empty();
        for (component, band) in self.components.iter().zip(&mut self.bands) {
            match sample.reading.component(*component) {
                Some(value) => rests &= band.push(sample.time_ns, value) as f64 >= for_s * 1e9,
                // Nobody vouches for rest across a reading that is no number.
                None => {
                    band.clear();
                    rests = false;
                }
            }
        }
        rests
    }
}

/// The least-squares line through a sliding window. The window is kept in at most [`BINS`] bins of
/// equal length, so that half an hour at 1 kHz costs no more than half an hour at 1 Hz; each bin
/// stands for the mean of its samples at their mean time, which leaves the slope of a straight line
/// as it is.
#[derive(Debug, Default)]
struct Slope {
    began_ns: Option<u64>,
    bins: VecDeque<Bin>,
}

/// Samples of a stretch: their number, sum of times after the beginning (s) and sum of values.
#[derive(Clone, Copy, Debug)]
struct Bin {
    number: u64,
    n: f64,
    time: f64,
    value: f64,
}

/// Bins of a sliding window.
const BINS: f64 = 256.0;

impl Slope {
    /// Takes a value; the change of the fitted line over the window, once the window is full.
    fn push(&mut self, time_ns: u64, value: f64, over_s: f64) -> Option<f64> {
        let began = *self.began_ns.get_or_insert(time_ns);
        let t = time_ns.saturating_sub(began) as f64 * 1e-9;
        let width = over_s / BINS;
        let number = (t / width) as u64;
        match self.bins.back_mut() {
            Some(bin) if bin.number == number => {
                bin.n += 1.0;
                bin.time += t;
                bin.value += value;
            }
            _ => self.bins.push_back(Bin {
                number,
                n: 1.0,
                time: t,
                value,
            }),
        }
        while self
            .bins
            .front()
            .is_some_and(|b| b.number + (BINS as u64) < number)
        {
            self.bins.pop_front();
        }
        (t >= over_s).then(|| self.slope() * over_s)
    }

    /// Of the line through the means of the bins, each with the weight of its samples. Without two
    /// different times there is none: infinite, which is never steady.
    fn slope(&self) -> f64 {
        let sum = |of: &dyn Fn(&Bin) -> f64| self.bins.iter().map(of).sum::<f64>();
        let n = sum(&|b| b.n);
        let (t, v) = (sum(&|b| b.time) / n, sum(&|b| b.value) / n);
        let tt = sum(&|b| b.n * (b.time / b.n - t).powi(2));
        let tv = sum(&|b| b.n * (b.time / b.n - t) * (b.value / b.n - v));
        if tt > 0.0 { tv / tt } else { f64::INFINITY }
    }
}

/// The longest stretch up to now whose peak-to-peak lies within a width.
#[derive(Debug, Default)]
struct Band {
    width: f64,
    times: VecDeque<u64>,
    /// Candidates for the largest value, falling; each newer than the one before.
    high: VecDeque<(u64, f64)>,
    /// Candidates for the least value, rising.
    low: VecDeque<(u64, f64)>,
}

impl Band {
    fn new(width: f64) -> Band {
        Band {
            width,
            ..Band::default()
        }
    }

    fn clear(&mut self) {
        *self = Band::new(self.width);
    }

    /// Takes a value; how long the stretch is now, in ns.
    fn push(&mut self, time_ns: u64, value: f64) -> u64 {
        while self.high.back().is_some_and(|(_, v)| *v <= value) {
            self.high.pop_back();
        }
        while self.low.back().is_some_and(|(_, v)| *v >= value) {
            self.low.pop_back();
        }
        self.times.push_back(time_ns);
        self.high.push_back((time_ns, value));
        self.low.push_back((time_ns, value));
        while let (Some(&(t_high, high)), Some(&(t_low, low))) =
            (self.high.front(), self.low.front())
        {
            if high - low <= self.width {
                break;
            }
            let cut = t_high.min(t_low);
            if t_high == cut {
                self.high.pop_front();
            }
            if t_low == cut {
                self.low.pop_front();
            }
            while self.times.front().is_some_and(|t| *t <= cut) {
                self.times.pop_front();
            }
        }
        self.times
            .front()
            .map_or(0, |first| time_ns.saturating_sub(*first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use certbench_model::{Invalid, Reading};
    use proptest::prelude::*;

    fn sample(ms: u64, reading: Reading) -> Sample {
        Sample {
            channel: 0,
            time_ns: ms * 1_000_000,
            reading,
        }
    }

    fn first_true(does: Does, values: &[f64]) -> Option<usize> {
        let mut follower = Follower::new(does, vec![0]);
        values
            .iter()
            .enumerate()
            .position(|(i, v)| follower.see(&sample(i as u64 * 10, Reading::scalar(*v))))
    }

    #[test]
    fn above_and_below_include_their_limit() {
        assert_eq!(first_true(Does::Above(2.0), &[1.0, 2.0]), Some(1));
        assert_eq!(first_true(Does::Below(2.0), &[3.0, 2.0]), Some(1));
        assert_eq!(first_true(Does::Above(2.0), &[f64::NAN, 1.9]), None);
    }

    #[test]
    fn a_drop_is_measured_from_the_largest_value_of_the_wait() {
        assert_eq!(
            first_true(Does::DropsBy(0.2), &[10.0, 25.0, 21.0, 20.0]),
            Some(3)
        );
        assert_eq!(first_true(Does::DropsBy(0.2), &[-1.0, -5.0]), None);
    }

    #[test]
    fn rest_is_a_whole_stretch_within_the_band() {
        let rests = Does::Rests {
            within: 0.5,
            for_s: 0.03,
        };
        assert_eq!(first_true(rests, &[9.0, 5.0, 1.0, 1.2, 1.4, 1.5]), Some(5));
        // A slow drift never rests.
        let drift: Vec<f64> = (0..50).map(|i| f64::from(i) * 0.3).collect();
        assert_eq!(first_true(rests, &drift), None);
    }

    #[test]
    fn a_reading_that_is_no_number_begins_the_rest_anew() {
        let mut follower = Follower::new(
            Does::Rests {
                within: 0.5,
                for_s: 0.02,
            },
            vec![0],
        );
        assert!(!follower.see(&sample(0, Reading::scalar(1.0))));
        assert!(!follower.see(&sample(10, Reading::Invalid(Invalid::NoSignal))));
        assert!(!follower.see(&sample(20, Reading::scalar(1.0))));
        assert!(!follower.see(&sample(30, Reading::scalar(1.0))));
        assert!(follower.see(&sample(40, Reading::scalar(1.0))));
    }

    #[test]
    fn what_keeps_between_bounds_must_do_so_for_the_whole_time() {
        let keeps = Does::Keeps {
            least: 9.0,
            most: 11.0,
            for_s: 0.02,
        };
        assert_eq!(
            first_true(keeps, &[10.0, 9.0, 11.1, 10.0, 11.0, 9.5]),
            Some(5)
        );
        let at_once = Does::Keeps {
            least: 9.0,
            most: 11.0,
            for_s: 0.0,
        };
        assert_eq!(first_true(at_once, &[8.0, 10.0]), Some(1));
    }

    #[test]
    fn steady_is_a_slope_over_the_whole_window_and_no_single_difference() {
        // 10 ms a sample, so 1 s is 100 samples. A rise of 2 per second is not steady within 1 per
        // second; it becomes so when the rise has left the window far enough.
        let steady = Does::Steady {
            change: 1.0,
            over_s: 1.0,
        };
        let rise: Vec<f64> = (0..300).map(|i| f64::from(i) * 0.02).collect();
        assert_eq!(first_true(steady, &rise), None);
        let flat = vec![5.0; 150];
        assert_eq!(first_true(steady, &flat), Some(100));
        // Noise around a level is steady though its peak-to-peak is twice the change allowed.
        let noise: Vec<f64> = (0..150)
            .map(|i| if i % 2 == 0 { 1.0 } else { -1.0 })
            .collect();
        assert_eq!(first_true(steady, &noise), Some(100));
    }

    #[test]
    fn a_pace_is_a_slope_between_two_values_and_has_a_direction() {
        let pace = Does::Changes {
            least: 1.5,
            most: 2.5,
            over_s: 1.0,
        };
        let rise = |per_sample: f64| {
            (0..300)
                .map(|i| f64::from(i) * per_sample)
                .collect::<Vec<_>>()
        };
        assert_eq!(first_true(pace, &rise(0.02)), Some(100));
        assert_eq!(first_true(pace, &rise(0.03)), None);
        assert_eq!(first_true(pace, &rise(0.01)), None);
        assert_eq!(first_true(pace, &rise(-0.02)), None);
    }

    proptest! {
        #[test]
        fn the_slope_of_a_straight_line_is_found(slope in -10.0f64..10.0, start in -5.0f64..5.0, step_ms in 1u64..40) {
            let mut window = Slope::default();
            let mut found = None;
            for i in 0..400u64 {
                let t = (i * step_ms) as f64 * 1e-3;
                found = window.push(i * step_ms * 1_000_000, start + slope * t, 0.3).or(found);
            }
            prop_assert!((found.unwrap() - slope * 0.3).abs() < 1e-6);
        }
    }

    #[test]
    fn a_pose_rests_when_all_its_components_do() {
        let rests = Does::Rests {
            within: 0.5,
            for_s: 0.01,
        };
        let mut follower = Follower::new(rests, vec![0, 1]);
        assert!(!follower.see(&sample(0, Reading::vector(&[0.0, 0.0]))));
        assert!(!follower.see(&sample(10, Reading::vector(&[0.0, 5.0]))));
        assert!(follower.see(&sample(20, Reading::vector(&[0.0, 5.0]))));
    }

    proptest! {
        #[test]
        fn the_band_is_the_longest_stretch(values in proptest::collection::vec(-5i32..5, 1..40), width in 0i32..5) {
            let mut band = Band::new(f64::from(width));
            for (i, value) in values.iter().enumerate() {
                let length = band.push(i as u64, f64::from(*value));
                let longest = (0..=i).find(|from| {
                    let stretch = &values[*from..=i];
                    stretch.iter().max().unwrap() - stretch.iter().min().unwrap() <= width
                });
                prop_assert_eq!(length, (i - longest.unwrap()) as u64);
            }
        }
    }
}
