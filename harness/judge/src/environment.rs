//! The environment over a run: channels that bear the name of an entry of the bench's `environment`.

use crate::figure::{axis, decimate, figure, series};
use certbench_model::condition::Condition;
use certbench_model::figure::FigureKind;
use certbench_model::{Recorded, Text, Unit};

/// What was measured of the environment, one entry a channel whose name the bench's `environment` has
/// (`room_temperature: 22 Cel` beside a channel `room_temperature`), in their order. A channel without one
/// valid reading has none.
#[must_use]
pub fn environment(run: &dyn Recorded) -> Vec<Condition> {
    let plan = &run.facts().plan;
    let channels = plan.channels.iter().enumerate();
    let named = channels.filter(|(_, c)| plan.bench.environment.contains_key(&c.id));
    named
        .filter_map(|(index, channel)| {
            let unit = channel.components.first()?.unit;
            condition(run, u16::try_from(index).ok()?, &channel.id, unit)
        })
        .collect()
}

fn condition(run: &dyn Recorded, channel: u16, id: &str, unit: Unit) -> Option<Condition> {
    // Readings of a slow instrument: a day of one a second is a megabyte.
    let samples = run.samples(channel, 0, u64::MAX).filter_map(Result::ok);
    let readings = samples.filter_map(|s| Some((s.time_ns, s.reading.component(0)?)));
    let readings: Vec<(u64, f64)> = readings.collect();
    let ((from_ns, _), (to_ns, _)) = (*readings.first()?, *readings.last()?);
    let values = || readings.iter().map(|(_, value)| *value);
    let points: Vec<(f64, f64)> = readings
        .iter()
        .map(|(t, v)| (*t as f64 / 1e9, *v))
        .collect();
    let name = Text::same(id);
    Some(Condition {
        channel: id.to_string(),
        unit,
        n: readings.len() as u64,
        least: values().fold(f64::INFINITY, f64::min),
        mean: values().sum::<f64>() / readings.len() as f64,
        most: values().fold(f64::NEG_INFINITY, f64::max),
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
            vec![series(name, decimate(&points))],
        ),
    })
}
