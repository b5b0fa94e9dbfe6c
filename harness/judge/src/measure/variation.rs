//! Multi-directional pose accuracy variation: one pose, three directions of approach.

use super::pose::{self, Visit};
use super::{Answer, Task, named, no_number, unit};
use crate::budget::Budget;
use crate::metric::iso9283::variation;
use certbench_model::Text;
use certbench_model::finding::{Reason, Value};

const DIRECTIONS: [&str; 3] = ["first", "second", "third"];

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
