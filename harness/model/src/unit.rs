//! Units as values that are checked at run time: dimension, exact scale, UCUM spelling.
//!
//! Spellings follow UCUM (case sensitive) with a few friendly aliases. Plane angle is a base
//! dimension of its own, so that Hz is not rad/s and rad is not 1. Torque and energy have the
//! same dimension and are told apart by [`Kind`].

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// Exponents of m, kg, s, A, K, mol, cd and plane angle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dimension(pub [i8; 8]);

/// What a dimension alone cannot tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Nothing to tell apart.
    Plain,
    /// A torque (N.m), not an energy.
    Torque,
    /// An energy (J), not a torque.
    Energy,
    /// A ratio or a count: dimension one.
    Ratio,
}

/// One row of the table of units.
#[derive(Debug)]
pub struct UnitDef {
    /// Canonical UCUM spelling, for example `N.m`.
    pub symbol: &'static str,
    /// Other spellings that are understood, for example `Nm`.
    pub aliases: &'static [&'static str],
    /// Dimension.
    pub dimension: Dimension,
    /// Kind.
    pub kind: Kind,
    /// SI value = (value + `offset`) * `num` / `den`; both factors are exact in binary where the
    /// unit's definition is (powers of ten below 2^53, integers), so conversions round once.
    pub num: f64,
    /// See `num`.
    pub den: f64,
    /// Added before scaling: 273.15 for degrees Celsius, else 0.
    pub offset: f64,
    /// How a report prints it, for example `°`.
    pub print: &'static str,
}

/// A unit of the table; compares by identity of the row.
#[derive(Clone, Copy)]
pub struct Unit(&'static UnitDef);

const ONE: [i8; 8] = [0; 8];
const M: [i8; 8] = [1, 0, 0, 0, 0, 0, 0, 0];
const KG: [i8; 8] = [0, 1, 0, 0, 0, 0, 0, 0];
const S: [i8; 8] = [0, 0, 1, 0, 0, 0, 0, 0];
const HZ: [i8; 8] = [0, 0, -1, 0, 0, 0, 0, 0];
const A: [i8; 8] = [0, 0, 0, 1, 0, 0, 0, 0];
const K: [i8; 8] = [0, 0, 0, 0, 1, 0, 0, 0];
const RAD: [i8; 8] = [0, 0, 0, 0, 0, 0, 0, 1];
const RAD_S: [i8; 8] = [0, 0, -1, 0, 0, 0, 0, 1];
const RAD_S2: [i8; 8] = [0, 0, -2, 0, 0, 0, 0, 1];
const M_S: [i8; 8] = [1, 0, -1, 0, 0, 0, 0, 0];
const M_S2: [i8; 8] = [1, 0, -2, 0, 0, 0, 0, 0];
const N: [i8; 8] = [1, 1, -2, 0, 0, 0, 0, 0];
const NM: [i8; 8] = [2, 1, -2, 0, 0, 0, 0, 0];
const PA: [i8; 8] = [-1, 1, -2, 0, 0, 0, 0, 0];
const W: [i8; 8] = [2, 1, -3, 0, 0, 0, 0, 0];
const V: [i8; 8] = [2, 1, -3, -1, 0, 0, 0, 0];
const OHM: [i8; 8] = [2, 1, -3, -2, 0, 0, 0, 0];
const M_N: [i8; 8] = [0, -1, 2, 0, 0, 0, 0, 0];
const N_M: [i8; 8] = [0, 1, -2, 0, 0, 0, 0, 0];
const KGM2: [i8; 8] = [2, 1, 0, 0, 0, 0, 0, 0];
const M2: [i8; 8] = [2, 0, 0, 0, 0, 0, 0, 0];
const N_S: [i8; 8] = [1, 1, -3, 0, 0, 0, 0, 0];
const NM_A: [i8; 8] = [2, 1, -2, -1, 0, 0, 0, 0];
const NM_RAD: [i8; 8] = [2, 1, -2, 0, 0, 0, 0, -1];

const fn row(
    symbol: &'static str,
    aliases: &'static [&'static str],
    dimension: [i8; 8],
    num: f64,
    den: f64,
    print: &'static str,
) -> UnitDef {
    UnitDef {
        symbol,
        aliases,
        dimension: Dimension(dimension),
        kind: Kind::Plain,
        num,
        den,
        offset: 0.0,
        print,
    }
}

