//! Contact of a robot with a person: power and force limiting (PFL), speed and separation (SSM), and
//! what a pressure-force measuring device saw.
//!
//! Formulas of ISO/TS 15066:2016, Annex A (now ISO 10218-2:2025, Annex A). Limits of force and
//! pressure, stiffness and mass of body regions are data of a suite with provenance: public tables
//! contradict each other.

/// Effective mass of a robot, kg: `m_R = M / 2 + m_L`, M its moving parts, m_L the load.
#[must_use]
pub fn robot_mass(moving_kg: f64, load_kg: f64) -> f64 {
    moving_kg / 2.0 + load_kg
}

/// Reduced mass of two bodies, kg: `mu = m_H m_R / (m_H + m_R)`.
#[must_use]
pub fn reduced_mass(body_kg: f64, robot_kg: f64) -> f64 {
    body_kg * robot_kg / (body_kg + robot_kg)
}

/// Speed at which the transient force reaches its limit, m/s: `v = F_T / sqrt(mu k)`, with F_T in N,
/// mu in kg, k in N/m. Assumes a linear spring and that all kinetic energy goes into it. `None` for
/// what is not positive.
#[must_use]
pub fn speed_at_force(force_n: f64, reduced_kg: f64, stiffness_n_per_m: f64) -> Option<f64> {
    let v = force_n / (reduced_kg * stiffness_n_per_m).sqrt();
    (force_n > 0.0 && reduced_kg > 0.0 && stiffness_n_per_m > 0.0 && v.is_finite()).then_some(v)
}

/// The same for the pressure: `v = p_T A / sqrt(mu k)`, p_T in N/cm², A in cm².
#[must_use]
pub fn speed_at_pressure(
    pressure_n_per_cm2: f64,
    area_cm2: f64,
    reduced_kg: f64,
    stiffness_n_per_m: f64,
) -> Option<f64> {
    speed_at_force(pressure_n_per_cm2 * area_cm2, reduced_kg, stiffness_n_per_m)
}

/// Energy in the body's spring at a force, J: `E = F² / 2k`, k in N/m.
#[must_use]
pub fn energy(force_n: f64, stiffness_n_per_m: f64) -> f64 {
    force_n * force_n / (2.0 * stiffness_n_per_m)
}

/// Terms of the protective separation distance with constant speeds (ISO/TS 15066:2016, 5.5.4).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Separation {
    /// Speed of the person, m/s; 1.6 when it is not measured.
    pub person_m_per_s: f64,
    /// Speed of the robot towards the person, m/s.
    pub robot_m_per_s: f64,
    /// Reaction time of the robot system, s.
    pub reaction_s: f64,
    /// Stopping time of the robot, s.
    pub stopping_s: f64,
    /// Braking distance B, m.
    pub braking_m: f64,
    /// Intrusion distance C, m.
    pub intrusion_m: f64,
    /// Uncertainty of the person's position, m.
    pub person_u_m: f64,
    /// Uncertainty of the robot's position, m.
    pub robot_u_m: f64,
}

/// `S_p = v_h (T_r + T_s) + v_r T_r + B + C + Z_d + Z_r`, metres.
#[must_use]
pub fn separation(s: &Separation) -> f64 {
    s.person_m_per_s * (s.reaction_s + s.stopping_s)
        + s.robot_m_per_s * s.reaction_s
        + s.braking_m
        + s.intrusion_m
        + s.person_u_m
        + s.robot_u_m
}

/// What a force (or pressure) curve showed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Split {
    /// When contact began, seconds as in the samples.
    pub onset_s: f64,
    /// Largest value from the onset to the boundary.
    pub transient: f64,
    /// Largest value after it; `None` when the record ends before.
    pub quasi_static: Option<f64>,
}

