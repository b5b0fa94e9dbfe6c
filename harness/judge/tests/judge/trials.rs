//! Success rates: what counts, what does not, and what is said about it.

use crate::record::*;
use certbench_model::finding::{Findings, Proportion, Value};
use certbench_model::measure::Compare;
use certbench_model::plan::Shortened;
use certbench_model::step::{Condition, Does, Otherwise, Outcome, Wait};
use certbench_model::*;

fn grasp(objects: &[&str], per_object: u32, limit: &str, invalid_most: u32) -> Record {
    let n = objects.len() as u32 * per_object;
    let rate = Measure {
        accept: at_least(Compare::Bound, limit),
        ..measure("success-rate", "hold", &[], n)
    };
    let by_object = Measure {
        id: "by-object".into(),
        per: Some("object".into()),
        ..measure("success-rate", "hold", &[], per_object)
    };
    let steps = vec![over_rows(
        "object",
        "objects",
        objects,
        vec![hold_trial(invalid_most)],
    )];
    let mut record = Record::with_case(case("grasp", steps, vec![rate, by_object]));
    record.plan.tables.insert("objects".into(), rows(objects));
    record.start("grasp");
    record
}

fn proportion(value: &Option<Value>) -> &Proportion {
    match value {
        Some(Value::Proportion(p)) => p,
        other => panic!("no proportion: {other:?}"),
    }
}

fn rate(findings: &Findings) -> &Finding {
    &findings.cases[0].findings[0]
}

#[test]
fn thirty_of_thirty_pass_a_limit_of_ninety_percent_by_their_lower_bound() {
    let mut record = grasp(&["ball", "mug", "pen"], 10, "90 %", 0);
    for i in 0..30 {
        let object = ["ball", "mug", "pen"][i as usize / 10];
        record.hold(i + 1, &[("object", object)], 0.01, None);
    }
    record.finish(CaseEnd::Completed);
    let findings = record.judge();
    assert_eq!(findings.verdict, Verdict::Pass);
    let p = proportion(&rate(&findings).result);
    assert_eq!((p.k, p.n), (30, 30));
    assert!((p.lower - 0.904966).abs() < 5e-7); // standards notes 9.5
    let decision = rate(&findings).decision.as_ref().unwrap();
    // The bound holds the whole uncertainty: the guard adds nothing.
    assert_eq!((decision.compared, decision.guard), (p.lower, 0.0));
    assert_eq!(rate(&findings).source, Source::Reference);
    near(beside(rate(&findings), "J_L"), 0.920322, 5e-7); // Jeffreys, 9.5
    assert_eq!(rate(&findings).channels, ["force"]);
}

/// Thirty of thirty, with or without a sampling plan that may end the trials early.
fn thirty(sampling: Option<certbench_model::sampling::Sampling>) -> Findings {
    let mut record = grasp(&["ball"], 30, "90 %", 0);
    let Step::Trial(mut trial) = hold_trial(0) else {
        panic!("a trial");
    };
    trial.sampling = sampling;
    record.plan.cases[0].steps = vec![over_rows(
        "object",
        "objects",
        &["ball"],
        vec![Step::Trial(trial)],
    )];
    for i in 1..=30 {
        record.hold(i, &[("object", "ball")], 0.01, None);
    }
    record.finish(CaseEnd::Completed);
    record.judge()
}

#[test]
fn trials_that_their_outcomes_end_have_no_characteristic_of_a_fixed_count() {
    let plan = certbench_model::sampling::Sampling::Single {
        trials: 30,
        failures: 0,
    };
    let ended = thirty(Some(plan));
    let has = |findings: &Findings| {
        let mut figures = rate(findings).figures.iter();
        figures.any(|f| f.title.en.starts_with("Operating"))
    };
    assert!(!has(&ended) && has(&thirty(None)));
}

#[test]
fn the_operating_characteristic_is_that_of_the_plan() {
    let findings = thirty(None);
    let curve = &rate(&findings).figures[0];
    // No failure of 30 may be: one more and the bound is 85.1 %.
    assert!(
        curve.title.en.contains("at most 0 of 30 trials"),
        "{}",
        curve.title.en
    );
    near(curve.events[0].at, 90.0, 1e-9);
    near(curve.limits[0].at, 100.0 * 0.9f64.powi(30), 1e-9);
    for [rate, accepted] in &curve.series[0].points {
        near(*accepted, 100.0 * (rate / 100.0).powi(30), 1e-9);
    }
    // By objects there is no limit, and no plan to show.
    assert!(findings.cases[0].findings[1].figures.is_empty());
}

