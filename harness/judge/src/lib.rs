//! Recorded runs to findings: metrics, uncertainty, decision; pure.
//!
//! The numeric kernels ([`stats`], [`decision`], [`metric`]) are plain functions over numbers; they
//! know nothing of runs, files, devices or clocks, and each states its formula, its source and what
//! it assumes. [`judge`] is the glue: it gathers windows and trials from the events, reads their
//! samples one window at a time, and holds each result with its uncertainty against its limit.

pub mod assess;
mod budget;
mod case;
pub mod compare;
mod course;
pub mod decision;
mod derived;
mod environment;
pub mod exchange;
mod figure;
mod frame;
pub mod interlab;
mod measure;
pub mod metric;
pub mod paired;
mod params;
mod reason;
mod register;
mod rejudge;
mod run;
pub mod series;
pub mod stats;
mod trace;
pub mod trend;
mod trial;
mod verdict;
mod vocabulary;

pub use environment::environment;
pub use rejudge::{Rejudging, rejudgings};
pub use run::judge;
pub use vocabulary::vocabulary;