/// Splits `(seconds, value)` samples into the transient phase, `boundary_s` seconds from the onset
/// (the first value above `onset`), and the quasi-static phase after it. Boundary and onset are data
/// of the suite. `None` when nothing is above the onset.
#[must_use]
pub fn split(samples: &[(f64, f64)], onset: f64, boundary_s: f64) -> Option<Split> {
    let begin = samples.iter().position(|s| s.1 > onset)?;
    let contact = &samples[begin..];
    let onset_s = contact.first()?.0;
    let end = contact.partition_point(|s| s.0 - onset_s <= boundary_s);
    let largest = |part: &[(f64, f64)]| part.iter().map(|s| s.1).max_by(f64::total_cmp);
    Some(Split {
        onset_s,
        transient: largest(&contact[..end])?,
        quasi_static: largest(&contact[end..]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::check::to_digits;

    #[test]
    fn reduced_masses_and_speeds_of_the_body_regions() {
        let robot = robot_mass(20.0, 5.0);
        assert_eq!(robot, 15.0);
        // Body mass, stiffness N/mm, quasi-static force N; mu, v of the notes 9.3 with f = 2.
        for (body, k, f, mu, v) in [
            (40.0, 35.0, 210.0, Some(10.9091), 0.6797),
            (40.0, 25.0, 140.0, None, 0.5362),
            (40.0, 10.0, 110.0, None, 0.6661),
            (40.0, 25.0, 180.0, None, 0.6893),
            (3.0, 30.0, 150.0, Some(2.5), 1.0954),
            (2.0, 40.0, 160.0, Some(1.7647), 1.2044),
            (0.6, 75.0, 140.0, Some(0.5769), 1.3461),
            (75.0, 50.0, 220.0, Some(12.5), 0.5566),
            (75.0, 60.0, 130.0, Some(12.5), 0.3002),
            (1.2, 50.0, 150.0, Some(1.1111), 1.2728),
        ] {
            let reduced = reduced_mass(body, robot);
            if let Some(mu) = mu {
                to_digits(reduced, mu, 4);
            }
            to_digits(speed_at_force(2.0 * f, reduced, 1_000.0 * k).unwrap(), v, 4);
        }
        // Head and face: no transient contact, f = 1.
        let head = reduced_mass(4.4, robot);
        to_digits(speed_at_force(130.0, head, 150_000.0).unwrap(), 0.1820, 4);
        to_digits(speed_at_force(65.0, head, 75_000.0).unwrap(), 0.1287, 4);
        assert_eq!(speed_at_force(0.0, head, 1.0), None);
    }

    #[test]
    fn energies_of_chest_and_hand() {
        to_digits(energy(280.0, 25_000.0), 1.568, 3);
        to_digits(energy(280.0, 75_000.0), 0.5227, 4);
    }

    #[test]
    fn pressure_on_one_square_centimetre() {
        let v = speed_at_pressure(300.0, 1.0, 1.0, 10_000.0);
        assert_eq!(v, speed_at_force(300.0, 1.0, 10_000.0));
    }

    #[test]
    fn separation_of_one_metre_and_six_centimetres() {
        let s = separation(&Separation {
            person_m_per_s: 1.6,
            robot_m_per_s: 1.0,
            reaction_s: 0.1,
            stopping_s: 0.3,
            braking_m: 0.15,
            intrusion_m: 0.1,
            person_u_m: 0.05,
            robot_u_m: 0.02,
        });
        to_digits(s, 1.06, 9);
    }

    #[test]
    fn a_blow_and_then_a_squeeze() {
        let force = |t: f64| match t {
            t if t < 0.1 => 0.5,
            t if t < 0.2 => 180.0,
            t if t < 0.7 => 60.0,
            _ => 75.0,
        };
        let samples: Vec<(f64, f64)> = (0..1_000)
            .map(|i| f64::from(i) / 1_000.0)
            .map(|t| (t, force(t)))
            .collect();
        let seen = split(&samples, 5.0, 0.5).unwrap();
        assert_eq!(
            (seen.onset_s, seen.transient, seen.quasi_static),
            (0.1, 180.0, Some(75.0))
        );
        assert_eq!(split(&samples[..300], 5.0, 0.5).unwrap().quasi_static, None);
        assert_eq!(split(&samples[..50], 5.0, 0.5), None);
    }
}
