//! Metrics of any item: levels of a channel, heat, endurance, and what follows from a stop.

use super::{
    confidence, filter, input, metric, motion, moving, param, quantity, share, summary, trigger,
    unit, windows, word, words,
};
use certbench_model::vocabulary::{
    MetricDescription, OverKind, ParamDescription, ParamKind, Shape,
};
use certbench_model::{Text, Unit};

pub(super) fn metrics() -> Vec<MetricDescription> {
    vec![
        channel_mean(),
        steady_state(),
        winding_rise(),
        cycles_to_failure(),
        passes_to_ending(),
        protective_distance(),
        contact_force(),
        sensor(
            "sensor-nonlinearity",
            Text::new("Nonlinearity of a sensor", "传感器非线性"),
            Text::new(
                "largest departure of the steps from their least-squares line, of full scale",
                "各步对最小二乘直线的最大偏离，占满量程比例",
            ),
        ),
        sensor(
            "sensor-hysteresis",
            Text::new("Hysteresis of a sensor", "传感器滞后"),
            Text::new(
                "largest difference between unloading and loading at one load, of full scale",
                "同一载荷下卸载与加载示值的最大差，占满量程比例",
            ),
        ),
        elastic(
            "grasp-stiffness",
            "N/mm",
            Text::new("Stiffness of a grasp", "握持刚度"),
            Text::new(
                "least-squares slope of force over displacement; modelled on NIST SP 1227 (draft, 2018)",
                "力对位移的最小二乘斜率；参照 NIST SP 1227（2018 草案）",
            ),
        ),
        elastic(
            "iso9283-static-compliance",
            "mm/N",
            Text::new("Static compliance", "静态柔顺性"),
            Text::new(
                "least-squares displacement per force through the origin, one axis and direction; ISO \
                 9283:1998, clause 10",
                "过原点的位移与力之比（最小二乘），单轴单方向；ISO 9283:1998 第 10 章",
            ),
        ),
    ]
}

fn channel_mean() -> MetricDescription {
    MetricDescription {
        has_bound: true,
        params: vec![
            summary(&["mean", "least", "largest"]),
            share(),
            confidence(),
        ],
        ..metric(
            "channel-mean",
            Text::new("Mean of a channel", "通道均值"),
            Text::new(
                "mean of each window; the bound is mean - k s (or + k s) over the windows, one-sided \
                 normal tolerance bound, ISO 16269-6:2014",
                "各窗口均值；界限为各窗口的 mean - k s（或 + k s），单侧正态容许限，ISO 16269-6:2014",
            ),
            vec![input("channel", Shape::Any, None)],
        )
    }
}

fn steady_state() -> MetricDescription {
    MetricDescription {
        unit: Some(unit("K")),
        params: vec![
            param(
                "stretch",
                Text::new(
                    "Last stretch of the window whose change is taken",
                    "取其变化量的窗口末段时长",
                ),
                ParamKind::Quantity(unit("s")),
                Some(quantity(30.0, "min")),
            ),
            param(
                "instrument_error",
                Text::new(
                    "Whether the error of the sensor is independent at both ends of the stretch, or \
                     common to it",
                    "传感器误差在时段两端相互独立，或整个时段相同",
                ),
                words(&["independent", "common"]),
                word("independent"),
            ),
        ],
        ..metric(
            "thermal-steady-state",
            Text::new("Change of temperature at the end", "试验末温度变化"),
            Text::new(
                "|least-squares slope over the last stretch| times its length, largest of the windows; \
                 duty S1 of IEC 60034-1 asks for at most 1 K in 30 min",
                "|末段最小二乘斜率| 乘以时段长度，取各窗口最大值；IEC 60034-1 的 S1 工作制要求 30 min 内不超过 1 K",
            ),
            vec![input("temperature", Shape::Any, Some(unit("K")))],
        )
    }
}

