//! Suites of joint modules, force sensors, contacts, hands, robots' tasks and inspections on the
//! simulated clock: what is measured, held against what is true of the simulated devices.

use certbench_model::finding::{Finding, Value};
use certbench_model::{RunEnd, Verdict};
use certbench_roles::Answer;
use certbench_tests::simulated::{Papers, Played};

fn finding<'a>(played: &'a Played, measure: &str) -> &'a Finding {
    let mut all = played.findings.cases.iter().flat_map(|c| &c.findings);
    all.find(|f| f.measure == measure)
        .unwrap_or_else(|| panic!("no finding {measure}"))
}

/// Value and expanded uncertainty.
#[track_caller]
fn value(played: &Played, measure: &str) -> (f64, f64) {
    let finding = finding(played, measure);
    match &finding.result {
        Some(Value::Quantity(q)) => (q.value, q.u_expanded.unwrap_or(f64::NAN)),
        other => panic!("{measure}: {other:?} {:?}", finding.reasons),
    }
}

/// The measured value is true within its uncertainty and `more`, and the uncertainty is no blanket.
#[track_caller]
fn agrees(played: &Played, measure: &str, truth: f64, more: f64, u_most: f64) {
    let (value, u) = value(played, measure);
    let what = format!("{measure}: {value} ± {u}, truly {truth}");
    assert!((value - truth).abs() <= u + more && u <= u_most, "{what}");
}

#[track_caller]
fn completed(played: &Played) {
    assert_eq!(played.end, RunEnd::Completed, "{:?}", played.faults());
}

#[track_caller]
fn passed(played: &Played) {
    completed(played);
    let all = played.findings.cases.iter().flat_map(|c| &c.findings);
    let bad: Vec<_> = all
        .filter(|f| f.accept.is_some() && f.verdict != Verdict::Pass)
        .map(|f| (&f.measure, f.verdict, &f.result, &f.reasons))
        .collect();
    assert!(bad.is_empty(), "{bad:#?}");
    let found = &played.findings;
    let why: Vec<_> = found
        .cases
        .iter()
        .map(|c| (&c.case, c.verdict, &c.reasons))
        .collect();
    assert_eq!(found.verdict, Verdict::Pass, "{why:#?}");
}

fn joint_module() -> Papers {
    ["joint-torques", "joint-speeds", "joint-levers"]
        .iter()
        .fold(Papers::shipped("joint-module", "joint-module"), |p, t| {
            p.table(t)
        })
}

#[test]
fn a_joint_modules_torque_play_friction_and_ripple_are_true() {
    let played = joint_module().play();
    passed(&played);
    // 1 / 0.55 A/N.m, a little less where the iron saturates.
    agrees(&played, "kt", 1.0 / 0.55, 0.02, 0.05);
    // 120 N.m/deg, 0.02 deg of play, 0.48 N.m on both sides; and as a slope in radians.
    agrees(
        &played,
        "lost-motion",
        0.02 + 2.0 * 0.48 / 120.0,
        0.0,
        0.003,
    );
    agrees(&played, "hysteresis", 0.006, 0.0, 0.003);
    agrees(
        &played,
        "stiffness",
        120.0 * 180.0 / std::f64::consts::PI,
        0.0,
        200.0,
    );
    agrees(&played, "ripple", 2.0, 0.0, 0.2);
    // (0.5 + 0.6) A at standstill, and drag of the brake.
    agrees(
        &played,
        "breakaway",
        1.8 * (0.5 + 0.6 + 0.55 * 0.05),
        0.02,
        0.2,
    );
    assert!(played.at_rest);
}

fn sensor() -> Papers {
    let papers = Papers::shipped("sensor-force-torque", "sensor");
    papers.table("sensor-loads").table("sensor-small-loads")
}

