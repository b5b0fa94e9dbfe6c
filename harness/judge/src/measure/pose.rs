//! Accuracy and repeatability of a pose: one mean position a visit, one result a pose.

use super::angle::{self, AXES, Angle, Scatter};
use super::{Answer, Task, Window, named, no_number, unit};
use crate::budget::{self, Budget, Doubt};
use crate::figure;
use crate::frame::Pose;
use crate::metric::iso9283::{self, Position};
use crate::reason::because;
use crate::stats::summary::Summary;
use certbench_model::figure::{Figure, FigureKind};
use certbench_model::finding::{Reason, Value};
use certbench_model::{Channel, Registration, Text, Unit};
use std::collections::BTreeMap;
use std::ops::Mul;

/// The mean pose of one visit.
pub(super) struct Visit {
    pub(super) pose: Pose,
    /// Largest distance from the tracker, mm.
    distance_mm: f64,
    /// Readings that were averaged.
    readings: usize,
    /// Begin of its window, ns.
    pub(super) from_ns: u64,
    /// Repeat variables around it.
    pub(super) variables: BTreeMap<String, String>,
}

pub(super) fn accuracy(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let command = command(task)?;
    let channel = task.channel("position")?;
    let registration = registration(task, channel, &command)?;
    let visits = visits(task, answer)?;
    let positions = positions(&visits);
    let ap = iso9283::accuracy(&positions, command.position).ok_or_else(none)?;
    let mm = unit("mm");
    let far = farthest(&visits);
    let u_system = instrument(channel, far)?;
    let u_frame = frame_u(registration)?;
    let n = positions.len();
    let mut budget = Budget::default();
    budget.scatter(
        Text::new("Scatter of the attained positions", "实到位置的分散"),
        ap.s_along.map(|s| s / (n as f64).sqrt()),
        n as f64 - 1.0,
    );
    budget.certificate(Text::new("Instrument", "仪器"), u_system, channel);
    frame_line(&mut budget, channel)?;
    let measured = budget.measured(ap.ap_p, mm, n);
    // Of the measuring system alone: no scatter of the robot, its own noise averaged over n.
    let noise = visit_noise(channel, &visits)?.unwrap_or(0.0) / (n as f64).sqrt();
    let system = u_system.map(Doubt::combined);
    let system = system.map(|u| 2.0 * (u * u + u_frame * u_frame + noise * noise).sqrt());
    condition(task, system, ap.ap_p, answer)?;
    let u_component = measured.u_expanded;
    for (axis, value) in ["x", "y", "z"].iter().zip(ap.components) {
        answer.more.push(named(
            &format!("AP_{axis}"),
            &format!("Deviation along {axis}"),
            &format!("沿 {axis} 的偏差"),
            value,
            mm,
            u_component,
        ));
    }
    for (i, axis) in AXES.into_iter().enumerate() {
        let seen = command.angles_deg.zip(angles(&visits, i));
        let seen = seen.and_then(|(command, angles)| iso9283::about(&angles, command[i]));
        let Some(deviation) = seen else { continue };
        let angle = Angle {
            symbol: format!("AP_{axis}"),
            name: Text::new(
                format!("Deviation of the angle {axis}"),
                format!("角度 {axis} 的偏差"),
            ),
            value: deviation.mean,
            scatter: Scatter::Seen(angle::of_mean(deviation.s, n)),
            instrument: budget::angle(channel),
            registration: Some(registration),
        };
        angle.beside(channel, answer);
    }
    let origin = Text::new("command", "指令位姿");
    answer.figures = scatter(&positions, command.position, origin, Beside::Barycentre);
    answer.value = Some(Value::Quantity(measured));
    Ok(())
}

