//! Frames that a run found for itself: windows at poses whose commanded positions are known.

use crate::course::{Course, WindowRun};
use crate::frame;
use crate::measure::unit;
use crate::metric::iso9283::{Position, barycentre};
use crate::metric::registration::{Rigid, rigid_fit};
use crate::reason::{Reasons, because};
use crate::stats::{Confidence, student};
use crate::trace::Reader;
use certbench_model::event::WindowEnd;
use certbench_model::finding::{Evidence, FittedFrame, FrameFit, Reason, Residual};
use certbench_model::step::{Over, Registers, Repeat};
use certbench_model::{Plan, Quantity, Registration, Step};
use std::collections::BTreeSet;

/// One fit a channel that the plan registers, in the order of the plan.
pub(crate) fn fits(reader: Reader<'_>, course: &Course<'_>) -> Vec<FittedFrame> {
    let mut fits: Vec<FittedFrame> = Vec::new();
    for case in &reader.plan.cases {
        let mut found = Vec::new();
        for step in case.setup.iter().chain(&case.steps) {
            registrations(step, &mut found);
        }
        for (repeat, registers) in &found {
            // Written out row by row, one registration is several repeats.
            if fits.iter().any(|f| f.channel == registers.channel) {
                continue;
            }
            let same = found.iter().filter(|(_, r)| r.channel == registers.channel);
            let planned = same.map(|(repeat, _)| repeat.over.count()).sum();
            let windows = course.cases.get(case.id.as_str());
            let windows = windows.map_or(&[][..], |c| c.windows.as_slice());
            let mut doubts = Reasons::default();
            let points = points(reader, windows, repeat, registers, &mut doubts);
            let fit = points.and_then(|p| fit(reader.plan, registers, p, planned));
            let fit = fit.map_err(|reason| doubts.add(reason)).ok();
            let reasons = doubts.into_vec();
            fits.push(FittedFrame {
                case: case.id.clone(),
                channel: registers.channel.clone(),
                fit: fit.filter(|_| reasons.is_empty()),
                reasons,
            });
        }
    }
    fits
}

/// The plan with the frames that were fitted, which take the place of the bench's.
pub(crate) fn with_frames(plan: &Plan, fits: &[FittedFrame]) -> Plan {
    let mut plan = plan.clone();
    for fitted in fits {
        let channels = plan.channels.iter_mut();
        for channel in channels.filter(|c| c.id == fitted.channel) {
            channel.registration = fitted.fit.as_ref().map(|f| f.registration.clone());
        }
    }
    plan
}

fn registrations<'a>(step: &'a Step, found: &mut Vec<(&'a Repeat, &'a Registers)>) {
    if let Step::Repeat(repeat) = step {
        found.extend(repeat.registers.as_ref().map(|r| (repeat, r)));
    }
    step.inner().for_each(|inner| registrations(inner, found));
}

/// A point of a fit.
struct Point {
    pose: String,
    seen: Position,
    known: Position,
    evidence: Evidence,
}

