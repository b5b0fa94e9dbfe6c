//! Stops, contact, heat, joints, sensors, safety functions.

use super::draw::{Case, Draw, Table};
use certbench_judge::metric::joint::*;
use certbench_judge::metric::{
    bounce, contact, force, interface, payload, performance_level, safeguard, sensor, stop, stress,
    thermal,
};
use certbench_judge::stats::Interval;
use serde_json::json;

pub(crate) const TABLE: Table = &[
    ("peak", peaks),
    ("stop", stopping),
    ("bounce", bouncing),
    ("stress", stressing),
    ("iso13855-2010", distance_2010),
    ("iso13855-2024", distance_2024),
    ("pfl", limiting),
    ("ssm", separating),
    ("contact-split", touching),
    ("winding", winding),
    ("switch-off", switching_off),
    ("steady", steadying),
    ("torque-at-rise", rising),
    ("payload-weight", weighing),
    ("torque-constant", driving),
    ("play", playing),
    ("friction", rubbing),
    ("ripple", rippling),
    ("efficiency", working),
    ("encoder", positioning),
    ("linearity", bending),
    ("hysteresis", lagging),
    ("crosstalk", talking),
    ("zero-drift", wandering),
    ("threshold", reacting),
    ("iso13849", levels),
    ("departure", departing),
];

fn peaks(d: &mut Draw) -> Case {
    let values = d.values(400, 0.0, 10.0);
    let filter = force::LowPass {
        order: d.whole(1, 4) as usize,
        cutoff_hz: d.between(20.0, 200.0),
        zero_phase: false,
    };
    let filtered = force::filtered(&values, 1_000.0, Some(filter)).unwrap();
    let peak = force::peak(&filtered).unwrap();
    let n = d.whole(2, 3_000) as usize;
    (
        json!({ "values": values, "order": filter.order, "cutoff": filter.cutoff_hz, "rate": 1000.0, "n": n }),
        json!({
            "peak": peak.value, "index": peak.index, "bias": force::noise_bias(1.0, n),
            "gain": force::noise_gain(1_000.0, Some(filter)).unwrap(),
        }),
    )
}

fn stopping(d: &mut Draw) -> Case {
    let (v0, dead, brake) = (
        d.between(50.0, 200.0),
        d.between(0.0, 0.05),
        d.between(300.0, 900.0),
    );
    let speeds: Vec<(f64, f64)> = (-100..1_000)
        .map(|i| f64::from(i) / 1_000.0)
        .map(|t| (t, (v0 - brake * (t - dead).max(0.0)).max(0.0)))
        .collect();
    let before = d.between(-0.004, -0.001);
    let trigger = Interval {
        lower: before,
        upper: 0.0,
    };
    let delay = Interval {
        lower: d.between(0.0, 0.002),
        upper: d.between(0.002, 0.006),
    };
    let rest = stop::Rest {
        below: 0.5,
        dwell_s: 0.1,
    };
    let s = stop::measure(&stop::from_speed(&speeds), delay, trigger, rest).unwrap();
    (
        json!({
            "speeds": speeds, "trigger": [trigger.lower, trigger.upper],
            "delay": [delay.lower, delay.upper], "below": 0.5, "dwell": 0.1,
        }),
        json!({
            "time": s.time_s, "width": s.time_width_s, "distance": s.distance,
            "distance_width": s.distance_width, "speed": s.speed_at_trigger,
        }),
    )
}

fn bouncing(d: &mut Draw) -> Case {
    let levels: Vec<(f64, bool)> = (0..30)
        .map(|i| (f64::from(i) * 0.001, d.chance(0.5)))
        .collect();
    let b = bounce::contact(&levels).unwrap();
    let positions = d.values(40, 0.0, 10.0);
    (
        json!({ "levels": levels, "positions": positions }),
        json!({
            "changes": b.changes, "duration": b.duration_s,
            "rebound": bounce::rebound(&positions, 1.0),
        }),
    )
}

