//! Oracle vectors: inputs and results that were computed elsewhere, shipped as data in the program,
//! held against what the judge computes here and now.

use certbench_judge::decision::{Limit, Outcome, Rule, decide, false_accept_probability};
use certbench_judge::metric::iso9283::cube::{Cube, UpperEdge};
use certbench_judge::metric::iso9283::drift::{Group, drift, may_stop_at};
use certbench_judge::metric::iso9283::{
    compliance, corner, distance, path, pose, settle, variation, velocity,
};
use certbench_judge::metric::safeguard::{Approach2010, distance_2010};
use certbench_judge::metric::{contact, performance_level, stop, thermal};
use certbench_judge::stats::binomial::{self, Count};
use certbench_judge::stats::filter::Butterworth;
use certbench_judge::stats::sprt::Sprt;
use certbench_judge::stats::student::{self, Contribution};
use certbench_judge::stats::{Confidence, Interval, compare, rates, summary::Summary, tolerance};
use serde_json::Value;

use super::Check;

/// The vectors; `make.py` beside them says where each comes from.
const DATA: &str = include_str!("../../../oracle/oracle.json");

/// Every result of every vector.
pub(super) fn checks() -> Vec<Check> {
    of(DATA)
}

fn of(data: &str) -> Vec<Check> {
    let Ok(Value::Array(vectors)) = serde_json::from_str(data) else {
        return vec![Check::without("oracle", "oracle.json", "cannot be read")];
    };
    vectors
        .iter()
        .enumerate()
        .flat_map(|(number, vector)| of_vector(number + 1, vector))
        .collect()
}

fn of_vector(number: usize, vector: &Value) -> Vec<Check> {
    let word = |key: &str| vector.get(key).and_then(Value::as_str).unwrap_or_default();
    let input = vector.get("input").unwrap_or(&Value::Null);
    let computed = compute(word("function"), input).unwrap_or_default();
    let expected = vector.get("expect").and_then(Value::as_object);
    let one = |(name, printed): (&String, &Value)| {
        let id = format!("{number} {}: {name}", word("function"));
        let printed = printed.as_str().unwrap_or_default();
        let got = computed.iter().find(|(n, _)| n == name).map(|(_, x)| *x);
        Check::printed(&id, word("source"), printed, got)
    };
    expected.into_iter().flatten().map(one).collect()
}

