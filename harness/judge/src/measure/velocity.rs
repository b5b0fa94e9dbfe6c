//! Velocity along a path over its steady part: accuracy AV, repeatability RV, fluctuation FV.

use super::path::{self, Passes};
use super::{Answer, Task, angle, named, pose, unit};
use crate::budget::{self, Budget, Doubt};
use crate::metric::force::noise_bias;
use crate::metric::iso9283::cube;
use crate::metric::iso9283::velocity::{PathVelocity, path_velocity};
use certbench_model::Text;
use certbench_model::finding::{NamedValue, Reason, Value};
use std::f64::consts::SQRT_2;

/// What was seen between the planes that the suite leaves in.
struct Steady<'a> {
    passes: Passes<'a>,
    /// Commanded, mm/s.
    command: f64,
    of: PathVelocity,
    /// Length of the steady part and of its shortest stretch between planes, mm.
    length_mm: f64,
    stretch_mm: f64,
    /// Speeds of a pass.
    speeds: usize,
}

fn steady<'a>(task: Task<'a>, answer: &mut Answer) -> Result<Steady<'a>, Reason> {
    let command = task.params().positive("velocity", unit("mm/s"))?;
    let skip = usize::try_from(task.params().count("skip")?).unwrap_or(usize::MAX);
    let passes = path::passes(task, answer)?;
    let each: Option<Vec<Vec<f64>>> = passes
        .speeds
        .iter()
        .map(|s| Some(s.get(skip..s.len().checked_sub(skip)?)?.to_vec()))
        .collect();
    let each = each
        .filter(|s| s.iter().all(|p| !p.is_empty()))
        .ok_or_else(path::none)?;
    let of = path_velocity(&each, command).ok_or_else(path::none)?;
    let last = passes.planes.len().saturating_sub(skip);
    let planes = passes.planes.get(skip..last).unwrap_or_default();
    let stretches = || planes.windows(2).map(|w| cube::along(w[0], w[1]));
    Ok(Steady {
        command,
        of,
        length_mm: stretches().sum(),
        stretch_mm: stretches().fold(f64::INFINITY, f64::min),
        speeds: each.first().map_or(0, Vec::len),
        passes,
    })
}

impl Steady<'_> {
    /// What a length between two crossings leaves open of the mean velocity, mm/s per mm.
    fn per_mm(&self, length_mm: f64) -> f64 {
        self.of.mean * SQRT_2 / length_mm
    }

    /// What the times of two crossings, whose delays may differ, leave open of the velocity over the
    /// length between them, mm/s: at most.
    fn by_delay(&self, length_mm: f64) -> f64 {
        let [least, most] = self.passes.channel.delay_s;
        self.of.mean * self.of.mean * (most - least) / length_mm
    }

    /// A velocity in percent of the command.
    fn percent(&self, velocity: f64) -> f64 {
        100.0 * velocity / self.command
    }

    /// What does not cancel between two crossings near each other, mm.
    fn between_crossings(&self) -> Result<Option<Doubt>, Reason> {
        let channel = self.passes.channel;
        let at = pose::from_mm(channel, self.passes.far_mm)?;
        let apart = budget::between_readings(channel, at, budget::noise(channel));
        pose::in_mm(channel, apart)
    }

    /// The line of the budget for times, `half` in the unit of the result.
    fn timing(&self, budget: &mut Budget, half: f64) {
        budget.rectangular(
            Text::new("When the planes were crossed", "穿过平面的时刻"),
            half,
            Some(self.passes.channel.id.clone()),
        );
    }

    fn mean(&self) -> NamedValue {
        let speed = unit("mm/s");
        named("v̄", "Mean velocity", "平均速度", self.of.mean, speed, None)
    }
}

/// AV, with RV and FV beside it.
pub(super) fn accuracy(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let steady = steady(task, answer)?;
    let (seen, channel) = (steady.of, steady.passes.channel);
    let (percent, speed) = (unit("%"), unit("mm/s"));
    let mut budget = Budget::default();
    budget.scatter(
        Text::new("Scatter of the passes", "各次运动的分散"),
        Some(seen.rv / 3.0 / (seen.n as f64).sqrt()),
        seen.n as f64 - 1.0,
    );
    let length = steady.length_mm;
    let u = pose::instrument(channel, steady.passes.far_mm)?;
    budget.certificate(
        Text::new("Instrument, at both ends", "仪器（两端）"),
        u.map(|u| u * steady.percent(steady.per_mm(length))),
        channel,
    );
    steady.timing(&mut budget, steady.percent(steady.by_delay(length)));
    answer.more.extend([
        steady.mean(),
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

/// RV: what the instrument alone would show as three standard deviations is its uncertainty.
pub(super) fn repeatability(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let steady = steady(task, answer)?;
    let (seen, channel) = (steady.of, steady.passes.channel);
    let mut budget = Budget::default();
    let sampling = angle::of_spread(seen.rv, seen.n);
    budget.scatter(
        Text::new("Sampling of the passes", "各次运动的抽样"),
        sampling.map(|s| s.0),
        seen.n as f64 - 1.0,
    );
    let length = steady.length_mm;
    let shown = |velocity: f64| 3.0 / 2.0 * steady.percent(velocity);
    budget.certificate(
        Text::new(
            "Instrument between passes, as repeatability",
            "各次运动之间的仪器（折算为重复性）",
        ),
        steady
            .between_crossings()?
            .map(|u| u * shown(steady.per_mm(length))),
        channel,
    );
    steady.timing(&mut budget, shown(steady.by_delay(length)));
    answer.more.push(steady.mean());
    answer.value = Some(Value::Quantity(budget.measured(seen.rv, unit("%"), seen.n)));
    Ok(())
}

/// FV, of the pass that fluctuates most: a difference of two speeds, each between two crossings. A
/// largest value, which noise lifts.
pub(super) fn fluctuation(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let steady = steady(task, answer)?;
    let (seen, channel) = (steady.of, steady.passes.channel);
    let stretch = steady.stretch_mm;
    let mut budget = Budget::default();
    budget.certificate(
        Text::new("Instrument, of two speeds", "仪器（两处速度）"),
        steady
            .between_crossings()?
            .map(|u| u * (SQRT_2 * steady.per_mm(stretch))),
        channel,
    );
    steady.timing(&mut budget, 2.0 * steady.by_delay(stretch));
    if let Some(noise) = pose::in_mm(channel, budget::noise(channel))? {
        // The largest of a pass and its least.
        let lift = 2.0 * noise_bias(noise * steady.per_mm(stretch), steady.speeds);
        budget.rectangular(
            Text::new("Range of noisy speeds", "含噪声速度的极差偏大"),
            lift,
            channel.calibration.as_ref().map(|c| c.certificate.clone()),
        );
    }
    let worst = seen.worst as f64 + 1.0;
    answer.more.extend([
        named(
            "j",
            "Pass that fluctuates most",
            "波动最大的一次运动",
            worst,
            certbench_model::Unit::one(),
            None,
        ),
        steady.mean(),
    ]);
    answer.estimand = Some(Text::new(
        format!(
            "the least steady of these {} passes, this item on this bench",
            seen.n
        ),
        format!("本被测件在本台架上这 {} 次运动中最不平稳的一次", seen.n),
    ));
    let fv = budget.measured(seen.fv, unit("mm/s"), seen.n);
    answer.value = Some(Value::Quantity(fv));
    Ok(())
}
