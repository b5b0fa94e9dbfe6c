//! Figures as data: decimated series with events and limits; reports draw them.

use crate::{Text, Unit};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A figure of a finding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Figure {
    /// What it shows.
    pub title: Text,
    /// How to draw it.
    pub kind: FigureKind,
    /// Horizontal axis.
    pub x: Axis,
    /// Vertical axis.
    pub y: Axis,
    /// Curves or point clouds, at most some 2,000 points each (decimated by least and most).
    pub series: Vec<Series>,
    /// Horizontal limits.
    pub limits: Vec<Level>,
    /// Vertical lines: trigger, rest.
    pub events: Vec<Level>,
}

/// How a figure is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FigureKind {
    /// Lines over x.
    Curve,
    /// Points only; both axes to the same scale when `x` and `y` have the same unit. A series of a
    /// dozen points or more that ends where it began is drawn as an outline: a circle of radius RP.
    Scatter,
    /// One interval a label: `points` are (index, estimate), `low` and `high` the ends.
    Intervals,
}

/// An axis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Axis {
    /// Quantity, for example "Force".
    pub label: Text,
    /// Unit.
    pub unit: Unit,
}

/// One series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Series {
    /// Name.
    pub name: Text,
    /// Points.
    pub points: Vec<[f64; 2]>,
    /// Lower ends of intervals, one a point; empty when there are none.
    pub low: Vec<f64>,
    /// Upper ends of intervals.
    pub high: Vec<f64>,
    /// Labels of the points (objects, poses); empty when there are none.
    pub labels: Vec<Text>,
}

/// A named level on an axis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Level {
    /// Name.
    pub name: Text,
    /// Where.
    pub at: f64,
}
