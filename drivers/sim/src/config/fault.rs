use serde::{Deserialize, Serialize};

use super::{BadConfig, within};

/// Something that goes wrong, at a time or when something happens; with neither, at the start.
///
/// ```yaml
/// - { device: gauge, kind: silence, at_s: 12.5, for_s: 2 }
/// - { device: hand, kind: over-temperature, node: 3, on: grasped, after_ms: 200 }
/// - { device: arm, kind: late, by_ms: 300, on: moving, for_s: 1 }
/// ```
///
/// | kind | of | parameters |
/// |---|---|---|
/// | `silence`, `garbage`, `truncated`, `late` | every device's link (the arm's: its adapter's lines on a pseudo-terminal, frames inside the process, where garbage does nothing) | `by_ms` for `late` |
/// | `deaf` | every device's link: it no longer hears | |
/// | `stuck` | gauge, tracker, an instrument at the rig: the same value again and again; io: its inputs stay as they are | |
/// | `over-range` | gauge, an instrument at the rig: no number but an overload; tracker: out of sight | |
/// | `drift` | gauge (N/s), tracker (mm/s, along x), an instrument at the rig (its unit/s) | `rate_per_s` |
/// | `encoder-slip` | arm: the encoder of this node's joint loses counts: from then on the joint truly stands `by_deg` away from what its drive reports | `node`, `by_deg` |
/// | `over-temperature` | hand (finger `node`, from 1; all without); arm (joint's node; EMCY 4310h, then fault) | `node` |
/// | `emcy` | arm: the node reports `code` and goes to fault | `node`, `code` |
/// | `heartbeat-loss` | arm: no heartbeat of this node (all without); it works on | `node` |
/// | `dropped-load` | hand: the object is knocked out of the grip; arm: the load comes off | |
/// | `slow-brake` | arm: brakes engage `factor` times later, with a `factor`th of the torque | `factor` |
/// | `restart` | hand, arm (node; all without), gauge, io: off, and back `for_s` later (1 s without), settings lost | `node` |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultConfig {
    /// Device of the bench; `arm` for an arm that does programs of its own.
    pub device: String,
    /// What.
    pub kind: FaultKind,
    /// Seconds of simulated time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_s: Option<f64>,
    /// The first time that this happens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<Trigger>,
    /// So long after `on`.
    #[serde(default)]
    pub after_ms: f64,
    /// Then it is repaired; never without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_s: Option<f64>,
    /// Node of the arm, or finger from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<u8>,
    /// Emergency error code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
    /// How late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_ms: Option<f64>,
    /// How far off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_deg: Option<f64>,
    /// How fast it drifts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_per_s: Option<f64>,
    /// How much worse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor: Option<f64>,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "explained in the table at FaultConfig")]
pub enum FaultKind {
    Silence,
    Garbage,
    Truncated,
    Late,
    Deaf,
    Stuck,
    OverRange,
    Drift,
    EncoderSlip,
    OverTemperature,
    Emcy,
    HeartbeatLoss,
    DroppedLoad,
    SlowBrake,
    Restart,
}

/// When it goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// A joint of the arm moves.
    Moving,
    /// A finger of the hand has reached its force.
    Grasped,
    /// The support begins to go down.
    SupportLowered,
    /// The emergency-stop chain opens.
    EstopOpen,
}

impl FaultConfig {
    /// A fault that begins now, with no parameters.
    pub fn now(device: &str, kind: FaultKind) -> FaultConfig {
        FaultConfig {
            device: device.into(),
            kind,
            at_s: None,
            on: None,
            after_ms: 0.0,
            for_s: None,
            node: None,
            code: None,
            by_ms: None,
            by_deg: None,
            rate_per_s: None,
            factor: None,
        }
    }

    pub(crate) fn check(&self) -> Result<(), BadConfig> {
        let missing = match self.kind {
            FaultKind::Late if self.by_ms.is_none() => Some("by_ms"),
            FaultKind::EncoderSlip if self.by_deg.is_none() => Some("by_deg"),
            FaultKind::EncoderSlip if self.node.is_none() => Some("node"),
            FaultKind::Drift if self.rate_per_s.is_none() => Some("rate_per_s"),
            FaultKind::Emcy if self.code.is_none() => Some("code"),
            FaultKind::Emcy if self.node.is_none() => Some("node"),
            FaultKind::SlowBrake if self.factor.is_none() => Some("factor"),
            _ => None,
        };
        if let Some(missing) = missing {
            return Err(BadConfig(format!(
                "a fault of {} lacks `{missing}`",
                self.device
            )));
        }
        within("faults.at_s", self.at_s.unwrap_or(0.0), 0.0, 1e7)?;
        within("faults.after_ms", self.after_ms, 0.0, 1e7)?;
        within("faults.for_s", self.for_s.unwrap_or(0.0), 0.0, 1e7)?;
        within("faults.by_ms", self.by_ms.unwrap_or(0.0), 0.0, 60_000.0)?;
        within("faults.by_deg", self.by_deg.unwrap_or(0.0), -2.0, 2.0)?;
        within(
            "faults.rate_per_s",
            self.rate_per_s.unwrap_or(0.0),
            -1e6,
            1e6,
        )?;
        within("faults.factor", self.factor.unwrap_or(1.0), 1.0, 1e6)
    }
}
