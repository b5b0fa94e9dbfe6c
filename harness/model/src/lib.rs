//! The nouns that cross a border between rooms: plain values, no I/O, no clock, no device.
//!
//! A room of the harness never imports another one; it takes and gives the values defined here.
//! Every number between rooms carries its unit ([`Quantity`], or a field name that ends in one),
//! every text that a person reads exists in English and Chinese ([`Text`]), and every map is
//! ordered, so that the same value always serialises to the same bytes.

pub mod addendum;
pub mod calibration;
pub mod channel;
pub mod condition;
pub mod correction;
pub mod cube;
pub mod date;
pub mod derived;
pub mod event;
pub mod expr;
pub mod figure;
pub mod finding;
pub mod identity;
pub mod job;
pub mod measure;
pub mod plan;
pub mod recorded;
pub mod sample;
pub mod sampling;
pub mod scheme;
pub mod step;
pub mod text;
pub mod unit;
pub mod vocabulary;

pub use addendum::Addendum;
pub use calibration::{AngleCalibration, Calibration, CalibrationRange, InUse, Part, Registration};
pub use channel::{Channel, Component, Source};
pub use correction::{Correction, Place};
pub use date::Date;
pub use derived::Derived;
pub use event::{CaseEnd, Context, Event, EventBody, FaultKind, RunEnd};
pub use expr::Expr;
pub use figure::Figure;
pub use finding::{Finding, Findings, Verdict};
pub use identity::{FileDigest, Identity, LinkFacts, Provenance, sha256_hex};
pub use job::{Item, Job};
pub use measure::{Accept, Compare, DecisionRule, Measure, ParamValue};
pub use plan::Plan;
pub use recorded::{Damage, Facts, Line, Recorded, SampleResult};
pub use sample::{Invalid, Reading, Sample};
pub use sampling::Sampling;
pub use scheme::Scheme;
pub use step::Step;
pub use text::Text;
pub use unit::{Dimension, Quantity, Unit};
pub use vocabulary::Vocabulary;
