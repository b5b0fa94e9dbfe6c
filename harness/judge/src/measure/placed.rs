//! Where an object is against where it should be: as it was estimated, and after a manipulation.

use super::angle::{Angle, Scatter};
use super::pose::{self, Visit};
use super::{Answer, Task, named, no_number, unit};
use crate::budget::Budget;
use crate::frame;
use crate::metric::hand::manipulation::{Rotation, moved_error, pose_error};
use crate::metric::iso9283::Position;
use crate::reason::because;
use certbench_model::finding::{Reason, Value};
use certbench_model::{Channel, Text};

/// Distance, mm, and angle, degrees, of one instance.
type Error = (f64, Option<f64>);

/// The largest distance between the reference and what was estimated.
pub(super) fn estimated(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let (reference, estimate) = (task.channel("position")?, task.channel("sensor")?);
    let frame = |c: &Channel| c.registration.as_ref().map(|r| r.frame.clone());
    if frame(reference).is_none() || frame(reference) != frame(estimate) {
        return Err(because(
            "frame-mismatch",
            format!(
                "{} and {} are not registered to one frame",
                reference.id, estimate.id
            ),
            format!("{} 与 {} 未标定到同一坐标系", reference.id, estimate.id),
        ));
    }
    let seen = pose::visits_by(task, "over", "position", answer)?;
    let evidence = std::mem::take(&mut answer.evidence);
    let told = pose::visits_by(task, "over", "sensor", answer)?;
    answer.evidence = evidence;
    let both = seen.iter().zip(&told);
    let errors: Option<Vec<Error>> = both.map(|(s, t)| between(s, t)).collect();
    worst(task, reference, &seen, errors, 1.0, answer)
}

/// The largest error of a motion of the object, against the one in the row.
pub(super) fn manipulated(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let channel = task.channel("position")?;
    let before = pose::visits_by(task, "before", "position", answer)?;
    let after = pose::visits_by(task, "after", "position", answer)?;
    if before.len() != after.len() {
        return Err(because(
            "uneven-rows",
            format!("{} windows before and {} after", before.len(), after.len()),
            format!("操作前 {} 个窗口，操作后 {} 个", before.len(), after.len()),
        ));
    }
    let [x, y, z] = ["dx", "dy", "dz"].map(|name| column(task, name, "mm"));
    let [a, b, c] = ["da", "db", "dc"].map(|name| column(task, name, "deg"));
    let columns = [x, y, z, a, b, c];
    if columns.iter().all(Option::is_none) {
        return Err(because(
            "no-command",
            "The row has none of the columns dx, dy, dz, da, db, dc; is `per` its variable?",
            "该行没有 dx、dy、dz、da、db、dc 中的任何一列；`per` 是否为其变量？",
        ));
    }
    let or_zero = |of: [Option<f64>; 3]| of.map(|v| v.unwrap_or(0.0));
    let moved = or_zero([x, y, z]);
    let turned = frame::quaternion(or_zero([a, b, c]));
    let one = |(before, after): (&Visit, &Visit)| {
        let of = |visit: &Visit| (visit.pose.position_mm, rotation(visit));
        match (of(before), of(after)) {
            ((p, Some(q)), (r, Some(s))) => {
                let (far, angle) = moved_error((p, q), (r, s), (moved, turned))?;
                Some((far, Some(angle)))
            }
            ((p, _), (r, _)) => {
                let rest: Rotation = [1.0, 0.0, 0.0, 0.0];
                let (far, _) = moved_error((p, rest), (r, rest), (moved, rest))?;
                Some((far, None))
            }
        }
    };
    let errors: Option<Vec<Error>> = before.iter().zip(&after).map(one).collect();
    worst(
        task,
        channel,
        &after,
        errors,
        std::f64::consts::SQRT_2,
        answer,
    )
}

/// A value of the finding's row.
fn column(task: Task<'_>, name: &str, of: &str) -> Option<f64> {
    let (variable, row) = task.row?;
    let value = task.row_of(variable, row)?.columns.get(name)?;
    value.quantity()?.to(unit(of)).ok()
}

fn rotation(visit: &Visit) -> Option<Rotation> {
    visit.pose.angles_deg.map(frame::quaternion)
}

fn between(reference: &Visit, told: &Visit) -> Option<Error> {
    let at = |v: &Visit| -> Position { v.pose.position_mm };
    let rest: Rotation = [1.0, 0.0, 0.0, 0.0];
    let turned = rotation(reference).zip(rotation(told));
    let (q, r) = turned.unwrap_or((rest, rest));
    let (far, angle) = pose_error((at(reference), q), (at(told), r))?;
    Some((far, turned.map(|_| angle)))
}

/// The largest distance is the result; `readings` of the reference enter each.
fn worst(
    task: Task<'_>,
    reference: &Channel,
    visits: &[Visit],
    errors: Option<Vec<Error>>,
    readings: f64,
    answer: &mut Answer,
) -> Result<(), Reason> {
    let none = || no_number("No pose of the object was seen", "未观测到物体位姿");
    let errors = errors.filter(|e| !e.is_empty()).ok_or_else(none)?;
    let mm = unit("mm");
    let far = pose::farthest(visits);
    let mut budget = Budget::default();
    budget.certificate(
        Text::new("Instrument, in every reading", "仪器（每次读数）"),
        pose::instrument(reference, far)?.map(|u| u * readings),
        reference,
    );
    // Between two readings of one tracker the frame cancels.
    let by_frame = task.metric.id == "object-pose-error";
    if by_frame {
        pose::frame_line(&mut budget, reference)?;
    }
    let distances = errors.iter().map(|e| e.0);
    let mean = distances.clone().sum::<f64>() / errors.len() as f64;
    answer
        .more
        .push(named("d̄", "Mean distance", "平均距离", mean, mm, None));
    let angles = errors.iter().filter_map(|e| e.1);
    if let Some(value) = angles.reduce(f64::max) {
        let angle = Angle {
            symbol: "θ".into(),
            name: Text::new(
                "Largest angle between the orientations",
                "姿态之间的最大角度",
            ),
            value,
            scatter: Scatter::None,
            instrument: crate::budget::angle(reference).map(|u| readings * u),
            registration: reference.registration.as_ref().filter(|_| by_frame),
        };
        angle.beside(reference, answer);
    }
    answer.n = u32::try_from(errors.len()).unwrap_or(u32::MAX);
    let value = distances.fold(0.0, f64::max);
    answer.value = Some(Value::Quantity(budget.measured(value, mm, errors.len())));
    Ok(())
}
