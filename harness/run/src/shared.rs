//! What the threads of a run share: the sink that takes samples, the ear for news, the inbox that
//! wakes the executor.

use crate::board::Board;
use crate::control::relock;
use crate::halt::Halter;
use crate::listener::Listeners;
use crate::watch::Watches;
use certbench_clock::{Clock, Sender};
use certbench_model::{FaultKind, Reading, Sample};
use certbench_roles::{Lease, News, NewsSink, SampleSink, Trouble};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
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
    /// How many of the executor's waits, branches and windows follow each channel.
    followed: Box<[AtomicU32]>,
    thinning: Thinning,
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
            followed: (0..channels).map(|_| AtomicU32::new(0)).collect(),
            thinning: Thinning::new(channels),
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
        let tripped = self.watches.look(sample, now_ns);
        if tripped {
            self.halter.send();
            self.bell.ring();
            self.wake();
        }
        let followed = self.followed.get(usize::from(sample.channel));
        if followed.is_some_and(|f| f.load(Ordering::Acquire) > 0)
            && self.inbox.try_send(Word::Sample(*sample)).is_err()
        {
            self.overflowed.store(true, Ordering::Release);
        }
        if tripped || self.thinning.keeps(sample) {
            self.listeners.sample(sample);
        }
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

    /// Samples of this channel come to the inbox from now on, until as many calls of [`unfollow`]
    /// have been made as of this.
    ///
    /// [`unfollow`]: Shared::unfollow
    pub(crate) fn follow(&self, channel: u16) {
        if let Some(followed) = self.followed.get(usize::from(channel)) {
            followed.fetch_add(1, Ordering::AcqRel);
        }
    }

    pub(crate) fn unfollow(&self, channel: u16) {
        if let Some(followed) = self.followed.get(usize::from(channel)) {
            followed.fetch_sub(1, Ordering::AcqRel);
        }
    }

    /// Nothing is followed any more: the flow was cut.
    pub(crate) fn unfollow_all(&self) {
        for followed in &self.followed {
            followed.store(0, Ordering::Release);
        }
        self.overflowed.store(false, Ordering::Release);
    }

    /// How samples outside of windows are recorded from now on.
    pub(crate) fn thin(&self, every_s: Option<f64>) {
        let ns = every_s.map_or(0, |s| (s * 1e9) as u64);
        self.thinning.every_ns.store(ns, Ordering::Release);
    }

    /// A window opened (true) or closed: while one is open every sample is recorded.
    pub(crate) fn in_window(&self, opened: bool) {
        let windows = &self.thinning.windows;
        if opened {
            windows.fetch_add(1, Ordering::AcqRel);
        } else {
            windows.fetch_sub(1, Ordering::AcqRel);
        }
    }

    /// Samples that were not recorded since the run began.
    pub(crate) fn left_out(&self) -> u64 {
        self.thinning.left_out.load(Ordering::Acquire)
    }

    pub(crate) fn overflowed(&self) -> bool {
        self.overflowed.load(Ordering::Acquire)
    }

    /// No sample is taken any more.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }
}

/// Which samples are recorded where the plan thins them: all inside of windows, all that are no
/// number or tripped a watch, and else one a channel in a time.
struct Thinning {
    /// 0: every sample.
    every_ns: AtomicU64,
    windows: AtomicU32,
    /// Time of the last one that was recorded, a channel.
    last_ns: Box<[AtomicU64]>,
    left_out: AtomicU64,
}

impl Thinning {
    fn new(channels: usize) -> Thinning {
        Thinning {
            every_ns: AtomicU64::new(0),
            windows: AtomicU32::new(0),
            last_ns: (0..channels).map(|_| AtomicU64::new(0)).collect(),
            left_out: AtomicU64::new(0),
        }
    }

    fn keeps(&self, sample: &Sample) -> bool {
        let every = self.every_ns.load(Ordering::Acquire);
        let Some(last) = self.last_ns.get(usize::from(sample.channel)) else {
            return true;
        };
        let due = last.load(Ordering::Relaxed).saturating_add(every);
        let number = matches!(sample.reading, Reading::Values { .. });
        if every > 0 && number && sample.time_ns < due && self.windows.load(Ordering::Acquire) == 0
        {
            self.left_out.fetch_add(1, Ordering::Relaxed);
            return false;
        }
        last.store(sample.time_ns, Ordering::Relaxed);
        true
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