const fn kind(def: UnitDef, kind: Kind) -> UnitDef {
    UnitDef { kind, ..def }
}

const fn offset(def: UnitDef, offset: f64) -> UnitDef {
    UnitDef { offset, ..def }
}

const PI: f64 = std::f64::consts::PI;

/// All units. Exact by definition (SI brochure, 9th edition): the inch-pound rows use
/// 1 in = 25.4 mm, 1 lb = 0.45359237 kg and g = 9.80665 m/s2.
static UNITS: &[UnitDef] = &[
    kind(row("1", &[], ONE, 1.0, 1.0, ""), Kind::Ratio),
    kind(row("%", &["percent"], ONE, 1.0, 100.0, "%"), Kind::Ratio),
    kind(
        row("[ppth]", &["permille"], ONE, 1.0, 1000.0, "‰"),
        Kind::Ratio,
    ),
    row("m", &[], M, 1.0, 1.0, "m"),
    row("cm", &[], M, 1.0, 100.0, "cm"),
    row("mm", &[], M, 1.0, 1000.0, "mm"),
    row("um", &["µm", "μm"], M, 1.0, 1e6, "µm"),
    row("nm", &[], M, 1.0, 1e9, "nm"),
    row("[in_i]", &["in", "inch"], M, 254.0, 10_000.0, "in"),
    row("mm2", &[], M2, 1.0, 1e6, "mm²"),
    row("kg", &[], KG, 1.0, 1.0, "kg"),
    row("g", &[], KG, 1.0, 1000.0, "g"),
    row("[lb_av]", &["lb"], KG, 45_359_237.0, 1e8, "lb"),
    row("s", &[], S, 1.0, 1.0, "s"),
    row("ms", &[], S, 1.0, 1000.0, "ms"),
    row("us", &["µs", "μs"], S, 1.0, 1e6, "µs"),
    row("min", &[], S, 60.0, 1.0, "min"),
    row("h", &[], S, 3600.0, 1.0, "h"),
    row("a", &["yr"], S, 31_557_600.0, 1.0, "a"),
    row("Hz", &[], HZ, 1.0, 1.0, "Hz"),
    row("kHz", &[], HZ, 1000.0, 1.0, "kHz"),
    row("A", &[], A, 1.0, 1.0, "A"),
    row("mA", &[], A, 1.0, 1000.0, "mA"),
    row("V", &[], V, 1.0, 1.0, "V"),
    row("mV", &[], V, 1.0, 1000.0, "mV"),
    row("W", &[], W, 1.0, 1.0, "W"),
    row("Ohm", &["Ω"], OHM, 1.0, 1.0, "Ω"),
    row("K", &[], K, 1.0, 1.0, "K"),
    offset(row("Cel", &["°C", "degC"], K, 1.0, 1.0, "°C"), 273.15),
    row("rad", &[], RAD, 1.0, 1.0, "rad"),
    row("mrad", &[], RAD, 1.0, 1000.0, "mrad"),
    row("deg", &["°"], RAD, PI, 180.0, "°"),
    row("deg/s", &["°/s"], RAD_S, PI, 180.0, "°/s"),
    row("rad/s", &[], RAD_S, 1.0, 1.0, "rad/s"),
    row("deg/s2", &["°/s2", "°/s²"], RAD_S2, PI, 180.0, "°/s²"),
    row("m/s", &[], M_S, 1.0, 1.0, "m/s"),
    row("mm/s", &[], M_S, 1.0, 1000.0, "mm/s"),
    row("mm/min", &[], M_S, 1.0, 60_000.0, "mm/min"),
    row("m/s2", &["m/s²"], M_S2, 1.0, 1.0, "m/s²"),
    row("mm/s2", &["mm/s²"], M_S2, 1.0, 1000.0, "mm/s²"),
    row("N", &[], N, 1.0, 1.0, "N"),
    row("mN", &[], N, 1.0, 1000.0, "mN"),
    row("kN", &[], N, 1000.0, 1.0, "kN"),
    row("gf", &[], N, 980_665.0, 1e8, "gf"),
    row("kgf", &[], N, 980_665.0, 1e5, "kgf"),
    row(
        "[lbf_av]",
        &["lbf", "lbF"],
        N,
        4.448_221_615_260_5,
        1.0,
        "lbf",
    ),
    row("[ozf]", &["ozF"], N, 0.278_013_850_953_781_2, 1.0, "ozf"),
    row("N/s", &[], N_S, 1.0, 1.0, "N/s"),
    kind(
        row("N.m", &["Nm", "N*m"], NM, 1.0, 1.0, "N·m"),
        Kind::Torque,
    ),
    kind(row("mN.m", &["mNm"], NM, 1.0, 1000.0, "mN·m"), Kind::Torque),
    kind(row("J", &[], NM, 1.0, 1.0, "J"), Kind::Energy),
    row("Pa", &[], PA, 1.0, 1.0, "Pa"),
    row("kPa", &[], PA, 1000.0, 1.0, "kPa"),
    row("MPa", &[], PA, 1e6, 1.0, "MPa"),
    row("N/cm2", &["N/cm²"], PA, 10_000.0, 1.0, "N/cm²"),
    row("N/mm", &[], N_M, 1000.0, 1.0, "N/mm"),
    row("mm/N", &[], M_N, 1.0, 1000.0, "mm/N"),
    row("kg.m2", &["kg.m²"], KGM2, 1.0, 1.0, "kg·m²"),
    row("N.m/A", &["Nm/A"], NM_A, 1.0, 1.0, "N·m/A"),
    row("N.m/rad", &["Nm/rad"], NM_RAD, 1.0, 1.0, "N·m/rad"),
];

