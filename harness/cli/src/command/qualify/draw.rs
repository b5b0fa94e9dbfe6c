//! Draws: how a population's devices differ from each other.
//!
//! A change is laid over a value as one YAML map over another; in the place of a number (or of anything
//! else) may stand a draw:
//!
//! | draw | gives |
//! |---|---|
//! | `{ uniform: [a, b] }` | a number between `a` and `b` |
//! | `{ normal: [mean, sd] }` | a normal number |
//! | `{ one-of: [x, y, …] }` | one of them, of any kind |
//! | `{ times: d }` | what was there, times a number or draw |
//! | `{ plus: d }` | what was there, plus a number or draw, or a list of them |

use serde_json::{Map, Value};

/// The names of the draws.
const DRAWS: [&str; 5] = ["uniform", "normal", "one-of", "times", "plus"];

/// Random numbers from a seed: splitmix64 (Steele, Lea and Flood 2014).
pub(super) struct Dice(u64);

impl Dice {
    /// Of a place in the population: the same words give the same numbers.
    pub(super) fn of(seed: u64, what: &str) -> Dice {
        let digest = certbench_model::sha256_hex(format!("{seed}/{what}").as_bytes());
        let head = digest.get(..16).unwrap_or_default();
        Dice(u64::from_str_radix(head, 16).unwrap_or(seed))
    }

    /// Any number of 53 bits, for a seed that JSON keeps.
    pub(super) fn seed(&mut self) -> u64 {
        self.next() >> 11
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^ (x >> 31)
    }

    /// In (0, 1].
    fn unit(&mut self) -> f64 {
        ((self.next() >> 11) + 1) as f64 / (1u64 << 53) as f64
    }

    /// Box and Muller.
    fn normal(&mut self) -> f64 {
        let (u, v) = (self.unit(), self.unit());
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }
}

/// Lays a change over what is there; `at` is where, for complaints.
///
/// # Errors
/// In words: a draw that is none, or one of what has no number.
pub(super) fn lay(
    base: &Value,
    change: &Value,
    dice: &mut Dice,
    at: &str,
) -> Result<Value, String> {
    match change {
        Value::Object(map) => match drawn(map) {
            Some((draw, of)) => number(base, draw, of, dice, at),
            None => {
                let mut laid = base.as_object().cloned().unwrap_or_default();
                for (key, value) in map {
                    let place = format!("{at}.{key}");
                    let under = base.get(key).unwrap_or(&Value::Null);
                    laid.insert(key.clone(), lay(under, value, dice, &place)?);
                }
                Ok(Value::Object(laid))
            }
        },
        Value::Array(list) => {
            let each = list.iter().enumerate().map(|(i, value)| {
                let under = base.get(i).unwrap_or(&Value::Null);
                lay(under, value, dice, &format!("{at}[{i}]"))
            });
            Ok(Value::Array(each.collect::<Result<_, _>>()?))
        }
        Value::Null => Ok(base.clone()),
        other => Ok(other.clone()),
    }
}

/// The draw that a map is.
fn drawn(map: &Map<String, Value>) -> Option<(&str, &Value)> {
    let (key, value) = map.iter().next().filter(|_| map.len() == 1)?;
    DRAWS.contains(&key.as_str()).then_some((key, value))
}

fn number(
    base: &Value,
    draw: &str,
    of: &Value,
    dice: &mut Dice,
    at: &str,
) -> Result<Value, String> {
    let pair = || {
        let pair: Vec<f64> = of
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_f64)
            .collect();
        match pair[..] {
            [a, b] => Ok((a, b)),
            _ => Err(format!(
                "{at}: `{draw}` takes two numbers, as `{draw}: [1, 2]`; this is {of}"
            )),
        }
    };
    match draw {
        "uniform" => {
            let (a, b) = pair()?;
            real(a + (b - a) * dice.unit(), at)
        }
        "normal" => {
            let (mean, sd) = pair()?;
            real(mean + sd * dice.normal(), at)
        }
        "one-of" => match of.as_array().map(Vec::as_slice) {
            None | Some([]) => Err(format!("{at}: `one-of` takes a list")),
            Some(list) => {
                let at_random = (dice.unit() * list.len() as f64).ceil() as usize;
                let chosen = list
                    .get(at_random.saturating_sub(1))
                    .unwrap_or(&Value::Null);
                Ok(chosen.clone())
            }
        },
        _ => {
            let by = lay(&Value::Null, of, dice, at)?;
            changed(
                base,
                &by,
                if draw == "times" {
                    |a, b| a * b
                } else {
                    |a, b| a + b
                },
                at,
            )
        }
    }
}

