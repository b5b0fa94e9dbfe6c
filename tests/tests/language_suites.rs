//! Real test procedures as suites, on the simulated clock: finger strength under a force ramp, grasp
//! success over a set of objects, a matrix of stops, the drift of an arm that warms up, the endurance
//! of a hand that wears. (The robot of its own program and the joint on a load machine are in
//! `language_driven.rs`.)

use certbench_model::finding::{Finding, Value};
use certbench_model::step::Outcome;
use certbench_model::{EventBody, RunEnd, Verdict};
use certbench_roles::Answer;
use certbench_tests::simulated::{Papers, Played, in_a_line};

fn findings<'a>(played: &'a Played, measure: &'a str) -> impl Iterator<Item = &'a Finding> {
    let all = played.findings.cases.iter().flat_map(|c| &c.findings);
    all.filter(move |f| f.measure == measure)
}

fn value(finding: &Finding) -> (f64, f64) {
    match &finding.result {
        Some(Value::Quantity(q)) => (q.value, q.u_expanded.unwrap_or(f64::NAN)),
        other => panic!("{}: {other:?} {:?}", finding.measure, finding.reasons),
    }
}

#[test]
fn a_fingers_strength_is_corrected_for_its_angle_and_a_finger_that_does_not_give_way_is_censored() {
    let played = Papers::shipped("finger-strength", "hand").play();
    assert_eq!(played.end, RunEnd::Completed, "{:?}", played.faults());
    let (peak, _) = value(findings(&played, "peak").next().unwrap());
    let (strength, u) = value(findings(&played, "strength").next().unwrap());
    assert!((strength - peak * 1.0154).abs() < 1e-9);
    // The hand pushes with 10 N at most, and the load cell stands askew by 10 degrees.
    assert!(
        (9.5..10.5).contains(&strength) && u < 0.5,
        "{strength} ± {u}"
    );
    let outcomes: Vec<_> = played
        .events()
        .filter_map(|e| match e {
            EventBody::TrialEnded { outcome, .. } => outcome.clone(),
            _ => None,
        })
        .collect();
    assert_eq!(outcomes, vec![Outcome::Censored; 10]);
    // The ramp went on while the window was open.
    let mut open = false;
    let mut during = 0;
    for event in played.events() {
        match event {
            EventBody::WindowOpened { .. } => open = true,
            EventBody::WindowClosed { .. } => open = false,
            EventBody::Commanded { what, .. } if open && what.contains("point") => during += 1,
            _ => {}
        }
    }
    assert_eq!(during, 10 * 5, "five steps of force in each window");
}

#[test]
fn twenty_objects_in_five_layouts_are_kept_apart_and_every_trial_has_its_photo() {
    let folder = certbench_tests::simulated::Folder::new();
    let photo = folder.0.join("photo.png");
    std::fs::write(&photo, b"a picture").unwrap();
    let papers = Papers::shipped("grasp-success-set", "hand")
        .table("grasp-objects-20")
        .table("layouts");
    let answers = [
        ("photo", Answer::File(photo)),
        ("judge", Answer::Choice("held".to_string())),
    ];
    let played = papers.play_answered(&answers);
    assert_eq!(played.end, RunEnd::Completed, "{:?}", played.faults());
    let trials: Vec<_> = played
        .events()
        .filter_map(|e| match e {
            EventBody::TrialStarted { context, .. } => {
                Some(context.scope.variables["object"].clone())
            }
            _ => None,
        })
        .collect();
    assert_eq!(trials.len(), 100);
    assert!(
        trials.windows(2).all(|w| w[0] != w[1]),
        "never the same object twice in a row"
    );
    let photos = played
        .events()
        .filter(|e| matches!(e, EventBody::Answered { prompt, .. } if prompt == "photo"));
    assert_eq!(photos.count(), 100);
    assert_eq!(findings(&played, "success-by-object").count(), 20);
    let whole = findings(&played, "success-rate").next().unwrap();
    assert_eq!(whole.verdict, Verdict::Pass, "{:?}", whole.reasons);
    // Not tested until a second person has looked at the photos of a fifth of them.
    let agreement = findings(&played, "agreement").next().unwrap();
    assert_eq!(agreement.verdict, Verdict::NotTested, "{agreement:?}");
}

