//! A customer: a company or a person.

pub mod classes;
mod entity;
pub mod rules;

pub use entity::entity;
