//! A thing between gravity, a support and a grip. Millimetres, seconds, newton, kilogram.

use crate::config::{ObjectConfig, SupportConfig};
use crate::kinematics::G;

/// Friction of something that slides, by friction of something that sticks.
const SLIDING: f64 = 0.9;
/// Slower than this is at rest, mm/s.
const REST: f64 = 1e-4;

/// An object; its height is zero where it stood when it was mounted on the raised support.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    pub(crate) name: String,
    pub(crate) config: ObjectConfig,
    pub(crate) z: f64,
    pub(crate) v: f64,
    /// Where the fingers can touch it.
    pub(crate) in_hand: bool,
    /// What it presses on the support.
    pub(crate) support_n: f64,
    pub(crate) resting: bool,
    pub(crate) slipped: bool,
    /// What a pulling device's line feels.
    pub(crate) pulled_n: f64,
}

/// What holds it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Holding {
    /// Total normal force of one side of the grip.
    pub(crate) grip_n: f64,
    pub(crate) support_z: f64,
    pub(crate) support_v: f64,
    /// What a pulling device pulls it downward with, at most; and how fast it can.
    pub(crate) pull_n: f64,
    pub(crate) pull_mm_per_s: f64,
}

impl Object {
    pub(crate) fn standing(name: &str, config: &ObjectConfig) -> Object {
        Object {
            name: name.into(),
            config: config.clone(),
            z: 0.0,
            v: 0.0,
            in_hand: true,
            support_n: config.mass_kg * G,
            resting: false,
            slipped: false,
            pulled_n: 0.0,
        }
    }

    /// What the grip can carry: friction on both sides of it.
    pub(crate) fn capacity_n(&self, grip_n: f64) -> f64 {
        let sliding = if self.v.abs() > REST { SLIDING } else { 1.0 };
        2.0 * grip_n * self.config.friction * sliding
    }

    pub(crate) fn step(&mut self, dt: f64, held: Holding, support: &SupportConfig) {
        let before = (self.z, self.v);
        let mass = self.config.mass_kg;
        self.support_n = self.on_support(dt, held, support);
        if held.pull_n > 0.0 && self.in_hand {
            self.pulled_n = self.tension_n(held);
            if self.pulled_n < held.pull_n {
                // it slides as fast as the device pulls, and no faster
                self.v = -held.pull_mm_per_s;
                self.z += self.v * dt;
                self.resting = false;
                return;
            }
        } else {
            self.pulled_n = 0.0;
        }
        let force = self.support_n - mass * G - self.pulled_n;
        let free = self.v + force / mass * 1000.0 * dt;
        let friction = self.capacity_n(held.grip_n) / mass * 1000.0 * dt;
        self.v = free - free.clamp(-friction, friction);
        self.z += self.v * dt;
        let still = (self.z - before.0).abs() < 1e-9
            && (self.v - before.1).abs() < REST
            && self.v.abs() < REST;
        if still && held.support_v == 0.0 {
            self.v = 0.0;
        }
        self.resting = still;
    }

    /// What the line of a pulling device feels: no more than friction leaves beside the weight.
    fn tension_n(&self, held: Holding) -> f64 {
        let carried = self.capacity_n(held.grip_n) - self.config.mass_kg * G + self.support_n;
        held.pull_n.min(carried.max(0.0))
    }

