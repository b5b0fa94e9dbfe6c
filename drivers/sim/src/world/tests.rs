mod lies;

use super::*;
use crate::config::{
    ArmConfig, FaultConfig, FaultKind, HandConfig, InputWire, ObjectConfig, OutputWire,
    ProgramConfig, StopConfig, ThermalConfig, Trigger, VisitConfig,
};
use crate::kinematics::G;

const MS: u64 = 1_000_000;
const S: u64 = 1000 * MS;

fn hand_world(friction: f64, mass_kg: f64) -> World {
    let object = ObjectConfig {
        mass_kg,
        width_mm: 50.0,
        friction,
        stiffness_n_per_mm: 8.0,
    };
    let hand = HandConfig {
        objects: [("thing".to_string(), object)].into(),
        ..HandConfig::default()
    };
    World::new(&WorldConfig {
        hand: Some(hand),
        ..WorldConfig::default()
    })
    .unwrap()
}

fn arm_world(change: impl FnOnce(&mut ArmConfig)) -> World {
    let mut arm = ArmConfig::default();
    change(&mut arm);
    World::new(&WorldConfig {
        arm: Some(arm),
        ..WorldConfig::default()
    })
    .unwrap()
}

fn now(world: &World) -> u64 {
    (world.time_s() * 1e9).round() as u64
}

fn wait(world: &mut World, ns: u64) {
    let then = now(world) + ns;
    world.advance_to(then);
}

/// Raise, close to a force, lower, wait; where the object then is, mm, and the grip.
fn grasp(world: &mut World, force_n: f64) -> (f64, f64) {
    world.apply("mount", "thing").unwrap();
    let hand = world.hand.as_mut().unwrap();
    for finger in 0..6 {
        hand.with_finger(finger, |f| {
            f.set_force(force_n);
            f.go(1.0);
        });
    }
    wait(world, 2 * S);
    world.apply("support", "lowered").unwrap();
    wait(world, 2 * S);
    let state = world.hand.as_ref().unwrap().state();
    (
        state["mounted"]["z_mm"].as_f64().unwrap(),
        state["grip_n"].as_f64().unwrap(),
    )
}

#[test]
fn an_object_is_held_by_friction_or_it_falls_on_the_support() {
    let mass = 0.3;
    let mut firm = hand_world(0.5, mass);
    let (z, grip) = grasp(&mut firm, 1.0);
    assert!(2.0 * grip * 0.5 > mass * G && z.abs() < 0.1, "{z} {grip}");
    assert!(firm.gauge.reading(firm.step()).unwrap().abs() < 0.1);

    let mut slippery = hand_world(0.05, mass);
    let (z, grip) = grasp(&mut slippery, 1.0);
    assert!(2.0 * grip * 0.05 < mass * G, "{grip}");
    assert!((z + 150.0).abs() < 1.0, "{z}");
    let weight = slippery.gauge.reading(slippery.step()).unwrap();
    assert!((weight - mass * G).abs() < 0.1, "{weight}");
    let log: Vec<String> = slippery.take_log().into_iter().map(|h| h.what).collect();
    assert!(
        log.contains(&"object slips".into()) && log.contains(&"object lost".into()),
        "{log:?}"
    );
    assert!(slippery.is_at_rest());
}

#[test]
fn fingers_stop_at_their_force_and_the_raised_support_takes_the_object_back() {
    let mut world = hand_world(0.5, 0.3);
    let (_, grip) = grasp(&mut world, 4.0);
    assert!((16.0..20.0).contains(&grip), "{grip}"); // four fingers, and a step too much of each
    let view = world.hand.as_ref().unwrap().view(3, world.step()).unwrap();
    assert_eq!(view.doing, Doing::AtForce);
    world.apply("support", "raised").unwrap();
    wait(&mut world, S);
    (0..6).for_each(|i| world.hand.as_mut().unwrap().with_finger(i, |f| f.go(0.0)));
    wait(&mut world, 2 * S);
    let state = world.hand.as_ref().unwrap().state();
    assert!(
        state["mounted"]["z_mm"].as_f64().unwrap().abs() < 0.2,
        "{state}"
    );
    assert_eq!(state["mounted"]["in_hand"], true);
}

