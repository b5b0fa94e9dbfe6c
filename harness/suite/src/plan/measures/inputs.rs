//! What a measure is computed from: windows or trials, and channels.

use super::Measures;
use crate::check::literal::unknown;
use crate::complaint::{Complaint, Span};
use crate::near::list;
use crate::plan::view::View;
use crate::written::shared::OneOrNamed;
use crate::yaml::At;
use certbench_model::Step;
use certbench_model::step::{Ask, Prompt};
use certbench_model::vocabulary::{ChannelInput, MetricDescription, OverKind, Shape};
use std::collections::BTreeMap;

impl<'a> Measures<'_, 'a, '_> {
    /// Input to window or trial, each with its place.
    pub(super) fn over(
        &self,
        written: &At<OneOrNamed>,
        metric: &MetricDescription,
    ) -> BTreeMap<String, (String, Span)> {
        let inputs: Vec<&str> = metric.over.iter().map(|(n, _)| n.as_str()).collect();
        let named = self.by_input(written, &inputs, "over", &metric.id);
        for (input, kind) in &metric.over {
            match named.get(input) {
                Some((name, at)) => match kind {
                    OverKind::Prompt | OverKind::Choice | OverKind::Attachment => {
                        self.prompt(name, *at, *kind);
                    }
                    OverKind::Repeat => self.ending_repeat(name, *at),
                    OverKind::Window => self.window_or_trial(name, *at, true, metric),
                    OverKind::Trial => self.window_or_trial(name, *at, false, metric),
                    OverKind::Plan => {
                        self.window_or_trial(name, *at, false, metric);
                        self.sampled(name, *at, metric);
                    }
                },
                None if written.value.is_some() => {
                    let message = format!("`{}` is computed over `{input}` too", metric.id);
                    self.complain(
                        Complaint::new("missing-key", written.head, message)
                            .note(format!("inputs: {}", list(&inputs))),
                    );
                }
                None => {}
            }
        }
        named
    }

    /// `over: held` or `over: { unloaded: a, loaded: b }`: input to name with its place.
    fn by_input(
        &self,
        written: &At<OneOrNamed>,
        inputs: &[&str],
        key: &str,
        metric: &str,
    ) -> BTreeMap<String, (String, Span)> {
        let mut named = BTreeMap::new();
        match (written.get(), inputs) {
            (None, _) => {}
            (Some(OneOrNamed::One(name)), [input]) => {
                let name = name.get().map(|n| (n.clone(), name.span));
                named.extend(name.map(|n| (input.to_string(), n)));
            }
            (Some(OneOrNamed::One(_)), []) => {
                let message = format!("`{metric}` takes no `{key}`");
                self.complain(Complaint::new("needless-key", written.span, message));
            }
            (Some(OneOrNamed::One(_)), several) => {
                let message = format!("`{metric}` takes {}, by name", list(several));
                let example: Vec<String> = several.iter().map(|i| format!("{i}: …")).collect();
                self.complain(
                    Complaint::new("wrong-form", written.span, message)
                        .help(format!("write `{key}: {{ {} }}`", example.join(", "))),
                );
            }
            (Some(OneOrNamed::Named(entries)), inputs) => {
                for (input, span, name) in entries.iter() {
                    if inputs.contains(&input) {
                        let name = name.get().map(|n| (n.clone(), name.span));
                        named.extend(name.map(|n| (input.to_string(), n)));
                    } else {
                        let what = format!("input of `{metric}`");
                        let known = inputs.iter().copied();
                        self.complain(unknown("unknown-input", &what, input, span, known));
                    }
                }
            }
        }
        named
    }

    fn window_or_trial(&self, name: &str, at: Span, window: bool, metric: &MetricDescription) {
        let windows = self.reader.windows.borrow();
        let trials = self.reader.trials.borrow();
        let (there, [what, wrong]) = (
            [windows.contains_key(name), trials.contains_key(name)],
            ["window", "trial"],
        );
        let (found, other, what, wrong) = if window {
            (there[0], there[1], what, wrong)
        } else {
            (there[1], there[0], wrong, what)
        };
        if found {
            if let Some(trial) = trials.get(name).filter(|t| !window && !t.decided) {
                let message = format!("nothing decides whether `{name}` succeeds");
                self.complain(
                    Complaint::new("undecided-trial", at, message)
                        .also(trial.span, "this trial")
                        .help("give it an `outcome:`, or a prompt with `choose` and `means`"),
                );
            }
            return;
        }
        if other {
            let message = format!(
                "`{name}` is a {wrong}; `{}` is computed over a {what}",
                metric.id
            );
            self.complain(Complaint::new("wrong-over", at, message));
            return;
        }
        let (names, code): (Vec<&str>, _) = if window {
            (
                windows.keys().map(String::as_str).collect(),
                "unknown-window",
            )
        } else {
            (trials.keys().map(String::as_str).collect(), "unknown-trial")
        };
        self.complain(unknown(code, what, name, at, names).note(format!(
            "no step of this case records a {what} of that name"
        )));
    }

    /// The trial has a plan that says when it is decided.
    fn sampled(&self, name: &str, at: Span, metric: &MetricDescription) {
        let trials = self.reader.trials.borrow();
        if let Some(trial) = trials.get(name).filter(|t| !t.sampled) {
            let message = format!(
                "`{}` decides by the plan of a trial; `{name}` has none",
                metric.id
            );
            self.complain(
                Complaint::new("no-plan", at, message)
                    .also(trial.span, "this trial")
                    .help("add for example `plan: { trials: 59, failures: 0 }` to it"),
            );
        }
    }

