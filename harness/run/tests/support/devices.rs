//! The fakes. Each is physics of one line and switches for what may go wrong.

use super::ms;
use certbench_clock::{Clock, Task};
use certbench_model::{FaultKind, Identity, Invalid, LinkFacts, Reading, Sample};
use certbench_roles::{
    Device, Grasp, GraspMove, Halt, JointMove, Joints, Lease, News, NewsSink, Outputs, Power,
    Progress, SampleSink, Trouble, Wiring, Zero,
};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

fn link(kind: &str, may_be_physical: bool) -> LinkFacts {
    LinkFacts {
        kind: kind.to_string(),
        port: "test".to_string(),
        settings: String::new(),
        may_be_physical,
    }
}

fn cable() -> Trouble {
    Trouble::Fault(FaultKind::Link, "no bytes; is the cable in?".to_string())
}

/// What every fake has: a sampling thread, news, switches.
pub(crate) struct Body {
    id: &'static str,
    clock: Clock,
    running: Arc<AtomicBool>,
    samplers: Mutex<Vec<Task<()>>>,
    news: Mutex<Option<NewsSink>>,
    pub(crate) lease: Mutex<Option<Lease>>,
    /// Says nothing any more: no samples, no answers.
    pub(crate) dead: AtomicBool,
    /// Only the samples stop.
    pub(crate) silent: AtomicBool,
    pub(crate) identity: Mutex<Identity>,
    pub(crate) may_be_physical: AtomicBool,
    /// Time between samples.
    pub(crate) every_ms: AtomicU64,
    pub(crate) starts: AtomicU64,
    pub(crate) closes: AtomicU64,
}

impl Body {
    fn new(id: &'static str, clock: &Clock) -> Body {
        Body {
            id,
            clock: clock.clone(),
            running: Arc::default(),
            samplers: Mutex::default(),
            news: Mutex::default(),
            lease: Mutex::default(),
            dead: AtomicBool::new(false),
            silent: AtomicBool::new(false),
            identity: Mutex::default(),
            may_be_physical: AtomicBool::new(false),
            every_ms: AtomicU64::new(10),
            starts: AtomicU64::new(0),
            closes: AtomicU64::new(0),
        }
    }

    fn link(&self) -> LinkFacts {
        let physical = self.may_be_physical.load(Ordering::SeqCst);
        link(if physical { "serial" } else { "in-process" }, physical)
    }

    fn identify(&self) -> Result<Identity, Trouble> {
        self.answers()?;
        Ok(self.identity.lock().unwrap().clone())
    }

    fn answers(&self) -> Result<(), Trouble> {
        if self.dead.load(Ordering::SeqCst) {
            return Err(cable());
        }
        Ok(())
    }

    /// Something that the device tells unasked.
    pub(crate) fn tell(&self, trouble: Trouble) {
        let news = self.news.lock().unwrap().clone();
        if let Some(news) = news {
            news(News {
                time_ns: self.clock.now().as_nanos(),
                device: self.id.to_string(),
                trouble,
            });
        }
    }

    pub(crate) fn event(&self, code: &str) {
        self.tell(Trouble::Event {
            code: code.to_string(),
            text: "as the device says".to_string(),
        });
    }

    fn close(&self) {
        self.closes.fetch_add(1, Ordering::SeqCst);
        self.running.store(false, Ordering::SeqCst);
        for task in std::mem::take(&mut *self.samplers.lock().unwrap()) {
            task.join().unwrap();
        }
        *self.news.lock().unwrap() = None;
    }
}

/// Starts sampling `signal`.
fn sample<T: Send + Sync + 'static>(
    device: &Arc<T>,
    body: fn(&T) -> &Body,
    signal: &'static str,
    wiring: &Wiring,
    sink: SampleSink,
    read: impl Fn(&T) -> Reading + Send + 'static,
) {
    let own = body(device);
    own.running.store(true, Ordering::SeqCst);
    let Some(channel) = wiring.channel(signal) else {
        return;
    };
    let (clock, running, device) = (own.clock.clone(), own.running.clone(), device.clone());
    let task = own.clock.spawn(own.id, move || {
        let mut due = clock.now();
        while running.load(Ordering::SeqCst) {
            let body = body(&device);
            let mute = body.dead.load(Ordering::SeqCst) || body.silent.load(Ordering::SeqCst);
            if !mute {
                sink(&Sample {
                    channel,
                    time_ns: clock.now().as_nanos(),
                    reading: read(&device),
                });
            }
            due += ms(body.every_ms.load(Ordering::SeqCst));
            clock.sleep_until(due);
        }
    });
    own.samplers.lock().unwrap().push(task);
}

