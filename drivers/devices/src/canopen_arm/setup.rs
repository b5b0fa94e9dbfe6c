//! Who the nodes are, and how they are set up. None of this enables power.

use std::time::Duration;

use certbench_model::Identity;
use certbench_roles::Trouble;
use certbench_wire::canopen::cia402::{Mode, State};
use certbench_wire::canopen::object::{self, Object};
use certbench_wire::canopen::{Eds, NmtCommand, NmtState, pdo};

use super::arm::Arm;
use super::config::{Feedback, Joint};
use super::cyclic::TARGETS;
use super::listen::{PDO, TURN_PDO};
use super::modes::Plate;
use crate::canopen::{Configuring, Failure, Now, is_of_file};

/// Quick stop option code: slow down on the quick-stop ramp, then no torque.
const STOP_THEN_OFF: i16 = 2;
/// Quick stop option code: slow down on the quick-stop ramp, then hold.
const STOP_THEN_HOLD: i16 = 6;
/// Abort connection option code: quick stop.
const LOST_MASTER_QUICK_STOP: i16 = 3;
/// Device type of CiA 402: the profile's number in the low word.
const PROFILE_402: u16 = 402;

impl Arm {
    /// Reads who every node is. What all nodes agree on stands once; else there is one for each joint.
    pub(super) fn identify(&self) -> Result<Identity, Trouble> {
        let mut notes = Vec::new();
        let (mut models, mut serials, mut firmwares) = (Vec::new(), Vec::new(), Vec::new());
        for (index, joint) in self.config.joints.iter().enumerate() {
            let device_type = u32::from_le_bytes(self.read(joint, object::DEVICE_TYPE)?);
            if device_type as u16 != PROFILE_402 {
                let text = format!(
                    "{} says device type {device_type:08X}; that is no CiA 402 drive",
                    joint.who()
                );
                return Err(Trouble::Refused(text));
            }
            let modes = self
                .known(joint, object::SUPPORTED_MODES)?
                .map(|n| n as u32);
            let mode = self.config.position_mode();
            if modes.is_some_and(|modes| !mode.is_in(modes)) {
                let text = format!("{} has no {mode} mode", joint.who());
                return Err(Trouble::Refused(text));
            }
            let [vendor, product, revision, serial] = [
                object::VENDOR_ID,
                object::PRODUCT_CODE,
                object::REVISION_NUMBER,
                object::SERIAL_NUMBER,
            ]
            .map(|object| self.number(joint, object));
            let (vendor, product, revision, serial) = (vendor?, product?, revision?, serial?);
            let own = match &self.config.eds {
                Some(file) => {
                    self.as_its_file(&file.eds, joint, vendor, product)?;
                    None
                }
                None => self.as_its_own_file(joint, vendor, product)?,
            };
            models.push(self.text(joint, object::DEVICE_NAME)?);
            firmwares.push(self.text(joint, object::SOFTWARE_VERSION)?);
            serials.push(
                serial
                    .filter(|number| *number != 0)
                    .map(|number| number.to_string()),
            );
            let hex =
                |number: Option<u32>| number.map_or("?".into(), |number| format!("{number:08X}"));
            notes.push(format!(
                "{}: vendor {}, product {}, revision {}, serial {}, hardware {}, modes {}",
                joint.who(),
                hex(vendor),
                hex(product),
                hex(revision),
                serial.map_or("?".into(), |number| number.to_string()),
                self.text(joint, object::HARDWARE_VERSION)?
                    .unwrap_or_else(|| "?".into()),
                hex(modes)
            ));
            notes.extend(self.rated(index, joint)?);
            notes.extend(own);
            if let Some(configuring) = self.configuring(joint) {
                notes.extend(configuring.notes()?);
            }
        }
        notes.extend(self.config.eds.iter().map(|file| file.called()));
        let identity = Identity {
            maker: None,
            model: agreed(models),
            serial: self.serial(serials),
            firmware: agreed(firmwares),
            read_from_device: true,
            label_needed: Vec::new(),
            notes,
        };
        let fields = [
            ("model", &identity.model),
            ("serial", &identity.serial),
            ("firmware", &identity.firmware),
        ];
        let missing = fields.into_iter().filter(|(_, value)| value.is_none());
        let label_needed = missing.map(|(name, _)| name.to_owned()).collect();
        Ok(Identity {
            label_needed,
            ..identity
        })
    }

