//! A scheme's rule over findings: what supports a level, and what never does.

use crate::record::*;
use certbench_judge::assess::{Assessment, Evidence, State, assess};
use certbench_model::measure::Compare;
use certbench_model::scheme::{Level, Needed, Requirement, SampleRule, Scheme};
use certbench_model::*;

/// Grips of 20.1 N on average, of 10 N at least, with an uncertainty of some 0.3 N.
fn grips(change: impl FnOnce(&mut Plan), end: CaseEnd) -> Findings {
    let mut force = measure("peak-force", "squeeze", &[("channel", "force")], 3);
    let none = ParamValue::Text("none".into());
    force.params.insert("filter".into(), none);
    force.accept = at_least(Compare::Estimate, "10 N");
    let steps = vec![window("squeeze", &["force"])];
    let mut record = Record::with_case(case("grip", steps, vec![force]));
    change(&mut record.plan);
    record.start("grip");
    let context = record.context(&[], 0);
    for peak in [20.0, 20.1, 20.2] {
        record.window("squeeze", &context, &steady(FORCE, peak));
    }
    record.finish(end);
    record.judge()
}

fn well() -> Findings {
    grips(|_| {}, CaseEnd::Completed)
}

fn requirement(at_least: Option<&str>) -> Requirement {
    let measure = &well().cases[0].findings[0].measure;
    Requirement {
        suite: "grips".into(),
        from: "1.0.0".parse().unwrap(),
        below: Some("2.0.0".parse().unwrap()),
        results: at_least
            .map(|limit| Needed {
                result: format!("grip/{measure}"),
                at_least: Some(limit.parse().unwrap()),
                at_most: None,
            })
            .into_iter()
            .collect(),
        items: None,
    }
}

fn scheme(levels: &[(&str, Option<&str>)]) -> Scheme {
    let level = |(id, limit): &(&str, Option<&str>)| Level {
        id: id.to_string(),
        title: Text::same(*id),
        requires: vec![requirement(*limit)],
    };
    Scheme {
        id: "invented".into(),
        version: "1.0.0".into(),
        status: "example".into(),
        title: Text::same("Invented"),
        kind: "1a".into(),
        basis: Vec::new(),
        sample: SampleRule {
            items: 1,
            chosen: Text::same("by nobody"),
        },
        run_age_days: Some(30),
        validity_months: None,
        surveillance: None,
        conditional_pass_counts: false,
        simulated_counts: false,
        levels: levels.iter().map(level).collect(),
        file: FileDigest {
            path: "s".into(),
            bytes: 0,
            sha256: String::new(),
        },
    }
}

fn evidence(findings: &Findings) -> Evidence<'_> {
    Evidence {
        run: "run-1",
        suite: "grips",
        version: "1.0.0",
        item: Some("Maker / Hand / 1"),
        simulated: false,
        day: "2026-11-22".parse().unwrap(),
        findings,
    }
}

fn today() -> Date {
    "2026-11-30".parse().unwrap()
}

