//! What is sold.

mod entity;
pub mod rules;

pub use entity::entity;
