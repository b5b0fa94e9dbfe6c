//! Numbers as people read them: U with two significant digits, the value to the same place, and
//! always enough digits that what is printed never contradicts the verdict.

use certbench_model::Unit;
use std::cmp::Ordering;

/// Most digits after the point.
const PLACES_MAX: i32 = 17;

/// Two numbers whose order must be seen in print.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pair {
    /// The second is a limit, printed just as it was set.
    Limit(f64, f64),
    /// Both are printed to the same place.
    Both(f64, f64),
}

/// The place (digits after the point, negative left of it) at which `number` has `digits`
/// significant digits.
pub(crate) fn place(number: f64, digits: i32) -> Option<i32> {
    if number == 0.0 || !number.is_finite() {
        return None;
    }
    let rounded = format!("{:.*e}", (digits - 1).max(0) as usize, number.abs());
    let exponent: i32 = rounded.split_once('e')?.1.parse().ok()?;
    Some(digits - 1 - exponent)
}

/// The place for a value: that of the second significant digit of U, or of the value's fourth where
/// U is unknown or zero; then as many more as the pairs need.
pub(crate) fn place_for(value: f64, u: Option<f64>, pairs: &[Pair]) -> i32 {
    let by_u = u.and_then(|u| place(u, 2));
    let start = by_u.or_else(|| place(value, 4)).unwrap_or(0);
    clear(start, pairs)
}

/// The first place from `start` on at which every pair prints in its true order.
pub(crate) fn clear(start: i32, pairs: &[Pair]) -> i32 {
    (start..PLACES_MAX)
        .find(|place| pairs.iter().all(|pair| shows_order(*pair, *place)))
        .unwrap_or(PLACES_MAX)
}

fn shows_order(pair: Pair, place: i32) -> bool {
    let printed = |x: f64| fixed(x, place).parse::<f64>().unwrap_or(f64::NAN);
    let (true_order, seen) = match pair {
        Pair::Limit(a, limit) => (order(a, limit), printed(a).partial_cmp(&limit)),
        Pair::Both(a, b) => (order(a, b), printed(a).partial_cmp(&printed(b))),
    };
    true_order == seen || true_order.is_none()
}

/// The order of two numbers that were computed: those that differ by rounding alone are equal, as
/// they are for the decision.
fn order(a: f64, b: f64) -> Option<Ordering> {
    let rounding = 4.0 * f64::EPSILON * a.abs().max(b.abs());
    if (a - b).abs() <= rounding {
        return Some(Ordering::Equal);
    }
    a.partial_cmp(&b)
}

/// `number` with `place` digits after the point; negative places round left of it.
pub(crate) fn fixed(number: f64, place: i32) -> String {
    if !number.is_finite() {
        return number.to_string();
    }
    let text = if place >= 0 {
        format!("{number:.*}", place as usize)
    } else {
        let scale = 10f64.powi(-place);
        let zeros = "0".repeat(place.unsigned_abs() as usize);
        match format!("{:.0}", number / scale) {
            zero if zero.trim_start_matches('-') == "0" => "0".to_string(),
            digits => digits + &zeros,
        }
    };
    match text.strip_prefix('-') {
        Some(rest) if rest.bytes().all(|b| matches!(b, b'0' | b'.')) => rest.to_string(),
        _ => text,
    }
}

/// `number` with so many significant digits.
pub(crate) fn significant(number: f64, digits: i32) -> String {
    fixed(number, place(number, digits).unwrap_or(0))
}

/// Without zeros at the end of a fraction.
pub(crate) fn trimmed(text: String) -> String {
    if text.contains('.') {
        return text.trim_end_matches('0').trim_end_matches('.').to_string();
    }
    text
}

/// `number` as it was set: the shortest text that reads back as the same value.
pub(crate) fn exact(number: f64) -> String {
    if number.abs() >= 1e16 || (number != 0.0 && number.abs() < 1e-9) {
        return format!("{number:e}");
    }
    number.to_string()
}

/// A printed number with its printed unit; the degree sign stands close, dimension one has none.
pub(crate) fn with_unit(number: &str, unit: Unit) -> String {
    match unit.print() {
        "" => number.to_string(),
        "°" => format!("{number}°"),
        print => format!("{number} {print}"),
    }
}

