//! Heat, endurance, levels, and the distance that follows from a stop.

use crate::record::*;
use crate::stops::{STOP, safety};
use certbench_model::measure::Compare;
use certbench_model::step::Outcome;
use certbench_model::*;

/// One sample a second.
fn curve(channel: u16, seconds: u32, value: impl Fn(f64) -> f64) -> Vec<(u16, f64, Reading)> {
    (0..=seconds)
        .map(|i| {
            (
                channel,
                1_000.0 * f64::from(i),
                Reading::scalar(value(f64::from(i))),
            )
        })
        .collect()
}

fn temperature(slope_per_s: f64, common: bool) -> Findings {
    let mut m = measure(
        "thermal-steady-state",
        "run",
        &[("temperature", "winding")],
        1,
    );
    set(&mut m, "stretch", "20 min");
    if common {
        set(&mut m, "instrument_error", "common");
    }
    m.accept = at_most("1 K");
    let steps = vec![window("run", &["winding"])];
    let mut record = Record::with_case(case("heat", steps, vec![m]));
    let winding = record.scalar_channel("winding", "Cel", 0.2);
    record.start("heat");
    let context = record.context(&[], 0);
    let noisy = |t: f64| 60.0 + slope_per_s * t + 0.01 * (t % 2.0);
    record.window("run", &context, &curve(winding, 1_800, noisy));
    record.finish(CaseEnd::Completed);
    record.judge()
}

#[test]
fn a_winding_that_creeps_by_half_a_kelvin_is_steady() {
    let findings = temperature(0.5 / 1_200.0, false);
    let m = measured(only(&findings));
    near(m.value, 0.5, 1e-4);
    assert_eq!(m.unit, unit("K"));
    // The sensor at both ends: U 0.2 K, k 2, twice.
    near(m.budget[1].u, 0.1 * 2f64.sqrt(), 1e-9);
    assert_eq!(findings.verdict, Verdict::Pass);
    assert_eq!(temperature(1.2 / 1_200.0, false).verdict, Verdict::Fail);
}

#[test]
fn a_suite_that_takes_the_sensors_error_as_common_says_so() {
    let findings = temperature(0.5 / 1_200.0, true);
    assert_eq!(measured(only(&findings)).budget.len(), 1);
    assert_eq!(codes(&only(&findings).reasons), ["instrument-error-common"]);
}

#[test]
fn a_window_shorter_than_the_stretch_says_nothing() {
    let mut m = measure(
        "thermal-steady-state",
        "run",
        &[("temperature", "winding")],
        1,
    );
    m.accept = at_most("1 K");
    let mut record = Record::with_case(case("heat", vec![window("run", &["winding"])], vec![m]));
    let winding = record.scalar_channel("winding", "Cel", 0.2);
    record.start("heat");
    let context = record.context(&[], 0);
    record.window(
        "run",
        &context,
        &curve(winding, 600, |t| 60.0 + 0.01 * (t % 2.0)),
    );
    record.finish(CaseEnd::Completed);
    assert_eq!(record.judge().verdict, Verdict::NotTested);
}

#[test]
fn a_copper_winding_rose_by_66_kelvin() {
    let channels = [("resistance", "ohm"), ("coolant", "air")];
    let over = [("cold", "cold"), ("cooling", "cooling")];
    let mut m = measure_over("winding-rise", &over, &channels, 1);
    m.accept = at_most("75 K");
    let steps = vec![
        window("cold", &["ohm", "air"]),
        window("cooling", &["ohm", "air"]),
    ];
    let mut record = Record::with_case(case("rise", steps, vec![m]));
    let ohm = record.scalar_channel("ohm", "Ohm", 0.002);
    let air = record.scalar_channel("air", "Cel", 0.3);
    record.start("rise");
    let context = record.context(&[], 0);
    let both = |seconds, r: &dyn Fn(f64) -> f64, theta: f64| {
        [curve(ohm, seconds, r), curve(air, seconds, |_| theta)].concat()
    };
    record.window("cold", &context, &both(10, &|_| 2.000, 22.0));
    let cooling = |t: f64| 2.0 + 0.540 * (-t / 300.0).exp();
    record.window("cooling", &context, &both(60, &cooling, 25.0));
    record.finish(CaseEnd::Completed);
    let findings = record.judge();
    let finding = only(&findings);
    near(measured(finding).value, 66.39, 0.005);
    near(beside(finding, "R_2"), 2.540, 1e-6);
    // Slope 257/2 K/Ohm times 0.001 Ohm, for the hot resistance.
    near(measured(finding).budget[1].u, 257.0 / 2.0 * 0.001, 1e-6);
    assert_eq!(findings.verdict, Verdict::Pass);
}

