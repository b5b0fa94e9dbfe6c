//! What the use of an instrument adds to its certificate: resolution, alignment, temperature; and what
//! of it cancels. By hand from JCGM 100:2008, 4.3.7 and F.2, and the standards notes, 9.4.

use crate::record::*;
use certbench_model::finding::BudgetLine;
use certbench_model::*;

fn part(half_abs: f64, half_rel: f64, steady: bool, from: &str) -> Option<Part> {
    let from = from.into();
    Some(Part {
        half_abs,
        half_rel,
        steady,
        from,
    })
}

/// The mean force of three windows, held to 20 N, by a gauge in that use.
fn means(metric: &str, in_use: Option<InUse>) -> Findings {
    let mut mean = measure(metric, "hold", &[("channel", "force")], 3);
    if metric == "peak-force" {
        set(&mut mean, "filter", "none");
    }
    let mut record = Record::with_case(case("grip", vec![window("hold", &["force"])], vec![mean]));
    let force = &mut record.plan.channels[usize::from(FORCE)];
    force.calibration.as_mut().unwrap().in_use = in_use;
    record.start("grip");
    let context = record.context(&[], 0);
    for force in [19.9, 20.0, 20.1] {
        record.window("hold", &context, &steady(FORCE, force));
    }
    record.finish(CaseEnd::Completed);
    record.judge()
}

fn line<'a>(budget: &'a [BudgetLine], name: &str) -> &'a BudgetLine {
    let found = budget.iter().find(|l| l.name.en == name);
    found.unwrap_or_else(|| panic!("no line {name} in {budget:?}"))
}

fn gauge_in_use() -> InUse {
    InUse {
        resolution: part(0.01, 0.0, false, "display, 0.02 N"),
        alignment: part(0.0, 1.0 - 5f64.to_radians().cos(), true, "fixture"),
        temperature: part(0.005, 0.001, false, "data sheet"),
        in_certificate: vec![],
    }
}

#[test]
fn resolution_alignment_and_temperature_have_lines_of_their_own() {
    let findings = means("channel-mean", Some(gauge_in_use()));
    let m = measured(only(&findings));
    let root = 3f64.sqrt();
    // A step of 0.02 N: half of it over the root of three.
    let resolution = line(&m.budget, "Instrument: resolution");
    near(resolution.u, 0.02 / (2.0 * root), 1e-15);
    // 5° off its axis, 20 N read 0.0761 N low at most.
    let alignment = line(&m.budget, "Instrument: alignment");
    near(alignment.u, 0.076_106_038_165 / root, 1e-12);
    let temperature = line(&m.budget, "Instrument: temperature");
    near(temperature.u, (0.005 + 0.02) / root, 1e-12);
    for of in [resolution, alignment, temperature] {
        assert_eq!((of.type_ab.as_str(), of.nu), ("B", None));
        assert_eq!(of.distribution, "rectangular");
    }
    assert_eq!(alignment.from.as_deref(), Some("force: fixture"));
    assert_eq!(
        [resolution, alignment, temperature].map(|l| l.common),
        [false, true, false]
    );
    let u = m.budget.iter().map(|l| l.u * l.u).sum::<f64>().sqrt();
    near(m.u_expanded.unwrap(), m.k.unwrap() * u, 1e-12);
    // Every metric that reads an instrument says so, a peak too.
    let peak = means("peak-force", Some(gauge_in_use()));
    line(&measured(only(&peak)).budget, "Instrument: temperature");
}

#[test]
fn what_the_certificate_holds_already_is_not_counted_twice() {
    let held = InUse {
        in_certificate: vec!["resolution".into(), "temperature".into()],
        ..InUse::default()
    };
    let same = |findings: Findings| measured(only(&findings)).clone();
    let stated = same(means("channel-mean", Some(held)));
    assert_eq!(stated, same(means("channel-mean", None)));
}

