//! Emergency: a node reports an error of its own.

use super::cob::{CobFrame, NodeId, Service};

/// An emergency message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Emergency {
    /// Who reports.
    pub node: NodeId,
    /// Error code; 0x0000 says that the error is gone.
    pub code: u16,
    /// Error register, object 1001h.
    pub register: u8,
    /// The maker's own five bytes.
    pub vendor: [u8; 5],
}

impl Emergency {
    /// The frame.
    pub fn encode(&self) -> CobFrame {
        let [low, high] = self.code.to_le_bytes();
        let [a, b, c, d, e] = self.vendor;
        let id = Service::Emergency(self.node).id();
        CobFrame::of(id, [low, high, self.register, a, b, c, d, e])
    }

    /// `None` when the frame is no emergency of eight bytes.
    pub fn decode(frame: &CobFrame) -> Option<Emergency> {
        let Some(Service::Emergency(node)) = Service::of(frame.id()) else {
            return None;
        };
        let [low, high, register, vendor @ ..] = frame.data() else {
            return None;
        };
        let code = u16::from_le_bytes([*low, *high]);
        Some(Emergency {
            node,
            code,
            register: *register,
            vendor: vendor.try_into().ok()?,
        })
    }

    /// Whether it says that errors are gone.
    pub fn is_reset(&self) -> bool {
        self.code >> 8 == 0
    }

    /// The class of the code (CiA 301, emergency error codes; CiA 402 refines some).
    pub fn meaning(&self) -> &'static str {
        MEANINGS
            .iter()
            .find(|(mask, code, _)| self.code & mask == *code)
            .map_or("reserved code", |(_, _, meaning)| meaning)
    }
}

/// Finest first.
const MEANINGS: &[(u16, u16, &str)] = &[
    (0xFFFF, 0x8110, "CAN overrun"),
    (0xFFFF, 0x8120, "CAN error passive"),
    (0xFFFF, 0x8130, "life guard or heartbeat error"),
    (0xFFFF, 0x8140, "recovered from bus off"),
    (0xFFFF, 0x8210, "PDO not processed, length error"),
    (0xFFFF, 0x8611, "following error"),
    (0xFF00, 0x0000, "error reset or no error"),
    (0xFF00, 0x1000, "generic error"),
    (0xFF00, 0x2100, "over-current, input side"),
    (0xFF00, 0x2200, "over-current, inside the device"),
    (0xFF00, 0x2300, "over-current, output side"),
    (0xF000, 0x2000, "current"),
    (0xFF00, 0x3100, "mains voltage"),
    (0xFF00, 0x3200, "voltage inside the device"),
    (0xFF00, 0x3300, "output voltage"),
    (0xF000, 0x3000, "voltage"),
    (0xFF00, 0x4100, "ambient temperature"),
    (0xFF00, 0x4200, "device over-temperature"),
    (0xFF00, 0x4300, "drive over-temperature"),
    (0xF000, 0x4000, "temperature"),
    (0xF000, 0x5000, "device hardware"),
    (0xFF00, 0x6100, "internal software"),
    (0xFF00, 0x6200, "user software"),
    (0xFF00, 0x6300, "data set"),
    (0xF000, 0x6000, "device software"),
    (0xF000, 0x7000, "additional modules"),
    (0xFF00, 0x8100, "communication"),
    (0xFF00, 0x8200, "protocol error"),
    (0xF000, 0x8000, "monitoring"),
    (0xFF00, 0x9000, "external error"),
    (0xFF00, 0xF000, "additional functions"),
    (0xFF00, 0xFF00, "device specific"),
];
