//! Who the nodes are, and how they are set up. None of this enables power.

use certbench_model::Identity;
use certbench_roles::Trouble;
use certbench_wire::canopen::cia402::Mode;
use certbench_wire::canopen::object::{self, Object};
use certbench_wire::canopen::{NmtCommand, NmtState, pdo};

use super::arm::Arm;
use super::config::{Feedback, Joint};
use super::listen::PDO;
use crate::canopen::Failure;

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
        for joint in &self.config.joints {
            let device_type = u32::from_le_bytes(self.read(joint, object::DEVICE_TYPE)?);
            if device_type as u16 != PROFILE_402 {
                let text = format!(
                    "{} says device type {device_type:08X}; that is no CiA 402 drive",
                    joint.who()
                );
                return Err(Trouble::Refused(text));
            }
            let modes = self.number(joint, object::SUPPORTED_MODES)?;
            if modes.is_some_and(|modes| !Mode::ProfilePosition.is_in(modes)) {
                return Err(Trouble::Refused(format!(
                    "{} has no profile position mode",
                    joint.who()
                )));
            }
            let [vendor, product, revision, serial] = [
                object::VENDOR_ID,
                object::PRODUCT_CODE,
                object::REVISION_NUMBER,
                object::SERIAL_NUMBER,
            ]
            .map(|object| self.number(joint, object));
            let (vendor, product, revision, serial) = (vendor?, product?, revision?, serial?);
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
        }
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
        self.set_heartbeats(joint)?;
        self.set_stop(joint)?;
        let node = joint.node;
        let writes = match self.config.feedback {
            Feedback::Sdo => Vec::new(),
            Feedback::Sync => pdo::configure_tpdo(1, node, 1, 0, &PDO),
            Feedback::Event => {
                let ms = u16::try_from(self.config.interval.as_millis()).unwrap_or(u16::MAX);
                pdo::configure_tpdo(1, node, 255, ms, &PDO)
            }
        };
        for write in writes {
            let object = Object {
                name: "transmit PDO 1",
                index: write.index,
                sub: write.sub,
                bytes: 0,
            };
            self.write(joint, object, &write.data)?;
        }
        self.command(joint, NmtCommand::Start)?;
        if let Some(node) = self.nodes().get_mut(index) {
            node.configured = true;
            node.heartbeat = Some((NmtState::PreOperational, self.now()));
        }
        Ok(())
    }

    fn set_heartbeats(&self, joint: &Joint) -> Result<(), Trouble> {
        let ms = |time: std::time::Duration| u16::try_from(time.as_millis()).unwrap_or(u16::MAX);
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
