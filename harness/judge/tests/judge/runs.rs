//! Several records held against each other: exchangeability of robots.

use crate::record::*;
use certbench_judge::exchange::{Exchanged, exchangeability};
use certbench_model::*;

/// Mean positions of five robots, off the command (standards notes, 9.1).
const ROBOTS: [[f64; 3]; 5] = [
    [0.0, 0.0, 0.0],
    [0.10, -0.05, 0.02],
    [-0.04, 0.08, 0.01],
    [0.06, 0.03, -0.07],
    [-0.09, -0.02, 0.05],
];

/// A run in which a robot visits two poses six times each, off its command.
fn robot(off: [f64; 3]) -> Record {
    let mut m = measure("iso9283-pose-accuracy", "visit", &[("position", "tcp")], 6);
    m.per = Some("pose".into());
    m.accept = at_most("1 mm");
    let poses = ["p1", "p2"];
    let steps = vec![over_rows(
        "pose",
        "poses",
        &poses,
        vec![window("visit", &["tcp"])],
    )];
    let mut record = Record::with_case(case("arm", steps, vec![m]));
    record.plan.tables.insert("poses".into(), rows(&poses));
    record.register_tracker();
    let command = [[500.0, 0.0, 300.0], [700.0, 100.0, 500.0]];
    for (pose, [x, y, z]) in poses.iter().zip(command) {
        record.pose(pose, [x, y, z, 0.0, 0.0, 0.0]);
    }
    record.start("arm");
    for cycle in 0..6 {
        for (pose, [x, y, z]) in poses.iter().zip(command) {
            let context = record.context(&[("pose", pose)], 0);
            // Scatter that leaves the mean where it is.
            let aside = 0.003 * f64::from(cycle - 2) - 0.0015;
            let at = [x + off[0] + aside, y + off[1], z + off[2]];
            let stay: Vec<_> = (0..4)
                .map(|i| (TCP, 10.0 * f64::from(i), Reading::vector(&at)))
                .collect();
            record.window("visit", &context, &stay);
        }
    }
    record.finish(CaseEnd::Completed);
    record
}

fn exchanged(records: Vec<Record>) -> Vec<Exchanged> {
    let runs: Vec<Memory> = records.into_iter().map(Record::build).collect();
    let runs: Vec<&dyn Recorded> = runs.iter().map(|r| r as &dyn Recorded).collect();
    exchangeability(&runs)
}

fn five() -> Vec<Record> {
    ROBOTS.map(robot).into()
}

#[test]
fn five_robots_in_five_runs_are_exchangeable_within_a_fifth_of_a_millimetre() {
    let poses = exchanged(five());
    let ids: Vec<&str> = poses.iter().map(|p| p.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "arm/iso9283-pose-accuracy/p1",
            "arm/iso9283-pose-accuracy/p2"
        ]
    );
    for pose in &poses {
        let e = pose
            .e
            .as_ref()
            .unwrap_or_else(|| panic!("{:?}", pose.reasons));
        near(e.value, 0.19849433, 5e-9);
        assert_eq!((pose.pair, e.n), (Some([3, 4]), 6));
        // Scatter of the pair, and the tracker (U 0.02 mm, k 2) in both runs; the registration is
        // one and the same and moves both.
        let instrument: Vec<f64> = e.budget.iter().skip(1).map(|l| l.u).collect();
        assert_eq!(instrument, [0.01, 0.01], "{:?}", e.budget);
        assert!(e.u_expanded.unwrap() > 2.0 * 0.01 * 2f64.sqrt());
    }
}

