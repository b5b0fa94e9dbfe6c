//! Joint modules: motor, gear, bearing, encoder and drive in one housing.

pub mod efficiency;
pub mod encoder;
pub mod friction;
pub mod play;
pub mod ripple;
pub mod torque_constant;
