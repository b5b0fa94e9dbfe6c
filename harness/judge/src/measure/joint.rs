//! Joint modules: torque over current, efficiency, play and stiffness under a lever, friction over
//! speed, ripple over the angle.

use super::steps::{draw, largest_u, mean, none, own, pairs};
use super::{Answer, Task, named, no_number, unit};
use crate::budget::{self, Budget, Doubt};
use crate::metric::joint::efficiency::{self, Operating};
use crate::metric::joint::friction;
use crate::metric::joint::play::{self, Point};
use crate::metric::joint::{ripple, torque_constant};
use crate::reason::because;
use crate::stats::summary::Summary;
use certbench_model::finding::{Reason, Value};
use certbench_model::{Channel, Text, Unit};

/// Torque per current, or how far the steps lie off that line.
pub(super) fn constant(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let (current, torque) = (task.channel("current")?, task.channel("torque")?);
    let (a, nm) = (unit("A"), unit("N.m"));
    let seen = pairs(task, [("current", a), ("torque", nm)], answer)?;
    let line = torque_constant::torque_constant(&seen).ok_or_else(none)?;
    let of_kt = unit("N.m/A");
    let mut budget = Budget::default();
    let (value, of) = if task.metric.id == "joint-torque-linearity" {
        let most = seen.iter().map(|p| p.1.abs()).fold(0.0, f64::max);
        let relative = |u: Option<Doubt>, scale: f64| u.map(|u| u * (100.0 * scale / most));
        budget.certificate(
            Text::new("Torque, of the largest torque", "转矩（占最大转矩）"),
            relative(largest_u(torque, seen.iter().map(|p| p.1), nm), 1.0),
            torque,
        );
        budget.certificate(
            Text::new("Current, of the largest torque", "电流（占最大转矩）"),
            relative(
                largest_u(current, seen.iter().map(|p| p.0), a),
                line.kt.abs(),
            ),
            current,
        );
        (100.0 * line.nonlinearity, unit("%"))
    } else {
        budget.scatter(
            Text::new("Scatter about the line", "对直线的分散"),
            Some(line.kt_u),
            line.nu as f64,
        );
        for (channel, values, of, label) in [
            (
                torque,
                column(&seen, |p| p.1),
                nm,
                Text::new("Torque", "转矩"),
            ),
            (
                current,
                column(&seen, |p| p.0),
                a,
                Text::new("Current", "电流"),
            ),
        ] {
            budget.certificate(label, slope_u(channel, values, of, line.kt), channel);
        }
        (line.kt, of_kt)
    };
    answer.more.extend([
        named("Kt", "Torque constant", "转矩常数", line.kt, of_kt, None),
        named(
            "T_0",
            "Torque at no current",
            "零电流转矩",
            line.offset,
            nm,
            None,
        ),
    ]);
    answer.figures.push(draw(
        Text::new("Torque over current", "转矩与电流"),
        (Text::new("Current", "电流"), a),
        (Text::new("Torque", "转矩"), nm),
        &seen,
    ));
    answer.value = Some(Value::Quantity(budget.measured(value, of, seen.len())));
    Ok(())
}

fn column(pairs: &[(f64, f64)], of: impl Fn(&(f64, f64)) -> f64) -> Vec<f64> {
    pairs.iter().map(of).collect()
}

/// What an instrument leaves open of a slope: its uncertainty over the span of its readings. A scale
/// error goes into the slope in full.
fn slope_u(channel: &Channel, values: Vec<f64>, of: Unit, slope: f64) -> Option<Doubt> {
    let span = Summary::of(&values).map(|s| s.max - s.min)?;
    let u = largest_u(channel, values.into_iter(), of)?;
    (span > 0.0).then(|| u * (slope / span))
}

