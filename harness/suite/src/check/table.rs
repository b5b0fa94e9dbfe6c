//! Tables: rows with typed columns.

use super::Checker;
use super::literal::{self, any_quantity, identifier, text};
use super::shared::{not_empty, version};
use crate::complaint::{Complaint, Span};
use crate::near::suggestion;
use crate::written::table::{Row as WrittenRow, Table as Written};
use crate::yaml::{At, Entries, Scalar};
use certbench_model::plan::Row;
use certbench_model::{ParamValue, Unit};
use std::collections::BTreeMap;

/// A table that was read.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) file: u16,
    /// Its version and where that stands; the place of its name when it has none.
    pub(crate) version: (Option<String>, Span),
    /// Columns with their types.
    pub(crate) columns: BTreeMap<String, Column>,
    /// Rows with the place of their id.
    pub(crate) rows: Vec<(Span, Row)>,
}

/// Type of a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Column {
    Quantity(Unit),
    Count,
    Text,
}

impl Checker<'_> {
    /// A table file.
    pub(crate) fn table(&self, file: u16, written: &Written) -> Table {
        version(&written.certbench, self.sink);
        if let Some(name) = written.table.get() {
            identifier(name, written.table.span, "a table", self.sink);
        }
        if let Some(note) = &written.note {
            text(note, self.sink);
        }
        let columns = self.columns(written.columns.as_ref().and_then(At::get));
        not_empty("empty-table", "rows of a table", &written.rows, self.sink);
        let mut rows: Vec<(Span, Row)> = Vec::new();
        for row in written.rows.get().into_iter().flatten() {
            let Some((span, row)) = self.row(row, &columns) else {
                continue;
            };
            if let Some((first, _)) = rows.iter().find(|(_, r)| r.id == row.id) {
                let message = format!("row `{}` is there twice", row.id);
                let complaint = Complaint::new("duplicate-id", span, message);
                self.sink.push(complaint.also(*first, "first here"));
                continue;
            }
            rows.push((span, row));
        }
        let version = written.version.as_ref();
        let place = version.map_or(written.table.span, |v| v.span);
        Table {
            file,
            version: (version.and_then(|v| literal::filled(v, self.sink)), place),
            columns,
            rows,
        }
    }

    /// The table is of the version that a suite means, if it means one.
    pub(crate) fn version_meant(&self, table: &Table, meant: Option<&At<String>>) {
        let Some((at, meant)) = meant.and_then(|m| Some((m.span, m.get()?))) else {
            return;
        };
        let (version, place) = &table.version;
        if version.as_ref() != Some(meant) {
            let is = version.as_deref().unwrap_or("no version");
            let message = format!("version {meant} is meant, the table is of {is}");
            self.sink.push(
                Complaint::new("wrong-version", at, message)
                    .also(*place, "this table")
                    .help(
                        "take the table of that version, or read the changes and name the new one",
                    ),
            );
        }
    }

    fn columns(&self, written: Option<&Entries<At<Scalar>>>) -> BTreeMap<String, Column> {
        let mut columns = BTreeMap::new();
        for (name, span, kind) in written.into_iter().flat_map(Entries::iter) {
            let Some(name) = identifier(name, span, "a column", self.sink) else {
                continue;
            };
            let column = match kind.get().map(|s| s.text.as_str()) {
                Some("count") => Some(Column::Count),
                Some("text") => Some(Column::Text),
                Some(_) => literal::unit(kind, self.sink).map(Column::Quantity),
                None => None,
            };
            columns.extend(column.map(|c| (name, c)));
        }
        columns
    }

    fn row(
        &self,
        written: &At<WrittenRow>,
        columns: &BTreeMap<String, Column>,
    ) -> Option<(Span, Row)> {
        let row = written.get()?;
        for (key, there) in [("id", row.id.is_some()), ("title", row.title.is_some())] {
            if !there {
                let message = format!("the key `{key}` is missing");
                self.sink
                    .push(Complaint::new("missing-key", written.head, message));
            }
        }
        let values = self.values(row, written.head, columns);
        let title = row.title.as_ref().and_then(|t| text(t, self.sink));
        let id = row.id.as_ref()?;
        let name = identifier(id.get()?, id.span, "a row", self.sink)?;
        let row = Row {
            id: name,
            title: title?,
            columns: values,
        };
        Some((id.span, row))
    }

    fn values(
        &self,
        row: &WrittenRow,
        head: Span,
        columns: &BTreeMap<String, Column>,
    ) -> BTreeMap<String, ParamValue> {
        let mut values = BTreeMap::new();
        for (name, span, value) in row.columns.iter() {
            let Some(column) = columns.get(name) else {
                let mut complaint =
                    Complaint::new("unknown-key", span, format!("unknown column `{name}`"));
                let (help, note) = suggestion(name, columns.keys().map(String::as_str));
                complaint.help = help;
                complaint.notes.extend(note);
                self.sink.push(complaint);
                continue;
            };
            let read = self.cell(value, *column);
            values.extend(read.map(|v| (name.to_string(), v)));
        }
        for name in columns.keys().filter(|c| row.columns.find(c).is_none()) {
            let message = format!("the column `{name}` has no value in this row");
            self.sink.push(Complaint::new("missing-key", head, message));
        }
        values
    }

    fn cell(&self, written: &At<Scalar>, column: Column) -> Option<ParamValue> {
        let scalar = written.get()?;
        match column {
            Column::Text => Some(ParamValue::Text(scalar.text.clone())),
            Column::Count => literal::count(scalar, written.span, self.sink).map(ParamValue::Count),
            Column::Quantity(unit) => {
                let quantity = any_quantity(&scalar.text, written.span, self.sink)?;
                literal::fitting(quantity, written.span, &[unit], self.sink)
                    .map(ParamValue::Quantity)
            }
        }
    }
}
