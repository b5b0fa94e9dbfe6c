//! The maker's file of a node: a data sheet (EDS) says what the node must be, a configuration file (DCF)
//! also what is put into it.
//!
//! What is put into a node is compared with what is there first; only what differs is written, each value
//! is said for the record before, and read back after. What a driver commands or sets itself no file sets,
//! nor anything of the communication, nor what the file itself protects.

use certbench_model::FaultKind;
use certbench_model::plan::{DevicePlan, FileText};
use certbench_roles::Trouble;
use certbench_wire::canopen::eds::{DataType, Setting};
use certbench_wire::canopen::object::{self, Object};
use certbench_wire::canopen::{Eds, NodeId};

use super::{Bus, Failure};
use crate::options::Options;

/// The maker's file of the option `eds`, whose text is in the plan.
#[derive(Clone, Debug)]
pub(crate) struct MakerFile {
    pub(crate) eds: Eds,
    path: String,
    sha256: String,
}

impl MakerFile {
    /// The file, where the bench names one.
    pub(crate) fn of(
        plan: &DevicePlan,
        options: &Options<'_>,
    ) -> Result<Option<MakerFile>, Trouble> {
        let Some(given) = plan.options.get("eds").filter(|given| !given.is_null()) else {
            return Ok(None);
        };
        let file: FileText = serde_json::from_value(given.clone())
            .map_err(|_| options.refuse("eds", "the plan does not have its text"))?;
        let eds = Eds::read(&file.text)
            .map_err(|e| options.refuse("eds", format_args!("{}, {e}", file.path)))?;
        Ok(Some(MakerFile {
            eds,
            path: file.path,
            sha256: file.sha256,
        }))
    }

    /// For the record.
    pub(crate) fn called(&self) -> String {
        format!("checked by {}, SHA-256 {}", self.path, self.sha256)
    }

    /// Whether it configures this node; without a number of its own it does every one.
    pub(crate) fn configures(&self, node: NodeId) -> bool {
        self.eds.node.is_none_or(|own| own == node)
    }

    /// A number of a node: what it is configured to, where it is that one, or else what the maker put there.
    pub(crate) fn number(&self, object: Object, node: NodeId) -> Option<i64> {
        match self.configures(node) {
            true => self.eds.number(object.index, object.sub, node),
            false => self.eds.at_power_on(object.index, object.sub, node),
        }
    }
}

/// A node must be the one of the maker's file, where both say who they are.
pub(crate) fn is_of_file(
    eds: &Eds,
    who: &str,
    vendor: Option<u32>,
    product: Option<u32>,
) -> Result<(), Trouble> {
    for (what, said, written) in [
        ("vendor", vendor, eds.vendor),
        ("product", product, eds.product),
    ] {
        // 0 says nothing, in a file as in a node
        if let Some(said) = said.filter(|said| written != 0 && *said != 0 && *said != written) {
            let text = format!(
                "{who} is of {what} {said:08X}, its file of {what} {written:08X}; is it another device?"
            );
            return Err(Trouble::Refused(text));
        }
    }
    Ok(())
}

/// What files set: the maker's own objects and the first device profile's. Not the communication (heartbeats,
/// COB-IDs, SYNC, SDO, process data, storing, programs), on which drivers rely, and nothing of the further axes
/// or modules of a node (CiA 402 and CiA 401 repeat their profile every 800h), of which no driver knows.
const SET_BY_FILES: std::ops::Range<u16> = 0x2000..0x6800;

/// A node, and the file that configures it.
pub(crate) struct Configuring<'a> {
    pub(crate) bus: &'a Bus,
    pub(crate) file: &'a MakerFile,
    pub(crate) node: NodeId,
    /// The node in words.
    pub(crate) who: String,
    /// Whether the driver commands or sets this object itself, or it acts on what moves or is switched.
    pub(crate) is_own: fn(u16) -> bool,
}

/// What may be done with values that a node does not have.
pub(crate) enum Now {
    /// They are written.
    Write,
    /// It was configured before and keeps what it has.
    Leave,
}