#[test]
fn a_lost_object_comes_up_with_the_support_and_can_be_gripped_again() {
    let mut world = hand_world(0.05, 0.3);
    grasp(&mut world, 1.0);
    (0..6).for_each(|i| world.hand.as_mut().unwrap().with_finger(i, |f| f.go(0.0)));
    wait(&mut world, 2 * S);
    world.apply("support", "raised").unwrap();
    wait(&mut world, 2 * S);
    let state = world.hand.as_ref().unwrap().state();
    assert_eq!(state["mounted"]["in_hand"], true, "{state}");
}

#[test]
fn the_gauge_between_the_fingers_reads_the_grip() {
    let mut world = hand_world(0.5, 0.3);
    world.apply("mount", "grip-gauge").unwrap();
    for finger in 0..6 {
        world.hand.as_mut().unwrap().with_finger(finger, |f| {
            f.set_force(5.0);
            f.go(1.0);
        });
    }
    wait(&mut world, 3 * S);
    let (reading, grip) = (
        world.gauge.reading(world.step()).unwrap(),
        world.hand.as_ref().unwrap().grip_n(),
    );
    assert!(
        grip >= 20.0 && (reading - grip).abs() < 0.2,
        "{reading} {grip}"
    );
}

#[test]
fn a_person_cannot_do_the_impossible() {
    let mut world = hand_world(0.5, 0.3);
    let refused = |world: &mut World, key: &str, value: &str| world.apply(key, value).unwrap_err();
    assert!(refused(&mut world, "mount", "elephant").contains("elephant"));
    assert!(refused(&mut world, "load", "5 kg").contains("no arm"));
    assert!(refused(&mut world, "gravity", "off").contains("gravity"));
    assert!(refused(&mut world, "support", "sideways").contains("sideways"));
    world.apply("support", "lowered").unwrap();
    wait(&mut world, S);
    assert!(refused(&mut world, "mount", "thing").contains("support"));
    world.apply("support", "raised").unwrap();
    world.hand.as_mut().unwrap().with_finger(2, |f| f.go(1.0));
    wait(&mut world, 2 * S);
    assert!(refused(&mut world, "mount", "thing").contains("fingers"));
    let mut arm = arm_world(|_| ());
    assert!(refused(&mut arm, "load", "5 apples").contains("5 apples"));
    assert!(refused(&mut arm, "load", "-5 kg").contains("flange"));
    arm.apply("load", "2500 g").unwrap();
    assert_eq!(arm.truth()["arm"]["state"]["load_kg"], 2.5);
}

#[test]
fn a_hard_working_finger_gets_too_hot_and_stops() {
    let mut world = hand_world(0.5, 0.3);
    world.apply("mount", "grip-gauge").unwrap();
    let hand = world.hand.as_mut().unwrap();
    hand.config.heat.rise_c = 60.0;
    hand.with_finger(0, |f| f.go(1.0)); // against its stall force
    wait(&mut world, 2 * S);
    let view = |world: &World| world.hand.as_ref().unwrap().view(0, world.step()).unwrap();
    assert!(
        view(&world).stalled && !view(&world).too_hot,
        "{:?}",
        view(&world)
    );
    wait(&mut world, 600 * S);
    let mut hot = 0;
    for _ in 0..60 {
        wait(&mut world, 10 * S);
        hot += u32::from(view(&world).too_hot);
    }
    assert!(hot > 3, "{:?}", view(&world)); // refuses, cools by 10 K, tries again
    assert!(view(&world).celsius < 71.0);
}

