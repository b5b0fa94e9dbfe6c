//! The commands, one file each.

pub(crate) mod check;
pub(crate) mod demo;
pub(crate) mod devices;
pub(crate) mod judge;
pub(crate) mod plan;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod schema;
pub(crate) mod simulate;
