//! Strength, slip, cycle time and agreement: hands against reference instruments.

use crate::record::*;
use certbench_model::measure::Compare;
use certbench_model::step::{Ask, Choice, Outcome, Presence, Prompt, Trial};
use certbench_model::*;

const CHANNEL: (&str, &str) = ("channel", "force");

/// Trials with one window `pull`; each has a force curve and what was said of it.
fn pulls(
    mut m: Measure,
    curves: &[Vec<(u16, f64, Reading)>],
    said: &[Option<Outcome>],
) -> Findings {
    set(&mut m, "filter", "none");
    let trial = Step::Trial(Trial {
        id: "pull".into(),
        steps: vec![window("pull", &["force"])],
        outcome: None,
        invalid_if: vec![],
        invalid_most: 0,
        attempts: 0,
        sampling: None,
    });
    let mut record = Record::with_case(case("hand", vec![trial], vec![m]));
    record.start("hand");
    for (i, (curve, said)) in curves.iter().zip(said).enumerate() {
        let number = i as u32 + 1;
        let context = record.context(&[], number);
        record.event(EventBody::TrialStarted {
            trial: "pull".into(),
            context: context.clone(),
        });
        record.window("pull", &context, curve);
        record.event(EventBody::TrialEnded {
            trial: "pull".into(),
            number,
            outcome: said.clone(),
        });
    }
    record.finish(CaseEnd::Completed);
    record.judge()
}

/// A force that rises to a peak in half a second.
fn rise(peak: f64) -> Vec<(u16, f64, Reading)> {
    (0..=50)
        .map(|i| {
            (
                FORCE,
                10.0 * f64::from(i),
                Reading::scalar(peak * f64::from(i) / 50.0),
            )
        })
        .collect()
}

const F1: [f64; 10] = [12.1, 12.4, 11.9, 12.3, 12.0, 12.2, 12.5, 11.8, 12.1, 12.3];

fn strength(limit: &str, compare: Compare) -> Measure {
    Measure {
        accept: at_least(compare, limit),
        ..measure("finger-strength", "pull", &[CHANNEL], 10)
    }
}

#[test]
fn ten_finger_strengths_with_their_bound() {
    let curves: Vec<_> = F1.iter().map(|f| rise(*f)).collect();
    let said = vec![Some(Outcome::Success); 10];
    let findings = pulls(strength("11 N", Compare::Bound), &curves, &said);
    let m = measured(only(&findings));
    near(m.value, 12.16, 1e-9);
    near(m.bound.unwrap(), 12.16 - 2.9110 * 0.222111, 2e-4);
    assert_eq!(findings.verdict, Verdict::Pass);
    assert_eq!(beside(only(&findings), "n_c"), 0.0);
}

#[test]
fn censored_strengths_are_lower_bounds() {
    let curves: Vec<_> = F1.iter().map(|f| rise(*f)).collect();
    let mut said = vec![Some(Outcome::Success); 10];
    said[6] = Some(Outcome::Censored);
    let findings = pulls(strength("11 N", Compare::Estimate), &curves, &said);
    assert_eq!(findings.verdict, Verdict::Pass);
    assert!(codes(&only(&findings).reasons).contains(&"censored"));
    assert_eq!(beside(only(&findings), "n_c"), 1.0);
    assert_eq!(beside(only(&findings), "F_50"), 12.1);
    // Ten trials without a distribution bound nothing at 95/95.
    assert_eq!(measured(only(&findings)).bound, None);
    let most = Measure {
        accept: at_most("20 N"),
        ..strength("11 N", Compare::Estimate)
    };
    assert_eq!(pulls(most, &curves, &said).verdict, Verdict::NotTested);
}

/// Pulled out: to a peak, and down to a third of it when it slips.
fn pull(peak: f64, slips: bool) -> Vec<(u16, f64, Reading)> {
    let mut curve = rise(peak);
    curve.extend((51..80).map(|i| {
        let force = if slips { peak / 3.0 } else { 0.95 * peak };
        (
            FORCE,
            10.0 * f64::from(i),
            Reading::scalar(force + 1e-6 * f64::from(i % 2)),
        )
    }));
    curve
}

#[test]
fn slip_resistance_is_the_peak_before_gross_slip() {
    let resistance = || Measure {
        accept: at_least(Compare::Estimate, "20 N"),
        ..measure("slip-resistance", "pull", &[CHANNEL], 3)
    };
    let said = vec![None; 3];
    let findings = pulls(
        resistance(),
        &[25.0, 26.0, 27.0].map(|f| pull(f, true)),
        &said,
    );
    near(measured(only(&findings)).value, 26.0, 1e-9);
    assert_eq!(beside(only(&findings), "n_c"), 0.0);
    assert_eq!(findings.verdict, Verdict::Pass);
    let held = pulls(
        resistance(),
        &[pull(25.0, true), pull(26.0, true), pull(27.0, false)],
        &said,
    );
    assert_eq!(beside(only(&held), "n_c"), 1.0);
    assert!(codes(&only(&held).reasons).contains(&"censored"));
}

