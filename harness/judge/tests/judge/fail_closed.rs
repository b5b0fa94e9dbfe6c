//! What must never become a pass.

use crate::record::*;
use certbench_model::event::WindowEnd;
use certbench_model::measure::Compare;
use certbench_model::plan::Restriction;
use certbench_model::*;
use proptest::prelude::*;

/// Three squeezes of at least 10 N.
fn squeezes() -> Record {
    let mut force = measure("peak-force", "squeeze", &[("channel", "force")], 3);
    force
        .params
        .insert("filter".into(), ParamValue::Text("none".into()));
    force.accept = at_least(Compare::Estimate, "10 N");
    let steps = vec![window("squeeze", &["force"])];
    let mut record = Record::with_case(case("grip", steps, vec![force]));
    record.start("grip");
    record
}

fn squeeze(record: &mut Record, peak: f64) {
    let context = record.context(&[], 0);
    record.window("squeeze", &context, &steady(FORCE, peak));
}

fn three(mut record: Record, peak: f64) -> Record {
    (0..3).for_each(|i| squeeze(&mut record, peak + 0.01 * f64::from(i)));
    record.finish(CaseEnd::Completed);
    record
}

#[track_caller]
fn not_tested(record: Record, code: &str) {
    let findings = record.judge();
    assert_eq!(findings.verdict, Verdict::NotTested);
    let of_cases = findings.cases.iter().flat_map(|c| {
        c.reasons
            .iter()
            .chain(c.findings.iter().flat_map(|f| f.reasons.iter()))
    });
    let all: Vec<_> = findings
        .reasons
        .iter()
        .chain(of_cases)
        .map(|r| r.code.as_str())
        .collect();
    assert!(all.contains(&code), "{all:?}");
}

#[test]
fn the_same_squeezes_pass_when_nothing_is_wrong() {
    let findings = three(squeezes(), 20.0).judge();
    assert_eq!(findings.verdict, Verdict::Pass, "{:?}", findings.cases);
    assert_eq!(
        (findings.end.as_str(), findings.reasons.len()),
        ("completed", 0)
    );
}

#[test]
fn a_value_out_of_limits_fails() {
    assert_eq!(three(squeezes(), 5.0).judge().verdict, Verdict::Fail);
}

#[test]
fn a_declared_measure_that_nothing_was_measured_for_is_not_tested() {
    let mut record = squeezes();
    record.finish(CaseEnd::Completed);
    not_tested(record, "n-below-plan");
}

#[test]
fn not_a_number_overload_and_unreadable_text_are_not_tested() {
    use certbench_model::Invalid::{NotFinite, OverRange, Unreadable, WrongUnit};
    for reading in [
        Reading::scalar(f64::NAN),
        Reading::scalar(f64::INFINITY),
        Reading::Invalid(NotFinite),
        Reading::Invalid(OverRange),
        Reading::Invalid(Unreadable),
        Reading::Invalid(WrongUnit),
    ] {
        let mut record = squeezes();
        squeeze(&mut record, 20.0);
        squeeze(&mut record, 20.0);
        let mut samples = steady(FORCE, 20.0);
        samples[7].2 = reading;
        let context = record.context(&[], 0);
        record.window("squeeze", &context, &samples);
        record.finish(CaseEnd::Completed);
        not_tested(record, "invalid-sample");
    }
}

#[test]
fn one_squeeze_too_few_is_not_tested() {
    let mut record = squeezes();
    squeeze(&mut record, 20.0);
    squeeze(&mut record, 20.0);
    record.finish(CaseEnd::Completed);
    not_tested(record, "n-below-plan");
}

#[test]
fn an_empty_plan_is_not_a_pass() {
    not_tested(Record::new(), "no-cases");
}

#[test]
fn a_case_that_was_never_begun_is_not_a_pass() {
    let mut record = squeezes();
    record.events.clear();
    not_tested(record, "not-started");
}

