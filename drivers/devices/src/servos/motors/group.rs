//! The motors of one bus as a chain: what they are told over and over, and what they show.
//!
//! A motor shows itself in the answer to a command, and its watchdog is fed by commands: so while they
//! are powered every sample is a command, the same goal again. What they are told is replaced by a halt
//! before the frames of the halt leave; a goal that overtook them is taken back.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use certbench_clock::{Clock, Time};
use certbench_link::{CanFrame, LinkError, LinkInfo, Stamp};
use certbench_model::FaultKind;
use certbench_roles::Trouble;

use super::bus::{Bus, Failure, Heard, over_range};
use super::protocol::{Goal, Protocol, Shown};
use crate::servos::chain::{Ail, Aim, Chain, Health, Miss, Nameplate, View, Whose};

/// A motor that stands may be told this speed, degrees per second: it has nowhere to go.
const STANDING_DEG_PER_S: f64 = 10.0;

/// Motors of a family on a bus.
pub(super) struct Motors<P> {
    protocol: P,
    bus: Bus,
    told: Mutex<Told>,
    /// How often they were stopped.
    stops: AtomicU64,
    plates: Mutex<Vec<Nameplate>>,
    /// What each showed last, and when that was.
    shown: Mutex<Vec<Option<(Shown, Time)>>>,
}

/// What the motors are told.
#[derive(Default)]
struct Told {
    /// The way of each that has power.
    ways: Vec<Option<Way>>,
    powered_since: Time,
    /// The stop that was sent last.
    stop: Option<Stop>,
}

/// From where to where, and how fast.
#[derive(Clone, Copy, Debug)]
struct Way {
    from_deg: f64,
    to: Goal,
    since: Time,
}

impl Way {
    fn standing(deg: f64, since: Time) -> Way {
        let deg_per_s = STANDING_DEG_PER_S;
        Way {
            from_deg: deg,
            to: Goal { deg, deg_per_s },
            since,
        }
    }

    /// Where a motor shall be now that is led there.
    fn led(&self, now: Time) -> Goal {
        let way = self.to.deg - self.from_deg;
        let seconds = (now - self.since).as_secs_f64();
        let gone = (self.to.deg_per_s * seconds).min(way.abs()).copysign(way);
        Goal {
            deg: self.from_deg + gone,
            ..self.to
        }
    }
}

/// A halt, encoded before it is needed.
#[derive(Clone)]
pub(super) struct Stop {
    frames: Arc<[CanFrame]>,
    /// The angles that they shall be told from then on; none without torque.
    stand_deg: Option<Arc<[f64]>>,
}

impl<P: Protocol> Motors<P> {
    pub(super) fn new(protocol: P, bus: Bus) -> Motors<P> {
        let told = Told {
            ways: vec![None; protocol.motors()],
            ..Told::default()
        };
        Motors {
            shown: Mutex::new(vec![None; protocol.motors()]),
            told: Mutex::new(told),
            stops: AtomicU64::new(0),
            plates: Mutex::default(),
            protocol,
            bus,
        }
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn plates(&self) -> MutexGuard<'_, Vec<Nameplate>> {
        self.plates.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn shown(&self) -> MutexGuard<'_, Vec<Option<(Shown, Time)>>> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Time {
        self.bus.clock().now()
    }

    /// A motor that is told nothing is only looked at.
    fn tell_nothing(&self) {
        self.told().ways.fill(None);
    }

    fn each<T>(&self, of: impl Fn(&P, usize) -> T) -> impl Iterator<Item = T> {
        (0..self.protocol.motors()).map(move |motor| of(&self.protocol, motor))
    }

    /// Where a motor on its way shall be now.
    fn goal(&self, way: &Way, now: Time) -> Goal {
        match self.protocol.is_led() {
            true => way.led(now),
            false => way.to,
        }
    }

    /// What makes every motor show itself: its goal again, or a question.
    fn prompts(&self) -> Vec<CanFrame> {
        let (ways, now) = (self.told().ways.clone(), self.now());
        let prompt = |protocol: &P, motor: usize| {
            let way = ways.get(motor).and_then(Option::as_ref);
            way.map_or_else(
                || protocol.look(motor),
                |way| protocol.go(motor, self.goal(way, now)),
            )
        };
        self.each(prompt).flatten().collect()
    }