/// A one-joint arm that moves at its commanded speed, with power, watchdog and quick stop.
pub(crate) struct Arm {
    me: std::sync::Weak<Arm>,
    pub(crate) body: Body,
    motion: Mutex<ArmMotion>,
    pub(crate) halts: AtomicU64,
    pub(crate) begins: AtomicU64,
    pub(crate) enabled: AtomicBool,
    /// The quick stop is refused.
    pub(crate) refuses_halt: AtomicBool,
    /// It creeps on after a halt.
    pub(crate) creeps: AtomicBool,
    /// It goes on with its motion after a recovery.
    pub(crate) restarts: AtomicBool,
    /// It never gets there.
    pub(crate) stuck: AtomicBool,
    pub(crate) heartbeat_withheld: AtomicBool,
    pub(crate) refuses_moves: AtomicBool,
    pub(crate) tells_of_heartbeat: AtomicBool,
    /// It has no watchdog.
    pub(crate) ignores_lease: AtomicBool,
    /// A command that is crossed by a halt is refused.
    pub(crate) notices_halts: AtomicBool,
    /// What is called at each begin.
    pub(crate) on_begin: Mutex<Option<Box<dyn Fn() + Send>>>,
}

#[derive(Clone, Copy, Default)]
struct ArmMotion {
    from_deg: f64,
    to_deg: f64,
    deg_per_s: f64,
    since_ns: u64,
}

impl ArmMotion {
    fn at(&self, now_ns: u64) -> f64 {
        let gone = self.deg_per_s * (now_ns - self.since_ns) as f64 * 1e-9;
        let way = self.to_deg - self.from_deg;
        self.from_deg + way.signum() * gone.min(way.abs())
    }
}

impl Arm {
    pub(crate) fn new(clock: &Clock) -> Arc<Arm> {
        Arc::new_cyclic(|me| Arm {
            me: me.clone(),
            body: Body::new("arm", clock),
            motion: Mutex::default(),
            halts: AtomicU64::new(0),
            begins: AtomicU64::new(0),
            enabled: AtomicBool::new(false),
            refuses_halt: AtomicBool::new(false),
            creeps: AtomicBool::new(false),
            restarts: AtomicBool::new(false),
            stuck: AtomicBool::new(false),
            heartbeat_withheld: AtomicBool::new(false),
            refuses_moves: AtomicBool::new(false),
            tells_of_heartbeat: AtomicBool::new(false),
            ignores_lease: AtomicBool::new(false),
            notices_halts: AtomicBool::new(false),
            on_begin: Mutex::new(None),
        })
    }

    pub(crate) fn deg(&self) -> f64 {
        self.motion
            .lock()
            .unwrap()
            .at(self.body.clock.now().as_nanos())
    }

    pub(crate) fn moving(&self) -> bool {
        let motion = *self.motion.lock().unwrap();
        motion.at(self.body.clock.now().as_nanos()) != motion.to_deg
    }

    fn go(&self, to_deg: f64, deg_per_s: f64) {
        let now_ns = self.body.clock.now().as_nanos();
        let mut motion = self.motion.lock().unwrap();
        let from_deg = motion.at(now_ns);
        *motion = ArmMotion {
            from_deg,
            to_deg,
            deg_per_s,
            since_ns: now_ns,
        };
    }

    /// Stands where it is.
    pub(crate) fn stand(&self) {
        let here = self.deg();
        self.go(here, 1.0);
    }
}

impl Device for Arm {
    fn id(&self) -> &str {
        "arm"
    }
    fn link(&self) -> LinkFacts {
        self.body.link()
    }
    fn identify(&self) -> Result<Identity, Trouble> {
        self.body.identify()
    }
    fn start(
        &self,
        wiring: Wiring,
        samples: SampleSink,
        news: NewsSink,
        lease: Lease,
    ) -> Result<(), Trouble> {
        self.body.answers()?;
        self.body.starts.fetch_add(1, Ordering::SeqCst);
        *self.body.news.lock().unwrap() = Some(news);
        *self.body.lease.lock().unwrap() = Some(lease);
        let me = self.me.upgrade().unwrap();
        sample(
            &me,
            |a| &a.body,
            "angle",
            &wiring,
            samples,
            |a| {
                // Its watchdog: heartbeat gone, it stops by itself.
                let lease = a.body.lease.lock().unwrap().clone().unwrap();
                let fed = (lease.holds(a.body.clock.now().as_nanos())
                    || a.ignores_lease.load(Ordering::SeqCst))
                    && !a.heartbeat_withheld.load(Ordering::SeqCst);
                if !fed && a.moving() {
                    a.stand();
                    if a.tells_of_heartbeat.load(Ordering::SeqCst) {
                        a.body.event("emcy-0x8130");
                    }
                }
                Reading::scalar(a.deg())
            },
        );
        Ok(())
    }
    fn close(&self) {
        self.body.close();
    }
    fn halt(&self) -> Option<Arc<dyn Halt>> {
        self.me.upgrade().map(|a| a as Arc<dyn Halt>)
    }
    fn power(&self) -> Option<&dyn Power> {
        Some(self)
    }
    fn joints(&self) -> Option<&dyn Joints> {
        Some(self)
    }
}

