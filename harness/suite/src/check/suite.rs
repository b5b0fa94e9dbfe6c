//! A suite: what can be said of it without bench and job.

use super::Checker;
use super::bench::entries;
use super::literal::{date, filled, identifier, text};
use super::need::Needs;
use super::parameter::Parameter;
use super::shared::{decision, not_empty, version};
use super::table::Table;
use crate::complaint::{Complaint, Span};
use crate::written::suite::{Area, Basis as WrittenBasis, Relation, Status, Suite as Written};
use crate::yaml::At;
use certbench_model::plan::{Basis, SuiteFacts};
use certbench_model::{DecisionRule, Text};
use std::collections::BTreeMap;

/// A suite file with its tables, read and found in order.
#[derive(Clone, Debug)]
pub struct Suite {
    pub(crate) facts: SuiteFacts,
    pub(crate) needs: Needs,
    pub(crate) tables: BTreeMap<String, Table>,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) decision: Option<DecisionRule>,
    pub(crate) written: Written,
}

impl Suite {
    /// Identifier.
    pub fn id(&self) -> &str {
        &self.facts.id
    }

    /// Identity, title and basis.
    pub fn facts(&self) -> &SuiteFacts {
        &self.facts
    }

    /// Whether safety decides: then the rule is guarded with w = U, whatever a job agrees.
    pub(crate) fn safety(&self) -> bool {
        self.facts.area == "safety"
    }

    /// Whether a parameter of that name is written, readable or not.
    pub(crate) fn written_parameter(&self, id: &str) -> bool {
        entries(self.written.parameters.as_ref()).any(|(name, _, _)| name == id)
    }

    /// Whether a table of that name is written, readable or not.
    pub(crate) fn written_table(&self, id: &str) -> bool {
        entries(self.written.tables.as_ref()).any(|(name, _, _)| name == id)
    }

    pub(crate) fn parameter(&self, id: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|p| p.id == id)
    }
}

impl Checker<'_> {
    /// Everything of a suite but its steps and measures.
    pub(crate) fn suite_head(
        &self,
        file: u16,
        written: Written,
        tables: BTreeMap<String, Table>,
        templates: &[u16],
    ) -> Suite {
        version(&written.certbench, self.sink);
        let sink = self.sink;
        let id = written
            .suite
            .get()
            .and_then(|id| identifier(id, written.suite.span, "a suite", sink));
        let area = word(&written.area, area_word);
        let decision = decision(&written.decision, sink);
        let guarded_by_u = decision == Some(DecisionRule::Guarded { r: 1.0 });
        if area == "safety" && decision.is_some() && !guarded_by_u {
            let message = "a suite of the area `safety` is decided guarded, with the guard band U";
            sink.push(
                Complaint::new("safety-rule", written.decision.head, message)
                    .help("write `decision: { rule: guarded, guard: U }`"),
            );
        }
        let table_files = tables.values().map(|t| t.file);
        let table_files = table_files.chain(templates.iter().copied());
        let table_files = table_files.map(|file| self.sources.digest(file));
        let files = std::iter::once(self.sources.digest(file)).chain(table_files);
        let facts = SuiteFacts {
            id: id.unwrap_or_default(),
            version: filled(&written.version, sink).unwrap_or_default(),
            status: word(&written.status, status_word),
            title: text(&written.title, sink).unwrap_or_else(|| Text::same("")),
            area,
            basis: self.basis(&written.basis),
            files: files.collect(),
        };
        let mut parameters = Vec::new();
        for (id, span, parameter) in entries(written.parameters.as_ref()) {
            parameters.extend(self.parameter(id, span, parameter));
        }
        Suite {
            facts,
            needs: self.needs(&written.needs),
            tables,
            parameters,
            decision,
            written,
        }
    }

    pub(crate) fn basis(&self, written: &At<Vec<At<WrittenBasis>>>) -> Vec<Basis> {
        let entries = written.get().into_iter().flatten();
        entries.filter_map(|b| self.standard(b)).collect()
    }

    fn standard(&self, written: &At<WrittenBasis>) -> Option<Basis> {
        let basis = written.get()?;
        let sink = self.sink;
        let relation = *basis.relation.get()?;
        let optional = |at: &Option<At<String>>| at.as_ref().and_then(|t| filled(t, sink));
        let edition = match relation {
            Relation::Planned => {
                self.absent(
                    "edition",
                    &basis.edition,
                    "a planned standard has no edition",
                );
                let day = basis.date.as_ref().and_then(|d| date(d, sink));
                match (optional(&basis.stage), day) {
                    (Some(stage), Some(day)) => Some(format!("{stage}, {day}")),
                    _ => {
                        self.lacking(written, basis.stage.is_none(), "stage");
                        self.lacking(written, basis.date.is_none(), "date");
                        None
                    }
                }
            }
            _ => {
                self.absent("stage", &basis.stage, "only a planned standard has a stage");
                self.absent("date", &basis.date, "only a planned standard has a date");
                self.lacking(written, basis.edition.is_none(), "edition");
                optional(&basis.edition)
            }
        };
        let note = basis.note.as_ref().and_then(|n| text(n, sink));
        Some(Basis {
            standard: filled(&basis.standard, sink)?,
            edition: edition?,
            part: optional(&basis.part),
            relation: match relation {
                Relation::Follows => "follows",
                Relation::ModelledOn => "modelled-on",
                Relation::TermsOnly => "terms-only",
                Relation::Planned => "planned",
            }
            .to_string(),
            note,
        })
    }

    fn lacking<T>(&self, written: &At<T>, missing: bool, key: &str) {
        if missing {
            let message = format!("the key `{key}` is missing");
            let complaint = Complaint::new("missing-key", written.head, message);
            self.sink.push(
                complaint
                    .note("`relation: planned` needs `stage` and `date`; every other `edition`"),
            );
        }
    }

    fn absent(&self, key: &str, written: &Option<At<String>>, why: &str) {
        if let Some(at) = written {
            let complaint = Complaint::new("needless-key", at.span, why);
            self.sink.push(complaint.help(format!("take `{key}` away")));
        }
    }

    /// The rule of acceptance: a suite has cases, a case has steps and a measure that decides.
    pub(crate) fn cases_there(&self, written: &Written) {
        not_empty(
            "empty-suite",
            "cases of the suite",
            &written.cases,
            self.sink,
        );
        let mut ids: BTreeMap<&str, Span> = BTreeMap::new();
        for case in written.cases.get().into_iter().flatten() {
            let Some(case) = case.get() else { continue };
            if let Some(id) = case.id.get() {
                identifier(id, case.id.span, "a case", self.sink);
                if let Some(first) = ids.insert(id, case.id.span) {
                    let message = format!("case `{id}` is there twice");
                    let complaint = Complaint::new("duplicate-id", case.id.span, message);
                    self.sink.push(complaint.also(first, "first here"));
                }
            }
            not_empty("empty-steps", "steps of the case", &case.steps, self.sink);
        }
    }
}

fn word<T: Copy>(written: &At<T>, name: impl Fn(T) -> &'static str) -> String {
    written.value.map(name).unwrap_or_default().to_string()
}

fn area_word(area: Area) -> &'static str {
    match area {
        Area::Interface => "interface",
        Area::Evaluation => "evaluation",
        Area::Scenario => "scenario",
        Area::Safety => "safety",
        Area::Ethics => "ethics",
    }
}

fn status_word(status: Status) -> &'static str {
    match status {
        Status::Draft => "draft",
        Status::Trial => "trial",
        Status::Published => "published",
        Status::Withdrawn => "withdrawn",
    }
}
