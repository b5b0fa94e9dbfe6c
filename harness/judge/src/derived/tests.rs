//! Propagation against printed examples, and against differences instead of derivatives.

use super::draws::drawn;
use super::propagate::{Doubtful, propagate};
use super::straight::straight;
use crate::budget::Budget;
use crate::reason::Reasons;
use certbench_model::expr::{Expr, Function, Op, Term, Value};
use certbench_model::finding::{BudgetLine, Measured, Proportion};
use certbench_model::{Quantity, Text, Unit};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// A formula in postfix words: `a b - 2_N /`.
fn formula(words: &str) -> Expr {
    let op = |word: &str| match word {
        "+" => Op::Apply(Function::Add, 2),
        "-" => Op::Apply(Function::Sub, 2),
        "*" => Op::Apply(Function::Mul, 2),
        "/" => Op::Apply(Function::Div, 2),
        "neg" => Op::Apply(Function::Neg, 1),
        "abs" => Op::Apply(Function::Abs, 1),
        "sqrt" => Op::Apply(Function::Sqrt, 1),
        "min" => Op::Apply(Function::Min, 2),
        "max" => Op::Apply(Function::Max, 2),
        word => match word.replace('_', " ").parse::<Quantity>() {
            Ok(quantity) => Op::Quantity(quantity),
            Err(_) => Op::Name(word.into()),
        },
    };
    let terms = words.split(' ').map(|w| Term {
        at: [0, 0],
        op: op(w),
    });
    Expr::new("", terms.collect()).unwrap()
}

fn line(kind: &str, distribution: &str, u: f64, from: Option<&str>) -> BudgetLine {
    BudgetLine {
        name: Text::same("Instrument"),
        type_ab: kind.into(),
        distribution: distribution.into(),
        u,
        nu: None,
        from: from.map(String::from),
        common: false,
    }
}

/// A reading of an instrument that stands askew, which is one error in all of its readings.
fn askew(id: &str, value: f64, u: f64, common: bool) -> Doubtful {
    let line = BudgetLine {
        common,
        ..line("B", "rectangular", u, Some("gauge: seat"))
    };
    let m = measured(value, "N", vec![line]);
    Doubtful::measured(id, &Text::same(id), &m, true)
}

fn measured(value: f64, unit: &str, lines: Vec<BudgetLine>) -> Measured {
    let mut budget = Budget::default();
    lines.into_iter().for_each(|l| budget.line(l));
    budget.measured(value, Unit::parse(unit).unwrap(), 1)
}

/// A result that is itself the reading of an instrument with a certificate.
fn reading(id: &str, value: f64, unit: &str, u: f64, certificate: &str) -> Doubtful {
    let m = measured(value, unit, vec![line("B", "normal", u, Some(certificate))]);
    Doubtful::measured(id, &Text::same(id), &m, true)
}

/// A result whose uncertainty has nothing to do with any other.
fn own(id: &str, value: f64, unit: &str, u: f64) -> Doubtful {
    let m = measured(value, unit, vec![line("A", "t", u, None)]);
    Doubtful::measured(id, &Text::same(id), &m, false)
}

/// Value and standard uncertainty of a formula in a unit, and the codes of what is said about it.
fn result(words: &str, unit: &str, inputs: &[(&str, Doubtful)]) -> (f64, f64, Vec<String>) {
    let (formula, unit) = (formula(words), Unit::parse(unit).unwrap());
    let inputs: BTreeMap<&str, &Doubtful> = inputs.iter().map(|(n, d)| (*n, d)).collect();
    let doubtful = of(&formula, unit, &inputs);
    let mut doubts = Reasons::default();
    let straight = straight(&formula, &doubtful, &inputs, &mut doubts);
    let lines = doubtful.lines().expect("a known uncertainty");
    let u = lines.iter().map(|l| l.u * l.u).sum::<f64>().sqrt();
    let said = doubts.iter().map(|r| r.code.clone());
    let bends = (!straight).then(|| "not-linear".to_string());
    (doubtful.value.value, u, said.chain(bends).collect())
}