impl Halt for Arm {
    fn device(&self) -> &str {
        "arm"
    }
    fn halt(&self) -> Result<(), Trouble> {
        self.halts.fetch_add(1, Ordering::SeqCst);
        self.body.answers()?;
        if self.refuses_halt.load(Ordering::SeqCst) {
            return Err(Trouble::Refused("not in this state".to_string()));
        }
        if !self.creeps.load(Ordering::SeqCst) {
            self.stand();
        }
        Ok(())
    }
    fn confirmed(&self) -> Result<Option<bool>, Trouble> {
        self.body.answers()?;
        Ok(Some(!self.moving()))
    }
}

impl Power for Arm {
    fn enable(&self) -> Result<(), Trouble> {
        self.body.answers()?;
        self.enabled.store(true, Ordering::SeqCst);
        Ok(())
    }
    fn disable(&self) -> Result<(), Trouble> {
        self.enabled.store(false, Ordering::SeqCst);
        Ok(())
    }
    fn recover(&self) -> Result<(), Trouble> {
        self.body.answers()?;
        if self.restarts.load(Ordering::SeqCst) {
            self.go(90.0, 30.0);
        }
        Ok(())
    }
}

impl Joints for Arm {
    fn names(&self) -> Vec<String> {
        vec!["j1".to_string()]
    }
    fn accept(&self, motion: &JointMove) -> Result<(), Trouble> {
        self.body.answers()?;
        if self.refuses_moves.load(Ordering::SeqCst) {
            let why = format!("read-back limit: {:?}", motion.targets_deg);
            return Err(Trouble::Refused(why));
        }
        Ok(())
    }
    fn begin(&self, motion: &JointMove) -> Result<(), Trouble> {
        self.body.answers()?;
        assert!(self.enabled.load(Ordering::SeqCst), "moved without power");
        let halts = self.halts.load(Ordering::SeqCst);
        if let Some(call) = &*self.on_begin.lock().unwrap() {
            call();
        }
        let crossed = self.halts.load(Ordering::SeqCst) != halts;
        if crossed && self.notices_halts.load(Ordering::SeqCst) {
            return Err(Trouble::Refused("halted meanwhile".to_string()));
        }
        self.begins.fetch_add(1, Ordering::SeqCst);
        self.go(motion.targets_deg[0].1, motion.deg_per_s);
        Ok(())
    }
    fn progress(&self) -> Result<Progress, Trouble> {
        self.body.answers()?;
        if self.stuck.load(Ordering::SeqCst) || self.moving() {
            return Ok(Progress::Moving);
        }
        Ok(Progress::Settled)
    }
    fn positions_deg(&self) -> Result<Vec<f64>, Trouble> {
        self.body.answers()?;
        Ok(vec![self.deg()])
    }
    fn withhold_heartbeat(&self, withhold: bool) -> Result<(), Trouble> {
        self.heartbeat_withheld.store(withhold, Ordering::SeqCst);
        Ok(())
    }
}

/// A hand of two fingers that takes half a second to close, and holds what is there.
pub(crate) struct Hand {
    me: std::sync::Weak<Hand>,
    pub(crate) body: Body,
    until_ns: AtomicU64,
    pub(crate) last: Mutex<Option<GraspMove>>,
    pub(crate) halts: AtomicU64,
    pub(crate) temperature: Mutex<f64>,
    pub(crate) invalid: AtomicBool,
}

impl Hand {
    pub(crate) fn new(clock: &Clock) -> Arc<Hand> {
        Arc::new_cyclic(|me| Hand {
            me: me.clone(),
            body: Body::new("hand", clock),
            until_ns: AtomicU64::new(0),
            last: Mutex::default(),
            halts: AtomicU64::new(0),
            temperature: Mutex::new(30.0),
            invalid: AtomicBool::new(false),
        })
    }