/// Trials that no rule over the record decides, but what was awaited on the gauge and what was said.
fn awaited(frozen: bool, said: Outcome) -> Findings {
    let mut record = grasp(&["ball"], 30, "80 %", 0);
    let Step::Trial(mut trial) = hold_trial(0) else {
        panic!("a trial");
    };
    let Step::Window(mut held) = window("held", &["force"]) else {
        panic!("a window");
    };
    held.until = Some(Wait::Until {
        condition: Condition {
            channel: "force".into(),
            component: String::new(),
            does: Does::Keeps {
                least: f64::MIN,
                most: 0.15,
                for_s: 0.2,
            },
        },
        within_s: 5.0,
        otherwise: Otherwise::Failure,
    });
    (trial.outcome, trial.steps) = (None, vec![Step::Window(held)]);
    let steps = vec![Step::Trial(trial)];
    record.plan.cases[0].steps = vec![over_rows("object", "objects", &["ball"], steps)];
    record.frozen = frozen;
    for i in 1..=30 {
        record.hold(i, &[("object", "ball")], 0.01, Some(said.clone()));
    }
    record.finish(CaseEnd::Completed);
    record.judge()
}

#[test]
fn what_a_stuck_gauge_ended_is_neither_held_nor_dropped() {
    assert_eq!(awaited(false, Outcome::Success).verdict, Verdict::Pass);
    assert_eq!(awaited(false, Outcome::Failure).verdict, Verdict::Fail);
    for said in [Outcome::Success, Outcome::Failure] {
        let findings = awaited(true, said);
        assert_eq!(findings.verdict, Verdict::NotTested);
        assert!(codes(&rate(&findings).reasons).contains(&"frozen"));
    }
}

#[test]
fn twenty_nine_of_thirty_fail_the_same_limit() {
    let mut record = grasp(&["ball"], 30, "90 %", 0);
    for i in 1..=30 {
        let force = if i == 17 { 5.0 } else { 0.01 };
        record.hold(i, &[("object", "ball")], force, None);
    }
    record.finish(CaseEnd::Completed);
    let findings = record.judge();
    assert_eq!(findings.verdict, Verdict::Fail);
    assert!((proportion(&rate(&findings).result).lower - 0.851404).abs() < 5e-7);
}

#[test]
fn failures_that_cluster_at_the_end_show_in_the_order() {
    let mut record = grasp(&["ball"], 10, "1 %", 0);
    for i in 1..=10 {
        let force = if i > 5 { 9.0 } else { 0.01 };
        record.hold(i, &[("object", "ball")], force, None);
    }
    record.finish(CaseEnd::Completed);
    let findings = record.judge();
    near(beside(rate(&findings), "p_runs"), 4.0 / 252.0, 1e-9);
}

#[test]
fn objects_are_reported_apart_and_planned_ones_that_were_never_tried_have_their_row() {
    let mut record = grasp(&["ball", "mug"], 2, "10 %", 0);
    record.hold(1, &[("object", "ball")], 0.01, None);
    record.hold(2, &[("object", "ball")], 9.0, None);
    record.finish(CaseEnd::Completed);
    let findings = record.judge();
    let rows = &findings.cases[0].findings[1..];
    let subjects: Vec<_> = rows
        .iter()
        .map(|f| f.subject.as_ref().unwrap().id.as_str())
        .collect();
    assert_eq!(subjects, ["ball", "mug"]);
    let ball = proportion(&rows[0].result);
    assert_eq!((ball.k, ball.n), (1, 2));
    assert_eq!(rows[1].result, None);
    assert!(codes(&rows[1].reasons).contains(&"n-below-plan"));
    assert_eq!(findings.verdict, Verdict::NotTested);
}

#[test]
fn a_value_without_limit_is_reported_and_weighs_nothing() {
    let mut record = grasp(&["ball", "mug"], 3, "30 %", 0);
    for i in 0..6 {
        let object = ["ball", "mug"][i as usize / 3];
        record.hold(i + 1, &[("object", object)], 0.01, None);
    }
    record.finish(CaseEnd::Completed);
    let findings = record.judge();
    assert_eq!(findings.verdict, Verdict::Pass);
    let ball = &findings.cases[0].findings[1];
    assert_eq!(ball.verdict, Verdict::NotTested);
    assert_eq!(codes(&ball.reasons), ["no-limit"]);
    let intervals = &rate(&findings).figures[0].series[0];
    assert_eq!((intervals.points.len(), intervals.low.len()), (2, 2));
}

