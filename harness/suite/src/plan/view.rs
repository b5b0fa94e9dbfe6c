//! A channel as steps and measures see it.

use crate::check::need::ChannelNeed;
use crate::written::suite::ShapeWord;
use certbench_model::vocabulary::Shape;
use certbench_model::{Channel, Component};

/// Components and kind of a channel; without a bench, those that the suite needs.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub(crate) components: Vec<Component>,
    pub(crate) digital: bool,
    /// Unknown without a bench.
    pub(crate) interval_s: Option<f64>,
    /// Calibrated stretches in the unit of the first component; empty when unknown.
    pub(crate) ranges: Vec<[f64; 2]>,
    /// Whether its data may come after the run only: no step can wait for it.
    pub(crate) imported: bool,
    /// Whether component names are known: a needed vector's are not, without a bench.
    pub(crate) named: bool,
}

impl View {
    pub(crate) fn needed(need: &ChannelNeed) -> View {
        View {
            components: need.components(),
            digital: need.shape == ShapeWord::Digital,
            interval_s: None,
            ranges: Vec::new(),
            imported: need.import,
            named: need.shape != ShapeWord::Vector,
        }
    }

    pub(crate) fn planned(channel: &Channel, imported: bool) -> View {
        let ranges = channel.calibration.iter().flat_map(|c| &c.ranges);
        View {
            components: channel.components.clone(),
            digital: channel.digital,
            interval_s: (!imported).then_some(channel.interval_s),
            ranges: ranges.map(|r| [r.from, r.to]).collect(),
            imported,
            named: true,
        }
    }

    /// Whether a value lies where the instrument is calibrated, or nothing is known of that.
    pub(crate) fn calibrated_at(&self, value: f64) -> bool {
        let holds = |[from, to]: &[f64; 2]| *from <= value && value <= *to;
        self.ranges.is_empty() || self.ranges.iter().any(holds)
    }

    /// Whether it has at least x, y and z.
    pub(crate) fn is_pose(&self) -> bool {
        is_pose(&self.components)
    }

    /// Whether a metric can take it.
    pub(crate) fn fits(&self, shape: Shape) -> bool {
        match shape {
            Shape::Any => !self.digital,
            Shape::Digital => self.digital,
            Shape::Pose => self.is_pose(),
            Shape::Scalar => !self.digital && self.components.len() == 1 && self.named,
        }
    }
}

/// Whether components begin with x, y and z.
pub(crate) fn is_pose(components: &[Component]) -> bool {
    let names: Vec<&str> = components.iter().map(|c| c.name.as_str()).collect();
    names.starts_with(&["x", "y", "z"])
}
