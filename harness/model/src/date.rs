//! Calendar dates and UTC time stamps as text (ISO 8601). No clock here: a date is an argument.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// A day of the Gregorian calendar, written `2026-11-22`. Ordered by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: i32,
    month: u8,
    day: u8,
}

/// A text that is no date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotADate(pub String);

impl fmt::Display for NotADate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a date; write it as 2026-11-22", self.0)
    }
}

impl std::error::Error for NotADate {}

impl Date {
    /// A day that exists in the calendar, or `None`.
    pub fn new(year: i32, month: u8, day: u8) -> Option<Date> {
        let valid = (1900..=9999).contains(&year)
            && (1..=12).contains(&month)
            && (1..=days_in(year, month)).contains(&day);
        valid.then_some(Date { year, month, day })
    }

    /// The UTC day that holds `seconds` after 1970-01-01T00:00:00Z.
    pub fn from_unix_seconds(seconds: u64) -> Date {
        let (year, month, day) = civil(seconds / 86_400);
        Date { year, month, day }
    }

    /// Days since 1970-01-01, negative before: H. Hinnant (2021), `days_from_civil`.
    pub fn days_since_epoch(self) -> i64 {
        let month = i64::from(self.month);
        let year = i64::from(self.year) - i64::from(month <= 2);
        let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let of_year = (153 * ((month + 9) % 12) + 2) / 5 + i64::from(self.day) - 1;
        era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
    }
}

fn days_in(year: i32, month: u8) -> u8 {
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 to year, month, day: H. Hinnant, "chrono-Compatible Low-Level Date
/// Algorithms" (2021), `civil_from_days`, for days not before the epoch.
fn civil(days: u64) -> (i32, u8, u8) {
    let z = days + 719_468;
    let era = z / 146_097;
    let doe = z - era * 146_097;
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = (doy - (153 * mp + 2) / 5 + 1) as u8;
    let month = if mp < 10 { mp + 3 } else { mp - 9 } as u8;
    let year = (yoe + era * 400) as i32 + i32::from(month <= 2);
    (year, month, day)
}

/// `2026-11-22T02:26:54Z` for seconds since 1970-01-01T00:00:00Z.
pub fn utc_text(unix_seconds: u64) -> String {
    let s = unix_seconds % 86_400;
    format!(
        "{}T{:02}:{:02}:{:02}Z",
        Date::from_unix_seconds(unix_seconds),
        s / 3600,
        s / 60 % 60,
        s % 60
    )
}

/// Nanoseconds since 1970-01-01T00:00:00Z of `2026-11-22T02:26:54Z` or `…54.25Z` (a fraction of up to
/// nine digits), or `None`.
pub fn utc_ns(text: &str) -> Option<i64> {
    let (day, time) = text.strip_suffix('Z')?.split_once('T')?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let digits = |text: &str, most: usize| {
        let fits = (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        fits.then(|| text.parse::<i64>().ok()).flatten()
    };
    let mut parts = time.split(':');
    let mut part = |below: i64| {
        let part = digits(parts.next()?, 2)?;
        (part < below).then_some(part)
    };
    let seconds = part(24)? * 3600 + part(60)? * 60 + part(60)?;
    if parts.next().is_some() {
        return None;
    }
    let places = u32::try_from(fraction.len()).ok()?;
    let ns = digits(fraction, 9)? * 10_i64.pow(9_u32.checked_sub(places)?);
    let seconds = day.parse::<Date>().ok()?.days_since_epoch() * 86_400 + seconds;
    seconds.checked_mul(1_000_000_000)?.checked_add(ns)
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl FromStr for Date {
    type Err = NotADate;

    fn from_str(text: &str) -> Result<Date, NotADate> {
        let complaint = || NotADate(text.to_string());
        let mut parts = text.split('-');
        let mut part = |width: usize| {
            let digits = parts
                .next()
                .filter(|p| p.len() == width && p.bytes().all(|b| b.is_ascii_digit()));
            digits
                .and_then(|p| p.parse::<i32>().ok())
                .ok_or_else(complaint)
        };
        let (year, month, day) = (part(4)?, part(2)?, part(2)?);
        if parts.next().is_some() {
            return Err(complaint());
        }
        Date::new(year, month as u8, day as u8).ok_or_else(complaint)
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Date, D::Error> {
        String::deserialize(d)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_that_does_not_exist_is_refused() {
        for wrong in [
            "2026-02-29",
            "2026-13-01",
            "2026-1-1",
            "22.11.2026",
            "2026-11-22T00",
            "",
            "2026-11-22-",
        ] {
            assert!(wrong.parse::<Date>().is_err(), "{wrong}");
        }
        assert!("2024-02-29".parse::<Date>().is_ok());
    }

    #[test]
    fn dates_are_ordered_by_time_and_utc_matches_known_instants() {
        let (a, b): (Date, Date) = ("2026-09-30".parse().unwrap(), "2026-10-01".parse().unwrap());
        assert!(a < b);
        // `date -u -d @1000000000` and `date -u -d @1709164800`
        assert_eq!(utc_text(1_000_000_000), "2001-09-09T01:46:40Z");
        assert_eq!(utc_text(1_709_164_800), "2024-02-29T00:00:00Z");
    }
}
