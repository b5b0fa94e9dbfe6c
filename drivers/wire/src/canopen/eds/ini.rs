//! Sections and keys, with their lines.

use super::BadEds;

/// `key=value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) line: usize,
}

/// `[name]` and what stands under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Section {
    pub(super) name: String,
    pub(super) line: usize,
    keys: Vec<Key>,
}

impl Section {
    /// The key of this name, in any case; the first where there are several.
    pub(super) fn key(&self, name: &str) -> Option<&Key> {
        self.keys
            .iter()
            .find(|key| key.name.eq_ignore_ascii_case(name))
    }
}

/// All sections, in order.
///
/// # Errors
/// A line that is none of them, or a key before the first section.
pub(super) fn read(text: &str) -> Result<Vec<Section>, BadEds> {
    let mut sections: Vec<Section> = Vec::new();
    for (line, said) in (1..).zip(text.trim_start_matches('\u{FEFF}').lines()) {
        let said = said.trim();
        if said.is_empty() || said.starts_with([';', '#']) {
            continue;
        }
        if let Some(name) = said.strip_prefix('[') {
            let name = name.strip_suffix(']').ok_or_else(|| {
                BadEds::at(line, format!("`{}` has no closing bracket", shown(said)))
            })?;
            sections.push(Section {
                name: name.trim().to_owned(),
                line,
                keys: Vec::new(),
            });
            continue;
        }
        let Some((name, value)) = said.split_once('=') else {
            let what = format!("`{}` is neither a section nor key=value", shown(said));
            return Err(BadEds::at(line, what));
        };
        let Some(section) = sections.last_mut() else {
            return Err(BadEds::at(line, "a key stands before the first section"));
        };
        section.keys.push(Key {
            name: name.trim().to_owned(),
            value: value.trim().to_owned(),
            line,
        });
    }
    Ok(sections)
}

/// The beginning of a line, for a complaint.
fn shown(said: &str) -> String {
    said.chars().take(60).collect()
}
