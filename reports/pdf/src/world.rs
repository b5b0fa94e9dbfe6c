//! All that the template can see: itself, the page with its pictures, the report that is attached, and
//! the fonts.

use crate::{Error, Fonts};
use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};

/// What the template is called.
pub(crate) const NAME: &str = "report.typ";
pub(crate) const TEMPLATE: &str = include_str!("../template/report.typ");

pub(crate) struct Desk {
    library: LazyHash<Library>,
    fonts: Fonts,
    template: Source,
    files: Vec<(FileId, Bytes)>,
}

impl Desk {
    pub(crate) fn new(files: Vec<(String, Vec<u8>)>, fonts: Fonts) -> Result<Desk, Error> {
        let one = |(name, bytes): (String, Vec<u8>)| Ok((named(&name)?, Bytes::new(bytes)));
        let files = files.into_iter().map(one).collect::<Result<_, Error>>()?;
        Ok(Desk {
            library: LazyHash::new(Library::default()),
            fonts,
            template: Source::new(named(NAME)?, TEMPLATE.to_string()),
            files,
        })
    }
}

fn named(name: &str) -> Result<FileId, Error> {
    let path = VirtualPath::new(name).map_err(|_| Error::Page(format!("`{name}` is no path")))?;
    Ok(RootedPath::new(VirtualRoot::Project, path).intern())
}

impl World for Desk {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        self.fonts.book()
    }

    fn main(&self) -> FileId {
        self.template.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        match id == self.template.id() {
            true => Ok(self.template.clone()),
            false => Err(FileError::AccessDenied),
        }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        let mut files = self.files.iter();
        let found = files.find(|(file, _)| *file == id);
        found
            .map(|(_, bytes)| bytes.clone())
            .ok_or(FileError::AccessDenied)
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.font(index)
    }

    /// There is no clock: the dates of a report are in it.
    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}
