//! A joint on a load machine: what it turns, what brakes it, and how warm its winding gets.
//!
//! Speed and torque follow the grid of the physics. Heat is slow: it is computed in whole chunks of a
//! tenth of a second, whoever asks and when, so a rig at steady speed costs nothing in between.

use serde_json::{Value, json};

use crate::config::{ProbeConfig, RigConfig, Shows};
use crate::rng::{Noise, Stream};

use super::grid::Grid;
use super::log::Log;

/// Heat is computed so often, ms.
const CHUNK_MS: f64 = 100.0;
/// Nearer than this to its end, a speed (rpm) or torque (N·m) is there.
const THERE: f64 = 1e-6;
/// A winding is measured at this temperature in data sheets, °C.
const COLD_C: f64 = 20.0;

pub(crate) struct Rig {
    pub(crate) config: RigConfig,
    grid: Grid,
    noise: Noise,
    powered: bool,
    rpm: f64,
    /// True torque between joint and brake.
    torque_nm: f64,
    /// As the load machine was told; `None`: its brake is off.
    set_nm: Option<f64>,
    winding_c: f64,
    housing_c: f64,
    /// The chunk that heat was computed up to.
    chunk: u64,
    settled: bool,
    /// Turned so far, at that step.
    turned_deg: f64,
    turned_at: u64,
    /// Speed without load that the controller is set to.
    set_rpm: f64,
    /// What hangs on the output while the input is locked, and whether it was last increased.
    lever_nm: f64,
    rising: bool,
}

impl Rig {
    pub(crate) fn new(config: &RigConfig, grid: Grid, noise: Noise) -> Rig {
        Rig {
            grid,
            noise,
            powered: false,
            rpm: 0.0,
            torque_nm: 0.0,
            set_nm: None,
            winding_c: config.ambient_c,
            housing_c: config.ambient_c,
            chunk: 0,
            settled: true,
            turned_deg: 0.0,
            turned_at: 0,
            set_rpm: config.speed_rpm,
            lever_nm: 0.0,
            rising: true,
            config: config.clone(),
        }
    }

    /// The load machine is told a torque, or to take its brake off.
    pub(crate) fn set_torque(&mut self, nm: Option<f64>) {
        self.set_nm = nm.map(|nm| nm * (1.0 + self.config.load.gain_error));
        self.settled = false;
    }

    /// Somebody hangs a torque on the output of the locked joint.
    pub(crate) fn hang(&mut self, nm: f64) -> Result<(), String> {
        if self.runs() {
            return Err("nobody can put a lever on a joint that turns".into());
        }
        if nm != self.lever_nm {
            self.rising = nm > self.lever_nm;
        }
        self.lever_nm = nm;
        Ok(())
    }

    /// Somebody sets the speed at the joint's own controller.
    pub(crate) fn set_speed(&mut self, rpm: f64) -> Result<(), String> {
        if rpm <= 0.0 || rpm > self.config.speed_rpm {
            let most = self.config.speed_rpm;
            return Err(format!("the joint turns at up to {most} rpm, not {rpm}"));
        }
        self.set_rpm = rpm;
        self.settled = false;
        Ok(())
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.settled
    }

    pub(crate) fn is_at_rest(&self) -> bool {
        self.rpm.abs() < 0.01
    }

    /// Powered, or still turning.
    pub(crate) fn runs(&self) -> bool {
        self.powered || !self.is_at_rest()
    }