/// A value that the node does not have.
struct Differs<'a> {
    setting: Setting<'a>,
    /// What it has; nothing where it does not say it.
    was: Option<Vec<u8>>,
}

impl<'a> Configuring<'a> {
    /// What the file puts into this node, and what of that is not written.
    fn settings(&self) -> Result<(Vec<Setting<'a>>, Vec<Setting<'a>>), Trouble> {
        if !self.file.configures(self.node) {
            return Ok(Default::default());
        }
        let settings = self.file.eds.configuration(self.node);
        let settings =
            settings.map_err(|bad| Trouble::Refused(format!("{}, {bad}", self.file.path)))?;
        Ok(settings.into_iter().partition(|setting| {
            SET_BY_FILES.contains(&setting.index)
                && !(self.is_own)(setting.index)
                && !setting.entry.flags.no_download
        }))
    }

    fn differing(
        &self,
        settings: Vec<Setting<'a>>,
        may_go_on: &dyn Fn() -> Result<(), Trouble>,
    ) -> Result<Vec<Differs<'a>>, Trouble> {
        let mut differing = Vec::new();
        for setting in settings {
            may_go_on()?;
            let was = self.read(&setting)?;
            if was.as_ref() != Some(&setting.data) {
                differing.push(Differs { setting, was });
            }
        }
        Ok(differing)
    }

    /// What the node has there; nothing where it does not say it, or must not be asked.
    fn read(&self, setting: &Setting<'_>) -> Result<Option<Vec<u8>>, Trouble> {
        if setting.entry.flags.no_scan {
            return Ok(None);
        }
        match self
            .bus
            .upload_like(self.node, place(setting), &setting.data)
        {
            Ok(was) => Ok(Some(was)),
            Err(Failure::Refused(_)) => Ok(None),
            Err(failure) => Err(self.trouble("reading", setting, &failure)),
        }
    }

    /// What will be written and what will not, for the record.
    pub(crate) fn notes(&self) -> Result<Vec<String>, Trouble> {
        let (who, path) = (&self.who, &self.file.path);
        let mut notes = Vec::new();
        let (settings, left) = self.settings()?;
        if settings.is_empty() && left.is_empty() {
            return Ok(notes);
        }
        let differing = self.differing(settings, &|| Ok(()))?;
        match differing.is_empty() {
            true => notes.push(format!("{who} is as {path} configures it")),
            false => {
                self.is_the_one()?;
                let values = differing.iter().map(Differs::to_string);
                let values: Vec<String> = values.collect();
                notes.push(format!(
                    "{who}: by {path}, written at the start: {}",
                    values.join("; ")
                ));
            }
        }
        let left = left.iter();
        let left = left.map(|setting| format!("{:04X}:{:02X}", setting.index, setting.sub));
        let left: Vec<String> = left.collect();
        if !left.is_empty() {
            notes.push(format!(
                "{who}: by {path}, not written, because it is communication, the driver's to set, a command or \
                 protected by the file: {}",
                left.join(", ")
            ));
        }
        Ok(notes)
    }

    /// A node into which something is written must be the file's: both must say vendor and product.
    fn is_the_one(&self) -> Result<(), Trouble> {
        let said = |object: Object| {
            let said = self.bus.number(self.node, object);
            said.map_err(|failure| {
                let port = self.bus.port();
                failure.trouble(port, &self.who, "reading", object)
            })
        };
        let (vendor, product) = (said(object::VENDOR_ID)?, said(object::PRODUCT_CODE)?);
        let eds = &self.file.eds;
        is_of_file(eds, &self.who, vendor, product)?;
        for (what, said, written) in [
            ("vendor", vendor, eds.vendor),
            ("product", product, eds.product),
        ] {
            let silent = match (said.unwrap_or_default(), written) {
                (_, 0) => &self.file.path,
                (0, _) => &self.who,
                _ => continue,
            };
            return Err(Trouble::Refused(format!(
                "{} is not written to {}: {silent} does not say its {what} (1018h), so nobody knows whether it is \
                 this device's file",
                self.file.path, self.who
            )));
        }
        Ok(())
    }

    /// Writes what differs, when there is something and `now` has nothing against it. Asks before each value
    /// whether it may go on.
    pub(crate) fn write(
        &self,
        now: impl FnOnce() -> Result<Now, Trouble>,
        may_go_on: &dyn Fn() -> Result<(), Trouble>,
    ) -> Result<(), Trouble> {
        let (settings, _) = self.settings()?;
        let differing = self.differing(settings, may_go_on)?;
        if differing.is_empty() {
            return Ok(());
        }
        if let Now::Leave = now()? {
            return Ok(());
        }
        self.is_the_one()?;
        for Differs { setting, was } in differing {
            may_go_on()?;
            let Setting { index, sub, .. } = setting;
            let written = self.bus.download(self.node, index, sub, &setting.data);
            written.map_err(|failure| self.trouble("writing", &setting, &failure))?;
            let now = match was {
                Some(_) => self.read(&setting)?,
                None => None, // it cannot be read
            };
            if let Some(now) = now.filter(|now| *now != setting.data) {
                let kind = setting.entry.kind;
                let text = format!(
                    "{} took {} as {index:04X}:{sub:02X} and says {}",
                    self.who,
                    said(kind, &setting.data),
                    said(kind, &now)
                );
                return Err(Trouble::Fault(
                    FaultKind::Instrument,
                    self.located(&setting, text),
                ));
            }
        }
        Ok(())
    }

    fn located(&self, setting: &Setting<'_>, text: String) -> String {
        format!("{}, line {}: {text}", self.file.path, setting.line)
    }

    fn trouble(&self, doing: &str, setting: &Setting<'_>, failure: &Failure) -> Trouble {
        let trouble = failure.trouble(self.bus.port(), &self.who, doing, place(setting));
        match trouble {
            Trouble::Refused(text) => Trouble::Refused(self.located(setting, text)),
            Trouble::Fault(kind, text) => Trouble::Fault(kind, self.located(setting, text)),
            event @ Trouble::Event { .. } => event,
        }
    }
}

