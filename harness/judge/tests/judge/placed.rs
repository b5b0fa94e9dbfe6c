//! Objects that were estimated or moved, what swings back, and numbers of a motor and a manipulator.

use crate::record::*;
use certbench_model::*;
use std::collections::BTreeMap;

/// A pose channel with angles, registered to a frame; gives its index.
fn pose_channel(record: &mut Record, id: &str, frame: &str) -> u16 {
    let index = u16::try_from(record.plan.channels.len()).unwrap();
    record.register_tracker();
    let tracker = record.plan.channels[usize::from(TCP)].clone();
    let component = |(name, symbol): (&str, &str)| Component {
        name: name.into(),
        unit: unit(symbol),
    };
    let axes = [
        ("x", "mm"),
        ("y", "mm"),
        ("z", "mm"),
        ("a", "deg"),
        ("b", "deg"),
        ("c", "deg"),
    ];
    let registration = Registration {
        frame: frame.into(),
        ..tracker.registration.clone().unwrap()
    };
    record.plan.channels.push(Channel {
        id: id.into(),
        components: axes.map(component).to_vec(),
        registration: Some(registration),
        ..tracker
    });
    index
}

fn at(channel: u16, pose: [f64; 6]) -> Vec<(u16, f64, Reading)> {
    (0..20)
        .map(|i| (channel, 10.0 * f64::from(i), Reading::vector(&pose)))
        .collect()
}

fn estimated(frame: &str) -> Findings {
    let channels = [("position", "object"), ("sensor", "camera")];
    let m = Measure {
        accept: at_most("4 mm"),
        ..measure("object-pose-error", "seen", &channels, 2)
    };
    let steps = vec![window("seen", &["object", "camera"])];
    let mut record = Record::with_case(case("vision", steps, vec![m]));
    let object = pose_channel(&mut record, "object", "base");
    let camera = pose_channel(&mut record, "camera", frame);
    record.start("vision");
    let context = record.context(&[], 0);
    for off in [
        [1.0, 0.0, 0.0, 0.0, 0.0, 10.0],
        [0.0, 3.0, 0.0, 0.0, 0.0, -25.0],
    ] {
        let mut told = [500.0, 0.0, 100.0, 0.0, 0.0, 170.0];
        let seen = told;
        told.iter_mut().zip(off).for_each(|(t, o)| *t += o);
        let both = [at(object, seen), at(camera, told)].concat();
        record.window("seen", &context, &both);
    }
    record.finish(CaseEnd::Completed);
    record.judge()
}

#[test]
fn a_camera_that_is_three_millimetres_off() {
    let findings = estimated("base");
    let finding = only(&findings);
    near(measured(finding).value, 3.0, 1e-6);
    near(beside(finding, "d̄"), 2.0, 1e-6);
    near(beside(finding, "θ"), 25.0, 1e-6);
    // The reference's certificate (U 0.02 mm) and its frame (U 0.01 mm).
    near(measured(finding).budget[0].u, 0.01, 1e-9);
    near(measured(finding).budget[1].u, 0.005, 1e-9);
    assert_eq!(findings.verdict, Verdict::Pass);
    let elsewhere = estimated("camera");
    assert_eq!(elsewhere.verdict, Verdict::NotTested);
    assert!(codes(&only(&elsewhere).reasons).contains(&"frame-mismatch"));
}