fn stressing(d: &mut Draw) -> Case {
    let (from, to) = (d.between(8.0, 20.0), d.between(21.0, 50.0));
    let low = d.between(0.0, 2.0);
    let samples: Vec<(f64, f64)> = (0..120)
        .map(|i| 0.5 * f64::from(i))
        .map(|t| {
            (
                t,
                if t > from && t < to { low } else { 10.0 } + d.between(-1.5, 1.5),
            )
        })
        .collect();
    let limits = stress::Limits {
        least: d.chance(0.7).then_some(5.0),
        most: Some(20.0),
    };
    let (field, recovery) = ((7.5, 30.0), d.between(0.0, 8.0));
    let helped = [35.0].into_iter().filter(|_| d.chance(0.4));
    let helped: Vec<f64> = helped.collect();
    let seen = stress::criterion(&samples, limits, field, recovery, &helped).unwrap();
    let letter = seen.criterion.map_or("-".to_owned(), |c| format!("{c:?}"));
    (
        json!({
            "samples": samples, "least": limits.least, "most": limits.most,
            "field": field, "recovery": recovery, "helped": helped,
        }),
        json!({
            "criterion": letter, "out": seen.out_s, "beyond": seen.beyond,
            "fell": stress::fell(&samples, limits, field.0),
        }),
    )
}

fn distance_2010(d: &mut Draw) -> Case {
    let (t, detection, height) = (
        d.between(0.0, 0.6),
        d.between(1.0, 70.0),
        d.between(0.0, 1_500.0),
    );
    let of = |approach| safeguard::distance_2010(t, approach);
    (
        json!({ "t": t, "d": detection, "h": height }),
        json!({
            "perpendicular": of(safeguard::Approach2010::Perpendicular { d_mm: detection }),
            "parallel": of(safeguard::Approach2010::Parallel { height_mm: height }),
            "two_hand": of(safeguard::Approach2010::TwoHand),
        }),
    )
}

fn distance_2024(d: &mut Draw) -> Case {
    let times = [0; 3].map(|_| d.between(0.0, 0.3));
    let reach = [0; 3].map(|_| d.between(0.0, 900.0));
    let (k, z) = (d.between(1_600.0, 2_000.0), d.between(0.0, 200.0));
    let s = safeguard::distance_2024(&safeguard::Terms2024 {
        k_mm_per_s: k,
        t_control_s: times[0],
        t_machine_s: times[1],
        t_further_s: times[2],
        reach_mm: reach,
        z_mm: z,
    });
    (
        json!({ "k": k, "t": times, "reach": reach, "z": z }),
        json!({ "s": s }),
    )
}

fn limiting(d: &mut Draw) -> Case {
    let (moving, load, body) = (
        d.between(5.0, 60.0),
        d.between(0.0, 20.0),
        d.between(0.5, 80.0),
    );
    let (f, k) = (d.between(50.0, 500.0), d.between(1e4, 2e5));
    let robot = contact::robot_mass(moving, load);
    let mu = contact::reduced_mass(body, robot);
    (
        json!({ "moving": moving, "load": load, "body": body, "f": f, "k": k }),
        json!({
            "mu": mu, "v": contact::speed_at_force(f, mu, k),
            "v_p": contact::speed_at_pressure(f, 0.7, mu, k), "energy": contact::energy(f, k),
        }),
    )
}

fn separating(d: &mut Draw) -> Case {
    let x = [0; 8].map(|_| d.between(0.01, 2.0));
    let s = contact::separation(&contact::Separation {
        person_m_per_s: x[0],
        robot_m_per_s: x[1],
        reaction_s: x[2],
        stopping_s: x[3],
        braking_m: x[4],
        intrusion_m: x[5],
        person_u_m: x[6],
        robot_u_m: x[7],
    });
    (json!({ "x": x }), json!({ "s": s }))
}

