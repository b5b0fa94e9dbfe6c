//! What a bench file's `simulation:` block says.
//!
//! Everything has a default: `simulation: { seed: 7 }` is whole, and a scene (hand, arm) exists as soon
//! as a device of the bench needs it. Units stand in the names; masses in kg, angles in degrees, forces
//! in newton. Numbers here are **true** values of the simulated world; what the bench file says elsewhere
//! (calibration, registration, limits) is what the laboratory believes.
//!
//! One world has at most one of each: hand, arm, gauge, tracker, relay box.
//!
//! A hand bench:
//!
#![doc = concat!("```yaml\n", include_str!("config/hand.yaml"), "```")]
//!
//! An arm bench:
//!
#![doc = concat!("```yaml\n", include_str!("config/arm.yaml"), "```")]
//!
//! What an operator's prompt can change (`changes:` in a suite):
//!
//! | key | value | needs |
//! |---|---|---|
//! | `pendant` | words with `select N`, `start` or `stop` | a robot with programs of its own |
//! | `mount` | an object of `hand.objects`, `grip-gauge`, `load-cell`, or `nothing` | an open hand; for an object a raised support |
//! | `support` | `raised` or `lowered` | - |
//! | `target` | where the tracker's target is: `nest` (fixed beside the arm) or `tool` | an arm at rest |
//! | `load` | a mass at the arm's flange: `5 kg`, `500 g` | an arm at rest |
//! | `lever` | a torque on the joint of the rig, its input locked: `5 N.m` | a joint at rest |
//! | `stand` | a weight on one axis of the force sensor: `x 50 N` | a stand |
//! | `spring` | the spring of the contact device: `75 N/mm` | a wall |
//! | `joint-speed` | what the joint's own controller is set to: `12 deg/s` | a rig |

mod arm;
mod fault;
mod hand;
mod instrument;
mod label;
mod rig;
mod stand;

pub use arm::{
    ArmConfig, BrakeConfig, KinematicError, ProgramConfig, ServoConfig, StopConfig, StopDevice,
    ThermalConfig, VisitConfig,
};
pub use fault::{FaultConfig, FaultKind, Trigger};
pub use hand::{
    ForceSensor, GripGauge, HandConfig, HeatConfig, LoadCell, ObjectConfig, PullConfig,
    SupportConfig, WearConfig,
};
pub use instrument::{
    GaugeConfig, GaugeUnit, InputWire, IoConfig, OutputWire, RegisterWire, Separator, TrackerConfig,
};
pub use label::Label;
pub use rig::{BodyConfig, FrictionConfig, GearConfig, LoadConfig, ProbeConfig, RigConfig, Shows};

pub use stand::{StandConfig, WallConfig};

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The whole block.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WorldConfig {
    /// Of all noise and of the drawn kinematic error. The same seed gives the same bytes on the
    /// simulated clock.
    pub seed: u64,
    /// Step of the physics in microseconds, 100 to 5000; long runs need no fine ones.
    pub step_us: u32,
    /// Cables inside the process carry everything at once, as if their bit rate were endless: long runs
    /// need no transmission times.
    pub instant_cables: bool,
    /// A hand over a support, if there is one.
    pub hand: Option<HandConfig>,
    /// An arm, if there is one.
    pub arm: Option<ArmConfig>,
    /// A joint on a load machine, if there is one.
    pub rig: Option<RigConfig>,
    /// A force sensor under weights, in line with the gauge, if there is one.
    pub stand: Option<StandConfig>,
    /// A contact device before the arm, felt by the gauge, if there is one.
    pub wall: Option<WallConfig>,
    /// What instruments of the driver `ascii-instrument` look at, by device; one that is not here
    /// is the force gauge's indicator.
    pub instruments: BTreeMap<String, ProbeConfig>,
    /// The force gauge: under the support, or between the fingers while `mount` is `grip-gauge`.
    pub gauge: GaugeConfig,
    /// The tracker.
    pub tracker: TrackerConfig,
    /// The relay and input box, and what is wired to it.
    pub io: IoConfig,
    /// Devices on Modbus TCP instead of a serial line, by their names on the bench: of those that are
    /// tables of registers.
    pub modbus_tcp: Vec<String>,
    /// What stands on the plate of a device, by its name on the bench: what a person reads there.
    pub labels: BTreeMap<String, Label>,
    /// What goes wrong, and when.
    pub faults: Vec<FaultConfig>,
}

