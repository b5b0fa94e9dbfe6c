//! Data whose times nobody measured: what reads times is not tested, places go on.

use crate::record::*;
use certbench_model::addendum::Times;
use certbench_model::*;

/// An arm that holds still before a tracker whose file was imported, a row every so many milliseconds.
fn held(metric: &str, times: Option<Times>, every_ms: f64) -> Findings {
    let (input, case_of) = match metric {
        "hold-drift" => ("position", "hold"),
        _ => ("channel", "mean"),
    };
    let mut of = measure(metric, "hold", &[(input, "tcp")], 1);
    of.accept = at_most("1000 mm");
    let mut record = Record::with_case(case(case_of, vec![window("hold", &["tcp"])], vec![of]));
    record.imported("tracker", "tcp", times);
    record.start(case_of);
    let context = record.context(&[], 0);
    let row = |i: i32| {
        let at = Reading::vector(&[900.0, 0.0, 400.0]);
        (TCP, every_ms * f64::from(i), at)
    };
    record.window("hold", &context, &(0..50).map(row).collect::<Vec<_>>());
    record.finish(CaseEnd::Completed);
    record.judge()
}

#[test]
fn a_drift_over_rows_without_times_is_not_tested_and_shows_no_number() {
    let findings = held("hold-drift", Some(Times::Nothing), 10.0);
    let finding = only(&findings);
    assert_eq!(
        (finding.verdict, &finding.result),
        (Verdict::NotTested, &None)
    );
    let mut reasons = finding.reasons.iter();
    let said = reasons.find(|r| r.code == "without-times").expect("why");
    for text in [&said.text.en, &said.text.zh] {
        assert!(text.contains("tcp") && text.contains("`time`"), "{text}");
    }
    assert!(finding.figures.is_empty());
}

#[test]
fn an_old_import_that_says_nothing_of_its_times_reads_as_before() {
    for times in [None, Some(Times::Window), Some(Times::Run)] {
        let findings = held("hold-drift", times, 10.0);
        assert_eq!(findings.verdict, Verdict::Pass, "{times:?}");
    }
}

#[test]
fn a_row_that_stands_for_its_window_leaves_no_gap() {
    // A row every 300 ms of an instrument that samples every 10 ms.
    let mean = |times| held("channel-mean", times, 300.0);
    let with = mean(Some(Times::Run));
    assert_eq!(with.verdict, Verdict::NotTested);
    assert!(codes(&only(&with).reasons).contains(&"gap"));
    assert_eq!(mean(Some(Times::Nothing)).verdict, Verdict::Pass);
}

#[test]
fn of_several_rows_without_a_time_a_window_of_a_run_needs_enough() {
    let of = |option: (&str, &str), every_ms: f64| {
        let hold = measure("channel-mean", "hold", &[("channel", "tcp")], 1);
        let mut record =
            Record::with_case(case("mean", vec![window("hold", &["tcp"])], vec![hold]));
        record.imported("tracker", "tcp", Some(Times::Nothing));
        for of in &mut record.plan.bench.devices {
            of.options.insert(option.0.into(), option.1.into());
        }
        record.start("mean");
        let context = record.context(&[], 0);
        // Spread evenly, as an import does.
        let row = |i: i32| {
            let at = Reading::vector(&[900.0, 0.0, 400.0]);
            (TCP, every_ms * (f64::from(i) + 0.5), at)
        };
        record.window("hold", &context, &(0..20).map(row).collect::<Vec<_>>());
        record.finish(CaseEnd::Completed);
        let findings = record.judge();
        codes(&only(&findings).reasons).contains(&"gap")
    };
    for several in [("rows", "several"), ("align", "marks")] {
        assert!(of(several, 500.0) && !of(several, 20.0), "{several:?}");
    }
    assert!(!of(("rows", "one"), 500.0));
}

/// A squeeze of two halves, the files of which were imported.
fn squeezed(metric: &str, other: bool, times: Times) -> Findings {
    let mut channels = vec![("channel", "force")];
    channels.extend(other.then_some(("other", "half")));
    let mut of = measure(metric, "pull", &channels, 1);
    for (name, value) in [("full", "10 N"), ("none", "0.5 N"), ("filter", "none")] {
        set(&mut of, name, value);
    }
    let steps = vec![window("pull", &["force", "half"])];
    let mut record = Record::with_case(case("hand", steps, vec![of]));
    let half = record.scalar_channel("half", "N", 0.1);
    for channel in ["force", "half"] {
        record.imported("gauge", channel, Some(times));
    }
    record.start("hand");
    let context = record.context(&[], 0);
    let row = |i: i32| {
        let force = Reading::scalar(if (20..60).contains(&i) { 12.0 } else { 0.0 });
        [FORCE, half].map(|channel| (channel, 10.0 * f64::from(i), force))
    };
    record.window(
        "pull",
        &context,
        &(0..100).flat_map(row).collect::<Vec<_>>(),
    );
    record.finish(CaseEnd::Completed);
    record.judge()
}

#[test]
fn a_cycle_counts_from_the_command_that_a_file_knows_nothing_of() {
    let told = |times| {
        let findings = squeezed("grasp-cycle-time", false, times);
        let finding = only(&findings);
        let refused = codes(&finding.reasons).contains(&"without-times");
        assert_eq!(refused, finding.result.is_none());
        !refused
    };
    assert!(told(Times::Run) && !told(Times::Window) && !told(Times::Nothing));
}

#[test]
fn halves_of_an_artifact_are_held_together_by_the_clock_of_the_run() {
    let told = |other, times| {
        let findings = squeezed("grasp-strength", other, times);
        !codes(&only(&findings).reasons).contains(&"without-times")
    };
    assert!(told(true, Times::Run) && !told(true, Times::Window) && !told(true, Times::Nothing));
    assert!(told(false, Times::Nothing));
}

#[test]
fn a_stuck_instrument_is_seen_by_the_number_of_its_rows_where_they_have_no_times() {
    let of = |times| {
        let hold = measure("channel-mean", "hold", &[("channel", "tcp")], 1);
        let mut record =
            Record::with_case(case("mean", vec![window("hold", &["tcp"])], vec![hold]));
        record.frozen = true;
        record.imported("tracker", "tcp", Some(times));
        record.start("mean");
        let context = record.context(&[], 0);
        // Twenty rows in a millisecond: by their times they are one reading seen twenty times.
        let row = |i: i32| {
            (
                TCP,
                0.05 * f64::from(i),
                Reading::vector(&[900.0, 0.0, 400.0]),
            )
        };
        record.window("hold", &context, &(0..20).map(row).collect::<Vec<_>>());
        record.finish(CaseEnd::Completed);
        let findings = record.judge();
        codes(&only(&findings).reasons).contains(&"frozen")
    };
    assert!(of(Times::Nothing) && !of(Times::Run));
}
