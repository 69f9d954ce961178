//! Goods that came back, and why. (The entity is called `return`, which Rust keeps for itself.)

mod entity;
pub mod rules;

pub use entity::entity;

/// States in which a return counts against sales.
pub const COUNTS: [&str; 2] = ["received", "refunded"];