#[test]
fn a_case_without_measures_is_not_a_pass() {
    let mut record = Record::with_case(case("empty", vec![], vec![]));
    record.start("empty");
    record.finish(CaseEnd::Completed);
    not_tested(record, "no-verdict");
}

#[test]
fn values_without_any_limit_are_not_a_pass() {
    let mut record = squeezes();
    record.plan.cases[0].measures[0].accept = None;
    not_tested(three(record, 20.0), "no-verdict");
}

#[test]
fn a_limit_of_neither_side_is_not_a_pass() {
    let mut record = squeezes();
    record.plan.cases[0].measures[0]
        .accept
        .as_mut()
        .unwrap()
        .at_least = None;
    not_tested(three(record, 20.0), "no-limit");
}

#[test]
fn swapped_limits_and_too_narrow_ones_leave_no_acceptance_zone() {
    for (low, high, code) in [
        ("30 N", "10 N", "limits-swapped"),
        ("20 N", "20.1 N", "no-acceptance-zone"),
    ] {
        let mut record = squeezes();
        let accept = record.plan.cases[0].measures[0].accept.as_mut().unwrap();
        accept.at_least = Some(quantity(low));
        accept.at_most = Some(quantity(high));
        not_tested(three(record, 20.0), code);
    }
}

#[test]
fn a_limit_in_the_wrong_dimension_is_not_a_pass() {
    let mut record = squeezes();
    record.plan.cases[0].measures[0].accept = at_least(Compare::Estimate, "1 mm");
    not_tested(three(record, 20.0), "unit");
}

#[test]
fn a_negative_guard_is_not_a_pass() {
    let mut record = squeezes();
    record.plan.cases[0].measures[0].rule = DecisionRule::Guarded { r: -1.0 };
    not_tested(three(record, 20.0), "negative-guard");
}

#[test]
fn an_unknown_metric_channel_or_window_is_not_a_pass() {
    let mut record = squeezes();
    record.plan.cases[0].measures[0].metric = "peak-farce".into();
    not_tested(three(record, 20.0), "unknown-metric");
    let mut record = squeezes();
    let channels = &mut record.plan.cases[0].measures[0].channels;
    channels.insert("channel".into(), "gone".into());
    not_tested(three(record, 20.0), "no-channel");
    let mut record = squeezes();
    record.plan.cases[0].measures[0].over.clear();
    not_tested(three(record, 20.0), "no-window");
    let mut record = squeezes();
    record.plan.cases[0].measures[0].params.clear();
    not_tested(three(record, 20.0), "parameter");
}

#[test]
fn a_window_that_was_cut_off_is_not_a_pass() {
    let mut record = squeezes();
    let context = record.context(&[], 0);
    for end in [WindowEnd::Reached, WindowEnd::Reached, WindowEnd::Cut] {
        record.window_ending("squeeze", &context, &steady(FORCE, 20.0), end);
    }
    record.finish(CaseEnd::Completed);
    not_tested(record, "window-cut");
}

#[test]
fn an_interrupted_run_is_never_a_pass_and_its_finished_cases_keep_their_word() {
    let mut record = squeezes();
    record.plan.cases.push(case("next", vec![], vec![]));
    let mut record = three(record, 20.0);
    record.start("next");
    record.end = None;
    let findings = record.judge();
    assert_eq!(findings.verdict, Verdict::NotTested);
    assert_eq!(
        (findings.end.as_str(), codes(&findings.reasons)),
        ("interrupted", vec!["interrupted"])
    );
    assert_eq!(findings.cases[0].verdict, Verdict::Pass);
    assert!(codes(&findings.cases[1].reasons).contains(&"interrupted"));
}

#[test]
fn a_run_without_an_end_is_not_a_pass_even_when_all_cases_ended() {
    let mut record = three(squeezes(), 20.0);
    record.end = None;
    not_tested(record, "interrupted");
}