impl Default for WorldConfig {
    fn default() -> WorldConfig {
        WorldConfig {
            seed: 1,
            step_us: 500,
            instant_cables: false,
            hand: None,
            arm: None,
            rig: None,
            stand: None,
            wall: None,
            instruments: BTreeMap::new(),
            gauge: GaugeConfig::default(),
            tracker: TrackerConfig::default(),
            io: IoConfig::default(),
            modbus_tcp: Vec::new(),
            labels: BTreeMap::new(),
            faults: Vec::new(),
        }
    }
}

/// A `simulation:` block that cannot be: what, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadConfig(pub String);

impl std::fmt::Display for BadConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "simulation: {}", self.0)
    }
}

impl std::error::Error for BadConfig {}

impl WorldConfig {
    /// Reads the block from JSON (`null` is the default).
    ///
    /// # Errors
    /// [`BadConfig`]: an unknown key, a wrong type, or a number that physics does not allow.
    pub fn from_json(block: &serde_json::Value) -> Result<WorldConfig, BadConfig> {
        if block.is_null() {
            return Ok(WorldConfig::default());
        }
        let config: WorldConfig =
            WorldConfig::deserialize(block).map_err(|e| BadConfig(e.to_string()))?;
        config.check()?;
        Ok(config)
    }

    /// Refuses numbers that would make the world explode or stand still.
    ///
    /// # Errors
    /// [`BadConfig`] with the first such number.
    pub fn check(&self) -> Result<(), BadConfig> {
        within("step_us", f64::from(self.step_us), 100.0, 5000.0)?;
        self.hand.as_ref().map_or(Ok(()), HandConfig::check)?;
        self.arm.as_ref().map_or(Ok(()), ArmConfig::check)?;
        self.rig.as_ref().map_or(Ok(()), RigConfig::check)?;
        self.stand.as_ref().map_or(Ok(()), StandConfig::check)?;
        self.wall.as_ref().map_or(Ok(()), WallConfig::check)?;
        self.instruments.values().try_for_each(ProbeConfig::check)?;
        self.gauge.check()?;
        self.tracker.check()?;
        self.io.check()?;
        self.faults.iter().try_for_each(FaultConfig::check)
    }
}

fn within(what: &str, value: f64, least: f64, most: f64) -> Result<(), BadConfig> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(BadConfig(format!(
        "{what} is {value}; {least} to {most} is possible"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[derive(Deserialize)]
    struct Bench {
        simulation: WorldConfig,
    }

    fn example(yaml: &str) -> WorldConfig {
        serde_saphyr::from_str::<Bench>(yaml).unwrap().simulation
    }

    #[test]
    fn the_documented_examples_are_read() {
        let hand = example(include_str!("config/hand.yaml"));
        hand.check().unwrap();
        assert_eq!(
            hand.hand.as_ref().unwrap().objects["greased-50"].friction,
            0.10
        );
        assert_eq!(hand.io.outputs[&0], OutputWire::SupportLowered);
        let arm = example(include_str!("config/arm.yaml"));
        arm.check().unwrap();
        assert_eq!(arm.faults[0].code, Some(0x2310));
        // through JSON, as a bench file's block comes
        let json = serde_json::to_value(&arm).unwrap();
        assert_eq!(WorldConfig::from_json(&json).unwrap(), arm);
    }

    #[test]
    fn nothing_is_a_whole_block() {
        assert_eq!(
            WorldConfig::from_json(&Value::Null).unwrap(),
            WorldConfig::default()
        );
        assert_eq!(
            WorldConfig::from_json(&json!({ "seed": 7 })).unwrap().seed,
            7
        );
    }

    #[test]
    fn unknown_keys_and_impossible_numbers_are_refused_in_words() {
        let refused = |block: Value| WorldConfig::from_json(&block).unwrap_err().0;
        assert!(refused(json!({ "sed": 7 })).contains("sed"));
        assert!(refused(json!({ "step_us": 0 })).contains("step_us"));
        assert!(refused(json!({ "hand": { "aperture_mm": -3 } })).contains("aperture_mm"));
        assert!(refused(json!({ "arm": { "load_kg": 1e9 } })).contains("load_kg"));
        assert!(refused(json!({ "gauge": { "noise_n": -1 } })).contains("noise_n"));
        let lost = json!({ "faults": [{ "device": "arm", "kind": "late" }] });
        assert!(refused(lost).contains("by_ms"));
    }
}
