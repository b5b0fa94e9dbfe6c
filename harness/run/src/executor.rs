//! The executor: the one thread that performs a plan. Here is what all its parts stand on: telling,
//! waiting with the lease alive, and the ways in which the ordinary flow is cut.

use crate::Run;
use crate::bench::Bench;
use crate::control::Control;
use crate::guard::{self, Watchman};
use crate::halt::Halter;
use crate::listener::Listeners;
use crate::rehearse::Extents;
use crate::settings::Settings;
use crate::shared::{Alarm, Shared, Word};
use crate::steps::{Branch, CaseState, OpenWindow};
use crate::trouble::{self, Attributed, attribute};
use crate::watch::Watches;
use certbench_clock::{Receiver, Recv, Task, Time};
use certbench_model::step::Scope;
use certbench_model::{CaseEnd, Context, Event, EventBody, FaultKind, RunEnd, Sample, Text};
use certbench_roles::{Operator, Trouble};
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// The longest time for which the executor does not look around: a fifth of the lease.
const SLICES: u32 = 5;
/// Longest time that listeners may take for one event before the lease runs out.
pub(crate) const TELLING: Duration = Duration::from_secs(1);

pub(crate) struct Executor {
    pub(crate) shared: Arc<Shared>,
    pub(crate) bench: Bench,
    pub(crate) operator: Arc<dyn Operator>,
    pub(crate) control: Control,
    pub(crate) settings: Settings,
    pub(crate) inbox: Receiver<Word>,
    pub(crate) alarms: Option<Receiver<Alarm>>,
    pub(crate) guard: Option<Task<()>>,
    pub(crate) watchman: Arc<Watchman>,
    /// What makes the plan unusable before any device is asked.
    pub(crate) defects: Vec<Text>,
    /// What will move, from the rehearsal.
    pub(crate) extents: Extents,
    /// Devices are started: every end halts.
    pub(crate) started: bool,
    /// `Armed` was told and `Disarmed` was not.
    pub(crate) armed: bool,
    /// Nobody has been inside since the last arming: motion is allowed.
    pub(crate) cleared: bool,
    /// Power was enabled: from then on it is recovered, not enabled.
    pub(crate) powered: bool,
    /// The plan has demanded a stop, and not yet the recovery: events of the item are expected.
    pub(crate) stopped_by_plan: bool,
    /// Devices whose heartbeat the plan withholds.
    pub(crate) withheld: BTreeSet<String>,
    /// Devices whose link or instrument failed, to be looked at before going on.
    pub(crate) suspects: BTreeSet<String>,
    /// Devices that could not be taken to their safe state.
    pub(crate) unsafe_devices: BTreeSet<String>,
    /// The first case that has not begun.
    pub(crate) next_case: usize,
    pub(crate) case: CaseState,
    pub(crate) scope: Scope,
    pub(crate) open: Vec<OpenWindow>,
    /// Until when the lease was renewed last.
    pub(crate) lease_until: Cell<Time>,
    /// A pass of a thinned repeat that is not told step by step.
    pub(crate) quiet: bool,
    /// The step of such a pass that is going on: told before anything else happens in it.
    pub(crate) untold: RefCell<Option<EventBody>>,
    /// What goes on beside the leading steps.
    pub(crate) branches: Vec<Branch>,
    pub(crate) steps_done: u64,
    pub(crate) steps_planned: u64,
}

/// The ordinary flow ends here. What the record must know is told already, and everything has been
/// sent its halt.
#[derive(Clone, Debug)]
pub(crate) struct Cut {
    /// How the case ends.
    pub(crate) end: CaseEnd,
    /// Set when the run ends with it.
    pub(crate) run: Option<RunEnd>,
    /// certbench stopped by itself, for no trouble of the item: a trial may be repeated.
    pub(crate) own_stop: bool,
}

/// How the run ends.
#[derive(Clone, Debug)]
pub(crate) struct Finish {
    pub(crate) end: RunEnd,
    pub(crate) text: String,
}

impl From<Cut> for Finish {
    /// A cut outside of any case.
    fn from(cut: Cut) -> Finish {
        Finish {
            end: cut.run.unwrap_or(RunEnd::Faulted),
            text: words(&cut.end),
        }
    }
}

impl Executor {
    pub(crate) fn new(run: Run) -> Executor {
        let Run {
            plan,
            devices,
            operator,
            listeners,
            clock,
            control,
            settings,
        } = run;
        let bench = Bench::new(plan.clone(), devices);
        let (inbox_sender, inbox) = clock.channel(4096);
        let (alarm_sender, alarms) = clock.channel(64);
        let mut defects = Vec::new();
        let watches = Watches::new(&plan).unwrap_or_else(|why| {
            defects.push(Text::same(why));
            Watches::none()
        });
        let shared = Arc::new(Shared::new(
            clock,
            plan.channels.len(),
            watches,
            Halter::new(&bench),
            Listeners::new(listeners),
            inbox_sender,
            alarm_sender,
        ));
        Executor {
            shared,
            bench,
            operator,
            control,
            settings,
            inbox,
            alarms: Some(alarms),
            guard: None,
            watchman: Arc::default(),
            defects,
            extents: Extents::default(),
            started: false,
            armed: false,
            cleared: false,
            powered: false,
            stopped_by_plan: false,
            withheld: BTreeSet::new(),
            suspects: BTreeSet::new(),
            unsafe_devices: BTreeSet::new(),
            next_case: 0,
            case: CaseState::default(),
            scope: Scope::default(),
            open: Vec::new(),
            lease_until: Cell::new(Time::MAX),
            quiet: false,
            untold: RefCell::new(None),
            branches: Vec::new(),
            steps_done: 0,
            steps_planned: 0,
        }
    }