#[test]
fn a_grasp_cycle_ends_when_the_force_is_gone() {
    let mut m = measure("grasp-cycle-time", "pull", &[CHANNEL], 3);
    set(&mut m, "full", "10 N");
    m.accept = at_most("1 s");
    let cycle: Vec<_> = (0..100)
        .map(|i| {
            let force = match i {
                0..20 => 0.001 * f64::from(i),
                20..60 => 12.0,
                _ => 0.1,
            };
            (FORCE, 10.0 * f64::from(i), Reading::scalar(force))
        })
        .collect();
    let findings = pulls(m, &vec![cycle; 3], &vec![None; 3]);
    let m = measured(only(&findings));
    near(m.value, 0.6, 1e-6);
    near(beside(only(&findings), "t_g"), 0.2, 1e-6);
    assert_eq!(findings.verdict, Verdict::Pass);
}

#[test]
fn when_a_slowly_waning_force_is_gone_the_gauge_says_only_roughly() {
    let mut m = measure("grasp-cycle-time", "pull", &[CHANNEL], 1);
    set(&mut m, "full", "10 N");
    set(&mut m, "none", "0.5 N");
    let force = |i: i32| match i {
        0..20 => 0.0,
        20..60 => 12.0,
        _ => (1.25 - 0.1 * f64::from(i - 60)).max(0.0),
    };
    let row = |i: i32| (FORCE, 10.0 * f64::from(i), Reading::scalar(force(i)));
    let findings = pulls(m, &[(0..100).map(row).collect()], &[None]);
    let m = measured(only(&findings));
    near(m.value, 0.68, 1e-6);
    // U = 0.2 N: the force was 0.7 N at 0.66 s and 0.3 N at 0.70 s.
    near(m.budget.last().unwrap().u, 0.02 / 2.0, 1e-6);
}

#[test]
fn a_force_that_just_passes_for_none_and_stays_may_be_gone_much_later() {
    let mut m = measure("grasp-cycle-time", "pull", &[CHANNEL], 1);
    set(&mut m, "full", "10 N");
    set(&mut m, "none", "0.5 N");
    let force = |i: i32| match i {
        20..60 => 12.0,
        60..80 => 0.4,
        _ => 0.0,
    };
    let row = |i: i32| (FORCE, 10.0 * f64::from(i), Reading::scalar(force(i)));
    let findings = pulls(m, &[(0..100).map(row).collect()], &[None]);
    let m = measured(only(&findings));
    near(m.value, 0.6, 1e-6);
    // U = 0.2 N: 0.4 N may be too much, and then it is gone 0.2 s later; never earlier.
    near(m.budget.last().unwrap().u, 0.2 / 2.0, 1e-6);
}

#[test]
fn a_hand_that_never_reaches_the_force_has_no_cycle() {
    let mut m = measure("grasp-cycle-time", "pull", &[CHANNEL], 1);
    set(&mut m, "full", "50 N");
    let findings = pulls(m, &[rise(20.0)], &[None]);
    assert_eq!(only(&findings).verdict, Verdict::NotTested);
    assert!(codes(&only(&findings).reasons).contains(&"no-number"));
}

#[test]
fn two_judges_agree_beyond_chance() {
    let m = measure_over(
        "judge-agreement",
        &[("over", "hold"), ("second", "seen")],
        &[],
        50,
    );
    let choice = |id: &str| Choice {
        id: id.into(),
        text: Text::same(id),
        means: None,
        intervention: false,
    };
    let second = Step::Prompt(Prompt {
        id: "seen".into(),
        text: Text::same("seen"),
        ask: Ask::Choose(vec![choice("success"), choice("failure")]),
        presence: Presence::Outside,
        changes: Default::default(),
    });
    let Step::Trial(mut trial) = hold_trial(0) else {
        panic!("a trial")
    };
    trial.outcome = None;
    trial.steps = vec![second];
    let accept = at_least(Compare::Estimate, "0.1 1");
    let m = Measure { accept, ..m };
    let mut record = Record::with_case(case("judges", vec![Step::Trial(trial)], vec![m]));
    record.start("judges");
    // 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: kappa 0.4.
    let pairs = [
        (20, true, true),
        (5, true, false),
        (10, false, true),
        (15, false, false),
    ];
    let mut number = 0;
    for (times, first, other) in pairs {
        for _ in 0..times {
            number += 1;
            let context = record.context(&[], number);
            record.event(EventBody::TrialStarted {
                trial: "hold".into(),
                context: context.clone(),
            });
            record.event(EventBody::Prompted {
                prompt: "seen".into(),
                text: Text::same("seen"),
                context,
            });
            let answer = if other { "success" } else { "failure" };
            record.event(EventBody::Answered {
                prompt: "seen".into(),
                answer: answer.into(),
                by: "operator".into(),
                file: None,
            });
            let outcome = if first {
                Outcome::Success
            } else {
                Outcome::Failure
            };
            record.event(EventBody::TrialEnded {
                trial: "hold".into(),
                number,
                outcome: Some(outcome),
            });
        }
    }
    record.finish(CaseEnd::Completed);
    let findings = record.judge();
    near(measured(only(&findings)).value, 0.4, 1e-9);
    near(beside(only(&findings), "p_e"), 0.5, 1e-9);
    assert_eq!(findings.verdict, Verdict::Pass);
}