fn of(formula: &Expr, unit: Unit, inputs: &BTreeMap<&str, &Doubtful>) -> Doubtful {
    let value = formula.evaluate(|name| Some(Value::from(inputs.get(name)?.value)));
    let Ok(Value::Number(number)) = value else {
        panic!("{value:?}")
    };
    propagate(
        formula,
        Quantity::new(number.to(unit).unwrap(), unit),
        inputs,
    )
}

/// Within half a unit of the last printed digit.
#[track_caller]
fn printed(found: f64, text: &str) {
    let digits = text.split_once('.').map_or(0, |(_, d)| d.len());
    assert_eq!(format!("{found:.digits$}"), text);
}

#[test]
fn an_instrument_that_stands_askew_does_so_in_both_readings() {
    // 1 % of both: nothing is left of it in their ratio, all of it in their sum.
    let of = |words: &str, unit: &str, common: bool| {
        let both = [
            ("a", askew("a", 10.0, 0.1, common)),
            ("b", askew("b", 20.0, 0.2, common)),
        ];
        result(words, unit, &both).1
    };
    assert!(of("a b /", "1", true) < 1e-15);
    printed(of("a b +", "N", true), "0.300");
    // What each reading has for itself adds up by squares.
    printed(of("a b +", "N", false), "0.224");
}

#[test]
fn ten_resistors_held_against_one_standard() {
    // JCGM 100:2008, 5.2.2, EXAMPLE: ten resistors of 1000 ohm, each compared with the same standard
    // of u = 100 milliohm, in series: u_c = 1 ohm, and not 0.32 ohm.
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
    let sum = "a b + c + d + e + f + g + h + i + j +";
    let shared = names.map(|n| (n, reading(n, 1_000.0, "Ohm", 0.1, "R_S")));
    let (value, u, _) = result(sum, "Ohm", &shared);
    printed(value, "10000");
    printed(u, "1.0");
    let apart = names.map(|n| (n, reading(n, 1_000.0, "Ohm", 0.1, n)));
    printed(result(sum, "Ohm", &apart).1, "0.32");
}

#[test]
fn four_independent_terms() {
    // JCGM 101:2008, 9.2.2: Y = X1 + X2 + X3 + X4, each of u = 1: y = 0, u(y) = 2.0.
    let inputs = ["a", "b", "c", "d"].map(|n| (n, own(n, 0.0, "1", 1.0)));
    let (value, u, said) = result("a b + c + d +", "1", &inputs);
    printed(value, "0.0");
    printed(u, "2.0");
    assert!(said.is_empty());
}

#[test]
fn a_mass_in_air_is_more_doubtful_than_first_order_says() {
    // JCGM 101:2008, 9.3: delta m = (m_Rc + dm_Rc) (1 + (rho_a - 1.2) (1/rho_W - 1/rho_R)) - m_nom;
    // first order gives 1.2340 mg and u = 0.0539 mg, the truth is 0.075 mg: it must be said.
    let rectangular = |half: f64| half / 3f64.sqrt();
    let inputs = [
        ("m", own("m", 100_000.0, "1", 0.050)),
        ("d", own("d", 1.234, "1", 0.020)),
        ("air", own("air", 1.2, "1", rectangular(0.1))),
        ("w", own("w", 8_000.0, "1", rectangular(1_000.0))),
        ("r", own("r", 8_000.0, "1", rectangular(50.0))),
    ];
    let buoyancy = "air 1.2_1 - 1_1 w / 1_1 r / - *";
    let words = format!("m d + 1_1 {buoyancy} + * 100000_1 -");
    let (value, u, said) = result(&words, "1", &inputs);
    printed(value, "1.2340");
    printed(u, "0.0539");
    assert_eq!(said, ["not-linear"]);
}