#[test]
fn a_matrix_of_stops_changes_loads_once_a_block_and_judges_each_combination() {
    let papers = [
        "stop-axes",
        "stop-matrix-speeds",
        "stop-loads",
        "stop-extensions",
    ]
    .iter()
    .fold(Papers::shipped("stop-matrix", "arm"), |p, t| p.table(t));
    let played = papers.set("repeats=1").play();
    assert_eq!(played.end, RunEnd::Completed, "{:?}", played.faults());
    // Three loads, three extensions, three speeds, two axes; two combinations of axis 2 a load left out.
    let times: Vec<_> = findings(&played, "stop-time").collect();
    assert_eq!(times.len(), 3 * 2 * 3 * 3 - 3 * 2);
    let loads = played
        .events()
        .filter(|e| matches!(e, EventBody::Prompted { prompt, .. } if prompt == "load"));
    assert_eq!(loads.count(), 3, "a load is changed once a block");
    let at = |cell: &str| {
        let found = times
            .iter()
            .find(|f| f.subject.as_ref().is_some_and(|s| s.id == cell));
        value(found.unwrap_or_else(|| panic!("{cell}"))).0
    };
    assert!(
        at("j1-v100-m100-e100") > at("j1-v33-m100-e100"),
        "a faster axis stops later"
    );
    // Without its supply the arm brakes later than by its drives, and no trial ran at another speed.
    let cuts: Vec<_> = findings(&played, "cut-distance").map(value).collect();
    assert_eq!(cuts.len(), 2);
    let ended = played.events().filter_map(|e| match e {
        EventBody::TrialEnded { outcome, .. } => outcome.clone(),
        _ => None,
    });
    let invalid: Vec<_> = ended.filter(|o| matches!(o, Outcome::Invalid(_))).collect();
    assert!(invalid.is_empty(), "{invalid:?}");
    let categories = findings(&played, "stop-category").chain(findings(&played, "cut-category"));
    for found in categories {
        assert!(
            matches!(found.result, Some(Value::Attribute { yes: true, .. })),
            "{found:?}"
        );
    }
}

#[test]
fn an_arm_that_warms_up_is_looked_at_in_groups_at_their_times() {
    let papers = Papers::shipped("warm-up-drift", "arm-long");
    let played = papers.set("repetitions=3").play();
    assert_eq!(played.end, RunEnd::Completed, "{:?}", played.faults());
    let late = played.events().filter_map(|e| match e {
        EventBody::Scheduled { pass, late_s, .. } => Some((*pass, *late_s)),
        _ => None,
    });
    let late: Vec<_> = late.collect();
    assert_eq!(late.len(), 49, "eight hours, every ten minutes");
    assert!(late.iter().all(|(_, s)| *s < 1.0), "{late:?}");
    let heights = played.events().filter_map(|e| match e {
        EventBody::Taken { name, value, .. } if name == "height" => Some(value.value),
        _ => None,
    });
    let heights: Vec<f64> = heights.collect();
    assert_eq!(heights.len(), 3 * 49);
    // A tenth of a millimetre of drift stands out of the scatter of single visits.
    let mean = |of: &[f64]| of.iter().sum::<f64>() / of.len() as f64;
    let drift = mean(&heights[138..]) - mean(&heights[..9]);
    assert!((0.03..0.3).contains(&drift), "{drift} mm: {heights:?}");
    // Its accuracy drifts with it, and the report gets both curves.
    let found = findings(&played, "drift").next().unwrap();
    let (d_ap, _) = value(found);
    assert!((0.03..0.3).contains(&d_ap), "{d_ap} mm");
    assert_eq!(found.figures.len(), 2);
}

#[test]
fn a_hand_that_wears_is_stopped_where_its_strength_has_dropped() {
    let papers = Papers::shipped("hand-endurance", "hand-long")
        .file("templates/grip-strength-check.template.yaml")
        .set("cycles=400")
        .set("check_every=50")
        .bench_with("percent_per_100k: 26", "percent_per_100k: 10000");
    let played = papers.play();
    assert_eq!(played.end, RunEnd::Completed, "{:?}", played.faults());
    let ended = played.events().find_map(|e| match e {
        EventBody::RepeatEnded { passes, ending, .. } => Some((*passes, ending.clone())),
        _ => None,
    });
    let (passes, ending) = ended.unwrap();
    // A tenth of a percent a cycle: a fifth is lost after 200 cycles and the checks' own closings.
    assert!((150..=250).contains(&passes), "{passes} {ending:?}");
    assert!(ending.unwrap().contains("strength.first"));
    let survived = findings(&played, "cycles").next().map(value);
    assert_eq!(survived.map(|(v, _)| v), Some(f64::from(passes - 50)));
}

#[test]
fn only_a_photo_is_judged_again_and_only_by_a_choice() {
    for (from, to, said) in [
        ("photo: photo", "photo: judge", "does not ask for a file"),
        (
            "question: judge",
            "question: photo",
            "does not ask for a choice",
        ),
    ] {
        let papers = Papers::shipped("grasp-success-set", "hand")
            .table("grasp-objects-20")
            .table("layouts")
            .suite_with(from, to);
        let complaints = papers.plan().expect_err("the wrong prompt");
        let all: Vec<String> = complaints.iter().map(in_a_line).collect();
        assert!(all.join("\n").contains(said), "{all:?}");
    }
}
