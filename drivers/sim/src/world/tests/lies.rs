//! Devices that are not what they report: what is true then, and what they say.

use super::*;

fn joint(world: &World) -> super::super::JointView {
    world.arm.as_ref().unwrap().view(0).unwrap()
}

/// Where the tool stands about the base's axis, degrees.
fn azimuth(world: &World) -> f64 {
    let [x, y, ..] = tcp(world);
    y.atan2(x).to_degrees()
}

fn still() -> ThermalConfig {
    ThermalConfig {
        growth_ppm: 0.0,
        zero_shift_deg: [0.0; 6],
        ..ThermalConfig::default()
    }
}

#[test]
fn an_encoder_that_lost_counts_shows_its_target_and_stands_elsewhere() {
    let mut world = arm_world(|arm| (arm.thermal, arm.backlash_deg) = (still(), [0.0; 6]));
    world.register("arm", Part::Arm);
    power(&mut world);
    send(&mut world, 0, 10.0, 60.0);
    wait(&mut world, 2 * S);
    let (shown, stood) = (joint(&world).position, azimuth(&world));
    let slip = FaultConfig {
        node: Some(1),
        by_deg: Some(0.5),
        ..FaultConfig::now("arm", FaultKind::EncoderSlip)
    };
    world.fault(&slip).unwrap();
    wait(&mut world, 2 * S);
    assert!((joint(&world).position - shown).abs() < 1e-6);
    assert_eq!(joint(&world).fault, None);
    assert!(
        (azimuth(&world) - stood - 0.5).abs() < 1e-6,
        "{}",
        azimuth(&world)
    );
}

#[test]
fn a_joint_that_creeps_sinks_under_a_lasting_load_and_its_encoder_does_not_see_it() {
    let mut world = arm_world(|arm| {
        (arm.thermal, arm.home_deg, arm.load_kg) = (still(), [0.0; 6], 5.0);
        arm.creep_deg_per_nm[1] = 0.004;
    });
    power(&mut world);
    let z = |world: &World| tcp(world)[2];
    let start = z(&world);
    let shown = world.arm.as_ref().unwrap().view(1).unwrap().position;
    wait(&mut world, 2 * S); // a time constant
    let first = start - z(&world);
    wait(&mut world, 2 * S);
    let second = start - z(&world) - first;
    assert!(
        first > 1.0 && (second / first - (-1.0f64).exp()).abs() < 0.02,
        "{first} {second}"
    );
    assert_eq!(world.arm.as_ref().unwrap().view(1).unwrap().position, shown);
}

#[test]
fn a_wound_up_gear_stands_elsewhere_each_time_and_its_drive_sees_nothing() {
    let stood = |windup: f64| {
        let mut world = arm_world(|arm| {
            (arm.thermal, arm.backlash_deg) = (still(), [0.0; 6]);
            (arm.servo.windup_deg, arm.servo.rest_error_deg) = (windup, 0.0);
        });
        power(&mut world);
        [10.0, 20.0, 10.0, 20.0, 10.0].map(|to| {
            send(&mut world, 0, to, 60.0);
            wait(&mut world, 2 * S);
            assert_eq!(joint(&world).position, to);
            azimuth(&world)
        })
    };
    let (steady, wound) = (stood(0.0), stood(0.05));
    assert!((steady[0] - steady[4]).abs() < 1e-9);
    assert!((wound[0] - wound[4]).abs() > 1e-3 && (wound[0] - steady[0]).abs() < 0.25);
}

#[test]
fn an_eccentric_encoder_lies_with_the_sine_of_its_angle() {
    let at_90 = |error: f64| {
        let mut world = arm_world(|arm| {
            (arm.thermal, arm.encoder_error_deg[0]) = (still(), error);
            arm.home_deg[0] = 90.0;
        });
        power(&mut world);
        assert!((joint(&world).position - 90.0).abs() < 1e-9);
        azimuth(&world)
    };
    let off = at_90(0.2) - at_90(0.0);
    assert!((off - 0.2).abs() < 1e-6, "{off}");
}

#[test]
fn a_controller_that_restarts_after_the_reset_goes_where_it_was_going() {
    let stopped = |restarts: bool| {
        let mut world = arm_world(|arm| arm.stop.restarts_after_reset = restarts);
        power(&mut world);
        send(&mut world, 0, 60.0, 60.0);
        wait(&mut world, 500 * MS);
        world.io.switch(world.step(), 1, true).unwrap();
        wait(&mut world, 2 * S);
        assert!(world.is_at_rest() && joint(&world).position < 50.0);
        world.io.switch(world.step(), 1, false).unwrap();
        wait(&mut world, 3 * S);
        joint(&world).position
    };
    assert!(stopped(false) < 50.0);
    assert!((stopped(true) - 60.0).abs() < 0.01);
}

