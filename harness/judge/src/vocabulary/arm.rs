//! Metrics of arms beyond accuracy and repeatability of a pose: ISO 9283:1998.

use super::{metric, param, position, quantity, unit, windows};
use certbench_model::vocabulary::{MetricDescription, ParamDescription, ParamKind};
use certbench_model::{ParamValue, Text};

pub(super) fn metrics() -> Vec<MetricDescription> {
    vec![
        variation(),
        exchangeability(),
        cornering(
            "iso9283-cornering-round-off",
            Text::new("Cornering round-off error CR", "拐角圆角误差 CR"),
            Text::new(
                "least distance of the attained path from the programmed corner, mean of the cycles; ISO \
                 9283:1998, 8.5 (= GB/T 12642-2013)",
                "实到轨迹到编程拐角的最小距离，取各循环均值；ISO 9283:1998 第 8.5 条（= GB/T 12642-2013）",
            ),
        ),
        cornering(
            "iso9283-cornering-overshoot",
            Text::new("Cornering overshoot CO", "拐角超调 CO"),
            Text::new(
                "largest departure from the second leg beyond the corner, on the side of the first leg, mean \
                 of the cycles; ISO 9283:1998, 8.5 (= GB/T 12642-2013)",
                "过拐角后在第一段延伸侧偏离第二段的最大值，取各循环均值；ISO 9283:1998 第 8.5 条（= GB/T 12642-2013）",
            ),
        ),
        weaving(
            "iso9283-weaving-stroke",
            Text::new("Weaving stroke error WS", "摆幅误差 WS"),
            Text::new(
                "WS = (S_a - S_c) / S_c, mean of the passes; ISO 9283:1998, clause 11",
                "WS = (S_a - S_c) / S_c，取各次均值；ISO 9283:1998 第 11 章",
            ),
            param(
                "stroke",
                Text::new("Commanded stroke, peak to peak", "指令摆幅（峰峰值）"),
                ParamKind::Quantity(unit("mm")),
                None,
            ),
        ),
        weaving(
            "iso9283-weaving-frequency",
            Text::new("Weaving frequency error WF", "摆频误差 WF"),
            Text::new(
                "WF = (F_a - F_c) / F_c, mean of the passes; ISO 9283:1998, clause 11",
                "WF = (F_a - F_c) / F_c，取各次均值；ISO 9283:1998 第 11 章",
            ),
            param(
                "frequency",
                Text::new("Commanded frequency", "指令摆频"),
                ParamKind::Quantity(unit("Hz")),
                None,
            ),
        ),
        distance(
            "iso9283-distance-accuracy",
            Text::new("Distance accuracy AD", "距离准确度 AD"),
            Text::new(
                "AD_p = mean attained distance - commanded distance; ISO 9283:1998, 7.3 (= GB/T \
                 12642-2013)",
                "AD_p = 实到距离均值 - 指令距离；ISO 9283:1998 第 7.3 条（= GB/T 12642-2013）",
            ),
            vec![
                pose("first_pose", "Pose of the first end", "第一端的位姿"),
                pose("second_pose", "Pose of the second end", "第二端的位姿"),
            ],
        ),
        distance(
            "iso9283-distance-repeatability",
            Text::new("Distance repeatability RD", "距离重复性 RD"),
            Text::new(
                "RD = ±3 S of the attained distances, divisor n - 1; ISO 9283:1998, 7.3 (= GB/T \
                 12642-2013)",
                "RD = ±3 S（实到距离），除数 n - 1；ISO 9283:1998 第 7.3 条（= GB/T 12642-2013）",
            ),
            vec![],
        ),
        approach(
            "iso9283-stabilization-time",
            "s",
            Text::new("Position stabilization time", "位置稳定时间"),
            Text::new(
                "from the first crossing of the limit band to staying inside, mean of the cycles; \
                 ISO 9283:1998, 7.4",
                "自首次穿越限制带至保持带内的时间，取各循环均值；ISO 9283:1998 第 7.4 条",
            ),
            vec![],
        ),
        approach(
            "iso9283-overshoot",
            "mm",
            Text::new("Position overshoot", "位置超调量"),
            Text::new(
                "largest distance to the attained position after the first crossing of the limit \
                 band, largest of the cycles; ISO 9283:1998, 7.5",
                "首次穿越限制带后到实到位置的最大距离，取各循环最大值；ISO 9283:1998 第 7.5 条",
            ),
            vec![],
        ),
        approach(
            "iso9283-posing-time",
            "s",
            Text::new("Minimum posing time", "最小定位时间"),
            Text::new(
                "from leaving the start to staying inside the limit band, mean of the cycles; ISO \
                 9283:1998, clause 9",
                "自离开起点至保持带内的时间，取各循环均值；ISO 9283:1998 第 9 章",
            ),
            vec![param(
                "left",
                Text::new(
                    "Distance from the start beyond which it was left",
                    "视为离开起点的距离",
                ),
                ParamKind::Quantity(unit("mm")),
                Some(quantity(0.5, "mm")),
            )],
        ),
        drift(),
        path(
            "iso9283-path-accuracy",
            "mm",
            Text::new("Path accuracy AT", "轨迹准确度 AT"),
            Text::new(
                "AT_p = largest distance of the mean crossing of a plane from the command path; ISO \
                 9283:1998, 8.2 (with a turning tool: 8.4); AT_a, AT_b, AT_c beside it",
                "AT_p = 各平面平均交点到指令轨迹的最大距离；ISO 9283:1998 第 8.2 条（工具转动时为 8.4）；附 AT_a、AT_b、AT_c",
            ),
            vec![],
        ),
        path(
            "iso9283-path-repeatability",
            "mm",
            Text::new("Path repeatability RT", "轨迹重复性 RT"),
            Text::new(
                "RT_p = largest mean distance + 3 S of the crossings of a plane; ISO 9283:1998, 8.3; \
                 RT_a, RT_b, RT_c = ±3 S of the angles beside it",
                "RT_p = 各平面交点的平均距离 + 3 S 的最大值；ISO 9283:1998 第 8.3 条；附 RT_a、RT_b、RT_c = ±3 S（角度）",
            ),
            vec![],
        ),
        path(
            "iso9283-path-velocity",
            "%",
            Text::new("Path velocity accuracy AV", "轨迹速度准确度 AV"),
            Text::new(
                "AV = (mean velocity - command) / command over the steady part, with RV = ±3 S_v and \
                 FV; ISO 9283:1998, 8.6",
                "AV =（平均速度 - 指令速度）/ 指令速度（稳定段），附 RV = ±3 S_v 与 FV；ISO 9283:1998 第 8.6 条",
            ),
            steady_part(),
        ),
        path(
            "iso9283-path-velocity-repeatability",
            "%",
            Text::new("Path velocity repeatability RV", "轨迹速度重复性 RV"),
            Text::new(
                "RV = ±3 S_v / command, S_v of the mean velocities of the passes over the steady part, \
                 divisor n - 1; ISO 9283:1998, 8.6",
                "RV = ±3 S_v / 指令速度，S_v 为各次运动稳定段平均速度的标准差（除数 n - 1）；ISO 9283:1998 第 8.6 条",
            ),
            steady_part(),
        ),
        path(
            "iso9283-path-velocity-fluctuation",
            "mm/s",
            Text::new("Path velocity fluctuation FV", "轨迹速度波动 FV"),
            Text::new(
                "FV = largest of the passes of (largest - least velocity between two planes) over the \
                 steady part; ISO 9283:1998, 8.6",
                "FV = 各次运动稳定段内（平面间最大速度 - 最小速度）的最大值；ISO 9283:1998 第 8.6 条",
            ),
            steady_part(),
        ),
    ]
}

