//! The JSON Schema for editors says what the reader says, as far as a schema can.

use certbench_suite::{Kind, schema};
use serde_json::{Map, Value};

/// The part of draft-07 that our schemas use. `Err` says where a value does not fit.
fn validate(value: &Value, schema: &Value, root: &Value, at: &str) -> Result<(), String> {
    let Value::Object(rules) = schema else {
        return Ok(());
    };
    let wrong = |why: &str| Err(format!("{at}: {why}: {value}"));
    if let Some(name) = rules.get("$ref").and_then(Value::as_str) {
        let pointer = name.trim_start_matches('#');
        let target = root.pointer(pointer).ok_or(format!("no {name}"))?;
        validate(value, target, root, at)?;
    }
    if let Some(types) = rules.get("type")
        && !types_of(types).contains(&type_of(value))
    {
        return wrong("wrong type");
    }
    if rules
        .get("enum")
        .and_then(Value::as_array)
        .is_some_and(|e| !e.contains(value))
    {
        return wrong("not in enum");
    }
    if rules.get("const").is_some_and(|c| c != value) {
        return wrong("not the constant");
    }
    let fits = |s: &&Value| validate(value, s, root, at).is_ok();
    let choices = |key: &str| rules.get(key).and_then(Value::as_array);
    if choices("anyOf").is_some_and(|c| !c.iter().any(|s| fits(&s))) {
        return wrong("fits none of");
    }
    if choices("oneOf").is_some_and(|c| c.iter().filter(fits).count() != 1) {
        return wrong("does not fit exactly one of");
    }
    if let Some(all) = choices("allOf") {
        all.iter().try_for_each(|s| validate(value, s, root, at))?;
    }
    if let (Value::Array(items), Some(rule)) = (value, rules.get("items")) {
        for (i, item) in items.iter().enumerate() {
            validate(item, rule, root, &format!("{at}/{i}"))?;
        }
    }
    match value {
        Value::Object(map) => validate_object(map, rules, root, at),
        _ => Ok(()),
    }
}

fn validate_object(
    map: &Map<String, Value>,
    rules: &Map<String, Value>,
    root: &Value,
    at: &str,
) -> Result<(), String> {
    for key in rules
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let key = key.as_str().unwrap();
        if !map.contains_key(key) {
            return Err(format!("{at}: lacks {key}"));
        }
    }
    let known = rules.get("properties").and_then(Value::as_object);
    for (key, value) in map {
        let inside = format!("{at}/{key}");
        match known.and_then(|k| k.get(key)) {
            Some(rule) => validate(value, rule, root, &inside)?,
            None => match rules.get("additionalProperties") {
                Some(Value::Bool(false)) => return Err(format!("{inside}: unknown")),
                Some(rule) => validate(value, rule, root, &inside)?,
                None => {}
            },
        }
    }
    Ok(())
}

fn types_of(types: &Value) -> Vec<&str> {
    match types {
        Value::String(one) => vec![one],
        many => many
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str)
            .collect(),
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn file(path: &str) -> Value {
    let text = std::fs::read_to_string(path).unwrap();
    // Editors read YAML 1.2: `off` is a word.
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_str_with_options(&text, options).unwrap()
}

/// Every shipped file and every file of the tests, by kind.
fn all_files() -> Vec<(Kind, String)> {
    let here = env!("CARGO_MANIFEST_DIR");
    let mut all = Vec::new();
    for (folder, kind) in [
        (format!("{here}/../../suites"), Kind::Suite),
        (format!("{here}/../../suites/benches"), Kind::Bench),
        (format!("{here}/../../suites/jobs"), Kind::Job),
        (format!("{here}/../../suites/tables"), Kind::Table),
        (format!("{here}/../../suites/schemes"), Kind::Scheme),
        (format!("{here}/tests/files/tables"), Kind::Table),
    ] {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path().to_string_lossy().into_owned();
            if path.ends_with(".yaml") {
                all.push((kind, path));
            }
        }
    }
    for kind in [Kind::Suite, Kind::Bench, Kind::Job] {
        all.push((
            kind,
            format!("{here}/tests/files/small.{}.yaml", kind.word()),
        ));
    }
    all
}

#[test]
fn the_schema_accepts_what_the_reader_accepts() {
    let files = all_files();
    assert!(files.len() > 12);
    for (kind, path) in files {
        let schema = schema(kind);
        assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
        validate(&file(&path), &schema, &schema, "").unwrap_or_else(|why| panic!("{path}: {why}"));
    }
}

#[test]
fn the_schema_refuses_what_an_editor_should_mark() {
    let here = env!("CARGO_MANIFEST_DIR");
    let suite = file(&format!("{here}/tests/files/small.suite.yaml"));
    let schema = schema(Kind::Suite);
    let refused = |pointer: &str, value: Value| {
        let mut changed = suite.clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        validate(&changed, &schema, &schema, "").is_err()
    };
    assert!(refused("/status", "drafted".into()));
    assert!(refused("/title", "no mapping".into()));
    assert!(refused(
        "/cases/0/steps/0",
        serde_json::json!({ "zreo": { "channel": "force" } })
    ));
    assert!(refused(
        "/cases/0/steps/0",
        serde_json::json!({ "zero": { "chanel": "force" } })
    ));
    assert!(refused("/area", Value::Null));
    assert!(refused("/watch", Value::Null));
}
