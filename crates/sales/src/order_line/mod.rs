//! One product on an order.

mod entity;
pub mod rules;

pub use entity::entity;