/// What a velocity along a path takes beside the path.
fn steady_part() -> Vec<ParamDescription> {
    vec![
        param(
            "velocity",
            Text::new("Commanded velocity", "指令速度"),
            ParamKind::Quantity(unit("mm/s")),
            None,
        ),
        param(
            "skip",
            Text::new(
                "Stretches between planes left out at both ends",
                "两端略去的平面间段数",
            ),
            ParamKind::Count,
            Some(ParamValue::Count(10)),
        ),
    ]
}

fn variation() -> MetricDescription {
    MetricDescription {
        over: windows(&["first", "second", "third"]),
        unit: Some(unit("mm")),
        n_min: 2,
        ..metric(
            "iso9283-multidirectional-variation",
            Text::new(
                "Multi-directional pose accuracy variation vAP",
                "多方向位姿准确度变动 vAP",
            ),
            Text::new(
                "vAP_p = largest distance between the mean positions of three directions of approach; \
                 ISO 9283:1998, 7.2.3",
                "vAP_p = 三个接近方向平均位置间的最大距离；ISO 9283:1998 第 7.2.3 条",
            ),
            vec![position()],
        )
    }
}

fn distance(
    id: &str,
    title: Text,
    formula: Text,
    params: Vec<ParamDescription>,
) -> MetricDescription {
    MetricDescription {
        over: windows(&["first", "second"]),
        unit: Some(unit("mm")),
        params,
        n_min: 2,
        ..metric(id, title, formula, vec![position()])
    }
}

fn approach(
    id: &str,
    of: &str,
    title: Text,
    formula: Text,
    more: Vec<ParamDescription>,
) -> MetricDescription {
    let mut params = vec![
        param(
            "band",
            Text::new(
                "Radius of the limit band: the RP of the pose, or the maker's value",
                "限制带半径：该位姿的 RP 或制造商规定值",
            ),
            ParamKind::Quantity(unit("mm")),
            None,
        ),
        param(
            "dwell",
            Text::new(
                "End of the window over which the attained position is averaged",
                "求实到位置均值的窗口末段时长",
            ),
            ParamKind::Quantity(unit("s")),
            Some(quantity(200.0, "ms")),
        ),
    ];
    params.extend(more);
    MetricDescription {
        unit: Some(unit(of)),
        params,
        ..metric(id, title, formula, vec![position()])
    }
}