/// A result with one cause of a distribution, by draws: expanded uncertainty and k.
fn by_draws(words: &str, unit: &str, inputs: &[(&str, Doubtful)]) -> (f64, f64) {
    let (formula, unit) = (formula(words), Unit::parse(unit).unwrap());
    let inputs: BTreeMap<&str, &Doubtful> = inputs.iter().map(|(n, d)| (*n, d)).collect();
    let drawn = drawn(&of(&formula, unit, &inputs)).unwrap();
    (drawn.u_expanded, drawn.k)
}

fn within(id: &str, value: f64, half: f64) -> Doubtful {
    let lines = vec![line("B", "rectangular", half / 3f64.sqrt(), None)];
    Doubtful::measured(id, &Text::same(id), &measured(value, "1", lines), false)
}

#[test]
fn draws_find_the_doubt_about_the_mass_in_air() {
    // JCGM 101:2008, 9.3, table 8: by Monte Carlo u = 0.0754 mg.
    let inputs = [
        ("m", own("m", 100_000.0, "1", 0.050)),
        ("d", own("d", 1.234, "1", 0.020)),
        ("air", within("air", 1.2, 0.1)),
        ("w", within("w", 8_000.0, 1_000.0)),
        ("r", within("r", 8_000.0, 50.0)),
    ];
    let buoyancy = "air 1.2_1 - 1_1 w / 1_1 r / - *";
    let words = format!("m d + 1_1 {buoyancy} + * 100000_1 -");
    let (u_expanded, k) = by_draws(&words, "1", &inputs);
    assert!(
        (u_expanded / k - 0.0754).abs() < 0.0005,
        "{}",
        u_expanded / k
    );
    // The printed interval of 95 % is 1.0834 mg to 1.3825 mg: ±0.150 mg; ±2 u here.
    assert!((u_expanded - 0.153).abs() < 0.003, "{u_expanded}");
}

#[test]
fn at_a_kink_first_order_is_no_answer() {
    // |x| of x = 0 with u = 1: half-normal, 95.45 % below 2.
    let zero = [("x", own("x", 0.0, "1", 1.0))];
    assert_eq!(result("x abs", "1", &zero).2, ["not-linear"]);
    let (u, k) = by_draws("x abs", "1", &zero);
    assert!((u - 2.0).abs() < 0.03 && (k - 2.0).abs() < 0.03, "{u} {k}");
    // The largest of three alike: P(|max| <= t) = Phi(t)³ - Phi(-t)³ = 0.9545 at t = 2.1596
    // (scipy). First order takes one of the three: 2.
    let three = ["x", "y", "z"].map(|n| (n, own(n, 0.0, "1", 1.0)));
    assert_eq!(result("x y max z max", "1", &three).2, ["not-linear"]);
    let (u, _) = by_draws("x y max z max", "1", &three);
    assert!((u - 2.160).abs() < 0.03, "{u}");
    // Four standard uncertainties of the difference apart there is no kink to speak of.
    let apart = [
        ("x", own("x", 0.0, "1", 1.0)),
        ("y", own("y", 6.0, "1", 1.0)),
    ];
    assert!(result("x y max", "1", &apart).2.is_empty());
}

#[test]
fn what_one_gauge_leaves_open_is_drawn_once() {
    let gauge = [
        ("a", reading("a", 40.0, "N", 1.0, "CAL-1")),
        ("b", reading("b", 40.0, "N", 1.0, "CAL-1")),
    ];
    // |a - b| of two equal readings of one gauge: its error is the same, nothing is left.
    let formula = formula("a b - abs");
    let inputs: BTreeMap<&str, &Doubtful> = gauge.iter().map(|(n, d)| (*n, d)).collect();
    let result = of(&formula, Unit::parse("N").unwrap(), &inputs);
    assert!(drawn(&result).is_none_or(|d| d.u_expanded < 1e-9));
    // Of two gauges it is sqrt 2.
    let two = [
        gauge[0].clone(),
        ("b", reading("b", 40.0, "N", 1.0, "CAL-2")),
    ];
    let (u, _) = by_draws("a b - abs", "N", &two);
    assert!((u - 2.0 * 2f64.sqrt()).abs() < 0.04, "{u}");
    // Student's t with 3 degrees of freedom: 95.45 % within 3.307.
    let few = vec![BudgetLine {
        nu: Some(3.0),
        ..line("A", "t", 1.0, None)
    }];
    let few = Doubtful::measured("t", &Text::same("t"), &measured(0.0, "1", few), false);
    let (u, _) = by_draws("t abs", "1", &[("t", few)]);
    assert!((u - 3.307).abs() < 0.08, "{u}");
}

