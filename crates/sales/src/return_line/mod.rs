//! One product that came back.

mod entity;

pub use entity::entity;
