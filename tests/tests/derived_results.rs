//! Derived results from the suite's text to the findings, on the simulated bench: the names of a formula
//! are the results that the judge has.

use certbench_model::Verdict;
use certbench_model::finding::{Finding, Measured, Value};
use certbench_model::text::Lang;
use certbench_reports::Extra;
use certbench_tests::simulated::{Papers, Played};

const DRIFT_LIMIT: &str = "        accept: { estimate: at_most $drift_max }\n";

/// The payload suite, with the drift as a share of the droop, and the whole sag at its end.
fn papers(sag_most: &str) -> Papers {
    let derived = format!(
        r#"{DRIFT_LIMIT}    derive:
      - id: share
        title: {{ en: Drift as a share of the droop, zh: 漂移占下垂的比例 }}
        value: drift / droop
        unit: "%"

derive:
  - id: sag
    title: {{ en: Droop and drift together, zh: 下垂与漂移之和 }}
    value: droop-and-hold.droop + droop-and-hold.drift
    unit: mm
    accept: {{ estimate: at_most {sag_most} }}
"#
    );
    Papers::shipped("payload", "arm").suite_with(DRIFT_LIMIT, &derived)
}

fn finding<'a>(played: &'a Played, id: &str) -> &'a Finding {
    let all = played.findings.cases.iter().flat_map(|c| &c.findings);
    let mut found = all.filter(|f| f.measure == id);
    found.next().unwrap_or_else(|| panic!("no result `{id}`"))
}

fn quantity(finding: &Finding) -> &Measured {
    match &finding.result {
        Some(Value::Quantity(q)) => q,
        other => panic!("{}: {other:?} {:?}", finding.measure, finding.reasons),
    }
}

#[test]
fn a_formula_of_the_suite_becomes_a_result_of_the_run() {
    let played = papers("5 mm").play();
    let [droop, drift, share, sag] =
        ["droop", "drift", "share", "sag"].map(|id| finding(&played, id));
    let (a, b) = (quantity(droop), quantity(drift));
    assert!((quantity(share).value - 100.0 * b.value / a.value).abs() < 1e-6);
    let sum = quantity(sag);
    assert!((sum.value - (a.value + b.value)).abs() < 1e-9);
    assert_eq!(sag.verdict, Verdict::Pass, "{:?}", sag.reasons);
    // One tracker measured both: its part is counted as one and the same, not as two chances.
    let tracker: Vec<_> = sum
        .budget
        .iter()
        .filter(|l| l.name.en.contains("shared by"))
        .collect();
    assert_eq!(tracker.len(), 1, "{:?}", sum.budget);
    // What its certificate says is; its resolution is another chance at each reading.
    let own = |m: &Measured| {
        let lines = m.budget.iter().filter(|l| l.from == tracker[0].from);
        lines.map(|l| l.u * l.u).sum::<f64>().sqrt()
    };
    assert!((tracker[0].u - (own(a) + own(b))).abs() < 1e-12);
    // Every part of the formula is shown, with the result that it is.
    let parts: Vec<_> = sag
        .sub_values
        .iter()
        .map(|s| (s.text.as_str(), s.from.as_deref()))
        .collect();
    assert_eq!(
        parts,
        [
            ("droop-and-hold.droop", Some("droop-and-hold/droop")),
            ("droop-and-hold.drift", Some("droop-and-hold/drift"))
        ]
    );
    assert_eq!(played.findings.verdict, Verdict::Pass);

    let document = certbench_reports::document(&played.facts, &played.findings, &Extra::default());
    for (lang, drawn) in [
        (Lang::En, "Droop and drift together"),
        (Lang::Zh, "下垂与漂移之和"),
    ] {
        let page = certbench_reports::html(&document, lang).expect("a page");
        assert!(
            page.contains(drawn)
                && page.contains("sag = droop-and-hold.droop + droop-and-hold.drift")
        );
        assert!(page.contains("<td class=\"n\">droop-and-hold.drift</td>"));
    }
    // The suite's own results have no sampling plan, and none is missed.
    let missing = certbench_reports::lint(&document);
    assert!(
        missing
            .iter()
            .all(|m| m.what.en != "a case has no sampling plan"),
        "{missing:?}"
    );
}

#[test]
fn a_formula_beyond_its_limit_fails_the_run() {
    let played = papers("0.001 mm").play();
    assert_eq!(finding(&played, "sag").verdict, Verdict::Fail);
    assert_eq!(played.findings.verdict, Verdict::Fail);
}
