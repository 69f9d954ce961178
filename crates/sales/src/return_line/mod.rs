//! One product that came back.

mod entity;
mod origin;
pub mod rules;

pub use entity::entity;
