//! A number carries its doubt, or no verdict rests on it.

use crate::record::*;
use certbench_model::measure::Compare;
use certbench_model::*;

fn squeezes(change: impl FnOnce(&mut Plan), peaks: [f64; 3]) -> Findings {
    let mut force = measure("peak-force", "squeeze", &[("channel", "force")], 3);
    force
        .params
        .insert("filter".into(), ParamValue::Text("none".into()));
    force.accept = at_least(Compare::Estimate, "10 N");
    let steps = vec![window("squeeze", &["force"])];
    let mut record = Record::with_case(case("grip", steps, vec![force]));
    change(&mut record.plan);
    record.start("grip");
    let context = record.context(&[], 0);
    for peak in peaks {
        record.window("squeeze", &context, &steady(FORCE, peak));
    }
    record.finish(CaseEnd::Completed);
    record.judge()
}

fn gauge(plan: &mut Plan) -> &mut Calibration {
    plan.channels[usize::from(FORCE)]
        .calibration
        .as_mut()
        .unwrap()
}

const WELL: [f64; 3] = [20.0, 20.1, 20.2];

#[track_caller]
fn unusable(findings: Findings, code: &str) {
    assert_eq!(findings.verdict, Verdict::NotTested);
    assert!(
        codes(&only(&findings).reasons).contains(&code),
        "{:?}",
        only(&findings).reasons
    );
    assert!(
        only(&findings).result.is_some(),
        "the number is shown all the same"
    );
}

#[test]
fn a_certificate_is_good_to_its_last_day_and_not_longer() {
    let until = |due: &'static str| move |plan: &mut Plan| gauge(plan).due = due.parse().unwrap();
    assert_eq!(squeezes(until("2026-11-22"), WELL).verdict, Verdict::Pass);
    unusable(squeezes(until("2026-11-21"), WELL), "calibration-due");
}

#[test]
fn a_certificate_of_tomorrow_is_no_certificate() {
    let later = |plan: &mut Plan| gauge(plan).date = "2026-11-23".parse().unwrap();
    unusable(squeezes(later, WELL), "calibration-due");
}

#[test]
fn a_sample_outside_the_calibrated_range_is_unusable() {
    let small = |plan: &mut Plan| gauge(plan).ranges[0].to = 20.15;
    unusable(squeezes(small, WELL), "out-of-range");
}

#[test]
fn a_channel_without_calibration_has_no_uncertainty_and_no_verdict() {
    let none = |plan: &mut Plan| plan.channels[usize::from(FORCE)].calibration = None;
    unusable(squeezes(none, WELL), "no-calibration");
}

#[test]
fn the_items_own_report_has_no_verdict_either() {
    let own = |plan: &mut Plan| {
        plan.channels[usize::from(FORCE)].calibration = None;
        plan.channels[usize::from(FORCE)].source = Source::Device;
    };
    let findings = squeezes(own, WELL);
    assert_eq!(only(&findings).source, Source::Device);
    unusable(findings, "no-calibration");
}

#[test]
fn a_peak_beyond_the_bandwidth_of_the_certificate_is_unusable() {
    let slow = |plan: &mut Plan| gauge(plan).bandwidth_hz = Some(20.0);
    unusable(squeezes(slow, WELL), "bandwidth"); // sampled at 100 Hz and not filtered
}

#[test]
fn the_budget_names_what_it_is_made_of() {
    let findings = squeezes(|_| {}, WELL);
    let m = measured(only(&findings));
    let kinds: Vec<_> = m.budget.iter().map(|l| l.type_ab.as_str()).collect();
    assert_eq!(kinds, ["A", "B", "B"]);
    // Type A: s = 0.1 N of three; instrument U = 0.2 N, k = 2; noise 0.01 N over 20 readings.
    assert!((m.budget[0].u - 0.1 / 3f64.sqrt()).abs() < 1e-12);
    assert_eq!(
        (m.budget[0].nu, m.budget[1].u, m.budget[1].nu),
        (Some(2.0), 0.1, None)
    );
    assert_eq!(m.budget[1].from.as_deref(), Some("CAL-1"));
    assert!((m.budget[2].u - 0.01 * 1.867 / 3f64.sqrt()).abs() < 1e-4);
    // nu_eff = u^4 / (u_A^4 / 2), truncated; k at 95.45 %.
    let u = m.budget.iter().map(|l| l.u * l.u).sum::<f64>().sqrt();
    let nu = (u.powi(4) / (m.budget[0].u.powi(4) / 2.0)).floor();
    assert_eq!(m.nu_eff, Some(nu));
    assert!((m.u_expanded.unwrap() - m.k.unwrap() * u).abs() < 1e-12);
}

#[test]
fn a_value_inside_the_limit_by_less_than_its_uncertainty_does_not_pass() {
    let near = [10.1, 10.15, 10.2];
    let findings = squeezes(|_| {}, near);
    assert_eq!(findings.verdict, Verdict::Fail); // binary, guarded
    let four = |plan: &mut Plan| {
        plan.cases[0].measures[0].rule = DecisionRule::FourValued { r: 1.0 };
    };
    let findings = squeezes(four, near);
    assert_eq!(findings.verdict, Verdict::ConditionalPass);
    let decision = only(&findings).decision.as_ref().unwrap();
    assert!(decision.risk.unwrap() > 0.02);
    assert_eq!(decision.accept_low, Some(10.0 + decision.guard));
    let simple = |plan: &mut Plan| plan.cases[0].measures[0].rule = DecisionRule::Simple;
    assert_eq!(squeezes(simple, near).verdict, Verdict::Pass);
}

#[test]
fn a_sample_against_the_certificates_direction_is_unusable() {
    let tension = |plan: &mut Plan| gauge(plan).direction = Some("tension".into());
    unusable(squeezes(tension, WELL), "against-direction");
    let compression = |plan: &mut Plan| gauge(plan).direction = Some("compression".into());
    assert_eq!(squeezes(compression, WELL).verdict, Verdict::Pass);
    let both = |plan: &mut Plan| gauge(plan).direction = Some("both".into());
    assert_eq!(squeezes(both, WELL).verdict, Verdict::Pass);
}

#[test]
fn what_positive_means_is_the_benchs_choice() {
    let pulls = |direction: &'static str| {
        move |plan: &mut Plan| {
            gauge(plan).direction = Some(direction.into());
            let gauge = plan.bench.devices.iter_mut().find(|d| d.id == "gauge");
            let options = &mut gauge.unwrap().options;
            options.insert("positive".into(), "tension".into());
        }
    };
    assert_eq!(squeezes(pulls("tension"), WELL).verdict, Verdict::Pass);
    unusable(squeezes(pulls("compression"), WELL), "against-direction");
}

#[test]
fn a_direction_that_no_sign_tells_is_unusable() {
    let odd = |plan: &mut Plan| gauge(plan).direction = Some("clockwise".into());
    unusable(squeezes(odd, WELL), "calibration-direction");
}

#[test]
fn a_reading_of_nothing_is_against_no_direction() {
    // 0.2 N is the expanded uncertainty at zero: -0.1 N may be nothing.
    let tension = |plan: &mut Plan| gauge(plan).direction = Some("tension".into());
    let findings = squeezes(tension, [0.1, 0.12, 0.11]);
    assert!(!codes(&only(&findings).reasons).contains(&"against-direction"));
}