    /// A goal that left although they had been stopped is taken back.
    fn take_back(&self, stops: u64) -> Result<(), LinkError> {
        if self.stops.load(Ordering::SeqCst) == stops {
            return Ok(());
        }
        let stop = self.told().stop.clone();
        stop.map_or(Ok(()), |stop| self.bus.send(&stop.frames))
    }

    /// Asks all of them. The times are those of the question and of the last answer.
    fn exchange(&self) -> Result<(Time, Stamp), Miss> {
        let talk = self.bus.talk();
        let mut missing = vec![true; self.protocol.motors()];
        let hear = |frame: &CanFrame, stamp: Stamp| -> Option<usize> {
            let (motor, shown) = self.protocol.hear(frame, stamp)?;
            if let Some(place) = self.shown().get_mut(motor) {
                *place = Some((shown, stamp.earliest));
            }
            Some(motor)
        };
        let mut ask = || {
            talk.overhear(|frame, stamp| {
                hear(frame, stamp);
            })?;
            let stops = self.stops.load(Ordering::SeqCst);
            let asked = self.now();
            let sent = self.bus.send(&self.prompts());
            let back = self.take_back(stops);
            sent.and(back).map_err(Failure::Link)?;
            talk.hear(|frame, stamp| {
                if let Some(place) = hear(frame, stamp).and_then(|n| missing.get_mut(n)) {
                    *place = false;
                }
                match missing.contains(&true) {
                    true => Heard::More,
                    false => Heard::All((asked, stamp)),
                }
            })
        };
        ask().map_err(|failure| {
            let silent = missing.iter().enumerate().filter(|(_, missing)| **missing);
            let who: Vec<String> = silent.map(|(n, _)| self.protocol.name(n)).collect();
            self.bus.miss(&failure, &who.join(" and "), "what it shows")
        })
    }

    /// What each showed last.
    fn all_shown(&self) -> Result<Vec<(Shown, Time)>, Miss> {
        let all: Option<Vec<(Shown, Time)>> = self.shown().iter().cloned().collect();
        let all =
            all.ok_or_else(|| self.bus.miss(&Failure::Silence, "a motor", "what it shows"))?;
        let lost = all.iter().position(|(shown, _)| !shown.deg.is_finite());
        match lost {
            None => Ok(all),
            Some(motor) => Err(over_range(format!(
                "{} shows the end of the range that its position is sent in: where it is is not known; turn it \
                 back by hand, or set its zero there",
                self.protocol.name(motor)
            ))),
        }
    }

    /// What is wrong with each: what it says, or that it has no torque although nobody took it.
    fn ails(&self, all: &[(Shown, Time)]) -> Vec<(usize, Ail)> {
        let told = self.told();
        let each = all.iter().enumerate().flat_map(|(joint, (shown, at))| {
            let given = told.ways.get(joint).is_some_and(Option::is_some);
            let lost = shown.powered == Some(false) && given && *at > told.powered_since;
            let silent = (lost && shown.ails.is_empty()).then(|| {
                let text = "it has no torque any more, and does not say why; was it reset?";
                Ail {
                    whose: Whose::ItsIfFed,
                    ..Ail::new("lost-power", text.into())
                }
            });
            let said = shown.ails.iter().cloned().chain(silent);
            said.map(move |ail| (joint, ail))
        });
        each.collect()
    }
}

impl<P: Protocol> Chain for Motors<P> {
    type Stop = Stop;
    const EFFORT: &'static str = P::EFFORT;

    fn clock(&self) -> &Clock {
        self.bus.clock()
    }

    fn describe(&self) -> &LinkInfo {
        self.bus.link().describe()
    }

    fn joints(&self) -> usize {
        self.protocol.motors()
    }

    fn nameplates(&self) -> Result<Vec<Nameplate>, Trouble> {
        let plates: Result<Vec<_>, _> = self.each(|p, n| p.nameplate(&self.bus, n)).collect();
        *self.plates() = plates.clone()?;
        plates
    }