fn cycles(limit: &str, compare: Compare, n: u32, fails_at: Option<u32>) -> Findings {
    let accept = at_least(compare, limit);
    let m = Measure {
        accept,
        ..measure("cycles-to-failure", "hold", &[], n)
    };
    let mut record = Record::with_case(case("life", vec![hold_trial(0)], vec![m]));
    record.start("life");
    for number in 1..=fails_at.unwrap_or(n) {
        let context = record.context(&[], number);
        record.event(EventBody::TrialStarted {
            trial: "hold".into(),
            context,
        });
        let failed = fails_at == Some(number);
        let outcome = if failed {
            Outcome::Failure
        } else {
            Outcome::Success
        };
        record.event(EventBody::TrialEnded {
            trial: "hold".into(),
            number,
            outcome: Some(outcome),
        });
    }
    // An answer alone decides here, no rule over a window.
    if let Step::Trial(trial) = &mut record.plan.cases[0].steps[0] {
        trial.outcome = None;
    }
    record.finish(CaseEnd::Completed);
    record.judge()
}

#[test]
fn a_life_that_does_not_end_is_at_least_what_was_done() {
    let findings = cycles("1000 1", Compare::Estimate, 1_000, None);
    let m = measured(only(&findings));
    assert_eq!((m.value, m.u_expanded), (1_000.0, Some(0.0)));
    assert_eq!(findings.verdict, Verdict::Pass);
    assert!(codes(&only(&findings).reasons).contains(&"censored"));
    // 2 T / chi²(0.95; 2) = T / -ln 0.05.
    near(m.bound.unwrap(), 1_000.0 / -(0.05f64.ln()), 1e-6);
}

#[test]
fn a_life_that_ended_early_fails_without_the_rest_of_the_cycles() {
    let findings = cycles("1000 1", Compare::Estimate, 1_000, Some(400));
    assert_eq!(measured(only(&findings)).value, 399.0);
    assert_eq!(findings.verdict, Verdict::Fail);
    assert_eq!(beside(only(&findings), "r"), 1.0);
}

#[test]
fn the_bound_of_a_constant_rate_asks_for_three_times_as_many_cycles() {
    let bound = |n| cycles("1000 1", Compare::Bound, n, None).verdict;
    assert_eq!((bound(2_990), bound(3_000)), (Verdict::Fail, Verdict::Pass));
}

#[test]
fn a_mean_level_with_its_tolerance_bound() {
    let m = measure("channel-mean", "hold", &[("channel", "amps")], 10);
    let accept = Accept {
        compare: Compare::Bound,
        ..at_most("13 A").unwrap()
    };
    let m = Measure {
        accept: Some(accept),
        ..m
    };
    let mut record = Record::with_case(case("level", vec![window("hold", &["amps"])], vec![m]));
    let amps = record.scalar_channel("amps", "A", 0.02);
    record.start("level");
    let context = record.context(&[], 0);
    for level in [12.1, 12.4, 11.9, 12.3, 12.0, 12.2, 12.5, 11.8, 12.1, 12.3] {
        record.window("hold", &context, &curve(amps, 5, |_| level));
    }
    record.finish(CaseEnd::Completed);
    let findings = record.judge();
    let m = measured(only(&findings));
    near(m.value, 12.16, 1e-9);
    near(m.bound.unwrap(), 12.16 + 2.9110 * 0.222111, 2e-4);
    assert_eq!(findings.verdict, Verdict::Pass);
}

