//! Paths by commanded poses, straight or round: accuracy, repeatability, and the speeds between planes.

use super::angle::{self, AXES, Angle, Scatter};
use super::{Answer, Task, named, no_number, pose, unit};
use crate::budget::{self, Budget};
use crate::figure;
use crate::frame::Pose;
use crate::metric::iso9283::cube;
use crate::metric::iso9283::path::{self, Largest, Plane};
use crate::metric::iso9283::{
    Position, about, accuracy, noise_as_repeatability, norm, repeatability_uncertainty,
};
use crate::reason::because;
use certbench_model::figure::{Figure, FigureKind, Level};
use certbench_model::finding::{Reason, Value};
use certbench_model::{Channel, Text};

/// What was seen of every pass at the planes of the path.
pub(super) struct Passes<'a> {
    pub(super) channel: &'a Channel,
    pub(super) planes: Vec<Plane>,
    /// Crossings of all passes by plane.
    crossings: Vec<Vec<Position>>,
    /// Angles a, b, c there, degrees, by axis, plane and pass; `None` when a pass has none.
    angles: Option<[Vec<Vec<f64>>; 3]>,
    /// Commanded angles at the planes, degrees, by axis; `None` where the two poses do not say them.
    commanded: Option<[Vec<f64>; 3]>,
    /// Speeds between the first and the last plane, mm/s, by pass.
    pub(super) speeds: Vec<Vec<f64>>,
    /// Largest distance from the tracker, mm.
    pub(super) far_mm: f64,
    n: usize,
}

pub(super) fn passes<'a>(task: Task<'a>, answer: &mut Answer) -> Result<Passes<'a>, Reason> {
    let params = task.params();
    let channel = task.channel("position")?;
    let from = pose::commanded(task, Some(params.word("from")?))?;
    let to = pose::commanded(task, Some(params.word("to")?))?;
    pose::registration(task, channel, &from)?;
    pose::registration(task, channel, &to)?;
    let count = u32::try_from(params.count("planes")?)
        .unwrap_or(u32::MAX)
        .min(10_000);
    let via = params.optional_word("via").filter(|via| !via.is_empty());
    let planes = match via {
        None => cube::line(from.position, to.position, count)
            .ok_or_else(|| no_number("The two poses are one", "两个位姿重合"))?,
        Some(via) => {
            let via = pose::commanded(task, Some(via))?;
            pose::registration(task, channel, &via)?;
            let three = [from.position, via.position, to.position];
            cube::circle_through(three, count).ok_or_else(|| {
                no_number("The three poses lie on no circle", "三个位姿不在同一圆上")
            })?
        }
    };
    let mut all = Passes {
        channel,
        crossings: vec![Vec::new(); planes.len()],
        angles: Some(std::array::from_fn(|_| vec![Vec::new(); planes.len()])),
        commanded: commanded_angles(&from, &to, via.is_some(), planes.len()),
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
        all.take(&trace.registered()?)?;
    }
    answer.n = u32::try_from(all.n).unwrap_or(u32::MAX);
    Ok(all)
}

impl Passes<'_> {
    fn take(&mut self, timed: &[(f64, Pose)]) -> Result<(), Reason> {
        let positions: Vec<Position> = timed.iter().map(|s| s.1.position_mm).collect();
        let mut times = Vec::new();
        for (i, plane) in self.planes.iter().enumerate() {
            let cut = path::crossing(&positions, *plane).ok_or_else(|| {
                because(
                    "no-crossing",
                    "A pass does not cross every plane of the path",
                    "某次运动未穿过路径的所有平面",
                )
            })?;
            let at = |i: usize| timed.get(i).map_or(f64::NAN, |s| s.0);
            times.push(at(cut.before) + cut.share * (at(cut.before + 1) - at(cut.before)));
            if let Some(crossings) = self.crossings.get_mut(i) {
                crossings.push(cut.at);
            }
            let angles = |i: usize| timed.get(i)?.1.angles_deg;
            let between = angles(cut.before).zip(angles(cut.before + 1));
            match (&mut self.angles, between) {
                (Some(all), Some((from, to))) => {
                    for (axis, of_axis) in all.iter_mut().enumerate() {
                        let there = from[axis] + cut.share * turn(from[axis], to[axis]);
                        if let Some(of_plane) = of_axis.get_mut(i) {
                            of_plane.push(there);
                        }
                    }
                }
                _ => self.angles = None,
            }
        }
        let speeds = self.planes.windows(2).zip(times.windows(2));
        self.speeds.push(
            speeds
                .map(|(p, t)| cube::along(p[0], p[1]) / (t[1] - t[0]))
                .collect(),
        );
        self.n += 1;
        Ok(())
    }
}

