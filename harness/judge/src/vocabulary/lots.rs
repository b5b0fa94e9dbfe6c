//! Sampling plans, lots, lives of several items, and functions during a stress.

use super::{confidence, input, metric, param, quantity, trigger, unit, word, words};
use certbench_model::vocabulary::{
    MetricDescription, OverKind, ParamDescription, ParamKind, Shape,
};
use certbench_model::{Text, Unit};

pub(super) fn metrics() -> Vec<MetricDescription> {
    vec![
        plan_decision(),
        lot_quality(),
        mtbf(),
        survival(
            "survival",
            "h",
            &[("time", OverKind::Prompt), ("ended", OverKind::Choice)],
        ),
        survival("survival-of-passes", "1", &[("over", OverKind::Repeat)]),
        stress_criterion(),
        stop_fall(),
    ]
}

fn optional(name: &str, title: Text, kind: ParamKind) -> ParamDescription {
    ParamDescription {
        optional: true,
        ..param(name, title, kind, None)
    }
}

fn over(inputs: &[(&str, OverKind)]) -> Vec<(String, OverKind)> {
    let owned = inputs.iter().map(|(name, kind)| ((*name).into(), *kind));
    owned.collect()
}

/// Limits of the first channel's quantity, or of what was entered.
fn least_and_most() -> [ParamDescription; 2] {
    [
        ("least", "Lower limit", "下限"),
        ("most", "Upper limit", "上限"),
    ]
    .map(|(name, en, zh)| optional(name, Text::new(en, zh), ParamKind::OfChannel))
}

fn component() -> ParamDescription {
    optional(
        "component",
        Text::new(
            "Component of the channel; the first when left out",
            "通道的分量；缺省为第一个",
        ),
        ParamKind::Text,
    )
}

fn plan_decision() -> MetricDescription {
    let share = ParamKind::Quantity(Unit::one());
    MetricDescription {
        over: over(&[("over", OverKind::Plan)]),
        unit: Some(Unit::one()),
        params: vec![
            confidence(),
            optional(
                "good",
                Text::new(
                    "Rate of success at which a plan of n and c shall accept (its probability is reported)",
                    "n、c 方案应接收的成功率（报告其接收概率）",
                ),
                share.clone(),
            ),
            optional(
                "bad",
                Text::new(
                    "Rate of success at which a plan of n and c shall reject (its probability is reported)",
                    "n、c 方案应拒收的成功率（报告其接收概率）",
                ),
                share,
            ),
            optional(
                "lot",
                Text::new(
                    "Size of the lot that the items are drawn from without replacement",
                    "被测件从中不放回抽取的批量",
                ),
                ParamKind::Count,
            ),
        ],
        ..metric(
            "plan-decision",
            Text::new("Decision of a sampling plan", "抽样方案的判定"),
            Text::new(
                "n trials with at most c failures, or Wald's sequential probability ratio test (1945) cut \
                 off after n trials: accepted or rejected when the plan of the trial decides; \
                 probabilities of acceptance by the exact distribution (binomial, of a lot hypergeometric)",
                "n 次试验最多 c 次失败，或 Wald 序贯概率比检验（1945）并在 n 次后截尾：由试验的方案判定接收或拒收；接收概率按精确分布（二项分布，批为超几何分布）",
            ),
            vec![],
        )
    }
}

fn lot_quality() -> MetricDescription {
    let share = |name: &str, en: &str, zh: &str| {
        optional(name, Text::new(en, zh), ParamKind::Quantity(Unit::one()))
    };
    MetricDescription {
        over: over(&[("over", OverKind::Prompt)]),
        unit: Some(Unit::one()),
        has_bound: true,
        n_min: 2,
        params: least_and_most()
            .into_iter()
            .chain([
                share(
                    "good",
                    "Share beyond the limit of a lot that shall be accepted (its probability is reported)",
                    "应接收的批中超限比例（报告其接收概率）",
                ),
                share(
                    "bad",
                    "Share beyond the limit of a lot that shall be rejected (its probability is reported)",
                    "应拒收的批中超限比例（报告其接收概率）",
                ),
            ])
            .collect(),
        ..metric(
            "lot-quality",
            Text::new("Quality statistic of a lot", "批的质量统计量"),
            Text::new(
                "Q = (limit - mean) / s for an upper limit, (mean - limit) / s for a lower one, held against \
                 the constant k of the plan, which holds the sampling error (`bound: at_least k`); s-method \
                 of ISO 3951 for the terms; normal characteristic",
                "Q = (上限 - 均值) / s 或 (均值 - 下限) / s，与方案常数 k 比较，k 已包含抽样误差（`bound: at_least k`）；术语参照 ISO 3951 的 s 法；假定正态分布",
            ),
            vec![],
        )
    }
}