/// Where a pose was attained in one run, for holding several runs against each other.
pub(crate) struct Attained {
    /// Commanded position, mm, and its frame.
    pub(crate) command: (Position, String),
    /// Mean position of each visit, in that frame, mm.
    pub(crate) positions: Vec<Position>,
    /// Its angles a, b, c at each visit, degrees, where the instrument sees them.
    pub(crate) angles: [Option<Vec<f64>>; 3],
    /// What is left open of the instrument, mm, and whose certificate says so.
    pub(crate) instrument: (Option<Doubt>, Channel),
    /// How the instrument's frame was related to that of the command.
    pub(crate) registration: Registration,
}

/// The visits of a measure of pose accuracy, with whatever makes them unusable.
pub(crate) fn attained(task: Task<'_>, answer: &mut Answer) -> Result<Attained, Reason> {
    let command = command(task)?;
    let channel = task.channel("position")?;
    let registration = registration(task, channel, &command)?;
    task.reader.check_calibration(channel, &mut answer.doubts);
    let visits = visits(task, answer)?;
    super::count_check(task, answer);
    Ok(Attained {
        command: (command.position, registration.frame.clone()),
        positions: positions(&visits),
        angles: [0, 1, 2].map(|axis| angles(&visits, axis)),
        instrument: (instrument(channel, farthest(&visits))?, channel.clone()),
        registration: registration.clone(),
    })
}

/// The registration of a tracker to the frame of a commanded pose, without which accuracy is not
/// tested.
pub(super) fn registration<'a>(
    task: Task<'_>,
    channel: &'a Channel,
    command: &Command<'_>,
) -> Result<&'a Registration, Reason> {
    let mut fitted = task
        .reader
        .frames
        .iter()
        .filter(|f| f.channel == channel.id);
    let failed = fitted.find(|f| f.fit.is_none());
    if let Some(reason) = failed.and_then(|f| f.reasons.first()) {
        return Err(reason.clone());
    }
    let registration = channel.registration.as_ref().ok_or_else(|| {
        because(
            "no-registration",
            format!(
                "{} is not registered to a frame of the bench: its accuracy cannot be tested",
                channel.id
            ),
            format!("{} 未标定到台架坐标系，无法测试准确度", channel.id),
        )
    })?;
    if command.frame != Some(registration.frame.as_str()) {
        return Err(because(
            "frame-mismatch",
            format!(
                "The commanded pose and {} are in different frames",
                channel.id
            ),
            format!("指令位姿与 {} 不在同一坐标系", channel.id),
        ));
    }
    Ok(registration)
}

/// What the registration of a channel, if it has one, adds to a budget of positions.
pub(super) fn frame_line(budget: &mut Budget, channel: &Channel) -> Result<(), Reason> {
    channel
        .registration
        .as_ref()
        .map_or(Ok(()), |r| registered(budget, r))
}

/// What a registration adds to a budget of positions.
pub(crate) fn registered(budget: &mut Budget, registration: &Registration) -> Result<(), Reason> {
    budget.normal(
        Text::new("Registration to the frame", "坐标系标定"),
        frame_u(registration)?,
        Some(registration.method.clone()),
    );
    Ok(())
}

/// Standard uncertainty of a position by its registration, mm.
pub(super) fn frame_u(registration: &Registration) -> Result<f64, Reason> {
    let u = registration.u_position.to(unit("mm")).ok().map(|u| u / 2.0);
    u.ok_or_else(|| {
        no_number(
            "The uncertainty of the registration is not a length",
            "坐标系标定的不确定度不是长度",
        )
    })
}

