use serde::{Deserialize, Serialize};

use super::{BadConfig, within};

/// A loading stand: a person hangs weights on one axis of a force sensor at a time, and the bench's
/// gauge, in line with them, is the reference.
///
/// What the sensor shows: `M (F + c F³ + lag)` with the matrix M, for each axis a share c that grows with
/// the load, and a lag between loading and unloading; plus a zero that drifts. Loads below the
/// threshold are not felt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StandConfig {
    /// Row i, column k: what axis i shows of a load on axis k.
    pub matrix: [[f64; 3]; 3],
    /// Share of the load that is added per N², of each axis.
    pub bend_per_n2: [f64; 3],
    /// Between unloading and loading, N.
    pub lag_n: f64,
    /// Shown without load.
    pub zero_n: [f64; 3],
    /// Of the zero.
    pub drift_n_per_s: f64,
    /// Standard deviation of each reading.
    pub noise_n: f64,
    /// Smaller loads show nothing.
    pub threshold_n: f64,
}

impl Default for StandConfig {
    fn default() -> StandConfig {
        StandConfig {
            matrix: [
                [1.0, 0.004, 0.002],
                [0.003, 1.0, 0.002],
                [0.006, 0.002, 1.0],
            ],
            bend_per_n2: [1e-7; 3],
            lag_n: 0.05,
            zero_n: [0.02, -0.03, 0.04],
            drift_n_per_s: 1e-4,
            noise_n: 0.004,
            threshold_n: 0.03,
        }
    }
}

impl StandConfig {
    pub(super) fn check(&self) -> Result<(), BadConfig> {
        for cell in self.matrix.iter().flatten() {
            within("stand.matrix", *cell, -10.0, 10.0)?;
        }
        for (bend, zero) in self.bend_per_n2.iter().zip(&self.zero_n) {
            within("stand.bend_per_n2", *bend, -1e-3, 1e-3)?;
            within("stand.zero_n", *zero, -1000.0, 1000.0)?;
        }
        within("stand.lag_n", self.lag_n, 0.0, 100.0)?;
        within("stand.drift_n_per_s", self.drift_n_per_s, -10.0, 10.0)?;
        within("stand.noise_n", self.noise_n, 0.0, 100.0)?;
        within("stand.threshold_n", self.threshold_n, 0.0, 100.0)
    }
}

/// A measuring device for contacts, before the arm: a plane with a spring and a damper behind it, which
/// the bench's gauge feels. It does not push the arm back: position control that holds against it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WallConfig {
    /// A point of the plane in the arm's base frame, mm.
    pub at_mm: [f64; 3],
    /// From the plane into the device.
    pub into: [f64; 3],
    /// Until a person changes the spring (`spring`).
    pub stiffness_n_per_mm: f64,
    /// Per speed into it.
    pub damping_n_s_per_mm: f64,
}

impl Default for WallConfig {
    fn default() -> WallConfig {
        WallConfig {
            at_mm: [580.0, 0.0, 330.0],
            into: [1.0, 0.0, 0.0],
            stiffness_n_per_mm: 25.0,
            damping_n_s_per_mm: 0.05,
        }
    }
}

impl WallConfig {
    pub(super) fn check(&self) -> Result<(), BadConfig> {
        for (at, into) in self.at_mm.iter().zip(&self.into) {
            within("wall.at_mm", *at, -5000.0, 5000.0)?;
            within("wall.into", *into, -1.0, 1.0)?;
        }
        let long = self.into.iter().map(|c| c * c).sum::<f64>();
        within("wall.into, its length", long, 0.5, 2.0)?;
        within(
            "wall.stiffness_n_per_mm",
            self.stiffness_n_per_mm,
            0.1,
            1000.0,
        )?;
        within(
            "wall.damping_n_s_per_mm",
            self.damping_n_s_per_mm,
            0.0,
            10.0,
        )
    }
}
