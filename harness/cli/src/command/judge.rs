//! `certbench judge RUN`: judge a record again.

use crate::exit::Exit;
use crate::inputs::readable;
use crate::session;
use crate::{say, say_on};
use certbench_model::{Finding, Findings, Unit, Verdict};
use std::path::PathBuf;

/// Judge a recorded run again, from its folder alone.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The run folder
    run: PathBuf,
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
}

/// Judges and prints.
pub(crate) fn judge(args: &Args) -> anyhow::Result<Exit> {
    if let Err(exit) = readable([&*args.run]) {
        return Ok(exit);
    }
    let findings = session::judge(&args.run)?;
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
