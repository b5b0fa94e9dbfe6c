//! Windows and marks: stretches and instants that metrics look at.

use super::wait::Waited;
use crate::executor::{Cut, Executor};
use crate::resolve::seconds;
use crate::trouble;
use certbench_model::event::WindowEnd;
use certbench_model::step::{Mark, Take, Taken, Window};
use certbench_model::{EventBody, FaultKind, Quantity, Sample, Text, Unit};
use std::time::Duration;

/// A channel that delivers nothing for this many of its intervals is silent…
pub(crate) const SILENT_INTERVALS: f64 = 10.0;
/// … but not before this time.
const SILENT_AFTER: Duration = Duration::from_secs(1);

/// A window that is open, with the channels that must deliver in it.
#[derive(Clone, Debug)]
pub(crate) struct OpenWindow {
    id: String,
    instance: u32,
    opened_ns: u64,
    channels: Vec<Recorded>,
    taking: Vec<Taking>,
    /// The largest and the least value of the channel that decides the trial around it.
    deciding: Vec<Taking>,
}

/// A value that is being taken from the samples of a window.
#[derive(Clone, Debug)]
struct Taking {
    name: String,
    channel: u16,
    component: usize,
    unit: Unit,
    value: Taken,
    n: u64,
    sum: f64,
    kept: f64,
}

impl Taking {
    fn see(&mut self, value: f64) {
        let first = self.n == 0;
        self.n += 1;
        self.sum += value;
        self.kept = match self.value {
            _ if first => value,
            Taken::Largest => self.kept.max(value),
            Taken::Least => self.kept.min(value),
            Taken::Mean | Taken::Last => value,
        };
    }

    /// `None` without a valid sample.
    fn taken(&self) -> Option<f64> {
        match (self.n, self.value) {
            (0, _) => None,
            (n, Taken::Mean) => Some(self.sum / n as f64),
            _ => Some(self.kept),
        }
    }
}

