//! DBC files and payloads of cantools: what it decodes, we decode, and what it sends a bench reads.

use std::collections::BTreeMap;

use certbench_model::plan::{DevicePlan, FileText};
use certbench_model::{Invalid, Reading, Vocabulary};
use certbench_suite::{Request, Sources, check_bench, check_suite, plan};
use certbench_tests::bench::Driven;
use certbench_tests::cable::Cable;
use certbench_tests::peer::Peers;
use certbench_wire::dbc::Database;
use serde_json::Value;

/// A number as cantools has it; JSON has no word for those that are none.
fn number(value: &Value) -> f64 {
    let word = value.as_str().and_then(|word| word.parse().ok());
    value.as_f64().or(word).expect("a number")
}

fn close(ours: f64, theirs: f64) -> bool {
    ours == theirs
        || ours.is_nan() && theirs.is_nan()
        || (ours - theirs).abs() <= 1e-12 * ours.abs().max(theirs.abs()).max(1.0)
}

#[test]
fn random_databases_and_payloads_are_decoded_as_by_cantools() {
    let name = "random_databases_and_payloads_are_decoded_as_by_cantools";
    let Some(peers) = Peers::for_test(name) else {
        return;
    };
    let mut compared = 0;
    for seed in ["1", "2", "3"] {
        let output = peers.run("dbc_cases.py", &[seed]);
        assert!(output.status.success(), "{output:?}");
        let cases: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
        let text = cases["dbc"].as_str().expect("a file");
        let database = Database::read(text).unwrap_or_else(|e| panic!("{e}:\n{text}"));
        for frame in cases["frames"].as_array().expect("frames") {
            let id = frame["id"].as_u64().expect("an identifier") as u32;
            let extended = frame["extended"].as_bool().expect("a flag");
            let known = database.messages.iter();
            let message = known
                .clone()
                .find(|m| (m.id, m.extended) == (id, extended))
                .expect("the message");
            let data = bytes(frame["data"].as_str().expect("hex"));
            let ours: BTreeMap<&str, f64> = message
                .signals
                .iter()
                .filter_map(|signal| {
                    let raw = message.decode(signal, &data).expect("long enough")?;
                    Some((signal.name.as_str(), signal.physical(raw)))
                })
                .collect();
            let theirs = frame["values"].as_object().expect("values");
            assert_eq!(
                ours.len(),
                theirs.len(),
                "{}: {ours:?} {theirs:?}",
                message.name
            );
            for (signal, value) in theirs {
                let (ours, theirs) = (ours[signal.as_str()], number(value));
                assert!(
                    close(ours, theirs),
                    "{}.{signal}: {ours} {theirs}",
                    message.name
                );
                compared += 1;
            }
        }
    }
    assert!(compared > 3000, "{compared}");
}

fn bytes(hex: &str) -> Vec<u8> {
    let pairs = hex.as_bytes().chunks(2);
    let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap_or_default(), 16);
    pairs.map(|pair| byte(pair).expect("hex")).collect()
}

const DBC: &str = "VERSION \"\"\nBO_ 416 LoadCell: 8 Cell\n \
    SG_ Force : 0|32@1- (0.001,0) [-2000|2000] \"N\" Host\n";

const BENCH: &str = "\
certbench: 1
bench: bus
laboratory: { name: Laboratory, address: Shenzhen }
devices:
  cell:
    driver: dbc
    port: can0
    provenance: simulated
    options: { file: cells/cell.dbc, signals: { pull: LoadCell.Force in kN }, interval: 5 ms }
channels:
  pull: { device: cell, signal: pull }
";