    /// Tells all listeners. Whoever cannot keep the record halts everything.
    pub(crate) fn tell(&self, body: EventBody) {
        let untold = self.untold.borrow_mut().take();
        if let Some(step) = untold {
            self.tell(step);
        }
        self.renew(TELLING);
        let time_ns = self.shared.now_ns();
        if self.shared.listeners.event(&Event { time_ns, body }) {
            self.send_halts();
        }
        self.renew(self.settings.lease);
    }

    /// Where in the plan we are.
    pub(crate) fn context(&self) -> Context {
        Context {
            case: self.case.id.clone(),
            scope: self.scope.clone(),
            trial: self.case.trial.as_ref().map_or(0, |t| t.number),
        }
    }

    pub(crate) fn now(&self) -> Time {
        self.shared.clock.now()
    }

    /// Devices' watchdogs are fed for this much longer.
    pub(crate) fn renew(&self, term: Duration) {
        let until = self.now() + term;
        self.lease_until.set(until);
        self.shared.lease.renew(until.as_nanos());
    }

    /// Looks around: whether the flow may go on.
    pub(crate) fn pulse(&mut self) -> Result<(), Cut> {
        // A process that was stopped as a whole (suspended, starved) finds its own lease long gone,
        // and the guard slept as well: whatever else is heard now is what came of that.
        let gone = self.now() - self.lease_until.get();
        self.renew(self.settings.lease);
        if self.shared.watches.armed() && gone > guard::HUNG_AFTER {
            let text = format!(
                "the executor did not run for {:.1} s beyond its lease: the computer was suspended \
                 or overloaded; run on a machine that does nothing else",
                gone.as_secs_f64()
            );
            return Err(self.harness("executor", text));
        }
        if self.control.stop_requested() {
            return Err(self.aborted("the operator stopped the run"));
        }
        if let Some((listener, why)) = self.shared.listeners.failure() {
            return Err(self.harness(&listener, format!("the record cannot be kept: {why}")));
        }
        if let Some(text) = self.control.panicked() {
            return Err(self.harness("certbench", text));
        }
        if self.watchman.hung.load(Ordering::Acquire) {
            let text = "the executor hung; everything was halted by the guard".to_string();
            return Err(self.harness("executor", text));
        }
        if self.shared.watches.armed() && self.shared.watches.tripped() {
            return Err(self.tripped());
        }
        while let Some(news) = self.shared.next_news() {
            self.hear(news.device, news.trouble)?;
        }
        self.look_at_windows()
    }

    /// Lets a little time pass, at most until `until`; gives a followed sample if one comes.
    pub(crate) fn idle(&mut self, until: Time) -> Result<Option<Sample>, Cut> {
        self.pulse()?;
        let slice = self.now() + self.settings.lease / SLICES;
        let until = self.branches_due().map_or(until, |due| until.min(due));
        let sample = match self.inbox.recv_until(Some(until.min(slice))) {
            Recv::Item(word) => self.take_word(&word),
            _ => None,
        };
        if self.shared.overflowed() {
            let text = "samples came faster than they could be looked at".to_string();
            return Err(self.harness("executor", text));
        }
        self.advance_branches()?;
        Ok(sample)
    }

    /// Shows a followed sample to the windows and branches that want it.
    pub(crate) fn take_word(&mut self, word: &Word) -> Option<Sample> {
        let Word::Sample(sample) = word else {
            return None;
        };
        self.open.iter_mut().for_each(|window| window.see(sample));
        self.branches
            .iter_mut()
            .for_each(|branch| branch.see(sample));
        Some(*sample)
    }

    /// Lets time pass, alive to everything.
    pub(crate) fn wait_until(&mut self, until: Time) -> Result<(), Cut> {
        while self.now() < until {
            self.idle(until)?;
        }
        self.pulse()
    }

    /// Lets a short time pass while the flow is cut already; only a request to leave shortens it.
    pub(crate) fn bide(&self, time: Duration) {
        let until = self.now() + time;
        while self.now() < until && !self.control.leave_requested() {
            self.renew(self.settings.lease);
            self.inbox.recv_until(Some(until));
        }
        self.renew(self.settings.lease);
    }

