//! The suite of known truth: a simulated arm whose true behaviour is in the bench file, run on the
//! simulated clock, judged, and held against that truth.

use super::Check;
use crate::inputs::{Files, load};
use crate::session::{Order, recorded};
use anyhow::{Context, anyhow};
use certbench_model::finding::Value;
use certbench_model::text::Lang;
use certbench_model::{Finding, Findings};
use serde::Deserialize;
use std::path::Path;

const SUITE: &str = include_str!("../../../../../suites/validation/known-truth.suite.yaml");
const BENCH: &str = include_str!("../../../../../suites/validation/known-truth.bench.yaml");
const JOB: &str = include_str!("../../../../../suites/validation/known-truth.job.yaml");
const TRUTH: &str = include_str!("../../../../../suites/validation/known-truth.json");

/// What is true of one result.
#[derive(Deserialize)]
struct Truth {
    /// `case/measure`.
    result: String,
    /// Why that is true.
    why: String,
    /// The verdict that it must get.
    verdict: String,
    /// The code of a reason that must be given with it.
    reason: Option<String>,
    /// Between the true value and what the measurement's own doubt may add to it.
    value: Option<[f64; 2]>,
    /// Unit of `value`.
    #[serde(default)]
    unit: String,
}

/// Runs it into `run`, and holds the findings against the truth.
pub(super) fn checks(run: &Path) -> anyhow::Result<Vec<Check>> {
    let truths: Vec<Truth> = serde_json::from_str(TRUTH).context("known-truth.json")?;
    let findings = played(run)?;
    Ok(truths.iter().flat_map(|t| of(t, &findings)).collect())
}

fn played(run: &Path) -> anyhow::Result<Findings> {
    let folder = run.parent().context("a run lies in a folder")?;
    let inputs = folder.join("inputs");
    std::fs::create_dir_all(&inputs).with_context(|| inputs.display().to_string())?;
    let written = |name: &str, text: &str| {
        let path = inputs.join(name);
        std::fs::write(&path, text).with_context(|| path.display().to_string())?;
        anyhow::Ok(path)
    };
    let files = Files {
        suite: written("known-truth.suite.yaml", SUITE)?,
        bench: written("known-truth.bench.yaml", BENCH)?,
        job: Some(written("known-truth.job.yaml", JOB)?),
        set: Vec::new(),
    };
    let plan = load(&files)?.map_err(|_| anyhow!("the suite of known truth has no plan"))?;
    let order = Order {
        bench: &files.bench,
        out: folder,
        yes: true,
        answers: None,
        lang: Lang::En,
        terminal: false,
        label: "truth | ",
        narrate: true,
        simulated_clock: true,
        wire: false,
    };
    let done = recorded(plan, &order)?;
    std::fs::rename(&done.folder, run).with_context(|| run.display().to_string())?;
    Ok(done.findings)
}

fn of(truth: &Truth, findings: &Findings) -> Vec<Check> {
    let is_it = |case: &str, f: &Finding| format!("{case}/{}", f.measure) == truth.result;
    let found = findings.all().find(|(c, f)| is_it(&c.case, f));
    let found = found.map(|(_, f)| f);
    let why = truth.why.as_str();
    let verdict = found.and_then(|f| serde_json::to_value(f.verdict).ok());
    let verdict = verdict.and_then(|v| v.as_str().map(str::to_string));
    let id = format!("{}: verdict", truth.result);
    let mut checks = vec![Check::word(
        ("known-truth", &id, why),
        &truth.verdict,
        verdict,
    )];
    if let Some(code) = &truth.reason {
        let given = found.is_some_and(|f| f.reasons.iter().any(|r| r.code == *code));
        let id = format!("{}: reason", truth.result);
        let seen = given.then(|| code.clone());
        checks.push(Check::word(("known-truth", &id, why), code, seen));
    }
    if let Some(bounds) = truth.value {
        let seen = found.and_then(|f| match &f.result {
            Some(Value::Quantity(m)) if m.unit.print() == truth.unit => Some(m.value),
            _ => None,
        });
        let id = format!("{}: value", truth.result);
        let what = ("known-truth", id.as_str(), why);
        checks.push(Check::within(what, bounds, &truth.unit, seen));
    }
    checks
}
