//! Statistics, uncertainty and decisions.

use super::draw::{Case, Draw, Table};
use certbench_judge::decision::{self, Limit, Population};
use certbench_judge::stats::binomial::{self, Count};
use certbench_judge::stats::*;
use certbench_model::{Calibration, CalibrationRange, Date, InUse, Part};
use serde_json::{Value, json};

pub(crate) const TABLE: Table = &[
    ("summary", summarizing),
    ("combine", combining),
    ("binomial", counting),
    ("plan", planning),
    ("sprt", sequential),
    ("characteristic", characterizing),
    ("kappa", agreeing),
    ("runs", running),
    ("in-use", using),
    ("two-rates", comparing),
    ("two-series", series),
    ("tolerance", tolerating),
    ("kaplan-meier", surviving),
    ("mtbf", enduring),
    ("lot", lots),
    ("proficiency", proving),
    ("least-squares", fitting),
    ("monte-carlo", propagating),
    ("conformance", conforming),
    ("global-risk", risking),
];

fn ends(i: Interval) -> [f64; 2] {
    [i.lower, i.upper]
}

fn summarizing(d: &mut Draw) -> Case {
    let n = d.whole(2, 60);
    let values = d.values(n, 10.0, 13.0);
    let s = summary::Summary::of(&values).unwrap();
    let interval = s.mean_interval(Confidence::P95).unwrap();
    (
        json!({ "values": values }),
        json!({ "mean": s.mean, "s": s.s, "interval": ends(interval) }),
    )
}

fn combining(d: &mut Draw) -> Case {
    let n = d.whole(1, 6);
    let parts: Vec<(f64, f64)> = (0..n)
        .map(|_| (d.between(0.1, 5.0), d.whole(2, 60) as f64))
        .collect();
    let contributions: Vec<_> = parts
        .iter()
        .map(|(u, nu)| student::Contribution { u: *u, nu: *nu })
        .collect();
    let c = student::combine(&contributions).unwrap();
    let (expanded, k) = c.expanded(Confidence::P9545).unwrap();
    (
        json!({ "parts": parts }),
        json!({ "u": c.u, "nu": c.nu_eff, "expanded": expanded, "k": k }),
    )
}

fn counting(d: &mut Draw) -> Case {
    let n = d.whole(1, 400);
    let k = d.whole(0, n);
    let level = d.between(0.8, 0.999);
    let (count, c) = (Count::new(k, n).unwrap(), Confidence::new(level).unwrap());
    (
        json!({ "k": k, "n": n, "level": level }),
        json!({
            "exact": ends(binomial::clopper_pearson(count, c)),
            "lower": binomial::clopper_pearson_lower(count, c),
            "upper": binomial::clopper_pearson_upper(count, c),
            "wilson": ends(binomial::wilson(count, c)),
            "jeffreys": ends(binomial::jeffreys(count, c)),
        }),
    )
}

fn planning(d: &mut Draw) -> Case {
    let (r, level, c) = (d.between(0.7, 0.99), d.between(0.8, 0.99), d.whole(0, 4));
    let bad = d.between(0.6, 0.8);
    let good = d.between(0.9, 0.97);
    let plan = binomial::smallest_plan(good, 0.05, bad, 0.1).unwrap();
    let confidence = Confidence::new(level).unwrap();
    (
        json!({ "r": r, "level": level, "c": c, "good": good, "bad": bad }),
        json!({
            "n": binomial::required_trials(r, confidence, c),
            "accepted": binomial::acceptance_probability(50, c, r),
            "plan": [plan.trials, plan.failures_allowed],
        }),
    )
}

fn sequential(d: &mut Draw) -> Case {
    let bad = d.between(0.5, 0.85);
    let good = d.between(0.86, 0.99);
    let (alpha, beta) = (d.between(0.01, 0.2), d.between(0.01, 0.2));
    let s = sprt::Sprt::new(good, bad, alpha, beta).unwrap();
    let n = d.whole(1, 100);
    let k = d.whole(0, n);
    (
        json!({ "good": good, "bad": bad, "alpha": alpha, "beta": beta, "k": k, "n": n }),
        json!({
            "a": s.reject_at(), "b": s.accept_at(), "ratio": s.ratio(k, n),
            "accept": [s.accept_line().0, s.accept_line().1], "reject": s.reject_line().1,
            "asn": [s.average_trials().0, s.average_trials().1],
        }),
    )
}

fn characterizing(d: &mut Draw) -> Case {
    let p = d.between(0.5, 0.99);
    let trials = d.whole(5, 120);
    let failures = d.whole(0, 4);
    let test = sprt::Sprt::new(
        d.between(0.86, 0.99),
        d.between(0.5, 0.85),
        d.between(0.01, 0.2),
        d.between(0.01, 0.2),
    );
    let (test, n, c) = (test.unwrap(), trials as u32, failures as u32);
    let plans = [
        sprt::Sampling::Single {
            trials: n,
            failures: c,
        },
        sprt::Sampling::Sequential { test, trials: n },
    ];
    let [single, sequential] = plans.map(|plan| {
        let seen = sprt::characteristic(&plan, p).unwrap();
        [seen.accepted, seen.trials]
    });
    (
        json!({ "p": p, "trials": trials, "failures": failures, "test": test.levels() }),
        json!({ "single": single, "sequential": sequential }),
    )
}

