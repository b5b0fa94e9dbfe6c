//! The simulation: parties, an agenda of what is due when, and one baton.
//!
//! A party that waits puts itself on the agenda (if it has a deadline) or only names the
//! signal it waits for. A notification puts it on the agenda for now. Whoever is first on the
//! agenda, by (time, sequence number), gets the baton next.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::thread::{self, Thread};

use crate::signal::relock;
use crate::{Time, processor};

/// The signal nobody notifies.
pub(crate) const SLEEP: u64 = 0;

static SIMULATIONS: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static MEMBERSHIPS: RefCell<Vec<Membership>> = const { RefCell::new(Vec::new()) };
}

/// That this thread is a party of a simulation.
struct Membership {
    sim: Weak<Sim>,
    number: u64,
    party: u64,
    first: bool,
}

impl Drop for Membership {
    fn drop(&mut self) {
        if let (true, Some(sim)) = (self.first, self.sim.upgrade()) {
            sim.end();
        }
    }
}

/// What a party waits for, for the message on a deadlock.
#[derive(Clone, Debug)]
pub(crate) enum Label {
    Sleep,
    Receive(u64),
    Send(u64),
    Join(Arc<str>),
    Lock(u64),
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Label::Sleep => write!(f, "sleeps"),
            Label::Receive(channel) => write!(f, "waits to receive on channel {channel}"),
            Label::Send(channel) => write!(f, "waits to send on channel {channel}, which is full"),
            Label::Join(name) => write!(f, "waits for the end of `{name}`"),
            Label::Lock(lock) => write!(f, "waits for lock {lock}"),
        }
    }
}

/// The payload with which parties are unwound when their simulation is over.
#[derive(Debug)]
pub(crate) struct SimulationOver;

pub(crate) struct Sim {
    number: u64,
    now: AtomicU64,
    signals: AtomicU64,
    over: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    sequence: u64,
    parties: BTreeMap<u64, Party>,
    /// (due, sequence number) -> party.
    agenda: BTreeMap<(u64, u64), u64>,
    next_party: u64,
    deadlock: Option<Arc<str>>,
}

struct Party {
    name: Arc<str>,
    thread: Thread,
    baton: Arc<AtomicBool>,
    wait: Option<Wait>,
}

struct Wait {
    signal: u64,
    since: u64,
    due: Option<(u64, u64)>,
    label: Label,
}

impl Sim {
    pub(crate) fn start() -> Arc<Sim> {
        processor::keep();
        let sim = Arc::new(Sim {
            number: SIMULATIONS.fetch_add(1, Ordering::Relaxed),
            now: AtomicU64::new(0),
            signals: AtomicU64::new(SLEEP + 1),
            over: AtomicBool::new(false),
            state: Mutex::default(),
        });
        let party = sim
            .lock()
            .admit("main".into(), thread::current(), Arc::default());
        sim.enrol(party, true);
        sim
    }

    pub(crate) fn now(&self) -> Time {
        Time(self.now.load(Ordering::Acquire))
    }

    pub(crate) fn new_signal(&self) -> u64 {
        self.signals.fetch_add(1, Ordering::Relaxed)
    }

    /// Notes that the calling thread is `party`.
    pub(crate) fn enrol(self: &Arc<Sim>, party: u64, first: bool) {
        let membership = Membership {
            sim: Arc::downgrade(self),
            number: self.number,
            party,
            first,
        };
        MEMBERSHIPS.with_borrow_mut(|all| {
            all.retain(|m| m.sim.strong_count() > 0);
            all.push(membership);
        });
    }

    /// Registers the thread of a new party; it is due now and runs once it holds `baton`.
    pub(crate) fn admit(&self, name: &str, thread: Thread, baton: Arc<AtomicBool>) -> u64 {
        let mut state = self.lock();
        let party = state.admit(name.into(), thread, baton);
        let due = (self.now().0, state.tick());
        state.agenda.insert(due, party);
        if let Some(p) = state.parties.get_mut(&party) {
            p.wait = Some(Wait {
                signal: SLEEP,
                since: due.1,
                due: Some(due),
                label: Label::Sleep,
            });
        }
        if self.over.load(Ordering::Acquire) {
            state.wake_all();
        }
        party
    }

    /// The party that the calling thread is.
    pub(crate) fn me(&self) -> u64 {
        let party = MEMBERSHIPS.with_borrow(|all| {
            all.iter()
                .find(|m| m.number == self.number)
                .map(|m| m.party)
        });
        party.unwrap_or_else(|| {
            let thread = thread::current();
            panic!(
                "thread `{}` is not a party of this simulated clock and cannot wait on it: \
                 start it with Clock::spawn, or make the clock on this thread",
                thread.name().unwrap_or("unnamed")
            )
        })
    }