#[test]
fn a_formula_that_bends_says_so() {
    // u(x) = 10 at x = 1: the square is not what its tangent says.
    let (_, u, said) = result("x x *", "1", &[("x", own("x", 1.0, "1", 10.0))]);
    printed(u, "20.0");
    assert_eq!(said, ["not-linear"]);
    let (_, _, said) = result("x x *", "1", &[("x", own("x", 100.0, "1", 0.1))]);
    assert!(said.is_empty());
    // Within the doubt about the divisor lies zero: there is no value to be had.
    let inputs = [
        ("x", own("x", 1.0, "N", 0.1)),
        ("y", own("y", 0.25, "N", 0.25)),
    ];
    let (_, _, said) = result("x y /", "1", &inputs);
    assert!(said.contains(&"no-number".to_string()), "{said:?}");
}

#[test]
fn the_gain_of_a_gauge_cancels_out_of_a_ratio() {
    // Both peaks are read by one gauge whose doubt is in proportion to the reading.
    let gauge = [
        ("first", reading("first", 40.0, "N", 0.4, "CAL-1")),
        ("last", reading("last", 32.0, "N", 0.32, "CAL-1")),
    ];
    let drop = "first last - first /";
    let (value, u, _) = result(drop, "%", &gauge);
    assert!((value - 20.0).abs() < 1e-9 && u < 1e-9, "{value} {u}");
    let (_, apart, _) = result(
        drop,
        "%",
        &[
            ("first", reading("first", 40.0, "N", 0.4, "CAL-1")),
            ("last", reading("last", 32.0, "N", 0.32, "CAL-2")),
        ],
    );
    // 0.8 · sqrt(0.01² + 0.01²) = 1.13 %
    printed(apart, "1.13");
    // An offset of the gauge is left over: 0.4 N · (1/40 N - 32/40²) of the drop.
    let offset = [
        ("first", reading("first", 40.0, "N", 0.4, "CAL-1")),
        ("last", reading("last", 32.0, "N", 0.4, "CAL-1")),
    ];
    printed(result(drop, "%", &offset).1, "0.20");
}

#[test]
fn an_instrument_whose_sign_is_not_known_counts_at_its_worst() {
    let distance = |id: &str| {
        let lines = vec![line("B", "normal", 0.03, Some("CAL-7"))];
        let m = measured(1.0, "mm", lines);
        Doubtful::measured(id, &Text::same(id), &m, false)
    };
    let two = [("a", distance("a")), ("b", distance("b"))];
    printed(result("a b -", "mm", &two).1, "0.06");
    printed(result("a b +", "mm", &two).1, "0.06");
    let one = [("a", distance("a"))];
    printed(result("a 2_1 *", "mm", &one).1, "0.06");
}

#[test]
fn a_result_that_enters_twice_is_one_thing() {
    let a = [("a", own("a", 5.0, "N", 0.5))];
    let (value, u, _) = result("a a -", "N", &a);
    assert_eq!((value, u), (0.0, 0.0));
    printed(result("a a +", "N", &a).1, "1.0");
    // By way of another derived result too.
    let inputs = BTreeMap::from([("a", &a[0].1)]);
    let half = of(&formula("a 2_1 /"), Unit::parse("N").unwrap(), &inputs);
    let (value, u, _) = result("a half -", "N", &[a[0].clone(), ("half", half)]);
    printed(value, "2.5");
    printed(u, "0.25");
}