pub(super) fn repeatability(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let channel = task.channel("position")?;
    let visits = visits(task, answer)?;
    let positions = positions(&visits);
    let rp = iso9283::repeatability(&positions).ok_or_else(none)?;
    let mm = unit("mm");
    let n = positions.len();
    // Without a stated noise the whole uncertainty may be scatter between visits.
    let system = between_visits(channel, &visits)?;
    let system = system.map(|u| u * iso9283::noise_as_repeatability(1.0));
    let mut budget = Budget::default();
    budget.scatter(
        Text::new("Sampling of the visits (jackknife)", "到位抽样（刀切法）"),
        iso9283::repeatability_uncertainty(&positions),
        n as f64 - 1.0,
    );
    budget.certificate(as_repeatability(), system.map(|u| u * 0.5), channel);
    let measured = budget.measured(rp.rp, mm, n);
    condition(task, system.map(Doubt::combined), rp.rp, answer)?;
    answer.more.extend([
        named(
            "l̄",
            "Mean distance from the barycentre",
            "到重心的平均距离",
            rp.mean_distance,
            mm,
            None,
        ),
        named(
            "S_l",
            "Standard deviation of the distances",
            "距离的标准差",
            rp.s,
            mm,
            None,
        ),
    ]);
    let command = command(task).ok().and_then(|c| c.angles_deg);
    for (i, axis) in AXES.into_iter().enumerate() {
        let Some(angles) = angles(&visits, i) else {
            break;
        };
        // About the command, or the first visit: any value near them all will do.
        let about = match (command, &channel.registration) {
            (Some(command), Some(_)) => command[i],
            _ => angles.first().copied().unwrap_or(0.0),
        };
        let Some(value) = iso9283::angle_repeatability(&angles, about) else {
            continue;
        };
        let angle = Angle {
            symbol: format!("RP_{axis}"),
            name: Text::new(
                format!("Repeatability of the angle {axis} (±)"),
                format!("角度 {axis} 的重复性（±）"),
            ),
            value,
            scatter: Scatter::Seen(angle::of_spread(value, n)),
            // Noise alone would show 3 sigma.
            instrument: budget::angle_noise(channel, fewest_readings(&visits))
                .map(|s| 3.0 * s / 2.0),
            registration: None,
        };
        angle.beside(channel, answer);
    }
    if let Some(centre) = iso9283::barycentre(&positions) {
        let about = Text::new("barycentre", "重心");
        answer.figures = scatter(&positions, centre, about, Beside::Sphere(rp.rp));
    }
    answer.value = Some(Value::Quantity(measured));
    Ok(())
}

fn none() -> Reason {
    no_number("Too few visits of the pose", "该位姿的到位次数过少")
}

/// The standard's own condition: the measuring system at most a quarter of the value.
fn condition(
    task: Task<'_>,
    system_u: Option<f64>,
    value: f64,
    answer: &mut Answer,
) -> Result<(), Reason> {
    let condition = iso9283::uncertainty_condition(system_u.unwrap_or(f64::NAN), value);
    if condition.share.is_finite() {
        answer.more.push(named(
            "U_ms",
            "Expanded uncertainty (k = 2) of the measuring system over the value",
            "测量系统扩展不确定度（k = 2）与测得值之比",
            100.0 * condition.share,
            unit("%"),
            None,
        ));
    }
    let required = task.params().word("condition")? == "required";
    if !condition.met {
        let reason = because(
            "iso9283-condition",
            "ISO 9283:1998 asks for a measuring system with at most 25 % of the value; this \
             condition is not met",
            "ISO 9283:1998 要求测量系统不确定度不超过测得值的 25 %；该条件未满足",
        );
        if required {
            answer.doubts.add(reason);
        } else {
            answer.notes.add(reason);
        }
    }
    Ok(())
}

fn visits(task: Task<'_>, answer: &mut Answer) -> Result<Vec<Visit>, Reason> {
    let visits = visits_of(task, "over", answer)?;
    answer.n = u32::try_from(visits.len()).unwrap_or(u32::MAX);
    Ok(visits)
}

/// The visits of one input.
pub(super) fn visits_of(
    task: Task<'_>,
    input: &str,
    answer: &mut Answer,
) -> Result<Vec<Visit>, Reason> {
    visits_by(task, input, "position", answer)
}

/// The visits of one input as one of the metric's channels saw them.
pub(super) fn visits_by(
    task: Task<'_>,
    input: &str,
    channel: &str,
    answer: &mut Answer,
) -> Result<Vec<Visit>, Reason> {
    let channel = task.channel(channel)?;
    let mut visits = Vec::new();
    for window in task.windows(input, answer)? {
        visits.extend(visit(task, window, channel, answer)?);
    }
    Ok(visits)
}

