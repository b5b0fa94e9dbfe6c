//! Straight paths between two poses: accuracy, repeatability, velocity.

use super::{Answer, Task, named, no_number, pose, unit};
use crate::budget::Budget;
use crate::figure;
use crate::metric::iso9283::cube;
use crate::metric::iso9283::path::{self, Largest, Plane};
use crate::metric::iso9283::velocity;
use crate::metric::iso9283::{Position, accuracy, norm, repeatability_uncertainty};
use crate::reason::because;
use certbench_model::figure::{Figure, FigureKind, Level};
use certbench_model::finding::{Reason, Value};
use certbench_model::{Channel, Text};

struct Passes<'a> {
    channel: &'a Channel,
    planes: Vec<Plane>,
    /// Crossings of all passes by plane.
    crossings: Vec<Vec<Position>>,
    /// Speeds between the first and the last plane, mm/s, by pass.
    speeds: Vec<Vec<f64>>,
    far_mm: f64,
    n: usize,
}

fn passes<'a>(task: Task<'a>, answer: &mut Answer) -> Result<Passes<'a>, Reason> {
    let params = task.params();
    let channel = task.channel("position")?;
    let from = pose::commanded(task, Some(params.word("from")?))?;
    let to = pose::commanded(task, Some(params.word("to")?))?;
    pose::registration(task, channel, &from)?;
    pose::registration(task, channel, &to)?;
    let count = u32::try_from(params.count("planes")?)
        .unwrap_or(u32::MAX)
        .min(10_000);
    let planes = cube::line(from.position, to.position, count)
        .ok_or_else(|| no_number("The two poses are one", "两个位姿重合"))?;
    let mut all = Passes {
        channel,
        crossings: vec![Vec::new(); planes.len()],
        planes,
        speeds: Vec::new(),
        far_mm: 0.0,
        n: 0,
    };
    for window in task.windows("over", answer)? {
        let trace = window.trace(task.reader, &channel.id, &mut answer.doubts)?;
        trace.check_gaps(&mut answer.doubts);
        let raw = trace.poses()?;
        all.far_mm = raw
            .iter()
            .map(|(_, p)| norm(p.position_mm))
            .fold(all.far_mm, f64::max);
        let timed: Vec<(f64, Position)> = trace
            .registered()?
            .iter()
            .map(|(t, p)| (*t, p.position_mm))
            .collect();
        all.take(&timed)?;
    }
    answer.n = u32::try_from(all.n).unwrap_or(u32::MAX);
    Ok(all)
}

impl Passes<'_> {
    fn take(&mut self, timed: &[(f64, Position)]) -> Result<(), Reason> {
        let positions: Vec<Position> = timed.iter().map(|s| s.1).collect();
        let mut times = Vec::new();
        for (plane, crossings) in self.planes.iter().zip(&mut self.crossings) {
            let cut = path::crossing(&positions, *plane).ok_or_else(|| {
                because(
                    "no-crossing",
                    "A pass does not cross every plane of the path",
                    "某次运动未穿过路径的所有平面",
                )
            })?;
            let at = |i: usize| timed.get(i).map_or(f64::NAN, |s| s.0);
            times.push(at(cut.before) + cut.share * (at(cut.before + 1) - at(cut.before)));
            crossings.push(cut.at);
        }
        let speeds = self.planes.windows(2).zip(times.windows(2));
        let apart = |w: &[Plane]| norm([0, 1, 2].map(|i| w[1].point[i] - w[0].point[i]));
        self.speeds
            .push(speeds.map(|(p, t)| apart(p) / (t[1] - t[0])).collect());
        self.n += 1;
        Ok(())
    }
}

fn none() -> Reason {
    no_number("Too few passes of the path", "路径运动次数过少")
}

fn planes(largest: &Largest, symbol: &str, answer: &mut Answer) {
    let at = largest.plane as f64 + 1.0;
    let of = format!("Plane of the largest {symbol}");
    answer.more.push(named(
        "i",
        &of,
        "最大值所在平面",
        at,
        certbench_model::Unit::one(),
        None,
    ));
}

/// Deviation and spread of the passes over the length of the path, with the plane of the largest.
fn along(task: Task<'_>, passes: &Passes<'_>, largest: &Largest, symbol: &str) -> Figure {
    let command: Vec<Position> = passes.planes.iter().map(|p| p.point).collect();
    let far = |i: usize| match (command.first(), command.get(i)) {
        (Some(a), Some(b)) => norm([0, 1, 2].map(|axis| b[axis] - a[axis])),
        _ => f64::NAN,
    };
    let line = |name: Text, of: Option<Largest>| {
        let each = of?.each.into_iter().enumerate();
        let points = each.map(|(i, value)| [far(i), value]).collect();
        Some(figure::series(name, points))
    };
    let deviation = line(
        Text::new(
            "mean path beside the command (AT of each plane)",
            "平均轨迹与指令的偏差（各平面 AT）",
        ),
        path::path_accuracy(&passes.crossings, &command),
    );
    let spread = line(
        Text::new(
            "spread of the passes (RT of each plane)",
            "各次运动的分散（各平面 RT）",
        ),
        path::path_repeatability(&passes.crossings),
    );
    let mm = unit("mm");
    let mut drawn = figure::figure(
        FigureKind::Curve,
        Text::new("Deviation along the path", "沿轨迹的偏差"),
        figure::axis(Text::new("Distance along the path", "沿轨迹的距离"), mm),
        figure::axis(Text::new("Deviation", "偏差"), mm),
        deviation.into_iter().chain(spread).collect(),
    );
    drawn.limits = figure::limits(task.measure.accept.as_ref(), mm);
    drawn.events.push(Level {
        name: Text::new(
            format!("plane of the largest {symbol}"),
            format!("{symbol} 最大的平面"),
        ),
        at: far(largest.plane),
    });
    drawn
}

