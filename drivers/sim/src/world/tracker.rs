//! The tracker, up to the numbers of a line.

use serde_json::{Value, json};

use crate::config::TrackerConfig;
use crate::kinematics::Frame;
use crate::rng::{Noise, Stream};

use super::gauge::Ailment;
use super::grid::Grid;

pub(crate) struct Tracker {
    pub(crate) config: TrackerConfig,
    grid: Grid,
    noise: Noise,
    /// Its own frame, in the base frame.
    stand: Frame,
    /// Since which step the target is in the nest (true) or on the tool; on the tool before the first.
    put: Vec<(u64, bool)>,
    pub(crate) ailment: Ailment,
}

impl Tracker {
    pub(crate) fn new(config: &TrackerConfig, grid: Grid, noise: Noise) -> Tracker {
        let stand = Frame::from_pose(config.origin_mm, config.rotation_deg);
        Tracker {
            config: config.clone(),
            grid,
            noise,
            stand,
            put: Vec::new(),
            ailment: Ailment::default(),
        }
    }

    /// When line number `count` is measured.
    pub(crate) fn measured_ns(&self, count: u64) -> u64 {
        (count as f64 * 1e9 / self.config.rate_hz).round() as u64
    }

    /// When its first byte leaves.
    pub(crate) fn sent_ns(&self, count: u64) -> u64 {
        self.measured_ns(count) + (self.config.delay_ms * 1e6) as u64
    }

    /// Which step's world a line shows.
    pub(crate) fn looks_at(&self, count: u64) -> u64 {
        let step = self.grid.at(self.measured_ns(count));
        self.ailment
            .stuck_since
            .map_or(step, |since| since.min(step))
    }

    /// Somebody puts the target into the fixed nest, or back on the tool.
    pub(crate) fn put(&mut self, step: u64, place: &str) -> Result<(), String> {
        let nest = match place {
            "nest" => true,
            "tool" => false,
            _ => {
                return Err(format!(
                    "the target goes into the `nest` or on the `tool`, not `{place}`"
                ));
            }
        };
        self.put.push((step, nest));
        Ok(())
    }

    /// Where its target is, in the base frame, while the tool stands there.
    fn target(&self, count: u64, tcp: &Frame) -> Frame {
        let step = self.looks_at(count);
        let put = self.put.iter().rev().find(|(since, _)| *since <= step);
        match put {
            Some((_, true)) => Frame::from_pose(self.config.nest_mm, [0.0; 3]),
            _ => Frame {
                origin_mm: tcp.point(self.config.target_mm),
                ..*tcp
            },
        }
    }

    /// `x, y, z, a, b, c` of a line, in its own frame; `None` when it does not see the target.
    pub(crate) fn pose(&self, count: u64, tcp: &Frame) -> Option<[f64; 6]> {
        if self.ailment.over_range {
            return None;
        }
        let mut pose = self.target(count, tcp).seen_from(&self.stand).pose();
        let count = if self.ailment.stuck_since.is_some() {
            0
        } else {
            count
        };
        for (value, axis) in pose.iter_mut().zip(0u8..) {
            let sigma = if axis < 3 {
                self.config.noise_mm
            } else {
                self.config.noise_deg
            };
            *value += sigma * self.noise.normal(Stream::Tracker(axis), count);
        }
        pose[0] += self.ailment.drifted(self.looks_at(count), self.grid);
        Some(pose)
    }

    pub(crate) fn truth(&self) -> Value {
        json!({ "parameters": self.config })
    }
}
