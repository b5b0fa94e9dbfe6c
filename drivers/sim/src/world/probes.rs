//! Instruments at the rig, and how they lie.

use crate::config::{ProbeConfig, WorldConfig};

use super::World;
use super::gauge::Ailment;

/// An instrument at the rig.
#[derive(Clone, Debug)]
pub(crate) struct Probing {
    pub(crate) device: String,
    pub(crate) ailment: Ailment,
    /// The last number that it showed.
    shown: Option<f64>,
}

/// Those of a configuration, in the order of their numbers.
pub(crate) fn of(config: &WorldConfig) -> Vec<Probing> {
    let well = |device: &String| Probing {
        device: device.clone(),
        ailment: Ailment::default(),
        shown: None,
    };
    config.instruments.keys().map(well).collect()
}

impl World {
    /// What an instrument shows now; `None` when it cannot.
    pub(crate) fn probe(&mut self, config: &ProbeConfig, number: u8) -> Option<f64> {
        let (step, grid) = (self.step, self.grid);
        let rig = self.rig.as_ref()?;
        let Some(probing) = self.probes.get_mut(usize::from(number)) else {
            return rig.probe(config, number, step);
        };
        let ailment = probing.ailment;
        if ailment.over_range {
            return None;
        }
        if let (Some(_), Some(shown)) = (ailment.stuck_since, probing.shown) {
            return Some(shown);
        }
        let seen = rig.probe(config, number, step)? + ailment.drifted(step, grid);
        probing.shown = Some(seen);
        Some(seen)
    }
}
