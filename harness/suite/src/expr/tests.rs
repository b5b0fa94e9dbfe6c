//! Text to expression: the same numbers as another evaluator, there and back, nothing panics.

use super::parse;
use crate::complaint::{Sink, Span};
use certbench_model::expr::{Expr, Function, Op, STACK_MAX, Term, Value};
use certbench_model::{Quantity, Unit};
use proptest::prelude::*;

/// The expression, or the codes of the complaints.
fn read(text: &str) -> Result<Expr, Vec<&'static str>> {
    let (sink, at) = (Sink::default(), whole(text));
    match parse(text, at, &sink) {
        Some(read) => {
            assert_eq!(sink.errors(), 0, "{text}");
            Ok(read.expr)
        }
        None => {
            let codes = sink.codes();
            assert!(!codes.is_empty(), "nothing, and not a word why: {text}");
            Err(codes)
        }
    }
}

fn whole(text: &str) -> Span {
    Span {
        file: 0,
        start: 0,
        end: text.len() as u32,
    }
}

fn ops(text: &str) -> Vec<Op> {
    let expr = read(text).unwrap_or_else(|codes| panic!("{text}: {codes:?}"));
    expr.terms().iter().map(|t| t.op.clone()).collect()
}

fn name(text: &str) -> Op {
    Op::Name(text.into())
}

fn number(text: &str) -> Op {
    Op::Quantity(text.parse().unwrap())
}

fn two(function: Function) -> Op {
    Op::Apply(function, 2)
}

#[test]
fn a_minus_in_a_name_is_a_hyphen_and_between_blanks_it_is_a_minus() {
    assert_eq!(ops("strength-drop"), [name("strength-drop")]);
    let difference = [name("a"), name("b"), two(Function::Sub)];
    assert_eq!(ops("a - b"), difference);
    assert_eq!(ops("a -b"), difference);
    assert_eq!(ops("(a)-b"), difference);
    assert_eq!(
        ops("grip.peak[cylinder-50] - $zero-point"),
        [
            name("grip.peak[cylinder-50]"),
            name("$zero-point"),
            two(Function::Sub)
        ]
    );
}

#[test]
fn a_number_takes_the_longest_unit_behind_it() {
    let speed = [number("5 m/s"), name("t"), two(Function::Mul)];
    assert_eq!(ops("5 m/s * t"), speed);
    let quotient = [number("5 m"), name("span"), two(Function::Div)];
    assert_eq!(ops("5 m/span"), quotient);
    assert_eq!(ops("20% "), [number("20 %")]);
    assert_eq!(ops("2.5N.m"), [number("2.5 N.m")]);
    assert_eq!(ops("1e-3 °C"), [number("1e-3 Cel")]);
    assert_eq!(ops("3 [in_i]"), [number("3 in")]);
    assert_eq!(ops("2"), [number("2 1")]);
    assert_eq!(ops("2 1"), [number("2 1")]);
    let below = [number("-5 Cel"), name("t"), two(Function::Lt)];
    assert_eq!(ops("-5 Cel < t"), below);
    assert_eq!(read("5 newton").unwrap_err(), ["unknown-unit"]);
    assert_eq!(read("5 N.x").unwrap_err(), ["unknown-unit"]);
}

#[test]
fn operations_bind_as_in_school() {
    let product_first = [
        name("a"),
        name("b"),
        name("c"),
        two(Function::Mul),
        two(Function::Add),
    ];
    assert_eq!(ops("a + b * c"), product_first);
    let left_first = [
        name("a"),
        name("b"),
        two(Function::Sub),
        name("c"),
        two(Function::Sub),
    ];
    assert_eq!(ops("a - b - c"), left_first);
    let and_first = [
        name("a"),
        name("b"),
        name("c"),
        two(Function::And),
        two(Function::Or),
    ];
    assert_eq!(ops("a or b and c"), and_first);
    let not_last = [
        name("a"),
        number("1 N"),
        two(Function::Lt),
        Op::Apply(Function::Not, 1),
    ];
    assert_eq!(ops("not a < 1 N"), not_last);
    let negative = [
        name("a"),
        Op::Apply(Function::Neg, 1),
        name("b"),
        two(Function::Mul),
    ];
    assert_eq!(ops("-a * b"), negative);
    assert_eq!(
        ops("max(a, b, 2 N)"),
        [
            name("a"),
            name("b"),
            number("2 N"),
            Op::Apply(Function::Max, 3)
        ]
    );
}

