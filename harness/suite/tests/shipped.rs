//! The published suites, benches and jobs, with the real metrics and drivers: in order, and planned
//! as their authors mean them.

use certbench_model::{Date, DecisionRule, Plan, Step, Vocabulary};
use certbench_suite::{Diagnostic, Request, Sources, check_bench, check_job, check_suite, render};

fn suites() -> String {
    format!("{}/../../suites", env!("CARGO_MANIFEST_DIR"))
}

fn today() -> Date {
    "2026-11-22".parse().unwrap()
}

fn nothing(diagnostics: &[Diagnostic], sources: &Sources) {
    assert!(
        diagnostics.is_empty(),
        "\n{}",
        render(diagnostics, sources, false)
    );
}

fn plan_of(suite: &str, bench: &str, job: &str, set: &[&str]) -> Plan {
    let vocabulary = Vocabulary {
        metrics: certbench_judge::vocabulary(),
        drivers: certbench_devices::catalogue(),
    };
    let mut sources = Sources::disk();
    let (suite, complaints) = check_suite(
        &mut sources,
        &format!("{}/{suite}.suite.yaml", suites()),
        &vocabulary,
    );
    nothing(&complaints, &sources);
    let (bench, complaints) = check_bench(
        &mut sources,
        &format!("{}/benches/{bench}.bench.yaml", suites()),
        &vocabulary,
    );
    nothing(&complaints, &sources);
    let (job, complaints) = check_job(&mut sources, &format!("{}/jobs/{job}.job.yaml", suites()));
    nothing(&complaints, &sources);
    let set: Vec<String> = set.iter().map(|s| s.to_string()).collect();
    let request = Request {
        suite: &suite.unwrap(),
        bench: &bench.unwrap(),
        job: job.as_ref(),
        vocabulary: &vocabulary,
        today: today(),
        set: &set,
    };
    certbench_suite::plan(&request, &mut sources)
        .unwrap_or_else(|d| panic!("\n{}", render(&d, &sources, false)))
}

/// Ids of measures with a limit or an expected attribute, by case.
fn judged(plan: &Plan) -> Vec<&str> {
    let measures = plan.cases.iter().flat_map(|c| &c.measures);
    let judged = measures.filter(|m| m.accept.is_some() || m.params.contains_key("expected"));
    judged.map(|m| m.id.as_str()).collect()
}

fn parameter(plan: &Plan, id: &str) -> u64 {
    let found = plan.parameters.iter().find(|p| p.id == id).unwrap();
    found.value.count().unwrap()
}

fn n_planned(plan: &Plan, measure: &str) -> u64 {
    let mut measures = plan.cases.iter().flat_map(|c| &c.measures);
    measures.find(|m| m.id == measure).unwrap().n_planned.into()
}

#[test]
fn grasp_success_holds_every_object_as_often_as_planned() {
    let plan = plan_of("grasp-success", "sim-hand", "sim-hand", &[]);
    assert_eq!(judged(&plan), ["success-rate", "grip-force"]);
    let trials = parameter(&plan, "trials_per_object");
    let objects = plan.tables["objects"].len() as u64;
    assert_eq!(n_planned(&plan, "success-by-object"), trials);
    assert_eq!(n_planned(&plan, "success-rate"), trials * objects);
    assert!(plan.restrictions.is_empty(), "{:?}", plan.restrictions);
    let rule = plan.job.as_ref().unwrap().rule.unwrap();
    assert!(
        plan.cases
            .iter()
            .flat_map(|c| &c.measures)
            .all(|m| m.rule == rule)
    );
}

#[test]
fn repeatability_visits_every_pose_in_every_cycle() {
    let plan = plan_of("repeatability", "sim-arm", "sim-arm", &[]);
    assert_eq!(judged(&plan), ["accuracy", "repeatability"]);
    assert_eq!(n_planned(&plan, "accuracy"), parameter(&plan, "cycles"));
    assert!(plan.restrictions.is_empty(), "{:?}", plan.restrictions);
    let short = plan_of("repeatability", "sim-arm", "sim-arm", &["cycles=3"]);
    assert_eq!(short.cases[0].shortened.as_ref().unwrap().n, 3);
    assert_eq!(short.restrictions[0].code, "shortened");
}

#[test]
fn payload_is_what_the_customer_declares() {
    let plan = plan_of("payload", "sim-arm", "sim-arm", &[]);
    assert_eq!(judged(&plan), ["droop", "drift"]);
    let declared = plan.job.as_ref().unwrap().declared["rated_load"];
    let loads: Vec<String> = plan.cases[0]
        .steps
        .iter()
        .filter_map(|s| match s {
            Step::Prompt(p) => p.changes.get("load").cloned(),
            _ => None,
        })
        .collect();
    // Unloaded, loaded, and unloaded again for the look at the tracker.
    let none = "0 kg".to_string();
    assert_eq!(loads, [none.clone(), declared.to_string(), none]);
    assert!(plan.restrictions.is_empty(), "{:?}", plan.restrictions);
}

#[test]
fn safety_stops_at_every_speed_decided_with_u() {
    let plan = plan_of("safety-stops", "sim-arm", "sim-arm", &[]);
    assert_eq!(
        judged(&plan),
        ["stop-time", "stop-distance", "stop-category"]
    );
    assert_eq!(n_planned(&plan, "stop-time"), parameter(&plan, "repeats"));
    let measures = plan.cases.iter().flat_map(|c| &c.measures);
    assert!(
        measures
            .into_iter()
            .all(|m| m.rule == DecisionRule::Guarded { r: 1.0 })
    );
    // The arm's next stop path is the emergency-stop chain, and nothing on the bench closes it by
    // halting.
    let next = plan
        .device("arm")
        .unwrap()
        .safety
        .as_ref()
        .unwrap()
        .next
        .as_ref()
        .unwrap();
    assert_eq!((next.output.as_str(), next.to.as_str()), ("estop", "open"));
    assert_eq!(plan.bench.outputs["estop"].safe, None);
    assert!(plan.restrictions.is_empty(), "{:?}", plan.restrictions);
}

#[test]
fn the_suite_in_the_documentation_is_in_order() {
    let vocabulary = Vocabulary {
        metrics: certbench_judge::vocabulary(),
        drivers: certbench_devices::catalogue(),
    };
    for page in ["suite-language.md", "suite-language.zh.md"] {
        let text = std::fs::read_to_string(format!("{}/../docs/{page}", suites())).unwrap();
        let (_, after) = text.split_once("```yaml\n").unwrap();
        let (suite, _) = after.split_once("```").unwrap();
        let mut sources = Sources::memory([("page.suite.yaml", suite)]);
        let (read, complaints) = check_suite(&mut sources, "page.suite.yaml", &vocabulary);
        nothing(&complaints, &sources);
        assert_eq!(read.unwrap().id(), "grip-check");
    }
}

#[test]
fn the_documentation_names_every_metric() {
    let page = |name: &str| {
        let path = format!("{}/../docs/{name}", suites());
        std::fs::read_to_string(path).unwrap()
    };
    let all = page("metrics.md");
    for metric in certbench_judge::vocabulary() {
        assert!(all.contains(&format!("`{}`", metric.id)), "{}", metric.id);
    }
    for language in ["suite-language.md", "suite-language.zh.md"] {
        assert!(page(language).contains("(metrics.md)"), "{language}");
    }
}