fn mtbf() -> MetricDescription {
    MetricDescription {
        over: over(&[("time", OverKind::Prompt), ("failures", OverKind::Prompt)]),
        unit: Some(unit("h")),
        has_bound: true,
        params: vec![
            confidence(),
            optional(
                "mission",
                Text::new(
                    "Time for which the demonstrated reliability is reported",
                    "报告所证明可靠度的任务时间",
                ),
                ParamKind::Quantity(unit("h")),
            ),
        ],
        ..metric(
            "mean-time-between-failures",
            Text::new("Mean time between failures", "平均失效间隔时间"),
            Text::new(
                "T / r over all items; the bound is 2 T / chi²(C; 2 r + 2), tests that ended at a fixed \
                 time, constant failure rate; Epstein and Sobel (1953)",
                "全部被测件的 T / r；界限为 2 T / chi²(C; 2 r + 2)，定时截尾，恒定失效率；Epstein、Sobel（1953）",
            ),
            vec![],
        )
    }
}

fn survival(id: &str, of: &str, inputs: &[(&str, OverKind)]) -> MetricDescription {
    let mut params = vec![
        confidence(),
        param(
            "mission",
            Text::new("Time or cycles to be survived", "须存活的时间或循环数"),
            ParamKind::Quantity(unit(of)),
            None,
        ),
    ];
    if id == "survival" {
        params.push(param(
            "failed",
            Text::new(
                "The choice that says that an item failed; any other: it was still running",
                "表示失效的选项；其他选项：仍在运行",
            ),
            ParamKind::Text,
            word("failed"),
        ));
    }
    MetricDescription {
        over: over(inputs),
        unit: Some(unit("%")),
        has_bound: true,
        params,
        ..metric(
            id,
            Text::new("Share that survives a mission", "任务存活比例"),
            Text::new(
                "Kaplan and Meier's product-limit estimate (1958) over several items, some of them \
                 censored; the bound by Greenwood's error on the scale of ln(-ln S), without a failure \
                 Clopper and Pearson's",
                "多个被测件（部分删失）的 Kaplan-Meier 乘积限估计（1958）；界限由 Greenwood 误差在 ln(-ln S) 尺度上给出，无失效时为 Clopper-Pearson 下限",
            ),
            vec![],
        )
    }
}

fn stress_criterion() -> MetricDescription {
    let mark = |name: &str, en: &str, zh: &str, default: &str| {
        param(name, Text::new(en, zh), ParamKind::Text, word(default))
    };
    MetricDescription {
        unit: Some(Unit::one()),
        params: least_and_most()
            .into_iter()
            .chain([
                component(),
                mark("from", "Mark at which the stress begins", "应力开始的标记", "stress-on"),
                mark("to", "Mark at which the stress ends", "应力结束的标记", "stress-off"),
                param(
                    "recovery",
                    Text::new(
                        "Time after the stress, or after an intervention, in which it may come back",
                        "应力结束或人工干预后允许恢复的时间",
                    ),
                    ParamKind::Quantity(unit("s")),
                    Some(quantity(0.0, "s")),
                ),
                param(
                    "expected",
                    Text::new("Criterion that is claimed", "所声明的性能判据"),
                    words(&["A", "B", "C"]),
                    None,
                ),
            ])
            .collect(),
        ..metric(
            "stress-criterion",
            Text::new("Performance criterion during a stress", "应力期间的性能判据"),
            Text::new(
                "A: within its limits all the time; B: out of them, and back by itself when the stress is \
                 over; C: back after a person intervened; worst of the stresses; classes a) to c) of IEC \
                 61000-4-2:2008, clause 9",
                "A：始终在限值内；B：曾超出，应力结束后自行恢复；C：经人工干预后恢复；取各次应力的最差者；参照 IEC 61000-4-2:2008 第 9 章 a) 至 c)",
            ),
            vec![input("function", Shape::Any, None)],
        )
    }
}

fn stop_fall() -> MetricDescription {
    MetricDescription {
        unit: Some(Unit::one()),
        params: least_and_most()
            .into_iter()
            .chain([
                component(),
                param(
                    "edge",
                    Text::new("Edge of the trigger contact", "触发触点的边沿"),
                    words(&["any", "rising", "falling"]),
                    word("any"),
                ),
                param(
                    "expected",
                    Text::new("Outcome that is claimed", "所声明的结果"),
                    words(&["upright", "fall"]),
                    None,
                ),
            ])
            .collect(),
        ..metric(
            "stop-fall",
            Text::new("Fall after a stop", "停止后倾倒"),
            Text::new(
                "a machine that must balance has fallen when its posture (a height, an inclination) passes \
                 a limit between the trigger and the end of the window; certbench's own definition",
                "自触发至窗口结束，须保持平衡的机器的姿态（高度、倾角）越过限值即为倾倒；certbench 自定义",
            ),
            vec![input("posture", Shape::Any, None), trigger()],
        )
    }
}
