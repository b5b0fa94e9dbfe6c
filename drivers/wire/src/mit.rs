//! The eight bytes of "MIT mode", which several makers of joint motors took from the MIT mini cheetah:
//! position, velocity, two gains and a torque, packed without gaps, the high bits first.
//!
//! All five are counts of a range about zero (or from zero, for the gains); what the range is, is the
//! motor's business and not said on the wire.

/// Most counts of a position.
pub const POSITION_MOST: u16 = 0xFFFF;
/// Most counts of a velocity, a gain or a torque.
pub const OTHER_MOST: u16 = 0x0FFF;

/// What a motor is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Setpoint {
    /// 16 bits.
    pub position: u16,
    /// 12 bits.
    pub velocity: u16,
    /// Stiffness, 12 bits.
    pub kp: u16,
    /// Damping, 12 bits.
    pub kd: u16,
    /// Feed-forward, 12 bits.
    pub torque: u16,
}

impl Setpoint {
    /// The eight bytes. What does not fit in its bits is the most that does.
    pub fn encode(self) -> [u8; 8] {
        let [velocity, kp, kd, torque] =
            [self.velocity, self.kp, self.kd, self.torque].map(|v| v.min(OTHER_MOST));
        let [p1, p0] = self.position.to_be_bytes();
        [
            p1,
            p0,
            (velocity >> 4) as u8,
            ((velocity & 0xF) << 4 | kp >> 8) as u8,
            kp as u8,
            (kd >> 4) as u8,
            ((kd & 0xF) << 4 | torque >> 8) as u8,
            torque as u8,
        ]
    }

    /// From eight bytes; every eight bytes are one.
    pub fn decode(bytes: &[u8; 8]) -> Setpoint {
        let [p1, p0, v, vk, kp, kd, dt, t] = bytes.map(u16::from);
        Setpoint {
            position: p1 << 8 | p0,
            velocity: v << 4 | vk >> 4,
            kp: (vk & 0xF) << 8 | kp,
            kd: kd << 4 | dt >> 4,
            torque: (dt & 0xF) << 8 | t,
        }
    }
}

/// What a motor says of itself, in the five bytes after its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Shown {
    /// 16 bits.
    pub position: u16,
    /// 12 bits.
    pub velocity: u16,
    /// Torque or current, 12 bits.
    pub torque: u16,
}

impl Shown {
    /// The five bytes. What does not fit in its bits is the most that does.
    pub fn encode(self) -> [u8; 5] {
        let [velocity, torque] = [self.velocity, self.torque].map(|v| v.min(OTHER_MOST));
        let [p1, p0] = self.position.to_be_bytes();
        [
            p1,
            p0,
            (velocity >> 4) as u8,
            ((velocity & 0xF) << 4 | torque >> 8) as u8,
            torque as u8,
        ]
    }

    /// From five bytes; every five bytes are one.
    pub fn decode(bytes: &[u8; 5]) -> Shown {
        let [p1, p0, v, vt, t] = bytes.map(u16::from);
        Shown {
            position: p1 << 8 | p0,
            velocity: v << 4 | vt >> 4,
            torque: (vt & 0xF) << 8 | t,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn bytes_come_back_as_they_were(bytes: [u8; 8], shown: [u8; 5]) {
            prop_assert_eq!(Setpoint::decode(&bytes).encode(), bytes);
            prop_assert_eq!(Shown::decode(&shown).encode(), shown);
        }
    }

    #[test]
    fn what_is_too_large_does_not_reach_its_neighbour() {
        let setpoint = Setpoint {
            velocity: 0xFFFF,
            ..Setpoint::default()
        };
        assert_eq!(setpoint.encode(), [0, 0, 0xFF, 0xF0, 0, 0, 0, 0]);
    }
}