const SUITE: &str = "\
certbench: 1
suite: pull
version: 0.1.0
status: draft
title: { en: Pull, zh: 拉力 }
area: evaluation
basis: [{ standard: X 1, edition: \"2020\", relation: modelled-on }]
needs:
  devices: { cell: { kind: instrument, roles: [identify] } }
  channels: { pull: { unit: N } }
decision: { rule: simple }
cases:
  - id: one
    title: { en: One, zh: 一 }
    steps: [{ window: { id: held, record: [pull], until: { for: 5 s } } }]
    measure:
      - { id: peak, title: { en: Peak, zh: 峰值 }, metric: peak-force, over: held, channels: pull, params: { filter: none }, accept: { estimate: at_least 1 N } }
";

/// The device as the plan freezes it, or what the files are refused for.
fn planned(bench: &str) -> Result<DevicePlan, String> {
    let mut sources = Sources::memory([
        ("pull.suite.yaml", SUITE),
        ("bus.bench.yaml", bench),
        ("cells/cell.dbc", DBC),
    ]);
    let vocabulary = Vocabulary {
        metrics: certbench_judge::vocabulary(),
        drivers: certbench_devices::catalogue(),
    };
    let said = |complaints: &[certbench_suite::Diagnostic], sources: &Sources| {
        certbench_suite::render(complaints, sources, false)
    };
    let (suite, complaints) = check_suite(&mut sources, "pull.suite.yaml", &vocabulary);
    let suite = suite.ok_or_else(|| said(&complaints, &sources))?;
    let (bench, complaints) = check_bench(&mut sources, "bus.bench.yaml", &vocabulary);
    let bench = bench.ok_or_else(|| said(&complaints, &sources))?;
    let request = Request {
        suite: &suite,
        bench: &bench,
        job: None,
        vocabulary: &vocabulary,
        today: "2026-11-22".parse().map_err(|_| "no date")?,
        set: &[],
    };
    let plan = plan(&request, &mut sources).map_err(|c| said(&c, &sources))?;
    let (_, channel) = plan.channel("pull").ok_or("no channel")?;
    assert_eq!(channel.components[0].unit.to_string(), "kN");
    assert_eq!((channel.interval_s, channel.delay_s), (0.005, [0.0, 0.01]));
    Ok(plan.device("cell").ok_or("no device")?.clone())
}

#[test]
fn the_plan_has_the_files_text_and_digest_and_the_benchs_signals() {
    let cell = planned(BENCH).expect("a plan");
    let file: FileText = serde_json::from_value(cell.options["file"].clone()).expect("a text");
    assert_eq!(
        (file.path.as_str(), file.text.as_str()),
        ("cells/cell.dbc", DBC)
    );
    assert_eq!(
        file.sha256,
        certbench_model::identity::sha256_hex(DBC.as_bytes())
    );
}

#[test]
fn a_bench_that_names_no_file_or_no_unit_is_refused_at_its_line() {
    for (from, to, says) in [
        (
            "cells/cell.dbc",
            "cells/none.dbc",
            "cannot read `cells/none.dbc`",
        ),
        ("cells/cell.dbc", "../cell.dbc", "leads out of the folder"),
        ("LoadCell.Force in kN", "LoadCell.Force", "`SOURCE in UNIT`"),
        ("LoadCell.Force in kN", "LoadCell.Force in kn", "kn"),
        (
            "{ pull: LoadCell.Force in kN }",
            "LoadCell.Force",
            "a mapping of names",
        ),
        ("signal: pull }", "signal: push }", "push"),
    ] {
        let complaints = planned(&BENCH.replace(from, to)).expect_err(to);
        assert!(complaints.contains(says), "{to}:\n{complaints}");
        assert!(
            complaints.contains("bus.bench.yaml:"),
            "{to}:\n{complaints}"
        );
    }
}

#[test]
fn what_cantools_sends_over_an_adapter_is_read_and_its_silence_is_told() {
    let name = "what_cantools_sends_over_an_adapter_is_read_and_its_silence_is_told";
    let Some(peers) = Peers::for_test(name) else {
        return;
    };
    let file = std::env::temp_dir().join(format!("certbench-{}.dbc", std::process::id()));
    std::fs::write(&file, DBC).expect("a scratch file");
    let cable = Cable::new();
    let arguments = [cable.left(), &*file.to_string_lossy(), "LoadCell"];
    let mut sender = peers.start("dbc_sender.py", &arguments);
    let mut plan = planned(BENCH).expect("a plan");
    plan.port = format!("slcan:{}@500000", cable.right());
    let cell = Driven::open(&plan, &["pull"]).expect("it sends");
    sender.tell("set Force 1234.567");
    let near = |value: f64| {
        move |last: Option<Vec<f64>>| last.is_some_and(|v| (v[0] - value).abs() < 1e-9)
    };
    assert!(cell.until(|| near(1.234_567)(cell.last(0))), "in kN");
    sender.tell("set Force 2000.001");
    let beyond = Reading::Invalid(Invalid::OverRange);
    assert!(cell.until(|| cell.readings(0).last() == Some(&beyond)));
    sender.tell("set Force -3");
    assert!(cell.until(|| near(-0.003)(cell.last(0))));
    sender.tell("quiet");
    let stale = Reading::Invalid(Invalid::Stale);
    assert!(cell.until(|| cell.readings(0).last() == Some(&stale)));
    assert!(cell.until(|| {
        cell.news()
            .iter()
            .any(|t| t.to_string().contains("LoadCell.Force"))
    }));
    sender.tell("loud");
    assert!(cell.until(|| near(-0.003)(cell.last(0))), "it comes back");
    drop(cell);
    let _ = std::fs::remove_file(file);
}
