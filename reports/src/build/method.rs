//! How it was tested: parameters, sampling plan, watches.

use super::parameter;
use crate::document::{Parameter, Sampling, SamplingLine, Watch};
use crate::number::{self, with_unit};
use crate::words::say;
use certbench_model::measure::SetBy;
use certbench_model::plan::{Case, OnDeviceEvent};
use certbench_model::step::{Block, Ending, Matrix, Over, Repeat, Schedule, Trial};
use certbench_model::{Plan, Step, Text};

pub(super) fn parameters(plan: &Plan) -> Vec<Parameter> {
    let one = |p: &certbench_model::plan::Parameter| Parameter {
        id: p.id.clone(),
        title: p.title.clone(),
        value: parameter(&p.value),
        default: parameter(&p.default),
        changed: p.value != p.default,
        set_by: set_by(p.set_by).to_string(),
        origin: p.origin.clone(),
    };
    plan.parameters.iter().map(one).collect()
}

pub(super) fn set_by(who: SetBy) -> &'static str {
    match who {
        SetBy::Suite => "suite",
        SetBy::Customer => "customer",
        SetBy::Laboratory => "laboratory",
    }
}

pub(super) fn sampling(plan: &Plan) -> Vec<Sampling> {
    plan.cases.iter().map(of_case).collect()
}

fn of_case(case: &Case) -> Sampling {
    let mut lines = Vec::new();
    walk(&case.steps, 0, &mut lines);
    for measure in &case.measures {
        let per = measure.per.as_ref();
        let words = match per {
            Some(per) => say(
                "sampling.measure-per",
                &[
                    ("id", measure.id.clone()),
                    ("n", measure.n_planned.to_string()),
                    ("per", per.clone()),
                ],
            ),
            None => say(
                "sampling.measure",
                &[
                    ("id", measure.id.clone()),
                    ("n", measure.n_planned.to_string()),
                ],
            ),
        };
        lines.push(SamplingLine {
            depth: 0,
            text: words,
        });
    }
    Sampling {
        case: case.id.clone(),
        title: case.title.clone(),
        lines,
        shortened: case.shortened.as_ref().map(|s| {
            say(
                "sampling.shortened",
                &[
                    ("parameter", s.parameter.clone()),
                    ("n", s.n.to_string()),
                    ("of", s.of.to_string()),
                ],
            )
        }),
        on_device_event: match case.on_device_event {
            OnDeviceEvent::Fail => say("sampling.event-fails", &[]),
            OnDeviceEvent::NotTested => say("sampling.event-not-tested", &[]),
        },
    }
}

fn walk(steps: &[Step], depth: usize, lines: &mut Vec<SamplingLine>) {
    let mut before: Option<&Matrix> = None;
    for step in steps {
        // Combinations that a plan writes out one by one are one matrix to the reader.
        if let (Step::Matrix(matrix), Some(before)) = (step, before)
            && matrix.axes == before.axes
        {
            continue;
        }
        before = None;
        let text = match step {
            Step::Repeat(repeat) => Some(of_repeat(repeat)),
            Step::Matrix(matrix) => {
                before = Some(matrix);
                Some(of_matrix(matrix, steps))
            }
            Step::Schedule(schedule) => Some(of_schedule(schedule)),
            Step::During(during) => {
                let ids = during.beside.iter().map(|b| b.id.as_str());
                let ids = ids.collect::<Vec<_>>().join(", ");
                Some(say("sampling.during", &[("branches", ids)]))
            }
            Step::Block(Block {
                template: Some(template),
                ..
            }) => Some(say("sampling.template", &[("template", template.clone())])),
            Step::Require(require) => {
                let condition = &require.condition;
                let does = condition.does.to_string();
                let values = [("channel", condition.channel.clone()), ("does", does)];
                Some(say("sampling.require", &values))
            }
            Step::Trial(trial) => Some(of_trial(trial)),
            Step::Window(window) => Some(say(
                "sampling.window",
                &[
                    ("id", window.id.clone()),
                    ("channels", window.record.join(", ")),
                ],
            )),
            _ => None,
        };
        let inner = match text {
            Some(text) => {
                lines.push(SamplingLine { depth, text });
                depth + 1
            }
            None => depth,
        };
        for list in step.lists() {
            walk(list, inner, lines);
        }
    }
}

