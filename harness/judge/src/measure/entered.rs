//! Numbers that a person entered: read from papers or from an instrument that gives no signal.

use super::{Answer, Task, named, no_number, unit};
use crate::budget::Budget;
use crate::metric::performance_level::{self as level, Category, Level};
use crate::metric::{contact, payload};
use crate::reason::because;
use crate::stats::Confidence;
use crate::stats::monte_carlo::{self, Input};
use crate::stats::summary::Summary;
use certbench_model::finding::{Evidence, Reason, Value};
use certbench_model::{Quantity, Text, Unit, Verdict};

/// Trials of a Monte Carlo, and its seed: the same record gives the same bytes.
const DRAWS: usize = 100_000;
const SEED: u64 = 1;

/// What was answered to the prompts of an input, in the finding's row.
pub(super) fn said<'a>(
    task: Task<'a>,
    input: &str,
    answer: &mut Answer,
) -> Result<Vec<&'a str>, Reason> {
    let id = task.over(input)?;
    let mut all = Vec::new();
    for prompt in task
        .course
        .prompts
        .iter()
        .filter(|p| p.id == id && task.is_here(p.context))
    {
        let Some(said) = prompt.answer else {
            answer.doubts.add(because(
                "unanswered",
                format!("The prompt {id} was not answered"),
                format!("提示 {id} 未得到回答"),
            ));
            continue;
        };
        answer.evidence.push(Evidence {
            what: format!("{id}: {} ({})", said.words, said.by),
            line: prompt.line,
            from_ns: prompt.from_ns,
            to_ns: said.at_ns,
        });
        all.push(said.words);
    }
    Ok(all)
}

/// The same as numbers in a unit.
pub(super) fn numbers(
    task: Task<'_>,
    input: &str,
    to: Unit,
    answer: &mut Answer,
) -> Result<Vec<f64>, Reason> {
    let words = said(task, input, answer)?;
    let number = |text: &str| text.parse::<Quantity>().ok()?.to(to).ok();
    let all: Option<Vec<f64>> = words.iter().map(|w| number(w)).collect();
    all.filter(|n| !n.is_empty())
        .ok_or_else(|| no_number("No number was entered", "未输入数值"))
}

/// The first number: what was entered once.
fn number(task: Task<'_>, input: &str, to: Unit, answer: &mut Answer) -> Result<f64, Reason> {
    let all = numbers(task, input, to, answer)?;
    answer.n = answer.n.max(u32::try_from(all.len()).unwrap_or(u32::MAX));
    all.first()
        .copied()
        .ok_or_else(|| no_number("No number was entered", "未输入数值"))
}

/// The largest of the numbers that were read (a pressure, a length), or its share of the limit in
/// the table's row.
pub(super) fn largest(task: Task<'_>, of: &str, answer: &mut Answer) -> Result<(), Reason> {
    let of = unit(of);
    let read = numbers(task, "over", of, answer)?;
    answer.n = u32::try_from(read.len()).unwrap_or(u32::MAX);
    let summary =
        Summary::of(&read).ok_or_else(|| no_number("No number was entered", "未输入数值"))?;
    let u = task.params().number("u", of)?;
    let (scale, result) = match task.metric.id == "contact-pressure-share" {
        true => {
            let limit = task.row_value("limit", of)?;
            answer.more.push(named(
                "max",
                "Largest reading",
                "最大读数",
                summary.max,
                of,
                Some(u),
            ));
            answer.more.push(named(
                "lim",
                "Limit of the row",
                "该行限值",
                limit,
                of,
                None,
            ));
            (100.0 / limit, unit("%"))
        }
        false => (1.0, of),
    };
    let mut budget = Budget::default();
    budget.normal(
        Text::new("Reading, as the laboratory states it", "读数（实验室声明）"),
        scale * u / 2.0,
        Some(task.over("over")?.to_owned()),
    );
    let value = scale * summary.max;
    answer.value = Some(Value::Quantity(budget.measured(value, result, summary.n)));
    Ok(())
}

/// Speed at which a contact reaches a force, from entered masses.
pub(super) fn pfl_speed(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let (kg, params) = (unit("kg"), task.params());
    let moving = number(task, "moving_mass", kg, answer)?;
    let load = number(task, "load", kg, answer)?;
    let body = params.positive("body_mass", kg)?;
    let stiffness = 1_000.0 * params.positive("stiffness", unit("N/mm"))?;
    let force = params.positive("force", unit("N"))?;
    let share = params.number("mass_u", Unit::one())?;
    let speed = |moving: f64, load: f64| {
        let robot = contact::robot_mass(moving, load);
        contact::speed_at_force(force, contact::reduced_mass(body, robot), stiffness)
    };
    let value = speed(moving, load)
        .ok_or_else(|| no_number("The masses give no speed", "由这些质量无法得出速度"))?;
    let anywhere = |mean: f64| Input::Rectangular {
        mean,
        half: share * mean,
    };
    // The speed is not linear in the masses; what is entered is anywhere within its stated bounds.
    let drawn = monte_carlo::propagate(
        &[anywhere(moving), anywhere(load)],
        |x| speed(x[0], x[1]).unwrap_or(value),
        DRAWS,
        SEED,
        Confidence::P9545,
    )
    .ok_or_else(|| no_number("The masses give no speed", "由这些质量无法得出速度"))?;
    let (mm_s, mut budget) = (unit("mm/s"), Budget::default());
    budget.normal(
        Text::new(
            "Masses as declared, Monte Carlo (JCGM 101:2008, 100,000 draws)",
            "声明的质量，蒙特卡洛（JCGM 101:2008，100 000 次）",
        ),
        1_000.0 * drawn.u,
        None,
    );
    let reduced = contact::reduced_mass(body, contact::robot_mass(moving, load));
    answer.more.extend([
        named(
            "m_R",
            "Effective mass of the robot",
            "机器人有效质量",
            contact::robot_mass(moving, load),
            kg,
            None,
        ),
        named("μ", "Reduced mass", "折合质量", reduced, kg, None),
        named(
            "E",
            "Energy at that force",
            "该力下的能量",
            contact::energy(force, stiffness),
            unit("J"),
            None,
        ),
    ]);
    answer.value = Some(Value::Quantity(budget.measured(1_000.0 * value, mm_s, 1)));
    Ok(())
}

