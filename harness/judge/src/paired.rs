//! Two runs of one suite, trial by trial: the n-th valid trial of each object (of each setting of
//! the variables around it) in one run and in the other are a pair.

use crate::case;
use crate::measure::{Around, outcomes};
use crate::run::reading;
use crate::stats::rates::{mcnemar, mcnemar_mid};
use crate::vocabulary;
use certbench_model::Recorded;
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};

/// The measures whose trials are paired.
const METRIC: &str = "success-rate";

/// How the pairs of two runs ended, and whether one of the runs succeeded more often in them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Pairs {
    /// Both succeeded.
    pub both: u64,
    /// The first run only.
    pub only_first: u64,
    /// The second run only.
    pub only_second: u64,
    /// None of them.
    pub neither: u64,
    /// Trials that are in no pair: invalid ones, and ones without a partner.
    pub left_out: u64,
    /// Two-sided p of McNemar's exact test; 1 where no pair differs.
    pub exact_p: f64,
    /// Its mid-p.
    pub mid_p: f64,
}

/// The pairs of every success rate that both runs have, by `case/measure` or `case/measure/row`. A rate
/// with a trial of unknown outcome in either run has none.
pub fn pairs(first: &dyn Recorded, second: &dyn Recorded) -> BTreeMap<String, Pairs> {
    let mut others = of_run(second);
    let both = of_run(first).into_iter().filter_map(|(id, trials)| {
        let other = others.remove(&id)?;
        Some((id, paired(trials?, other?)))
    });
    both.collect()
}

/// The trials of every success rate in their order; `None`: something about them is not known.
fn of_run(run: &dyn Recorded) -> BTreeMap<String, Option<Vec<Around>>> {
    let metrics = vocabulary::vocabulary();
    let Some(metric) = metrics.iter().find(|m| m.id == METRIC) else {
        return BTreeMap::new();
    };
    reading(run, |reader, course| {
        let mut all = BTreeMap::new();
        for case in &reader.plan.cases {
            let Some(performed) = course.cases.get(case.id.as_str()) else {
                continue;
            };
            case::rows_of(reader, metric, case, performed, |measure, subject, task| {
                let mut id = format!("{}/{}", case.id, measure.id);
                if let Some(subject) = subject {
                    id = format!("{id}/{}", subject.id);
                }
                all.insert(id, outcomes(task));
            });
        }
        all
    })
}

fn paired(first: Vec<Around>, second: Vec<Around>) -> Pairs {
    let mut partners: BTreeMap<_, VecDeque<bool>> = BTreeMap::new();
    let (mut split, mut left_out) = ([[0u64; 2]; 2], 0);
    for (around, outcome) in second {
        match outcome {
            Some(outcome) => partners.entry(around).or_default().push_back(outcome),
            None => left_out += 1,
        }
    }
    for (around, outcome) in first {
        let mut partner = || partners.get_mut(&around)?.pop_front();
        match outcome.and_then(|a| Some((a, partner()?))) {
            Some((a, b)) => split[usize::from(a)][usize::from(b)] += 1,
            None => left_out += 1,
        }
    }
    let alone: usize = partners.values().map(VecDeque::len).sum();
    let [[neither, only_second], [only_first, both]] = split;
    Pairs {
        both,
        only_first,
        only_second,
        neither,
        left_out: left_out + alone as u64,
        // No pair differs: nothing speaks for either.
        exact_p: mcnemar(only_first, only_second).unwrap_or(1.0),
        mid_p: mcnemar_mid(only_first, only_second).unwrap_or(1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trials(written: &str) -> Vec<Around> {
        let one = |trial: &str| {
            let (object, outcome) = trial.split_at(1);
            let around = BTreeMap::from([("object".to_string(), object.to_string())]);
            let outcome = match outcome {
                "+" => Some(true),
                "-" => Some(false),
                _ => None,
            };
            (around, outcome)
        };
        written.split(' ').map(one).collect()
    }

    #[test]
    fn each_object_is_held_against_itself_whatever_the_order() {
        let seen = paired(trials("a+ a+ b- b+ c-"), trials("b+ a- a+ c- b+"));
        let told = (seen.both, seen.only_first, seen.only_second, seen.neither);
        assert_eq!(told, (2, 1, 1, 1));
        assert_eq!((seen.left_out, seen.exact_p, seen.mid_p), (0, 1.0, 1.0));
    }

    #[test]
    fn what_is_invalid_or_alone_is_in_no_pair_and_counted() {
        // An invalid trial is no partner: the next one of its object is. An a, a b and the d are alone.
        let seen = paired(trials("a? a+ b+ b+ b+"), trials("a+ a+ b- b- d+"));
        assert_eq!((seen.both, seen.only_first), (1, 2));
        assert_eq!(seen.left_out, 1 + 3);
    }
}
