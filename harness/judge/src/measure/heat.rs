//! Heat: thermal steady state, winding rise by resistance.

use super::{Answer, Task, Window, named, no_number, unit};
use crate::budget::{self, Budget, Doubt};
use crate::figure;
use crate::metric::thermal::{self, Steady};
use crate::reason::because;
use crate::stats::summary::Summary;
use certbench_model::figure::FigureKind;
use certbench_model::finding::{Reason, Value};
use certbench_model::{Channel, Text, Unit};

/// Samples of a window in another unit, absolute (degrees Celsius stay what they are).
fn samples(
    task: Task<'_>,
    window: Window<'_>,
    channel: &Channel,
    to: Unit,
    answer: &mut Answer,
) -> Result<Vec<(f64, f64)>, Reason> {
    // A window may be hours long: its time and its temperature are kept, and no more.
    let of = channel.components.first().map_or(Unit::one(), |c| c.unit);
    let mut converted = Ok(Vec::new());
    let passed = window.pass(
        task.reader,
        &channel.id,
        &mut answer.doubts,
        |t, values| match (&mut converted, of.convert(values[0], to)) {
            (Ok(samples), Ok(value)) => samples.push((t, value)),
            (Ok(_), Err(wrong)) => converted = Err(wrong),
            (Err(_), _) => {}
        },
    )?;
    passed.check_gaps(&mut answer.doubts);
    converted.map_err(|e| {
        because(
            "unit",
            format!("{}: {e}", channel.id),
            format!("{}：{e}", channel.id),
        )
    })
}

/// What is left open of a reading, in another unit.
fn u_at(channel: &Channel, reading: f64, of: Unit) -> Option<Doubt> {
    let own = channel.components.first()?.unit;
    budget::instrument(channel, of.convert(reading, own).ok()?)?.converted(own, of)
}

/// The least of the windows: the torque that causes the allowed rise by copper loss alone.
pub(super) fn rated_torque(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let [torque, winding, coolant] = ["torque", "winding", "coolant"];
    let channels = (
        task.channel(torque)?,
        task.channel(winding)?,
        task.channel(coolant)?,
    );
    let allowed = task.params().positive("allowed", unit("K"))?;
    let stretch_s = task.params().positive("stretch", unit("s"))?;
    let (c, k, nm) = (unit("Cel"), unit("K"), unit("N.m"));
    let none = || {
        no_number(
            "A window is shorter than the stretch, or the winding did not rise",
            "窗口短于评定时段，或绕组没有温升",
        )
    };
    let mut least: Option<[f64; 5]> = None;
    let windows = task.windows("over", answer)?;
    answer.n = u32::try_from(windows.len()).unwrap_or(u32::MAX);
    for window in &windows {
        let mut at_end = |channel: &Channel, to: Unit| {
            let curve = samples(task, *window, channel, to, answer)?;
            thermal::steady(&curve, stretch_s).ok_or_else(none)
        };
        let load = at_end(channels.0, nm)?;
        let (hot, cold) = (at_end(channels.1, c)?, at_end(channels.2, c)?);
        let rise = hot.mean - cold.mean;
        let torque = load.mean.abs();
        let value = thermal::torque_at_rise(torque, rise, allowed).ok_or_else(none)?;
        if least.is_none_or(|l| value < l[0]) {
            least = Some([value, torque, rise, hot.mean, cold.mean]);
        }
    }
    let [value, load, rise, hot, cold] = least.ok_or_else(none)?;
    let mut budget = Budget::default();
    // dT / T = dL / L, and half of it for the rise.
    let lines = [
        ("Torque", "转矩", channels.0, load, nm, value / load),
        (
            "Winding",
            "绕组温度",
            channels.1,
            hot,
            c,
            value / (2.0 * rise),
        ),
        (
            "Coolant",
            "冷却介质温度",
            channels.2,
            cold,
            c,
            value / (2.0 * rise),
        ),
    ];
    for (en, zh, channel, reading, of, slope) in lines {
        let u = u_at(channel, reading, of).map(|u| u * slope);
        budget.certificate(Text::new(en, zh), u, channel);
    }
    answer.more.extend([
        named(
            "T_s",
            "Torque that was held",
            "所保持的转矩",
            load,
            nm,
            None,
        ),
        named("Δθ", "Rise that it caused", "所致温升", rise, k, None),
    ]);
    answer.notes.add(because(
        "copper-loss-only",
        "The rise is taken to grow with the square of the torque; friction and iron losses do not",
        "假定温升与转矩平方成正比；摩擦与铁耗并非如此",
    ));
    answer.value = Some(Value::Quantity(budget.measured(value, nm, windows.len())));
    Ok(())
}