fn winding_rise() -> MetricDescription {
    MetricDescription {
        over: windows(&["cold", "cooling"]),
        unit: Some(unit("K")),
        params: vec![
            param(
                "material",
                Text::new(
                    "Constant of the winding's material: 235 K copper, 225 K aluminium (IEC 60034-1)",
                    "绕组材料常数：铜 235 K，铝 225 K（IEC 60034-1）",
                ),
                ParamKind::Quantity(unit("K")),
                Some(quantity(235.0, "K")),
            ),
            param(
                "switched_off_before",
                Text::new(
                    "How long before the window of cooling the current was switched off",
                    "冷却窗口开始前多久断电",
                ),
                ParamKind::Quantity(unit("s")),
                Some(quantity(0.0, "s")),
            ),
        ],
        ..metric(
            "winding-rise",
            Text::new("Winding rise by resistance", "电阻法绕组温升"),
            Text::new(
                "(R2 - R1) / R1 (k + theta1) + theta1 - theta_a, R2 extrapolated to switching off by a \
                 line through ln(R - R1); IEC 60034-1",
                "(R2 - R1) / R1 (k + theta1) + theta1 - theta_a，R2 由 ln(R - R1) 直线外推至断电时刻；IEC 60034-1",
            ),
            vec![
                input("resistance", Shape::Any, Some(unit("Ohm"))),
                input("coolant", Shape::Any, Some(unit("K"))),
            ],
        )
    }
}

fn cycles_to_failure() -> MetricDescription {
    MetricDescription {
        over: vec![("over".into(), OverKind::Trial)],
        unit: Some(Unit::one()),
        has_bound: true,
        params: vec![confidence()],
        ..metric(
            "cycles-to-failure",
            Text::new("Cycles to failure", "失效循环数"),
            Text::new(
                "trials survived before the first failure, all of them (censored) without one; the bound \
                 is 2 T / chi²(C; 2 r), 2 r + 2 without a failure: mean cycles to failure at a constant \
                 rate, Epstein and Sobel (1953)",
                "首次失效前经受的试验数，未失效时为全部（删失）；界限为 2 T / chi²(C; 2 r)，未失效时 2 r + \
                 2：恒定失效率下的平均失效循环数，Epstein、Sobel（1953）",
            ),
            vec![],
        )
    }
}

fn passes_to_ending() -> MetricDescription {
    MetricDescription {
        over: vec![("over".into(), OverKind::Repeat)],
        unit: Some(Unit::one()),
        ..metric(
            "passes-to-ending",
            Text::new("Passes survived of a repeat", "重复步骤经受的循环数"),
            Text::new(
                "passes at the last look at which the condition of the repeat's `until` did not hold; all \
                 of them (censored) when it never came",
                "最后一次检查时重复步骤的 `until` 条件尚未成立的循环数；条件始终未成立时为全部（删失）",
            ),
            vec![],
        )
    }
}

