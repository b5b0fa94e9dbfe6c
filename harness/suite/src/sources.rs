//! The files that were read: names, bytes, lines. Files come from a reader that the caller gives;
//! a name inside a file may not leave the folder of that file.

use crate::complaint::{Complaint, Span};
use certbench_model::FileDigest;
use certbench_model::identity::sha256_hex;
use certbench_model::plan::FileText;
use std::collections::BTreeMap;
use std::fmt;
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

/// Most bytes of a suite, bench, job or table file.
pub(crate) const FILE_BYTES_MAX: usize = 1 << 20;
/// Most bytes of a certificate that a bench names.
pub(crate) const CERTIFICATE_BYTES_MAX: usize = 32 << 20;
/// Most files of one check.
const FILES_MAX: usize = 64;

/// Where the content of files comes from.
pub trait Reader {
    /// The content of `path`, at most `most` bytes.
    ///
    /// # Errors
    /// What happened, for people: missing, too large, no plain file.
    fn read(&self, path: &Path, most: usize) -> Result<Vec<u8>, String>;

    /// The content of `folder/inside`. `inside` has been checked to be relative without `..`; the
    /// reader sees to it that links do not lead out of `folder`.
    ///
    /// # Errors
    /// As [`Reader::read`].
    fn read_inside(&self, folder: &Path, inside: &Path, most: usize) -> Result<Vec<u8>, String>;
}

/// Files on disk. Only plain files are read; links may not lead out of the folder.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl Reader for Disk {
    fn read(&self, path: &Path, most: usize) -> Result<Vec<u8>, String> {
        let facts = std::fs::metadata(path).map_err(|e| e.to_string())?;
        if !facts.is_file() {
            return Err("it is not a plain file".to_string());
        }
        let file = std::fs::File::open(path).map_err(|e| e.to_string())?;
        let mut bytes = Vec::new();
        file.take(most as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(|e| e.to_string())?;
        within(bytes, most)
    }

    fn read_inside(&self, folder: &Path, inside: &Path, most: usize) -> Result<Vec<u8>, String> {
        let folder = if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        };
        let root = folder.canonicalize().map_err(|e| e.to_string())?;
        let real = root
            .join(inside)
            .canonicalize()
            .map_err(|e| e.to_string())?;
        if !real.starts_with(&root) {
            return Err("a link leads out of the folder of the file that names it".to_string());
        }
        self.read(&real, most)
    }
}

/// Files in memory, for tests and editors.
#[derive(Clone, Debug, Default)]
pub struct Memory(pub BTreeMap<String, Vec<u8>>);

impl Reader for Memory {
    fn read(&self, path: &Path, most: usize) -> Result<Vec<u8>, String> {
        let name = path.to_string_lossy();
        let bytes = self.0.get(name.as_ref()).ok_or("no such file")?;
        within(bytes.clone(), most)
    }

    fn read_inside(&self, folder: &Path, inside: &Path, most: usize) -> Result<Vec<u8>, String> {
        self.read(&folder.join(inside), most)
    }
}

fn within(bytes: Vec<u8>, most: usize) -> Result<Vec<u8>, String> {
    if bytes.len() > most {
        return Err(format!("it is larger than {most} bytes"));
    }
    Ok(bytes)
}

/// All files of a check, in the order in which they were opened.
pub struct Sources {
    reader: Box<dyn Reader>,
    files: Vec<File>,
}

/// One file.
struct File {
    name: String,
    /// Relative to the first file that led to it; what a plan prints.
    shown: String,
    bytes: usize,
    sha256: String,
    text: String,
    /// Byte at which each line begins.
    lines: Vec<u32>,
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.files.iter().map(|f| &f.name))
            .finish()
    }
}

impl Sources {
    /// Files of a reader.
    pub fn new(reader: impl Reader + 'static) -> Sources {
        Sources {
            reader: Box::new(reader),
            files: Vec::new(),
        }
    }

    /// Files on disk.
    pub fn disk() -> Sources {
        Sources::new(Disk)
    }

    /// Files in memory: name and text.
    pub fn memory<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Sources {
        let map = files
            .into_iter()
            .map(|(n, t)| (n.to_string(), t.as_bytes().to_vec()));
        Sources::new(Memory(map.collect()))
    }

