//! Drivers: one file or folder a device family, each a table, a few conversions and its roles.
//!
//! [`catalogue`] says as data what drivers exist; [`open`] makes one device of a plan over a [`Port`].
//! Every driver keeps to the same rules:
//!
//! - Identity is read without enabling power; what the device cannot say is asked from its label.
//! - A reading is a number in the unit of the catalogue or a typed invalid, never a guess.
//! - Times are those of the link's stamp, never of the moment somebody got round to reading.
//! - Bad news is attributed: the link failed, the device reports trouble, or there is silence, which
//!   may be either and says so.
//! - A command beyond the bench's limits does not leave.
//!
//! Absent here: suites, verdicts, records. A driver does not know why it is asked.

mod ascii_tracker;
mod canopen;
mod canopen_arm;
mod canopen_io;
mod catalogue;
mod columns;
mod dbc;
mod external;
mod facts;
mod family;
mod hands;
mod health;
mod instruments;
mod line;
mod magtrol;
mod mark10;
mod modbus;
mod modbus_io;
mod modbus_map;
mod open;
mod options;
mod rh56;
mod servos;
mod sinks;
#[cfg(test)]
mod testing;
mod worker;

pub use catalogue::catalogue;
pub use facts::link_facts;
pub use open::{Port, connect, open};
