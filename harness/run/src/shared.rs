//! What the threads of a run share: the sink that takes samples, the ear for news, the inbox that
//! wakes the executor.

use crate::board::Board;
use crate::control::relock;
use crate::halt::Halter;
use crate::listener::Listeners;
use crate::watch::Watches;
use certbench_clock::{Clock, Sender};
use certbench_model::{FaultKind, Sample};
use certbench_roles::{Lease, News, NewsSink, SampleSink, Trouble};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Weak};

/// Most news kept until the executor looks.
const NEWS_MAX: usize = 256;

/// What comes to the executor's inbox.
pub(crate) enum Word {
    /// A sample of the channel that it follows.
    Sample(Sample),
    /// Look around: a trip, news, a stop, an answer.
    Wake,
}

/// What comes to the guard.
pub(crate) enum Alarm {
    /// Something tripped on a reading thread, or a stop was asked for: outputs to their safe state.
    Tripped,
    /// The run is over.
    Over,
}

/// The way to the guard, with what it has not dealt with yet.
pub(crate) struct Bell {
    sender: Sender<Alarm>,
    open: AtomicU32,
}

impl Bell {
    pub(crate) fn new(sender: Sender<Alarm>) -> Bell {
        Bell {
            sender,
            open: AtomicU32::new(0),
        }
    }

    /// Has the guard set all outputs to their safe state. Never waits.
    pub(crate) fn ring(&self) {
        self.begin();
        if self.sender.try_send(Alarm::Tripped).is_err() {
            self.done();
        }
    }

    /// Ends the guard.
    pub(crate) fn over(&self) {
        let _ = self.sender.send(Alarm::Over);
    }

    /// Ends the guard, without waiting for room.
    pub(crate) fn over_if_room(&self) {
        let _ = self.sender.try_send(Alarm::Over);
    }

    /// The guard is at something that may end in switching outputs.
    pub(crate) fn begin(&self) {
        self.open.fetch_add(1, Ordering::AcqRel);
    }

    /// It is through with it.
    pub(crate) fn done(&self) {
        self.open.fetch_sub(1, Ordering::AcqRel);
    }

    /// Whether no output will be switched by the guard for what has happened so far.
    pub(crate) fn is_quiet(&self) -> bool {
        self.open.load(Ordering::Acquire) == 0
    }
}

pub(crate) struct Shared {
    pub(crate) clock: Clock,
    pub(crate) board: Arc<Board>,
    pub(crate) watches: Watches,
    pub(crate) halter: Arc<Halter>,
    pub(crate) listeners: Listeners,
    pub(crate) lease: Lease,
    pub(crate) inbox: Sender<Word>,
    pub(crate) bell: Arc<Bell>,
    news: Mutex<VecDeque<News>>,
    /// Channel that the executor follows, plus one; 0 for none.
    followed: AtomicU32,
    /// A followed sample found no room.
    overflowed: AtomicBool,
    closed: AtomicBool,
}

impl Shared {
    pub(crate) fn new(
        clock: Clock,
        channels: usize,
        watches: Watches,
        halter: Halter,
        listeners: Listeners,
        inbox: Sender<Word>,
        alarm: Sender<Alarm>,
    ) -> Shared {
        Shared {
            clock,
            board: Arc::new(Board::new(channels)),
            watches,
            halter: Arc::new(halter),
            listeners,
            lease: Lease::new(),
            inbox,
            bell: Arc::new(Bell::new(alarm)),
            news: Mutex::new(VecDeque::new()),
            followed: AtomicU32::new(0),
            overflowed: AtomicBool::new(false),
            closed: AtomicBool::new(false),
        }
    }

    pub(crate) fn now_ns(&self) -> u64 {
        self.clock.now().as_nanos()
    }

    /// On the reading thread: watches first, and the halt from here if one trips.
    fn sample(&self, sample: &Sample) {
        if self.closed.load(Ordering::Acquire) {
            return;
        }
        let now_ns = self.now_ns();
        self.board.note(sample, now_ns);
        if self.watches.look(sample, now_ns) {
            self.halter.send();
            self.bell.ring();
            self.wake();
        }
        if self.followed.load(Ordering::Acquire) == u32::from(sample.channel) + 1
            && self.inbox.try_send(Word::Sample(*sample)).is_err()
        {
            self.overflowed.store(true, Ordering::Release);
        }
        self.listeners.sample(sample);
    }

    fn tell_news(&self, news: News) {
        let mut all = relock(&self.news);
        if all.len() < NEWS_MAX {
            all.push_back(news);
        }
        drop(all);
        self.wake();
    }

    pub(crate) fn next_news(&self) -> Option<News> {
        relock(&self.news).pop_front()
    }

    /// What the link of a device has reported about itself and the executor has not heard yet.
    pub(crate) fn link_error(&self, device: &str) -> Option<String> {
        relock(&self.news)
            .iter()
            .find_map(|news| match &news.trouble {
                Trouble::Fault(FaultKind::Link, text) if news.device == device => {
                    Some(text.clone())
                }
                _ => None,
            })
    }

    pub(crate) fn wake(&self) {
        // A full inbox wakes as well.
        let _ = self.inbox.try_send(Word::Wake);
    }

    /// Samples of this channel come to the inbox from now on.
    pub(crate) fn follow(&self, channel: Option<u16>) {
        self.overflowed.store(false, Ordering::Release);
        let code = channel.map_or(0, |c| u32::from(c) + 1);
        self.followed.store(code, Ordering::Release);
    }

    pub(crate) fn overflowed(&self) -> bool {
        self.overflowed.load(Ordering::Acquire)
    }

    /// No sample is taken any more.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }
}

/// The sink for the devices. It does not keep the run alive: a device may keep its sink.
pub(crate) fn sample_sink(shared: &Arc<Shared>) -> SampleSink {
    let shared: Weak<Shared> = Arc::downgrade(shared);
    Arc::new(move |sample| {
        if let Some(shared) = shared.upgrade() {
            shared.sample(sample);
        }
    })
}

/// The ear for what devices tell unasked.
pub(crate) fn news_sink(shared: &Arc<Shared>) -> NewsSink {
    let shared: Weak<Shared> = Arc::downgrade(shared);
    Arc::new(move |news| {
        if let Some(shared) = shared.upgrade() {
            shared.tell_news(news);
        }
    })
}
