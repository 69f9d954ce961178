//! One product that came back.

mod entity;
pub mod rules;

pub use entity::entity;