#[test]
fn a_force_sensors_errors_are_those_that_it_has() {
    let played = sensor().play();
    passed(&played);
    // A load of 100 N on x shows 0.8 N on z.
    agrees(&played, "crosstalk", 0.8, 0.0, 0.05);
    // It lags by 0.05 N of 100 N.
    agrees(&played, "hysteresis-x", 0.05, 0.01, 0.1);
    // 1e-4 N/s over ten minutes.
    agrees(&played, "drift-z", 0.06, 0.005, 0.02);
    // It still lags by 0.05 N from the loads before: of the steps, 0.1 N is the first that shows.
    agrees(&played, "threshold", 0.1, 0.0, 0.05);
}

#[test]
fn a_sensor_that_is_loaded_askew_fails_by_its_crosstalk_alone() {
    let askew = sensor().bench_with("[0.008, 0.002, 1.0]", "[0.05, 0.002, 1.0]");
    let played = askew.play();
    completed(&played);
    assert_eq!(finding(&played, "crosstalk").verdict, Verdict::Fail);
    assert_eq!(finding(&played, "nonlinearity-z").verdict, Verdict::Pass);
}

fn by_row<'a>(played: &'a Played, measure: &str, row: &str) -> &'a Finding {
    let mut all = played.findings.cases.iter().flat_map(|c| &c.findings);
    let found =
        all.find(|f| f.measure == measure && f.subject.as_ref().is_some_and(|s| s.id == row));
    found.unwrap_or_else(|| panic!("no finding {measure} of {row}"))
}

fn quantity(finding: &Finding) -> (f64, f64) {
    match &finding.result {
        Some(Value::Quantity(q)) => (q.value, q.u_expanded.unwrap_or(f64::NAN)),
        other => panic!("{}: {other:?} {:?}", finding.measure, finding.reasons),
    }
}

#[test]
fn a_grasps_strength_is_what_the_fingers_push_together() {
    let played = Papers::shipped("hand-grasp-strength", "hand-strength").play();
    passed(&played);
    let (strength, u) = value(&played, "strength");
    // Four fingers of at most 10 N each, or less where the commanded force is the sum of their own.
    let fingers = &played.truth["hand"]["parameters"]["stall_force_n"];
    let most = 4.0 * fingers.as_f64().expect("a force");
    assert!(
        strength > 8.0 && strength <= most + u && u < 1.0,
        "{strength} ± {u}, at most {most}"
    );
}

#[test]
fn an_artifact_slips_where_friction_ends() {
    let papers = Papers::shipped("hand-slip-resistance", "hand-strength").table("slip-artifacts");
    let played = papers.play();
    completed(&played);
    // Every pull ended by sliding: friction on both sides of the grip less the weight.
    let slips = played.log.iter().filter(|h| h.what == "object slips");
    let grips: Vec<f64> = slips.filter_map(|h| h.detail["grip_n"].as_f64()).collect();
    assert_eq!(
        grips.len(),
        10,
        "{:?}",
        played.log.iter().map(|h| &h.what).collect::<Vec<_>>()
    );
    for (row, kg, grips) in [
        ("cylinder-40", 0.10, &grips[..5]),
        ("cylinder-50", 0.15, &grips[5..]),
    ] {
        let mean = grips.iter().sum::<f64>() / 5.0;
        let truth = 2.0 * 0.30 * mean - kg * 9.80665;
        let (seen, u) = quantity(by_row(&played, "resistance", row));
        assert!(
            (seen - truth).abs() < u + 0.3 && u < 1.0,
            "{row}: {seen} ± {u}, truly {truth}"
        );
    }
}

#[test]
fn a_hand_holds_what_its_friction_carries_and_the_heavy_one_fails() {
    let papers = Papers::shipped("hand-payload", "hand-strength").table("hand-payloads");
    passed(&papers.clone().set("hold_time=10 s").play());
    let greased = papers.bench_with(
        "payload-600: { mass_kg: 0.60, width_mm: 50, friction: 0.45 }",
        "payload-600: { mass_kg: 0.60, width_mm: 50, friction: 0.05 }",
    );
    let played = greased.play();
    completed(&played);
    assert_eq!(
        by_row(&played, "held", "payload-400").verdict,
        Verdict::Pass
    );
    assert_eq!(
        by_row(&played, "held", "payload-600").verdict,
        Verdict::Fail
    );
}

