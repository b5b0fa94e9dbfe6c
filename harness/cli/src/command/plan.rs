//! `certbench plan SUITE --bench B`: what a run would do, from files only.

use crate::exit::Exit;
use crate::inputs::{Files, load};
use crate::{say, say_on};
use certbench_model::step::{
    Condition, Ending, Otherwise, Over, ProgramAct, ProgramState, Stop, Target, Wait,
};
use certbench_model::{Plan, Step};
use std::fmt::Write;

/// Show what a run would do.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    files: Files,
    /// Open the devices and ask each whether it would accept its commands; enables nothing
    #[arg(long)]
    rehearse: bool,
    /// The plan as JSON: what is frozen under the hash
    #[arg(long)]
    json: bool,
}

/// Prints the plan.
pub(crate) fn plan(args: &Args) -> anyhow::Result<Exit> {
    let plan = match load(&args.files)? {
        Ok(plan) => plan,
        Err(exit) => return Ok(exit),
    };
    if args.json {
        say!("{}", serde_json::to_string_pretty(&plan)?);
    } else {
        say_on!("{}", in_words(&plan)?);
    }
    if !args.rehearse {
        return Ok(Exit::Passed);
    }
    let refusals = crate::session::rehearse(plan, &args.files.bench)?;
    for refusal in &refusals {
        eprintln!("refused: {refusal}");
    }
    if refusals.is_empty() {
        eprintln!("rehearsed: every device would accept its commands");
        return Ok(Exit::Passed);
    }
    Ok(Exit::Refused)
}

fn in_words(plan: &Plan) -> Result<String, std::fmt::Error> {
    let mut out = String::new();
    let suite = &plan.suite;
    writeln!(
        out,
        "{} {} ({}): {}",
        suite.id, suite.version, suite.status, suite.title.en
    )?;
    writeln!(out, "  {}", suite.title.zh)?;
    writeln!(out, "plan sha256 {}", plan.digest())?;
    for device in &plan.bench.devices {
        let role = if device.under_test {
            "under test"
        } else {
            "instrument"
        };
        writeln!(
            out,
            "device {} - {} at {} ({:?}, {role})",
            device.id, device.driver, device.port, device.provenance
        )?;
    }
    for channel in &plan.channels {
        let due = channel
            .calibration
            .as_ref()
            .map(|c| format!(", certificate {} until {}", c.certificate, c.due));
        let imported = match plan.imported(channel) {
            true => ", imported after the run",
            false => "",
        };
        writeln!(
            out,
            "channel {} - {:?} from {}.{}{}{}",
            channel.id,
            channel.source,
            channel.device,
            channel.signal,
            due.unwrap_or_default(),
            imported
        )?;
    }
    for parameter in &plan.parameters {
        writeln!(
            out,
            "parameter {} = {} (set by {:?})",
            parameter.id,
            value(&parameter.value),
            parameter.set_by
        )?;
    }
    for (name, rows) in &plan.tables {
        let version = plan.table_versions.get(name);
        let version = version.map_or(String::new(), |v| format!(" {v}"));
        writeln!(out, "table {name}{version}: {} rows", rows.len())?;
    }
    for case in &plan.cases {
        writeln!(
            out,
            "case {}: {} - at most {} steps, {:.0} s",
            case.id, case.title.en, case.steps_max, case.seconds_max
        )?;
        if let Some(short) = &case.shortened {
            writeln!(
                out,
                "  SHORTENED: {} of {} ({}); no verdict",
                short.n, short.of, short.parameter
            )?;
        }
        steps(&mut out, &case.steps, 1)?;
        if !case.finally.is_empty() {
            writeln!(out, "  finally")?;
            steps(&mut out, &case.finally, 2)?;
        }
        for measure in &case.measures {
            let per = measure
                .per
                .as_ref()
                .map(|p| format!(" per {p}"))
                .unwrap_or_default();
            let limit = measure.accept.as_ref().map(|a| {
                let least = a
                    .at_least
                    .map(|q| format!(" at least {q}"))
                    .unwrap_or_default();
                let most = a
                    .at_most
                    .map(|q| format!(" at most {q}"))
                    .unwrap_or_default();
                format!(
                    ", {:?}{least}{most} (set by {:?}), rule {:?}",
                    a.compare, a.set_by, measure.rule
                )
            });
            writeln!(
                out,
                "  measure {}: {}{per}, n = {}{}",
                measure.id,
                measure.metric,
                measure.n_planned,
                limit.unwrap_or_else(|| ", reported only".into())
            )?;
        }
        derived(&mut out, plan, &case.id, 1)?;
    }
    if !plan.finally.is_empty() {
        writeln!(out, "finally")?;
        steps(&mut out, &plan.finally, 1)?;
    }
    derived(&mut out, plan, "", 0)?;
    for restriction in &plan.restrictions {
        writeln!(
            out,
            "restriction {} {} [{}]: {}",
            restriction.case, restriction.measure, restriction.code, restriction.text.en
        )?;
    }
    Ok(out)
}

