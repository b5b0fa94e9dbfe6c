//! Peak force of each window, and what to make of several.

use super::{Answer, Task, Window, named, no_number, unit};
use crate::budget::{self, Budget};
use crate::figure;
use crate::metric::force::{self, LowPass, Peak};
use crate::reason::because;
use crate::stats::summary::Summary;
use crate::stats::tolerance;
use crate::trial::Counts;
use certbench_model::figure::{Figure, FigureKind, Level};
use certbench_model::finding::{Reason, Value};
use certbench_model::{Channel, Text, Unit};

/// One window's peak.
pub(super) struct Squeeze {
    pub(super) peak: Peak,
    /// Filtered force on an even grid, with its time.
    pub(super) curve: Vec<(f64, f64)>,
    /// Readings.
    n: usize,
    rate_hz: f64,
}

pub(super) fn peak(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let channel = task.channel("channel")?;
    let filter = low_pass(task)?;
    let squeezes: Vec<Squeeze> = squeezes(task, channel, filter, answer)?
        .into_iter()
        .map(|(_, squeeze)| squeeze)
        .collect();
    censored(task, answer);
    let peaks: Vec<f64> = squeezes.iter().map(|s| s.peak.value).collect();
    let summary = Summary::of(&peaks).ok_or_else(none)?;
    let force = channel.components.first().map_or(Unit::one(), |c| c.unit);
    let word = task.params().word("summary")?;
    let value = match word {
        "least" => summary.min,
        "largest" => summary.max,
        _ => summary.mean,
    };
    let instrument = instrument(channel, filter, &squeezes, value)?;
    answer.bound_lacks = instrument.clone().measured(value, force, 1).u_expanded;
    let mut budget = Budget::default();
    if word == "mean" {
        budget.scatter(
            Text::new("Scatter of the peaks", "各峰值的分散"),
            summary.standard_uncertainty_of_mean(),
            summary.n as f64 - 1.0,
        );
    }
    budget.append(instrument);
    let mut measured = budget.measured(value, force, summary.n);
    measured.bound = bound(task, &summary)?;
    answer.each = peaks;
    answer.more.extend(spread(&summary, force));
    answer.estimand = Some(estimand(word, summary.n));
    answer.figures.extend(draw(task, &squeezes, summary, force));
    answer.value = Some(Value::Quantity(measured));
    Ok(())
}

pub(super) fn none() -> Reason {
    no_number("No peak could be taken", "无法取得峰值")
}

/// The peak of each window, with the window.
pub(super) fn squeezes<'a>(
    task: Task<'a>,
    channel: &Channel,
    filter: Option<LowPass>,
    answer: &mut Answer,
) -> Result<Vec<(Window<'a>, Squeeze)>, Reason> {
    let squeezes = squeezes_of(task, "over", channel, filter, answer)?;
    answer.n = u32::try_from(squeezes.len()).unwrap_or(u32::MAX);
    Ok(squeezes)
}

/// The same for the windows of one of several inputs.
pub(super) fn squeezes_of<'a>(
    task: Task<'a>,
    input: &str,
    channel: &Channel,
    filter: Option<LowPass>,
    answer: &mut Answer,
) -> Result<Vec<(Window<'a>, Squeeze)>, Reason> {
    bandwidth(channel, filter, answer);
    let mut squeezes = Vec::new();
    for window in task.windows(input, answer)? {
        squeezes.push((window, squeeze(task, window, channel, filter, answer)?));
    }
    Ok(squeezes)
}

/// What is not known of a peak of that value: the instrument, and what noise lifts it by.
pub(super) fn instrument(
    channel: &Channel,
    filter: Option<LowPass>,
    squeezes: &[Squeeze],
    value: f64,
) -> Result<Budget, Reason> {
    let mut instrument = Budget::default();
    instrument.certificate(
        Text::new("Instrument", "仪器"),
        budget::instrument(channel, value),
        channel,
    );
    if let Some(bias) = noise_bias(channel, filter, squeezes)? {
        instrument.rectangular(
            Text::new("Peak of noisy samples", "噪声采样的峰值偏高"),
            bias,
            channel.calibration.as_ref().map(|c| c.certificate.clone()),
        );
    }
    Ok(instrument)
}

