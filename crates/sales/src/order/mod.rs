//! A sale: its head, its state, its totals.

mod entity;
pub mod rules;

pub use entity::entity;

/// States in which an order is a purchase.
pub const COUNTS: [&str; 3] = ["confirmed", "shipped", "completed"];
