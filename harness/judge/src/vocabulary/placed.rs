//! Where objects are, what swings back, and numbers of a whole manipulator or motor.

use super::{input, metric, param, position, quantity, unit, windows};
use certbench_model::vocabulary::{MetricDescription, OverKind, ParamKind, Shape};
use certbench_model::{Text, Unit};

pub(super) fn metrics() -> Vec<MetricDescription> {
    vec![
        object_pose(),
        manipulation(),
        bounce(),
        rebound(),
        force_vector(),
        rated_torque(),
        payload_over_weight(),
    ]
}

fn object_pose() -> MetricDescription {
    MetricDescription {
        unit: Some(unit("mm")),
        ..metric(
            "object-pose-error",
            Text::new("Error of an estimated object pose", "物体位姿估计误差"),
            Text::new(
                "largest distance between the object as the reference sees it and as it was estimated \
                 (or was to be placed), both in one frame; the angle beside it; modelled on NIST SP 1227 \
                 (draft, 2018)",
                "参考仪器所见物体位置与估计（或应放置）位置之间的最大距离，二者在同一坐标系；并列出角度；参照 NIST SP 1227（2018 草案）",
            ),
            vec![position(), input("sensor", Shape::Pose, Some(unit("mm")))],
        )
    }
}

fn manipulation() -> MetricDescription {
    MetricDescription {
        over: windows(&["before", "after"]),
        unit: Some(unit("mm")),
        ..metric(
            "manipulation-error",
            Text::new("Error of an in-hand manipulation", "手内操作误差"),
            Text::new(
                "|(after - before) - commanded translation| of the object, largest of the repeats, and the \
                 angle between the commanded rotation and the one that was done; commanded are the columns \
                 dx, dy, dz, da, db, dc of the row, about the axes of the tracker's frame; certbench's own \
                 definition",
                "物体 |(操作后 - 操作前) - 指令平移| 的最大值，以及指令旋转与实际旋转之间的角度；指令取自该行的 dx、dy、dz、da、db、dc 列，绕跟踪仪坐标系各轴；certbench 自定义",
            ),
            vec![position()],
        )
    }
}

fn bounce() -> MetricDescription {
    MetricDescription {
        unit: Some(unit("ms")),
        ..metric(
            "contact-bounce",
            Text::new("Bounce of a contact", "触点抖动"),
            Text::new(
                "from the first change of level to the last, longest of the windows; a bounce shorter \
                 than the sampling is not seen; certbench's own definition",
                "自首次电平变化至最后一次变化的时间，取各窗口最大值；短于采样间隔的抖动不可见；certbench 自定义",
            ),
            vec![input("contact", Shape::Digital, None)],
        )
    }
}

fn rebound() -> MetricDescription {
    metric(
        "axis-rebound",
        Text::new("Rebound of an axis", "轴的回弹"),
        Text::new(
            "largest excursion in the direction of travel minus the final position, largest of the \
             windows; certbench's own definition",
            "沿运动方向的最大位移减去最终位置，取各窗口最大值；certbench 自定义",
        ),
        vec![input("position", Shape::Any, None)],
    )
}

fn force_vector() -> MetricDescription {
    MetricDescription {
        unit: Some(unit("N")),
        ..metric(
            "force-vector-error",
            Text::new("Error of a force vector", "力矢量误差"),
            Text::new(
                "largest error of the magnitude of an indicated force, one load a window, both sensors in \
                 one orientation; the angle beside it; modelled on NIST SP 1227 (draft, 2018)",
                "示力大小的最大误差，每窗口一个载荷，两传感器方向一致；并列出角度；参照 NIST SP 1227（2018 草案）",
            ),
            vec![
                input("reference", Shape::Any, Some(unit("N"))),
                input("sensor", Shape::Any, Some(unit("N"))),
            ],
        )
    }
}

fn rated_torque() -> MetricDescription {
    MetricDescription {
        unit: Some(unit("N.m")),
        params: vec![
            param(
                "allowed",
                Text::new(
                    "Rise over the coolant that is allowed",
                    "允许的相对冷却介质温升",
                ),
                ParamKind::Quantity(unit("K")),
                None,
            ),
            param(
                "stretch",
                Text::new(
                    "Last stretch of the window that is averaged",
                    "取平均的窗口末段时长",
                ),
                ParamKind::Quantity(unit("s")),
                Some(quantity(30.0, "min")),
            ),
        ],
        ..metric(
            "rated-torque",
            Text::new("Torque at the allowed rise", "允许温升下的转矩"),
            Text::new(
                "T sqrt(allowed rise / rise), means over the last stretch, least of the windows; copper loss \
                 alone; certbench's own definition",
                "T sqrt(允许温升 / 温升)，取末段均值，各窗口最小值；仅计铜耗；certbench 自定义",
            ),
            vec![
                input("torque", Shape::Any, Some(unit("N.m"))),
                input("winding", Shape::Any, Some(unit("K"))),
                input("coolant", Shape::Any, Some(unit("K"))),
            ],
        )
    }
}

fn payload_over_weight() -> MetricDescription {
    let over = ["load", "mass"].map(|name| (name.to_owned(), OverKind::Prompt));
    MetricDescription {
        over: over.to_vec(),
        unit: Some(Unit::one()),
        params: vec![param(
            "u",
            Text::new(
                "Expanded uncertainty (k = 2) of the mass, as the laboratory states it",
                "质量的扩展不确定度（k = 2），由实验室声明",
            ),
            ParamKind::Quantity(unit("kg")),
            None,
        )],
        ..metric(
            "payload-over-weight",
            Text::new("Payload over weight", "负载自重比"),
            Text::new(
                "rated load over the mass of the manipulator, both entered; the suite says whether hand and \
                 controller are counted in; certbench's own definition",
                "额定负载与机械臂质量之比，均为输入值；是否计入手与控制器由套件说明；certbench 自定义",
            ),
            vec![],
        )
    }
}
