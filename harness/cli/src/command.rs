//! The commands, one file each.

pub(crate) mod amend;
pub(crate) mod assess;
pub(crate) mod check;
pub(crate) mod compare;
pub(crate) mod conform;
pub(crate) mod correct;
pub(crate) mod demo;
pub(crate) mod devices;
pub(crate) mod evidence;
pub(crate) mod import;
pub(crate) mod issue;
pub(crate) mod judge;
pub(crate) mod keygen;
pub(crate) mod lss;
pub(crate) mod plan;
pub(crate) mod probe;
pub(crate) mod qualify;
pub(crate) mod record;
pub(crate) mod rejudge;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod schema;
pub(crate) mod simulate;
pub(crate) mod validate;
pub(crate) mod verify;
