//! How far mean poses lie apart: one pose from three directions of approach (vAP), or by several
//! robots of one type (exchangeability).

use super::pose::{self, Visit};
use super::{Answer, Task, named, no_number, unit};
use crate::budget::Budget;
use crate::metric::iso9283::{Position, variation};
use certbench_model::Text;
use certbench_model::finding::{Reason, Value};

const DIRECTIONS: [&str; 3] = ["first", "second", "third"];

/// One pose by several robots that were exchanged on one mounting: the passes of a repeat variable.
pub(super) fn exchangeability(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let channel = task.channel("position")?;
    let variable = task.params().word("group")?;
    let visits = pose::visits_of(task, "over", answer)?;
    answer.n = u32::try_from(visits.len()).unwrap_or(u32::MAX);
    let mut robots: Vec<(&str, Vec<Position>)> = Vec::new();
    for visit in &visits {
        let Some(robot) = visit.variables.get(variable) else {
            continue;
        };
        let known = robots.iter_mut().find(|(r, _)| r == robot);
        match known {
            Some((_, of_it)) => of_it.push(visit.pose.position_mm),
            None => robots.push((robot, vec![visit.pose.position_mm])),
        }
    }
    let series: Vec<&[Position]> = robots.iter().map(|(_, p)| p.as_slice()).collect();
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
        pose::instrument(channel, pose::farthest(&visits))?.map(|u| u * std::f64::consts::SQRT_2),
        channel,
    );
    let one = certbench_model::Unit::one();
    let count = robots.len() as f64;
    answer
        .more
        .push(named("m", "Robots", "机器人数", count, one, None));
    answer.value = Some(Value::Quantity(budget.measured(e.value, mm, visits.len())));
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
    let mut budget = Budget::default();
    budget.scatter(
        Text::new(
            "Scatter of the two directions that are farthest apart",
            "相距最远两方向的分散",
        ),
        vap.u,
        vap.nu,
    );
    // The systematic part is the same for all directions of one pose.
    let mut noise = Some(0.0);
    for one in &visits {
        let u = pose::between_visits(channel, one)?.map(|u| u / (one.len() as f64).sqrt());
        noise = noise.zip(u).map(|(most, u): (f64, f64)| most.max(u));
    }
    budget.certificate(
        Text::new("Noise of the instrument, twice", "仪器噪声（两次）"),
        noise.map(|u| u * std::f64::consts::SQRT_2),
        channel,
    );
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
            None,
        ));
    }
    answer.value = Some(Value::Quantity(budget.measured(vap.value, mm, fewest)));
    Ok(())
}
