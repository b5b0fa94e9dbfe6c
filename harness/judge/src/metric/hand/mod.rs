//! Robotic hands, modelled on NIST SP 1227 (draft, 2018) and ISO 18646-3:2021: trial counts,
//! artifacts and postures belong to the suites. Forces are of instruments independent of the hand.

pub mod censored;
pub mod cycle;
pub mod force_sense;
pub mod grasp;
pub mod manipulation;
pub mod repeat;
pub mod slip;
pub mod tracking;
