//! One joint: drive, brake, gear. Degrees, seconds, N·m.

use crate::dynamics::Delayed;

use super::profile::{Move, Profile, towards};

/// Why a drive gave up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DriveFault {
    FollowingError,
    Overspeed,
    OverTemperature,
    Reported(u16),
}

impl DriveFault {
    /// Emergency error code (CiA 301 and CiA 402).
    pub(crate) fn code(self) -> u16 {
        match self {
            DriveFault::FollowingError => 0x8611,
            DriveFault::Overspeed => 0x8480,
            DriveFault::OverTemperature => 0x4310,
            DriveFault::Reported(code) => code,
        }
    }
}

/// True parameters of a joint.
#[derive(Clone, Debug)]
pub(crate) struct JointParameters {
    pub(crate) speed_max: f64,
    pub(crate) torque_nm: f64,
    pub(crate) friction_nm: f64,
    pub(crate) brake_nm: f64,
    pub(crate) backlash: f64,
    /// Natural frequency of the position loop, rad/s.
    pub(crate) servo: f64,
    pub(crate) servo_damping: f64,
    pub(crate) following_error: f64,
    pub(crate) overspeed: f64,
    pub(crate) release_steps: u64,
    pub(crate) engage_steps: u64,
}

/// What acts on it now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Surroundings {
    /// The step that ends now, from 1.
    pub(crate) step: u64,
    pub(crate) dt: f64,
    pub(crate) gravity_nm: f64,
    pub(crate) inertia: f64,
    /// 1, or how much worse the brake is.
    pub(crate) brake_wear: f64,
}

/// A torque on its way to another.
#[derive(Clone, Copy, Debug)]
struct Effort {
    nm: f64,
    to_nm: f64,
    nm_per_s: f64,
}

#[derive(Clone, Debug)]
pub(crate) struct Joint {
    pub(crate) parameters: JointParameters,
    /// Of the motor, in degrees of the joint: what the encoder sees.
    pub(crate) position: f64,
    pub(crate) velocity: f64,
    /// Behind the gear.
    pub(crate) output: f64,
    /// The encoder shows so much more than there is.
    slipped: f64,
    pub(crate) torque_nm: f64,
    pub(crate) profile: Profile,
    pub(crate) fault: Option<DriveFault>,
    /// What the drive is told to exert, instead of following its profile.
    effort: Option<Effort>,
    powered: bool,
    /// Closed without power.
    brake: Delayed<bool>,
    behind_steps: u64,
    resting: bool,
}

impl Joint {
    pub(crate) fn new(parameters: JointParameters, position: f64) -> Joint {
        Joint {
            parameters,
            position,
            velocity: 0.0,
            output: position,
            slipped: 0.0,
            torque_nm: 0.0,
            profile: Profile::at_rest(position),
            fault: None,
            effort: None,
            powered: false,
            brake: Delayed::new(true),
            behind_steps: 0,
            resting: true,
        }
    }

    pub(crate) fn is_powered(&self) -> bool {
        self.powered
    }

    pub(crate) fn brake_is_closed(&self) -> bool {
        self.brake.get()
    }

    /// Nothing changes without a command.
    pub(crate) fn is_resting(&self) -> bool {
        self.resting
    }

    /// Torque on, where it stands; the brake opens.
    pub(crate) fn power_on(&mut self, step: u64) {
        if !self.powered {
            self.powered = true;
            self.profile = Profile::at_rest(self.position);
            self.brake
                .replace(step + self.parameters.release_steps, false);
            self.resting = false;
        }
    }

    /// Torque off; the brake closes when it can.
    pub(crate) fn power_off(&mut self, step: u64, brake_wear: f64) {
        if self.powered {
            self.powered = false;
            self.effort = None;
            self.torque_nm = 0.0;
            self.profile = Profile::at_rest(self.position);
            let delay = self.parameters.engage_steps as f64 * brake_wear;
            self.brake.replace(step + delay.round() as u64, true);
            self.resting = false;
        }
    }

    pub(crate) fn go(&mut self, to: Move) {
        self.follow(|profile| profile.go(to));
    }

    /// Takes up a speed at this rate.
    pub(crate) fn run(&mut self, speed: f64, rate: f64) {
        self.follow(|profile| profile.run(speed, rate));
    }

    /// The next point of a path, due in so many seconds.
    pub(crate) fn track(&mut self, target: f64, within: f64) {
        self.follow(|profile| profile.track(target, within));
    }

