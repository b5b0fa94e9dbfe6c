//! Metrics of sensors under test, of interfaces, and of what a hand feels.

use super::{filter, input, metric, param, quantity, summary, unit, windows};
use certbench_model::vocabulary::{
    ChannelInput, MetricDescription, OverKind, ParamDescription, ParamKind, Shape,
};
use certbench_model::{ParamValue, Text, Unit};

pub(super) fn metrics() -> Vec<MetricDescription> {
    vec![
        crosstalk(),
        zero_drift(),
        threshold(),
        noise(),
        latency(),
        task_time(),
        placing(),
        touch(),
        calibration(),
        efficiency(),
        tracking(),
        repeatability(),
        synchrony(),
        difference(),
    ]
}

/// Which component of the channel under test is meant.
pub(super) fn component() -> ParamDescription {
    ParamDescription {
        optional: true,
        ..param(
            "component",
            Text::new(
                "Component of the channel under test; the first one when left out",
                "被测通道的分量；省略时为第一个",
            ),
            ParamKind::Text,
            None,
        )
    }
}

fn newton(name: &str, en: &str, zh: &str, default: Option<ParamValue>) -> ParamDescription {
    param(
        name,
        Text::new(en, zh),
        ParamKind::Quantity(unit("N")),
        default,
    )
}

fn full_scale() -> ParamDescription {
    newton(
        "full_scale",
        "Full scale of the sensor as its maker states it",
        "制造商规定的满量程",
        None,
    )
}

fn against() -> Vec<ChannelInput> {
    vec![
        input("reference", Shape::Any, Some(unit("N"))),
        input("sensor", Shape::Any, Some(unit("N"))),
    ]
}

fn crosstalk() -> MetricDescription {
    MetricDescription {
        over: windows(&["x", "y", "z"]),
        unit: Some(unit("%")),
        params: vec![full_scale()],
        n_min: 2,
        ..metric(
            "sensor-crosstalk",
            Text::new("Crosstalk between the axes of a sensor", "传感器轴间串扰"),
            Text::new(
                "largest share of full scale that a full load on one axis shows on another, least squares \
                 over all steps, one axis loaded at a time; certbench's own definition",
                "一个轴满量程加载时在另一轴显示的最大满量程比例，对全部加载步作最小二乘，每次只加载一个轴；certbench \
                 自定义",
            ),
            against(),
        )
    }
}

fn zero_drift() -> MetricDescription {
    MetricDescription {
        unit: Some(unit("%")),
        params: vec![
            full_scale(),
            param(
                "edge",
                Text::new(
                    "Length of the means that are compared",
                    "用于比较的平均时长",
                ),
                ParamKind::Quantity(unit("s")),
                Some(quantity(5.0, "s")),
            ),
            component(),
        ],
        ..metric(
            "sensor-zero-drift",
            Text::new("Drift of the zero of a sensor", "传感器零点漂移"),
            Text::new(
                "largest departure of the means of short stretches from the first one, unloaded, of full \
                 scale; certbench's own definition",
                "无载时各短时段均值对首段均值的最大偏离，占满量程比例；certbench 自定义",
            ),
            vec![input("sensor", Shape::Any, Some(unit("N")))],
        )
    }
}

fn threshold() -> MetricDescription {
    MetricDescription {
        unit: Some(unit("N")),
        params: vec![
            newton(
                "reaction",
                "Change that counts as a reaction",
                "视为有反应的变化",
                None,
            ),
            component(),
        ],
        n_min: 3,
        ..metric(
            "sensor-threshold",
            Text::new("Threshold of a sensor", "传感器阈值"),
            Text::new(
                "smallest load from which the sensor always reacts; its zero is the step with the least \
                 load; certbench's own definition",
                "自该载荷起传感器始终有反应的最小载荷；零点取载荷最小的一步；certbench 自定义",
            ),
            against(),
        )
    }
}

fn noise() -> MetricDescription {
    metric(
        "channel-noise",
        Text::new("Noise of a channel", "通道噪声"),
        Text::new(
            "standard deviation of the first component at rest, divisor n - 1, largest of the windows",
            "静止时第一分量的标准差，除数 n - 1，取各窗口最大值",
        ),
        vec![input("sensor", Shape::Any, None)],
    )
}

