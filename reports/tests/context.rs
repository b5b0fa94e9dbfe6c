//! What surrounds the results: the environment as it was measured, what entered after the run, and
//! whether the software was shown to be valid; in both languages.

mod common;

use certbench_model::addendum::{Content, Import};
use certbench_model::condition::{Condition, Entered};
use certbench_model::figure::{Axis, Figure, FigureKind, Series};
use certbench_model::text::Lang;
use certbench_model::{Addendum, Text};
use certbench_reports::{Extra, Validated, document, html, json};
use common::*;
use serde_json::Value;

fn told(extra: &Extra) -> (Value, [String; 2]) {
    let document = document(&facts(), &findings(), extra);
    let pages = [Lang::En, Lang::Zh].map(|lang| html(&document, lang).unwrap());
    (serde_json::from_str(&json(&document)).unwrap(), pages)
}

fn axis(name: &str, symbol: &str) -> Axis {
    Axis {
        label: Text::same(name),
        unit: unit(symbol),
    }
}

#[test]
fn the_environment_is_told_over_time() {
    let condition = Condition {
        channel: "room_temperature".into(),
        unit: unit("Cel"),
        n: 3,
        least: 21.934,
        mean: 22.0512,
        most: 22.141,
        from_ns: 1_000_000_000,
        to_ns: 61_000_000_000,
        figure: Figure {
            title: Text::new("Over the run", "运行期间"),
            kind: FigureKind::Curve,
            x: axis("t", "s"),
            y: axis("T", "Cel"),
            series: vec![Series {
                name: Text::same("T"),
                points: vec![[1.0, 21.934], [30.0, 22.08], [61.0, 22.141]],
                low: Vec::new(),
                high: Vec::new(),
                labels: Vec::new(),
            }],
            limits: Vec::new(),
            events: Vec::new(),
        },
        entered: Vec::new(),
    };
    let by_hand = Condition {
        channel: "humidity".into(),
        unit: unit("%"),
        entered: vec![Entered {
            at_ns: 61_000_000_000,
            value: 45.5,
            by: "A. Tester".into(),
            line: 42,
        }],
        ..condition.clone()
    };
    let extra = Extra {
        conditions: vec![condition, by_hand],
        ..extra()
    };
    let (report, [en, zh]) = told(&extra);
    assert_eq!(report["conditions"][0]["mean"], "22.05");
    assert!(en.contains("Temperature of the room") && en.contains("22.05"));
    assert!(zh.contains("室温") && zh.contains("运行期间"));
    // What a person read: when, what, who, and where it stands in the record.
    let row = en.split_once("<table id=\"entered\">").unwrap().1;
    let row = row.split_once("</table>").unwrap().0;
    for said in ["61.000", "45.5 %", "A. Tester", ">42<"] {
        assert!(row.contains(said), "{said} in {row}");
    }
    assert!(!told(&common::extra()).1[0].contains("id=\"conditions\""));
}

#[test]
fn what_entered_after_the_run_is_told_with_who_and_why() {
    let import = Import {
        channel: "tcp".into(),
        rows: 32,
        matched: 30,
        missing: Vec::new(),
        extra: vec![4, 9],
        supersedes: Some(1),
        times: None,
    };
    let addendum = Addendum {
        number: 2,
        record: "0".repeat(64),
        utc: "2026-11-22T09:00:00Z".into(),
        by: "Li Hua".into(),
        why: "exported again".into(),
        files: Vec::new(),
        content: Content::Import(import),
    };
    let extra = Extra {
        addenda: vec![addendum],
        ..extra()
    };
    let (report, [en, zh]) = told(&extra);
    assert_eq!(report["added"][0]["supersedes"], 1);
    assert!(en.contains("30 of 32 rows") && en.contains("exported again") && en.contains("Li Hua"));
    assert!(zh.contains("32 行中有 30 行") && zh.contains("替代附加项 1"));
}

#[test]
fn a_validation_is_cited_or_its_absence_said() {
    let (report, [en, zh]) = told(&extra());
    assert_eq!(report["validation"]["state"], "none");
    assert!(en.contains("No validation of this software") && zh.contains("没有本软件"));
    let mut validated = Validated {
        id: "validation-7".into(),
        utc: "2026-11-20T08:00:00Z".into(),
        by: "Wang Ming".into(),
        certbench: "0.1.0".into(),
        host: "bench-1".into(),
        statement_sha256: "ab".repeat(32),
        held: true,
        differs: Vec::new(),
    };
    let mut state = |change: fn(&mut Validated)| {
        change(&mut validated);
        let extra = Extra {
            validated: Some(validated.clone()),
            ..extra()
        };
        let (report, [en, _]) = told(&extra);
        assert!(en.contains("validation-7") && en.contains("Wang Ming"));
        report["validation"]["state"].as_str().unwrap().to_string()
    };
    assert_eq!(state(|_| {}), "holds");
    let host = |v: &mut Validated| v.differs = vec![["host", "bench-1", "bench-2"].map(Into::into)];
    assert_eq!(state(host), "differs");
    assert_eq!(state(|v| v.held = false), "failed");
}
