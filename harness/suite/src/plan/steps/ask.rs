//! Prompts.

use super::{CaseReader, Place};
use crate::check::literal::identifier;
use crate::check::parameter::show;
use crate::complaint::{Complaint, Span};
use crate::plan::env::unit;
use crate::written::shared::Bilingual;
use crate::written::step::{
    Ask as WrittenAsk, AskNumber, Choice as WrittenChoice, Means, Presence as WrittenPresence,
    Prompt as Written,
};
use crate::yaml::{At, Entries, Scalar};
use certbench_model::step::{Ask, Choice, Outcome, Presence, Prompt};
use certbench_model::{ParamValue, Quantity, Text};
use std::collections::BTreeMap;

impl<'a> CaseReader<'a, '_> {
    pub(super) fn prompt(&self, written: &'a Written, place: &Place<'a>) -> Option<Prompt> {
        let id = self.prompt_id(&written.id);
        let text = self.spoken(&written.text, place);
        let ask = match &written.ask {
            None => Some(Ask::Instruct),
            Some(ask) => self.ask(ask, place),
        };
        let presence = match &written.presence {
            None => Some(Presence::Inside),
            Some(at) => at.get().map(|p| match p {
                WrittenPresence::Inside => Presence::Inside,
                WrittenPresence::Outside => Presence::Outside,
            }),
        };
        let changes = self.changes(written.changes.as_ref(), place);
        Some(Prompt {
            id: id?,
            text: text?,
            ask: ask?,
            presence: presence?,
            changes,
        })
    }

    fn prompt_id(&self, written: &At<String>) -> Option<String> {
        let id = identifier(written.get()?, written.span, "a prompt", self.env.sink)?;
        let first = *self
            .prompts
            .borrow_mut()
            .entry(id.clone())
            .or_insert(written.span);
        self.once("prompt", &id, first, written.span);
        Some(id)
    }

    /// Complains when two places of a case have the same name. A repeat that is written out row by
    /// row is one place.
    pub(super) fn once(&self, what: &str, id: &str, first: Span, here: Span) {
        if first != here {
            let message = format!("{what} `{id}` is there twice in this case");
            let complaint = Complaint::new("duplicate-id", here, message);
            self.env.sink.push(complaint.also(first, "first here"));
        }
    }

    /// A text for people, with its placeholders checked.
    fn spoken(&self, written: &At<Bilingual>, place: &Place<'a>) -> Option<Text> {
        let both = written.get()?;
        let one = |at: &At<String>| {
            let text = crate::check::literal::filled(at, self.env.sink)?;
            self.env.text(&text, at.span, &place.scope)
        };
        let (en, zh) = (one(&both.en), one(&both.zh));
        Some(Text::new(en?, zh?))
    }

    fn ask(&self, written: &At<WrittenAsk>, place: &Place<'a>) -> Option<Ask> {
        Some(match written.get()? {
            WrittenAsk::Instruct => Ask::Instruct,
            WrittenAsk::Confirm => Ask::Confirm,
            WrittenAsk::Attach => Ask::Attach,
            WrittenAsk::Number(number) => self.ask_number(number, written.span, place)?,
            WrittenAsk::Choose(choices) => self.choices(choices, written.head, place)?,
        })
    }

    fn ask_number(&self, written: &AskNumber, at: Span, place: &Place<'a>) -> Option<Ask> {
        let least = self.env.quantity(&written.least, &[], &place.scope);
        let most = self.env.quantity(&written.most, &[], &place.scope);
        let (least, most) = (least?, most?);
        let Ok(end) = most.to(least.unit) else {
            let message = format!("the range goes from {least} to {most}");
            self.env
                .sink
                .push(Complaint::new("wrong-dimension", at, message));
            return None;
        };
        if least.value > end {
            let message = format!("the range begins at {least} and ends at {most}");
            self.env
                .sink
                .push(Complaint::new("swapped-range", at, message));
        }
        Some(Ask::Number { least, most })
    }

    fn choices(&self, written: &[At<WrittenChoice>], head: Span, place: &Place<'a>) -> Option<Ask> {
        if written.len() < 2 {
            let message = "a choice has two answers at least";
            self.env
                .sink
                .push(Complaint::new("empty-choice", head, message));
        }
        let mut choices: Vec<Choice> = Vec::new();
        for at in written {
            let Some(choice) = at.get().and_then(|c| self.choice(c, place)) else {
                continue;
            };
            if choices.iter().any(|c| c.id == choice.id) {
                let message = format!("the answer `{}` is there twice", choice.id);
                self.env
                    .sink
                    .push(Complaint::new("duplicate-id", at.head, message));
            }
            choices.push(choice);
        }
        Some(Ask::Choose(choices))
    }

    fn choice(&self, written: &WrittenChoice, place: &Place<'a>) -> Option<Choice> {
        let text = self.spoken(&written.text, place);
        let means = match &written.means {
            None => None,
            Some(at) => Some(self.means(at, place)?),
        };
        let id = identifier(
            written.id.get()?,
            written.id.span,
            "an answer",
            self.env.sink,
        );
        Some(Choice {
            id: id?,
            text: text?,
            means,
            intervention: written
                .intervention
                .as_ref()
                .is_some_and(|i| i.value == Some(true)),
        })
    }

    fn means(&self, written: &At<Means>, place: &Place<'a>) -> Option<Outcome> {
        let means = written.get()?;
        let Some(trial) = &place.trial else {
            let message = "`means` decides a trial, and there is none around this prompt";
            self.env
                .sink
                .push(Complaint::new("outside-trial", written.span, message));
            return None;
        };
        Some(match means {
            Means::Success | Means::Failure => {
                trial.decided.set(true);
                match means {
                    Means::Success => Outcome::Success,
                    _ => Outcome::Failure,
                }
            }
            Means::Censored => Outcome::Censored,
            Means::Invalid(reason) => Outcome::Invalid(self.reason(reason, place)?),
        })
    }

    /// A reason for which the trial around this may be invalid.
    pub(super) fn reason(&self, written: &At<String>, place: &Place<'a>) -> Option<String> {
        let name = written.get()?;
        let reasons = place.trial.iter().flat_map(|t| &t.invalid_if);
        let known = reasons.map(String::as_str);
        crate::check::literal::known(
            "unknown-reason",
            "reason of `invalid_if`",
            name,
            written.span,
            known,
            self.env.sink,
        )?;
        Some(name.clone())
    }

    fn changes(
        &self,
        written: Option<&At<Entries<At<Scalar>>>>,
        place: &Place<'a>,
    ) -> BTreeMap<String, String> {
        let entries = written.and_then(At::get).into_iter();
        let mut changes = BTreeMap::new();
        for (name, span, value) in entries.flat_map(Entries::iter) {
            let Some(name) = identifier(name, span, "a change", self.env.sink) else {
                continue;
            };
            let Some(scalar) = value.get() else { continue };
            let told = match name.as_str() {
                "load" => self.load(value, place),
                _ => self.env.text(&scalar.text, value.span, &place.scope),
            };
            changes.extend(told.map(|t| (name, t)));
        }
        changes
    }

    /// A load is a mass, and no device may be given more than its bench allows.
    fn load(&self, written: &At<Scalar>, place: &Place<'a>) -> Option<String> {
        let load = self.env.quantity(written, &[unit("kg")], &place.scope)?;
        let devices = self.env.bench.into_iter().flat_map(|b| b.devices.values());
        for device in devices {
            let Some(most) = device.plan.limits.load_kg_max else {
                continue;
            };
            if self.env.suite.needs.devices.contains_key(&device.plan.id)
                && load.in_unit("kg").is_ok_and(|kg| kg > most)
            {
                let most = Quantity::new(most, unit("kg"));
                let message = format!("a load of {load} on `{}`", device.plan.id);
                self.env.sink.push(
                    Complaint::new("over-limit", written.span, message)
                        .also(device.span, format!("the bench allows {most}")),
                );
            }
        }
        Some(show(&ParamValue::Quantity(load)))
    }
}
