//! Sampling plans, lots, lives of several items, stresses and falls.

use crate::record::*;
use certbench_model::measure::Compare;
use certbench_model::sampling::{Sampling, Sprt};
use certbench_model::step::Outcome;
use certbench_model::*;

fn sampled(plan: Sampling, invalid_most: u32) -> Step {
    let Step::Trial(mut trial) = hold_trial(invalid_most) else {
        panic!("a trial")
    };
    trial.sampling = Some(plan);
    Step::Trial(trial)
}

/// Trials in a row: held (`+`), lost (`-`), or invalid (`?`).
fn row(plan: Sampling, outcomes: &str) -> Findings {
    let m = Measure {
        n_most: Some(plan.most()),
        ..measure("plan-decision", "hold", &[], 1)
    };
    let mut record = Record::with_case(case("plan", vec![sampled(plan, 3)], vec![m]));
    record.start("plan");
    for (number, outcome) in (1..).zip(outcomes.chars()) {
        let misplaced = Some(Outcome::Invalid("object-misplaced".into()));
        match outcome {
            '+' => record.hold(number, &[], 0.05, None),
            '-' => record.hold(number, &[], 2.0, None),
            _ => record.hold(number, &[], 0.05, misplaced),
        }
    }
    record.finish(CaseEnd::Completed);
    record.judge()
}

fn words(findings: &Findings) -> &str {
    match &only(findings).result {
        Some(finding::Value::Attribute { evidence, .. }) => &evidence.en,
        other => panic!("{other:?} {:?}", only(findings).reasons),
    }
}

const SIX: Sampling = Sampling::Single {
    trials: 6,
    failures: 1,
};

#[test]
fn a_plan_of_six_trials_forgives_one_failure_and_not_two() {
    let forgiven = row(SIX, "++-+++");
    assert_eq!(forgiven.verdict, Verdict::Pass);
    assert_eq!(
        words(&forgiven),
        "accepted after trial 6: 5 successes, 1 failures; plan of 6 trials with at most 1 failures"
    );
    // What acceptance demonstrates: 1 - R solves 6 R^5 (1 - R) + R^6 = 0.05.
    let shown = beside(only(&forgiven), "R_C");
    near(
        6.0 * shown.powi(5) * (1.0 - shown) + shown.powi(6),
        0.05,
        1e-9,
    );
    assert_eq!(row(SIX, "+-+-").verdict, Verdict::Fail);
}

#[test]
fn a_plan_that_is_decided_early_needs_no_further_trials() {
    let early = row(SIX, "+++++");
    assert_eq!(early.verdict, Verdict::Pass);
    // Whoever tests on after a rejection has not mended it.
    let on = row(SIX, "--++++");
    assert_eq!(on.verdict, Verdict::Fail);
    assert!(codes(&only(&on).reasons).contains(&"beyond-decision"));
}

#[test]
fn a_plan_that_was_left_before_its_decision_says_nothing() {
    let left = row(SIX, "++++");
    assert_eq!(left.verdict, Verdict::NotTested);
    assert!(codes(&only(&left).reasons).contains(&"plan-undecided"));
}

#[test]
fn an_invalid_trial_stays_with_its_reason_and_would_it_have_flipped_the_decision() {
    let kept = row(SIX, "++?++-+");
    assert_eq!(kept.verdict, Verdict::Pass);
    assert_eq!(kept.cases[0].invalid_trials[0].code, "object-misplaced");
    // As a failure it would have been the second one.
    assert!(codes(&only(&kept).reasons).contains(&"invalid-flips"));
}

