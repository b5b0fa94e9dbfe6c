use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{BadConfig, within};

/// A force gauge. Compression reads positive.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GaugeConfig {
    /// What it shows after power-on.
    pub unit: GaugeUnit,
    /// Places after the point in that unit and in every other.
    pub decimals: usize,
    /// Standard deviation of a reading.
    pub noise_n: f64,
    /// Readings a second.
    pub rate_hz: f64,
    /// From the force to the reading; the time until somebody asks comes on top.
    pub delay_ms: f64,
    /// First-order low-pass in front of it.
    pub bandwidth_hz: f64,
    /// True reading = force × (1 + this) + zero.
    pub gain_error: f64,
    /// What it shows without force, until zeroed.
    pub zero_n: f64,
    /// Beyond this it shows no number.
    pub capacity_n: f64,
}

/// What a gauge can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub enum GaugeUnit {
    N,
    #[serde(rename = "kN")]
    KiloNewton,
    #[serde(rename = "mN")]
    MilliNewton,
    #[serde(rename = "lbF")]
    PoundForce,
    #[serde(rename = "kgF")]
    KilogramForce,
    #[serde(rename = "gF")]
    GramForce,
    #[serde(rename = "ozF")]
    OunceForce,
}

/// A tracker that watches the tool centre point, in a frame of its own. It sends lines unasked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrackerConfig {
    /// Lines a second, 1 to 1000.
    pub rate_hz: f64,
    /// From the measurement to the line's first byte.
    pub delay_ms: f64,
    /// Standard deviation of each of x, y, z.
    pub noise_mm: f64,
    /// Standard deviation of each of a, b, c.
    pub noise_deg: f64,
    /// Its origin in the arm's base frame.
    pub origin_mm: [f64; 3],
    /// Its attitude there: rotations about the fixed x, then y, then z axis, so that
    /// `p_base = R p_tracker + origin`: the same form as the bench's registration.
    pub rotation_deg: [f64; 3],
    /// Target from the tool centre point, in the tool's axes, mm.
    pub target_mm: [f64; 3],
    /// Where the fixed nest holds the target when somebody puts it there, in the arm's base frame, mm.
    pub nest_mm: [f64; 3],
    /// What stands in a line, in order: `x y z` (mm), `a b c` (degrees), `n` (count of the line),
    /// `t` (seconds since the start).
    pub columns: Vec<String>,
    /// Between two columns.
    pub separator: Separator,
    /// Places after the point.
    pub decimals: usize,
    /// Written for a value that it does not have.
    pub no_value: String,
}

/// Between two columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Separator {
    Comma,
    Semicolon,
    Blank,
}

/// A Modbus relay and input box, and what is wired to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IoConfig {
    /// Its unit number, 1 to 247.
    pub unit: u8,
    /// How many coils and how many inputs it has.
    pub channels: u16,
    /// What a coil does while it is on.
    pub outputs: BTreeMap<u16, OutputWire>,
    /// What an input sees when it reads 1.
    pub inputs: BTreeMap<u16, InputWire>,
    /// Who reads a holding register.
    pub registers: BTreeMap<u16, RegisterWire>,
    /// From the coil's telegram to its contact.
    pub relay_ms: f64,
    /// From a contact to the input that sees it.
    pub input_ms: f64,
}

/// What a coil does while it is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutputWire {
    /// Opens the emergency-stop chain.
    EstopOpen,
    /// Closes the emergency-stop chain (open while the coil is off).
    EstopClosed,
    /// Takes the drives' supply away at once, as a stop of category 0.
    PowerCut,
    /// Lowers the support.
    SupportLowered,
    /// Raises the support.
    SupportRaised,
    /// Starts the selected program of the arm's own controller as it goes on.
    ProgramStart,
    /// Stops that program while it is on, and lets none start.
    ProgramStop,
    /// Bits of the program's number, from the lowest.
    ProgramBit0,
    /// See `program-bit0`.
    ProgramBit1,
    /// See `program-bit0`.
    ProgramBit2,
    /// The joint on the load machine runs at its rated speed while it is on.
    JointRun,
    /// A pulling device pulls what the hand holds downward while it is on, harder and harder.
    Pull,
}

/// Who reads a holding register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RegisterWire {
    /// The number of the arm's own program, added to that of the bits.
    ProgramNumber,
}