    pub(crate) fn moving(&self) -> bool {
        self.body.clock.now().as_nanos() < self.until_ns.load(Ordering::SeqCst)
    }
}

impl Device for Hand {
    fn id(&self) -> &str {
        "hand"
    }
    fn link(&self) -> LinkFacts {
        self.body.link()
    }
    fn learns_every(&self) -> Duration {
        // A hand that is asked for samples seldom knows seldom how far it is.
        ms(self.body.every_ms.load(Ordering::SeqCst) / 4)
    }
    fn identify(&self) -> Result<Identity, Trouble> {
        self.body.identify()
    }
    fn start(
        &self,
        wiring: Wiring,
        samples: SampleSink,
        news: NewsSink,
        _: Lease,
    ) -> Result<(), Trouble> {
        self.body.answers()?;
        self.body.starts.fetch_add(1, Ordering::SeqCst);
        *self.body.news.lock().unwrap() = Some(news);
        let me = self.me.upgrade().unwrap();
        sample(
            &me,
            |h| &h.body,
            "temperature",
            &wiring,
            samples,
            |h| {
                if h.invalid.load(Ordering::SeqCst) {
                    return Reading::Invalid(Invalid::Unreadable);
                }
                Reading::scalar(*h.temperature.lock().unwrap())
            },
        );
        Ok(())
    }
    fn close(&self) {
        self.body.close();
    }
    fn halt(&self) -> Option<Arc<dyn Halt>> {
        self.me.upgrade().map(|h| h as Arc<dyn Halt>)
    }
    fn grasp(&self) -> Option<&dyn Grasp> {
        Some(self)
    }
}

impl Halt for Hand {
    fn device(&self) -> &str {
        "hand"
    }
    fn halt(&self) -> Result<(), Trouble> {
        self.halts.fetch_add(1, Ordering::SeqCst);
        self.body.answers()?;
        self.until_ns.store(0, Ordering::SeqCst);
        Ok(())
    }
    fn confirmed(&self) -> Result<Option<bool>, Trouble> {
        self.body.answers()?;
        Ok(Some(!self.moving()))
    }
}

impl Grasp for Hand {
    fn fingers(&self) -> Vec<String> {
        vec!["index".to_string(), "thumb".to_string()]
    }
    fn force_fraction(&self, newton: f64) -> Result<f64, Trouble> {
        if !(0.0..=20.0).contains(&newton) {
            return Err(Trouble::Refused("beyond the range of 20 N".to_string()));
        }
        Ok(newton / 20.0)
    }
    fn accept(&self, _: &GraspMove) -> Result<(), Trouble> {
        self.body.answers()
    }
    fn begin(&self, grasp: &GraspMove) -> Result<(), Trouble> {
        self.body.answers()?;
        *self.last.lock().unwrap() = Some(grasp.clone());
        let until = self.body.clock.now() + ms(500);
        self.until_ns.store(until.as_nanos(), Ordering::SeqCst);
        Ok(())
    }
    fn progress(&self) -> Result<Progress, Trouble> {
        self.body.answers()?;
        if self.moving() {
            Ok(Progress::Moving)
        } else {
            Ok(Progress::Stopped)
        }
    }
}

/// A force gauge: 1 N, with a ramp on demand.
pub(crate) struct Gauge {
    me: std::sync::Weak<Gauge>,
    pub(crate) body: Body,
    pub(crate) force: Mutex<Box<dyn Fn(u64) -> f64 + Send>>,
    pub(crate) over_range: AtomicBool,
    pub(crate) zeroed: AtomicU64,
}

impl Gauge {
    pub(crate) fn new(clock: &Clock) -> Arc<Gauge> {
        Arc::new_cyclic(|me| Gauge {
            me: me.clone(),
            body: Body::new("gauge", clock),
            force: Mutex::new(Box::new(|_| 1.0)),
            over_range: AtomicBool::new(false),
            zeroed: AtomicU64::new(0),
        })
    }
}

impl Device for Gauge {
    fn id(&self) -> &str {
        "gauge"
    }
    fn link(&self) -> LinkFacts {
        self.body.link()
    }
    fn identify(&self) -> Result<Identity, Trouble> {
        self.body.identify()
    }
    fn start(
        &self,
        wiring: Wiring,
        samples: SampleSink,
        news: NewsSink,
        _: Lease,
    ) -> Result<(), Trouble> {
        self.body.answers()?;
        self.body.starts.fetch_add(1, Ordering::SeqCst);
        *self.body.news.lock().unwrap() = Some(news);
        let me = self.me.upgrade().unwrap();
        sample(
            &me,
            |g| &g.body,
            "force",
            &wiring,
            samples,
            |g| {
                if g.over_range.load(Ordering::SeqCst) {
                    return Reading::Invalid(Invalid::OverRange);
                }
                let force = g.force.lock().unwrap();
                Reading::scalar(force(g.body.clock.now().as_nanos()))
            },
        );
        Ok(())
    }
    fn close(&self) {
        self.body.close();
    }
    fn zero(&self) -> Option<&dyn Zero> {
        Some(self)
    }
}

