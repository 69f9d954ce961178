//! A place of a customer: where to send goods, bills, letters.

mod entity;

pub use entity::entity;
