//! A serde deserializer over the tree that does not stop at the first trouble: unknown keys are
//! complained about where a mapping is opened, and every [`At`] keeps the trouble inside it.
//!
//! Types that want more than serde offers (places, quotes, the shape of a node) ask for it by the
//! name of a struct that no file can contain; see `at.rs`.

use super::tree::{Body, Key, Node};
use crate::complaint::{Complaint, Sink, Span};
use crate::near::{list, nearest, suggestion};
use serde::de::value::{BorrowedStrDeserializer, U64Deserializer};
use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};
use std::fmt;

/// Asks for place and value: `[file, start, end, head start, head end, value or none]`.
pub(super) const AT: &str = "\0at";
/// Asks for text and whether it was written without quotes.
pub(super) const SCALAR: &str = "\0scalar";
/// Asks for the shape: `[0 scalar, 1 list, 2 mapping; value]`.
pub(super) const KIND: &str = "\0kind";

/// Why a value could not be read. Made into a complaint by the nearest [`At`].
#[derive(Debug)]
pub(super) struct Trouble {
    code: &'static str,
    message: String,
    at: Option<Span>,
    help: Option<String>,
    note: Option<String>,
    /// The complaint has been made already.
    told: bool,
}

impl Trouble {
    fn new(code: &'static str, at: Span, message: impl Into<String>) -> Trouble {
        Trouble {
            code,
            message: message.into(),
            at: Some(at),
            help: None,
            note: None,
            told: false,
        }
    }

    fn told() -> Trouble {
        let mut trouble = Trouble::new("", Span::default(), "");
        trouble.told = true;
        trouble
    }

    fn tell(self, at: Span, sink: &Sink) {
        if self.told {
            return;
        }
        let mut complaint = Complaint::new(self.code, self.at.unwrap_or(at), self.message);
        complaint.help = self.help;
        complaint.notes.extend(self.note);
        sink.push(complaint);
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Trouble {}

impl de::Error for Trouble {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Trouble {
            code: "wrong-value",
            message: message.to_string(),
            at: None,
            help: None,
            note: None,
            told: false,
        }
    }
}

/// What is deserialized: a node, or the absence of a key.
#[derive(Clone, Copy)]
pub(super) enum De<'de> {
    Node(&'de Node, &'de Sink),
    Missing {
        key: &'static str,
        around: Span,
        sink: &'de Sink,
    },
}

impl<'de> De<'de> {
    fn sink(&self) -> &'de Sink {
        match *self {
            De::Node(_, sink) | De::Missing { sink, .. } => sink,
        }
    }

    /// The node, or the complaint that a key is missing.
    fn node(&self) -> Result<&'de Node, Trouble> {
        match *self {
            De::Node(node, _) if matches!(node.body, Body::Refused) => Err(Trouble::told()),
            De::Node(node, _) => Ok(node),
            De::Missing { key, around, .. } => {
                let message = format!("the key `{key}` is missing");
                Err(Trouble::new("missing-key", around, message))
            }
        }
    }

    fn text(&self, wanted: &str) -> Result<(&'de str, bool), Trouble> {
        let node = self.node()?;
        match &node.body {
            Body::Scalar { text, plain } => Ok((text, *plain)),
            _ => Err(unexpected(node, wanted)),
        }
    }
}

fn unexpected(node: &Node, wanted: &str) -> Trouble {
    let found = match &node.body {
        Body::Scalar { .. } => "a single value",
        Body::List(_) => "a list",
        Body::Map(_) => "a mapping",
        Body::Empty => "nothing",
        Body::Refused => return Trouble::told(),
    };
    let (at, code) = match node.body {
        Body::Scalar { .. } => (node.span, "wrong-form"),
        Body::Empty => (node.head, "empty-value"),
        _ => (node.head, "wrong-form"),
    };
    Trouble::new(code, at, format!("expected {wanted}, found {found}"))
}

