//! Distance of a safeguard, and of a person, from the measured stop: ISO 13855, ISO/TS 15066.

use super::{Answer, Task, no_number, stop, unit};
use crate::budget::Budget;
use crate::metric::contact::{self, Separation};
use crate::metric::safeguard::{self, Approach2010, Terms2024};
use certbench_model::finding::Reason;

/// From the longest stop of the repeats and the declared response of the control system.
pub(super) fn distance(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let params = task.params();
    let (mm, s) = (unit("mm"), unit("s"));
    let control = params.number("control_time", s)?;
    let approach = params.word("approach")?;
    let of: Box<dyn Fn(f64) -> Option<f64>> = if params.word("edition")? == "2010" {
        let approach = match approach {
            "parallel" => Approach2010::Parallel {
                height_mm: params.number("height", mm)?,
            },
            "two-hand" => Approach2010::TwoHand,
            _ => Approach2010::Perpendicular {
                d_mm: params.number("detection", mm)?,
            },
        };
        Box::new(move |stop_s| safeguard::distance_2010(stop_s + control, approach))
    } else {
        let terms = Terms2024 {
            k_mm_per_s: params.positive("approach_speed", unit("mm/s"))?,
            t_control_s: control,
            t_machine_s: 0.0,
            t_further_s: 0.0,
            reach_mm: [
                params.number("reach_over", mm)?,
                params.number("reach_through", mm)?,
                params.number("reach_under", mm)?,
            ],
            z_mm: params.number("supplement", mm)?,
        };
        Box::new(move |t_machine_s| {
            safeguard::distance_2024(&Terms2024 {
                t_machine_s,
                ..terms
            })
        })
    };
    stop::worst_time(task, answer, |worst, n| {
        let none = || no_number("The terms give no distance", "各项无法得出距离");
        let value = of(worst.time_s).ok_or_else(none)?;
        // The stopping time is already its unfavourable end; the formula is not smooth everywhere,
        // so the two ends are put through it.
        let short = of((worst.time_s - worst.width_s).max(0.0)).ok_or_else(none)?;
        let mut budget = Budget::default();
        stop::when(&mut budget, (value - short).abs() / 2.0, worst.channels);
        Ok(budget.measured(value, mm, n))
    })
}

/// Separation from a moving robot: its own stop is measured, the rest declared.
pub(super) fn separation(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let params = task.params();
    let (mm, s, mm_s) = (unit("mm"), unit("s"), unit("mm/s"));
    let metres = |name: &str| params.number(name, mm).map(|x| x / 1_000.0);
    let terms = Separation {
        person_m_per_s: params.positive("person_speed", mm_s)? / 1_000.0,
        robot_m_per_s: params.number("robot_speed", mm_s)? / 1_000.0,
        reaction_s: params.number("reaction", s)?,
        stopping_s: 0.0,
        braking_m: metres("braking")?,
        intrusion_m: metres("intrusion")?,
        person_u_m: metres("person_u")?,
        robot_u_m: metres("robot_u")?,
    };
    stop::worst_time(task, answer, |worst, n| {
        let of = |stopping_s: f64| {
            1_000.0
                * contact::separation(&Separation {
                    stopping_s,
                    ..terms
                })
        };
        // As above: the stopping time is its unfavourable end, and the formula is linear in it.
        let short = of((worst.time_s - worst.width_s).max(0.0));
        let value = of(worst.time_s);
        let mut budget = Budget::default();
        stop::when(&mut budget, (value - short).abs() / 2.0, worst.channels);
        Ok(budget.measured(value, mm, n))
    })
}
