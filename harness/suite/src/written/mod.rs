//! The files as they are written: optional, textual, with places. Doc comments here are what editors
//! show, through the JSON Schema.

pub(crate) mod bench;
pub(crate) mod job;
pub(crate) mod scheme;
pub(crate) mod shared;
pub(crate) mod step;
pub(crate) mod suite;
pub(crate) mod table;
pub(crate) mod template;
