//! Damage with its place.

use crate::{EVENTS, MANIFEST, TELEMETRY};
use certbench_model::Damage;

pub(crate) fn line(number: u64, what: impl Into<String>) -> Damage {
    in_file(format!("{EVENTS} line {number}"), what)
}

pub(crate) fn byte(offset: u64, what: impl Into<String>) -> Damage {
    in_file(format!("{TELEMETRY} byte {offset}"), what)
}

pub(crate) fn manifest(what: impl Into<String>) -> Damage {
    in_file(MANIFEST.to_string(), what)
}

pub(crate) fn in_file(place: String, what: impl Into<String>) -> Damage {
    let what = what.into();
    Damage { place, what }
}
