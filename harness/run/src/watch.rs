//! Watches: looked at where a sample arrives, without lock or allocation, and by a deadline of
//! their own when none arrives. They hold from arming to disarming, prompts included.

use crate::board::Board;
use crate::trouble::{self, Attributed};
use certbench_model::plan::Watch;
use certbench_model::{CaseEnd, Channel, EventBody, Invalid, Plan, Reading, Sample};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

const QUIET: u8 = 0;
const CLAIMED: u8 = 1;
const VALUE: u8 = 2;
const SILENT: u8 = 3;
/// Plus the position in [`Invalid::ALL`].
const NO_NUMBER: u8 = 4;

/// All watches of a plan, indexed by channel.
#[derive(Debug)]
pub(crate) struct Watches {
    rows: Box<[Row]>,
    /// Channel to the rows that watch it.
    by_channel: Box<[Box<[usize]>]>,
    armed: AtomicBool,
    armed_ns: AtomicU64,
}

#[derive(Debug)]
struct Row {
    channel: u16,
    /// `None`: every component.
    component: Option<usize>,
    at_least: f64,
    at_most: f64,
    max_age_ns: u64,
    state: AtomicU8,
    /// Bits of the value, or the age in ns.
    detail: AtomicU64,
    at_ns: AtomicU64,
}

/// Why a watch cannot hold yet.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Unfit {
    /// The channel has no valid sample of the present; the age it may have.
    Stale(u16, Duration),
    /// The value is beyond its limit: channel id, and the words.
    Outside(String, String),
}

/// A watch that tripped.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Trip {
    pub(crate) at_ns: u64,
    pub(crate) told: EventBody,
    /// What else is told, when the channel and not its value is the trouble.
    pub(crate) fault: Option<EventBody>,
    pub(crate) end: CaseEnd,
}

impl Watches {
    /// The watches of a plan; `Err` names the one that watches nothing.
    pub(crate) fn new(plan: &Plan) -> Result<Watches, String> {
        let rows: Box<[Row]> = plan
            .watches
            .iter()
            .map(|w| Row::new(plan, w))
            .collect::<Result<_, _>>()?;
        let rows_of = |channel: usize| {
            let watches =
                |(i, row): (usize, &Row)| (usize::from(row.channel) == channel).then_some(i);
            rows.iter().enumerate().filter_map(watches).collect()
        };
        Ok(Watches {
            by_channel: (0..plan.channels.len()).map(rows_of).collect(),
            rows,
            armed: AtomicBool::new(false),
            armed_ns: AtomicU64::new(0),
        })
    }

    /// Nothing is watched.
    pub(crate) fn none() -> Watches {
        Watches {
            rows: Box::default(),
            by_channel: Box::default(),
            armed: AtomicBool::new(false),
            armed_ns: AtomicU64::new(0),
        }
    }

    /// From here on they hold; what tripped before is forgotten.
    pub(crate) fn arm(&self, now_ns: u64) {
        for row in &self.rows {
            row.state.store(QUIET, Ordering::Release);
        }
        self.armed_ns.store(now_ns, Ordering::Release);
        self.armed.store(true, Ordering::Release);
    }

    /// From here on they do not hold.
    pub(crate) fn disarm(&self) {
        self.armed.store(false, Ordering::Release);
    }

    /// Whether they hold.
    pub(crate) fn armed(&self) -> bool {
        self.armed.load(Ordering::Acquire)
    }

    /// Looks at a sample on the reading thread; whether a watch tripped by it that had not before.
    pub(crate) fn look(&self, sample: &Sample, now_ns: u64) -> bool {
        if !self.armed() {
            return false;
        }
        let Some(rows) = self.by_channel.get(usize::from(sample.channel)) else {
            return false;
        };
        let rows = rows.iter().filter_map(|i| self.rows.get(*i));
        rows.fold(false, |tripped, row| row.look(sample, now_ns) | tripped)
    }

    /// Looks at the ages; whether a watch tripped that had not before.
    pub(crate) fn look_at_ages(&self, board: &Board, now_ns: u64) -> bool {
        if !self.armed() {
            return false;
        }
        let armed_ns = self.armed_ns.load(Ordering::Acquire);
        let rows = self.rows.iter();
        rows.fold(false, |tripped, row| {
            let since = board.valid_ns(row.channel).unwrap_or(0).max(armed_ns);
            let age = now_ns.saturating_sub(since);
            (age > row.max_age_ns && row.trip(SILENT, age, now_ns)) | tripped
        })
    }

    /// How often the ages must be looked at.
    pub(crate) fn period(&self) -> Option<Duration> {
        let shortest = self.rows.iter().map(|r| r.max_age_ns).min()?;
        Some(Duration::from_nanos(shortest / 4).max(Duration::from_millis(1)))
    }

    /// The first watch that would trip at once if it held now.
    pub(crate) fn unfit(&self, plan: &Plan, board: &Board, now_ns: u64) -> Option<Unfit> {
        self.rows
            .iter()
            .find_map(|row| row.unfit(plan, board, now_ns))
    }

    /// Every watch that tripped since arming, the earliest first.
    pub(crate) fn trips(&self, plan: &Plan) -> Vec<Trip> {
        let mut trips: Vec<Trip> = self.rows.iter().filter_map(|r| r.describe(plan)).collect();
        trips.sort_by_key(|t| t.at_ns);
        trips
    }

