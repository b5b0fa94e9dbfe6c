//! Why a transfer ended early.

use std::fmt;

/// An abort code of CiA 301. Codes that the standard does not list are kept as they came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Abort(pub u32);

macro_rules! aborts {
    ($($name:ident $code:literal $text:literal;)*) => {
        impl Abort {
            $(
                #[doc = concat!($text, ".")]
                pub const $name: Abort = Abort($code);
            )*

            /// What the code says.
            pub const fn name(self) -> &'static str {
                match self.0 {
                    $($code => $text,)*
                    _ => "not in the standard",
                }
            }
        }
    };
}

aborts! {
    TOGGLE_BIT 0x0503_0000 "toggle bit not alternated";
    TIMED_OUT 0x0504_0000 "SDO protocol timed out";
    COMMAND 0x0504_0001 "command specifier not valid or unknown";
    BLOCK_SIZE 0x0504_0002 "invalid block size";
    SEQUENCE_NUMBER 0x0504_0003 "invalid sequence number";
    CRC 0x0504_0004 "CRC error";
    OUT_OF_MEMORY 0x0504_0005 "out of memory";
    UNSUPPORTED_ACCESS 0x0601_0000 "unsupported access to an object";
    WRITE_ONLY 0x0601_0001 "attempt to read a write-only object";
    READ_ONLY 0x0601_0002 "attempt to write a read-only object";
    NO_OBJECT 0x0602_0000 "object does not exist";
    NOT_MAPPABLE 0x0604_0041 "object cannot be mapped to a PDO";
    PDO_LENGTH 0x0604_0042 "mapped objects would exceed the PDO length";
    INCOMPATIBLE_PARAMETER 0x0604_0043 "general parameter incompatibility";
    INCOMPATIBLE_DEVICE 0x0604_0047 "general internal incompatibility in the device";
    HARDWARE 0x0606_0000 "access failed, hardware error";
    LENGTH 0x0607_0010 "data type or length does not match";
    TOO_LONG 0x0607_0012 "data type does not match, too long";
    TOO_SHORT 0x0607_0013 "data type does not match, too short";
    NO_SUB_INDEX 0x0609_0011 "sub-index does not exist";
    VALUE_RANGE 0x0609_0030 "value out of range";
    VALUE_TOO_HIGH 0x0609_0031 "value too high";
    VALUE_TOO_LOW 0x0609_0032 "value too low";
    MAXIMUM_BELOW_MINIMUM 0x0609_0036 "maximum is less than minimum";
    GENERAL 0x0800_0000 "general error";
    NOT_STORED 0x0800_0020 "data cannot be transferred or stored";
    LOCAL_CONTROL 0x0800_0021 "data cannot be stored because of local control";
    DEVICE_STATE 0x0800_0022 "data cannot be stored in the present device state";
    NO_DICTIONARY 0x0800_0023 "no object dictionary";
    NO_DATA 0x0800_0024 "no data available";
}

impl fmt::Display for Abort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SDO abort {:08X}, {}", self.0, self.name())
    }
}