fn latency() -> MetricDescription {
    MetricDescription {
        unit: Some(unit("ms")),
        params: vec![
            param(
                "factor",
                Text::new(
                    "Standard deviations of the rest that count as a departure",
                    "视为偏离的静止段标准差倍数",
                ),
                ParamKind::Quantity(Unit::one()),
                Some(quantity(5.0, "1")),
            ),
            summary(&["mean", "longest"]),
        ],
        ..metric(
            "response-latency",
            Text::new("Latency of a command", "指令响应延迟"),
            Text::new(
                "from the instant at which the command leaves to the first lasting departure of the channel \
                 from its rest before, latest possible; certbench's own definition",
                "自指令发出至通道首次持续偏离此前静止状态的时间，取最晚可能时刻；certbench 自定义",
            ),
            vec![input("channel", Shape::Any, None)],
        )
    }
}

fn task_time() -> MetricDescription {
    MetricDescription {
        unit: Some(unit("s")),
        params: vec![summary(&["mean", "longest"])],
        ..metric(
            "task-time",
            Text::new("Time of a task", "任务时间"),
            Text::new(
                "length of the windows that came to the end they were waiting for; one that did not is \
                 censored; certbench's own definition",
                "达到所等待结束条件的窗口时长；未达到者为删失；certbench 自定义",
            ),
            vec![ChannelInput {
                name: "ended_by".into(),
                shape: Shape::Digital,
                unit: None,
                optional: false,
            }],
        )
    }
}

fn placing() -> MetricDescription {
    MetricDescription {
        over: vec![("over".into(), OverKind::Prompt)],
        unit: Some(unit("mm")),
        params: vec![param(
            "u",
            Text::new(
                "Expanded uncertainty (k = 2) of a reading, as the laboratory states it",
                "读数的扩展不确定度（k = 2），由实验室声明",
            ),
            ParamKind::Quantity(unit("mm")),
            None,
        )],
        ..metric(
            "placing-error",
            Text::new("Largest placing error", "最大放置误差"),
            Text::new(
                "largest of the distances from the commanded place that were read and entered; certbench's own \
                 definition",
                "读取并输入的各次到指令位置距离中的最大值；certbench 自定义",
            ),
            vec![],
        )
    }
}

fn touch() -> MetricDescription {
    MetricDescription {
        params: vec![
            newton(
                "reported",
                "The hand reports contact from this reading of its own",
                "灵巧手自身读数达到此值即视为报告接触",
                None,
            ),
            component(),
            summary(&["mean", "largest"]),
        ],
        ..metric(
            "touch-sensitivity",
            Text::new("Touch sensitivity", "触觉灵敏度"),
            Text::new(
                "reference force at the instant at which the hand itself first reports contact, the largest \
                 that is possible; modelled on NIST SP 1227 (draft, 2018)",
                "灵巧手自身首次报告接触时刻的参考力，取可能的最大值；参照 NIST SP 1227（2018 草案）",
            ),
            vec![
                input("force", Shape::Any, Some(unit("N"))),
                input("sensor", Shape::Any, Some(unit("N"))),
            ],
        )
    }
}

fn calibration() -> MetricDescription {
    MetricDescription {
        params: vec![component()],
        n_min: 3,
        ..metric(
            "force-calibration",
            Text::new("Error of a hand's own force", "灵巧手自身力示值误差"),
            Text::new(
                "largest |indicated - reference| over the load steps; modelled on NIST SP 1227 (draft, \
                 2018)",
                "各加载步中 |示值 - 参考值| 的最大值；参照 NIST SP 1227（2018 草案）",
            ),
            against(),
        )
    }
}