pub(super) fn low_pass(task: Task<'_>) -> Result<Option<LowPass>, Reason> {
    let params = task.params();
    if params.word("filter")? != "butterworth" {
        return Ok(None);
    }
    Ok(Some(LowPass {
        order: usize::try_from(params.count("order")?).unwrap_or(usize::MAX),
        cutoff_hz: params.positive("cutoff", unit("Hz"))?,
        zero_phase: params.word("passes")? == "zero-phase",
    }))
}

/// What passes the filter must lie inside the bandwidth that the certificate covers.
fn bandwidth(channel: &Channel, filter: Option<LowPass>, answer: &mut Answer) {
    let Some(covered) = channel.calibration.as_ref().and_then(|c| c.bandwidth_hz) else {
        return;
    };
    let used = filter.map_or(0.5 / channel.interval_s, |f| f.cutoff_hz);
    if used > covered {
        answer.doubts.add(because(
            "bandwidth",
            format!(
                "Frequencies up to {used} Hz enter the peak; the certificate of {} covers {covered} Hz",
                channel.id
            ),
            format!("峰值包含最高 {used} Hz 的成分；{} 的证书仅覆盖 {covered} Hz", channel.id),
        ));
    }
}

/// Reads a window, puts it on an even grid (linear between samples) and takes the peak.
fn squeeze(
    task: Task<'_>,
    window: Window<'_>,
    channel: &Channel,
    filter: Option<LowPass>,
    answer: &mut Answer,
) -> Result<Squeeze, Reason> {
    let trace = window.trace(task.reader, &channel.id, &mut answer.doubts)?;
    trace.check_gaps(&mut answer.doubts);
    let samples = trace.scalar();
    let n = samples.len();
    let (&(first, _), &(last, _)) = samples.first().zip(samples.last()).ok_or_else(none)?;
    if n < 2 || last <= first {
        return Err(none());
    }
    let rate_hz = (n - 1) as f64 / (last - first);
    let times: Vec<f64> = (0..n).map(|i| first + i as f64 / rate_hz).collect();
    let even: Vec<f64> = times.iter().map(|t| at(&samples, *t)).collect();
    let filtered = force::filtered(&even, rate_hz, filter).map_err(|e| {
        because(
            "parameter",
            format!("The filter: {e}"),
            format!("滤波器：{e}"),
        )
    })?;
    let peak = force::peak(&filtered).ok_or_else(none)?;
    let curve = times.into_iter().zip(filtered).collect();
    Ok(Squeeze {
        peak,
        curve,
        n,
        rate_hz,
    })
}

impl Squeeze {
    /// The filtered force at an instant, linear between samples.
    pub(super) fn force_at(&self, t: f64) -> f64 {
        at(&self.curve, t)
    }
}

fn at(samples: &[(f64, f64)], t: f64) -> f64 {
    let after = samples.partition_point(|s| s.0 < t);
    let before = after.saturating_sub(1);
    match (samples.get(before), samples.get(after)) {
        (Some(a), Some(b)) if b.0 > a.0 => a.1 + (b.1 - a.1) * (t - a.0) / (b.0 - a.0),
        (_, Some(one)) | (Some(one), _) => one.1,
        (None, None) => f64::NAN,
    }
}

fn noise_bias(
    channel: &Channel,
    filter: Option<LowPass>,
    squeezes: &[Squeeze],
) -> Result<Option<f64>, Reason> {
    let (Some(noise), Some(longest)) =
        (budget::noise(channel), squeezes.iter().max_by_key(|s| s.n))
    else {
        return Ok(None);
    };
    let gain = force::noise_gain(longest.rate_hz, filter).map_err(|e| {
        because(
            "parameter",
            format!("The filter: {e}"),
            format!("滤波器：{e}"),
        )
    })?;
    Ok(Some(force::noise_bias(noise * gain, longest.n)))
}

