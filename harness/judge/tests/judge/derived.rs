//! Derived results of a run: value, verdict, and what is not tested.

use crate::record::*;
use certbench_model::derived::Input;
use certbench_model::expr::{Expr, Function, Op, Term};
use certbench_model::measure::Compare;
use certbench_model::*;
use std::collections::BTreeMap;

/// `(first.peak - last.peak) / first.peak`, with the places of its parts.
fn drop_formula() -> Expr {
    let text = "(first.peak - last.peak) / first.peak";
    let term = |at, op| Term { at, op };
    let name = |text: &str| Op::Name(text.into());
    let terms = vec![
        term([1, 11], name("first.peak")),
        term([14, 23], name("last.peak")),
        term([1, 23], Op::Apply(Function::Sub, 2)),
        term([27, 37], name("first.peak")),
        term([0, 37], Op::Apply(Function::Div, 2)),
    ];
    Expr::new(text, terms).unwrap()
}

fn input(case: &str, measure: &str) -> Input {
    Input {
        case: case.into(),
        measure: measure.into(),
        row: None,
    }
}

fn drop_in(case: &str, accept: Option<Accept>) -> Derived {
    Derived {
        id: "drop".into(),
        case: case.into(),
        title: Text::new("Strength drop", "强度下降"),
        value: drop_formula(),
        inputs: BTreeMap::from([
            ("first.peak".to_string(), input("first", "peak-force")),
            ("last.peak".to_string(), input("last", "peak-force")),
        ]),
        unit: unit("%"),
        accept,
        rule: DecisionRule::Guarded { r: 1.0 },
    }
}

/// Two cases of three squeezes each, without limits of their own, and what is derived from them.
fn run(peaks: [f64; 2], derived: Vec<Derived>, change: impl FnOnce(&mut Record)) -> Findings {
    let mut force = measure("peak-force", "squeeze", &[("channel", "force")], 3);
    let params = [
        ("filter", ParamValue::Text("none".into())),
        ("summary", ParamValue::Text("mean".into())),
    ];
    force.params = params.map(|(n, v)| (n.to_string(), v)).into();
    let steps = || vec![window("squeeze", &["force"])];
    let mut record = Record::new();
    for id in ["first", "last"] {
        record
            .plan
            .cases
            .push(case(id, steps(), vec![force.clone()]));
    }
    record.plan.derived = derived;
    for (id, peak) in ["first", "last"].into_iter().zip(peaks) {
        record.start(id);
        let context = record.context(&[], 0);
        for i in 0..3 {
            record.window(
                "squeeze",
                &context,
                &steady(FORCE, peak + 0.01 * f64::from(i)),
            );
        }
        record.finish(CaseEnd::Completed);
    }
    change(&mut record);
    record.judge()
}

#[test]
fn a_drop_within_its_limit_passes_and_shows_its_parts() {
    let findings = run([40.0, 36.0], vec![drop_in("last", at_most("20 %"))], |_| {});
    let last = &findings.cases[1];
    let drop = &last.findings[1];
    let m = measured(drop);
    assert!((m.value - 100.0 * 4.0 / 40.01).abs() < 1e-9, "{}", m.value);
    assert_eq!(drop.verdict, Verdict::Pass, "{:?}", drop.reasons);
    assert_eq!(drop.source, Source::Reference);
    assert_eq!(drop.channels, ["force"]);
    // The gauge reads both; what scatters is each peak's own.
    let shared = m.budget.iter().filter(|l| l.name.en.contains("shared by"));
    assert_eq!(shared.count(), 1, "{:?}", m.budget);
    let parts: Vec<_> = drop
        .sub_values
        .iter()
        .map(|s| (s.text.as_str(), s.from.as_deref(), s.unit.as_str()))
        .collect();
    assert_eq!(
        parts,
        [
            ("first.peak", Some("first/peak-force"), "N"),
            ("last.peak", Some("last/peak-force"), "N"),
            ("first.peak - last.peak", None, "N"),
        ]
    );
    assert!((drop.sub_values[2].value - 4.0).abs() < 1e-9);
    // The case has no other limit: it is judged by this one.
    assert_eq!(
        (last.verdict, codes(&last.reasons)),
        (Verdict::Pass, vec![])
    );
    assert!(
        drop.formula
            .en
            .starts_with("drop = (first.peak - last.peak) / first.peak")
    );
}

