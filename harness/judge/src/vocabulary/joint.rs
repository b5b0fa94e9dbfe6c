//! Metrics of joint modules: motor, gear, encoder and drive in one housing.

use super::{input, metric, param, quantity, unit, windows, word, words};
use certbench_model::vocabulary::{MetricDescription, ParamDescription, ParamKind, Shape};
use certbench_model::{ParamValue, Text};

pub(super) fn metrics() -> Vec<MetricDescription> {
    vec![
        constant(
            "joint-torque-constant",
            "N.m/A",
            Text::new("Torque constant Kt", "转矩常数 Kt"),
            Text::new(
                "least-squares slope of torque over current, one load step a window; certbench's own \
                 definition",
                "转矩对电流的最小二乘斜率，每窗口一个加载步；certbench 自定义",
            ),
        ),
        constant(
            "joint-torque-linearity",
            "%",
            Text::new("Departure of the torque from its line", "转矩非线性"),
            Text::new(
                "largest departure of the steps from the line of torque over current, of the largest \
                 torque; certbench's own definition",
                "各步对转矩-电流直线的最大偏离，占最大转矩比例；certbench 自定义",
            ),
        ),
        efficiency(),
        play(
            "joint-lost-motion",
            Text::new("Lost motion of a joint", "关节空程"),
            Text::new(
                "angle between the middles of the torque-angle loop at +T and -T, input locked; certbench's \
                 own definition",
                "输入锁定时，转矩-角度回线在 +T 与 -T 处中点之间的角度；certbench 自定义",
            ),
            None,
        ),
        play(
            "joint-hysteresis",
            Text::new("Hysteresis of a joint", "关节滞后"),
            Text::new(
                "angle between the rising and the falling branch of the torque-angle loop at T, backlash \
                 in it; certbench's own definition",
                "转矩-角度回线升、降两支在 T 处的角度差，含齿隙；certbench 自定义",
            ),
            Some(quantity(0.0, "N.m")),
        ),
        stiffness(),
        friction(),
        ripple(),
        axis(
            "axis-accuracy",
            Text::new("Bidirectional accuracy of an axis", "轴的双向定位准确度"),
            Text::new(
                "A = max(mean + 2 s) - min(mean - 2 s) of the deviations over targets and directions; ISO \
                 230-2:2014",
                "A = 各目标及方向偏差的 max(均值 + 2 s) - min(均值 - 2 s)；ISO 230-2:2014",
            ),
        ),
        axis(
            "axis-repeatability",
            Text::new(
                "Bidirectional repeatability of an axis",
                "轴的双向定位重复性",
            ),
            Text::new(
                "R = largest of 2 s_up + 2 s_down + |B|, 4 s_up, 4 s_down over the targets; ISO 230-2:2014",
                "R = 各目标中 2 s↑ + 2 s↓ + |B|、4 s↑、4 s↓ 的最大值；ISO 230-2:2014",
            ),
        ),
    ]
}

fn axis(id: &str, title: Text, formula: Text) -> MetricDescription {
    MetricDescription {
        over: windows(&["up", "down"]),
        unit: Some(unit("deg")),
        params: vec![
            param(
                "target",
                Text::new("Repeat variable of the targets", "目标所用的重复变量"),
                ParamKind::Text,
                None,
            ),
            param(
                "commanded",
                Text::new(
                    "Column of its table that is the commanded angle",
                    "其表中作为指令角度的列",
                ),
                ParamKind::Text,
                None,
            ),
        ],
        n_min: 2,
        ..metric(
            id,
            title,
            formula,
            vec![input("angle", Shape::Any, Some(unit("deg")))],
        )
    }
}

fn torque() -> ParamKind {
    ParamKind::Quantity(unit("N.m"))
}

fn constant(id: &str, of: &str, title: Text, formula: Text) -> MetricDescription {
    MetricDescription {
        unit: Some(unit(of)),
        n_min: 3,
        ..metric(
            id,
            title,
            formula,
            vec![
                input("current", Shape::Any, Some(unit("A"))),
                input("torque", Shape::Any, Some(unit("N.m"))),
            ],
        )
    }
}

