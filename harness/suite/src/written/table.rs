//! A table file as it is written: objects, poses, speeds.

use super::shared::Bilingual;
use crate::yaml::{At, Entries, Kind, PickByKind, Scalar, kind_seed};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// A table: named rows with typed columns.
#[derive(Clone, Debug, PartialEq, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    /// Version of this language: 1.
    pub(crate) certbench: At<Scalar>,
    /// Its name, for people.
    pub(crate) table: At<String>,
    /// Its version, by which suites may ask for it.
    pub(crate) version: Option<At<String>>,
    /// Where it comes from.
    pub(crate) note: Option<At<Bilingual>>,
    /// Column to unit, or `count`, or `text`.
    pub(crate) columns: Option<At<Entries<At<Scalar>>>>,
    /// Rows.
    pub(crate) rows: At<Vec<At<Row>>>,
}

/// A row: `id`, `title` and every column.
#[derive(Clone, Debug, PartialEq, Default)]
pub(crate) struct Row {
    /// Unique in the table.
    pub(crate) id: Option<At<String>>,
    /// What it is called.
    pub(crate) title: Option<At<Bilingual>>,
    /// The columns.
    pub(crate) columns: Entries<At<Scalar>>,
}

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Parts;
        impl<'de> Visitor<'de> for Parts {
            type Value = Row;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a row")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Row, A::Error> {
                let mut row = Row::default();
                while let Some(key) = map.next_key::<At<String>>()? {
                    match key.get().map_or("", String::as_str) {
                        "id" => row.id = Some(map.next_value()?),
                        "title" => row.title = Some(map.next_value()?),
                        _ => row.columns.0.push((key, map.next_value()?)),
                    }
                }
                Ok(row)
            }
        }
        d.deserialize_map(Parts)
    }
}

impl JsonSchema for Row {
    fn schema_name() -> Cow<'static, str> {
        "Row".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let title = generator.subschema_for::<Bilingual>();
        let column = generator.subschema_for::<Scalar>();
        json_schema!({
            "type": "object",
            "description": "A row: id, title and every column.",
            "properties": { "id": { "type": "string" }, "title": title },
            "additionalProperties": column,
            "required": ["id", "title"],
        })
    }
}

/// Where a table is: its file, and the version that is meant.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TableFile {
    /// Inside the suite's folder.
    pub(crate) file: At<String>,
    /// The version that is meant; any, when it is left out.
    pub(crate) version: Option<At<String>>,
}

/// The longer form of a [`TableFile`].
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Versioned {
    file: At<String>,
    version: At<String>,
}

struct PickFile;

impl<'de> PickByKind<'de> for PickFile {
    type Value = TableFile;
    fn pick<D: Deserializer<'de>>(self, kind: Kind, d: D) -> Result<TableFile, D::Error> {
        match kind {
            Kind::Map => Versioned::deserialize(d).map(|v| TableFile {
                file: v.file,
                version: Some(v.version),
            }),
            Kind::Scalar | Kind::List => At::deserialize(d).map(|file| TableFile {
                file,
                version: None,
            }),
        }
    }
}

impl<'de> Deserialize<'de> for TableFile {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        kind_seed(d, PickFile)
    }
}

impl JsonSchema for TableFile {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "TableFile".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            { "type": "string" },
            {
                "type": "object",
                "properties": { "file": { "type": "string" }, "version": { "type": "string" } },
                "required": ["file", "version"],
                "additionalProperties": false,
            },
        ]})
    }
}
