//! What typed files are made of: values at places, ordered named entries, scalars with their text.

use super::de::{AT, De, KIND, SCALAR};
use super::tree::Node;
use crate::complaint::{Sink, Span};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// A value and where it is written. `value` is absent when it could not be read; the complaint has
/// then been made, so code that finds nothing goes on without a word.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct At<T> {
    pub(crate) value: Option<T>,
    pub(crate) span: Span,
    /// Where to point for what is missing inside: the key that leads here.
    pub(crate) head: Span,
}

impl<T> At<T> {
    /// The value, if it could be read.
    pub(crate) fn get(&self) -> Option<&T> {
        self.value.as_ref()
    }
}

impl<T: serde::de::DeserializeOwned> At<T> {
    pub(super) fn deserialize_in(node: &Node, sink: &Sink) -> At<T> {
        let nowhere = At {
            value: None,
            span: node.span,
            head: node.head,
        };
        At::deserialize(De::Node(node, sink)).unwrap_or(nowhere)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for At<T> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Parts<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Parts<T> {
            type Value = At<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value of a file")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<At<T>, A::Error> {
                let mut number = || {
                    seq.next_element::<u32>()?
                        .ok_or_else(|| A::Error::custom("no place"))
                };
                let file = number()? as u16;
                let [start, end, head_start, head_end] =
                    [number()?, number()?, number()?, number()?];
                Ok(At {
                    value: seq.next_element()?,
                    span: Span { file, start, end },
                    head: Span {
                        file,
                        start: head_start,
                        end: head_end,
                    },
                })
            }
        }
        d.deserialize_struct(AT, &[], Parts(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for At<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }
    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// A single value as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scalar {
    pub(crate) text: String,
    /// Written without quotes.
    pub(crate) plain: bool,
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Parts;
        impl<'de> Visitor<'de> for Parts {
            type Value = Scalar;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a single value")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Scalar, A::Error> {
                let none = || A::Error::custom("no value");
                Ok(Scalar {
                    text: seq.next_element()?.ok_or_else(none)?,
                    plain: seq.next_element()?.ok_or_else(none)?,
                })
            }
        }
        d.deserialize_struct(SCALAR, &[], Parts)
    }
}

impl JsonSchema for Scalar {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Scalar".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number", "boolean"] })
    }
}

/// Named entries in the order of the file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entries<T>(pub(crate) Vec<(At<String>, T)>);

impl<T> Entries<T> {
    /// Name, place of the name and value.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, Span, &T)> {
        self.0
            .iter()
            .map(|(k, v)| (k.get().map_or("", String::as_str), k.span, v))
    }

    pub(crate) fn find(&self, name: &str) -> Option<(Span, &T)> {
        self.iter()
            .find(|(n, _, _)| *n == name)
            .map(|(_, span, v)| (span, v))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Entries(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Entries<T> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Parts<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Parts<T> {
            type Value = Entries<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("named entries")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<T>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        d.deserialize_map(Parts(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for Entries<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        format!("Entries_of_{}", T::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let inner = generator.subschema_for::<T>();
        json_schema!({ "type": "object", "additionalProperties": inner })
    }
}

/// The shape of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Scalar,
    List,
    Map,
}

/// Reads a value whose type depends on its shape: `pick` gets the shape and the deserializer.
pub(crate) fn kind_seed<'de, D, T, P>(d: D, pick: P) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    P: PickByKind<'de, Value = T>,
{
    struct Parts<P>(P);
    impl<'de, P: PickByKind<'de>> Visitor<'de> for Parts<P> {
        type Value = P::Value;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a value")
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<P::Value, A::Error> {
            let kind = match seq.next_element::<u64>()? {
                Some(0) => Kind::Scalar,
                Some(1) => Kind::List,
                _ => Kind::Map,
            };
            seq.next_element_seed(Picked(self.0, kind, PhantomData))?
                .ok_or_else(|| A::Error::custom("no value"))
        }
    }
    struct Picked<'de, P>(P, Kind, PhantomData<&'de ()>);
    impl<'de, P: PickByKind<'de>> DeserializeSeed<'de> for Picked<'de, P> {
        type Value = P::Value;
        fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<P::Value, D::Error> {
            self.0.pick(self.1, d)
        }
    }
    d.deserialize_struct(KIND, &[], Parts(pick))
}

/// Chooses a type by the shape of a node.
pub(crate) trait PickByKind<'de> {
    type Value;
    fn pick<D: Deserializer<'de>>(self, kind: Kind, d: D) -> Result<Self::Value, D::Error>;
}
