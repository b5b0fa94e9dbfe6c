//! Instruments that print lines of numbers: trackers, displacement sensors, indicators.
//!
//! There is no one protocol: which column is what, how columns are separated and which words mean "no
//! value" is told by the bench. A field is a number or a typed [`Invalid`], never a guess.

use crate::decimal::decimal;

/// What stands between two columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Separator {
    /// Any number of spaces and tabs.
    Blanks,
    /// Exactly this character; blanks around a field do not count.
    Char(char),
}

/// A column that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The name it is known by.
    pub name: String,
    /// Its place in the line, from 0.
    pub index: usize,
}

/// How an instrument writes a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Format {
    /// What stands between two columns.
    pub separator: Separator,
    /// Its decimal sign is a comma, and a point is no part of a number.
    pub decimal_comma: bool,
    /// The columns that are wanted, in the order in which [`Format::decode`] gives them.
    pub columns: Vec<Column>,
    /// Words that stand for "no value": `NaN`, `---`, `XXXXXXX`. Compared exactly.
    pub no_value: Vec<String>,
}

/// Why a field is not a number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// The instrument says that it has no value.
    #[error("no value ({0:?})")]
    NoValue(String),
    /// The line has fewer columns.
    #[error("column {0} is missing")]
    Missing(usize),
    /// Text that is neither a number nor a known word.
    #[error("not a number: {0:?}")]
    NotANumber(String),
}

impl Format {
    /// The wanted columns of a line without its terminator, in their order; as many as there are columns.
    pub fn decode(&self, line: &str) -> Vec<Result<f64, Invalid>> {
        let fields: Vec<&str> = match self.separator {
            Separator::Blanks => line.split_whitespace().collect(),
            Separator::Char(mark) => line.split(mark).map(str::trim).collect(),
        };
        let value = |column: &Column| match fields.get(column.index) {
            Some(text) => self.value(text),
            None => Err(Invalid::Missing(column.index)),
        };
        self.columns.iter().map(value).collect()
    }

    /// A line as the instrument writes it, CR LF included. `None` is written as the first word for "no
    /// value"; places that no column names are written as 0.
    pub fn encode(&self, values: &[Option<f64>], decimals: usize) -> Vec<u8> {
        let places = self
            .columns
            .iter()
            .map(|column| column.index + 1)
            .max()
            .unwrap_or(0);
        let place = |index| {
            let Some(wanted) = self.columns.iter().position(|column| column.index == index) else {
                return "0".to_owned();
            };
            match values.get(wanted).copied().flatten() {
                Some(value) if self.decimal_comma => {
                    format!("{value:.decimals$}").replace('.', ",")
                }
                Some(value) => format!("{value:.decimals$}"),
                None => self
                    .no_value
                    .first()
                    .cloned()
                    .unwrap_or_else(|| "-".to_owned()),
            }
        };
        let fields: Vec<String> = (0..places).map(place).collect();
        let mark = match self.separator {
            Separator::Blanks => " ".to_owned(),
            Separator::Char(mark) => mark.to_string(),
        };
        format!("{}\r\n", fields.join(&mark)).into_bytes()
    }

    fn value(&self, text: &str) -> Result<f64, Invalid> {
        if self.no_value.iter().any(|word| word == text) {
            return Err(Invalid::NoValue(text.to_owned()));
        }
        let number = match self.decimal_comma {
            true if text.contains('.') => None,
            true => decimal(&text.replace(',', ".")),
            false => decimal(text),
        };
        number.ok_or_else(|| Invalid::NotANumber(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::Lines;
    use proptest::prelude::*;

    fn format(separator: Separator, columns: &[(&str, usize)]) -> Format {
        let column = |(name, index): &(&str, usize)| Column {
            name: (*name).into(),
            index: *index,
        };
        Format {
            separator,
            decimal_comma: false,
            columns: columns.iter().map(column).collect(),
            no_value: ["NaN", "---", "XXXXXXX"].map(String::from).to_vec(),
        }
    }

    #[test]
    fn a_pose_line_is_read_by_its_column_map() {
        let tracker = format(Separator::Char(','), &[("x", 1), ("y", 2), ("z", 3)]);
        let line = "17, 1203.451, -88.020, 15.500, ok";
        assert_eq!(tracker.decode(line), [Ok(1203.451), Ok(-88.02), Ok(15.5)]);
    }

    /// Keyence LK-G: `M1,+01.2345`, and `XXXXXXX` while not ready.
    #[test]
    fn a_displacement_sensor_that_is_not_ready_gives_no_number() {
        let sensor = format(Separator::Char(','), &[("d", 1)]);
        assert_eq!(sensor.decode("M1,+01.2345"), [Ok(1.2345)]);
        assert_eq!(
            sensor.decode("M1,XXXXXXX"),
            [Err(Invalid::NoValue("XXXXXXX".into()))]
        );
        assert_eq!(
            sensor.decode("M1,-FFFFFF"),
            [Err(Invalid::NotANumber("-FFFFFF".into()))]
        );
    }

    #[test]
    fn with_a_decimal_comma_a_point_is_no_number() {
        let mut tracker = format(Separator::Char(';'), &[("x", 0), ("y", 1)]);
        tracker.decimal_comma = true;
        assert_eq!(
            tracker.decode("1203,451; 88.020"),
            [Ok(1203.451), Err(Invalid::NotANumber("88.020".into()))]
        );
        assert!(tracker.decode("1,203,451")[0].is_err());
    }

    #[test]
    fn an_incomplete_line_has_missing_columns_not_zeros() {
        let tracker = format(Separator::Blanks, &[("x", 0), ("y", 1), ("z", 2)]);
        assert_eq!(
            tracker.decode("1.0   2.0"),
            [Ok(1.0), Ok(2.0), Err(Invalid::Missing(2))]
        );
        assert_eq!(tracker.decode("")[0], Err(Invalid::Missing(0)));
    }

    #[test]
    fn a_noisy_field_spoils_itself_only() {
        let tracker = format(Separator::Char(';'), &[("x", 0), ("y", 1)]);
        assert_eq!(
            tracker.decode("1.0;2.#;"),
            [Ok(1.0), Err(Invalid::NotANumber("2.#".into()))]
        );
        assert_eq!(
            tracker
                .decode("nan;inf")
                .iter()
                .filter(|field| field.is_ok())
                .count(),
            0
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn lines_round_trip(microns in prop::collection::vec(prop::option::of(-9_999_999i32..9_999_999), 3), blanks: bool) {
            let separator = if blanks { Separator::Blanks } else { Separator::Char(',') };
            let tracker = format(separator, &[("x", 4), ("y", 0), ("z", 2)]);
            let values: Vec<_> = microns.iter().map(|m| m.map(|m| f64::from(m) / 1000.0)).collect();
            let mut lines = Lines::new(120);
            lines.push(&tracker.encode(&values, 3));
            let read = tracker.decode(&lines.next().unwrap().unwrap());
            let read: Vec<_> = read.into_iter().map(Result::ok).collect();
            prop_assert_eq!(read, values);
        }

        #[test]
        fn arbitrary_text_never_panics(line: String, index: usize) {
            let any = format(Separator::Char(','), &[("a", index), ("b", 0)]);
            prop_assert_eq!(any.decode(&line).len(), 2);
        }
    }
}
