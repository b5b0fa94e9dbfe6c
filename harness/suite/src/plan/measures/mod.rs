//! Measures: what is computed, from which windows and channels, against which limit.

use super::count::{Counted, instances};
use super::env::{Env, Scope};
use super::steps::CaseReader;
use super::view::View;
use crate::check::literal::{identifier, text, unknown};
use crate::complaint::{Complaint, Span};
use crate::near::list;
use crate::written::shared::{OneOrMany, OneOrNamed};
use crate::written::suite::{Accept as WrittenAccept, Case as WrittenCase, Measure as Written};
use crate::yaml::{At, Entries, Scalar};
use certbench_model::measure::SetBy;
use certbench_model::vocabulary::{
    ChannelInput, MetricDescription, OverKind, ParamDescription, ParamKind, Shape,
};
use certbench_model::{
    Accept, Compare, DecisionRule, Measure, ParamValue, Quantity, Step, Text, Unit,
};
use std::collections::BTreeMap;

/// The parameter of an attribute metric that stands for a limit.
const EXPECTED: &str = "expected";

/// Reads the measures of one case.
pub(crate) struct Measures<'r, 'a, 'e> {
    pub(crate) reader: &'r CaseReader<'a, 'e>,
    pub(crate) steps: &'r [Step],
    pub(crate) rule: DecisionRule,
}

