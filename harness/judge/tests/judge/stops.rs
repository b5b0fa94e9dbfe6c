//! Stops: time, distance and category from contact edges and a tracker.

use crate::record::*;
use certbench_model::event::WindowEnd;
use certbench_model::finding::Value;
use certbench_model::step::{SetOutput, Stop, Trial, Window};
use certbench_model::*;

/// What the arm does: 1.2 m/s, the contact opens at 300 ms, 20 ms of dead time, 6 m/s² of braking:
/// it rests 220 ms and 144 mm after the contact.
pub(crate) struct Course {
    /// Deceleration, mm/s².
    braking: f64,
    /// When the drives lose power, ms; `None`: they keep it.
    power_off_ms: Option<f64>,
    /// When the brakes let it sink by 2 mm, ms.
    sinks_ms: Option<f64>,
    /// Length of the window, ms.
    length_ms: u32,
}

pub(crate) const STOP: Course = Course {
    braking: 6_000.0,
    power_off_ms: Some(640.0),
    sinks_ms: None,
    length_ms: 900,
};

impl Course {
    fn samples(&self) -> Vec<(u16, f64, Reading)> {
        let mut samples = Vec::new();
        for ms in 0..self.length_ms {
            let t = f64::from(ms) / 1_000.0;
            let braking = (t - 0.320).clamp(0.0, 1_200.0 / self.braking);
            let x =
                1_200.0 * t.min(0.320) + 1_200.0 * braking - self.braking * braking * braking / 2.0;
            // Still at speed after the dead time when the brake is weak: clamp above ends it.
            let contact = if ms < 300 { 1.0 } else { 0.0 };
            let off = self.power_off_ms.is_some_and(|off| f64::from(ms) >= off);
            let at = f64::from(ms);
            let sunk = self.sinks_ms.map_or(0.0, |from| at - from);
            let z = 500.0 - 0.1 * sunk.clamp(0.0, 20.0);
            samples.push((TCP, at, Reading::vector(&[x, 0.0, z])));
            samples.push((ESTOP, at, Reading::scalar(contact)));
            samples.push((POWER, at, Reading::scalar(if off { 0.0 } else { 1.0 })));
        }
        samples
    }
}

pub(crate) fn safety(metric: &str, limit: Option<&str>, courses: &[Course]) -> Record {
    stopping(metric, limit, courses, WindowEnd::Reached, None)
}

fn stopping(
    metric: &str,
    limit: Option<&str>,
    courses: &[Course],
    end: WindowEnd,
    happens: Option<EventBody>,
) -> Record {
    let mut channels = vec![("position", "tcp"), ("trigger", "estop")];
    if metric == "stop-category" {
        channels.push(("power", "power"));
    }
    let mut stop = measure(metric, "stopping", &channels, courses.len() as u32);
    stop.accept = limit.and_then(at_most);
    if metric == "stop-category" {
        stop.params
            .insert("expected".into(), ParamValue::Text("1".into()));
    }
    let demand = Stop::Output(SetOutput {
        output: "estop".into(),
        to: "open".into(),
    });
    let trial = Step::Trial(Trial {
        id: "stop".into(),
        steps: vec![Step::Window(Window {
            id: "stopping".into(),
            record: vec!["tcp".into(), "estop".into(), "power".into()],
            steps: vec![Step::Stop(demand)],
            until: None,
            take: vec![],
        })],
        outcome: None,
        invalid_if: vec!["own-stop".into()],
        invalid_most: 1,
        attempts: 0,
        sampling: None,
    });
    let mut record = Record::with_case(case("stops", vec![trial], vec![stop]));
    record.plan.channels[usize::from(TCP)].interval_s = 0.001;
    record.start("stops");
    let mut happens = happens;
    for (i, course) in courses.iter().enumerate() {
        let number = i as u32 + 1;
        let context = record.context(&[], number);
        record.event(EventBody::TrialStarted {
            trial: "stop".into(),
            context: context.clone(),
        });
        let from = record.now_ns;
        record.window_ending("stopping", &context, &course.samples(), end);
        if let Some(body) = happens.take() {
            let after = std::mem::replace(&mut record.now_ns, from + 400 * MS);
            record.event(body);
            record.now_ns = after;
        }
        record.event(EventBody::TrialEnded {
            trial: "stop".into(),
            number,
            outcome: None,
        });
    }
    record.finish(CaseEnd::Completed);
    record
}

