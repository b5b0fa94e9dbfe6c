//! One load step a window: a channel against another, step by step.

use super::{Answer, Task, Window, named, no_number, unit};
use crate::budget::{self, Budget, Doubt};
use crate::figure;
use crate::metric::hand::manipulation;
use crate::metric::iso9283::compliance;
use crate::metric::sensor::{self, Step};
use crate::reason::because;
use crate::stats::summary::{Running, Summary};
use crate::trace::distance;
use certbench_model::figure::{Figure, FigureKind};
use certbench_model::finding::{Reason, Value};
use certbench_model::sample::COMPONENTS_MAX;
use certbench_model::{Channel, Text, Unit};

/// Mean of a channel over a window, in a unit.
pub(super) fn mean(
    task: Task<'_>,
    window: Window<'_>,
    channel: &Channel,
    to: Unit,
    answer: &mut Answer,
) -> Result<f64, Reason> {
    mean_of(task, window, (channel, 0), to, answer)
}

/// Mean of one component of a channel over a window, in a unit.
pub(super) fn mean_of(
    task: Task<'_>,
    window: Window<'_>,
    (channel, component): (&Channel, usize),
    to: Unit,
    answer: &mut Answer,
) -> Result<f64, Reason> {
    mean_and_far(task, window, (channel, component), to, answer).map(|(mean, _)| mean)
}

/// The same, and of a pose the largest distance from its tracker, in the channel's unit: where its
/// certificate is read.
pub(super) fn mean_and_far(
    task: Task<'_>,
    window: Window<'_>,
    (channel, component): (&Channel, usize),
    to: Unit,
    answer: &mut Answer,
) -> Result<(f64, Option<f64>), Reason> {
    // A window may be hours long: nothing of it is kept.
    let (mut running, mut far) = (Running::default(), None);
    let take = |_, values: &[f64; COMPONENTS_MAX]| {
        running.add(values.get(component).copied().unwrap_or(f64::NAN));
        far = farther(far, distance(channel, values));
    };
    let passed = window.pass(task.reader, &channel.id, &mut answer.doubts, take)?;
    passed.check_gaps(&mut answer.doubts);
    let mean = running.mean().ok_or_else(none)?;
    let of = channel
        .components
        .get(component)
        .map_or(Unit::one(), |c| c.unit);
    let mean = of.convert(mean, to).map_err(|e| {
        because(
            "unit",
            format!("{}: {e}", channel.id),
            format!("{}：{e}", channel.id),
        )
    })?;
    Ok((mean, far))
}

/// The larger of two distances that may be none.
pub(super) fn farther(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    a.into_iter().chain(b).reduce(f64::max)
}

/// The component of the channel under test that the suite names; the first one otherwise.
pub(super) fn tested(task: Task<'_>, channel: &Channel) -> Result<usize, Reason> {
    let Some(name) = task.params().optional_word("component") else {
        return Ok(0);
    };
    channel.component(name).ok_or_else(|| {
        because(
            "parameter",
            format!("{} has no component {name}", channel.id),
            format!("{} 没有分量 {name}", channel.id),
        )
    })
}

/// Unit of a channel's first component.
pub(super) fn own(channel: &Channel) -> Unit {
    channel.components.first().map_or(Unit::one(), |c| c.unit)
}

pub(super) fn none() -> Reason {
    no_number(
        "Too few load steps, or loads that are all equal",
        "加载步过少，或载荷全部相等",
    )
}

/// The steps of the windows: first channel, second channel, in two units.
pub(super) fn pairs(
    task: Task<'_>,
    inputs: [(&str, Unit); 2],
    answer: &mut Answer,
) -> Result<Vec<(f64, f64)>, Reason> {
    let [(x, x_unit), (y, y_unit)] = inputs;
    let (x, y) = (task.channel(x)?, task.channel(y)?);
    let mut pairs = Vec::new();
    for window in task.windows("over", answer)? {
        let at = mean(task, window, x, x_unit, answer)?;
        pairs.push((at, mean(task, window, y, y_unit, answer)?));
    }
    answer.n = u32::try_from(pairs.len()).unwrap_or(u32::MAX);
    Ok(pairs)
}

pub(super) fn draw(title: Text, x: (Text, Unit), y: (Text, Unit), pairs: &[(f64, f64)]) -> Figure {
    let points = figure::decimate(pairs);
    figure::figure(
        FigureKind::Scatter,
        title,
        figure::axis(x.0, x.1),
        figure::axis(y.0, y.1),
        vec![figure::series(Text::new("load steps", "加载步"), points)],
    )
}

/// What is left open of the instrument at its largest reading, in a unit.
pub(super) fn largest_u(
    channel: &Channel,
    values: impl Iterator<Item = f64>,
    of: Unit,
) -> Option<Doubt> {
    let at = of.convert(farthest(values)?, own(channel)).ok()?;
    budget::instrument(channel, at)?.converted(own(channel), of)
}

/// The value farthest from zero.
pub(super) fn farthest(values: impl Iterator<Item = f64>) -> Option<f64> {
    values.max_by(|a, b| a.abs().total_cmp(&b.abs()))
}

