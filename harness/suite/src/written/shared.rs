//! Forms that several files share.

use crate::yaml::{At, Entries, Kind, PickByKind, Scalar, kind_seed};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize as DeriveDeserialize;
use serde::de::{Deserialize, Deserializer};
use std::borrow::Cow;

/// A text in English and Chinese: `{ en: …, zh: … }`. Neither may be missing.
#[derive(Clone, Debug, PartialEq, DeriveDeserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bilingual {
    /// English.
    pub(crate) en: At<String>,
    /// Chinese (simplified).
    pub(crate) zh: At<String>,
}

/// A decision rule (ILAC-G8:09/2019, 4.2).
#[derive(Clone, Debug, PartialEq, DeriveDeserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Decision {
    /// `simple`: no guard band. `guarded`: pass inside the limit minus the guard band, else fail.
    /// `four-valued`: pass, conditional pass, conditional fail, fail.
    pub(crate) rule: At<Rule>,
    /// The guard band: `U` (the expanded uncertainty) or a part of it, `0.83 U`.
    pub(crate) guard: Option<At<Scalar>>,
}

/// The three rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DeriveDeserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Rule {
    Simple,
    Guarded,
    FourValued,
}

/// Who a laboratory or customer is.
#[derive(Clone, Debug, PartialEq, DeriveDeserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Party {
    /// Name.
    pub(crate) name: At<String>,
    /// Postal address.
    pub(crate) address: Option<At<String>>,
    /// How to reach it.
    pub(crate) contact: Option<At<String>>,
}

/// An output and a state of it.
#[derive(Clone, Debug, PartialEq, DeriveDeserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetOutput {
    /// An output of the bench.
    pub(crate) output: At<String>,
    /// One of its states.
    pub(crate) to: At<String>,
}

/// The level of an output or contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DeriveDeserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Level {
    On,
    Off,
}

/// One name, or several by input: `over: held` or `over: { unloaded: a, loaded: b }`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum OneOrNamed {
    One(At<String>),
    Named(Entries<At<String>>),
}

/// One value or a list of them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct OneOrMany(pub(crate) Vec<At<Scalar>>);

struct PickNamed;

impl<'de> PickByKind<'de> for PickNamed {
    type Value = OneOrNamed;
    fn pick<D: Deserializer<'de>>(self, kind: Kind, d: D) -> Result<OneOrNamed, D::Error> {
        match kind {
            Kind::Map => Entries::deserialize(d).map(OneOrNamed::Named),
            Kind::Scalar | Kind::List => At::deserialize(d).map(OneOrNamed::One),
        }
    }
}

impl<'de> Deserialize<'de> for OneOrNamed {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        kind_seed(d, PickNamed)
    }
}

struct PickMany;

impl<'de> PickByKind<'de> for PickMany {
    type Value = OneOrMany;
    fn pick<D: Deserializer<'de>>(self, kind: Kind, d: D) -> Result<OneOrMany, D::Error> {
        match kind {
            Kind::List => Vec::deserialize(d).map(OneOrMany),
            Kind::Scalar | Kind::Map => At::deserialize(d).map(|one| OneOrMany(vec![one])),
        }
    }
}

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        kind_seed(d, PickMany)
    }
}

impl JsonSchema for OneOrNamed {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "OneOrNamed".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            { "type": "string" },
            { "type": "object", "additionalProperties": { "type": "string" } },
        ]})
    }
}

impl JsonSchema for OneOrMany {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "OneOrMany".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            { "type": "string" },
            { "type": "array", "items": { "type": "string" } },
        ]})
    }
}
