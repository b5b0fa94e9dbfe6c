//! Exchangeability over several records: one program, one mounting, several robots of one type, each
//! in a run of its own (ISO 9283:1998, 7.7).

use crate::budget::{self, Budget};
use crate::case;
use crate::measure::{AXES, Answer, Attained, apart, attained, registered};
use crate::metric::iso9283::Position;
use crate::metric::iso9283::variation::variation;
use crate::reason::because;
use crate::run::reading;
use crate::vocabulary;
use certbench_model::finding::{Measured, NamedValue, Reason};
use certbench_model::{Quantity, Recorded, Text, Unit};
use serde::Serialize;

/// The measures whose visits are compared.
const METRIC: &str = "iso9283-pose-accuracy";
/// Poses that are commanded apart by more than this are two poses, mm.
const SAME_MM: f64 = 1e-6;

/// E at one pose.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Exchanged {
    /// `case/measure/row`, as the runs have it.
    pub id: String,
    /// What it is called.
    pub title: Text,
    /// `E = max |G_h - G_k|`, mm, with its uncertainty; `None`: it cannot be said.
    pub e: Option<Measured>,
    /// `E_a`, `E_b`, `E_c` of the mean angles, degrees, where every run's instrument sees them; with U where
    /// the certificates and the registrations cover angles. No limit is held against them.
    pub angles: Vec<NamedValue>,
    /// The two runs that are farthest apart, as indices.
    pub pair: Option<[usize; 2]>,
    /// Why it cannot be said; beside an E: why no limit can be held against it.
    pub reasons: Vec<Reason>,
}

/// E at every pose whose accuracy is measured in the first run. Every run must have visited it, with
/// instruments in order and the same position commanded in the same frame.
///
/// E is a largest value: it is biased upward by scatter, and its budget is that of the pair that
/// governs. The instrument is counted in both runs in full: nothing says that its error was the same
/// on two days.
#[must_use]
pub fn exchangeability(runs: &[&dyn Recorded]) -> Vec<Exchanged> {
    let visited: Vec<Vec<Visited>> = runs.iter().map(|run| of_run(*run)).collect();
    let Some((first, others)) = visited.split_first() else {
        return Vec::new();
    };
    first
        .iter()
        .map(|here| {
            let same = |run: &Vec<Visited>| run.iter().position(|v| v.id == here.id);
            let rest = others.iter().map(|run| run.get(same(run)?));
            let all: Vec<Option<&Visited>> = std::iter::once(Some(here)).chain(rest).collect();
            at_pose(here, &all)
        })
        .collect()
}

/// A pose in one run.
struct Visited {
    id: String,
    title: Text,
    attained: Result<Attained, Vec<Reason>>,
    /// Fewer cycles than the suite means.
    shortened: bool,
}

fn of_run(run: &dyn Recorded) -> Vec<Visited> {
    let metrics = vocabulary::vocabulary();
    let Some(metric) = metrics.iter().find(|m| m.id == METRIC) else {
        return Vec::new();
    };
    reading(run, |reader, course| {
        let mut visited = Vec::new();
        for case in &reader.plan.cases {
            let Some(performed) = course.cases.get(case.id.as_str()) else {
                continue;
            };
            case::rows_of(reader, metric, case, performed, |measure, subject, task| {
                let mut answer = Answer::default();
                let found = attained(task, &mut answer).map_err(|reason| answer.doubts.add(reason));
                let reasons = answer.doubts.into_vec();
                let (mut id, mut title) =
                    (format!("{}/{}", case.id, measure.id), measure.title.clone());
                if let Some(subject) = subject {
                    id = format!("{id}/{}", subject.id);
                    title = subject.title.clone();
                }
                let attained = match found {
                    Ok(attained) if reasons.is_empty() => Ok(attained),
                    _ => Err(reasons),
                };
                visited.push(Visited {
                    id,
                    title,
                    attained,
                    shortened: case.shortened.is_some(),
                });
            });
        }
        visited
    })
}

