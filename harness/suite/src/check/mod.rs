//! From what is written to what it means: each file by itself.

pub(crate) mod bench;
pub(crate) mod calibration;
mod cube;
pub(crate) mod device;
mod in_use;
pub(crate) mod job;
pub(crate) mod literal;
pub(crate) mod need;
pub(crate) mod parameter;
pub(crate) mod place;
mod programs;
pub(crate) mod scheme;
pub(crate) mod shared;
pub(crate) mod suite;
pub(crate) mod table;

use crate::complaint::Sink;
use crate::sources::Sources;
use certbench_model::Vocabulary;

/// What every check needs: where complaints go, and what can be named.
#[derive(Clone, Copy)]
pub(crate) struct Checker<'a> {
    pub(crate) sources: &'a Sources,
    pub(crate) sink: &'a Sink,
    pub(crate) vocabulary: &'a Vocabulary,
}
