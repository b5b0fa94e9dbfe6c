//! What stands in a joint's object dictionary after power-on.

use certbench_wire::canopen::NodeId;

use crate::config::ArmConfig;

use super::modes::METHODS;
use super::objects::{Kind, Objects};
use super::pdo;

/// CiA 402 servo drive.
const DEVICE_TYPE: i64 = 0x0002_0192;
/// Not assigned to anybody.
const VENDOR: i64 = 0x0053_494D;

/// The dictionary of joint number `joint` (from 0).
pub(super) fn after_power_on(arm: &ArmConfig, joint: usize, node: NodeId) -> Objects {
    use Kind::*;
    let mut o = Objects::default();
    let id = i64::from(node.number());
    let of = |values: &[f64; 6]| values.get(joint).copied().unwrap_or_default();
    let units = |deg: f64| (deg * arm.units_per_deg).round() as i64;
    let speed = units(of(&arm.speed_deg_s));
    let ramps = (units(1.0), i64::from(u32::MAX)); // a slower one would hardly ever end

    o.read_only(0x1000, 0, U32, DEVICE_TYPE);
    o.read_only(0x1001, 0, U8, 0);
    o.ranged(0x1003, 0, U8, 0, (0, 0));
    (1..=4).for_each(|sub| o.read_only(0x1003, sub, U32, 0));
    o.writable(0x1005, 0, U32, 0x80);
    o.text(0x1008, "SIM-6");
    o.text(0x1009, "A1");
    o.text(0x100A, "1.0.0");
    o.writable(0x1014, 0, U32, 0x80 + id);
    o.read_only(0x1016, 0, U8, 1);
    o.writable(0x1016, 1, U32, 0);
    o.writable(0x1017, 0, U16, 100);
    o.read_only(0x1018, 0, U8, 4);
    o.read_only(0x1018, 1, U32, VENDOR);
    o.read_only(0x1018, 2, U32, 6);
    o.read_only(0x1018, 3, U32, 0x0001_0000);
    o.read_only(0x1018, 4, U32, 1001 + joint as i64);
    o.read_only(0x1029, 0, U8, 1);
    o.ranged(0x1029, 1, U8, arm.stays_operational.into(), (0, 2));
    pdo::add(&mut o, node, &pdo::DRIVE);
    o.domain(0x2000, b""); // the maker's own: keeps what is written there
    if let Some(eds) = &arm.eds {
        o.text(0x1021, eds);
        o.read_only(0x1022, 0, U8, 0); // as it is, not compressed
    }

    o.ranged(0x6007, 0, I16, 3, (0, 3));
    o.read_only(0x603F, 0, U16, 0);
    o.writable(0x6040, 0, U16, 0);
    o.read_only(0x6041, 0, U16, 0);
    o.ranged(0x605A, 0, I16, 2, (0, 6));
    o.ranged(0x605B, 0, I16, 0, (0, 1));
    o.ranged(0x605C, 0, I16, 1, (0, 1));
    o.ranged(0x605D, 0, I16, 1, (1, 2));
    o.ranged(0x605E, 0, I16, 2, (0, 2));
    o.ranged(0x6060, 0, I8, 0, (0, 10));
    o.read_only(0x6061, 0, I8, 0);
    o.read_only(0x6062, 0, I32, 0);
    o.read_only(0x6064, 0, I32, 0);
    o.writable(0x6065, 0, U32, units(arm.servo.following_error_deg));
    o.writable(0x6067, 0, U32, units(0.02));
    o.writable(0x6068, 0, U16, 0);
    o.read_only(0x606C, 0, I32, 0);
    o.writable(0x6071, 0, I16, 0);
    o.writable(0x6072, 0, U16, 1000);
    o.read_only(0x6075, 0, U32, (of(&arm.torque_nm) * 50.0).round() as i64);
    o.read_only(0x6076, 0, U32, (of(&arm.torque_nm) * 1000.0).round() as i64);
    o.read_only(0x6077, 0, I16, 0);
    o.read_only(0x6078, 0, I16, 0);
    o.writable(0x607A, 0, I32, 0);
    o.writable(0x607C, 0, I32, 0);
    o.read_only(0x607D, 0, U8, 2);
    o.writable(0x607D, 1, I32, -units(of(&arm.limit_deg)));
    o.writable(0x607D, 2, I32, units(of(&arm.limit_deg)));
    o.read_only(0x607F, 0, U32, speed);
    o.writable(0x6081, 0, U32, speed / 4);
    o.ranged(0x6083, 0, U32, units(300.0), ramps);
    o.ranged(0x6084, 0, U32, units(300.0), ramps);
    o.ranged(0x6085, 0, U32, units(600.0), ramps);
    o.ranged(0x6087, 0, U32, 1000, (1, i64::from(u32::MAX)));
    o.read_only(0x608F, 0, U8, 2);
    o.read_only(0x608F, 1, U32, units(360.0));
    o.read_only(0x608F, 2, U32, 1);
    o.writable(0x6098, 0, I8, 37);
    o.read_only(0x6099, 0, U8, 2);
    o.ranged(0x6099, 1, U32, units(10.0), (1, speed));
    o.ranged(0x6099, 2, U32, units(1.0), (1, speed));
    o.ranged(0x609A, 0, U32, units(300.0), ramps);
    o.read_only(0x60C2, 0, U8, 2);
    o.ranged(0x60C2, 1, U8, 10, (1, 255));
    o.ranged(0x60C2, 2, I8, -3, (-6, 0));
    let methods = (1u8..).zip(METHODS);
    o.read_only(0x60E3, 0, U8, METHODS.len() as i64);
    methods.for_each(|(sub, method)| o.read_only(0x60E3, sub, I8, method));
    o.read_only(0x60F4, 0, I32, 0);
    o.read_only(0x60FD, 0, U32, 0);
    o.writable(0x60FF, 0, I32, 0);
    let modes = arm.modes.iter().map(|mode| 1 << (mode - 1));
    o.read_only(0x6502, 0, U32, modes.sum());
    o
}
