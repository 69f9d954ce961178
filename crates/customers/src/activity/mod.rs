//! A contact with a customer, whatever the channel, and what is planned.

mod entity;
pub mod rules;

pub use entity::entity;
