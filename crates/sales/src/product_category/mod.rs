//! Kinds of products, one inside another.

mod entity;

pub use entity::entity;