#[test]
fn a_drop_beyond_its_limit_fails_its_case_and_the_run() {
    let findings = run([40.0, 30.0], vec![drop_in("last", at_most("20 %"))], |_| {});
    let last = &findings.cases[1];
    assert_eq!(last.findings[1].verdict, Verdict::Fail);
    assert_eq!(last.verdict, Verdict::Fail);
    assert_eq!(findings.verdict, Verdict::Fail);
}

#[test]
fn the_guard_band_holds_for_a_derived_result_too() {
    // 19.995 % of at most 20 %, with an uncertainty far larger than what is left.
    let findings = run([40.0, 32.0], vec![drop_in("last", at_most("20 %"))], |_| {});
    let drop = &findings.cases[1].findings[1];
    let decision = drop.decision.as_ref().unwrap();
    assert!(decision.compared < 20.0 && decision.guard > 20.0 - decision.compared);
    assert_eq!(drop.verdict, Verdict::Fail);
}

#[test]
fn what_was_not_tested_cannot_be_computed_with() {
    let findings = run(
        [40.0, 36.0],
        vec![drop_in("last", at_most("20 %"))],
        |record| {
            for channel in &mut record.plan.channels {
                if let Some(calibration) = &mut channel.calibration {
                    calibration.due = "2026-06-01".parse().unwrap();
                }
            }
        },
    );
    let drop = &findings.cases[1].findings[1];
    assert_eq!(drop.verdict, Verdict::NotTested);
    assert_eq!(codes(&drop.reasons), ["input-not-tested"]);
    assert!(drop.result.is_none());
    assert_eq!(findings.verdict, Verdict::NotTested);
}

#[test]
fn dividing_by_what_may_be_nothing_gives_no_verdict() {
    // The first peak is 0.01 N, and the gauge is uncertain by 0.2 N.
    let findings = run([0.0, 36.0], vec![drop_in("last", at_most("20 %"))], |_| {});
    let drop = &findings.cases[1].findings[1];
    assert_eq!(drop.verdict, Verdict::NotTested);
    assert!(
        codes(&drop.reasons).contains(&"no-number"),
        "{:?}",
        drop.reasons
    );
}

#[test]
fn a_result_of_the_suite_has_an_entry_of_its_own() {
    let double = Derived {
        id: "double".into(),
        value: {
            let term = |op| Term { at: [0, 8], op };
            let terms = vec![
                term(Op::Quantity(quantity("2 1"))),
                term(Op::Name("drop".into())),
                term(Op::Apply(Function::Mul, 2)),
            ];
            Expr::new("2 * drop", terms).unwrap()
        },
        inputs: BTreeMap::from([("drop".to_string(), input("", "drop"))]),
        ..drop_in("", at_least(Compare::Estimate, "1 %"))
    };
    let findings = run([40.0, 36.0], vec![drop_in("", None), double], |_| {});
    let own = &findings.cases[2];
    assert_eq!(own.case, "derived");
    let [drop, double] = own.findings.as_slice() else {
        panic!("two results")
    };
    assert_eq!(codes(&drop.reasons), ["no-limit"]);
    let (drop, doubled) = (measured(drop), measured(double));
    assert!((doubled.value - 2.0 * drop.value).abs() < 1e-9);
    let (single, twice) = (drop.u_expanded.unwrap(), doubled.u_expanded.unwrap());
    assert!(
        (twice - 2.0 * single).abs() < 1e-9 * twice,
        "the same causes, twice"
    );
    assert_eq!(
        (double.verdict, own.verdict),
        (Verdict::Pass, Verdict::Pass)
    );
    // The cases themselves accept nothing; that has not changed.
    assert_eq!(findings.verdict, Verdict::NotTested);
}
