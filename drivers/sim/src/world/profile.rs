//! The path generator of a drive: trapezoids of speed, speeds, points that come one by one, and ramps to rest.

/// Where the drive wants its joint to be. Degrees and seconds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Profile {
    pub(crate) position: f64,
    pub(crate) velocity: f64,
    /// Of the last step.
    pub(crate) acceleration: f64,
    task: Task,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Task {
    Rest,
    Go(Move),
    /// At a speed, changed at this rate.
    Run {
        speed: f64,
        rate: f64,
    },
    /// On a straight line to a point, there in so many seconds; the next one comes meanwhile.
    Track {
        target: f64,
        within: f64,
    },
    Stop {
        decel: f64,
        then: Option<Move>,
    },
}

/// A way to a target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Move {
    pub(crate) target: f64,
    pub(crate) speed: f64,
    pub(crate) accel: f64,
    pub(crate) decel: f64,
}

impl Profile {
    pub(crate) fn at_rest(position: f64) -> Profile {
        Profile {
            position,
            velocity: 0.0,
            acceleration: 0.0,
            task: Task::Rest,
        }
    }

    /// Moving at this moment, with nothing to do.
    pub(crate) fn moving(position: f64, velocity: f64) -> Profile {
        Profile {
            velocity,
            ..Profile::at_rest(position)
        }
    }

    pub(crate) fn go(&mut self, to: Move) {
        self.task = Task::Go(to);
    }

    /// Takes up a speed at this rate and keeps it.
    pub(crate) fn run(&mut self, speed: f64, rate: f64) {
        self.task = Task::Run { speed, rate };
    }

    /// Goes to the next point of a path that somebody else plans, at an even speed.
    pub(crate) fn track(&mut self, target: f64, within: f64) {
        self.task = Task::Track { target, within };
    }

    /// Comes to rest with this deceleration and forgets where it was going.
    pub(crate) fn stop(&mut self, decel: f64) {
        self.task = Task::Stop { decel, then: None };
    }

    /// Comes to rest, and remembers where it was going.
    pub(crate) fn halt(&mut self) {
        if let Task::Go(to) = self.task {
            self.task = Task::Stop {
                decel: to.decel,
                then: Some(to),
            };
        }
    }

    /// Goes on after a halt.
    pub(crate) fn resume(&mut self) {
        if let Task::Stop { then: Some(to), .. } = self.task {
            self.task = Task::Go(to);
        }
    }

    /// Where it is going.
    pub(crate) fn under_way(&self) -> Option<Move> {
        match self.task {
            Task::Go(to) => Some(to),
            Task::Rest | Task::Run { .. } | Task::Track { .. } | Task::Stop { .. } => None,
        }
    }

    /// Whether it is still under way, or will be when resumed.
    pub(crate) fn is_busy(&self) -> bool {
        !matches!(self.task, Task::Rest)
    }

    /// Whether the wanted position changes in the next step.
    pub(crate) fn is_moving(&self) -> bool {
        match self.task {
            Task::Rest => false,
            Task::Go(_) => true,
            Task::Run { speed, .. } => speed != 0.0 || self.velocity != 0.0,
            Task::Track { target, .. } => target != self.position || self.velocity != 0.0,
            Task::Stop { .. } => self.velocity != 0.0,
        }
    }

    pub(crate) fn step(&mut self, dt: f64) {
        let before = self.velocity;
        match self.task {
            Task::Rest => {}
            Task::Go(to) => self.follow(&to, dt),
            Task::Run { speed, rate } => {
                self.velocity = towards(self.velocity, speed, rate * dt);
                self.position += (before + self.velocity) / 2.0 * dt;
            }
            Task::Track { target, within } if within > 1.5 * dt => {
                self.velocity = (target - self.position) / within;
                self.position += self.velocity * dt;
                let within = within - dt;
                self.task = Task::Track { target, within };
            }
            Task::Track { target, .. } => {
                let last = (target - self.position) / dt;
                self.velocity = if self.position == target { 0.0 } else { last };
                self.position = target;
            }
            Task::Stop { decel, then } => {
                self.velocity = towards(self.velocity, 0.0, decel * dt);
                self.position += (before + self.velocity) / 2.0 * dt;
                if self.velocity == 0.0 && then.is_none() {
                    self.task = Task::Rest;
                }
            }
        }
        self.acceleration = match self.task {
            Task::Track { .. } => 0.0, // a corner at every point says nothing of the way
            _ => (self.velocity - before) / dt,
        };
    }