/// The shortest way from one angle to another, degrees.
fn turn(from: f64, to: f64) -> f64 {
    (to - from + 180.0).rem_euclid(360.0) - 180.0
}

/// Commanded angles at the planes: those of the poses where they are alike, and a steady turn where a
/// straight path turns the tool about one axis. Of a turn about several, and of a round path whose
/// poses differ, two poses do not say what is commanded in between.
fn commanded_angles(
    from: &pose::Command<'_>,
    to: &pose::Command<'_>,
    round: bool,
    planes: usize,
) -> Option<[Vec<f64>; 3]> {
    /// Angles nearer than this are one: what a bench file rounds off, degrees.
    const ALIKE_DEG: f64 = 0.01;
    let (from, to) = (from.angles_deg?, to.angles_deg?);
    let turns: [f64; 3] = std::array::from_fn(|i| turn(from[i], to[i]));
    let turned = turns.iter().filter(|t| t.abs() > ALIKE_DEG).count();
    let known = turned == 0 || (turned == 1 && !round);
    let share = |i: usize| {
        if round {
            0.0
        } else {
            (i as f64 + 0.5) / planes as f64
        }
    };
    let along = |axis: usize| {
        let at = |i: usize| from[axis] + share(i) * turns[axis];
        (0..planes).map(at).collect()
    };
    known.then(|| std::array::from_fn(along))
}

pub(super) fn none() -> Reason {
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
    let steps = |i: usize| passes.planes.windows(2).take(i);
    let far = |i: usize| steps(i).map(|w| cube::along(w[0], w[1])).sum::<f64>();
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
    for (axis, name) in AXES.into_iter().enumerate() {
        let seen = passes.angles.as_ref().and_then(|a| a.get(axis));
        let command = passes.commanded.as_ref().and_then(|c| c.get(axis));
        let Some((seen, command)) = seen.zip(command) else {
            break;
        };
        let Some(at) = path::angle_path_accuracy(seen, command) else {
            continue;
        };
        let governs = about(&seen[at.plane], command[at.plane]);
        let angle = Angle {
            symbol: format!("AT_{name}"),
            name: Text::new(
                format!("Path accuracy of the angle {name}"),
                format!("角度 {name} 的轨迹准确度"),
            ),
            value: at.value,
            scatter: Scatter::Seen(angle::of_mean(governs.and_then(|g| g.s), passes.n)),
            instrument: budget::angle(passes.channel),
            registration: passes.channel.registration.as_ref(),
        };
        angle.beside(passes.channel, answer);
    }
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
    let at = pose::from_mm(passes.channel, passes.far_mm)?;
    let noise = budget::noise(passes.channel);
    let apart = budget::between_readings(passes.channel, at, noise);
    budget.certificate(
        pose::as_repeatability(),
        pose::in_mm(passes.channel, apart)?.map(|u| u * (noise_as_repeatability(1.0) / 2.0)),
        passes.channel,
    );
    planes(&rt, "RT", answer);
    answer.figures.push(along(task, &passes, &rt, "RT"));
    for (axis, name) in AXES.into_iter().enumerate() {
        let Some(seen) = passes.angles.as_ref().and_then(|a| a.get(axis)) else {
            break;
        };
        // About the first pass: any value near them all will do.
        let about: Vec<f64> = seen.iter().filter_map(|a| a.first().copied()).collect();
        let Some(rt) = path::angle_path_repeatability(seen, &about) else {
            continue;
        };
        let angle = Angle {
            symbol: format!("RT_{name}"),
            name: Text::new(
                format!("Path repeatability of the angle {name} (±)"),
                format!("角度 {name} 的轨迹重复性（±）"),
            ),
            value: rt.value,
            scatter: Scatter::Seen(angle::of_spread(rt.value, passes.n)),
            // Noise alone would show 3 sigma.
            instrument: budget::angle_noise(passes.channel, 1).map(|s| 3.0 * s / 2.0),
            registration: None,
        };
        angle.beside(passes.channel, answer);
    }
    answer.value = Some(Value::Quantity(budget.measured(
        rt.value,
        unit("mm"),
        passes.n,
    )));
    Ok(())
}