/// The largest change of the windows over their last stretch.
pub(super) fn steady(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let channel = task.channel("temperature")?;
    let over_s = task.params().positive("stretch", unit("s"))?;
    let (c, k) = (unit("Cel"), unit("K"));
    let mut worst: Option<(Steady, Vec<(f64, f64)>)> = None;
    let windows = task.windows("over", answer)?;
    answer.n = u32::try_from(windows.len()).unwrap_or(u32::MAX);
    let none = || no_number("A window is shorter than the stretch", "窗口短于评定时段");
    let n = windows.len();
    for window in windows {
        let curve = samples(task, window, channel, c, answer)?;
        let seen = thermal::steady(&curve, over_s).ok_or_else(none)?;
        if worst
            .as_ref()
            .is_none_or(|(w, _)| seen.change.abs() > w.change.abs())
        {
            worst = Some((seen, curve));
        }
    }
    let (seen, curve) = worst.ok_or_else(none)?;
    let mut budget = Budget::default();
    budget.scatter(
        Text::new("Scatter about the slope", "对斜率的分散"),
        Some(seen.change_u),
        seen.nu as f64,
    );
    // Within the stretch the error of a sensor at nearly one temperature is common, if the suite says so.
    if task.params().word("instrument_error")? == "independent" {
        budget.certificate(
            Text::new("Instrument, at both ends", "仪器（时段两端）"),
            u_at(channel, seen.mean, c).map(|u| u * std::f64::consts::SQRT_2),
            channel,
        );
    } else {
        answer.notes.add(because(
            "instrument-error-common",
            "The suite takes the error of the sensor as common to the whole stretch: only scatter is in \
             the uncertainty",
            "本套件视传感器误差在整个时段内相同：不确定度仅含分散",
        ));
    }
    answer.more.push(named(
        "θ",
        "Mean temperature of the stretch",
        "时段内平均温度",
        seen.mean,
        c,
        None,
    ));
    answer.figures.push(figure::figure(
        FigureKind::Curve,
        Text::new("Temperature over time", "温度随时间的变化"),
        figure::axis(Text::new("Time", "时间"), unit("s")),
        figure::axis(Text::new("Temperature", "温度"), c),
        vec![figure::series(
            Text::new("temperature", "温度"),
            figure::decimate(&curve),
        )],
    ));
    answer.value = Some(Value::Quantity(budget.measured(seen.change.abs(), k, n)));
    Ok(())
}

/// Rise over the coolant; the cooling window begins when the current is switched off (or a declared
/// time later).
pub(super) fn winding(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let (resistance, coolant) = (task.channel("resistance")?, task.channel("coolant")?);
    let (ohm, c, kelvin) = (unit("Ohm"), unit("Cel"), unit("K"));
    let material = task.params().positive("material", kelvin)?;
    let late = task.params().number("switched_off_before", unit("s"))?;
    let cold = task.windows("cold", answer)?;
    let hot = task.windows("cooling", answer)?;
    answer.n = u32::try_from(cold.len().min(hot.len())).unwrap_or(u32::MAX);
    let none = || no_number("Resistances give no rise", "电阻数据无法得出温升");
    let (&[cold], &[hot]) = (cold.as_slice(), hot.as_slice()) else {
        return Err(no_number(
            "A rise needs one cold window and one of cooling",
            "温升需要一个冷态窗口与一个冷却窗口",
        ));
    };
    let mean = |samples: Vec<(f64, f64)>| {
        let values: Vec<f64> = samples.iter().map(|s| s.1).collect();
        Summary::of(&values).ok_or_else(none)
    };
    let r1 = mean(samples(task, cold, resistance, ohm, answer)?)?.mean;
    let theta1 = mean(samples(task, cold, coolant, c, answer)?)?.mean;
    let theta_a = mean(samples(task, hot, coolant, c, answer)?)?.mean;
    let cooling: Vec<(f64, f64)> = samples(task, hot, resistance, ohm, answer)?
        .into_iter()
        .map(|(t, r)| (t + late, r))
        .collect();
    let off = thermal::at_switch_off(&cooling, r1).ok_or_else(none)?;
    let rise = thermal::winding_rise(r1, off.ohm, theta1, theta_a, material).ok_or_else(none)?;
    // Sensitivities of the formula; the two resistances get no credit for their common instrument.
    let slope = (material + theta1) / r1;
    let times = |c: f64, u: Option<Doubt>| u.map(|u| u * c);
    let mut budget = Budget::default();
    budget.scatter(
        Text::new("Extrapolation to switching off", "外推至断电时刻"),
        Some(slope * off.u),
        off.nu as f64,
    );
    budget.certificate(
        Text::new("Hot resistance", "热态电阻"),
        times(slope, u_at(resistance, off.ohm, ohm)),
        resistance,
    );
    budget.certificate(
        Text::new("Cold resistance", "冷态电阻"),
        times(slope * off.ohm / r1, u_at(resistance, r1, ohm)),
        resistance,
    );
    budget.certificate(
        Text::new("Cold temperature", "冷态温度"),
        times(off.ohm / r1, u_at(coolant, theta1, c)),
        coolant,
    );
    budget.certificate(
        Text::new("Temperature of the coolant", "冷却介质温度"),
        u_at(coolant, theta_a, c),
        coolant,
    );
    answer.more.extend([
        named("R_1", "Cold resistance", "冷态电阻", r1, ohm, None),
        named(
            "R_2",
            "Resistance at switching off",
            "断电时电阻",
            off.ohm,
            ohm,
            None,
        ),
        named("θ_1", "Temperature when cold", "冷态温度", theta1, c, None),
        named(
            "θ_a",
            "Coolant at the end",
            "试验末冷却介质温度",
            theta_a,
            c,
            None,
        ),
    ]);
    answer.figures.push(figure::figure(
        FigureKind::Curve,
        Text::new("Resistance after switching off", "断电后的电阻"),
        figure::axis(Text::new("Time", "时间"), unit("s")),
        figure::axis(Text::new("Resistance", "电阻"), ohm),
        vec![figure::series(
            Text::new("resistance", "电阻"),
            figure::decimate(&cooling),
        )],
    ));
    answer.value = Some(Value::Quantity(budget.measured(rise, kelvin, 1)));
    Ok(())
}
