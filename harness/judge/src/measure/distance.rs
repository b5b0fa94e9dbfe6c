//! Distance accuracy and repeatability between two poses.

use super::angle::{self, AXES, Angle, Scatter};
use super::pose::{self, Visit};
use super::{Answer, Task, named, no_number, unit};
use crate::budget::{self, Budget, Doubt};
use crate::metric::iso9283::distance::{self, Distance};
use crate::reason::because;
use certbench_model::finding::{Reason, Value};
use certbench_model::{Channel, Text};
use std::f64::consts::SQRT_2;

struct Cycles<'a> {
    channel: &'a Channel,
    first: Vec<Visit>,
    second: Vec<Visit>,
}

impl Cycles<'_> {
    fn n(&self) -> usize {
        self.first.len().min(self.second.len())
    }

    /// The difference of one angle, degrees, against that of two commands.
    fn turned(&self, axis: usize, commands_deg: [f64; 2]) -> Option<Distance> {
        let [first, second] = [&self.first, &self.second].map(|v| pose::angles(v, axis));
        distance::of_angle(&first?, &second?, commands_deg)
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

/// The budget of a mean distance.
fn of_mean(d: &Distance, instrument: Option<Doubt>, channel: &Channel) -> Budget {
    let mut budget = Budget::default();
    budget.scatter(
        Text::new("Scatter of the distances", "距离的分散"),
        Some(d.s / (d.n as f64).sqrt()),
        d.n as f64 - 1.0,
    );
    let at_both = Text::new("Instrument, at both ends", "仪器（距离两端）");
    budget.certificate(at_both, instrument, channel);
    budget
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
    // At two poses the errors of a tracker differ: no credit for what they have in common.
    let u_instrument = pose::instrument(cycles.channel, cycles.far())?.map(|u| u * SQRT_2);
    let budget = of_mean(&d, u_instrument, cycles.channel);
    for (i, axis) in ["x", "y", "z"].iter().enumerate() {
        if let Some(along) = distance::along_axis(&first, &second, commands, i) {
            let u = of_mean(&along, u_instrument, cycles.channel).measured(along.ad, mm, d.n);
            answer.more.push(named(
                &format!("AD_{axis}"),
                &format!("Accuracy of the distance along {axis}"),
                &format!("沿 {axis} 的距离准确度"),
                along.ad,
                mm,
                u.u_expanded,
            ));
        }
    }
    let commanded = one.angles_deg.zip(other.angles_deg);
    for (i, axis) in AXES.into_iter().enumerate() {
        let turned = commanded.and_then(|(a, b)| cycles.turned(i, [a[i], b[i]]));
        let Some(turned) = turned else { continue };
        let angle = Angle {
            symbol: format!("AD_{axis}"),
            name: Text::new(
                format!("Accuracy of the difference of the angle {axis}"),
                format!("角度 {axis} 之差的准确度"),
            ),
            value: turned.ad,
            scatter: Scatter::Seen(angle::of_mean(Some(turned.s), turned.n)),
            instrument: budget::angle(cycles.channel).map(|u| u * SQRT_2),
            registration: None,
        };
        angle.beside(cycles.channel, answer);
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
    let noise = pose::between_visits(cycles.channel, &cycles.first)?
        .zip(pose::between_visits(cycles.channel, &cycles.second)?);
    // Noise alone would show 3 sqrt 2 sigma.
    let noise = noise.map(|(a, b)| a.with(b, f64::hypot) * (3.0 / 2.0));
    let spread = |d: &Distance| {
        let mut budget = Budget::default();
        budget.scatter(
            Text::new("Sampling of the cycles", "循环抽样"),
            Some(distance::rd_uncertainty(d)),
            d.n as f64 - 1.0,
        );
        budget.certificate(pose::as_repeatability(), noise, cycles.channel);
        budget
    };
    for (i, axis) in ["x", "y", "z"].iter().enumerate() {
        if let Some(along) = distance::along_axis(&first, &second, [[0.0; 3]; 2], i) {
            answer.more.push(named(
                &format!("RD_{axis}"),
                &format!("Repeatability of the distance along {axis} (±)"),
                &format!("沿 {axis} 的距离重复性（±）"),
                along.rd,
                mm,
                spread(&along).measured(along.rd, mm, d.n).u_expanded,
            ));
        }
    }
    for (i, axis) in AXES.into_iter().enumerate() {
        let Some(turned) = cycles.turned(i, [0.0; 2]) else {
            continue;
        };
        let noise = [&cycles.first, &cycles.second]
            .map(|visits| budget::angle_noise(cycles.channel, pose::fewest_readings(visits)));
        let angle = Angle {
            symbol: format!("RD_{axis}"),
            name: Text::new(
                format!("Repeatability of the difference of the angle {axis} (±)"),
                format!("角度 {axis} 之差的重复性（±）"),
            ),
            value: turned.rd,
            scatter: Scatter::Seen(angle::of_spread(turned.rd, turned.n)),
            instrument: noise[0].zip(noise[1]).map(|(a, b)| 1.5 * a.hypot(b)),
            registration: None,
        };
        angle.beside(cycles.channel, answer);
    }
    let budget = spread(&d);
    answer
        .more
        .push(named("D̄", "Mean distance", "平均距离", d.mean, mm, None));
    answer.value = Some(Value::Quantity(budget.measured(d.rd, mm, d.n)));
    Ok(())
}
