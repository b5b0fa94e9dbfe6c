//! Hands.

use super::draw::{Case, Draw, Table};
use certbench_judge::metric::hand::*;
use certbench_judge::stats::{Confidence, Interval};
use serde_json::json;

pub(crate) const TABLE: Table = &[
    ("censored", strengths),
    ("split", splitting),
    ("grasp-efficiency", gripping),
    ("slip-drop", dropping),
    ("slip-displacement", slipping),
    ("cycle", cycling),
    ("synchrony", arriving),
    ("finger-repeatability", repeating),
    ("tracking", following),
    ("touch", touching),
    ("calibration", calibrating),
    ("vector", vectors),
    ("stiffness", stiff),
    ("pose-error", estimating),
    ("moved-error", manipulating),
];

fn strengths(d: &mut Draw) -> Case {
    let n = d.whole(5, 120);
    let limit = d.between(11.0, 16.0);
    let trials: Vec<censored::Strength> = d
        .values(n, 8.0, 15.0)
        .iter()
        .map(|v| censored::Strength {
            value: v.min(limit),
            censored: *v > limit,
        })
        .collect();
    let s = censored::summarize(&trials).unwrap();
    let p95 = Confidence::P95;
    let pairs: Vec<(f64, bool)> = trials.iter().map(|t| (t.value, t.censored)).collect();
    (
        json!({ "trials": pairs }),
        json!({
            "mean": s.mean_seen, "s": s.s, "least": s.least, "median": s.median,
            "ordered": censored::ordered_bound(&trials, p95, p95),
            "normal": censored::normal_bound(&trials, p95, p95),
        }),
    )
}

fn splitting(d: &mut Draw) -> Case {
    let (a, b) = (
        d.position([-20.0, 0.0, 0.0], 5.0),
        d.position([20.0, 0.0, 0.0], 5.0),
    );
    let normal = d.position([2.0, 0.0, 0.0], 0.5);
    let s = grasp::split(a, b, normal).unwrap();
    (
        json!({ "first": a, "second": b, "normal": normal }),
        json!({ "internal": s.internal, "imbalance": s.imbalance, "shear": s.shear }),
    )
}

fn gripping(d: &mut Draw) -> Case {
    let samples: Vec<(f64, f64)> = (0..50)
        .map(|_| (d.between(-5.0, 5.0), d.between(4.0, 20.0)))
        .collect();
    let mu = d.between(0.2, 1.0);
    let (mean, worst) = grasp::efficiency(&samples, mu, 2).unwrap();
    (
        json!({ "samples": samples, "mu": mu, "contacts": 2 }),
        json!({ "mean": mean, "worst": worst }),
    )
}

fn pull(d: &mut Draw) -> Vec<(f64, f64)> {
    let peak = d.between(10.0, 40.0);
    let slips = d.chance(0.7);
    (0..200)
        .map(|i| {
            let t = f64::from(i) / 50.0;
            let held = peak * (t / 2.0).min(1.0);
            let force = if slips && t > 3.0 { 0.4 * peak } else { held };
            (t, force + d.between(-0.1, 0.1))
        })
        .collect()
}

fn dropping(d: &mut Draw) -> Case {
    let samples = pull(d);
    let s = slip::by_drop(&samples, 0.5, 0.3).unwrap();
    (
        json!({ "samples": samples, "onset": 0.5, "drop": 0.3 }),
        json!({ "resistance": s.resistance, "at": s.at_s, "slipped": s.slipped_s }),
    )
}

fn slipping(d: &mut Draw) -> Case {
    let force = pull(d);
    let moved = d.curve(100, 0.04, 0.0, 2.2);
    let s = slip::by_displacement(&force, &moved, 2.0).unwrap();
    (
        json!({ "force": force, "moved": moved, "allowed": 2.0 }),
        json!({ "resistance": s.resistance, "at": s.at_s, "slipped": s.slipped_s }),
    )
}

fn cycling(d: &mut Draw) -> Case {
    let (close, open) = (d.between(0.2, 0.8), d.between(1.0, 1.6));
    let samples: Vec<(f64, f64)> = (0..200)
        .map(|i| {
            let t = f64::from(i) / 100.0;
            let held = if t > close && t < open { 12.0 } else { 0.0 };
            (t, held + d.between(0.0, 0.4))
        })
        .collect();
    let delay = Interval {
        lower: d.between(0.0, 0.01),
        upper: d.between(0.01, 0.05),
    };
    let c = cycle::cycle(&samples, 10.0, 0.5, delay).unwrap();
    let ends = |i: Interval| [i.lower, i.upper];
    (
        json!({ "samples": samples, "full": 10.0, "none": 0.5, "delay": ends(delay) }),
        json!({ "grasped": ends(c.grasped_s), "released": ends(c.released_s) }),
    )
}

