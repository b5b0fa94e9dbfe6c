//! The metrics that a suite can name, as data.

mod arm;
mod hand;
mod item;
mod joint;
mod lots;
mod placed;
mod safety;
mod sensing;

use certbench_model::vocabulary::{
    ChannelInput, MetricDescription, OverKind, ParamDescription, ParamKind, Shape,
};
use certbench_model::{ParamValue, Quantity, Text, Unit};

/// All metrics of the judge, in the order in which documentation lists them.
#[must_use]
pub fn vocabulary() -> Vec<MetricDescription> {
    let first = vec![
        pose_accuracy(),
        pose_repeatability(),
        payload_droop(),
        hold_drift(),
        largest_departure(),
        success_rate(),
        peak_force(),
        stop_time(),
        stop_distance(),
        stop_category(),
        inspection("inspection", &["over"]),
        inspection("inspection-with-evidence", &["statement", "evidence"]),
    ];
    [
        first,
        arm::metrics(),
        hand::metrics(),
        item::metrics(),
        joint::metrics(),
        lots::metrics(),
        placed::metrics(),
        safety::metrics(),
        sensing::metrics(),
    ]
    .concat()
}

fn pose_accuracy() -> MetricDescription {
    MetricDescription {
        unit: Some(unit("mm")),
        needs_pose: true,
        params: vec![condition()],
        n_min: 2,
        ..metric(
            "iso9283-pose-accuracy",
            Text::new("Pose accuracy AP", "位姿准确度 AP"),
            Text::new(
                "AP_p = |mean attained position - commanded position|; ISO 9283:1998, 7.2.1 \
                 (= GB/T 12642-2013)",
                "AP_p = |实到位置均值 - 指令位置|；ISO 9283:1998 第 7.2.1 条（= GB/T 12642-2013）",
            ),
            vec![position()],
        )
    }
}

fn pose_repeatability() -> MetricDescription {
    MetricDescription {
        unit: Some(unit("mm")),
        params: vec![condition()],
        n_min: 3,
        ..metric(
            "iso9283-pose-repeatability",
            Text::new("Pose repeatability RP", "位姿重复性 RP"),
            Text::new(
                "RP_l = mean distance from the barycentre + 3 S_l, divisor n - 1; \
                 ISO 9283:1998, 7.2.2 (= GB/T 12642-2013)",
                "RP_l = 到重心的平均距离 + 3 S_l，除数 n - 1；ISO 9283:1998 第 7.2.2 条（= GB/T \
                 12642-2013）",
            ),
            vec![position()],
        )
    }
}

fn payload_droop() -> MetricDescription {
    MetricDescription {
        over: vec![
            ("unloaded".into(), OverKind::Window),
            ("loaded".into(), OverKind::Window),
        ],
        unit: Some(unit("mm")),
        ..metric(
            "payload-droop",
            Text::new("Droop under load", "负载下垂"),
            Text::new(
                "|mean position with load - mean position without| at one commanded pose; \
                 certbench's own definition",
                "同一指令位姿下 |带载位置均值 - 空载位置均值|；certbench 自定义",
            ),
            vec![position()],
        )
    }
}

fn largest_departure() -> MetricDescription {
    MetricDescription {
        unit: Some(unit("mm")),
        params: vec![param(
            "edge",
            Text::new(
                "Time averaged at the begin of the window, in which nothing is to happen yet",
                "窗口起始取平均的时间，其间不应有任何动作",
            ),
            ParamKind::Quantity(unit("s")),
            Some(quantity(100.0, "ms")),
        )],
        ..metric(
            "largest-departure",
            Text::new("Largest departure of what should stand", "静止件的最大偏离"),
            Text::new(
                "Largest |position - mean over the first part of the window|, worst of the windows; \
                 certbench's own definition",
                "|位置 - 窗口首段位置均值| 的最大值，取各窗口最大值；certbench 自定义",
            ),
            vec![position()],
        )
    }
}

fn hold_drift() -> MetricDescription {
    MetricDescription {
        unit: Some(unit("mm")),
        params: vec![param(
            "edge",
            Text::new(
                "Share of the hold averaged at its begin and end",
                "保持段首尾取平均的时间占比",
            ),
            ParamKind::Quantity(Unit::one()),
            Some(quantity(10.0, "%")),
        )],
        ..metric(
            "hold-drift",
            Text::new("Drift while holding", "保持期间的漂移"),
            Text::new(
                "|mean position over the last part of the hold - mean over the first part|, worst \
                 of the holds; certbench's own definition",
                "|保持末段位置均值 - 首段位置均值|，取各次保持的最大值；certbench 自定义",
            ),
            vec![position()],
        )
    }
}