impl Zero for Gauge {
    fn zero(&self, _: &str) -> Result<(), Trouble> {
        self.body.answers()?;
        self.zeroed.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

/// Two outputs, and the contacts of a robot that does a program of its own when the second goes on.
pub(crate) struct Io {
    me: std::sync::Weak<Io>,
    pub(crate) body: Body,
    pub(crate) levels: Mutex<[bool; 2]>,
    pub(crate) robot: Mutex<Robot>,
}

/// A robot as its contacts show it.
pub(crate) struct Robot {
    /// How long its program takes.
    pub(crate) lasts: Duration,
    /// The start reaches it.
    pub(crate) hears: bool,
    /// What the contacts `busy` and `done` show whatever it does.
    pub(crate) stuck: [Option<bool>; 2],
    /// It says that it is done for so long after each end only; `None`: until the next start.
    pub(crate) pulses: Option<Duration>,
    started_ns: Option<u64>,
}

impl Robot {
    /// Before its first start it is at the end of some program.
    fn contacts(&self, now_ns: u64) -> [bool; 2] {
        let gone = self.started_ns.map(|at| now_ns.saturating_sub(at));
        let busy = gone.is_some_and(|gone| u128::from(gone) < self.lasts.as_nanos());
        let over = |pulse: Duration| {
            let until = self.lasts + pulse;
            gone.is_some_and(|gone| u128::from(gone) < until.as_nanos())
        };
        let done = !busy && self.pulses.is_none_or(over);
        let [busy_stuck, done_stuck] = self.stuck;
        [busy_stuck.unwrap_or(busy), done_stuck.unwrap_or(done)]
    }
}

impl Io {
    pub(crate) fn new(clock: &Clock) -> Arc<Io> {
        Arc::new_cyclic(|me| Io {
            me: me.clone(),
            body: Body::new("io", clock),
            levels: Mutex::new([false; 2]),
            robot: Mutex::new(Robot {
                lasts: ms(2000),
                hears: true,
                stuck: [None; 2],
                pulses: None,
                started_ns: None,
            }),
        })
    }

    fn contact(&self, which: usize) -> Reading {
        let now_ns = self.body.clock.now().as_nanos();
        let contacts = self.robot.lock().unwrap().contacts(now_ns);
        Reading::scalar(f64::from(u8::from(contacts[which])))
    }
}

impl Device for Io {
    fn id(&self) -> &str {
        "io"
    }
    fn link(&self) -> LinkFacts {
        self.body.link()
    }
    fn identify(&self) -> Result<Identity, Trouble> {
        self.body.identify()
    }
    fn start(
        &self,
        wiring: Wiring,
        samples: SampleSink,
        news: NewsSink,
        _: Lease,
    ) -> Result<(), Trouble> {
        self.body.answers()?;
        self.body.starts.fetch_add(1, Ordering::SeqCst);
        *self.body.news.lock().unwrap() = Some(news);
        let me = self.me.upgrade().unwrap();
        for (which, signal) in ["busy", "done"].into_iter().enumerate() {
            let read = move |io: &Io| io.contact(which);
            sample(&me, |io| &io.body, signal, &wiring, samples.clone(), read);
        }
        Ok(())
    }
    fn close(&self) {
        self.body.close();
    }
    fn outputs(&self) -> Option<&dyn Outputs> {
        Some(self)
    }
}

impl Outputs for Io {
    fn count(&self) -> u16 {
        2
    }
    fn switch(&self, number: u16, on: bool) -> Result<[u64; 2], Trouble> {
        self.body.answers()?;
        let before = self.body.clock.now().as_nanos();
        self.body.clock.sleep(ms(5));
        let now_ns = self.body.clock.now().as_nanos();
        let was = std::mem::replace(&mut self.levels.lock().unwrap()[usize::from(number)], on);
        let mut robot = self.robot.lock().unwrap();
        if number == 1 && on && !was && robot.hears {
            robot.started_ns = Some(now_ns);
        }
        Ok([before, now_ns])
    }
}
