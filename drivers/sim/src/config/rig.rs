use std::collections::BTreeMap;

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
    /// Voltage of the supply, V. It gives what turns the shaft and what heats the winding.
    pub supply_v: f64,
    /// The current per torque grows by this share per N·m²: iron that saturates.
    pub saturation_per_nm2: f64,
    /// Friction, as a current on top of `idle_a`.
    pub friction: FrictionConfig,
    /// Waves on the torque, by periods a revolution: share of the torque.
    pub ripple: BTreeMap<u32, f64>,
    /// What a lever on the output feels while the input is locked.
    pub gear: GearConfig,
}

/// Friction over speed: `stribeck_a exp(-(rpm / stribeck_rpm)²) + viscous_a_per_rpm rpm`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FrictionConfig {
    /// Above `idle_a` at standstill.
    pub stribeck_a: f64,
    /// Speed at which that is gone to a third.
    pub stribeck_rpm: f64,
    /// Growth with the speed.
    pub viscous_a_per_rpm: f64,
}

/// A gear under torque: a spring, play about no torque, and a lag between loading and unloading.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GearConfig {
    /// Torque per angle.
    pub stiffness_nm_per_deg: f64,
    /// Free angle.
    pub play_deg: f64,
    /// Angle between the branch that falls and the one that rises.
    pub lag_deg: f64,
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
    /// Further columns of the same line, after a blank each: read at the same instant.
    #[serde(default)]
    pub beside: Vec<ProbeConfig>,
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
    /// In the winding, A.
    JointCurrent,
    /// V.
    SupplyVoltage,
    /// From the supply, A.
    SupplyCurrent,
    /// Of the output against the housing, degrees, counted over turns.
    JointAngle,
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
            supply_v: 48.0,
            saturation_per_nm2: 0.0,
            friction: FrictionConfig::default(),
            ripple: BTreeMap::new(),
            gear: GearConfig::default(),
        }
    }
}

impl Default for FrictionConfig {
    fn default() -> FrictionConfig {
        FrictionConfig {
            stribeck_a: 0.0,
            stribeck_rpm: 3.0,
            viscous_a_per_rpm: 0.0,
        }
    }
}

impl Default for GearConfig {
    fn default() -> GearConfig {
        GearConfig {
            stiffness_nm_per_deg: 120.0,
            play_deg: 0.01,
            lag_deg: 0.005,
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
        within("rig.load.noise_nm", self.load.noise_nm, 0.0, 1e3)?;
        within("rig.supply_v", self.supply_v, 1.0, 1e3)?;
        within("rig.saturation_per_nm2", self.saturation_per_nm2, 0.0, 1.0)?;
        let friction = &self.friction;
        within("rig.friction.stribeck_a", friction.stribeck_a, 0.0, 1e3)?;
        within(
            "rig.friction.stribeck_rpm",
            friction.stribeck_rpm,
            1e-3,
            1e5,
        )?;
        within(
            "rig.friction.viscous_a_per_rpm",
            friction.viscous_a_per_rpm,
            0.0,
            1e3,
        )?;
        within(
            "rig.gear.stiffness_nm_per_deg",
            self.gear.stiffness_nm_per_deg,
            1e-3,
            1e7,
        )?;
        within("rig.gear.play_deg", self.gear.play_deg, 0.0, 10.0)?;
        within("rig.gear.lag_deg", self.gear.lag_deg, 0.0, 10.0)?;
        self.ripple
            .values()
            .try_for_each(|share| within("rig.ripple", *share, 0.0, 0.5))
    }
}

impl ProbeConfig {
    pub(super) fn check(&self) -> Result<(), BadConfig> {
        within("instruments: noise", self.noise, 0.0, 1e6)?;
        within("instruments: gain_error", self.gain_error, -0.5, 0.5)?;
        within("instruments: offset", self.offset, -1e6, 1e6)?;
        within("instruments: decimals", self.decimals as f64, 0.0, 9.0)?;
        self.beside.iter().try_for_each(ProbeConfig::check)
    }
}
