//! Allegro Hand V4 and V5 of Wonik Robotics (maker's ROS drivers): CAN at 1 Mbit/s, 11-bit identifiers.
//!
//! An identifier is a command and the hand's number: `command << 2 | number`. What the hand knows is asked for with
//! a remote frame and answered under the same identifier; the hand may also send by itself, at a period that a
//! controller has set. Four fingers (index, middle, ring, thumb) of four joints each.

/// Fingers of a hand.
pub const FINGERS: u8 = 4;

/// What can be asked for with a remote frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// Versions and state.
    Info,
    /// Serial number.
    Serial,
    /// Joints of a finger, 0 to 3.
    Pose(u8),
    /// Temperature of a finger, 0 to 3.
    Temperature(u8),
}

impl Ask {
    /// Of a hand with this number, 0 to 3; `None` for a finger that there is not.
    pub fn id(self, hand: u8) -> Option<u32> {
        let finger = |first: u8, finger: u8| (finger < FINGERS).then_some(first + finger);
        let command = match self {
            Ask::Info => 0x80,
            Ask::Serial => 0x88,
            Ask::Pose(n) => finger(0x20, n)?,
            Ask::Temperature(n) => finger(0x38, n)?,
        };
        (hand < 4).then(|| u32::from(command) << 2 | u32::from(hand))
    }

    /// What an identifier asks for, and of which hand.
    pub fn from_id(id: u32) -> Option<(Ask, u8)> {
        let command = u8::try_from(id >> 2).ok()?;
        let ask = match command {
            0x80 => Ask::Info,
            0x88 => Ask::Serial,
            0x20..=0x23 => Ask::Pose(command - 0x20),
            0x38..=0x3B => Ask::Temperature(command - 0x38),
            _ => return None,
        };
        Some((ask, (id & 3) as u8))
    }
}

/// What the hand answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Versions and state.
    Info(Info),
    /// Eight characters: the third is the type (`A` non-geared, `B` geared), the fourth the side (`R`, `L`).
    Serial([u8; 8]),
    /// Counts of the joints of a finger: what one is depends on the version.
    Pose(u8, [i16; 4]),
    /// Temperature of a finger, °C.
    Temperature(u8, i32),
}

/// Versions and state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Info {
    /// Major and minor.
    pub hardware: [u8; 2],
    /// Major and minor.
    pub firmware: [u8; 2],
    /// Torque is on.
    pub servo_on: bool,
    /// It reports too much heat.
    pub over_temperature: bool,
    /// It has lost a joint.
    pub communication_fault: bool,
}

impl Reply {
    /// The answer to a question; `None` when the data do not fit it.
    pub fn decode(ask: Ask, data: &[u8]) -> Option<Reply> {
        Some(match (ask, data) {
            (
                Ask::Info,
                &[
                    hardware_minor,
                    hardware_major,
                    firmware_minor,
                    firmware_major,
                    _,
                    _,
                    status,
                    ..,
                ],
            ) => Reply::Info(Info {
                hardware: [hardware_major, hardware_minor],
                firmware: [firmware_major, firmware_minor],
                servo_on: status & 1 != 0,
                over_temperature: status & 2 != 0,
                communication_fault: status & 4 != 0,
            }),
            (Ask::Serial, data) => Reply::Serial(data.try_into().ok()?),
            (Ask::Pose(finger), &[a, b, c, d, e, f, g, h]) => {
                let counts = [[a, b], [c, d], [e, f], [g, h]].map(i16::from_le_bytes);
                Reply::Pose(finger, counts)
            }
            (Ask::Temperature(finger), &[a, b, c, d, ..]) => {
                Reply::Temperature(finger, i32::from_le_bytes([a, b, c, d]))
            }
            _ => return None,
        })
    }

    /// The data of the answer.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Reply::Info(info) => {
                let bits = [
                    info.servo_on,
                    info.over_temperature,
                    info.communication_fault,
                ];
                let status = bits
                    .iter()
                    .rev()
                    .fold(0, |all, bit| all << 1 | u8::from(*bit));
                let ([a, b], [c, d]) = (info.hardware, info.firmware);
                vec![b, a, d, c, 0, 0, status, 0]
            }
            Reply::Serial(text) => text.to_vec(),
            Reply::Pose(_, counts) => counts
                .iter()
                .flat_map(|count| count.to_le_bytes())
                .collect(),
            Reply::Temperature(_, celsius) => celsius.to_le_bytes().to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The maker's driver: `CanMsg.ID = (id << 2) | CAN_ID`, hand information 80h, serial 88h, finger poses 20h
    /// to 23h, temperatures 38h to 3Bh.
    #[test]
    fn identifiers_are_the_makers() {
        assert_eq!(Ask::Info.id(0), Some(0x200));
        assert_eq!(Ask::Serial.id(1), Some(0x221));
        assert_eq!(Ask::Pose(3).id(0), Some(0x08C));
        assert_eq!(Ask::Temperature(1).id(2), Some(0x0E6));
        assert_eq!((Ask::Pose(4).id(0), Ask::Info.id(4)), (None, None));
        assert_eq!(Ask::from_id(0x08C), Some((Ask::Pose(3), 0)));
        assert_eq!(Ask::from_id(0x7FF), None);
    }

    /// The maker's `_parseMessage`: positions little-endian and signed; versions `data[1] data[0]`, `data[3]
    /// data[2]`, in `data[6]` servo, too hot and inner communication lost as bits 0 to 2; temperatures, in °C,
    /// `data[0] | data[1] << 8 | data[2] << 16 | data[3] << 24`.
    #[test]
    fn answers_are_read_as_the_maker_reads_them() {
        let pose = [
            0xE8, 0x03, // 1000
            0x18, 0xFC, // -1000
            0x00, 0x00, // 0
            0xFF, 0x7F, // 32767
        ];
        let wanted = Reply::Pose(2, [1000, -1000, 0, 32_767]);
        assert_eq!(Reply::decode(Ask::Pose(2), &pose), Some(wanted.clone()));
        assert_eq!(wanted.encode(), pose);
        let info = [0x03, 0x05, 0x12, 0x01, 0, 0, 0b011, 0];
        let wanted = Reply::Info(Info {
            hardware: [5, 3],
            firmware: [1, 0x12],
            servo_on: true,
            over_temperature: true,
            communication_fault: false,
        });
        assert_eq!(Reply::decode(Ask::Info, &info), Some(wanted.clone()));
        assert_eq!(wanted.encode(), info);
        let cold = [0xFB, 0xFF, 0xFF, 0xFF]; // -5
        let wanted = Reply::Temperature(1, -5);
        assert_eq!(
            Reply::decode(Ask::Temperature(1), &cold),
            Some(wanted.clone())
        );
        assert_eq!(wanted.encode(), cold);
        assert_eq!(Reply::decode(Ask::Pose(0), &pose[..7]), None);
        assert_eq!(Reply::decode(Ask::Serial, &[]), None);
    }
}
