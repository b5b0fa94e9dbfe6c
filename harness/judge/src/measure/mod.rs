//! One metric a file: which windows and channels go into its mathematics, and what comes out.

mod agreement;
mod angle;
mod axis;
mod corner;
mod cycle;
mod distance;
mod endurance;
mod entered;
mod feel;
mod force;
mod heat;
mod inspection;
mod joint;
mod level;
mod operating;
mod path;
mod payload;
mod placed;
mod pose;
mod pressing;
mod rejudged;
mod response;
mod safeguard;
mod sampled;
mod sensing;
mod settle;
mod several;
mod steps;
mod stop;
mod strength;
mod stress;
mod success;
mod swing;
mod times;
mod variation;
mod velocity;
mod versus;
mod wander;
mod way;

use crate::course::{CaseCourse, TrialRun, WindowRun};
use crate::params::Params;
use crate::reason::{Reasons, because};
use crate::trace::{Passed, Reader, Trace, to_be_imported};
use crate::trial::{self, Counts};
use certbench_model::event::WindowEnd;
use certbench_model::figure::Figure;
use certbench_model::finding::{Evidence, NamedValue, Reason, Value};
use certbench_model::plan::{Case, Row};
use certbench_model::sample::COMPONENTS_MAX;
use certbench_model::step::Over;
use certbench_model::vocabulary::MetricDescription;
use certbench_model::{Channel, Measure, Quantity, Source, Step, Text, Unit, Verdict};

pub(crate) use angle::AXES;
pub(crate) use pose::{Attained, attained, registered};
pub(crate) use success::{Around, invalid_trials, outcomes};
pub(crate) use variation::apart;

/// Everything that a metric may look at.
#[derive(Clone, Copy)]
pub(crate) struct Task<'a> {
    pub(crate) reader: Reader<'a>,
    pub(crate) case: &'a Case,
    pub(crate) course: &'a CaseCourse<'a>,
    /// How each of the case's trials counts, in their order.
    pub(crate) trials: &'a [Counts],
    pub(crate) measure: &'a Measure,
    pub(crate) metric: &'a MetricDescription,
    /// Repeat variable and row that the finding is about.
    pub(crate) row: Option<(&'a str, &'a str)>,
    /// The windows of that row, in their order.
    pub(crate) windows: &'a [&'a WindowRun<'a>],
    /// The trials of that row, in their order; indices into the case's.
    pub(crate) attempts: &'a [usize],
}

/// What a metric says.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) value: Option<Value>,
    /// What each window or trial gave, in the unit of the value, where the value sums such numbers up.
    pub(crate) each: Vec<f64>,
    /// Expanded uncertainty that a one-sided bound does not contain, in the unit of the result.
    pub(crate) bound_lacks: Option<f64>,
    /// The value if the invalid trials had been failures, when they can be counted so.
    pub(crate) with_invalid: Option<Value>,
    pub(crate) more: Vec<NamedValue>,
    pub(crate) figures: Vec<Figure>,
    pub(crate) evidence: Vec<Evidence>,
    /// Whatever forbids a verdict.
    pub(crate) doubts: Reasons,
    /// What a reader must know beside the verdict.
    pub(crate) notes: Reasons,
    /// A verdict that holds without a value, unless there are doubts.
    pub(crate) certain: Option<(Verdict, Reason)>,
    pub(crate) estimand: Option<Text>,
    /// Instances that went in.
    pub(crate) n: u32,
    /// Trials left out as invalid.
    pub(crate) invalid: u32,
}

/// The input whose channel is what a metric judges, not what it judges by.
const UNDER_TEST: &str = "sensor";

