//! Simulated devices at the far end of the cable, in one world with gravity.

pub mod config;