#[test]
fn a_welded_contactor_leaves_the_power_on() {
    let mut world = arm_world(|arm| arm.stop.welded = true);
    power(&mut world);
    world.io.switch(world.step(), 1, true).unwrap();
    wait(&mut world, 2 * S);
    assert!(joint(&world).safe_stop && joint(&world).supply);
    world.io.switch(world.step(), 1, false).unwrap();
    wait(&mut world, S);
    assert!(!joint(&world).safe_stop);
}

fn gripped(change: impl FnOnce(&mut HandConfig)) -> (f64, Doing) {
    let mut hand = HandConfig::default();
    change(&mut hand);
    let mut world = World::new(&WorldConfig {
        hand: Some(hand),
        ..WorldConfig::default()
    })
    .unwrap();
    world.apply("mount", "grip-gauge").unwrap();
    for finger in 0..6 {
        world.hand.as_mut().unwrap().with_finger(finger, |f| {
            f.set_force(5.0);
            f.go(1.0);
        });
    }
    wait(&mut world, 3 * S);
    let hand = world.hand.as_ref().unwrap();
    (hand.grip_n(), hand.view(3, world.step()).unwrap().doing)
}

#[test]
fn a_weak_finger_says_that_it_has_its_force_and_pushes_less() {
    let (good, _) = gripped(|_| ());
    let (weak, doing) = gripped(|hand| hand.strength[3] = 0.4);
    assert_eq!(doing, Doing::AtForce);
    // four fingers at 5 N, one of them at 2 N
    assert!((good - weak - 3.0).abs() < 0.8, "{good} {weak}");
}

#[test]
fn an_uneven_grip_differs_from_touch_to_touch_and_from_finger_to_finger() {
    let soft = |hand: &mut HandConfig| hand.grip_gauge.stiffness_n_per_mm = 2.0;
    let (even, _) = gripped(soft);
    let (uneven, _) = gripped(|hand| {
        soft(hand);
        hand.grip_scatter = 0.2;
    });
    assert_ne!(even, uneven);
    assert!((uneven / even - 1.0).abs() < 0.4, "{even} {uneven}");
}

#[test]
fn a_finger_that_lags_has_gone_half_as_far_when_the_others_are_at_theirs() {
    let mut hand = HandConfig::default();
    hand.pace[1] = 0.5;
    let mut world = World::new(&WorldConfig {
        hand: Some(hand),
        ..WorldConfig::default()
    })
    .unwrap();
    for finger in 0..4 {
        let hand = world.hand.as_mut().unwrap();
        hand.with_finger(finger, |f| f.go(1.0));
    }
    wait(&mut world, 400 * MS); // half of the stroke
    let view = |finger| world.hand.as_ref().unwrap().view(finger, world.step());
    let closing = |finger| view(finger).unwrap().closing;
    assert!((closing(3) - 0.5).abs() < 0.01, "{}", closing(3));
    assert!((closing(1) - 0.25).abs() < 0.01, "{}", closing(1));
}

#[test]
fn a_stuck_box_shows_what_it_saw() {
    let mut world = arm_world(|_| ());
    world.register("io", Part::Io);
    world
        .fault(&FaultConfig::now("io", FaultKind::Stuck))
        .unwrap();
    world.io.switch(world.step(), 1, true).unwrap();
    wait(&mut world, S);
    assert!(world.io.chain_is_open());
    assert_eq!(world.io.input(0), Some(false));
    world.repair("io");
    world.io.switch(world.step(), 1, false).unwrap();
    world.io.switch(world.step(), 1, true).unwrap();
    wait(&mut world, S);
    assert_eq!(world.io.input(0), Some(true));
}

#[test]
fn an_instrument_at_the_rig_can_be_stuck_out_of_range_or_drift() {
    use crate::config::{ProbeConfig, RigConfig, Shows};
    let probe = ProbeConfig {
        shows: Shows::RoomTemperature,
        noise: 0.1,
        gain_error: 0.0,
        offset: 0.0,
        decimals: 3,
        beside: Vec::new(),
    };
    let mut world = World::new(&WorldConfig {
        rig: Some(RigConfig::default()),
        instruments: [("room".to_string(), probe.clone())].into(),
        ..WorldConfig::default()
    })
    .unwrap();
    world.register("room", Part::Probe);
    let look = |world: &mut World| {
        wait(world, S);
        world.probe(&probe, 0)
    };
    assert_ne!(look(&mut world), look(&mut world));
    world
        .fault(&FaultConfig::now("room", FaultKind::Stuck))
        .unwrap();
    assert_eq!(look(&mut world), look(&mut world));
    world.repair("room");
    world
        .fault(&FaultConfig::now("room", FaultKind::OverRange))
        .unwrap();
    assert_eq!(look(&mut world), None);
    world.repair("room");
    let drift = FaultConfig {
        rate_per_s: Some(1.0),
        ..FaultConfig::now("room", FaultKind::Drift)
    };
    world.fault(&drift).unwrap();
    wait(&mut world, 99 * S);
    let seen = look(&mut world).unwrap();
    assert!((seen - 122.0).abs() < 1.0, "{seen}");
}
