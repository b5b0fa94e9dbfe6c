//! What all of them have inside: a rotor with some inertia and friction, and a loop around it.

/// Of the rotor and what hangs on it, seen from the output, kg·m².
const INERTIA: f64 = 0.01;
/// Friction: of any motion (N·m), and with the speed (N·m·s/rad).
const FRICTION_NM: f64 = 0.08;
const VISCOUS: f64 = 0.02;
/// Acceleration of its own profile, rad/s².
const ACCELERATION: f64 = 60.0;
/// It is computed in steps of so much, s.
const STEP: f64 = 0.0005;
/// Ambient temperature, warmth per (N·m)², and how slowly it comes.
const AMBIENT_C: f64 = 24.0;
const WARMTH_PER_NM2: f64 = 0.6;
const WARM_S: f64 = 120.0;

/// What a drive is to do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Aim {
    /// Stand by its brake of friction alone.
    Nothing,
    /// To an angle by its own profile, at so much at most.
    Position { rad: f64, rad_per_s: f64 },
    /// A speed.
    Velocity { rad_per_s: f64 },
    /// A spring, a damper and a torque.
    Impedance {
        rad: f64,
        rad_per_s: f64,
        kp: f64,
        kd: f64,
        nm: f64,
    },
}

#[derive(Clone, Debug)]
pub(super) struct Drive {
    pub(super) rad: f64,
    pub(super) rad_per_s: f64,
    /// At its output.
    pub(super) nm: f64,
    pub(super) celsius: f64,
    pub(super) powered: bool,
    pub(super) aim: Aim,
    /// Most torque that it has.
    most_nm: f64,
}

impl Drive {
    pub(super) fn new(most_nm: f64) -> Drive {
        Drive {
            rad: 0.0,
            rad_per_s: 0.0,
            nm: 0.0,
            celsius: AMBIENT_C,
            powered: false,
            aim: Aim::Nothing,
            most_nm,
        }
    }

    /// Torque on; it stands where it is until it is told something.
    pub(super) fn enable(&mut self) {
        if !self.powered {
            self.powered = true;
            let (rad, rad_per_s) = (self.rad, 1.0);
            self.aim = Aim::Position { rad, rad_per_s };
        }
    }

    /// Torque off.
    pub(super) fn disable(&mut self) {
        self.powered = false;
        self.aim = Aim::Nothing;
    }

    pub(super) fn run(&mut self, mut seconds: f64) {
        while seconds > 0.0 {
            let (resting, step) = (self.is_resting(), seconds.min(STEP));
            let step = if resting { seconds } else { step };
            self.step(step, resting);
            seconds -= step;
        }
    }

    fn is_resting(&self) -> bool {
        let there = match self.aim {
            Aim::Nothing => true,
            Aim::Position { rad, .. } => rad == self.rad,
            Aim::Velocity { rad_per_s } => rad_per_s == 0.0,
            Aim::Impedance { .. } => false,
        };
        there && self.rad_per_s == 0.0
    }

    fn step(&mut self, dt: f64, resting: bool) {
        if resting {
            self.nm = 0.0;
        } else {
            let before = self.rad_per_s;
            match self.aim {
                Aim::Position { rad, rad_per_s } if self.powered => {
                    self.profile(rad, rad_per_s, dt);
                }
                Aim::Velocity { rad_per_s } if self.powered => self.change(rad_per_s, dt),
                Aim::Impedance {
                    rad,
                    rad_per_s,
                    kp,
                    kd,
                    nm,
                } if self.powered => {
                    let wanted = kp * (rad - self.rad) + kd * (rad_per_s - self.rad_per_s) + nm;
                    self.push(wanted, dt);
                }
                _ => self.push(0.0, dt),
            }
            if !matches!(self.aim, Aim::Impedance { .. } | Aim::Nothing) {
                let friction =
                    FRICTION_NM * self.rad_per_s.signum() * f64::from(self.rad_per_s != 0.0);
                let nm = INERTIA * (self.rad_per_s - before) / dt + friction;
                self.nm = (nm + VISCOUS * self.rad_per_s).clamp(-self.most_nm, self.most_nm);
            }
        }
        let warm = AMBIENT_C + WARMTH_PER_NM2 * self.nm * self.nm;
        self.celsius += (warm - self.celsius) * (1.0 - (-dt / WARM_S).exp());
    }

    /// A torque acts, against friction.
    fn push(&mut self, wanted: f64, dt: f64) {
        self.nm = if self.powered {
            wanted.clamp(-self.most_nm, self.most_nm)
        } else {
            0.0
        };
        let free = self.rad_per_s + (self.nm - VISCOUS * self.rad_per_s) / INERTIA * dt;
        let friction = FRICTION_NM / INERTIA * dt;
        self.rad_per_s = free - free.clamp(-friction, friction);
        self.rad += self.rad_per_s * dt;
    }

    /// Its speed comes nearer to another.
    fn change(&mut self, rad_per_s: f64, dt: f64) {
        let most = ACCELERATION * dt;
        self.rad_per_s += (rad_per_s - self.rad_per_s).clamp(-most, most);
        self.rad += self.rad_per_s * dt;
    }

    /// A trapezoid: as fast as it may, and as it can still stop.
    fn profile(&mut self, rad: f64, rad_per_s: f64, dt: f64) {
        let way = rad - self.rad;
        let stops = (2.0 * ACCELERATION * way.abs()).sqrt();
        let wanted = stops.min(rad_per_s.abs()).min(way.abs() / dt).copysign(way);
        self.change(wanted, dt);
        if (rad - self.rad).abs() < 1e-6 && self.rad_per_s.abs() < 2.0 * ACCELERATION * dt {
            (self.rad, self.rad_per_s) = (rad, 0.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_there_at_the_speed_it_was_told_and_stays() {
        let mut drive = Drive::new(10.0);
        drive.enable();
        let (rad, rad_per_s) = (1.0, 0.5);
        drive.aim = Aim::Position { rad, rad_per_s };
        drive.run(1.0);
        assert!((drive.rad - 0.5).abs() < 0.01, "{drive:?}");
        assert!((drive.rad_per_s - 0.5).abs() < 1e-9 && drive.nm > 0.05);
        drive.run(2.0);
        assert_eq!((drive.rad, drive.rad_per_s), (1.0, 0.0));
    }

    #[test]
    fn a_spring_pulls_it_and_without_power_nothing_does() {
        let mut drive = Drive::new(10.0);
        drive.enable();
        let spring = |rad| Aim::Impedance {
            rad,
            rad_per_s: 0.0,
            kp: 50.0,
            kd: 1.0,
            nm: 0.0,
        };
        drive.aim = spring(0.4);
        drive.run(1.0);
        assert!((drive.rad - 0.4).abs() < 0.005, "{drive:?}");
        drive.disable();
        drive.aim = spring(0.0);
        drive.run(1.0);
        assert!(
            (drive.rad - 0.4).abs() < 0.005 && drive.nm == 0.0,
            "{drive:?}"
        );
    }
}
