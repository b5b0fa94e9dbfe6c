//! SCPI (SCPI-1999, IEEE 488.2) as far as a power meter or supply needs it: queries that are answered
//! with one line of numbers.
//!
//! A number is NR1, NR2 or NR3 (`1.2`, `+1.234E-03`); several are separated by commas. `NAN` and
//! 9.91E+37 are "not a number", `INF` and 9.9E+37 an infinity (SCPI-1999 vol. 1, 7.2.1.4 and 7.2.1.5):
//! neither is a reading. Every error waits in a queue until `SYST:ERR?` takes it out.

use crate::decimal::decimal;

/// Identity query (IEEE 488.2, 10.14).
pub const IDENTIFY: &str = "*IDN?";
/// Takes the oldest error out of the queue (SCPI-1999, 21.8).
pub const NEXT_ERROR: &str = "SYST:ERR?";

/// Why a field is no number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// The instrument has no value.
    #[error("not a number ({0:?})")]
    NotANumber(String),
    /// The instrument is over its range.
    #[error("over range ({0:?})")]
    OverRange(String),
    /// Anything else.
    #[error("not readable: {0:?}")]
    Unreadable(String),
}

/// What `*IDN?` is answered with (IEEE 488.2, 10.14): four fields; `0` stands for "not known".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the standard's own words")]
pub struct Identity {
    pub manufacturer: String,
    pub model: String,
    pub serial: Option<String>,
    pub firmware: Option<String>,
}

/// A query or command as bytes, LF included.
pub fn encode(command: &str) -> Vec<u8> {
    format!("{command}\n").into_bytes()
}

/// The numbers of an answer without its terminator.
pub fn decode_numbers(line: &str) -> Vec<Result<f64, Invalid>> {
    line.split(',').map(|field| number(field.trim())).collect()
}

fn number(field: &str) -> Result<f64, Invalid> {
    let word = field.to_ascii_uppercase();
    match word.trim_start_matches(['+', '-']) {
        "NAN" => return Err(Invalid::NotANumber(field.to_owned())),
        "INF" | "INFINITY" => return Err(Invalid::OverRange(field.to_owned())),
        _ => (),
    }
    match decimal(field) {
        None => Err(Invalid::Unreadable(field.to_owned())),
        Some(9.91e37) => Err(Invalid::NotANumber(field.to_owned())),
        Some(value) if value.abs() >= 9.9e37 => Err(Invalid::OverRange(field.to_owned())),
        Some(value) => Ok(value),
    }
}

/// Reads the answer to `*IDN?`; `None` when it has not four fields.
pub fn decode_identity(line: &str) -> Option<Identity> {
    let fields: Vec<&str> = line.splitn(4, ',').map(str::trim).collect();
    let [manufacturer, model, serial, firmware] = fields.as_slice() else {
        return None;
    };
    let known = |text: &str| (!text.is_empty() && text != "0").then(|| text.to_owned());
    Some(Identity {
        manufacturer: (*manufacturer).to_owned(),
        model: (*model).to_owned(),
        serial: known(serial),
        firmware: known(firmware),
    })
}

/// Reads the answer to `SYST:ERR?`: the number, 0 for none, and the text.
pub fn decode_error(line: &str) -> Option<(i32, String)> {
    let (code, text) = line.split_once(',')?;
    let code = code.trim().strip_prefix('+').unwrap_or(code.trim());
    Some((code.parse().ok()?, text.trim().trim_matches('"').to_owned()))
}

/// A line of numbers as an instrument writes it (NR3), LF included; `None` is written as NAN.
pub fn encode_numbers(values: &[Option<f64>]) -> Vec<u8> {
    let field = |value: &Option<f64>| match value {
        Some(value) => nr3(*value),
        None => "NAN".to_owned(),
    };
    let fields: Vec<String> = values.iter().map(field).collect();
    format!("{}\n", fields.join(",")).into_bytes()
}

/// `+1.2340E-03`.
fn nr3(value: f64) -> String {
    let text = format!("{value:+.6E}");
    match text.split_once('E') {
        Some((mantissa, exponent)) => match exponent.strip_prefix('-') {
            Some(digits) => format!("{mantissa}E-{digits:0>2}"),
            None => format!("{mantissa}E+{exponent:0>2}"),
        },
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// SCPI-1999 vol. 1: NR3 9.9E37 stands for infinity, 9.91E37 for not-a-number; Yokogawa WT300
    /// meters send the words NAN and INF.
    #[test]
    fn infinities_and_no_numbers_are_no_readings() {
        let line = "+12.345E+00, NAN,INF,-9.9E+37,9.91E+37,overflow";
        let got = decode_numbers(line);
        assert_eq!(got.first(), Some(&Ok(12.345)));
        let whys: Vec<_> = got
            .iter()
            .skip(1)
            .map(|field| field.clone().unwrap_err())
            .collect();
        assert!(
            matches!(
                whys.as_slice(),
                [
                    Invalid::NotANumber(_),
                    Invalid::OverRange(_),
                    Invalid::OverRange(_),
                    Invalid::NotANumber(_),
                    Invalid::Unreadable(_)
                ]
            ),
            "{whys:?}"
        );
    }

    /// IEEE 488.2, 10.14.3: four fields, ASCII 0 where one is not available.
    #[test]
    fn an_identity_has_four_fields_and_a_zero_is_none() {
        let idn = decode_identity("YOKOGAWA,WT310E,0,F1.03").unwrap();
        assert_eq!(
            (idn.model.as_str(), idn.serial, idn.firmware.as_deref()),
            ("WT310E", None, Some("F1.03"))
        );
        assert_eq!(decode_identity("just a name"), None);
    }

    /// SCPI-1999 vol. 2, 21.8.2: -113 is "Undefined header".
    #[test]
    fn an_error_is_a_number_and_a_text() {
        assert_eq!(
            decode_error("-113,\"Undefined header\""),
            Some((-113, "Undefined header".into()))
        );
        assert_eq!(
            decode_error("+0,\"No error\""),
            Some((0, "No error".into()))
        );
        assert_eq!(decode_error("fine"), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn numbers_round_trip(millis in prop::collection::vec(prop::option::of(-999_999i32..=999_999), 1..4)) {
            let values: Vec<_> = millis.iter().map(|m| m.map(|m| f64::from(m) / 1000.0)).collect();
            let line = String::from_utf8(encode_numbers(&values)).unwrap();
            let read: Vec<_> = decode_numbers(line.trim()).into_iter().map(Result::ok).collect();
            prop_assert_eq!(read, values);
        }

        #[test]
        fn arbitrary_text_never_panics(line: String) {
            let _ = decode_numbers(&line);
            let _ = decode_identity(&line);
            let _ = decode_error(&line);
        }
    }
}
