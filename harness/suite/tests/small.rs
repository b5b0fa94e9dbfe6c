//! A small suite that uses everything once, and what it becomes.

mod common;

use certbench_model::measure::SetBy;
use certbench_model::plan::{OnDeviceEvent, Shortened};
use certbench_model::step::{Does, Over, Stop, Target, Wait};
use certbench_model::{Date, DecisionRule, ParamValue, Plan, Quantity, Source, Step};
use certbench_suite::{
    Diagnostic, Request, Sources, check_bench, check_job, check_suite, plan, remarks, render,
};
use common::{files, replaced, vocabulary};

/// Plans the small suite with changes to its files and entries of the command line.
fn planned(
    changes: &[(&str, &str, &str)],
    job: bool,
    set: &[&str],
    today: &str,
) -> Result<Plan, String> {
    let mut all = files();
    for (file, from, to) in changes {
        replaced(&mut all, file, from, to);
    }
    let mut sources = Sources::memory(all.iter().map(|(n, t)| (n.as_str(), t.as_str())));
    let vocabulary = vocabulary();
    let (suite, a) = check_suite(&mut sources, "small.suite.yaml", &vocabulary);
    let (bench, b) = check_bench(&mut sources, "small.bench.yaml", &vocabulary);
    let (read, c) = check_job(&mut sources, "small.job.yaml");
    let all: Vec<Diagnostic> = a.into_iter().chain(b).chain(c).collect();
    let (Some(suite), Some(bench), Some(read)) = (suite, bench, read) else {
        return Err(render(&all, &sources, false));
    };
    assert!(all.is_empty(), "{}", render(&all, &sources, false));
    let today: Date = today.parse().unwrap();
    let set: Vec<String> = set.iter().map(ToString::to_string).collect();
    let request = Request {
        suite: &suite,
        bench: &bench,
        job: job.then_some(&read),
        vocabulary: &vocabulary,
        today,
        set: &set,
    };
    let plan = plan(&request, &mut sources);
    plan.map_err(|d| render(&d, &sources, false))
}

fn small() -> Plan {
    planned(&[], true, &[], "2026-11-22").unwrap_or_else(|e| panic!("{e}"))
}

fn quantity(text: &str) -> Quantity {
    text.parse().unwrap()
}

fn codes(plan: &Plan) -> Vec<(&str, &str, &str)> {
    let restrictions = plan.restrictions.iter();
    restrictions
        .map(|r| (r.case.as_str(), r.measure.as_str(), r.code.as_str()))
        .collect()
}

#[test]
fn the_same_files_give_the_same_plan() {
    assert_eq!(small().digest(), small().digest());
    let json = serde_json::to_string(&small()).unwrap();
    assert_eq!(serde_json::from_str::<Plan>(&json).unwrap(), small());
}