const THREE: [Course; 3] = [
    STOP,
    STOP,
    Course {
        braking: 5_000.0,
        ..STOP
    },
];

#[test]
fn the_worst_of_three_stops_counts() {
    let findings = safety("stop-time", Some("500 ms"), &THREE).judge();
    let finding = only(&findings);
    let m = measured(finding);
    // 20 ms + 1200/5000 s = 260 ms, seen through a span of 40 ms, the trigger up to 1 ms earlier.
    assert!((258.0..=282.0).contains(&m.value), "{}", m.value);
    assert_eq!((m.unit, m.n, m.nu_eff), (unit("ms"), 3, None));
    assert!(
        (m.budget[0].u - 1.0 / 3f64.sqrt()).abs() < 1e-6,
        "{:?}",
        m.budget
    ); // 2 ms wide
    assert_eq!(findings.verdict, Verdict::Pass, "{:?}", finding.reasons);
    assert!(finding.estimand.en.contains("worst of these 3"));
    let events: Vec<_> = finding.figures[0]
        .events
        .iter()
        .map(|e| e.name.en.as_str())
        .collect();
    assert_eq!(events, ["earliest trigger", "latest rest"]);
}

#[test]
fn the_distance_runs_to_the_final_standstill() {
    let findings = safety("stop-distance", Some("400 mm"), &THREE).judge();
    let m = measured(only(&findings));
    // 24 mm of dead time + 1200²/(2 * 5000) = 168 mm, and 1 ms of doubt about the trigger.
    assert!((m.value - 169.2).abs() < 0.1, "{}", m.value);
    assert_eq!(
        findings.verdict,
        Verdict::Pass,
        "{:?}",
        only(&findings).reasons
    );
    assert_eq!(only(&findings).figures[0].limits[0].at, 400.0);
}

#[test]
fn delays_of_the_channels_lengthen_the_stop() {
    let mut record = safety("stop-time", Some("500 ms"), &[STOP]);
    record.plan.channels[usize::from(ESTOP)].delay_s = [0.0, 0.010];
    let late = measured(only(&record.judge())).value;
    let prompt = measured(only(&safety("stop-time", Some("500 ms"), &[STOP]).judge())).value;
    assert!((late - prompt - 10.0).abs() < 1e-6, "{late} {prompt}");
}

#[test]
fn an_arm_that_does_not_stop_in_the_allowed_time_fails_without_a_value() {
    let weak = Course {
        braking: 600.0,
        ..STOP
    };
    let record = stopping(
        "stop-time",
        Some("200 ms"),
        &[weak],
        WindowEnd::TimedOut,
        None,
    );
    let findings = record.judge();
    assert_eq!(findings.verdict, Verdict::Fail);
    assert!(only(&findings).result.is_none());
    assert!(codes(&only(&findings).reasons).contains(&"no-rest"));
}

#[test]
fn a_record_that_ends_before_the_allowed_time_proves_nothing() {
    let weak = Course {
        braking: 600.0,
        ..STOP
    };
    let record = stopping(
        "stop-time",
        Some("2000 ms"),
        &[weak],
        WindowEnd::TimedOut,
        None,
    );
    assert_eq!(record.judge().verdict, Verdict::NotTested);
}

#[test]
fn no_edge_no_stop() {
    let mut record = safety("stop-time", Some("500 ms"), &[STOP]);
    for sample in record.samples.iter_mut().filter(|s| s.channel == ESTOP) {
        sample.reading = Reading::scalar(1.0);
    }
    let findings = record.judge();
    assert_eq!(findings.verdict, Verdict::NotTested);
    assert!(codes(&only(&findings).reasons).contains(&"no-trigger"));
}

#[test]
fn a_trigger_that_the_item_reports_itself_is_no_trigger() {
    let mut record = safety("stop-time", Some("500 ms"), &[STOP]);
    record.plan.channels[usize::from(ESTOP)].source = Source::Device;
    let findings = record.judge();
    assert_eq!(findings.verdict, Verdict::NotTested);
    assert!(codes(&only(&findings).reasons).contains(&"trigger-not-independent"));
}