#[test]
fn invalid_trials_within_the_cap_are_left_out_and_the_flip_is_told() {
    let mut record = grasp(&["ball"], 29, "90 %", 2);
    for i in 1..=31 {
        let said = (i <= 2).then(|| Outcome::Invalid("object-misplaced".into()));
        record.hold(i, &[("object", "ball")], 0.01, said);
    }
    record.finish(CaseEnd::Completed);
    let findings = record.judge();
    let p = proportion(&rate(&findings).result);
    assert_eq!((p.k, p.n), (29, 29)); // lower bound 0.9019
    assert_eq!(findings.verdict, Verdict::Pass);
    assert_eq!(codes(&rate(&findings).reasons), ["invalid-flips"]);
    assert_eq!(
        codes(&findings.cases[0].invalid_trials),
        ["object-misplaced"; 2]
    );
    assert!(
        findings.cases[0].invalid_trials[1]
            .text
            .en
            .contains("Trial 2")
    );
}

#[test]
fn invalid_trials_that_would_change_nothing_are_told_too() {
    let mut record = grasp(&["ball"], 29, "80 %", 1);
    for i in 1..=30 {
        let said = (i == 1).then(|| Outcome::Invalid("object-misplaced".into()));
        record.hold(i, &[("object", "ball")], 0.01, said);
    }
    record.finish(CaseEnd::Completed);
    let findings = record.judge();
    assert_eq!(findings.verdict, Verdict::Pass);
    assert_eq!(codes(&rate(&findings).reasons), ["invalid-no-flip"]);
}

#[test]
fn more_invalid_trials_than_the_cap_are_not_a_pass() {
    let mut record = grasp(&["ball"], 2, "1 %", 1);
    for i in 1..=4 {
        let said = (i <= 2).then(|| Outcome::Invalid("object-misplaced".into()));
        record.hold(i, &[("object", "ball")], 0.01, said);
    }
    record.finish(CaseEnd::Completed);
    let findings = record.judge();
    assert_eq!(findings.verdict, Verdict::NotTested);
    assert!(codes(&findings.cases[0].reasons).contains(&"too-many-invalid"));
}

#[test]
fn a_reason_that_the_plan_does_not_name_makes_no_trial_invalid() {
    let mut record = grasp(&["ball"], 1, "1 %", 5);
    record.hold(
        1,
        &[("object", "ball")],
        9.0,
        Some(Outcome::Invalid("bad luck".into())),
    );
    record.hold(2, &[("object", "ball")], 0.01, None);
    record.finish(CaseEnd::Completed);
    let findings = record.judge();
    assert_eq!(findings.verdict, Verdict::NotTested);
    assert!(codes(&rate(&findings).reasons).contains(&"invalid-unnamed"));
}

#[test]
fn an_operators_success_does_not_outvote_the_gauge() {
    let mut record = grasp(&["ball"], 1, "1 %", 0);
    record.hold(1, &[("object", "ball")], 9.0, Some(Outcome::Success));
    record.finish(CaseEnd::Completed);
    assert_eq!(proportion(&rate(&record.judge()).result).k, 0);
}

#[test]
fn a_censored_trial_is_no_success_and_is_told() {
    let mut record = grasp(&["ball"], 2, "1 %", 0);
    record.hold(1, &[("object", "ball")], 0.01, Some(Outcome::Censored));
    record.hold(2, &[("object", "ball")], 0.01, None);
    record.finish(CaseEnd::Completed);
    let findings = record.judge();
    assert_eq!(proportion(&rate(&findings).result).k, 1);
    assert!(codes(&rate(&findings).reasons).contains(&"censored"));
}

#[test]
fn a_trial_without_force_samples_is_neither_success_nor_failure() {
    let mut record = grasp(&["ball"], 2, "1 %", 0);
    record.hold_of(1, &[("object", "ball")], &[], None);
    record.hold(2, &[("object", "ball")], 0.01, None);
    record.finish(CaseEnd::Completed);
    let findings = record.judge();
    assert_eq!(findings.verdict, Verdict::NotTested);
    assert_eq!(proportion(&rate(&findings).result).n, 1);
    assert!(codes(&rate(&findings).reasons).contains(&"silent-channel"));
}