/// Computes a measure. A metric that is not known gives an answer without a value.
pub(crate) fn compute(task: Task<'_>) -> Answer {
    let mut answer = Answer::default();
    let channels = task.measure.channels.iter();
    // What is itself under test needs no certificate: its error is the result.
    let instruments = channels.filter(|(input, _)| input.as_str() != UNDER_TEST);
    for id in instruments.map(|(_, id)| id) {
        match task.reader.channel(id) {
            Ok((_, channel)) => task.reader.check_calibration(channel, &mut answer.doubts),
            Err(reason) => answer.doubts.add(reason),
        }
    }
    if imports(task, &mut answer) {
        return answer;
    }
    if let Some(reason) = times::invented(task) {
        answer.doubts.add(reason);
        return answer;
    }
    let done = match task.metric.id.as_str() {
        "iso9283-pose-accuracy" => pose::accuracy(task, &mut answer),
        "iso9283-pose-repeatability" => pose::repeatability(task, &mut answer),
        "payload-droop" => payload::droop(task, &mut answer),
        "hold-drift" => payload::drift(task, &mut answer),
        "largest-departure" => payload::departure(task, &mut answer),
        "success-rate" => success::rate(task, &mut answer),
        "peak-force" => force::peak(task, &mut answer),
        "stop-time" => stop::time(task, &mut answer),
        "stop-distance" => stop::distance(task, &mut answer),
        "stop-category" => stop::category(task, &mut answer),
        "iso9283-multidirectional-variation" => variation::variation(task, &mut answer),
        "iso9283-distance-accuracy" => distance::accuracy(task, &mut answer),
        "iso9283-distance-repeatability" => distance::repeatability(task, &mut answer),
        "iso9283-stabilization-time" => settle::stabilization(task, &mut answer),
        "iso9283-overshoot" => settle::overshoot(task, &mut answer),
        "iso9283-posing-time" => settle::posing(task, &mut answer),
        "iso9283-pose-drift" => wander::drift(task, &mut answer),
        "iso9283-path-accuracy" => path::path_accuracy(task, &mut answer),
        "iso9283-path-repeatability" => path::path_repeatability(task, &mut answer),
        "iso9283-path-velocity" => velocity::accuracy(task, &mut answer),
        "iso9283-path-velocity-repeatability" => velocity::repeatability(task, &mut answer),
        "iso9283-path-velocity-fluctuation" => velocity::fluctuation(task, &mut answer),
        "finger-strength" => strength::finger(task, &mut answer),
        "slip-resistance" => strength::slip(task, &mut answer),
        "grasp-cycle-time" => cycle::time(task, &mut answer),
        "channel-mean" => level::mean(task, &mut answer),
        "thermal-steady-state" => heat::steady(task, &mut answer),
        "winding-rise" => heat::winding(task, &mut answer),
        "cycles-to-failure" => endurance::cycles(task, &mut answer),
        "passes-to-ending" => endurance::passes(task, &mut answer),
        "protective-distance" => safeguard::distance(task, &mut answer),
        crate::rejudge::METRIC => rejudged::kappa(task, &mut answer),
        "judge-agreement" => agreement::kappa(task, &mut answer),
        "contact-force" | "contact-force-share" => pressing::worst(task, &mut answer),
        "sensor-nonlinearity" | "sensor-hysteresis" => steps::sensor(task, &mut answer),
        "grasp-stiffness" | "iso9283-static-compliance" => steps::elastic(task, &mut answer),
        "joint-torque-constant" | "joint-torque-linearity" => joint::constant(task, &mut answer),
        "joint-efficiency" => joint::efficiency(task, &mut answer),
        "joint-lost-motion" | "joint-hysteresis" | "joint-stiffness" => {
            joint::play(task, &mut answer)
        }
        "axis-accuracy" | "axis-repeatability" => axis::positioning(task, &mut answer),
        "iso9283-exchangeability" => variation::exchangeability(task, &mut answer),
        "iso9283-cornering-round-off" | "iso9283-cornering-overshoot" => {
            corner::cornering(task, &mut answer)
        }
        "iso9283-weaving-stroke" | "iso9283-weaving-frequency" => {
            corner::weaving(task, &mut answer)
        }
        "contact-pressure" | "contact-pressure-share" => {
            entered::largest(task, "N/cm2", &mut answer)
        }
        "placing-error" => entered::largest(task, "mm", &mut answer),
        "task-time" => response::task_time(task, &mut answer),
        "pfl-speed" => entered::pfl_speed(task, &mut answer),
        "component-mttf-d" => entered::mttf_d(task, &mut answer),
        "performance-level" => entered::performance_level(task, &mut answer),
        "ssm-distance" => safeguard::separation(task, &mut answer),
        "sensor-crosstalk" => sensing::crosstalk(task, &mut answer),
        "sensor-zero-drift" => sensing::zero_drift(task, &mut answer),
        "sensor-threshold" => sensing::threshold(task, &mut answer),
        "channel-noise" => response::noise(task, &mut answer),
        "response-latency" => response::latency(task, &mut answer),
        "grasp-strength" => strength::grasp(task, &mut answer),
        "touch-sensitivity" => feel::touch(task, &mut answer),
        "force-calibration" => feel::calibration(task, &mut answer),
        "grasp-efficiency" => feel::efficiency(task, &mut answer),
        "force-tracking" => feel::follow(task, &mut answer),
        "finger-repeatability" => feel::repeatability(task, &mut answer),
        "finger-synchrony" => feel::synchrony(task, &mut answer),
        "peak-difference" => versus::peaks(task, &mut answer),
        "joint-friction" => joint::friction(task, &mut answer),
        "joint-torque-ripple" => joint::torque_ripple(task, &mut answer),
        "object-pose-error" => placed::estimated(task, &mut answer),
        "manipulation-error" => placed::manipulated(task, &mut answer),
        "contact-bounce" => swing::contact(task, &mut answer),
        "axis-rebound" => swing::rebound(task, &mut answer),
        "force-vector-error" => swing::vector(task, &mut answer),
        "rated-torque" => heat::rated_torque(task, &mut answer),
        "payload-over-weight" => entered::payload_ratio(task, &mut answer),
        "plan-decision" => sampled::decision(task, &mut answer),
        "lot-quality" => several::lot(task, &mut answer),
        "mean-time-between-failures" => several::mtbf(task, &mut answer),
        "survival" | "survival-of-passes" => several::survival(task, &mut answer),
        "stress-criterion" => stress::criterion(task, &mut answer),
        "stop-fall" => stress::fall(task, &mut answer),
        "inspection" => inspection::inspection(task, &mut answer),
        "inspection-with-evidence" => inspection::with_evidence(task, &mut answer),
        other => Err(unknown(other)),
    };
    // What is certain without a value needs none.
    if let Err(reason) = done
        && answer.certain.is_none()
    {
        answer.doubts.add(reason);
    }
    times::undrawn(task, &mut answer);
    count_check(task, &mut answer);
    answer
}