#[test]
fn every_term_knows_its_place() {
    let expr = read("(first - last) / first").unwrap();
    let parts: Vec<&str> = expr.terms().iter().map(|t| expr.part(t.at)).collect();
    assert_eq!(
        parts,
        [
            "first",
            "last",
            "first - last",
            "first",
            "(first - last) / first"
        ]
    );
}

#[test]
fn what_is_too_large_is_refused_before_it_costs_anything() {
    let deep = format!("{}a{}", "(".repeat(400), ")".repeat(400));
    assert_eq!(read(&deep).unwrap_err(), ["too-deep"]);
    assert_eq!(read(&"-".repeat(900)).unwrap_err(), ["too-deep"]);
    let long = vec!["a"; 200].join(" + ");
    assert_eq!(read(&long).unwrap_err(), ["too-large"]);
    assert_eq!(read(&" ".repeat(2000)).unwrap_err(), ["expression-syntax"]);
    assert_eq!(read(&"a".repeat(2000)).unwrap_err(), ["expression-syntax"]);
    let wide = format!("max({})", vec!["a"; 40].join(", "));
    assert_eq!(read(&wide).unwrap_err(), ["wrong-operands"]);
}

/// Texts in the part of the language that `fasteval` speaks too, with as few parentheses as the
/// grammar allows: it must bind everything as we do.
fn arithmetic() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        (1u32..100).prop_map(|n| n.to_string()),
        (1u32..400).prop_map(|n| format!("{}.{}", n / 4, (n % 4) * 25)),
        prop::sample::select(vec!["a", "b", "c"]).prop_map(String::from),
    ];
    leaf.prop_recursive(5, 40, 4, |inner| {
        let operator = prop::sample::select(vec!["+", "-", "*", "/"]);
        prop_oneof![
            4 => (inner.clone(), operator, inner.clone()).prop_map(|(a, o, b)| format!("{a} {o} {b}")),
            2 => inner.clone().prop_map(|a| format!("({a})")),
            1 => inner.clone().prop_map(|a| format!("-({a})")),
            1 => (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("min({a}, {b}, {c})")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("max({a}, {b})")),
            1 => inner.clone().prop_map(|a| format!("abs({a})")),
            1 => inner.prop_map(|a| format!("sqrt({a})")),
        ]
    })
}

/// Conditions over whole numbers, which are computed without rounding.
fn conditions() -> impl Strategy<Value = String> {
    let whole = prop_oneof![
        (0u32..10).prop_map(|n| n.to_string()),
        prop::sample::select(vec!["a", "b"]).prop_map(String::from),
    ];
    let sum = (
        whole.clone(),
        prop::sample::select(vec!["+", "-", "*"]),
        whole.clone(),
    )
        .prop_map(|(a, o, b)| format!("{a} {o} {b}"));
    let side = prop_oneof![whole, sum];
    let comparison = prop::sample::select(vec!["<", "<=", ">", ">="]);
    let leaf = (side.clone(), comparison, side).prop_map(|(a, o, b)| format!("{a} {o} {b}"));
    leaf.prop_recursive(4, 24, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} and {b}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} or {b}")),
            inner.clone().prop_map(|a| format!("not ({a})")),
            inner.prop_map(|a| format!("({a})")),
        ]
    })
}

/// What `fasteval` says; it has no square root of its own.
fn independent(text: &str, values: [f64; 3]) -> Option<f64> {
    let text = text
        .replace(" and ", " && ")
        .replace(" or ", " || ")
        .replace("not ", "!");
    let mut names = |name: &str, args: Vec<f64>| match (name, args.as_slice()) {
        ("a", []) => Some(values[0]),
        ("b", []) => Some(values[1]),
        ("c", []) => Some(values[2]),
        ("sqrt", [x]) => Some(x.sqrt()),
        _ => None,
    };
    fasteval::ez_eval(&text, &mut names).ok()
}

fn ours(expr: &Expr, values: [f64; 3]) -> (Option<Value>, f64) {
    let env = |name: &str| {
        let i = usize::from(name.as_bytes()[0] - b'a');
        Some(Quantity::new(values[i], Unit::one()).into())
    };
    let every = expr.values(env);
    let size = |outcome: &Result<Value, _>| match outcome {
        Ok(Value::Number(number)) => number.si.abs(),
        _ => 0.0,
    };
    let largest = every.iter().map(size).fold(1.0, f64::max);
    (expr.evaluate(env).ok(), largest)
}

