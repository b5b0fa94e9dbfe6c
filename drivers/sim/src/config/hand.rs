use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{BadConfig, within};

/// A hand that grips what stands on a support below it.
///
/// The four fingers close towards palm and thumb. The grip is `max(sum of the four fingers, thumb)`:
/// the other side gives the reaction. An object is held when twice the grip times its friction carries
/// its weight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HandConfig {
    /// Address on its bus, 1 to 254.
    pub id: u8,
    /// From an open finger to the palm.
    pub aperture_mm: f64,
    /// Open to closed at the highest speed, in seconds.
    pub full_stroke_s: f64,
    /// A finger pushes no harder than this, and slows down towards it.
    pub stall_force_n: f64,
    /// How strong each finger truly is, as a share of what its motor believes: little, ring, middle,
    /// index, thumb bend, thumb rotation. A weak finger reports that it has reached its force.
    pub strength: [f64; 6],
    /// How fast each finger truly goes, as a share of what it is told, in the same order.
    pub pace: [f64; 6],
    /// How evenly a finger grips: standard deviation of the share of the set force at which it stops,
    /// drawn anew at each touch.
    pub grip_scatter: f64,
    /// The force sensor in each finger.
    pub force_sensor: ForceSensor,
    /// Warming of the motors.
    pub heat: HeatConfig,
    /// An object that slipped so far is out of the hand.
    pub depth_mm: f64,
    /// What is mounted at the start: an object, `grip-gauge`, `load-cell`, or `nothing`.
    pub mount: String,
    /// What can be mounted, by name.
    pub objects: BTreeMap<String, ObjectConfig>,
    /// What objects stand on.
    pub support: SupportConfig,
    /// The force gauge when it is put between the fingers.
    pub grip_gauge: GripGauge,
    /// The force gauge when one finger pushes on it.
    pub load_cell: LoadCell,
    /// What cycles do to the gears.
    pub wear: WearConfig,
    /// A pulling device with the force gauge in its line.
    pub pull: PullConfig,
}

/// A thing to grip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectConfig {
    /// True mass.
    pub mass_kg: f64,
    /// Between the fingers and the palm.
    pub width_mm: f64,
    /// Coefficient of static friction against the skin of the hand; 0.9 of it once it slides.
    pub friction: f64,
    /// Contact stiffness of one finger on it, skin included.
    #[serde(default = "eight")]
    pub stiffness_n_per_mm: f64,
}

fn eight() -> f64 {
    8.0
}

/// What objects stand on. It moves at a steady speed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SupportConfig {
    /// Where it is at the start.
    pub raised: bool,
    /// How far down the lowered place is.
    pub drop_mm: f64,
    /// From one place to the other.
    pub travel_ms: f64,
    /// Of its surface, gauge included.
    pub stiffness_n_per_mm: f64,
    /// Damping ratio of an object on it.
    pub damping: f64,
}

/// The force gauge as an object between the fingers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GripGauge {
    /// Between the fingers and the palm.
    pub width_mm: f64,
    /// Contact stiffness of one finger on it.
    pub stiffness_n_per_mm: f64,
}

/// The force gauge as a load cell that one finger pushes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LoadCell {
    /// Which finger, from 1: little, ring, middle, index, thumb.
    pub finger: u8,
    /// From the palm to the cell.
    pub width_mm: f64,
    /// Contact stiffness.
    pub stiffness_n_per_mm: f64,
    /// Between the finger's push and the axis of the cell: a gauge feels the cosine, a sensor of
    /// several components the sine along x.
    pub off_axis_deg: f64,
}

/// A pulling device: its force grows until what it pulls slides; then it pulls at a steady speed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PullConfig {
    /// Growth of the force.
    pub n_per_s: f64,
    /// Speed once it slides.
    pub mm_per_s: f64,
}

impl Default for PullConfig {
    fn default() -> PullConfig {
        PullConfig {
            n_per_s: 2.0,
            mm_per_s: 20.0,
        }
    }
}

/// Wear: all fingers push the weaker the more often they have closed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WearConfig {
    /// Share of the strength that 100,000 cycles cost, percent; linear.
    pub percent_per_100k: f64,
    /// Cycles that it has behind it at the start.
    pub cycles: u64,
    /// At this cycle something breaks: from then on a tenth of the strength is left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breaks_at: Option<u64>,
}

impl Default for WearConfig {
    fn default() -> WearConfig {
        WearConfig {
            percent_per_100k: 0.0,
            cycles: 0,
            breaks_at: None,
        }
    }
}

impl Default for LoadCell {
    fn default() -> LoadCell {
        LoadCell {
            finger: 4,
            width_mm: 40.0,
            stiffness_n_per_mm: 30.0,
            off_axis_deg: 0.0,
        }
    }
}

/// The force sensor in each finger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ForceSensor {
    /// Standard deviation in grams-force.
    pub noise_g: f64,
    /// Reading without contact, in grams-force, until the hand is told to calibrate.
    pub zero_g: [f64; 6],
}

/// Warming of the motors: towards `ambient + rise * (force / stall force)^2`, plus a third of the rise
/// while moving; first order. Nothing once it is too hot: the gear holds without power.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HeatConfig {
    /// Of the room.
    pub ambient_c: f64,
    /// At stall, in the end.
    pub rise_c: f64,
    /// Time constant.
    pub tau_s: f64,
    /// At this a finger refuses to move and reports over-temperature, until it is 10 K cooler.
    pub limit_c: f64,
}