/// A number, or each of a list, changed by a number or by the one at its place.
fn changed(base: &Value, by: &Value, how: fn(f64, f64) -> f64, at: &str) -> Result<Value, String> {
    if let Value::Array(list) = base {
        let each = list.iter().enumerate().map(|(i, value)| {
            let by = by.get(i).unwrap_or(by);
            changed(value, by, how, &format!("{at}[{i}]"))
        });
        return Ok(Value::Array(each.collect::<Result<_, _>>()?));
    }
    match (base.as_f64(), by.as_f64()) {
        (Some(a), Some(b)) => real(how(a, b), at),
        (None, _) => Err(format!("{at}: there is no number to change, but {base}")),
        (_, None) => Err(format!("{at}: {by} is no number to change by")),
    }
}

fn real(value: f64, at: &str) -> Result<Value, String> {
    let number = serde_json::Number::from_f64(value);
    number
        .map(Value::Number)
        .ok_or_else(|| format!("{at}: {value} is no number"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn laid(base: Value, change: Value) -> Result<Value, String> {
        lay(&base, &change, &mut Dice::of(7, "test"), "world")
    }

    #[test]
    fn a_change_lies_over_what_is_there_and_leaves_the_rest() {
        let base = json!({ "arm": { "load_kg": 1.0, "home_deg": [1.0, 2.0] }, "seed": 3 });
        let change = json!({ "arm": { "load_kg": 2.5 } });
        let expected = json!({ "arm": { "load_kg": 2.5, "home_deg": [1.0, 2.0] }, "seed": 3 });
        assert_eq!(laid(base.clone(), change).unwrap(), expected);
        assert_eq!(laid(base.clone(), Value::Null).unwrap(), base);
    }

    #[test]
    fn one_draw_scales_a_whole_list_and_a_list_of_draws_moves_each() {
        let base = json!({ "give": [1.0, 2.0, 4.0] });
        let scaled = laid(
            base.clone(),
            json!({ "give": { "times": { "uniform": [3, 5] } } }),
        )
        .unwrap();
        let list: Vec<f64> = scaled["give"]
            .as_array()
            .unwrap()
            .iter()
            .map(|v| v.as_f64().unwrap())
            .collect();
        assert!(
            (3.0..=5.0).contains(&list[0]) && list[1] == 2.0 * list[0] && list[2] == 4.0 * list[0]
        );
        let moved = laid(
            base,
            json!({ "give": { "plus": [0, 1, { "one-of": [2] }] } }),
        )
        .unwrap();
        assert_eq!(moved, json!({ "give": [1.0, 3.0, 6.0] }));
    }

    #[test]
    fn the_same_place_of_the_same_seed_gives_the_same_numbers_and_another_gives_others() {
        let draw = |seed, what| Dice::of(seed, what).normal();
        assert_eq!(draw(7, "good/3"), draw(7, "good/3"));
        assert_ne!(draw(7, "good/3"), draw(7, "good/4"));
        assert_ne!(draw(7, "good/3"), draw(8, "good/3"));
    }

    #[test]
    fn draws_have_the_mean_and_the_spread_that_they_say() {
        let mut dice = Dice::of(1, "many");
        let draws: Vec<f64> = (0..20_000).map(|_| dice.normal()).collect();
        let mean = draws.iter().sum::<f64>() / 20_000.0;
        let beyond_2 = draws.iter().filter(|x| x.abs() > 2.0).count() as f64 / 20_000.0;
        assert!(
            mean.abs() < 0.03 && (beyond_2 - 0.0455).abs() < 0.006,
            "{mean} {beyond_2}"
        );
    }

    #[test]
    fn what_is_no_draw_is_refused_with_its_place() {
        let refused = |base: Value, change: Value| laid(base, change).unwrap_err();
        assert!(refused(json!({}), json!({ "arm": { "uniform": [1] } })).starts_with("world.arm:"));
        assert!(
            refused(json!({}), json!({ "arm": { "times": 2 } })).contains("no number to change")
        );
        assert!(refused(json!({ "a": 1 }), json!({ "a": { "plus": "x" } })).contains("\"x\""));
        assert!(refused(json!({}), json!({ "a": { "one-of": [] } })).contains("a list"));
    }
}