#[test]
fn a_gauge_that_falls_silent_during_the_hold_proves_no_hold() {
    let mut record = grasp(&["ball"], 1, "1 %", 0);
    let samples = [0.0, 10.0, 20.0, 600.0].map(|at| (FORCE, at, Reading::scalar(0.01)));
    record.hold_of(1, &[("object", "ball")], &samples, None);
    record.finish(CaseEnd::Completed);
    let findings = record.judge();
    assert_eq!(findings.verdict, Verdict::NotTested);
    assert!(codes(&rate(&findings).reasons).contains(&"gap"));
}

#[test]
fn a_shortened_case_is_labelled_and_has_no_verdict() {
    let mut record = grasp(&["ball"], 5, "1 %", 0);
    record.plan.cases[0].shortened = Some(Shortened {
        parameter: "trials".into(),
        n: 5,
        of: 30,
    });
    for i in 1..=5 {
        record.hold(i, &[("object", "ball")], 0.01, None);
    }
    record.finish(CaseEnd::Completed);
    let findings = record.judge();
    assert_eq!(findings.verdict, Verdict::NotTested);
    let reason = findings.cases[0]
        .reasons
        .iter()
        .find(|r| r.code == "shortened")
        .unwrap();
    assert!(reason.text.en.contains("5 of 30"), "{}", reason.text.en);
    assert_eq!(rate(&findings).decision, None);
    assert_eq!(proportion(&rate(&findings).result).k, 5); // the number is shown all the same
}

#[test]
fn more_trials_than_planned_are_testing_until_it_passes() {
    let mut record = grasp(&["ball"], 2, "1 %", 0);
    for i in 1..=3 {
        record.hold(i, &[("object", "ball")], 0.01, None);
    }
    record.finish(CaseEnd::Completed);
    let findings = record.judge();
    assert_eq!(findings.verdict, Verdict::NotTested);
    assert!(codes(&rate(&findings).reasons).contains(&"n-above-plan"));
}

#[test]
fn an_estimate_is_guarded_by_the_distance_to_its_interval() {
    let mut record = grasp(&["ball"], 30, "80 %", 0);
    record.plan.cases[0].measures[0].accept = at_least(Compare::Estimate, "80 %");
    record.plan.cases[0].measures[0].rule = DecisionRule::FourValued { r: 1.0 };
    for i in 1..=30 {
        let force = if i <= 2 { 9.0 } else { 0.01 };
        record.hold(i, &[("object", "ball")], force, None);
    }
    record.finish(CaseEnd::Completed);
    let findings = record.judge();
    // 28 of 30: estimate 0.933, interval from 0.779, so the guard reaches beyond the limit.
    assert_eq!(rate(&findings).verdict, Verdict::ConditionalPass);
    let decision = rate(&findings).decision.as_ref().unwrap();
    assert!(
        (decision.guard - (28.0 / 30.0 - 0.779266)).abs() < 1e-3,
        "{decision:?}"
    );
}

#[test]
fn a_trial_that_was_tried_again_is_judged_by_its_last_attempt() {
    let mut record = grasp(&["ball"], 1, "1 %", 0);
    let context = record.context(&[("object", "ball")], 1);
    record.event(EventBody::TrialStarted {
        trial: "hold".into(),
        context: context.clone(),
    });
    record.window("held", &context, &steady(FORCE, 9.0));
    record.event(EventBody::Retried {
        trial: "hold".into(),
        number: 1,
        attempt: 1,
    });
    record.window("held", &context, &steady(FORCE, 0.01));
    record.event(EventBody::TrialEnded {
        trial: "hold".into(),
        number: 1,
        outcome: None,
    });
    record.finish(CaseEnd::Completed);
    assert_eq!(proportion(&rate(&record.judge()).result).k, 1);
}

/// A pass over the record for each trial would take hours here.
#[test]
fn a_hundred_thousand_cycles_are_judged_in_one_pass() {
    let n = 100_000;
    let mut record = grasp(&["ball"], n, "99 %", 0);
    for number in 1..=n {
        let context = record.context(&[("object", "ball")], number);
        record.event(EventBody::TrialStarted {
            trial: "hold".into(),
            context,
        });
        record.event(EventBody::TrialEnded {
            trial: "hold".into(),
            number,
            outcome: Some(Outcome::Failure),
        });
    }
    record.finish(CaseEnd::Completed);
    let findings = certbench_judge::judge(&record.build());
    assert_eq!(proportion(&rate(&findings).result).n, n);
}