    pub(crate) fn step(&mut self, step: u64, run: bool, log: &mut Log) {
        self.heat(step);
        self.turned_deg = self.turned_deg_at(step);
        self.turned_at = step;
        if self.powered != run {
            self.powered = run;
            self.settled = false;
            let what = if run {
                "joint power on"
            } else {
                "joint power off"
            };
            log.note(step, what, self.state());
        }
        if self.settled {
            return;
        }
        let config = &self.config;
        let dt_ms = self.grid.step_s() * 1000.0;
        let share = |tau_ms: f64| 1.0 - (-dt_ms / tau_ms).exp();
        let wanted_nm = self.set_nm.unwrap_or(0.0).max(config.load.drag_nm);
        // a brake holds nothing against a joint that stands
        let braking = if self.rpm.abs() > 0.01 {
            wanted_nm
        } else {
            0.0
        };
        let stalls = self.torque_nm > config.torque_max_nm;
        let goal = match self.powered && !stalls {
            true => (self.set_rpm - config.droop_rpm_per_nm * self.torque_nm).max(0.0),
            false => 0.0,
        };
        let before = (self.rpm, self.torque_nm);
        self.torque_nm += share(config.load.lag_ms) * (braking - self.torque_nm);
        self.rpm += share(config.spin_ms) * (goal - self.rpm);
        if (goal - self.rpm).abs() < THERE {
            self.rpm = goal;
        }
        if (braking - self.torque_nm).abs() < THERE {
            self.torque_nm = braking;
        }
        self.settled = before == (self.rpm, self.torque_nm);
    }

    /// Heat up to a step, at the present current.
    pub(crate) fn heat(&mut self, step: u64) {
        let every = self.grid.steps(CHUNK_MS).max(1);
        let goal = step / every;
        let dt = every as f64 * self.grid.step_s();
        let current = self.current_a();
        let RigConfig {
            winding, housing, ..
        } = &self.config;
        let (winding, housing) = (winding.clone(), housing.clone());
        let ambient = self.config.ambient_c;
        while self.chunk < goal {
            self.chunk += 1;
            let made_w = current * current * self.resistance_ohm();
            let through_w = (self.winding_c - self.housing_c) / winding.k_per_w;
            let out_w = (self.housing_c - ambient) / housing.k_per_w;
            self.winding_c += (made_w - through_w) * winding.k_per_w / winding.tau_s * dt;
            self.housing_c += (through_w - out_w) * housing.k_per_w / housing.tau_s * dt;
        }
    }

    fn current_a(&self) -> f64 {
        match self.powered {
            true => {
                let config = &self.config;
                let friction = &config.friction;
                let dip = (-(self.rpm / friction.stribeck_rpm).powi(2)).exp();
                let saturated = 1.0 + config.saturation_per_nm2 * self.torque_nm.powi(2);
                config.idle_a
                    + friction.stribeck_a * dip
                    + friction.viscous_a_per_rpm * self.rpm
                    + config.a_per_nm * self.torque_nm * saturated
            }
            false => 0.0,
        }
    }

    /// What the supply gives: the power of the shaft, the heat of the winding, and friction, which
    /// costs what as much torque would.
    fn supply_a(&self) -> f64 {
        if !self.powered {
            return 0.0;
        }
        let current = self.current_a();
        let rubbed_nm = current / self.config.a_per_nm.max(1e-9) - self.torque_nm;
        let shaft_w = (self.torque_nm + rubbed_nm) * self.rpm * std::f64::consts::TAU / 60.0;
        (shaft_w + current * current * self.resistance_ohm()) / self.config.supply_v
    }

    fn turned_deg_at(&self, step: u64) -> f64 {
        let s = step.saturating_sub(self.turned_at) as f64 * self.grid.step_s();
        self.turned_deg + 6.0 * self.rpm * s
    }

    /// Torque at the flange: with the waves of the motor while it turns, the lever's while it stands.
    fn flange_nm(&self, step: u64) -> f64 {
        let at = self.turned_deg_at(step);
        let wave =
            |(order, share): (&u32, &f64)| share * (f64::from(*order) * at).to_radians().cos();
        let waves: f64 = self.config.ripple.iter().map(wave).sum();
        self.torque_nm * (1.0 + waves) + self.lever_nm
    }