/// Mechanical over electrical power of the windows of one operating point.
pub(super) fn efficiency(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let inputs = [
        ("torque", unit("N.m")),
        ("speed", unit("rad/s")),
        ("voltage", unit("V")),
        ("current", unit("A")),
    ];
    let mut points = Vec::new();
    for window in task.windows("over", answer)? {
        let mut at = [0.0; 4];
        for (x, (input, of)) in at.iter_mut().zip(inputs) {
            // Which way it turns and which lead is which is a matter of wiring.
            *x = mean(task, window, task.channel(input)?, of, answer)?.abs();
        }
        points.push(at);
    }
    answer.n = u32::try_from(points.len()).unwrap_or(u32::MAX);
    let standstill = || {
        no_number(
            "No efficiency: a torque, speed, voltage or current is zero",
            "无法得出效率：转矩、转速、电压或电流为零",
        )
    };
    let operating = |at: [f64; 4], u: [f64; 4]| Operating {
        torque_nm: at[0],
        speed_rad_per_s: at[1],
        volt: at[2],
        ampere: at[3],
        u,
    };
    let each: Option<Vec<f64>> = points
        .iter()
        .map(|at| Some(efficiency::efficiency(&operating(*at, [0.0; 4]))?.value))
        .collect();
    let summary = Summary::of(&each.ok_or_else(standstill)?).ok_or_else(standstill)?;
    let middle = |i: usize| points.iter().map(|p| p[i]).sum::<f64>() / points.len() as f64;
    let at = [0, 1, 2, 3].map(middle);
    let (percent, mut budget) = (unit("%"), Budget::default());
    if summary.n > 1 {
        let scatter = summary.standard_uncertainty_of_mean();
        budget.scatter(
            Text::new("Scatter of the windows", "各窗口的分散"),
            scatter.map(|u| 100.0 * u),
            summary.n as f64 - 1.0,
        );
    }
    let names = [
        Text::new("Torque", "转矩"),
        Text::new("Speed", "转速"),
        Text::new("Voltage", "电压"),
        Text::new("Current", "电流"),
    ];
    let symbols = [
        ("T", "Torque", "转矩"),
        ("ω", "Speed", "转速"),
        ("U", "Voltage", "电压"),
        ("I", "Current", "电流"),
    ];
    for (i, ((input, of), name)) in inputs.into_iter().zip(names).enumerate() {
        let channel = task.channel(input)?;
        let u = largest_u(channel, std::iter::once(at[i]), of);
        // Uncertain by one unit alone, it leaves open the size of its partial derivative.
        let mut only = [0.0; 4];
        only[i] = 1.0;
        let slope = efficiency::efficiency(&operating(at, only)).map(|e| 100.0 * e.u);
        let u = u.zip(slope).map(|(u, slope)| u * slope);
        budget.certificate(name, u, channel);
        let (symbol, en, zh) = symbols[i];
        answer.more.push(named(symbol, en, zh, at[i], of, None));
    }
    let power = at[0] * at[1];
    answer.more.push(named(
        "P_2",
        "Mechanical power",
        "机械功率",
        power,
        unit("W"),
        None,
    ));
    let value = 100.0 * summary.mean;
    answer.value = Some(Value::Quantity(budget.measured(value, percent, summary.n)));
    Ok(())
}

