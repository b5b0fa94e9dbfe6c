//! Distance accuracy and repeatability between two poses.

use super::pose::{self, Visit};
use super::{Answer, Task, named, no_number, unit};
use crate::budget::Budget;
use crate::metric::iso9283::distance::{self, Distance};
use crate::reason::because;
use certbench_model::finding::{Reason, Value};
use certbench_model::{Channel, Text};

struct Cycles<'a> {
    channel: &'a Channel,
    first: Vec<Visit>,
    second: Vec<Visit>,
}

impl Cycles<'_> {
    fn n(&self) -> usize {
        self.first.len().min(self.second.len())
    }

    fn far(&self) -> f64 {
        pose::farthest(&self.first).max(pose::farthest(&self.second))
    }
}

fn cycles<'a>(task: Task<'a>, answer: &mut Answer) -> Result<Cycles<'a>, Reason> {
    let cycles = Cycles {
        channel: task.channel("position")?,
        first: pose::visits_of(task, "first", answer)?,
        second: pose::visits_of(task, "second", answer)?,
    };
    answer.n = u32::try_from(cycles.n()).unwrap_or(u32::MAX);
    Ok(cycles)
}

fn none() -> Reason {
    no_number(
        "Too few cycles, or not every visit of one pose has a partner at the other",
        "循环过少，或两位姿的到位次数不一致",
    )
}

pub(super) fn accuracy(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let params = task.params();
    let one = pose::commanded(task, Some(params.word("first_pose")?))?;
    let other = pose::commanded(task, Some(params.word("second_pose")?))?;
    if one.frame != other.frame {
        return Err(because(
            "frame-mismatch",
            "The two commanded poses are in different frames",
            "两个指令位姿不在同一坐标系",
        ));
    }
    let cycles = cycles(task, answer)?;
    let (first, second) = (
        pose::positions(&cycles.first),
        pose::positions(&cycles.second),
    );
    let commands = [one.position, other.position];
    let d = distance::distance(&first, &second, commands).ok_or_else(none)?;
    let mm = unit("mm");
    let mut budget = Budget::default();
    budget.scatter(
        Text::new("Scatter of the distances", "距离的分散"),
        Some(d.s / (d.n as f64).sqrt()),
        d.n as f64 - 1.0,
    );
    // At two poses the errors of a tracker differ: no credit for what they have in common.
    budget.certificate(
        Text::new("Instrument, at both ends", "仪器（距离两端）"),
        pose::instrument(cycles.channel, cycles.far())?.map(|u| u * std::f64::consts::SQRT_2),
        cycles.channel,
    );
    for (i, axis) in ["x", "y", "z"].iter().enumerate() {
        if let Some(along) = distance::along_axis(&first, &second, commands, i) {
            answer.more.push(named(
                &format!("AD_{axis}"),
                &format!("Accuracy of the distance along {axis}"),
                &format!("沿 {axis} 的距离准确度"),
                along.ad,
                mm,
                None,
            ));
        }
    }
    answer
        .more
        .push(named("D̄", "Mean distance", "平均距离", d.mean, mm, None));
    answer.value = Some(Value::Quantity(budget.measured(d.ad, mm, d.n)));
    Ok(())
}

pub(super) fn repeatability(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let cycles = cycles(task, answer)?;
    let (first, second) = (
        pose::positions(&cycles.first),
        pose::positions(&cycles.second),
    );
    // The command does not enter RD.
    let d: Distance = distance::distance(&first, &second, [[0.0; 3]; 2]).ok_or_else(none)?;
    let mm = unit("mm");
    let mut budget = Budget::default();
    budget.scatter(
        Text::new("Sampling of the cycles", "循环抽样"),
        Some(distance::rd_uncertainty(&d)),
        d.n as f64 - 1.0,
    );
    let noise = pose::between_visits(cycles.channel, &cycles.first)?
        .zip(pose::between_visits(cycles.channel, &cycles.second)?);
    // Noise alone would show 3 sqrt 2 sigma.
    budget.certificate(
        Text::new(
            "Noise of the instrument, as repeatability",
            "仪器噪声（折算为重复性）",
        ),
        noise.map(|(a, b)| 3.0 * a.hypot(b) / 2.0),
        cycles.channel,
    );
    answer
        .more
        .push(named("D̄", "Mean distance", "平均距离", d.mean, mm, None));
    answer.value = Some(Value::Quantity(budget.measured(d.rd, mm, d.n)));
    Ok(())
}