/// Expressions of any form, as data.
fn terms() -> impl Strategy<Value = Vec<Term>> {
    let units: Vec<Unit> = Unit::all().collect();
    let quantity = (-1e9..1e9f64, prop::sample::select(units))
        .prop_map(|(value, unit)| Op::Quantity(Quantity::new(value, unit)));
    let names = vec![
        "a",
        "peak-force",
        "grip.peak[cylinder-50]",
        "$limit",
        "_x.1",
        "minimum",
    ];
    let leaf = prop_oneof![
        quantity,
        any::<bool>().prop_map(Op::Flag),
        prop::sample::select(names).prop_map(name),
    ];
    let function = prop::sample::select(Function::ALL.to_vec());
    let apply = (function, 0u8..3).prop_map(|(f, more)| match f.arity() {
        (fewest, most) if most > fewest => Op::Apply(f, fewest + more),
        (only, _) => Op::Apply(f, only),
    });
    prop::collection::vec(prop_oneof![leaf, apply], 1..24).prop_map(sound)
}

/// As many of the operations as make one value.
fn sound(ops: Vec<Op>) -> Vec<Term> {
    let term = |op| Term { at: [0, 0], op };
    let mut waiting = 0usize;
    let mut terms = vec![];
    for op in ops {
        let n = match op {
            Op::Apply(_, n) => usize::from(n),
            _ => 0,
        };
        if n <= waiting && waiting - n < STACK_MAX {
            waiting = waiting - n + 1;
            terms.push(term(op));
        }
    }
    if waiting == 0 {
        terms.push(term(name("a")));
    }
    terms.extend((1..waiting).map(|_| term(two(Function::Or))));
    terms
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn another_evaluator_finds_the_same_number(
        text in arithmetic(),
        values in [-50.0..50.0f64, -50.0..50.0f64, -50.0..50.0f64],
    ) {
        let Ok(expr) = read(&text) else { return Ok(()) };
        let (ours, largest) = ours(&expr, values);
        let other = independent(&text, values);
        match (ours, other) {
            (Some(Value::Number(number)), Some(other)) => {
                let near = (number.si - other).abs() <= 1e-9 * largest;
                prop_assert!(near, "{text}: {} and {other}", number.si);
            }
            // `max(1, sqrt(-1))` and `1 / (1 / 0)` have a number there; here they say what is wrong.
            (None, _) => {}
            (ours, other) => prop_assert!(false, "{text}: {ours:?} and {other:?}"),
        }
    }

    #[test]
    fn another_evaluator_comes_to_the_same_decision(
        text in conditions(),
        values in [0..10i32, 0..10i32],
    ) {
        let Ok(expr) = read(&text) else { return Ok(()) };
        let values = [f64::from(values[0]), f64::from(values[1]), 0.0];
        let other = independent(&text, values).map(|x| Value::Flag(x != 0.0));
        prop_assert_eq!(ours(&expr, values).0, other, "{}", text);
    }

    #[test]
    fn what_is_printed_reads_as_the_same_terms(terms in terms()) {
        let Ok(expr) = Expr::new("", terms) else { return Ok(()) };
        let text = expr.printed();
        let again = match read(&text) {
            Ok(again) => again,
            Err(codes) => {
                // More parentheses than a person may write.
                prop_assert!(codes == ["too-deep"] || codes == ["too-large"], "{text}: {codes:?}");
                return Ok(());
            }
        };
        let ops = |e: &Expr| e.terms().iter().map(|t| t.op.clone()).collect::<Vec<_>>();
        prop_assert_eq!(ops(&again), ops(&expr), "{}", text);
        prop_assert_eq!(again.printed(), text);
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,60}", at in 0u32..4, more in 0u32..4) {
        let span = Span { file: 0, start: at, end: at + text.len() as u32 + more };
        let _ = parse(&text, span, &Sink::default());
    }

    #[test]
    fn no_likely_text_panics(words in prop::collection::vec(prop::sample::select(vec![
        "a", "b.c", "x[y]", "[", "]", "$p", "$", "1", "2.5", ".", "e", "N", "%", "N.m", "°C", "(", ")", ",", "+",
        "-", "*", "/", "<", "<=", "=", "!", "and", "or", "not", "min", "max(", "abs", "sqrt", "true", " ", "（", "≤",
    ]), 0..30)) {
        let text = words.concat();
        let _ = parse(&text, whole(&text), &Sink::default());
        let _ = read(&text);
    }
}
