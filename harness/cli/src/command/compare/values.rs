//! `certbench compare --values`: whether the values behind each result come from one distribution in
//! both runs.

use super::{Args, Judged, word_of_number};
use crate::exit::Exit;
use crate::say;
use certbench_judge::series::{Compared, Differing, Test, differences};
use certbench_model::Text;
use certbench_model::text::Lang;
use serde_json::json;

/// A result differs where the p of the chosen test is at most this: NIST SP 1227 (draft) compares two
/// hands at 95 %.
const LEVEL: f64 = 0.05;

/// The tests that can decide.
#[derive(Clone, Copy, clap::ValueEnum)]
pub(super) enum By {
    /// Kolmogorov-Smirnov, exact: the whole distributions
    Ks,
    /// Welch's t: the means
    Welch,
    /// Mann and Whitney's U: which tends to be larger
    MannWhitney,
}

impl From<By> for Test {
    fn from(by: By) -> Test {
        match by {
            By::Ks => Test::KolmogorovSmirnov,
            By::Welch => Test::Welch,
            By::MannWhitney => Test::MannWhitney,
        }
    }
}

/// Holds the other runs against the first.
pub(super) fn values(args: &Args, by: By, all: &[Judged]) -> anyhow::Result<Exit> {
    let Some((first, others)) = all.split_first() else {
        return Ok(Exit::Usage);
    };
    if let Some(other) = others.iter().find(|o| o.version != first.version) {
        eprintln!(
            "certbench: {} is a run of {} {}, {} of {}: their values are of two methods",
            first.name, first.suite, first.version, other.name, other.version
        );
        return Ok(Exit::Usage);
    }
    super::differing(all);
    let (by, lang) = (Test::from(by), args.lang.into());
    let (mut differs, mut unknown, mut told) = (false, false, Vec::new());
    for second in others {
        let found = differences(&first.run, &second.run);
        unknown |= found.is_empty();
        for result in &found {
            let told = decided(result, by);
            unknown |= told.is_none();
            differs |= told == Some(true);
        }
        match args.json {
            true => {
                let results = found
                    .iter()
                    .map(|result| json!({ "result": result, "differs": decided(result, by) }));
                told.push(json!({
                    "first": first.name, "second": second.name, "decided_by": by, "level": LEVEL,
                    "results": results.collect::<Vec<_>>(),
                }));
            }
            false => print(first, second, &found, by, lang),
        }
    }
    if args.json {
        say!("{}", serde_json::to_string_pretty(&told)?);
    }
    Ok(match (differs, unknown) {
        (true, _) => Exit::Failed,
        (false, true) => Exit::Incomplete,
        (false, false) => Exit::Passed,
    })
}

fn decisive(result: &Differing, by: Test) -> Option<&Compared> {
    result.tests.iter().find(|t| t.test == by)
}

fn decided(result: &Differing, by: Test) -> Option<bool> {
    decisive(result, by)?.differs(LEVEL)
}

/// The name of a test and of its statistic.
fn name(test: Test) -> (Text, &'static str) {
    match test {
        Test::KolmogorovSmirnov => (
            Text::new("Kolmogorov-Smirnov, exact", "Kolmogorov-Smirnov（精确）"),
            "D",
        ),
        Test::Welch => (Text::new("Welch", "Welch t 检验"), "t"),
        Test::MannWhitney => (Text::new("Mann-Whitney", "Mann-Whitney"), "U"),
    }
}

fn print(first: &Judged, second: &Judged, found: &[Differing], by: Test, lang: Lang) {
    let words = |en: &str, zh: &str| Text::new(en, zh).get(lang).to_string();
    say!("{} -> {}", first.name, second.name);
    if found.is_empty() {
        say!(
            "  {}",
            words(
                "no result of these runs has values behind it (peaks, strengths, times, means)",
                "这些运行中没有带有逐次数值（峰值、强度、时间、均值）的结果",
            )
        );
    }
    for result in found {
        let title = result.title.get(lang);
        let unit = result.unit.print();
        let Some([a, b]) = result.series else {
            let reasons: Vec<&str> = result.reasons.iter().map(|r| r.text.get(lang)).collect();
            let cannot = words("cannot be compared", "无法比较");
            say!(
                "  {} ({title}): {cannot}: {}",
                result.id,
                reasons.join("; ")
            );
            continue;
        };
        let pair = |what: String, a: Option<f64>, b: Option<f64>| match (a, b) {
            (Some(a), Some(b)) => {
                let (a, b) = (word_of_number(a), word_of_number(b));
                format!(", {what} {a} | {b} {unit}")
            }
            _ => String::new(),
        };
        say!(
            "  {} ({title}): n {} | {}{}{}{}",
            result.id,
            a.n,
            b.n,
            pair(words("mean", "均值"), Some(a.mean), Some(b.mean)),
            pair(words("s", "标准差"), a.s, b.s),
            pair(words("tolerance bound", "容许限"), a.bound, b.bound),
        );
        for told in &result.tests {
            let (test, statistic) = name(told.test);
            say!(
                "      {}: {statistic} {}, p {} ({})",
                test.get(lang),
                word_of_number(told.statistic),
                word_of_number(told.p),
                told.assumes.get(lang)
            );
        }
        let (test, _) = name(by);
        let verdict = match (decided(result, by), decisive(result, by)) {
            (Some(true), _) => words("DIFFERENT", "有差异"),
            (Some(false), _) => words("no difference shown", "未显示差异"),
            (None, Some(told)) => {
                let least = word_of_number(told.least_p);
                words(
                    &format!("cannot be told: so few values have no p below {least}"),
                    &format!("无法判断：数值过少，p 值不可能低于 {least}"),
                )
            }
            (None, None) => words("cannot be told", "无法判断"),
        };
        say!("      {verdict} ({}, p <= {LEVEL})", test.get(lang));
    }
    say!(
        "  {}",
        words(
            "The tests see scatter alone: an error that one run's instrument has in all its values is none of it",
            "检验只考虑分散：某次运行的仪器在其全部数值中共有的误差不在其中",
        )
    );
}
