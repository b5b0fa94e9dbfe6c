//! Windows and marks: stretches and instants that metrics look at.

use super::wait::Waited;
use crate::executor::{Cut, Executor};
use crate::resolve::seconds;
use crate::trouble;
use certbench_model::event::WindowEnd;
use certbench_model::step::{Mark, Window};
use certbench_model::{EventBody, Text};
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
        self.tell(EventBody::WindowClosed {
            window: open.id,
            instance: open.instance,
            end: match waited {
                Waited::Reached => WindowEnd::Reached,
                Waited::TimedOut => WindowEnd::TimedOut,
            },
        });
        Ok(())
    }

    fn open_window(&mut self, window: &Window) -> Result<(), Cut> {
        let plan = self.bench.plan.clone();
        let mut channels = Vec::new();
        for id in &window.record {
            let Some((channel, declared)) = plan.channel(id) else {
                let why = format!("the plan has no channel `{id}`");
                return Err(self.impossible(Text::same(why)));
            };
            let interval = declared.interval_s;
            channels.push(Recorded {
                channel,
                silent_after: seconds(SILENT_INTERVALS * interval).max(SILENT_AFTER),
                one_due_after: seconds(2.0 * interval + declared.delay_s[1]),
            });
        }
        let instance = self.case.windows.entry(window.id.clone()).or_default();
        *instance += 1;
        let instance = *instance;
        self.open.push(OpenWindow {
            id: window.id.clone(),
            instance,
            opened_ns: self.shared.now_ns(),
            channels,
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