/// What an input sees when it reads 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InputWire {
    /// The emergency-stop chain is open.
    EstopOpen,
    /// The emergency-stop chain is closed.
    EstopClosed,
    /// The drives' supply is being taken away by a coil (`power-cut`).
    PowerCut,
    /// The drives have power (contactor closed).
    DrivePower,
    /// A stop device of the machine is pressed: its own contact, whether anything hears it or not.
    StopPressed,
    /// The support is up, at its stop.
    SupportRaised,
    /// The support is down, at its stop.
    SupportLowered,
    /// A program of the arm's own controller is under way.
    ProgramBusy,
    /// The last program came to its end.
    ProgramDone,
    /// It dwells at one of its poses.
    ProgramAtPose,
    /// The joint on the load machine is powered or turns.
    JointRuns,
}

impl Default for GaugeConfig {
    fn default() -> GaugeConfig {
        GaugeConfig {
            unit: GaugeUnit::N,
            decimals: 3,
            noise_n: 0.01,
            rate_hz: 1000.0,
            delay_ms: 4.0,
            bandwidth_hz: 100.0,
            gain_error: 0.0005,
            zero_n: 0.02,
            capacity_n: 250.0,
        }
    }
}

impl Default for TrackerConfig {
    fn default() -> TrackerConfig {
        TrackerConfig {
            rate_hz: 250.0,
            delay_ms: 4.0,
            noise_mm: 0.01,
            noise_deg: 0.003,
            origin_mm: [2450.0, -1310.0, 820.0],
            rotation_deg: [1.5, -2.0, 147.0],
            target_mm: [0.0; 3],
            nest_mm: [700.0, 700.0, 0.0],
            columns: ["x", "y", "z", "a", "b", "c"].map(String::from).to_vec(),
            separator: Separator::Comma,
            decimals: 4,
            no_value: "---".into(),
        }
    }
}

impl Default for IoConfig {
    fn default() -> IoConfig {
        IoConfig {
            unit: 1,
            channels: 8,
            outputs: [(0, OutputWire::SupportLowered), (1, OutputWire::EstopOpen)].into(),
            inputs: [
                (0, InputWire::EstopOpen),
                (1, InputWire::DrivePower),
                (2, InputWire::SupportLowered),
            ]
            .into(),
            registers: BTreeMap::new(),
            relay_ms: 6.0,
            input_ms: 2.0,
        }
    }
}

impl GaugeConfig {
    pub(super) fn check(&self) -> Result<(), BadConfig> {
        within("gauge.decimals", self.decimals as f64, 0.0, 6.0)?;
        within("gauge.noise_n", self.noise_n, 0.0, 1000.0)?;
        within("gauge.rate_hz", self.rate_hz, 1.0, 10_000.0)?;
        within("gauge.delay_ms", self.delay_ms, 0.0, 500.0)?;
        within("gauge.bandwidth_hz", self.bandwidth_hz, 0.1, 500.0)?;
        within("gauge.gain_error", self.gain_error, -0.5, 0.5)?;
        within("gauge.zero_n", self.zero_n, -1000.0, 1000.0)?;
        within("gauge.capacity_n", self.capacity_n, 0.01, 1e6)
    }
}

impl TrackerConfig {
    pub(super) fn check(&self) -> Result<(), BadConfig> {
        within("tracker.rate_hz", self.rate_hz, 1.0, 1000.0)?;
        within("tracker.delay_ms", self.delay_ms, 0.0, 500.0)?;
        within("tracker.noise_mm", self.noise_mm, 0.0, 100.0)?;
        within("tracker.noise_deg", self.noise_deg, 0.0, 90.0)?;
        within("tracker.decimals", self.decimals as f64, 0.0, 9.0)?;
        const KNOWN: [&str; 8] = ["x", "y", "z", "a", "b", "c", "n", "t"];
        match self
            .columns
            .iter()
            .find(|name| !KNOWN.contains(&name.as_str()))
        {
            Some(name) => Err(BadConfig(format!(
                "tracker.columns has `{name}`; there are {}",
                KNOWN.join(", ")
            ))),
            None if self.columns.is_empty() => Err(BadConfig("tracker.columns is empty".into())),
            None => Ok(()),
        }
    }
}

impl IoConfig {
    pub(super) fn check(&self) -> Result<(), BadConfig> {
        within("io.unit", f64::from(self.unit), 1.0, 247.0)?;
        within("io.channels", f64::from(self.channels), 1.0, 64.0)?;
        within("io.relay_ms", self.relay_ms, 0.0, 1000.0)?;
        within("io.input_ms", self.input_ms, 0.0, 500.0)?;
        let most = f64::from(self.channels) - 1.0;
        let numbers = self.outputs.keys().chain(self.inputs.keys());
        numbers
            .into_iter()
            .try_for_each(|number| within("io channel", f64::from(*number), 0.0, most))
    }
}
