//! Money of orders and returns: line amounts, totals, exchange rates, prices that lines start from, and the rules that keep
//! them whoever writes.

pub mod agreement;
pub mod correction;
pub mod defaults;
pub mod document;
mod fields;
pub mod lines;
mod rates;
pub mod totals;

pub use fields::totals_fields;
pub use rates::Rates;
