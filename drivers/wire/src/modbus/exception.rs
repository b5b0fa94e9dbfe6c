//! How a server says no.

use std::fmt;

/// An exception code, by the names of the standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the standard's own words")]
pub enum Exception {
    IllegalFunction,
    IllegalDataAddress,
    IllegalDataValue,
    ServerDeviceFailure,
    Acknowledge,
    ServerDeviceBusy,
    MemoryParityError,
    GatewayPathUnavailable,
    GatewayTargetFailedToRespond,
    /// A code that the standard does not list.
    Other(u8),
}

const TABLE: [(Exception, u8, &str); 9] = [
    (Exception::IllegalFunction, 0x01, "illegal function"),
    (Exception::IllegalDataAddress, 0x02, "illegal data address"),
    (Exception::IllegalDataValue, 0x03, "illegal data value"),
    (
        Exception::ServerDeviceFailure,
        0x04,
        "server device failure",
    ),
    (Exception::Acknowledge, 0x05, "acknowledge"),
    (Exception::ServerDeviceBusy, 0x06, "server device busy"),
    (Exception::MemoryParityError, 0x08, "memory parity error"),
    (
        Exception::GatewayPathUnavailable,
        0x0A,
        "gateway path unavailable",
    ),
    (
        Exception::GatewayTargetFailedToRespond,
        0x0B,
        "gateway target failed to respond",
    ),
];

impl From<u8> for Exception {
    fn from(code: u8) -> Exception {
        let row = TABLE.iter().find(|row| row.1 == code);
        row.map_or(Exception::Other(code), |row| row.0)
    }
}

impl From<Exception> for u8 {
    fn from(exception: Exception) -> u8 {
        match exception {
            Exception::Other(code) => code,
            named => TABLE
                .iter()
                .find(|row| row.0 == named)
                .map_or(0, |row| row.1),
        }
    }
}

impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = TABLE
            .iter()
            .find(|row| row.0 == *self)
            .map_or("not in the standard", |row| row.2);
        write!(f, "exception {:02X}, {name}", u8::from(*self))
    }
}
