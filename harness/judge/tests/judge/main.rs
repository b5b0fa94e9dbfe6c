//! From a hand-built record to its findings: one world in memory, no file, no device.

mod arm;
mod attribution;
mod calibration;
mod derived;
mod environment;
mod fail_closed;
mod hands;
mod in_use;
mod inspection;
mod items;
mod metrics;
mod placed;
mod plans;
mod record;
mod runs;
mod schemes;
mod series;
mod stops;
mod times;
mod trials;