fn success_rate() -> MetricDescription {
    MetricDescription {
        over: vec![("over".into(), OverKind::Trial)],
        unit: Some(Unit::one()),
        has_bound: true,
        params: vec![confidence()],
        ..metric(
            "success-rate",
            Text::new("Success rate", "成功率"),
            Text::new(
                "k / n with the exact interval of Clopper and Pearson (1934) and, for comparison, \
                 Wilson's (1927); a censored trial is no success",
                "k / n，附 Clopper-Pearson（1934）精确区间及 Wilson（1927）区间供比较；删失的试验不计为成功",
            ),
            vec![],
        )
    }
}

fn peak_force() -> MetricDescription {
    MetricDescription {
        has_bound: true,
        params: [
            filter(),
            vec![
                summary(&["mean", "least", "largest"]),
                share(),
                confidence(),
            ],
        ]
        .concat(),
        ..metric(
            "peak-force",
            Text::new("Peak force", "峰值力"),
            Text::new(
                "largest value of the filtered force in each window; the bound is mean - k s (or \
                 + k s), one-sided normal tolerance bound, ISO 16269-6:2014",
                "各窗口内滤波后力的最大值；界限为 mean - k s（或 + k s），单侧正态容许限，ISO \
                 16269-6:2014",
            ),
            vec![input("channel", Shape::Any, None)],
        )
    }
}

/// The filter before a peak is taken; the suite has to choose one.
fn filter() -> Vec<ParamDescription> {
    vec![
        param(
            "filter",
            Text::new("Low-pass before the peak is taken", "取峰值前的低通滤波"),
            words(&["none", "butterworth"]),
            None,
        ),
        param(
            "order",
            Text::new("Order of the filter, 1 to 8", "滤波器阶数，1 至 8"),
            ParamKind::Count,
            Some(ParamValue::Count(2)),
        ),
        ParamDescription {
            optional: true,
            ..param(
                "cutoff",
                Text::new(
                    "-3 dB frequency of one pass of the filter",
                    "滤波器单次通过的 -3 dB 频率",
                ),
                ParamKind::Quantity(unit("Hz")),
                None,
            )
        },
        param(
            "passes",
            Text::new(
                "Forward only (as an instrument), or forward and backward (no delay, 6 dB \
                 down at the cut-off)",
                "仅正向（如同仪器），或正反向（无延迟，截止频率处下降 6 dB）",
            ),
            words(&["forward", "zero-phase"]),
            word("zero-phase"),
        ),
    ]
}

/// Which of several values is the result; the first word is the default.
fn summary(of: &[&str]) -> ParamDescription {
    param(
        "summary",
        Text::new("Which of the values is the result", "以哪个值为结果"),
        words(of),
        of.first().and_then(|w| word(w)),
    )
}

fn share() -> ParamDescription {
    param(
        "share",
        Text::new(
            "Share of all values that the tolerance bound covers",
            "容许限覆盖的总体比例",
        ),
        ParamKind::Quantity(Unit::one()),
        Some(quantity(95.0, "%")),
    )
}

fn words(of: &[&str]) -> ParamKind {
    ParamKind::OneOf(of.iter().map(|w| (*w).into()).collect())
}

fn word(of: &str) -> Option<ParamValue> {
    Some(ParamValue::Text(of.into()))
}

/// Windows under several names.
fn windows(names: &[&str]) -> Vec<(String, OverKind)> {
    names
        .iter()
        .map(|n| ((*n).to_owned(), OverKind::Window))
        .collect()
}

fn stop_time() -> MetricDescription {
    MetricDescription {
        unit: Some(unit("ms")),
        params: under_way(),
        ..metric(
            "stop-time",
            Text::new("Stopping time", "停止时间"),
            Text::new(
                "last possible rest - earliest possible trigger, worst of the repeats; modelled on \
                 ISO 10218-1:2011, Annex B",
                "最晚可能静止时刻 - 最早可能触发时刻，取各次最大值；参照 ISO 10218-1:2011 附录 B",
            ),
            vec![moving(), trigger()],
        )
    }
}

