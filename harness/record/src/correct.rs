//! A record as it reads with its corrections. The files are never touched; what is corrected is the
//! value that the judge and the report are given.

use crate::{Recording, damage};
use certbench_model::addendum::{Addendum, Content};
use certbench_model::job::Party;
use certbench_model::step::{Ask, Choice, Outcome};
use certbench_model::{
    Correction, Damage, EventBody, Facts, Identity, Place, Plan, Quantity, Recorded, SampleResult,
    Step,
};

/// A recording with what was put right since.
pub struct Corrected {
    recording: Recording,
    facts: Facts,
    addenda: Vec<Addendum>,
    corrections: Vec<Correction>,
}

impl Corrected {
    /// With the first `addenda` of the recording, or with all of them. A correction that does not fit
    /// the record is damage, and then the record carries no verdict.
    pub fn of(recording: Recording, addenda: Option<usize>) -> Corrected {
        let all = recording.addenda();
        let most = addenda.unwrap_or(all.len());
        let addenda: Vec<Addendum> = all.iter().take(most).cloned().collect();
        let correction = |a: &Addendum| match &a.content {
            Content::Correction(correction) => Some(correction.clone()),
            _ => None,
        };
        let corrections: Vec<Correction> = addenda.iter().filter_map(correction).collect();
        let mut facts = recording.facts().clone();
        for c in &corrections {
            let wrong = match c.place {
                Place::Line(line) => answer(&mut facts, line, Some(&c.new)),
                Place::Field(_) => continue,
            };
            doubt(&mut facts, c, wrong);
        }
        // Descriptions are no part of what is judged; a broken one is still damage.
        let mut plan = facts.plan.clone();
        for c in &corrections {
            if let Place::Field(path) = &c.place {
                let old = field(&mut plan, path, Some(&c.new));
                doubt(&mut facts, c, old);
            }
        }
        Corrected {
            recording,
            facts,
            addenda,
            corrections,
        }
    }

    /// The recording without any correction.
    pub fn original(&self) -> &Recording {
        &self.recording
    }

    /// The corrections, in order.
    pub fn corrections(&self) -> &[Correction] {
        &self.corrections
    }

    /// The facts with the descriptions corrected too, for a report: the plan in them is no longer the
    /// one under the hash, and the judge would refuse it.
    pub fn described(&self) -> Facts {
        let mut facts = self.facts.clone();
        for c in &self.corrections {
            if let Place::Field(path) = &c.place {
                let _ = field(&mut facts.plan, path, Some(&c.new));
            }
        }
        facts
    }

    /// What stands at a place now, if it can be corrected.
    ///
    /// # Errors
    /// In words, why it cannot.
    pub fn at(&self, place: &Place) -> Result<String, String> {
        match place {
            Place::Line(line) => answer(&mut self.facts.clone(), *line, None),
            Place::Field(path) => field(&mut self.described().plan, path, None),
        }
    }

    /// Whether `new` could stand at this place.
    ///
    /// # Errors
    /// In words, why not.
    pub fn would_take(&self, place: &Place, new: &str) -> Result<(), String> {
        match place {
            Place::Line(line) => answer(&mut self.facts.clone(), *line, Some(new)),
            Place::Field(path) => field(&mut self.described().plan, path, Some(new)),
        }
        .map(|_| ())
    }
}

impl Recorded for Corrected {
    fn facts(&self) -> &Facts {
        &self.facts
    }

    fn addenda(&self) -> &[Addendum] {
        &self.addenda
    }

    fn samples(
        &self,
        channel: u16,
        from_ns: u64,
        to_ns: u64,
    ) -> Box<dyn Iterator<Item = SampleResult> + '_> {
        let known = self.addenda.len() as u64;
        self.recording.samples_with(known, channel, from_ns, to_ns)
    }
}

/// A correction that does not find what it says that it corrects is damage.
fn doubt(facts: &mut Facts, c: &Correction, found: Result<String, String>) {
    let what = match found {
        Ok(old) if old == c.old => return,
        Ok(old) => format!("is corrected from `{}`, but says `{old}`", c.old),
        Err(why) => format!("cannot be corrected: {why}"),
    };
    let found: Damage = damage::in_file(c.place.to_string(), what);
    facts.damage.push(found);
}