fn pressure(of: &str) -> Answer {
    Answer::Number(of.parse().expect("a quantity"))
}

#[test]
fn contacts_are_held_against_the_limits_of_their_region() {
    let papers = Papers::shipped("contact-pfl", "contact").table("body-regions-example");
    let played = papers.play_answered(&[("pressure", pressure("60 N/cm2"))]);
    passed(&played);
    // The wall keeps the spring of the last region; the deepest contact was the largest force.
    let most = played.truth["wall"]["most_n"].as_f64().expect("a force");
    let (share, u) = quantity(by_row(&played, "transient", "hard"));
    let force = share / 100.0 * 400.0;
    assert!(
        (force - most).abs() < 0.1 * most && u < 5.0,
        "{force} N of {most} N"
    );
    let (share, _) = quantity(by_row(&played, "pressure", "soft"));
    assert!((share - 50.0).abs() < 1e-9);
    // A deeper contact is over the limit of the softer region too.
    let deep = papers.bench_with("at_mm: [478, 0, 330]", "at_mm: [475, 0, 330]");
    let played = deep.play_answered(&[("pressure", pressure("60 N/cm2"))]);
    completed(&played);
    assert_eq!(
        by_row(&played, "quasi-static", "hard").verdict,
        Verdict::Fail
    );
}

#[test]
fn a_path_and_a_corner_are_seen_as_the_arm_went() {
    let path = certbench_tests::simulated::shipped("arm-iso9283-path.suite.yaml");
    let bench = certbench_tests::simulated::shipped("benches/sim-arm.bench.yaml");
    let job = certbench_tests::simulated::shipped("jobs/sim-path.job.yaml");
    let papers = Papers::new(&path, &bench).with_file("test.job.yaml", &job);
    let played = papers.set("cycles=3").play();
    completed(&played);
    let (at, u) = value(&played, "accuracy");
    // It moves joint by joint: centimetres off the straight line, and repeats that well.
    assert!((1.0..60.0).contains(&at) && u < 1.0, "{at} ± {u}");
    let (rt, _) = value(&played, "repeatability");
    assert!(rt < 2.0, "{rt}");
    let (cr, _) = value(&played, "round-off");
    assert!(cr < 2.0, "it stops at the corner: {cr}");
}

#[test]
fn an_interfaces_latency_and_its_silence_are_timed() {
    let folder = certbench_tests::simulated::Folder::new();
    let log = folder.0.join("log.txt");
    std::fs::write(&log, b"refused").expect("a file");
    let answers = |said: &str| {
        vec![
            ("log", Answer::File(log.clone())),
            ("beyond", Answer::Choice(said.to_string())),
        ]
    };
    let papers = Papers::shipped("interface-conformance", "arm").set("commands=10");
    let played = papers.play_answered(&answers("refused"));
    passed(&played);
    let (latency, u) = value(&played, "latency");
    assert!(
        (2.0..150.0).contains(&latency) && u < 30.0,
        "{latency} ± {u} ms"
    );
    // Its watchdog bites after 500 ms; then it brakes and must rest for 300 ms.
    let (rest, _) = value(&played, "rest");
    assert!((0.8..2.5).contains(&rest), "{rest} s");
    let played = papers.play_answered(&answers("obeyed"));
    assert_eq!(finding(&played, "beyond").verdict, Verdict::Fail);
}

