//! Expressions as data: limits, dimensions, values, what has no value.

use certbench_model::expr::{
    Expr, Function, Nature, Number, Op, Program, STACK_MAX, Sort, TERMS_MAX, TEXT_MAX, Term,
    Unsound, Value, Why, Wrong,
};
use certbench_model::{Quantity, Unit};
use proptest::prelude::*;

fn term(op: Op) -> Term {
    Term { at: [0, 0], op }
}

fn q(text: &str) -> Quantity {
    text.parse().unwrap()
}

fn number(text: &str) -> Op {
    Op::Quantity(q(text))
}

fn name(text: &str) -> Op {
    Op::Name(text.into())
}

fn call(function: Function) -> Op {
    Op::Apply(function, function.arity().0)
}

fn expr(ops: impl IntoIterator<Item = Op>) -> Expr {
    Expr::new("", ops.into_iter().map(term).collect()).unwrap()
}

fn value(ops: impl IntoIterator<Item = Op>) -> Result<Value, Why> {
    expr(ops).evaluate(|_| None).map_err(|t| t.why)
}

fn in_unit(value: Result<Value, Why>, unit: &str) -> f64 {
    match value.unwrap() {
        Value::Number(number) => number.to(Unit::parse(unit).unwrap()).unwrap(),
        Value::Flag(_) => panic!("a flag"),
    }
}

#[test]
fn units_are_converted_on_the_way() {
    let sum = value([number("25 mm"), number("1 cm"), call(Function::Add)]);
    assert_eq!(in_unit(sum, "mm"), 35.0);
    let ratio = value([number("1 kN"), number("4000 N"), call(Function::Div)]);
    assert_eq!(in_unit(ratio, "%"), 25.0);
    let speed = value([number("90 deg"), number("2 s"), call(Function::Div)]);
    assert!((in_unit(speed, "deg/s") - 45.0).abs() < 1e-12);
}

#[test]
fn a_force_times_a_lever_may_be_a_torque() {
    let product = [number("10 N"), number("50 mm"), call(Function::Mul)];
    assert_eq!(in_unit(value(product.clone()), "N.m"), 0.5);
    assert_eq!(in_unit(value(product), "J"), 0.5);
    let mixed = [number("1 N.m"), number("1 J"), call(Function::Add)];
    assert!(matches!(value(mixed), Err(Why::Wrong(Wrong::Unlike(..)))));
    let half = [number("1 N.m"), number("50 %"), call(Function::Mul)];
    let half_of_a_torque = value(half).unwrap().sort();
    assert_eq!(half_of_a_torque, Sort::from(Unit::parse("N.m").unwrap()));
}

#[test]
fn the_difference_of_two_temperatures_is_in_kelvin() {
    let rise = value([number("70 Cel"), number("20 Cel"), call(Function::Sub)]);
    assert_eq!(in_unit(rise, "K"), 50.0);
    let warmer = value([number("20 Cel"), number("5 K"), call(Function::Add)]);
    assert!((in_unit(warmer, "Cel") - 25.0).abs() < 1e-9);
    for wrong in [Function::Add, Function::Mul, Function::Div] {
        let two = value([number("20 Cel"), number("20 Cel"), call(wrong)]);
        assert_eq!(two, Err(Why::Wrong(Wrong::Point)), "{wrong:?}");
    }
    let hot = value([number("70 Cel"), number("60 K"), call(Function::Gt)]);
    assert!(matches!(hot, Err(Why::Wrong(Wrong::Unlike(..)))));
}

#[test]
fn what_has_no_number_says_why() {
    let zero = value([number("1 N"), number("0 s"), call(Function::Div)]);
    assert_eq!(zero, Err(Why::DivisionByZero));
    let root = value([number("-4 1"), call(Function::Sqrt)]);
    assert_eq!(root, Err(Why::NegativeRoot));
    let large = value([number("1e300 N"), number("1e300 N"), call(Function::Mul)]);
    assert_eq!(large, Err(Why::NotFinite));
    assert_eq!(value([name("strength")]), Err(Why::NoValue));
    let nan = expr([name("strength")]).evaluate(|_| {
        let si = f64::NAN;
        let nature = Nature::ONE;
        Some(Value::Number(Number { si, nature }))
    });
    assert_eq!(nan.unwrap_err().why, Why::NotFinite);
    let root_of_force = value([number("4 N"), call(Function::Sqrt)]);
    assert!(matches!(root_of_force, Err(Why::Wrong(Wrong::NoRoot(_)))));
}

