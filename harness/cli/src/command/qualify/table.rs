//! What a qualification has found, as a page and as numbers.

use super::outcome::{Outcome, Tried};
use super::population::{Expect, Group, Population};
use certbench_judge::stats::Confidence;
use certbench_judge::stats::binomial::{Count, clopper_pearson};
use certbench_model::Verdict;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// k of n with its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Rate {
    pub(super) k: u64,
    pub(super) n: u64,
    /// 95 %, two-sided (Clopper and Pearson); `None` without a device.
    pub(super) interval: Option<[f64; 2]>,
}

impl Rate {
    fn of(k: usize, n: usize) -> Rate {
        let (k, n) = (k as u64, n as u64);
        let interval = Count::new(k, n).map(|count| {
            let interval = clopper_pearson(count, Confidence::P95);
            [interval.lower, interval.upper]
        });
        Rate { k, n, interval }
    }

    /// Whether it is above what was promised, by more than chance explains.
    fn breaks(self, promised: f64) -> bool {
        self.interval.is_some_and(|[lower, _]| lower > promised)
    }

    fn text(self) -> String {
        let Rate { k, n, interval } = self;
        match interval {
            Some([lower, upper]) => format!(
                "{k} of {n} [{:.1} %, {:.1} %]",
                100.0 * lower,
                100.0 * upper
            ),
            None => "none tried".into(),
        }
    }
}

/// One group.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) group: String,
    pub(super) n: usize,
    pub(super) right: usize,
    pub(super) missed: usize,
    pub(super) wrong_reason: usize,
    pub(super) otherwise: usize,
    /// A miss that the population names.
    pub(super) known: bool,
    /// What was said, and of how many.
    pub(super) said: BTreeMap<String, usize>,
}

/// Verdicts of one measure beside the truth.
#[derive(Debug, Default, Serialize)]
pub(super) struct Against {
    /// Truly outside its limit, and passed.
    pub(super) accepted: Option<Rate>,
    /// Truly inside, and failed.
    pub(super) rejected: Option<Rate>,
}

/// All of it.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    pub(super) population: String,
    pub(super) suite: String,
    pub(super) version: String,
    pub(super) seed: u64,
    pub(super) reduced: bool,
    /// Parameters below what a verdict needs, where the suite was tried in small.
    pub(super) small: Vec<String>,
    pub(super) rows: Vec<Row>,
    /// Devices with a declared fault that passed.
    pub(super) faulty_passed: Rate,
    /// Good devices that did not pass.
    pub(super) good_not_passed: Rate,
    pub(super) measures: BTreeMap<String, Against>,
    /// What is not as it should be, in words.
    pub(super) complaints: Vec<String>,
}

/// Counts.
pub(super) fn summary(
    population: &Population,
    suite: (&str, &str),
    (seed, reduced): (u64, bool),
    tried: &[Tried],
) -> Summary {
    let groups = || population.groups.iter().map(|group| &group.value);
    let rows: Vec<Row> = groups()
        .map(|group| row(group, tried))
        .filter(|row| row.n > 0)
        .collect();
    let of = |wanted: fn(&Group) -> bool| {
        let ids: Vec<&str> = groups()
            .filter(|g| wanted(g))
            .map(|g| g.id.as_str())
            .collect();
        tried
            .iter()
            .filter(move |t| ids.contains(&t.group.as_str()))
    };
    let faulty = |g: &Group| matches!(g.expect, Expect::Fail | Expect::NotTested);
    let good = |g: &Group| g.expect == Expect::Pass;
    let missed = of(faulty).filter(|t| t.outcome == Outcome::Missed).count();
    let turned_down = of(good).filter(|t| t.outcome != Outcome::Right).count();
    let measures = against(tried);
    let complaints = complaints(population, &rows, &measures);
    Summary {
        population: population.population.clone(),
        suite: suite.0.to_owned(),
        version: suite.1.to_owned(),
        seed,
        reduced,
        small: population.small.clone(),
        rows,
        faulty_passed: Rate::of(missed, of(faulty).count()),
        good_not_passed: Rate::of(turned_down, of(good).count()),
        measures,
        complaints,
    }
}

fn row(group: &Group, tried: &[Tried]) -> Row {
    let own: Vec<&Tried> = tried.iter().filter(|t| t.group == group.id).collect();
    let count = |outcome| own.iter().filter(|t| t.outcome == outcome).count();
    let mut said = BTreeMap::new();
    for device in &own {
        *said.entry(device.said()).or_insert(0) += 1;
    }
    Row {
        group: group.id.clone(),
        n: own.len(),
        right: count(Outcome::Right),
        missed: count(Outcome::Missed),
        wrong_reason: count(Outcome::WrongReason),
        otherwise: count(Outcome::Otherwise),
        known: group.known.is_some(),
        said,
    }
}

fn against(tried: &[Tried]) -> BTreeMap<String, Against> {
    let all = || tried.iter().flat_map(|device| &device.compared);
    let rate = |measure: &str, inside: bool, wrong: Verdict| {
        let own: Vec<_> = all()
            .filter(|c| c.measure == measure && c.inside == inside)
            .collect();
        let wrong = own.iter().filter(|c| c.verdict == wrong).count();
        Rate::of(wrong, own.len())
    };
    let both = |measure: &str| Against {
        accepted: Some(rate(measure, false, Verdict::Pass)),
        rejected: Some(rate(measure, true, Verdict::Fail)),
    };
    all()
        .map(|c| (c.measure.clone(), both(&c.measure)))
        .collect()
}

