//! The mathematics of each metric, one subject a file: numbers in, numbers out.

pub mod force;
pub mod iso9283;
pub mod payload;
pub mod stop;
pub mod success;