fn touching(d: &mut Draw) -> Case {
    let samples = d.curve(300, 0.01, 0.0, 100.0);
    let onset = d.between(50.0, 95.0);
    let s = contact::split(&samples, onset, 0.5).unwrap();
    (
        json!({ "samples": samples, "onset": onset, "boundary": 0.5 }),
        json!({ "at": s.onset_s, "transient": s.transient, "quasi_static": s.quasi_static }),
    )
}

fn winding(d: &mut Draw) -> Case {
    let (r1, r2) = (d.between(0.1, 5.0), d.between(5.0, 8.0));
    let (t1, ta) = (d.between(15.0, 25.0), d.between(20.0, 40.0));
    let rise = thermal::winding_rise(r1, r2, t1, ta, thermal::material::COPPER);
    (
        json!({ "r1": r1, "r2": r2, "t1": t1, "ta": ta, "k": 235.0 }),
        json!({ "rise": rise }),
    )
}

fn switching_off(d: &mut Draw) -> Case {
    let (above, tau) = (d.between(0.2, 1.0), d.between(100.0, 900.0));
    let readings: Vec<(f64, f64)> = (1..20)
        .map(|i| 5.0 * f64::from(i))
        .map(|t| (t, 2.0 + above * (-t / tau).exp() * d.between(0.99, 1.01)))
        .collect();
    let off = thermal::at_switch_off(&readings, 2.0).unwrap();
    (
        json!({ "readings": readings, "cold": 2.0 }),
        json!({ "ohm": off.ohm, "u": off.u }),
    )
}

fn steadying(d: &mut Draw) -> Case {
    let samples = d.curve(400, 10.0, 60.0, 61.0);
    let s = thermal::steady(&samples, 1_800.0).unwrap();
    (
        json!({ "samples": samples, "over": 1800.0 }),
        json!({ "change": s.change, "u": s.change_u, "mean": s.mean, "nu": s.nu }),
    )
}

fn rising(d: &mut Draw) -> Case {
    let (t, rise, allowed) = (
        d.between(1.0, 9.0),
        d.between(10.0, 90.0),
        d.between(10.0, 90.0),
    );
    (
        json!({ "torque": t, "rise": rise, "allowed": allowed }),
        json!({ "torque": thermal::torque_at_rise(t, rise, allowed) }),
    )
}

fn weighing(d: &mut Draw) -> Case {
    let (load, mass) = (d.between(1.0, 20.0), d.between(5.0, 200.0));
    (
        json!({ "load": load, "mass": mass }),
        json!({ "ratio": payload::to_weight(load, mass) }),
    )
}

fn driving(d: &mut Draw) -> Case {
    let pairs: Vec<(f64, f64)> = (0..15)
        .map(|i| {
            (
                f64::from(i),
                0.02 + 0.085 * f64::from(i) + d.between(-0.01, 0.01),
            )
        })
        .collect();
    let k = torque_constant::torque_constant(&pairs).unwrap();
    (
        json!({ "pairs": pairs }),
        json!({ "kt": k.kt, "u": k.kt_u, "offset": k.offset, "nonlinearity": k.nonlinearity }),
    )
}

fn playing(d: &mut Draw) -> Case {
    let (k, lag) = (d.between(5.0, 50.0), d.between(0.01, 0.3));
    let up = (-50..=50).map(|i| (f64::from(i) / 5.0, -lag));
    let down = (-50..=50).rev().map(|i| (f64::from(i) / 5.0, lag));
    let path: Vec<play::Point> = up
        .chain(down)
        .map(|(torque, lag)| play::Point {
            torque,
            angle: torque / k + lag + d.between(-0.001, 0.001),
        })
        .collect();
    let (stiffness, u) = play::stiffness(&path, 5.0, 10.0).unwrap();
    let pairs: Vec<(f64, f64)> = path.iter().map(|p| (p.torque, p.angle)).collect();
    (
        json!({ "path": pairs, "at": 0.35, "from": 5.0, "to": 10.0 }),
        json!({
            "hysteresis": play::hysteresis(&path, 0.35), "lost": play::lost_motion(&path, 0.35),
            "stiffness": stiffness, "u": u,
        }),
    )
}