#[test]
fn what_one_side_settles_the_other_cannot_unsettle() {
    let unknown = || name("later");
    let both = |a: Op, f: Function, b: Op| value([a, b, call(f)]);
    let (yes, no) = (Op::Flag(true), Op::Flag(false));
    let settled = |flag| Ok(Value::Flag(flag));
    assert_eq!(both(no.clone(), Function::And, unknown()), settled(false));
    assert_eq!(both(unknown(), Function::And, no.clone()), settled(false));
    assert_eq!(both(unknown(), Function::Or, yes.clone()), settled(true));
    assert_eq!(
        both(yes.clone(), Function::And, unknown()),
        Err(Why::NoValue)
    );
    assert_eq!(both(unknown(), Function::Or, no), Err(Why::NoValue));
    assert_eq!(
        value([unknown(), call(Function::Not)]),
        Err(Why::NoValue),
        "no answer is neither true nor false"
    );
}

#[test]
fn measured_values_are_never_compared_for_equality() {
    let equal = value([number("1 N"), number("1 N"), call(Function::Eq)]);
    assert_eq!(equal, Err(Why::Wrong(Wrong::Equality)));
    let flags = value([Op::Flag(true), Op::Flag(false), call(Function::Ne)]);
    assert_eq!(flags, Ok(Value::Flag(true)));
}

#[test]
fn a_program_needs_no_names() {
    // force < 80 % * force.peak and not contact
    let condition = expr([
        name("force"),
        number("80 %"),
        name("force.peak"),
        call(Function::Mul),
        call(Function::Lt),
        name("contact"),
        call(Function::Not),
        call(Function::And),
    ]);
    let program = Program::new(&condition);
    assert_eq!(program.names(), ["force", "force.peak", "contact"]);
    let holds = |force: &str, contact: bool| {
        let latest = [q(force).into(), q("10 N").into(), Value::Flag(contact)];
        program.holds(|slot| latest.get(slot).copied())
    };
    assert_eq!(holds("7900 mN", false), Ok(true));
    assert_eq!(holds("8 N", false), Ok(false));
    assert_eq!(holds("7 N", true), Ok(false));
    assert!(program.holds(|_| None).is_err());
    let number = Program::new(&expr([name("force")]));
    let why = number.holds(|_| Some(q("1 N").into())).unwrap_err().why;
    assert!(matches!(why, Why::Wrong(Wrong::NotAFlag(_))));
}

#[test]
fn the_limits_hold_for_data_from_anywhere() {
    let many = vec![term(name("a")); STACK_MAX + 1];
    assert_eq!(Expr::new("", many).unwrap_err(), Unsound::Deep);
    let long = "a".repeat(TEXT_MAX + 1);
    assert_eq!(
        Expr::new(long, vec![term(name("a"))]).unwrap_err(),
        Unsound::Long
    );
    let mut terms = vec![term(name("a"))];
    terms.extend((0..TERMS_MAX).map(|_| term(call(Function::Neg))));
    assert_eq!(Expr::new("", terms).unwrap_err(), Unsound::Terms);
    for wrong in [
        vec![],
        vec![call(Function::Neg)],
        vec![name("a"), name("b")],
        vec![name("a"), call(Function::Add)],
        vec![name("a"), Op::Apply(Function::Min, 1)],
        vec![name("a"), Op::Apply(Function::Abs, 0)],
    ] {
        let terms = wrong.into_iter().map(term).collect();
        assert_eq!(Expr::new("", terms).unwrap_err(), Unsound::Operands);
    }
    for wrong in ["a b", "", "1a", "a[", "a[]", "and", "a-", "a..b", "$", "值"] {
        let terms = vec![term(name(wrong))];
        assert_eq!(Expr::new("", terms).unwrap_err(), Unsound::Name, "{wrong}");
    }
    let place = Term {
        at: [0, 2],
        op: name("a"),
    };
    assert_eq!(Expr::new("a", vec![place]).unwrap_err(), Unsound::Place);
    let json = r#"{"text":"","terms":[{"at":[0,0],"op":{"apply":["neg",1]}}]}"#;
    assert!(serde_json::from_str::<Expr>(json).is_err());
}

#[test]
fn a_plan_keeps_the_text_and_the_terms() {
    let terms = vec![
        Term {
            at: [0, 1],
            op: name("a"),
        },
        Term {
            at: [4, 7],
            op: number("2 N"),
        },
        Term {
            at: [0, 7],
            op: call(Function::Le),
        },
    ];
    let expr = Expr::new("a <= 2 N", terms).unwrap();
    let json = serde_json::to_string(&expr).unwrap();
    assert_eq!(
        json,
        r#"{"text":"a <= 2 N","terms":[{"at":[0,1],"op":{"name":"a"}},{"at":[4,7],"op":{"quantity":{"value":2.0,"unit":"N"}}},{"at":[0,7],"op":{"apply":["le",2]}}]}"#
    );
    assert_eq!(serde_json::from_str::<Expr>(&json).unwrap(), expr);
}

