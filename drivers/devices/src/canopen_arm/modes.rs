//! What a drive can do, and how it is taken into a mode: told, acknowledged, and moved by neither.

use std::time::Duration;

use certbench_roles::Trouble;
use certbench_wire::canopen::cia402::{Mode, State};
use certbench_wire::canopen::object::{self, Object};

use super::arm::Arm;
use super::config::Joint;

/// A drive is in its new mode within this.
const SWITCHED: Duration = Duration::from_millis(500);
/// Between two looks at it.
const LOOK: Duration = Duration::from_millis(2);
/// For so long a joint may not have moved before its mode is changed.
const STILL_FOR: Duration = Duration::from_millis(100);

/// What a drive says of itself, or the maker's file of it; `None` where neither does.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Plate {
    /// Object 6502h.
    pub(super) modes: Option<u32>,
    /// Highest speed, velocity units.
    pub(super) most_speed: Option<u32>,
    /// Ends of its range, position counts.
    pub(super) range: Option<[i32; 2]>,
    /// Rated torque of the drive, N·m.
    pub(super) rated_nm: Option<f64>,
    /// Highest torque, thousandths of rated.
    pub(super) most_permille: Option<u16>,
    /// Its own acceleration and deceleration, which a set speed's ramp takes the place of.
    pub(super) ramps: [Option<u32>; 2],
}

impl Plate {
    pub(super) fn has(&self, mode: Mode) -> bool {
        self.modes.is_none_or(|modes| mode.is_in(modes))
    }
}

impl Arm {
    /// Reads the plate of a node.
    pub(super) fn read_plate(&self, joint: &Joint) -> Result<Plate, Trouble> {
        let limit =
            |object: Object| Ok::<_, Trouble>(self.known(joint, object)?.filter(|n| *n > 0));
        let end = |object| Ok::<_, Trouble>(self.known(joint, object)?.map(|n| n as u32 as i32));
        let range = [
            end(object::SOFTWARE_LIMIT_MIN)?,
            end(object::SOFTWARE_LIMIT_MAX)?,
        ];
        let mn_m = limit(object::RATED_TORQUE)?;
        let driven = self.config.driven.as_ref();
        Ok(Plate {
            modes: self
                .known(joint, object::SUPPORTED_MODES)?
                .map(|n| n as u32),
            most_speed: limit(object::MAX_PROFILE_VELOCITY)?.map(|n| n as u32),
            range: match range {
                [Some(least), Some(most)] if least < most => Some([least, most]),
                _ => None, // both 0: it has none
            },
            rated_nm: mn_m
                .map(|mn_m| mn_m as f64 / 1000.0)
                .or(driven.and_then(|driven| driven.rated_nm)),
            most_permille: limit(object::MAX_TORQUE)?.map(|n| n as u16),
            ramps: [
                limit(object::PROFILE_ACCELERATION)?.map(|n| n as u32),
                limit(object::PROFILE_DECELERATION)?.map(|n| n as u32),
            ],
        })
    }

    /// A number as the drive has it, or else the maker's file; its bits as an unsigned one.
    pub(super) fn known(&self, joint: &Joint, object: Object) -> Result<Option<u64>, Trouble> {
        let mut wide = [0; 8];
        if let Some(bytes) = self.bytes_if_there(joint, object)? {
            wide.iter_mut()
                .zip(&bytes)
                .for_each(|(to, from)| *to = *from);
            return Ok(Some(u64::from_le_bytes(wide)));
        }
        let eds = self.config.eds.as_ref();
        let number = eds.and_then(|file| file.number(object, joint.node));
        Ok(number.map(i64::cast_unsigned))
    }

    pub(super) fn plate(&self, index: usize) -> Plate {
        let nodes = self.nodes();
        nodes.get(index).map(|node| node.plate).unwrap_or_default()
    }

    /// The drive must say that it has this mode, if it says anything of modes.
    pub(super) fn has_mode(&self, index: usize, mode: Mode) -> Result<(), Trouble> {
        let Some(joint) = self.config.joints.get(index) else {
            return Ok(());
        };
        match self.plate(index).has(mode) {
            true => Ok(()),
            false => Err(Trouble::Refused(format!(
                "{} has no {mode} mode",
                joint.who()
            ))),
        }
    }

