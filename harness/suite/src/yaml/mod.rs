//! The one module that knows YAML: text -> tree with places -> typed values, with every complaint.
//!
//! The language is a strict part of YAML 1.2: one document, mappings with plain keys, lists and
//! scalars. Anchors, aliases, merge keys, tags and directives are refused, so no file is larger
//! than it looks. Scalars keep their text: `0.10` stays `0.10`, and only a key that wants a yes or
//! no reads `true` or `false`.

mod access;
mod at;
mod de;
mod plain;
mod tree;
mod trouble;

pub(crate) use at::{At, Entries, Kind, PickByKind, Scalar, kind_seed};
pub(crate) use tree::{Body, Key, Node, parse};

use crate::complaint::Sink;
use serde::de::DeserializeOwned;

/// Reads a file's tree as `T`. `None` when it is not even the outline of one; values inside that
/// could not be read are absent in their [`At`], each with its complaint.
pub(crate) fn read<T: DeserializeOwned>(node: &Node, sink: &Sink) -> Option<T> {
    let at: At<T> = At::deserialize_in(node, sink);
    at.value
}
