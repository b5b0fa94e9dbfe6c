use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{BadConfig, within};

/// A six-axis arm of some 0.9 m reach: six CiA 402 joints on one CANopen bus.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ArmConfig {
    /// CANopen node of each joint, 1 to 126.
    pub nodes: [u8; 6],
    /// Position units of the drives; velocities are in units/s, accelerations in units/s².
    pub units_per_deg: f64,
    /// Where the arm stands at power-on, degrees.
    pub home_deg: [f64; 6],
    /// Range of each joint about zero, degrees: `-limit` to `+limit`.
    pub limit_deg: [f64; 6],
    /// Highest speed of each joint, deg/s (object 607Fh).
    pub speed_deg_s: [f64; 6],
    /// Tool centre point from the flange, mm; part of the nominal kinematics.
    pub tool_mm: [f64; 3],
    /// Mass at the flange at the start.
    pub load_kg: f64,
    /// Inertia of each joint without load, motor included.
    pub inertia_kg_m2: [f64; 6],
    /// Torque of each drive.
    pub torque_nm: [f64; 6],
    /// Friction of each joint without power.
    pub friction_nm: [f64; 6],
    /// Play of each gear, from flank to flank, degrees.
    pub backlash_deg: [f64; 6],
    /// Give of each joint under the load at the flange, degrees per N·m. (The give under the arm's own
    /// weight is taken as calibrated out.)
    pub compliance_deg_per_nm: [f64; 6],
    /// Encoders that lie: their graduation sits off the axis, so that a joint truly stands
    /// `error × sin(angle)` away from what its drive reports, degrees.
    pub encoder_error_deg: [f64; 6],
    /// What the joints give way slowly under a lasting load at the flange, besides `compliance`, degrees
    /// per N·m in the end.
    pub creep_deg_per_nm: [f64; 6],
    /// Time constant of that.
    pub creep_s: f64,
    /// Control of the drives.
    pub servo: ServoConfig,
    /// True link parameters = nominal ones + an error drawn from the seed.
    pub kinematic_error: KinematicError,
    /// Growth while warming up.
    pub thermal: ThermalConfig,
    /// Holding brakes.
    pub brake: BrakeConfig,
    /// What an open emergency-stop chain does.
    pub stop: StopConfig,
    /// How often a powered drive looks at itself (faults, ends of moves); frames are answered at once.
    /// Long runs need no fine look.
    pub look_ms: f64,
    /// Modes of operation that the drives have (object 6502h): 1, 3, 4, 6, 8, 9, 10.
    pub modes: Vec<u8>,
    /// The electronic data sheet that the drives carry (object 1021h).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eds: Option<String>,
    /// Drives that stay operational when they miss the host's heartbeat (object 1029h:01 is 1).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub stays_operational: bool,
    /// Programs of its own controller, by number from 1; the relay box starts them.
    pub programs: BTreeMap<u16, ProgramConfig>,
}

/// A taught program: poses one after the other, done so often.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProgramConfig {
    /// Share of each joint's highest speed; all joints arrive together.
    pub speed: f64,
    /// How often the poses are visited.
    #[serde(default = "once")]
    pub passes: u32,
    /// Poses in order.
    pub visits: Vec<VisitConfig>,
}

/// What a simulated drive can do.
const MODES: [u8; 7] = [1, 3, 4, 6, 8, 9, 10];

fn once() -> u32 {
    1
}

/// A taught pose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VisitConfig {
    /// Joint angles, degrees.
    pub joint_deg: [f64; 6],
    /// How long it stays; 0 for a point on the way, from which the next pose is approached.
    #[serde(default)]
    pub dwell_s: f64,
}

/// Control of the drives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServoConfig {
    /// Natural frequency of the position loop.
    pub hz: f64,
    /// Its damping ratio.
    pub damping: f64,
    /// Standard deviation of where a joint comes to rest, drawn anew at each set-point, degrees.
    pub rest_error_deg: f64,
    /// Standard deviation of what the gear keeps wound up behind the encoder, drawn anew at each
    /// set-point, degrees: the drive does not see it.
    pub windup_deg: f64,
    /// More than this behind the profile for 50 ms is a following error, degrees.
    pub following_error_deg: f64,
    /// So much more than the highest speed is an overspeed fault.
    pub overspeed: f64,
}

/// Standard deviations of the drawn error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KinematicError {
    /// Of lengths and offsets, mm.
    pub length_mm: f64,
    /// Of twists and joint zeros, degrees.
    pub angle_deg: f64,
}

/// First-order warm-up: fully warm when always moving, a third of it when only powered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ThermalConfig {
    /// Time constant.
    pub tau_s: f64,
    /// All lengths, when warm, parts per million.
    pub growth_ppm: f64,
    /// Joint zeros, when warm, degrees.
    pub zero_shift_deg: [f64; 6],
}