/// Says which data came after the run; whether some have not come yet, and nothing can be computed.
fn imports(task: Task<'_>, answer: &mut Answer) -> bool {
    let mut waiting = false;
    let ids = task.measure.channels.values();
    let channels = ids.filter_map(|id| task.reader.channel(id).ok());
    for (_, channel) in channels.filter(|(_, c)| task.reader.plan.imported(c)) {
        let id = &channel.id;
        let Some((addendum, import)) = task.reader.import(channel) else {
            answer.doubts.add(to_be_imported(id));
            waiting = true;
            continue;
        };
        let (rows, by, day) = (import.rows, &addendum.by, &addendum.utc);
        let sha256 = addendum.files.first().map_or("?", |f| &f.sha256);
        answer.notes.add(because(
            "imported",
            format!(
                "{id} was imported after the run by {by}, {day}: {rows} rows, file SHA-256 {sha256}"
            ),
            format!("{id} 为运行后导入（{by}，{day}）：{rows} 行，文件 SHA-256 {sha256}"),
        ));
        if !import.extra.is_empty() {
            let extra = import.extra.len();
            answer.notes.add(because(
                "rows-left-out",
                format!("{extra} rows of the file belong to no window and were left out"),
                format!("文件中有 {extra} 行不属于任何窗口，已略去"),
            ));
        }
    }
    waiting
}

/// A metric that this judge does not know.
pub(crate) fn unknown(metric: &str) -> Reason {
    because(
        "unknown-metric",
        format!("This judge does not know the metric {metric}"),
        format!("判定模块不认识指标 {metric}"),
    )
}

/// No fewer instances than planned, and no more: nobody tests until it passes.
pub(crate) fn count_check(task: Task<'_>, answer: &mut Answer) {
    let planned = task.measure.n_planned.max(task.metric.n_min);
    let n = answer.n;
    if n < planned {
        answer.doubts.add(because(
            "n-below-plan",
            format!("{n} of {planned} planned instances"),
            format!("计划 {planned} 次，实得 {n} 次"),
        ));
    } else if n > task.measure.n_most.unwrap_or(0).max(planned) {
        let planned = task.measure.n_most.unwrap_or(0).max(planned);
        answer.doubts.add(because(
            "n-above-plan",
            format!("{n} instances where {planned} were planned"),
            format!("计划 {planned} 次，实得 {n} 次，多于计划"),
        ));
    }
}

