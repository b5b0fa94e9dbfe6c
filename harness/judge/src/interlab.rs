//! Two or more laboratories' records of one suite, result by result: scores of ISO 13528:2022.

use crate::compare::{named, of_finding, rows};
use crate::stats::proficiency::{algorithm_a, e_n, z, z_prime};
use certbench_model::{Findings, Quantity, Text, Unit};
use serde::Serialize;
use std::collections::BTreeMap;

/// One laboratory's findings.
#[derive(Clone, Copy, Debug)]
pub struct Participant<'a> {
    /// Laboratory.
    pub laboratory: &'a str,
    /// Run.
    pub run: &'a str,
    /// What was found.
    pub findings: &'a Findings,
}

/// One result in all laboratories.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Round {
    /// `case/measure`, with a subject `case/measure/row`.
    pub id: String,
    /// What it is called.
    pub title: Text,
    /// Unit of every number here; `1` for a share.
    pub unit: Unit,
    /// The value that the others are held against; `None`: there is none.
    pub assigned: Option<Assigned>,
    /// Standard deviation for proficiency assessment, sigma_pt.
    pub sigma: Option<f64>,
    /// Every laboratory, in their order.
    pub scores: Vec<Score>,
}

/// The assigned value.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Assigned {
    /// Value.
    pub value: f64,
    /// Its standard uncertainty, if it is known.
    pub u: Option<f64>,
    /// `reference`: a laboratory's; `consensus`: algorithm A over all.
    pub from: String,
}

/// What one laboratory found, and how far that is from the assigned value.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Score {
    /// Laboratory.
    pub laboratory: String,
    /// Run.
    pub run: String,
    /// Value, unrounded; `None`: it has none.
    pub value: Option<f64>,
    /// Expanded uncertainty, k = 2.
    pub u_expanded: Option<f64>,
    /// Against a reference laboratory (9.7).
    pub e_n: Option<f64>,
    /// By sigma_pt (9.4), with the assigned value's own uncertainty where that is not small (9.5).
    pub z: Option<f64>,
    /// In a word.
    pub grade: Grade,
}

/// A score in a word, from best to worst for a program that must decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    /// The one that the others are held against.
    Reference,
    /// `|E_n| <= 1`, `|z| <= 2`.
    Satisfactory,
    /// There is no score: no value, no uncertainty, too few laboratories.
    Unknown,
    /// `2 < |z| < 3`: a warning signal.
    Questionable,
    /// `|E_n| > 1`, `|z| >= 3`: an action signal.
    Unsatisfactory,
}

/// Every result that any laboratory has. With a `reference` (an index into `all`) the others are held
/// against its value; without one, against the consensus of at least three. `sigmas` are sigma_pt by
/// result; without one it is the robust standard deviation of at least three.
#[must_use]
pub fn rounds(
    all: &[Participant<'_>],
    reference: Option<usize>,
    sigmas: &BTreeMap<String, Quantity>,
) -> Vec<Round> {
    let mut ids: Vec<String> = Vec::new();
    for participant in all {
        for (id, finding) in rows(participant.findings) {
            if of_finding(finding).is_some() && !ids.contains(&id) {
                ids.push(id);
            }
        }
    }
    let round = |id: &String| round(id, all, reference, sigmas.get(id));
    ids.iter().filter_map(round).collect()
}

fn round(
    id: &str,
    all: &[Participant<'_>],
    reference: Option<usize>,
    sigma: Option<&Quantity>,
) -> Option<Round> {
    let of = |p: &Participant<'_>| {
        let all = rows(p.findings);
        let (_, finding) = all.into_iter().find(|(i, _)| i == id)?;
        Some((named(finding), of_finding(finding)?))
    };
    let found: Vec<_> = all.iter().map(of).collect();
    let (title, first) = found.iter().flatten().next()?;
    let unit = first.unit;
    // Of one kind and dimension, or not comparable.
    let here = found.iter().map(|f| {
        let (_, number) = f.as_ref()?;
        number.to(unit)
    });
    let numbers: Vec<Option<(f64, Option<f64>)>> = here.collect();
    let values: Vec<f64> = numbers.iter().flatten().map(|(x, _)| *x).collect();
    let robust = algorithm_a(&values);
    let sigma = match sigma {
        Some(q) => q.unit.convert_difference(q.value, unit).ok(),
        None => robust.map(|r| r.s).filter(|s| *s > 0.0),
    };
    let assigned = match reference {
        Some(index) => numbers
            .get(index)
            .copied()
            .flatten()
            .map(|(value, u)| Assigned {
                value,
                u: u.map(|u| u / 2.0),
                from: "reference".to_string(),
            }),
        None => robust.map(|r| Assigned {
            value: r.mean,
            u: Some(r.u),
            from: "consensus".to_string(),
        }),
    };
    let score = |(index, p): (usize, &Participant<'_>)| {
        let number = numbers.get(index).copied().flatten();
        let is_reference = reference == Some(index);
        let (e_n, z) = match (&assigned, number) {
            (Some(a), Some((value, u))) if !is_reference => {
                (by_doubt(a, value, u), by_sigma(a, value, sigma))
            }
            _ => (None, None),
        };
        Score {
            laboratory: p.laboratory.to_string(),
            run: p.run.to_string(),
            value: number.map(|(x, _)| x),
            u_expanded: number.and_then(|(_, u)| u),
            e_n,
            z,
            grade: if is_reference && number.is_some() {
                Grade::Reference
            } else {
                grade(e_n, z)
            },
        }
    };
    Some(Round {
        id: id.to_string(),
        title: title.clone(),
        unit,
        scores: all.iter().enumerate().map(score).collect(),
        assigned,
        sigma,
    })
}

/// `E_n` supposes that both values are independent: a consensus that a value has gone into is not.
fn by_doubt(assigned: &Assigned, value: f64, u_expanded: Option<f64>) -> Option<f64> {
    (assigned.from == "reference").then_some(())?;
    e_n(value, u_expanded?, assigned.value, 2.0 * assigned.u?)
}

/// z, or z' where the assigned value's uncertainty is more than 0.3 sigma_pt.
fn by_sigma(assigned: &Assigned, value: f64, sigma: Option<f64>) -> Option<f64> {
    let sigma = sigma?;
    match assigned.u {
        Some(u) if u > 0.3 * sigma => z_prime(value, assigned.value, u, sigma),
        _ => z(value, assigned.value, sigma),
    }
}

/// The worse of both scores.
fn grade(e_n: Option<f64>, z: Option<f64>) -> Grade {
    let of_e_n = e_n.map(|e| match e.abs() {
        e if e <= 1.0 => Grade::Satisfactory,
        _ => Grade::Unsatisfactory,
    });
    let of_z = z.map(|z| match z.abs() {
        z if z <= 2.0 => Grade::Satisfactory,
        z if z < 3.0 => Grade::Questionable,
        _ => Grade::Unsatisfactory,
    });
    of_e_n.max(of_z).unwrap_or(Grade::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grades_are_those_of_the_standard() {
        assert_eq!(grade(Some(-1.0), None), Grade::Satisfactory);
        assert_eq!(grade(Some(1.01), Some(0.1)), Grade::Unsatisfactory);
        assert_eq!(grade(None, Some(-2.5)), Grade::Questionable);
        assert_eq!(grade(None, Some(3.0)), Grade::Unsatisfactory);
        assert_eq!(grade(None, None), Grade::Unknown);
    }
}