fn rubbing(d: &mut Draw) -> Case {
    let (c, dip, vs, b) = (
        d.between(1.0, 3.0),
        d.between(0.5, 2.0),
        d.between(0.2, 0.6),
        d.between(0.1, 1.0),
    );
    let pairs: Vec<(f64, f64)> = (1..=60)
        .map(|i| 0.04 * f64::from(i))
        .map(|v| {
            (
                v,
                c + dip * (-(v / vs).powi(2)).exp() + b * v + d.between(-0.01, 0.01),
            )
        })
        .collect();
    let f = friction::stribeck(&pairs).unwrap();
    (
        json!({ "pairs": pairs }),
        json!({
            "coulomb": f.coulomb, "breakaway": f.breakaway, "speed": f.speed,
            "viscous": f.viscous, "s": f.s,
        }),
    )
}

fn rippling(d: &mut Draw) -> Case {
    let samples: Vec<(f64, f64)> = (0..360)
        .map(|i| {
            let deg = f64::from(i) + d.between(0.0, 0.9);
            (
                deg,
                10.0 + 0.3 * (12.0 * deg).to_radians().cos() + d.between(-0.1, 0.1),
            )
        })
        .collect();
    let (mean, orders) = ripple::ripple(&samples, &[1, 12, 24]).unwrap();
    let amplitudes: Vec<f64> = orders.iter().map(|o| o.amplitude).collect();
    (
        json!({ "samples": samples, "orders": [1, 12, 24] }),
        json!({ "mean": mean, "amplitudes": amplitudes, "peak": ripple::peak_to_peak(&samples) }),
    )
}

fn working(d: &mut Draw) -> Case {
    let x = [
        d.between(1.0, 50.0),
        d.between(0.5, 9.0),
        d.between(24.0, 60.0),
        d.between(1.0, 20.0),
    ];
    let u = [0; 4].map(|_| d.between(0.0, 0.05));
    let eta = efficiency::efficiency(&efficiency::Operating {
        torque_nm: x[0],
        speed_rad_per_s: x[1],
        volt: x[2],
        ampere: x[3],
        u,
    })
    .unwrap();
    (
        json!({ "x": x, "u": u }),
        json!({ "value": eta.value, "u": eta.u }),
    )
}

fn positioning(d: &mut Draw) -> Case {
    let targets: Vec<encoder::Target> = (0..5)
        .map(|_| encoder::Target {
            up: d.values(5, -1.0, 1.0),
            down: d.values(5, 0.5, 3.0),
        })
        .collect();
    let p = encoder::positioning(&targets).unwrap();
    let pairs: Vec<_> = targets
        .iter()
        .map(|t| (t.up.clone(), t.down.clone()))
        .collect();
    (
        json!({ "targets": pairs }),
        json!({ "a": p.accuracy, "e": p.systematic, "r": p.repeatability, "b": p.reversal }),
    )
}

fn steps(d: &mut Draw, lag: f64) -> Vec<sensor::Step> {
    (0..11)
        .map(|i| {
            let applied = 10.0 * f64::from(i);
            sensor::Step {
                applied,
                indicated: 0.2 + 1.01 * applied + lag + d.between(-0.3, 0.3),
            }
        })
        .collect()
}

fn pairs(steps: &[sensor::Step]) -> Vec<(f64, f64)> {
    steps.iter().map(|s| (s.applied, s.indicated)).collect()
}

