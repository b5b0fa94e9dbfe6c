//! The end of the way that a stop cuts short: what rests there may have stopped by itself.

use super::{Answer, Task, no_number, pose, unit};
use crate::frame::Pose;
use crate::metric::iso9283::barycentre;
use crate::reason::because;
use crate::trace::Trace;
use certbench_model::Quantity;
use certbench_model::finding::Reason;

/// Parameter: the pose of the bench to which the item was under way.
const TO: &str = "to";

/// Whether what is measured came to rest within `to_within` of the pose `to`, over the last `dwell_s`
/// of the window. `false` without that parameter.
pub(super) fn rests_at_its_end(
    task: Task<'_>,
    trace: &Trace<'_>,
    dwell_s: f64,
) -> Result<bool, Reason> {
    let Some(to) = task.params().optional_word(TO) else {
        return Ok(false);
    };
    let within_mm = task.params().positive("to_within", unit("mm"))?;
    let command = pose::commanded(task, Some(to))?;
    pose::registration(task, task.channel("position")?, &command)?;
    let poses: Vec<(f64, Pose)> = trace.registered()?;
    let last = poses.last().map_or(0.0, |(t, _)| *t);
    let resting = poses.iter().filter(|(t, _)| *t >= last - dwell_s);
    let positions: Vec<_> = resting.map(|(_, p)| p.position_mm).collect();
    let at = barycentre(&positions).ok_or_else(|| {
        no_number(
            "Too few samples for where it came to rest",
            "采样过少，无法得出静止位置",
        )
    })?;
    let [x, y, z] = [0, 1, 2].map(|i| at[i] - command.position[i]);
    Ok(x.hypot(y).hypot(z) <= within_mm)
}

/// A stop whose item rests at the end of its way says nothing where it meets the limit: it may have
/// ended by itself. Beyond the limit it has not been stopped in time, whatever stopped it.
pub(super) fn doubt(task: Task<'_>, worst: Option<Quantity>, answer: &mut Answer) {
    let limit = task.measure.accept.as_ref().and_then(|a| a.at_most);
    let beyond = worst
        .zip(limit)
        .is_some_and(|(worst, limit)| worst.to(limit.unit).is_ok_and(|value| value > limit.value));
    if !beyond {
        answer.doubts.add(because(
            "ended-by-itself",
            "An item rests at the end of its way: it may have arrived there, and not been stopped; \
             demand the stop earlier, or give it a longer way",
            "被测件静止于行程终点：可能是自行到达而非被停止；请更早触发停止或加长行程",
        ));
    }
}
