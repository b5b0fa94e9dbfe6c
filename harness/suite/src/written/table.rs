//! A table file as it is written: objects, poses, speeds.

use super::shared::Bilingual;
use crate::yaml::{At, Entries, Scalar};
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
