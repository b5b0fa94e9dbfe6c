//! What of time each metric reads, and data whose times nobody measured.

use super::{Answer, Task, unit};
use crate::reason::because;
use certbench_model::Channel;
use certbench_model::addendum::Times;
use certbench_model::finding::Reason;

/// What of time a number rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reads {
    /// Values alone, at most in their order: places, means, peaks, counts, what persons entered.
    Values,
    /// When each window was.
    Windows,
    /// When each sample of a channel was since the first one of its window.
    Samples,
    /// When a sample was beside those of another channel or an event of the run.
    Run,
}

/// What a metric reads whatever its parameters are; one that is not named here reads everything.
const READS: &[(Reads, &[&str])] = &[
    (
        Reads::Values,
        &[
            "axis-accuracy",
            "axis-rebound",
            "axis-repeatability",
            "channel-mean",
            "channel-noise",
            "component-mttf-d",
            "contact-pressure",
            "contact-pressure-share",
            "cycles-to-failure",
            "finger-repeatability",
            "finger-strength",
            "force-calibration",
            "force-vector-error",
            "grasp-efficiency",
            "grasp-stiffness",
            "grasp-strength",
            "inspection",
            "inspection-with-evidence",
            "iso9283-cornering-overshoot",
            "iso9283-cornering-round-off",
            "iso9283-distance-accuracy",
            "iso9283-distance-repeatability",
            "iso9283-exchangeability",
            "iso9283-multidirectional-variation",
            "iso9283-path-accuracy",
            "iso9283-path-repeatability",
            "iso9283-pose-accuracy",
            "iso9283-pose-repeatability",
            "iso9283-static-compliance",
            "iso9283-weaving-stroke",
            "joint-efficiency",
            "joint-friction",
            "joint-hysteresis",
            "joint-lost-motion",
            "joint-stiffness",
            "joint-torque-constant",
            "joint-torque-linearity",
            "judge-agreement",
            "lot-quality",
            "manipulation-error",
            "mean-time-between-failures",
            "object-pose-error",
            "passes-to-ending",
            "payload-droop",
            "payload-over-weight",
            "peak-difference",
            "peak-force",
            "performance-level",
            "pfl-speed",
            "placing-error",
            "plan-decision",
            "rejudged-agreement",
            "sensor-crosstalk",
            "sensor-hysteresis",
            "sensor-nonlinearity",
            "sensor-threshold",
            "success-rate",
            "survival",
            "survival-of-passes",
        ],
    ),
    (Reads::Windows, &["iso9283-pose-drift", "task-time"]),
    (
        Reads::Samples,
        &[
            "contact-bounce",
            "contact-force",
            "contact-force-share",
            "finger-synchrony",
            "hold-drift",
            "iso9283-overshoot",
            "iso9283-path-velocity",
            "iso9283-path-velocity-fluctuation",
            "iso9283-path-velocity-repeatability",
            "iso9283-posing-time",
            "iso9283-stabilization-time",
            "iso9283-weaving-frequency",
            "largest-departure",
            "rated-torque",
            "sensor-zero-drift",
            "thermal-steady-state",
        ],
    ),
    (
        Reads::Run,
        &[
            "force-tracking",
            // From the command, which begins the window.
            "grasp-cycle-time",
            "joint-torque-ripple",
            "protective-distance",
            "response-latency",
            "ssm-distance",
            "stop-category",
            "stop-distance",
            "stop-fall",
            "stop-time",
            "stress-criterion",
            "touch-sensitivity",
            "winding-rise",
        ],
    ),
];

fn reads(task: Task<'_>) -> Reads {
    let filtered = || match task.params().optional_word("filter") {
        None | Some("none") => Reads::Values,
        Some(_) => Reads::Samples,
    };
    match task.metric.id.as_str() {
        // A displacement is looked up where the force had come to.
        "slip-resistance" if task.measure.channels.contains_key("displacement") => Reads::Run,
        "slip-resistance" => filtered(),
        // The halves of an artifact are held against each other at the same instants.
        "grasp-strength" if task.measure.channels.contains_key("other") => Reads::Run,
        id => match READS.iter().find(|(_, ids)| ids.contains(&id)) {
            Some((Reads::Values, _)) => filtered(),
            Some((reads, _)) => *reads,
            None => Reads::Run,
        },
    }
}

/// Why nothing can be computed: the metric reads times that nobody measured.
pub(super) fn invented(task: Task<'_>) -> Option<Reason> {
    let reads = reads(task);
    if task.reader.external && matches!(reads, Reads::Windows | Reads::Run) {
        return Some(no_run());
    }
    imported(task).find_map(|channel| match (reads, task.reader.times(channel)) {
        (Reads::Samples | Reads::Run, Times::Nothing) => Some(no_times(&channel.id)),
        (Reads::Run, Times::Window) => Some(not_the_runs(&channel.id)),
        _ => None,
    })
}

/// Takes away what is drawn over a time that nobody measured.
pub(super) fn undrawn(task: Task<'_>, answer: &mut Answer) {
    let nothing = |channel| task.reader.times(channel) == Times::Nothing;
    if imported(task).any(nothing) && reads(task) == Reads::Values {
        let over_time = unit("s");
        answer
            .figures
            .retain(|figure| !figure.x.unit.compatible(over_time));
    }
}

fn imported<'a>(task: Task<'a>) -> impl Iterator<Item = &'a Channel> {
    let ids = task.measure.channels.values();
    let channels = ids.filter_map(move |id| Some(task.reader.channel(id).ok()?.1));
    channels.filter(move |channel| task.reader.plan.imported(channel))
}

const CODE: &str = "without-times";

fn no_times(id: &str) -> Reason {
    because(
        CODE,
        format!(
            "The rows that were imported for {id} carry no time: when a sample was, which this result \
             reads, would be invented; export the file with a time and name its column (`time`)"
        ),
        format!(
            "为 {id} 导入的行没有时间：本结果所需的采样时刻无从得知；请导出带时间的文件并指明该列（`time`）"
        ),
    )
}

fn not_the_runs(id: &str) -> Reason {
    because(
        CODE,
        format!(
            "The times of {id} count from the first row of each window; where that lies beside what else \
             this result reads is not known; align the file by sync marks (`align: time`)"
        ),
        format!(
            "{id} 的时间自各窗口首行起算；其与本结果所需其他时刻的关系未知；请按同步标记对齐文件（`align: time`）"
        ),
    )
}

fn no_run() -> Reason {
    because(
        CODE,
        "The data were taken elsewhere: when their windows were, or what else happened then, which this \
         result reads, is on no record; it needs a run that the file is imported into, or a measure over \
         one window with a `time` column",
        "数据由他处取得：其窗口的时刻及同时发生的事件（本结果所需）均无记录；须有运行并将文件导入其中，或改为在单个窗口内以 `time` 列测量",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_every_metric_it_is_said_what_it_reads() {
        let said: Vec<&str> = READS
            .iter()
            .flat_map(|(_, ids)| ids.iter().copied())
            .collect();
        let metrics = crate::vocabulary();
        for metric in &metrics {
            let times = said.iter().filter(|id| **id == metric.id).count();
            let conditional = metric.id == "slip-resistance";
            assert_eq!(times, usize::from(!conditional), "{}", metric.id);
        }
        assert_eq!(said.len(), metrics.len() - 1);
    }
}
