//! What the catalogue says of this family, its dialects, and its conversions.

use certbench_model::Text;
use certbench_model::vocabulary::DriverDescription;
use certbench_wire::rh56::{Framing, Register, register};

use crate::hands::shell::Doing;
use crate::hands::{asked_options, hand, signal};
use crate::options::{baud, count, one_of};

/// Newton of one gram-force: standard gravity, 9.80665 m/s2, by definition.
pub(super) const N_PER_GF: f64 = 9.80665e-3;

/// Where a model keeps what, and what it means by it.
pub(super) struct Dialect {
    id: &'static str,
    en: &'static str,
    zh: &'static str,
    verified: &'static [&'static str],
    /// Of its serial frames; `None`: on CAN.
    pub(super) framing: Option<Framing>,
    /// Its data may be big-endian: the manual says so, the maker's own later code does not.
    order_in_doubt: bool,
    pub(super) dofs: &'static [&'static str],
    /// 0 bent to 1000 open.
    pub(super) angle_set: Register,
    pub(super) angle_act: Register,
    /// A finger that is commanded this stays.
    pub(super) leave: Option<i16>,
    /// Threshold, 0 to this many grams-force.
    pub(super) force_set: Register,
    pub(super) force_gf: i16,
    pub(super) force_act: Register,
    /// 0 to 1000.
    pub(super) speed_set: Register,
    /// Milliampere, where the manual says so.
    pub(super) current: Option<Register>,
    /// Bits as in [`certbench_wire::rh56::ErrorBits`].
    pub(super) error: Register,
    pub(super) status: Register,
    pub(super) doing: fn(i16) -> Doing,
    /// The status that says fault.
    pub(super) fault: Option<i16>,
    /// °C.
    pub(super) temp: Register,
    pub(super) voltage: Option<Register>,
    /// Written 0 before a grasp: by position.
    pub(super) mode: Option<Register>,
}

const SIX: &[&str] = &[
    "little",
    "ring",
    "middle",
    "index",
    "thumb-bend",
    "thumb-rotate",
];

const fn at(name: &'static str, address: u16, bytes: u8) -> Register {
    Register {
        name,
        address,
        bytes,
        writable: true,
    }
}

/// User manual V1.09 of the RH56DFX/BFX.
const RH56: Dialect = Dialect {
    id: "inspire-rh56",
    en: "Inspire RH56 dexterous hand, serial EB 90",
    zh: "因时 RH56 灵巧手，EB 90 串口协议",
    verified: &["a hand framed by pyrh56 0.4.0, over a pty", "simulator"],
    framing: Some(Framing::HAND),
    order_in_doubt: false,
    dofs: SIX,
    angle_set: register::ANGLE_SET,
    angle_act: register::ANGLE_ACT,
    leave: Some(-1),
    force_set: register::FORCE_SET,
    force_gf: 1000,
    force_act: register::FORCE_ACT,
    speed_set: register::SPEED_SET,
    current: Some(register::CURRENT),
    error: register::ERROR,
    status: register::STATUS,
    doing,
    fault: Some(7),
    temp: register::TEMP,
    voltage: Some(register::VOLTAGE),
    mode: None,
};

/// Every dialect.
pub(super) const DIALECTS: &[Dialect] = &[
    RH56,
    // CAN supplement V0.0.2: the same registers
    Dialect {
        id: "inspire-rh56-can",
        en: "Inspire RH56 dexterous hand, CAN",
        zh: "因时 RH56 灵巧手，CAN",
        verified: &[
            "identifiers printed in the maker's CAN supplement V0.0.2",
            "simulator",
            "unverified: how a hand rejects a write on CAN (no answer is taken for silence)",
        ],
        framing: None,
        ..RH56
    },
    // addresses count words, and every value is one
    Dialect {
        id: "inspire-rh56f1",
        en: "Inspire RH56F1 dexterous hand, serial EB 90",
        zh: "因时 RH56F1 灵巧手，EB 90 串口协议",
        verified: &[
            "register addresses of a third party's driver",
            "simulator",
            "unverified: its status codes are taken for those of the RH56DFX",
        ],
        angle_set: at("angleSet", 1040, 12),
        force_set: at("forceSet", 1046, 12),
        speed_set: at("speedSet", 1052, 12),
        angle_act: at("angleAct", 1064, 12),
        force_act: at("forceAct", 1070, 12),
        current: Some(at("currentAct", 1076, 12)),
        error: at("errorCode", 1082, 12),
        status: at("status", 1088, 12),
        temp: at("temp", 1094, 12),
        voltage: None,
        ..RH56
    },
    Dialect {
        id: "inspire-eg5cd1",
        en: "Inspire EG-5CD1 gripper, serial EB 90",
        zh: "因时 EG-5CD1 电动夹爪，EB 90 串口协议",
        verified: &[
            "register table of the maker's programming guide",
            "simulator",
            "unverified: byte order (the guide says big-endian, a third party's driver writes little-endian)",
        ],
        framing: Some(Framing::GRIPPER),
        order_in_doubt: true,
        dofs: &["gripper"],
        angle_set: at("OPEN_LEN_SET", 1020, 2),
        speed_set: at("SPEED_SET", 1022, 2),
        force_set: at("FORCE_SET", 1024, 2),
        force_gf: 2000,
        force_act: at("FORCE_ACT", 1120, 2),
        angle_act: at("OPENLEN_ACT", 1122, 2),
        current: None,
        temp: at("TEMP", 1126, 2),
        error: at("ERROR_CODE", 1128, 2),
        status: at("STATUS", 1130, 2),
        doing: gripper_doing,
        fault: None,
        leave: None,
        voltage: None,
        mode: Some(at("CATCH_MODE_SET", 1010, 2)),
    },
];

