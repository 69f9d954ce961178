//! One product on an order.

mod entity;

pub use entity::entity;