/// A probability as percent.
pub(crate) fn percent(probability: f64) -> String {
    let percent = 100.0 * probability;
    if percent > 0.0 && percent < 1e-4 {
        return "< 0.0001".to_string();
    }
    if percent < 100.0 && percent > 99.9999 {
        return "> 99.9999".to_string();
    }
    let from_below = place(percent, 2).unwrap_or(0);
    let from_above = place(100.0 - percent, 2).unwrap_or(0);
    fixed(percent, from_below.max(from_above).clamp(0, 4))
}

/// A coverage factor: two decimals at most, none when there is nothing to say.
pub(crate) fn factor(k: f64) -> String {
    let text = fixed(k, 2);
    text.strip_suffix(".00")
        .map_or(text.clone(), str::to_string)
}

/// Nanoseconds of the run's clock as seconds.
pub(crate) fn seconds(ns: u64) -> String {
    format!("{}.{:03}", ns / 1_000_000_000, ns / 1_000_000 % 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_value_is_printed_to_the_second_digit_of_its_uncertainty() {
        // JCGM 100:2008, 7.2.6: two significant digits suffice; estimates to the same place.
        for (value, u, printed, printed_u) in [
            (10.057_62, 0.027, "10.058", "0.027"),
            (25.31, 0.0996, "25.31", "0.10"),
            (98_765.0, 1_234.0, "98800", "1200"),
            (0.000_123_456, 0.000_004_56, "0.0001235", "0.0000046"),
            (-0.001, 0.5, "0.00", "0.50"),
            (12.0, 3.0, "12.0", "3.0"),
        ] {
            let place = place_for(value, Some(u), &[]);
            assert_eq!(fixed(value, place), printed);
            assert_eq!(fixed(u, place), printed_u);
        }
    }

    #[test]
    fn a_fail_by_a_hair_is_seen_as_one() {
        let place = place_for(24.999_6, Some(0.5), &[Pair::Limit(24.999_6, 25.0)]);
        assert_eq!(fixed(24.999_6, place), "24.9996");
        let place = place_for(25.0, Some(0.5), &[Pair::Limit(25.0, 25.0)]);
        assert_eq!(fixed(25.0, place), "25.00");
    }

    #[test]
    fn what_ties_in_the_decision_ties_in_print() {
        let accept = 0.3 - 0.1;
        assert_ne!(accept, 0.2);
        let place = place_for(0.2, Some(0.1), &[Pair::Both(0.2, accept)]);
        assert_eq!(
            (fixed(0.2, place), fixed(accept, place)),
            ("0.20".into(), "0.20".into())
        );
    }

    #[test]
    fn risks_are_percent_with_two_digits() {
        assert_eq!(percent(0.022_75), "2.3");
        assert_eq!(percent(0.5), "50");
        assert_eq!(percent(1e-9), "< 0.0001");
        assert_eq!(percent(0.977_25), "97.7");
        assert_eq!(percent(1.0), "100");
        assert_eq!(percent(0.0), "0");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        /// Whatever the numbers, a value inside its limit (or acceptance limit) is printed inside.
        #[test]
        fn print_never_contradicts_the_comparison(
            limit in -1e4..1e4f64,
            off in prop_oneof![Just(0.0), -1.0..1.0f64, -1e-6..1e-6f64, -1e-10..1e-10f64],
            u in prop_oneof![Just(0.0), 1e-6..1e3f64],
            r in 0.0..2.0f64,
        ) {
            let limit: f64 = fixed(limit, 3).parse().unwrap();
            let value = limit + off;
            let accept = limit - r * u;
            let place = place_for(value, Some(u), &[Pair::Limit(value, limit), Pair::Both(value, accept)]);
            let seen: f64 = fixed(value, place).parse().unwrap();
            let near = |a: f64, b: f64| (a - b).abs() <= 4.0 * f64::EPSILON * a.abs().max(b.abs());
            if !near(value, limit) {
                prop_assert_eq!(seen < limit, value < limit);
                prop_assert_eq!(seen > limit, value > limit);
            }
            if !near(value, accept) {
                let accept_seen: f64 = fixed(accept, place).parse().unwrap();
                prop_assert_eq!(seen < accept_seen, value < accept);
            }
            prop_assert!(exact(limit).parse::<f64>().unwrap() == limit);
        }

        #[test]
        fn no_number_panics(value in any::<f64>(), u in any::<f64>(), limit in any::<f64>()) {
            let place = place_for(value, Some(u), &[Pair::Limit(value, limit)]);
            let _ = (fixed(value, place), exact(value), percent(value), factor(u), significant(u, 2));
        }
    }
}
