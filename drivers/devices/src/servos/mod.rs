//! Chains of position servos on one line: joints that are read together and commanded together.
//!
//! [`engine`] is what they share: limits of bench and servo, sampling, progress, halt, the lease. A family
//! is a [`chain::Chain`]: its registers and conversions.

mod chain;
mod dynamixel;
mod engine;
mod feetech;
mod motion;
mod motors;

use certbench_model::vocabulary::{DriverDescription, ParamDescription, SignalDescription};
use certbench_model::{Text, Unit};

use crate::family::{Family, Opener};
use crate::options::{Options, baud, quantity, text};
use certbench_roles::Trouble;

/// Every family.
pub(crate) fn families() -> Vec<Family> {
    let mut all = vec![
        (dynamixel::chain(), Opener::Bytes(dynamixel::open)),
        (dynamixel::leap(), Opener::Bytes(dynamixel::open)),
        (feetech::description(), Opener::Bytes(feetech::open)),
    ];
    all.extend(motors::families());
    all
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

/// Options of every chain, with what a family has of its own.
fn chain_options<const N: usize>(
    rate: u64,
    ids: &str,
    own: [ParamDescription; N],
) -> Vec<ParamDescription> {
    let mut options = vec![
        baud(rate),
        text(
            "ids",
            ids,
            "ids of the servos, in the order of the joints",
            "舵机编号，按关节顺序",
        ),
    ];
    options.extend(own);
    options.extend([
        quantity(
            "window",
            "1 deg",
            "a target is reached within this",
            "到位容差",
        ),
        quantity("interval", "10 ms", "sampling interval", "采样间隔"),
        quantity(
            "timeout",
            "30 ms",
            "how long an answer is waited for",
            "等待应答的时间",
        ),
        quantity(
            "slowest",
            "30 ms",
            "an answer that took longer gives no reading; at most the channel's declared delay",
            "应答慢于此值则读数无效；不大于通道声明的延迟",
        ),
    ]);
    options
}

/// The ids of as many servos as the bench limits joints, and no more than the groups have.
fn ids(
    options: &Options<'_>,
    groups: &[Group],
    joints: usize,
    most: u8,
) -> Result<Vec<u8>, Trouble> {
    let words = options.words("ids")?;
    let known: usize = groups.iter().map(|(_, joints)| joints.len()).sum();
    let ids: Option<Vec<u8>> = words
        .iter()
        .map(|word| word.parse().ok().filter(|id| *id <= most))
        .collect();
    let mut ids =
        ids.ok_or_else(|| options.refuse("ids", format_args!("write ids of 0 to {most}")))?;
    if ids.len() > known {
        return Err(options.refuse("ids", format_args!("at most {known}")));
    }
    ids.truncate(joints.max(1));
    let twice = ids
        .iter()
        .enumerate()
        .any(|(n, id)| ids.iter().take(n).any(|other| other == id));
    if twice {
        return Err(options.refuse("ids", "an id stands there twice"));
    }
    Ok(ids)
}