fn complaints(
    population: &Population,
    rows: &[Row],
    measures: &BTreeMap<String, Against>,
) -> Vec<String> {
    let mut complaints = Vec::new();
    for row in rows {
        let wrong = row.n - row.right;
        let mut groups = population.groups.iter().map(|g| &g.value);
        let of_truth = groups.any(|g| g.id == row.group && g.expect == Expect::Truth);
        match (row.known, wrong) {
            (false, 1..) if of_truth => complaints.push(format!(
                "{}: {wrong} of {} could not be held against the truth: they or their twins gave no result",
                row.group, row.n
            )),
            (false, 1..) => complaints.push(format!(
                "{}: {wrong} of {} not as declared: {}",
                row.group,
                row.n,
                said(row)
            )),
            (true, 0) => complaints.push(format!(
                "{}: the population says that it is not caught, and it is: take `known` out",
                row.group
            )),
            _ => {}
        }
    }
    let Some(truth) = &population.truth else {
        return complaints;
    };
    for (measure, against) in measures {
        let promises = [
            (
                against.accepted,
                Some(truth.accepted_at_most),
                "outside its limit passed",
            ),
            (
                against.rejected,
                truth.rejected_at_most,
                "inside its limit failed",
            ),
        ];
        for (rate, promised, what) in promises {
            if let (Some(rate), Some(promised)) = (rate, promised)
                && rate.breaks(promised)
            {
                let percent = 100.0 * promised;
                complaints.push(format!(
                    "{measure}: {what}: {}, and {percent} % was promised",
                    rate.text()
                ));
            }
        }
    }
    complaints
}

/// What was said, the most frequent first.
fn said(row: &Row) -> String {
    let mut said: Vec<_> = row.said.iter().collect();
    said.sort_by_key(|(words, n)| (std::cmp::Reverse(**n), words.as_str()));
    let each = said.into_iter().map(|(words, n)| match row.n {
        1 => words.clone(),
        _ => format!("{n} × {words}"),
    });
    each.collect::<Vec<_>>().join("; ")
}

/// A section of a page.
pub(super) fn markdown(summary: &Summary, population: &Population) -> String {
    let Summary {
        suite,
        version,
        seed,
        ..
    } = summary;
    let small = match summary.small[..] {
        [] => String::new(),
        _ => format!(
            " Tried in small, and judged as if that were the whole: `{}`.",
            summary.small.join("`, `")
        ),
    };
    let mut page = format!(
        "## {suite} {version}\n{}. Seed {seed}.{small}\n\n",
        population.title.en
    );
    page += "| group | n | must be | caught or right | missed | wrong reason | otherwise | what was said |\n";
    page += "|---|---|---|---|---|---|---|---|\n";
    for row in &summary.rows {
        let Some(group) = population.groups.iter().find(|g| g.value.id == row.group) else {
            continue;
        };
        let group = &group.value;
        let must = match group.because[..] {
            [] => group.expect.word().to_owned(),
            _ => format!("{}: {}", group.expect.word(), group.because.join(" or ")),
        };
        let right = match group.expect {
            Expect::Truth => "see below".to_owned(),
            _ => row.right.to_string(),
        };
        let _ = writeln!(
            page,
            "| **{}**: {} | {} | {must} | {right} | {} | {} | {} | {} |",
            row.group,
            group.title.en,
            row.n,
            row.missed,
            row.wrong_reason,
            row.otherwise,
            said(row)
        );
    }
    let Summary {
        faulty_passed,
        good_not_passed,
        ..
    } = summary;
    let _ = writeln!(
        page,
        "\nDevices with a fault that passed: {}. Good ones that did not pass: {}.",
        faulty_passed.text(),
        good_not_passed.text()
    );
    page += &truths(summary, population);
    for group in population.groups.iter().map(|g| &g.value) {
        if let Some(known) = &group.known {
            let _ = writeln!(page, "\n**Known**, {}: {}", group.id, known.en);
        }
    }
    page
}

fn truths(summary: &Summary, population: &Population) -> String {
    let Some(truth) = population
        .truth
        .as_ref()
        .filter(|_| !summary.measures.is_empty())
    else {
        return String::new();
    };
    let percent = |share: Option<f64>| {
        share.map_or("nothing".into(), |share| {
            format!("at most {} %", 100.0 * share)
        })
    };
    let mut page = format!(
        "\nWrong verdicts beside the truth (rate with its 95 % interval). Promised: {} of the items outside a limit pass, {} is said of how many inside fail. {}\n\n",
        percent(Some(truth.accepted_at_most)),
        percent(truth.rejected_at_most),
        truth.promise.en
    );
    page += "| measure | outside its limit, passed | inside, failed |\n|---|---|---|\n";
    for (measure, against) in &summary.measures {
        let text = |rate: Option<Rate>| rate.map_or(String::new(), Rate::text);
        let _ = writeln!(
            page,
            "| {measure} | {} | {} |",
            text(against.accepted),
            text(against.rejected)
        );
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_is_broken_only_beyond_chance() {
        // 3 of 40: 7.5 %, and its interval begins at 1.6 %; 8 of 40 begins at 9.1 %
        assert!(!Rate::of(3, 40).breaks(0.025));
        assert!(Rate::of(8, 40).breaks(0.025));
        assert!(!Rate::of(0, 0).breaks(0.0));
        assert_eq!(Rate::of(0, 59).text(), "0 of 59 [0.0 %, 6.1 %]");
    }
}