fn place(setting: &Setting<'_>) -> Object {
    Object {
        name: "a value of the configuration file",
        index: setting.index,
        sub: setting.sub,
        bytes: 0,
    }
}

impl std::fmt::Display for Differs<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Setting {
            index, sub, entry, ..
        } = &self.setting;
        let now = said(entry.kind, &self.setting.data);
        write!(f, "{index:04X}:{sub:02X} ({}) = {now}", entry.name)?;
        match &self.was {
            Some(was) => write!(f, " instead of {}", said(entry.kind, was)),
            None => f.write_str(", which it does not say"),
        }
    }
}

/// A value in words: a number, or how long it is.
fn said(kind: DataType, data: &[u8]) -> String {
    let mut wide = [0; 8];
    let fits = kind.bytes().map(usize::from) == Some(data.len()) && data.len() <= wide.len();
    if !fits {
        return format!("{} bytes", data.len());
    }
    wide.iter_mut().zip(data).for_each(|(to, from)| *to = *from);
    match kind {
        DataType::Integer(bytes) => {
            let empty = 64 - 8 * u32::from(bytes.clamp(1, 8));
            (i64::from_le_bytes(wide) << empty >> empty).to_string()
        }
        _ => u64::from_le_bytes(wide).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rated torque that a file puts into node 1 is none of node 2's.
    #[test]
    fn what_configures_one_node_is_not_anothers_plate() {
        let text = "[DeviceComissioning]\nNodeID=1\n[6076]\nDataType=7\nAccessType=rw\nDefaultValue=900\n\
                    ParameterValue=500\n";
        let file = MakerFile {
            eds: Eds::read(text).unwrap(),
            path: "drive.dcf".into(),
            sha256: String::new(),
        };
        let of = |node| file.number(object::RATED_TORQUE, NodeId::new(node).unwrap());
        assert_eq!((of(1), of(2)), (Some(500), Some(900)));
    }
}