/// The answer in a line, which is set to `new`. A choice that decides the outcome of its trial
/// decides it anew.
fn answer(facts: &mut Facts, line: u64, new: Option<&str>) -> Result<String, String> {
    let index = facts.events.iter().position(|l| l.seq == line);
    let index = index.ok_or_else(|| format!("there is no line {line}"))?;
    let (before, rest) = facts.events.split_at_mut(index);
    let case = before.iter().rev().find_map(|l| match &l.event.body {
        EventBody::CaseStarted { case } => Some(case.clone()),
        _ => None,
    });
    let case = case.unwrap_or_default();
    let Some((told, after)) = rest.split_first_mut() else {
        return Err(format!("there is no line {line}"));
    };
    match &mut told.event.body {
        EventBody::LabelConfirmed { value, .. } => {
            let old = value.clone();
            if let Some(new) = new {
                *value = new.to_string();
            }
            Ok(old)
        }
        EventBody::Answered {
            prompt,
            answer,
            file: None,
            ..
        } => {
            let old = answer.clone();
            let Some(new) = new else { return Ok(old) };
            fits(ask(&facts.plan, &case, prompt), &old, new)?;
            let asked = ask(&facts.plan, &case, prompt);
            let [was, is] =
                [&old, new].map(|a: &str| choice(asked, a).and_then(|c| c.means.clone()));
            *answer = new.to_string();
            if was != is {
                decide(after, was, is);
            }
            Ok(old)
        }
        EventBody::Answered { .. } => Err("an attached file cannot be corrected".to_string()),
        _ => Err(format!("line {line} is no answer of a person")),
    }
}

/// Whether an answer could have been given to what was asked.
fn fits(asked: Option<&Ask>, old: &str, new: &str) -> Result<(), String> {
    match asked {
        Some(Ask::Choose(choices)) => {
            let ids: Vec<&str> = choices.iter().map(|c| c.id.as_str()).collect();
            let intervened = |answer| choice(asked, answer).is_some_and(|c| c.intervention);
            match ids.contains(&new) {
                true if intervened(old) != intervened(new) => {
                    Err("whether a person intervened is a fact of its own on the record".into())
                }
                true => Ok(()),
                false => Err(format!("`{new}` is none of: {}", ids.join(", "))),
            }
        }
        Some(Ask::Number { least, most }) => {
            let number: Quantity = new
                .parse()
                .map_err(|e| format!("`{new}` is no number with a unit: {e}"))?;
            match (least.to(number.unit), most.to(number.unit)) {
                (Ok(low), Ok(high)) if (low..=high).contains(&number.value) => Ok(()),
                (Ok(_), Ok(_)) => Err(format!("{new} is not within what the prompt asks for")),
                _ => Err(format!(
                    "{new} has another dimension than what the prompt asks for"
                )),
            }
        }
        Some(Ask::Instruct | Ask::Confirm) => {
            Err("a confirmation decided what was done; it cannot be put right afterwards".into())
        }
        Some(_) => Err("this answer cannot be corrected".to_string()),
        None => Err("the plan has no such prompt".to_string()),
    }
}

fn choice<'a>(asked: Option<&'a Ask>, answer: &str) -> Option<&'a Choice> {
    match asked? {
        Ask::Choose(choices) => choices.iter().find(|c| c.id == answer),
        _ => None,
    }
}

/// The outcome of the trial that is going on, if the old answer gave it.
fn decide(after: &mut [certbench_model::Line], was: Option<Outcome>, is: Option<Outcome>) {
    for line in after {
        match &mut line.event.body {
            EventBody::TrialEnded { outcome, .. } => {
                if *outcome == was {
                    *outcome = is;
                }
                return;
            }
            EventBody::TrialStarted { .. } | EventBody::CaseEnded { .. } => return,
            _ => {}
        }
    }
}