    fn follow(&mut self, to: &Move, dt: f64) {
        let before = self.velocity;
        let left = to.target - self.position;
        let step = to.decel * dt;
        if left.abs() <= self.velocity.abs() * dt + 1e-9 && self.velocity.abs() <= 1.5 * step {
            *self = Profile::at_rest(to.target);
            return;
        }
        // the highest speed from which whole steps of deceleration still end at the target
        let after_this = (left.abs() - self.velocity * left.signum() * dt / 2.0).max(0.0);
        let reachable = (step * step / 4.0 + 2.0 * to.decel * after_this).sqrt() - step / 2.0;
        let wanted = reachable.min(to.speed).copysign(left);
        let speeding_up = wanted * self.velocity >= 0.0 && wanted.abs() > self.velocity.abs();
        let rate = if speeding_up { to.accel } else { to.decel };
        self.velocity = towards(self.velocity, wanted, rate * dt);
        self.position += (before + self.velocity) / 2.0 * dt;
    }
}

/// `from`, changed towards `to` by at most `step`.
pub(crate) fn towards(from: f64, to: f64, step: f64) -> f64 {
    from + (to - from).clamp(-step, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DT: f64 = 0.0005;

    fn run(profile: &mut Profile) -> (f64, f64) {
        let (mut time, mut top) = (0.0, 0.0f64);
        while profile.is_moving() && time < 60.0 {
            profile.step(DT);
            top = top.max(profile.velocity.abs());
            time += DT;
        }
        (time, top)
    }

    /// 90 deg at 60 deg/s with 300 deg/s²: 0.2 s up, 0.2 s down, 78 deg between: 1.7 s.
    #[test]
    fn a_trapezoid_takes_its_time() {
        let mut profile = Profile::at_rest(0.0);
        profile.go(Move {
            target: 90.0,
            speed: 60.0,
            accel: 300.0,
            decel: 300.0,
        });
        let (time, top) = run(&mut profile);
        assert_eq!(profile.position, 90.0);
        assert!((time - 1.7).abs() < 0.005, "{time}");
        assert!((top - 60.0).abs() < 1e-9);
    }

    #[test]
    fn a_short_way_is_a_triangle() {
        let mut profile = Profile::at_rest(10.0);
        profile.go(Move {
            target: 9.0,
            speed: 60.0,
            accel: 300.0,
            decel: 300.0,
        });
        let (time, top) = run(&mut profile);
        assert_eq!(profile.position, 9.0);
        assert!(
            (time - 2.0 * (1.0f64 / 300.0).sqrt()).abs() < 0.005,
            "{time}"
        );
        assert!(top < 18.0, "{top}");
    }

    /// v²/2a = 60² / (2 · 500) = 3.6 deg.
    #[test]
    fn a_stop_takes_v_squared_by_two_a() {
        let mut profile = Profile::at_rest(0.0);
        profile.go(Move {
            target: 1e6,
            speed: 60.0,
            accel: 3000.0,
            decel: 300.0,
        });
        (0..1000).for_each(|_| profile.step(DT));
        let at = profile.position;
        profile.stop(500.0);
        run(&mut profile);
        assert!(
            (profile.position - at - 3.6).abs() < 1e-6,
            "{}",
            profile.position - at
        );
        assert!(!profile.is_busy());
    }

    #[test]
    fn a_halt_is_no_end() {
        let mut profile = Profile::at_rest(0.0);
        profile.go(Move {
            target: 20.0,
            speed: 60.0,
            accel: 300.0,
            decel: 300.0,
        });
        (0..400).for_each(|_| profile.step(DT));
        profile.halt();
        run(&mut profile);
        assert!(profile.is_busy() && profile.velocity == 0.0 && profile.position < 20.0);
        profile.resume();
        run(&mut profile);
        assert_eq!(profile.position, 20.0);
    }

    #[test]
    fn a_target_behind_is_reached_by_turning_round() {
        let mut profile = Profile::at_rest(0.0);
        profile.go(Move {
            target: 50.0,
            speed: 60.0,
            accel: 300.0,
            decel: 300.0,
        });
        (0..600).for_each(|_| profile.step(DT));
        profile.go(Move {
            target: 0.0,
            speed: 60.0,
            accel: 300.0,
            decel: 300.0,
        });
        run(&mut profile);
        assert_eq!(profile.position, 0.0);
    }
}
