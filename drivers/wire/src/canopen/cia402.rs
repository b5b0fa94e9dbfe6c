//! CiA 402 drives: the state machine, the modes, and what bits 10, 12 and 13 mean in each (IEC 61800-7-201).

use std::fmt;

/// States of the drive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the standard's own words")]
pub enum State {
    NotReadyToSwitchOn,
    SwitchOnDisabled,
    ReadyToSwitchOn,
    SwitchedOn,
    OperationEnabled,
    QuickStopActive,
    FaultReactionActive,
    Fault,
}

impl State {
    /// Whether torque may act on the joint.
    pub const fn is_powered(self) -> bool {
        matches!(
            self,
            State::OperationEnabled | State::QuickStopActive | State::FaultReactionActive
        )
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            State::NotReadyToSwitchOn => "not ready to switch on",
            State::SwitchOnDisabled => "switch on disabled",
            State::ReadyToSwitchOn => "ready to switch on",
            State::SwitchedOn => "switched on",
            State::OperationEnabled => "operation enabled",
            State::QuickStopActive => "quick stop active",
            State::FaultReactionActive => "fault reaction active",
            State::Fault => "fault",
        })
    }
}

/// Object 6041h.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statusword(pub u16);

/// Mask, value, state.
const STATES: [(u16, u16, State); 8] = [
    (0x4F, 0x00, State::NotReadyToSwitchOn),
    (0x4F, 0x40, State::SwitchOnDisabled),
    (0x6F, 0x21, State::ReadyToSwitchOn),
    (0x6F, 0x23, State::SwitchedOn),
    (0x6F, 0x27, State::OperationEnabled),
    (0x6F, 0x07, State::QuickStopActive),
    (0x4F, 0x0F, State::FaultReactionActive),
    (0x4F, 0x08, State::Fault),
];

impl Statusword {
    /// The state; `None` for a combination of bits that the standard does not define.
    pub fn state(self) -> Option<State> {
        STATES
            .iter()
            .find(|(mask, value, _)| self.0 & mask == *value)
            .map(|row| row.2)
    }

    /// Bit 4: the power stage has voltage.
    pub const fn voltage_enabled(self) -> bool {
        self.0 >> 4 & 1 == 1
    }

    /// Bit 7: the drive warns.
    pub const fn warning(self) -> bool {
        self.0 >> 7 & 1 == 1
    }

    /// Bit 9: the drive obeys the bus.
    pub const fn remote(self) -> bool {
        self.0 >> 9 & 1 == 1
    }

    /// Bit 10: the target is reached (with the halt bit set: the drive stands).
    pub const fn target_reached(self) -> bool {
        self.0 >> 10 & 1 == 1
    }

    /// Bit 11: a limit inside the drive acts.
    pub const fn internal_limit(self) -> bool {
        self.0 >> 11 & 1 == 1
    }

    /// Bit 12 in profile position: the new set-point was taken.
    pub const fn set_point_acknowledged(self) -> bool {
        self.bit_12()
    }

    /// Bit 12 in the cyclic modes: the drive does as it is told from the bus.
    pub const fn follows_command(self) -> bool {
        self.bit_12()
    }

    /// Bit 13, where the mode has a position to follow: the joint does not follow its command.
    pub const fn following_error(self, mode: Mode) -> bool {
        matches!(mode, Mode::ProfilePosition | Mode::CyclicPosition) && self.bit_13()
    }

    /// Bits 10, 12 and 13 in homing mode.
    pub const fn homing(self) -> Homing {
        match (self.bit_13(), self.bit_12(), self.target_reached()) {
            (true, _, stands) => Homing::Failed { stands },
            (false, true, true) => Homing::Attained,
            (false, true, false) => Homing::Stopping,
            (false, false, true) => Homing::Idle,
            (false, false, false) => Homing::UnderWay,
        }
    }

    const fn bit_12(self) -> bool {
        self.0 >> 12 & 1 == 1
    }

    const fn bit_13(self) -> bool {
        self.0 >> 13 & 1 == 1
    }
}

/// How homing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Homing {
    /// The joint looks for its home.
    UnderWay,
    /// Not started, or interrupted.
    Idle,
    /// Home was found, and the joint still moves.
    Stopping,
    /// Home was found, and the joint stands.
    Attained,
    /// Home was not found.
    Failed {
        /// Whether the joint stands.
        stands: bool,
    },
}

/// Object 6040h. Bit 2, quick stop, is active **low**.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Controlword(pub u16);

impl Controlword {
    /// Bit 1 clear: no torque, from any powered state.
    pub const DISABLE_VOLTAGE: Controlword = Controlword(0x00);
    /// Bit 2 clear with bit 1 set: stop at the quick-stop ramp.
    pub const QUICK_STOP: Controlword = Controlword(0x02);
    /// To "ready to switch on".
    pub const SHUTDOWN: Controlword = Controlword(0x06);
    /// To "switched on".
    pub const SWITCH_ON: Controlword = Controlword(0x07);
    /// To "operation enabled".
    pub const ENABLE_OPERATION: Controlword = Controlword(0x0F);
    /// Its rising edge clears a fault.
    pub const FAULT_RESET: Controlword = Controlword(0x80);

