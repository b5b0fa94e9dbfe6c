//! The registers of the hand (user manual V1.09): byte address, length, and whether a host may write.

use super::frame::{Request, TooLong};

/// Where something is kept, and how long it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Register {
    /// The manual's name.
    pub name: &'static str,
    /// Byte address.
    pub address: u16,
    /// Length in bytes.
    pub bytes: u8,
    /// A host may write it.
    pub writable: bool,
}

impl Register {
    /// The request that reads all of this register.
    pub fn read(&self, hand: u8) -> Request {
        Request::Read {
            hand,
            address: self.address,
            count: self.bytes,
        }
    }

    /// The request that writes this register from its start. Fails when `data` is empty or longer than the register.
    pub fn write(&self, hand: u8, data: &[u8]) -> Result<Request, TooLong> {
        if data.is_empty() || data.len() > usize::from(self.bytes) {
            return Err(TooLong {
                bytes: data.len(),
                limit: usize::from(self.bytes),
            });
        }
        Ok(Request::Write {
            hand,
            address: self.address,
            data: data.to_vec(),
        })
    }
}

macro_rules! registers {
    ($($(#[$doc:meta])* $name:ident $address:literal $bytes:literal $writable:literal;)*) => {
        $($(#[$doc])*
        pub const $name: Register =
            Register { name: stringify!($name), address: $address, bytes: $bytes, writable: $writable };)*

        /// Every register above, by address.
        pub const ALL: &[Register] = &[$($name),*];
    };
}

registers! {
    /// Address of the hand on the bus, 1..=254.
    HAND_ID 1000 1 true;
    /// Baud rate selector.
    BAUD 1002 1 true;
    /// Write 1: clear the errors that can be cleared. Over-temperature cannot.
    CLEAR_ERROR 1004 1 true;
    /// Write 1: keep the parameters in flash.
    SAVE 1005 1 true;
    /// Write 1: factory parameters.
    RESET 1006 1 true;
    /// Write 1: zero the force sensors. The hand moves for some 6 s and must be unloaded.
    GESTURE_FORCE_CLB 1009 1 true;
    /// Six current limits, kept in flash.
    CURRENT_LIMIT 1020 12 true;
    /// Six speeds after power-on, kept in flash.
    DEFAULT_SPEED 1032 12 true;
    /// Six force thresholds after power-on, kept in flash.
    DEFAULT_FORCE 1044 12 true;
    /// Supply voltage.
    VOLTAGE 1472 2 false;
    /// Six actuator stroke commands.
    POS_SET 1474 12 true;
    /// Six angle commands.
    ANGLE_SET 1486 12 true;
    /// Six force thresholds.
    FORCE_SET 1498 12 true;
    /// Six speeds.
    SPEED_SET 1522 12 true;
    /// Six actuator strokes as they are.
    POS_ACT 1534 12 false;
    /// Six angles as they are.
    ANGLE_ACT 1546 12 false;
    /// Six forces as they are, signed.
    FORCE_ACT 1582 12 false;
    /// Six motor currents.
    CURRENT 1594 12 false;
    /// Six error bytes.
    ERROR 1606 6 false;
    /// Six status bytes.
    STATUS 1612 6 false;
    /// Six temperatures.
    TEMP 1618 6 false;
}