    pub(crate) fn stop(&mut self, decel: f64) {
        self.follow(|profile| profile.stop(decel));
    }

    /// Under its position loop; what exerted a torque until now goes on from where it is.
    fn follow(&mut self, act: impl FnOnce(&mut Profile)) {
        if self.powered {
            if self.effort.take().is_some() {
                self.profile = Profile::moving(self.position, self.velocity);
            }
            act(&mut self.profile);
            self.resting = false;
        }
    }

    /// Exerts a torque, wherever that takes it, changed at this rate.
    pub(crate) fn exert(&mut self, to_nm: f64, nm_per_s: f64) {
        if self.powered {
            let nm = self.effort.map_or(0.0, |effort| effort.nm);
            self.effort = Some(Effort {
                nm,
                to_nm,
                nm_per_s,
            });
            self.resting = false;
        }
    }

    /// Whether it exerts a torque and follows no profile.
    pub(crate) fn is_exerting(&self) -> bool {
        self.effort.is_some()
    }

    /// The encoder loses counts: it shows `deg` less for the same place, and the loop goes there.
    pub(crate) fn slip(&mut self, deg: f64) {
        self.position -= deg;
        self.slipped -= deg;
        if !self.powered {
            self.profile = Profile::at_rest(self.position);
        }
        self.resting = false;
    }

    pub(crate) fn disturb(&mut self) {
        self.resting = false;
    }

    pub(crate) fn step(&mut self, now: &Surroundings) {
        self.brake.advance(now.step - 1); // what was due when this step began
        if self.resting && self.brake.is_settled() {
            return;
        }
        let before = (self.position, self.velocity);
        if self.powered && !self.brake.get() {
            match self.effort {
                Some(effort) => self.push(effort, now),
                None => self.drive(now),
            }
        } else {
            self.brake_or_coast(now);
        }
        self.position += self.velocity * now.dt;
        let play = self.parameters.backlash / 2.0;
        let motor = self.position - self.slipped;
        self.output = self.output.clamp(motor - play, motor + play);
        self.watch(now);
        let still = before == (self.position, self.velocity) && self.velocity == 0.0;
        let settled = self.effort.is_none_or(|effort| effort.nm == effort.to_nm);
        self.resting = still && settled && !self.profile.is_moving() && self.brake.is_settled();
    }

    /// Position loop with feed-forward of profile and gravity, as far as the torque goes.
    fn drive(&mut self, now: &Surroundings) {
        self.profile.step(now.dt);
        let p = &self.parameters;
        let behind = self.profile.position - self.position;
        let slower = self.profile.velocity - self.velocity;
        let wanted = p.servo * p.servo * behind
            + 2.0 * p.servo_damping * p.servo * slower
            + self.profile.acceleration;
        let asked = now.inertia * wanted.to_radians() - now.gravity_nm;
        self.torque_nm = asked.clamp(-p.torque_nm, p.torque_nm);
        let done = !self.profile.is_moving() && behind.abs() < 1e-7 && self.velocity.abs() < 1e-5;
        if done && self.torque_nm == asked {
            self.position = self.profile.position;
            self.velocity = 0.0;
        } else {
            let acceleration = (self.torque_nm + now.gravity_nm) / now.inertia;
            self.velocity += acceleration.to_degrees() * now.dt;
        }
    }

    /// Torque and gravity against friction (Coulomb); the profile goes along.
    fn push(&mut self, effort: Effort, now: &Surroundings) {
        let p = &self.parameters;
        let nm = towards(effort.nm, effort.to_nm, effort.nm_per_s * now.dt);
        self.effort = Some(Effort { nm, ..effort });
        self.torque_nm = nm.clamp(-p.torque_nm, p.torque_nm);
        let change = |torque: f64| (torque / now.inertia).to_degrees() * now.dt;
        let pushed = self.velocity + change(self.torque_nm + now.gravity_nm);
        self.velocity = towards(pushed, 0.0, change(p.friction_nm));
        self.profile = Profile::at_rest(self.position + self.velocity * now.dt);
    }

    /// Gravity against friction, and against the brake once it is closed (Coulomb).
    fn brake_or_coast(&mut self, now: &Surroundings) {
        let p = &self.parameters;
        let brake = if self.brake.get() {
            p.brake_nm / now.brake_wear
        } else {
            0.0
        };
        let change = |torque: f64| (torque / now.inertia).to_degrees() * now.dt;
        let pulled = self.velocity + change(now.gravity_nm);
        self.velocity = towards(pulled, 0.0, change(p.friction_nm + brake));
        if !self.powered {
            self.profile = Profile::at_rest(self.position);
        }
    }