/// Why a unit or quantity was not understood, or two of them do not go together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnitError {
    /// The spelling is in no row of the table; `near` is the closest one that is.
    Unknown {
        /// What was written.
        text: String,
        /// A suggestion.
        near: Option<&'static str>,
    },
    /// No number before the unit.
    NoNumber(String),
    /// No unit after the number.
    NoUnit(String),
    /// Not the same dimension or kind: a length is no force.
    Mismatch {
        /// Unit that was found.
        found: &'static str,
        /// Unit that was expected.
        expected: &'static str,
    },
}

impl fmt::Display for UnitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UnitError::Unknown {
                text,
                near: Some(near),
            } => {
                write!(f, "unknown unit `{text}`; did you mean `{near}`?")
            }
            UnitError::Unknown { text, near: None } => {
                write!(
                    f,
                    "unknown unit `{text}`; units are spelled as in UCUM, for example mm, N, N.m, deg/s, Cel"
                )
            }
            UnitError::NoNumber(text) => write!(
                f,
                "`{text}` does not start with a number; write for example `25 mm`"
            ),
            UnitError::NoUnit(text) => {
                write!(
                    f,
                    "`{text}` has no unit; write for example `{text} mm` (dimension one: `{text} 1`)"
                )
            }
            UnitError::Mismatch { found, expected } => {
                write!(
                    f,
                    "a value in {found} cannot stand where one in {expected} is expected"
                )
            }
        }
    }
}

impl std::error::Error for UnitError {}

impl Unit {
    /// The unit of dimension one.
    pub fn one() -> Unit {
        Unit(&UNITS[0])
    }

    /// A unit by its spelling, canonical or alias.
    pub fn parse(text: &str) -> Result<Unit, UnitError> {
        UNITS
            .iter()
            .find(|u| u.symbol == text || u.aliases.contains(&text))
            .map(Unit)
            .ok_or_else(|| UnitError::Unknown {
                text: text.to_string(),
                near: nearest(text),
            })
    }

    /// All units of the table.
    pub fn all() -> impl Iterator<Item = Unit> {
        UNITS.iter().map(Unit)
    }

