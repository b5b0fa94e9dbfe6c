//! The environment over a run: channels and prompts that bear the name of an entry of the bench's
//! `environment`.

use crate::figure::{axis, decimate_all, figure, series};
use crate::stats::summary::Running;
use certbench_model::condition::{Condition, Entered};
use certbench_model::figure::FigureKind;
use certbench_model::{EventBody, Quantity, Recorded, Text, Unit};

/// What was measured of the environment, one entry a channel whose name the bench's `environment` has
/// (`room_temperature: 22 Cel` beside a channel `room_temperature`), in their order; then one entry a
/// name that a prompt bears, with every number that a person entered there. A name without one valid
/// reading has none.
#[must_use]
pub fn environment(run: &dyn Recorded) -> Vec<Condition> {
    let plan = &run.facts().plan;
    let channels = plan.channels.iter().enumerate();
    let named = channels.filter(|(_, c)| plan.bench.environment.contains_key(&c.id));
    let measured = named.filter_map(|(index, channel)| {
        let unit = channel.components.first()?.unit;
        of_channel(run, u16::try_from(index).ok()?, &channel.id, unit)
    });
    let names = plan.bench.environment.iter();
    let entered = names.filter_map(|(name, declared)| of_prompts(run, name, declared.unit));
    measured.chain(entered).collect()
}

fn of_channel(run: &dyn Recorded, channel: u16, id: &str, unit: Unit) -> Option<Condition> {
    condition(id, unit, || {
        let samples = run.samples(channel, 0, u64::MAX).filter_map(Result::ok);
        samples.filter_map(|s| Some((s.time_ns, s.reading.component(0)?)))
    })
}

/// What was answered to the prompts of that name; what is no number in such a unit is no reading.
fn of_prompts(run: &dyn Recorded, name: &str, unit: Unit) -> Option<Condition> {
    let answered = run.facts().events.iter().filter_map(|line| {
        let EventBody::Answered {
            prompt, answer, by, ..
        } = &line.event.body
        else {
            return None;
        };
        let value = answer.parse::<Quantity>().ok()?.to(unit).ok()?;
        (prompt == name).then(|| Entered {
            at_ns: line.event.time_ns,
            value,
            by: by.clone(),
            line: line.seq,
        })
    });
    let entered: Vec<Entered> = answered.collect();
    let condition = condition(name, unit, || entered.iter().map(|e| (e.at_ns, e.value)))?;
    Some(Condition {
        entered,
        ..condition
    })
}

/// Goes over the readings twice, so that nothing is held that grows with them.
fn condition<I: Iterator<Item = (u64, f64)>>(
    id: &str,
    unit: Unit,
    readings: impl Fn() -> I,
) -> Option<Condition> {
    let (mut span, mut running): (Option<(u64, u64)>, _) = (None, Running::default());
    let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
    for (time_ns, value) in readings() {
        span = Some((span.map_or(time_ns, |(from_ns, _)| from_ns), time_ns));
        running.add(value);
        least = least.min(value);
        most = most.max(value);
    }
    let (from_ns, to_ns) = span?;
    let n = usize::try_from(running.n()).unwrap_or(usize::MAX);
    let points = readings().map(|(t, value)| (t as f64 / 1e9, value));
    let name = Text::same(id);
    Some(Condition {
        channel: id.to_string(),
        unit,
        n: running.n(),
        least,
        mean: running.mean()?,
        most,
        from_ns,
        to_ns,
        figure: figure(
            FigureKind::Curve,
            Text::new(format!("{id} over the run"), format!("运行期间的 {id}")),
            axis(
                Text::new("Time", "时间"),
                Unit::parse("s").unwrap_or(Unit::one()),
            ),
            axis(name.clone(), unit),
            vec![series(name, decimate_all(n, points))],
        ),
        entered: Vec::new(),
    })
}