    /// The text of a file that was opened, by its name.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.files
            .iter()
            .find(|f| f.name == name)
            .map(|f| f.text.as_str())
    }

    /// Text that is in no file, such as the command line.
    pub(crate) fn add_text(&mut self, name: &str, text: String) -> u16 {
        let added = self.add(name.to_string(), name.to_string(), Ok(text.into_bytes()));
        added.unwrap_or_default()
    }

    /// Opens a file that the user names. One that cannot be read is a complaint without a line.
    pub(crate) fn open(&mut self, path: &str) -> Result<u16, Complaint> {
        let read = self.reader.read(Path::new(path), FILE_BYTES_MAX);
        let shown = Path::new(path)
            .file_name()
            .map_or_else(|| path.to_string(), |n| n.to_string_lossy().into_owned());
        self.add(path.to_string(), shown, read)
    }

    /// Opens a file that another file names at `at`.
    pub(crate) fn open_inside(&mut self, at: Span, path: &str) -> Result<u16, Complaint> {
        let inside = relative(path).map_err(|why| escape(at, path, why))?;
        let folder = self.folder(at.file);
        let read = self.reader.read_inside(&folder, &inside, FILE_BYTES_MAX);
        let name = folder.join(&inside).to_string_lossy().into_owned();
        let read = read.map_err(|why| unreadable(at, path, &why))?;
        self.add(name, path.to_string(), Ok(read))
            .map_err(|mut complaint| {
                complaint.labels = vec![(at, String::new())];
                complaint
            })
    }

    /// Digest of a file of any kind that another file names at `at`.
    pub(crate) fn digest_inside(&self, at: Span, path: &str) -> Result<FileDigest, Complaint> {
        let inside = relative(path).map_err(|why| escape(at, path, why))?;
        let bytes = self
            .reader
            .read_inside(&self.folder(at.file), &inside, CERTIFICATE_BYTES_MAX)
            .map_err(|why| unreadable(at, path, &why))?;
        Ok(FileDigest {
            path: path.to_string(),
            bytes: bytes.len() as u64,
            sha256: sha256_hex(&bytes),
        })
    }

    /// The text of a file of a device that another file names at `at`, with its digest.
    pub(crate) fn text_inside(&self, at: Span, path: &str) -> Result<FileText, Complaint> {
        let inside = relative(path).map_err(|why| escape(at, path, why))?;
        let bytes = self
            .reader
            .read_inside(&self.folder(at.file), &inside, FILE_BYTES_MAX)
            .map_err(|why| unreadable(at, path, &why))?;
        Ok(FileText {
            path: path.to_string(),
            sha256: sha256_hex(&bytes),
            text: String::from_utf8(bytes)
                .unwrap_or_else(|e| e.as_bytes().iter().map(|b| char::from(*b)).collect()),
        })
    }

    /// Digest of an opened file.
    pub(crate) fn digest(&self, file: u16) -> FileDigest {
        let empty = || FileDigest {
            path: String::new(),
            bytes: 0,
            sha256: String::new(),
        };
        self.files
            .get(usize::from(file))
            .map_or_else(empty, |f| FileDigest {
                path: f.shown.clone(),
                bytes: f.bytes as u64,
                sha256: f.sha256.clone(),
            })
    }

    pub(crate) fn name(&self, file: u16) -> &str {
        self.files.get(usize::from(file)).map_or("", |f| &f.name)
    }

    pub(crate) fn content(&self, file: u16) -> &str {
        self.files.get(usize::from(file)).map_or("", |f| &f.text)
    }

    /// Line and column (in characters) of a span's first byte, from 1.
    pub(crate) fn line_and_column(&self, span: Span) -> (usize, usize) {
        let Some(file) = self.files.get(usize::from(span.file)) else {
            return (1, 1);
        };
        let line = file
            .lines
            .partition_point(|start| *start <= span.start)
            .max(1);
        let start = file.lines.get(line - 1).copied().unwrap_or(0);
        let before = file.text.get(start as usize..span.start as usize);
        (line, before.map_or(0, |b| b.chars().count()) + 1)
    }

    fn folder(&self, file: u16) -> PathBuf {
        let path = Path::new(self.name(file));
        path.parent().map(Path::to_path_buf).unwrap_or_default()
    }

    /// Keeps a file, readable or not, so that complaints about it have a name.
    fn add(
        &mut self,
        name: String,
        shown: String,
        read: Result<Vec<u8>, String>,
    ) -> Result<u16, Complaint> {
        let file = u16::try_from(self.files.len()).unwrap_or(u16::MAX);
        let start = Span {
            file,
            ..Span::default()
        };
        if self.files.len() >= FILES_MAX {
            let message = format!("`{shown}` is one file too many; at most {FILES_MAX} are read");
            return Err(Complaint::new("too-many-files", Span::default(), message));
        }
        let (bytes, trouble) = match read {
            Ok(bytes) => (bytes, None),
            Err(why) => (
                Vec::new(),
                Some(Complaint::new(
                    "unreadable-file",
                    start,
                    format!("cannot read `{name}`: {why}"),
                )),
            ),
        };
        let sha256 = sha256_hex(&bytes);
        let size = bytes.len();
        let (text, trouble) = match (String::from_utf8(bytes), trouble) {
            (Ok(text), trouble) => (text, trouble),
            (Err(e), _) => {
                let at = e.utf8_error().valid_up_to();
                let message = format!("`{name}` is not UTF-8 text (byte {at})");
                (
                    String::new(),
                    Some(Complaint::new("not-utf8", start, message)),
                )
            }
        };
        let newlines = text.bytes().enumerate().filter(|(_, b)| *b == b'\n');
        let lines = std::iter::once(0)
            .chain(newlines.map(|(i, _)| i as u32 + 1))
            .collect();
        self.files.push(File {
            name,
            shown,
            bytes: size,
            sha256,
            text,
            lines,
        });
        trouble.map_or(Ok(file), Err)
    }
}