    /// A repeat or schedule of this case, by its variable, that may end before its last pass.
    fn ending_repeat(&self, name: &str, at: Span) {
        fn variables<'s>(steps: &'s [Step], all: &mut Vec<(&'s str, bool)>) {
            for step in steps {
                match step {
                    Step::Repeat(r) => all.push((&r.variable, r.until.is_some())),
                    Step::Schedule(s) => all.push((&s.variable, s.until.is_some())),
                    _ => {}
                }
                for list in step.lists() {
                    variables(list, all);
                }
            }
        }
        let mut all = Vec::new();
        variables(self.steps, &mut all);
        match all.iter().find(|(variable, _)| *variable == name) {
            Some((_, true)) => {}
            Some((_, false)) => {
                let message = format!("the repeat of `{name}` always goes to its last pass");
                let complaint = Complaint::new("wrong-over", at, message);
                self.complain(complaint.help("give it an `until:`"));
            }
            None => {
                let names = all.iter().filter(|(_, ends)| *ends).map(|(v, _)| *v);
                self.complain(unknown("unknown-variable", "repeat", name, at, names));
            }
        }
    }

    /// A prompt of this case that asks for what the metric needs.
    fn prompt(&self, name: &str, at: Span, kind: OverKind) {
        fn prompts<'s>(steps: &'s [Step], all: &mut Vec<&'s Prompt>) {
            for step in steps {
                match step {
                    Step::Prompt(prompt) => all.push(prompt),
                    other => {
                        for list in other.lists() {
                            prompts(list, all);
                        }
                    }
                }
            }
        }
        let mut all = Vec::new();
        prompts(self.steps, &mut all);
        match all.iter().find(|p| p.id == name) {
            Some(prompt) if prompt.ask == Ask::Instruct => {
                let message = format!("the prompt `{name}` asks for nothing");
                self.complain(
                    Complaint::new("wrong-over", at, message)
                        .help("give it an `ask:`, for example `ask: attach`"),
                );
            }
            Some(prompt) => {
                let (fits, wanted) = match kind {
                    OverKind::Choice => (matches!(prompt.ask, Ask::Choose(_)), "a choice"),
                    OverKind::Attachment => (prompt.ask == Ask::Attach, "a file"),
                    _ => (true, ""),
                };
                if !fits {
                    let message = format!("the prompt `{name}` does not ask for {wanted}");
                    let help = match kind {
                        OverKind::Choice => "name a prompt with `ask: { choose: [ … ] }`",
                        _ => "name a prompt with `ask: attach`",
                    };
                    self.complain(Complaint::new("wrong-over", at, message).help(help));
                }
            }
            None => {
                let names: Vec<&str> = all.iter().map(|p| p.id.as_str()).collect();
                self.complain(unknown("unknown-prompt", "prompt", name, at, names));
            }
        }
    }

    /// Input to channel, each with its place.
    pub(super) fn channels(
        &self,
        written: Option<&'a At<OneOrNamed>>,
        metric: &MetricDescription,
        head: Span,
    ) -> BTreeMap<String, (String, Span)> {
        let needed = |c: &&ChannelInput| !c.optional;
        let inputs: Vec<&str> = metric.channels.iter().map(|c| c.name.as_str()).collect();
        let named = match written {
            None => BTreeMap::new(),
            Some(at) => self.by_input(at, &inputs, "channels", &metric.id),
        };
        for input in metric.channels.iter().filter(needed) {
            let readable = written.is_none_or(|w| w.value.is_some());
            if !named.contains_key(&input.name) && readable {
                let at = written.map_or(head, |w| w.head);
                let message = format!("`{}` needs the channel `{}`", metric.id, input.name);
                self.complain(
                    Complaint::new("missing-channel", at, message)
                        .help(format!("write `channels: {{ {}: … }}`", input.name)),
                );
            }
        }
        for input in &metric.channels {
            let Some((name, at)) = named.get(&input.name) else {
                continue;
            };
            let at = At {
                value: Some(name.clone()),
                span: *at,
                head: *at,
            };
            if let Some((view, _)) = self.reader.channel(&at) {
                self.fits(input, view, name, at.span, metric);
            }
        }
        named
    }

    fn fits(
        &self,
        input: &ChannelInput,
        view: &View,
        name: &str,
        at: Span,
        metric: &MetricDescription,
    ) {
        if !view.fits(input.shape) {
            let wanted = match input.shape {
                Shape::Scalar => "a scalar channel",
                Shape::Pose => "a pose (x, y, z)",
                Shape::Digital => "a contact (`shape: digital`)",
                Shape::Any => "a channel that is no contact",
            };
            let message = format!(
                "`{name}` does not fit: `{}` of `{}` is {wanted}",
                input.name, metric.id
            );
            self.complain(Complaint::new("wrong-shape", at, message));
            return;
        }
        let Some(unit) = input.unit else { return };
        let first = view.components.iter().take(3);
        if let Some(wrong) = first.map(|c| c.unit).find(|u| !u.compatible(unit)) {
            let message = format!(
                "`{name}` is in `{wrong}`; `{}` of `{}` is in `{unit}`",
                input.name, metric.id
            );
            self.complain(Complaint::new("wrong-dimension", at, message));
        }
    }

    /// Every channel of a measure is recorded by every window that it is computed over.
    pub(super) fn channels_recorded(
        &self,
        over: &BTreeMap<String, (String, Span)>,
        channels: &BTreeMap<String, (String, Span)>,
    ) {
        for (window, _) in over.values() {
            for (channel, at) in channels.values() {
                if self.env().channels.contains_key(channel) {
                    self.reader.recorded(window, channel, *at);
                }
            }
        }
    }
}