pub(super) fn path_accuracy(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let passes = passes(task, answer)?;
    let command: Vec<Position> = passes.planes.iter().map(|p| p.point).collect();
    let at = path::path_accuracy(&passes.crossings, &command).ok_or_else(none)?;
    let governs = accuracy(&passes.crossings[at.plane], command[at.plane]).ok_or_else(none)?;
    let mut budget = Budget::default();
    budget.scatter(
        Text::new(
            "Scatter at the plane that governs",
            "起决定作用平面处的分散",
        ),
        governs.s_along.map(|s| s / (passes.n as f64).sqrt()),
        passes.n as f64 - 1.0,
    );
    budget.certificate(
        Text::new("Instrument", "仪器"),
        pose::instrument(passes.channel, passes.far_mm)?,
        passes.channel,
    );
    pose::frame_line(&mut budget, passes.channel)?;
    planes(&at, "AT", answer);
    answer.figures.push(along(task, &passes, &at, "AT"));
    answer.value = Some(Value::Quantity(budget.measured(
        at.value,
        unit("mm"),
        passes.n,
    )));
    Ok(())
}

pub(super) fn path_repeatability(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let passes = passes(task, answer)?;
    let rt = path::path_repeatability(&passes.crossings).ok_or_else(none)?;
    let mut budget = Budget::default();
    budget.scatter(
        Text::new(
            "Sampling at the plane that governs (jackknife)",
            "起决定作用平面处的抽样（刀切法）",
        ),
        repeatability_uncertainty(&passes.crossings[rt.plane]),
        passes.n as f64 - 1.0,
    );
    let noise = match pose::in_mm(passes.channel, crate::budget::noise(passes.channel))? {
        Some(noise) => Some(noise),
        None => pose::instrument(passes.channel, passes.far_mm)?,
    };
    budget.certificate(
        Text::new(
            "Noise of the instrument, as repeatability",
            "仪器噪声（折算为重复性）",
        ),
        noise.map(|n| crate::metric::iso9283::noise_as_repeatability(n) / 2.0),
        passes.channel,
    );
    planes(&rt, "RT", answer);
    answer.figures.push(along(task, &passes, &rt, "RT"));
    answer.value = Some(Value::Quantity(budget.measured(
        rt.value,
        unit("mm"),
        passes.n,
    )));
    Ok(())
}

/// Over the steady part: the suite leaves out planes at both ends.
pub(super) fn path_velocity(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let command = task.params().positive("velocity", unit("mm/s"))?;
    let skip = usize::try_from(task.params().count("skip")?).unwrap_or(usize::MAX);
    let passes = passes(task, answer)?;
    let steady: Option<Vec<Vec<f64>>> = passes
        .speeds
        .iter()
        .map(|s| Some(s.get(skip..s.len().checked_sub(skip)?)?.to_vec()))
        .collect();
    let steady = steady
        .filter(|s| s.iter().all(|p| !p.is_empty()))
        .ok_or_else(none)?;
    let seen = velocity::path_velocity(&steady, command).ok_or_else(none)?;
    let (percent, speed) = (unit("%"), unit("mm/s"));
    let mut budget = Budget::default();
    budget.scatter(
        Text::new("Scatter of the passes", "各次运动的分散"),
        Some(seen.rv / 3.0 / (seen.n as f64).sqrt()),
        seen.n as f64 - 1.0,
    );
    // Two crossings a plane's distance apart: the instrument at both ends of the steady part.
    let length = norm([0, 1, 2].map(|i| {
        let at = |p: Option<&Plane>| p.map_or(0.0, |p| p.point[i]);
        at(passes
            .planes
            .get(passes.planes.len().saturating_sub(1 + skip)))
            - at(passes.planes.get(skip))
    }));
    let u = pose::instrument(passes.channel, passes.far_mm)?;
    budget.certificate(
        Text::new("Instrument, at both ends", "仪器（两端）"),
        u.map(|u| 100.0 * seen.mean / command * std::f64::consts::SQRT_2 * u / length),
        passes.channel,
    );
    answer.more.extend([
        named("v̄", "Mean velocity", "平均速度", seen.mean, speed, None),
        named(
            "RV",
            "Repeatability of the velocity (±)",
            "速度重复性（±）",
            seen.rv,
            percent,
            None,
        ),
        named(
            "FV",
            "Fluctuation of the velocity",
            "速度波动",
            seen.fv,
            speed,
            None,
        ),
    ]);
    answer.value = Some(Value::Quantity(budget.measured(seen.av, percent, seen.n)));
    Ok(())
}