    /// What the driven joint's drive exerts.
    fn rated(&self, index: usize, joint: &Joint) -> Result<Option<String>, Trouble> {
        if self
            .config
            .driven
            .as_ref()
            .is_none_or(|driven| driven.index != index)
        {
            return Ok(None);
        }
        let known = |object, unit: &str| {
            let thousandths = self.known(joint, object)?;
            let text = |n: u64| format!("{} {unit}", n as f64 / 1000.0);
            Ok::<_, Trouble>(thousandths.map_or("?".into(), text))
        };
        Ok(Some(format!(
            "{}: rated torque {}, rated current {}",
            joint.who(),
            known(object::RATED_TORQUE, "N.m")?,
            known(object::RATED_CURRENT, "A")?
        )))
    }

    /// The file that a drive carries itself (1021h), where it has one that is not compressed: what is used
    /// here must be in it. It is long: it comes in blocks.
    fn as_its_own_file(
        &self,
        joint: &Joint,
        vendor: Option<u32>,
        product: Option<u32>,
    ) -> Result<Option<String>, Trouble> {
        let Some(0) = self.known(joint, object::EDS_FORMAT)? else {
            return Ok(None);
        };
        let bytes = match self.bus.upload_long(joint.node, object::STORE_EDS) {
            Ok(bytes) if !bytes.is_empty() => bytes,
            Ok(_) | Err(Failure::Refused(_)) => return Ok(None),
            Err(failure) => {
                return Err(self.trouble(joint, "reading", object::STORE_EDS, &failure));
            }
        };
        Ok(Some(match Eds::read(&String::from_utf8_lossy(&bytes)) {
            Ok(eds) => {
                self.as_its_file(&eds, joint, vendor, product)?;
                format!(
                    "{}: checked by its own EDS of {} bytes",
                    joint.who(),
                    bytes.len()
                )
            }
            Err(bad) => format!("{}: its own EDS cannot be read: {bad}", joint.who()),
        }))
    }

    /// A node must be the one of the makers' file, and the file must have what is used here.
    fn as_its_file(
        &self,
        eds: &Eds,
        joint: &Joint,
        vendor: Option<u32>,
        product: Option<u32>,
    ) -> Result<(), Trouble> {
        is_of_file(eds, &joint.who(), vendor, product)?;
        let refuse = |object: Object, what: &str| {
            Err(Trouble::Refused(format!(
                "{}: by its file, {:04X}:{:02X} ({}) {what}",
                joint.who(),
                object.index,
                object.sub,
                object.name
            )))
        };
        let written: &[Object] = match self.config.cyclic {
            true => &[object::CONTROLWORD, object::MODE_OF_OPERATION],
            false => &[
                object::CONTROLWORD,
                object::MODE_OF_OPERATION,
                object::TARGET_POSITION,
                object::PROFILE_VELOCITY,
            ],
        };
        let mapped: &[Object] = match (self.config.feedback, self.config.cyclic) {
            (Feedback::Sdo, _) => &[],
            (_, true) => &[PDO[0], PDO[1], TARGETS[0]],
            (_, false) => &PDO,
        };
        for object in written.iter().chain(mapped) {
            let Some(entry) = eds.entries.get(&(object.index, object.sub)) else {
                return refuse(*object, "is not there");
            };
            let bytes = entry.kind.bytes();
            if bytes != Some(object.bytes) {
                return refuse(*object, &format!("has not {} bytes", object.bytes));
            }
            if written.contains(object) && !entry.writable {
                return refuse(*object, "cannot be written");
            }
            if mapped.contains(object) && !entry.mappable {
                return refuse(*object, "cannot be mapped into process data");
            }
        }
        Ok(())
    }

