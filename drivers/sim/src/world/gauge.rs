//! The force gauge, up to the number that it would show. Newton.

use serde_json::{Value, json};

use crate::config::GaugeConfig;
use crate::dynamics::History;
use crate::rng::{Noise, Stream};

use super::grid::Grid;

/// How an instrument lies.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Ailment {
    /// Shows what it showed at this step.
    pub(crate) stuck_since: Option<u64>,
    pub(crate) over_range: bool,
    /// Units per second, since this step.
    pub(crate) drift: Option<(f64, u64)>,
}

impl Ailment {
    /// What drift adds by now.
    pub(crate) fn drifted(&self, step: u64, grid: Grid) -> f64 {
        self.drift.map_or(0.0, |(per_s, since)| {
            per_s * step.saturating_sub(since) as f64 * grid.step_s()
        })
    }
}

pub(crate) struct Gauge {
    pub(crate) config: GaugeConfig,
    grid: Grid,
    noise: Noise,
    /// Behind the low-pass.
    filtered: History<f64>,
    level: f64,
    settled: bool,
    tare: f64,
    pub(crate) ailment: Ailment,
}

impl Gauge {
    pub(crate) fn new(
        config: &GaugeConfig,
        grid: Grid,
        noise: Noise,
        force_n: f64,
        remember: u64,
    ) -> Gauge {
        Gauge {
            config: config.clone(),
            grid,
            noise,
            filtered: History::new(force_n, remember),
            level: force_n,
            settled: true,
            tare: 0.0,
            ailment: Ailment::default(),
        }
    }

    pub(crate) fn step(&mut self, step: u64, force_n: f64) {
        let share =
            1.0 - (-std::f64::consts::TAU * self.config.bandwidth_hz * self.grid.step_s()).exp();
        let before = self.level;
        self.level += share * (force_n - self.level);
        if (force_n - self.level).abs() < 1e-6 {
            self.level = force_n;
        }
        self.settled = self.level == force_n && self.level == before;
        self.filtered.push(step, self.level);
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.settled
    }

    /// The newest reading at this step; `None` beyond the capacity.
    pub(crate) fn reading(&self, step: u64) -> Option<f64> {
        let step = self
            .ailment
            .stuck_since
            .map_or(step, |since| since.min(step));
        let every = self.grid.steps(1000.0 / self.config.rate_hz).max(1);
        let count = step.saturating_sub(self.grid.steps(self.config.delay_ms)) / every;
        let noise = self.config.noise_n * self.noise.normal(Stream::Gauge, count);
        let value = self.untared(count * every) + noise - self.tare;
        (value.abs() <= self.config.capacity_n && !self.ailment.over_range).then_some(value)
    }

    fn untared(&self, step: u64) -> f64 {
        let force = self.filtered.at(step).copied().unwrap_or(0.0);
        force * (1.0 + self.config.gain_error)
            + self.config.zero_n
            + self.ailment.drifted(step, self.grid)
    }

    /// Takes what it feels for zero.
    pub(crate) fn zero(&mut self, step: u64) {
        self.tare = self.untared(step);
    }

    pub(crate) fn restart(&mut self) {
        self.tare = 0.0;
    }

    pub(crate) fn truth(&self) -> Value {
        json!({ "parameters": self.config, "force_n": self.level, "tare_n": self.tare })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gauge(config: GaugeConfig) -> Gauge {
        Gauge::new(&config, Grid::new(500), Noise::new(1), 0.0, 2000)
    }

    fn quiet() -> GaugeConfig {
        GaugeConfig {
            noise_n: 0.0,
            zero_n: 0.0,
            gain_error: 0.0,
            ..GaugeConfig::default()
        }
    }

    #[test]
    fn a_step_of_force_shows_after_the_delay_and_the_filter() {
        let mut gauge = gauge(GaugeConfig {
            delay_ms: 10.0,
            bandwidth_hz: 50.0,
            ..quiet()
        });
        (1..=400).for_each(|step| gauge.step(step, 10.0));
        assert_eq!(gauge.reading(19), Some(0.0)); // 9.5 ms
        // one time constant of 1/(2π·50 Hz) = 3.18 ms after the delay: 63 %
        let after = gauge.reading(20 + 6).unwrap();
        assert!((after - 6.3).abs() < 0.6, "{after}");
        assert!((gauge.reading(400).unwrap() - 10.0).abs() < 1e-3);
        assert!(gauge.is_quiet());
    }

    #[test]
    fn zero_takes_away_what_is_there_and_overload_is_no_number() {
        let mut gauge = gauge(GaugeConfig {
            zero_n: 0.3,
            capacity_n: 50.0,
            ..quiet()
        });
        (1..=400).for_each(|step| gauge.step(step, 5.0));
        assert!((gauge.reading(400).unwrap() - 5.3).abs() < 1e-9);
        gauge.zero(400);
        assert!(gauge.reading(400).unwrap().abs() < 1e-9);
        (401..=800).for_each(|step| gauge.step(step, 56.0));
        assert_eq!(gauge.reading(800), None);
    }

    #[test]
    fn a_stuck_gauge_shows_one_number_and_a_drifting_one_wanders() {
        let mut gauge = gauge(GaugeConfig {
            noise_n: 0.1,
            ..quiet()
        });
        gauge.ailment.stuck_since = Some(100);
        assert_eq!(gauge.reading(100), gauge.reading(5000));
        gauge.ailment = Ailment {
            drift: Some((0.5, 0)),
            ..Ailment::default()
        };
        gauge.config.noise_n = 0.0;
        assert!((gauge.reading(20_008).unwrap() - 5.0).abs() < 1e-6); // 10 s and the delay of 8 steps
    }
}
