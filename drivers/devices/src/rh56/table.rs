//! What the catalogue says of this family, and its conversions.

use certbench_model::vocabulary::{DriverDescription, SignalDescription};
use certbench_model::{Text, Unit};
use certbench_wire::rh56::{Dof, RawAngle, RawForce};

use crate::options::{baud, count, quantity};

/// Newton of one gram-force: standard gravity, 9.80665 m/s2, by definition.
pub(super) const N_PER_GF: f64 = 9.80665e-3;

/// Largest force threshold, in grams-force.
const FORCE_GF_MAX: f64 = 1000.0;

/// Largest force threshold, N.
pub(super) const FORCE_N_MAX: f64 = FORCE_GF_MAX * N_PER_GF;

/// Percent of closing: 0 is open (1000 counts), 100 is bent (0 counts).
pub(super) fn closing_percent(angle: RawAngle) -> f64 {
    (1000.0 - f64::from(angle.0)) / 10.0
}

/// Counts of a closing as a fraction, 0 open to 1 closed; `None` outside.
pub(super) fn angle(closing: f64) -> Option<RawAngle> {
    let counts = (1000.0 * (1.0 - closing)).round();
    (0.0..=1.0)
        .contains(&closing)
        .then_some(RawAngle(counts as i16))
}

/// A force as read, N.
pub(super) fn newton(force: RawForce) -> f64 {
    f64::from(force.0) * N_PER_GF
}

/// A fraction of a range of 0..=1000 counts, never rounded up; `None` outside 0 to 1.
pub(super) fn thousandths(fraction: f64) -> Option<i16> {
    (0.0..=1.0)
        .contains(&fraction)
        .then_some((1000.0 * fraction + 1e-9).floor() as i16)
}

pub(crate) fn description() -> DriverDescription {
    let fingers = |unit: &str| -> Vec<(String, Unit)> {
        let unit = Unit::parse(unit).unwrap_or_else(|_| Unit::one());
        Dof::ALL
            .iter()
            .map(|dof| (dof.name().to_owned(), unit))
            .collect()
    };
    let signal = |name: &str, unit: &str, interval_s: f64| SignalDescription {
        name: name.into(),
        components: fingers(unit),
        digital: false,
        interval_s,
        delay_s: [0.0, 0.1],
    };
    DriverDescription {
        id: "inspire-rh56".into(),
        title: Text::new(
            "Inspire RH56 dexterous hand, serial EB 90",
            "因时 RH56 灵巧手，EB 90 串口协议",
        ),
        kind: "hand".into(),
        links: vec!["serial".into()],
        roles: ["identify", "grasp", "sensor", "halt"]
            .map(String::from)
            .to_vec(),
        joints: Dof::ALL.iter().map(|dof| dof.name().to_owned()).collect(),
        signals: vec![
            signal("closing", "%", 0.02),
            signal("force", "N", 0.02),
            signal("temperature", "Cel", 0.1),
            signal("current", "mA", 0.1),
        ],
        options: vec![
            baud(115_200),
            count(
                "id",
                1,
                "address of the hand, 1 to 254",
                "手的地址，1 至 254",
            ),
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
        ],
        safe_states: vec!["hold".into()],
        watchdog: Text::new(
            "none: a hand whose host falls silent goes on with its last command",
            "无：主机停止通信后，手继续执行最后一条指令",
        ),
        verified_against: vec![
            "a hand framed by pyrh56 0.4.0, over a pty".into(),
            "simulator".into(),
        ],
        moves: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// User manual V1.09: 0 bent to 1000 open; forces in grams.
    #[test]
    fn counts_are_the_manuals() {
        assert_eq!(angle(0.0), Some(RawAngle(1000)));
        assert_eq!(angle(1.0), Some(RawAngle(0)));
        assert_eq!(angle(1.01), None);
        assert_eq!(angle(f64::NAN), None);
        assert_eq!(closing_percent(RawAngle(250)), 75.0);
        assert_eq!(newton(RawForce(-100)), -0.980665);
    }

    #[test]
    fn a_limit_is_never_rounded_up() {
        assert_eq!(thousandths(0.1), Some(100));
        assert_eq!(thousandths(0.9999), Some(999));
        assert_eq!(thousandths(1.0), Some(1000));
    }
}
