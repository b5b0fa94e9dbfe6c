//! `certbench plan SUITE --bench B`: what a run would do, from files only.

use crate::exit::Exit;
use crate::inputs::{Files, load};
use crate::{say, say_on};
use certbench_model::channel::Source;
use certbench_model::measure::{Accept, Compare, DecisionRule, SetBy};
use certbench_model::{Plan, Provenance, Quantity};
use std::fmt::Write;

mod steps;
use steps::Steps;

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
            "device {} - {} at {} ({}, {role})",
            device.id,
            device.driver,
            device.port,
            provenance(device.provenance)
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
            "channel {} - {} from {}.{}{}{}",
            channel.id,
            source(channel.source),
            channel.device,
            channel.signal,
            due.unwrap_or_default(),
            imported
        )?;
    }
    for parameter in &plan.parameters {
        writeln!(
            out,
            "parameter {} = {} (set by {})",
            parameter.id,
            value(&parameter.value),
            set_by(parameter.set_by)
        )?;
    }
    if let Some(of) = &plan.bench.cube {
        let [x, y, z] = of.cube.centre;
        writeln!(
            out,
            "test cube of {}: centre ({x}, {y}, {z}) mm, edge {} mm, plane {}, frame {}",
            of.device,
            of.cube.edge,
            of.plane.corners(),
            of.frame
        )?;
    }
    for (name, rows) in &plan.tables {
        let version = plan.table_versions.get(name);
        let version = version.map_or(String::new(), |v| format!(" {v}"));
        writeln!(out, "table {name}{version}: {} rows", rows.len())?;
    }
    let steps = Steps(plan);
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
        steps.list(&mut out, &case.steps, 1)?;
        if !case.finally.is_empty() {
            writeln!(out, "  finally")?;
            steps.list(&mut out, &case.finally, 2)?;
        }
        for measure in &case.measures {
            let per = measure
                .per
                .as_ref()
                .map(|p| format!(" per {p}"))
                .unwrap_or_default();
            let limit = limit(measure.accept.as_ref(), measure.rule);
            writeln!(
                out,
                "  measure {}: {}{per}, n = {}{}",
                measure.id, measure.metric, measure.n_planned, limit
            )?;
        }
        derived(&mut out, plan, &case.id, 1)?;
    }
    if !plan.finally.is_empty() {
        writeln!(out, "finally")?;
        steps.list(&mut out, &plan.finally, 1)?;
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
        let limit = limit(derived.accept.as_ref(), derived.rule);
        writeln!(
            out,
            "{:indent$}derived {}: {} in {}{}",
            "",
            derived.id,
            derived.value,
            derived.unit,
            limit,
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

/// What is held against which limit, by whose word and by which rule.
fn limit(accept: Option<&Accept>, rule: DecisionRule) -> String {
    let Some(accept) = accept else {
        return ", reported only".into();
    };
    let side = |word: &str, limit: Option<Quantity>| {
        limit.map_or_else(String::new, |q| format!(" {word} {q}"))
    };
    format!(
        ", the {}{}{} (set by {}), {}",
        match accept.compare {
            Compare::Estimate => "estimate",
            Compare::Bound => "bound",
        },
        side("at least", accept.at_least),
        side("at most", accept.at_most),
        set_by(accept.set_by),
        match rule {
            DecisionRule::Simple => "without guard band".to_string(),
            DecisionRule::Guarded { r } => format!("guard band {r} U"),
            DecisionRule::FourValued { r } =>
                format!("guard band {r} U, with conditional verdicts"),
        }
    )
}

fn provenance(of: Provenance) -> &'static str {
    match of {
        Provenance::Physical => "physical",
        Provenance::Simulated => "simulated",
        Provenance::Replayed => "replayed",
    }
}

fn source(of: Source) -> &'static str {
    match of {
        Source::Reference => "reference",
        Source::Device => "the item about itself",
    }
}

fn set_by(who: SetBy) -> &'static str {
    match who {
        SetBy::Suite => "the suite",
        SetBy::Customer => "the customer",
        SetBy::Laboratory => "the laboratory",
    }
}
