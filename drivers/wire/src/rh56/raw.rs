//! Raw counts of the hand. What they are in units is said by whoever converts them.

/// A degree of freedom, in the order of every six-fold register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Dof {
    Little,
    Ring,
    Middle,
    Index,
    ThumbBend,
    ThumbRotate,
}

impl Dof {
    /// All six, in wire order.
    pub const ALL: [Dof; 6] = [
        Dof::Little,
        Dof::Ring,
        Dof::Middle,
        Dof::Index,
        Dof::ThumbBend,
        Dof::ThumbRotate,
    ];

    /// The name used for channels: `little`, ..., `thumb-bend`, `thumb-rotate`.
    pub const fn name(self) -> &'static str {
        match self {
            Dof::Little => "little",
            Dof::Ring => "ring",
            Dof::Middle => "middle",
            Dof::Index => "index",
            Dof::ThumbBend => "thumb-bend",
            Dof::ThumbRotate => "thumb-rotate",
        }
    }
}

macro_rules! counts {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(pub i16);

        impl From<i16> for $name {
            fn from(count: i16) -> Self {
                $name(count)
            }
        }

        impl From<$name> for i16 {
            fn from(count: $name) -> i16 {
                count.0
            }
        }
    )*};
}

counts! {
    /// Finger angle: 0 is bent, 1000 is open, -1 in a command leaves the finger as it is.
    RawAngle;
    /// Actuator stroke: 0 is open, 2000 is fully bent, -1 in a command leaves the actuator as it is.
    RawPosition;
    /// Force in grams-force, signed when read; 0..=1000 as a threshold.
    RawForce;
    /// Speed, 0..=1000 of the fastest.
    RawSpeed;
    /// Motor current in milliampere.
    RawCurrent;
}

impl RawAngle {
    /// "Leave this finger alone" in a command.
    pub const LEAVE: RawAngle = RawAngle(-1);
}

/// Actuator temperature in degrees Celsius.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RawTemperature(pub u8);

/// The error bits of one actuator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorBits(pub u8);

impl ErrorBits {
    /// The rotor does not turn.
    pub const STALL: u8 = 1 << 0;
    /// Too hot; cannot be cleared, only waited for.
    pub const OVER_TEMPERATURE: u8 = 1 << 1;
    /// Too much current.
    pub const OVER_CURRENT: u8 = 1 << 2;
    /// The motor is abnormal.
    pub const MOTOR: u8 = 1 << 3;
    /// The actuator does not answer the hand's controller.
    pub const COMMUNICATION: u8 = 1 << 4;

    /// The names of the bits that are set; unknown bits are named too.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        const NAMES: [&str; 8] = [
            "stall",
            "over-temperature",
            "over-current",
            "motor fault",
            "actuator communication",
            "unknown error bit 5",
            "unknown error bit 6",
            "unknown error bit 7",
        ];
        NAMES
            .into_iter()
            .enumerate()
            .filter(move |(bit, _)| self.0 >> bit & 1 == 1)
            .map(|(_, name)| name)
    }
}

/// What one actuator is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the manual's own words")]
pub enum Status {
    Releasing,
    Grasping,
    PositionReached,
    ForceReached,
    OverCurrent,
    Stall,
    Fault,
    /// A number that the manual does not list.
    Unknown(u8),
}

impl From<u8> for Status {
    fn from(number: u8) -> Status {
        match number {
            0 => Status::Releasing,
            1 => Status::Grasping,
            2 => Status::PositionReached,
            3 => Status::ForceReached,
            5 => Status::OverCurrent,
            6 => Status::Stall,
            7 => Status::Fault,
            other => Status::Unknown(other),
        }
    }
}

impl From<Status> for u8 {
    fn from(status: Status) -> u8 {
        match status {
            Status::Releasing => 0,
            Status::Grasping => 1,
            Status::PositionReached => 2,
            Status::ForceReached => 3,
            Status::OverCurrent => 5,
            Status::Stall => 6,
            Status::Fault => 7,
            Status::Unknown(other) => other,
        }
    }
}

/// Six counts as the twelve bytes of a register, little-endian.
pub fn encode_six<T: Into<i16>>(counts: [T; 6]) -> Vec<u8> {
    counts
        .into_iter()
        .flat_map(|count| count.into().to_le_bytes())
        .collect()
}

/// Six counts from the twelve bytes of a register; `None` when they are not twelve.
pub fn decode_six<T: From<i16>>(data: &[u8]) -> Option<[T; 6]> {
    let bytes: [u8; 12] = data.try_into().ok()?;
    Some(std::array::from_fn(|i| {
        T::from(i16::from_le_bytes([bytes[2 * i], bytes[2 * i + 1]]))
    }))
}
