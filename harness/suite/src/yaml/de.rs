//! A serde deserializer over the tree that does not stop at the first trouble: unknown keys are
//! complained about where a mapping is opened, and every [`At`](super::At) keeps the trouble inside it.
//!
//! Types that want more than serde offers (places, quotes, the shape of a node) ask for it by the
//! name of a struct that no file can contain; see `at.rs`.

use super::access::{AtParts, Fields, KindParts, List, Map, Part, Variant};
use super::plain::{Plain, meant_bool, plain_value};
use super::tree::{Body, Key, Node};
use super::trouble::Trouble;
use crate::complaint::{Complaint, Sink, Span};
use crate::near::{list, nearest, suggestion};
use serde::de::{self, Deserializer, Visitor};

/// Asks for place and value: `[file, start, end, head start, head end, value or none]`.
pub(super) const AT: &str = "\0at";
/// Asks for text and whether it was written without quotes.
pub(super) const SCALAR: &str = "\0scalar";
/// Asks for the shape: `[0 scalar, 1 list, 2 mapping; value]`.
pub(super) const KIND: &str = "\0kind";

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
    pub(super) fn sink(&self) -> &'de Sink {
        match *self {
            De::Node(_, sink) | De::Missing { sink, .. } => sink,
        }
    }

    /// The node, or the complaint that a key is missing.
    pub(super) fn node(&self) -> Result<&'de Node, Trouble> {
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

pub(super) fn unexpected(node: &Node, wanted: &str) -> Trouble {
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
            AT => visitor.visit_seq(AtParts::new(self)),
            SCALAR => {
                let (text, plain) = self.text("a single value")?;
                visitor.visit_seq(de::value::SeqDeserializer::new(
                    [Part::Text(text), Part::Flag(plain)].into_iter(),
                ))
            }
            KIND => visitor.visit_seq(KindParts::new(self)),
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
    pub(super) fn structure<V: Visitor<'de>>(
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
