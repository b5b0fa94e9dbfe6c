//! The text of a database: the statements that decoding needs; all others are passed over.

use super::bits::bytes_needed;
use super::{BadDatabase, Database, Kind, Message, Signal, When};

/// The message that holds signals which are in none (Vector's tools write it).
const NO_MESSAGE: &str = "VECTOR__INDEPENDENT_SIG_MSG";
/// A file beyond this is no database of a device.
const MESSAGES_MOST: usize = 20_000;

impl Database {
    /// Reads a file's text.
    ///
    /// # Errors
    /// [`BadDatabase`]: not a database, or one whose messages cannot be.
    pub fn read(text: &str) -> Result<Database, BadDatabase> {
        let mut reader = Reader {
            text: text.trim_start_matches('\u{feff}'),
            at: 0,
        };
        let mut database = Database::default();
        while let Some(word) = reader.next_word() {
            match word {
                "BO_" => {
                    if database.messages.len() >= MESSAGES_MOST {
                        return Err(reader.bad("there are too many messages"));
                    }
                    let message = reader.message()?;
                    database.messages.push(message);
                }
                "SG_" => match database.messages.last_mut() {
                    Some(message) => {
                        let signal = reader.signal(message)?;
                        message.signals.push(signal);
                    }
                    None => return Err(reader.bad("a signal before the first message")),
                },
                "SIG_VALTYPE_" => reader.value_type(&mut database)?,
                "SG_MUL_VAL_" => reader.multiplexed(&mut database)?,
                "VERSION" => drop(reader.string()?),
                "NS_" => reader.names_of_symbols(),
                "BU_" | "BS_" => reader.rest_of_line(),
                _ => reader.statement()?,
            }
        }
        if database.messages.is_empty() {
            return Err(BadDatabase {
                line: 1,
                what: "there is no message in it: is it a DBC file?".into(),
            });
        }
        database.messages.retain(|m| m.name != NO_MESSAGE);
        Ok(database)
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn bad(&self, what: impl Into<String>) -> BadDatabase {
        let before = self.text.get(..self.at).unwrap_or(self.text);
        BadDatabase {
            line: before.bytes().filter(|b| *b == b'\n').count() + 1,
            what: what.into(),
        }
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn skip(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    /// Takes while characters are so, after blanks.
    fn take(&mut self, so: impl Fn(char) -> bool) -> &'t str {
        self.skip();
        let rest = self.rest();
        let end = rest.find(|c| !so(c)).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or("")
    }

    /// The next word at the top; a sign that stands there alone is passed over. `None` at the end.
    fn next_word(&mut self) -> Option<&'t str> {
        loop {
            let word = self.take(|c| c.is_alphanumeric() || c == '_');
            if !word.is_empty() {
                return Some(word);
            }
            let sign = self.rest().chars().next()?;
            self.at += sign.len_utf8();
        }
    }

    fn name(&mut self) -> Result<String, BadDatabase> {
        match self.take(|c| c.is_alphanumeric() || c == '_') {
            "" => Err(self.bad("a name is missing")),
            name => Ok(name.to_owned()),
        }
    }

    fn sign(&mut self, wanted: char) -> Result<(), BadDatabase> {
        self.skip();
        match self.rest().strip_prefix(wanted) {
            Some(_) => {
                self.at += wanted.len_utf8();
                Ok(())
            }
            None => Err(self.bad(format!("`{wanted}` is missing"))),
        }
    }

    fn is_next(&mut self, sign: char) -> bool {
        self.skip();
        self.rest().starts_with(sign)
    }

    fn count<T: std::str::FromStr>(&mut self) -> Result<T, BadDatabase> {
        let digits = self.take(|c| c.is_ascii_digit());
        digits
            .parse()
            .map_err(|_| self.bad(format!("`{digits}` is no number that can stand here")))
    }

    fn number(&mut self) -> Result<f64, BadDatabase> {
        let text = self.take(|c| c.is_ascii_digit() || "+-.eE".contains(c));
        let number: Option<f64> = text.parse().ok().filter(|n: &f64| n.is_finite());
        number.ok_or_else(|| self.bad(format!("`{text}` is no number")))
    }

    /// A text in quotes, which may go over lines; `\"` is a quote in it.
    fn string(&mut self) -> Result<&'t str, BadDatabase> {
        self.sign('"')?;
        let (rest, mut escaped) = (self.rest(), false);
        for (i, c) in rest.char_indices() {
            match c {
                '"' if !escaped => {
                    self.at += i + 1;
                    return Ok(rest.get(..i).unwrap_or(""));
                }
                _ => escaped = c == '\\' && !escaped,
            }
        }
        Err(self.bad("a text without an end"))
    }

    /// Passes over a statement up to its `;`.
    fn statement(&mut self) -> Result<(), BadDatabase> {
        loop {
            let rest = self.rest();
            match rest.find([';', '"']) {
                Some(at) if rest.get(at..).is_some_and(|r| r.starts_with('"')) => {
                    self.at += at;
                    self.string()?;
                }
                Some(at) => {
                    self.at += at + 1;
                    return Ok(());
                }
                None => {
                    self.at = self.text.len();
                    return Ok(());
                }
            }
        }
    }

    fn rest_of_line(&mut self) {
        let rest = self.rest();
        self.at += rest.find('\n').unwrap_or(rest.len());
    }

    /// The list of keywords after `NS_:`, each alone on its line.
    fn names_of_symbols(&mut self) {
        self.rest_of_line();
        loop {
            self.skip();
            let line = self.rest().lines().next().unwrap_or("").trim();
            let alone = line.chars().all(|c| c.is_alphanumeric() || c == '_');
            if line.is_empty() || !alone {
                return;
            }
            self.rest_of_line();
        }
    }

