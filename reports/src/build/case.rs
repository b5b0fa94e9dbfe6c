//! Cases and their findings, every number printed.

use super::{instrument, method, quantity, rule};
use crate::document::{
    Case, Contribution, Decision, Evidence, Finding, Limit, Moment, More, Printed,
};
use crate::number::{
    self, Pair, exact, factor, fixed, percent, place, place_for, significant, with_unit,
};
use crate::words::say;
use certbench_model::figure::{Axis, FigureKind, Level, Series};
use certbench_model::finding::{
    CaseFindings, Finding as Found, Measured, NamedValue, Proportion, SubValue, Value,
};
use certbench_model::measure::Compare;
use certbench_model::{Accept, EventBody, Facts, Figure, Findings, Text, Unit, Verdict};

/// Every case of the findings with every row.
pub(super) fn cases(facts: &Facts, findings: &Findings) -> Vec<Case> {
    let mut number = 0;
    let mut anchor = || {
        number += 1;
        format!("r{number}")
    };
    let one = |case: &CaseFindings| Case {
        id: case.case.clone(),
        title: case.title.clone(),
        verdict: case.verdict,
        reasons: case.reasons.clone(),
        invalid_trials: case.invalid_trials.clone(),
        began: facts.events.iter().find_map(|l| match &l.event.body {
            EventBody::CaseStarted { case: id } if *id == case.case => Some(Moment {
                at_s: number::seconds(l.event.time_ns),
                line: l.seq,
            }),
            _ => None,
        }),
        findings: case
            .findings
            .iter()
            .map(|f| finding(facts, case, f, anchor()))
            .collect(),
        figures: beside(case),
    };
    findings.cases.iter().map(one).collect()
}

/// `case/measure`, with a subject `case/measure/row`.
pub(super) fn finding_id(case: &CaseFindings, finding: &Found) -> String {
    match &finding.subject {
        None => format!("{}/{}", case.case, finding.measure),
        Some(subject) => format!("{}/{}/{}", case.case, finding.measure, subject.id),
    }
}

fn finding(facts: &Facts, case: &CaseFindings, found: &Found, anchor: String) -> Finding {
    let scale = Scale::of(found);
    Finding {
        id: finding_id(case, found),
        anchor,
        title: found.title.clone(),
        subject: found.subject.clone(),
        metric: found.metric.clone(),
        estimand: found.estimand.clone(),
        formula: found.formula.clone(),
        source: instrument::source(found.source).to_string(),
        channels: found.channels.clone(),
        printed: found.result.as_ref().map(|value| printed(value, &scale)),
        result: found.result.clone(),
        more: {
            let parts = found.sub_values.iter().map(part);
            found.more.iter().map(more).chain(parts).collect()
        },
        limit: found.accept.as_ref().map(|accept| limit(accept, &scale)),
        rule: rule::name(found.rule),
        rule_short: rule::short(found.rule),
        decision: found.decision.as_ref().map(|d| decision(d, &scale)),
        verdict: found.verdict,
        reported: is_reported(found),
        reasons: found.reasons.clone(),
        budget: budget(found),
        evidence: found.evidence.iter().map(|e| evidence(facts, e)).collect(),
        figures: found.figures.clone(),
    }
}

/// Result and limit as `finding` prints them.
pub(crate) fn printed_alone(found: &Found) -> (Option<Printed>, Option<String>) {
    let scale = Scale::of(found);
    let result = found.result.as_ref().map(|value| printed(value, &scale));
    let limit = found.accept.as_ref().map(|a| limit(a, &scale).text);
    (result, limit)
}

/// For every measure with several rows: the rows beside each other, each with its interval, unless a
/// finding shows just these rows itself.
fn beside(case: &CaseFindings) -> Vec<Figure> {
    let mut measures: Vec<&str> = Vec::new();
    for found in case.findings.iter().filter(|f| f.subject.is_some()) {
        if !measures.contains(&found.measure.as_str()) {
            measures.push(&found.measure);
        }
    }
    let labels =
        |f: &Figure| -> Vec<Text> { f.series.iter().flat_map(|s| s.labels.clone()).collect() };
    let shown = |figure: &Figure| {
        let drawn = case.findings.iter().flat_map(|f| &f.figures);
        let mut intervals = drawn.filter(|f| f.kind == FigureKind::Intervals);
        intervals.any(|f| labels(f) == labels(figure))
    };
    let rows = |measure: &&str| {
        let of_measure = case.findings.iter().filter(|f| f.measure == *measure);
        figure(&of_measure.collect::<Vec<_>>()).filter(|f| !shown(f))
    };
    measures.iter().filter_map(rows).collect()
}

