//! What ISO/IEC 17025:2017 asks a report for, held against what this one says. The clauses are
//! named by their numbers; the words are ours.

use crate::document::{Clause, Document, Item};
use crate::words::say;
use certbench_model::Text;
use std::collections::BTreeMap;

/// Clause, section of the report, key of its words.
const ASKED: [(&str, &str, &str); 22] = [
    ("7.8.2.1 a", "head", "title"),
    ("7.8.2.1 b", "parties", "laboratory"),
    ("7.8.2.1 c", "parties", "location"),
    ("7.8.2.1 d", "head", "id"),
    ("7.8.2.1 e", "parties", "customer"),
    ("7.8.2.1 f", "method", "method"),
    ("7.8.2.1 g", "items", "items"),
    ("7.8.2.1 h", "items", "receipt"),
    ("7.8.2.1 i", "parties", "performed"),
    ("7.8.2.1 j", "parties", "issued"),
    ("7.8.2.1 k", "sampling", "sampling"),
    ("7.8.2.1 l", "head", "relate"),
    ("7.8.2.1 m", "summary", "results"),
    ("7.8.2.1 n", "restrictions", "deviations"),
    ("7.8.2.1 o", "signatures", "authorized"),
    ("7.8.2.1 p", "external", "external"),
    ("7.8.3.1 a", "environment", "conditions"),
    ("7.8.3.1 b", "summary", "conformity"),
    ("7.8.3.1 c", "cases", "uncertainty"),
    ("7.8.3.1 d", "opinions", "opinions"),
    ("7.8.6.1", "rules", "rule"),
    ("7.8.6.2", "summary", "statement"),
];

/// One line a clause, in their order.
pub(super) fn clauses(document: &Document, left_out: &BTreeMap<String, Text>) -> Vec<Clause> {
    let one = |(clause, section, key): &(&str, &str, &str)| {
        let missing = missing(document, key);
        let (state, note) = match (missing, left_out.get(*clause)) {
            (None, _) => ("here", None),
            (Some(_), Some(reason)) => ("excused", Some(reason.clone())),
            (Some(what), None) => ("missing", Some(what)),
        };
        Clause {
            clause: clause.to_string(),
            title: say(&format!("clause.{key}"), &[]),
            state: state.to_string(),
            section: section.to_string(),
            note,
        }
    };
    ASKED.iter().map(one).collect()
}

/// What of it is missing, in words; `None` when it is all there.
fn missing(d: &Document, key: &str) -> Option<Text> {
    let unless = |there: bool| (!there).then(|| say(&format!("missing.{key}"), &[]));
    match key {
        "title" => unless(said(&d.suite.title.en) && said(&d.suite.title.zh)),
        "laboratory" => unless(said(&d.laboratory.name) && some(&d.laboratory.address)),
        "location" => unless(some(&d.location)),
        "id" => unless(!d.draft && said(&d.id)),
        "customer" => unless(d.order.as_ref().is_some_and(|o| {
            said(&o.customer.name) && (some(&o.customer.contact) || some(&o.customer.address))
        })),
        "method" => unless(said(&d.suite.id) && said(&d.suite.version)),
        "items" => items(d, key, |item| described(item) && item.condition.is_some()),
        "receipt" => items(d, key, |item| some(&item.received)),
        "performed" => unless(said(&d.dates.started)),
        "issued" => unless(some(&d.dates.issued)),
        // What the suite derives from its cases has no sampling of its own.
        "sampling" => unless(
            !d.sampling.is_empty()
                && d.cases
                    .iter()
                    .all(|c| c.id == "derived" || d.sampling.iter().any(|s| s.case == c.id)),
        ),
        "results" => unless(d.cases.iter().any(|c| !c.findings.is_empty())),
        "authorized" => unless(
            d.signatures
                .iter()
                .any(|s| s.role == "approved" && said(&s.name)),
        ),
        "conditions" => unless(!d.environment.is_empty()),
        "opinions" => unless(d.opinions.iter().all(|o| o.authorized)),
        "rule" => unless(!d.rules.is_empty() || d.cases.iter().all(|c| c.findings.is_empty())),
        // Said by the template, or by every row, in all reports.
        _ => None,
    }
}

/// Names the items of which something is missing; no item at all is missing too.
fn items(d: &Document, key: &str, there: impl Fn(&Item) -> bool) -> Option<Text> {
    let without: Vec<&str> = d
        .items
        .iter()
        .filter(|i| !there(i))
        .map(|i| i.device.as_str())
        .collect();
    let all_there = without.is_empty() && !d.items.is_empty();
    (!all_there).then(|| say(&format!("missing.{key}"), &[("items", without.join(", "))]))
}

/// Whether it can be told from any other: maker, model and serial number, from any source.
fn described(item: &Item) -> bool {
    let known = |field: &str| {
        let row = item.identity.iter().find(|r| r.field == field);
        row.is_some_and(|r| some(&r.declared) || some(&r.read) || some(&r.confirmed))
    };
    ["maker", "model", "serial"].into_iter().all(known)
}

/// Whether anything is said.
pub(crate) fn said(text: &str) -> bool {
    !text.trim().is_empty()
}

pub(crate) fn some(text: &Option<String>) -> bool {
    text.as_deref().is_some_and(said)
}