/// The points that the windows saw, in the order of performance.
fn points(
    reader: Reader<'_>,
    windows: &[WindowRun<'_>],
    repeat: &Repeat,
    registers: &Registers,
    doubts: &mut Reasons,
) -> Result<Vec<Point>, Reason> {
    let of_it = windows.iter().filter(|w| w.id == registers.window);
    of_it
        .map(|window| point(reader, window, repeat, registers, doubts))
        .collect()
}

fn fit(
    plan: &Plan,
    registers: &Registers,
    points: Vec<Point>,
    planned: u32,
) -> Result<FrameFit, Reason> {
    let id = &registers.channel;
    let seen: Vec<Position> = points.iter().map(|p| p.seen).collect();
    let known: Vec<Position> = points.iter().map(|p| p.known).collect();
    if points.len() < planned as usize {
        let n = points.len();
        return Err(because(
            "registration-points",
            format!("{n} of {planned} points were seen for the frame of {id}"),
            format!("{id} 的坐标系应观测 {planned} 个点，实际 {n} 个"),
        ));
    }
    let rigid = rigid_fit(&seen, &known).ok_or_else(|| {
        because(
            "registration-line",
            format!("The points for the frame of {id} are fewer than three or lie on one line"),
            format!("用于 {id} 坐标系的点少于三个或共线"),
        )
    })?;
    let (worst, most) = points
        .iter()
        .zip(&rigid.residuals_mm)
        .max_by(|a, b| a.1.total_cmp(b.1))
        .map_or(("", 0.0), |(p, r)| (p.pose.as_str(), *r));
    if most.is_nan() || most > registers.residual_max_mm {
        let allowed = registers.residual_max_mm;
        return Err(because(
            "registration-residual",
            format!(
                "{id} is off by {most:.3} mm at {worst} after the fit of its frame; at most {allowed} mm are allowed"
            ),
            format!("{id} 坐标系拟合后在 {worst} 处残差 {most:.3} mm，超过允许的 {allowed} mm"),
        ));
    }
    Ok(FrameFit {
        registration: registration(plan, registers, &points, &rigid, most, worst),
        rms: mm(rigid.rms_mm()),
        residuals: points
            .into_iter()
            .zip(&rigid.residuals_mm)
            .map(|(p, r)| Residual {
                point: p.pose,
                distance: mm(*r),
                evidence: p.evidence,
            })
            .collect(),
    })
}

/// The mean position that a window saw, beside the commanded one.
fn point(
    reader: Reader<'_>,
    window: &WindowRun<'_>,
    repeat: &Repeat,
    registers: &Registers,
    doubts: &mut Reasons,
) -> Result<Point, Reason> {
    let id = &registers.channel;
    let pose = window.context.scope.variables.get(&repeat.variable);
    let pose = pose.cloned().unwrap_or_default();
    let Some((to_ns, WindowEnd::Reached | WindowEnd::TimedOut)) = window.closed else {
        return Err(because(
            "window-cut",
            format!("The window at {pose}, for the frame of {id}, was cut off"),
            format!("{pose} 处用于 {id} 坐标系的窗口被中断"),
        ));
    };
    let bench = &reader.plan.bench;
    let commanded = bench.poses.get(&pose);
    let commanded = commanded.filter(|p| p.frame.as_ref() == Some(&registers.frame));
    let known = commanded.and_then(|p| p.tcp).ok_or_else(|| {
        because(
            "no-command-pose",
            format!(
                "The bench does not say where {pose} is commanded to be in {}",
                registers.frame
            ),
            format!("台架文件未给出 {pose} 在 {} 中的指令位置", registers.frame),
        )
    })?;
    let trace = reader.trace(id, window.from_ns, to_ns, doubts)?;
    trace.check_gaps(doubts);
    let positions: Vec<Position> = trace.poses()?.iter().map(|(_, p)| p.position_mm).collect();
    let seen = barycentre(&positions).ok_or_else(|| {
        because(
            "no-samples",
            format!("{id} gave no valid sample at {pose}"),
            format!("{id} 在 {pose} 处无有效采样"),
        )
    })?;
    Ok(Point {
        pose,
        seen,
        known: [known[0], known[1], known[2]],
        evidence: Evidence {
            what: format!("{} #{}", window.id, window.instance),
            line: window.line,
            from_ns: window.from_ns,
            to_ns,
        },
    })
}

/// With the uncertainty at that visited pose, in the same frame, where it is largest; taken as if it
/// lay all along one direction.
fn registration(
    plan: &Plan,
    registers: &Registers,
    points: &[Point],
    rigid: &Rigid,
    most: f64,
    worst: &str,
) -> Registration {
    let mut visited = BTreeSet::new();
    let steps = plan.cases.iter().flat_map(|c| &c.steps);
    steps.for_each(|step| rows(step, &mut visited));
    let poses = plan.bench.poses.iter();
    let u = poses
        .filter(|(name, pose)| {
            visited.contains(name.as_str()) && pose.frame.as_ref() == Some(&registers.frame)
        })
        .filter_map(|(_, pose)| pose.tcp)
        .map(|tcp| rigid.uncertainty_at([tcp[0], tcp[1], tcp[2]]))
        .fold(0.0, f64::max);
    // Few points say little of their own scatter: Student's factor over the 2 that k = 2 stands for.
    let k = student::coverage_factor(rigid.nu(), Confidence::P9545);
    let names: Vec<&str> = points.iter().map(|p| p.pose.as_str()).collect();
    Registration {
        frame: registers.frame.clone(),
        method: format!(
            "best fit over {} points of this run ({}); residuals {:.4} mm rms, at most {most:.4} mm at {worst}",
            points.len(),
            names.join(", "),
            rigid.rms_mm()
        ),
        translation_mm: rigid.translation_mm,
        rotation_deg: frame::angles(rigid.rotation),
        u_position: mm(k.unwrap_or(f64::INFINITY) * u),
        u_angle: None,
    }
}

/// Rows that the plan goes over, unless it registers by them.
fn rows<'a>(step: &'a Step, found: &mut BTreeSet<&'a str>) {
    if let Step::Repeat(repeat) = step
        && let (Over::Rows { order, .. }, None) = (&repeat.over, &repeat.registers)
    {
        found.extend(order.iter().map(String::as_str));
    }
    step.inner().for_each(|inner| rows(inner, found));
}

fn mm(value: f64) -> Quantity {
    Quantity::new(value, unit("mm"))
}