/// Value and interval of every row, in the unit of the first; `None` for fewer than two.
fn figure(rows: &[&Found]) -> Option<Figure> {
    let first = rows.first()?;
    let unit = match first.result.as_ref()? {
        Value::Quantity(m) => m.unit,
        Value::Proportion(_) => Unit::one(),
        Value::Attribute { .. } | Value::Inspection { .. } => return None,
    };
    let mut series = Series {
        name: first.title.clone(),
        points: Vec::new(),
        low: Vec::new(),
        high: Vec::new(),
        labels: Vec::new(),
    };
    for found in rows {
        let (at, [low, high]) = match &found.result {
            Some(Value::Quantity(m)) => {
                let here = |x: f64| m.unit.convert(x, unit).unwrap_or(f64::NAN);
                let u = m.u_expanded.unwrap_or(0.0);
                (here(m.value), [here(m.value - u), here(m.value + u)])
            }
            Some(Value::Proportion(p)) => (share(p) / 100.0, p.interval),
            _ => continue,
        };
        series.points.push([series.points.len() as f64, at]);
        series.low.push(low);
        series.high.push(high);
        series
            .labels
            .extend(found.subject.as_ref().map(|s| s.title.clone()));
    }
    let accept = first.accept.as_ref();
    let limits = accept.map(|a| {
        [
            (say("limit.least", &[]), a.at_least),
            (say("limit.most", &[]), a.at_most),
        ]
    });
    let limits = limits.into_iter().flatten().filter_map(|(name, q)| {
        let at = q?.to(unit).ok()?;
        Some(Level { name, at })
    });
    let variable = first
        .subject
        .as_ref()
        .map(|s| s.variable.clone())
        .unwrap_or_default();
    (series.points.len() > 1).then(|| Figure {
        title: say("figure.beside", &[]),
        kind: FigureKind::Intervals,
        x: Axis {
            label: Text::same(variable),
            unit: Unit::one(),
        },
        y: Axis {
            label: first.title.clone(),
            unit,
        },
        limits: limits.collect(),
        series: vec![series],
        events: Vec::new(),
    })
}

/// Whether it is a value without a limit, and nothing else stands against it.
pub(crate) fn is_reported(found: &Found) -> bool {
    let only_no_limit = found.reasons.iter().all(|r| r.code == "no-limit");
    let undecided = found.verdict == Verdict::NotTested && found.accept.is_none();
    undecided && found.result.is_some() && !found.reasons.is_empty() && only_no_limit
}

/// In which unit, and to which place, the numbers of a finding are printed.
struct Scale {
    unit: Unit,
    /// For the value and what stands beside it.
    place: i32,
    /// For what the rule compared, and the limits that it was held against.
    compared: i32,
}

impl Scale {
    fn of(found: &Found) -> Scale {
        let decision = found.decision.as_ref();
        let (value, u, unit) = match &found.result {
            Some(Value::Quantity(m)) => (m.value, m.u_expanded, m.unit),
            Some(Value::Proportion(p)) => (share(p), None, Scale::percent()),
            _ => (0.0, None, decision.map_or(Unit::one(), |d| d.unit)),
        };
        let here = |x: f64, of: Unit| of.convert(x, unit).unwrap_or(x);
        let pairs = against(found, unit, value);
        let place = match found.result {
            Some(Value::Proportion(_)) => number::clear(1, &pairs),
            _ => place_for(value, u, &pairs),
        };
        let compared = decision.map_or(place, |d| {
            number::clear(place, &against(found, unit, here(d.compared, d.unit)))
        });
        Scale {
            unit,
            place,
            compared,
        }
    }

    fn percent() -> Unit {
        Unit::parse("%").unwrap_or(Unit::one())
    }

    fn print(&self, number: f64) -> String {
        fixed(number, self.place)
    }

    fn print_compared(&self, number: f64) -> String {
        fixed(number, self.compared)
    }
}

/// What the reader compares a number with: limits and acceptance limits, in `unit`.
fn against(found: &Found, unit: Unit, number: f64) -> Vec<Pair> {
    let accept = found.accept.as_ref();
    let limits = accept
        .map(|a| [a.at_least, a.at_most])
        .into_iter()
        .flatten();
    let limits = limits.flatten().filter_map(|q| q.to(unit).ok());
    let decision = found.decision.as_ref();
    let guarded = decision.into_iter().flat_map(|d| {
        let ends = [d.accept_low, d.accept_high].into_iter().flatten();
        ends.map(|end| d.unit.convert(end, unit).unwrap_or(end))
    });
    let to_limits = limits.map(|limit| Pair::Limit(number, limit));
    to_limits
        .chain(guarded.map(|end| Pair::Both(number, end)))
        .collect()
}

fn share(p: &Proportion) -> f64 {
    100.0 * f64::from(p.k) / f64::from(p.n.max(1))
}

fn printed(value: &Value, scale: &Scale) -> Printed {
    match value {
        Value::Quantity(m) => measured(m, scale),
        Value::Proportion(p) => {
            let shares = |both: [f64; 2]| both.map(|x| scale.print(100.0 * x));
            Printed::Proportion {
                k: p.k,
                n: p.n,
                share: scale.print(share(p)),
                confidence: number::trimmed(fixed(100.0 * p.confidence, 6)),
                interval: shares(p.interval),
                lower: scale.print_compared(100.0 * p.lower),
                upper: scale.print_compared(100.0 * p.upper),
                wilson: shares(p.wilson),
            }
        }
        Value::Attribute { yes, evidence } => Printed::Attribute {
            yes: *yes,
            evidence: evidence.clone(),
        },
        Value::Inspection { statement, by } => Printed::Inspection {
            statement: statement.clone(),
            by: by.clone(),
        },
    }
}