fn efficiency() -> MetricDescription {
    MetricDescription {
        unit: Some(unit("%")),
        params: vec![
            param(
                "friction",
                Text::new("Coefficient of friction, declared", "摩擦系数（声明值）"),
                ParamKind::Quantity(Unit::one()),
                None,
            ),
            param(
                "contacts",
                Text::new("Contacts that carry the pull", "承受拉力的接触数"),
                ParamKind::Count,
                Some(ParamValue::Count(2)),
            ),
        ],
        ..metric(
            "grasp-efficiency",
            Text::new("Efficiency of a grasp", "握持效率"),
            Text::new(
                "pull / (contacts mu) over the grip: the share of the grip that was needed, mean of the \
                 windows; modelled on NIST SP 1227 (draft, 2018)",
                "拉力 /（接触数 mu）与握力之比：所需握力的占比，取各窗口均值；参照 NIST SP 1227（2018 草案）",
            ),
            vec![
                input("pull", Shape::Any, Some(unit("N"))),
                input("grip", Shape::Any, Some(unit("N"))),
            ],
        )
    }
}

fn tracking() -> MetricDescription {
    MetricDescription {
        params: vec![
            param(
                "profile",
                Text::new(
                    "Commanded force over the time since the begin of the window, such as `0 s 0 N, 1 s 10 N`",
                    "自窗口开始的指令力-时间折线，例如 `0 s 0 N, 1 s 10 N`",
                ),
                ParamKind::Text,
                None,
            ),
            param(
                "delay_most",
                Text::new("Longest delay that is tried", "尝试的最长延迟"),
                ParamKind::Quantity(unit("s")),
                Some(quantity(1.0, "s")),
            ),
        ],
        ..metric(
            "force-tracking",
            Text::new("Tracking of a force", "力跟踪"),
            Text::new(
                "root of the mean squared difference to the commanded profile, which begins with the window, \
                 mean of the windows; modelled on NIST SP 1227 (draft, 2018)",
                "与指令力曲线（自窗口开始）之差的均方根，取各窗口均值；参照 NIST SP 1227（2018 草案）",
            ),
            vec![input("channel", Shape::Any, Some(unit("N")))],
        )
    }
}

fn repeatability() -> MetricDescription {
    MetricDescription {
        n_min: 2,
        params: vec![component()],
        ..metric(
            "finger-repeatability",
            Text::new("Repeatability of a finger", "手指重复性"),
            Text::new(
                "3 S of the means of the windows, one command given again and again; modelled on NIST SP 1227 \
                 (draft, 2018), formula as RP of an angle in ISO 9283:1998, 7.2.2",
                "同一指令反复执行，各窗口均值的 3 S；参照 NIST SP 1227（2018 草案），公式同 ISO 9283:1998 第 7.2.2 条角度的 RP",
            ),
            vec![input("channel", Shape::Any, None)],
        )
    }
}

fn synchrony() -> MetricDescription {
    MetricDescription {
        unit: Some(unit("ms")),
        params: vec![
            param(
                "components",
                Text::new(
                    "Fingers that are compared, such as `ring middle index`",
                    "所比较的手指，例如 `ring middle index`",
                ),
                ParamKind::Text,
                None,
            ),
            param(
                "level",
                Text::new("Closing at which a finger has arrived", "视为到达的闭合度"),
                ParamKind::Quantity(Unit::one()),
                Some(quantity(50.0, "%")),
            ),
        ],
        ..metric(
            "finger-synchrony",
            Text::new("Synchrony of fingers", "手指同步性"),
            Text::new(
                "last arrival minus first arrival of fingers that were commanded together, longest of the \
                 windows; modelled on NIST SP 1227 (draft, 2018)",
                "同时指令的各手指最后到达与最先到达之差，取各窗口最大值；参照 NIST SP 1227（2018 草案）",
            ),
            vec![input("sensor", Shape::Any, Some(Unit::one()))],
        )
    }
}

fn difference() -> MetricDescription {
    MetricDescription {
        over: windows(&["first", "second"]),
        params: filter(),
        n_min: 2,
        ..metric(
            "peak-difference",
            Text::new("Difference of two series of peaks", "两组峰值之差"),
            Text::new(
                "mean peak of the first windows minus that of the second ones; beside it Kolmogorov-Smirnov \
                 (exact), Welch (1947) and Mann and Whitney (1947); NIST SP 1227 (draft, 2018) for the choice",
                "第一组窗口平均峰值减第二组；另附 Kolmogorov-Smirnov（精确）、Welch（1947）与 Mann-Whitney（1947）；方法选择见 \
                 NIST SP 1227（2018 草案）",
            ),
            vec![input("channel", Shape::Any, None)],
        )
    }
}