impl Default for HandConfig {
    fn default() -> HandConfig {
        HandConfig {
            id: 1,
            aperture_mm: 110.0,
            full_stroke_s: 0.8,
            stall_force_n: 12.0,
            strength: [1.0; 6],
            pace: [1.0; 6],
            grip_scatter: 0.0,
            force_sensor: ForceSensor::default(),
            heat: HeatConfig::default(),
            depth_mm: 60.0,
            mount: "nothing".into(),
            objects: BTreeMap::new(),
            support: SupportConfig::default(),
            grip_gauge: GripGauge::default(),
            load_cell: LoadCell::default(),
            wear: WearConfig::default(),
            pull: PullConfig::default(),
        }
    }
}

impl Default for SupportConfig {
    fn default() -> SupportConfig {
        SupportConfig {
            raised: true,
            drop_mm: 150.0,
            travel_ms: 300.0,
            stiffness_n_per_mm: 50.0,
            damping: 0.4,
        }
    }
}

impl Default for GripGauge {
    fn default() -> GripGauge {
        GripGauge {
            width_mm: 40.0,
            stiffness_n_per_mm: 60.0,
        }
    }
}

impl Default for ForceSensor {
    fn default() -> ForceSensor {
        ForceSensor {
            noise_g: 3.0,
            zero_g: [0.0; 6],
        }
    }
}

impl Default for HeatConfig {
    fn default() -> HeatConfig {
        HeatConfig {
            ambient_c: 25.0,
            rise_c: 40.0,
            tau_s: 300.0,
            limit_c: 70.0,
        }
    }
}

impl HandConfig {
    pub(super) fn check(&self) -> Result<(), BadConfig> {
        within("hand.id", f64::from(self.id), 1.0, 254.0)?;
        within("hand.aperture_mm", self.aperture_mm, 1.0, 1000.0)?;
        within("hand.full_stroke_s", self.full_stroke_s, 0.05, 60.0)?;
        within("hand.stall_force_n", self.stall_force_n, 0.1, 1000.0)?;
        self.strength
            .iter()
            .try_for_each(|share| within("hand.strength", *share, 0.05, 2.0))?;
        self.pace
            .iter()
            .try_for_each(|share| within("hand.pace", *share, 0.05, 2.0))?;
        within("hand.grip_scatter", self.grip_scatter, 0.0, 0.3)?;
        within("hand.depth_mm", self.depth_mm, 1.0, 1000.0)?;
        within(
            "hand.force_sensor.noise_g",
            self.force_sensor.noise_g,
            0.0,
            1000.0,
        )?;
        within("hand.heat.tau_s", self.heat.tau_s, 0.1, 1e6)?;
        within("hand.heat.rise_c", self.heat.rise_c, 0.0, 500.0)?;
        within("hand.heat.ambient_c", self.heat.ambient_c, -40.0, 100.0)?;
        within("hand.heat.limit_c", self.heat.limit_c, 0.0, 250.0)?;
        within("hand.support.drop_mm", self.support.drop_mm, 1.0, 2000.0)?;
        within(
            "hand.support.travel_ms",
            self.support.travel_ms,
            1.0,
            60_000.0,
        )?;
        within(
            "hand.support.stiffness_n_per_mm",
            self.support.stiffness_n_per_mm,
            0.1,
            1e4,
        )?;
        within("hand.support.damping", self.support.damping, 0.0, 1.0)?;
        within(
            "hand.grip_gauge.width_mm",
            self.grip_gauge.width_mm,
            1.0,
            self.aperture_mm,
        )?;
        within(
            "hand.grip_gauge.stiffness_n_per_mm",
            self.grip_gauge.stiffness_n_per_mm,
            0.1,
            1e3,
        )?;
        let cell = &self.load_cell;
        within("hand.load_cell.finger", f64::from(cell.finger), 1.0, 5.0)?;
        within(
            "hand.load_cell.width_mm",
            cell.width_mm,
            1.0,
            self.aperture_mm,
        )?;
        within(
            "hand.load_cell.stiffness_n_per_mm",
            cell.stiffness_n_per_mm,
            0.1,
            1e3,
        )?;
        within(
            "hand.load_cell.off_axis_deg",
            cell.off_axis_deg,
            -60.0,
            60.0,
        )?;
        within("hand.pull.n_per_s", self.pull.n_per_s, 0.01, 1000.0)?;
        within("hand.pull.mm_per_s", self.pull.mm_per_s, 0.1, 1000.0)?;
        within(
            "hand.wear.percent_per_100k",
            self.wear.percent_per_100k,
            0.0,
            1e5,
        )?;
        for (name, object) in &self.objects {
            let field = |field| format!("hand.objects.{name}.{field}");
            within(&field("mass_kg"), object.mass_kg, 0.001, 50.0)?;
            within(&field("width_mm"), object.width_mm, 1.0, self.aperture_mm)?;
            within(&field("friction"), object.friction, 0.0, 5.0)?;
            within(
                &field("stiffness_n_per_mm"),
                object.stiffness_n_per_mm,
                0.1,
                1e3,
            )?;
        }
        let known = self.mount == "nothing"
            || self.mount == "grip-gauge"
            || self.mount == "load-cell"
            || self.objects.contains_key(&self.mount);
        if !known {
            return Err(BadConfig(format!(
                "hand.mount is `{}`, which is not among hand.objects",
                self.mount
            )));
        }
        Ok(())
    }
}