fn stop_distance() -> MetricDescription {
    MetricDescription {
        params: under_way(),
        ..metric(
            "stop-distance",
            Text::new("Stopping distance", "停止距离"),
            Text::new(
                "travel from the earliest possible trigger to the final standstill, worst of the \
                 repeats; modelled on ISO 10218-1:2011, Annex B",
                "自最早可能触发时刻至最终静止的行程，取各次最大值；参照 ISO 10218-1:2011 附录 B",
            ),
            vec![moving(), trigger()],
        )
    }
}

fn stop_category() -> MetricDescription {
    let mut params = under_way();
    params.push(param(
        "expected",
        Text::new("Stop category that is claimed", "所声明的停止类别"),
        ParamKind::OneOf(["0", "1", "2", "0-or-1"].map(String::from).to_vec()),
        None,
    ));
    params.push(param(
        "at_once",
        Text::new(
            "Longest time from the trigger to the loss of power for category 0",
            "0 类停止中自触发至断电的最长时间",
        ),
        ParamKind::Quantity(unit("s")),
        Some(quantity(100.0, "ms")),
    ));
    params.push(param(
        "powered_is",
        Text::new(
            "Level of the power contact while the drives have power",
            "驱动器带电时动力触点的电平",
        ),
        ParamKind::Flag,
        Some(ParamValue::Flag(true)),
    ));
    MetricDescription {
        unit: Some(Unit::one()),
        params,
        ..metric(
            "stop-category",
            Text::new("Stop category", "停止类别"),
            Text::new(
                "power removed at once (0), after rest (1) or not at all (2), from an independent \
                 power contact; categories of IEC 60204-1:2016",
                "由独立动力触点判定：立即断电（0）、静止后断电（1）或不断电（2）；类别见 IEC 60204-1:2016",
            ),
            vec![moving(), trigger(), input("power", Shape::Digital, None)],
        )
    }
}

fn inspection(id: &str, inputs: &[&str]) -> MetricDescription {
    let inputs = inputs.iter();
    MetricDescription {
        over: inputs
            .map(|i| ((*i).to_owned(), OverKind::Prompt))
            .collect(),
        unit: Some(Unit::one()),
        params: vec![ParamDescription {
            optional: true,
            ..param(
                "expected",
                Text::new(
                    "Answer that conforms: a choice, or yes; without it the statement is only reported",
                    "符合要求的回答：选项或 yes；缺省时仅报告陈述",
                ),
                ParamKind::Text,
                None,
            )
        }],
        ..metric(
            id,
            Text::new("Inspection", "检查"),
            Text::new(
                "a person's statement on a check-list item; certbench's own definition",
                "检查人员对检查表条目的陈述；certbench 自定义",
            ),
            vec![],
        )
    }
}

fn metric(id: &str, title: Text, formula: Text, channels: Vec<ChannelInput>) -> MetricDescription {
    MetricDescription {
        id: id.into(),
        title,
        formula,
        over: vec![("over".into(), OverKind::Window)],
        channels,
        params: Vec::new(),
        unit: None,
        has_bound: false,
        needs_pose: false,
        n_min: 1,
    }
}

fn position() -> ChannelInput {
    input("position", Shape::Pose, Some(unit("mm")))
}

/// A pose of the tool centre point, or one axis.
fn moving() -> ChannelInput {
    input("position", Shape::Any, None)
}

fn trigger() -> ChannelInput {
    input("trigger", Shape::Digital, None)
}

fn input(name: &str, shape: Shape, unit: Option<Unit>) -> ChannelInput {
    ChannelInput {
        name: name.into(),
        shape,
        unit,
        optional: false,
    }
}

/// As [`motion`], and where the motion would have ended by itself.
fn under_way() -> Vec<ParamDescription> {
    let mut params = motion();
    params.push(ParamDescription {
        optional: true,
        ..param(
            "to",
            Text::new(
                "Pose of the bench to which the item is under way: one that rests there may have \
                 arrived, and its stop counts only where it misses the limit",
                "被测件正在前往的台架位姿：静止于该处者可能是自行到达，仅在超出限值时计入",
            ),
            ParamKind::Text,
            None,
        )
    });
    params.push(param(
        "to_within",
        Text::new("How near that pose counts as there", "视为到达该位姿的距离"),
        ParamKind::Quantity(unit("mm")),
        Some(quantity(20.0, "mm")),
    ));
    params
}

