//! The floor plan holds: which room may import which, and the lints and profiles that every room shares.
//!
//! The table concerns normal dependencies on crates of this workspace. Dev-dependencies are free: a test
//! may look at everything.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The rooms that have walls, and what each may import. A room that is not here is refused.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("wire", &[]),
    ("clock", &[]),
    ("suite", &["model"]),
    ("run", &["model", "roles", "clock"]),
    ("record", &["model"]),
    ("judge", &["model"]),
    ("reports", &["model"]),
    ("pdf", &[]),
    ("link", &["clock"]),
    ("roles", &["model"]),
    ("devices", &["model", "roles", "wire", "link", "clock"]),
    ("sim", &["wire", "link", "clock"]),
];

/// The rooms that may see all others: the binary, the end-to-end tests, the set-up.
const SEES_ALL: &[&str] = &["cli", "tests", "xtask"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn metadata() -> Value {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(root())
        .output()
        .expect("cargo metadata starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON")
}

/// `certbench-model` is the room `model`; the binary's crate is `certbench`, the room `cli`.
fn room(package: &str) -> Option<&str> {
    match package {
        "certbench" => Some("cli"),
        _ => package.strip_prefix("certbench-"),
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key]
        .as_str()
        .unwrap_or_else(|| panic!("cargo metadata: no text at {key}"))
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key]
        .as_array()
        .unwrap_or_else(|| panic!("cargo metadata: no list at {key}"))
}

/// Room -> the rooms it imports, normal dependencies only.
fn imports(metadata: &Value) -> BTreeMap<String, BTreeSet<String>> {
    list(metadata, "packages")
        .iter()
        .map(|package| {
            let name = room(text(package, "name"))
                .expect("every crate is named certbench or certbench-<room>");
            let rooms = list(package, "dependencies")
                .iter()
                .filter(|dependency| dependency["kind"].is_null())
                .filter_map(|dependency| room(text(dependency, "name")))
                .map(str::to_owned)
                .collect();
            (name.to_owned(), rooms)
        })
        .collect()
}

#[test]
fn no_room_imports_what_the_floor_plan_does_not_allow() {
    let allowed: BTreeMap<&str, &[&str]> = MAY_IMPORT.iter().copied().collect();
    let mut complaints = Vec::new();
    for (name, imported) in imports(&metadata()) {
        if SEES_ALL.contains(&name.as_str()) {
            continue;
        }
        let Some(may) = allowed.get(name.as_str()) else {
            complaints.push(format!("{name} is not a room of the floor plan"));
            continue;
        };
        for import in imported
            .iter()
            .filter(|import| !may.contains(&import.as_str()))
        {
            complaints.push(format!(
                "{name} may not import {import} (it may import {may:?})"
            ));
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn every_room_of_the_floor_plan_exists() {
    let found = imports(&metadata());
    for name in MAY_IMPORT.iter().map(|(name, _)| name).chain(SEES_ALL) {
        assert!(found.contains_key(*name), "no crate for the room {name}");
    }
}

#[test]
fn the_judge_and_the_reports_cannot_reach_a_device_by_any_path() {
    let found = imports(&metadata());
    for start in ["judge", "reports", "record", "suite"] {
        let mut reached = BTreeSet::new();
        let mut open = vec![start.to_owned()];
        while let Some(name) = open.pop() {
            for import in &found[&name] {
                if reached.insert(import.clone()) {
                    open.push(import.clone());
                }
            }
        }
        for forbidden in ["devices", "sim", "link", "wire", "roles", "run"] {
            assert!(
                !reached.contains(forbidden),
                "{start} reaches {forbidden} through {reached:?}"
            );
        }
    }
}

#[test]
fn every_crate_inherits_the_lints_and_unsafe_code_is_denied_once() {
    let workspace = read(&root().join("Cargo.toml"));
    assert!(
        section(&workspace, "[workspace.lints.rust]").contains(&"unsafe_code = \"deny\""),
        "the workspace denies unsafe_code"
    );
    for package in list(&metadata(), "packages") {
        let manifest = PathBuf::from(text(package, "manifest_path"));
        assert!(
            section(&read(&manifest), "[lints]").contains(&"workspace = true"),
            "{} does not inherit the workspace's lints",
            manifest.display()
        );
    }
}

/// Unwinding is what lets the panic hook's halt and the record's end run to completion.
#[test]
fn no_profile_aborts_on_panic() {
    for package in list(&metadata(), "packages") {
        refuse_abort(Path::new(text(package, "manifest_path")));
    }
    refuse_abort(&root().join("Cargo.toml"));
    let cargo_config = root().join(".cargo/config.toml");
    if cargo_config.exists() {
        refuse_abort(&cargo_config);
    }
}

fn refuse_abort(file: &Path) {
    for line in read(file).lines().map(|line| line.replace(' ', "")) {
        let aborts =
            line.starts_with("panic=") && line.contains("abort") || line.contains("panic=abort");
        assert!(!aborts, "{} aborts on panic: {line}", file.display());
    }
}

fn read(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The lines of one TOML table, trimmed; enough for manifests that are written by hand.
fn section<'a>(manifest: &'a str, header: &str) -> Vec<&'a str> {
    manifest
        .lines()
        .map(str::trim)
        .skip_while(|line| *line != header)
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .collect()
}