#[test]
fn refused_aborted_and_faulted_runs_are_not_a_pass() {
    for (end, code) in [
        (RunEnd::Refused, "refused"),
        (RunEnd::Aborted, "aborted"),
        (RunEnd::Faulted, "faulted"),
    ] {
        let mut record = three(squeezes(), 20.0);
        record.end = Some(end);
        not_tested(record, code);
    }
}

#[test]
fn a_damaged_record_and_an_altered_plan_carry_no_verdict_at_all() {
    let mut record = three(squeezes(), 5.0); // would fail
    record.damage.push(Damage {
        place: "run.jsonl line 17".into(),
        what: "the hash of the line before does not fit".into(),
    });
    not_tested(record, "record-damaged");
    let mut record = three(squeezes(), 5.0);
    record.plan_sha256 = Some("f".repeat(64));
    not_tested(record, "plan-altered");
}

#[test]
fn what_the_plan_restricts_is_not_judged() {
    for (measure, code) in [("", "no-registration"), ("peak-force", "calibration-due")] {
        let mut record = squeezes();
        record.plan.restrictions.push(Restriction {
            case: "grip".into(),
            measure: measure.into(),
            code: code.into(),
            text: Text::same("known before the start"),
        });
        not_tested(three(record, 20.0), code);
    }
}

#[test]
fn a_case_that_was_begun_twice_is_not_a_pass() {
    let mut record = squeezes();
    record.finish(CaseEnd::Completed);
    record.start("grip");
    not_tested(three(record, 20.0), "case-repeated");
}

#[test]
fn samples_that_the_record_lost_cost_the_verdict_and_those_of_the_terminal_do_not() {
    for (listener, verdict) in [("record", Verdict::NotTested), ("terminal", Verdict::Pass)] {
        let mut record = squeezes();
        record.event(EventBody::Lost {
            listener: listener.into(),
            count: 3,
        });
        assert_eq!(three(record, 20.0).judge().verdict, verdict, "{listener}");
    }
}

#[test]
fn samples_that_cannot_be_read_back_carry_no_verdict() {
    let mut record = squeezes();
    record.damaged_channel = Some(FORCE);
    not_tested(three(record, 20.0), "record-damaged");
}

#[test]
fn an_instrument_that_repeats_itself_to_the_last_digit_is_stuck() {
    let mut record = squeezes();
    record.frozen = true;
    not_tested(three(record, 20.0), "frozen");
}

#[test]
fn a_record_cut_off_after_any_line_is_never_a_pass() {
    let lines = three(squeezes(), 20.0).events.len();
    for kept in 0..lines {
        let mut record = three(squeezes(), 20.0);
        record.events.truncate(kept);
        record.end = None;
        let findings = record.judge();
        assert_eq!(findings.verdict, Verdict::NotTested, "{kept} lines");
        assert_eq!(findings.cases.len(), 1);
    }
}

#[test]
fn a_record_that_lacks_any_one_line_is_never_better_for_it() {
    let lines = three(squeezes(), 20.0).events.len();
    for gone in 0..lines {
        let mut record = three(squeezes(), 20.0);
        record.events.remove(gone);
        assert_eq!(
            record.judge().verdict,
            Verdict::NotTested,
            "without line {gone}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_order_of_events_and_no_window_in_time_makes_the_judge_panic(
        order in Just((0..8usize).collect::<Vec<_>>()).prop_shuffle(),
        times in proptest::collection::vec(any::<u64>(), 8),
    ) {
        let mut record = three(squeezes(), 20.0);
        prop_assert_eq!(record.events.len(), 8);
        let lines = order.iter().map(|i| record.events[*i].clone()).collect();
        record.events = lines;
        for (line, time_ns) in record.events.iter_mut().zip(times) {
            line.event.time_ns = time_ns;
        }
        prop_assert_eq!(record.judge().cases.len(), 1);
    }
}
