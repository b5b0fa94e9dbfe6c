//! The frame of a tracker, found at poses whose commanded positions are known.

use super::structure::windows_of;
use super::{CaseReader, Place};
use crate::check::literal::{identifier, unknown};
use crate::check::shared::not_empty;
use crate::complaint::{Complaint, Span};
use crate::plan::env::VariableKind;
use crate::written::step::Register as Written;
use crate::yaml::At;
use certbench_model::plan::Row;
use certbench_model::step::Registers;
use certbench_model::{Step as Planned, Unit};

/// Fewest points that a rigid fit can come from.
const POINTS_MIN: usize = 3;

impl<'a> CaseReader<'a, '_> {
    /// A repeat over the points, which says that it is a registration.
    pub(super) fn register(
        &self,
        written: &'a Written,
        head: Span,
        place: &Place<'a>,
    ) -> Vec<Planned> {
        self.not_in_closing("register", head, place);
        let sink = self.env.sink;
        not_empty(
            "empty-steps",
            "steps of the registration",
            &written.steps,
            sink,
        );
        if !place.scope.0.is_empty() || place.trial.is_some() {
            let message = "a registration is made once, outside of repeats and trials";
            sink.push(Complaint::new("nested-register", head, message));
        }
        let variable = written.variable.get().and_then(|name| {
            identifier(name, written.variable.span, "a variable", sink)?;
            Some(name.as_str())
        });
        let points = self.table(&written.points).map(|(name, table)| {
            let rows = table.rows.iter().map(|(_, row)| row);
            (name, rows.collect::<Vec<&Row>>())
        });
        let frame = points
            .as_ref()
            .and_then(|(_, rows)| self.frame_of(rows, written.points.span));
        let channel = self.registered(&written.channel, frame.as_deref());
        let mm: Vec<Unit> = Unit::parse("mm").into_iter().collect();
        let residual = self
            .env
            .quantity(&written.residual_at_most, &mm, &place.scope)
            .and_then(|q| q.in_unit("mm").ok());
        if residual.is_some_and(|r| r <= 0.0) {
            let message = "no fit leaves nothing at all: the largest residual is above zero";
            let at = written.residual_at_most.span;
            sink.push(Complaint::new("not-positive", at, message));
        }
        let (Some(name), Some((table, rows))) = (variable, points) else {
            let name = written.variable.get().map_or("", String::as_str);
            self.inside(&written.steps, name, VariableKind::Unknown, place);
            return Vec::new();
        };
        let mut steps = self.over_rows(&written.steps, name, table, rows, None, place);
        let window = self.seeing(written);
        let (Some(channel), Some(window), Some(frame), Some(residual_max_mm)) =
            (channel, window, frame, residual)
        else {
            return Vec::new();
        };
        for step in &mut steps {
            if let Planned::Repeat(repeat) = step {
                repeat.registers = Some(Registers {
                    channel: channel.clone(),
                    window: window.clone(),
                    frame: frame.clone(),
                    residual_max_mm,
                });
            }
        }
        steps
    }

    /// The channel: a pose, registered once, and from now on known to be.
    fn registered(&self, written: &At<String>, frame: Option<&str>) -> Option<String> {
        let sink = self.env.sink;
        let (view, name) = self.channel(written)?;
        if !view.is_pose() {
            let message = format!("`{name}` has no x, y and z: it has no frame");
            sink.push(Complaint::new("wrong-shape", written.span, message));
        }
        let mut frames = self.env.frames.borrow_mut();
        if let Some((first, _)) = frames.channels.get(name) {
            let message = format!("`{name}` is registered twice");
            let complaint = Complaint::new("duplicate-id", written.span, message);
            sink.push(complaint.also(*first, "first here"));
        }
        let frame = frame.unwrap_or_default().to_string();
        frames
            .channels
            .insert(name.to_string(), (written.span, frame));
        Some(name.to_string())
    }

    /// The frame that all points are commanded in; empty without a bench.
    fn frame_of(&self, rows: &[&Row], at: Span) -> Option<String> {
        let sink = self.env.sink;
        if rows.len() < POINTS_MIN {
            let message = format!(
                "{} points fix no frame; at least {POINTS_MIN} do",
                rows.len()
            );
            sink.push(
                Complaint::new("too-few", at, message)
                    .note("they must not lie on one line; four or more let the residuals tell"),
            );
        }
        let needed = &self.env.suite.needs.poses;
        let mut frame: Option<(&str, &str)> = None;
        for row in rows {
            self.env.note("pose", &row.id);
            let mut frames = self.env.frames.borrow_mut();
            frames.points.entry(row.id.clone()).or_insert(at);
            drop(frames);
            if !needed.contains_key(&row.id) {
                let names = needed.keys().map(String::as_str);
                sink.push(
                    unknown("unknown-pose", "pose", &row.id, at, names)
                        .note("each point's id is a pose of `needs.poses`"),
                );
                return None;
            }
            let Some(bench) = self.env.bench else {
                continue;
            };
            let (span, pose) = bench.poses.get(&row.id)?;
            let (Some(_), Some(of_it)) = (&pose.tcp, &pose.frame) else {
                let message = format!("the bench states no commanded position of `{}`", row.id);
                sink.push(
                    Complaint::new("no-commanded-pose", *span, message)
                        .help("give the pose its `tcp` and `frame`")
                        .also(at, "it is a point of this registration"),
                );
                return None;
            };
            match frame {
                Some((first, known)) if known != of_it => {
                    let message = format!(
                        "`{}` is commanded in `{of_it}`, `{first}` in `{known}`",
                        row.id
                    );
                    sink.push(
                        Complaint::new("other-frame", *span, message)
                            .also(at, "the points of a registration share one frame"),
                    );
                    return None;
                }
                _ => frame = Some((&row.id, of_it)),
            }
        }
        Some(frame.map_or(String::new(), |(_, f)| f.to_string()))
    }

    /// The window inside that records the channel.
    fn seeing(&self, written: &Written) -> Option<String> {
        let sink = self.env.sink;
        let window = written.window.get()?;
        let at = written.window.span;
        let mut inside = Vec::new();
        windows_of(&written.steps, &mut inside);
        if !inside.contains(window) {
            let names = inside.iter().map(String::as_str);
            sink.push(
                unknown("unknown-window", "window", window, at, names)
                    .note("it is a window of the registration's own steps"),
            );
            return None;
        }
        let windows = self.windows.borrow();
        let channel = written.channel.get()?;
        if !windows.get(window)?.record.contains(channel) {
            let message = format!("the window `{window}` does not record `{channel}`");
            let complaint = Complaint::new("not-recorded", at, message);
            sink.push(complaint.help(format!("add `{channel}` to its `record`")));
        }
        Some(window.clone())
    }
}
