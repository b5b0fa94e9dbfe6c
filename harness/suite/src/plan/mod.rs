//! Suite, bench and job to a plan: everything resolved, everything bounded, nothing left to decide.

mod channels;
mod count;
pub(crate) mod env;
mod extract;
mod measures;
mod parameters;
mod restrict;
mod shuffle;
mod steps;
mod view;

use crate::check::bench::Bench;
use crate::check::job::Job;
use crate::check::suite::Suite;
use crate::complaint::{Complaint, Sink, Span};
use crate::sources::Sources;
use crate::yaml::At;
use certbench_model::plan::{Case, OnDeviceEvent, PLAN_FORMAT, Restriction, Watch};
use certbench_model::{Channel, Date, DecisionRule, Derived, Plan, Step, Text, Vocabulary};
use channels::Matching;
use count::{bound, case_bound};
use env::{Env, Frames, STEPS_WRITTEN_MAX, Used};
use measures::{Measures, derived};
use parameters::InForce;
use restrict::Restricting;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use steps::CaseReader;
use view::View;

/// Longest case that may be planned, seconds: thirty days.
const CASE_SECONDS_MAX: f64 = 30.0 * 86_400.0;
/// Most steps that a case may perform.
const CASE_STEPS_MAX: u64 = 10_000_000;

/// What a plan is made from.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The suite.
    pub suite: &'a Suite,
    /// The bench.
    pub bench: &'a Bench,
    /// The job, if there is one. Without one the devices that the suite needs are under test.
    pub job: Option<&'a Job>,
    /// Metrics and drivers.
    pub vocabulary: &'a Vocabulary,
    /// Day on which certificates must hold.
    pub today: Date,
    /// `name=value` entries of the command line, for parameters that the laboratory sets.
    pub set: &'a [String],
}

