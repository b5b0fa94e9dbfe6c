//! Measures: what is computed, from which windows and channels, against which limit.

mod derived;
mod inputs;
mod limits;
mod params;

use super::count::{Counted, Passes, instances};
use super::env::Env;
use super::steps::CaseReader;
use crate::check::literal::{identifier, text, unknown};
use crate::complaint::{Complaint, Span};
use crate::written::suite::{Case as WrittenCase, Measure as Written};
use crate::yaml::At;
use certbench_model::vocabulary::{MetricDescription, OverKind};
use certbench_model::{DecisionRule, Measure, Step, Unit};
use std::collections::BTreeMap;

pub(crate) use derived::derived;

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
            decides |= self.is_a_plan(measure)
                || measure.accept.is_some()
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
        decides |= derived::decides(case);
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

    /// Whether the plan of its trial decides.
    fn is_a_plan(&self, written: &Written) -> bool {
        let id = written.metric.value.as_deref().unwrap_or_default();
        let metric = self.env().vocabulary.metric(id);
        metric.is_some_and(|m| m.over.iter().any(|(_, kind)| *kind == OverKind::Plan))
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
        let of_channel = self.channel_unit(metric, &channels);
        let params = self.params(written.params.as_ref(), metric, of_channel, head);
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
            n_planned: n_planned?.0,
            n_most: n_planned?.1,
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

    /// Unit of the result: the metric's own, or that of its first channel.
    fn result_unit(
        &self,
        metric: &MetricDescription,
        channels: &BTreeMap<String, (String, Span)>,
    ) -> Option<Unit> {
        metric.unit.or_else(|| self.channel_unit(metric, channels))
    }

    /// Unit of the first component of the metric's first channel.
    fn channel_unit(
        &self,
        metric: &MetricDescription,
        channels: &BTreeMap<String, (String, Span)>,
    ) -> Option<Unit> {
        let (name, _) = channels.get(&metric.channels.first()?.name)?;
        let first = self.env().channels.get(name)?.components.first()?;
        Some(first.unit)
    }

    /// How many instances each judged row has, and the most that it may have when that is more. All
    /// rows have the same number, or the plan is refused.
    fn n_planned(
        &self,
        written: &Written,
        metric: &MetricDescription,
        over: &BTreeMap<String, (String, Span)>,
    ) -> Option<(u32, Option<u32>)> {
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
        let mut most_of_all = 0;
        for (input, (name, at)) in over {
            let kind = metric.over.iter().find(|(n, _)| n == input)?.1;
            let what = match kind {
                OverKind::Window => Counted::Window(name),
                OverKind::Trial | OverKind::Plan => Counted::Trial(name),
                OverKind::Prompt | OverKind::Choice | OverKind::Attachment => Counted::Prompt(name),
                OverKind::Repeat => Counted::Repeat(name),
            };
            let by = per.map(|p| p.0);
            let all = instances(self.steps, what, by, Passes::All);
            let all = all.and_then(|rows| rows.values().copied().max());
            most_of_all = most_of_all.max(all.unwrap_or(0));
            if kind == OverKind::Plan {
                self.as_many_as_planned(name, all.unwrap_or(0), *at);
            }
            let Some(rows) = instances(self.steps, what, by, Passes::Owed) else {
                let (variable, at) = per?;
                let message =
                    format!("`{name}` is not always inside a repeat of `{variable}` over a table");
                self.complain(
                    Complaint::new("wrong-per", at, message)
                        .note("`per` names the repeat variable whose rows are judged apart"),
                );
                return None;
            };
            let (Some(fewest), Some(most)) = (rows.values().min(), rows.values().max()) else {
                // With other mistakes the step may be one that could not be read.
                if self.env().sink.errors() > 0 {
                    return None;
                }
                let message = format!("`{name}` stands in `setup`, where nothing is measured");
                let complaint = Complaint::new("not-measured", *at, message);
                self.complain(complaint.help("move it to the case's `steps`"));
                return None;
            };
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
        let most = u32::try_from(most_of_all).unwrap_or(u32::MAX);
        let n = u32::try_from(n).ok()?;
        Some((n, (most > n).then_some(most)))
    }

    /// A plan that could not be decided, or one that is decided long before the end.
    fn as_many_as_planned(&self, trial: &str, done: u64, at: Span) {
        let plans = self.reader.plans.borrow();
        let planned = plans.get(trial).map_or(done, |p| u64::from(p.most()));
        // Without a trial that could be read there is nothing to count.
        if done > 0 && done != planned {
            let message =
                format!("{done} trials of `{trial}` for each result; its plan has {planned}");
            let complaint = Complaint::new("plan-mismatch", at, message);
            self.complain(complaint.help(format!("repeat it {planned} times")));
        }
    }

    fn rows_are_poses<'k>(&self, rows: impl Iterator<Item = &'k String>, at: Span) {
        let poses = &self.env().suite.needs.poses;
        for row in rows {
            if poses.contains_key(row) {
                self.env().note("pose", row);
                let mut frames = self.env().frames.borrow_mut();
                frames.judged.entry(row.clone()).or_insert(at);
                continue;
            }
            let names = poses.keys().map(String::as_str);
            self.complain(
                unknown("unknown-pose", "pose", row, at, names)
                    .note("this metric compares with commanded poses: each row's id is one"),
            );
        }
    }
}