/// The derived results of a case, or those of the suite.
fn derived(out: &mut String, plan: &Plan, case: &str, depth: usize) -> std::fmt::Result {
    for derived in plan.derived.iter().filter(|d| d.case == case) {
        let limit = derived.accept.as_ref().map(|a| {
            let side = |word: &str, limit: Option<certbench_model::Quantity>| {
                limit.map(|q| format!(" {word} {q}")).unwrap_or_default()
            };
            let (least, most) = (side("at least", a.at_least), side("at most", a.at_most));
            format!(
                ", {:?}{least}{most} (set by {:?}), rule {:?}",
                a.compare, a.set_by, derived.rule
            )
        });
        writeln!(
            out,
            "{:indent$}derived {}: {} in {}{}",
            "",
            derived.id,
            derived.value,
            derived.unit,
            limit.unwrap_or_else(|| ", reported only".into()),
            indent = 2 * depth
        )?;
    }
    Ok(())
}

fn value(value: &certbench_model::ParamValue) -> String {
    use certbench_model::ParamValue::{Count, Flag, Quantity, Text};
    match value {
        Quantity(q) => q.to_string(),
        Count(n) => n.to_string(),
        Text(t) => t.clone(),
        Flag(f) => f.to_string(),
    }
}

fn steps(out: &mut String, list: &[Step], depth: usize) -> std::fmt::Result {
    for step in list {
        writeln!(out, "{:indent$}{}", "", words(step), indent = 2 * depth)?;
        for list in step.lists() {
            steps(out, list, depth + 1)?;
        }
    }
    Ok(())
}

fn words(step: &Step) -> String {
    let word = step.word();
    match step {
        Step::Prompt(p) => format!("{word} {} ({:?}): {}", p.id, p.presence, p.text.en),
        Step::Move(m) => {
            let to = match &m.to {
                Target::Pose(name) | Target::Preset(name) => name.clone(),
                Target::Joints(joints) => joints
                    .iter()
                    .map(|(j, q)| format!("{j} {q}"))
                    .collect::<Vec<_>>()
                    .join(", "),
            };
            format!(
                "{word} {} to {to} at {}, until {:?}",
                m.device, m.speed, m.until
            )
        }
        Step::Grasp(g) => format!(
            "{word} {} {} with {} at {}",
            g.device, g.preset, g.force, g.speed
        ),
        Step::Release(r) => format!("{word} {} at {}", r.device, r.speed),
        Step::Drive(d) => format!(
            "{word} {} to {} in {} s, there within {} s",
            d.device, d.to, d.ramp_s, d.timeout_s
        ),
        Step::Program(p) => format!("{word} {}: {}", p.device, asked(&p.act)),
        Step::Set(s) => format!("{word} {} to {}", s.output, s.to),
        Step::Stop(Stop::Command { device }) => format!("{word} {device} by its own command"),
        Step::Stop(Stop::Output(s)) => format!("{word} by {} to {}", s.output, s.to),
        Step::Stop(Stop::Heartbeat { device }) => {
            format!("{word} {device} by withholding its heartbeat")
        }
        Step::Stop(Stop::Recover { device, .. }) => format!("recover {device}"),
        Step::Wait(wait) => format!("{word} {}", waiting(wait)),
        Step::Window(w) => {
            let until = w
                .until
                .as_ref()
                .map(|u| format!(" until {}", waiting(u)))
                .unwrap_or_default();
            format!("{word} {} of {}{until}", w.id, w.record.join(", "))
        }
        Step::Repeat(r) => match &r.over {
            Over::Times(n) => {
                let every = r.every.iter().map(|e| {
                    let first = if e.first { " and before the first" } else { "" };
                    format!(", further steps after every {}{first}", e.passes)
                });
                let (ending, thinned) = (ending(r.until.as_ref()), thinned(r.thinned_s));
                let every: String = every.collect();
                format!("{word} {n} times ({}){every}{ending}{thinned}", r.variable)
            }
            Over::Rows { table, order, seed } => {
                let how = seed
                    .map(|s| format!(", shuffled with seed {s}"))
                    .unwrap_or_default();
                let word = r.registers.as_ref().map_or(word.to_string(), |g| {
                    format!(
                        "register {} to {}, a point off by at most {} mm,",
                        g.channel, g.frame, g.residual_max_mm
                    )
                });
                format!(
                    "{word} over {table} as {} ({}{how})",
                    r.variable,
                    order.join(", ")
                )
            }
        },
        Step::Trial(t) => {
            let attempts = t.attempts.max(1);
            format!(
                "{word} {} (attempts {attempts}, invalid at most {})",
                t.id, t.invalid_most
            )
        }
        Step::Mark(m) => format!("{word} {}", m.name),
        Step::Zero(z) => format!("{word} {}", z.channel),
        Step::Check(c) => {
            let known = c.returns_to.clone().unwrap_or(c.expect.to_string());
            format!("{word} {} against {known} within {}", c.channel, c.within)
        }
        Step::Require(r) => {
            let wait = Wait::Until {
                condition: r.condition.clone(),
                within_s: r.within_s,
                otherwise: r.otherwise.clone(),
            };
            format!("{word} {}", waiting(&wait))
        }
        Step::During(d) => {
            let beside = d.beside.iter();
            let beside: Vec<String> = beside
                .map(|b| format!("{} (at most {} times)", b.id, b.passes))
                .collect();
            format!("{word}: beside the leading steps {}", beside.join(", "))
        }
        Step::Matrix(m) => {
            let axes: Vec<&str> = m.axes.iter().map(|a| a.variable.as_str()).collect();
            if let [one] = m.cells.as_slice() {
                let values = m.axes.iter().zip(one);
                let values: Vec<String> = values
                    .map(|(axis, value)| format!("{} = {value}", axis.variable))
                    .collect();
                return format!("{word}: {}", values.join(", "));
            }
            let how = m.seed.map(|s| format!(", shuffled with seed {s}"));
            format!(
                "{word} of {}: {} combinations, {} excluded{}",
                axes.join(" x "),
                m.cells.len(),
                m.excluded,
                how.unwrap_or_default()
            )
        }
        Step::Schedule(s) => format!(
            "{word} {}: {} times, every {} s, at most {} s late{}{}",
            s.variable,
            s.times,
            s.every_s,
            s.late_s,
            ending(s.until.as_ref()),
            thinned(s.thinned_s)
        ),
        Step::Block(b) => {
            let from = b.template.as_ref().map(|t| format!(" (template {t})"));
            format!("{word} {}{}", b.id, from.unwrap_or_default())
        }
    }
}

