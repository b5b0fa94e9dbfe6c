//! Metrics of contact with a person and of safety functions. Their limits are a table's or a
//! suite's, never in code.

use super::{metric, motion, moving, param, trigger, unit, words};
use certbench_model::vocabulary::{MetricDescription, OverKind, ParamDescription, ParamKind};
use certbench_model::{Text, Unit};

pub(super) fn metrics() -> Vec<MetricDescription> {
    vec![
        force_share(),
        pressure(
            "contact-pressure",
            "N/cm2",
            Text::new("Largest contact pressure", "最大接触压强"),
            Text::new(
                "largest of the pressures that were read and entered; modelled on ISO/PAS 5672:2023",
                "读取并输入的压强中的最大值；参照 ISO/PAS 5672:2023",
            ),
            vec![],
        ),
        pressure(
            "contact-pressure-share",
            "%",
            Text::new("Contact pressure, share of its limit", "接触压强占限值比例"),
            Text::new(
                "largest of the pressures that were read and entered over the limit in the table's row; \
                 modelled on ISO/TS 15066:2016, Annex A",
                "读取并输入的压强最大值与表中该行限值之比；参照 ISO/TS 15066:2016 附录 A",
            ),
            vec![limit()],
        ),
        pfl_speed(),
        separation(),
        mttf_d(),
        performance_level(),
    ]
}

fn limit() -> ParamDescription {
    param(
        "limit",
        Text::new(
            "Column of the table of the `per` variable that holds the limit",
            "`per` 变量所属表中存放限值的列",
        ),
        ParamKind::Text,
        None,
    )
}

fn force_share() -> MetricDescription {
    let of_force = super::item::contact_force();
    MetricDescription {
        id: "contact-force-share".into(),
        title: Text::new("Contact force, share of its limit", "接触力占限值比例"),
        formula: Text::new(
            "largest filtered force of the phase, worst of the repeats, over the limit in the table's row; \
             modelled on ISO/TS 15066:2016, Annex A, and ISO/PAS 5672:2023",
            "该阶段滤波力的最大值（取各次最大）与表中该行限值之比；参照 ISO/TS 15066:2016 附录 A 与 ISO/PAS 5672:2023",
        ),
        unit: Some(unit("%")),
        params: [of_force.params.clone(), vec![limit()]].concat(),
        ..of_force
    }
}

fn prompts(names: &[&str]) -> Vec<(String, OverKind)> {
    names
        .iter()
        .map(|n| ((*n).to_owned(), OverKind::Prompt))
        .collect()
}

fn pressure(
    id: &str,
    of: &str,
    title: Text,
    formula: Text,
    more: Vec<ParamDescription>,
) -> MetricDescription {
    let u = param(
        "u",
        Text::new(
            "Expanded uncertainty (k = 2) of a reading, as the laboratory states it",
            "读数的扩展不确定度（k = 2），由实验室声明",
        ),
        ParamKind::Quantity(unit("N/cm2")),
        None,
    );
    MetricDescription {
        over: prompts(&["over"]),
        unit: Some(unit(of)),
        params: [vec![u], more].concat(),
        ..metric(id, title, formula, vec![])
    }
}

fn declared(name: &str, en: &str, zh: &str, of: &str) -> ParamDescription {
    param(name, Text::new(en, zh), ParamKind::Quantity(unit(of)), None)
}

fn pfl_speed() -> MetricDescription {
    MetricDescription {
        over: prompts(&["moving_mass", "load"]),
        unit: Some(unit("mm/s")),
        params: vec![
            declared("body_mass", "Mass of the body region", "身体部位质量", "kg"),
            declared(
                "stiffness",
                "Stiffness of the body region",
                "身体部位刚度",
                "N/mm",
            ),
            declared("force", "Force that may be reached", "允许达到的力", "N"),
            param(
                "mass_u",
                Text::new(
                    "The entered masses are right within this share",
                    "输入质量的准确范围（比例）",
                ),
                ParamKind::Quantity(Unit::one()),
                None,
            ),
        ],
        ..metric(
            "pfl-speed",
            Text::new(
                "Speed at which a contact reaches a force",
                "接触达到该力时的速度",
            ),
            Text::new(
                "v = F / sqrt(mu k), mu = m_H m_R / (m_H + m_R), m_R = M / 2 + m_L; ISO/TS 15066:2016, \
                 Annex A",
                "v = F / sqrt(mu k)，mu = m_H m_R / (m_H + m_R)，m_R = M / 2 + m_L；ISO/TS 15066:2016 附录 A",
            ),
            vec![],
        )
    }
}

fn separation() -> MetricDescription {
    let mut params = motion();
    params.extend([
        declared("person_speed", "Speed of the person", "人员速度", "mm/s"),
        declared(
            "robot_speed",
            "Speed of the robot towards the person",
            "机器人朝向人员的速度",
            "mm/s",
        ),
        declared(
            "reaction",
            "Reaction time of the robot system, declared",
            "机器人系统反应时间（声明值）",
            "s",
        ),
        declared(
            "braking",
            "Distance that the robot goes while it stops",
            "机器人停止过程中的行程",
            "mm",
        ),
        declared("intrusion", "Intrusion distance C", "侵入距离 C", "mm"),
        declared(
            "person_u",
            "Uncertainty of the person's position",
            "人员位置不确定度",
            "mm",
        ),
        declared(
            "robot_u",
            "Uncertainty of the robot's position",
            "机器人位置不确定度",
            "mm",
        ),
    ]);
    MetricDescription {
        unit: Some(unit("mm")),
        params,
        ..metric(
            "ssm-distance",
            Text::new("Protective separation distance", "防护间隔距离"),
            Text::new(
                "S_p = v_h (T_r + T_s) + v_r T_r + B + C + Z_d + Z_r, T_s the longest measured stop; ISO/TS \
                 15066:2016, 5.5.4",
                "S_p = v_h (T_r + T_s) + v_r T_r + B + C + Z_d + Z_r，T_s 为实测最长停止时间；ISO/TS 15066:2016 第 \
                 5.5.4 条",
            ),
            vec![moving(), trigger()],
        )
    }
}

fn mttf_d() -> MetricDescription {
    MetricDescription {
        over: prompts(&["b10d", "days", "hours", "cycle"]),
        unit: Some(unit("a")),
        ..metric(
            "component-mttf-d",
            Text::new("Mean time to dangerous failure", "平均危险失效时间"),
            Text::new(
                "MTTF_D = B10D / (0.1 n_op), n_op = days times hours a year over the time of a cycle; ISO \
                 13849-1:2023, Annex C",
                "MTTF_D = B10D / (0.1 n_op)，n_op = 每年天数乘每天小时数除以循环时间；ISO 13849-1:2023 附录 C",
            ),
            vec![],
        )
    }
}

fn performance_level() -> MetricDescription {
    MetricDescription {
        over: prompts(&["category", "mttf_d", "dc", "common_cause"]),
        unit: Some(Unit::one()),
        params: vec![param(
            "expected",
            Text::new("Performance level that is asked for", "要求的性能等级"),
            words(&["a", "b", "c", "d", "e"]),
            None,
        )],
        ..metric(
            "performance-level",
            Text::new(
                "Performance level of a safety function",
                "安全功能的性能等级",
            ),
            Text::new(
                "simplified procedure over category, MTTF_D of a channel, DC_avg and points against common \
                 cause; ISO 13849-1:2023, 6.1.8",
                "按类别、通道 MTTF_D、DC_avg 与共因失效得分的简化程序；ISO 13849-1:2023 第 6.1.8 条",
            ),
            vec![],
        )
    }
}