#[test]
fn units_go_with_the_derivatives() {
    let inputs = [
        ("force", own("force", 10.0, "N", 0.1)),
        ("lever", own("lever", 50.0, "mm", 0.5)),
    ];
    // 1 % and 1 % of 0.5 N.m.
    let (value, u, _) = result("force lever *", "N.m", &inputs);
    printed(value, "0.5000");
    printed(u, "0.0071");
    let (value, u, _) = result("force lever *", "mN.m", &inputs);
    printed(value, "500.0");
    printed(u, "7.1");
}

#[test]
fn what_is_not_known_of_an_input_is_not_known_of_the_result() {
    let unknown = Measured {
        u_expanded: None,
        ..measured(5.0, "N", vec![])
    };
    let unknown = Doubtful::measured("a", &Text::same("a"), &unknown, true);
    let inputs = BTreeMap::from([("a", &unknown)]);
    let result = of(&formula("a 2_1 *"), Unit::parse("N").unwrap(), &inputs);
    assert!(result.lines().is_none());
    // The root has no slope at zero.
    let zero = own("z", 0.0, "1", 0.1);
    let inputs = BTreeMap::from([("z", &zero)]);
    let root = of(&formula("z sqrt"), Unit::one(), &inputs);
    assert!(root.lines().is_none());
}

#[test]
fn a_proportion_brings_its_interval() {
    // 8 of 10, Clopper-Pearson 95 %: 0.4439 to 0.9748 (NIST/SEMATECH e-Handbook, method of 7.2.4.1).
    let p = Proportion {
        k: 8,
        n: 10,
        confidence: 0.95,
        interval: [0.4439, 0.9748],
        lower: 0.0,
        upper: 1.0,
        wilson: [0.0, 1.0],
    };
    let rate = Doubtful::proportion("rate", &Text::same("rate"), &p).unwrap();
    let (value, u, _) = result("rate 2_1 /", "%", &[("rate", rate)]);
    printed(value, "40.0");
    // Half of (0.8 - 0.4439) / 1.96.
    printed(u, "9.08");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn derivatives_are_what_differences_say(
        words in prop::sample::select(vec![
            "a b * c /", "a a * b b * + sqrt", "a b - abs c *", "a b max c min", "a neg b c + /", "a b + c * a / b -",
        ]),
        [a, b, c] in [1.0..50.0f64, 1.0..50.0f64, 1.0..50.0f64],
    ) {
        // Kinks have no derivative.
        prop_assume!((a - b).abs() > 0.01 && (a - c).abs() > 0.01 && (b - c).abs() > 0.01);
        let formula = formula(words);
        let at = |a: f64, b: f64, c: f64| {
            let value = formula.evaluate(|name| {
                let v = match name { "a" => a, "b" => b, _ => c };
                Some(Quantity::new(v, Unit::one()).into())
            });
            match value { Ok(Value::Number(number)) => number.si, other => panic!("{other:?}") }
        };
        let h = 1e-5;
        for (i, by) in [[h, 0.0, 0.0], [0.0, h, 0.0], [0.0, 0.0, h]].into_iter().enumerate() {
            let slope = (at(a + by[0], b + by[1], c + by[2]) - at(a - by[0], b - by[1], c - by[2])) / (2.0 * h);
            let u = |j: usize| if i == j { 1.0 } else { 0.0 };
            let inputs = [own("a", a, "1", u(0)), own("b", b, "1", u(1)), own("c", c, "1", u(2))];
            let inputs = BTreeMap::from([("a", &inputs[0]), ("b", &inputs[1]), ("c", &inputs[2])]);
            let lines = propagate(&formula, Quantity::new(at(a, b, c), Unit::one()), &inputs).lines().unwrap();
            let found = lines.iter().map(|l| l.u * l.u).sum::<f64>().sqrt();
            prop_assert!((found - slope.abs()).abs() <= 1e-4 * slope.abs().max(1.0), "{words}: {found} and {slope}");
        }
    }
}