    /// Canonical UCUM spelling.
    pub fn symbol(self) -> &'static str {
        self.0.symbol
    }

    /// How a person reads it in print.
    pub fn print(self) -> &'static str {
        self.0.print
    }

    /// The row of the table.
    pub fn def(self) -> &'static UnitDef {
        self.0
    }

    /// Whether values of the two can be compared: same dimension and kind.
    pub fn compatible(self, other: Unit) -> bool {
        self.0.dimension == other.0.dimension && self.0.kind == other.0.kind
    }

    /// Converts `value` from this unit to another one (absolute values: degrees Celsius to kelvin
    /// adds 273.15). Equal units return the value untouched, bit for bit.
    pub fn convert(self, value: f64, to: Unit) -> Result<f64, UnitError> {
        if self == to {
            return Ok(value);
        }
        if !self.compatible(to) {
            return Err(UnitError::Mismatch {
                found: self.0.symbol,
                expected: to.0.symbol,
            });
        }
        let scaled = (value + self.0.offset) * (self.0.num * to.0.den) / (self.0.den * to.0.num);
        Ok(scaled - to.0.offset)
    }

    /// Converts a difference or an uncertainty: as [`Unit::convert`] without any offset.
    pub fn convert_difference(self, value: f64, to: Unit) -> Result<f64, UnitError> {
        if self == to {
            return Ok(value);
        }
        if !self.compatible(to) {
            return Err(UnitError::Mismatch {
                found: self.0.symbol,
                expected: to.0.symbol,
            });
        }
        Ok(value * (self.0.num * to.0.den) / (self.0.den * to.0.num))
    }
}

/// The table's spelling nearest to `text`, if one is near enough to be meant.
fn nearest(text: &str) -> Option<&'static str> {
    let lower = text.to_lowercase();
    let all = || {
        UNITS.iter().flat_map(|u| {
            u.aliases
                .iter()
                .map(move |a| (*a, u.symbol))
                .chain([(u.symbol, u.symbol)])
        })
    };
    all()
        .find(|(spelling, _)| spelling.to_lowercase() == lower)
        .map(|(_, symbol)| symbol)
        .or_else(|| {
            let other = text
                .replace(['·', '*', ' '], ".")
                .replace("sec", "s")
                .replace("degrees", "deg");
            all()
                .find(|(spelling, _)| *spelling == other)
                .map(|(_, symbol)| symbol)
        })
}

impl PartialEq for Unit {
    fn eq(&self, other: &Unit) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for Unit {}

impl fmt::Debug for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Unit({})", self.0.symbol)
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.symbol)
    }
}

impl Serialize for Unit {
    fn serialize<T: Serializer>(&self, s: T) -> Result<T::Ok, T::Error> {
        s.serialize_str(self.0.symbol)
    }
}

impl<'de> Deserialize<'de> for Unit {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Unit, D::Error> {
        let text = String::deserialize(d)?;
        Unit::parse(&text).map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Unit {
    fn schema_name() -> Cow<'static, str> {
        "Unit".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "description": "UCUM code: `mm`, `N`, `Cel`, `1`" })
    }
}

/// A value with its unit. Written `25 mm` in files, `{"value":25.0,"unit":"mm"}` in records.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Quantity {
    /// The number; finite.
    pub value: f64,
    /// Its unit.
    pub unit: Unit,
}

impl Quantity {
    /// A value with its unit.
    pub fn new(value: f64, unit: Unit) -> Quantity {
        Quantity { value, unit }
    }

    /// The number in another unit.
    pub fn to(self, unit: Unit) -> Result<f64, UnitError> {
        self.unit.convert(self.value, unit)
    }

    /// The number in the unit spelled `symbol`; for units that the code itself names.
    pub fn in_unit(self, symbol: &str) -> Result<f64, UnitError> {
        self.to(Unit::parse(symbol)?)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.value, self.unit)
    }
}

impl FromStr for Quantity {
    type Err = UnitError;

    /// `25 mm`, `-0.5 N`, `1e-3 m`, `95 %`, `95%`. The number is decimal and finite.
    fn from_str(text: &str) -> Result<Quantity, UnitError> {
        let text = text.trim();
        let end = number_length(text);
        let (number, unit) = text.split_at(end);
        let value: f64 = number
            .parse()
            .map_err(|_| UnitError::NoNumber(text.to_string()))?;
        if !value.is_finite() {
            return Err(UnitError::NoNumber(text.to_string()));
        }
        let unit = unit.trim();
        if unit.is_empty() {
            return Err(UnitError::NoUnit(text.to_string()));
        }
        Ok(Quantity {
            value,
            unit: Unit::parse(unit)?,
        })
    }
}