fn protective_distance() -> MetricDescription {
    let length = |name: &str, en: &str, zh: &str| {
        param(
            name,
            Text::new(en, zh),
            ParamKind::Quantity(unit("mm")),
            Some(quantity(0.0, "mm")),
        )
    };
    let mut params = motion();
    let own: Vec<ParamDescription> = vec![
        param(
            "edition",
            Text::new("Edition of ISO 13855", "ISO 13855 版本"),
            words(&["2010", "2024"]),
            None,
        ),
        param(
            "control_time",
            Text::new(
                "Response of safeguard and control system, declared; added to the measured stop",
                "防护装置与控制系统的响应时间（声明值），加到实测停止时间上",
            ),
            ParamKind::Quantity(unit("s")),
            None,
        ),
        param(
            "approach",
            Text::new("Approach (2010)", "接近方式（2010 版）"),
            words(&["perpendicular", "parallel", "two-hand"]),
            word("perpendicular"),
        ),
        length(
            "detection",
            "Detection capability d (2010, perpendicular)",
            "检测能力 d（2010 版，垂直接近）",
        ),
        length(
            "height",
            "Height H of the field (2010, parallel)",
            "防护区高度 H（2010 版，平行接近）",
        ),
        param(
            "approach_speed",
            Text::new("Speed of approach K (2024)", "接近速度 K（2024 版）"),
            ParamKind::Quantity(unit("mm/s")),
            Some(quantity(1_600.0, "mm/s")),
        ),
        length(
            "reach_over",
            "Reaching over D_DO (2024)",
            "越过距离 D_DO（2024 版）",
        ),
        length(
            "reach_through",
            "Reaching through D_DT (2024)",
            "穿过距离 D_DT（2024 版）",
        ),
        length(
            "reach_under",
            "Reaching under D_DU (2024)",
            "底下距离 D_DU（2024 版）",
        ),
        length(
            "supplement",
            "Supplementary distance Z (2024)",
            "附加距离 Z（2024 版）",
        ),
    ];
    params.extend(own);
    MetricDescription {
        unit: Some(unit("mm")),
        params,
        ..metric(
            "protective-distance",
            Text::new("Minimum distance of a safeguard", "防护装置最小距离"),
            Text::new(
                "S = K T + C (ISO 13855:2010) or S = K T + D_DS + Z (ISO 13855:2024), T = declared \
                 response + longest measured stop",
                "S = K T + C（ISO 13855:2010）或 S = K T + D_DS + Z（ISO 13855:2024），T = 声明的响应时间 + \
                 实测最长停止时间",
            ),
            vec![moving(), trigger()],
        )
    }
}

pub(super) fn contact_force() -> MetricDescription {
    MetricDescription {
        params: [
            filter(),
            vec![
                param(
                    "onset",
                    Text::new("Value above which there is contact", "视为接触的数值"),
                    ParamKind::Quantity(unit("N")),
                    Some(quantity(5.0, "N")),
                ),
                param(
                    "boundary",
                    Text::new(
                        "Time from the onset to the quasi-static phase",
                        "自接触开始至准静态阶段的时间",
                    ),
                    ParamKind::Quantity(unit("s")),
                    None,
                ),
                param(
                    "phase",
                    Text::new("Which phase is the result", "以哪个阶段为结果"),
                    words(&["transient", "quasi-static"]),
                    None,
                ),
            ],
        ]
        .concat(),
        ..metric(
            "contact-force",
            Text::new("Force of a contact", "接触力"),
            Text::new(
                "largest filtered force before (transient) or after (quasi-static) the boundary, worst of \
                 the repeats; modelled on ISO/PAS 5672:2023",
                "分界时刻之前（瞬态）或之后（准静态）滤波力的最大值，取各次最大值；参照 ISO/PAS 5672:2023",
            ),
            vec![input("channel", Shape::Any, Some(unit("N")))],
        )
    }
}

/// One load step a window, in the order of loading and unloading.
fn sensor(id: &str, title: Text, formula: Text) -> MetricDescription {
    MetricDescription {
        unit: Some(unit("%")),
        params: vec![
            param(
                "full_scale",
                Text::new(
                    "Full scale of the sensor as its maker states it",
                    "制造商规定的满量程",
                ),
                ParamKind::Quantity(unit("N")),
                None,
            ),
            super::sensing::component(),
        ],
        n_min: 3,
        ..metric(
            id,
            title,
            formula,
            vec![
                input("reference", Shape::Any, Some(unit("N"))),
                input("sensor", Shape::Any, Some(unit("N"))),
            ],
        )
    }
}

/// One load step a window.
fn elastic(id: &str, of: &str, title: Text, formula: Text) -> MetricDescription {
    MetricDescription {
        unit: Some(unit(of)),
        params: vec![param(
            "no_load",
            Text::new("Force that counts as no load", "视为空载的力"),
            ParamKind::Quantity(unit("N")),
            Some(quantity(0.5, "N")),
        )],
        n_min: 3,
        ..metric(
            id,
            title,
            formula,
            vec![
                input("force", Shape::Any, Some(unit("N"))),
                input("displacement", Shape::Any, Some(unit("mm"))),
            ],
        )
    }
}