/// How rest and the trigger are found on the curve of a stop.
fn motion() -> Vec<ParamDescription> {
    let edges = ["any", "rising", "falling"].map(String::from).to_vec();
    vec![
        param(
            "rest_speed",
            Text::new(
                "Speed below which the tool is at rest (position in a length)",
                "视为静止的速度上限（位置为长度时）",
            ),
            ParamKind::Quantity(unit("mm/s")),
            Some(quantity(10.0, "mm/s")),
        ),
        param(
            "rest_rate",
            Text::new(
                "Speed below which the axis is at rest (position as an angle)",
                "视为静止的角速度上限（位置为角度时）",
            ),
            ParamKind::Quantity(unit("deg/s")),
            Some(quantity(0.5, "deg/s")),
        ),
        param(
            "dwell",
            Text::new(
                "How long it must rest until the end of the window",
                "至窗口结束须保持静止的时间",
            ),
            ParamKind::Quantity(unit("s")),
            Some(quantity(100.0, "ms")),
        ),
        param(
            "span",
            Text::new(
                "Time over which the speed is the slope of the position",
                "由位置斜率求速度的时间跨度",
            ),
            ParamKind::Quantity(unit("s")),
            Some(quantity(40.0, "ms")),
        ),
        param(
            "edge",
            Text::new("Edge of the trigger contact", "触发触点的边沿"),
            ParamKind::OneOf(edges),
            Some(ParamValue::Text("any".into())),
        ),
    ]
}

fn condition() -> ParamDescription {
    param(
        "condition",
        Text::new(
            "What follows when the measuring system's uncertainty is more than 25 % of the value \
             (ISO 9283:1998, clause 6): report it, or give no verdict",
            "测量系统不确定度超过测得值的 25 % 时（ISO 9283:1998 第 6 章）：仅说明，或不作判定",
        ),
        ParamKind::OneOf(["report", "required"].map(String::from).to_vec()),
        Some(ParamValue::Text("report".into())),
    )
}

fn confidence() -> ParamDescription {
    param(
        "confidence",
        Text::new(
            "Confidence level of interval and bound",
            "区间与界限的置信水平",
        ),
        ParamKind::Quantity(Unit::one()),
        Some(quantity(95.0, "%")),
    )
}

fn param(
    name: &str,
    title: Text,
    kind: ParamKind,
    default: Option<ParamValue>,
) -> ParamDescription {
    ParamDescription {
        name: name.into(),
        title,
        kind,
        default,
        optional: false,
    }
}

fn quantity(value: f64, symbol: &str) -> ParamValue {
    ParamValue::Quantity(Quantity::new(value, unit(symbol)))
}

/// A unit that this file names; the test below holds each to the table.
fn unit(symbol: &str) -> Unit {
    Unit::parse(symbol).unwrap_or(Unit::one())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_has_a_name_of_its_own_and_both_languages() {
        let metrics = vocabulary();
        for (i, metric) in metrics.iter().enumerate() {
            assert!(
                metrics[..i].iter().all(|m| m.id != metric.id),
                "{}",
                metric.id
            );
            for text in [&metric.title, &metric.formula] {
                assert!(!text.en.is_empty() && !text.zh.is_empty());
                assert!(!text.en.contains("  "), "{}", text.en);
            }
            assert!(metric.n_min >= 1 && !metric.over.is_empty());
        }
    }

    #[test]
    fn units_named_here_are_in_the_table() {
        for symbol in [
            "mm", "ms", "s", "Hz", "mm/s", "deg/s", "%", "K", "Ohm", "N/mm", "mm/N", "N", "h",
            "N.m", "N.m/A", "N.m/rad", "A", "a", "kg", "N/cm2", "V", "W", "deg", "rad/s",
        ] {
            assert_eq!(Unit::parse(symbol).map(Unit::symbol), Ok(symbol));
        }
    }

    #[test]
    fn a_default_fits_its_own_kind() {
        for param in vocabulary().into_iter().flat_map(|m| m.params) {
            let fits = match (&param.kind, &param.default) {
                (_, None) => true,
                (ParamKind::Quantity(unit), Some(ParamValue::Quantity(q))) => {
                    q.unit.compatible(*unit)
                }
                (ParamKind::OneOf(words), Some(ParamValue::Text(word))) => words.contains(word),
                (ParamKind::Count, Some(ParamValue::Count(_)))
                | (ParamKind::Text, Some(ParamValue::Text(_))) => true,
                (ParamKind::Flag, Some(ParamValue::Flag(_))) => true,
                _ => false,
            };
            assert!(fits, "{}", param.name);
        }
    }
}
