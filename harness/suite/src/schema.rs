//! JSON Schema for editors. Draft-07, which yaml-language-server reads.

use crate::written;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What to test.
    Suite,
    /// The laboratory's instruments and wiring.
    Bench,
    /// The order.
    Job,
    /// Rows that a suite goes over.
    Table,
    /// Steps that suites use.
    Template,
    /// Which suites at which limits support which level.
    Scheme,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 6] = [
        Kind::Suite,
        Kind::Bench,
        Kind::Job,
        Kind::Table,
        Kind::Template,
        Kind::Scheme,
    ];

    /// The word for it, which is also the key that tells it: `suite:`, `bench:`, `job:`, `table:`,
    /// `template:`, `scheme:`.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Suite => "suite",
            Kind::Bench => "bench",
            Kind::Job => "job",
            Kind::Table => "table",
            Kind::Template => "template",
            Kind::Scheme => "scheme",
        }
    }
}

/// The JSON Schema (draft-07) of a kind of file.
pub fn schema(kind: Kind) -> Value {
    let generator = SchemaSettings::draft07().into_generator();
    let schema = match kind {
        Kind::Suite => generator.into_root_schema_for::<written::suite::Suite>(),
        Kind::Bench => generator.into_root_schema_for::<written::bench::Bench>(),
        Kind::Job => generator.into_root_schema_for::<written::job::Job>(),
        Kind::Table => generator.into_root_schema_for::<written::table::Table>(),
        Kind::Template => generator.into_root_schema_for::<written::template::Template>(),
        Kind::Scheme => generator.into_root_schema_for::<written::scheme::Scheme>(),
    };
    let mut schema = schema.to_value();
    as_read(&mut schema);
    schema
}

/// The schema says what is read: a key that is there has a value, and a text may look like a number
/// (`edition: 2013`), since scalars keep their text.
fn as_read(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(as_read),
        Value::Object(map) => {
            if let Some(Value::Array(types)) = map.get_mut("type") {
                types.retain(|t| t != "null");
                if let [one] = types.as_slice() {
                    let one = one.clone();
                    map.insert("type".to_string(), one);
                }
            }
            if let Some(Value::Array(choices)) = map.get_mut("anyOf") {
                choices.retain(|c| c != &json!({ "type": "null" }));
            }
            let free = !map.contains_key("enum") && !map.contains_key("const");
            if free && map.get("type") == Some(&json!("string")) {
                map.insert("type".to_string(), json!(["string", "number"]));
            }
            map.values_mut().for_each(as_read);
        }
        _ => {}
    }
}
