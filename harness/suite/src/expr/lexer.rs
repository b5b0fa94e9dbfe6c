//! Text to words. A number takes the unit behind it; a name keeps its hyphens, dots and index.

use super::Place;
use crate::check::literal::unit_complaint;
use crate::complaint::{Complaint, Sink};
use certbench_model::expr::{Function, is_name};
use certbench_model::unit::UnitError;
use certbench_model::{Quantity, Unit};

/// A word and its bytes in the text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) at: [usize; 2],
    pub(super) word: Word,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Word {
    Number(Quantity),
    Name(String),
    Flag(bool),
    /// An operation between values or before one. A minus is `Sub` wherever it stands.
    Operator(Function),
    Open,
    Close,
    Comma,
}

/// All words, or `None` when some character is none; that has had its complaint. An unknown unit
/// has its complaint too, and the number goes on as a pure one.
pub(super) fn tokens(text: &str, place: Place, sink: &Sink) -> Option<Vec<Token>> {
    let lexer = Lexer { text, place, sink };
    let mut tokens = Vec::new();
    let mut i = 0;
    while let Some(c) = lexer.rest(i).chars().next() {
        if c.is_whitespace() {
            i += c.len_utf8();
            continue;
        }
        match lexer.word(i, c) {
            Ok((word, length)) => {
                let at = [i, i + length];
                tokens.push(Token { at, word });
                i += length.max(1);
            }
            Err(complaint) => {
                sink.push(complaint);
                return None;
            }
        }
    }
    Some(tokens)
}

struct Lexer<'a> {
    text: &'a str,
    place: Place,
    sink: &'a Sink,
}

/// Operators of one or two characters, the longer ones first.
const OPERATORS: [(&str, Function); 10] = [
    ("<=", Function::Le),
    (">=", Function::Ge),
    ("==", Function::Eq),
    ("!=", Function::Ne),
    ("<", Function::Lt),
    (">", Function::Gt),
    ("+", Function::Add),
    ("-", Function::Sub),
    ("*", Function::Mul),
    ("/", Function::Div),
];

/// What other languages and keyboards write, and what it is here; the longer ones first.
const MEANT: [(&str, &str); 27] = [
    ("**", ""),
    ("^", ""),
    ("<>", "!="),
    ("&&", "and"),
    ("&", "and"),
    ("||", "or"),
    ("|", "or"),
    ("!", "not"),
    ("=", "=="),
    ("≤", "<="),
    ("≥", ">="),
    ("≠", "!="),
    ("×", "*"),
    ("·", "*"),
    ("÷", "/"),
    ("−", "-"),
    ("–", "-"),
    ("√", "sqrt(…)"),
    ("（", "("),
    ("）", ")"),
    ("，", ","),
    ("＜", "<"),
    ("＞", ">"),
    ("＋", "+"),
    ("－", "-"),
    ("％", "%"),
    (".", "0."),
];