#[test]
fn a_sequential_test_accepts_after_21_successes_and_rejects_after_three_failures() {
    let test = Sprt::new(0.95, 0.85, 0.05, 0.10).unwrap();
    let plan = Sampling::Sequential { test, trials: 231 };
    let good = row(plan, &"+".repeat(21));
    assert_eq!(good.verdict, Verdict::Pass);
    assert_eq!(beside(only(&good), "n"), 21.0);
    near(beside(only(&good), "LLR"), -0.1112256 * 21.0, 1e-5);
    assert!(beside(only(&good), "P_a_0") > 0.95);
    assert!(beside(only(&good), "P_a_1") < 0.10);
    assert_eq!(row(plan, "---").verdict, Verdict::Fail);
    assert_eq!(row(plan, &"+".repeat(20)).verdict, Verdict::NotTested);
}

/// Numbers that were entered, one item a pass.
fn entered(mut m: Measure, prompts: &[&str], items: &[&[&str]]) -> Findings {
    m.n_planned = items.len() as u32;
    let mut record = Record::with_case(case("lot", vec![], vec![m]));
    record.start("lot");
    for (number, item) in items.iter().enumerate() {
        let row = format!("item-{number}");
        for (prompt, answer) in prompts.iter().zip(*item) {
            let context = record.context(&[("item", &row)], 0);
            record.event(EventBody::Prompted {
                prompt: (*prompt).into(),
                text: Text::same("?"),
                context,
            });
            record.event(EventBody::Answered {
                prompt: (*prompt).into(),
                answer: (*answer).into(),
                by: "operator".into(),
                file: None,
            });
        }
    }
    record.finish(CaseEnd::Completed);
    record.judge()
}

#[test]
fn a_lot_by_variables_is_held_against_the_constant_of_its_plan() {
    let judged = |k: &str| {
        let mut m = measure("lot-quality", "torque", &[], 0);
        set(&mut m, "least", "7 N.m");
        set(&mut m, "bad", "5 %");
        m.accept = at_least(Compare::Bound, k);
        entered(m, &["torque"], &[&["9 N.m"], &["10 N.m"], &["11 N.m"]])
    };
    let findings = judged("2.9 1");
    // (10 - 7) / 1, and nothing is added to the plan's constant.
    near(measured(only(&findings)).value, 3.0, 1e-12);
    assert_eq!(findings.verdict, Verdict::Pass);
    assert!(beside(only(&findings), "P_a_1") < 0.3);
    assert_eq!(judged("3.1 1").verdict, Verdict::Fail);
}

#[test]
fn items_that_ran_2000_hours_with_one_failure() {
    let over = [("time", "hours"), ("failures", "failures")];
    let mut m = measure_over("mean-time-between-failures", &over, &[], 0);
    set(&mut m, "mission", "100 h");
    m.accept = at_least(Compare::Bound, "400 h");
    let ran: &[&[&str]] = &[&["500 h", "0 1"], &["1000 h", "1 1"], &["500 h", "0 1"]];
    let findings = entered(m.clone(), &["hours", "failures"], ran);
    let finding = only(&findings);
    near(measured(finding).value, 2000.0, 1e-9);
    // 2 T / chi2(0.95; 4) = 4000 / 9.4877 (tables).
    near(measured(finding).bound.unwrap(), 4000.0 / 9.4877, 0.01);
    near(
        beside(finding, "R_L"),
        (-100.0 * 9.4877f64 / 4000.0).exp(),
        1e-5,
    );
    assert_eq!(findings.verdict, Verdict::Pass);
    // Without a failure there is a bound and no estimate: 2 T / chi2(0.95; 2) = T / -ln 0.05.
    let none = entered(m, &["hours", "failures"], &[&["2000 h", "0 1"]]);
    near(measured(only(&none)).value, 2000.0 / -(0.05f64.ln()), 1e-6);
    assert!(codes(&only(&none).reasons).contains(&"no-failure"));
}

