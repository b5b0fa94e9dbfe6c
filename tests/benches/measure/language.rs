//! The suite language: checking and planning a suite of five thousand lines against reading the same
//! text as plain YAML, steps a second of the executor on the simulated clock, and what cycles cost in
//! memory.

use std::fmt::Write as _;
use std::time::Instant;

use certbench_model::EventBody;
use certbench_tests::simulated::{Papers, shipped};

use crate::paired::paired;
use crate::table::Row;

const LINES: usize = 5_000;
const STEPS: u32 = 20_000;

pub(crate) fn measure() -> Result<Vec<Row>, String> {
    let mut rows = vec![planned()?, performed()?];
    rows.push(remembered()?);
    Ok(rows)
}

/// A suite of many cases under the head of a shipped one.
fn long_suite() -> String {
    let shipped = shipped("grasp-success.suite.yaml");
    let (head, _) = shipped.split_once("\ncases:\n").unwrap_or((&shipped, ""));
    let mut text = format!("{head}\ncases:\n");
    let mut n = 0;
    while text.lines().count() < LINES {
        n += 1;
        let _ = write!(
            text,
            "  - id: case-{n}
    title: {{ en: Case {n}, zh: 用例 {n} }}
    steps:
      - zero: {{ channel: support_force }}
      - repeat:
          variable: object
          over: {{ table: objects, order: shuffled, seed: {n} }}
          steps:
            - prompt:
                id: place
                text: {{ en: \"Place {{object}}.\", zh: \"放置 {{object}}。\" }}
                changes: {{ mount: \"{{object}}\" }}
            - window:
                id: squeeze
                record: [support_force]
                steps:
                  - grasp: {{ device: hand, preset: power, force: 50 %, speed: 50 %, timeout: 5 s }}
                until: {{ for: 500 ms }}
            - release: {{ device: hand, speed: 100 %, timeout: 4 s }}
    measure:
      - id: force
        title: {{ en: Force, zh: 力 }}
        metric: peak-force
        over: squeeze
        channels: support_force
        params: {{ filter: none }}
        accept: {{ estimate: at_least 1 N }}
"
        );
    }
    text
}

fn planned() -> Result<Row, String> {
    let text = long_suite();
    let papers = Papers::new(&text, &shipped("benches/sim-hand.bench.yaml"));
    let pairs = paired(
        7,
        || {
            let began = Instant::now();
            let plan = papers
                .plan()
                .map_err(|c| format!("{} complaints", c.len()))?;
            std::hint::black_box(plan);
            Ok(began.elapsed().as_secs_f64())
        },
        || {
            let began = Instant::now();
            let tree: serde_json::Value =
                serde_saphyr::from_str(&text).map_err(|e| e.to_string())?;
            std::hint::black_box(tree);
            Ok(began.elapsed().as_secs_f64())
        },
    )?;
    Ok(Row {
        what: format!(
            "check and plan of a suite of {} lines",
            text.lines().count()
        ),
        subject: format!("{:.0} ms", pairs.subject() * 1e3),
        baseline: format!("the text as plain YAML: {:.0} ms", pairs.baseline() * 1e3),
        ratio: Some(pairs.ratio()),
        target: "-".into(),
        met: None,
    })
}

/// A suite of one case: these steps around one judged window.
fn suite_of(steps: &str) -> String {
    let shipped = shipped("grasp-success.suite.yaml");
    let (head, _) = shipped.split_once("\ncases:\n").unwrap_or((&shipped, ""));
    format!(
        "{head}
cases:
  - id: one
    title: {{ en: One, zh: 一 }}
    steps:
      - window: {{ id: judged, record: [support_force], until: {{ for: 200 ms }} }}
{steps}
    measure:
      - id: peak
        title: {{ en: Peak, zh: 峰值 }}
        metric: peak-force
        over: judged
        channels: support_force
        params: {{ filter: none }}
        accept: {{ estimate: at_most 50 N }}
"
    )
}

fn performed() -> Result<Row, String> {
    let steps = format!(
        "      - repeat: {{ variable: n, over: {{ times: {STEPS} }}, steps: [{{ mark: {{ name: here }} }}] }}"
    );
    let papers = Papers::new(&suite_of(&steps), &shipped("benches/sim-hand.bench.yaml"));
    let began = Instant::now();
    let played = papers.play();
    let seconds = began.elapsed().as_secs_f64();
    let marks = played
        .events()
        .filter(|e| matches!(e, EventBody::Marked { .. }));
    let marks = marks.count();
    if marks != STEPS as usize {
        return Err(format!("{marks} of {STEPS} steps: {:?}", played.faults()));
    }
    Ok(Row {
        what: format!("{STEPS} steps on the simulated clock, recorded and judged"),
        subject: format!("{:.0} steps/s", f64::from(STEPS) / seconds),
        baseline: "-".into(),
        ratio: None,
        target: "-".into(),
        met: None,
    })
}

/// Peak memory of this process, MiB.
fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    let kib = line.and_then(|l| l.split_whitespace().next()?.parse::<f64>().ok());
    kib.unwrap_or(f64::NAN) / 1024.0
}

/// Cycles of the hand that wears: first a few, then ten times as many; what the peak grows by.
fn remembered() -> Result<Row, String> {
    let cycles = |n: u32| -> Result<f64, String> {
        let papers = Papers::shipped("hand-endurance", "hand-long")
            .file("templates/grip-strength-check.template.yaml")
            .set(&format!("cycles={n}"))
            .set("check_every=500");
        let played = papers.play();
        let passes = played.events().find_map(|e| match e {
            EventBody::RepeatEnded { passes, .. } => Some(*passes),
            _ => None,
        });
        match passes {
            Some(passes) if passes == n => Ok(peak_mib()),
            other => Err(format!("{other:?} of {n} cycles: {:?}", played.faults())),
        }
    };
    let few = cycles(1_000)?;
    let many = cycles(10_000)?;
    Ok(Row {
        what: "peak memory after 10,000 cycles, simulation and judge included".into(),
        subject: format!("{many:.0} MiB"),
        baseline: format!("after 1,000 cycles: {few:.0} MiB"),
        ratio: None,
        target: "-".into(),
        met: None,
    })
}