#[test]
fn the_certificate_of_a_tracker_is_read_at_the_distance_from_it() {
    // 0.02 mm and 0.1 mm/m; the finger moves along x near x = 0, 2 m before the tracker.
    let of = |metric: &str| {
        let m = measure(metric, "seen", &[("channel", "tcp")], 5);
        let mut record = Record::with_case(case("finger", vec![window("seen", &["tcp"])], vec![m]));
        let mut certificate = calibration(3_000.0, 0.02, None);
        certificate.ranges[0].u_rel = 0.0001;
        record.plan.channels[usize::from(TCP)].calibration = Some(certificate);
        record.start("finger");
        let context = record.context(&[], 0);
        for i in 0..5 {
            let at = Reading::vector(&[0.001 * f64::from(i), 0.0, 2_000.0]);
            record.window("seen", &context, &[(TCP, 0.0, at), (TCP, 10.0, at)]);
        }
        record.finish(CaseEnd::Completed);
        let findings = record.judge();
        let budget = measured(only(&findings)).budget.clone();
        budget.last().expect("the instrument").u
    };
    near(of("finger-repeatability"), 1.5 * 0.22 / 2.0, 1e-9);
    near(of("channel-mean"), 0.22 / 2.0, 1e-9);
}

/// Thirty visits of a tracker at 3 m, as the standards notes, 9.1 and 9.4, have them: U = 0.015 mm +
/// 0.006 mm/m, noise 0.004 mm of a visit, 2 K about the calibration at 0.005 mm/K.
fn tracked(metric: &str, angles: Option<AngleCalibration>, steady: bool) -> Findings {
    let m = Measure {
        per: Some("pose".into()),
        ..measure(metric, "seen", &[("position", "tcp")], 30)
    };
    let steps = vec![over_rows(
        "pose",
        "poses",
        &["p1"],
        vec![window("seen", &["tcp"])],
    )];
    let mut record = Record::with_case(case("arm", steps, vec![m]));
    record.plan.tables.insert("poses".into(), rows(&["p1"]));
    let command = [500.0, -200.0, 350.0, 10.0, -5.0, 90.0];
    record.pose("p1", command);
    record.register_tracker();
    let tracker = &mut record.plan.channels[usize::from(TCP)];
    let degrees = |name: &str| Component {
        name: name.into(),
        unit: unit("deg"),
    };
    tracker.components.extend(["a", "b", "c"].map(degrees));
    let registration = tracker.registration.as_mut().unwrap();
    registration.u_position = quantity("0.000000001 mm");
    registration.u_angle = Some(quantity("0.001 deg"));
    // Four readings a visit, whose mean scatters by 0.004 mm.
    tracker.calibration = Some(Calibration {
        angles,
        in_use: Some(InUse {
            resolution: part(0.001, 0.0, false, "data sheet"),
            temperature: part(0.005 * 2.0, 0.0, steady, "data sheet"),
            ..InUse::default()
        }),
        ..calibration(3_000.0, 0.015 + 0.006 * 3.0, Some(0.008))
    });
    record.start("arm");
    let context = record.context(&[("pose", "p1")], 0);
    for j in 0..30i32 {
        let scatter = [(7 * j % 13) - 6, (11 * j % 17) - 8, (5 * j % 19) - 9];
        let offset = [0.012, -0.005, 0.020];
        let xyz: [f64; 3] =
            std::array::from_fn(|i| command[i] + 0.001 * f64::from(scatter[i]) + offset[i]);
        let at = |i: i32| 0.001 * f64::from(i);
        let abc = [
            10.0 + at((3 * j) % 7 - 3) + 0.004,
            -5.0 + at((9 * j) % 11 - 5),
            90.0 + at((4 * j) % 9 - 4) - 0.002,
        ];
        let pose = [xyz[0], xyz[1], xyz[2], abc[0], abc[1], abc[2]];
        let samples: Vec<_> = (0..4)
            .map(|i| (TCP, 10.0 * f64::from(i), Reading::vector(&pose)))
            .collect();
        record.window("seen", &context, &samples);
    }
    record.finish(CaseEnd::Completed);
    record.judge()
}