#[test]
fn tasks_are_counted_timed_and_measured() {
    let folder = certbench_tests::simulated::Folder::new();
    let photo = folder.0.join("photo.png");
    std::fs::write(&photo, b"a picture").expect("a file");
    let doors = Papers::shipped("scenario-door-opening", "robot").table("doors");
    let opened = [
        ("photo", Answer::File(photo)),
        ("judge", Answer::Choice("open".to_string())),
    ];
    let played = doors.play_answered(&opened);
    completed(&played);
    assert_eq!(finding(&played, "success").verdict, Verdict::Pass);
    assert_eq!(finding(&played, "time").verdict, Verdict::Pass);
    // Until a second person has looked at the photos of a fifth of them.
    assert_eq!(finding(&played, "agreement").verdict, Verdict::NotTested);
    let (time, u) = value(&played, "time");
    assert!((5.0..60.0).contains(&time) && u < 1.0, "{time} ± {u} s");

    let scenes = Papers::shipped("scenario-pick-place", "robot").table("pick-scenes");
    let placed = |how: &str| {
        [
            ("judge", Answer::Choice(how.to_string())),
            ("error", Answer::Number("4 mm".parse().expect("a length"))),
        ]
    };
    let played = scenes.play_answered(&placed("placed"));
    passed(&played);
    assert_eq!(value(&played, "error").0, 4.0);
    let played = scenes.play_answered(&placed("dropped"));
    assert_eq!(finding(&played, "success").verdict, Verdict::Fail);
}

#[test]
fn a_check_list_item_without_its_evidence_is_not_tested_and_one_that_does_not_conform_fails() {
    let folder = certbench_tests::simulated::Folder::new();
    let paper = folder.0.join("paper.pdf");
    std::fs::write(&paper, b"%PDF").expect("a file");
    let lists: [(&str, &[&str]); 2] = [
        (
            "inspection-information-security",
            &[
                "passwords",
                "roles",
                "ports",
                "signed",
                "sbom",
                "contact",
                "sent",
                "erased",
            ],
        ),
        (
            "inspection-ethics",
            &["recognisable", "stop", "consent", "log", "limits"],
        ),
    ];
    for (suite, items) in lists {
        let files: Vec<String> = items.iter().map(|i| format!("{i}-evidence")).collect();
        let given = |wrong: Option<&str>| -> Vec<(&str, Answer)> {
            let said = |item: &str| {
                if wrong == Some(item) {
                    "does-not"
                } else {
                    "conforms"
                }
            };
            let statements = items
                .iter()
                .map(|i| (*i, Answer::Choice(said(i).to_string())));
            let evidence = files
                .iter()
                .map(|f| (f.as_str(), Answer::File(paper.clone())));
            statements.chain(evidence).collect()
        };
        let papers = Papers::shipped(suite, "robot");
        let played = papers.play_answered(&given(None));
        completed(&played);
        assert_eq!(
            played.findings.verdict,
            Verdict::Pass,
            "{:?}",
            played.findings.reasons
        );
        let played = papers.play_answered(&given(Some(items[0])));
        assert_eq!(finding(&played, items[0]).verdict, Verdict::Fail);
        assert_eq!(finding(&played, items[1]).verdict, Verdict::Pass);
        let without: Vec<_> = given(None)
            .into_iter()
            .filter(|(id, _)| !id.ends_with("-evidence"))
            .collect();
        assert_eq!(
            papers.play_answered(&without).findings.verdict,
            Verdict::NotTested
        );
    }
}

