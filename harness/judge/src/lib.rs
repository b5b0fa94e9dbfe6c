//! Recorded runs to findings: metrics, uncertainty, decision; pure.
//!
//! The numeric kernels ([`stats`], [`decision`], [`metric`]) are plain functions over numbers; they
//! know nothing of runs, files, devices or clocks, and each states its formula, its source and what
//! it assumes.

pub mod decision;
pub mod metric;
pub mod stats;
mod vocabulary;

pub use vocabulary::vocabulary;
