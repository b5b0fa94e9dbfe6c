//! Metrics of hands, modelled on NIST SP 1227 (draft, 2018) and ISO 18646-3:2021.

use super::{confidence, filter, input, metric, param, quantity, share, summary, unit, word};
use certbench_model::vocabulary::{
    ChannelInput, MetricDescription, OverKind, ParamDescription, ParamKind, Shape,
};
use certbench_model::{Text, Unit};

pub(super) fn metrics() -> Vec<MetricDescription> {
    vec![
        finger_strength(),
        grasp_strength(),
        slip_resistance(),
        cycle_time(),
        agreement(),
        rejudged(),
    ]
}

fn strength(
    id: &str,
    title: Text,
    formula: Text,
    channels: Vec<ChannelInput>,
    more: Vec<ParamDescription>,
) -> MetricDescription {
    MetricDescription {
        has_bound: true,
        params: [
            filter(),
            more,
            vec![summary(&["mean", "least"]), share(), confidence()],
        ]
        .concat(),
        ..metric(id, title, formula, channels)
    }
}

fn finger_strength() -> MetricDescription {
    strength(
        "finger-strength",
        Text::new("Finger strength", "手指力"),
        Text::new(
            "largest force on the reference in each trial, a censored one a lower bound; bound: normal \
             tolerance (ISO 16269-6:2014), with a censored trial an order statistic; modelled on NIST \
             SP 1227 (draft, 2018)",
            "各次试验中参考力的最大值，删失者为下界；界限：正态容许限（ISO 16269-6:2014），有删失时为次序统计量；参照 \
             NIST SP 1227（2018 草案）",
        ),
        vec![input("channel", Shape::Any, None)],
        vec![],
    )
}

fn grasp_strength() -> MetricDescription {
    let other = ChannelInput {
        optional: true,
        ..input("other", Shape::Any, Some(unit("N")))
    };
    strength(
        "grasp-strength",
        Text::new("Grasp strength", "握持力"),
        Text::new(
            "largest internal force on a split artifact in each trial, mean of both halves along the normal \
             (their first component), a censored one a lower bound; bound as for finger strength; modelled on \
             NIST SP 1227 (draft, 2018)",
            "各次试验中剖分试件内力的最大值，取两半沿法向（第一分量）的均值，删失者为下界；界限同手指力；参照 NIST SP \
             1227（2018 草案）",
        ),
        vec![input("channel", Shape::Any, None), other],
        vec![],
    )
}

fn slip_resistance() -> MetricDescription {
    let displacement = ChannelInput {
        optional: true,
        ..input("displacement", Shape::Any, Some(unit("mm")))
    };
    let more = vec![
        param(
            "onset",
            Text::new("Force above which the pull has begun", "视为开始拉拔的力"),
            ParamKind::Quantity(unit("N")),
            Some(quantity(0.5, "N")),
        ),
        param(
            "drop",
            Text::new(
                "Fall of the force below its peak that is gross slip, when no displacement is measured",
                "未测位移时视为宏观滑移的力下降比例",
            ),
            ParamKind::Quantity(Unit::one()),
            Some(quantity(30.0, "%")),
        ),
        param(
            "allowed",
            Text::new(
                "Displacement of the artifact that is gross slip",
                "视为宏观滑移的物体位移",
            ),
            ParamKind::Quantity(unit("mm")),
            Some(quantity(2.0, "mm")),
        ),
    ];
    strength(
        "slip-resistance",
        Text::new("Slip resistance", "抗滑移力"),
        Text::new(
            "largest pulling force before gross slip in each trial, without gross slip a lower bound; \
             modelled on NIST SP 1227 (draft, 2018) and ISO 18646-3:2021, 5.4",
            "各次试验中宏观滑移前的最大拉力，未滑移者为下界；参照 NIST SP 1227（2018 草案）与 ISO 18646-3:2021 第 \
             5.4 条",
        ),
        vec![input("channel", Shape::Any, None), displacement],
        more,
    )
}

fn cycle_time() -> MetricDescription {
    MetricDescription {
        unit: Some(unit("s")),
        params: vec![
            param(
                "full",
                Text::new("Force at which the grasp is complete", "视为握持完成的力"),
                ParamKind::Quantity(unit("N")),
                None,
            ),
            param(
                "none",
                Text::new("Force at which the hand has let go", "视为松开的力"),
                ParamKind::Quantity(unit("N")),
                Some(quantity(0.5, "N")),
            ),
            summary(&["mean", "longest"]),
        ],
        ..metric(
            "grasp-cycle-time",
            Text::new("Grasp cycle time", "握持循环时间"),
            Text::new(
                "from the begin of the window (the command) to full force to no force, latest possible \
                 instant; modelled on NIST SP 1227 (draft, 2018)",
                "自窗口开始（指令）经全力至力消失的时间，取最晚可能时刻；参照 NIST SP 1227（2018 草案）",
            ),
            vec![input("channel", Shape::Any, Some(unit("N")))],
        )
    }
}

fn agreement() -> MetricDescription {
    MetricDescription {
        over: vec![
            ("over".into(), OverKind::Trial),
            ("second".into(), OverKind::Prompt),
        ],
        unit: Some(Unit::one()),
        params: vec![param(
            "success",
            Text::new(
                "Answer by which the second judge calls a trial a success",
                "第二评判者表示成功的回答",
            ),
            ParamKind::Text,
            word("success"),
        )],
        n_min: 2,
        ..metric(
            "judge-agreement",
            Text::new("Agreement of two judges, kappa", "两位评判者的一致性 kappa"),
            Text::new(
                "kappa = (p_o - p_e) / (1 - p_e), standard error of Fleiss, Cohen and Everitt (1969); \
                 Cohen (1960)",
                "kappa =（p_o - p_e）/（1 - p_e），标准误按 Fleiss、Cohen、Everitt（1969）；Cohen（1960）",
            ),
            vec![],
        )
    }
}

fn rejudged() -> MetricDescription {
    MetricDescription {
        over: vec![
            ("over".into(), OverKind::Trial),
            ("photo".into(), OverKind::Attachment),
            ("question".into(), OverKind::Choice),
        ],
        unit: Some(Unit::one()),
        params: vec![
            param(
                "share",
                Text::new("Share of the trials that is judged again", "复判的试验比例"),
                ParamKind::Quantity(Unit::one()),
                None,
            ),
            param(
                "seed",
                Text::new(
                    "Seed by which they are drawn and put in order",
                    "抽取与排序的种子",
                ),
                ParamKind::Count,
                None,
            ),
        ],
        n_min: 2,
        ..metric(
            crate::rejudge::METRIC,
            Text::new(
                "Agreement with a second judge who saw the photos only, kappa",
                "与仅看照片的第二评判者的一致性 kappa",
            ),
            Text::new(
                "kappa = (p_o - p_e) / (1 - p_e) over the choices, standard error of Fleiss, Cohen and \
                 Everitt (1969); Cohen (1960)",
                "对各选项的 kappa =（p_o - p_e）/（1 - p_e），标准误按 Fleiss、Cohen、Everitt（1969）；Cohen（1960）",
            ),
            vec![],
        )
    }
}