    /// Hands the baton on and waits for it: until `signal` is notified or `deadline` is now.
    /// `release` runs once the wait is registered, so no notification is lost.
    pub(crate) fn wait(
        &self,
        signal: u64,
        label: &Label,
        deadline: Option<Time>,
        release: impl FnOnce(),
    ) -> Result<(), SimulationOver> {
        let me = self.me();
        let mut state = self.lock();
        if self.over.load(Ordering::Acquire) {
            drop(state);
            release();
            return self.give_up();
        }
        let since = state.tick();
        let due = deadline.map(|t| (t.max(self.now()).0, since));
        if let Some(due) = due {
            if state
                .agenda
                .first_key_value()
                .is_none_or(|(&first, _)| due < first)
            {
                self.now.store(due.0, Ordering::Release); // the baton would come straight back
                drop(state);
                release();
                return Ok(());
            }
            state.agenda.insert(due, me);
        }
        let Some(party) = state.parties.get_mut(&me) else {
            return Err(SimulationOver);
        };
        party.wait = Some(Wait {
            signal,
            since,
            due,
            label: label.clone(),
        });
        let baton = party.baton.clone();
        release();
        if self.hand_on(state) != Some(me) {
            take(&baton);
        }
        if self.over.load(Ordering::Acquire) {
            self.give_up()
        } else {
            Ok(())
        }
    }

    /// Puts everyone who waits for `signal` on the agenda for now, in the order they waited.
    pub(crate) fn notify(&self, signal: u64) {
        let mut state = self.lock();
        let mut waiting: Vec<(u64, u64)> = state
            .parties
            .iter()
            .filter_map(|(&id, p)| {
                p.wait
                    .as_ref()
                    .filter(|w| w.signal == signal)
                    .map(|w| (w.since, id))
            })
            .collect();
        waiting.sort_unstable();
        for (_, id) in waiting {
            let due = (self.now().0, state.tick());
            let State {
                parties, agenda, ..
            } = &mut *state;
            let Some(wait) = parties.get_mut(&id).and_then(|p| p.wait.as_mut()) else {
                continue;
            };
            if let Some(old) = wait.due.replace(due) {
                agenda.remove(&old);
            }
            wait.signal = SLEEP;
            agenda.insert(due, id);
        }
    }

    /// The calling party has ended; the baton goes on.
    pub(crate) fn retire(&self, party: u64) {
        MEMBERSHIPS.with_borrow_mut(|all| all.retain(|m| m.number != self.number));
        let mut state = self.lock();
        state.parties.remove(&party);
        if !state.parties.is_empty() && !self.over.load(Ordering::Acquire) {
            self.hand_on(state);
        }
    }

    /// Ends the simulation; whoever waits is unwound.
    pub(crate) fn end(&self) {
        let state = self.lock();
        self.over.store(true, Ordering::Release);
        state.wake_all();
        processor::release();
    }

    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    /// Gives the baton to whoever is due first, time advancing to it; nobody due is a deadlock.
    fn hand_on(&self, mut state: MutexGuard<'_, State>) -> Option<u64> {
        let Some(((due, _), next)) = state.agenda.pop_first() else {
            state.deadlock = Some(state.describe_deadlock(self.now()).into());
            self.over.store(true, Ordering::Release);
            state.wake_all();
            return None;
        };
        self.now.store(due, Ordering::Release);
        let party = state.parties.get_mut(&next)?;
        party.wait = None;
        if party.thread.id() != thread::current().id() {
            let (thread, baton) = (party.thread.clone(), party.baton.clone());
            drop(state);
            give(&baton, &thread);
        }
        Some(next)
    }

    /// Unwinds the calling party, or says so if it is unwinding already.
    fn give_up(&self) -> Result<(), SimulationOver> {
        if thread::panicking() {
            return Err(SimulationOver);
        }
        let deadlock = self.lock().deadlock.clone();
        match deadlock {
            Some(message) => panic!("{message}"),
            None => resume_unwind(Box::new(SimulationOver)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        relock(&self.state)
    }
}

impl State {
    fn tick(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    fn admit(&mut self, name: Arc<str>, thread: Thread, baton: Arc<AtomicBool>) -> u64 {
        self.next_party += 1;
        self.parties.insert(
            self.next_party,
            Party {
                name,
                thread,
                baton,
                wait: None,
            },
        );
        self.next_party
    }

    fn wake_all(&self) {
        for party in self.parties.values().filter(|p| p.wait.is_some()) {
            give(&party.baton, &party.thread);
        }
    }

    fn describe_deadlock(&self, now: Time) -> String {
        let who = self.parties.values().map(|p| match &p.wait {
            Some(wait) => format!("`{}` {}", p.name, wait.label),
            None => format!("`{}` runs", p.name),
        });
        let who = who.collect::<Vec<_>>().join("; ");
        format!("deadlock at {now} of simulated time: every party waits and nothing is due: {who}")
    }
}

fn give(baton: &AtomicBool, thread: &Thread) {
    baton.store(true, Ordering::Release);
    thread.unpark();
}

/// Waits for the baton.
pub(crate) fn take(baton: &AtomicBool) {
    while !baton.swap(false, Ordering::AcqRel) {
        thread::park();
    }
}