fn own_stop() -> EventBody {
    EventBody::Halted {
        device: "arm".into(),
        planned: false,
        result: "confirmed".into(),
        text: "a watch tripped".into(),
    }
}

#[test]
fn a_stop_of_certbenchs_own_makes_the_trial_invalid() {
    let reached = WindowEnd::Reached;
    let mut record = stopping(
        "stop-time",
        Some("500 ms"),
        &[STOP, STOP],
        reached,
        Some(own_stop()),
    );
    record.plan.cases[0].measures[0].n_planned = 1;
    let findings = record.judge();
    assert_eq!(measured(only(&findings)).n, 1);
    assert_eq!(findings.verdict, Verdict::Pass);
    assert_eq!(codes(&only(&findings).reasons), ["invalid-flips"]);
}

#[test]
fn an_own_stop_that_the_plan_does_not_allow_costs_the_verdict() {
    let reached = WindowEnd::Reached;
    let mut record = stopping(
        "stop-time",
        Some("500 ms"),
        &[STOP, STOP],
        reached,
        Some(own_stop()),
    );
    record.plan.cases[0].measures[0].n_planned = 1;
    if let Step::Trial(trial) = &mut record.plan.cases[0].steps[0] {
        trial.invalid_if.clear();
    }
    let findings = record.judge();
    assert_eq!(findings.verdict, Verdict::NotTested);
    assert!(codes(&only(&findings).reasons).contains(&"own-stop"));
}

#[test]
fn noise_that_looks_faster_than_rest_is_no_rest() {
    let mut record = safety("stop-time", Some("500 ms"), &[STOP]);
    record.plan.channels[usize::from(TCP)]
        .calibration
        .as_mut()
        .unwrap()
        .noise = Some(0.2);
    let findings = record.judge();
    assert!(codes(&only(&findings).reasons).contains(&"noise-above-threshold"));
    assert_eq!(findings.verdict, Verdict::NotTested);
}

fn seen(course: Course) -> (Verdict, String) {
    let findings = safety("stop-category", None, &[course]).judge();
    let finding = only(&findings);
    match &finding.result {
        Some(Value::Attribute { evidence, .. }) => (findings.verdict, evidence.en.clone()),
        other => panic!("{other:?} {:?}", finding.reasons),
    }
}

#[test]
fn the_category_is_read_from_the_power_contact() {
    let off = |ms| Course {
        power_off_ms: ms,
        ..STOP
    };
    let (verdict, text) = seen(off(Some(640.0)));
    assert_eq!(verdict, Verdict::Pass, "{text}");
    assert!(text.starts_with("category 1"), "{text}");
    let (verdict, text) = seen(off(Some(305.0)));
    assert_eq!(verdict, Verdict::Fail);
    assert!(text.starts_with("category 0"), "{text}");
    let (verdict, text) = seen(off(None));
    assert_eq!(verdict, Verdict::Fail);
    assert!(text.starts_with("category 2"), "{text}");
    let (verdict, text) = seen(off(Some(430.0)));
    assert_eq!(verdict, Verdict::Fail);
    assert!(text.starts_with("no category"), "{text}");
}

/// The arm of [`STOP`], which rests at x = 504 mm, z = 500 mm, on its way to a pose.
fn on_its_way(metric: &str, limit: Option<&str>, to: [f64; 3]) -> Findings {
    let mut record = safety(metric, limit, &[STOP]);
    record.pose("end", [to[0], to[1], to[2], 0.0, 0.0, 0.0]);
    record.register_tracker();
    let params = &mut record.plan.cases[0].measures[0].params;
    params.insert("to".into(), ParamValue::Text("end".into()));
    record.judge()
}