#[test]
fn of_items_of_which_some_still_run_a_share_survives() {
    let over = [("time", "hours"), ("ended", "how")];
    let mut m = measure_over("survival", &over, &[], 0);
    set(&mut m, "mission", "500 h");
    m.accept = at_least(Compare::Bound, "20 %");
    let items: &[&[&str]] = &[
        &["100 h", "failed"],
        &["300 h", "running"],
        &["400 h", "failed"],
        &["600 h", "running"],
        &["700 h", "failed"],
    ];
    let findings = entered(m.clone(), &["hours", "how"], items);
    // 4/5 at 100 h, times 2/3 at 400 h.
    near(
        measured(only(&findings)).value,
        100.0 * 0.8 * 2.0 / 3.0,
        1e-9,
    );
    assert_eq!(beside(only(&findings), "n_c"), 2.0);
    assert_eq!(findings.verdict, Verdict::Fail, "five items say little");
    // All five ran to the end: the bound is that of five successes of five.
    let run: [&[&str]; 5] = [&["600 h", "running"]; 5];
    let all = entered(m.clone(), &["hours", "how"], &run);
    near(
        measured(only(&all)).bound.unwrap(),
        100.0 * 0.05f64.powf(0.2),
        1e-6,
    );
    assert_eq!(all.verdict, Verdict::Pass);
    // Nobody looked as far as the mission.
    let short: &[&[&str]] = &[&["100 h", "failed"], &["200 h", "running"]];
    let short = entered(m, &["hours", "how"], short);
    assert_eq!(short.verdict, Verdict::NotTested);
    assert!(codes(&only(&short).reasons).contains(&"not-observed"));
}

#[test]
fn hands_that_wore_out_or_did_not_in_one_run() {
    let mut m = measure("survival-of-passes", "cycle", &[], 3);
    set(&mut m, "mission", "5000 1");
    m.accept = at_least(Compare::Bound, "1 %");
    let mut record = Record::with_case(case("lives", vec![], vec![m]));
    record.start("lives");
    let lives = [(4000, true), (10_000, false), (9000, true)];
    for (item, (passes, failed)) in lives.into_iter().enumerate() {
        let row = format!("hand-{item}");
        let context = record.context(&[("item", &row)], 0);
        record.event(EventBody::RepeatEnded {
            variable: "cycle".into(),
            passes,
            of: 10_000,
            ending: failed.then(|| "strength < 8 N".into()),
            context,
        });
    }
    record.finish(CaseEnd::Completed);
    let findings = record.judge();
    near(measured(only(&findings)).value, 100.0 * 2.0 / 3.0, 1e-9);
    assert_eq!(findings.verdict, Verdict::Pass);
}

/// A minute of a force, one sample every half second; a stress from 10 s to 30 s.
fn stressed(expected: &str, force: impl Fn(f64) -> f64, helped_s: Option<f64>) -> Findings {
    let mut m = measure("stress-criterion", "exposure", &[("function", "force")], 1);
    set(&mut m, "least", "9 N");
    set(&mut m, "recovery", "5 s");
    set(&mut m, "expected", expected);
    let steps = vec![window("exposure", &["force"])];
    let mut record = Record::with_case(case("field", steps, vec![m]));
    record.plan.channels[usize::from(FORCE)].interval_s = 0.5;
    record.start("field");
    let context = record.context(&[], 0);
    let begin = record.now_ns;
    let curve: Vec<_> = (0..120)
        .map(|i| 0.5 * f64::from(i))
        .map(|t| (FORCE, 1000.0 * t, Reading::scalar(force(t))))
        .collect();
    record.window("exposure", &context, &curve);
    // What happened meanwhile, in the order of time.
    let close = record.events.pop().unwrap();
    let mut tell = |at_s: f64, body: EventBody| {
        record.now_ns = begin + (at_s * 1e9) as u64;
        record.event(body);
    };
    let mark = |name: &str| EventBody::Marked {
        name: name.into(),
        context: context.clone(),
    };
    tell(10.0, mark("stress-on"));
    tell(30.0, mark("stress-off"));
    if let Some(at_s) = helped_s {
        let body = EventBody::Intervened {
            prompt: "state".into(),
            choice: "reset".into(),
            context: context.clone(),
        };
        tell(at_s, body);
    }
    record.now_ns = close.event.time_ns;
    record.event(close.event.body);
    record.finish(CaseEnd::Completed);
    record.judge()
}