    /// Calls a role, with a lease for as long as the call may take. When it fails, what else has
    /// happened comes first: a trip, a stop or the device's own news says more than a call that
    /// was crossed by the halt they caused.
    pub(crate) fn ask<T>(
        &mut self,
        device: &str,
        term: Duration,
        call: impl FnOnce() -> Result<T, Trouble>,
    ) -> Result<T, Cut> {
        self.renew(term.max(self.settings.lease));
        let answer = call();
        self.renew(self.settings.lease);
        match answer {
            Ok(value) => Ok(value),
            Err(trouble) => {
                self.pulse()?;
                Err(self.trouble(device, &trouble))
            }
        }
    }

    /// Calls a role that sends a command; the record is told when it has left.
    pub(crate) fn command<T>(
        &mut self,
        device: &str,
        what: &str,
        term: Duration,
        call: impl FnOnce() -> Result<T, Trouble>,
    ) -> Result<T, Cut> {
        self.pulse()?;
        let done = self.ask(device, term, call)?;
        if !self.quiet {
            self.tell(EventBody::Commanded {
                device: device.to_string(),
                what: what.to_string(),
            });
        }
        // What tripped during the call halted before the command may have left: halt again.
        self.pulse()?;
        Ok(done)
    }

    /// Sends every device its halt. Outputs follow when the flow that is cut has settled.
    pub(crate) fn send_halts(&self) {
        if self.started {
            self.shared.halter.send();
        }
    }

    /// The flow is cut by what a device answered or told.
    pub(crate) fn trouble(&mut self, device: &str, trouble: &Trouble) -> Cut {
        let attributed = attribute(device, self.bench.under_test(device), trouble);
        if let CaseEnd::Fault(..) = attributed.end {
            self.suspects.insert(device.to_string());
        }
        self.cut(attributed)
    }

    /// The flow is cut by an attributed fault.
    pub(crate) fn cut(&mut self, attributed: Attributed) -> Cut {
        self.send_halts();
        self.tell(attributed.told);
        let own_stop = matches!(
            attributed.end,
            CaseEnd::Fault(
                FaultKind::Link | FaultKind::Instrument | FaultKind::Unattributable,
                _
            )
        );
        Cut {
            end: attributed.end,
            run: None,
            own_stop,
        }
    }

    /// certbench itself failed: the run ends.
    pub(crate) fn harness(&mut self, subject: &str, text: String) -> Cut {
        let cut = self.cut(trouble::fault(FaultKind::Harness, subject, text));
        Cut {
            run: Some(RunEnd::Faulted),
            ..cut
        }
    }

    /// The plan asks here what cannot be done: the rehearsal should have said so.
    pub(crate) fn impossible(&mut self, why: Text) -> Cut {
        self.cut(trouble::fault(FaultKind::Harness, "plan", why.en))
    }

    pub(crate) fn aborted(&mut self, why: &str) -> Cut {
        self.send_halts();
        Cut {
            end: CaseEnd::Aborted(why.to_string()),
            run: Some(RunEnd::Aborted),
            own_stop: false,
        }
    }

    /// A watch tripped; the halt was sent where it did.
    fn tripped(&mut self) -> Cut {
        self.send_halts();
        let trips = self.shared.watches.trips(&self.bench.plan);
        let mut end = None;
        for mut trip in trips {
            if let EventBody::Tripped {
                channel,
                missing: true,
                ..
            } = &trip.told
                && let Some((_, channel)) = self.bench.plan.channel(channel)
            {
                self.suspects.insert(channel.device.clone());
                if let Some(error) = self.shared.link_error(&channel.device) {
                    let attributed = trouble::fault(FaultKind::Link, &channel.device, error);
                    (trip.fault, trip.end) = (Some(attributed.told), attributed.end);
                }
            }
            self.tell(trip.told);
            if let Some(fault) = trip.fault {
                self.tell(fault);
            }
            end.get_or_insert(trip.end);
        }
        Cut {
            end: end.unwrap_or_else(|| CaseEnd::Tripped(String::new())),
            run: None,
            own_stop: true,
        }
    }

    /// What a device told unasked. Trouble that the item tells after a stop that the plan demanded
    /// is what was to be expected: it is on the record and ends nothing.
    fn hear(&mut self, device: String, trouble: Trouble) -> Result<(), Cut> {
        let expected = self.stopped_by_plan && self.bench.under_test(&device);
        match trouble {
            Trouble::Event { code, text } if expected => {
                self.tell(EventBody::DeviceEvent { device, code, text });
                Ok(())
            }
            trouble => Err(self.trouble(&device, &trouble)),
        }
    }
}

/// The end of a case in words.
pub(crate) fn words(end: &CaseEnd) -> String {
    match end {
        CaseEnd::Completed => "completed".to_string(),
        CaseEnd::DeviceEvent(text)
        | CaseEnd::Fault(_, text)
        | CaseEnd::Tripped(text)
        | CaseEnd::Precondition(text)
        | CaseEnd::TooManyInvalid(text)
        | CaseEnd::Unanswered(text)
        | CaseEnd::Aborted(text)
        | CaseEnd::NotBegun(text) => text.clone(),
    }
}
