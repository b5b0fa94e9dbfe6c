//! Hands with a wire of their own, over what all hands share ([`shell`]).
//!
//! The Inspire hands stand beside this in [`crate::rh56`]; hands that are tables of Modbus registers in
//! [`crate::modbus_map`]; a hand that is a chain of servos in [`crate::servos`].

pub(crate) mod ability;
pub(crate) mod allegro;
pub(crate) mod bus;
pub(crate) mod linker;
pub(crate) mod shell;

use certbench_model::vocabulary::{DriverDescription, ParamDescription, SignalDescription};
use certbench_model::{Text, Unit};

use crate::family::{Family, Opener};
use crate::options::quantity;

/// Every family of this folder.
pub(crate) fn families() -> Vec<Family> {
    let mut all = vec![(ability::description(), Opener::Bytes(ability::open))];
    all.extend(linker::families());
    all.extend(allegro::families());
    all
}

/// A catalogue entry of a hand that is held where it is; the family fills in the rest.
pub(crate) fn hand(
    id: &str,
    en: &str,
    zh: &str,
    link: &str,
    fingers: &[&str],
) -> DriverDescription {
    DriverDescription {
        id: id.into(),
        title: Text::new(en, zh),
        kind: if fingers.len() == 1 {
            "gripper"
        } else {
            "hand"
        }
        .into(),
        links: vec![link.into()],
        roles: ["identify", "grasp", "sensor", "halt"]
            .map(String::from)
            .to_vec(),
        joints: fingers.iter().map(ToString::to_string).collect(),
        signals: Vec::new(),
        options: Vec::new(),
        safe_states: vec!["hold".into()],
        watchdog: Text::new("", ""),
        verified_against: Vec::new(),
        moves: true,
    }
}

/// A signal with a component for each of these.
pub(crate) fn signal(name: &str, unit: &str, parts: &[&str], interval_s: f64) -> SignalDescription {
    let unit = Unit::parse(unit).unwrap_or_else(|_| Unit::one());
    let parts = match parts {
        [_] => &["value"],
        many => many,
    };
    SignalDescription {
        name: name.into(),
        components: parts
            .iter()
            .map(|part| ((*part).to_owned(), unit))
            .collect(),
        digital: false,
        interval_s,
        delay_s: [0.0, 0.1],
    }
}

/// How a hand that is asked is asked.
pub(crate) fn asked_options() -> Vec<ParamDescription> {
    vec![
        quantity(
            "interval",
            "20 ms",
            "sampling interval of angles and forces",
            "角度和力的采样间隔",
        ),
        quantity(
            "timeout",
            "100 ms",
            "how long an answer is waited for",
            "等待应答的时间",
        ),
        quantity(
            "slowest",
            "100 ms",
            "an answer that took longer gives no reading; at most the channel's declared delay",
            "应答慢于此值则读数无效；不大于通道声明的延迟",
        ),
    ]
}