/// Holding brakes: they close without power.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BrakeConfig {
    /// From power to free.
    pub release_ms: f64,
    /// From power lost to gripping.
    pub engage_ms: f64,
    /// Torque of each.
    pub torque_nm: [f64; 6],
}

/// What an open emergency-stop chain does (IEC 60204-1 categories).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StopConfig {
    /// 0: power off at once. 1: decelerate, then power off.
    pub category: u8,
    /// From the contact to the reaction of the controller.
    pub reaction_ms: f64,
    /// Category 1: deceleration of every joint, deg/s².
    pub decel_deg_s2: f64,
    /// Category 1: power goes after this even when something still moves.
    pub limit_ms: f64,
    /// From the command to the contactor's contacts, both ways.
    pub contactor_ms: f64,
    /// The contactor's contacts are welded: power never goes.
    pub welded: bool,
    /// A fault of the controller: when the chain closes again, the motion that was stopped goes on by
    /// itself. (IEC 60204-1 forbids it.)
    pub restarts_after_reset: bool,
    /// A fault of the drives: they go on with what they do when their master falls silent.
    pub ignores_silence: bool,
    /// The stop devices of the machine that a person reaches, by name: what a prompt presses and
    /// releases.
    pub devices: BTreeMap<String, StopDevice>,
}

/// How a stop device of the machine is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StopDevice {
    /// The machine's safety controller hears it, as it hears the emergency-stop chain. (The inputs
    /// `estop-open` and `estop-closed` see the bench's own coils of that chain, `stop-pressed` the device.)
    Wired,
    /// A fault: it latches, and nothing hears it.
    Dead,
    /// A fault: nothing hears it in the operating mode `manual`.
    BypassedInManual,
}

impl Default for ArmConfig {
    fn default() -> ArmConfig {
        ArmConfig {
            nodes: [1, 2, 3, 4, 5, 6],
            units_per_deg: 10_000.0,
            home_deg: [0.0, 90.0, -120.0, -60.0, -90.0, 0.0],
            limit_deg: [180.0, 180.0, 165.0, 180.0, 180.0, 360.0],
            speed_deg_s: [120.0, 120.0, 150.0, 180.0, 180.0, 180.0],
            tool_mm: [0.0, 0.0, 100.0],
            load_kg: 0.0,
            inertia_kg_m2: [3.5, 4.1, 1.2, 0.15, 0.1, 0.03],
            torque_nm: [220.0, 300.0, 150.0, 40.0, 40.0, 20.0],
            friction_nm: [12.0, 14.0, 8.0, 2.0, 2.0, 1.0],
            backlash_deg: [0.004, 0.004, 0.004, 0.006, 0.006, 0.008],
            compliance_deg_per_nm: [0.0006, 0.0006, 0.0009, 0.002, 0.003, 0.004],
            encoder_error_deg: [0.0; 6],
            creep_deg_per_nm: [0.0; 6],
            creep_s: 2.0,
            servo: ServoConfig::default(),
            kinematic_error: KinematicError::default(),
            thermal: ThermalConfig::default(),
            brake: BrakeConfig::default(),
            stop: StopConfig::default(),
            look_ms: 2.0,
            modes: MODES.to_vec(),
            eds: None,
            stays_operational: false,
            programs: BTreeMap::new(),
        }
    }
}

impl Default for ServoConfig {
    fn default() -> ServoConfig {
        ServoConfig {
            hz: 10.0,
            damping: 0.8,
            rest_error_deg: 0.0015,
            windup_deg: 0.0,
            following_error_deg: 3.0,
            overspeed: 1.2,
        }
    }
}

impl Default for KinematicError {
    fn default() -> KinematicError {
        KinematicError {
            length_mm: 0.3,
            angle_deg: 0.02,
        }
    }
}

impl Default for ThermalConfig {
    fn default() -> ThermalConfig {
        ThermalConfig {
            tau_s: 1800.0,
            growth_ppm: 100.0,
            zero_shift_deg: [0.002, 0.004, 0.003, 0.0, 0.0, 0.0],
        }
    }
}

impl Default for BrakeConfig {
    fn default() -> BrakeConfig {
        BrakeConfig {
            release_ms: 40.0,
            engage_ms: 25.0,
            torque_nm: [180.0, 280.0, 140.0, 40.0, 40.0, 20.0],
        }
    }
}

impl Default for StopConfig {
    fn default() -> StopConfig {
        StopConfig {
            category: 1,
            reaction_ms: 12.0,
            decel_deg_s2: 500.0,
            limit_ms: 1000.0,
            contactor_ms: 15.0,
            welded: false,
            restarts_after_reset: false,
            ignores_silence: false,
            devices: BTreeMap::new(),
        }
    }
}