fn agreeing(d: &mut Draw) -> Case {
    let size = d.whole(2, 4);
    let table: Vec<Vec<u64>> = (0..size)
        .map(|_| (0..size).map(|_| d.whole(1, 30)).collect())
        .collect();
    let k = agreement::kappa(&table).unwrap();
    (
        json!({ "table": table }),
        json!({ "kappa": k.kappa, "se": k.standard_error }),
    )
}

fn running(d: &mut Draw) -> Case {
    let n = d.whole(4, 40);
    let mut series: Vec<bool> = (0..n).map(|_| d.chance(0.6)).collect();
    series.extend([true, false]);
    let r = runs::runs(&series).unwrap();
    (
        json!({ "series": series }),
        json!({ "runs": r.runs, "few": r.p_few, "many": r.p_many, "expected": r.expected }),
    )
}

/// The expanded uncertainty (k = 2) of an instrument as it is used, where its range ends.
fn using(d: &mut Draw) -> Case {
    let (far, k) = (d.between(10.0, 500.0), d.between(1.5, 3.0));
    let (u_abs, u_rel) = (d.between(0.0, 0.2), d.between(0.0, 0.005));
    let (step, within) = (d.between(0.001, 0.1), d.between(0.5, 10.0));
    let (askew_deg, per_kelvin) = (d.between(0.1, 5.0), d.between(0.0, 0.001));
    let part = |half_abs: f64, half_rel: f64| Part {
        half_abs,
        half_rel,
        steady: false,
        from: String::new(),
    };
    let in_use = InUse {
        resolution: Some(part(step / 2.0, 0.0)),
        alignment: Some(part(0.0, 1.0 - askew_deg.to_radians().cos())),
        temperature: Some(part(0.0, per_kelvin * within)),
        in_certificate: vec![],
    };
    let day = Date::new(2026, 6, 1).unwrap();
    let calibration = Calibration {
        certificate: String::new(),
        body: String::new(),
        file: None,
        date: day,
        due: day,
        ranges: vec![CalibrationRange {
            from: 0.0,
            to: far,
            u_abs,
            u_rel,
            k,
        }],
        direction: None,
        bandwidth_hz: None,
        noise: None,
        angles: None,
        in_use: Some(in_use),
    };
    (
        json!({
            "reading": far, "certificate": [u_abs, u_rel, k], "step": step,
            "askew_deg": askew_deg, "temperature": [per_kelvin, within],
        }),
        json!({ "expanded": calibration.worst_expanded_uncertainty() }),
    )
}

fn comparing(d: &mut Draw) -> Case {
    let (n, m) = (d.whole(5, 80), d.whole(5, 80));
    let (k, l) = (d.whole(0, n), d.whole(0, m));
    let (a, b) = (Count::new(k, n).unwrap(), Count::new(l, m).unwrap());
    let (one, other) = (d.whole(0, 20), d.whole(1, 20));
    (
        json!({ "a": [k, n], "b": [l, m], "pairs": [one, other] }),
        json!({
            "fisher": rates::fisher(a, b), "newcombe": ends(rates::newcombe(a, b, Confidence::P95)),
            "mcnemar": rates::mcnemar(one, other), "mcnemar_mid": rates::mcnemar_mid(one, other),
        }),
    )
}

fn series(d: &mut Draw) -> Case {
    let (n, m) = (d.whole(8, 40), d.whole(8, 40));
    let (a, b) = (d.values(n, 10.0, 12.0), d.values(m, 10.2, 12.3));
    let ks = compare::kolmogorov_smirnov(&a, &b).unwrap();
    let welch = compare::welch(&a, &b).unwrap();
    let u = compare::mann_whitney(&a, &b).unwrap();
    (
        json!({ "a": a, "b": b }),
        json!({
            "ks": [ks.statistic, ks.p], "welch": [welch.statistic, welch.p], "u": [u.statistic, u.p],
            "least": [ks.least_p, u.least_p],
        }),
    )
}

fn tolerating(d: &mut Draw) -> Case {
    let n = d.whole(3, 100);
    let (share, level) = (d.between(0.8, 0.99), d.between(0.8, 0.99));
    let of = |p| Confidence::new(p).unwrap();
    let k = tolerance::one_sided_factor(n as usize, of(share), of(level));
    (
        json!({ "n": n, "share": share, "level": level }),
        json!({ "k": k }),
    )
}

