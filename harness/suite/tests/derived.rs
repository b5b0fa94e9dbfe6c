//! Derived results: what they become in a plan, and every way to write them wrongly
//! (`tests/golden/derived.txt`; `BLESS=1 cargo test -p certbench-suite --test derived` writes it anew).

mod common;

use certbench_model::derived::Input;
use certbench_model::{Compare, Derived, Unit};
use certbench_suite::{
    Diagnostic, Kind, Request, Sources, check_bench, check_job, check_suite, plan, render, schema,
};
use common::{errors, files, golden, replaced, vocabulary};

/// The last line of the measures of the case `grasping`.
const MEASURED: &str = "        accept: { estimate: [at_least 0.1 N, at_most 9 N] }\n";
/// The head of the suite's `finally`.
const FINALLY: &str = "\nfinally:\n";

/// The small suite with derived results of the case `grasping` and of the suite.
fn sources(of_case: &str, of_suite: &str) -> Sources {
    let mut all = files();
    let block = |text: &str, indent: &str| match text {
        "" => String::new(),
        text => {
            let mut block = format!("{indent}derive:\n");
            for line in text.lines() {
                block += &format!("{indent}  {line}\n");
            }
            block
        }
    };
    let (suite, case) = (block(of_suite, ""), block(of_case, "    "));
    replaced(
        &mut all,
        "small.suite.yaml",
        MEASURED,
        &format!("{MEASURED}{case}"),
    );
    replaced(
        &mut all,
        "small.suite.yaml",
        FINALLY,
        &format!("\n{suite}{FINALLY}"),
    );
    Sources::memory(all.iter().map(|(n, t)| (n.as_str(), t.as_str())))
}

fn complaints(of_case: &str, of_suite: &str) -> (Vec<Diagnostic>, Sources) {
    let mut sources = sources(of_case, of_suite);
    let (_, all) = check_suite(&mut sources, "small.suite.yaml", &vocabulary());
    (all, sources)
}

fn derived(of_case: &str, of_suite: &str) -> Vec<Derived> {
    let mut sources = sources(of_case, of_suite);
    let vocabulary = vocabulary();
    let (suite, all) = check_suite(&mut sources, "small.suite.yaml", &vocabulary);
    let suite = suite.unwrap_or_else(|| panic!("{}", render(&all, &sources, false)));
    let (bench, _) = check_bench(&mut sources, "small.bench.yaml", &vocabulary);
    let (job, _) = check_job(&mut sources, "small.job.yaml");
    let request = Request {
        suite: &suite,
        bench: &bench.unwrap(),
        job: Some(&job.unwrap()),
        vocabulary: &vocabulary,
        today: "2026-11-22".parse().unwrap(),
        set: &[],
    };
    let plan = plan(&request, &mut sources).unwrap();
    let json = serde_json::to_string(&plan).unwrap();
    assert_eq!(
        serde_json::from_str::<certbench_model::Plan>(&json).unwrap(),
        plan
    );
    plan.derived
}

/// One derived result of the case `grasping`.
fn one(value: &str, unit: &str) -> String {
    format!("- id: it\n  title: {{ en: It, zh: 它 }}\n  value: {value}\n  unit: \"{unit}\"")
}

const DROP: &str = r#"- id: drop
  title: { en: Drop, zh: 下降 }
  value: "(peak - 5 N) / peak"
  unit: "%"
  accept: { estimate: at_most 20 % }"#;

#[test]
fn a_plan_says_which_result_each_name_is() {
    let all = derived(
        DROP,
        r#"- id: spread
  title: { en: Spread, zh: 极差 }
  value: max(posing.accuracy[p1], posing.accuracy[p2]) - min(posing.accuracy[p1], posing.accuracy[p2])
  unit: mm
  accept: { estimate: at_most 0.1 mm }"#,
    );
    let ids: Vec<&str> = all.iter().map(|d| d.id.as_str()).collect();
    assert_eq!(ids, ["drop", "spread"]);
    let drop = &all[0];
    assert_eq!(drop.case, "grasping");
    assert_eq!(drop.unit, Unit::parse("%").unwrap());
    let accept = drop.accept.as_ref().unwrap();
    assert_eq!(accept.compare, Compare::Estimate);
    assert_eq!(accept.at_most, Some("20 %".parse().unwrap()));
    let peak = Input {
        case: "grasping".into(),
        measure: "peak".into(),
        row: None,
    };
    assert_eq!(
        drop.inputs.iter().collect::<Vec<_>>(),
        [(&"peak".to_string(), &peak)]
    );
    let spread = &all[1];
    assert_eq!(spread.case, "");
    let rows: Vec<_> = spread.inputs.values().map(|i| i.row.as_deref()).collect();
    assert_eq!(rows, [Some("p1"), Some("p2")]);
}

