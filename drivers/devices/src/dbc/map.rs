//! From the bench's words and the file to readings.

use certbench_link::CanFrame;
use certbench_model::plan::{DevicePlan, FileText};
use certbench_model::{Invalid, Reading, Unit};
use certbench_roles::Trouble;
use certbench_wire::dbc::{Database, Message, Signal};
use serde_json::Value;

use crate::options::Options;

/// A signal of the bench.
pub(super) struct Wanted {
    /// The bench's name of it.
    pub(super) name: String,
    /// The file's: `Message.Signal`.
    pub(super) source: String,
    message: Message,
    signal: Signal,
    /// The unit of the file, where it is one, and the one that the bench wants.
    units: Option<(Unit, Unit)>,
    /// On or off: on when the value is not zero.
    contact: bool,
}

/// A signal that the bench sends, by its place in the option `sends`.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    /// The file's: `Message.Signal`.
    pub(super) source: String,
    pub(super) message: Message,
    pub(super) signal: Signal,
}

/// What is wanted of a bus.
pub(super) struct Map {
    pub(super) wanted: Vec<Wanted>,
    pub(super) sends: Vec<Sent>,
    /// For the record.
    pub(super) notes: Vec<String>,
    /// Whether a value beyond the file's range is no reading.
    strict: bool,
}

impl Map {
    pub(super) fn new(plan: &DevicePlan, options: &Options<'_>) -> Result<Map, Trouble> {
        let given = plan.options.get("file").cloned().unwrap_or_default();
        let file: FileText = serde_json::from_value(given)
            .map_err(|_| options.refuse("file", "the plan does not have its text"))?;
        let database = Database::read(&file.text)
            .map_err(|e| options.refuse("file", format!("{}, {e}", file.path)))?;
        let mut map = Map {
            wanted: Vec::new(),
            sends: sends(&database, options)?,
            notes: vec![format!("decoded by {}, SHA-256 {}", file.path, file.sha256)],
            strict: options.text("range")?.as_deref() != Some("ignored"),
        };
        let entries = plan.options.get("signals").and_then(Value::as_object);
        for (name, words) in entries.into_iter().flatten() {
            let refuse = |what: String| options.refuse("signals", format!("`{name}`: {what}"));
            let words = words.as_str().unwrap_or_default();
            let (source, unit) = words.rsplit_once(" in ").ok_or_else(|| {
                refuse(format!(
                    "`{words}` is not in the form `Message.Signal in UNIT`"
                ))
            })?;
            let (message, signal) = database.signal(source).map_err(|e| refuse(e.to_string()))?;
            let contact = unit.trim() == "contact";
            let to = match contact {
                true => Unit::one(),
                false => Unit::parse(unit.trim()).map_err(|e| refuse(e.to_string()))?,
            };
            let units = match (signal.unit.trim(), Unit::parse(signal.unit.trim())) {
                _ if contact => None,
                ("", _) => None,
                (_, Ok(from)) => {
                    let fits = from.convert(1.0, to);
                    fits.map_err(|e| refuse(format!("{e}, by the file")))?;
                    Some((from, to))
                }
                (spelt, Err(_)) => {
                    let note =
                        format!("{source} is in `{spelt}` by the file, in `{to}` by the bench");
                    map.notes.push(note);
                    None
                }
            };
            map.wanted.push(Wanted {
                name: name.clone(),
                source: source.trim().to_owned(),
                message: message.clone(),
                signal: signal.clone(),
                units,
                contact,
            });
        }
        match map.wanted.is_empty() {
            true => Err(options.refuse("signals", "none is named")),
            false => Ok(map),
        }
    }

    /// What a frame says: the place of a wanted signal, and its reading.
    pub(super) fn readings(&self, frame: &CanFrame) -> impl Iterator<Item = (usize, Reading)> {
        let (id, extended, data) = (frame.id(), frame.is_extended(), frame.data());
        let carries = !frame.is_remote() && !frame.is_error();
        let of_frame = self.wanted.iter().enumerate().filter(move |(_, wanted)| {
            carries && (wanted.message.id, wanted.message.extended) == (id, extended)
        });
        of_frame.filter_map(move |(at, wanted)| {
            let reading = match wanted.message.decode(&wanted.signal, data) {
                Ok(Some(raw)) => self.reading(wanted, wanted.signal.physical(raw)),
                Ok(None) => return None,
                Err(_) => Reading::Invalid(Invalid::Unreadable),
            };
            Some((at, reading))
        })
    }

    fn reading(&self, wanted: &Wanted, physical: f64) -> Reading {
        if !physical.is_finite() {
            return Reading::Invalid(Invalid::NotFinite);
        }
        if self.strict && !wanted.signal.in_range(physical) {
            return Reading::Invalid(Invalid::OverRange);
        }
        if wanted.contact {
            return Reading::scalar(f64::from(u8::from(physical != 0.0)));
        }
        match wanted.units {
            None => Reading::scalar(physical),
            Some((from, to)) => from
                .convert(physical, to)
                .map_or(Reading::Invalid(Invalid::WrongUnit), Reading::scalar),
        }
    }
}

/// What the bench may write, each a whole number that stands in every frame of its message.
fn sends(database: &Database, options: &Options<'_>) -> Result<Vec<Sent>, Trouble> {
    let read = |source: String| {
        let refuse = |what: String| options.refuse("sends", what);
        let (message, signal) = database
            .signal(&source)
            .map_err(|e| refuse(e.to_string()))?;
        let mut trial = vec![0; message.len];
        let fits = signal.encode(0, &mut trial);
        fits.map_err(|e| refuse(format!("`{source}`: {e}")))?;
        if message.len > 8 {
            return Err(refuse(format!(
                "`{source}` is in a frame of CAN FD; none is sent"
            )));
        }
        Ok(Sent {
            message: message.clone(),
            signal: signal.clone(),
            source,
        })
    };
    options.words("sends")?.into_iter().map(read).collect()
}