/// Bytes of the leading decimal number: sign, digits, fraction, exponent.
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |mut i: usize| {
        while bytes.get(i).is_some_and(u8::is_ascii_digit) {
            i += 1;
        }
        i
    };
    let start = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    let mut end = digits(start);
    if bytes.get(end) == Some(&b'.') {
        end = digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits(end + 1 + sign);
        if exponent > end + 1 + sign {
            end = exponent;
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn unit(symbol: &str) -> Unit {
        Unit::parse(symbol).unwrap()
    }

    #[test]
    fn a_length_is_no_force_and_a_torque_no_energy() {
        assert!(unit("mm").convert(25.0, unit("N")).is_err());
        assert!(unit("N.m").convert(1.0, unit("J")).is_err());
        assert!(unit("Hz").convert(1.0, unit("rad/s")).is_err());
        assert!(unit("rad").convert(1.0, unit("1")).is_err());
    }

    #[test]
    fn conversions_are_those_of_the_definitions() {
        assert_eq!(unit("mm").convert(25.0, unit("m")).unwrap(), 0.025);
        assert_eq!(unit("kgf").convert(1.0, unit("N")).unwrap(), 9.80665);
        assert_eq!(unit("gf").convert(1000.0, unit("N")).unwrap(), 9.80665);
        assert_eq!(unit("[in_i]").convert(1.0, unit("mm")).unwrap(), 25.4);
        assert_eq!(unit("deg").convert(180.0, unit("rad")).unwrap(), PI);
        assert_eq!(unit("Cel").convert(20.0, unit("K")).unwrap(), 293.15);
        assert_eq!(unit("Cel").convert_difference(1.0, unit("K")).unwrap(), 1.0);
        assert!(
            (unit("[lbf_av]").convert(1.0, unit("N")).unwrap() - 4.4482216152605).abs() < 1e-12
        );
    }

    #[test]
    fn quantities_read_as_people_write_them() {
        for (text, value, symbol) in [
            ("25 mm", 25.0, "mm"),
            ("-0.5 N", -0.5, "N"),
            ("95%", 95.0, "%"),
            ("1e-3 m", 1e-3, "m"),
            ("5 Nm", 5.0, "N.m"),
        ] {
            assert_eq!(
                text.parse::<Quantity>().unwrap(),
                Quantity::new(value, unit(symbol)),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_quantity_is_refused_with_a_reason() {
        assert!(matches!(
            "mm".parse::<Quantity>(),
            Err(UnitError::NoNumber(_))
        ));
        assert!(matches!(
            "25".parse::<Quantity>(),
            Err(UnitError::NoUnit(_))
        ));
        assert!(matches!(
            "NaN mm".parse::<Quantity>(),
            Err(UnitError::NoNumber(_))
        ));
        assert!(matches!(
            "1e999 mm".parse::<Quantity>(),
            Err(UnitError::NoNumber(_))
        ));
        let error = "3 MM".parse::<Quantity>().unwrap_err();
        assert_eq!(error.to_string(), "unknown unit `MM`; did you mean `mm`?");
    }

    #[test]
    fn every_spelling_names_one_unit() {
        let spellings: Vec<_> = UNITS
            .iter()
            .flat_map(|u| u.aliases.iter().chain([&u.symbol]))
            .collect();
        let mut unique = spellings.clone();
        unique.sort();
        unique.dedup();
        assert_eq!(unique.len(), spellings.len());
    }

    proptest! {
        #[test]
        fn there_and_back_is_the_same_value(value in -1e6..1e6f64, a in 0..UNITS.len(), b in 0..UNITS.len()) {
            let (a, b) = (Unit(&UNITS[a]), Unit(&UNITS[b]));
            if let Ok(there) = a.convert(value, b) {
                let back = b.convert(there, a).unwrap();
                prop_assert!((back - value).abs() <= 1e-9 * value.abs().max(1.0), "{value} {a} -> {there} {b} -> {back}");
            }
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,24}") {
            let _ = text.parse::<Quantity>();
            let _ = Unit::parse(&text);
        }
    }
}