fn efficiency() -> MetricDescription {
    MetricDescription {
        unit: Some(unit("%")),
        ..metric(
            "joint-efficiency",
            Text::new("Efficiency of a joint", "关节效率"),
            Text::new(
                "torque times speed at the output over voltage times current at the input, means of each \
                 window; certbench's own definition",
                "输出转矩乘转速与输入电压乘电流之比，取各窗口均值；certbench 自定义",
            ),
            vec![
                input("torque", Shape::Any, Some(unit("N.m"))),
                input("speed", Shape::Any, Some(unit("rad/s"))),
                input("voltage", Shape::Any, Some(unit("V"))),
                input("current", Shape::Any, Some(unit("A"))),
            ],
        )
    }
}

fn loop_channels() -> Vec<certbench_model::vocabulary::ChannelInput> {
    vec![
        input("torque", Shape::Any, Some(unit("N.m"))),
        input("angle", Shape::Any, Some(unit("deg"))),
    ]
}

fn play(id: &str, title: Text, formula: Text, at: Option<ParamValue>) -> MetricDescription {
    MetricDescription {
        unit: Some(unit("deg")),
        params: vec![param(
            "at",
            Text::new("Torque T at which the loop is read", "读取回线的转矩 T"),
            torque(),
            at,
        )],
        n_min: 5,
        ..metric(id, title, formula, loop_channels())
    }
}

fn stiffness() -> MetricDescription {
    let end = |name: &str, en: &str, zh: &str| param(name, Text::new(en, zh), torque(), None);
    MetricDescription {
        unit: Some(unit("N.m/rad")),
        params: vec![
            end("from", "Least torque of the steps", "加载步转矩下限"),
            end("to", "Largest torque of the steps", "加载步转矩上限"),
        ],
        n_min: 5,
        ..metric(
            "joint-stiffness",
            Text::new("Torsional stiffness of a joint", "关节扭转刚度"),
            Text::new(
                "inverse of the least-squares slope of angle over torque between two torques, an offset \
                 for each branch; certbench's own definition",
                "两转矩之间角度对转矩最小二乘斜率的倒数，各支分别取偏置；certbench 自定义",
            ),
            loop_channels(),
        )
    }
}

fn friction() -> MetricDescription {
    MetricDescription {
        unit: Some(unit("N.m")),
        params: vec![
            param(
                "part",
                Text::new(
                    "Which part of the curve is the result",
                    "以曲线哪一部分为结果",
                ),
                words(&["breakaway", "coulomb"]),
                word("breakaway"),
            ),
            ParamDescription {
                optional: true,
                ..param(
                    "torque_constant",
                    Text::new(
                        "Torque per current, when the load is a current",
                        "载荷为电流时的转矩常数",
                    ),
                    ParamKind::Quantity(unit("N.m/A")),
                    None,
                )
            },
        ],
        n_min: 5,
        ..metric(
            "joint-friction",
            Text::new("Friction of a joint", "关节摩擦"),
            Text::new(
                "T(v) = T_c + (T_s - T_c) exp(-(v / v_s)²) + b v, least squares over steady speeds; \
                 Armstrong-Hélouvry, Dupont, Canudas de Wit (1994)",
                "T(v) = T_c + (T_s - T_c) exp(-(v / v_s)²) + b v，对各稳定转速作最小二乘；Armstrong-Hélouvry、\
                 Dupont、Canudas de Wit（1994）",
            ),
            vec![
                input("speed", Shape::Any, Some(unit("rad/s"))),
                input("load", Shape::Any, None),
            ],
        )
    }
}

fn ripple() -> MetricDescription {
    MetricDescription {
        unit: Some(unit("%")),
        params: vec![param(
            "orders",
            Text::new(
                "Periods a revolution that are looked for, such as `1 2 12`",
                "所求的每转周期数，例如 `1 2 12`",
            ),
            ParamKind::Text,
            None,
        )],
        ..metric(
            "joint-torque-ripple",
            Text::new("Torque ripple", "转矩波动"),
            Text::new(
                "largest amplitude of the orders over the mean torque, least squares of torque over angle; \
                 certbench's own definition",
                "各阶次中最大幅值与平均转矩之比，转矩对角度作最小二乘；certbench 自定义",
            ),
            vec![
                input("torque", Shape::Any, Some(unit("N.m"))),
                input("angle", Shape::Any, Some(unit("deg"))),
            ],
        )
    }
}
