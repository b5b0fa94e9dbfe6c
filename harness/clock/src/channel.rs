//! A bounded channel: many senders, one receiver.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex};

use crate::signal::{Signal, relock};
use crate::sim::Label;
use crate::{Clock, Time};

/// The sending end. Clones send into the same channel; the last one to go closes it.
pub struct Sender<T>(Arc<Shared<T>>);

/// The receiving end. When it goes, senders get their values back.
pub struct Receiver<T>(Arc<Shared<T>>);

/// The receiver is gone; here is the value again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Closed<T>(pub T);

/// Why a value could not be sent at once.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum TrySend<T> {
    /// The channel is full.
    Full(T),
    /// The receiver is gone.
    Closed(T),
}

/// What came out of a channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Recv<T> {
    /// The oldest value.
    Item(T),
    /// Nothing until the deadline.
    TimedOut,
    /// Nothing left and every sender gone.
    Closed,
}

struct Shared<T> {
    state: Mutex<State<T>>,
    readable: Signal,
    writable: Signal,
    capacity: usize,
}

struct State<T> {
    queue: VecDeque<T>,
    senders: usize,
    receiver: bool,
}

pub(crate) fn channel<T>(clock: &Clock, capacity: usize) -> (Sender<T>, Receiver<T>) {
    let mut number = 0;
    let readable = clock.signal(|id| {
        number = id;
        Label::Receive(id)
    });
    let shared = Arc::new(Shared {
        state: Mutex::new(State {
            queue: VecDeque::new(),
            senders: 1,
            receiver: true,
        }),
        readable,
        writable: clock.signal(|_| Label::Send(number)),
        capacity: capacity.max(1),
    });
    (Sender(shared.clone()), Receiver(shared))
}

impl<T> Sender<T> {
    /// Sends, waiting on the clock while the channel is full.
    ///
    /// # Errors
    /// [`Closed`] when the receiver is gone.
    ///
    /// # Panics
    /// On a simulated clock, if it must wait: when the caller is not a party, or on a deadlock.
    pub fn send(&self, value: T) -> Result<(), Closed<T>> {
        let Shared {
            state: mutex,
            readable,
            writable,
            capacity,
        } = &*self.0;
        let mut state = relock(mutex);
        while state.receiver && state.queue.len() >= *capacity {
            match writable.wait(mutex, state, None) {
                Some(again) => state = again,
                None => return Err(Closed(value)),
            }
        }
        if !state.receiver {
            return Err(Closed(value));
        }
        state.queue.push_back(value);
        drop(state);
        readable.notify_all();
        Ok(())
    }

    /// Sends if there is room. Never waits; any thread may call it.
    ///
    /// # Errors
    /// [`TrySend`] with the value, when the channel is full or closed.
    pub fn try_send(&self, value: T) -> Result<(), TrySend<T>> {
        let mut state = relock(&self.0.state);
        if !state.receiver {
            return Err(TrySend::Closed(value));
        }
        if state.queue.len() >= self.0.capacity {
            return Err(TrySend::Full(value));
        }
        state.queue.push_back(value);
        drop(state);
        self.0.readable.notify_all();
        Ok(())
    }
}

impl<T> Receiver<T> {
    /// The oldest value, waiting for it until `deadline`, or for ever.
    ///
    /// # Panics
    /// On a simulated clock, if it must wait: when the caller is not a party, or on a deadlock.
    pub fn recv_until(&self, deadline: Option<Time>) -> Recv<T> {
        let Shared {
            state: mutex,
            readable,
            writable,
            ..
        } = &*self.0;
        let mut state = relock(mutex);
        let mut waited = false;
        loop {
            if let Some(value) = state.queue.pop_front() {
                drop(state);
                writable.notify_all();
                return Recv::Item(value);
            }
            if state.senders == 0 {
                return Recv::Closed;
            }
            // At least one wait, so that a loop of past deadlines cannot keep a simulation to itself.
            if waited && deadline.is_some_and(|t| readable.now() >= t) {
                return Recv::TimedOut;
            }
            match readable.wait(mutex, state, deadline) {
                Some(again) => state = again,
                None => return Recv::Closed,
            }
            waited = true;
        }
    }

    /// The oldest value if there is one. Never waits; any thread may call it.
    pub fn try_recv(&self) -> Recv<T> {
        let mut state = relock(&self.0.state);
        match state.queue.pop_front() {
            Some(value) => {
                drop(state);
                self.0.writable.notify_all();
                Recv::Item(value)
            }
            None if state.senders == 0 => Recv::Closed,
            None => Recv::TimedOut,
        }
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Sender<T> {
        relock(&self.0.state).senders += 1;
        Sender(self.0.clone())
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let mut state = relock(&self.0.state);
        state.senders -= 1;
        if state.senders == 0 {
            drop(state);
            self.0.readable.notify_all();
        }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        let mut state = relock(&self.0.state);
        state.receiver = false;
        let left = std::mem::take(&mut state.queue);
        drop(state);
        drop(left);
        self.0.writable.notify_all();
    }
}

impl<T> fmt::Debug for Closed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Closed")
    }
}

impl<T> fmt::Debug for TrySend<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TrySend::Full(_) => "Full",
            TrySend::Closed(_) => "Closed",
        })
    }
}