/// The steps of one input: what the reference says, what the component under test says, in the
/// reference's unit.
pub(super) fn load_steps(
    task: Task<'_>,
    input: &str,
    answer: &mut Answer,
) -> Result<Vec<Step>, Reason> {
    let (reference, sensor) = (task.channel("reference")?, task.channel("sensor")?);
    let (of, component) = (own(reference), tested(task, sensor)?);
    let mut steps = Vec::new();
    for window in task.windows(input, answer)? {
        steps.push(Step {
            applied: mean(task, window, reference, of, answer)?,
            indicated: mean_of(task, window, (sensor, component), of, answer)?,
        });
    }
    Ok(steps)
}

/// Nonlinearity or hysteresis of the item's own reading against a reference, of full scale.
pub(super) fn sensor(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let reference = task.channel("reference")?;
    // The item's own reading has no certificate: it is what is measured.
    let of = own(reference);
    let full = task.params().positive("full_scale", of)?;
    let steps = load_steps(task, "over", answer)?;
    answer.n = u32::try_from(steps.len()).unwrap_or(u32::MAX);
    let seen: Vec<(f64, f64)> = steps.iter().map(|s| (s.applied, s.indicated)).collect();
    let line = sensor::linearity(&steps, full).ok_or_else(none)?;
    let value = if task.metric.id == "sensor-hysteresis" {
        let top = steps.iter().enumerate();
        let top = top
            .max_by(|a, b| a.1.applied.total_cmp(&b.1.applied))
            .map_or(0, |t| t.0);
        sensor::hysteresis(&steps[..=top], &steps[top..], full).ok_or_else(|| {
            no_number(
                "The windows do not load step by step and then unload",
                "窗口不是先逐级加载再卸载",
            )
        })?
    } else {
        line.nonlinearity
    };
    let percent = unit("%");
    let mut budget = Budget::default();
    let u = largest_u(reference, steps.iter().map(|s| s.applied), of);
    budget.certificate(
        Text::new("Reference, of full scale", "参考仪器（占满量程）"),
        u.map(|u| u * (100.0 / full)),
        reference,
    );
    answer.more.extend([
        named(
            "gain",
            "Indicated per applied",
            "示值与载荷之比",
            line.gain,
            Unit::one(),
            None,
        ),
        named(
            "zero",
            "Indicated at no load",
            "空载示值",
            line.offset,
            of,
            None,
        ),
    ]);
    answer.figures.push(draw(
        Text::new("Indicated over applied", "示值与载荷"),
        (Text::new("Applied", "载荷"), of),
        (Text::new("Indicated", "示值"), of),
        &seen,
    ));
    answer.value = Some(Value::Quantity(budget.measured(
        100.0 * value,
        percent,
        seen.len(),
    )));
    Ok(())
}

/// Force over displacement, or displacement over force.
pub(super) fn elastic(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let (force, moved) = (task.channel("force")?, task.channel("displacement")?);
    let (n, mm) = (unit("N"), unit("mm"));
    let soft = task.metric.id == "iso9283-static-compliance";
    let no_load = task.params().number("no_load", n)?;
    let seen = pairs(task, [("force", n), ("displacement", mm)], answer)?;
    let (value, scatter, of) = if soft {
        // Displacements count from the step without load.
        let zero = seen.iter().min_by(|a, b| a.0.abs().total_cmp(&b.0.abs()));
        let &(_, zero) = zero.ok_or_else(none)?;
        let loaded: Vec<(f64, f64)> = seen
            .iter()
            .map(|(f, d)| (f.abs(), (d - zero).abs()))
            .filter(|(f, _)| *f > no_load)
            .collect();
        let c = compliance::compliance(&loaded).ok_or_else(none)?;
        let worst = ("Largest of all steps", "各步最大值");
        answer.more.push(named(
            "c_max",
            worst.0,
            worst.1,
            c.worst,
            unit("mm/N"),
            None,
        ));
        (c.slope, c.slope_u, unit("mm/N"))
    } else {
        let turned: Vec<(f64, f64)> = seen.iter().map(|(f, d)| (*d, *f)).collect();
        let (k, u) = manipulation::stiffness(&turned).ok_or_else(none)?;
        (k, Some(u), unit("N/mm"))
    };
    let nu = seen.len() as f64 - 2.0;
    let mut budget = Budget::default();
    budget.scatter(
        Text::new("Scatter about the line", "对直线的分散"),
        scatter.filter(|_| nu >= 1.0),
        nu,
    );
    // Relative to the span of each channel: a scale error goes into the slope in full.
    let relative = |channel: &Channel, values: Vec<f64>, of: Unit| {
        let span = Summary::of(&values).map(|s| s.max - s.min)?;
        largest_u(channel, values.into_iter(), of).map(|u| u * (value / span))
    };
    let forces = seen.iter().map(|p| p.0).collect();
    let ways = seen.iter().map(|p| p.1).collect();
    budget.certificate(Text::new("Force", "力"), relative(force, forces, n), force);
    budget.certificate(
        Text::new("Displacement", "位移"),
        relative(moved, ways, mm),
        moved,
    );
    answer.figures.push(draw(
        Text::new("Displacement over force", "位移与力"),
        (Text::new("Force", "力"), n),
        (Text::new("Displacement", "位移"), mm),
        &seen,
    ));
    answer.value = Some(Value::Quantity(budget.measured(value, of, seen.len())));
    Ok(())
}
