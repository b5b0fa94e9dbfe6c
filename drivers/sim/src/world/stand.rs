//! What the gauge feels when it is on a stand of its own: weights on a force sensor, or a contact of
//! the arm. Newton, millimetres.

use serde_json::{Value, json};

use crate::config::{StandConfig, WallConfig};
use crate::kinematics::Vector;
use crate::rng::{Noise, Stream};

use super::grid::Grid;

/// A force sensor under weights.
pub(crate) struct Stand {
    pub(crate) config: StandConfig,
    grid: Grid,
    noise: Noise,
    load_n: Vector,
    /// Whether each axis was last loaded further (and not relieved).
    further: [bool; 3],
}

impl Stand {
    pub(crate) fn new(config: &StandConfig, grid: Grid, noise: Noise) -> Stand {
        Stand {
            config: config.clone(),
            grid,
            noise,
            load_n: [0.0; 3],
            further: [true; 3],
        }
    }

    /// `x 50 N`: that load on that axis, and none on the others.
    pub(crate) fn hang(&mut self, text: &str) -> Result<(), String> {
        let bad = || format!("`{text}` is no load of an axis; write for example `x 50 N`");
        let (axis, rest) = text.trim().split_once(' ').ok_or_else(bad)?;
        let axis = ["x", "y", "z"]
            .iter()
            .position(|a| *a == axis)
            .ok_or_else(bad)?;
        let newton = super::number(rest, "N")?;
        let mut loads = [0.0; 3];
        loads[axis] = newton;
        for (i, load) in loads.into_iter().enumerate() {
            if load != self.load_n[i] {
                self.further[i] = load.abs() > self.load_n[i].abs();
            }
            self.load_n[i] = load;
        }
        Ok(())
    }

    /// What the reference in line with the weights feels.
    pub(crate) fn reference_n(&self) -> f64 {
        self.load_n.iter().sum()
    }

    /// What the sensor shows.
    pub(crate) fn shown(&self, step: u64) -> Vector {
        let config = &self.config;
        let felt: Vector = std::array::from_fn(|i| {
            let load = self.load_n[i];
            if load.abs() < config.threshold_n {
                return if self.further[i] { 0.0 } else { config.lag_n };
            }
            let lag = if self.further[i] { 0.0 } else { config.lag_n };
            load * (1.0 + config.bend_per_n2[i] * load * load) + lag
        });
        let drift = config.drift_n_per_s * step as f64 * self.grid.step_s();
        std::array::from_fn(|i| {
            let axes = config.matrix[i].iter().zip(felt);
            let draw = self.noise.normal(Stream::Probe(200 + i as u8), step);
            axes.map(|(m, f)| m * f).sum::<f64>() + config.zero_n[i] + drift + config.noise_n * draw
        })
    }

    pub(crate) fn truth(&self) -> Value {
        json!({ "parameters": self.config, "load_n": self.load_n })
    }
}

/// A contact device before the arm.
pub(crate) struct Wall {
    pub(crate) config: WallConfig,
    /// Depth at the last step.
    depth_mm: f64,
    /// Force since the world began, the largest, and the last.
    most_n: f64,
    force_n: f64,
}

impl Wall {
    pub(crate) fn new(config: &WallConfig) -> Wall {
        Wall {
            config: config.clone(),
            depth_mm: 0.0,
            most_n: 0.0,
            force_n: 0.0,
        }
    }

    /// A person puts another spring behind the plane: `75 N/mm`.
    pub(crate) fn spring(&mut self, text: &str) -> Result<(), String> {
        let stiffness = super::number(text, "N/mm")?;
        if !(0.1..=1000.0).contains(&stiffness) {
            return Err(format!(
                "{text} is no spring of this device: 0.1 to 1000 N/mm"
            ));
        }
        self.config.stiffness_n_per_mm = stiffness;
        Ok(())
    }

    pub(crate) fn step(&mut self, tcp_mm: Vector, dt_s: f64) {
        let into = self.config.into;
        let depth: f64 = (0..3)
            .map(|i| (tcp_mm[i] - self.config.at_mm[i]) * into[i])
            .sum();
        let speed = if dt_s > 0.0 && self.depth_mm != 0.0 {
            (depth - self.depth_mm) / dt_s
        } else {
            0.0
        };
        self.depth_mm = depth;
        let push = self.config.stiffness_n_per_mm * depth + self.config.damping_n_s_per_mm * speed;
        self.force_n = if depth > 0.0 { push.max(0.0) } else { 0.0 };
        self.most_n = self.most_n.max(self.force_n);
    }

    pub(crate) fn force_n(&self) -> f64 {
        self.force_n
    }

    pub(crate) fn truth(&self) -> Value {
        json!({ "parameters": self.config, "force_n": self.force_n, "most_n": self.most_n })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weight_on_one_axis_shows_a_little_on_the_others() {
        let config = StandConfig {
            noise_n: 0.0,
            zero_n: [0.0; 3],
            drift_n_per_s: 0.0,
            bend_per_n2: [0.0; 3],
            ..StandConfig::default()
        };
        let mut stand = Stand::new(&config, Grid::new(500), Noise::new(1));
        stand.hang("x 100 N").unwrap();
        assert_eq!(stand.reference_n(), 100.0);
        let [x, y, z] = stand.shown(1);
        assert!((x - 100.0).abs() < 1e-9 && (y - 0.3).abs() < 1e-9 && (z - 0.6).abs() < 1e-9);
        stand.hang("x 50 N").unwrap();
        assert!((stand.shown(1)[0] - 50.05).abs() < 1e-9); // it lags
        stand.hang("y 0.02 N").unwrap();
        assert!(stand.shown(1)[1].abs() < 0.01); // too little to be felt
        assert!(stand.hang("w 1 N").is_err() && stand.hang("x 1 kg").is_err());
    }

    #[test]
    fn a_wall_pushes_back_by_depth_and_speed_and_never_pulls() {
        let mut wall = Wall::new(&WallConfig::default());
        wall.step([570.0, 0.0, 330.0], 0.001);
        assert_eq!(wall.force_n(), 0.0);
        wall.step([581.0, 3.0, 330.0], 0.1);
        // 25 N/mm over 1 mm, and 0.05 N s/mm at 110 mm/s
        assert!((wall.force_n() - 30.5).abs() < 1e-9, "{}", wall.force_n());
        wall.step([581.0, 3.0, 330.0], 0.1);
        assert!((wall.force_n() - 25.0).abs() < 1e-9);
        wall.spring("75 N/mm").unwrap();
        wall.step([581.0, 3.0, 330.0], 0.1);
        assert!((wall.force_n() - 75.0).abs() < 1e-9);
        assert!(wall.spring("75 N").is_err());
    }
}
