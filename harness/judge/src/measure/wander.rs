//! Drift of pose accuracy and repeatability over groups of visits.

use super::angle::{AXES, Angle, Scatter};
use super::pose::{self, Visit};
use super::{Answer, Task, named, no_number, unit};
use crate::budget::{self, Budget};
use crate::figure;
use crate::metric::iso9283::drift::{self, Group, PoseDrift};
use crate::metric::iso9283::{about, accuracy};
use certbench_model::figure::{Figure, FigureKind, Level};
use certbench_model::finding::{Reason, Value};
use certbench_model::{Channel, Text};

/// The early end of the test, as its measure states it: the rate of change of AP below a share of the
/// largest within the first time.
struct EarlyEnd {
    share: f64,
    first_s: f64,
    /// When that was, seconds from the begin.
    at_s: Option<f64>,
}

fn early_end(task: Task<'_>, ap: &[(f64, f64)]) -> Result<Option<EarlyEnd>, Reason> {
    let share = task
        .params()
        .optional_positive("end_share", certbench_model::Unit::one())?;
    let first_s = task.params().optional_positive("end_of_first", unit("s"))?;
    Ok(share.zip(first_s).map(|(share, first_s)| EarlyEnd {
        share,
        first_s,
        at_s: drift::may_stop_at(ap, first_s, share)
            .and_then(|i| ap.get(i))
            .map(|at| at.0),
    }))
}

/// Visits by the pass of the variable around them, in the order of performance.
fn passes<'v>(visits: &'v [Visit], variable: &str) -> Option<Vec<&'v [Visit]>> {
    let all = visits.iter().all(|v| v.variables.contains_key(variable));
    let same = |a: &Visit, b: &Visit| a.variables.get(variable) == b.variables.get(variable);
    all.then(|| visits.chunk_by(same).collect())
}

/// A group of the mathematics: its time since the first visit, and where the visits were.
fn group(visits: &[Visit], begin_ns: u64) -> Group {
    let from_ns = visits.first().map_or(begin_ns, |v| v.from_ns);
    Group {
        t_s: from_ns.saturating_sub(begin_ns) as f64 * 1e-9,
        attained: pose::positions(visits),
    }
}

/// `dAP_a` and `dRP_a` beside those of the position.
fn angle_drift(
    channel: &Channel,
    passes: &[&[Visit]],
    (i, axis): (usize, &str),
    answer: &mut Answer,
) {
    let angles: Option<Vec<Vec<f64>>> = passes.iter().map(|v| pose::angles(v, i)).collect();
    let seen = angles.and_then(|angles| Some((drift::angle_drift(&angles)?, angles)));
    let Some((seen, angles)) = seen else { return };
    let of_mean = |group: usize| {
        let angles = angles.get(group)?;
        about(angles, *angles.first()?)?.standard_uncertainty_of_mean()
    };
    let u = of_mean(0).zip(of_mean(seen.worst));
    let fewest = angles.iter().map(Vec::len).min().unwrap_or(0);
    let drift = Angle {
        symbol: format!("dAP_{axis}"),
        name: Text::new(
            format!("Largest change of the angle {axis}"),
            format!("角度 {axis} 的最大变化"),
        ),
        value: seen.d_ap,
        scatter: Scatter::Seen(u.map(|(a, b)| (a.hypot(b), fewest as f64 - 1.0))),
        // As of the position: the instrument may itself have drifted.
        instrument: budget::angle(channel).map(|u| u * std::f64::consts::SQRT_2),
        registration: None,
    };
    drift.beside(channel, answer);
    answer.more.extend(seen.d_rp.map(|d_rp| {
        named(
            &format!("dRP_{axis}"),
            &format!("Largest change of the repeatability of the angle {axis}"),
            &format!("角度 {axis} 重复性的最大变化"),
            d_rp,
            unit("deg"),
            None,
        )
    }));
}

