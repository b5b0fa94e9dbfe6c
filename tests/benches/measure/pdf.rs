//! The PDF of a report of 1,000 findings, each with its budget and a drawing, against Typst alone on the
//! same markup with the same fonts, in the same run.

// The report that the tests of the renderings take.
#[path = "../../../reports/tests/common/mod.rs"]
mod example;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use certbench_model::finding::Finding;
use certbench_model::text::Lang;

use crate::paired::{Paired, in_turn, median};
use crate::peer;
use crate::scratch::Scratch;
use crate::table::Row;

/// `program arguments` of a Typst that sets the file named next into the PDF named last.
const TYPST: &str = "CERTBENCH_TYPST_PEER";
const FINDINGS: usize = 1_000;
const ROUNDS: usize = 3;

pub(crate) fn measure() -> Result<Vec<Row>, String> {
    let program = program()?;
    let scratch = Scratch::new()?;
    let file = |name: &str| scratch.path().join(name);
    std::fs::write(file("page.html"), page()?).map_err(|e| e.to_string())?;
    let laid_out = Command::new(&program)
        .arg(file("page.html"))
        .arg("--markup")
        .arg(file("markup"))
        .status()
        .map_err(|e| e.to_string())?;
    if !laid_out.success() {
        return Err(format!("certbench-pdf --markup ended with {laid_out}"));
    }
    let ours = || {
        let mut set = Command::new(&program);
        set.arg(file("page.html"))
            .arg("--out")
            .arg(file("ours.pdf"));
        spent(&mut set)
    };
    let alone = || {
        let mut set = peer::command(TYPST)
            .ok_or_else(|| format!("{TYPST} names no Typst (docs/measurements.md)"))?;
        set.arg(file("markup/report.typ")).arg(file("alone.pdf"));
        spent(&mut set)
    };
    let rounds = in_turn(ROUNDS, ours, alone)?;
    let pairs = Paired::of(rounds.iter().map(|(a, b)| (a.seconds, b.seconds)).collect());
    let mib = |of: fn(&(Spent, Spent)) -> f64| median(rounds.iter().map(of));
    let size = |name: &str| {
        let found = std::fs::metadata(file(name)).map_err(|e| format!("{name}: {e}"));
        found.map(|found| found.len() as f64 / 1e6)
    };
    Ok(vec![Row {
        what: format!("a page of {FINDINGS} findings to a PDF: processor time; peak memory"),
        subject: format!(
            "{:.1} s; {:.0} MiB; {:.1} MB",
            pairs.subject(),
            mib(|(ours, _)| ours.mib),
            size("ours.pdf")?
        ),
        baseline: format!(
            "Typst alone on the same markup: {:.1} s; {:.0} MiB; {:.1} MB",
            pairs.baseline(),
            mib(|(_, alone)| alone.mib),
            size("alone.pdf")?
        ),
        ratio: Some(pairs.ratio()),
        target: "at most 1.3".into(),
        met: Some(pairs.ratio().median <= 1.3),
    }])
}

/// The renderer as a laboratory builds it: `target/pdf/certbench-pdf`.
fn program() -> Result<PathBuf, String> {
    let this = std::env::current_exe().map_err(|e| e.to_string())?;
    let built = this.ancestors().nth(3).map(|d| d.join("pdf/certbench-pdf"));
    built.filter(|path| path.exists()).ok_or_else(|| {
        "no renderer; first `cargo build --profile pdf --package certbench-pdf`".to_owned()
    })
}

/// The English page of a report whose first case has as many findings as are wanted.
fn page() -> Result<String, String> {
    let mut findings = example::findings();
    let of_case = &mut findings.cases.first_mut().ok_or("no case")?.findings;
    let one = of_case.first().ok_or("no finding")?.clone();
    let many = (0..FINDINGS).map(|i| Finding {
        measure: format!("m{i:04}"),
        subject: None,
        ..one.clone()
    });
    *of_case = many.collect();
    let document = certbench_reports::document(&example::facts(), &findings, &example::extra());
    certbench_reports::html(&document, Lang::En).map_err(|e| e.to_string())
}

/// What a process took.
struct Spent {
    /// Processor time, all threads, seconds.
    seconds: f64,
    /// Most memory at once.
    mib: f64,
}

fn spent(command: &mut Command) -> Result<Spent, String> {
    let before = children_s()?;
    let mut child = command
        .stdin(Stdio::null())
        .spawn()
        .map_err(|e| format!("{command:?}: {e}"))?;
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let mut mib = 0.0;
    let ended = loop {
        mib = peak_mib(&status).unwrap_or(mib);
        if let Some(ended) = child.try_wait().map_err(|e| e.to_string())? {
            break ended;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    if !ended.success() {
        return Err(format!("{command:?} ended with {ended}"));
    }
    Ok(Spent {
        seconds: children_s()? - before,
        mib,
    })
}

/// Nothing of a process that has just ended.
fn peak_mib(status: &Path) -> Option<f64> {
    let text = std::fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib / 1024.0)
}

/// Processor time of all processes that this one waited for, seconds; the kernel counts hundredths.
fn children_s() -> Result<f64, String> {
    crate::judge::spent_s(13)
}