    /// Angle of the output: turned, and given way under the lever.
    fn angle_deg(&self, step: u64) -> f64 {
        let gear = &self.config.gear;
        // play opens within a twentieth of a newton metre
        let open = (self.lever_nm / 0.05).clamp(-1.0, 1.0) * gear.play_deg / 2.0;
        let lag = if self.rising { -0.5 } else { 0.5 } * gear.lag_deg;
        self.turned_deg_at(step) + self.lever_nm / gear.stiffness_nm_per_deg + open + lag
    }

    fn resistance_ohm(&self) -> f64 {
        let RigConfig {
            r20_ohm,
            alpha_per_k,
            ..
        } = self.config;
        r20_ohm * (1.0 + alpha_per_k * (self.winding_c - COLD_C))
    }

    /// What the load machine shows: rpm and N·m.
    pub(crate) fn shown(&self, step: u64) -> (f64, f64) {
        let load = &self.config.load;
        let draw = self.noise.normal(Stream::Load, step);
        let nm = self.torque_nm / (1.0 + load.gain_error) + load.noise_nm * draw;
        (self.rpm, nm)
    }

    /// What an instrument shows; `None` when it cannot.
    pub(crate) fn probe(&self, probe: &ProbeConfig, number: u8, step: u64) -> Option<f64> {
        let truth = self.truth_of(probe.shows, step)?;
        let draw = self.noise.normal(Stream::Probe(number), step);
        Some(truth * (1.0 + probe.gain_error) + probe.offset + probe.noise * draw)
    }

    fn truth_of(&self, shows: Shows, step: u64) -> Option<f64> {
        Some(match shows {
            Shows::WindingTemperature => self.winding_c,
            Shows::HousingTemperature => self.housing_c,
            Shows::RoomTemperature => self.config.ambient_c,
            Shows::JointTorque => self.flange_nm(step),
            Shows::JointSpeed => self.rpm,
            Shows::WindingResistance if self.runs() => return None,
            Shows::WindingResistance => self.resistance_ohm(),
            Shows::JointCurrent => self.current_a(),
            Shows::SupplyVoltage => self.config.supply_v,
            Shows::SupplyCurrent => self.supply_a(),
            Shows::JointAngle => self.angle_deg(step),
        })
    }

    pub(crate) fn state(&self) -> Value {
        json!({
            "powered": self.powered,
            "rpm": self.rpm,
            "torque_nm": self.torque_nm,
            "winding_c": self.winding_c,
            "housing_c": self.housing_c,
            "resistance_ohm": self.resistance_ohm(),
            "current_a": self.current_a(),
            "supply_a": self.supply_a(),
        })
    }

    /// What it truly is, and where its winding would end at the present torque.
    pub(crate) fn truth(&self) -> Value {
        json!({
            "parameters": self.config,
            "state": self.state(),
            "winding_end_c": self.winding_end_c(),
        })
    }