fn asked(act: &ProgramAct) -> String {
    match act {
        ProgramAct::Run {
            program,
            within_s,
            otherwise,
        } => format!(
            "run {program} within {within_s} s, otherwise {}",
            meant(otherwise)
        ),
        ProgramAct::Select { program } => format!("select {program}"),
        ProgramAct::Start => "start".into(),
        ProgramAct::Await {
            state,
            within_s,
            otherwise,
        } => {
            let state = match state {
                ProgramState::Busy => "under way",
                ProgramState::Done => "at its end",
            };
            let otherwise = meant(otherwise);
            format!("await that it is {state} within {within_s} s, otherwise {otherwise}")
        }
        ProgramAct::Abort => "abort".into(),
    }
}

fn waiting(wait: &Wait) -> String {
    match wait {
        Wait::For(seconds) => format!("{seconds} s"),
        Wait::When {
            when,
            within_s,
            otherwise,
        } => format!("{when} within {within_s} s, otherwise {}", meant(otherwise)),
        Wait::Until {
            condition,
            within_s,
            otherwise,
        } => {
            let Condition {
                channel,
                component,
                does,
            } = condition;
            let dot = if component.is_empty() { "" } else { "." };
            let otherwise = meant(otherwise);
            format!("{channel}{dot}{component} {does} within {within_s} s, otherwise {otherwise}")
        }
    }
}

/// What a time-out means.
fn meant(otherwise: &Otherwise) -> String {
    match otherwise {
        Otherwise::GoOn => "go on".to_string(),
        Otherwise::Censored => "the trial is censored".to_string(),
        Otherwise::Failure => "the trial failed".to_string(),
        Otherwise::Fault => "fault of the bench".to_string(),
        Otherwise::Invalid(reason) => format!("the trial is invalid ({reason})"),
        Otherwise::NotTested => "not tested".to_string(),
    }
}

/// When a repeat or schedule ends early.
fn ending(until: Option<&Ending>) -> String {
    until.map_or_else(String::new, |e| {
        format!(
            ", until {} (not before {} passes)",
            e.when.printed(),
            e.at_least
        )
    })
}

/// How samples outside of windows are recorded.
fn thinned(seconds: Option<f64>) -> String {
    seconds.map_or_else(String::new, |s| {
        format!(", recorded every {s} s outside of windows")
    })
}