fn arriving(d: &mut Draw) -> Case {
    let arrivals = d.values(5, 0.4, 0.7);
    (
        json!({ "arrivals": arrivals }),
        json!({ "spread": cycle::synchrony(&arrivals) }),
    )
}

fn repeating(d: &mut Draw) -> Case {
    let n = d.whole(2, 30);
    let attained = d.values(n, 4.0, 5.0);
    let seen = repeat::repeatability(&attained).unwrap();
    (
        json!({ "attained": attained }),
        json!({ "spread": seen.spread, "u": seen.u, "mean": seen.mean }),
    )
}

fn following(d: &mut Draw) -> Case {
    let profile: Vec<(f64, f64)> = (0..6)
        .map(|i| (f64::from(i), d.between(0.0, 10.0)))
        .collect();
    let measured = d.curve(100, 0.045, 0.0, 10.0);
    let t = tracking::tracking(&measured, &profile, 0.5, 50).unwrap();
    (
        json!({ "measured": measured, "profile": profile, "most": 0.5, "steps": 50 }),
        json!({
            "n": t.n, "bias": t.bias, "rms": t.rms, "largest": t.largest,
            "delay": t.delay_s, "rms_delayed": t.rms_delayed,
        }),
    )
}

fn touching(d: &mut Draw) -> Case {
    let force = d.curve(50, 0.1, 0.0, 2.0);
    let from = d.between(1.0, 3.0);
    let reported = Interval {
        lower: from,
        upper: from + d.between(0.0, 0.8),
    };
    let felt = force_sense::touch(&force, reported).unwrap();
    (
        json!({ "force": force, "reported": [reported.lower, reported.upper] }),
        json!({ "felt": [felt.lower, felt.upper] }),
    )
}

fn calibrating(d: &mut Draw) -> Case {
    let pairs: Vec<(f64, f64)> = (0..20)
        .map(|i| {
            (
                f64::from(i),
                0.3 + 1.08 * f64::from(i) + d.between(-0.2, 0.2),
            )
        })
        .collect();
    let c = force_sense::calibration(&pairs).unwrap();
    (
        json!({ "pairs": pairs }),
        json!({
            "gain": c.gain, "offset": c.offset, "error": c.largest_error,
            "departure": c.largest_departure,
        }),
    )
}

fn vectors(d: &mut Draw) -> Case {
    let (a, b) = (d.position([0.0; 3], 10.0), d.position([0.0; 3], 10.0));
    let (size, angle) = force_sense::vector_error(a, b).unwrap();
    (
        json!({ "reference": a, "indicated": b }),
        json!({ "size": size, "angle": angle }),
    )
}

fn stiff(d: &mut Draw) -> Case {
    let pairs: Vec<(f64, f64)> = (0..12)
        .map(|i| {
            (
                0.1 * f64::from(i),
                0.2 * f64::from(i) + d.between(-0.05, 0.05),
            )
        })
        .collect();
    let (k, u) = manipulation::stiffness(&pairs).unwrap();
    (json!({ "pairs": pairs }), json!({ "k": k, "u": u }))
}

fn manipulating(d: &mut Draw) -> Case {
    let mut pose = |_| {
        let rotation = [0; 4].map(|_| d.between(-1.0, 1.0));
        (d.position([0.0; 3], 50.0), rotation)
    };
    let [before, after, commanded] = [0, 1, 2].map(&mut pose);
    let (far, angle) = manipulation::moved_error(before, after, commanded).unwrap();
    (
        json!({ "before": before, "after": after, "commanded": commanded }),
        json!({ "distance": far, "angle": angle }),
    )
}

fn estimating(d: &mut Draw) -> Case {
    let quaternion = |d: &mut Draw| [0; 4].map(|_| d.between(-1.0, 1.0));
    let (p, q) = (d.position([0.0; 3], 50.0), d.position([0.0; 3], 50.0));
    let (a, b) = (quaternion(d), quaternion(d));
    let (far, angle) = manipulation::pose_error((p, a), (q, b)).unwrap();
    (
        json!({ "positions": [p, q], "rotations": [a, b] }),
        json!({ "distance": far, "angle": angle }),
    )
}
