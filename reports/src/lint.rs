//! What a report lacks before it may be issued. A draft is always possible.
//!
//! The rules are R1 to R7: R1 everything that ISO/IEC 17025:2017, 7.8.2.1 a to p (and 7.8.3.1,
//! 7.8.6) asks for, or a recorded reason; R2 no certificate out of date; R3 no statement of
//! conformity without its rule; R4 no value with a limit and without unit and uncertainty; R5 an
//! amendment says why and what; R6 every method with its edition; R7 every version.

use crate::build::{said, some};
use crate::document::{Document, Finding, Instrument, Printed};
use crate::words::say;
use certbench_model::{Text, Verdict};
use serde::Serialize;

/// Something without which a report is not issued.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Missing {
    /// `R1` to `R7`.
    pub rule: String,
    /// About what: a clause, a result, a channel, a device.
    pub about: String,
    /// What is missing, and why it matters.
    pub what: Text,
    /// The file to fill it in.
    pub file: String,
    /// The key in this file, or what to do.
    pub key: String,
}

fn missing(rule: &str, about: &str, what: Text, file: &str, key: impl Into<String>) -> Missing {
    Missing {
        rule: rule.to_string(),
        about: about.to_string(),
        what,
        file: file.to_string(),
        key: key.into(),
    }
}

/// All that is missing, in the order of the rules; empty when the report may be issued.
pub fn lint(document: &Document) -> Vec<Missing> {
    let rules = [
        clauses,
        certificates,
        rules,
        doubts,
        amendment,
        editions,
        versions,
    ];
    rules.iter().flat_map(|rule| rule(document)).collect()
}

/// R1.
fn clauses(d: &Document) -> Vec<Missing> {
    let asked = d.clauses.iter().filter(|c| c.state == "missing");
    let one = |c: &crate::document::Clause| {
        let what = c.note.clone().unwrap_or_else(|| c.title.clone());
        let (file, key) = fill_in(&c.clause);
        missing("R1", &c.clause, what, file, key)
    };
    asked.map(one).collect()
}

/// Where the laboratory can write what a clause asks for. Where a reason is enough, the laboratory
/// file's `left_out` takes it.
fn fill_in(clause: &str) -> (&'static str, &'static str) {
    match clause {
        "7.8.2.1 a" => ("suite", "title"),
        "7.8.2.1 b" => ("bench", "laboratory: { name, address }"),
        "7.8.2.1 c" => ("bench", "location"),
        "7.8.2.1 d" | "7.8.2.1 j" | "7.8.2.1 o" => ("command line", "certbench issue --by"),
        "7.8.2.1 e" => ("job", "customer: { name, contact }"),
        "7.8.2.1 f" => ("suite", "version"),
        "7.8.2.1 g" => ("job", "items: { maker, model, serial, condition }"),
        "7.8.2.1 h" => ("job", "items: { received }"),
        "7.8.2.1 k" | "7.8.2.1 m" => ("suite", "cases"),
        "7.8.3.1 a" => ("bench", "environment"),
        "7.8.3.1 d" => ("laboratory", "may_give_opinions"),
        _ => ("laboratory", "left_out"),
    }
}

/// R2: a certificate that was not in force on the day of the run, behind a result with a limit.
fn certificates(d: &Document) -> Vec<Missing> {
    let used = |i: &&Instrument| {
        let with_limit = |f: &&Finding| f.limit.is_some() || decided(f.verdict);
        let mut findings = all(d).filter(with_limit);
        findings.any(|f| f.channels.contains(&i.channel))
    };
    let expired = |i: &&Instrument| i.calibration.as_ref().is_some_and(|c| !c.in_force);
    let one = |i: &Instrument| {
        let values = [("channel", i.channel.clone())];
        let key = format!("devices.{}.calibration.{}", i.device, i.signal);
        missing(
            "R2",
            &i.channel,
            say("lint.certificate", &values),
            "bench",
            key,
        )
    };
    d.instruments
        .iter()
        .filter(expired)
        .filter(used)
        .map(one)
        .collect()
}