fn power(world: &mut World) {
    let step = world.step();
    (0..6).for_each(|i| world.arm.as_mut().unwrap().power_on(i, step));
    wait(world, 100 * MS);
}

fn send(world: &mut World, joint: usize, target: f64, speed: f64) {
    let arm = world.arm.as_mut().unwrap();
    arm.go(
        joint,
        Move {
            target,
            speed,
            accel: 400.0,
            decel: 400.0,
        },
    );
}

fn tcp(world: &World) -> [f64; 6] {
    world.arm.as_ref().unwrap().tcp(world.step()).pose()
}

/// Stretched out, unloaded and cold, without noise: droop is the load's alone.
fn droop_mm(kg: f64) -> f64 {
    let mut world = arm_world(|arm| {
        arm.home_deg = [0.0; 6];
        arm.thermal = ThermalConfig {
            growth_ppm: 0.0,
            zero_shift_deg: [0.0; 6],
            ..ThermalConfig::default()
        };
    });
    power(&mut world);
    let before = tcp(&world)[2];
    world.apply("load", &format!("{kg} kg")).unwrap();
    wait(&mut world, S);
    before - tcp(&world)[2]
}

#[test]
fn droop_is_downwards_and_linear_in_the_load() {
    let (one, five) = (droop_mm(1.0), droop_mm(5.0));
    assert!((0.3..3.0).contains(&five), "{five}");
    assert!((five / one - 5.0).abs() < 0.01, "{one} {five}");
}

#[test]
fn an_arm_warms_up_and_grows() {
    let mut world = arm_world(|arm| {
        arm.servo.rest_error_deg = 0.0;
        arm.thermal.tau_s = 60.0;
    });
    let cold = tcp(&world);
    power(&mut world);
    wait(&mut world, 600 * S);
    let warm = tcp(&world);
    let grown = cold
        .iter()
        .zip(&warm)
        .take(3)
        .map(|(a, b)| (a - b) * (a - b))
        .sum::<f64>()
        .sqrt();
    assert!((0.005..0.5).contains(&grown), "{grown}");
}

#[test]
fn each_approach_ends_a_little_elsewhere_with_the_configured_scatter() {
    let mut world = arm_world(|arm| {
        arm.servo.rest_error_deg = 0.01;
        arm.backlash_deg = [0.0; 6];
    });
    power(&mut world);
    let mut ends = Vec::new();
    for _ in 0..60 {
        for target in [20.0, 10.0] {
            send(&mut world, 0, target, 100.0);
            wait(&mut world, 900 * MS);
        }
        ends.push(world.arm.as_ref().unwrap().view(0).unwrap().position);
    }
    let mean = ends.iter().sum::<f64>() / 60.0;
    let sigma = (ends.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / 59.0).sqrt();
    assert!((0.0075..0.0135).contains(&sigma), "{sigma}");
}

/// Sends joint 1 off, opens the chain in full speed; (angle, seconds) from the chain to rest.
fn emergency_stop(category: u8, kg: f64) -> (f64, f64, World) {
    let mut world = arm_world(|arm| {
        arm.home_deg = [0.0; 6];
        arm.load_kg = kg;
        arm.friction_nm = [0.0; 6];
        arm.stop = StopConfig {
            category,
            ..StopConfig::default()
        };
    });
    power(&mut world);
    send(&mut world, 0, 170.0, 100.0);
    wait(&mut world, 800 * MS);
    world.io.switch(world.step(), 1, true).unwrap();
    wait(&mut world, 6 * MS); // the relay
    assert!(world.io.chain_is_open());
    let joint = |world: &World| world.arm.as_ref().unwrap().view(0).unwrap();
    let (start, began) = (joint(&world).position, now(&world));
    assert!((joint(&world).velocity - 100.0).abs() < 0.1);
    while joint(&world).velocity != 0.0 {
        wait(&mut world, MS);
    }
    let taken = (now(&world) - began) as f64 / 1e9;
    (joint(&world).position - start, taken, world)
}