    /// The winding in the end, at the present torque: a balance of heat that is linear in it.
    fn winding_end_c(&self) -> f64 {
        let RigConfig {
            r20_ohm,
            alpha_per_k,
            ambient_c,
            winding,
            housing,
            ..
        } = &self.config;
        let current = self.config.idle_a + self.config.a_per_nm * self.torque_nm;
        let k = (winding.k_per_w + housing.k_per_w) * current * current * r20_ohm;
        (ambient_c + k * (1.0 - alpha_per_k * COLD_C)) / (1.0 - k * alpha_per_k)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEPS_PER_S: u64 = 2000;

    fn rig() -> Rig {
        Rig::new(&RigConfig::default(), Grid::new(500), Noise::new(1))
    }

    fn run(rig: &mut Rig, from_s: u64, to_s: u64, on: bool) {
        for step in from_s * STEPS_PER_S + 1..=to_s * STEPS_PER_S {
            if !rig.is_quiet() || step == from_s * STEPS_PER_S + 1 {
                rig.step(step, on, &mut Log::new(0.0005));
            }
        }
        rig.heat(to_s * STEPS_PER_S);
    }

    #[test]
    fn a_brake_holds_only_what_turns() {
        let mut rig = rig();
        rig.set_torque(Some(10.0));
        run(&mut rig, 0, 2, false);
        assert_eq!(rig.torque_nm, 0.0);
        run(&mut rig, 2, 6, true);
        assert!((rig.torque_nm - 10.02).abs() < 1e-3, "{}", rig.torque_nm);
        assert!(
            (rig.rpm - (30.0 - 0.05 * 10.02)).abs() < 1e-3,
            "{}",
            rig.rpm
        );
        run(&mut rig, 6, 10, false);
        assert!(rig.is_at_rest() && rig.is_quiet() && rig.torque_nm == 0.0);
    }

    /// The balance of heat: P (R1 + R2) above the room, with R at that temperature.
    #[test]
    fn a_winding_ends_where_the_heat_that_it_makes_leaves() {
        let mut rig = rig();
        rig.set_torque(Some(10.0));
        run(&mut rig, 0, 20_000, true);
        let current = 0.8 + 0.55 * rig.torque_nm;
        let watt = current * current * 0.42 * (1.0 + 0.003_93 * (rig.winding_c - 20.0));
        let expected = 22.0 + watt * (0.55 + 0.75);
        assert!(
            (rig.winding_c - expected).abs() < 0.2,
            "{} {expected}",
            rig.winding_c
        );
        assert!((rig.winding_c - rig.winding_end_c()).abs() < 0.2);
    }

    #[test]
    fn heat_is_the_same_however_often_it_is_asked() {
        let (mut often, mut once) = (rig(), rig());
        for rig in [&mut often, &mut once] {
            rig.set_torque(Some(10.0));
            run(rig, 0, 5, true);
        }
        for s in 6..=600 {
            often.heat(s * STEPS_PER_S + 17);
        }
        once.heat(600 * STEPS_PER_S + 17);
        assert_eq!(often.winding_c, once.winding_c);
    }

    /// 20 °C and 0.00393/K: 100 K above are 39.3 % more.
    #[test]
    fn a_winding_is_measured_without_power_only() {
        let mut rig = rig();
        rig.winding_c = 120.0;
        let probe = ProbeConfig {
            shows: Shows::WindingResistance,
            noise: 0.0,
            gain_error: 0.0,
            offset: 0.0,
            decimals: 5,
            beside: Vec::new(),
        };
        let ohm = rig.probe(&probe, 0, 0).unwrap();
        assert!((ohm - 0.42 * 1.393).abs() < 1e-9, "{ohm}");
        rig.step(1, true, &mut Log::new(0.0005));
        assert_eq!(rig.probe(&probe, 0, 1), None);
    }

    /// A third of a turn a second at 20 rpm; 5 N·m on 100 N·m/° are 0.05°.
    #[test]
    fn it_counts_its_turns_and_gives_way_under_a_lever() {
        let mut rig = rig();
        rig.config.gear = crate::config::GearConfig {
            stiffness_nm_per_deg: 100.0,
            play_deg: 0.02,
            lag_deg: 0.004,
        };
        assert!(rig.set_speed(31.0).is_err());
        rig.set_speed(20.0).unwrap();
        run(&mut rig, 0, 10, true);
        let before = rig.turned_deg_at(10 * STEPS_PER_S);
        let turned = rig.turned_deg_at(13 * STEPS_PER_S) - before;
        assert!((turned - 360.0).abs() < 0.5, "{turned}");
        assert!(rig.hang(5.0).is_err());
        run(&mut rig, 10, 13, false);
        let step = 13 * STEPS_PER_S;
        let at = |rig: &Rig| rig.angle_deg(step) - rig.turned_deg;
        rig.hang(5.0).unwrap();
        assert!((at(&rig) - (0.05 + 0.01 - 0.002)).abs() < 1e-9);
        rig.hang(0.0).unwrap();
        assert!((at(&rig) - 0.002).abs() < 1e-9);
        assert_eq!(rig.flange_nm(step), 0.0);
    }
}