fn drift() -> MetricDescription {
    MetricDescription {
        unit: Some(unit("mm")),
        params: vec![
            pose("pose", "Pose that is visited", "到位的位姿"),
            param(
                "group",
                Text::new(
                    "Variable of the schedule or repeat whose passes are the groups",
                    "以其各次循环为组的计划或重复变量",
                ),
                ParamKind::Text,
                None,
            ),
            ParamDescription {
                optional: true,
                ..param(
                    "end_share",
                    Text::new(
                        "Share of the largest rate of change of AP below which the test may end",
                        "可结束试验的 AP 变化率占最大变化率的比例",
                    ),
                    ParamKind::Quantity(unit("%")),
                    None,
                )
            },
            ParamDescription {
                optional: true,
                ..param(
                    "end_of_first",
                    Text::new(
                        "Time from the first group within which that largest rate is looked for",
                        "自首组起求取最大变化率的时段",
                    ),
                    ParamKind::Quantity(unit("min")),
                    None,
                )
            },
            ParamDescription {
                optional: true,
                ..param(
                    "reference_within",
                    Text::new(
                        "How far the reference may read off along each axis afterwards, by a check of the case",
                        "试验后参考点各轴读数允许的偏差（由本项目的检查保证）",
                    ),
                    ParamKind::Quantity(unit("mm")),
                    None,
                )
            },
        ],
        n_min: 4,
        ..metric(
            "iso9283-pose-drift",
            Text::new("Drift of pose accuracy", "位姿准确度漂移"),
            Text::new(
                "dAP_p = largest |AP_p of the first group - AP_p of a later one|, dRP alike; ISO \
                 9283:1998, 7.6",
                "dAP_p = |首组 AP_p - 后续组 AP_p| 的最大值，dRP 同理；ISO 9283:1998 第 7.6 条",
            ),
            vec![position()],
        )
    }
}

fn path(
    id: &str,
    of: &str,
    title: Text,
    formula: Text,
    more: Vec<ParamDescription>,
) -> MetricDescription {
    let mut params = vec![
        pose("from", "Pose at the begin of the path", "轨迹起点位姿"),
        pose("to", "Pose at the end of the path", "轨迹终点位姿"),
        param(
            "via",
            Text::new(
                "Pose on the way of a round path: the whole circle from the first pose through this \
                 one and the last; left out, the path is straight",
                "圆形轨迹途经的位姿：自起点经此位姿与终点的整圆；省略时轨迹为直线",
            ),
            ParamKind::Text,
            Some(ParamValue::Text(String::new())),
        ),
        param(
            "planes",
            Text::new("Planes normal to the path", "垂直于轨迹的平面数"),
            ParamKind::Count,
            Some(ParamValue::Count(50)),
        ),
    ];
    params.extend(more);
    MetricDescription {
        unit: Some(unit(of)),
        params,
        n_min: 3,
        ..metric(id, title, formula, vec![position()])
    }
}

/// The name of a pose of the bench.
fn pose(name: &str, en: &str, zh: &str) -> ParamDescription {
    param(name, Text::new(en, zh), ParamKind::Text, None)
}

fn exchangeability() -> MetricDescription {
    MetricDescription {
        unit: Some(unit("mm")),
        params: vec![param(
            "group",
            Text::new(
                "Repeat variable whose passes are the robots",
                "其各次为各台机器人的重复变量",
            ),
            ParamKind::Text,
            None,
        )],
        n_min: 2,
        ..metric(
            "iso9283-exchangeability",
            Text::new("Exchangeability E", "互换性 E"),
            Text::new(
                "largest distance between the mean poses of several robots of one type on one mounting; ISO \
                 9283:1998, 7.7",
                "同型号多台机器人在同一安装处平均位姿之间的最大距离；ISO 9283:1998 第 7.7 条",
            ),
            vec![position()],
        )
    }
}

fn cornering(id: &str, title: Text, formula: Text) -> MetricDescription {
    MetricDescription {
        unit: Some(unit("mm")),
        params: vec![
            pose(
                "from",
                "Pose at which the first leg begins",
                "第一段起点位姿",
            ),
            pose("corner", "Pose of the corner", "拐角位姿"),
            pose("to", "Pose at which the second leg ends", "第二段终点位姿"),
        ],
        n_min: 2,
        ..metric(id, title, formula, vec![position()])
    }
}

fn weaving(id: &str, title: Text, formula: Text, command: ParamDescription) -> MetricDescription {
    MetricDescription {
        unit: Some(unit("%")),
        params: vec![
            pose(
                "from",
                "Pose at which the middle line begins",
                "中线起点位姿",
            ),
            pose("to", "Pose at which the middle line ends", "中线终点位姿"),
            command,
        ],
        n_min: 2,
        ..metric(id, title, formula, vec![position()])
    }
}
