use serde::{Deserialize, Serialize};

use super::{BadConfig, within};

/// A rotary joint that turns against a load machine (a brake). Its own controller runs it at its
/// rated speed while the relay box says so.
///
/// Heat: `I² R(T)` in the winding, with a current proportional to the torque; two bodies, winding and
/// housing, each of first order. Resistance: `R20 (1 + α (T - 20 °C))`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RigConfig {
    /// Speed of the output without load.
    pub speed_rpm: f64,
    /// The speed falls so much per N·m.
    pub droop_rpm_per_nm: f64,
    /// Time constant of running up and down.
    pub spin_ms: f64,
    /// More than this stalls it.
    pub torque_max_nm: f64,
    /// Current without load.
    pub idle_a: f64,
    /// Current per torque.
    pub a_per_nm: f64,
    /// Winding at 20 °C.
    pub r20_ohm: f64,
    /// Temperature coefficient of the winding, 1/K; copper by default.
    pub alpha_per_k: f64,
    /// Of the room.
    pub ambient_c: f64,
    /// From winding to housing.
    pub winding: BodyConfig,
    /// From housing to room.
    pub housing: BodyConfig,
    /// The load machine.
    pub load: LoadConfig,
}

/// A body that heat flows through.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BodyConfig {
    /// Thermal resistance to the next one.
    pub k_per_w: f64,
    /// Resistance times capacity.
    pub tau_s: f64,
}

/// The load machine: a brake in a torque loop of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LoadConfig {
    /// Time constant of the loop.
    pub lag_ms: f64,
    /// What it brakes without being told.
    pub drag_nm: f64,
    /// True torque = torque shown × (1 + this).
    pub gain_error: f64,
    /// Standard deviation of the torque that it shows.
    pub noise_nm: f64,
}

/// What an instrument looks at, and how well.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProbeConfig {
    /// What.
    pub shows: Shows,
    /// Standard deviation of a reading, in the unit of [`Shows`].
    #[serde(default)]
    pub noise: f64,
    /// True value times (1 + this) plus `offset` is shown.
    #[serde(default)]
    pub gain_error: f64,
    /// See `gain_error`.
    #[serde(default)]
    pub offset: f64,
    /// Places after the point.
    #[serde(default = "three")]
    pub decimals: usize,
}

fn three() -> usize {
    3
}

/// What an instrument can look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shows {
    /// °C, by a sensor in the winding.
    WindingTemperature,
    /// °C.
    HousingTemperature,
    /// °C.
    RoomTemperature,
    /// Between joint and load machine, N·m.
    JointTorque,
    /// Of the output, rpm.
    JointSpeed,
    /// Ohm; only while the joint has no power, else an overload.
    WindingResistance,
}

impl Default for RigConfig {
    fn default() -> RigConfig {
        RigConfig {
            speed_rpm: 30.0,
            droop_rpm_per_nm: 0.05,
            spin_ms: 120.0,
            torque_max_nm: 60.0,
            idle_a: 0.8,
            a_per_nm: 0.55,
            r20_ohm: 0.42,
            alpha_per_k: 0.003_93,
            ambient_c: 22.0,
            winding: BodyConfig {
                k_per_w: 0.55,
                tau_s: 150.0,
            },
            housing: BodyConfig {
                k_per_w: 0.75,
                tau_s: 2400.0,
            },
            load: LoadConfig::default(),
        }
    }
}

impl Default for LoadConfig {
    fn default() -> LoadConfig {
        LoadConfig {
            lag_ms: 80.0,
            drag_nm: 0.05,
            gain_error: 0.002,
            noise_nm: 0.01,
        }
    }
}

impl RigConfig {
    pub(super) fn check(&self) -> Result<(), BadConfig> {
        within("rig.speed_rpm", self.speed_rpm, 0.1, 1e5)?;
        within("rig.droop_rpm_per_nm", self.droop_rpm_per_nm, 0.0, 1e3)?;
        within("rig.spin_ms", self.spin_ms, 1.0, 1e5)?;
        within("rig.torque_max_nm", self.torque_max_nm, 0.01, 1e5)?;
        within("rig.idle_a", self.idle_a, 0.0, 1e3)?;
        within("rig.a_per_nm", self.a_per_nm, 0.0, 1e3)?;
        within("rig.r20_ohm", self.r20_ohm, 1e-6, 1e4)?;
        within("rig.alpha_per_k", self.alpha_per_k, 0.0, 0.1)?;
        within("rig.ambient_c", self.ambient_c, -60.0, 100.0)?;
        for body in [&self.winding, &self.housing] {
            within("rig: k_per_w", body.k_per_w, 1e-6, 1e4)?;
            within("rig: tau_s", body.tau_s, 5.0, 1e6)?;
        }
        within("rig.load.lag_ms", self.load.lag_ms, 1.0, 1e5)?;
        within("rig.load.drag_nm", self.load.drag_nm, 0.0, 1e4)?;
        within("rig.load.gain_error", self.load.gain_error, -0.5, 0.5)?;
        within("rig.load.noise_nm", self.load.noise_nm, 0.0, 1e3)
    }
}

impl ProbeConfig {
    pub(super) fn check(&self) -> Result<(), BadConfig> {
        within("instruments: noise", self.noise, 0.0, 1e6)?;
        within("instruments: gain_error", self.gain_error, -0.5, 0.5)?;
        within("instruments: offset", self.offset, -1e6, 1e6)?;
        within("instruments: decimals", self.decimals as f64, 0.0, 9.0)
    }
}
