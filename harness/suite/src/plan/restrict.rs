//! What a plan will not test or not judge, known before the start.

use super::parameters::{InForce, shortened, shortened_text};
use crate::check::bench::Bench;
use crate::check::suite::Suite;
use crate::complaint::Span;
use certbench_model::plan::{Case, Restriction, Shortened};
use certbench_model::vocabulary::MetricDescription;
use certbench_model::{Channel, Date, Measure, Text, Vocabulary};
use std::collections::{BTreeMap, BTreeSet};

/// All that restrictions come from.
pub(crate) struct Restricting<'a> {
    pub(crate) suite: &'a Suite,
    pub(crate) bench: &'a Bench,
    pub(crate) vocabulary: &'a Vocabulary,
    pub(crate) channels: &'a [Channel],
    pub(crate) values: &'a BTreeMap<String, InForce>,
    pub(crate) under_test: &'a [String],
    /// Channels that the suite's own steps register, and to which frame.
    pub(crate) frames: &'a BTreeMap<String, (Span, String)>,
    pub(crate) today: Date,
}

impl Restricting<'_> {
    /// n of N for a case that uses a parameter below what a verdict needs, and the words. When there
    /// are several, the first in the order of the suite is the one named in the case.
    pub(crate) fn shortened(
        &self,
        case: &str,
        used: &BTreeSet<String>,
    ) -> (Option<Shortened>, Vec<Restriction>) {
        let mut first = None;
        let mut restrictions = Vec::new();
        for parameter in self
            .suite
            .parameters
            .iter()
            .filter(|p| used.contains(&p.id))
        {
            let Some(value) = self.values.get(&parameter.id) else {
                continue;
            };
            let Some(short) = shortened(parameter, &value.value) else {
                continue;
            };
            let text = shortened_text(parameter, &value.value);
            restrictions.push(restriction(case, "", "shortened", text));
            first = first.or(Some(short));
        }
        (first, restrictions)
    }

    /// Certificates, registrations and commanded poses that measures of a case lack.
    pub(crate) fn of_case(&self, case: &Case) -> Vec<Restriction> {
        let measures = case.measures.iter();
        measures
            .flat_map(|m| self.of_measure(&case.id, m))
            .collect()
    }

    fn of_measure(&self, case: &str, measure: &Measure) -> Vec<Restriction> {
        let mut found = Vec::new();
        let ids: BTreeSet<&String> = measure.channels.values().collect();
        for channel in self.channels.iter().filter(|c| ids.contains(&c.id)) {
            let trouble = self.certificate(channel);
            found.extend(trouble.map(|(code, text)| restriction(case, &measure.id, code, text)));
        }
        let metric = self.vocabulary.metric(&measure.metric);
        if let Some(metric) = metric.filter(|m| m.needs_pose) {
            found.extend(self.pose(case, measure, metric));
        }
        found
    }

    /// What keeps a channel from carrying a verdict. What the item says of itself needs no
    /// certificate: a suite that cannot use it says `source: reference`.
    /// A contact needs none either: its doubt is its delay.
    fn certificate(&self, channel: &Channel) -> Option<(&'static str, Text)> {
        if channel.digital && channel.calibration.is_none() {
            return None;
        }
        let id = &channel.id;
        let Some(calibration) = &channel.calibration else {
            return (!self.under_test.contains(&channel.device)).then(|| {
                (
                    "no-calibration",
                    Text::new(
                        format!("`{id}` has no certificate of calibration: no verdict from it"),
                        format!("`{id}` 无校准证书：不得用于判定"),
                    ),
                )
            });
        };
        if calibration.valid_on(self.today) {
            return None;
        }
        let (number, date, due) = (&calibration.certificate, calibration.date, calibration.due);
        let today = self.today;
        Some((
            "calibration-due",
            Text::new(
                format!(
                    "certificate {number} of `{id}` holds from {date} to {due}, today is {today}: no verdict from it"
                ),
                format!(
                    "`{id}` 的校准证书 {number} 有效期为 {date} 至 {due}，今日为 {today}：不得用于判定"
                ),
            ),
        ))
    }

    fn pose(&self, case: &str, measure: &Measure, metric: &MetricDescription) -> Vec<Restriction> {
        let mut found = Vec::new();
        let position = metric.channels.first();
        let id = position.and_then(|p| measure.channels.get(&p.name));
        let channel = self.channels.iter().find(|c| Some(&c.id) == id);
        let Some(channel) = channel else { return found };
        let poses = self.suite.needs.poses.keys();
        let poses: Vec<_> = poses
            .filter_map(|name| Some((name, &self.bench.poses.get(name)?.1)))
            .collect();
        let judged = self.judged_rows(measure);
        let judged = |name: &str| judged.is_none_or(|rows| rows.iter().any(|(_, r)| r.id == name));
        let poses: Vec<_> = poses.into_iter().filter(|(name, _)| judged(name)).collect();
        let fitted = self.frames.get(&channel.id).map(|(_, frame)| frame);
        let there = fitted.or(channel.registration.as_ref().map(|r| &r.frame));
        let Some(there) = there else {
            let id = &channel.id;
            let text = Text::new(
                format!("`{id}` is not registered to a frame of the bench: accuracy is not tested"),
                format!("`{id}` 未与测试台坐标系建立关系：不测试准确度"),
            );
            found.push(restriction(case, &measure.id, "no-registration", text));
            return found;
        };
        for (name, pose) in poses {
            if pose.tcp.is_none() {
                let text = Text::new(
                    format!(
                        "the bench states no commanded position of pose `{name}`: accuracy is not tested there"
                    ),
                    format!("测试台未给出位姿 `{name}` 的指令位置：该处不测试准确度"),
                );
                found.push(restriction(case, &measure.id, "no-commanded-pose", text));
            } else if pose.frame.as_ref() != Some(there) {
                let frame = pose.frame.as_deref().unwrap_or_default();
                let text = Text::new(
                    format!(
                        "pose `{name}` is commanded in `{frame}`, `{}` is registered to `{there}`: accuracy is not tested there",
                        channel.id
                    ),
                    format!(
                        "位姿 `{name}` 以 `{frame}` 给出，`{}` 与 `{there}` 建立关系：该处不测试准确度",
                        channel.id
                    ),
                );
                found.push(restriction(case, &measure.id, "other-frame", text));
            }
        }
        found
    }

    /// Rows of the tables whose ids are poses, as far as a measure judges by rows at all.
    fn judged_rows(&self, measure: &Measure) -> Option<&Vec<(Span, certbench_model::plan::Row)>> {
        measure.per.as_ref()?;
        let tables = self.suite.tables.values();
        let mut all_poses = tables.map(|t| &t.rows).filter(|rows| {
            rows.iter()
                .all(|(_, row)| self.suite.needs.poses.contains_key(&row.id))
        });
        let first = all_poses.next()?;
        all_poses.next().is_none().then_some(first)
    }
}

fn restriction(case: &str, measure: &str, code: &str, text: Text) -> Restriction {
    Restriction {
        case: case.to_string(),
        measure: measure.to_string(),
        code: code.to_string(),
        text,
    }
}
