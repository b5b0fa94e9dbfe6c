//! Propagation of distributions (JCGM 101:2008) through formulas that bend, and through the kinks of
//! `min`, `max` and `abs`, where first order is no answer.
//!
//! Every cause of doubt is drawn by its distribution: what scatters by Student's t, what lies within
//! bounds evenly, what a certificate says as normal. What one certificate leaves open about several
//! results is drawn once for all of them: with its sign where each is itself a reading, otherwise with
//! the signs that make the most of it, as in first order. A derived result inside of a formula is
//! computed anew in every trial.

use super::propagate::{Cause, Doubtful, Origin, scale};
use crate::stats::monte_carlo::{Input, Trial, outcomes};
use certbench_model::expr::{Expr, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Trials: the expanded uncertainty is good to a few parts in a thousand (JCGM 101:2008, 7.2).
pub(super) const TRIALS: usize = 100_000;
/// The same record gives the same findings.
const SEED: u64 = 1;
/// Coverage of an expanded uncertainty.
const COVERAGE: f64 = 0.9545;

/// Doubt about a formula's value, in its unit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Drawn {
    /// Half the width of the interval about the value that holds 95.45 % of the trials.
    pub(super) u_expanded: f64,
    /// That over the root of the mean square deviation from the value.
    pub(super) k: f64,
}

/// `None` when the uncertainty of an input is not known, or the formula has no value in some trial.
pub(super) fn drawn(result: &Doubtful) -> Option<Drawn> {
    let sources = Sources::of(result)?;
    let tree = Tree::of(result, &sources)?;
    let per_unit = scale(result.value.unit);
    let Value::Number(here) = Value::from(result.value) else {
        return None;
    };
    let model = |trial: Trial| {
        let kinds = sources.kinds.iter();
        let z: Vec<f64> = (0..)
            .zip(kinds)
            .map(|(k, kind)| kind.draw(trial, k))
            .collect();
        tree.at(&z).unwrap_or(f64::NAN) - here.si
    };
    let mut off: Vec<f64> = outcomes(model, TRIALS, SEED)?;
    off.iter_mut().for_each(|d| *d = d.abs() / per_unit);
    let square = off.iter().map(|d| d * d).sum::<f64>() / off.len() as f64;
    off.sort_by(f64::total_cmp);
    let inside = (COVERAGE * off.len() as f64).ceil() as usize;
    let u_expanded = *off.get(inside.checked_sub(1)?)?;
    // Student's t with two degrees of freedom or fewer has no variance.
    let wild = sources
        .kinds
        .iter()
        .any(|k| matches!(k, Input::T { nu, .. } if *nu <= 2.0));
    let u = if wild {
        u_expanded / 2.0
    } else {
        square.sqrt()
    };
    (u > 0.0).then_some(Drawn {
        u_expanded,
        k: u_expanded / u,
    })
}

/// What is drawn: distributions of mean 0 and standard uncertainty 1, and which cause takes which of
/// them with which sign.
struct Sources {
    kinds: Vec<Input>,
    of: BTreeMap<Origin, (usize, f64)>,
}

impl Sources {
    fn of(result: &Doubtful) -> Option<Sources> {
        let mut causes: BTreeMap<Origin, Cause> = BTreeMap::new();
        leaves(result, &mut causes)?;
        let mut sources = Sources {
            kinds: Vec::new(),
            of: BTreeMap::new(),
        };
        let mut shared: BTreeMap<&str, Vec<(&Origin, &Cause)>> = BTreeMap::new();
        for (origin, cause) in &causes {
            match cause.instrument() {
                Some(instrument) => shared.entry(instrument).or_default().push((origin, cause)),
                None => sources.alone(origin, cause),
            }
        }
        // With what sign a cause enters the result, to first order.
        let sign = |origin: &Origin| {
            let first_order = result.causes.as_ref().and_then(|c| c.get(origin));
            first_order.map_or(1.0, |c| if c.amount < 0.0 { -1.0 } else { 1.0 })
        };
        for of_one in shared.values() {
            let results: BTreeSet<&str> = of_one.iter().map(|(o, _)| o.0.as_str()).collect();
            if results.len() < 2 {
                of_one.iter().for_each(|(o, c)| sources.alone(o, c));
                continue;
            }
            let signed = of_one.iter().all(|(_, c)| c.signed);
            let mut together: BTreeMap<&str, usize> = BTreeMap::new();
            for (origin, cause) in of_one {
                // Of one certificate each kind of error (a line of a budget) is one thing.
                let name = cause.line.name.en.as_str();
                let known = together.get(if signed { name } else { "" }).copied();
                let index = known.unwrap_or(sources.kinds.len());
                if known.is_none() {
                    sources.kinds.push(kind(cause));
                    together.insert(if signed { name } else { "" }, index);
                }
                let sign = if signed { 1.0 } else { sign(origin) };
                sources.of.insert((*origin).clone(), (index, sign));
            }
        }
        Some(sources)
    }