/// Terms of any kind, in any order: most are no expression, none may panic.
fn ops() -> impl Strategy<Value = Vec<Op>> {
    let units: Vec<Unit> = Unit::all().collect();
    let quantity = (any::<f64>(), prop::sample::select(units))
        .prop_map(|(value, unit)| Op::Quantity(Quantity::new(value, unit)));
    let apply = (prop::sample::select(Function::ALL.to_vec()), 0u8..4)
        .prop_map(|(function, n)| Op::Apply(function, n));
    let good = prop::sample::select(Function::ALL.to_vec()).prop_map(call);
    let leaf = prop_oneof![
        quantity,
        any::<bool>().prop_map(Op::Flag),
        "[a-d]".prop_map(Op::Name)
    ];
    prop::collection::vec(prop_oneof![3 => leaf, 2 => good, 1 => apply], 0..40)
}

/// As many of the terms as make one value.
fn sound(ops: Vec<Op>) -> Vec<Term> {
    let mut waiting = 0usize;
    let mut terms = Vec::new();
    for op in ops {
        let n = match &op {
            Op::Apply(f, n) if *n < f.arity().0 || *n > f.arity().1 => continue,
            Op::Quantity(q) if !q.value.is_finite() => continue,
            Op::Apply(_, n) => usize::from(*n),
            _ => 0,
        };
        if n <= waiting && waiting - n < STACK_MAX {
            waiting = waiting - n + 1;
            terms.push(term(op));
        }
    }
    for _ in 1..waiting {
        terms.push(term(call(Function::Add)));
    }
    terms
}

fn any_value() -> impl Strategy<Value = Option<Value>> {
    let units: Vec<Unit> = Unit::all().collect();
    let number = (any::<f64>(), prop::sample::select(units))
        .prop_map(|(v, unit)| Some(Quantity::new(v, unit).into()));
    prop_oneof![
        Just(None),
        any::<bool>().prop_map(|b| Some(b.into())),
        number
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_terms_panic(ops in ops()) {
        let _ = Expr::new("", ops.into_iter().map(term).collect());
    }

    #[test]
    fn what_comes_out_is_a_finite_value_or_a_reason(ops in ops(), values in [any_value(), any_value(), any_value(), any_value()]) {
        let Ok(expr) = Expr::new("", sound(ops)) else { return Ok(()) };
        let env = |name: &str| values[usize::from(name.as_bytes()[0] - b'a')];
        let outcome = expr.evaluate(env);
        if let Ok(Value::Number(number)) = outcome {
            prop_assert!(number.si.is_finite());
        }
        let every = expr.values(env);
        prop_assert_eq!(every.len(), expr.terms().len());
        prop_assert_eq!(every.last(), Some(&outcome));
        let program = Program::new(&expr);
        let slots: Vec<Option<Value>> = program.names().iter().map(|n| env(n)).collect();
        prop_assert_eq!(program.evaluate(|slot| slots[slot]), outcome);
    }

    #[test]
    fn what_is_checked_beforehand_holds_for_every_value(ops in ops(), values in [any_value(), any_value(), any_value(), any_value()]) {
        let Ok(expr) = Expr::new("", sound(ops)) else { return Ok(()) };
        let env = |name: &str| values[usize::from(name.as_bytes()[0] - b'a')];
        let sort = expr.sort(|name| Some(env(name).map_or(Sort::Flag, Value::sort)), |_| {});
        match (sort, expr.evaluate(env)) {
            (Some(sort), Ok(value)) => match (sort, value.sort()) {
                (Sort::Quantity(a), Sort::Quantity(b)) => prop_assert!(a.like(b).is_some()),
                (a, b) => prop_assert_eq!(a, b),
            },
            (Some(_), Err(trouble)) => prop_assert!(!matches!(trouble.why, Why::Wrong(_))),
            // `false and 1 N` is settled before the mistake is met.
            (None, _) => {}
        }
    }

    #[test]
    fn json_is_read_as_it_was_written(ops in ops()) {
        let Ok(expr) = Expr::new("", sound(ops)) else { return Ok(()) };
        let json = serde_json::to_string(&expr).unwrap();
        prop_assert_eq!(serde_json::from_str::<Expr>(&json).unwrap(), expr);
    }
}
