//! Who the box is, and how it is set up. None of this switches an output.

use std::sync::atomic::Ordering;
use std::time::Duration;

use certbench_clock::Time;
use certbench_model::{FaultKind, Identity};
use certbench_roles::Trouble;
use certbench_wire::canopen::object::{self, Object};
use certbench_wire::canopen::pdo::{self, Mapping, Write};
use certbench_wire::canopen::{NmtCommand, NmtState};

use super::config::{Feedback, OnLoss};
use super::mapped::{Input, Mapped};
use super::{Io, lock, part};
use crate::canopen::{Configuring, Failure, Now, is_of_file};

/// Device type of CiA 401: the profile's number in the low word.
const PROFILE_401: u16 = 401;
/// Transmission types: at every SYNC, and by the profile's own events.
const AT_SYNC: u8 = 1;
const AT_EVENT: u8 = 255;
/// A file's values are in the box by then; it never is, where they are not.
const CONFIGURED_WITHIN: Duration = Duration::from_secs(10);
/// Contacts come with this, voltages with the next.
const CONTACTS: u8 = 1;
const VOLTAGES: u8 = 2;

/// An object of the communication profile, by place.
fn at(name: &'static str, index: u16, sub: u8) -> Object {
    Object {
        name,
        index,
        sub,
        bytes: 0,
    }
}

impl Io {
    pub(super) fn identify(&self) -> Result<Identity, Trouble> {
        let node = self.config.node;
        let device_type = u32::from_le_bytes(self.read(object::DEVICE_TYPE)?);
        if device_type as u16 != PROFILE_401 {
            let text = format!(
                "{} says device type {device_type:08X}; that is no CiA 401 box",
                self.who()
            );
            return Err(Trouble::Refused(text));
        }
        for (array, wanted, a_part) in [
            (object::READ_INPUTS, self.config.inputs, 8),
            (object::WRITE_OUTPUTS, self.config.outputs, 8),
            (object::READ_ANALOG_INPUT, self.config.analog_inputs, 1),
            (object::WRITE_ANALOG_OUTPUT, self.config.analog_outputs, 1),
        ] {
            self.has(array, wanted.div_ceil(a_part))?;
        }
        let number = |object| {
            let read = self.bus.number(node, object);
            read.map_err(|failure| self.trouble("reading", object, &failure))
        };
        let text = |object| {
            let read = self.bus.text(node, object);
            read.map_err(|failure| self.trouble("reading", object, &failure))
        };
        let (vendor, product) = (number(object::VENDOR_ID)?, number(object::PRODUCT_CODE)?);
        let serial = number(object::SERIAL_NUMBER)?.filter(|serial| *serial != 0);
        let hex = |number: Option<u32>| number.map_or("?".into(), |number| format!("{number:08X}"));
        let mut notes = vec![format!(
            "{node}: vendor {}, product {}, device type {device_type:08X}",
            hex(vendor),
            hex(product)
        )];
        notes.extend(self.as_its_file(vendor, product)?);
        let mut identity = Identity {
            model: text(object::DEVICE_NAME)?,
            serial: serial.map(|serial| serial.to_string()),
            firmware: text(object::SOFTWARE_VERSION)?,
            read_from_device: true,
            notes,
            ..Identity::default()
        };
        let fields = [
            ("model", &identity.model),
            ("serial", &identity.serial),
            ("firmware", &identity.firmware),
        ];
        let missing = fields.into_iter().filter(|(_, value)| value.is_none());
        identity.label_needed = missing.map(|(name, _)| name.to_owned()).collect();
        Ok(identity)
    }

    /// Whether the box has so many parts of an array.
    fn has(&self, array: Object, wanted: u16) -> Result<(), Trouble> {
        if wanted == 0 {
            return Ok(());
        }
        let [parts] = match self.bus.read(self.config.node, Object { sub: 0, ..array }) {
            Err(Failure::Refused(_)) => Ok([0]),
            read => read.map_err(|failure| self.trouble("reading", array, &failure)),
        }?;
        if u16::from(parts) >= wanted {
            return Ok(());
        }
        let text = format!(
            "{} has {parts} parts of {:04X} ({}), and the bench wants {wanted}",
            self.who(),
            array.index,
            array.name
        );
        Err(Trouble::Refused(text))
    }