    /// Bit 4 in profile position: take the target; acts on its rising edge.
    pub const NEW_SET_POINT: u16 = 1 << 4;
    /// Bit 4 in homing: look for home; clear interrupts it.
    pub const START_HOMING: u16 = 1 << 4;
    /// Bit 5: drop the target under way instead of finishing it first.
    pub const CHANGE_IMMEDIATELY: u16 = 1 << 5;
    /// Bit 6: the target is relative.
    pub const RELATIVE: u16 = 1 << 6;
    /// Bit 8: stand still, enabled.
    pub const HALT: u16 = 1 << 8;

    /// Enabled, with these further bits.
    pub const fn enabled_with(bits: u16) -> Controlword {
        Controlword(Controlword::ENABLE_OPERATION.0 | bits)
    }

    /// Little-endian, as it is written.
    pub const fn to_bytes(self) -> [u8; 2] {
        self.0.to_le_bytes()
    }
}

/// Object 6060h.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i8)]
#[expect(missing_docs, reason = "the standard's own words")]
pub enum Mode {
    ProfilePosition = 1,
    ProfileVelocity = 3,
    ProfileTorque = 4,
    Homing = 6,
    CyclicPosition = 8,
    CyclicVelocity = 9,
    CyclicTorque = 10,
}

impl Mode {
    /// Every mode above.
    pub const ALL: [Mode; 7] = [
        Mode::ProfilePosition,
        Mode::ProfileVelocity,
        Mode::ProfileTorque,
        Mode::Homing,
        Mode::CyclicPosition,
        Mode::CyclicVelocity,
        Mode::CyclicTorque,
    ];

    /// The mode of a number in 6060h or 6061h; `None` for those of makers and for what is not here.
    pub fn of(number: i8) -> Option<Mode> {
        Mode::ALL.into_iter().find(|mode| mode.number() == number)
    }

    /// Whether set-points come with every SYNC.
    pub const fn is_cyclic(self) -> bool {
        matches!(
            self,
            Mode::CyclicPosition | Mode::CyclicVelocity | Mode::CyclicTorque
        )
    }

    /// The number in 6060h and 6061h.
    pub const fn number(self) -> i8 {
        self as i8
    }

    /// Whether object 6502h lists this mode: bit 0 is mode 1.
    pub const fn is_in(self, supported: u32) -> bool {
        supported >> (self as i8 - 1) & 1 == 1
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Mode::ProfilePosition => "profile position",
            Mode::ProfileVelocity => "profile velocity",
            Mode::ProfileTorque => "profile torque",
            Mode::Homing => "homing",
            Mode::CyclicPosition => "cyclic synchronous position",
            Mode::CyclicVelocity => "cyclic synchronous velocity",
            Mode::CyclicTorque => "cyclic synchronous torque",
        })
    }
}

/// Where a drive shall be brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// No torque.
    Disabled,
    /// Powered and obeying.
    Enabled,
    /// Stopped on the quick-stop ramp.
    Stopped,
    /// A fault cleared, and no torque.
    FaultCleared,
}

/// What to do next on the way to a goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It is there.
    Arrived,
    /// Write these, in this order.
    Write(&'static [Controlword]),
    /// The drive moves on by itself.
    Wait,
    /// A fault stands in the way; clearing it is a goal of its own, never a by-product.
    Faulted,
}

/// One step from a state towards a goal.
pub fn next_command(state: State, goal: Goal) -> Next {
    use State::*;
    match (state, goal) {
        (NotReadyToSwitchOn | FaultReactionActive, _) => Next::Wait,
        (Fault, Goal::FaultCleared) => {
            Next::Write(&[Controlword::DISABLE_VOLTAGE, Controlword::FAULT_RESET])
        }
        (Fault, Goal::Disabled) => Next::Arrived,
        (Fault, Goal::Enabled | Goal::Stopped) => Next::Faulted,

        (OperationEnabled, Goal::Enabled) => Next::Arrived,
        (SwitchOnDisabled, Goal::Enabled) => Next::Write(&[Controlword::SHUTDOWN]),
        (ReadyToSwitchOn, Goal::Enabled) => Next::Write(&[Controlword::SWITCH_ON]),
        (SwitchedOn, Goal::Enabled) => Next::Write(&[Controlword::ENABLE_OPERATION]),
        (QuickStopActive, Goal::Enabled) => Next::Write(&[Controlword::DISABLE_VOLTAGE]),

        (OperationEnabled, Goal::Stopped) => Next::Write(&[Controlword::QUICK_STOP]),
        (_, Goal::Stopped) => Next::Arrived,

        (SwitchOnDisabled, Goal::Disabled | Goal::FaultCleared) => Next::Arrived,
        (_, Goal::Disabled | Goal::FaultCleared) => Next::Write(&[Controlword::DISABLE_VOLTAGE]),
    }
}
