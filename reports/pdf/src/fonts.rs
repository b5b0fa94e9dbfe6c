//! The fonts of a report: one family with Latin, Greek and all of Chinese, regular and bold.

use crate::Error;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use typst::foundations::Bytes;
use typst::text::{Font, FontBook, FontWeight};
use typst::utils::LazyHash;

/// Families that a report is set in, the first that is there: the same design under three names.
const FAMILIES: [&str; 3] = ["Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC"];
/// For identifiers and digests, of the same files.
const MONOSPACED: [&str; 2] = ["Noto Sans Mono CJK SC", "Source Han Mono SC"];
/// For letters that those lack: Latin of eastern Europe, Arabic, U+FFFD. Taken where they are there.
const SPARE: [&str; 4] = [
    "DejaVuSans.ttf",
    "DejaVuSans-Bold.ttf",
    "NotoSans-Regular.ttf",
    "NotoSans-Bold.ttf",
];
/// Where systems keep fonts.
const PLACES: [&str; 3] = [
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "/Library/Fonts",
];
/// Beginnings of the names of their files.
const FILES: [&str; 3] = ["NotoSansCJK", "NotoSansSC", "SourceHanSans"];

/// Fonts that were found, and what they have.
#[derive(Clone)]
pub struct Fonts {
    fonts: Vec<Font>,
    book: LazyHash<FontBook>,
}

impl Fonts {
    /// Looks for the report's fonts on this machine, and takes all fonts of the folders given: for
    /// letters that those lack, or instead of them.
    ///
    /// # Errors
    /// [`Error::Fonts`] when the family is not there in regular and bold, naming the package to
    /// install.
    pub fn find(folders: &[PathBuf]) -> Result<Fonts, Error> {
        let mut fonts = Vec::new();
        for folder in folders {
            let files = within(folder, &|_| true);
            if files.is_empty() {
                return Err(Error::Fonts(format!("no fonts in {}", folder.display())));
            }
            fonts.extend(files.iter().flat_map(|file| faces(file)));
        }
        let home = std::env::var_os("HOME").map(PathBuf::from);
        let own = home.map(|home| home.join(".local/share/fonts"));
        let places: Vec<PathBuf> = PLACES.iter().map(PathBuf::from).chain(own).collect();
        let below = |wanted: &dyn Fn(&str) -> bool| {
            let files = places.iter().flat_map(|place| within(place, wanted));
            files.collect::<Vec<_>>()
        };
        if !complete(&fonts) {
            let known = |font: &Font| {
                let family = font.info().family.as_str();
                FAMILIES.contains(&family) || MONOSPACED.contains(&family)
            };
            for file in below(&|name| FILES.iter().any(|begin| name.starts_with(begin))) {
                fonts.extend(faces(&file).into_iter().filter(known));
            }
        }
        let spare = below(&|name| SPARE.contains(&name));
        fonts.extend(spare.iter().flat_map(|file| faces(file)));
        if !complete(&fonts) {
            let what = "no font with Chinese was found: a report needs Noto Sans CJK in regular and \
                        bold; on Debian and Ubuntu: apt-get install fonts-noto-cjk; elsewhere name \
                        a folder with its files in CERTBENCH_FONTS";
            return Err(Error::Fonts(what.to_string()));
        }
        let book = LazyHash::new(FontBook::from_fonts(&fonts));
        Ok(Fonts { fonts, book })
    }

    pub(crate) fn book(&self) -> &LazyHash<FontBook> {
        &self.book
    }

    pub(crate) fn font(&self, index: usize) -> Option<Font> {
        self.fonts.get(index).cloned()
    }

    /// Letters of a text that no font has, each once.
    pub(crate) fn lacking(&self, text: &str) -> Vec<char> {
        let letters: BTreeSet<char> = text.chars().filter(|c| shows(*c)).collect();
        let has = |c: char| {
            let mut infos = self.fonts.iter().map(Font::info);
            infos.any(|info| info.coverage.contains(u32::from(c)))
        };
        letters.into_iter().filter(|c| !has(*c)).collect()
    }
}

/// Whether a letter is seen: what only steers the setting needs no glyph.
fn shows(c: char) -> bool {
    let steers = matches!(c, '\u{00AD}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202F}' | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}');
    !c.is_control() && !c.is_whitespace() && !steers
}

/// Regular and bold of one of the families.
fn complete(fonts: &[Font]) -> bool {
    FAMILIES.iter().any(|family| {
        let of_family = || fonts.iter().map(Font::info).filter(|i| i.family == *family);
        let has = |bold: bool| of_family().any(|i| (i.variant.weight >= FontWeight::BOLD) == bold);
        has(false) && has(true)
    })
}

fn faces(file: &Path) -> Vec<Font> {
    match std::fs::read(file) {
        Ok(bytes) => Font::iter(Bytes::new(bytes)).collect(),
        Err(_) => Vec::new(),
    }
}

/// Font files below a folder by name, in the order of their paths.
fn within(folder: &Path, wanted: &dyn Fn(&str) -> bool) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![(folder.to_path_buf(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(folder) else {
            continue;
        };
        for path in entries.flatten().map(|entry| entry.path()) {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let font = [".ttc", ".ttf", ".otf", ".otc"];
            if path.is_dir() && depth < 6 {
                folders.push((path, depth + 1));
            } else if font.iter().any(|end| name.ends_with(end)) && wanted(&name) && !light(&name) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Weights that a report does not use.
fn light(name: &str) -> bool {
    ["Thin", "Light", "DemiLight", "Medium", "Black"]
        .iter()
        .any(|w| name.contains(&format!("-{w}.")))
}
