//! One check: what was expected, what was seen, whether it held.

use serde::{Deserialize, Serialize};

/// The groups, in the order in which they are made.
pub(super) const GROUPS: [&str; 4] = ["oracle", "known-truth", "record", "timing"];

/// One check.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Check {
    /// One of [`GROUPS`].
    pub(crate) group: String,
    /// What is checked, unique in its group.
    pub(crate) id: String,
    /// Where the expectation comes from.
    pub(crate) source: String,
    /// What was expected.
    pub(crate) expected: Expected,
    /// What was seen; `None`: nothing.
    pub(crate) seen: Option<Seen>,
    /// Whether it held.
    pub(crate) held: bool,
}

/// What is expected.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Expected {
    /// A number as it was printed: to within half a unit of its last digit.
    Printed(String),
    /// A number within these bounds, in a unit.
    Within(f64, f64, String),
    /// A word.
    Word(String),
}

/// What was seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", untagged)]
pub(crate) enum Seen {
    /// A number, in the unit of the expectation.
    Number(f64),
    /// A word.
    Word(String),
}

impl Check {
    fn new(group: &str, id: &str, source: &str, expected: Expected, seen: Option<Seen>) -> Check {
        let held = holds(&expected, seen.as_ref());
        Check {
            group: group.to_string(),
            id: id.to_string(),
            source: source.to_string(),
            expected,
            seen,
            held,
        }
    }

    /// A number of an oracle, as its source printed it.
    pub(super) fn printed(id: &str, source: &str, printed: &str, seen: Option<f64>) -> Check {
        let expected = Expected::Printed(printed.to_string());
        Check::new("oracle", id, source, expected, seen.map(Seen::Number))
    }

    /// A number that lies within bounds.
    pub(super) fn within(
        (group, id, source): (&str, &str, &str),
        bounds: [f64; 2],
        unit: &str,
        seen: Option<f64>,
    ) -> Check {
        let expected = Expected::Within(bounds[0], bounds[1], unit.to_string());
        Check::new(group, id, source, expected, seen.map(Seen::Number))
    }

    /// A word.
    pub(super) fn word(
        (group, id, source): (&str, &str, &str),
        expected: &str,
        seen: Option<String>,
    ) -> Check {
        let expected = Expected::Word(expected.to_string());
        Check::new(group, id, source, expected, seen.map(Seen::Word))
    }

    /// Something that was expected and is not there.
    pub(super) fn without(group: &str, id: &str, what: &str) -> Check {
        Check::word((group, id, what), "there", None)
    }

    /// Whether it says of itself what its numbers say.
    pub(super) fn consistent(&self) -> bool {
        self.held == holds(&self.expected, self.seen.as_ref())
    }

    /// Group and id.
    pub(super) fn name(&self) -> String {
        format!("{}/{}", self.group, self.id)
    }
}

fn holds(expected: &Expected, seen: Option<&Seen>) -> bool {
    match (expected, seen) {
        (Expected::Printed(printed), Some(Seen::Number(x))) => {
            let decimals = printed.split_once('.').map_or(0, |(_, d)| d.len());
            let half = 0.5 * 0.1f64.powi(i32::try_from(decimals).unwrap_or(0)) * (1.0 + 1e-6);
            printed.parse::<f64>().is_ok_and(|p| (x - p).abs() <= half)
        }
        (Expected::Within(low, high, _), Some(Seen::Number(x))) => (*low..=*high).contains(x),
        (Expected::Word(word), Some(Seen::Word(seen))) => word == seen,
        _ => false,
    }
}

impl std::fmt::Display for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: ", self.id)?;
        match &self.seen {
            None => write!(f, "nothing")?,
            Some(Seen::Number(x)) => write!(f, "{x:.6}")?,
            Some(Seen::Word(word)) => write!(f, "{word}")?,
        }
        match &self.expected {
            Expected::Printed(printed) => write!(f, ", expected {printed} ({})", self.source),
            Expected::Within(low, high, unit) => {
                write!(f, " {unit}, expected {low} to {high} ({})", self.source)
            }
            Expected::Word(word) => write!(f, ", expected {word} ({})", self.source),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_number_holds_to_half_a_unit_of_its_last_digit() {
        let check = |printed, x| Check::printed("x", "s", printed, Some(x)).held;
        assert!(check("0.023", 0.0234) && check("0.023", 0.0225));
        assert!(!check("0.023", 0.0236) && !check("0.0230", 0.0234));
        assert!(check("500", 500.4) && !check("500", 500.6));
        assert!(!check("500", f64::NAN) && !check("none", 0.0));
    }

    #[test]
    fn what_was_not_seen_does_not_hold() {
        assert!(!Check::printed("x", "s", "1", None).held);
        assert!(!Check::without("oracle", "x", "gone").held);
        assert!(!Check::word(("record", "x", "s"), "found", Some("missed".into())).held);
    }
}