    fn watch(&mut self, now: &Surroundings) {
        let p = &self.parameters;
        let behind = (self.profile.position - self.position).abs() > p.following_error;
        self.behind_steps = if self.powered && behind {
            self.behind_steps + 1
        } else {
            0
        };
        if self.behind_steps as f64 * now.dt > 0.05 {
            self.fault.get_or_insert(DriveFault::FollowingError);
        }
        if self.powered && self.velocity.abs() > p.speed_max * p.overspeed {
            self.fault.get_or_insert(DriveFault::Overspeed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DT: f64 = 0.0005;

    fn joint() -> Joint {
        let parameters = JointParameters {
            speed_max: 120.0,
            torque_nm: 200.0,
            friction_nm: 0.0,
            brake_nm: 100.0,
            backlash: 0.01,
            servo: 60.0,
            servo_damping: 0.8,
            following_error: 3.0,
            overspeed: 1.2,
            release_steps: 80,
            engage_steps: 50,
        };
        Joint::new(parameters, 0.0)
    }

    struct Bench {
        joint: Joint,
        step: u64,
        gravity_nm: f64,
        inertia: f64,
        brake_wear: f64,
    }

    impl Bench {
        fn new() -> Bench {
            Bench {
                joint: joint(),
                step: 0,
                gravity_nm: 0.0,
                inertia: 4.0,
                brake_wear: 1.0,
            }
        }

        fn run(&mut self, seconds: f64) {
            for _ in 0..(seconds / DT).round() as u64 {
                self.step += 1;
                let Bench {
                    step,
                    gravity_nm,
                    inertia,
                    brake_wear,
                    ..
                } = *self;
                self.joint.step(&Surroundings {
                    step,
                    dt: DT,
                    gravity_nm,
                    inertia,
                    brake_wear,
                });
            }
        }

        fn at_speed(deg_per_s: f64) -> Bench {
            let mut bench = Bench::new();
            bench.joint.power_on(0);
            bench.joint.go(Move {
                target: 1e6,
                speed: deg_per_s,
                accel: 400.0,
                decel: 400.0,
            });
            bench.run(1.0);
            assert!(
                (bench.joint.velocity - deg_per_s).abs() < 0.01,
                "{}",
                bench.joint.velocity
            );
            bench
        }
    }

    #[test]
    fn it_moves_only_once_the_brake_is_open() {
        let mut bench = Bench::new();
        bench.joint.power_on(0);
        bench.joint.go(Move {
            target: 10.0,
            speed: 60.0,
            accel: 400.0,
            decel: 400.0,
        });
        bench.run(0.039);
        assert_eq!(bench.joint.position, 0.0);
        bench.run(2.0);
        assert_eq!(bench.joint.position, 10.0);
        assert!(bench.joint.is_resting());
    }

    /// Dead time 25 ms at full speed, then v²/2a with a = brake torque / inertia.
    fn braking(deg_per_s: f64, inertia: f64, wear: f64) -> (f64, f64) {
        let mut bench = Bench::at_speed(deg_per_s);
        (bench.inertia, bench.brake_wear) = (inertia, wear);
        let at = bench.joint.position;
        bench.joint.power_off(bench.step, wear);
        bench.run(3.0);
        assert_eq!(bench.joint.velocity, 0.0);
        let a = (100.0 / wear / inertia).to_degrees();
        (
            bench.joint.position - at,
            deg_per_s * 0.025 * wear + deg_per_s * deg_per_s / (2.0 * a),
        )
    }

    #[test]
    fn a_brake_takes_its_dead_time_and_v_squared_by_two_a() {
        for (speed, inertia, wear) in [
            (60.0, 4.0, 1.0),
            (120.0, 4.0, 1.0),
            (120.0, 8.0, 1.0),
            (120.0, 4.0, 3.0),
        ] {
            let (measured, expected) = braking(speed, inertia, wear);
            assert!(
                (measured - expected).abs() < 0.1,
                "{speed} {inertia} {wear}: {measured} {expected}"
            );
        }
    }

    #[test]
    fn without_power_gravity_wins_until_the_brake_holds() {
        let mut bench = Bench::new();
        bench.joint.power_on(0);
        bench.run(1.0);
        bench.gravity_nm = -80.0; // now the drive carries it
        bench.joint.disturb();
        bench.run(0.5);
        assert!(bench.joint.position.abs() < 1e-6 && bench.joint.torque_nm > 79.0);
        bench.joint.power_off(bench.step, 1.0);
        bench.run(0.5);
        // falls 25 ms with 80/4 rad/s², then the brake has 100 - 80 = 20 N·m to stop it
        let (fall, brake) = ((80.0f64 / 4.0).to_degrees(), (20.0f64 / 4.0).to_degrees());
        let v = fall * 0.025;
        let expected = -(v * 0.025 / 2.0 + v * v / (2.0 * brake));
        assert!(
            (bench.joint.position - expected).abs() < 0.05,
            "{} {expected}",
            bench.joint.position
        );
        assert_eq!(bench.joint.velocity, 0.0);
    }

    #[test]
    fn too_heavy_a_load_is_a_following_error_not_a_slow_joint() {
        let mut bench = Bench::new();
        bench.joint.power_on(0);
        bench.run(0.5);
        bench.gravity_nm = -260.0;
        bench.joint.disturb();
        bench.run(1.0);
        assert_eq!(bench.joint.fault, Some(DriveFault::FollowingError));
    }

    #[test]
    fn a_joint_that_is_pulled_faster_than_it_may_go_is_an_overspeed() {
        let mut bench = Bench::new();
        bench.joint.power_on(0);
        bench.run(0.5);
        bench.gravity_nm = -2000.0;
        bench.joint.disturb();
        bench.run(0.1);
        assert_eq!(bench.joint.fault, Some(DriveFault::Overspeed));
    }

    /// 20 N·m against 8 N·m of friction on 4 kg·m²: 12 / 4 = 3 rad/s²; then friction alone, 2 rad/s².
    #[test]
    fn a_torque_accelerates_what_friction_leaves_of_it() {
        let mut bench = Bench::new();
        bench.joint.parameters.friction_nm = 8.0;
        bench.joint.power_on(0);
        bench.run(0.5);
        bench.joint.exert(7.0, 1e6);
        bench.run(0.5);
        assert_eq!(bench.joint.velocity, 0.0, "friction holds it");
        bench.joint.exert(20.0, 1e6);
        bench.run(0.5);
        assert!((bench.joint.velocity - 1.5f64.to_degrees()).abs() < 0.1);
        bench.joint.exert(0.0, 1e6);
        bench.run(0.5);
        assert!((bench.joint.velocity - 0.5f64.to_degrees()).abs() < 0.1);
        assert_eq!(bench.joint.fault, None, "nothing is to be followed");
        bench.joint.stop(400.0);
        bench.run(1.0);
        assert_eq!(bench.joint.velocity, 0.0);
    }

    #[test]
    fn a_speed_is_taken_up_at_its_rate_and_points_are_joined_by_lines() {
        let mut bench = Bench::new();
        bench.joint.power_on(0);
        bench.run(0.5);
        bench.joint.run(-30.0, 60.0);
        bench.run(0.25);
        assert!((bench.joint.profile.velocity + 15.0).abs() < 0.1);
        bench.run(1.0);
        assert!((bench.joint.velocity + 30.0).abs() < 0.5);
        bench.joint.run(0.0, 60.0);
        bench.run(1.5);
        let from = bench.joint.position;
        for n in 1..=100 {
            bench.joint.track(from + f64::from(n) * 0.1, 0.01);
            bench.run(0.01);
        }
        bench.run(0.5);
        assert!((bench.joint.position - from - 10.0).abs() < 1e-6);
        assert_eq!(bench.joint.fault, None);
    }

    /// Half the play behind, on the side it comes from.
    #[test]
    fn play_depends_on_the_direction_of_approach() {
        let mut bench = Bench::new();
        bench.joint.power_on(0);
        let mut go = |target: f64| {
            bench.joint.go(Move {
                target,
                speed: 60.0,
                accel: 400.0,
                decel: 400.0,
            });
            bench.run(2.0);
            bench.joint.output - bench.joint.position
        };
        let from_below = go(10.0);
        go(20.0);
        let from_above = go(10.0);
        assert!((from_below + 0.005).abs() < 1e-3, "{from_below}");
        assert!((from_above - 0.005).abs() < 1e-3, "{from_above}");
    }
}