    fn alone(&mut self, origin: &Origin, cause: &Cause) {
        self.of.insert(origin.clone(), (self.kinds.len(), 1.0));
        self.kinds.push(kind(cause));
    }
}

/// The causes of everything that was measured.
fn leaves(of: &Doubtful, causes: &mut BTreeMap<Origin, Cause>) -> Option<()> {
    match &of.model {
        Some(model) => model.inputs.values().try_for_each(|i| leaves(i, causes)),
        None => {
            let own = of.causes.as_ref()?;
            causes.extend(own.iter().map(|(o, c)| (o.clone(), c.clone())));
            Some(())
        }
    }
}

/// The distribution of a cause, of mean 0 and standard uncertainty 1.
fn kind(cause: &Cause) -> Input {
    match (cause.line.distribution.as_str(), cause.line.nu) {
        ("t", Some(nu)) if nu >= 1.0 => Input::T {
            mean: 0.0,
            u: 1.0,
            nu,
        },
        ("rectangular", _) => Input::Rectangular {
            mean: 0.0,
            half: 3f64.sqrt(),
        },
        _ => Input::Normal { mean: 0.0, u: 1.0 },
    }
}

/// A value as it comes about, for evaluating again and again.
enum Tree<'a> {
    /// What was measured, and by how much each drawn number moves it, coherent SI.
    Leaf(Value, Vec<(usize, f64)>),
    Formula(&'a Expr, BTreeMap<&'a str, Tree<'a>>, Value),
}

impl<'a> Tree<'a> {
    fn of(doubtful: &'a Doubtful, sources: &Sources) -> Option<Tree<'a>> {
        let value = Value::from(doubtful.value);
        let Some(model) = &doubtful.model else {
            let causes = doubtful.causes.as_ref()?.iter();
            let moved = causes.map(|(origin, cause)| {
                let (index, sign) = *sources.of.get(origin)?;
                Some((index, sign * cause.amount))
            });
            return Some(Tree::Leaf(value, moved.collect::<Option<_>>()?));
        };
        let inputs = model.inputs.iter();
        let inputs = inputs.map(|(name, d)| Some((name.as_str(), Tree::of(d, sources)?)));
        let inputs = inputs.collect::<Option<_>>()?;
        Some(Tree::Formula(&model.formula, inputs, value))
    }

    /// The value in one trial, coherent SI.
    fn at(&self, z: &[f64]) -> Option<f64> {
        match self {
            Tree::Leaf(Value::Number(number), moved) => {
                let by = moved
                    .iter()
                    .map(|(i, amount)| z.get(*i).map(|z| z * amount));
                Some(number.si + by.sum::<Option<f64>>()?)
            }
            Tree::Formula(formula, inputs, _) => {
                let value = formula.evaluate(|name| {
                    let input = inputs.get(name)?;
                    let mut value = input.base();
                    if let Value::Number(number) = &mut value {
                        number.si = input.at(z)?;
                    }
                    Some(value)
                });
                match value {
                    Ok(Value::Number(number)) => Some(number.si),
                    _ => None,
                }
            }
            Tree::Leaf(Value::Flag(_), _) => None,
        }
    }

    /// Its estimate, for the dimension.
    fn base(&self) -> Value {
        match self {
            Tree::Leaf(value, _) | Tree::Formula(_, _, value) => *value,
        }
    }
}