#[test]
fn a_cube_is_turned_in_the_hand_against_the_motion_of_its_row() {
    let m = Measure {
        accept: at_most("3 mm"),
        per: Some("motion".into()),
        ..measure_over(
            "manipulation-error",
            &[("before", "before"), ("after", "after")],
            &[("position", "object")],
            2,
        )
    };
    let steps = vec![over_rows(
        "motion",
        "motions",
        &["quarter"],
        vec![window("before", &["object"]), window("after", &["object"])],
    )];
    let mut record = Record::with_case(case("in-hand", steps, vec![m]));
    let mut row = rows(&["quarter"]).remove(0);
    let columns = [("dz", "5 mm"), ("dc", "90 deg")];
    row.columns = columns
        .map(|(name, value)| (name.to_string(), ParamValue::Quantity(quantity(value))))
        .into_iter()
        .collect::<BTreeMap<_, _>>();
    record.plan.tables.insert("motions".into(), vec![row]);
    let object = pose_channel(&mut record, "object", "base");
    record.start("in-hand");
    let context = record.context(&[("motion", "quarter")], 0);
    for (lifted, turned) in [(5.0, 90.0), (7.0, 84.0)] {
        record.window(
            "before",
            &context,
            &at(object, [10.0, 0.0, 50.0, 0.0, 0.0, 120.0]),
        );
        let after = [10.0, 0.0, 50.0 + lifted, 0.0, 0.0, 120.0 + turned - 360.0];
        record.window("after", &context, &at(object, after));
    }
    record.finish(CaseEnd::Completed);
    let findings = record.judge();
    let finding = only(&findings);
    near(measured(finding).value, 2.0, 1e-6);
    near(beside(finding, "θ"), 6.0, 1e-6);
    // Two readings of one tracker; its frame cancels.
    near(measured(finding).budget[0].u, 0.01 * 2f64.sqrt(), 1e-9);
    assert_eq!(measured(finding).budget.len(), 1);
    assert_eq!(findings.verdict, Verdict::Pass);
}

#[test]
fn a_relay_that_bounces_for_three_milliseconds() {
    let m = Measure {
        accept: at_most("10 ms"),
        ..measure("contact-bounce", "closing", &[("contact", "estop")], 1)
    };
    let mut record = Record::with_case(case("relay", vec![window("closing", &["estop"])], vec![m]));
    record.start("relay");
    let context = record.context(&[], 0);
    let closed = [0, 1, 0, 0, 1, 1, 1, 1, 1, 1];
    let levels: Vec<_> = (0..10)
        .map(|ms| {
            (
                ESTOP,
                f64::from(ms),
                Reading::scalar(f64::from(closed[ms as usize])),
            )
        })
        .collect();
    record.window("closing", &context, &levels);
    record.finish(CaseEnd::Completed);
    let findings = record.judge();
    near(measured(only(&findings)).value, 3.0, 1e-6);
    assert_eq!(beside(only(&findings), "N"), 3.0);
    // One interval of 1 ms either way.
    near(
        measured(only(&findings)).budget[0].u,
        1.0 / 3f64.sqrt(),
        1e-9,
    );
    assert_eq!(findings.verdict, Verdict::Pass);
}

#[test]
fn an_axis_that_springs_back_by_half_a_degree() {
    let m = Measure {
        accept: at_most("1 deg"),
        ..measure("axis-rebound", "stop", &[("position", "axis")], 1)
    };
    let mut record = Record::with_case(case("axis", vec![window("stop", &["axis"])], vec![m]));
    let axis = record.scalar_channel("axis", "deg", 0.02);
    record.start("axis");
    let context = record.context(&[], 0);
    let positions = [0.0, 5.0, 10.5, 10.2, 10.0, 10.0];
    let curve: Vec<_> = (0..6)
        .map(|i| (axis, 1000.0 * i as f64, Reading::scalar(positions[i])))
        .collect();
    record.window("stop", &context, &curve);
    record.finish(CaseEnd::Completed);
    let findings = record.judge();
    near(measured(only(&findings)).value, 0.5, 1e-9);
    near(
        measured(only(&findings)).budget[0].u,
        0.01 * 2f64.sqrt(),
        1e-9,
    );
    assert_eq!(findings.verdict, Verdict::Pass);
}

