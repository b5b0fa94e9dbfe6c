//! Bytes and messages of the devices' protocols: pure functions and state machines, no I/O, no clock.
//!
//! One module a protocol. A decoder takes bytes as they arrive and gives back whole messages, or
//! [`Noise`] that says why some bytes were none; a lost or invented byte costs at most the frame it
//! hit. Raw counts stay raw counts here: what they mean in units is the business of a driver, and of
//! a simulator separately, so that a wrong conversion cannot cancel out.

pub mod ability;
pub mod aed;
pub mod allegro;
pub mod asciiline;
pub mod canopen;
pub mod cubemars;
pub mod damiao;
pub mod dbc;
mod decimal;
pub mod dynamixel;
pub mod feetech;
pub mod forcetorque;
pub mod ild1420;
pub mod imada;
pub mod keyence;
pub mod lines;
pub mod linker;
pub mod magtrol;
pub mod mark10;
pub mod mit;
pub mod mitutoyo;
pub mod modbus;
pub mod mtsics;
mod noise;
pub mod odrive;
pub mod rdt;
pub mod rh56;
pub mod robstride;
mod scan;
pub mod scpi;

pub use noise::{Noise, Why, hex};