fn protective(params: &[(&str, &str)], limit: &str) -> Record {
    let mut record = safety("protective-distance", Some(limit), &[STOP, STOP]);
    let m = &mut record.plan.cases[0].measures[0];
    params.iter().for_each(|(name, value)| set(m, name, value));
    record
}

#[test]
fn the_distance_of_a_safeguard_follows_from_the_longest_stop() {
    let stop = safety("stop-time", Some("500 ms"), &[STOP, STOP]).judge();
    let t = measured(only(&stop)).value / 1_000.0;
    let parallel = [
        ("edition", "2010"),
        ("control_time", "50 ms"),
        ("approach", "parallel"),
        ("height", "300 mm"),
    ];
    let findings = protective(&parallel, "2 m").judge();
    let m = measured(only(&findings));
    near(m.value, 1_600.0 * (t + 0.05) + 1_080.0, 1e-6);
    assert_eq!((m.unit, findings.verdict), (unit("mm"), Verdict::Pass));
    let arms = [
        ("edition", "2024"),
        ("control_time", "50 ms"),
        ("approach_speed", "2000 mm/s"),
        ("reach_through", "128 mm"),
        ("supplement", "100 mm"),
    ];
    let findings = protective(&arms, "500 mm").judge();
    near(
        measured(only(&findings)).value,
        2_000.0 * (t + 0.05) + 228.0,
        1e-6,
    );
    assert_eq!(findings.verdict, Verdict::Fail);
}

#[test]
fn a_distance_without_a_detection_capability_is_not_tested() {
    let bare = [("edition", "2010"), ("control_time", "50 ms")];
    let findings = protective(&bare, "2 m").judge();
    assert_eq!(findings.verdict, Verdict::NotTested);
}

/// A blow of 18 N, then a squeeze of 7.5 N.
fn blow() -> Vec<(u16, f64, Reading)> {
    let force = |ms: i32| match ms {
        0..100 => 0.5,
        100..200 => 18.0,
        200..700 => 6.0,
        _ => 7.5,
    };
    (0..100)
        .map(|i| (FORCE, 10.0 * f64::from(i), Reading::scalar(force(10 * i))))
        .collect()
}

fn contact(phase: &str, limit: &str) -> Findings {
    let mut m = measure("contact-force", "blow", &[("channel", "force")], 3);
    for (name, value) in [("filter", "none"), ("boundary", "500 ms"), ("phase", phase)] {
        set(&mut m, name, value);
    }
    m.accept = at_most(limit);
    let mut record = Record::with_case(case("blow", vec![window("blow", &["force"])], vec![m]));
    record.start("blow");
    let context = record.context(&[], 0);
    for _ in 0..3 {
        record.window("blow", &context, &blow());
    }
    record.finish(CaseEnd::Completed);
    record.judge()
}

#[test]
fn a_blow_and_a_squeeze_have_limits_of_their_own() {
    let transient = contact("transient", "28 N");
    near(measured(only(&transient)).value, 18.0, 1e-9);
    assert_eq!(transient.verdict, Verdict::Pass);
    let squeeze = contact("quasi-static", "7 N");
    near(measured(only(&squeeze)).value, 7.5, 1e-9);
    assert_eq!(squeeze.verdict, Verdict::Fail);
}

/// Windows that each hold a pair of levels.
fn loaded(
    mut m: Measure,
    params: &[(&str, &str)],
    levels: &[(f64, f64)],
    units: [&str; 2],
) -> Findings {
    params
        .iter()
        .for_each(|(name, value)| set(&mut m, name, value));
    let steps = vec![window("step", &["x", "y"])];
    let mut record = Record::with_case(case("load", steps, vec![m]));
    let x = record.scalar_channel("x", units[0], 0.02);
    let y = record.scalar_channel("y", units[1], 0.002);
    record.start("load");
    let context = record.context(&[], 0);
    for (a, b) in levels {
        let both = [curve(x, 3, |_| *a), curve(y, 3, |_| *b)].concat();
        record.window("step", &context, &both);
    }
    record.finish(CaseEnd::Completed);
    record.judge()
}