/// A censored trial's peak is a lower bound of what it would have been.
fn censored(task: Task<'_>, answer: &mut Answer) {
    let over = task.over("over").unwrap_or_default();
    let mut windows = task.windows.iter().filter(|w| w.id == over);
    if !windows.any(|w| task.trial_of(w) == Some(&Counts::Censored)) {
        return;
    }
    let reason = because(
        "censored",
        "A censored trial is among them: its true peak is at least what was seen",
        "其中含删失试验：其真实峰值不小于所见值",
    );
    let upper = task
        .measure
        .accept
        .as_ref()
        .is_some_and(|a| a.at_most.is_some());
    if upper {
        answer.doubts.add(reason);
    } else {
        answer.notes.add(reason);
    }
}

/// The tolerance bound on the side of the limit.
fn bound(task: Task<'_>, summary: &Summary) -> Result<Option<f64>, Reason> {
    let params = task.params();
    let (share, confidence) = (params.level("share")?, params.level("confidence")?);
    let factor = tolerance::one_sided_factor(summary.n, share, confidence);
    let reach = factor.zip(summary.s).map(|(k, s)| k * s);
    let upper = task
        .measure
        .accept
        .as_ref()
        .is_some_and(|a| a.at_most.is_some());
    Ok(reach.map(|r| {
        if upper {
            summary.mean + r
        } else {
            summary.mean - r
        }
    }))
}

fn spread(summary: &Summary, unit: Unit) -> Vec<certbench_model::finding::NamedValue> {
    let mut more = vec![
        named(
            "F_mean",
            "Mean of the peaks",
            "峰值均值",
            summary.mean,
            unit,
            None,
        ),
        named("F_min", "Least peak", "最小峰值", summary.min, unit, None),
        named("F_max", "Largest peak", "最大峰值", summary.max, unit, None),
    ];
    if let Some(s) = summary.s {
        more.push(named(
            "s",
            "Standard deviation of the peaks",
            "峰值的标准差",
            s,
            unit,
            None,
        ));
    }
    more
}

fn estimand(word: &str, n: usize) -> Text {
    match word {
        "least" => Text::new(
            format!("the least of these {n} peaks, this item on this bench"),
            format!("本被测件在本台架上这 {n} 个峰值中的最小值"),
        ),
        "largest" => Text::new(
            format!("the largest of these {n} peaks, this item on this bench"),
            format!("本被测件在本台架上这 {n} 个峰值中的最大值"),
        ),
        _ => Text::new(
            "mean peak under this protocol, this item on this bench",
            "本被测件在本台架上按本规程的平均峰值",
        ),
    }
}

/// The curve that governs: the weakest one under a lower limit, else the strongest.
pub(super) fn draw(
    task: Task<'_>,
    squeezes: &[Squeeze],
    summary: Summary,
    unit_of: Unit,
) -> Option<Figure> {
    let lower = task
        .measure
        .accept
        .as_ref()
        .is_some_and(|a| a.at_least.is_some());
    let wanted = if lower { summary.min } else { summary.max };
    let shown = squeezes.iter().find(|s| s.peak.value == wanted)?;
    let curve = figure::series(
        Text::new("force, filtered", "力（滤波后）"),
        figure::decimate(&shown.curve),
    );
    let mut figure = figure::figure(
        FigureKind::Curve,
        Text::new("Force over time", "力随时间的变化"),
        figure::axis(Text::new("Time", "时间"), unit("s")),
        figure::axis(Text::new("Force", "力"), unit_of),
        vec![curve],
    );
    figure.limits = figure::limits(task.measure.accept.as_ref(), unit_of);
    figure.events = shown
        .curve
        .get(shown.peak.index)
        .map(|p| Level {
            name: Text::new("peak", "峰值"),
            at: p.0,
        })
        .into_iter()
        .collect();
    Some(figure)
}
