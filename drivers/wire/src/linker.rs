//! Linker Hand on CAN (maker's Python SDK of 2026-02): 1 Mbit/s, 11-bit identifiers.
//!
//! The hand has one identifier, 27h (right) or 28h (left), for questions and answers alike. Byte 0 says what
//! the frame is about ([`property`]), the rest are counts of 0 to 255, one a joint. A frame of the property byte
//! alone asks for it; so what one sent oneself, heard again, looks like an answer unless it is told by its
//! length. There is no checksum of its own: CAN has one.

/// Identifier of a right hand.
pub const RIGHT: u32 = 0x27;
/// Identifier of a left hand.
pub const LEFT: u32 = 0x28;

/// Most counts in a frame.
pub const MOST: usize = 7;

/// What a frame is about. Which of these a model has, and for how many joints, is the model's.
#[expect(missing_docs, reason = "the SDK's own words")]
pub mod property {
    /// First group of joints: L10, O6, L6 joints 1 to 6; L20 finger pitch.
    pub const JOINTS_1: u8 = 0x01;
    /// L20 finger yaw.
    pub const JOINTS_2: u8 = 0x02;
    /// L20 thumb roll.
    pub const JOINTS_3: u8 = 0x03;
    /// L10 joints 7 to 10; L20 finger tips.
    pub const JOINTS_4: u8 = 0x04;
    /// L20: added to the property of joints, a command that is not answered.
    pub const UNANSWERED: u8 = 0x10;
    pub const TORQUE: u8 = 0x02;
    /// L10: of joints 6 to 10.
    pub const TORQUE_2: u8 = 0x03;
    pub const SPEED: u8 = 0x05;
    /// L10: speed of joints 6 to 10.
    pub const SPEED_2: u8 = 0x06;
    /// L20: motor currents.
    pub const CURRENT_L20: u8 = 0x06;
    /// L20: motor faults.
    pub const FAULT_L20: u8 = 0x07;
    pub const TEMPERATURE: u8 = 0x33;
    /// L10: of joints 6 to 10.
    pub const TEMPERATURE_2: u8 = 0x34;
    pub const FAULT: u8 = 0x35;
    /// L10: of joints 6 to 10.
    pub const FAULT_2: u8 = 0x36;
    /// O6, L6: motor currents.
    pub const CURRENT: u8 = 0x36;
    pub const VERSION: u8 = 0x64;
    /// Four frames, the first count is their number, six characters in each.
    pub const SERIAL: u8 = 0xC0;
    pub const SOFTWARE_VERSION: u8 = 0xC2;
}

/// A frame's data, either way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Asks for a property.
    Ask(u8),
    /// Counts of a property: a command to the hand, or what the hand says.
    Counts(u8, Vec<u8>),
}

impl Message {
    /// The data bytes; `None` when there are none or too many counts.
    pub fn encode(&self) -> Option<Vec<u8>> {
        match self {
            Message::Ask(property) => Some(vec![*property]),
            Message::Counts(property, counts) => (1..=MOST).contains(&counts.len()).then(|| {
                let mut data = vec![*property];
                data.extend(counts);
                data
            }),
        }
    }

    /// From a frame's data; `None` when it is empty.
    pub fn decode(data: &[u8]) -> Option<Message> {
        match data {
            [] => None,
            [property] => Some(Message::Ask(*property)),
            [property, counts @ ..] => Some(Message::Counts(*property, counts.to_vec())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `send_frame(0x01, [255] * 6)` and `send_frame(0x33, [])` of the maker's SDK: data = [property] + counts.
    #[test]
    fn frames_are_those_of_the_makers_sdk() {
        let open = Message::Counts(property::JOINTS_1, vec![255; 6]);
        assert_eq!(
            open.encode().unwrap(),
            [0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]
        );
        assert_eq!(
            Message::Ask(property::TEMPERATURE).encode().unwrap(),
            [0x33]
        );
    }

    #[test]
    fn a_question_heard_again_is_no_answer() {
        let ask = Message::Ask(property::FAULT);
        assert_eq!(Message::decode(&ask.encode().unwrap()), Some(ask));
        assert_eq!(Message::decode(&[]), None);
        assert_eq!(Message::Counts(1, Vec::new()).encode(), None);
        assert_eq!(Message::Counts(1, vec![0; 8]).encode(), None);
    }
}