/// Cases, watches and `finally` of a suite.
pub(crate) struct Body {
    pub(crate) cases: Vec<Case>,
    /// Channels that the steps register, and to which frame.
    pub(crate) frames: BTreeMap<String, (Span, String)>,
    pub(crate) derived: Vec<Derived>,
    pub(crate) finally: Vec<Step>,
    pub(crate) watches: Vec<Watch>,
    /// Case to the parameters that its steps and measures use.
    pub(crate) used: Vec<(String, BTreeSet<String>)>,
    pub(crate) names: BTreeSet<(&'static str, String)>,
}

/// Reads steps and measures of a suite against values and, if there is one, a bench.
pub(crate) fn body(
    suite: &Suite,
    values: &BTreeMap<String, InForce>,
    bench: Option<&Bench>,
    views: BTreeMap<String, View>,
    rule: DecisionRule,
    vocabulary: &Vocabulary,
    sink: &Sink,
) -> Body {
    let env = Env {
        sink,
        vocabulary,
        suite,
        values,
        bench,
        channels: views,
        used: RefCell::new(Used::default()),
        frames: RefCell::new(Frames::default()),
        steps_left: Cell::new(STEPS_WRITTEN_MAX),
    };
    let mut used = Vec::new();
    let mut cases = Vec::new();
    for written in suite.written.cases.get().into_iter().flatten() {
        let Some(case) = written.get() else { continue };
        env.used.borrow_mut().parameters.clear();
        let reader = CaseReader::new(&env);
        let setup = case.setup.as_ref();
        let setup = setup.map_or_else(Vec::new, |s| reader.case_steps(s));
        let steps = reader.case_steps(&case.steps);
        let finally = reader.closing_steps(case.finally.as_ref());
        let measures = Measures {
            reader: &reader,
            steps: &steps,
            rule,
        };
        let measures = measures.all(case, written.head);
        let bound = case_bound(&setup, &steps, &finally);
        if bound.seconds > CASE_SECONDS_MAX || bound.steps > CASE_STEPS_MAX {
            let message = format!(
                "this case may take up to {:.3e} s and {:.3e} steps",
                bound.seconds, bound.steps as f64
            );
            sink.push(Complaint::new("too-long", written.head, message).note(format!(
                "a case takes at most {CASE_SECONDS_MAX} s and {CASE_STEPS_MAX} steps; prompts count {} s each",
                count::PROMPT_S
            )));
        }
        let id = case.id.get().cloned().unwrap_or_default();
        used.push((id.clone(), env.used.borrow().parameters.clone()));
        let title = crate::check::literal::text(&case.title, sink);
        cases.push(Case {
            id,
            title: title.unwrap_or_else(|| Text::same("")),
            setup,
            steps,
            finally,
            measures,
            on_device_event: match case.on_device_event.as_ref().and_then(At::get) {
                Some(crate::written::suite::OnDeviceEventWord::NotTested) => {
                    OnDeviceEvent::NotTested
                }
                _ => OnDeviceEvent::Fail,
            },
            shortened: None,
            seconds_max: bound.seconds,
            steps_max: bound.steps,
        });
    }
    let derived = derived(&env, &cases, rule, &mut used);
    let reader = CaseReader::new(&env);
    let finally = reader.closing_steps(suite.written.finally.as_ref());
    let watches = steps::watches(&reader, suite.written.watch.as_ref());
    if bound(&finally).seconds > CASE_SECONDS_MAX {
        let at = suite.written.finally.as_ref().map(|f| f.head);
        let message = "`finally` takes too long";
        sink.push(Complaint::new("too-long", at.unwrap_or_default(), message));
    }
    let frames = env.frames.into_inner();
    for (pose, at) in &frames.judged {
        if let Some(point) = frames.points.get(pose) {
            let message = format!("`{pose}` is judged, and the frame is fitted from it");
            sink.push(
                Complaint::new("judged-point", *at, message)
                    .also(*point, "among these points")
                    .note("an error of a point goes into the frame and hides there"),
            );
        }
    }
    let names = env.used.into_inner().names;
    Body {
        frames: frames.channels,
        cases,
        derived,
        finally,
        watches,
        used,
        names,
    }
}

/// Checks steps and measures of a suite by itself, with its defaults.
pub(crate) fn check_body(suite: &Suite, vocabulary: &Vocabulary, sink: &Sink) {
    let values = parameters::defaults(suite);
    let needs = suite.needs.channels.iter();
    let views = needs.map(|(n, need)| (n.clone(), View::needed(need)));
    let rule = DecisionRule::Simple;
    let body = body(
        suite,
        &values,
        None,
        views.collect(),
        rule,
        vocabulary,
        sink,
    );
    if sink.errors() == 0 {
        unused(suite, &body.names, sink);
    }
}

/// What is declared and never used: a warning.
fn unused(suite: &Suite, names: &BTreeSet<(&'static str, String)>, sink: &Sink) {
    let needs = &suite.needs;
    let parameters = suite
        .parameters
        .iter()
        .map(|p| ("parameter", &p.id, p.span));
    let channels = needs.channels.iter().map(|(n, c)| ("channel", n, c.span));
    let outputs = needs.outputs.iter().map(|(n, o)| ("output", n, o.0));
    let poses = needs.poses.iter().map(|(n, s)| ("pose", n, *s));
    let presets = needs.presets.iter().map(|(n, s)| ("preset", n, *s));
    let tables = crate::check::bench::entries(suite.written.tables.as_ref());
    let tables: Vec<(String, Span)> = tables.map(|(n, s, _)| (n.to_string(), s)).collect();
    let tables = tables.iter().map(|(n, s)| ("table", n, *s));
    let all = parameters
        .chain(channels)
        .chain(outputs)
        .chain(poses)
        .chain(presets)
        .chain(tables);
    for (kind, name, span) in all {
        if !names.contains(&(kind, name.clone())) {
            let message = format!("the {kind} `{name}` is never used");
            sink.push(Complaint::new("unused", span, message).warning());
        }
    }
}

/// The plan, or every reason why there is none. `sources` are those that suite, bench and job were
/// read from; the entries of `set` are added to them under the name `--set`.
pub(crate) fn plan(request: &Request<'_>, sources: &mut Sources, sink: &Sink) -> Option<Plan> {
    let Request {
        suite,
        bench,
        job,
        vocabulary,
        today,
        ..
    } = *request;
    let set = parameters::command_line(request.set, sources, sink);
    let under_test = under_test(suite, job, today, sink);
    let values = parameters::in_force(suite, bench, job, &set, sink);
    let matching = Matching {
        needs: &suite.needs,
        bench,
        under_test: &under_test,
        sink,
    };
    matching.things();
    let channels = matching.channels();
    let imported = |c: &Channel| {
        let need = suite.needs.channels.get(&c.id);
        let device = bench.devices.get(&c.device);
        need.is_some_and(|n| n.import) || device.is_some_and(|d| d.plan.imported())
    };
    let views = channels.iter();
    let views = views.map(|c| (c.id.clone(), View::planned(c, imported(c))));
    let rule = rule(suite, job);
    let body = body(
        suite,
        &values,
        Some(bench),
        views.collect(),
        rule,
        vocabulary,
        sink,
    );
    if sink.errors() > 0 {
        return None;
    }
    let restricting = Restricting {
        suite,
        bench,
        vocabulary,
        channels: &channels,
        values: &values,
        under_test: &under_test,
        frames: &body.frames,
        today,
    };
    let (cases, restrictions) = restricted(body.cases, &body.used, &restricting);
    Some(Plan {
        format: PLAN_FORMAT,
        suite: suite.facts.clone(),
        job: job.map(|j| j.job.clone()),
        bench: extract::bench_of_plan(request, sources, &channels, &under_test),
        parameters: parameters::planned(suite, &values),
        channels,
        watches: body.watches,
        tables: extract::tables(suite, &body.names),
        table_versions: extract::table_versions(suite, &body.names),
        cases,
        finally: body.finally,
        derived: body.derived,
        restrictions,
    })
}

fn restricted(
    cases: Vec<Case>,
    used: &[(String, BTreeSet<String>)],
    restricting: &Restricting<'_>,
) -> (Vec<Case>, Vec<Restriction>) {
    let mut restrictions = Vec::new();
    let cases = cases.into_iter().zip(used).map(|(case, (_, used))| {
        let (shortened, words) = restricting.shortened(&case.id, used);
        restrictions.extend(words);
        restrictions.extend(restricting.of_case(&case));
        Case { shortened, ..case }
    });
    let cases = cases.collect();
    (cases, restrictions)
}

/// The rule agreed in the job, else the suite's; safety is always decided guarded with w = U.
fn rule(suite: &Suite, job: Option<&Job>) -> DecisionRule {
    let own = suite.decision.unwrap_or(DecisionRule::Guarded { r: 1.0 });
    match job.and_then(|j| j.job.rule) {
        _ if suite.safety() => DecisionRule::Guarded { r: 1.0 },
        Some(agreed) => agreed,
        None => own,
    }
}

/// Warnings about a plan: what is in order and may still surprise.
pub(crate) fn remarks(request: &Request<'_>, sink: &Sink) {
    let Some(job) = request.job else { return };
    let own = DecisionRule::Guarded { r: 1.0 };
    let other = job.job.rule.is_some_and(|agreed| agreed != own);
    if let Some(span) = job.rule.filter(|_| other && request.suite.safety()) {
        let message = "the rule agreed in the order is not applied to a safety suite";
        let complaint = Complaint::new("rule-kept", span, message).warning();
        sink.push(complaint.note("safety suites are decided guarded, with the guard band U"));
    }
}

/// Items of the job that are here, or what the suite needs. A job must have every needed device.
fn under_test(suite: &Suite, job: Option<&Job>, today: Date, sink: &Sink) -> Vec<String> {
    let needed = suite.needs.devices.iter().filter(|(_, n)| !n.equipment);
    let needed: BTreeMap<&String, &crate::check::need::DeviceNeed> = needed.collect();
    let Some(job) = job else {
        return needed.into_keys().cloned().collect();
    };
    for (name, need) in &needed {
        if !job.items.contains_key(*name) {
            let names = job.items.keys().map(String::as_str);
            let (help, note) = crate::near::suggestion(name, names);
            let message = format!("the job has no item `{name}`");
            let mut complaint = Complaint::new("missing-item", job.head, message)
                .also(need.span, "the suite tests it");
            complaint.help = help;
            complaint.notes.extend(note);
            sink.push(complaint);
        }
    }
    for item in &job.job.items {
        if item.received > today {
            let span = job.items.get(&item.device).copied().unwrap_or(job.head);
            let message = format!("received on {}, and today is {today}", item.received);
            sink.push(Complaint::new("not-received", span, message));
        }
    }
    job.items
        .keys()
        .chain(needed.into_keys())
        .cloned()
        .collect()
}