pub(super) fn of_driver(driver: &str) -> Option<&'static Dialect> {
    DIALECTS.iter().find(|dialect| dialect.id == driver)
}

/// 0 releasing, 1 grasping, 2 position reached, 3 force reached, 5 over-current, 6 stall, 7 fault.
fn doing(status: i16) -> Doing {
    match status {
        0 | 1 => Doing::Moving,
        2 => Doing::Reached,
        _ => Doing::Other,
    }
}

/// 1 wide open, 2 closed, 3 stopped, 4 closing, 5 opening, 6 and 7 stopped by force, 8 and 9 under touch control.
fn gripper_doing(status: i16) -> Doing {
    match status {
        1..=3 => Doing::Reached,
        4 | 5 | 8 | 9 => Doing::Moving,
        _ => Doing::Other,
    }
}

/// Closing of an angle: 0 is open (1000 counts), 1 is bent (0 counts).
pub(super) fn closing(angle: i16) -> f64 {
    (1000.0 - f64::from(angle)) / 1000.0
}

/// The same in percent.
pub(super) fn closing_percent(angle: i16) -> f64 {
    (1000.0 - f64::from(angle)) / 10.0
}

/// Counts of a closing, 0 open to 1 closed.
pub(super) fn angle(closing: f64) -> i16 {
    (1000.0 * (1.0 - closing)).round() as i16
}

/// A force as read, N.
pub(super) fn newton(grams_force: i16) -> f64 {
    f64::from(grams_force) * N_PER_GF
}

/// A fraction of a range, in counts; never rounded up.
pub(super) fn share(fraction: f64, most: i16) -> i16 {
    (f64::from(most) * fraction + 1e-9).floor() as i16
}

pub(super) fn description(dialect: &Dialect) -> DriverDescription {
    let on_can = dialect.framing.is_none();
    let link = if on_can { "can" } else { "serial" };
    let mut it = hand(dialect.id, dialect.en, dialect.zh, link, dialect.dofs);
    it.signals = vec![
        signal("closing", "%", dialect.dofs, 0.02),
        signal("force", "N", dialect.dofs, 0.02),
        signal("temperature", "Cel", dialect.dofs, 0.1),
    ];
    if dialect.current.is_some() {
        it.signals.push(signal("current", "mA", dialect.dofs, 0.1));
    }
    it.options = vec![match on_can {
        true => count(
            "bit_rate",
            1_000_000,
            "bit rate of the bus, for an SLCAN adapter",
            "总线位速率（SLCAN 适配器）",
        ),
        false => baud(115_200),
    }];
    it.options.push(count(
        "id",
        1,
        "address of the hand, 1 to 254",
        "手的地址，1 至 254",
    ));
    it.options.extend(asked_options());
    if dialect.order_in_doubt {
        it.options.push(one_of(
            "byte_order",
            &["big", "little"],
            "order of the bytes of a value: the guide says big, some firmware may have little",
            "数值的字节序：手册为大端，部分固件可能为小端",
        ));
    }
    it.watchdog = Text::new(
        "none: a hand whose host falls silent goes on with its last command",
        "无：主机停止通信后，手继续执行最后一条指令",
    );
    it.verified_against = dialect.verified.iter().map(ToString::to_string).collect();
    it
}

#[cfg(test)]
mod tests {
    use super::*;

    /// User manual V1.09: 0 bent to 1000 open; forces in grams.
    #[test]
    fn counts_are_the_manuals() {
        assert_eq!(angle(0.0), 1000);
        assert_eq!(angle(1.0), 0);
        assert_eq!(closing(250), 0.75);
        assert_eq!(newton(-100), -0.980665);
    }

    #[test]
    fn a_limit_is_never_rounded_up() {
        assert_eq!(share(0.1, 1000), 100);
        assert_eq!(share(0.9999, 1000), 999);
        assert_eq!(share(1.0, 2000), 2000);
    }
}