impl Lexer<'_> {
    fn rest(&self, i: usize) -> &str {
        self.text.get(i..).unwrap_or_default()
    }

    fn complaint(&self, code: &'static str, at: [usize; 2], message: String) -> Complaint {
        self.place.complaint(code, self.text, at, message)
    }

    /// The word at `i`, which begins with `c`, and its length in bytes.
    fn word(&self, i: usize, c: char) -> Result<(Word, usize), Complaint> {
        let rest = self.rest(i);
        match c {
            '(' => return Ok((Word::Open, 1)),
            ')' => return Ok((Word::Close, 1)),
            ',' => return Ok((Word::Comma, 1)),
            '0'..='9' => return self.number(i),
            'a'..='z' | 'A'..='Z' | '_' | '$' => return self.name(i),
            _ => {}
        }
        // `**` is one slip, not two times.
        let meant = MEANT.iter().find(|(sign, _)| rest.starts_with(sign));
        let operator = OPERATORS.iter().find(|(sign, _)| rest.starts_with(sign));
        match (operator, meant) {
            (Some((sign, function)), None) => Ok((Word::Operator(*function), sign.len())),
            (Some((sign, function)), Some((other, _))) if sign.len() >= other.len() => {
                Ok((Word::Operator(*function), sign.len()))
            }
            (_, Some((sign, meant))) => Err(self.slip(i, sign, meant)),
            (None, None) => {
                let message = format!("`{c}` is no part of an expression");
                let at = [i, i + c.len_utf8()];
                let complaint = self.complaint("expression-syntax", at, message);
                Err(match c {
                    '%' => complaint.help("`%` is a unit and stands behind a number: `20 %`"),
                    _ => complaint.note(
                        "there are + - * / < <= > >= and or not min max abs sqrt, parentheses, names and numbers with units",
                    ),
                })
            }
        }
    }

    fn slip(&self, i: usize, sign: &str, meant: &str) -> Complaint {
        let message = format!("`{sign}` is no part of an expression");
        let complaint = self.complaint("expression-syntax", [i, i + sign.len()], message);
        match meant {
            "" => complaint.help("there are no powers; write `x * x`"),
            "0." => complaint.help("a number begins with a digit: `0.5 N`"),
            "==" => complaint
                .help("to compare, write `<`, `<=`, `>` or `>=`; `==` is for yes and no only"),
            _ => complaint.help(format!("write `{meant}`")),
        }
    }

    /// A number with the unit behind it.
    fn number(&self, i: usize) -> Result<(Word, usize), Complaint> {
        let rest = self.rest(i);
        let length = number_length(rest);
        let (digits, behind) = rest.split_at(length);
        let value = digits.parse::<f64>().ok().filter(|v| v.is_finite());
        let Some(value) = value else {
            let message = format!("`{digits}` is no finite number");
            return Err(self.complaint("not-a-number", [i, i + length], message));
        };
        let blank = behind.len() - behind.trim_start().len();
        let behind = behind.trim_start();
        let (unit, size) = match unit_at(behind) {
            Some((unit, size)) => (unit, blank + size),
            None => match unknown_unit(behind) {
                "" => (Unit::one(), 0),
                word => {
                    let from = i + length + blank;
                    let at = self.place.at(from, from + word.len());
                    let near = match Unit::parse(word) {
                        Err(UnitError::Unknown { near, .. }) => near,
                        _ => None,
                    };
                    let text = word.to_string();
                    self.sink
                        .push(unit_complaint(UnitError::Unknown { text, near }, at));
                    (Unit::one(), blank + word.len())
                }
            },
        };
        Ok((Word::Number(Quantity::new(value, unit)), length + size))
    }

    /// A name, or a word that means something.
    fn name(&self, i: usize) -> Result<(Word, usize), Complaint> {
        let rest = self.rest(i);
        let length = name_length(rest);
        let text = rest.get(..length).unwrap_or_default();
        let word = match text {
            "and" => Word::Operator(Function::And),
            "or" => Word::Operator(Function::Or),
            "not" => Word::Operator(Function::Not),
            "true" => Word::Flag(true),
            "false" => Word::Flag(false),
            _ if is_name(text) => Word::Name(text.to_string()),
            _ => {
                let message = format!("`{text}` is no name");
                let complaint = self.complaint("expression-syntax", [i, i + length], message);
                return Err(complaint.note(
                    "a name is a result, as `strength`, `case.strength` or `strength[row]`, or a parameter, as `$limit`",
                ));
            }
        };
        Ok((word, length))
    }
}

/// Bytes of a decimal number: digits, fraction, exponent.
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digit = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_digit);
    let digits = |from: usize| (from..).find(|i| !digit(*i)).unwrap_or(from);
    let mut end = digits(0);
    if bytes.get(end) == Some(&b'.') && digit(end + 1) {
        end = digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        if digit(end + 1 + sign) {
            end = digits(end + 1 + sign);
        }
    }
    end
}

/// Bytes of a name: words joined by `-` and `.`, and an index in brackets.
fn name_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let word = |i: usize| {
        bytes
            .get(i)
            .is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_')
    };
    let mut end = usize::from(bytes.first() == Some(&b'$'));
    loop {
        match bytes.get(end) {
            _ if word(end) => end += 1,
            Some(b'-' | b'.') if word(end + 1) => end += 1,
            _ => break,
        }
    }
    let index = text.get(end..).filter(|rest| rest.starts_with('['));
    let closed = index.and_then(|rest| rest.find(']'));
    closed.map_or(end.max(1), |close| end + close + 1)
}

/// The unit with the longest spelling that stands at the beginning of `text` as a word of its own.
fn unit_at(text: &str) -> Option<(Unit, usize)> {
    let spelled = Unit::all().flat_map(|unit| {
        let def = unit.def();
        let all = def.aliases.iter().copied().chain([def.symbol]);
        all.map(move |spelling| (unit, spelling))
    });
    let here = spelled.filter(|(_, spelling)| {
        let behind = text.strip_prefix(spelling);
        let part = |c: char| c.is_alphanumeric() || c == '_' || c == '.' || c == '[';
        let sign = spelling.ends_with(|c: char| !c.is_alphanumeric());
        behind.is_some_and(|b| sign || !b.starts_with(part))
    });
    here.max_by_key(|(_, spelling)| spelling.len())
        .map(|(unit, spelling)| (unit, spelling.len()))
}

/// A word behind a number that is no unit; nothing when what follows is no word of its own.
fn unknown_unit(text: &str) -> &str {
    let part = |c: char| c.is_alphanumeric() || "_.µμ°Ω²[]".contains(c);
    let end = text.find(|c| !part(c)).unwrap_or(text.len());
    let word = text.get(..end).unwrap_or_default();
    match word {
        "and" | "or" | "not" | "true" | "false" => "",
        _ if word.starts_with(|c: char| c.is_ascii_digit() || c == '.') => "",
        _ => word,
    }
}