fn at_pose(here: &Visited, all: &[Option<&Visited>]) -> Exchanged {
    let mut exchanged = Exchanged {
        id: here.id.clone(),
        title: here.title.clone(),
        e: None,
        angles: Vec::new(),
        pair: None,
        reasons: Vec::new(),
    };
    let mut attained: Vec<&Attained> = Vec::new();
    for (i, visited) in all.iter().enumerate() {
        match visited.map(|v| &v.attained) {
            Some(Ok(of_run)) => attained.push(of_run),
            Some(Err(reasons)) => exchanged.reasons.extend(reasons.iter().cloned()),
            None => exchanged.reasons.push(because(
                "no-input",
                format!("Run {} has no result {}", i + 1, here.id),
                format!("第 {} 个运行没有结果 {}", i + 1, here.id),
            )),
        }
    }
    let command = attained.first().map(|a| &a.command);
    let same = |a: &&Attained| {
        command.is_some_and(|(position, frame)| {
            let near = position
                .iter()
                .zip(a.command.0)
                .all(|(a, b)| (a - b).abs() <= SAME_MM);
            near && *frame == a.command.1
        })
    };
    if !attained.iter().all(same) {
        exchanged.reasons.push(because(
            "other-command",
            "The runs command different positions, or in different frames",
            "各次运行的指令位置或坐标系不同",
        ));
    }
    if !exchanged.reasons.is_empty() {
        return exchanged;
    }
    let series: Vec<&[Position]> = attained.iter().map(|a| a.positions.as_slice()).collect();
    let Some(e) = variation(&series) else {
        exchanged.reasons.push(because(
            "no-number",
            "There are no two runs with visits of this pose",
            "没有两次运行含该位姿的到位数据",
        ));
        return exchanged;
    };
    let mut budget = Budget::default();
    budget.scatter(
        Text::new(
            "Scatter of the two robots that are farthest apart",
            "相距最远两台机器人的分散",
        ),
        e.u,
        e.nu,
    );
    for (which, number) in e.pair.iter().zip([1, 2]) {
        let Some(of) = attained.get(*which) else {
            continue;
        };
        let (u, channel) = &of.instrument;
        let name = Text::new(
            format!("Instrument, robot {number}"),
            format!("仪器（第 {number} 台）"),
        );
        budget.certificate(name, *u, channel);
    }
    // A registration that both runs have in common moves both barycentres alike.
    let ways: Vec<_> = e
        .pair
        .iter()
        .filter_map(|i| Some(&attained.get(*i)?.registration))
        .collect();
    if let [one, other] = ways.as_slice()
        && one != other
        && let Err(reason) = registered(&mut budget, one).and(registered(&mut budget, other))
    {
        exchanged.reasons.push(reason);
        return exchanged;
    }
    let n = attained
        .iter()
        .map(|a| a.positions.len())
        .min()
        .unwrap_or(0);
    let mm = Unit::parse("mm").unwrap_or(Unit::one());
    if all.iter().flatten().any(|v| v.shortened) {
        exchanged.reasons.push(because(
            "shortened",
            "A run was shortened: no verdict",
            "有运行已缩减：不作判定",
        ));
    }
    exchanged.e = Some(budget.measured(e.value, mm, n));
    exchanged.angles = angles(&attained);
    exchanged.pair = Some(e.pair);
    exchanged
}

/// Angles by axis, of the two runs that are farthest apart.
fn angles(attained: &[&Attained]) -> Vec<NamedValue> {
    let deg = Unit::parse("deg").unwrap_or(Unit::one());
    let of_axis = |(axis, name): (usize, &str)| {
        let series = attained.iter().map(|a| a.angles.get(axis)?.clone());
        let seen = apart(&series.collect::<Option<Vec<_>>>()?)?;
        let mut budget = Budget::default();
        budget.scatter(Text::new("Scatter", "分散"), seen.u, seen.nu);
        // No credit for which pair it is: what is known least, twice.
        let twice = |each: Option<Vec<f64>>| {
            Some(std::f64::consts::SQRT_2 * each?.into_iter().fold(0.0, f64::max))
        };
        let instruments = attained.iter().map(|a| budget::angle(&a.instrument.1));
        let mut lines = vec![(
            Text::new("Instrument", "仪器"),
            twice(instruments.collect()),
        )];
        let ways = || attained.iter().map(|a| &a.registration);
        // A registration that all runs have in common moves all means alike.
        if ways().zip(ways().skip(1)).any(|(one, other)| one != other) {
            let u = ways().map(|r| Some(r.u_angle?.to(deg).ok()? / 2.0));
            lines.push((Text::new("Registration", "坐标系标定"), twice(u.collect())));
        }
        for (name, u) in lines {
            match u {
                Some(u) => budget.normal(name, u, None),
                None => budget.unknown(),
            }
        }
        Some(NamedValue {
            symbol: format!("E_{name}"),
            name: Text::new(
                format!("Exchangeability of the angle {name}"),
                format!("角度 {name} 的互换性"),
            ),
            value: Quantity::new(seen.value, deg),
            u_expanded: budget.measured(seen.value, deg, 1).u_expanded,
        })
    };
    AXES.into_iter().enumerate().filter_map(of_axis).collect()
}