/// Rated load over the mass of the manipulator.
pub(super) fn payload_ratio(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let (kg, one) = (unit("kg"), Unit::one());
    let load = number(task, "load", kg, answer)?;
    let mass = number(task, "mass", kg, answer)?;
    let ratio = payload::to_weight(load, mass);
    let ratio = ratio.ok_or_else(|| no_number("Masses are above zero", "质量须大于零"))?;
    let u = task.params().number("u", kg)? / 2.0;
    let mut budget = Budget::default();
    let of = |en, zh| Text::new(en, zh);
    budget.normal(
        of("Mass, as the laboratory states it", "质量（实验室声明）"),
        u * ratio / mass,
        Some(task.over("mass")?.to_owned()),
    );
    answer.notes.add(because(
        "rated-load-declared",
        "The load is the rated one as it was declared and entered",
        "负载为所声明并输入的额定负载",
    ));
    answer.value = Some(Value::Quantity(budget.measured(ratio, one, 1)));
    Ok(())
}

/// Mean time to dangerous failure of what wears, years.
pub(super) fn mttf_d(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let one = Unit::one();
    let b10d = number(task, "b10d", one, answer)?;
    let days = number(task, "days", one, answer)?;
    let hours = number(task, "hours", unit("h"), answer)?;
    let cycle = number(task, "cycle", unit("s"), answer)?;
    let n_op = level::operations_per_year(days, hours, cycle)
        .ok_or_else(|| no_number("No operations a year", "无法得出每年操作次数"))?;
    let a = unit("a");
    answer.more.extend([
        named("n_op", "Operations a year", "每年操作次数", n_op, one, None),
        named(
            "T_10D",
            "To be replaced after",
            "应更换时间",
            level::t10d(b10d, n_op),
            a,
            None,
        ),
    ]);
    let mut budget = Budget::default();
    budget.normal(
        Text::new("Declared data are taken as they are", "按声明数据计算"),
        0.0,
        None,
    );
    answer.notes.add(declared());
    let value = level::mttf_d(b10d, n_op);
    answer.value = Some(Value::Quantity(budget.measured(value, a, 1)));
    Ok(())
}

fn declared() -> Reason {
    because(
        "declared-data",
        "Computed from declared data: the result is no better than these",
        "由声明数据计算得出：结果不优于这些数据",
    )
}

/// Whether the declared data of a safety function reach the level that is asked for.
pub(super) fn performance_level(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let one = Unit::one();
    let years = number(task, "mttf_d", unit("a"), answer)?;
    let dc = number(task, "dc", one, answer)?;
    let points = number(task, "common_cause", one, answer)?;
    let category = said(task, "category", answer)?;
    let category = match category.first().copied() {
        Some("b") => Category::B,
        Some("1") => Category::One,
        Some("2") => Category::Two,
        Some("3") => Category::Three,
        Some("4") => Category::Four,
        other => {
            let other = other.unwrap_or("-");
            return Err(because(
                "parameter",
                format!("{other} is no category (b, 1, 2, 3, 4)"),
                format!("{other} 不是类别（b、1、2、3、4）"),
            ));
        }
    };
    let counted = level::capped(years, category);
    let reached = level::level(
        category,
        level::coverage(dc),
        counted,
        points.max(0.0) as u32,
    );
    let asked = match task.params().word("expected")? {
        "a" => Level::A,
        "b" => Level::B,
        "c" => Level::C,
        "d" => Level::D,
        _ => Level::E,
    };
    let letter = |l: Option<Level>| match l {
        Some(Level::A) => "a",
        Some(Level::B) => "b",
        Some(Level::C) => "c",
        Some(Level::D) => "d",
        Some(Level::E) => "e",
        None => "-",
    };
    let yes = reached.is_some_and(|l| l >= asked);
    answer.more.extend([
        named("MTTF_D", "Declared", "声明值", years, unit("a"), None),
        named("DC_avg", "Declared", "声明值", 100.0 * dc, unit("%"), None),
    ]);
    answer.notes.add(declared());
    let (got, wanted) = (letter(reached), letter(Some(asked)));
    let en = match reached {
        Some(_) => {
            format!("performance level {got} by the simplified procedure; {wanted} is asked for")
        }
        None => "the table of the simplified procedure gives no level for these data".to_owned(),
    };
    let zh = match reached {
        Some(_) => format!("按简化程序为性能等级 {got}；要求 {wanted}"),
        None => "简化程序的表格对这些数据未给出等级".to_owned(),
    };
    let verdict = if yes { Verdict::Pass } else { Verdict::Fail };
    answer.certain = Some((
        verdict,
        because("performance-level", en.clone(), zh.clone()),
    ));
    answer.estimand = Some(Text::new(
        "the safety function as it was declared",
        "所声明的安全功能",
    ));
    answer.value = Some(Value::Attribute {
        yes,
        evidence: Text::new(en, zh),
    });
    Ok(())
}