impl<'a> Task<'a> {
    pub(crate) fn params(self) -> Params<'a> {
        Params {
            measure: self.measure,
            metric: self.metric,
        }
    }

    /// The channel that an input of the metric is wired to.
    pub(crate) fn channel(self, input: &str) -> Result<&'a Channel, Reason> {
        let id = self.measure.channels.get(input).ok_or_else(|| {
            because(
                "no-channel",
                format!("The measure names no channel for {input}"),
                format!("测量未指定 {input} 的通道"),
            )
        })?;
        self.reader.channel(id).map(|(_, channel)| channel)
    }

    /// The window or trial that an input of the metric is computed over.
    pub(crate) fn over(self, input: &str) -> Result<&'a str, Reason> {
        self.measure
            .over
            .get(input)
            .map(String::as_str)
            .ok_or_else(|| {
                because(
                    "no-window",
                    format!("The measure names no window or trial for {input}"),
                    format!("测量未指定 {input} 的窗口或试验"),
                )
            })
    }

    /// Whether something happened in the row that the finding is about.
    pub(crate) fn is_here(self, context: &certbench_model::Context) -> bool {
        self.row.is_none_or(|(variable, row)| {
            context
                .scope
                .variables
                .get(variable)
                .is_some_and(|v| v == row)
        })
    }

    /// The closed windows of an input, without those of invalid trials, which are counted. Windows
    /// that were cut, and channels that were silent in one, are doubts.
    pub(crate) fn windows(
        self,
        input: &str,
        answer: &mut Answer,
    ) -> Result<Vec<Window<'a>>, Reason> {
        let id = self.over(input)?;
        let record = self.recorded(id);
        let mut windows = Vec::new();
        for run in self.windows.iter().copied().filter(|w| w.id == id) {
            match self.trial_of(run) {
                Some(Counts::Invalid(_)) => {
                    answer.invalid += 1;
                    continue;
                }
                Some(Counts::Unknown(reason))
                    if matches!(reason.code.as_str(), "trial-cut" | "invalid-unnamed") =>
                {
                    answer.doubts.add(reason.clone());
                }
                _ => {}
            }
            let to_ns = match run.closed {
                Some((to_ns, WindowEnd::Reached | WindowEnd::TimedOut)) => to_ns,
                Some((_, WindowEnd::Cut)) | None => {
                    answer.doubts.add(because(
                        "window-cut",
                        format!("The window {id} #{} was cut off", run.instance),
                        format!("窗口 {id} #{} 被中断", run.instance),
                    ));
                    continue;
                }
            };
            for channel in record {
                self.check_speaks(channel, run, to_ns, answer);
            }
            answer.evidence.push(Evidence {
                what: format!("{id} #{}", run.instance),
                line: run.line,
                from_ns: run.from_ns,
                to_ns,
            });
            windows.push(Window { run, to_ns });
        }
        Ok(windows)
    }

    pub(crate) fn trial_of(self, window: &WindowRun<'_>) -> Option<&'a Counts> {
        self.trials.get(window.trial?)
    }

    /// The row of a repeat variable in its table.
    pub(crate) fn row_of(self, variable: &str, row: &str) -> Option<&'a Row> {
        let steps = trial::steps(self.case).into_iter();
        let mut tables = steps.filter_map(|step| match step {
            Step::Repeat(r) if r.variable == variable => match &r.over {
                Over::Rows { table, .. } => Some(table.as_str()),
                Over::Times(_) => None,
            },
            Step::Matrix(m) => {
                let axis = m.axes.iter().find(|a| a.variable == variable);
                axis.and_then(|a| a.table.as_deref())
            }
            _ => None,
        });
        self.reader.plan.row(tables.next()?, row)
    }

    /// A value of the finding's row, from the column that a parameter names.
    pub(crate) fn row_value(self, param: &str, unit: Unit) -> Result<f64, Reason> {
        let column = self.params().word(param)?;
        let value = self.row.and_then(|(variable, row)| {
            let value = self.row_of(variable, row)?.columns.get(column)?;
            value.quantity()?.to(unit).ok()
        });
        value.filter(|v| *v > 0.0).ok_or_else(|| {
            because(
                "no-limit",
                format!(
                    "The row has no column {column} with a value above zero; is `per` its variable?"
                ),
                format!("该行没有大于零的 {column} 列；`per` 是否为其变量？"),
            )
        })
    }

    /// The trials of the finding's row with how each counts.
    pub(crate) fn attempts(self) -> impl Iterator<Item = (&'a TrialRun<'a>, &'a Counts)> + use<'a> {
        let of = move |i: &usize| Some((self.course.trials.get(*i)?, self.trials.get(*i)?));
        self.attempts.iter().filter_map(of)
    }

    /// Channels that must have spoken in a window, from the plan.
    fn recorded(self, id: &str) -> &'a [String] {
        let steps = trial::steps(self.case).into_iter();
        let mut windows = steps.filter_map(|step| match step {
            Step::Window(w) if w.id == id => Some(w.record.as_slice()),
            _ => None,
        });
        windows.next().unwrap_or_default()
    }

    fn check_speaks(self, id: &str, run: &WindowRun<'_>, to_ns: u64, answer: &mut Answer) {
        match self.reader.channel(id) {
            Ok((index, _)) if self.reader.speaks(index, run.from_ns, to_ns) => {}
            // Reading it again says in whose name it is silent.
            Ok(_) => {
                let _ = self
                    .reader
                    .trace(id, run.from_ns, to_ns, &mut answer.doubts);
            }
            Err(reason) => answer.doubts.add(reason),
        }
    }
}