#[test]
fn a_category_1_stop_decelerates_and_then_takes_the_power_away() {
    let (angle, seconds, mut world) = emergency_stop(1, 0.0);
    // 12 ms of reaction at 100 deg/s, then 100²/(2·500) = 10 deg in 0.2 s; the servo lags a little
    assert!((11.0..12.5).contains(&angle), "{angle}");
    assert!((0.2..0.4).contains(&seconds), "{seconds}");
    wait(&mut world, 200 * MS);
    assert_eq!(world.io.input(0), Some(true)); // the chain
    assert_eq!(world.io.input(1), Some(false)); // the power
    let view = world.arm.as_ref().unwrap().view(0).unwrap();
    assert!(!view.powered && !view.supply && view.safe_stop);
}

#[test]
fn a_category_0_stop_takes_the_power_first_and_the_load_lengthens_it() {
    let (empty, _, world) = emergency_stop(0, 0.0);
    let (loaded, ..) = emergency_stop(0, 10.0);
    // 12 + 15 + 25 ms at 100 deg/s, then v²/2a with 180 N·m on 3.5 kg·m²
    let a = (180.0f64 / 3.5).to_degrees();
    let expected = 5.2 + 100.0 * 100.0 / (2.0 * a);
    assert!((empty - expected).abs() < 0.2, "{empty} {expected}");
    let arm_m2 = 0.825f64.powi(2) + 0.298f64.powi(2) - 0.0; // of the flange about joint 1, tool excluded
    let inertia = 3.5 + 10.0 * arm_m2;
    let a = (180.0 / inertia).to_degrees();
    let expected = 5.2 + 100.0 * 100.0 / (2.0 * a);
    assert!((loaded - expected).abs() < 0.4, "{loaded} {expected}");
    assert!(world.io.input(1) == Some(false));
}

#[test]
fn a_closed_chain_gives_power_back_and_moves_nothing() {
    let (_, _, mut world) = emergency_stop(1, 0.0);
    wait(&mut world, S);
    let at = world.arm.as_ref().unwrap().view(0).unwrap().position;
    world.io.switch(world.step(), 1, false).unwrap();
    wait(&mut world, S);
    let view = world.arm.as_ref().unwrap().view(0).unwrap();
    assert!(view.supply && !view.powered && !view.safe_stop);
    assert_eq!(view.position, at);
}

#[test]
fn a_slow_brake_stops_later() {
    let fault = FaultConfig {
        factor: Some(3.0),
        ..FaultConfig::now("arm", FaultKind::SlowBrake)
    };
    let stop = |worn: bool| {
        let mut world = arm_world(|arm| arm.stop.category = 0);
        world.register("arm", Part::Arm);
        if worn {
            world.fault(&fault).unwrap();
        }
        power(&mut world);
        send(&mut world, 0, 170.0, 100.0);
        wait(&mut world, 800 * MS);
        let start = world.arm.as_ref().unwrap().view(0).unwrap().position;
        world.io.switch(world.step(), 1, true).unwrap();
        wait(&mut world, 3 * S);
        world.arm.as_ref().unwrap().view(0).unwrap().position - start
    };
    assert!(stop(true) > 1.5 * stop(false));
}

