//! From a hand-built record to its findings: one world in memory, no file, no device.

mod attribution;
mod calibration;
mod fail_closed;
mod inspection;
mod metrics;
mod record;
mod stops;
mod trials;
