//! The maker's file of a node: a data sheet (EDS) says what the node must be, a configuration file (DCF)
//! also what is put into it.
//!
//! What is put into a node is compared with what is there first; only what differs is written, each value
//! is said for the record before, and read back after. What a driver commands or sets itself no file sets.

use certbench_model::FaultKind;
use certbench_model::plan::{DevicePlan, FileText};
use certbench_roles::Trouble;
use certbench_wire::canopen::eds::{DataType, Setting};
use certbench_wire::canopen::object::Object;
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

/// Storing, restoring and programs: nothing that a file sets off.
fn is_of_every_driver(index: u16) -> bool {
    matches!(index, 0x1010 | 0x1011 | 0x1F50..=0x1F5F)
}

/// A node, and the file that configures it.
pub(crate) struct Configuring<'a> {
    pub(crate) bus: &'a Bus,
    pub(crate) file: &'a MakerFile,
    pub(crate) node: NodeId,
    /// The node in words.
    pub(crate) who: String,
    /// Whether the driver commands or sets this object itself.
    pub(crate) is_own: fn(u16) -> bool,
}

/// A value that the node does not have.
struct Differs<'a> {
    setting: Setting<'a>,
    /// What it has; nothing where it does not say it.
    was: Option<Vec<u8>>,
}

impl<'a> Configuring<'a> {
    fn settings(&self) -> impl Iterator<Item = Setting<'a>> {
        let file = self.file.configures(self.node).then_some(self.file);
        file.into_iter()
            .flat_map(|file| file.eds.configuration(self.node))
    }

    fn is_own(&self, setting: &Setting<'_>) -> bool {
        is_of_every_driver(setting.index) || (self.is_own)(setting.index)
    }

    fn differing(&self) -> Result<Vec<Differs<'a>>, Trouble> {
        let mut differing = Vec::new();
        for setting in self.settings().filter(|setting| !self.is_own(setting)) {
            let was = self.read(&setting)?;
            if was.as_ref() != Some(&setting.data) {
                differing.push(Differs { setting, was });
            }
        }
        Ok(differing)
    }

    /// What the node has there; nothing where it does not say it.
    fn read(&self, setting: &Setting<'_>) -> Result<Option<Vec<u8>>, Trouble> {
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
        if self.settings().next().is_none() {
            return Ok(notes);
        }
        let differing = self.differing()?;
        match differing.is_empty() {
            true => notes.push(format!("{who} is as {path} configures it")),
            false => {
                let values = differing.iter().map(Differs::to_string);
                let values: Vec<String> = values.collect();
                notes.push(format!(
                    "{who}: by {path}, written at the start: {}",
                    values.join("; ")
                ));
            }
        }
        let own: Vec<String> = self
            .settings()
            .filter(|setting| self.is_own(setting))
            .map(|setting| format!("{:04X}:{:02X}", setting.index, setting.sub))
            .collect();
        if !own.is_empty() {
            notes.push(format!(
                "{who}: by {path}, not written, because the driver sets it or it is a command: {}",
                own.join(", ")
            ));
        }
        Ok(notes)
    }

    /// Writes what differs, when there is something and `may` has nothing against it.
    pub(crate) fn write(&self, may: impl FnOnce() -> Result<(), Trouble>) -> Result<(), Trouble> {
        let differing = self.differing()?;
        if differing.is_empty() {
            return Ok(());
        }
        may()?;
        for Differs { setting, was } in differing {
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
