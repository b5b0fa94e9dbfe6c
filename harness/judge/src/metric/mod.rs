//! The mathematics of each metric, one subject a file: numbers in, numbers out.

pub mod bounce;
pub mod contact;
pub mod force;
pub mod hand;
pub mod interface;
pub mod iso9283;
pub mod joint;
pub mod payload;
pub mod performance_level;
pub mod registration;
pub mod safeguard;
pub mod sensor;
pub mod stop;
pub mod stress;
pub mod success;
pub mod thermal;
