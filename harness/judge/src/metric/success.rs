//! Successes per object and over the set.
//!
//! The estimand is named with the number: per object it is the probability of success with that
//! object under the trial's protocol; over the set it is the probability for an object drawn in the
//! proportions in which the plan tried them, not for any object of that kind.

use crate::stats::binomial::Count;
use std::collections::BTreeMap;

/// Counts of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PerObject {
    /// The object's name as the suite writes it.
    pub object: String,
    /// Successes of its trials.
    pub count: Count,
}

/// Counts per object, in the order of their first trial, and over all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// One entry an object.
    pub objects: Vec<PerObject>,
    /// The sum over the objects.
    pub set: Count,
}

/// Tallies trials, each an object's name and whether it succeeded; `None` without a trial.
#[must_use]
pub fn tally<'a>(trials: impl IntoIterator<Item = (&'a str, bool)>) -> Option<Tally> {
    let mut objects: Vec<(&str, u64, u64)> = Vec::new();
    let mut places = BTreeMap::new();
    for (object, success) in trials {
        let at = *places.entry(object).or_insert_with(|| {
            objects.push((object, 0, 0));
            objects.len() - 1
        });
        objects[at].1 += u64::from(success);
        objects[at].2 += 1;
    }
    let set = Count::new(
        objects.iter().map(|(_, k, _)| k).sum(),
        objects.iter().map(|(_, _, n)| n).sum(),
    )?;
    let objects = objects
        .into_iter()
        .map(|(object, k, n)| {
            Count::new(k, n).map(|count| PerObject {
                object: object.to_owned(),
                count,
            })
        })
        .collect::<Option<_>>()?;
    Some(Tally { objects, set })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_counted_apart_and_together() {
        let trials = [
            ("ball", true),
            ("mug", false),
            ("ball", true),
            ("mug", true),
            ("ball", false),
        ];
        let tally = tally(trials).unwrap();
        let objects: Vec<_> = tally
            .objects
            .iter()
            .map(|o| (o.object.as_str(), o.count.successes(), o.count.trials()))
            .collect();
        assert_eq!(objects, [("ball", 2, 3), ("mug", 1, 2)]);
        assert_eq!((tally.set.successes(), tally.set.trials()), (3, 5));
    }

    #[test]
    fn no_trial_is_no_result() {
        assert_eq!(tally([]), None);
    }
}