#[test]
fn angles_of_robots_are_exchangeable_too_where_the_tracker_sees_them() {
    let of = |certified: bool, other_way: bool| {
        let means = [179.9, -179.9, -179.6];
        let robots = means.map(|mean| {
            let mut record = robot([0.0; 3]);
            let tracker = &mut record.plan.channels[usize::from(TCP)];
            tracker
                .components
                .extend(["a", "b", "c"].map(|name| Component {
                    name: name.into(),
                    unit: unit("deg"),
                }));
            let certificate = tracker.calibration.as_mut().unwrap();
            certificate.angles = certified.then_some(AngleCalibration {
                u_deg: 0.02,
                k: 2.0,
                noise_deg: None,
            });
            tracker.registration.as_mut().unwrap().u_angle = Some(quantity("0.04 deg"));
            for sample in record.samples.iter_mut().filter(|s| s.channel == TCP) {
                if let Some([x, y, z, ..]) = sample.reading.values().map(|v| v.to_vec()).as_deref()
                {
                    sample.reading = Reading::vector(&[*x, *y, *z, mean, 0.0, 5.0]);
                }
            }
            record
        });
        let mut robots = Vec::from(robots);
        if other_way {
            let tracker = &mut robots[0].plan.channels[usize::from(TCP)];
            tracker.registration.as_mut().unwrap().method = "another day".into();
        }
        exchanged(robots).remove(0)
    };
    let seen = of(true, false);
    let symbols: Vec<&str> = seen.angles.iter().map(|a| a.symbol.as_str()).collect();
    assert_eq!(symbols, ["E_a", "E_b", "E_c"], "{:?}", seen.reasons);
    near(seen.angles[0].value.value, 0.5, 1e-9);
    // No scatter; the tracker twice, and the registration where there are two.
    let root = 2f64.sqrt();
    near(seen.angles[0].u_expanded.unwrap(), 2.0 * 0.01 * root, 1e-4);
    let two = of(true, true);
    let u = 0.01f64.hypot(0.02) * root;
    near(two.angles[0].u_expanded.unwrap(), 2.0 * u, 1e-4);
    assert_eq!(of(false, false).angles[0].u_expanded, None);
    assert!(exchanged(five())[0].angles.is_empty());
}

#[test]
fn two_registrations_are_two_doubts() {
    let mut robots = five();
    let channel = &mut robots[4].plan.channels[usize::from(TCP)];
    let registration = channel.registration.as_mut().unwrap();
    registration.rotation_deg = [0.0, 0.0, 1e-9];
    let poses = exchanged(robots);
    let e = poses[0].e.as_ref().unwrap();
    let rest: Vec<f64> = e.budget.iter().skip(1).map(|l| l.u).collect();
    assert_eq!(rest, [0.01, 0.01, 0.005, 0.005]);
}

#[test]
fn another_program_a_missing_pose_or_an_old_certificate_leave_no_e() {
    let mut robots = five();
    robots[2].pose("p1", [500.5, 0.0, 300.0, 0.0, 0.0, 0.0]);
    let poses = exchanged(robots);
    assert_eq!(codes(&poses[0].reasons), ["other-command"]);
    assert!(poses[0].e.is_none() && poses[1].e.is_some());

    let mut robots = five();
    robots[3].plan.cases[0].measures[0].id = "another".into();
    let poses = exchanged(robots);
    assert_eq!(codes(&poses[0].reasons), ["no-input"]);

    // A robot that was visited once too few, and a run that was shortened from the start.
    let mut robots = five();
    robots[1].plan.cases[0].measures[0].n_planned = 7;
    let poses = exchanged(robots);
    assert_eq!(codes(&poses[0].reasons), ["n-below-plan"]);
    let mut robots = five();
    robots[1].plan.cases[0].shortened = Some(plan::Shortened {
        parameter: "cycles".into(),
        n: 6,
        of: 30,
    });
    let poses = exchanged(robots);
    assert_eq!(codes(&poses[0].reasons), ["shortened"]);
    assert!(poses[0].e.is_some());

    let mut robots = five();
    robots[0].day = "2028-01-01".parse().unwrap();
    let poses = exchanged(robots);
    assert!(codes(&poses[1].reasons).contains(&"calibration-due"));
    assert!(
        exchanged(vec![robot(ROBOTS[0])])
            .iter()
            .all(|p| p.e.is_none())
    );
    assert!(exchangeability(&[]).is_empty());
}