fn measured(m: &Measured, scale: &Scale) -> Printed {
    Printed::Quantity {
        value: scale.print(m.value),
        unit: m.unit.print().to_string(),
        n: m.n,
        u: m.u_expanded.map(|u| significant(u, 2)),
        k: m.k.map(factor),
        nu_eff: m.nu_eff.map(|nu| fixed(nu, 0)),
        bound: m.bound.map(|b| scale.print_compared(b)),
    }
}

fn more(named: &NamedValue) -> More {
    let value = named.value.value;
    let place = place_for(value, named.u_expanded, &[]);
    More {
        symbol: named.symbol.clone(),
        name: named.name.clone(),
        value: fixed(value, place),
        unit: named.value.unit.print().to_string(),
        u: named.u_expanded.map(|u| significant(u, 2)),
        raw: value,
    }
}

/// A part of a derived result's formula.
fn part(sub: &SubValue) -> More {
    let place = place_for(sub.value, sub.u_expanded, &[]);
    let unit = Unit::parse(&sub.unit);
    More {
        symbol: sub.text.clone(),
        name: match &sub.from {
            Some(id) => say("part.result", &[("id", id.clone())]),
            None => say("part.formula", &[]),
        },
        value: fixed(sub.value, place),
        unit: unit.map_or_else(|_| sub.unit.replace('.', "·"), |u| u.print().to_string()),
        u: sub.u_expanded.map(|u| significant(u, 2)),
        raw: sub.value,
    }
}

/// As it was set, and in the unit of the result where that is another.
fn limit(accept: &Accept, scale: &Scale) -> Limit {
    let side = |sign: &str, q: Option<certbench_model::Quantity>| {
        let q = q?;
        let mut text = format!("{sign} {}", quantity(q));
        if q.unit != scale.unit
            && let Ok(here) = q.to(scale.unit)
        {
            text += &format!(" ({})", with_unit(&exact(here), scale.unit));
        }
        Some(text)
    };
    let sides = [side("≥", accept.at_least), side("≤", accept.at_most)];
    Limit {
        text: sides.into_iter().flatten().collect::<Vec<_>>().join(", "),
        compare: match accept.compare {
            Compare::Estimate => "estimate",
            Compare::Bound => "bound",
        }
        .to_string(),
        set_by: method::set_by(accept.set_by).to_string(),
        origin: accept.origin.clone(),
        raw: accept.clone(),
    }
}

fn decision(d: &certbench_model::finding::Decision, scale: &Scale) -> Decision {
    let print = |x: f64| scale.print_compared(d.unit.convert(x, scale.unit).unwrap_or(x));
    let guard = d.unit.convert_difference(d.guard, scale.unit);
    let guard = guard.unwrap_or(d.guard);
    // A guard that this place would swallow keeps two digits of its own.
    let guard_place = place(guard, 2).map_or(scale.compared, |p| p.max(scale.compared));
    Decision {
        compared: print(d.compared),
        guard: fixed(guard, guard_place),
        accept_low: d.accept_low.map(print),
        accept_high: d.accept_high.map(print),
        unit: scale.unit.print().to_string(),
        risk: d.risk.map(percent),
        raw: d.clone(),
    }
}

fn budget(found: &Found) -> Vec<Contribution> {
    let Some(Value::Quantity(m)) = &found.result else {
        return Vec::new();
    };
    let one = |line: &certbench_model::finding::BudgetLine| Contribution {
        u: significant(line.u, 2),
        nu: line.nu.map(factor),
        raw: line.clone(),
    };
    m.budget.iter().map(one).collect()
}

/// With its place in the plan, as the line that it names tells it.
fn evidence(facts: &Facts, e: &certbench_model::finding::Evidence) -> Evidence {
    let event = facts.events.iter().find(|l| l.seq == e.line);
    let context = event.and_then(|l| match &l.event.body {
        EventBody::WindowOpened { context, .. }
        | EventBody::TrialStarted { context, .. }
        | EventBody::StepStarted { context, .. }
        | EventBody::Marked { context, .. }
        | EventBody::Prompted { context, .. } => Some(context),
        _ => None,
    });
    let variables = context.map(|c| &c.scope.variables);
    let scope = variables
        .into_iter()
        .flatten()
        .map(|(name, row)| format!("{name}={row}"));
    Evidence {
        what: e.what.clone(),
        case: context.map(|c| c.case.clone()).filter(|c| !c.is_empty()),
        trial: context.map(|c| c.trial).filter(|t| *t > 0),
        scope: scope.collect::<Vec<_>>().join(", "),
        line: e.line,
        from_s: number::seconds(e.from_ns),
        to_s: number::seconds(e.to_ns),
    }
}
