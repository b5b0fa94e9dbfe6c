//! The report as an in-toto statement with the test-result predicate, v0.1: what is signed.
//!
//! A consumer that knows only passed, warned and failed is never told more than holds: a conditional
//! pass is warned, a conditional fail and what was not tested are failed. The exact verdicts stand
//! beside, under `certbench`.

use crate::document::Document;
use crate::rows::{rows, word};
use certbench_model::{FileDigest, Verdict};
use serde_json::{Value, json};

/// Type of the statement (in-toto attestation framework, v1).
pub const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
/// Type of its predicate.
pub const PREDICATE_TYPE: &str = "https://in-toto.io/attestation/test-result/v0.1";

/// The statement over these files, whose first `addenda` addenda the findings rest on (the digest is
/// that of these addenda as JSON).
pub fn statement(document: &Document, subjects: &[FileDigest], addenda: (usize, &str)) -> Value {
    let resource =
        |name: &str, sha256: &str| json!({ "name": name, "digest": { "sha256": sha256 } });
    let subject: Vec<Value> = subjects
        .iter()
        .map(|f| resource(&f.path, &f.sha256))
        .collect();
    let mut configuration = vec![resource("plan", &document.digests.plan_sha256)];
    let suite = document.suite.files.iter().map(|f| ("suite", f));
    let bench = std::iter::once(("bench", &document.bench.file));
    let certificates = document.instruments.iter().filter_map(|i| {
        let file = i.calibration.as_ref()?.file.as_ref()?;
        Some(("certificate", file))
    });
    for (kind, file) in suite.chain(bench).chain(certificates) {
        let named = resource(&format!("{kind}:{}", file.path), &file.sha256);
        if !configuration.contains(&named) {
            configuration.push(named);
        }
    }
    let rows = rows(document);
    let of = |is: fn(Verdict) -> bool| -> Vec<&str> {
        let tested = rows.iter().filter(|r| !r.reported && is(r.verdict));
        tested.map(|r| r.id.as_str()).collect()
    };
    let verdicts = rows.iter().map(|r| {
        let said = if r.reported {
            "reported"
        } else {
            word(r.verdict)
        };
        json!({ "id": r.id, "verdict": said })
    });
    let verdicts: Vec<Value> = verdicts.collect();
    let replaces = document.amends.as_ref().map(|a| {
        json!({ "report": a.report, "statementSha256": a.statement_sha256, "reason": a.reason })
    });
    json!({
        "_type": STATEMENT_TYPE,
        "subject": subject,
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "result": result(document.verdict),
            "configuration": configuration,
            "passedTests": of(|v| v == Verdict::Pass),
            "warnedTests": of(|v| v == Verdict::ConditionalPass),
            "failedTests": of(|v| v >= Verdict::NotTested),
            "certbench": {
                "report": document.id,
                "run": document.run,
                "simulated": document.simulated,
                "verdict": word(document.verdict),
                "verdicts": verdicts,
                "signatures": document.signatures,
                "replaces": replaces,
                "addenda": { "count": addenda.0, "sha256": addenda.1 },
                "software": document.software,
                "validation": document.validation,
            },
        },
    })
}

fn result(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "PASSED",
        Verdict::ConditionalPass => "WARNED",
        Verdict::NotTested | Verdict::ConditionalFail | Verdict::Fail => "FAILED",
    }
}
