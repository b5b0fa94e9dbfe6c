//! Simulated devices at the far end of the cable, in one world with gravity.
//!
//! - [`World`]: what stands in it and what physics does to it. Pure and deterministic: no thread, no
//!   clock, no I/O. Whether an object is held follows from contact, friction and gravity; whether an arm
//!   stops in time follows from its drives, its brakes and its load. Nothing is decided by a die.
//! - peers: a hand (Inspire RH56), an arm (six CiA 402 nodes), a gauge (Mark-10), a relay box (Modbus
//!   RTU), a tracker (ASCII lines), instruments that look at the same force or target. Each speaks its wire from the device's side, converts from the
//!   manual's scales by itself, and runs on a thread of the clock.
//! - [`Simulation`]: a bench of them, on pseudo-terminals or inside the process. On the simulated
//!   clock the same seed and the same questions give the same bytes.
//! - [`config`]: the `simulation:` block of a bench file, with examples.
//!
//! What is true can be asked ([`Simulation::truth`]), and compared with what was measured.
//!
//! Absent here: the drivers and their conversions (this is their opposite end), suites, verdicts.
//! Simplified: joints do not couple dynamically; the arm's own weight bends nothing (it is taken as
//! calibrated out); a grip is one force, and an object slips along one axis.

pub mod config;
mod dynamics;
pub mod kinematics;
mod peers;
mod rng;
mod simulation;
mod world;

pub use simulation::{BuildError, Port, Simulation, Transport, drivers};
pub use world::{Happening, World};