#[test]
fn a_target_in_the_nest_stays_where_it_is_while_the_arm_moves() {
    let mut world = arm_world(|_| ());
    world.tracker.config.noise_mm = 0.0;
    power(&mut world);
    let put = |world: &mut World, place: &str| {
        world.apply("target", place)?;
        wait(world, 20 * MS);
        Ok::<_, String>(())
    };
    // The line of now, 250 a second.
    let seen = |world: &World| {
        let line = (250.0 * world.time_s()) as u64;
        let then = world
            .arm
            .as_ref()
            .unwrap()
            .tcp(world.tracker.looks_at(line));
        let pose = world.tracker.pose(line, &then).unwrap();
        let (origin, rotation) = (
            world.tracker.config.origin_mm,
            world.tracker.config.rotation_deg,
        );
        crate::kinematics::Frame::from_pose(origin, rotation).point([pose[0], pose[1], pose[2]])
    };
    let nest = world.tracker.config.nest_mm;
    let away = |at: [f64; 3]| {
        at.iter()
            .zip(nest)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f64::max)
    };
    assert!(away(seen(&world)) > 100.0);
    put(&mut world, "nest").unwrap();
    assert!(away(seen(&world)) < 1e-9);
    send(&mut world, 0, 90.0, 60.0);
    wait(&mut world, 400 * MS);
    assert!(away(seen(&world)) < 1e-9);
    assert!(put(&mut world, "tool").unwrap_err().contains("moves"));
    wait(&mut world, 3000 * MS);
    assert!(put(&mut world, "moon").unwrap_err().contains("nest"));
    put(&mut world, "tool").unwrap();
    assert!(away(seen(&world)) > 100.0);
}

#[test]
fn the_tracker_sees_the_tool_in_its_own_frame_and_late() {
    let mut world = arm_world(|_| ());
    world.tracker.config.noise_mm = 0.0;
    world.tracker.config.noise_deg = 0.0;
    power(&mut world);
    send(&mut world, 0, 90.0, 60.0);
    wait(&mut world, 800 * MS);
    let line = 100; // of the moment 0.4 s
    let arm = world.arm.as_ref().unwrap();
    let then = arm.tcp(world.tracker.looks_at(line));
    let pose = world.tracker.pose(line, &then).unwrap();
    let stand = crate::kinematics::Frame::from_pose(
        world.tracker.config.origin_mm,
        world.tracker.config.rotation_deg,
    );
    let back = stand.point([pose[0], pose[1], pose[2]]);
    assert!(
        back.iter()
            .zip(then.origin_mm)
            .all(|(a, b)| (a - b).abs() < 1e-9)
    );
    assert_ne!(then.pose(), tcp(&world)); // it has moved on since
    assert_eq!(
        world.tracker.sent_ns(line) - world.tracker.measured_ns(line),
        4 * MS
    );
}

#[test]
fn faults_come_at_their_time_or_trigger_and_go() {
    let fault = |device: &str, kind, change: fn(&mut FaultConfig)| {
        let mut fault = FaultConfig::now(device, kind);
        change(&mut fault);
        fault
    };
    let mut world = arm_world(|_| ());
    ["arm", "tracker", "io"]
        .iter()
        .zip([Part::Arm, Part::Tracker, Part::Io])
        .for_each(|(id, part)| {
            world.register(id, part);
        });
    world
        .fault(&fault("tracker", FaultKind::OverRange, |f| {
            (f.at_s, f.for_s) = (Some(0.5), Some(1.0))
        }))
        .unwrap();
    let heat = fault("arm", FaultKind::OverTemperature, |f| {
        (f.node, f.on, f.after_ms) = (Some(3), Some(Trigger::Moving), 100.0)
    });
    world.fault(&heat).unwrap();
    let sees = |world: &World| {
        world
            .tracker
            .pose(0, &world.arm.as_ref().unwrap().tcp(0))
            .is_some()
    };
    assert!(sees(&world));
    wait(&mut world, 600 * MS);
    assert!(!sees(&world));
    wait(&mut world, S);
    assert!(sees(&world));
    assert_eq!(world.arm.as_ref().unwrap().view(2).unwrap().fault, None);
    power(&mut world);
    send(&mut world, 0, 30.0, 60.0);
    wait(&mut world, 300 * MS);
    assert_eq!(
        world.arm.as_ref().unwrap().view(2).unwrap().fault,
        Some(DriveFault::OverTemperature)
    );
    let refused = |fault| {
        world
            .check_faults()
            .and(world.check_fault(&fault))
            .unwrap_err()
    };
    assert!(refused(fault("nobody", FaultKind::Silence, |_| ())).contains("nobody"));
    assert!(refused(fault("arm", FaultKind::Stuck, |_| ())).contains("cannot"));
    assert!(
        refused(fault("arm", FaultKind::Emcy, |f| (f.node, f.code) =
            (Some(99), Some(1))))
        .contains("99")
    );
}