#[test]
fn a_grip_in_a_field_reaches_a_b_c_or_none() {
    let always = |_: f64| 10.0;
    let gone = |from: f64, to: f64| move |t: f64| if (from..to).contains(&t) { 2.0 } else { 10.0 };
    assert_eq!(stressed("A", always, None).verdict, Verdict::Pass);
    assert_eq!(stressed("A", gone(12.0, 32.0), None).verdict, Verdict::Fail);
    let back = stressed("B", gone(12.0, 32.0), None);
    assert_eq!(back.verdict, Verdict::Pass);
    assert_eq!(words(&back), "criterion B was reached; B is claimed");
    near(beside(only(&back), "t_out"), 19.5, 1e-9);
    near(beside(only(&back), "d"), 7.0, 1e-9);
    assert_eq!(
        stressed("B", gone(12.0, 42.0), Some(40.0)).verdict,
        Verdict::Fail
    );
    assert_eq!(
        stressed("C", gone(12.0, 42.0), Some(40.0)).verdict,
        Verdict::Pass
    );
    assert_eq!(stressed("C", gone(12.0, 60.0), None).verdict, Verdict::Fail);
    // It did not work before: that says nothing of the field.
    assert_eq!(
        stressed("B", gone(5.0, 32.0), None).verdict,
        Verdict::NotTested
    );
    // 9.1 N against 9 N with U 0.2 N is on neither side.
    assert_eq!(stressed("A", |_| 9.1, None).verdict, Verdict::NotTested);
}

/// A stop at 200 ms; the height of a machine over two seconds.
fn stopped(height: impl Fn(f64) -> f64, expected: &str) -> Findings {
    let channels = [("posture", "tcp"), ("trigger", "estop")];
    let mut m = measure("stop-fall", "stop", &channels, 1);
    set(&mut m, "component", "z");
    set(&mut m, "least", "700 mm");
    set(&mut m, "expected", expected);
    let steps = vec![window("stop", &["tcp", "estop"])];
    let mut record = Record::with_case(case("stop", steps, vec![m]));
    record.start("stop");
    let context = record.context(&[], 0);
    let mut samples: Vec<_> = (0..200)
        .map(|i| 10.0 * f64::from(i))
        .map(|ms| (TCP, ms, Reading::vector(&[0.0, 0.0, height(ms)])))
        .collect();
    samples.extend((0..2000).map(|i| {
        let ms = f64::from(i);
        (ESTOP, ms, Reading::scalar(f64::from(u8::from(ms < 200.0))))
    }));
    record.window("stop", &context, &samples);
    record.finish(CaseEnd::Completed);
    record.judge()
}

#[test]
fn a_machine_that_balances_falls_or_stands_after_its_stop() {
    let stands = stopped(|ms| 900.0 - 0.01 * ms, "upright");
    assert_eq!(stands.verdict, Verdict::Pass, "{:?}", only(&stands).reasons);
    let sinks = |ms: f64| {
        if ms < 400.0 {
            900.0
        } else {
            900.0 - 0.5 * (ms - 400.0)
        }
    };
    let falls = stopped(sinks, "upright");
    assert_eq!(falls.verdict, Verdict::Fail);
    assert_eq!(words(&falls), "fell after 1 of 1 stops");
    // Below 700 mm after 800 ms; the trigger was between 199 and 200 ms.
    near(beside(only(&falls), "t_f"), 0.61, 0.012);
    assert_eq!(stopped(sinks, "fall").verdict, Verdict::Pass);
    // It lay on the floor before the stop.
    assert_eq!(stopped(|_| 300.0, "upright").verdict, Verdict::NotTested);
}