fn unreadable(at: Span, path: &str, why: &str) -> Complaint {
    Complaint::new(
        "unreadable-file",
        at,
        format!("cannot read `{path}`: {why}"),
    )
}

fn escape(at: Span, path: &str, why: &str) -> Complaint {
    Complaint::new("path-escapes", at, format!("`{path}` {why}"))
        .help("name a file inside the folder of this one, for example `tables/objects.yaml`")
}

/// A path that stays inside its folder: relative, without `..`, without drive or root.
fn relative(path: &str) -> Result<PathBuf, &'static str> {
    if path.is_empty() || path.contains(['\\', '\0']) {
        return Err("is not a path");
    }
    let mut clean = PathBuf::new();
    for part in Path::new(path).components() {
        match part {
            Component::Normal(name) => clean.push(name),
            Component::CurDir => {}
            Component::ParentDir => return Err("leads out of the folder with `..`"),
            Component::RootDir | Component::Prefix(_) => return Err("is an absolute path"),
        }
    }
    if clean.as_os_str().is_empty() {
        return Err("is not a path");
    }
    Ok(clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_may_not_leave_its_folder() {
        for wrong in ["../x.yaml", "/etc/passwd", "a/../../x", "", ".", "a\\b"] {
            assert!(relative(wrong).is_err(), "{wrong}");
        }
        assert_eq!(
            relative("./tables/x.yaml").unwrap(),
            Path::new("tables/x.yaml")
        );
    }

    #[test]
    fn columns_count_characters_not_bytes() {
        let mut sources = Sources::memory([("a.yaml", "x: 1\n名称: 值\n")]);
        let file = sources.open("a.yaml").unwrap();
        let start = sources.content(file).find('值').unwrap() as u32;
        let span = Span {
            file,
            start,
            end: start + 3,
        };
        assert_eq!(sources.line_and_column(span), (2, 5));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_may_not_lead_out_and_a_pipe_is_not_read() {
        let dir = std::env::temp_dir().join(format!("certbench-suite-{}", std::process::id()));
        let (inside, outside) = (dir.join("suite"), dir.join("outside.yaml"));
        std::fs::create_dir_all(&inside).unwrap();
        std::fs::write(&outside, "secret: 1\n").unwrap();
        std::fs::write(inside.join("real.yaml"), "a: 1\n").unwrap();
        let _ = std::os::unix::fs::symlink(&outside, inside.join("link.yaml"));
        let _ = std::os::unix::fs::symlink(inside.join("real.yaml"), inside.join("near.yaml"));
        let read = |name: &str| Disk.read_inside(&inside, Path::new(name), 100);
        assert!(read("link.yaml").unwrap_err().contains("leads out"));
        assert_eq!(read("near.yaml").unwrap(), b"a: 1\n");
        assert!(
            Disk.read(&inside, 100)
                .unwrap_err()
                .contains("not a plain file")
        );
        assert!(Disk.read(&outside, 3).unwrap_err().contains("larger"));
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