    /// Whether a joint was seen to stand, lately.
    pub(super) fn is_still(&self, index: usize) -> bool {
        let nodes = self.nodes();
        nodes
            .get(index)
            .is_some_and(|node| node.seen >= node.still_since + STILL_FOR)
    }

    /// Takes a drive into a mode, in which nothing moves until it is told to. Enabled, it stands.
    pub(super) fn take_mode(&self, index: usize, mode: Mode) -> Result<(), Trouble> {
        let Some(joint) = self.config.joints.get(index) else {
            return Ok(());
        };
        if self.nodes().get(index).and_then(|node| node.mode) == Some(mode) {
            return Ok(());
        }
        self.has_mode(index, mode)?;
        let (_, state) = self.state(joint)?;
        let until = self.now() + self.config.patience / 2; // one that has just arrived is seen to
        while state == State::OperationEnabled && !self.is_still(index) {
            if self.now() >= until {
                return Err(Trouble::Refused(format!(
                    "{} moves, or was not seen to stand; it is taken into {mode} mode only from rest",
                    joint.who()
                )));
            }
            self.bus.clock().sleep(LOOK);
        }
        if let Some(node) = self.nodes().get_mut(index) {
            node.mode = None;
        }
        let counts: [u8; 4] = self.read(joint, object::POSITION_ACTUAL)?;
        match mode {
            Mode::ProfilePosition | Mode::CyclicPosition => {
                self.write(joint, object::TARGET_POSITION, &counts)?;
                self.own_ramps(index, joint)?;
            }
            Mode::ProfileVelocity | Mode::CyclicVelocity => {
                self.write(joint, object::TARGET_VELOCITY, &[0; 4])?;
            }
            Mode::ProfileTorque | Mode::CyclicTorque => {
                self.write(joint, object::TARGET_TORQUE, &[0; 2])?;
            }
            Mode::Homing => (),
        }
        self.aim_at_rest(index, mode, i32::from_le_bytes(counts));
        if self.config.cyclic {
            // what is on its way from before is taken up before the mode gives it a meaning
            self.bus.clock().sleep(3 * self.config.interval);
        }
        self.write(
            joint,
            object::MODE_OF_OPERATION,
            &mode.number().to_le_bytes(),
        )?;
        self.await_mode(joint, mode)?;
        let driven = self.config.driven.as_ref();
        if driven.is_some_and(|driven| driven.index == index) {
            *self.set_point() = None; // it stands, and nothing of before goes on
        }
        if let Some(node) = self.nodes().get_mut(index) {
            node.mode = Some(mode);
        }
        Ok(())
    }

    /// The driven joint's ramps as they are without a set speed's: the bench's, or the drive's own.
    pub(super) fn own_ramps(&self, index: usize, joint: &Joint) -> Result<(), Trouble> {
        let driven = self.config.driven.as_ref();
        if self.config.cyclic || driven.is_none_or(|driven| driven.index != index) {
            return Ok(());
        }
        let bench = self.config.acceleration.map(|deg| joint.rate(deg));
        let objects = [object::PROFILE_ACCELERATION, object::PROFILE_DECELERATION];
        for (object, own) in objects.into_iter().zip(self.plate(index).ramps) {
            if let Some(rate) = bench.or(own) {
                self.write(joint, object, &rate.to_le_bytes())?;
            }
        }
        Ok(())
    }

    fn await_mode(&self, joint: &Joint, mode: Mode) -> Result<(), Trouble> {
        let until = self.now() + SWITCHED;
        loop {
            let [shown] = self.read(joint, object::MODE_DISPLAY)?;
            let shown = shown.cast_signed();
            if shown == mode.number() {
                return Ok(());
            }
            if self.now() >= until {
                let text = format!(
                    "{} was told {mode} mode ({}) and shows mode {shown}",
                    joint.who(),
                    mode.number()
                );
                return Err(Trouble::Event {
                    code: "mode".into(),
                    text,
                });
            }
            self.bus.clock().sleep(LOOK);
        }
    }
}
