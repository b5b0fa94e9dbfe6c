//! What several files have in common: the version line, parties, decision rules.

use super::literal::{filled, unknown};
use crate::complaint::{Complaint, Sink};
use crate::written::shared::{Decision, Party as WrittenParty, Rule};
use crate::yaml::{At, Entries, Scalar};
use certbench_model::DecisionRule;
use certbench_model::job::Party;

/// Version of the language that is understood.
pub(crate) const LANGUAGE: &str = "1";

/// `certbench: 1`.
pub(crate) fn version(written: &At<Scalar>, sink: &Sink) {
    let Some(scalar) = written.get() else { return };
    if scalar.text != LANGUAGE {
        let message = format!(
            "version `{}` of the language is not known; this program reads version {LANGUAGE}",
            scalar.text
        );
        sink.push(Complaint::new("unknown-version", written.span, message));
    }
}

/// A name with address and contact.
pub(crate) fn party(written: &At<WrittenParty>, sink: &Sink) -> Option<Party> {
    let party = written.get()?;
    let optional = |field: &Option<At<String>>| field.as_ref().and_then(|f| filled(f, sink));
    Some(Party {
        address: optional(&party.address),
        contact: optional(&party.contact),
        name: filled(&party.name, sink)?,
    })
}

/// A decision rule with its guard band, `U` or `0.83 U`.
pub(crate) fn decision(written: &At<Decision>, sink: &Sink) -> Option<DecisionRule> {
    let decision = written.get()?;
    let rule = decision.rule.get()?;
    match (rule, &decision.guard) {
        (Rule::Simple, None) => Some(DecisionRule::Simple),
        (Rule::Simple, Some(guard)) => {
            let message = "the rule `simple` has no guard band";
            sink.push(Complaint::new("needless-guard", guard.span, message));
            None
        }
        (_, None) => {
            let complaint = Complaint::new(
                "missing-guard",
                decision.rule.span,
                "this rule needs its guard band",
            );
            sink.push(complaint.help("add `guard: U`, the expanded uncertainty"));
            None
        }
        (rule, Some(guard)) => {
            let r = guard_band(guard, sink)?;
            Some(match rule {
                Rule::FourValued => DecisionRule::FourValued { r },
                Rule::Guarded | Rule::Simple => DecisionRule::Guarded { r },
            })
        }
    }
}

fn guard_band(written: &At<Scalar>, sink: &Sink) -> Option<f64> {
    let text = written.get()?.text.trim();
    let r = match text.strip_suffix('U').unwrap_or(text).trim() {
        "" => Some(1.0),
        number => number.parse::<f64>().ok(),
    };
    if let Some(r) = r.filter(|r| *r > 0.0 && *r <= 3.0) {
        return Some(r);
    }
    let message = format!("`{text}` is no guard band");
    sink.push(
        Complaint::new("bad-guard", written.span, message)
            .help("write `U`, or a part or multiple of it up to three: `0.83 U`"),
    );
    None
}

/// Complains about every name of a list that is not known.
pub(crate) fn all_known(
    code: &'static str,
    what: &str,
    names: &[At<String>],
    known: &[&str],
    sink: &Sink,
) {
    for name in names {
        if let Some(text) = name.get().filter(|t| !known.contains(&t.as_str())) {
            sink.push(unknown(code, what, text, name.span, known.iter().copied()));
        }
    }
}

/// Complains when there is a list or mapping with nothing in it.
pub(crate) fn not_empty<T>(
    code: &'static str,
    what: &str,
    written: &At<Vec<T>>,
    sink: &Sink,
) -> bool {
    let empty = written.get().is_some_and(Vec::is_empty);
    if empty {
        let message = format!("{what}: there is none");
        sink.push(Complaint::new(code, written.head, message));
    }
    !empty
}

/// As [`not_empty`] for named entries.
pub(crate) fn any_entry<T>(
    code: &'static str,
    what: &str,
    written: &At<Entries<T>>,
    sink: &Sink,
) -> bool {
    let empty = written.get().is_some_and(Entries::is_empty);
    if empty {
        let message = format!("{what}: there is none");
        sink.push(Complaint::new(code, written.head, message));
    }
    !empty
}