/// A closed window.
#[derive(Clone, Copy)]
pub(crate) struct Window<'a> {
    pub(crate) run: &'a WindowRun<'a>,
    pub(crate) to_ns: u64,
}

impl Window<'_> {
    /// Seconds from its begin to an instant of it, ns; `None` for one that is not in it.
    pub(crate) fn seconds(self, at_ns: u64) -> Option<f64> {
        let inside = (self.run.from_ns..=self.to_ns).contains(&at_ns);
        inside.then(|| (at_ns - self.run.from_ns) as f64 * 1e-9)
    }

    pub(crate) fn trace<'r>(
        self,
        reader: Reader<'r>,
        channel: &str,
        doubts: &mut Reasons,
    ) -> Result<Trace<'r>, Reason> {
        reader.trace(channel, self.run.from_ns, self.to_ns, doubts)
    }

    /// As [`Self::trace`], sample by sample: see [`Reader::pass`].
    pub(crate) fn pass<'r>(
        self,
        reader: Reader<'r>,
        channel: &str,
        doubts: &mut Reasons,
        take: impl FnMut(f64, &[f64; COMPONENTS_MAX]),
    ) -> Result<Passed<'r>, Reason> {
        reader.pass(channel, self.run.from_ns, self.to_ns, doubts, take)
    }
}

/// Whether every channel of a measure is a reference instrument's.
pub(crate) fn source(task: Task<'_>) -> Source {
    let all = task.measure.channels.values();
    let ids = all.chain(success::rule_channel(task));
    let mut sources = ids.map(|id| task.reader.channel(id).map(|(_, c)| c.source));
    let reference = task.measure.channels.len() + success::rule_channel(task).iter().len() > 0
        && sources.all(|s| s == Ok(Source::Reference));
    if reference {
        Source::Reference
    } else {
        Source::Device
    }
}

/// Channels of a measure, those of its trials' outcome rule included.
pub(crate) fn channels(task: Task<'_>) -> Vec<String> {
    let mut ids: Vec<String> = task.measure.channels.values().cloned().collect();
    ids.extend(success::rule_channel(task).cloned());
    ids.dedup();
    ids
}

/// A value beside the result.
pub(crate) fn named(
    symbol: &str,
    en: &str,
    zh: &str,
    value: f64,
    unit: Unit,
    u_expanded: Option<f64>,
) -> NamedValue {
    NamedValue {
        symbol: symbol.into(),
        name: Text::new(en, zh),
        value: Quantity::new(value, unit),
        u_expanded,
    }
}

/// The data were there, and the mathematics could not make a number of them.
pub(crate) fn no_number(en: &str, zh: &str) -> Reason {
    because("no-number", en, zh)
}

/// A unit that this judge names itself (all are in the table).
pub(crate) fn unit(symbol: &str) -> Unit {
    Unit::parse(symbol).unwrap_or(Unit::one())
}
