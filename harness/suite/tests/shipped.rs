//! The published suites, benches and jobs: in order, and planned as their authors mean them.

mod common;

use certbench_model::{Date, Plan, Vocabulary};
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
    let vocabulary: Vocabulary = common::vocabulary();
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

#[test]
fn grasp_success() {
    let plan = plan_of("grasp-success", "sim-hand", "sim-hand", &[]);
    let _ = plan;
}

#[test]
fn repeatability() {
    let plan = plan_of("repeatability", "sim-arm", "sim-arm", &[]);
    println!("{:?}", plan.restrictions);
}

#[test]
fn payload() {
    let plan = plan_of("payload", "sim-arm", "sim-arm", &[]);
    println!("{:?}", plan.restrictions);
}

#[test]
fn safety_stops() {
    let plan = plan_of("safety-stops", "sim-arm", "sim-arm", &[]);
    println!("{:?}", plan.restrictions);
}