    /// `BO_ 2566834709 Name: 8 Sender`, without its signals.
    fn message(&mut self) -> Result<Message, BadDatabase> {
        let id: u32 = self.count()?;
        let name = self.name()?;
        self.sign(':')?;
        let len: usize = self.count()?;
        self.rest_of_line();
        let (bare, extended) = (id & 0x7FFF_FFFF, id >> 31 == 1);
        if name != NO_MESSAGE {
            if bare > if extended { 0x1FFF_FFFF } else { 0x7FF } {
                return Err(self.bad(format!(
                    "`{name}` has the identifier {id}, which no frame has"
                )));
            }
            if len > 64 {
                return Err(self.bad(format!(
                    "`{name}` has {len} bytes, and no frame has more than 64"
                )));
            }
        }
        Ok(Message {
            id: bare,
            extended,
            name,
            len,
            signals: Vec::new(),
            unsupported: None,
        })
    }

    /// `SG_ Name m0 : 8|16@1- (0.1,0) [-10|10] "A" Receiver`.
    fn signal(&mut self, message: &mut Message) -> Result<Signal, BadDatabase> {
        let name = self.name()?;
        let when = match self.is_next(':') {
            true => When::Always,
            false => self.multiplexing(message, &name)?,
        };
        self.sign(':')?;
        let start = self.count()?;
        self.sign('|')?;
        let bits: u16 = self.count()?;
        self.sign('@')?;
        let little_endian = match self.take(|c| c.is_ascii_digit()) {
            "1" => true,
            "0" => false,
            other => {
                return Err(self.bad(format!("`{name}`: byte order `{other}` is neither 0 nor 1")));
            }
        };
        let kind = match self.take(|c| c == '+' || c == '-') {
            "+" => Kind::Unsigned,
            "-" => Kind::Signed,
            _ => {
                return Err(self.bad(format!(
                    "`{name}`: neither + nor - says whether it has a sign"
                )));
            }
        };
        self.sign('(')?;
        let factor = self.number()?;
        self.sign(',')?;
        let offset = self.number()?;
        self.sign(')')?;
        self.sign('[')?;
        let least = self.number()?;
        self.sign('|')?;
        let most = self.number()?;
        self.sign(']')?;
        let unit = self.string()?.to_owned();
        self.rest_of_line();
        let signal = Signal {
            name,
            start,
            bits,
            little_endian,
            kind,
            factor,
            offset,
            range: (least < most).then_some([least, most]),
            unit,
            when,
        };
        self.fits(message, &signal)?;
        Ok(signal)
    }

    fn fits(&self, message: &Message, signal: &Signal) -> Result<(), BadDatabase> {
        let name = &signal.name;
        if !(1..=64).contains(&signal.bits) {
            return Err(self.bad(format!("`{name}` has {} bits", signal.bits)));
        }
        let needs = bytes_needed(signal);
        if needs > message.len && message.name != NO_MESSAGE {
            let what = format!(
                "`{name}` reaches into byte {needs}, and `{}` has {}",
                message.name, message.len
            );
            return Err(self.bad(what));
        }
        Ok(())
    }

    /// `M`, `m3` or `m3M`.
    fn multiplexing(&mut self, message: &mut Message, name: &str) -> Result<When, BadDatabase> {
        let word = self.take(|c| c.is_alphanumeric());
        let selector = word.ends_with('M');
        let number = word
            .strip_prefix('m')
            .map(|rest| rest.trim_end_matches('M'));
        let number: Option<u64> = number.and_then(|digits| digits.parse().ok());
        let when = match (number, selector) {
            (None, true) if word == "M" => When::Selector,
            (Some(value), false) => When::Selected(value),
            (Some(value), true) => {
                message.unsupported = Some("is under a multiplexor that is multiplexed itself");
                When::Selected(value)
            }
            _ => return Err(self.bad(format!("`{name}`: `{word}` is no multiplexing"))),
        };
        let second = |s: &Signal| s.when == When::Selector;
        if when == When::Selector && message.signals.iter().any(second) {
            message.unsupported = Some("is in a message with two multiplexors");
        }
        Ok(when)
    }

    /// `SIG_VALTYPE_ 291 Name : 1;`
    fn value_type(&mut self, database: &mut Database) -> Result<(), BadDatabase> {
        let id: u32 = self.count()?;
        let name = self.name()?;
        if self.is_next(':') {
            self.sign(':')?;
        }
        let kind: u8 = self.count()?;
        let signal = message_of(database, id)
            .and_then(|message| message.signals.iter_mut().find(|s| s.name == name));
        let Some(signal) = signal else {
            return Err(self.bad(format!("there is no signal `{name}` in a message {id}")));
        };
        signal.kind = match (kind, signal.bits) {
            (0, _) => return self.statement(),
            (1, 32) => Kind::Float32,
            (2, 64) => Kind::Float64,
            _ => {
                let what = format!(
                    "`{name}` of {} bits is no float of type {kind}",
                    signal.bits
                );
                return Err(self.bad(what));
            }
        };
        self.statement()
    }

    /// `SG_MUL_VAL_ 291 Name Selector 1-3, 5-5;`: several values or several selectors.
    fn multiplexed(&mut self, database: &mut Database) -> Result<(), BadDatabase> {
        let id: u32 = self.count()?;
        if let Some(message) = message_of(database, id) {
            message.unsupported = Some("is multiplexed by ranges of values (SG_MUL_VAL_)");
        }
        self.statement()
    }
}

fn message_of(database: &mut Database, id: u32) -> Option<&mut Message> {
    let wanted = (id & 0x7FFF_FFFF, id >> 31 == 1);
    let mut messages = database.messages.iter_mut();
    messages.find(|m| (m.id, m.extended) == wanted)
}