    /// A joint and the file that configures it.
    fn configuring(&self, joint: &Joint) -> Option<Configuring<'_>> {
        let file = self.config.eds.as_ref()?;
        Some(Configuring {
            bus: &self.bus,
            file,
            node: joint.node,
            who: joint.who(),
            is_own,
        })
    }

    /// A drive with power is not configured. One that was, and rests after a quick stop, has kept its power
    /// and so what it was told.
    fn is_disabled(&self, index: usize, joint: &Joint) -> Result<Now, Trouble> {
        let (_, state) = self.state(joint)?;
        if !state.is_powered() {
            return Ok(Now::Write);
        }
        let configured = self.nodes().get(index).is_some_and(|node| node.configured);
        if configured && state == State::QuickStopActive {
            return Ok(Now::Leave);
        }
        Err(Trouble::Refused(format!(
            "{} is in `{state}`, and its configuration file changes only a disabled drive; switch it off first",
            joint.who()
        )))
    }

    /// The arm's serial number: that of the node which the bench names, or the one that all drives
    /// have. Drives with numbers of their own do not know the arm's; its label does.
    fn serial(&self, serials: Vec<Option<String>>) -> Option<String> {
        match self.config.serial_node {
            Some(index) => serials.into_iter().nth(index).flatten(),
            None => one(&serials.into_iter().collect::<Option<Vec<_>>>()?),
        }
    }

    /// Sets up heartbeats, what a stop does and what is sampled; then the node is operational.
    pub(super) fn configure(&self, index: usize) -> Result<(), Trouble> {
        let Some(joint) = self.config.joints.get(index) else {
            return Ok(());
        };
        self.command(joint, NmtCommand::EnterPreOperational)?;
        if let Some(configuring) = self.configuring(joint) {
            configuring.write(|| self.is_disabled(index, joint), &|| self.may_go_on())?;
        }
        self.set_heartbeats(joint)?;
        self.set_stop(joint)?;
        let plate = self.read_plate(joint)?;
        self.set_process_data(index, joint, &plate)?;
        self.command(joint, NmtCommand::Start)?;
        if let Some(node) = self.nodes().get_mut(index) {
            node.configured = true;
            // a set speed may have left its ramp behind: what was read first is the drive's own
            let [up, down] = node.plate.ramps;
            let ramps = [up.or(plate.ramps[0]), down.or(plate.ramps[1])];
            (node.plate, node.mode) = (Plate { ramps, ..plate }, None);
            node.heartbeat = Some((NmtState::PreOperational, self.now()));
        }
        Ok(())
    }

    /// What is sampled, and where set-points come in.
    fn set_process_data(&self, index: usize, joint: &Joint, plate: &Plate) -> Result<(), Trouble> {
        let node = joint.node;
        let sampled = |number: u8, objects: &[Object]| match self.config.feedback {
            Feedback::Sdo => Vec::new(),
            Feedback::Sync => pdo::configure_tpdo(number, node, 1, 0, objects),
            Feedback::Event => {
                pdo::configure_tpdo(number, node, 255, ms(self.config.interval), objects)
            }
        };
        let mut writes = sampled(1, &PDO);
        if self.wants_turn(index) {
            writes.extend(sampled(2, &TURN_PDO));
        }
        if self.config.cyclic {
            let driven = self.config.driven.as_ref();
            let driven = driven.is_some_and(|driven| driven.index == index);
            let modes = [
                Mode::CyclicPosition,
                Mode::CyclicVelocity,
                Mode::CyclicTorque,
            ];
            for ((number, object), mode) in (1u8..).zip(TARGETS).zip(modes) {
                if mode == Mode::CyclicPosition || driven && plate.has(mode) {
                    writes.extend(pdo::configure_rpdo(number, node, 1, &[object]));
                }
            }
        }
        for write in writes {
            let object = Object {
                name: "process data",
                index: write.index,
                sub: write.sub,
                bytes: 0,
            };
            self.write(joint, object, &write.data)?;
        }
        if self.config.cyclic {
            let period = self.config.interval.as_millis();
            let period = u8::try_from(period).unwrap_or(u8::MAX); // as the options have it
            self.write_if_there(joint, object::INTERPOLATION_INDEX, &[0xFD])?; // 10^-3 s
            self.write_if_there(joint, object::INTERPOLATION_PERIOD, &[period])?;
            let deadline = ms(self.config.lost_after).to_le_bytes();
            self.write_if_there(joint, pdo::deadline(1), &deadline)?;
        }
        Ok(())
    }

    fn set_heartbeats(&self, joint: &Joint) -> Result<(), Trouble> {
        self.write(
            joint,
            object::PRODUCER_HEARTBEAT,
            &ms(self.config.heartbeat).to_le_bytes(),
        )?;
        let consumed =
            u32::from(self.config.master.number()) << 16 | u32::from(ms(self.config.lost_after));
        let watching =
            self.write_if_there(joint, object::CONSUMER_HEARTBEAT, &consumed.to_le_bytes())?;
        if !watching && self.config.watched {
            let text = format!(
                "{} takes no consumer heartbeat (1016h), so it does not stop when the harness falls silent, as the \
                 bench says; name its watchdog `none` there",
                joint.who()
            );
            return Err(Trouble::Refused(text));
        }
        self.write_if_there(
            joint,
            object::ABORT_CONNECTION_OPTION,
            &LOST_MASTER_QUICK_STOP.to_le_bytes(),
        )?;
        Ok(())
    }

    /// What a quick stop does must be what the bench demands; a drive without the choice does what it does.
    fn set_stop(&self, joint: &Joint) -> Result<(), Trouble> {
        let wanted = if self.config.torque_off {
            STOP_THEN_OFF
        } else {
            STOP_THEN_HOLD
        };
        if self.write_if_there(joint, object::QUICK_STOP_OPTION, &wanted.to_le_bytes())? {
            return Ok(());
        }
        match self.bus.read(joint.node, object::QUICK_STOP_OPTION) {
            Ok(found) if i16::from_le_bytes(found) != wanted => Err(Trouble::Refused(format!(
                "{}: its quick stop has option code {} and cannot be set to {wanted}, which the bench's safe state needs",
                joint.who(),
                i16::from_le_bytes(found)
            ))),
            Ok(_) | Err(Failure::Refused(_)) => Ok(()),
            Err(failure) => {
                Err(self.trouble(joint, "reading", object::QUICK_STOP_OPTION, &failure))
            }
        }
    }

    fn command(&self, joint: &Joint, command: NmtCommand) -> Result<(), Trouble> {
        let sent = self.bus.send(&command.encode(Some(joint.node)));
        sent.map(|_| ())
            .map_err(|error| Trouble::Fault(certbench_model::FaultKind::Link, error.to_string()))
    }

    /// A number that a node need not have.
    fn number(&self, joint: &Joint, object: Object) -> Result<Option<u32>, Trouble> {
        let read = self.bus.number(joint.node, object);
        read.map_err(|failure| self.trouble(joint, "reading", object, &failure))
    }

    /// A text that a node need not have.
    fn text(&self, joint: &Joint, object: Object) -> Result<Option<String>, Trouble> {
        let read = self.bus.text(joint.node, object);
        read.map_err(|failure| self.trouble(joint, "reading", object, &failure))
    }
}

/// What the driver commands, and what it sets itself: what a lost connection and a quick stop do, speeds,
/// ramps, homing, the period of set-points.
fn is_own(index: u16) -> bool {
    let command = matches!(
        index,
        0x6040 | 0x6060 | 0x6071 | 0x607A | 0x60B0..=0x60B2 | 0x60C1 | 0x60FE | 0x60FF
    );
    let set = matches!(
        index,
        0x6007 | 0x605A | 0x6081 | 0x6083..=0x6085 | 0x6087 | 0x6098..=0x609A | 0x60C2
    );
    command || set
}

fn ms(time: Duration) -> u16 {
    u16::try_from(time.as_millis()).unwrap_or(u16::MAX)
}

/// One value when all nodes have the same, all of them joined when they differ, none when one has none.
fn agreed(values: Vec<Option<String>>) -> Option<String> {
    let values: Vec<String> = values.into_iter().collect::<Option<_>>()?;
    match one(&values) {
        Some(one) => Some(one),
        None => Some(values.join("+")),
    }
}

/// The value that all have.
fn one(values: &[String]) -> Option<String> {
    let first = values.first()?;
    values
        .iter()
        .all(|value| value == first)
        .then(|| first.clone())
}
