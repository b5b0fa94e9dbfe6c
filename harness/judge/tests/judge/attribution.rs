//! Bad news is attributed: a broken cable is never a failed robot, and an overheating robot is
//! never a broken cable.

use crate::record::*;
use certbench_model::measure::Compare;
use certbench_model::plan::OnDeviceEvent;
use certbench_model::*;

/// A case that would pass, and what happens in it before it ends so.
fn with(happens: impl FnOnce(&mut Record), end: CaseEnd) -> Findings {
    judged(|_| {}, happens, end)
}

fn judged(
    change: impl FnOnce(&mut Record),
    happens: impl FnOnce(&mut Record),
    end: CaseEnd,
) -> Findings {
    let mut force = measure("peak-force", "squeeze", &[("channel", "force")], 2);
    force
        .params
        .insert("filter".into(), ParamValue::Text("none".into()));
    force.accept = at_least(Compare::Estimate, "10 N");
    let steps = vec![window("squeeze", &["force"])];
    let mut record = Record::with_case(case("grip", steps, vec![force]));
    change(&mut record);
    record.start("grip");
    let context = record.context(&[], 0);
    record.window("squeeze", &context, &steady(FORCE, 20.0));
    record.window("squeeze", &context, &steady(FORCE, 20.2));
    happens(&mut record);
    record.finish(end);
    record.judge()
}

fn fault(kind: FaultKind) -> EventBody {
    EventBody::Fault {
        kind,
        subject: "hand".into(),
        text: "no answer in 20 ms".into(),
    }
}

fn overheats(device: &str) -> EventBody {
    EventBody::DeviceEvent {
        device: device.into(),
        code: "over-temperature".into(),
        text: "82 °C at the index finger".into(),
    }
}

fn trips(channel: &str, missing: bool) -> EventBody {
    EventBody::Tripped {
        channel: channel.into(),
        text: "71 above 70".into(),
        missing,
    }
}

#[test]
fn a_dead_cable_says_nothing_about_the_hand() {
    for (kind, code) in [
        (FaultKind::Link, "fault-link"),
        (FaultKind::Instrument, "fault-instrument"),
        (FaultKind::Harness, "fault-harness"),
        (FaultKind::Unattributable, "fault-unattributable"),
    ] {
        let end = CaseEnd::Fault(kind, "no answer".into());
        let findings = with(|r| r.event(fault(kind)), end);
        assert_eq!(findings.verdict, Verdict::NotTested);
        assert_eq!(codes(&findings.cases[0].reasons), [code]);
        assert!(codes(&only(&findings).reasons).contains(&code));
    }
}

#[test]
fn a_fault_in_a_case_that_went_on_still_costs_its_verdict() {
    let findings = with(|r| r.event(fault(FaultKind::Link)), CaseEnd::Completed);
    assert_eq!(findings.verdict, Verdict::NotTested);
}

#[test]
fn silence_prints_both_hypotheses() {
    let findings = with(
        |r| r.event(fault(FaultKind::Unattributable)),
        CaseEnd::Completed,
    );
    let text = &findings.cases[0].reasons[0].text;
    assert!(text.en.contains("device or its link"), "{}", text.en);
    assert!(text.zh.contains("设备或其链路"), "{}", text.zh);
}

#[test]
fn an_overheating_hand_fails_by_default() {
    let end = CaseEnd::DeviceEvent("over-temperature".into());
    let findings = with(|r| r.event(overheats("hand")), end);
    assert_eq!(findings.verdict, Verdict::Fail);
    assert_eq!(findings.cases[0].verdict, Verdict::Fail);
    // The number itself missed no limit: its own row does not say so.
    assert_eq!(only(&findings).verdict, Verdict::NotTested);
    assert!(codes(&only(&findings).reasons).contains(&"device-event"));
}

#[test]
fn a_suite_may_call_device_events_not_tested() {
    let lenient = |r: &mut Record| r.plan.cases[0].on_device_event = OnDeviceEvent::NotTested;
    let findings = judged(lenient, |r| r.event(overheats("hand")), CaseEnd::Completed);
    assert_eq!(findings.verdict, Verdict::NotTested);
}

#[test]
fn an_instrument_that_overheats_is_not_the_item() {
    let findings = with(|r| r.event(overheats("gauge")), CaseEnd::Completed);
    assert_eq!(findings.verdict, Verdict::NotTested);
    assert_eq!(codes(&findings.cases[0].reasons), ["instrument-event"]);
}

#[test]
fn what_came_first_is_the_cause() {
    let cable_first = |r: &mut Record| {
        r.event(fault(FaultKind::Link));
        r.event(overheats("hand"));
    };
    assert_eq!(
        with(cable_first, CaseEnd::Completed).verdict,
        Verdict::NotTested
    );
    let item_first = |r: &mut Record| {
        r.event(overheats("hand"));
        r.event(fault(FaultKind::Link));
    };
    assert_eq!(with(item_first, CaseEnd::Completed).verdict, Verdict::Fail);
}

#[test]
fn a_watch_on_the_items_own_value_is_the_items_trouble_and_its_silence_is_not() {
    let end = || CaseEnd::Tripped("temperature".into());
    let hot = with(|r| r.event(trips("temperature", false)), end());
    assert_eq!(hot.verdict, Verdict::Fail);
    let silent = with(|r| r.event(trips("temperature", true)), end());
    assert_eq!(silent.verdict, Verdict::NotTested);
    assert!(codes(&silent.cases[0].reasons).contains(&"tripped-silent"));
    let by_the_gauge = with(|r| r.event(trips("force", false)), end());
    assert_eq!(by_the_gauge.verdict, Verdict::NotTested);
}

#[test]
fn the_operators_ends_are_not_tested() {
    for (end, code) in [
        (CaseEnd::Aborted("Ctrl-C".into()), "aborted"),
        (CaseEnd::Unanswered("mount".into()), "unanswered"),
        (CaseEnd::TooManyInvalid("4 of 3".into()), "too-many-invalid"),
        (CaseEnd::NotBegun("the link was gone".into()), "not-started"),
    ] {
        let findings = with(|_| {}, end);
        assert_eq!(findings.verdict, Verdict::NotTested);
        assert!(codes(&findings.cases[0].reasons).contains(&code));
    }
}

#[test]
fn trouble_of_the_item_outside_the_cases_is_no_pass() {
    let findings = with(
        |r| {
            r.finish(CaseEnd::Completed);
            r.event(overheats("hand"));
            r.start("parking"); // nothing of the plan
        },
        CaseEnd::Completed,
    );
    assert_eq!(findings.cases[0].verdict, Verdict::Pass);
    assert_eq!(findings.verdict, Verdict::NotTested);
    assert_eq!(codes(&findings.reasons), ["device-event"]);
}

#[test]
fn a_halt_that_was_refused_is_no_pass() {
    let halted = EventBody::Halted {
        device: "hand".into(),
        planned: false,
        result: "refused".into(),
        text: "the hand answered with an error".into(),
    };
    let findings = with(|r| r.event(halted), CaseEnd::Completed);
    assert_eq!(findings.verdict, Verdict::NotTested);
    assert_eq!(codes(&findings.reasons), ["halt-not-confirmed"]);
}