#[test]
fn a_shuffle_is_recorded_and_a_row_value_writes_rows_out() {
    let plan = small();
    let Step::Repeat(objects) = &plan.cases[0].steps[1] else {
        panic!()
    };
    let Over::Rows { table, order, seed } = &objects.over else {
        panic!()
    };
    assert_eq!((table.as_str(), *seed), ("objects", Some(7)));
    let mut sorted = order.clone();
    sorted.sort();
    assert_eq!(sorted, ["box", "cylinder"]);

    // `speed: "{pose.speed}"` differs row by row: each row has a repeat of its own.
    let Step::Repeat(cycles) = &plan.cases[1].steps[0] else {
        panic!()
    };
    assert_eq!(cycles.over, Over::Times(10), "the bench set it");
    let speeds: Vec<Quantity> = cycles
        .steps
        .iter()
        .map(|s| match s.inner().next() {
            Some(Step::Move(m)) => m.speed,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(speeds, [quantity("50 %"), quantity("100 %")]);
    let Step::Repeat(first) = &cycles.steps[0] else {
        panic!()
    };
    let one = Over::Rows {
        table: "poses".into(),
        order: vec!["p1".into()],
        seed: None,
    };
    assert_eq!(first.over, one);
    let Step::Move(motion) = &first.steps[0] else {
        panic!()
    };
    assert_eq!(motion.to, Target::Pose("{pose}".into()));
}

#[test]
fn a_joint_may_be_sent_to_its_home() {
    let sent = [(
        "small.suite.yaml",
        "to: { joints: { j1: 30 deg } }, speed: 20 deg/s, until: started",
        "to: home, speed: 20 deg/s",
    )];
    let plan = planned(&sent, true, &[], "2026-11-22").unwrap_or_else(|e| panic!("{e}"));
    let mut steps = plan.cases[2].steps.iter();
    let homes = |step: &Step| matches!(step, Step::Move(motion) if motion.to == Target::Home);
    assert!(steps.any(homes), "{:?}", plan.cases[2].steps);
}

#[test]
fn measures_know_how_many_instances_each_row_owes() {
    let plan = small();
    let n: Vec<u32> = plan
        .cases
        .iter()
        .flat_map(|c| &c.measures)
        .map(|m| m.n_planned)
        .collect();
    // 2 objects; 2 windows; 10 cycles for each pose; one stop.
    assert_eq!(n, [2, 2, 10, 1]);
}

#[test]
fn values_are_in_the_units_of_the_channels() {
    let plan = small();
    let Step::Window(stop) = &plan.cases[2].steps[1] else {
        panic!()
    };
    let Some(Wait::Until {
        condition,
        within_s,
        ..
    }) = &stop.until
    else {
        panic!()
    };
    assert_eq!(
        condition.does,
        Does::Rests {
            within: 0.5,
            for_s: 0.3
        }
    );
    assert_eq!((condition.component.as_str(), *within_s), ("", 5.0));
    let (_, force) = plan.channel("force").unwrap();
    assert_eq!(force.calibration.as_ref().unwrap().noise, Some(0.01));
    assert_eq!(force.delay_s, [0.0, 0.05 + 0.01]);
    let (_, tcp) = plan.channel("tcp").unwrap();
    assert_eq!(tcp.interval_s, 0.004);
    assert_eq!(tcp.calibration.as_ref().unwrap().ranges[0].from, -5000.0);
    assert!((tcp.calibration.as_ref().unwrap().ranges[0].u_abs - 0.05).abs() < 1e-12);
    assert_eq!(plan.watches[0].at_most, Some(70.0));
    assert!(matches!(
        plan.cases[2].steps[2],
        Step::Stop(Stop::Recover { .. })
    ));
    assert_eq!(plan.cases[2].on_device_event, OnDeviceEvent::NotTested);
}

#[test]
fn the_use_of_an_instrument_is_half_widths_in_its_unit() {
    let (from, to) = (
        "delay: [0 ms, 10 ms]",
        "delay: [0 ms, 10 ms]
        in_use:
          resolution: { step: 20 mN, from: display }
          alignment: { angle: 1 deg, from: fixture }
          temperature: { per_kelvin: 1 mN, per_kelvin_relative: 0.02 %, within: 5 K, from: data sheet, steady: true }",
    );
    let plan = planned(&[("small.bench.yaml", from, to)], true, &[], "2026-11-22").unwrap();
    let (_, force) = plan.channel("force").unwrap();
    let used = force.calibration.as_ref().unwrap().in_use.clone().unwrap();
    let [resolution, alignment, temperature] = used.parts().map(|part| part.unwrap().clone());
    let near = |got: f64, want: f64| assert!((got - want).abs() < 1e-12, "{got} is not {want}");
    near(resolution.half_abs, 0.01);
    near(alignment.half_rel, 1.523_280_438e-4); // 1 / cos 1° - 1
    near(temperature.half_abs, 0.005);
    near(temperature.half_rel, 0.001);
    let steady = [resolution, alignment, temperature].map(|p| p.steady);
    assert_eq!(steady, [false, true, true]);
}

#[test]
fn only_what_is_used_is_in_the_plan() {
    let plan = small();
    let ids: Vec<&str> = plan.channels.iter().map(|c| c.id.as_str()).collect();
    assert_eq!(ids, ["contact", "force", "heat", "tcp"]);
    assert_eq!(plan.bench.devices.len(), 5);
    let without = [(
        "small.bench.yaml",
        "  io:\n",
        "  spare: { driver: ascii-tracker, port: /dev/ttyUSB9, provenance: physical }\n  io:\n",
    )];
    let plan = planned(&without, true, &[], "2026-11-22").unwrap();
    assert!(plan.device("spare").is_none());
}

#[test]
fn the_source_says_who_produced_a_channel() {
    let plan = small();
    let source = |id: &str| plan.channel(id).unwrap().1.source;
    assert_eq!(source("force"), Source::Reference);
    assert_eq!(source("contact"), Source::Reference);
    assert_eq!(source("heat"), Source::Device);
    let under_test: Vec<&str> = plan
        .bench
        .devices
        .iter()
        .filter(|d| d.under_test)
        .map(|d| d.id.as_str())
        .collect();
    assert_eq!(under_test, ["arm", "hand"]);
}

#[test]
fn limits_say_who_set_them() {
    let plan = small();
    let accept = plan.cases[1].measures[0].accept.as_ref().unwrap();
    assert_eq!(accept.at_most, Some(quantity("1.5 mm")));
    assert_eq!(accept.set_by, SetBy::Customer);
    assert!(accept.origin.as_ref().unwrap().en.contains("2026-001"));
    let limit = plan
        .parameters
        .iter()
        .find(|p| p.id == "limit_max")
        .unwrap();
    assert_eq!(limit.default, ParamValue::Quantity(quantity("2 mm")));
    // Without a job the suite's default is in force, and the suite has set it.
    let plan = planned(&[], false, &[], "2026-11-22").unwrap();
    let accept = plan.cases[1].measures[0].accept.as_ref().unwrap();
    assert_eq!(accept.set_by, SetBy::Suite);
}

#[test]
fn the_agreed_rule_holds_but_for_safety() {
    assert_eq!(
        small().cases[0].measures[0].rule,
        DecisionRule::FourValued { r: 0.83 }
    );
    let plan = planned(&[], false, &[], "2026-11-22").unwrap();
    assert_eq!(
        plan.cases[0].measures[0].rule,
        DecisionRule::Guarded { r: 1.0 }
    );
    let safety = [("small.suite.yaml", "area: evaluation", "area: safety")];
    let plan = planned(&safety, true, &[], "2026-11-22").unwrap();
    assert_eq!(
        plan.cases[0].measures[0].rule,
        DecisionRule::Guarded { r: 1.0 }
    );
}

#[test]
fn a_rule_that_is_not_applied_is_remarked() {
    let mut all = files();
    replaced(
        &mut all,
        "small.suite.yaml",
        "area: evaluation",
        "area: safety",
    );
    let mut sources = Sources::memory(all.iter().map(|(n, t)| (n.as_str(), t.as_str())));
    let vocabulary = vocabulary();
    let suite = check_suite(&mut sources, "small.suite.yaml", &vocabulary)
        .0
        .unwrap();
    let bench = check_bench(&mut sources, "small.bench.yaml", &vocabulary)
        .0
        .unwrap();
    let job = check_job(&mut sources, "small.job.yaml").0.unwrap();
    let today = "2026-11-22".parse().unwrap();
    let request = Request {
        suite: &suite,
        bench: &bench,
        job: Some(&job),
        vocabulary: &vocabulary,
        today,
        set: &[],
    };
    let said = remarks(&request, &sources);
    assert_eq!(said[0].code, "rule-kept");
    assert_eq!(said[0].labels[0].line, 8);
}

#[test]
fn fewer_than_a_verdict_needs_is_shortened() {
    let plan = planned(&[], true, &["cycles=3"], "2026-11-22").unwrap();
    let short = Shortened {
        parameter: "cycles".into(),
        n: 3,
        of: 5,
    };
    let all: Vec<_> = plan.cases.iter().map(|c| c.shortened.clone()).collect();
    assert_eq!(all, [None, Some(short), None], "only the case that uses it");
    assert_eq!(codes(&plan), [("posing", "", "shortened")]);
    assert!(codes(&small()).is_empty());
}

#[test]
fn a_certificate_out_of_date_is_no_refusal_but_no_verdict() {
    let plan = planned(&[], true, &[], "2027-06-01").unwrap();
    let expected = [
        ("grasping", "peak", "calibration-due"),
        ("posing", "accuracy", "calibration-due"),
        ("stopping", "category", "calibration-due"),
    ];
    assert_eq!(codes(&plan), expected);
    // The last day is still good.
    assert!(codes(&planned(&[], true, &[], "2027-05-31").unwrap()).is_empty());
}

#[test]
fn an_instrument_without_certificate_carries_no_verdict() {
    let bench = files()
        .into_iter()
        .find(|(n, _)| n == "small.bench.yaml")
        .unwrap()
        .1;
    let from = bench.find("    calibration:\n      force:").unwrap();
    let to = bench.find("  arm:\n    driver").unwrap();
    let changes = [("small.bench.yaml", &bench[from..to], "")];
    let plan = planned(&changes, true, &[], "2026-11-22").unwrap();
    assert_eq!(codes(&plan), [("grasping", "peak", "no-calibration")]);
    assert_eq!(plan.channel("force").unwrap().1.source, Source::Device);
}

#[test]
fn without_registration_or_commanded_pose_accuracy_is_not_tested() {
    let bench = files()
        .into_iter()
        .find(|(n, _)| n == "small.bench.yaml")
        .unwrap()
        .1;
    let from = bench.find("    registration:").unwrap();
    let to = bench.find("  io:\n    driver").unwrap();
    let plan = planned(
        &[("small.bench.yaml", &bench[from..to], "")],
        true,
        &[],
        "2026-11-22",
    )
    .unwrap();
    assert_eq!(codes(&plan), [("posing", "accuracy", "no-registration")]);
    let no_tcp = [(
        "small.bench.yaml",
        ", tcp: [500 mm, 90 mm, 300 mm, 0 deg, 0 deg, 0 deg], frame: base",
        "",
    )];
    let plan = planned(&no_tcp, true, &[], "2026-11-22").unwrap();
    assert_eq!(codes(&plan), [("posing", "accuracy", "no-commanded-pose")]);
    let other = [(
        "small.bench.yaml",
        "frame: base, method",
        "frame: cell, method",
    )];
    let plan = planned(&other, true, &[], "2026-11-22").unwrap();
    assert_eq!(
        codes(&plan),
        [
            ("posing", "accuracy", "other-frame"),
            ("posing", "accuracy", "other-frame")
        ]
    );
}

#[test]
fn every_case_is_bounded() {
    let plan = small();
    for case in &plan.cases {
        assert!(case.seconds_max.is_finite() && case.seconds_max > 0.0);
        assert!(case.steps_max > 0);
    }
    // 10 cycles x (repeat) + 2 poses x (repeat 1, move 10 + 1, window 0.1 + 1): see `count.rs`.
    let posing = &plan.cases[1];
    assert_eq!(posing.steps_max, 1 + 10 * 2 * 3);
    assert!((posing.seconds_max - (1.0 + 20.0 * (1.0 + 11.0 + 1.1))).abs() < 1e-9);
}

#[test]
fn texts_are_kept_as_written() {
    let plan = small();
    let job = plan.job.unwrap();
    assert_eq!(job.items[0].identity.serial.as_deref(), Some("0042"));
    assert_eq!(job.items[1].identity.firmware.as_deref(), Some("1.10"));
    assert_eq!(job.declared["rated_load"], quantity("5 kg"));
    assert_eq!(
        plan.suite.basis[1].edition,
        "draft for comments, 2026-05-01"
    );
    let files: Vec<&str> = plan.suite.files.iter().map(|f| f.path.as_str()).collect();
    assert_eq!(
        files,
        [
            "small.suite.yaml",
            "tables/objects.yaml",
            "tables/poses.yaml"
        ]
    );
    let text = &common::files()
        .into_iter()
        .find(|(n, _)| n == "small.suite.yaml")
        .unwrap()
        .1;
    assert_eq!(
        plan.suite.files[0].sha256,
        certbench_model::sha256_hex(text.as_bytes())
    );
}

#[test]
fn a_cube_says_where_its_poses_are_commanded() {
    // Standards notes, 9.1: centre (700, 0, 600), edge 500, the plane of equal offsets in x and z.
    let cube = "cube: { device: arm, centre: [700 mm, 0 mm, 600 mm], edge: 50 cm, orientation: [160 deg, 0 deg, 90 deg], frame: base }\nposes:\n";
    let with = |pose: &str| {
        let bench = "small.bench.yaml";
        let changes = [
            (bench, "poses:\n", cube),
            (
                bench,
                ", tcp: [500 mm, 0 mm, 300 mm, 0 deg, 0 deg, 0 deg], frame: base",
                "",
            ),
            (
                bench,
                ", tcp: [500 mm, 90 mm, 300 mm, 0 deg, 0 deg, 0 deg], frame: base",
                pose,
            ),
        ];
        planned(&changes, true, &[], "2026-11-22").unwrap_or_else(|e| panic!("{e}"))
    };
    let tcp = |plan: &Plan, name: &str| plan.bench.poses[name].tcp;
    let plan = with("");
    assert_eq!(
        tcp(&plan, "p1"),
        Some([700.0, 0.0, 600.0, 160.0, 0.0, 90.0])
    );
    assert_eq!(
        tcp(&plan, "p2"),
        Some([900.0, 200.0, 800.0, 160.0, 0.0, 90.0])
    );
    assert_eq!(plan.bench.poses["p2"].frame.as_deref(), Some("base"));
    // What is no pose of a cube is left alone, and joint angles are nobody's to invent.
    assert_eq!(tcp(&plan, "park"), None);
    assert!(!plan.bench.poses.contains_key("p3"));
    // A position within 2 % of the diagonal is the laboratory's own, and stays.
    let own = with(", tcp: [905 mm, 200 mm, 800 mm, 150 deg, 0 deg, 90 deg], frame: base");
    assert_eq!(
        tcp(&own, "p2"),
        Some([905.0, 200.0, 800.0, 150.0, 0.0, 90.0])
    );
}
