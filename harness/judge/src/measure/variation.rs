//! How far mean poses lie apart: one pose from three directions of approach (vAP), or by several
//! robots of one type (exchangeability).

use super::angle::{AXES, Angle, Scatter};
use super::pose::{self, Visit};
use super::{Answer, Task, named, no_number, unit};
use crate::budget;
use crate::budget::{Budget, Doubt};
use crate::metric::iso9283::variation::{AngleVariation, Variation};
use crate::metric::iso9283::{Position, variation};
use certbench_model::finding::{Reason, Value};
use certbench_model::{Channel, Text};
use std::f64::consts::SQRT_2;

const DIRECTIONS: [&str; 3] = ["first", "second", "third"];

/// One pose by several robots that were exchanged on one mounting: the passes of a repeat variable.
pub(super) fn exchangeability(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let channel = task.channel("position")?;
    let variable = task.params().word("group")?;
    let visits = pose::visits_of(task, "over", answer)?;
    answer.n = u32::try_from(visits.len()).unwrap_or(u32::MAX);
    let (n, far) = (visits.len(), pose::farthest(&visits));
    let mut robots: Vec<(String, Vec<Visit>)> = Vec::new();
    for visit in visits {
        let Some(robot) = visit.variables.get(variable).cloned() else {
            continue;
        };
        match robots.iter_mut().find(|(r, _)| *r == robot) {
            Some((_, of_it)) => of_it.push(visit),
            None => robots.push((robot, vec![visit])),
        }
    }
    let robots: Vec<Vec<Visit>> = robots.into_iter().map(|(_, visits)| visits).collect();
    let positions: Vec<Vec<Position>> = robots.iter().map(|v| pose::positions(v)).collect();
    let series: Vec<&[Position]> = positions.iter().map(Vec::as_slice).collect();
    let e = variation::variation(&series).ok_or_else(|| {
        no_number(
            "There are no two robots under that variable",
            "该变量下没有两台以上的机器人",
        )
    })?;
    let mm = unit("mm");
    let mut budget = Budget::default();
    budget.scatter(
        Text::new(
            "Scatter of the two robots that are farthest apart",
            "相距最远两台机器人的分散",
        ),
        e.u,
        e.nu,
    );
    // The tracker stays where it is; what its certificate says may differ between two days.
    budget.certificate(
        Text::new("Instrument, twice", "仪器（两次）"),
        pose::instrument(channel, far)?.map(|u| u * SQRT_2),
        channel,
    );
    let one = certbench_model::Unit::one();
    let count = robots.len() as f64;
    answer
        .more
        .push(named("m", "Robots", "机器人数", count, one, None));
    for (i, axis) in AXES.into_iter().enumerate() {
        let of = Apart {
            symbol: format!("E_{axis}"),
            name: Text::new(
                format!("Exchangeability of the angle {axis}"),
                format!("角度 {axis} 的互换性"),
            ),
            instrument: |channel, _| budget::angle(channel),
        };
        of.beside(channel, &robots, i, answer);
    }
    answer.value = Some(Value::Quantity(budget.measured(e.value, mm, n)));
    Ok(())
}

pub(super) fn variation(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let channel = task.channel("position")?;
    let mut visits: Vec<Vec<Visit>> = Vec::new();
    for input in DIRECTIONS {
        visits.push(pose::visits_of(task, input, answer)?);
    }
    let fewest = visits.iter().map(Vec::len).min().unwrap_or(0);
    answer.n = u32::try_from(fewest).unwrap_or(u32::MAX);
    let positions: Vec<_> = visits.iter().map(|v| pose::positions(v)).collect();
    let series: Vec<_> = positions.iter().map(Vec::as_slice).collect();
    let vap = variation::variation(&series).ok_or_else(|| {
        no_number(
            "Too few visits of the pose from a direction",
            "某一接近方向的到位次数过少",
        )
    })?;
    let mm = unit("mm");
    // The systematic part is the same for all directions of one pose.
    let mut noise = Some(Doubt::certified(0.0));
    for one in &visits {
        let u = pose::between_visits(channel, one)?.map(|u| u.averaged(one.len()));
        noise = noise.zip(u).map(|(most, u)| most.with(u, f64::max));
    }
    let budget = |pair: &Variation| {
        let mut budget = Budget::default();
        budget.scatter(
            Text::new(
                "Scatter of the two directions that are farthest apart",
                "相距最远两方向的分散",
            ),
            pair.u,
            pair.nu,
        );
        budget.certificate(
            Text::new(
                "Instrument between visits, twice",
                "各次到位之间的仪器（两次）",
            ),
            noise.map(|u| u * SQRT_2),
            channel,
        );
        budget
    };
    for (h, k) in [(0, 1), (0, 2), (1, 2)] {
        let Some(pair) = variation::variation(&[series[h], series[k]]) else {
            continue;
        };
        answer.more.push(named(
            &format!("|G_{} - G_{}|", h + 1, k + 1),
            &format!(
                "Distance of the mean poses {} and {}",
                DIRECTIONS[h], DIRECTIONS[k]
            ),
            &format!("第 {} 与第 {} 方向平均位姿的距离", h + 1, k + 1),
            pair.value,
            mm,
            budget(&pair).measured(pair.value, mm, fewest).u_expanded,
        ));
    }
    for (i, axis) in AXES.into_iter().enumerate() {
        let of = Apart {
            symbol: format!("vAP_{axis}"),
            name: Text::new(
                format!("Variation of the angle {axis}"),
                format!("角度 {axis} 的变动"),
            ),
            // The systematic part is the same for all directions of one pose.
            instrument: budget::angle_noise,
        };
        of.beside(channel, &visits, i, answer);
    }
    answer.value = Some(Value::Quantity(
        budget(&vap).measured(vap.value, mm, fewest),
    ));
    Ok(())
}

/// How far the mean angles of several series lie apart, each about the first angle of all.
pub(crate) fn apart(series: &[Vec<f64>]) -> Option<AngleVariation> {
    let first = *series.first()?.first()?;
    let series: Vec<&[f64]> = series.iter().map(Vec::as_slice).collect();
    variation::angle_variation(&series, first)
}

/// An angle of several series beside the result.
struct Apart {
    symbol: String,
    name: Text,
    /// What the instrument leaves open of a mean of so many angles, degrees.
    instrument: fn(&Channel, usize) -> Option<f64>,
}

impl Apart {
    /// Puts it beside the result, of the two series that lie farthest apart; of angles only.
    fn beside(self, channel: &Channel, visits: &[Vec<Visit>], axis: usize, answer: &mut Answer) {
        let series: Option<Vec<Vec<f64>>> = visits.iter().map(|v| pose::angles(v, axis)).collect();
        let Some(seen) = series.and_then(|series| apart(&series)) else {
            return;
        };
        let fewest = visits.iter().map(Vec::len).min().unwrap_or(0);
        let readings = visits.iter().map(|v| pose::fewest_readings(v)).min();
        let readings = readings.unwrap_or(1) * fewest;
        let angle = Angle {
            symbol: self.symbol,
            name: self.name,
            value: seen.value,
            scatter: Scatter::Seen(seen.u.map(|u| (u, seen.nu))),
            instrument: (self.instrument)(channel, readings).map(|u| SQRT_2 * u),
            registration: None,
        };
        angle.beside(channel, answer);
    }
}