fn of_matrix(matrix: &Matrix, beside: &[Step]) -> Text {
    let alike = beside.iter().filter_map(|step| match step {
        Step::Matrix(m) if m.axes == matrix.axes => Some(m.cells.len()),
        _ => None,
    });
    let axes = matrix.axes.iter().map(|a| a.variable.as_str());
    let mut values = vec![
        ("axes", axes.collect::<Vec<_>>().join(" × ")),
        ("n", alike.sum::<usize>().to_string()),
        ("excluded", matrix.excluded.to_string()),
    ];
    match matrix.seed {
        None => say("sampling.matrix", &values),
        Some(seed) => {
            values.push(("seed", seed.to_string()));
            say("sampling.matrix-shuffled", &values)
        }
    }
}

fn of_schedule(schedule: &Schedule) -> Text {
    let text = say(
        "sampling.schedule",
        &[
            ("variable", schedule.variable.clone()),
            ("n", schedule.times.to_string()),
            ("every", number::exact(schedule.every_s)),
            ("late", number::exact(schedule.late_s)),
        ],
    );
    with_ending(text, schedule.until.as_ref(), schedule.thinned_s)
}

/// With when it ends early, and how it is recorded.
fn with_ending(mut text: Text, until: Option<&Ending>, thinned_s: Option<f64>) -> Text {
    let mut add = |more: Text| {
        text.en += &more.en;
        text.zh += &more.zh;
    };
    if let Some(ending) = until {
        let values = [
            ("when", ending.when.printed()),
            ("least", ending.at_least.to_string()),
        ];
        add(say("sampling.until", &values));
    }
    if let Some(seconds) = thinned_s {
        add(say(
            "sampling.thinned",
            &[("every", number::exact(seconds))],
        ));
    }
    text
}

fn of_repeat(repeat: &Repeat) -> Text {
    let mut text = of_passes(repeat);
    for every in &repeat.every {
        let more = say("sampling.every", &[("n", every.passes.to_string())]);
        text.en += &more.en;
        text.zh += &more.zh;
    }
    with_ending(text, repeat.until.as_ref(), repeat.thinned_s)
}

fn of_passes(repeat: &Repeat) -> Text {
    let variable = ("variable", repeat.variable.clone());
    let count = ("n", repeat.over.count().to_string());
    match &repeat.over {
        Over::Times(_) => say("sampling.times", &[variable, count]),
        Over::Rows { table, order, seed } => {
            let rows = [
                variable,
                count,
                ("table", table.clone()),
                ("order", order.join(", ")),
            ];
            match seed {
                None => say("sampling.rows", &rows),
                Some(seed) => {
                    let mut rows = rows.to_vec();
                    rows.push(("seed", seed.to_string()));
                    say("sampling.rows-shuffled", &rows)
                }
            }
        }
    }
}

fn of_trial(trial: &Trial) -> Text {
    let mut text = of_attempt(trial);
    if trial.attempts > 1 {
        let more = say("sampling.attempts", &[("n", trial.attempts.to_string())]);
        text.en += &more.en;
        text.zh += &more.zh;
    }
    if let Some(plan) = trial.sampling.map(|s| s.text()) {
        text.en += &format!("; {}", plan.en);
        text.zh += &format!("；{}", plan.zh);
    }
    text
}

fn of_attempt(trial: &Trial) -> Text {
    if trial.invalid_if.is_empty() {
        return say("sampling.trial", &[("id", trial.id.clone())]);
    }
    say(
        "sampling.trial-invalid",
        &[
            ("id", trial.id.clone()),
            ("reasons", trial.invalid_if.join(", ")),
            ("most", trial.invalid_most.to_string()),
        ],
    )
}

pub(super) fn watches(plan: &Plan) -> Vec<Watch> {
    let one = |w: &certbench_model::plan::Watch| {
        let channel = plan.channel(&w.channel).map(|(_, c)| c);
        let component = channel.and_then(|c| {
            let index = c.component(&w.component).unwrap_or(0);
            c.components.get(index)
        });
        let limit = |sign: &str, value: Option<f64>| {
            let number = number::exact(value?);
            let text = component.map_or(number.clone(), |c| with_unit(&number, c.unit));
            Some(format!("{sign} {text}"))
        };
        let limits = [limit("≥", w.at_least), limit("≤", w.at_most)];
        Watch {
            channel: match w.component.as_str() {
                "" => w.channel.clone(),
                component => format!("{} ({component})", w.channel),
            },
            limits: limits.into_iter().flatten().collect::<Vec<_>>().join(", "),
            max_age_s: number::exact(w.max_age_s),
        }
    };
    plan.watches.iter().map(one).collect()
}