impl<'a> Measures<'_, 'a, '_> {
    fn env(&self) -> &Env<'a> {
        self.reader.env
    }

    fn complain(&self, complaint: Complaint) {
        self.env().sink.push(complaint);
    }

    /// All measures. A case whose measures hold nothing against anything is refused: it would pass
    /// whatever happens.
    pub(crate) fn all(&self, case: &'a WrittenCase, head: Span) -> Vec<Measure> {
        let mut measures: Vec<Measure> = Vec::new();
        let mut seen: BTreeMap<String, Span> = BTreeMap::new();
        let mut decides = false;
        let written = case.measure.as_ref().and_then(At::get);
        for at in written.into_iter().flatten() {
            let Some(measure) = at.get() else {
                decides = true;
                continue;
            };
            decides |= measure.accept.is_some()
                || measure
                    .params
                    .as_ref()
                    .and_then(At::get)
                    .is_some_and(|p| p.find(EXPECTED).is_some());
            if let Some(id) = measure.id.get()
                && let Some(first) = seen.insert(id.clone(), measure.id.span)
            {
                let message = format!("measure `{id}` is there twice in this case");
                let complaint = Complaint::new("duplicate-id", measure.id.span, message);
                self.complain(complaint.also(first, "first here"));
            }
            measures.extend(self.one(measure, at.head));
        }
        let readable = case.measure.as_ref().is_none_or(|m| m.value.is_some());
        if !decides && readable {
            let message =
                "this case accepts nothing: whatever happens, nothing is held against a limit";
            self.complain(
                Complaint::new("no-acceptance", head, message)
                    .help("add a measure with `accept:`, for example `accept: { estimate: at_most 5 mm }`")
                    .note(format!(
                        "a case has at least one measure with `accept`, or with the parameter `{EXPECTED}` of a metric that says yes or no"
                    )),
            );
        }
        measures
    }

    fn one(&self, written: &'a Written, head: Span) -> Option<Measure> {
        let env = self.env();
        let sink = env.sink;
        let title = text(&written.title, sink);
        let id = written
            .id
            .get()
            .and_then(|id| identifier(id, written.id.span, "a measure", sink));
        let metric = self.metric(&written.metric)?;
        let over = self.over(&written.over, metric);
        let channels = self.channels(written.channels.as_ref(), metric, head);
        self.channels_recorded(&over, &channels);
        let params = self.params(written.params.as_ref(), metric, head);
        let n_planned = self.n_planned(written, metric, &over);
        let unit = self.result_unit(metric, &channels);
        let accept = match &written.accept {
            None => None,
            Some(at) => Some(self.accept(at.get()?, at.head, metric, unit?)?),
        };
        if let (Some(accept), Some(at)) = (&accept, &written.accept) {
            self.limit_is_calibrated(accept, at.span, metric, &channels);
        }
        Some(Measure {
            id: id?,
            title: title?,
            metric: metric.id.clone(),
            over: over.into_iter().map(|(k, (v, _))| (k, v)).collect(),
            channels: channels.into_iter().map(|(k, (v, _))| (k, v)).collect(),
            params: params?,
            per: written.per.as_ref().and_then(|p| p.value.clone()),
            n_planned: n_planned?,
            accept,
            rule: self.rule,
        })
    }

    fn metric(&self, written: &At<String>) -> Option<&'a MetricDescription> {
        let name = written.get()?;
        let vocabulary = self.env().vocabulary;
        let metric = vocabulary.metric(name);
        if metric.is_none() {
            let names = vocabulary.metrics.iter().map(|m| m.id.as_str());
            self.complain(unknown(
                "unknown-metric",
                "metric",
                name,
                written.span,
                names,
            ));
        }
        metric
    }

    /// Input to window or trial, each with its place.
    fn over(
        &self,
        written: &At<OneOrNamed>,
        metric: &MetricDescription,
    ) -> BTreeMap<String, (String, Span)> {
        let inputs: Vec<&str> = metric.over.iter().map(|(n, _)| n.as_str()).collect();
        let named = self.by_input(written, &inputs, "over", &metric.id);
        for (input, kind) in &metric.over {
            match named.get(input) {
                Some((name, at)) => self.window_or_trial(name, *at, *kind, metric),
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

    fn window_or_trial(&self, name: &str, at: Span, kind: OverKind, metric: &MetricDescription) {
        let windows = self.reader.windows.borrow();
        let trials = self.reader.trials.borrow();
        let (found, other, what, wrong) = match kind {
            OverKind::Window => (
                windows.contains_key(name),
                trials.contains_key(name),
                "window",
                "trial",
            ),
            OverKind::Trial => (
                trials.contains_key(name),
                windows.contains_key(name),
                "trial",
                "window",
            ),
        };
        if found {
            if let Some(trial) = trials
                .get(name)
                .filter(|t| kind == OverKind::Trial && !t.decided)
            {
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
        let names: Vec<&str> = match kind {
            OverKind::Window => windows.keys().map(String::as_str).collect(),
            OverKind::Trial => trials.keys().map(String::as_str).collect(),
        };
        let code = match kind {
            OverKind::Window => "unknown-window",
            OverKind::Trial => "unknown-trial",
        };
        self.complain(unknown(code, what, name, at, names).note(format!(
            "no step of this case records a {what} of that name"
        )));
    }

    /// Input to channel, each with its place.
    fn channels(
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
    fn channels_recorded(
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

    /// Unit of the result: the metric's own, or that of its first channel.
    fn result_unit(
        &self,
        metric: &MetricDescription,
        channels: &BTreeMap<String, (String, Span)>,
    ) -> Option<Unit> {
        metric.unit.or_else(|| {
            let (name, _) = channels.get(&metric.channels.first()?.name)?;
            let first = self.env().channels.get(name)?.components.first()?;
            Some(first.unit)
        })
    }

    fn params(
        &self,
        written: Option<&At<Entries<At<Scalar>>>>,
        metric: &MetricDescription,
        head: Span,
    ) -> Option<BTreeMap<String, ParamValue>> {
        let entries = written.and_then(At::get);
        let mut params = BTreeMap::new();
        for (name, span, value) in entries.into_iter().flat_map(Entries::iter) {
            let Some(known) = metric.params.iter().find(|p| p.name == name) else {
                let names = metric.params.iter().map(|p| p.name.as_str());
                let what = format!("parameter of `{}`", metric.id);
                self.complain(unknown("unknown-parameter", &what, name, span, names));
                continue;
            };
            params.extend(self.param(known, value).map(|v| (name.to_string(), v)));
        }
        for known in &metric.params {
            let given = entries.is_some_and(|e| e.find(&known.name).is_some());
            match (&known.default, given) {
                (Some(default), false) => {
                    params.insert(known.name.clone(), default.clone());
                }
                (None, false) if !known.optional => {
                    let message = format!("`{}` needs the parameter `{}`", metric.id, known.name);
                    let at = written.map_or(head, |w| w.head);
                    self.complain(
                        Complaint::new("missing-parameter", at, message)
                            .help(format!(
                                "add `params: {{ {}: {} }}`",
                                known.name,
                                example(known)
                            ))
                            .note(known.title.en.clone()),
                    );
                }
                _ => {}
            }
        }
        Some(params)
    }

    fn param(&self, known: &ParamDescription, written: &At<Scalar>) -> Option<ParamValue> {
        let env = self.env();
        let scope = Scope::default();
        let scalar = written.get()?;
        let wrong = |wanted: String| {
            let message = format!("`{}` takes {wanted}, found `{}`", known.name, scalar.text);
            let complaint = Complaint::new("wrong-parameter", written.span, message);
            self.complain(complaint.note(known.title.en.clone()));
            None
        };
        match &known.kind {
            ParamKind::Quantity(unit) => env
                .quantity(written, &[*unit], &scope)
                .map(ParamValue::Quantity),
            ParamKind::Count => env.count(written, &scope).map(ParamValue::Count),
            ParamKind::OneOf(words) if words.contains(&scalar.text) => {
                Some(ParamValue::Text(scalar.text.clone()))
            }
            ParamKind::OneOf(words) => {
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                wrong(format!("one of {}", list(&words)))
            }
            ParamKind::Text => Some(ParamValue::Text(scalar.text.clone())),
            ParamKind::Flag => match (scalar.text.as_str(), scalar.plain) {
                ("true", true) => Some(ParamValue::Flag(true)),
                ("false", true) => Some(ParamValue::Flag(false)),
                _ => wrong("`true` or `false`".to_string()),
            },
        }
    }

    /// How many instances each judged row has. All rows have the same number, or the plan is refused.
    fn n_planned(
        &self,
        written: &Written,
        metric: &MetricDescription,
        over: &BTreeMap<String, (String, Span)>,
    ) -> Option<u32> {
        let per = match &written.per {
            None => None,
            Some(at) => Some((at.get()?.as_str(), at.span)),
        };
        if metric.needs_pose && per.is_none() {
            let message = format!("`{}` is judged pose by pose", metric.id);
            self.complain(
                Complaint::new("missing-per", written.metric.span, message)
                    .help("add `per:` with the repeat variable whose rows are poses"),
            );
            return None;
        }
        let mut least: Option<u64> = None;
        for (input, (name, at)) in over {
            let kind = metric.over.iter().find(|(n, _)| n == input)?.1;
            let what = match kind {
                OverKind::Window => Counted::Window(name),
                OverKind::Trial => Counted::Trial(name),
            };
            let Some(rows) = instances(self.steps, what, per.map(|p| p.0)) else {
                let (variable, at) = per?;
                let message =
                    format!("`{name}` is not always inside a repeat of `{variable}` over a table");
                self.complain(
                    Complaint::new("wrong-per", at, message)
                        .note("`per` names the repeat variable whose rows are judged apart"),
                );
                return None;
            };
            let (fewest, most) = (rows.values().min()?, rows.values().max()?);
            if fewest != most {
                let message =
                    format!("the rows have between {fewest} and {most} instances of `{name}`");
                self.complain(Complaint::new("uneven-rows", *at, message));
                return None;
            }
            if metric.needs_pose {
                self.rows_are_poses(rows.keys(), per?.1);
            }
            least = Some(least.map_or(*fewest, |l| l.min(*fewest)));
        }
        let n = least?;
        if n < u64::from(metric.n_min) {
            let message = format!(
                "`{}` needs {} instances for a value, the plan has {n}",
                metric.id, metric.n_min
            );
            self.complain(Complaint::new("too-few", written.over.head, message));
        }
        u32::try_from(n).ok()
    }

    fn rows_are_poses<'k>(&self, rows: impl Iterator<Item = &'k String>, at: Span) {
        let poses = &self.env().suite.needs.poses;
        for row in rows.filter(|r| !poses.contains_key(*r)) {
            let names = poses.keys().map(String::as_str);
            self.complain(
                unknown("unknown-pose", "pose", row, at, names)
                    .note("this metric compares with commanded poses: each row's id is one"),
            );
        }
    }

    fn accept(
        &self,
        written: &WrittenAccept,
        head: Span,
        metric: &MetricDescription,
        unit: Unit,
    ) -> Option<Accept> {
        let origin = match &written.origin {
            None => None,
            Some(at) => text(at, self.env().sink),
        };
        let (compare, limits) = match (&written.estimate, &written.bound) {
            (Some(limits), None) => (Compare::Estimate, limits),
            (None, Some(limits)) => (Compare::Bound, limits),
            _ => {
                let message = "a limit holds for exactly one of `estimate` and `bound`";
                self.complain(
                    Complaint::new("one-of", head, message)
                        .help("write for example `accept: { estimate: at_most 5 mm }`"),
                );
                return None;
            }
        };
        if compare == Compare::Bound && !metric.has_bound {
            let message = format!("`{}` has no confidence bound", metric.id);
            self.complain(
                Complaint::new("no-bound", head, message)
                    .help("compare the `estimate`; the guard band covers its uncertainty"),
            );
        }
        let limits = self.limits(limits, unit)?;
        Some(Accept {
            compare,
            at_least: limits.at_least,
            at_most: limits.at_most,
            set_by: limits.set_by,
            origin: origin.or(limits.origin),
        })
    }

    /// A result that is itself a reading (a peak, not a distance between two) has its limit where
    /// the instrument is calibrated.
    fn limit_is_calibrated(
        &self,
        accept: &Accept,
        at: Span,
        metric: &MetricDescription,
        channels: &BTreeMap<String, (String, Span)>,
    ) {
        let ([input], None) = (metric.channels.as_slice(), metric.unit) else {
            return;
        };
        let named = channels.get(&input.name);
        let view = named.and_then(|(name, _)| self.env().channels.get(name));
        let Some((view, unit)) = view.and_then(|v| Some((v, v.components.first()?.unit))) else {
            return;
        };
        for limit in [accept.at_least, accept.at_most].into_iter().flatten() {
            if let Ok(value) = limit.to(unit) {
                self.reader.calibrated(view, value, at);
            }
        }
    }

    fn limits(&self, written: &At<OneOrMany>, unit: Unit) -> Option<Limits> {
        let mut limits = Limits::default();
        let list = &written.get()?.0;
        if list.is_empty() || list.len() > 2 {
            let message = "one limit is expected, or two: at_least and at_most";
            self.complain(Complaint::new("wrong-length", written.head, message));
            return None;
        }
        let mut all = Some(());
        for at in list {
            if self.limit(at, unit, &mut limits).is_none() {
                all = None;
            }
        }
        all?;
        if let (Some(least), Some(most)) = (limits.at_least, limits.at_most)
            && most.to(least.unit).is_ok_and(|most| least.value > most)
        {
            let message = format!("at least {least} and at most {most}: nothing is accepted");
            self.complain(Complaint::new("swapped-limits", written.span, message));
        }
        Some(limits)
    }

    fn limit(&self, at: &At<Scalar>, unit: Unit, limits: &mut Limits) -> Option<()> {
        let scalar = at.get()?;
        let text = scalar.text.trim();
        let (word, value) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let side = match word {
            "at_least" => &mut limits.at_least,
            "at_most" => &mut limits.at_most,
            _ => {
                let known = ["at_least", "at_most"];
                let complaint = unknown("unknown-operator", "operator", word, at.span, known);
                self.complain(complaint.note("a limit reads `at_least 10 N` or `at_most 5 mm`"));
                return None;
            }
        };
        if side.is_some() {
            let message = format!("`{word}` is there twice");
            self.complain(Complaint::new("duplicate-key", at.span, message));
            return None;
        }
        let value = At {
            value: Some(Scalar {
                text: value.trim().to_string(),
                plain: scalar.plain,
            }),
            span: at.span,
            head: at.head,
        };
        *side = Some(self.env().quantity(&value, &[unit], &Scope::default())?);
        if let Some(parameter) = self.env().parameter_of(&value) {
            limits.set_by = limits.set_by.max(parameter.by);
            limits.origin = limits.origin.take().or_else(|| parameter.origin.clone());
        }
        Some(())
    }
}

/// Both sides of a limit and where they come from.
struct Limits {
    at_least: Option<Quantity>,
    at_most: Option<Quantity>,
    set_by: SetBy,
    origin: Option<Text>,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            at_least: None,
            at_most: None,
            set_by: SetBy::Suite,
            origin: None,
        }
    }
}

/// A value that a parameter could have, for a suggestion.
fn example(known: &ParamDescription) -> String {
    match &known.kind {
        ParamKind::Quantity(unit) => format!("1 {unit}"),
        ParamKind::Count => "1".to_string(),
        ParamKind::OneOf(words) => words.first().cloned().unwrap_or_default(),
        ParamKind::Text => "…".to_string(),
        ParamKind::Flag => "true".to_string(),
    }
}