#[test]
fn a_sensor_bends_and_lags() {
    let channels = [("reference", "x"), ("sensor", "y")];
    let levels = [
        (0.0, 0.0),
        (50.0, 49.0),
        (100.0, 100.0),
        (50.0, 51.0),
        (0.0, 0.2),
    ];
    let judged = |metric: &str| {
        let m = Measure {
            accept: at_most("5 %"),
            ..measure(metric, "step", &channels, 5)
        };
        loaded(m, &[("full_scale", "100 N")], &levels, ["N", "N"])
    };
    let lag = judged("sensor-hysteresis");
    near(measured(only(&lag)).value, 2.0, 1e-9);
    assert_eq!(lag.verdict, Verdict::Pass);
    near(
        measured(only(&judged("sensor-nonlinearity"))).value,
        1.0,
        0.1,
    );
}

#[test]
fn stiffness_and_compliance_are_slopes_of_the_same_steps() {
    let channels = [("force", "x"), ("displacement", "y")];
    let levels: Vec<(f64, f64)> = (0..=10)
        .map(|q| (10.0 * f64::from(q), 0.05 + 0.002 * 10.0 * f64::from(q)))
        .collect();
    let judged = |metric: &str| {
        loaded(
            measure(metric, "step", &channels, 11),
            &[],
            &levels,
            ["N", "mm"],
        )
    };
    let stiff = judged("grasp-stiffness");
    near(measured(only(&stiff)).value, 500.0, 1e-6);
    let soft = judged("iso9283-static-compliance");
    near(measured(only(&soft)).value, 0.002, 1e-9);
    assert_eq!(measured(only(&soft)).unit, unit("mm/N"));
    assert!(measured(only(&soft)).u_expanded.is_some());
}

/// The force leaves its rest 330 ms after a window has begun; its step began at 300 ms, and the command was
/// taken at `taken_ms`.
fn latency_ms(taken_ms: u64) -> f64 {
    let mut latency = measure("response-latency", "command", &[("channel", "force")], 1);
    set(&mut latency, "factor", "5 1");
    set(&mut latency, "summary", "longest");
    let steps = vec![window("command", &["force"])];
    let mut record = Record::with_case(case("latency", steps, vec![latency]));
    record.start("latency");
    let context = record.context(&[], 1);
    let from = record.now_ns;
    let noise = |i: u32| if i.is_multiple_of(2) { 0.01 } else { -0.01 };
    let force = |i: u32| noise(i) + if i > 33 { f64::from(i - 33) } else { 0.0 };
    let samples: Vec<_> = (0..80u32)
        .map(|i| (FORCE, 10.0 * f64::from(i), Reading::scalar(force(i))))
        .collect();
    record.window("command", &context, &samples);
    let (end, after) = (record.now_ns, record.events.split_off(2));
    for (ms, body) in [
        (
            300,
            EventBody::StepStarted {
                path: "latency/0/1".into(),
                what: "move arm to p1".into(),
                context: context.clone(),
            },
        ),
        (
            taken_ms,
            EventBody::Commanded {
                device: "arm".into(),
                what: "move to pose `p1`".into(),
            },
        ),
    ] {
        record.now_ns = from + ms * MS;
        record.event(body);
    }
    record.events.extend(after);
    record.now_ns = end;
    record.finish(CaseEnd::Completed);
    measured(only(&record.judge())).value
}

#[test]
fn an_arm_that_moves_before_it_has_taken_the_whole_command_is_no_sooner_for_it() {
    // Departed between 330 and 340 ms, 300 ms at the earliest being the command's.
    near(latency_ms(302), 40.0, 3.0);
    assert_eq!(latency_ms(302), latency_ms(600));
}