#[test]
fn a_fingertip_that_shows_a_force_askew() {
    let channels = [("reference", "known"), ("sensor", "shown")];
    let m = Measure {
        accept: at_most("1 N"),
        ..measure("force-vector-error", "load", &channels, 1)
    };
    let steps = vec![window("load", &["known", "shown"])];
    let mut record = Record::with_case(case("tip", steps, vec![m]));
    let [known, shown] = ["known", "shown"].map(|id| {
        let index = record.scalar_channel(id, "N", 0.1);
        let axes = ["x", "y", "z"].map(|name| Component {
            name: name.into(),
            unit: unit("N"),
        });
        record.plan.channels[usize::from(index)].components = axes.to_vec();
        index
    });
    record.start("tip");
    let context = record.context(&[], 0);
    let both = [
        at_force(known, [0.0, 0.0, 10.0]),
        at_force(shown, [0.0, 7.5, 7.5]),
    ];
    record.window("load", &context, &both.concat());
    record.finish(CaseEnd::Completed);
    let findings = record.judge();
    near(
        measured(only(&findings)).value,
        7.5 * 2f64.sqrt() - 10.0,
        1e-9,
    );
    near(beside(only(&findings), "θ"), 45.0, 1e-9);
    assert_eq!(findings.verdict, Verdict::Pass);
}

fn at_force(channel: u16, force: [f64; 3]) -> Vec<(u16, f64, Reading)> {
    (0..3)
        .map(|i| (channel, 1000.0 * f64::from(i), Reading::vector(&force)))
        .collect()
}

#[test]
fn a_motor_that_warms_by_25_kelvin_at_half_its_torque() {
    let channels = [("torque", "load"), ("winding", "hot"), ("coolant", "air")];
    let mut m = measure("rated-torque", "run", &channels, 1);
    set(&mut m, "allowed", "100 K");
    set(&mut m, "stretch", "10 min");
    m.accept = at_least(certbench_model::measure::Compare::Estimate, "15 N.m");
    let steps = vec![window("run", &["load", "hot", "air"])];
    let mut record = Record::with_case(case("heat", steps, vec![m]));
    let load = record.scalar_channel("load", "N.m", 0.1);
    let hot = record.scalar_channel("hot", "Cel", 1.0);
    let air = record.scalar_channel("air", "Cel", 0.5);
    record.start("heat");
    let context = record.context(&[], 0);
    let curve = |channel: u16, value: f64| {
        (0..=1200).map(move |i| {
            (
                channel,
                1000.0 * f64::from(i),
                Reading::scalar(value + 1e-6 * f64::from(i % 2)),
            )
        })
    };
    let all: Vec<_> = curve(load, 10.0)
        .chain(curve(hot, 47.0))
        .chain(curve(air, 22.0))
        .collect();
    record.window("run", &context, &all);
    record.finish(CaseEnd::Completed);
    let findings = record.judge();
    let finding = only(&findings);
    near(measured(finding).value, 20.0, 1e-5);
    near(beside(finding, "Δθ"), 25.0, 1e-5);
    // 20/10 times 0.05 N.m; 20/50 times 0.5 K; 20/50 times 0.25 K.
    let lines: Vec<f64> = measured(finding).budget.iter().map(|l| l.u).collect();
    for (got, want) in lines.iter().zip([0.1, 0.2, 0.1]) {
        near(*got, want, 1e-5);
    }
    assert_eq!(findings.verdict, Verdict::Pass, "{:?}", finding.reasons);
}

#[test]
fn an_arm_of_twenty_kilograms_that_lifts_five() {
    let over = [("load", "rated"), ("mass", "weighed")];
    let mut m = measure_over("payload-over-weight", &over, &[], 1);
    set(&mut m, "u", "0.2 kg");
    m.accept = at_least(certbench_model::measure::Compare::Estimate, "0.2 1");
    let mut record = Record::with_case(case("weight", vec![], vec![m]));
    record.start("weight");
    for (prompt, answer) in [("rated", "5 kg"), ("weighed", "20 kg")] {
        let context = record.context(&[], 0);
        record.event(EventBody::Prompted {
            prompt: prompt.into(),
            text: Text::same("?"),
            context,
        });
        record.event(EventBody::Answered {
            prompt: prompt.into(),
            answer: answer.into(),
            by: "operator".into(),
            file: None,
        });
    }
    record.finish(CaseEnd::Completed);
    let findings = record.judge();
    near(measured(only(&findings)).value, 0.25, 1e-12);
    near(
        measured(only(&findings)).budget[0].u,
        0.1 * 0.25 / 20.0,
        1e-12,
    );
    assert_eq!(findings.verdict, Verdict::Pass);
}