/// What a prompt of this case asks, or one of the run's end.
fn ask<'a>(plan: &'a Plan, case: &str, prompt: &str) -> Option<&'a Ask> {
    fn within<'a>(step: &'a Step, prompt: &str) -> Option<&'a Ask> {
        match step {
            Step::Prompt(p) if p.id == prompt => Some(&p.ask),
            _ => step
                .lists()
                .into_iter()
                .flatten()
                .find_map(|s| within(s, prompt)),
        }
    }
    let case = plan.cases.iter().find(|c| c.id == case);
    let steps = case.map(|c| c.setup.iter().chain(&c.steps).chain(&c.finally));
    let steps = steps.into_iter().flatten().chain(&plan.finally);
    steps.into_iter().find_map(|s| within(s, prompt))
}

/// A description in job or bench, which is set to `new`. What can change a verdict is not here:
/// limits, rules, parameters, declared values, calibrations, wiring.
fn field(plan: &mut Plan, path: &str, new: Option<&str>) -> Result<String, String> {
    let unknown = || {
        format!(
            "`{path}` is no description that can be corrected: job.order, job.customer.…, \
             job.items.<device>.…, bench.laboratory.…, bench.location, bench.environment.…"
        )
    };
    let parts: Vec<&str> = path.split('.').collect();
    let job = plan.job.as_mut();
    match parts.as_slice() {
        ["job", "order"] => Ok(text(&mut job.ok_or_else(unknown)?.order, new)),
        ["job", "customer", name] => {
            party(&mut job.ok_or_else(unknown)?.customer, name, new).ok_or_else(unknown)
        }
        ["job", "items", device, rest @ ..] => {
            let items = &mut job.ok_or_else(unknown)?.items;
            let item = items
                .iter_mut()
                .find(|i| i.device == *device)
                .ok_or_else(unknown)?;
            match rest {
                ["received"] => {
                    let old = item.received.to_string();
                    if let Some(new) = new {
                        item.received = new.parse().map_err(|e| format!("`{new}`: {e}"))?;
                    }
                    Ok(old)
                }
                ["condition", "en"] => Ok(text(&mut item.condition.en, new)),
                ["condition", "zh"] => Ok(text(&mut item.condition.zh, new)),
                [name] => identity(&mut item.identity, name, new).ok_or_else(unknown),
                _ => Err(unknown()),
            }
        }
        ["bench", "location"] => Ok(maybe(&mut plan.bench.location, new)),
        ["bench", "laboratory", name] => {
            party(&mut plan.bench.laboratory, name, new).ok_or_else(unknown)
        }
        ["bench", "environment", name] => {
            let value = plan.bench.environment.get_mut(*name).ok_or_else(unknown)?;
            let old = format!("{} {}", value.value, value.unit);
            if let Some(new) = new {
                let new: Quantity = new.parse().map_err(|e| format!("`{new}`: {e}"))?;
                new.to(value.unit).map_err(|e| e.to_string())?;
                *value = new;
            }
            Ok(old)
        }
        _ => Err(unknown()),
    }
}

fn text(value: &mut String, new: Option<&str>) -> String {
    let old = value.clone();
    if let Some(new) = new {
        *value = new.to_string();
    }
    old
}

fn maybe(value: &mut Option<String>, new: Option<&str>) -> String {
    let old = value.clone().unwrap_or_default();
    if let Some(new) = new {
        *value = Some(new.to_string());
    }
    old
}

fn party(party: &mut Party, name: &str, new: Option<&str>) -> Option<String> {
    Some(match name {
        "name" => text(&mut party.name, new),
        "address" => maybe(&mut party.address, new),
        "contact" => maybe(&mut party.contact, new),
        _ => return None,
    })
}

fn identity(identity: &mut Identity, name: &str, new: Option<&str>) -> Option<String> {
    Some(match name {
        "maker" => maybe(&mut identity.maker, new),
        "model" => maybe(&mut identity.model, new),
        "serial" => maybe(&mut identity.serial, new),
        "firmware" => maybe(&mut identity.firmware, new),
        _ => return None,
    })
}
