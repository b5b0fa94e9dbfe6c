//! The parts of nodes as serde asks for them: items, entries, fields, keys, variants.

use super::de::{AT, De, unexpected};
use super::tree::{Body, Key, Node};
use super::trouble::Trouble;
use crate::complaint::{Sink, Span};
use serde::de::value::{BorrowedStrDeserializer, U64Deserializer};
use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};

/// The items of a list.
pub(super) struct List<'de> {
    pub(super) nodes: std::slice::Iter<'de, Node>,
    pub(super) sink: &'de Sink,
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
pub(super) struct Map<'de> {
    entries: std::slice::Iter<'de, (Key, Node)>,
    value: Option<De<'de>>,
    sink: &'de Sink,
}

impl<'de> Map<'de> {
    pub(super) fn new(entries: &'de [(Key, Node)], sink: &'de Sink) -> Map<'de> {
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
pub(super) struct Fields<'de> {
    pub(super) given: std::vec::IntoIter<(&'static str, &'de Node)>,
    pub(super) absent: std::vec::IntoIter<&'static str>,
    pub(super) around: Span,
    pub(super) value: Option<De<'de>>,
    pub(super) sink: &'de Sink,
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
pub(super) enum Part<'de> {
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
pub(super) struct AtParts<'de> {
    de: De<'de>,
    next: usize,
}

impl<'de> AtParts<'de> {
    pub(super) fn new(de: De<'de>) -> AtParts<'de> {
        AtParts { de, next: 0 }
    }
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
pub(super) struct KindParts<'de> {
    de: De<'de>,
    next: usize,
}

impl<'de> KindParts<'de> {
    pub(super) fn new(de: De<'de>) -> KindParts<'de> {
        KindParts { de, next: 0 }
    }
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

/// One word and what it holds.
pub(super) struct Variant<'de> {
    pub(super) word: &'de str,
    pub(super) at: Span,
    pub(super) inner: Option<&'de Node>,
    pub(super) sink: &'de Sink,
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