#[test]
fn what_rests_at_the_end_of_its_way_was_not_seen_to_be_stopped() {
    let [there, further] = [[510.0, 0.0, 500.0], [600.0, 0.0, 500.0]];
    for (metric, limit) in [
        ("stop-time", Some("500 ms")),
        ("stop-distance", Some("400 mm")),
        ("stop-category", None),
    ] {
        let short = on_its_way(metric, limit, there);
        assert_eq!(short.verdict, Verdict::NotTested, "{metric}");
        let codes: Vec<_> = only(&short).reasons.iter().map(|r| &r.code).collect();
        assert!(codes.iter().any(|c| *c == "ended-by-itself"), "{codes:?}");
        let long = on_its_way(metric, limit, further);
        assert_eq!(
            long.verdict,
            Verdict::Pass,
            "{metric}: {:?}",
            only(&long).reasons
        );
    }
    // Whatever stopped it, it was not stopped in time.
    for (metric, limit) in [("stop-time", "100 ms"), ("stop-distance", "50 mm")] {
        assert_eq!(
            on_its_way(metric, Some(limit), there).verdict,
            Verdict::Fail
        );
    }
}

#[test]
fn an_emergency_stop_may_be_of_category_0_or_1() {
    for (off, verdict) in [
        (Some(640.0), Verdict::Pass),
        (Some(305.0), Verdict::Pass),
        (None, Verdict::Fail),
        (Some(430.0), Verdict::Fail),
    ] {
        let course = Course {
            power_off_ms: off,
            ..STOP
        };
        let mut record = safety("stop-category", None, &[course]);
        let params = &mut record.plan.cases[0].measures[0].params;
        params.insert("expected".into(), ParamValue::Text("0-or-1".into()));
        assert_eq!(record.judge().verdict, verdict, "{off:?}");
    }
}

#[test]
fn a_power_contact_that_never_showed_power_says_no_category() {
    for expected in ["0", "1", "2"] {
        let mut record = safety("stop-category", None, &[STOP]);
        let params = &mut record.plan.cases[0].measures[0].params;
        params.insert("expected".into(), ParamValue::Text(expected.into()));
        for sample in record.samples.iter_mut().filter(|s| s.channel == POWER) {
            sample.reading = Reading::scalar(0.0);
        }
        let findings = record.judge();
        assert_eq!(findings.verdict, Verdict::NotTested, "{expected}");
        assert!(codes(&only(&findings).reasons).contains(&"no-power-seen"));
    }
}

#[test]
fn what_sinks_into_its_brakes_after_it_stood_was_stopped_under_power() {
    let sinks = Course {
        sinks_ms: Some(641.0),
        ..STOP
    };
    let (verdict, text) = seen(sinks);
    assert_eq!(verdict, Verdict::Pass);
    assert!(text.starts_with("category 1"), "{text}");
    let sinks = Course {
        sinks_ms: Some(641.0),
        ..STOP
    };
    let findings = safety("stop-time", Some("500 ms"), &[sinks]).judge();
    let ms = measured(only(&findings)).value;
    assert!((361.0..=381.0).contains(&ms), "the sinking counts: {ms} ms");
}

#[test]
fn a_polled_contact_is_dated_when_it_was_asked_for() {
    let mut record = safety("stop-time", Some("500 ms"), &THREE);
    // an answer may take 100 ms: the level was looked at before the next question all the same
    record.plan.channels[usize::from(ESTOP)].delay_s = [-0.1, 0.0];
    let m = measured(only(&record.judge())).clone();
    assert!((258.0..=282.0).contains(&m.value), "{}", m.value);
    // 3 ms wide: one more interval
    assert!((m.budget[0].u - 1.5 / 3f64.sqrt()).abs() < 1e-6);
}

#[test]
fn a_category_from_the_items_own_word_is_not_tested() {
    let mut record = safety("stop-category", None, &[STOP]);
    record.plan.channels[usize::from(POWER)].source = Source::Device;
    let findings = record.judge();
    assert_eq!(findings.verdict, Verdict::NotTested);
    assert!(codes(&only(&findings).reasons).contains(&"power-not-independent"));
}

#[test]
fn a_stop_over_the_fieldbus_is_a_commanded_stop() {
    let by_bus = |metric, limit| {
        let mut record = safety(metric, limit, &[STOP]);
        if let Step::Trial(trial) = &mut record.plan.cases[0].steps[0]
            && let Step::Window(window) = &mut trial.steps[0]
        {
            window.steps = vec![Step::Stop(Stop::Command {
                device: "arm".into(),
            })];
        }
        record.judge()
    };
    let time = by_bus("stop-time", Some("500 ms"));
    assert_eq!(time.verdict, Verdict::Pass);
    assert_eq!(codes(&only(&time).reasons), ["commanded-stop"]);
    assert_eq!(by_bus("stop-category", None).verdict, Verdict::NotTested);
}