#[test]
fn each_comes_after_what_it_is_made_of() {
    let all = derived(
        "- { id: c, title: { en: C, zh: 丙 }, value: b / a, unit: \"1\" }\n\
         - { id: b, title: { en: B, zh: 乙 }, value: 2 * a, unit: N }\n\
         - { id: a, title: { en: A, zh: 甲 }, value: peak - 1 N, unit: mN }",
        "- { id: whole, title: { en: Whole, zh: 总 }, value: part * grasping.c, unit: \"%\", accept: { estimate: at_least 1 % } }\n\
         - { id: part, title: { en: Part, zh: 部分 }, value: grasping.rate, unit: \"%\" }",
    );
    let ids: Vec<&str> = all.iter().map(|d| d.id.as_str()).collect();
    assert_eq!(ids, ["a", "part", "b", "c", "whole"]);
}

#[test]
fn a_parameter_is_in_the_plan_with_its_value() {
    let all = derived(&one("posing.accuracy[p1] / $limit_max", "%"), "");
    assert_eq!(all[0].value.text(), "posing.accuracy[p1] / $limit_max");
    assert_eq!(all[0].value.printed(), "posing.accuracy[p1] / 1.5 mm");
}

#[test]
fn a_derived_limit_is_a_limit() {
    let accepts = |text: &str| text.matches("accept:").count();
    let mut all = files();
    for limit in ["        accept: { bound: at_least 20 % }\n", MEASURED] {
        replaced(&mut all, "small.suite.yaml", limit, "");
    }
    let suite = &all[0].1;
    assert_eq!(accepts(suite), 1, "the case posing keeps its limit");
    let ends = "params: { filter: butterworth, cutoff: 10 Hz }\n";
    let block: String = DROP.lines().map(|l| format!("      {l}\n")).collect();
    replaced(
        &mut all,
        "small.suite.yaml",
        ends,
        &format!("{ends}    derive:\n{block}"),
    );
    let mut sources = Sources::memory(all.iter().map(|(n, t)| (n.as_str(), t.as_str())));
    let (suite, all) = check_suite(&mut sources, "small.suite.yaml", &vocabulary());
    assert!(suite.is_some(), "{}", render(&all, &sources, false));
}

#[test]
fn an_editor_knows_the_keys_of_a_derived_result() {
    let schema = schema(Kind::Suite);
    let item = |at: &serde_json::Value| at["items"]["$ref"].as_str().map(String::from);
    let of_suite = item(&schema["properties"]["derive"]).unwrap();
    let of_case = item(&schema["definitions"]["Case"]["properties"]["derive"]);
    assert_eq!(Some(&of_suite), of_case.as_ref());
    let derive = schema.pointer(of_suite.trim_start_matches('#')).unwrap();
    assert_eq!(derive["additionalProperties"], false);
    assert_eq!(
        derive["required"],
        serde_json::json!(["id", "title", "value", "unit"])
    );
    let words = derive["properties"]["value"]["description"].as_str();
    assert!(words.unwrap().contains("first.strength"));
}

