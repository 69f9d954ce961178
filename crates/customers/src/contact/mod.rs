//! A person at a customer.

mod entity;

pub use entity::entity;