/// R3: a verdict by a limit whose rule is not said.
fn rules(d: &Document) -> Vec<Missing> {
    let without = |f: &&Finding| {
        let known = d
            .rules
            .iter()
            .any(|r| r.name == f.rule && said(&r.words.en) && said(&r.words.zh));
        f.limit.is_some() && decided(f.verdict) && !(known && f.decision.is_some())
    };
    let one = |f: &Finding| missing("R3", &f.id, say("lint.rule", &[]), "suite", "decision");
    all(d).filter(without).map(one).collect()
}

/// R4: a value that is held against a limit, without unit or uncertainty.
fn doubts(d: &Document) -> Vec<Missing> {
    let without = |f: &&Finding| match &f.printed {
        Some(Printed::Quantity { u, .. }) => f.limit.is_some() && u.is_none(),
        _ => false,
    };
    let one = |f: &Finding| {
        let what = say("lint.uncertainty", &[("channels", f.channels.join(", "))]);
        missing("R4", &f.id, what, "bench", "devices.….calibration")
    };
    all(d).filter(without).map(one).collect()
}

/// R5.
fn amendment(d: &Document) -> Vec<Missing> {
    let mut list = Vec::new();
    let mut lacks = |about: &str, what: Text, key: &str| {
        list.push(missing("R5", about, what, "command line", key));
    };
    if let Some(amends) = &d.amends {
        if !said(&amends.reason) {
            let what = say("lint.amend-reason", &[]);
            lacks(&amends.report, what, "certbench amend --reason");
        }
        if amends.report == d.id {
            let what = say("lint.amend-number", &[]);
            lacks(&amends.report, what, "certbench amend --number");
        }
    }
    for c in &d.corrections {
        if !(said(&c.by) && said(&c.why) && said(&c.utc)) {
            let place = c.place.to_string();
            lacks(&place, say("lint.correction", &[]), "certbench correct");
        }
    }
    list
}

/// R6.
fn editions(d: &Document) -> Vec<Missing> {
    let dated = |edition: &str| edition.chars().filter(char::is_ascii_digit).count() >= 4;
    let undated = d.suite.basis.iter().filter(|b| !dated(&b.edition));
    let one = |b: &crate::document::Basis| {
        missing(
            "R6",
            &b.standard,
            say("lint.edition", &[]),
            "suite",
            "basis: { edition }",
        )
    };
    undated.map(one).collect()
}

/// R7: firmware of every item and of every instrument behind a result, and our own version.
fn versions(d: &Document) -> Vec<Missing> {
    let mut list = Vec::new();
    for item in &d.items {
        let row = item.identity.iter().find(|r| r.field == "firmware");
        if !row.is_some_and(|r| some(&r.declared) || some(&r.read) || some(&r.confirmed)) {
            let key = format!("items.{}.firmware", item.device);
            list.push(missing(
                "R7",
                &item.device,
                say("lint.firmware", &[]),
                "job",
                key,
            ));
        }
    }
    let mut seen: Vec<&str> = d.items.iter().map(|i| i.device.as_str()).collect();
    for i in &d.instruments {
        let used = all(d).any(|f| f.channels.contains(&i.channel));
        if !used || i.source != "reference" || seen.contains(&i.device.as_str()) {
            continue;
        }
        seen.push(&i.device);
        if !i
            .identity
            .as_ref()
            .is_some_and(|known| some(&known.firmware))
        {
            let key = format!("instruments.{}.firmware", i.device);
            list.push(missing(
                "R7",
                &i.device,
                say("lint.firmware", &[]),
                "laboratory",
                key,
            ));
        }
    }
    if !some(&d.software.run) {
        let what = say("lint.software", &[]);
        list.push(missing("R7", "certbench", what, "run.jsonl", "opened"));
    }
    list
}

fn decided(verdict: Verdict) -> bool {
    verdict != Verdict::NotTested
}

fn all(d: &Document) -> impl Iterator<Item = &Finding> {
    d.cases.iter().flat_map(|c| &c.findings)
}
