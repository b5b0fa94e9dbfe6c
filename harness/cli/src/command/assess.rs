//! `certbench assess SCHEME RUN...`: which level of a scheme the findings support, and what the next one
//! lacks. A statement of the scheme's rule; no certificate.

use crate::command::run::Language;
use crate::exit::Exit;
use crate::inputs::{colour, readable, today};
use crate::{issued, say};
use anyhow::ensure;
use certbench_judge::assess::{Assessment, Evidence, State, assess as apply};
use certbench_model::text::Lang;
use certbench_model::{Date, Findings, Scheme, Text};
use certbench_suite::Sources;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Which level of a scheme the findings support, and what the next one lacks; no certificate.
#[derive(clap::Args)]
#[command(
    after_help = "Exit codes, of the level asked for (without --level, of the lowest): 0 supported; \
    1 something that it needs failed; 2 something that it needs was not tested, is missing or passed \
    conditionally; 3 the scheme file has errors"
)]
pub(crate) struct Args {
    /// The scheme file
    scheme: PathBuf,
    /// Run folders
    #[arg(required = true)]
    runs: Vec<PathBuf>,
    /// The level that the exit code is about
    #[arg(long, value_name = "ID")]
    level: Option<String>,
    /// The day of the assessment; without it, today
    #[arg(long, value_name = "DATE")]
    on: Option<Date>,
    /// Language of the text
    #[arg(long, value_enum, default_value_t = Language::En)]
    lang: Language,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

/// What it is, in every output.
const NOTICE: [&str; 2] = [
    "What the rule of this scheme gives for these findings: neither a certificate nor a decision to \
     certify; review, decision and attestation are another body's acts (ISO/IEC 17065:2012).",
    "以下为本方案的规则对这些结果给出的结论：既非证书，也非认证决定；评审、决定与证明由其他机构作出（ISO/IEC 17065:2012）。",
];

/// A judged run.
struct Judged {
    run: String,
    suite: String,
    version: String,
    /// Maker and model, then the serial number.
    item: Option<(String, String)>,
    simulated: bool,
    day: Date,
    findings: Findings,
    /// Runs of the same item and suite that the bench's ledger names.
    earlier: Vec<String>,
}

/// Assesses.
pub(crate) fn assess(args: &Args) -> anyhow::Result<Exit> {
    let named = std::iter::once(&args.scheme).chain(&args.runs);
    if let Err(exit) = readable(named.map(PathBuf::as_path)) {
        return Ok(exit);
    }
    let mut sources = Sources::disk();
    let (scheme, complaints) =
        certbench_suite::check_scheme(&mut sources, &args.scheme.to_string_lossy());
    eprint!(
        "{}",
        certbench_suite::render(&complaints, &sources, colour())
    );
    let Some(scheme) = scheme else {
        return Ok(Exit::Refused);
    };
    if let Some(level) = args
        .level
        .as_ref()
        .filter(|l| scheme.levels.iter().all(|s| s.id != **l))
    {
        eprintln!("certbench: {} has no level {level}", scheme.id);
        return Ok(Exit::Usage);
    }
    let day = args.on.map_or_else(today, Ok)?;
    let runs: Vec<Judged> = args
        .runs
        .iter()
        .map(|r| judged(r))
        .collect::<Result<_, _>>()?;
    if let Err(error) = one_type(&runs) {
        eprintln!("certbench: {error}");
        return Ok(Exit::Usage);
    }
    let names: Vec<Option<String>> = runs.iter().map(Judged::name).collect();
    let evidence = runs.iter().zip(&names).map(|(r, name)| Evidence {
        run: &r.run,
        suite: &r.suite,
        version: &r.version,
        item: name.as_deref(),
        simulated: r.simulated,
        day: r.day,
        findings: &r.findings,
    });
    let assessment = apply(&scheme, &evidence.collect::<Vec<_>>(), day);
    let not_given = not_given(&runs);
    match args.json {
        true => {
            let notice = Text::new(NOTICE[0], NOTICE[1]);
            let told = json!({
                "notice": notice, "scheme": scheme, "assessment": assessment, "not_given": not_given,
            });
            say!("{}", serde_json::to_string_pretty(&told)?);
        }
        false => print(&scheme, &assessment, &not_given, args.lang.into()),
    }
    Ok(exit(&assessment, args.level.as_deref()))
}

impl Judged {
    fn name(&self) -> Option<String> {
        let (kind, serial) = self.item.as_ref()?;
        Some(format!("{kind} / {serial}"))
    }
}

fn judged(folder: &Path) -> anyhow::Result<Judged> {
    let judged = issued::judged(folder, None)?;
    let facts = judged.run.described();
    ensure!(
        facts.damage.is_empty(),
        "{}: the record is damaged (certbench verify)",
        folder.display()
    );
    let items = facts.plan.job.iter().flat_map(|job| &job.items);
    let item = items.map(|i| &i.identity).find_map(|i| {
        let kind = format!("{} / {}", i.maker.as_ref()?, i.model.as_ref()?);
        Some((kind, i.serial.clone()?))
    });
    let earlier = facts.events.iter().find_map(|l| match &l.event.body {
        certbench_model::EventBody::Ledger { earlier } => Some(earlier.clone()),
        _ => None,
    });
    Ok(Judged {
        run: facts.run.clone(),
        suite: facts.plan.suite.id.clone(),
        version: facts.plan.suite.version.clone(),
        item,
        simulated: facts.plan.simulated(),
        day: facts.day,
        earlier: earlier.unwrap_or_default(),
        findings: judged.findings,
    })
}

/// What is assessed is one type of item.
fn one_type(runs: &[Judged]) -> anyhow::Result<()> {
    let mut kinds: Vec<&str> = runs
        .iter()
        .filter_map(|r| Some(r.item.as_ref()?.0.as_str()))
        .collect();
    kinds.dedup();
    kinds.sort_unstable();
    kinds.dedup();
    ensure!(
        kinds.len() <= 1,
        "these runs are of different types of item: {}; one type is assessed at a time",
        kinds.join(", ")
    );
    Ok(())
}

/// Runs of the same items and suites that the ledger names and nobody gave.
fn not_given(runs: &[Judged]) -> Vec<String> {
    let given = |line: &str| {
        let run = line.split_once(',').map_or(line, |(run, _)| run);
        runs.iter().any(|r| r.run == run)
    };
    let mut list: Vec<String> = runs.iter().flat_map(|r| r.earlier.clone()).collect();
    list.retain(|line| !given(line));
    list.sort_unstable();
    list.dedup();
    list
}

fn exit(assessment: &Assessment, level: Option<&str>) -> Exit {
    let asked = match level {
        Some(level) => assessment.levels.iter().position(|l| l.id == level),
        None => Some(0),
    };
    let upto = asked.map_or(0, |index| index + 1);
    match assessment.levels.iter().take(upto).map(|l| l.state).max() {
        Some(State::Met) => Exit::Passed,
        Some(State::Failed) => Exit::Failed,
        _ => Exit::Incomplete,
    }
}

fn print(scheme: &Scheme, assessment: &Assessment, not_given: &[String], lang: Lang) {
    let zh = lang == Lang::Zh;
    let pick = |en: &'static str, cn: &'static str| if zh { cn } else { en };
    say!(
        "{} ({} {}, {})",
        scheme.title.get(lang),
        scheme.id,
        scheme.version,
        scheme.status
    );
    say!("{}", pick(NOTICE[0], NOTICE[1]));
    if assessment.simulated {
        say!(
            "! {}",
            pick(
                "SIMULATED: at least one run that counts is no measurement of a real item; this is an exercise",
                "仿真：计入的运行中至少有一次不是对真实样品的测量；仅作演练",
            )
        );
    }
    rules(scheme, lang);
    say!(
        "{}: {}",
        pick("level supported", "支持的等级"),
        assessment.level.as_deref().unwrap_or(pick("none", "无"))
    );
    for level in &assessment.levels {
        say!(
            "  {} {}: {}",
            level.id,
            level.title.get(lang),
            word(level.state, zh)
        );
        for r in &level.requirements {
            let (met, needed) = (r.items_met, r.items_needed);
            say!(
                "    {}: {} ({met}/{needed} {})",
                r.requirement,
                word(r.state, zh),
                pick("items", "件样品"),
            );
            if r.items.is_empty() {
                say!(
                    "      {}",
                    pick(
                        "no run of this suite and version was given",
                        "未给出该套件与版本的运行"
                    )
                );
            }
            for item in r.items.iter().filter(|i| i.state != State::Met) {
                say!("      {}: {}", item.item, word(item.state, zh));
                for gap in &item.gaps {
                    say!("        {}: {}", gap.place, gap.text.get(lang));
                }
            }
        }
    }
    if let Some(next) = &assessment.next {
        say!(
            "{} {next}",
            pick(
                "what is not met above stands between these findings and level",
                "以上未满足项即为达到下一等级所缺："
            )
        );
    }
    for run in &assessment.unused {
        say!(
            "! {run}: {}",
            pick(
                "no requirement of this scheme asks for it",
                "本方案不要求该运行"
            )
        );
    }
    for line in not_given {
        say!(
            "! {}: {line}",
            pick("on the ledger and not given", "台账中有而未给出")
        );
    }
}

/// What the scheme says beside its levels.
fn rules(scheme: &Scheme, lang: Lang) {
    let zh = lang == Lang::Zh;
    let line = |en: String, cn: String| say!("  {}", if zh { cn } else { en });
    line(
        format!("type {} of ISO/IEC 17067:2013", scheme.kind),
        format!("ISO/IEC 17067:2013 的 {} 型方案", scheme.kind),
    );
    let (items, chosen) = (scheme.sample.items, scheme.sample.chosen.get(lang));
    line(
        format!("sample of {items}: {chosen}"),
        format!("样品 {items} 件：{chosen}"),
    );
    if let Some(days) = scheme.run_age_days {
        line(
            format!("runs of the last {days} days count"),
            format!("仅计最近 {days} 天的运行"),
        );
    }
    if let Some(months) = scheme.validity_months {
        let en = format!("an attestation would hold for {months} months");
        line(en, format!("若获证明，有效期 {months} 个月"));
    }
    if let Some(s) = &scheme.surveillance {
        let (months, what) = (s.every_months, s.what.get(lang));
        line(
            format!("surveillance every {months} months: {what}"),
            format!("每 {months} 个月监督一次：{what}"),
        );
    }
}

fn word(state: State, zh: bool) -> &'static str {
    match (state, zh) {
        (State::Met, false) => "met",
        (State::Conditional, false) => "NOT MET (passed conditionally)",
        (State::NotTested, false) => "NOT MET (not tested)",
        (State::Failed, false) => "NOT MET (failed)",
        (State::Met, true) => "满足",
        (State::Conditional, true) => "未满足（有条件合格）",
        (State::NotTested, true) => "未满足（未测试）",
        (State::Failed, true) => "未满足（不合格）",
    }
}