impl OpenWindow {
    /// Looks at a sample that was followed for it.
    pub(crate) fn see(&mut self, sample: &Sample) {
        for taking in self.taking.iter_mut().chain(&mut self.deciding) {
            if taking.channel == sample.channel
                && sample.time_ns >= self.opened_ns
                && let Some(value) = sample.reading.component(taking.component)
            {
                taking.see(value);
            }
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Recorded {
    channel: u16,
    silent_after: Duration,
    /// A window at least this long must have a valid sample.
    one_due_after: Duration,
}

impl Executor {
    pub(super) fn window(&mut self, window: &Window, path: &str) -> Result<(), Cut> {
        self.open_window(window)?;
        self.steps(&window.steps, path)?;
        let waited = match &window.until {
            Some(wait) => self.wait(wait)?,
            None => Waited::Reached,
        };
        self.pulse()?;
        let Some(open) = self.open.last().cloned() else {
            return Ok(());
        };
        self.must_have_delivered(&open)?;
        self.open.pop();
        self.shared.in_window(false);
        if self.case.thinned_s.is_some() {
            self.attend(!self.open.is_empty());
        }
        self.tell(EventBody::WindowClosed {
            window: open.id,
            instance: open.instance,
            end: match waited {
                Waited::Reached => WindowEnd::Reached,
                Waited::TimedOut => WindowEnd::TimedOut,
            },
        });
        self.decide_by(&open.deciding);
        open.taking.iter().try_for_each(|taking| self.take(taking))
    }

    /// Says to the trial around a window whether its rule was kept in it.
    fn decide_by(&mut self, deciding: &[Taking]) {
        for taking in deciding {
            self.shared.unfollow(taking.channel);
        }
        let (Some(trial), [largest, least]) = (&mut self.case.trial, deciding) else {
            return;
        };
        let Some((rule, (most, least))) =
            (trial.rule.as_ref()).zip(largest.taken().zip(least.taken()))
        else {
            return;
        };
        let below = rule.stays_below.is_none_or(|limit| most <= limit);
        trial.kept = Some(below && rule.stays_above.is_none_or(|limit| least >= limit));
    }

    /// What is looked at in a window that decides the trial around it.
    fn deciding(&mut self, window: &Window) -> Result<Vec<Taking>, Cut> {
        let rule = self.case.trial.as_ref().and_then(|t| t.rule.clone());
        let Some(rule) = rule.filter(|r| r.window == window.id) else {
            return Ok(Vec::new());
        };
        let both = [Taken::Largest, Taken::Least].into_iter();
        let takes = both.map(|value| Take {
            name: String::new(),
            channel: rule.channel.clone(),
            component: rule.component.clone(),
            value,
        });
        takes.map(|take| self.taking(&take)).collect()
    }

    /// A value is taken under its name, at the end of its window.
    fn take(&mut self, taking: &Taking) -> Result<(), Cut> {
        self.shared.unfollow(taking.channel);
        let plan = self.bench.plan.clone();
        let Some(value) = taking.taken() else {
            let Some(channel) = plan.channels.get(usize::from(taking.channel)) else {
                return Ok(());
            };
            self.suspects.insert(channel.device.clone());
            let text = format!(
                "`{}` was to be taken: no valid sample in its window",
                taking.name
            );
            let attributed = trouble::fault(FaultKind::Unattributable, &channel.id, text);
            return Err(self.cut(attributed));
        };
        let value = Quantity::new(value, taking.unit);
        self.case.take(&taking.name, value);
        self.tell(EventBody::Taken {
            name: taking.name.clone(),
            value,
            context: self.context(),
        });
        Ok(())
    }

    fn taking(&mut self, take: &Take) -> Result<Taking, Cut> {
        let plan = self.bench.plan.clone();
        let found = plan.channel(&take.channel).and_then(|(index, channel)| {
            let component = match take.component.as_str() {
                "" => 0,
                name => channel.component(name)?,
            };
            Some((index, component, channel.components.get(component)?.unit))
        });
        let Some((channel, component, unit)) = found else {
            let why = format!("the plan has no channel `{}`", take.channel);
            return Err(self.impossible(Text::same(why)));
        };
        Ok(Taking {
            name: take.name.clone(),
            channel,
            component,
            unit,
            value: take.value,
            n: 0,
            sum: 0.0,
            kept: 0.0,
        })
    }

    fn open_window(&mut self, window: &Window) -> Result<(), Cut> {
        let plan = self.bench.plan.clone();
        let mut channels = Vec::new();
        for id in &window.record {
            let Some((channel, declared)) = plan.channel(id) else {
                let why = format!("the plan has no channel `{id}`");
                return Err(self.impossible(Text::same(why)));
            };
            if plan.imported(declared) {
                continue;
            }
            let interval = declared.interval_s;
            channels.push(Recorded {
                channel,
                silent_after: seconds(SILENT_INTERVALS * interval).max(SILENT_AFTER),
                one_due_after: seconds(2.0 * interval + declared.delay_s[1] - declared.delay_s[0]),
            });
        }
        let taking = window.take.iter().map(|take| self.taking(take));
        let taking = taking.collect::<Result<Vec<_>, Cut>>()?;
        let deciding = self.deciding(window)?;
        let instance = self.case.windows.entry(window.id.clone()).or_default();
        *instance += 1;
        let instance = *instance;
        if self.case.thinned_s.is_some() {
            self.attend(true);
        }
        self.shared.in_window(true);
        for taking in taking.iter().chain(&deciding) {
            self.shared.follow(taking.channel);
        }
        self.open.push(OpenWindow {
            id: window.id.clone(),
            instance,
            opened_ns: self.shared.now_ns(),
            channels,
            taking,
            deciding,
        });
        self.tell(EventBody::WindowOpened {
            window: window.id.clone(),
            instance,
            context: self.context(),
        });
        Ok(())
    }

    /// Looks whether every channel of every open window still delivers.
    pub(crate) fn look_at_windows(&mut self) -> Result<(), Cut> {
        let now_ns = self.shared.now_ns();
        let silent = |window: &OpenWindow| {
            window.channels.iter().find_map(|recorded| {
                let last = self.shared.board.any_ns(recorded.channel).unwrap_or(0);
                let since = Duration::from_nanos(now_ns.saturating_sub(last.max(window.opened_ns)));
                (since > recorded.silent_after).then_some((recorded.channel, since))
            })
        };
        match self.open.iter().find_map(silent) {
            Some((channel, since)) => Err(self.silent(channel, since.as_secs_f64())),
            None => Ok(()),
        }
    }

    /// A window that was long enough must have had a valid sample of each of its channels.
    fn must_have_delivered(&mut self, open: &OpenWindow) -> Result<(), Cut> {
        let length = Duration::from_nanos(self.shared.now_ns().saturating_sub(open.opened_ns));
        for recorded in &open.channels {
            let valid = self.shared.board.valid_ns(recorded.channel);
            if length < recorded.one_due_after || valid.is_some_and(|t| t >= open.opened_ns) {
                continue;
            }
            let plan = self.bench.plan.clone();
            let Some(channel) = plan.channels.get(usize::from(recorded.channel)) else {
                continue;
            };
            self.suspects.insert(channel.device.clone());
            let board = &self.shared.board;
            let came = board.any_ns(recorded.channel) >= Some(open.opened_ns);
            let attributed = match board.invalid(recorded.channel).filter(|_| came) {
                Some(why) => trouble::invalid(channel, why),
                None => trouble::silence(channel, length.as_secs_f64()),
            };
            return Err(self.cut(attributed));
        }
        Ok(())
    }

    /// Windows that something else ended, innermost first, down to a depth.
    pub(crate) fn cut_windows(&mut self, depth: usize) {
        while self.open.len() > depth {
            if let Some(open) = self.open.pop() {
                self.shared.in_window(false);
                for taking in open.taking.iter().chain(&open.deciding) {
                    self.shared.unfollow(taking.channel);
                }
                self.tell(EventBody::WindowClosed {
                    window: open.id,
                    instance: open.instance,
                    end: WindowEnd::Cut,
                });
            }
        }
    }

    pub(super) fn mark(&mut self, mark: &Mark) -> Result<(), Cut> {
        let name = self.filled(&mark.name)?;
        self.tell(EventBody::Marked {
            name,
            context: self.context(),
        });
        Ok(())
    }
}