    /// Whether any tripped since arming.
    pub(crate) fn tripped(&self) -> bool {
        let tripped = |r: &Row| r.state.load(Ordering::Acquire) > CLAIMED;
        self.rows.iter().any(tripped)
    }
}

impl Row {
    fn new(plan: &Plan, watch: &Watch) -> Result<Row, String> {
        let unknown = || {
            format!(
                "a watch names channel `{}`, which the plan lacks",
                watch.channel
            )
        };
        let (index, channel) = plan.channel(&watch.channel).ok_or_else(unknown)?;
        let component = match watch.component.as_str() {
            "" => None,
            name => Some(channel.component(name).ok_or_else(|| {
                format!(
                    "a watch names `{}.{name}`, which the plan lacks",
                    channel.id
                )
            })?),
        };
        let age = Duration::try_from_secs_f64(watch.max_age_s)
            .map_err(|_| format!("the watch on `{}` has no usable max_age", channel.id))?;
        Ok(Row {
            channel: index,
            component,
            at_least: watch.at_least.unwrap_or(f64::NEG_INFINITY),
            at_most: watch.at_most.unwrap_or(f64::INFINITY),
            max_age_ns: u64::try_from(age.as_nanos()).unwrap_or(u64::MAX),
            state: AtomicU8::new(QUIET),
            detail: AtomicU64::new(0),
            at_ns: AtomicU64::new(0),
        })
    }

    fn unfit(&self, plan: &Plan, board: &Board, now_ns: u64) -> Option<Unfit> {
        let at = board.valid_ns(self.channel);
        if at.is_none_or(|t| now_ns.saturating_sub(t) > self.max_age_ns) {
            let age = Duration::from_nanos(self.max_age_ns);
            return Some(Unfit::Stale(self.channel, age));
        }
        let channel = plan.channels.get(usize::from(self.channel))?;
        let components = match self.component {
            Some(i) => i..i + 1,
            None => 0..channel.components.len(),
        };
        let mut values = components.filter_map(|i| board.value(self.channel, i));
        let outside = values.find(|v| !self.allows(*v))?;
        Some(Unfit::Outside(
            channel.id.clone(),
            self.words(channel, outside),
        ))
    }

    fn allows(&self, value: f64) -> bool {
        (self.at_least..=self.at_most).contains(&value)
    }

    /// The value and the limit that it passes.
    fn words(&self, channel: &Channel, value: f64) -> String {
        let which = self.component.unwrap_or(0);
        let unit = channel
            .components
            .get(which)
            .map_or("", |c| c.unit.symbol());
        let limit = if value > self.at_most {
            format!("at most {} {unit}", self.at_most)
        } else {
            format!("at least {} {unit}", self.at_least)
        };
        format!("`{}` was {value} {unit}; allowed: {limit}", channel.id)
    }

    fn look(&self, sample: &Sample, now_ns: u64) -> bool {
        let values = match &sample.reading {
            Reading::Values { .. } => sample.reading.values().unwrap_or_default(),
            Reading::Invalid(why) => {
                let code = Invalid::ALL.iter().position(|i| i == why).unwrap_or(0);
                return self.trip(NO_NUMBER + code as u8, 0, now_ns);
            }
        };
        let watched = match self.component {
            None => values,
            Some(i) => values.get(i..=i).unwrap_or_default(),
        };
        if watched.is_empty() {
            return self.trip(NO_NUMBER + 2, 0, now_ns);
        }
        match watched.iter().find(|v| !self.allows(**v)) {
            Some(outside) => self.trip(VALUE, outside.to_bits(), now_ns),
            None => false,
        }
    }

    /// Trips it, unless it has tripped already.
    fn trip(&self, state: u8, detail: u64, now_ns: u64) -> bool {
        let claim =
            self.state
                .compare_exchange(QUIET, CLAIMED, Ordering::AcqRel, Ordering::Acquire);
        if claim.is_err() {
            return false;
        }
        self.detail.store(detail, Ordering::Relaxed);
        self.at_ns.store(now_ns, Ordering::Relaxed);
        self.state.store(state, Ordering::Release);
        true
    }

    fn describe(&self, plan: &Plan) -> Option<Trip> {
        let state = self.state.load(Ordering::Acquire);
        if state <= CLAIMED {
            return None;
        }
        let detail = self.detail.load(Ordering::Relaxed);
        let at_ns = self.at_ns.load(Ordering::Relaxed);
        let channel = plan.channels.get(usize::from(self.channel))?;
        if state == VALUE {
            let text = self.words(channel, f64::from_bits(detail));
            let Attributed { told, end } = trouble::tripped(&channel.id, text);
            return Some(Trip {
                at_ns,
                told,
                fault: None,
                end,
            });
        }
        let (text, Attributed { told, end }) = if state == SILENT {
            let age = detail as f64 * 1e-9;
            let text = format!(
                "`{}` has no valid sample for {age:.3} s; allowed: {} s",
                channel.id,
                self.max_age_ns as f64 * 1e-9
            );
            (text, trouble::silence(channel, age))
        } else {
            let why = Invalid::ALL
                .get(usize::from(state - NO_NUMBER))
                .copied()
                .unwrap_or(Invalid::Unreadable);
            let text = format!("`{}` gave no number: {}", channel.id, why.words().en);
            (text, trouble::invalid(channel, why))
        };
        Some(Trip {
            at_ns,
            told: EventBody::Tripped {
                channel: channel.id.clone(),
                text,
                missing: true,
            },
            fault: Some(told),
            end,
        })
    }
}