#[test]
fn a_dropped_object_falls_and_a_dropped_load_springs_back() {
    let mut world = hand_world(0.5, 0.3);
    world.register("hand", Part::Hand);
    let (z, _) = grasp(&mut world, 4.0);
    assert!(z.abs() < 0.1);
    world
        .fault(&FaultConfig::now("hand", FaultKind::DroppedLoad))
        .unwrap();
    wait(&mut world, S);
    let state = world.hand.as_ref().unwrap().state();
    assert!(
        state["mounted"]["z_mm"].as_f64().unwrap() < -140.0,
        "{state}"
    );
    let mut world = arm_world(|arm| (arm.home_deg, arm.load_kg) = ([0.0; 6], 5.0));
    world.register("arm", Part::Arm);
    power(&mut world);
    let low = tcp(&world)[2];
    world
        .fault(&FaultConfig::now("arm", FaultKind::DroppedLoad))
        .unwrap();
    wait(&mut world, S);
    assert!(tcp(&world)[2] - low > 0.3);
}

/// The same orders at the same times: computed in one go, or looked at every few microseconds.
#[test]
fn looking_does_not_change_the_world() {
    let run = |look_ns: u64| {
        let mut world = arm_world(|_| ());
        let advance = |world: &mut World, to: u64| {
            let mut t = now(world);
            while t < to {
                t = (t + look_ns).min(to);
                world.advance_to(t);
            }
        };
        let step = world.step();
        (0..6).for_each(|i| world.arm.as_mut().unwrap().power_on(i, step));
        advance(&mut world, 500 * MS);
        (0..6).for_each(|i| send(&mut world, i, 10.0 * i as f64 - 20.0, 80.0));
        advance(&mut world, 1500 * MS);
        world.io.switch(world.step(), 1, true);
        advance(&mut world, 8 * S);
        world.truth().to_string()
    };
    let once = run(100 * S);
    assert_eq!(run(1_300_000), once);
    assert_eq!(run(77_777_777), once);
}

#[test]
fn an_idle_day_passes_at_once() {
    let began = std::time::Instant::now();
    let mut world = hand_world(0.5, 0.3);
    world.apply("mount", "thing").unwrap();
    world.advance_to(86_400 * S);
    assert!(world.is_at_rest() && began.elapsed().as_secs() < 2);
}

/// Closes on what is mounted; the grip, N.
fn close(world: &mut World, force_n: f64) -> f64 {
    let hand = world.hand.as_mut().unwrap();
    for finger in 0..6 {
        hand.with_finger(finger, |f| {
            f.set_force(force_n);
            f.go(1.0);
        });
    }
    wait(world, 3 * S);
    world.hand.as_ref().unwrap().grip_n()
}

/// The same motor, at 0.6 of the strength after half the wear of 80 % in 100,000 cycles.
#[test]
fn a_worn_hand_grips_the_weaker_and_counts_its_cycles() {
    let strength = |cycles: u64| {
        let mut config = WorldConfig {
            hand: Some(HandConfig::default()),
            ..WorldConfig::default()
        };
        let hand = config.hand.as_mut().unwrap();
        hand.wear.percent_per_100k = 80.0;
        hand.wear.cycles = cycles;
        hand.mount = "grip-gauge".into();
        let mut world = World::new(&config).unwrap();
        let grip = close(&mut world, 5.0);
        let cycles = world.truth()["hand"]["state"]["cycles"].as_u64().unwrap();
        (grip, cycles)
    };
    let ((fresh, one), (worn, later)) = (strength(0), strength(50_000));
    assert_eq!((one, later), (1, 50_001));
    let share = worn / fresh;
    assert!((share - 0.6).abs() < 0.1, "{fresh} {worn}");
}

