//! A scheme: what it means.

use super::Checker;
use super::literal::{any_quantity, count, filled, identifier, text, unknown};
use super::shared::{not_empty, version};
use crate::complaint::{Complaint, Span};
use crate::written::scheme::{
    Counts, Level as WrittenLevel, Needed as WrittenNeeded, Requirement as WrittenRequirement,
    Scheme as Written, Status,
};
use crate::yaml::{At, Scalar};
use certbench_model::Quantity;
use certbench_model::scheme::{
    Level, Needed, Requirement, SampleRule, Scheme, Surveillance, Version,
};

/// Types of ISO/IEC 17067:2013; those after the first two have surveillance.
const KINDS: [&str; 7] = ["1a", "1b", "2", "3", "4", "5", "6"];

impl Checker<'_> {
    /// A scheme file; `None` when something that every scheme has is missing.
    pub(crate) fn scheme(&self, file: u16, written: &Written) -> Option<Scheme> {
        let sink = self.sink;
        version(&written.certbench, sink);
        let id = filled(&written.scheme, sink)
            .and_then(|id| identifier(&id, written.scheme.span, "a scheme", sink));
        let number = self.version_of(&written.version);
        let kind = self.kind(&written.kind);
        self.surveyed(written, kind.as_deref());
        let sample = written.sample.get();
        let items = sample.and_then(|s| self.at_least_one(&s.items, "items"));
        let chosen = sample.and_then(|s| text(&s.chosen, sink));
        let surveillance = written.surveillance.as_ref().and_then(At::get);
        let surveillance = surveillance.and_then(|s| {
            let every_months = self.at_least_one(&s.every_months, "months");
            let what = text(&s.what, sink);
            Some(Surveillance {
                every_months: every_months?,
                what: what?,
            })
        });
        not_empty(
            "empty-scheme",
            "levels of the scheme",
            &written.levels,
            sink,
        );
        let optional =
            |at: &Option<At<Scalar>>, what| at.as_ref().and_then(|at| self.at_least_one(at, what));
        let counts = |at: &Option<At<Counts>>| at.as_ref().and_then(At::get) == Some(&Counts::Met);
        let scheme = Scheme {
            run_age_days: optional(&written.run_age_days, "days"),
            validity_months: optional(&written.validity_months, "months"),
            basis: written
                .basis
                .as_ref()
                .map(|b| self.basis(b))
                .unwrap_or_default(),
            conditional_pass_counts: counts(&written.conditional_pass),
            simulated_counts: counts(&written.simulated),
            levels: self.levels(&written.levels),
            status: match written.status.get()? {
                Status::Example => "example",
                Status::Draft => "draft",
                Status::Trial => "trial",
                Status::Published => "published",
                Status::Withdrawn => "withdrawn",
            }
            .to_string(),
            title: text(&written.title, sink)?,
            id: id?,
            version: number?.to_string(),
            kind: kind?,
            sample: SampleRule {
                items: items?,
                chosen: chosen?,
            },
            surveillance,
            file: self.sources.digest(file),
        };
        Some(scheme)
    }

    fn kind(&self, written: &At<Scalar>) -> Option<String> {
        let text = &written.get()?.text;
        if KINDS.contains(&text.as_str()) {
            return Some(text.clone());
        }
        let complaint = unknown(
            "unknown-type",
            "type of ISO/IEC 17067",
            text,
            written.span,
            KINDS,
        );
        self.sink.push(complaint);
        None
    }

    /// Types 1a and 1b attest what was tested and no more; all others go on watching.
    fn surveyed(&self, written: &Written, kind: Option<&str>) {
        let (Some(kind), at) = (kind, written.kind.span) else {
            return;
        };
        let complaint = match (kind, &written.surveillance) {
            ("1a" | "1b", Some(surveillance)) => {
                let message = format!("a scheme of type {kind} has no surveillance");
                Complaint::new("needless-surveillance", surveillance.head, message)
                    .also(at, "the type")
            }
            ("1a" | "1b", None) | (_, Some(_)) => return,
            (_, None) => {
                let message = format!("a scheme of type {kind} says what surveillance follows");
                Complaint::new("missing-key", at, message)
                    .help("add `surveillance: { every_months: …, what: { en: …, zh: … } }`")
            }
        };
        self.sink.push(complaint);
    }

    fn levels(&self, written: &At<Vec<At<WrittenLevel>>>) -> Vec<Level> {
        let mut levels: Vec<(Span, Level)> = Vec::new();
        for level in written.get().into_iter().flatten() {
            let Some((span, level)) = self.level(level) else {
                continue;
            };
            if let Some((first, _)) = levels.iter().find(|(_, l)| l.id == level.id) {
                let message = format!("level `{}` is there twice", level.id);
                let complaint = Complaint::new("duplicate-id", span, message);
                self.sink.push(complaint.also(*first, "first here"));
                continue;
            }
            levels.push((span, level));
        }
        levels.into_iter().map(|(_, level)| level).collect()
    }

    fn level(&self, written: &At<WrittenLevel>) -> Option<(Span, Level)> {
        let level = written.get()?;
        not_empty(
            "empty-level",
            "requirements of the level",
            &level.requires,
            self.sink,
        );
        let requires = level.requires.get().into_iter().flatten();
        let requires = requires.filter_map(|r| self.requirement(r)).collect();
        let title = text(&level.title, self.sink);
        let id = identifier(level.id.get()?, level.id.span, "a level", self.sink)?;
        Some((
            level.id.span,
            Level {
                id,
                title: title?,
                requires,
            },
        ))
    }

    fn requirement(&self, written: &At<WrittenRequirement>) -> Option<Requirement> {
        let requirement = written.get()?;
        let sink = self.sink;
        let suite = requirement.suite.get()?;
        let suite = identifier(suite, requirement.suite.span, "a suite", sink);
        let from = self.version_of(&requirement.from);
        let below = requirement
            .below
            .as_ref()
            .map(|b| (b.span, self.version_of(b)));
        if let (Some(from), Some((span, Some(below)))) = (from, below)
            && below <= from
        {
            let message = format!("no version lies between {from} and {below}");
            let complaint = Complaint::new("out-of-range", span, message);
            sink.push(complaint.also(requirement.from.span, "from here"));
        }
        if let Some(results) = &requirement.results {
            not_empty("empty-results", "results that must be met", results, sink);
        }
        let results = requirement.results.as_ref().and_then(At::get);
        let results = results.into_iter().flatten();
        let items = requirement.items.as_ref();
        Some(Requirement {
            results: results.filter_map(|n| self.needed(n)).collect(),
            items: items.and_then(|i| self.at_least_one(i, "items")),
            below: below.and_then(|(_, version)| version),
            suite: suite?,
            from: from?,
        })
    }

    fn needed(&self, written: &At<WrittenNeeded>) -> Option<Needed> {
        let needed = written.get()?;
        let limit = |at: &Option<At<Scalar>>| -> Option<Quantity> {
            let at = at.as_ref()?;
            any_quantity(&at.get()?.text, at.span, self.sink)
        };
        let (at_least, at_most) = (limit(&needed.at_least), limit(&needed.at_most));
        if let (Some(low), Some(high)) = (at_least, at_most) {
            let at = written.head;
            let wrong = match low.to(high.unit) {
                Err(error) => Some(("wrong-dimension", error.to_string())),
                Ok(value) if value > high.value => {
                    Some(("limits-swapped", format!("{low} is above {high}")))
                }
                Ok(_) => None,
            };
            let complain = |(code, message)| self.sink.push(Complaint::new(code, at, message));
            wrong.map(complain).unwrap_or_default();
        }
        let result = filled(&needed.result, self.sink)?;
        let parts: Vec<&str> = result.split('/').collect();
        if !matches!(parts.as_slice(), [case, measure] if !case.is_empty() && !measure.is_empty()) {
            let message = format!("`{result}` names no result");
            let complaint = Complaint::new("bad-name", needed.result.span, message);
            let help = "write case and measure: `pose/repeatability`; every row of it must be met";
            self.sink.push(complaint.help(help));
            return None;
        }
        Some(Needed {
            result,
            at_least,
            at_most,
        })
    }

    fn version_of(&self, written: &At<String>) -> Option<Version> {
        let read = filled(written, self.sink)?.parse();
        let wrong = |e: certbench_model::scheme::NotAVersion| {
            self.sink
                .push(Complaint::new("not-a-version", written.span, e.to_string()));
        };
        read.map_err(wrong).ok()
    }

    fn at_least_one(&self, written: &At<Scalar>, what: &str) -> Option<u32> {
        let n = count(written.get()?, written.span, self.sink)?;
        if n == 0 {
            let message = format!("no {what}: at least one is expected");
            self.sink
                .push(Complaint::new("out-of-range", written.span, message));
        }
        u32::try_from(n).ok().filter(|n| *n > 0)
    }
}