fn visit(
    task: Task<'_>,
    window: Window<'_>,
    channel: &Channel,
    answer: &mut Answer,
) -> Result<Option<Visit>, Reason> {
    let trace = window.trace(task.reader, &channel.id, &mut answer.doubts)?;
    trace.check_gaps(&mut answer.doubts);
    let distances: Vec<f64> = trace
        .poses()?
        .iter()
        .map(|(_, p)| norm(p.position_mm))
        .collect();
    let poses = trace.registered()?;
    let positions: Vec<Position> = poses.iter().map(|(_, p)| p.position_mm).collect();
    let first_angles = poses.first().and_then(|(_, p)| p.angles_deg);
    let angle = |i: usize| {
        let first = first_angles?[i];
        let all: Vec<f64> = poses
            .iter()
            .filter_map(|(_, p)| Some(p.angles_deg?[i]))
            .collect();
        iso9283::about(&all, first).map(|s| first + s.mean)
    };
    let angles_deg = match [angle(0), angle(1), angle(2)] {
        [Some(a), Some(b), Some(c)] => Some([a, b, c]),
        _ => None,
    };
    let mean = iso9283::barycentre(&positions).zip(Summary::of(&distances));
    Ok(mean.map(|(position_mm, distance)| Visit {
        pose: Pose {
            position_mm,
            angles_deg,
        },
        distance_mm: distance.max,
        readings: positions.len(),
        from_ns: window.run.from_ns,
        variables: window.run.context.scope.variables.clone(),
    }))
}

fn norm(p: Position) -> f64 {
    p[0].hypot(p[1]).hypot(p[2])
}

pub(super) fn positions(visits: &[Visit]) -> Vec<Position> {
    visits.iter().map(|v| v.pose.position_mm).collect()
}

pub(super) fn angles(visits: &[Visit], axis: usize) -> Option<Vec<f64>> {
    let all = visits.iter().map(|v| v.pose.angles_deg?.get(axis).copied());
    all.collect::<Option<Vec<f64>>>().filter(|a| !a.is_empty())
}

pub(super) fn farthest(visits: &[Visit]) -> f64 {
    visits.iter().map(|v| v.distance_mm).fold(0.0, f64::max)
}

/// Standard deviation of a visit's mean by the instrument's noise, mm: that of a reading over the
/// root of the fewest readings of a visit. Assumes independent readings.
fn visit_noise(channel: &Channel, visits: &[Visit]) -> Result<Option<f64>, Reason> {
    let noise = in_mm(channel, budget::noise(channel))?;
    Ok(noise.map(|s| s / (fewest_readings(visits) as f64).sqrt()))
}

pub(super) fn fewest_readings(visits: &[Visit]) -> usize {
    visits.iter().map(|v| v.readings).min().unwrap_or(1).max(1)
}

/// What is left open of a visit's mean and does not cancel between visits of one pose, mm.
pub(super) fn between_visits(channel: &Channel, visits: &[Visit]) -> Result<Option<Doubt>, Reason> {
    let at = from_mm(channel, farthest(visits))?;
    let noise = budget::noise(channel).map(|s| s / (fewest_readings(visits) as f64).sqrt());
    in_mm(channel, budget::between_readings(channel, at, noise))
}

/// What it is called where it shows as a repeatability.
pub(super) fn as_repeatability() -> Text {
    Text::new(
        "Instrument between visits, as repeatability",
        "各次到位之间的仪器（折算为重复性）",
    )
}

/// What is left open of the instrument at a distance, mm.
pub(super) fn instrument(channel: &Channel, distance_mm: f64) -> Result<Option<Doubt>, Reason> {
    let at = from_mm(channel, distance_mm)?;
    in_mm(channel, budget::instrument(channel, at))
}

/// The channel's length unit.
fn length(channel: &Channel) -> Unit {
    let x = channel
        .component("x")
        .and_then(|i| channel.components.get(i));
    x.map_or(unit("mm"), |c| c.unit)
}