/// One finger alone, 10 degrees off the cell's axis: tan 10° = 0.176 across per newton along.
#[test]
fn a_load_cell_feels_one_finger_and_what_of_it_lies_across() {
    let mut config = WorldConfig {
        hand: Some(HandConfig::default()),
        ..WorldConfig::default()
    };
    let hand = config.hand.as_mut().unwrap();
    hand.mount = "load-cell".into();
    hand.load_cell.off_axis_deg = 10.0;
    let mut world = World::new(&config).unwrap();
    close(&mut world, 5.0);
    let along = world.hand.as_ref().unwrap().gauge_n();
    let force = along / 10f64.to_radians().cos();
    assert!((4.5..8.0).contains(&force), "{force}");
    assert!((world.off_axis() - 0.1763).abs() < 1e-3);
    let forces = world.truth()["hand"]["state"]["force_n"].clone();
    let pushing = (0..6)
        .filter(|i| forces[*i].as_f64().unwrap() > 0.1)
        .count();
    assert_eq!(pushing, 1);
}

#[test]
fn an_arm_does_a_taught_program_and_stops_when_told() {
    let visit = |deg: f64, dwell_s: f64| VisitConfig {
        joint_deg: [deg, 90.0, -120.0, -60.0, -90.0, 0.0],
        dwell_s,
    };
    let program = ProgramConfig {
        speed: 0.5,
        passes: 2,
        visits: vec![visit(10.0, 0.5), visit(-10.0, 0.0)],
    };
    let mut config = WorldConfig {
        arm: Some(ArmConfig {
            programs: [(1, program)].into(),
            ..ArmConfig::default()
        }),
        ..WorldConfig::default()
    };
    config.io.outputs = [
        (0, OutputWire::ProgramStart),
        (1, OutputWire::ProgramStop),
        (2, OutputWire::ProgramBit0),
    ]
    .into();
    config.io.inputs = [
        (0, InputWire::ProgramBusy),
        (1, InputWire::ProgramDone),
        (2, InputWire::ProgramAtPose),
    ]
    .into();
    let mut world = World::new(&config).unwrap();
    let press = |world: &mut World, coil: u16, on: bool| {
        world.io.switch(world.step(), coil, on).unwrap();
        wait(world, 50 * MS);
    };
    press(&mut world, 2, true);
    press(&mut world, 0, true);
    press(&mut world, 0, false);
    assert_eq!(world.io.input(0), Some(true));
    wait(&mut world, 30 * S);
    assert_eq!(
        (world.io.input(0), world.io.input(1)),
        (Some(false), Some(true))
    );
    assert!((world.arm.as_ref().unwrap().view(0).unwrap().position + 10.0).abs() < 0.1);
    press(&mut world, 0, true);
    press(&mut world, 0, false);
    wait(&mut world, 300 * MS);
    press(&mut world, 1, true);
    wait(&mut world, S);
    assert!(world.is_at_rest());
    assert_eq!(
        (world.io.input(0), world.io.input(1)),
        (Some(false), Some(false))
    );
    press(&mut world, 0, true); // the stop still holds
    wait(&mut world, S);
    assert_eq!(world.io.input(0), Some(false));
    press(&mut world, 1, false);
    press(&mut world, 0, false);
    press(&mut world, 0, true);
    assert_eq!(world.io.input(0), Some(true));
    world.register("arm", Part::Arm);
    let hot = FaultConfig::now("arm", FaultKind::OverTemperature);
    world.fault(&hot).unwrap(); // a drive that fails ends it
    wait(&mut world, 2 * S);
    assert_eq!(
        (world.io.input(0), world.io.input(1)),
        (Some(false), Some(false))
    );
}