fn told(scheme: &Scheme, runs: &[Evidence<'_>]) -> Assessment {
    assess(scheme, runs, today())
}

fn state(scheme: &Scheme, runs: &[Evidence<'_>]) -> State {
    told(scheme, runs).levels[0].state
}

#[test]
fn a_level_is_supported_when_it_and_all_below_it_are_met() {
    let levels = [
        ("L1", Some("15 N")),
        ("L2", Some("18 N")),
        ("L3", Some("25 N")),
    ];
    let findings = well();
    let told = told(&scheme(&levels), &[evidence(&findings)]);
    assert_eq!(told.level.as_deref(), Some("L2"));
    assert_eq!(told.next.as_deref(), Some("L3"));
    let states: Vec<State> = told.levels.iter().map(|l| l.state).collect();
    assert_eq!(states, [State::Met, State::Met, State::Failed]);
    let gap = &told.levels[2].requirements[0].items[0].gaps[0];
    assert!(
        gap.text.en.contains("≥ 25 N") && gap.text.zh.contains("不合格"),
        "{gap:?}"
    );
    // A level that is met above one that is not supports nothing.
    let gapped = scheme(&[("L1", Some("25 N")), ("L2", Some("15 N"))]);
    assert_eq!(assess(&gapped, &[evidence(&findings)], today()).level, None);
}

#[test]
fn a_limit_within_the_guard_band_is_not_met() {
    let findings = well();
    let runs = [evidence(&findings)];
    let least = |limit| state(&scheme(&[("L1", Some(limit))]), &runs);
    assert_eq!(least("15 N"), State::Met);
    assert_ne!(least("20.09 N"), State::Met, "the value alone would pass");
    assert_eq!(least("15 mm"), State::NotTested, "another dimension");
}

#[test]
fn a_conditional_pass_counts_only_where_the_scheme_says_so() {
    let mut findings = well();
    findings.verdict = Verdict::ConditionalPass;
    findings.cases[0].verdict = Verdict::ConditionalPass;
    findings.cases[0].findings[0].verdict = Verdict::ConditionalPass;
    let mut scheme = scheme(&[("L1", None)]);
    assert_eq!(state(&scheme, &[evidence(&findings)]), State::Conditional);
    scheme.conditional_pass_counts = true;
    assert_eq!(state(&scheme, &[evidence(&findings)]), State::Met);
}

#[test]
fn what_was_not_tested_never_counts() {
    let findings = well();
    let with_limit = scheme(&[("L1", Some("15 N"))]);
    assert_eq!(state(&with_limit, &[]), State::NotTested);
    let other = Evidence {
        version: "2.0.0",
        ..evidence(&findings)
    };
    assert_eq!(
        state(&with_limit, std::slice::from_ref(&other)),
        State::NotTested
    );
    assert_eq!(told(&with_limit, &[other]).unused, ["run-1"]);
    let simulated = Evidence {
        simulated: true,
        ..evidence(&findings)
    };
    assert_eq!(state(&with_limit, &[simulated]), State::NotTested);
    let nobody = Evidence {
        item: None,
        ..evidence(&findings)
    };
    assert_eq!(state(&with_limit, &[nobody]), State::NotTested);
    let old = Evidence {
        day: "2026-10-30".parse().unwrap(),
        ..evidence(&findings)
    };
    assert_eq!(state(&with_limit, &[old]), State::NotTested);
    // A value inside the scheme's limit whose certificate had run out is no evidence.
    let expired = |plan: &mut Plan| {
        let force = &mut plan.channels[usize::from(FORCE)];
        force.calibration.as_mut().unwrap().due = "2020-01-01".parse().unwrap();
    };
    let expired = grips(expired, CaseEnd::Completed);
    assert_eq!(state(&with_limit, &[evidence(&expired)]), State::NotTested);
    // Nor is the value of a case that did not come to its end.
    let cut_short = grips(|_| {}, CaseEnd::Unanswered("confirm".into()));
    assert_eq!(
        state(&with_limit, &[evidence(&cut_short)]),
        State::NotTested
    );
}

#[test]
fn nobody_tests_until_it_passes() {
    let (good, mut bad) = (well(), well());
    bad.verdict = Verdict::Fail;
    bad.cases[0].verdict = Verdict::Fail;
    bad.cases[0].findings[0].verdict = Verdict::Fail;
    let runs = [
        Evidence {
            run: "run-0",
            ..evidence(&bad)
        },
        evidence(&good),
    ];
    assert_eq!(state(&scheme(&[("L1", None)]), &runs), State::Failed);
}

#[test]
fn a_sample_of_three_is_three_serial_numbers() {
    let findings = well();
    let mut scheme = scheme(&[("L1", None)]);
    scheme.sample.items = 3;
    let of = |item| Evidence {
        item: Some(item),
        ..evidence(&findings)
    };
    let (one, two, three) = (of("hand 1"), of("hand 2"), of("hand 3"));
    let same = [one.clone(), one.clone(), one.clone()];
    assert_eq!(
        state(&scheme, &same),
        State::NotTested,
        "one hand, three times"
    );
    assert_eq!(
        state(&scheme, &[one.clone(), two.clone(), three.clone()]),
        State::Met
    );
    let mut failed = well();
    failed.verdict = Verdict::Fail;
    let fourth = Evidence {
        item: Some("hand 4"),
        findings: &failed,
        ..evidence(&findings)
    };
    assert_eq!(
        state(&scheme, &[one, two, three, fourth]),
        State::Failed,
        "one of four"
    );
}
