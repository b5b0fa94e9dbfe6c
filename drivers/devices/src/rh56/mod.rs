//! Inspire Robots hands that keep their registers behind `EB 90` frames or 29-bit CAN identifiers.
//!
//! One engine, a table of [dialects](table): RH56DFX/BFX on a serial line and on CAN, RH56F1, the EG-5CD1
//! gripper. What these wires cannot do: they carry no serial number and no version (the label is asked), no
//! angle in degrees (closing is a fraction of the finger's stroke), and **no watchdog**: a hand whose host
//! falls silent goes on with its last command. The safe state is *hold*: it is commanded to the angles that
//! were sampled last. Over-temperature cannot be cleared, only waited for.

mod hand;
mod poll;
mod table;
#[cfg(test)]
mod tests;
mod wire;

use crate::family::{Family, Opener};

/// Every dialect.
pub(crate) fn families() -> Vec<Family> {
    let opener = |dialect: &table::Dialect| match dialect.framing {
        Some(_) => Opener::Bytes(hand::open),
        None => Opener::Can(hand::open_can),
    };
    table::DIALECTS
        .iter()
        .map(|dialect| (table::description(dialect), opener(dialect)))
        .collect()
}