    /// The box must be the one of the maker's file; gives what the file is called and what it configures,
    /// for the record.
    fn as_its_file(
        &self,
        vendor: Option<u32>,
        product: Option<u32>,
    ) -> Result<Vec<String>, Trouble> {
        let Some(file) = &self.config.eds else {
            return Ok(Vec::new());
        };
        is_of_file(&file.eds, &self.who(), vendor, product)?;
        if let Some(node) = file.eds.node.filter(|node| *node != self.config.node) {
            let text = format!(
                "the file configures {node}, and the bench names {}",
                self.config.node
            );
            return Err(Trouble::Refused(text));
        }
        let mut notes = vec![file.called()];
        if let Some(configuring) = self.configuring() {
            notes.extend(configuring.notes()?);
        }
        Ok(notes)
    }

    /// The box and the file that configures it.
    fn configuring(&self) -> Option<Configuring<'_>> {
        let file = self.config.eds.as_ref()?;
        Some(Configuring {
            bus: &self.bus,
            file,
            node: self.config.node,
            who: self.who(),
            is_own: acts_on_outputs,
        })
    }

    /// Heartbeats, error values, what comes by itself; then the box is operational.
    pub(super) fn configure(&self) -> Result<(), Trouble> {
        let config = &self.config;
        self.command(NmtCommand::EnterPreOperational)?;
        if let Some(configuring) = self.configuring() {
            let until = self.now() + CONFIGURED_WITHIN.max(4 * config.timeout);
            configuring.write(|| Ok(Now::Write), &|| self.is_before(until))?;
        }
        self.write(
            object::PRODUCER_HEARTBEAT,
            &ms(config.heartbeat).to_le_bytes(),
        )?;
        self.watch_us()?;
        self.set_error_values()?;
        let mut mapped = Mapped::default();
        for (pdo, wanted) in [
            (CONTACTS, config.inputs > 0),
            (VOLTAGES, config.analog_inputs > 0),
        ] {
            if wanted {
                self.transmit(pdo)?;
                mapped.0.push((pdo, self.mapping(pdo)?));
            }
        }
        let contacts = (0..config.inputs).map(Input::Contact);
        let mut all = contacts.chain((0..config.analog_inputs).map(Input::Voltage));
        if let Some(missing) = all.find(|input| !mapped.carries(*input)) {
            let text = format!(
                "{} does not send {missing:?} in its process data {CONTACTS} or {VOLTAGES}; map it there with the \
                 maker's tool, or ask for fewer inputs",
                self.who()
            );
            return Err(Trouble::Refused(text));
        }
        *lock(&self.mapped) = mapped;
        self.command(NmtCommand::Start)?;
        lock(&self.seen).heartbeat = Some((NmtState::PreOperational, self.now()));
        self.set_up.store(true, Ordering::Release);
        Ok(())
    }

    /// A box that answers, but each time so slowly that it never ends, must not keep the caller.
    fn is_before(&self, until: Time) -> Result<(), Trouble> {
        if self.now() < until {
            return Ok(());
        }
        let text = format!(
            "{} takes too long to be configured, answer by answer. Either it or this computer is overloaded, or the \
             bus is; lower its load, or raise the option `timeout`",
            self.who()
        );
        Err(Trouble::Fault(FaultKind::Unattributable, text))
    }

    /// The box watches our heartbeat, unless its outputs are to stay as they are anyway.
    fn watch_us(&self) -> Result<(), Trouble> {
        let config = &self.config;
        let host = u32::from(config.master.number()) << 16 | u32::from(ms(config.lost_after));
        let (object, data) = (object::CONSUMER_HEARTBEAT, host.to_le_bytes());
        let taken = self.bus.download_if_there(config.node, object, &data);
        let taken = taken.map_err(|failure| self.trouble("writing", object, &failure))?;
        self.needed(taken, "takes no consumer heartbeat (1016h)")
    }

    /// What its outputs do when we fall silent, told and read back.
    fn set_error_values(&self) -> Result<(), Trouble> {
        let (mode, values) = match self.config.on_loss {
            OnLoss::Hold => (0, 0),
            OnLoss::Values(values) => (0xFF, values),
        };
        for (group, value) in (0..self.config.outputs.div_ceil(8)).zip(values.to_le_bytes()) {
            let mut told = self.told(part(object::OUTPUT_ERROR_MODE, group), &[mode])?;
            if mode != 0 {
                told &= self.told(part(object::OUTPUT_ERROR_VALUE, group), &[value])?;
            }
            self.needed(told, "has no error values of its outputs (6206h, 6207h)")?;
        }
        for number in 0..self.config.analog_outputs {
            let mode = mode.min(1);
            let mut told = self.told(part(object::ANALOG_ERROR_MODE, number), &[mode])?;
            if mode != 0 {
                told &= self.told(part(object::ANALOG_ERROR_VALUE, number), &[0; 4])?;
            }
            self.needed(
                told,
                "has no error values of its analogue outputs (6443h, 6444h)",
            )?;
        }
        Ok(())
    }

    /// Whether the box has an object and now has this in it.
    fn told(&self, object: Object, data: &[u8]) -> Result<bool, Trouble> {
        let node = self.config.node;
        let written = self.bus.download_if_there(node, object, data);
        if !written.map_err(|failure| self.trouble("writing", object, &failure))? {
            return Ok(false);
        }
        let read = self.bus.upload(node, object);
        let read = read.map_err(|failure| self.trouble("reading", object, &failure))?;
        match read == data {
            true => Ok(true),
            false => Err(Trouble::Fault(
                FaultKind::Instrument,
                format!(
                    "{} took {data:02X?} as {} and says {read:02X?}",
                    self.who(),
                    object.name
                ),
            )),
        }
    }

    /// Without it the outputs do not do what the bench says when we fall silent.
    fn needed(&self, there: bool, lacks: &str) -> Result<(), Trouble> {
        if there
            || self.config.on_loss == OnLoss::Hold
            || self.config.outputs + self.config.analog_outputs == 0
        {
            return Ok(());
        }
        let text = format!(
            "{} {lacks}, so its outputs stay as they are when this computer falls silent; say `on_loss: hold` if \
             that is safe",
            self.who()
        );
        Err(Trouble::Refused(text))
    }

    /// A transmit PDO is sent when the bench wants it.
    fn transmit(&self, pdo: u8) -> Result<(), Trouble> {
        let (kind, event_ms) = match self.config.feedback {
            Feedback::Sync => (AT_SYNC, 0),
            Feedback::Event => (AT_EVENT, ms(self.config.interval)),
        };
        for Write { index, sub, data } in pdo::time_tpdo(pdo, self.config.node, kind, event_ms) {
            self.write(at("when a transmit PDO is sent", index, sub), &data)?;
        }
        if pdo == VOLTAGES && self.config.feedback == Feedback::Event {
            let object = object::ANALOG_INTERRUPT;
            let written = self.bus.download_if_there(self.config.node, object, &[1]);
            written.map_err(|failure| self.trouble("writing", object, &failure))?;
        }
        Ok(())
    }

    /// What a transmit PDO carries: from the box, or from its file where the box does not say it.
    fn mapping(&self, pdo: u8) -> Result<Vec<Mapping>, Trouble> {
        let (node, index) = (self.config.node, 0x1A00 + u16::from(pdo) - 1);
        let object = |sub| at("the mapping of a transmit PDO", index, sub);
        let count = match self.bus.read(node, object(0)) {
            Ok([count]) => count.min(64),
            Err(Failure::Refused(_)) => {
                let by_file = self
                    .config
                    .eds
                    .as_ref()
                    .and_then(|file| file.eds.tpdo(pdo, node));
                return Ok(by_file.unwrap_or_default());
            }
            Err(failure) => return Err(self.trouble("reading", object(0), &failure)),
        };
        let word = |sub| Ok(Mapping::from(u32::from_le_bytes(self.read(object(sub))?)));
        (1..=count).map(word).collect()
    }

    pub(super) fn command(&self, command: NmtCommand) -> Result<(), Trouble> {
        let sent = self.bus.send(&command.encode(Some(self.config.node)));
        let fault =
            |error: certbench_link::LinkError| Trouble::Fault(FaultKind::Link, error.to_string());
        sent.map(|_| ()).map_err(fault)
    }
}

/// What switches an output of CiA 401, or turns round or delays what an output or a contact is; what outputs do
/// in an error; and the interrupt that is set here.
fn acts_on_outputs(index: u16) -> bool {
    let contacts = matches!(
        index,
        0x6002 | 0x6003 | 0x6030..=0x603F | 0x6102 | 0x6103 | 0x6122 | 0x6123
    );
    let outputs = matches!(index, 0x6200..=0x63FF | 0x6410..=0x641F | 0x6440..=0x645F);
    contacts || outputs || index == 0x6423
}

fn ms(time: Duration) -> u16 {
    u16::try_from(time.as_millis()).unwrap_or(u16::MAX)
}
