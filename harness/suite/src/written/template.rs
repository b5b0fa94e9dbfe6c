//! A template file as it is written: steps with parameters, used by suites by name and version.

use super::shared::Bilingual;
use super::step::Steps;
use crate::yaml::{At, Entries, Scalar};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// Steps that several suites use, with parameters.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Template {
    /// Version of this language: 1.
    pub(crate) certbench: At<Scalar>,
    /// Its name.
    pub(crate) template: At<String>,
    /// Its version: a suite names the one that it means.
    pub(crate) version: At<String>,
    /// What it does.
    pub(crate) title: At<Bilingual>,
    /// Parameters, in the steps `$name` as a whole value or inside of one, and `{name}` in texts.
    pub(crate) parameters: Option<At<Entries<At<TemplateParameter>>>>,
    /// The steps. They are checked where they are used, with the values given there.
    #[schemars(with = "Steps")]
    #[expect(
        dead_code,
        reason = "its presence is checked here, its content as a tree"
    )]
    pub(crate) steps: At<IgnoredAny>,
}

/// A parameter of a template.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TemplateParameter {
    /// What it is.
    pub(crate) title: At<Bilingual>,
    /// Value when a suite gives none.
    #[expect(dead_code, reason = "read as a tree, with its place")]
    pub(crate) default: Option<At<Scalar>>,
}
