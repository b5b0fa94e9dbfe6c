//! Chains of position servos on one line: joints that are read together and commanded together.
//!
//! [`engine`] is what they share: limits of bench and servo, sampling, progress, halt, the lease. A family
//! is a [`chain::Chain`]: its registers and conversions.

mod chain;
mod dynamixel;
mod engine;
mod feetech;
mod motion;

use certbench_model::vocabulary::{DriverDescription, SignalDescription};
use certbench_model::{Text, Unit};

use crate::catalogue::{Family, Opener};

/// Every family.
pub(crate) fn families() -> Vec<Family> {
    vec![
        (dynamixel::chain(), Opener::Bytes(dynamixel::open)),
        (dynamixel::leap(), Opener::Bytes(dynamixel::open)),
        (feetech::description(), Opener::Bytes(feetech::open)),
    ]
}

/// Joints whose values make one signal: what is added to the signal's name, and the joints' names.
type Group = (&'static str, &'static [&'static str]);

/// Up to six joints that the bench names.
const FREE: [Group; 1] = [("", &["j1", "j2", "j3", "j4", "j5", "j6"])];

/// A catalogue entry; the family fills in options and watchdog.
fn servos(
    id: &str,
    kind: &str,
    en: &str,
    zh: &str,
    groups: &[Group],
    verified: &[&str],
) -> DriverDescription {
    let signal = |name: &str, unit: &str, interval_s: f64| {
        let unit = Unit::parse(unit).unwrap_or_else(|_| Unit::one());
        let groups: Vec<SignalDescription> = groups
            .iter()
            .map(|(suffix, joints)| SignalDescription {
                name: format!("{name}{suffix}"),
                components: joints
                    .iter()
                    .map(|joint| ((*joint).to_owned(), unit))
                    .collect(),
                digital: false,
                interval_s,
                delay_s: [0.0, 0.05],
            })
            .collect();
        groups
    };
    let signals = [
        signal("position", "deg", 0.01),
        signal("velocity", "deg/s", 0.01),
        signal("current", "mA", 0.01),
        signal("temperature", "Cel", 0.2),
    ];
    DriverDescription {
        id: id.into(),
        title: Text::new(en, zh),
        kind: kind.into(),
        links: vec!["serial".into()],
        roles: ["identify", "joints", "power", "sensor", "halt"]
            .map(String::from)
            .to_vec(),
        joints: groups
            .iter()
            .flat_map(|(_, joints)| joints.iter().map(ToString::to_string))
            .collect(),
        signals: signals.concat(),
        options: Vec::new(),
        safe_states: ["hold", "torque-off"].map(String::from).to_vec(),
        watchdog: Text::new("", ""),
        verified_against: verified.iter().map(ToString::to_string).collect(),
        moves: true,
    }
}