    fn view(&self) -> Result<View, Miss> {
        if self.plates().is_empty() {
            let unknown = |trouble| Miss {
                invalid: None,
                broken: false,
                trouble,
            };
            self.nameplates().map_err(unknown)?;
        }
        let (asked, stamp) = self.exchange()?;
        let all = self.all_shown()?;
        let each = |of: &dyn Fn(&Shown) -> f64| all.iter().map(|(shown, _)| of(shown)).collect();
        Ok(View {
            at: stamp.earliest,
            asked,
            deg: each(&|shown| shown.deg),
            deg_per_s: each(&|shown| shown.deg_per_s),
            effort: each(&|shown| shown.effort),
        })
    }

    /// All that they say of their health came with what they showed last.
    fn health(&self) -> Result<Health, Miss> {
        let all = self.all_shown()?;
        let each = |of: &dyn Fn(&Shown) -> f64| all.iter().map(|(shown, _)| of(shown)).collect();
        let oldest = all.iter().map(|(_, at)| *at).min();
        let sensors = self.protocol.has_driver_sensors();
        Ok(Health {
            at: oldest.unwrap_or(Time::ZERO),
            celsius: each(&|shown| shown.celsius),
            driver_celsius: sensors.then(|| each(&|shown| shown.driver_celsius)),
            trouble: self.ails(&all),
        })
    }

    fn power_on(&self, deg: &[f64]) -> Result<(), Trouble> {
        self.tell_nothing();
        let on = deg.iter().enumerate().try_for_each(|(motor, deg)| {
            self.protocol.power_on(&self.bus, motor, *deg)?;
            let now = self.now();
            let mut told = self.told();
            told.powered_since = now;
            if let Some(way) = told.ways.get_mut(motor) {
                *way = Some(Way::standing(*deg, now));
            }
            Ok(())
        });
        if on.is_err() {
            self.tell_nothing();
            let _ = self.bus.send(&self.limp().frames); // none with torque that nobody looks after
        }
        on
    }

    fn power_off(&self) -> Result<(), Trouble> {
        self.tell_nothing();
        self.each(|p, n| p.power_off(&self.bus, n))
            .fold(Ok(()), Result::and)
    }

    fn go(&self, aims: &[Aim]) -> Result<(), Trouble> {
        let (now, stops) = (self.now(), self.stops.load(Ordering::SeqCst));
        let shown = self.shown().clone();
        let mut begin = Vec::new();
        for aim in aims {
            let mut told = self.told();
            let way = told.ways.get_mut(aim.joint).and_then(Option::as_mut);
            let here = shown.get(aim.joint).and_then(Option::as_ref);
            if let (Some(way), Some((here, _))) = (way, here) {
                *way = Way {
                    from_deg: here.deg,
                    to: Goal {
                        deg: aim.deg,
                        deg_per_s: aim.deg_per_s,
                    },
                    since: now,
                };
                begin.extend(self.protocol.begin(aim.joint, self.goal(way, now)));
            }
        }
        let begun = self.bus.send(&begin);
        begun
            .and(self.take_back(stops))
            .map_err(|error| Trouble::Fault(FaultKind::Link, error.to_string()))?;
        self.exchange().map(|_| ()).map_err(|miss| miss.trouble)
    }

    fn hold(&self, deg: &[f64]) -> Stop {
        let stand = |(motor, deg): (usize, &f64)| {
            let goal = Way::standing(*deg, Time::ZERO).to;
            self.protocol.begin(motor, goal)
        };
        let frames: Vec<CanFrame> = deg.iter().enumerate().flat_map(stand).collect();
        Stop {
            frames: frames.into(),
            stand_deg: Some(deg.into()),
        }
    }

    fn limp(&self) -> Stop {
        let frames: Vec<CanFrame> = self.each(|p, n| p.limp(n)).flatten().collect();
        Stop {
            frames: frames.into(),
            stand_deg: None,
        }
    }

    fn stop(&self, stop: &Stop) -> Result<(), LinkError> {
        let stand = |motor: usize| {
            let deg = stop.stand_deg.as_ref()?.get(motor)?;
            Some(Way::standing(*deg, Time::ZERO))
        };
        {
            let mut told = self.told();
            for (motor, way) in told.ways.iter_mut().enumerate() {
                *way = way.take().and_then(|_| stand(motor)); // what has no power gets none by this
            }
            told.stop = Some(stop.clone());
        }
        self.stops.fetch_add(1, Ordering::SeqCst);
        self.bus.send(&stop.frames)
    }

    fn is_fed_by_polling(&self) -> bool {
        self.protocol.is_fed()
    }
}