/// A length or its doubt, in the channel's unit, in mm.
pub(super) fn in_mm<T: Mul<f64, Output = T>>(
    channel: &Channel,
    value: Option<T>,
) -> Result<Option<T>, Reason> {
    let factor = length(channel)
        .convert_difference(1.0, unit("mm"))
        .map_err(|_| no_number("The channel's unit is not a length", "通道单位不是长度"))?;
    Ok(value.map(|v| v * factor))
}

pub(super) fn from_mm(channel: &Channel, value: f64) -> Result<f64, Reason> {
    unit("mm")
        .convert_difference(value, length(channel))
        .map_err(|_| no_number("The channel's unit is not a length", "通道单位不是长度"))
}

/// A commanded pose.
pub(super) struct Command<'a> {
    pub(super) position: Position,
    pub(super) angles_deg: Option<[f64; 3]>,
    pub(super) frame: Option<&'a str>,
}

/// That of the finding's row.
fn command(task: Task<'_>) -> Result<Command<'_>, Reason> {
    commanded(task, task.row.map(|(_, row)| row))
}

/// That of a named pose of the bench.
pub(super) fn commanded<'a>(task: Task<'a>, name: Option<&str>) -> Result<Command<'a>, Reason> {
    let plan = task.reader.plan;
    let pose = name.and_then(|name| plan.bench.poses.get(name));
    let tcp = pose.and_then(|p| Some((p, p.tcp?)));
    let (pose, tcp) = tcp.ok_or_else(|| {
        because(
            "no-command-pose",
            "The bench does not say where the tool centre point is commanded to be",
            "台架文件未给出该位姿的 TCP 指令位置",
        )
    })?;
    let [x, y, z, a, b, c] = tcp;
    Ok(Command {
        position: [x, y, z],
        angles_deg: Some([a, b, c]),
        frame: pose.frame.as_deref(),
    })
}

/// What a scatter shows beside the visits and the point that they are seen from.
#[derive(Clone, Copy)]
enum Beside {
    Barycentre,
    /// A sphere about the point with that radius: its outline is the same circle in every plane.
    Sphere(f64),
}

/// A circle about the origin as a closed outline.
fn circle(radius: f64) -> Vec<[f64; 2]> {
    let at = |i: u32| {
        let (sin, cos) = f64::from(i % 72 * 5).to_radians().sin_cos();
        [radius * cos, radius * sin]
    };
    (0..=72).map(at).collect()
}

/// Deviations from a point, seen from above and from the front.
fn scatter(positions: &[Position], about: Position, name: Text, beside: Beside) -> Vec<Figure> {
    let mm = unit("mm");
    let planes = [
        (
            0,
            1,
            "x",
            "y",
            Text::new("Deviations, x-y", "偏差，x-y 平面"),
        ),
        (
            0,
            2,
            "x",
            "z",
            Text::new("Deviations, x-z", "偏差，x-z 平面"),
        ),
    ];
    let draw = |(i, j, x, y, title): (usize, usize, &str, &str, Text)| {
        let points = positions
            .iter()
            .map(|p| [p[i] - about[i], p[j] - about[j]])
            .collect();
        let mut series = vec![figure::series(Text::new("visits", "各次到位"), points)];
        series.push(figure::series(name.clone(), vec![[0.0, 0.0]]));
        match beside {
            Beside::Barycentre => {
                let centre = iso9283::barycentre(positions);
                let at = centre.map(|c| [c[i] - about[i], c[j] - about[j]]);
                let name = Text::new("barycentre", "重心");
                series.push(figure::series(name, at.into_iter().collect()));
            }
            Beside::Sphere(radius) => {
                let name = Text::new("sphere of radius RP", "半径为 RP 的球");
                series.push(figure::series(name, circle(radius)));
            }
        }
        let (x, y) = (
            figure::axis(Text::same(x), mm),
            figure::axis(Text::same(y), mm),
        );
        figure::figure(FigureKind::Scatter, title, x, y, series)
    };
    planes.into_iter().map(draw).collect()
}
