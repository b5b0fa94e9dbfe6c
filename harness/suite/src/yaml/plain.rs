//! What a scalar without quotes is by the core schema of YAML 1.2.

/// A scalar without quotes.
pub(super) enum Plain {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text,
}

/// What a text without quotes is.
pub(super) fn plain_value(text: &str) -> Plain {
    let numeric = text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
    match text {
        "true" => Plain::Bool(true),
        "false" => Plain::Bool(false),
        ".nan" | ".NaN" | ".NAN" => Plain::Float(f64::NAN),
        ".inf" | "+.inf" | ".Inf" | "+.Inf" => Plain::Float(f64::INFINITY),
        "-.inf" | "-.Inf" => Plain::Float(f64::NEG_INFINITY),
        _ if !numeric => Plain::Text,
        _ => match (integer(text), text.parse::<f64>()) {
            (Some(i), _) => Plain::Int(i),
            (_, Ok(f)) => Plain::Float(f),
            _ => Plain::Text,
        },
    }
}

/// Decimal, `0x` or `0o`.
fn integer(text: &str) -> Option<i64> {
    let radix = |digits: &str, radix| i64::from_str_radix(digits, radix).ok();
    match (text.strip_prefix("0x"), text.strip_prefix("0o")) {
        (Some(hex), _) => radix(hex, 16),
        (_, Some(octal)) => radix(octal, 8),
        _ => text.parse().ok(),
    }
}

/// The boolean that a YAML 1.1 word stands for.
pub(super) fn meant_bool(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "y" | "on" | "true" | "1" => Some(true),
        "no" | "n" | "off" | "false" | "0" => Some(false),
        _ => None,
    }
}