#[test]
fn what_a_hand_feels_is_held_against_the_gauge() {
    let own = include_str!("../suites/hand-feel.suite.yaml");
    let bench = certbench_tests::simulated::shipped("benches/sim-hand-strength.bench.yaml");
    let bench = bench.replace(
        "  hand_temperature: {",
        "  finger_force: { device: hand, signal: force }\n  hand_temperature: {",
    );
    let papers = Papers::new(own, &bench).with_file(
        "tables/grip-forces.yaml",
        include_str!("../suites/tables/grip-forces.yaml"),
    );
    let played = papers.play();
    completed(&played);
    // Twice the force of each finger: the difference of the series is what the weak one has.
    let (more, u) = value(&played, "stronger");
    assert!(more > 5.0 && u < 2.0, "{more} ± {u}");
    let tests = &finding(&played, "stronger").more;
    let p = tests.iter().find(|v| v.symbol == "p_KS").expect("a p");
    // Four against four, apart: 2 of 70 interleavings.
    assert!((p.value.value - 2.0 / 70.0).abs() < 1e-12, "{p:?}");
    // All four fingers are commanded at once and are alike.
    assert!(value(&played, "together").0 < 100.0);
    // One finger of four feels a quarter of the grip.
    let gain = finding(&played, "own")
        .more
        .iter()
        .find(|v| v.symbol == "gain")
        .map(|v| v.value.value);
    assert!(gain.is_some_and(|g| (0.15..0.4).contains(&g)), "{gain:?}");
    assert!(value(&played, "follow").0 > 0.0 && value(&played, "touch").0 > 0.0);
    assert!(value(&played, "share").0 > 0.0);
}

#[test]
fn entered_data_give_the_numbers_of_the_notes() {
    let own = include_str!("../suites/entered.suite.yaml");
    let bench = certbench_tests::simulated::shipped("benches/sim-robot.bench.yaml");
    let papers = Papers::new(own, &bench);
    let number = |of: &str| Answer::Number(of.parse().expect("a quantity"));
    let answers = |category: &str| {
        vec![
            ("category", Answer::Choice(category.to_string())),
            ("mttf-d", number("40 a")),
            ("dc", number("95 %")),
            ("common-cause", number("65 1")),
            ("b10d", number("1000000 1")),
            ("days", number("220 1")),
            ("hours", number("16 h")),
            ("cycle", number("60 s")),
            ("moving-mass", number("20 kg")),
            ("load-mass", number("5 kg")),
        ]
    };
    let played = papers.play_answered(&answers("3"));
    completed(&played);
    assert_eq!(finding(&played, "level").verdict, Verdict::Pass);
    assert!((value(&played, "contactor").0 - 47.3485).abs() < 5e-5);
    let (speed, u) = value(&played, "speed");
    assert!((speed - 679.7).abs() < 0.05, "{speed}");
    // First order: v ~ mu^-1/2, and mu moves by (m_H / (m_H + m_R))² dm_R; M/2 and m_L are rectangular.
    let (moving, load) = (0.1 * 20.0 / 2.0 / 3f64.sqrt(), 0.1 * 5.0 / 3f64.sqrt());
    let slope = 679.7 / 2.0 / 10.9091 * (40.0f64 / 55.0).powi(2);
    let first_order = 2.0 * slope * moving.hypot(load);
    assert!(
        (u - first_order).abs() < 0.05 * first_order,
        "{u} {first_order}"
    );
    let played = papers.play_answered(&answers("1"));
    assert_eq!(finding(&played, "level").verdict, Verdict::Fail);
}

#[test]
fn an_axis_is_where_it_was_sent_from_both_sides_and_one_robot_is_exchanged_for_itself() {
    let own = include_str!("../suites/axis.suite.yaml");
    let bench = certbench_tests::simulated::shipped("benches/sim-arm.bench.yaml");
    let targets = include_str!("../suites/tables/targets.yaml");
    let papers = Papers::new(own, &bench).with_file("tables/targets.yaml", targets);
    let played = papers.play();
    completed(&played);
    // Its own encoder: no certificate, so a number without a verdict.
    let accuracy = finding(&played, "accuracy");
    assert_eq!(accuracy.verdict, Verdict::NotTested);
    let Some(Value::Quantity(a)) = &accuracy.result else {
        panic!("{accuracy:?}");
    };
    assert!((0.0..0.1).contains(&a.value), "{}", a.value);
    let (e, u) = value(&played, "exchangeability");
    assert!(e < 0.2 && u < 0.2, "{e} ± {u}");
}