/// Numbers are read by the code that knows their unit, never here.
macro_rules! refuse {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Trouble> {
            self.deserialize_any(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for De<'de> {
    type Error = Trouble;

    /// Untyped data (`simulation:`, driver options): numbers, booleans and texts by YAML 1.2's core
    /// schema; not-a-number and infinity are refused.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Trouble> {
        let node = self.node()?;
        match &node.body {
            Body::Scalar { text, plain: true } => match plain_value(text) {
                Plain::Bool(b) => visitor.visit_bool(b),
                Plain::Int(i) => visitor.visit_i64(i),
                Plain::Float(f) if f.is_finite() => visitor.visit_f64(f),
                Plain::Float(_) => Err(Trouble::new(
                    "not-finite",
                    node.span,
                    format!("`{text}` is not a finite number"),
                )),
                Plain::Text => visitor.visit_borrowed_str(text),
            },
            Body::Scalar { text, .. } => visitor.visit_borrowed_str(text),
            Body::List(nodes) => visitor.visit_seq(List {
                nodes: nodes.iter(),
                sink: self.sink(),
            }),
            Body::Map(entries) => visitor.visit_map(Map::new(entries, self.sink())),
            Body::Empty => Err(unexpected(node, "a value")),
            Body::Refused => Err(Trouble::told()),
        }
    }

    refuse! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8
        deserialize_u16 deserialize_u32 deserialize_u64 deserialize_f32 deserialize_f64
        deserialize_char deserialize_bytes deserialize_byte_buf deserialize_unit
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Trouble> {
        let (text, plain) = self.text("`true` or `false`")?;
        match (text, plain) {
            ("true", true) => visitor.visit_bool(true),
            ("false", true) => visitor.visit_bool(false),
            _ => {
                let at = self.node()?.span;
                let mut trouble = Trouble::new(
                    "wrong-value",
                    at,
                    match plain {
                        true => format!("expected `true` or `false`, found `{text}`"),
                        false => format!("expected `true` or `false`, found the text \"{text}\""),
                    },
                );
                trouble.help = meant_bool(text).map(|b| format!("write `{b}`, without quotes"));
                Err(trouble)
            }
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Trouble> {
        visitor.visit_borrowed_str(self.text("a text")?.0)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Trouble> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Trouble> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Trouble> {
        match self {
            De::Missing { .. } => visitor.visit_none(),
            De::Node(..) => visitor.visit_some(self),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Trouble> {
        self.deserialize_any(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Trouble> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Trouble> {
        let node = self.node()?;
        match &node.body {
            Body::List(nodes) => visitor.visit_seq(List {
                nodes: nodes.iter(),
                sink: self.sink(),
            }),
            _ => Err(unexpected(node, "a list (`- …` lines or `[a, b]`)")),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Trouble> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Trouble> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Trouble> {
        let node = self.node()?;
        match &node.body {
            Body::Map(entries) => visitor.visit_map(Map::new(entries, self.sink())),
            _ => Err(unexpected(node, "a mapping (`name: …` lines)")),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Trouble> {
        match name {
            AT => visitor.visit_seq(AtParts { de: self, next: 0 }),
            SCALAR => {
                let (text, plain) = self.text("a single value")?;
                visitor.visit_seq(de::value::SeqDeserializer::new(
                    [Part::Text(text), Part::Flag(plain)].into_iter(),
                ))
            }
            KIND => visitor.visit_seq(KindParts { de: self, next: 0 }),
            _ => self.structure(fields, visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Trouble> {
        let node = self.node()?;
        let (word, at, inner) = match &node.body {
            Body::Scalar { text, .. } => (text.as_str(), node.span, None),
            Body::Map(entries) => match entries.as_slice() {
                [(key, value)] => (key.text.as_str(), key.span, Some(value)),
                [] => return Err(unexpected(node, &format!("one of {}", list(variants)))),
                [_, (second, _), ..] => {
                    let words: Vec<&str> = entries.iter().map(|(k, _)| k.text.as_str()).collect();
                    let message = format!("expected one word, found {}", list(&words));
                    let mut trouble = Trouble::new("several-words", second.span, message);
                    trouble.help = Some("each step begins a line of its own with `- `".to_string());
                    return Err(trouble);
                }
            },
            _ => return Err(unexpected(node, &format!("one of {}", list(variants)))),
        };
        if !variants.contains(&word) {
            let mut trouble = Trouble::new("unknown-word", at, format!("unknown word `{word}`"));
            (trouble.help, trouble.note) = suggestion(word, variants.iter().copied());
            return Err(trouble);
        }
        visitor.visit_enum(Variant {
            word,
            at,
            inner,
            sink: self.sink(),
        })
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Trouble> {
        visitor.visit_unit()
    }
}

impl<'de> De<'de> {
    /// A mapping with known keys: unknown ones are complained about and skipped, absent ones are
    /// handed out as missing.
    fn structure<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Trouble> {
        let node = self.node()?;
        let Body::Map(entries) = &node.body else {
            let wanted = format!("a mapping with {}", list(fields));
            return Err(unexpected(node, &wanted));
        };
        let there = |field: &str| entries.iter().any(|(k, _)| k.text == field);
        let mut absent: Vec<&'static str> = fields.iter().copied().filter(|f| !there(f)).collect();
        let mut given = Vec::new();
        for (key, value) in entries {
            if let Some(field) = fields.iter().find(|f| **f == key.text) {
                given.push((*field, value));
                continue;
            }
            let meant = nearest(&key.text, absent.iter().copied());
            self.sink().push(unknown_key(key, value, meant, fields));
            // A misspelt key is read as the one that is meant, for the complaints inside.
            if let Some(at) = absent.iter().position(|f| Some(*f) == meant) {
                given.push((absent.remove(at), value));
            }
        }
        visitor.visit_map(Fields {
            given: given.into_iter(),
            absent: absent.into_iter(),
            around: node.head,
            value: None,
            sink: self.sink(),
        })
    }
}

fn unknown_key(key: &Key, value: &Node, meant: Option<&str>, fields: &[&str]) -> Complaint {
    let complaint = Complaint::new(
        "unknown-key",
        key.span,
        format!("unknown key `{}`", key.text),
    );
    match meant {
        Some(meant) => complaint.help(format!("did you mean `{meant}`?")),
        None if key.text.contains(' ') && matches!(value.body, Body::Empty) => {
            complaint.help("inside `{ }` a text with a comma needs quotes")
        }
        None => complaint.note(format!("known: {}", list(fields))),
    }
}

/// What a plain scalar is by the core schema of YAML 1.2.
enum Plain {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text,
}

fn plain_value(text: &str) -> Plain {
    let numeric = text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
    match text {
        "true" => Plain::Bool(true),
        "false" => Plain::Bool(false),
        ".nan" | ".NaN" | ".NAN" => Plain::Float(f64::NAN),
        ".inf" | "+.inf" | ".Inf" | "+.Inf" => Plain::Float(f64::INFINITY),
        "-.inf" | "-.Inf" => Plain::Float(f64::NEG_INFINITY),
        _ if !numeric => Plain::Text,
        _ => match (integer(text), text.parse::<f64>()) {
            (Some(i), _) => Plain::Int(i),
            (_, Ok(f)) => Plain::Float(f),
            _ => Plain::Text,
        },
    }
}

/// Decimal, `0x` or `0o`.
fn integer(text: &str) -> Option<i64> {
    let radix = |digits: &str, radix| i64::from_str_radix(digits, radix).ok();
    match (text.strip_prefix("0x"), text.strip_prefix("0o")) {
        (Some(hex), _) => radix(hex, 16),
        (_, Some(octal)) => radix(octal, 8),
        _ => text.parse().ok(),
    }
}

/// The boolean that a YAML 1.1 word stands for.
fn meant_bool(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "y" | "on" | "true" | "1" => Some(true),
        "no" | "n" | "off" | "false" | "0" => Some(false),
        _ => None,
    }
}

struct List<'de> {
    nodes: std::slice::Iter<'de, Node>,
    sink: &'de Sink,
}

impl<'de> SeqAccess<'de> for List<'de> {
    type Error = Trouble;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Trouble> {
        let next = self.nodes.next();
        next.map(|node| seed.deserialize(De::Node(node, self.sink)))
            .transpose()
    }
}

/// The entries of a mapping whose keys are free.
struct Map<'de> {
    entries: std::slice::Iter<'de, (Key, Node)>,
    value: Option<De<'de>>,
    sink: &'de Sink,
}

impl<'de> Map<'de> {
    fn new(entries: &'de [(Key, Node)], sink: &'de Sink) -> Map<'de> {
        Map {
            entries: entries.iter(),
            value: None,
            sink,
        }
    }
}

impl<'de> MapAccess<'de> for Map<'de> {
    type Error = Trouble;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Trouble> {
        let Some((key, node)) = self.entries.next() else {
            return Ok(None);
        };
        self.value = Some(De::Node(node, self.sink));
        seed.deserialize(KeyDe(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Trouble> {
        let value = self.value.take().ok_or_else(Trouble::told)?;
        seed.deserialize(value)
    }
}

/// The fields of a structure: those given, then those absent.
struct Fields<'de> {
    given: std::vec::IntoIter<(&'static str, &'de Node)>,
    absent: std::vec::IntoIter<&'static str>,
    around: Span,
    value: Option<De<'de>>,
    sink: &'de Sink,
}

impl<'de> MapAccess<'de> for Fields<'de> {
    type Error = Trouble;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Trouble> {
        let missing = |key| De::Missing {
            key,
            around: self.around,
            sink: self.sink,
        };
        let next = match self.given.next() {
            Some((field, node)) => Some((field, De::Node(node, self.sink))),
            None => self.absent.next().map(|field| (field, missing(field))),
        };
        let Some((field, value)) = next else {
            return Ok(None);
        };
        self.value = Some(value);
        seed.deserialize(BorrowedStrDeserializer::new(field))
            .map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Trouble> {
        let value = self.value.take().ok_or_else(Trouble::told)?;
        seed.deserialize(value)
    }
}

/// A key: text, or text with its place.
struct KeyDe<'de>(&'de Key);

impl<'de> Deserializer<'de> for KeyDe<'de> {
    type Error = Trouble;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Trouble> {
        visitor.visit_borrowed_str(&self.0.text)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Trouble> {
        if name != AT {
            return self.deserialize_any(visitor);
        }
        let span = self.0.span;
        let numbers = [span.file.into(), span.start, span.end, span.start, span.end];
        let numbers = numbers.map(|n: u32| Part::Number(n.into()));
        visitor.visit_seq(de::value::SeqDeserializer::new(
            numbers.into_iter().chain([Part::Text(&self.0.text)]),
        ))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// A value made here.
enum Part<'de> {
    Text(&'de str),
    Flag(bool),
    Number(u64),
}

impl<'de> IntoDeserializer<'de, Trouble> for Part<'de> {
    type Deserializer = Self;
    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Part<'de> {
    type Error = Trouble;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Trouble> {
        match self {
            Part::Text(text) => visitor.visit_borrowed_str(text),
            Part::Flag(flag) => visitor.visit_bool(flag),
            Part::Number(number) => visitor.visit_u64(number),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Trouble> {
        visitor.visit_some(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// The parts of an [`AT`]: five numbers, then the value; a value that cannot be read becomes none,
/// and its complaint is made here.
struct AtParts<'de> {
    de: De<'de>,
    next: usize,
}

impl<'de> SeqAccess<'de> for AtParts<'de> {
    type Error = Trouble;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Trouble> {
        let (span, head) = match self.de {
            De::Node(node, _) => (node.span, node.head),
            De::Missing { around, .. } => (around, around),
        };
        let numbers = [
            u32::from(span.file),
            span.start,
            span.end,
            head.start,
            head.end,
        ];
        let part = numbers.get(self.next).copied();
        self.next += 1;
        if let Some(number) = part {
            let number: U64Deserializer<Trouble> = u64::from(number).into_deserializer();
            return seed.deserialize(number).map(Some);
        }
        match seed.deserialize(self.de) {
            Ok(value) => Ok(Some(value)),
            Err(trouble) => {
                trouble.tell(span, self.de.sink());
                Ok(None)
            }
        }
    }
}

/// The parts of a [`KIND`]: the number of the shape, then the value.
struct KindParts<'de> {
    de: De<'de>,
    next: usize,
}

impl<'de> SeqAccess<'de> for KindParts<'de> {
    type Error = Trouble;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Trouble> {
        self.next += 1;
        if self.next > 1 {
            return seed.deserialize(self.de).map(Some);
        }
        let node = self.de.node()?;
        let kind = match &node.body {
            Body::Scalar { .. } => 0,
            Body::List(_) => 1,
            Body::Map(_) => 2,
            Body::Empty | Body::Refused => return Err(unexpected(node, "a value")),
        };
        let number: U64Deserializer<Trouble> = IntoDeserializer::into_deserializer(kind as u64);
        seed.deserialize(number).map(Some)
    }
}

struct Variant<'de> {
    word: &'de str,
    at: Span,
    inner: Option<&'de Node>,
    sink: &'de Sink,
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = Trouble;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Self::Variant), Trouble> {
        let word = BorrowedStrDeserializer::<Trouble>::new(self.word);
        Ok((seed.deserialize(word)?, self))
    }
}

impl<'de> Variant<'de> {
    fn inner(&self) -> Result<De<'de>, Trouble> {
        match self.inner {
            Some(node) => Ok(De::Node(node, self.sink)),
            None => {
                let message = format!("`{0}` needs a value: `{0}: …`", self.word);
                Err(Trouble::new("empty-value", self.at, message))
            }
        }
    }
}

impl<'de> VariantAccess<'de> for Variant<'de> {
    type Error = Trouble;

    fn unit_variant(self) -> Result<(), Trouble> {
        match self.inner {
            None => Ok(()),
            Some(node) => {
                let message = format!("`{}` stands alone, without a value", self.word);
                Err(Trouble::new("wrong-form", node.head, message))
            }
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Trouble> {
        seed.deserialize(self.inner()?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Trouble> {
        self.inner()?.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Trouble> {
        self.inner()?.structure(fields, visitor)
    }
}