pub(super) fn drift(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let command = pose::commanded(task, Some(task.params().word("pose")?))?;
    let channel = task.channel("position")?;
    pose::registration(task, channel, &command)?;
    let visits = pose::visits_of(task, "over", answer)?;
    answer.n = u32::try_from(visits.len()).unwrap_or(u32::MAX);
    let variable = task.params().word("group")?;
    let none = || {
        no_number(
            "There are no two groups of visits under that variable",
            "该变量下没有两组以上的到位",
        )
    };
    let passes = passes(&visits, variable).ok_or_else(none)?;
    let begin_ns = visits.first().map_or(0, |v| v.from_ns);
    let groups: Vec<Group> = passes.iter().map(|v| group(v, begin_ns)).collect();
    let seen = drift::drift(&groups, command.position).ok_or_else(none)?;
    let mm = unit("mm");
    let u_of = |i: usize| {
        let group = groups.get(i)?;
        let s = accuracy(&group.attained, command.position)?.s_along?;
        Some(s / (group.attained.len() as f64).sqrt())
    };
    let fewest = groups.iter().map(|g| g.attained.len()).min().unwrap_or(0);
    let mut budget = Budget::default();
    budget.scatter(
        Text::new("Scatter of the two groups", "两组到位的分散"),
        u_of(0).zip(u_of(seen.worst)).map(|(a, b)| a.hypot(b)),
        fewest as f64 - 1.0,
    );
    // The registration is the same at both times; the instrument may itself have drifted.
    let far = pose::farthest(&visits);
    budget.certificate(
        Text::new("Instrument, at both times", "仪器（两个时刻）"),
        pose::instrument(channel, far)?.map(|u| u * std::f64::consts::SQRT_2),
        channel,
    );
    if let Some(within) = task.params().optional_positive("reference_within", mm)? {
        // Off by so much along all three axes at most.
        budget.rectangular(
            Text::new(
                "What the check of the reference lets through",
                "参考点检查所允许的偏差",
            ),
            3f64.sqrt() * within,
            None,
        );
    }
    if let Some(d_rp) = seen.d_rp {
        answer.more.push(named(
            "dRP",
            "Largest change of repeatability",
            "重复性的最大变化",
            d_rp,
            mm,
            None,
        ));
    }
    for (i, axis) in AXES.into_iter().enumerate() {
        angle_drift(channel, &passes, (i, axis), answer);
    }
    let count = groups.len() as f64;
    let hours = seen.ap.last().map_or(0.0, |last| last.0) / 3_600.0;
    answer.more.extend([
        named(
            "n_g",
            "Groups",
            "组数",
            count,
            certbench_model::Unit::one(),
            None,
        ),
        named(
            "T",
            "Length of the test",
            "试验时长",
            hours,
            unit("h"),
            None,
        ),
    ]);
    let early = early_end(task, &seen.ap)?;
    if let Some(at_s) = early.as_ref().and_then(|e| e.at_s) {
        answer.more.push(named(
            "t_end",
            "Time at which the rate of change first fell below that share, scatter of the groups included",
            "变化率首次低于该比例的时间（含各组分散）",
            at_s / 60.0,
            unit("min"),
            None,
        ));
    }
    answer.figures.extend(figures(&seen, early.as_ref()));
    answer.value = Some(Value::Quantity(budget.measured(
        seen.d_ap,
        mm,
        visits.len(),
    )));
    Ok(())
}

/// AP over time, and how fast it changes beside the rate below which the test may end.
fn figures(seen: &PoseDrift, early: Option<&EarlyEnd>) -> [Figure; 2] {
    let minutes = || figure::axis(Text::new("Time", "时间"), unit("min"));
    let ended = early.and_then(|e| e.at_s).map(|at_s| Level {
        name: Text::new("first below that rate", "首次低于该变化率"),
        at: at_s / 60.0,
    });
    let points = seen.ap.iter().map(|(t, ap)| [t / 60.0, *ap]).collect();
    let mut over_time = figure::figure(
        FigureKind::Curve,
        Text::new("Pose accuracy over time", "位姿准确度随时间的变化"),
        minutes(),
        figure::axis(Text::same("AP"), unit("mm")),
        vec![figure::series(
            Text::new("AP of each group", "各组 AP"),
            points,
        )],
    );
    over_time.events.extend(ended.clone());
    let rates = drift::rates(&seen.ap);
    let points = rates.iter().map(|(t, rate)| [t / 60.0, 60.0 * rate]);
    let mut rate = figure::figure(
        FigureKind::Curve,
        Text::new("Rate of change of pose accuracy", "位姿准确度的变化率"),
        minutes(),
        figure::axis(
            Text::new("Rate of change of AP", "AP 变化率"),
            unit("mm/min"),
        ),
        vec![figure::series(
            Text::new("between a group and the one before", "相邻两组之间"),
            points.collect(),
        )],
    );
    if let Some(early) = early {
        let begin = seen.ap.first().map_or(0.0, |first| first.0);
        let percent = 100.0 * early.share;
        rate.limits.push(Level {
            name: Text::new(
                format!("{percent} % of the largest rate in the first time"),
                format!("初始时段最大变化率的 {percent} %"),
            ),
            at: 60.0 * early.share * drift::largest_rate(&rates, begin + early.first_s),
        });
        rate.events.push(Level {
            name: Text::new("first time ends", "初始时段结束"),
            at: (begin + early.first_s) / 60.0,
        });
    }
    rate.events.extend(ended);
    [over_time, rate]
}
