//! Simulated devices at the far end of the cable, in one world with gravity.

pub mod config;
mod dynamics;
pub mod kinematics;
mod peers;
mod rng;
mod simulation;
mod world;

pub use simulation::{BuildError, DRIVERS, Port, Simulation, Transport};
pub use world::{Happening, World};