/// Lost motion, hysteresis or stiffness from load steps with the input locked.
pub(super) fn play(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let (torque, angle) = (task.channel("torque")?, task.channel("angle")?);
    let (nm, deg) = (unit("N.m"), unit("deg"));
    let seen = pairs(task, [("torque", nm), ("angle", deg)], answer)?;
    let path: Vec<Point> = seen
        .iter()
        .map(|&(torque, angle)| Point { torque, angle })
        .collect();
    let span = |values: Vec<f64>| Summary::of(&values).map_or(0.0, |s| s.max - s.min);
    let (torques, angles) = (column(&seen, |p| p.0), column(&seen, |p| p.1));
    let soft = span(angles.clone()) / span(torques.clone()).max(f64::MIN_POSITIVE);
    let u_torque = largest_u(torque, torques.iter().copied(), nm);
    let u_angle = largest_u(angle, angles.iter().copied(), deg);
    let mut budget = Budget::default();
    let measured = if task.metric.id == "joint-stiffness" {
        let (from, to) = (
            task.params().number("from", nm)?,
            task.params().number("to", nm)?,
        );
        let (k, u) = play::stiffness(&path, from, to).ok_or_else(none)?;
        let per_rad = |k: f64| k.to_degrees();
        let inside = path
            .iter()
            .filter(|p| (from.min(to)..=from.max(to)).contains(&p.torque));
        let nu = inside.count().saturating_sub(3).max(1);
        budget.scatter(
            Text::new("Scatter about the lines", "对直线的分散"),
            Some(per_rad(u)),
            nu as f64,
        );
        let width = (to - from).abs();
        let share = |u: Option<Doubt>, of: f64| u.map(|u| u * (per_rad(k) / of));
        budget.certificate(Text::new("Torque", "转矩"), share(u_torque, width), torque);
        budget.certificate(Text::new("Angle", "角度"), share(u_angle, width / k), angle);
        budget.measured(per_rad(k), unit("N.m/rad"), seen.len())
    } else {
        let at = task.params().number("at", nm)?;
        let value = match task.metric.id.as_str() {
            "joint-lost-motion" => play::lost_motion(&path, at),
            _ => play::hysteresis(&path, at),
        };
        let value = value.ok_or_else(|| {
            no_number(
                "The loop does not cross that torque on both branches",
                "加载回线两支未都经过该转矩",
            )
        })?;
        let twice = std::f64::consts::SQRT_2;
        budget.certificate(
            Text::new("Angle, twice", "角度（两次）"),
            u_angle.map(|u| u * twice),
            angle,
        );
        budget.certificate(
            Text::new("Torque at which it is read, twice", "读取处的转矩（两次）"),
            u_torque.map(|u| u * (twice * soft)),
            torque,
        );
        budget.measured(value, deg, seen.len())
    };
    answer.figures.push(draw(
        Text::new("Angle over torque", "角度与转矩"),
        (Text::new("Torque", "转矩"), nm),
        (Text::new("Angle", "角度"), deg),
        &seen,
    ));
    answer.value = Some(Value::Quantity(measured));
    Ok(())
}

/// Friction over speed: one steady speed a window, torque measured or from the current.
pub(super) fn friction(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let load = task.channel("load")?;
    let (nm, speed_unit) = (unit("N.m"), unit("rad/s"));
    let by_current = own(load).compatible(unit("A"));
    let (measured_in, per) = match by_current {
        true => (
            unit("A"),
            task.params().positive("torque_constant", unit("N.m/A"))?,
        ),
        false => (nm, 1.0),
    };
    let raw = pairs(task, [("speed", speed_unit), ("load", measured_in)], answer)?;
    let seen: Vec<(f64, f64)> = raw.iter().map(|p| (p.0.abs(), per * p.1.abs())).collect();
    let fit = friction::stribeck(&seen).ok_or_else(|| {
        no_number(
            "Friction needs five steady speeds above zero",
            "摩擦测量需要五个大于零的稳定转速",
        )
    })?;
    let value = match task.params().word("part")? {
        "coulomb" => fit.coulomb,
        _ => fit.breakaway,
    };
    let mut budget = Budget::default();
    budget.scatter(
        Text::new("Scatter about the curve", "对曲线的分散"),
        Some(fit.s),
        (seen.len() as f64 - 4.0).max(1.0),
    );
    let u = largest_u(load, raw.iter().map(|p| p.1), measured_in);
    budget.certificate(
        Text::new("Torque or current", "转矩或电流"),
        u.map(|u| u * per),
        load,
    );
    answer.more.extend([
        named(
            "T_s",
            "Breakaway friction",
            "启动摩擦",
            fit.breakaway,
            nm,
            None,
        ),
        named("T_c", "Coulomb friction", "库仑摩擦", fit.coulomb, nm, None),
        named(
            "v_s",
            "Stribeck speed",
            "Stribeck 速度",
            fit.speed,
            speed_unit,
            None,
        ),
    ]);
    answer.figures.push(draw(
        Text::new("Friction over speed", "摩擦与转速"),
        (Text::new("Speed", "转速"), speed_unit),
        (Text::new("Torque", "转矩"), nm),
        &seen,
    ));
    answer.value = Some(Value::Quantity(budget.measured(value, nm, seen.len())));
    Ok(())
}

