//! Lines of JSON, each with its number and the SHA-256 of the line before.

use crate::digest::ZERO;
use certbench_model::sha256_hex;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::borrow::Cow;

/// Most lines are shorter.
const LINE_MOSTLY: usize = 512;

/// The end of a chain: what the next line must name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    /// Number of the last line; 0 before the first.
    pub(crate) seq: u64,
    /// SHA-256 of the last line without its newline; zeros before the first.
    pub(crate) sha256: String,
}

impl Link {
    /// Before the first line.
    pub(crate) fn start() -> Link {
        Link {
            seq: 0,
            sha256: ZERO.to_string(),
        }
    }

    /// The link after `line` (without newline), whatever is in it.
    pub(crate) fn after(&self, line: &[u8]) -> Link {
        Link {
            seq: self.seq + 1,
            sha256: sha256_hex(line),
        }
    }

    /// The next line, with newline, and the link after it.
    pub(crate) fn write<T: Serialize>(&self, body: &T) -> serde_json::Result<(Vec<u8>, Link)> {
        #[derive(Serialize)]
        struct Written<'a, T> {
            seq: u64,
            prev: &'a str,
            #[serde(flatten)]
            body: &'a T,
        }
        let mut line = Vec::with_capacity(LINE_MOSTLY);
        let written = Written {
            seq: self.seq + 1,
            prev: &self.sha256,
            body,
        };
        serde_json::to_writer(&mut line, &written)?;
        let next = self.after(&line);
        line.push(b'\n');
        Ok((line, next))
    }

    /// Reads the next line (without newline): its body, and what does not hold. Each complaint
    /// comes with the number of the line that it is about: a hash that does not fit speaks of the
    /// line before.
    pub(crate) fn read<T: DeserializeOwned>(&self, line: &[u8]) -> (Option<T>, Vec<(u64, String)>) {
        #[derive(serde::Deserialize)]
        struct Head {
            seq: u64,
            prev: String,
        }
        let number = self.seq + 1;
        let mut complaints = Vec::new();
        // A line that begins as the format says it must is read once, from there on.
        let begin = format!("{{\"seq\":{number},\"prev\":\"{}\",", self.sha256);
        let body = match line.strip_prefix(begin.as_bytes()) {
            Some(rest) => Cow::Owned([b"{", rest].concat()),
            None => match serde_json::from_slice::<Head>(line) {
                Err(error) => {
                    complaints.push((number, format!("cannot be read: {error}")));
                    return (None, complaints);
                }
                Ok(head) => {
                    if head.seq != number {
                        complaints.push((number, format!("says that it is line {}", head.seq)));
                    }
                    if head.prev != self.sha256 {
                        let about = number.saturating_sub(1).max(1);
                        complaints.push((
                            about,
                            format!("its SHA-256 is not the one that line {number} names"),
                        ));
                    }
                    Cow::Borrowed(line)
                }
            },
        };
        match serde_json::from_slice::<T>(&body) {
            Ok(body) => (Some(body), complaints),
            Err(error) => {
                let what = match error.is_data() {
                    true => "is not an event of this version",
                    false => "cannot be read",
                };
                complaints.push((number, format!("{what}: {error}")));
                (None, complaints)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use certbench_model::{Event, EventBody, RunEnd};
    use serde::Deserialize;

    #[derive(Serialize, Deserialize)]
    struct Flat {
        time_ns: u64,
        #[serde(flatten)]
        body: EventBody,
    }

    #[test]
    fn a_line_is_written_as_the_format_says() {
        let body = Flat {
            time_ns: 7,
            body: EventBody::Ended {
                end: RunEnd::Completed,
                text: "done".into(),
            },
        };
        let (line, link) = Link::start().write(&body).unwrap();
        assert_eq!(
            String::from_utf8(line.clone()).unwrap(),
            format!(
                "{{\"seq\":1,\"prev\":\"{ZERO}\",\"time_ns\":7,\"event\":\"ended\",\"end\":\"completed\",\"text\":\"done\"}}\n"
            )
        );
        assert_eq!(link.sha256, sha256_hex(&line[..line.len() - 1]));
    }

    #[test]
    fn numbers_come_back_bit_for_bit() {
        for worst_s in [
            0.1,
            1.0,
            -0.0,
            5e-324,
            f64::MAX,
            1.0 / 3.0,
            123_456_789.123_456_78,
        ] {
            let event = Event {
                time_ns: u64::MAX,
                body: EventBody::Lateness {
                    subject: "hand".into(),
                    worst_s,
                    ticks: 9_007_199_254_740_993,
                },
            };
            let flat = Flat {
                time_ns: event.time_ns,
                body: event.body.clone(),
            };
            let (line, _) = Link::start().write(&flat).unwrap();
            let (read, complaints) = Link::start().read::<Flat>(line.trim_ascii_end());
            assert_eq!(complaints, []);
            let read = read.unwrap();
            assert_eq!((read.time_ns, &read.body), (event.time_ns, &event.body));
            let EventBody::Lateness { worst_s: back, .. } = read.body else {
                panic!("another event");
            };
            assert_eq!(back.to_bits(), worst_s.to_bits());
        }
    }

    #[test]
    fn a_hash_that_does_not_fit_speaks_of_the_line_before() {
        let (first, link) = Link::start().write(&serde_json::json!({"a": 1})).unwrap();
        let (second, _) = link.write(&serde_json::json!({"b": 2})).unwrap();
        let flipped = String::from_utf8(first)
            .unwrap()
            .replace("\"a\":1", "\"a\":3");
        let after = Link::start().after(flipped.trim_end().as_bytes());
        let (_, complaints) = after.read::<serde_json::Value>(second.trim_ascii_end());
        assert_eq!(complaints.len(), 1);
        assert_eq!(complaints[0].0, 1);
    }
}
