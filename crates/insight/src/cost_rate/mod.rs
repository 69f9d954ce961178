//! Rates of the cost to serve: what an order, a return, a call or a visit costs the company, from a day on.

mod entity;
mod load;
mod rules;

pub use entity::entity;
pub use load::{load, load_in};
pub use rules::check;

pub use warehouse::rates::ENTITY;