    /// A spring and a damper, as stiff as the grid allows for so light an object; it only pushes.
    fn on_support(&self, dt: f64, held: Holding, support: &SupportConfig) -> f64 {
        let mass = self.config.mass_kg;
        let depth = held.support_z - self.z;
        if depth <= 0.0 {
            return 0.0;
        }
        let stiffness = (support.stiffness_n_per_mm * 1000.0).min(mass * (0.5 / dt).powi(2));
        let damper = 2.0 * support.damping * (stiffness * mass).sqrt();
        let push = stiffness * depth / 1000.0 + damper * (held.support_v - self.v) / 1000.0;
        push.max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DT: f64 = 0.0005;

    fn object(mass_kg: f64, friction: f64) -> Object {
        let config = ObjectConfig {
            mass_kg,
            width_mm: 50.0,
            friction,
            stiffness_n_per_mm: 8.0,
        };
        Object::standing("thing", &config)
    }

    fn run(object: &mut Object, seconds: f64, grip_n: f64, support_z: f64) {
        let held = Holding {
            grip_n,
            support_z,
            support_v: 0.0,
            pull_n: 0.0,
            pull_mm_per_s: 20.0,
        };
        for _ in 0..(seconds / DT).round() as u64 {
            object.step(DT, held, &SupportConfig::default());
        }
    }

    /// g t² / 2 after 0.1 s: 49.03 mm.
    #[test]
    fn without_grip_it_falls_freely() {
        let mut thing = object(0.3, 0.5);
        run(&mut thing, 0.1, 0.0, -1000.0);
        assert!((thing.z + 49.03).abs() < 0.3, "{}", thing.z);
        assert!((thing.v + 980.7).abs() < 1.0, "{}", thing.v);
    }

    #[test]
    fn it_is_held_exactly_when_twice_the_grip_times_friction_carries_its_weight() {
        for (mass, friction) in [(0.1, 0.2), (0.3, 0.5), (2.0, 0.8)] {
            let needed = mass * G / (2.0 * friction);
            let mut held = object(mass, friction);
            run(&mut held, 1.0, needed * 1.01, -1000.0);
            assert!(held.z.abs() < 1e-9, "{mass} {friction}: {}", held.z);
            let mut lost = object(mass, friction);
            run(&mut lost, 1.0, needed * 0.99, -1000.0);
            assert!(lost.z < -100.0, "{mass} {friction}: {}", lost.z);
        }
    }

    /// Half of what would hold it leaves an acceleration of g (1 - 0.9 / 2).
    #[test]
    fn a_grip_too_weak_slows_the_fall() {
        let mut thing = object(0.3, 0.5);
        run(&mut thing, 0.2, 0.3 * G / 2.0, -1000.0);
        let expected = -0.5 * 1000.0 * G * (1.0 - 0.45) * 0.04;
        assert!((thing.z - expected).abs() < 1.0, "{} {expected}", thing.z);
    }

    #[test]
    fn a_support_carries_the_weight_and_an_impact_is_more_than_the_weight() {
        let mut thing = object(0.3, 0.5);
        run(&mut thing, 1.0, 0.0, 0.0);
        assert!(
            (thing.support_n - 0.3 * G).abs() < 1e-3,
            "{}",
            thing.support_n
        );
        assert!(thing.resting);
        let (mut peak, held) = (
            0.0f64,
            Holding {
                grip_n: 0.0,
                support_z: -150.0,
                support_v: 0.0,
                pull_n: 0.0,
                pull_mm_per_s: 20.0,
            },
        );
        for _ in 0..2000 {
            thing.step(DT, held, &SupportConfig::default());
            peak = peak.max(thing.support_n);
        }
        assert!(peak > 10.0 * 0.3 * G, "{peak}");
        assert!(
            (thing.support_n - 0.3 * G).abs() < 1e-3,
            "{}",
            thing.support_n
        );
    }

    #[test]
    fn light_and_heavy_things_come_to_rest() {
        for mass in [0.001, 0.02, 0.5, 50.0] {
            let mut thing = object(mass, 0.5);
            run(&mut thing, 1.0, 0.0, -100.0);
            run(&mut thing, 2.0, 0.0, -100.0);
            assert!(thing.resting, "{mass}: {} {}", thing.z, thing.v);
        }
    }

    /// Grip 5 N on both sides at 0.5 carries 5 N: 3 N of weight leave some 2 N for the line, 1.5 N once
    /// it slides.
    #[test]
    fn a_pull_grows_until_it_slides_and_then_falls() {
        let mut thing = object(3.0 / G, 0.5);
        let mut most: f64 = 0.0;
        for i in 0..4000 {
            let held = Holding {
                grip_n: 5.0,
                support_z: -1000.0,
                support_v: 0.0,
                pull_n: f64::from(i) * 0.001,
                pull_mm_per_s: 20.0,
            };
            thing.step(DT, held, &SupportConfig::default());
            most = most.max(thing.pulled_n);
        }
        assert!((most - 2.0).abs() < 0.01, "{most}");
        assert!((thing.pulled_n - 1.5).abs() < 0.01, "{}", thing.pulled_n);
        assert_eq!(thing.v, -20.0);
    }
}