fn bending(d: &mut Draw) -> Case {
    let steps = steps(d, 0.0);
    let l = sensor::linearity(&steps, 100.0).unwrap();
    (
        json!({ "steps": pairs(&steps), "fs": 100.0 }),
        json!({ "gain": l.gain, "offset": l.offset, "nonlinearity": l.nonlinearity, "u": l.gain_u }),
    )
}

fn lagging(d: &mut Draw) -> Case {
    let (up, mut down) = (steps(d, 0.0), steps(d, 1.0));
    down.iter_mut()
        .for_each(|s| s.applied = (s.applied + d.between(-4.0, 4.0)).clamp(0.0, 100.0));
    (
        json!({ "up": pairs(&up), "down": pairs(&down), "fs": 100.0 }),
        json!({ "hysteresis": sensor::hysteresis(&up, &down, 100.0) }),
    )
}

fn talking(d: &mut Draw) -> Case {
    let applied: Vec<Vec<f64>> = (0..12).map(|_| d.values(3, -50.0, 50.0)).collect();
    let indicated: Vec<Vec<f64>> = applied
        .iter()
        .map(|a| {
            (0..3)
                .map(|i| a[i] + 0.02 * a[(i + 1) % 3] + d.between(-0.2, 0.2))
                .collect()
        })
        .collect();
    let full = [100.0, 100.0, 50.0];
    let c = sensor::crosstalk(&applied, &indicated, &full).unwrap();
    (
        json!({ "applied": applied, "indicated": indicated, "fs": full }),
        json!({ "matrix": c.matrix, "worst": c.worst }),
    )
}

fn wandering(d: &mut Draw) -> Case {
    let samples = d.curve(100, 1.0, -0.1, 0.1);
    let (most, slope) = sensor::zero_drift(&samples, 10.0, 50.0).unwrap();
    (
        json!({ "samples": samples, "edge": 10.0, "fs": 50.0 }),
        json!({ "most": most, "slope": slope }),
    )
}

fn reacting(d: &mut Draw) -> Case {
    let steps: Vec<sensor::Step> = (1..=20)
        .map(|i| sensor::Step {
            applied: 0.05 * f64::from(i),
            indicated: 0.03 * f64::from(i) * d.between(0.0, 2.0),
        })
        .collect();
    (
        json!({ "steps": pairs(&steps), "reaction": 0.2 }),
        json!({ "threshold": sensor::threshold(&steps, 0.2) }),
    )
}

fn levels(d: &mut Draw) -> Case {
    use performance_level as pl;
    let (days, hours, cycle) = (
        d.between(100.0, 365.0),
        d.between(4.0, 24.0),
        d.between(5.0, 300.0),
    );
    let b10 = d.between(1e5, 2e7);
    let n = pl::operations_per_year(days, hours, cycle).unwrap();
    let parts: Vec<(f64, f64)> = (0..5).map(|_| (d.between(5.0, 300.0), d.unit())).collect();
    let years: Vec<f64> = parts.iter().map(|p| p.0).collect();
    (
        json!({ "days": days, "hours": hours, "cycle": cycle, "b10": b10, "parts": parts }),
        json!({
            "n_op": n, "mttf": pl::mttf_d(b10, n), "t10": pl::t10d(b10, n),
            "series": pl::series(&years), "symmetrized": pl::symmetrize(years[0], years[1]),
            "dc": pl::dc_average(&parts),
        }),
    )
}

fn departing(d: &mut Draw) -> Case {
    let (left, step) = (d.between(0.3, 0.6), d.between(3.0, 8.0));
    let samples: Vec<(f64, f64)> = (0..100)
        .map(|i| f64::from(i) * 0.01)
        .map(|t| (t, d.between(-0.2, 0.2) + if t > left { step } else { 0.0 }))
        .collect();
    let seen = interface::departure(&samples, 0.25, 5.0).unwrap();
    (
        json!({ "samples": samples, "rest": 0.25, "factor": 5.0 }),
        json!({ "lower": seen.lower, "upper": seen.upper }),
    )
}