/// The steps as a run announces them, and the item's word that it was stopped.
fn announced(record: &mut Record, words: &[(&str, bool)]) {
    let context = record.context(&[], 1);
    for (path, started) in words {
        let path = path.to_string();
        record.event(if *started {
            EventBody::StepStarted {
                path,
                what: "stop".into(),
                context: context.clone(),
            }
        } else {
            EventBody::StepEnded { path }
        });
    }
}

fn told() -> EventBody {
    EventBody::DeviceEvent {
        device: "arm".into(),
        code: "emcy-0x5441".into(),
        text: "emergency stop".into(),
    }
}

/// A case of one window that nothing else is measured in, with what is told around it.
fn around_a_stop(path: &str, tell_after_recovery: bool) -> Findings {
    let mut record = safety("stop-time", Some("500 ms"), &[STOP]);
    let recover = Step::Stop(Stop::Recover {
        device: "arm".into(),
        restore: None,
    });
    record.plan.cases[0].steps.push(recover);
    record.events.pop(); // the end of the case
    announced(&mut record, &[(path, true), (path, false)]);
    if !tell_after_recovery {
        record.event(told());
    }
    announced(&mut record, &[("stops/1", true), ("stops/1", false)]);
    if tell_after_recovery {
        record.event(told());
    }
    record.finish(CaseEnd::Completed);
    record.judge()
}

#[test]
fn what_the_item_tells_of_a_stop_that_the_plan_demanded_is_to_be_expected() {
    assert_eq!(around_a_stop("stops/0/0/0", false).verdict, Verdict::Pass);
}

#[test]
fn trouble_before_the_demand_and_after_the_recovery_is_the_items_own() {
    assert_eq!(around_a_stop("stops/0/0/0", true).verdict, Verdict::Fail);
    assert_eq!(around_a_stop("stops/0/0", false).verdict, Verdict::Fail);
    assert_eq!(around_a_stop("elsewhere/9/x", false).verdict, Verdict::Fail);
}

#[test]
fn a_restart_after_the_reset_ends_the_case_and_fails() {
    let mut record = safety("stop-time", Some("500 ms"), &[STOP]);
    record.events.pop();
    announced(
        &mut record,
        &[("stops/0/0/0", true), ("stops/0/0/0", false)],
    );
    record.event(told());
    record.finish(CaseEnd::DeviceEvent("restart-after-reset".into()));
    assert_eq!(record.judge().verdict, Verdict::Fail);
}

/// Two trials, the first spoilt by `trouble` and called invalid for certbench's own stop.
fn spoilt(trouble: EventBody, end: &str) -> Findings {
    let mut record = safety("stop-time", Some("500 ms"), &[STOP, STOP]);
    record.plan.cases[0].measures[0].n_planned = 1;
    let ends = record
        .events
        .iter_mut()
        .filter_map(|l| match &mut l.event.body {
            EventBody::TrialEnded { outcome, .. } => Some(outcome),
            _ => None,
        });
    for outcome in ends.take(1) {
        *outcome = Some(certbench_model::step::Outcome::Invalid(end.into()));
    }
    let first_end = record
        .events
        .iter()
        .position(|l| matches!(l.event.body, EventBody::TrialEnded { .. }))
        .unwrap();
    let time_ns = record.events[first_end].event.time_ns;
    let event = Event {
        time_ns,
        body: trouble,
    };
    record.events.insert(first_end, Line { seq: 0, event });
    record.judge()
}

#[test]
fn trouble_of_the_bench_that_spoils_a_trial_costs_that_trial_only() {
    let fault = || EventBody::Fault {
        kind: FaultKind::Instrument,
        subject: "tcp".into(),
        text: "no target".into(),
    };
    assert_eq!(spoilt(fault(), "own-stop").verdict, Verdict::Pass);
    assert_eq!(spoilt(fault(), "bad luck").verdict, Verdict::NotTested);
}

#[test]
fn an_item_that_spoils_a_trial_by_itself_has_failed() {
    assert_eq!(spoilt(told(), "own-stop").verdict, Verdict::Fail);
}