/// Name, value and unit of a derived result of the case `grasping`, codes of the errors.
const WRONG: &[(&str, &str, &str, &[&str])] = &[
    ("nothing", "\"\"", "N", &["expression-syntax"]),
    (
        "nothing behind an operation",
        "peak +",
        "N",
        &["expression-syntax"],
    ),
    ("two operations", "peak * / 2", "N", &["expression-syntax"]),
    (
        "an open parenthesis",
        "\"(peak - 1 N / peak\"",
        "N",
        &["expression-syntax"],
    ),
    (
        "a closing parenthesis",
        "peak - 1 N)",
        "N",
        &["expression-syntax"],
    ),
    ("a power", "peak ^ 2", "N", &["expression-syntax"]),
    (
        "a sign from another keyboard",
        "peak × 2",
        "N",
        &["expression-syntax"],
    ),
    (
        "a decimal comma",
        "\"peak - 2,5 N\"",
        "N",
        &["expression-syntax"],
    ),
    (
        "no operation between",
        "peak 2 N",
        "N",
        &["expression-syntax"],
    ),
    (
        "chained",
        "\"0 N < peak < 5 N\"",
        "N",
        &["chained-comparison"],
    ),
    ("an unknown result", "paek / 2", "N", &["unknown-name"]),
    (
        "a result of another case",
        "accuracy[p1]",
        "mm",
        &["unknown-name"],
    ),
    (
        "an unknown row",
        "\"posing.accuracy[p9]\"",
        "mm",
        &["unknown-name"],
    ),
    ("all rows", "posing.accuracy", "mm", &["no-value"]),
    ("yes or no", "stopping.category", "N", &["no-value"]),
    (
        "a minus without blanks",
        "peak-rate",
        "N",
        &["unknown-name"],
    ),
    (
        "a unit without its number",
        "peak - N",
        "N",
        &["unknown-name"],
    ),
    ("an unknown unit", "peak - 2 newton", "N", &["unknown-unit"]),
    (
        "an unknown parameter",
        "peak / $limit_min",
        "N",
        &["unknown-parameter"],
    ),
    (
        "an unknown function",
        "mean(peak)",
        "N",
        &["unknown-function"],
    ),
    (
        "a near function",
        "sqr(peak * peak)",
        "N",
        &["unknown-function"],
    ),
    ("too few values", "max(peak)", "N", &["wrong-operands"]),
    (
        "a force and a length",
        "peak - 2 mm",
        "N",
        &["wrong-dimension"],
    ),
    (
        "a force and a pure number",
        "peak - 2",
        "N",
        &["wrong-dimension"],
    ),
    ("no root", "sqrt(peak)", "N", &["wrong-dimension"]),
    ("another unit", "peak / 2", "mm", &["wrong-dimension"]),
    ("equality", "\"peak == 5 N\"", "N", &["equality"]),
    (
        "a condition",
        "\"peak > 5 N and rate > 50 %\"",
        "N",
        &["no-quantity"],
    ),
    (
        "a number as a condition",
        "\"not peak\"",
        "N",
        &["wrong-sort"],
    ),
    (
        "a sum of temperatures",
        "20 Cel + 5 Cel",
        "Cel",
        &["temperature"],
    ),
    (
        "a temperature for a difference",
        "peak * (20 Cel - 5 Cel) / 5 Cel",
        "N",
        &["temperature"],
    ),
    ("no result at all", "2 * $limit_max", "mm", &["no-input"]),
    ("itself", "it / 2", "N", &["circular"]),
    (
        "several slips",
        "paek / 2 newton + rtae * 1 N",
        "N",
        &["unknown-unit"],
    ),
    (
        "several names",
        "paek + rtae * 1 N + posing.acuracy",
        "N",
        &["unknown-name", "unknown-name", "unknown-name"],
    ),
    ("escaped", r#""peak \u002b paek""#, "N", &["unknown-name"]),
    ("quoted", "'peak + paek'", "N", &["unknown-name"]),
];

#[test]
fn every_mistake_has_its_place_and_its_word() {
    let mut text = String::new();
    for (name, value, unit, codes) in WRONG {
        let (all, sources) = complaints(&one(value, unit), "");
        let rendered = render(&all, &sources, false);
        assert_eq!(errors(&all), *codes, "{name}:\n{rendered}");
        text += &format!("== {name}\n{rendered}\n");
    }
    let others: &[(&str, &str, &str, &[&str])] = &[
        (
            "a circle",
            "- { id: a, title: { en: A, zh: 甲 }, value: b + peak, unit: N }\n\
             - { id: b, title: { en: B, zh: 乙 }, value: c / 2, unit: N }\n\
             - { id: c, title: { en: C, zh: 丙 }, value: a / 2, unit: N }",
            "",
            &["circular"],
        ),
        (
            "a bound",
            "- { id: it, title: { en: It, zh: 它 }, value: peak / 2, unit: N, accept: { bound: at_least 5 N } }",
            "",
            &["no-bound"],
        ),
        (
            "a limit in another unit",
            "- { id: it, title: { en: It, zh: 它 }, value: peak / 2, unit: N, accept: { estimate: at_least 5 mm } }",
            "",
            &["wrong-dimension"],
        ),
        (
            "the name of a measure",
            "- { id: peak, title: { en: It, zh: 它 }, value: rate / 2, unit: \"%\" }",
            "",
            &["duplicate-id"],
        ),
        (
            "a misspelled key",
            "- { id: it, title: { en: It, zh: 它 }, valeu: peak / 2, unit: N }",
            "",
            &["unknown-key"],
        ),
        (
            "a bare name at the suite's level",
            "",
            "- { id: it, title: { en: It, zh: 它 }, value: peak / 2, unit: N, accept: { estimate: at_least 5 N } }",
            &["unknown-name"],
        ),
        (
            "nothing accepted at the suite's level",
            "",
            "- { id: it, title: { en: It, zh: 它 }, value: grasping.peak / 2, unit: N }",
            &["no-acceptance"],
        ),
    ];
    for (name, of_case, of_suite, codes) in others {
        let (all, sources) = complaints(of_case, of_suite);
        let rendered = render(&all, &sources, false);
        let mut found = errors(&all);
        found.sort_unstable();
        let mut codes = codes.to_vec();
        codes.sort_unstable();
        assert_eq!(found, codes, "{name}:\n{rendered}");
        text += &format!("== {name}\n{rendered}\n");
    }
    let mut all = files();
    replaced(
        &mut all,
        "small.suite.yaml",
        "  - id: posing\n",
        "  - id: derived\n",
    );
    let mut sources = Sources::memory(all.iter().map(|(n, t)| (n.as_str(), t.as_str())));
    let (_, all) = check_suite(&mut sources, "small.suite.yaml", &vocabulary());
    assert_eq!(errors(&all), ["reserved-id"]);
    text += &format!(
        "== a case of that name\n{}\n",
        render(&all, &sources, false)
    );
    golden("derived", &text);
}
