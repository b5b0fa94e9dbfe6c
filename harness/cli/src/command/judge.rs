//! `certbench judge RUN`: judge a record again. `certbench judge --data FILE --suite S --bench B`: judge
//! data that were taken elsewhere.

mod external;

use crate::exit::Exit;
use crate::inputs::{Files, readable};
use crate::session;
use crate::{say, say_on};
use certbench_model::{Finding, Findings, Unit, Verdict};
use std::path::{Path, PathBuf};

/// Judge a recorded run again, from its folder alone; or data that were taken elsewhere.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The run folder
    #[arg(required_unless_present = "data")]
    run: Option<PathBuf>,
    /// Print the findings as JSON
    #[arg(long, conflicts_with = "data")]
    json: bool,
    /// No run: judge this file, of a test that certbench neither drove nor observed
    #[arg(long, value_name = "FILE", conflicts_with = "run", requires_all = ["suite", "bench", "by"])]
    data: Option<PathBuf>,
    /// By this suite
    #[arg(long, requires = "data")]
    suite: Option<PathBuf>,
    /// By this bench, where the instrument that wrote the file has `driver: csv-import`
    #[arg(long, requires = "data")]
    bench: Option<PathBuf>,
    /// The job file
    #[arg(long, requires = "data")]
    job: Option<PathBuf>,
    /// Set a parameter that the laboratory may set
    #[arg(long, value_name = "NAME=VALUE", requires = "data")]
    set: Vec<String>,
    /// The channel that the file holds, where several are imported
    #[arg(long, value_name = "ID", requires = "data")]
    channel: Option<String>,
    /// Who hands the file in
    #[arg(long, value_name = "NAME", requires = "data")]
    by: Option<String>,
    /// Folder for the record of it; `runs` without
    #[arg(long, requires = "data")]
    out: Option<PathBuf>,
}

/// Judges and prints.
pub(crate) fn judge(args: &Args) -> anyhow::Result<Exit> {
    if let (Some(data), Some(suite), Some(bench)) = (&args.data, &args.suite, &args.bench) {
        return external::judge(&external::External {
            data,
            files: Files {
                suite: suite.clone(),
                bench: bench.clone(),
                job: args.job.clone(),
                set: args.set.clone(),
            },
            channel: args.channel.as_deref(),
            by: args.by.as_deref().unwrap_or_default(),
            out: args.out.as_deref().unwrap_or(Path::new("runs")),
        });
    }
    let Some(run) = args.run.as_deref() else {
        return Ok(Exit::Usage);
    };
    if let Err(exit) = readable([run]) {
        return Ok(exit);
    }
    let findings = session::judge(run)?;
    if args.json {
        say!("{}", serde_json::to_string_pretty(&findings)?);
    } else {
        say_on!("{}", summary(&findings));
    }
    Ok(Exit::of(&findings))
}

fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "PASS",
        Verdict::ConditionalPass => "CONDITIONAL PASS",
        Verdict::NotTested => "NOT TESTED",
        Verdict::ConditionalFail => "CONDITIONAL FAIL",
        Verdict::Fail => "FAIL",
    }
}

/// The findings as a person reads them on a terminal.
pub(crate) fn summary(findings: &Findings) -> String {
    use certbench_model::finding::Value;
    let mut text = format!(
        "{}: {} (run {})\n",
        findings.run,
        verdict_word(findings.verdict),
        findings.end
    );
    for reason in &findings.reasons {
        text += &format!("  ! {}\n", reason.text.en);
    }
    let value = |finding: &Finding| match &finding.result {
        Some(Value::Quantity(m)) => {
            let u = m
                .u_expanded
                .map(|u| format!(" ± {u:.2e}"))
                .unwrap_or_default();
            let unit = match m.unit == Unit::one() {
                true => String::new(),
                false => format!(" {}", m.unit),
            };
            format!("{:.5}{unit}{u} (n = {})", m.value, m.n)
        }
        Some(Value::Proportion(p)) => format!(
            "{}/{} [{:.3}, {:.3}]",
            p.k, p.n, p.interval[0], p.interval[1]
        ),
        Some(Value::Attribute { yes, .. }) => {
            if *yes {
                "yes".into()
            } else {
                "no".into()
            }
        }
        Some(Value::Inspection { statement, .. }) => statement.en.clone(),
        None => "no result".into(),
    };
    for case in &findings.cases {
        text += &format!("  {} - {}\n", case.case, verdict_word(case.verdict));
        for reason in &case.reasons {
            text += &format!("    ! {}\n", reason.text.en);
        }
        for finding in &case.findings {
            let subject = finding
                .subject
                .as_ref()
                .map(|s| format!(" {}", s.id))
                .unwrap_or_default();
            let verdict = if finding.accept.is_some() || finding.verdict != Verdict::NotTested {
                verdict_word(finding.verdict)
            } else {
                "reported"
            };
            text += &format!(
                "    {}{subject}: {} - {verdict}\n",
                finding.measure,
                value(finding)
            );
            for reason in &finding.reasons {
                text += &format!("      ! {}\n", reason.text.en);
            }
        }
    }
    text
}