fn surviving(d: &mut Draw) -> Case {
    let n = d.whole(5, 60);
    let lives: Vec<life::Life> = (0..n)
        .map(|_| life::Life {
            t: d.whole(1, 30) as f64,
            failed: d.chance(0.6),
        })
        .collect();
    let steps = life::kaplan_meier(&lives).unwrap();
    let pairs: Vec<(f64, bool)> = lives.iter().map(|l| (l.t, l.failed)).collect();
    let curve: Vec<Value> = steps
        .iter()
        .map(|s| json!([s.t, s.survival, s.standard_error]))
        .collect();
    (json!({ "lives": pairs }), json!({ "curve": curve }))
}

fn enduring(d: &mut Draw) -> Case {
    let (exposure, failures, level) = (d.between(100.0, 1e6), d.whole(0, 20), d.between(0.6, 0.99));
    let c = Confidence::new(level).unwrap();
    let m = life::mtbf(exposure, failures, life::Ended::AtTime, c).unwrap();
    let at_failure = life::mtbf(exposure, failures + 1, life::Ended::AtFailure, c).unwrap();
    (
        json!({ "t": exposure, "r": failures, "level": level }),
        json!({
            "lower": m.lower, "low": m.interval.lower, "at_failure": at_failure.lower,
            "reliability": life::mission_reliability(m.lower, exposure / 10.0),
        }),
    )
}

fn lots(d: &mut Draw) -> Case {
    let lot = d.whole(50, 2_000);
    let defective = d.whole(0, lot / 5);
    let sample = d.whole(5, 50);
    let allowed = d.whole(0, 5);
    let (n, k, p) = (d.whole(3, 60), d.between(1.0, 2.5), d.between(0.001, 0.2));
    (
        json!({
            "lot": lot, "defective": defective, "sample": sample, "allowed": allowed,
            "n": n, "k": k, "p": p,
        }),
        json!({
            "attributes": lot::attributes(lot, defective, sample, allowed),
            "variables": lot::variables(n, k, p),
        }),
    )
}

fn proving(d: &mut Draw) -> Case {
    let (x, u, y, v) = (
        d.between(9.0, 11.0),
        d.between(0.01, 0.2),
        d.between(9.0, 11.0),
        d.between(0.01, 0.2),
    );
    (
        json!({ "x": x, "u": u, "y": y, "v": v }),
        json!({ "e_n": proficiency::e_n(x, u, y, v), "z": proficiency::z(x, y, v) }),
    )
}

fn fitting(d: &mut Draw) -> Case {
    let columns = d.whole(1, 5);
    let rows: Vec<Vec<f64>> = (0..30).map(|_| d.values(columns, -5.0, 5.0)).collect();
    let y = d.values(30, -10.0, 10.0);
    let fit = linear::least_squares(&rows, &y).unwrap();
    (
        json!({ "rows": rows, "y": y }),
        json!({ "c": fit.coefficients, "u": fit.uncertainties, "s": fit.s }),
    )
}

fn propagating(d: &mut Draw) -> Case {
    let seed = d.whole(1, 1_000_000);
    let x = [0; 4].map(|_| d.between(0.5, 2.0));
    let inputs = [
        monte_carlo::Input::Normal { mean: x[0], u: 0.1 },
        monte_carlo::Input::Rectangular {
            mean: x[1],
            half: 0.2,
        },
        monte_carlo::Input::Triangular {
            mean: x[2],
            half: 0.3,
        },
        monte_carlo::Input::ArcSine {
            mean: x[3],
            half: 0.1,
        },
    ];
    let model = |v: &[f64]| v[0] * v[1] / v[2] + v[3] * v[3];
    let p = monte_carlo::propagate(&inputs, model, 2_000, seed, Confidence::P95).unwrap();
    (
        json!({ "seed": seed, "x": x, "trials": 2000 }),
        json!({
            "mean": p.mean, "u": p.u, "symmetric": ends(p.symmetric), "shortest": ends(p.shortest),
        }),
    )
}

fn conforming(d: &mut Draw) -> Case {
    let (y, u) = (d.between(-1.0, 2.0), d.between(0.05, 0.5));
    let of = |limit| decision::conformance_probability(y, u, limit);
    let wrong = |limit| decision::false_accept_probability(y, u, limit);
    (
        json!({ "y": y, "u": u }),
        json!({
            "upper": of(Limit::Upper(1.0)), "lower": of(Limit::Lower(0.0)),
            "between": of(Limit::Between(0.0, 1.0)), "wrong": wrong(Limit::Between(0.0, 1.0)),
        }),
    )
}

fn risking(d: &mut Draw) -> Case {
    let items = Population {
        mean: d.between(-0.5, 0.5),
        sigma: d.between(0.5, 1.5),
        u: d.between(0.1, 0.4),
    };
    let (tolerance, accept) = (d.between(1.0, 2.0), d.between(0.8, 1.8));
    let r = decision::global_risk(
        items,
        Limit::Between(-tolerance, tolerance),
        Limit::Between(-accept, accept),
    )
    .unwrap();
    (
        json!({
            "mean": items.mean, "sigma": items.sigma, "u": items.u, "tolerance": tolerance,
            "accept": accept,
        }),
        json!({ "consumer": r.consumer, "producer": r.producer }),
    )
}
