//! Photos and videos of the run: where in them a case or a trial is seen. Nobody looked into the files
//! here; it follows from when they begin and how long they last, as the laboratory says.

use crate::document::{Footage, Shown, ShownTrial};
use crate::number;
use crate::words::say;
use certbench_model::addendum::{Alignment, Content, Evidence};
use certbench_model::text::Lang;
use certbench_model::{Addendum, EventBody, Facts, Text};

/// One entry an addendum with evidence, in order.
pub(super) fn evidence(facts: &Facts, addenda: &[Addendum]) -> Vec<Footage> {
    let stretches = stretches(facts);
    let one = |a: &Addendum| match &a.content {
        Content::Evidence(file) => Some(Footage {
            number: a.number,
            why: a.why.clone(),
            by: a.by.clone(),
            utc: a.utc.clone(),
            files: a.files.clone(),
            aligned: aligned(file),
            lies: lies(file),
            cases: stretches
                .iter()
                .map(|case| shown(facts, file, case))
                .collect(),
        }),
        _ => None,
    };
    addenda.iter().filter_map(one).collect()
}

/// A stretch of the run's clock, ns.
#[derive(Clone, Copy)]
struct Stretch {
    from: u64,
    to: u64,
}

/// A case, and its trials by number.
struct Case<'f> {
    id: &'f str,
    all: Stretch,
    trials: Vec<(u32, Stretch)>,
}

/// What has no end lasted to the end of the record.
fn stretches(facts: &Facts) -> Vec<Case<'_>> {
    let end = facts.events.last().map_or(0, |line| line.event.time_ns);
    let mut cases: Vec<Case<'_>> = Vec::new();
    for line in &facts.events {
        let from = line.event.time_ns;
        let begun = Stretch { from, to: end };
        match (&line.event.body, cases.last_mut()) {
            (EventBody::CaseStarted { case }, _) => cases.push(Case {
                id: case,
                all: begun,
                trials: Vec::new(),
            }),
            (EventBody::CaseEnded { .. }, Some(case)) => {
                case.all.to = from;
                for (_, trial) in &mut case.trials {
                    trial.to = trial.to.min(from);
                }
            }
            (EventBody::TrialStarted { context, .. }, Some(case)) => {
                case.trials.push((context.trial, begun));
            }
            (EventBody::TrialEnded { number, .. }, Some(case)) => {
                let mut trials = case.trials.iter_mut().rev();
                if let Some((_, trial)) = trials.find(|(n, _)| n == number) {
                    trial.to = from;
                }
            }
            _ => {}
        }
    }
    cases
}

/// How much of a stretch is in the file for certain or may be, and where.
fn found(file: &Evidence, stretch: Stretch) -> Option<(bool, Option<String>)> {
    let [begins, from, to] = [
        i128::from(file.begins_ns),
        i128::from(stretch.from),
        i128::from(stretch.to),
    ];
    let doubt = i128::from(file.uncertainty_ns);
    let lasts = file.lasts_ns.map(i128::from);
    let ends = begins + lasts.unwrap_or(0);
    if to < begins - doubt || ends + doubt < from {
        return None;
    }
    let whole = begins + doubt <= from && to <= ends - doubt;
    let at = lasts.map(|lasts| {
        let place = |ns: i128| clock((ns - begins).clamp(0, lasts));
        format!("{}–{}", place(from), place(to))
    });
    Some((whole, at))
}

/// `1:02.35`: minutes, seconds, hundredths.
fn clock(ns: i128) -> String {
    let hundredths = ns / 10_000_000;
    let (minutes, rest) = (hundredths / 6_000, hundredths % 6_000);
    format!("{minutes}:{:02}.{:02}", rest / 100, rest % 100)
}

fn shown(facts: &Facts, file: &Evidence, case: &Case<'_>) -> Shown {
    let planned = facts.plan.cases.iter().find(|c| c.id == case.id);
    let seen = found(file, case.all);
    let trial = |(number, stretch): &(u32, Stretch)| {
        let (whole, at) = found(file, *stretch)?;
        Some(ShownTrial {
            number: *number,
            part: !whole,
            at,
        })
    };
    Shown {
        case: case.id.to_string(),
        title: planned.map_or_else(|| Text::same(case.id), |c| c.title.clone()),
        extent: match &seen {
            None => "none",
            Some((true, _)) => "whole",
            Some((false, _)) => "part",
        }
        .to_string(),
        at: seen.and_then(|(_, at)| at),
        trials: case.trials.iter().filter_map(trial).collect(),
        of: case.trials.len(),
    }
}

fn signed(ns: i64) -> String {
    let sign = if ns < 0 { "-" } else { "" };
    format!("{sign}{}", number::seconds(ns.unsigned_abs()))
}

fn lies(file: &Evidence) -> Text {
    let begins = ("begins", signed(file.begins_ns));
    let doubt = ("u", number::seconds(file.uncertainty_ns));
    match file.lasts_ns {
        None => say("evidence.photo", &[begins, doubt]),
        Some(lasts) => say(
            "evidence.video",
            &[begins, doubt, ("lasts", number::seconds(lasts))],
        ),
    }
}

fn aligned(file: &Evidence) -> Text {
    let seen = match &file.alignment {
        Alignment::Begins(utc) => return say("evidence.clock", &[("utc", utc.clone())]),
        Alignment::Seen(seen) => seen,
    };
    let mut text = Text::same("");
    for (index, event) in seen.iter().enumerate() {
        let values = [
            ("line", event.line.to_string()),
            ("at", number::seconds(event.at_ns)),
        ];
        let one = say("evidence.seen", &values);
        for (lang, so_far) in [(Lang::En, &mut text.en), (Lang::Zh, &mut text.zh)] {
            if index > 0 {
                *so_far += if lang == Lang::En { "; " } else { "；" };
            }
            *so_far += one.get(lang);
        }
    }
    text.en += ".";
    text.zh += "。";
    text
}
