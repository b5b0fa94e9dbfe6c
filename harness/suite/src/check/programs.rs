//! How robots with programs of their own are asked: what a bench's `programs` means.

use super::Checker;
use super::bench::{Bench, entries};
use super::literal::{filled, identifier, number_in, positive, text, unknown};
use crate::complaint::{Complaint, Span};
use crate::written::bench::{Actuation as WrittenActuation, ContactIs, Programs as Written};
use crate::written::shared::Level;
use crate::yaml::At;
use certbench_model::plan::{Actuation, Contact, Programs};
use certbench_model::step::SetOutput;

impl Checker<'_> {
    /// The wiring of one device.
    pub(crate) fn programs(
        &self,
        bench: &Bench,
        id: &str,
        span: Span,
        written: &At<Written>,
    ) -> Option<Programs> {
        let programs = written.get()?;
        let Some(device) = bench.devices.get(id) else {
            if !bench.unreadable.iter().any(|d| d == id) {
                let names = bench.devices.keys().map(String::as_str);
                self.sink
                    .push(unknown("unknown-device", "device", id, span, names));
            }
            return None;
        };
        if !device.roles.iter().any(|r| r == "program") {
            let driver = &device.plan.driver;
            let message = format!("`{id}` ({driver}) does no programs of its own");
            self.sink.push(Complaint::new("wrong-role", span, message));
        }
        let select = entries(Some(&programs.select)).filter_map(|(name, at, acts)| {
            let name = identifier(name, at, "a program", self.sink)?;
            Some((name, self.actuations(bench, Some(acts))))
        });
        let wiring = Programs {
            select: select.collect(),
            ready: self.actuations(bench, programs.ready.as_ref()),
            start: self.actuations(bench, Some(&programs.start)),
            abort: self.actuations(bench, Some(&programs.abort)),
            busy: self.contact(bench, programs.busy.as_ref()),
            done: self.contact(bench, programs.done.as_ref()),
            watched_by: programs
                .watched_by
                .as_ref()
                .and_then(|t| text(t, self.sink)),
        };
        let told = [&programs.busy, &programs.done].map(Option::is_some);
        if !told.contains(&true) && programs.watched_by.is_none() {
            let message = format!("nothing says when a program of `{id}` is at its end");
            self.sink.push(
                Complaint::new("missing-key", written.head, message)
                    .help("add `done: { channel: …, is: on }`, or `watched_by:` for the operator"),
            );
        }
        Some(wiring)
    }

    /// A device that does programs of its own is stopped by an output, which the bench must name.
    pub(crate) fn stops_of_programs(
        &self,
        bench: &Bench,
        written: &At<crate::yaml::Entries<At<crate::written::bench::Device>>>,
    ) {
        for (id, span, _) in entries(Some(written)) {
            let Some(device) = bench.devices.get(id) else {
                continue;
            };
            let named = device.plan.safety.as_ref().is_none_or(|s| s.next.is_some());
            if device.roles.iter().any(|r| r == "program") && !named {
                let message = format!(
                    "`{id}` does programs of its own, and no output is named that stops it"
                );
                self.sink.push(
                    Complaint::new("missing-stop-path", span, message)
                        .help("add `next: { output: …, to: … }` to its `safety`")
                        .note("certbench commands no motion of it and cannot stop it otherwise"),
                );
            }
        }
    }

    fn actuations(
        &self,
        bench: &Bench,
        written: Option<&At<Vec<At<WrittenActuation>>>>,
    ) -> Vec<Actuation> {
        let all = written.and_then(At::get).into_iter().flatten();
        all.filter_map(|at| self.actuation(bench, at)).collect()
    }

    fn actuation(&self, bench: &Bench, written: &At<WrittenActuation>) -> Option<Actuation> {
        let act = written.get()?;
        match (&act.output, &act.to, &act.pendant) {
            (Some(output), Some(to), None) => {
                let set = self.set(bench, output, to)?;
                let back = match (&act.time, &act.then) {
                    (None, None) => None,
                    (Some(time), Some(then)) => {
                        let seconds = number_in(time, "s", self.sink)?;
                        let seconds = positive(seconds, time.span, "a time", self.sink)?;
                        Some((self.set(bench, output, then)?.to, seconds))
                    }
                    _ => {
                        let message = "a pulse has both its length `for` and the state `then`";
                        self.sink
                            .push(Complaint::new("missing-key", written.head, message));
                        return None;
                    }
                };
                Some(Actuation::Set { set, back })
            }
            (None, None, Some(words)) => text(words, self.sink).map(Actuation::Pendant),
            _ => {
                let message = "either an output with its state, or words for the pendant";
                self.sink.push(
                    Complaint::new("one-of", written.head, message)
                        .help("write `{ output: …, to: … }` or `{ pendant: { en: …, zh: … } }`"),
                );
                None
            }
        }
    }

    fn set(&self, bench: &Bench, output: &At<String>, to: &At<String>) -> Option<SetOutput> {
        let (name, state) = (output.get()?, to.get()?);
        let Some((_, known)) = bench.outputs.get(name) else {
            let names = bench.outputs.keys().map(String::as_str);
            self.sink.push(unknown(
                "unknown-output",
                "output",
                name,
                output.span,
                names,
            ));
            return None;
        };
        if !known.state_names().any(|s| s == state) {
            let names = known.state_names().map(String::as_str);
            let what = format!("state of `{name}`");
            self.sink
                .push(unknown("unknown-state", &what, state, to.span, names));
            return None;
        }
        Some(SetOutput {
            output: name.clone(),
            to: filled(to, self.sink)?,
        })
    }

    fn contact(&self, bench: &Bench, written: Option<&At<ContactIs>>) -> Option<Contact> {
        let contact = written?.get()?;
        let channel = contact.channel.get()?;
        let Some(wire) = bench.channels.get(channel) else {
            let names = bench.channels.keys().map(String::as_str);
            let at = contact.channel.span;
            self.sink
                .push(unknown("unknown-channel", "channel", channel, at, names));
            return None;
        };
        let signal = bench.devices.get(&wire.device);
        let signal = signal.and_then(|d| d.signals.get(&wire.signal));
        if signal.is_some_and(|s| !s.digital) {
            let message = format!("`{channel}` is no contact");
            self.sink
                .push(Complaint::new("wrong-shape", contact.channel.span, message));
        }
        Some(Contact {
            channel: channel.clone(),
            on: *contact.is.get()? == Level::On,
        })
    }
}