type Named = Vec<(&'static str, f64)>;

/// What the judge makes of an input; `None` where it makes nothing of it.
fn compute(function: &str, input: &Value) -> Option<Named> {
    let number = |key: &str| input.get(key)?.as_f64();
    let list = |key: &str| numbers(input.get(key)?);
    let places = |key: &str| points(input.get(key)?);
    let count = |key: &str| input.get(key)?.as_u64();
    let level = |key: &str| Confidence::new(number(key)?);
    Some(match function {
        "pose-accuracy" => {
            let a = pose::accuracy(&places("attained")?, point(input.get("command")?)?)?;
            let [x, y, z] = a.components;
            vec![("AP_p", a.ap_p), ("AP_x", x), ("AP_y", y), ("AP_z", z)]
        }
        "pose-repeatability" => {
            let r = pose::repeatability(&places("attained")?)?;
            vec![
                ("mean_distance", r.mean_distance),
                ("S_l", r.s),
                ("RP_l", r.rp),
            ]
        }
        "angle" => {
            let (angles, command) = (list("angles")?, number("command")?);
            let ap = pose::angle_accuracy(&angles, command)?;
            vec![
                ("AP", ap),
                ("RP", pose::angle_repeatability(&angles, command)?),
            ]
        }
        "variation" => {
            let series: Vec<_> = nested(input.get("series")?)?;
            let series: Vec<&[pose::Position]> = series.iter().map(Vec::as_slice).collect();
            vec![("vAP", variation::variation(&series)?.value)]
        }
        "distance" => {
            let commands: [_; 2] = places("commands")?.try_into().ok()?;
            let d = distance::distance(&places("first")?, &places("second")?, commands)?;
            vec![("AD", d.ad), ("RD", d.rd)]
        }
        "settle" => {
            let every = number("interval_s")?;
            let sample = |(i, x): (usize, f64)| (i as f64 * every, [x, 0.0, 0.0]);
            let samples: Vec<_> = list("positions")?
                .into_iter()
                .enumerate()
                .map(sample)
                .collect();
            let s = settle::settle(&samples, [number("rest")?, 0.0, 0.0], number("band")?)?;
            vec![
                ("stabilization_s", s.stabilization_s),
                ("overshoot", s.overshoot),
            ]
        }
        "drift" => drifts(
            &list("AP")?,
            number("interval_s")?,
            number("first_s")?,
            number("share")?,
        )?,
        "path" => {
            let crossings = nested(input.get("crossings")?)?;
            let at = path::path_accuracy(&crossings, &places("command")?)?.value;
            vec![
                ("AT_p", at),
                ("RT_p", path::path_repeatability(&crossings)?.value),
            ]
        }
        "corner" => {
            let at = point(input.get("corner")?)?;
            let each: Option<Vec<f64>> = nested(input.get("paths")?)?
                .iter()
                .map(|path| corner::round_off(path, at))
                .collect();
            vec![("CR", corner::over_cycles(&each?)?.mean)]
        }
        "path-velocity" => {
            let passes: Option<Vec<_>> = input
                .get("passes")?
                .as_array()?
                .iter()
                .map(numbers)
                .collect();
            let v = velocity::path_velocity(&passes?, number("command")?)?;
            vec![("mean", v.mean), ("AV", v.av), ("RV", v.rv), ("FV", v.fv)]
        }
        "compliance" => {
            let c = compliance::compliance(&pairs(input.get("steps")?)?)?;
            vec![
                ("full_load", c.at_full_load),
                ("worst", c.worst),
                ("slope", c.slope),
            ]
        }
        "cube" => {
            let centre = point(input.get("centre")?)?;
            let cube = Cube {
                centre,
                edge: number("edge")?,
            };
            let [_, p2, _, p4, _] = cube.poses(UpperEdge::PlusX, number("inset")?);
            vec![
                ("diagonal", cube.diagonal()),
                ("P2_x", p2[0]),
                ("P2_y", p2[1]),
                ("P2_z", p2[2]),
                ("P4_x", p4[0]),
                ("P4_y", p4[1]),
                ("P4_z", p4[2]),
            ]
        }
        "stop" => {
            let curve = stop::from_speed(&pairs(input.get("speeds")?)?);
            let now = Interval {
                lower: 0.0,
                upper: 0.0,
            };
            let rest = stop::Rest {
                below: number("rest_below")?,
                dwell_s: number("dwell_s")?,
            };
            let stop = stop::measure(&curve, now, now, rest).ok()?;
            vec![("time_s", stop.time_s), ("distance", stop.distance)]
        }
        "safeguard" => {
            let across = Approach2010::Perpendicular {
                d_mm: number("d_mm")?,
            };
            vec![("S", distance_2010(number("t_s")?, across)?)]
        }
        "contact" => {
            let robot = contact::robot_mass(number("moving_kg")?, number("load_kg")?);
            let mu = contact::reduced_mass(number("body_kg")?, robot);
            let stiffness = number("stiffness_n_per_m")?;
            let speed = contact::speed_at_force(number("force_n")?, mu, stiffness)?;
            vec![("mu", mu), ("speed", speed)]
        }
        "separation" => {
            let s = contact::Separation {
                person_m_per_s: number("person_m_per_s")?,
                robot_m_per_s: number("robot_m_per_s")?,
                reaction_s: number("reaction_s")?,
                stopping_s: number("stopping_s")?,
                braking_m: number("braking_m")?,
                intrusion_m: number("intrusion_m")?,
                person_u_m: number("person_u_m")?,
                robot_u_m: number("robot_u_m")?,
            };
            vec![("S_p", contact::separation(&s))]
        }
        "performance-level" => {
            use performance_level as pl;
            let n_op =
                pl::operations_per_year(number("days")?, number("hours")?, number("cycle_s")?)?;
            let [first, second]: [f64; 2] = list("channels")?.try_into().ok()?;
            vec![
                ("n_op", n_op),
                ("MTTF_D", pl::mttf_d(number("b10d")?, n_op)),
                ("T10D", pl::t10d(number("b10d")?, n_op)),
                ("series", pl::series(&list("series")?)?),
                ("symmetrized", pl::symmetrize(first, second)),
                ("DC_avg", pl::dc_average(&pairs(input.get("coverage")?)?)?),
            ]
        }
        "winding-rise" => {
            let (cold, hot) = (number("cold_ohm")?, number("hot_ohm")?);
            let (cold_c, coolant_c) = (number("cold_c")?, number("coolant_c")?);
            let rise = thermal::winding_rise(cold, hot, cold_c, coolant_c, number("k")?)?;
            vec![("rise", rise)]
        }
        "combine" => {
            let (u, nu) = (list("u")?, list("nu")?);
            let parts = u.into_iter().zip(nu).map(|(u, nu)| Contribution { u, nu });
            let combined = student::combine(&parts.collect::<Vec<_>>())?;
            vec![("u_c", combined.u), ("nu_eff", combined.nu_eff.floor())]
        }
        "coverage-factor" => {
            let k = student::coverage_factor(number("nu")?, level("coverage")?)?;
            vec![("k", k)]
        }
        "decide" => {
            let rule = Rule::FourValued { w: number("w")? };
            let outcome = decide(number("value")?, Limit::Upper(number("upper")?), rule).ok()?;
            let rank = match outcome {
                Outcome::Pass => 0.0,
                Outcome::ConditionalPass => 1.0,
                Outcome::ConditionalFail => 2.0,
                Outcome::Fail => 3.0,
            };
            vec![("outcome", rank)]
        }
        "false-accept" => {
            let limit = Limit::Upper(number("upper")?);
            vec![(
                "risk",
                false_accept_probability(number("value")?, number("u")?, limit)?,
            )]
        }
        "share" => {
            let (share, at) = (Count::new(count("k")?, count("n")?)?, level("confidence")?);
            let exact = binomial::clopper_pearson(share, at);
            let (wilson, jeffreys) = (binomial::wilson(share, at), binomial::jeffreys(share, at));
            vec![
                ("clopper_pearson_low", exact.lower),
                ("clopper_pearson_high", exact.upper),
                ("wilson_low", wilson.lower),
                ("wilson_high", wilson.upper),
                ("jeffreys_low", jeffreys.lower),
                ("jeffreys_high", jeffreys.upper),
            ]
        }
        "lower-bound" => {
            let share = Count::new(count("k")?, count("n")?)?;
            vec![(
                "lower",
                binomial::clopper_pearson_lower(share, level("confidence")?),
            )]
        }
        "required-trials" => {
            const NAMES: [&str; 6] = ["n_0", "n_1", "n_2", "n_3", "n_4", "n_5"];
            let (reliability, at) = (number("reliability")?, level("confidence")?);
            let trials = |(name, failures): (&'static str, f64)| {
                let n = binomial::required_trials(reliability, at, failures as u64)?;
                Some((name, n as f64))
            };
            let failures = list("failures")?;
            NAMES
                .into_iter()
                .zip(failures)
                .map(trials)
                .collect::<Option<_>>()?
        }
        "sprt" => sprt(
            number("good")?,
            number("bad")?,
            number("alpha")?,
            number("beta")?,
        )?,
        "oc" => {
            const NAMES: [&str; 6] = ["p_0", "p_1", "p_2", "p_3", "p_4", "p_5"];
            let (n, c) = (count("n")?, count("c")?);
            let at = |p| binomial::acceptance_probability(n, c, p);
            NAMES
                .into_iter()
                .zip(list("p")?.into_iter().map(at))
                .collect()
        }
        "two-shares" => {
            let share = |key: &str| {
                let [k, n]: [f64; 2] = list(key)?.try_into().ok()?;
                Count::new(k as u64, n as u64)
            };
            let (a, b) = (share("a")?, share("b")?);
            let difference = rates::newcombe(a, b, level("confidence")?);
            vec![
                ("fisher", rates::fisher(a, b)),
                ("low", difference.lower),
                ("high", difference.upper),
            ]
        }
        "two-samples" => {
            let (a, b) = (list("a")?, list("b")?);
            let first = Summary::of(&a)?;
            let mean = first.mean_interval(level("confidence")?)?;
            let ks = compare::kolmogorov_smirnov(&a, &b)?;
            vec![
                ("mean", first.mean),
                ("s", first.s?),
                ("low", mean.lower),
                ("high", mean.upper),
                ("ks", ks.statistic),
                ("ks_p", ks.p),
                ("welch_p", compare::welch(&a, &b)?.p),
                ("mann_whitney_p", compare::mann_whitney(&a, &b)?.p),
            ]
        }
        "tolerance-factor" => {
            let n = usize::try_from(count("n")?).ok()?;
            let k = tolerance::one_sided_factor(n, level("share")?, level("confidence")?)?;
            vec![("k", k)]
        }
        "tolerance-minimum" => {
            let n = tolerance::nonparametric_minimum(level("share")?, level("confidence")?)?;
            vec![("n", n as f64)]
        }
        "butterworth" => {
            let order = usize::try_from(count("order")?).ok()?;
            let filter =
                Butterworth::low_pass(order, number("cutoff_hz")?, number("rate_hz")?).ok()?;
            let section = filter.sections().first()?;
            let ([b0, b1, b2], [a1, a2]) = (section.b, section.a);
            vec![("b0", b0), ("b1", b1), ("b2", b2), ("a1", a1), ("a2", a2)]
        }
        _ => return None,
    })
}

fn drifts(ap: &[f64], every_s: f64, first_s: f64, share: f64) -> Option<Named> {
    let group = |(i, ap): (usize, &f64)| Group {
        t_s: i as f64 * every_s,
        attained: vec![[*ap, 0.0, 0.0]],
    };
    let groups: Vec<Group> = ap.iter().enumerate().map(group).collect();
    let drift = drift(&groups, [0.0; 3])?;
    let stops = drift.ap.get(may_stop_at(&drift.ap, first_s, share)?)?.0;
    Some(vec![("dAP", drift.d_ap), ("stops_s", stops)])
}

fn sprt(good: f64, bad: f64, alpha: f64, beta: f64) -> Option<Named> {
    let test = Sprt::new(good, bad, alpha, beta)?;
    let ((slope, accept), (_, reject)) = (test.accept_line(), test.reject_line());
    let (asn_good, asn_bad) = test.average_trials();
    let plan = binomial::smallest_plan(good, alpha, bad, beta)?;
    Some(vec![
        ("A", test.reject_at()),
        ("B", test.accept_at()),
        ("success", test.success()),
        ("failure", test.failure()),
        ("asn_good", asn_good),
        ("asn_bad", asn_bad),
        ("slope", slope),
        ("accept", accept),
        ("reject", reject),
        ("n", plan.trials as f64),
        ("c", plan.failures_allowed as f64),
    ])
}

fn numbers(value: &Value) -> Option<Vec<f64>> {
    value.as_array()?.iter().map(Value::as_f64).collect()
}

fn point(value: &Value) -> Option<pose::Position> {
    numbers(value)?.try_into().ok()
}

fn points(value: &Value) -> Option<Vec<pose::Position>> {
    value.as_array()?.iter().map(point).collect()
}

fn nested(value: &Value) -> Option<Vec<Vec<pose::Position>>> {
    value.as_array()?.iter().map(points).collect()
}

fn pairs(value: &Value) -> Option<Vec<(f64, f64)>> {
    let pair = |v: &Value| {
        let [a, b]: [f64; 2] = numbers(v)?.try_into().ok()?;
        Some((a, b))
    };
    value.as_array()?.iter().map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_judge_computes_what_was_computed_elsewhere() {
        let checks = checks();
        assert!(checks.len() > 150, "{}", checks.len());
        let wrong: Vec<_> = checks.iter().filter(|c| !c.held).collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn a_vector_that_does_not_hold_is_seen() {
        for wrong in [
            r#"[{"source":"s","function":"combine","input":{"u":[3,4],"nu":[9,9]},"expect":{"u_c":"5.1"}}]"#,
            r#"[{"source":"s","function":"unheard-of","input":{},"expect":{"u_c":"5.0"}}]"#,
            "not JSON",
        ] {
            assert!(of(wrong).iter().any(|c| !c.held), "{wrong}");
        }
        let right = r#"[{"source":"s","function":"combine","input":{"u":[3,4],"nu":[9,9]},"expect":{"u_c":"5.0"}}]"#;
        assert!(of(right).iter().all(|c| c.held));
    }
}