#[test]
fn the_accuracy_of_a_pose_takes_all_of_a_tracker() {
    let findings = tracked("iso9283-pose-accuracy", None, false);
    let m = measured(only(&findings));
    near(m.value, 0.02328652, 5e-9);
    let certificate = line(&m.budget, "Instrument");
    near(certificate.u, 0.0165, 1e-12);
    near(
        line(&m.budget, "Instrument: temperature").u,
        0.0057735,
        5e-8,
    );
    near(
        line(&m.budget, "Instrument: resolution").u,
        0.001 / 3f64.sqrt(),
        1e-12,
    );
    // u = 0.0174962 mm without the step of 0.002 mm: U of the measuring system is 150 % of AP.
    let system = (0.0174962f64.powi(2) + 1e-6 / 3.0).sqrt();
    let share = 100.0 * 2.0 * system / m.value;
    near(beside(only(&findings), "U_ms"), share, 5e-3);
}

#[test]
fn of_a_repeatability_the_steady_parts_cancel_and_resolution_does_not() {
    let name = "Instrument between visits, as repeatability";
    let lines = |steady: bool| {
        let findings = tracked("iso9283-pose-repeatability", None, steady);
        measured(only(&findings)).budget.clone()
    };
    let common = lines(true);
    // As a repeatability sigma shows 3.616088 times; that much is taken as U, k = 2.
    near(line(&common, name).u, 3.616088 * 0.004 / 2.0, 5e-9);
    let resolution = line(&common, &format!("{name}: resolution"));
    near(resolution.u, 3.616088 * 0.001 / 3f64.sqrt() / 2.0, 5e-9);
    let temperature = format!("{name}: temperature");
    assert!(!common.iter().any(|l| l.name.en == temperature));
    near(
        line(&lines(false), &temperature).u,
        3.616088 * 0.0057735 / 2.0,
        5e-7,
    );
}

#[test]
fn angles_have_the_uncertainty_that_their_certificate_gives_them() {
    let angles = AngleCalibration {
        u_deg: 0.02,
        k: 2.0,
        noise_deg: Some(0.004),
    };
    let u_of = |findings: &Findings, symbol: &str| {
        let more = &only(findings).more;
        let value = more.iter().find(|v| v.symbol == symbol).unwrap();
        (value.value.value, value.u_expanded)
    };
    let ap = tracked("iso9283-pose-accuracy", Some(angles), true);
    let (value, u) = u_of(&ap, "AP_a");
    near(value, 0.0039, 1e-9);
    // RP_a = 0.00612034 = 3 S: S over the root of thirty; instrument 0.01; registration 0.0005.
    let scatter = 0.00612034 / 3.0 / 30f64.sqrt();
    let expected = 2.0 * (scatter.powi(2) + 0.01f64.powi(2) + 0.0005f64.powi(2)).sqrt();
    near(u.unwrap(), expected, 1e-7);
    assert!(!codes(&only(&ap).reasons).contains(&"angles-without-uncertainty"));
    let rp = tracked("iso9283-pose-repeatability", Some(angles), true);
    let (value, u) = u_of(&rp, "RP_a");
    near(value, 0.00612034, 5e-9);
    // Sampling of 3 S with 29 degrees of freedom; noise of a visit 0.002, three of it as U, k = 2.
    let (sampling, noise) = (value / 58f64.sqrt(), 3.0 * 0.002 / 2.0);
    let combined = (sampling.powi(2) + noise * noise).sqrt();
    let k = u.unwrap() / combined;
    assert!((2.0..2.01).contains(&k), "{k}");
    // A certificate that says nothing of angles leaves them bare, and the finding says so.
    let bare = tracked("iso9283-pose-accuracy", None, true);
    assert_eq!(u_of(&bare, "AP_a").1, None);
    assert!(codes(&only(&bare).reasons).contains(&"angles-without-uncertainty"));
}
