//! A number as instruments print it.

/// The value of `-18.78`, `+0.5`, `1.2E-3`. `nan`, `inf`, hex and empty text are no numbers.
pub(crate) fn decimal(text: &str) -> Option<f64> {
    let plain = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E');
    if !text.chars().all(plain) {
        return None;
    }
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn only_finite_decimals_are_numbers() {
        assert_eq!(decimal("-18.78"), Some(-18.78));
        assert_eq!(decimal("+4.285"), Some(4.285));
        assert_eq!(decimal("1.5E-3"), Some(0.0015));
        for no_number in [
            "", "-", "nan", "NaN", "inf", "-inf", "infinity", "1e999", "0x10", "1,5", "--1", " 1",
        ] {
            assert_eq!(decimal(no_number), None, "{no_number:?}");
        }
    }
}