impl ArmConfig {
    pub(super) fn check(&self) -> Result<(), BadConfig> {
        for (at, node) in self.nodes.iter().enumerate() {
            within("arm.nodes", f64::from(*node), 1.0, 126.0)?;
            if self.nodes.iter().take(at).any(|other| other == node) {
                return Err(BadConfig(format!("arm.nodes has {node} twice")));
            }
        }
        within("arm.units_per_deg", self.units_per_deg, 1.0, 1e6)?;
        within("arm.load_kg", self.load_kg, 0.0, 100.0)?;
        let six: [(&str, &[f64; 6], f64, f64); 12] = [
            ("arm.home_deg", &self.home_deg, -720.0, 720.0),
            ("arm.limit_deg", &self.limit_deg, 1.0, 720.0),
            ("arm.speed_deg_s", &self.speed_deg_s, 0.1, 2000.0),
            ("arm.inertia_kg_m2", &self.inertia_kg_m2, 0.001, 1000.0),
            ("arm.torque_nm", &self.torque_nm, 0.1, 1e5),
            ("arm.friction_nm", &self.friction_nm, 0.0, 1e4),
            ("arm.backlash_deg", &self.backlash_deg, 0.0, 5.0),
            ("arm.encoder_error_deg", &self.encoder_error_deg, -5.0, 5.0),
            (
                "arm.compliance_deg_per_nm",
                &self.compliance_deg_per_nm,
                0.0,
                1.0,
            ),
            ("arm.creep_deg_per_nm", &self.creep_deg_per_nm, 0.0, 1.0),
            (
                "arm.thermal.zero_shift_deg",
                &self.thermal.zero_shift_deg,
                -5.0,
                5.0,
            ),
            ("arm.brake.torque_nm", &self.brake.torque_nm, 0.0, 1e5),
        ];
        for (what, values, least, most) in six {
            values
                .iter()
                .try_for_each(|value| within(what, *value, least, most))?;
        }
        self.tool_mm
            .iter()
            .try_for_each(|value| within("arm.tool_mm", *value, -1000.0, 1000.0))?;
        within("arm.creep_s", self.creep_s, 0.01, 1e5)?;
        within("arm.servo.windup_deg", self.servo.windup_deg, 0.0, 1.0)?;
        within("arm.servo.hz", self.servo.hz, 0.5, 40.0)?;
        within("arm.servo.damping", self.servo.damping, 0.3, 2.0)?;
        within(
            "arm.servo.rest_error_deg",
            self.servo.rest_error_deg,
            0.0,
            1.0,
        )?;
        within(
            "arm.servo.following_error_deg",
            self.servo.following_error_deg,
            0.01,
            90.0,
        )?;
        within("arm.servo.overspeed", self.servo.overspeed, 1.0, 10.0)?;
        within(
            "arm.kinematic_error.length_mm",
            self.kinematic_error.length_mm,
            0.0,
            10.0,
        )?;
        within(
            "arm.kinematic_error.angle_deg",
            self.kinematic_error.angle_deg,
            0.0,
            2.0,
        )?;
        within("arm.thermal.tau_s", self.thermal.tau_s, 1.0, 1e6)?;
        within("arm.thermal.growth_ppm", self.thermal.growth_ppm, -1e4, 1e4)?;
        within("arm.brake.release_ms", self.brake.release_ms, 0.0, 2000.0)?;
        within("arm.brake.engage_ms", self.brake.engage_ms, 0.0, 2000.0)?;
        within("arm.stop.category", f64::from(self.stop.category), 0.0, 1.0)?;
        within("arm.stop.reaction_ms", self.stop.reaction_ms, 0.0, 1000.0)?;
        within("arm.stop.decel_deg_s2", self.stop.decel_deg_s2, 1.0, 1e5)?;
        within("arm.stop.limit_ms", self.stop.limit_ms, 1.0, 60_000.0)?;
        within("arm.stop.contactor_ms", self.stop.contactor_ms, 0.0, 1000.0)?;
        within("arm.look_ms", self.look_ms, 0.5, 200.0)?;
        for mode in &self.modes {
            if !MODES.contains(mode) {
                return Err(BadConfig(format!("arm.modes: there is no mode {mode}")));
            }
        }
        for (number, program) in &self.programs {
            within("arm.programs", f64::from(*number), 1.0, 65_535.0)?;
            within("arm.programs.speed", program.speed, 0.001, 1.0)?;
            within("arm.programs.passes", f64::from(program.passes), 1.0, 1e6)?;
            within("arm.programs.visits", program.visits.len() as f64, 1.0, 1e4)?;
            for visit in &program.visits {
                within("arm.programs.dwell_s", visit.dwell_s, 0.0, 1e5)?;
                for (deg, limit) in visit.joint_deg.iter().zip(&self.limit_deg) {
                    within("arm.programs.joint_deg", *deg, -limit, *limit)?;
                }
            }
        }
        Ok(())
    }
}