/// Amplitude of the worst of the orders asked for, over the mean torque, largest of the windows.
pub(super) fn torque_ripple(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let (torque, angle) = (task.channel("torque")?, task.channel("angle")?);
    let orders = orders(task)?;
    let (nm, percent) = (unit("N.m"), unit("%"));
    let mut worst: Option<(f64, f64, f64, u32)> = None;
    let mut n = 0;
    for window in task.windows("over", answer)? {
        let samples = turned(task, window, angle, torque, answer)?;
        let (t0, waves) = ripple::ripple(&samples, &orders).ok_or_else(|| {
            no_number(
                "The samples do not tell the orders apart: too few, or a part of a turn",
                "样本不足以区分各阶次：过少或不足一转",
            )
        })?;
        n += 1;
        let left = |(deg, t): &(f64, f64)| {
            let wave = |w: &ripple::Order| {
                w.amplitude
                    * (f64::from(w.order) * (deg - w.phase_deg))
                        .to_radians()
                        .cos()
            };
            (t - t0 - waves.iter().map(wave).sum::<f64>()).powi(2)
        };
        let nu = samples.len() as f64 - 1.0 - 2.0 * waves.len() as f64;
        let s = (samples.iter().map(left).sum::<f64>() / nu).sqrt();
        let u = s * (2.0 / samples.len() as f64).sqrt();
        for wave in &waves {
            let share = 100.0 * wave.amplitude / t0.abs();
            if worst.is_none_or(|w| share > w.0) {
                worst = Some((share, 100.0 * u / t0.abs(), nu, wave.order));
            }
            if n == 1 {
                let symbol = format!("T_{}", wave.order);
                let en = format!("Amplitude of order {}", wave.order);
                let zh = format!("第 {} 阶幅值", wave.order);
                answer
                    .more
                    .push(named(&symbol, &en, &zh, wave.amplitude, nm, None));
            }
        }
    }
    answer.n = n;
    let (share, u, nu, order) = worst.filter(|w| w.0.is_finite()).ok_or_else(none)?;
    let mut budget = Budget::default();
    budget.scatter(
        Text::new("Scatter about the waves", "对各阶波形的分散"),
        Some(u),
        nu,
    );
    // A share of one instrument's own mean: what its certificate says of the scale, in full.
    let relative = task
        .windows("over", &mut Answer::default())?
        .first()
        .and_then(|w| {
            let at = mean(task, *w, torque, own(torque), &mut Answer::default()).ok()?;
            Some(budget::instrument(torque, at)? * (share / at))
        });
    budget.certificate(Text::new("Torque", "转矩"), relative, torque);
    let one = Unit::one();
    answer.more.push(named(
        "k",
        "Worst order",
        "最大阶次",
        f64::from(order),
        one,
        None,
    ));
    answer.value = Some(Value::Quantity(budget.measured(share, percent, n as usize)));
    Ok(())
}

/// Torque over the angle, degrees; both are read at the instants of the angle's samples.
fn turned(
    task: Task<'_>,
    window: super::Window<'_>,
    angle: &Channel,
    torque: &Channel,
    answer: &mut Answer,
) -> Result<Vec<(f64, f64)>, Reason> {
    let angles = window.trace(task.reader, &angle.id, &mut answer.doubts)?;
    let torques = window.trace(task.reader, &torque.id, &mut answer.doubts)?;
    angles.check_gaps(&mut answer.doubts);
    torques.check_gaps(&mut answer.doubts);
    let torques = torques.scalar();
    let at = |t: f64| {
        let after = torques.partition_point(|s| s.0 < t);
        let b = torques.get(after)?;
        if b.0 == t {
            return Some(b.1);
        }
        let a = torques.get(after.checked_sub(1)?)?;
        Some(a.1 + (b.1 - a.1) * (t - a.0) / (b.0 - a.0))
    };
    let mut turned = Vec::new();
    for (t, x) in angles.scalar() {
        let deg = own(angle).convert(x, unit("deg"));
        let nm = at(t).map(|x| own(torque).convert(x, unit("N.m")));
        if let (Ok(deg), Some(Ok(nm))) = (deg, nm) {
            turned.push((deg, nm));
        }
    }
    Ok(turned)
}

fn orders(task: Task<'_>) -> Result<Vec<u32>, Reason> {
    let written = task.params().word("orders")?;
    let parsed: Result<Vec<u32>, _> = written.split_whitespace().map(str::parse).collect();
    parsed
        .ok()
        .filter(|o| !o.is_empty() && !o.contains(&0))
        .ok_or_else(|| {
            because(
                "parameter",
                format!("The orders `{written}` are no whole numbers above zero"),
                format!("阶次“{written}”不是大于零的整数"),
            )
        })
}
