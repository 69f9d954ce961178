//! Sales on both databases, through the engine.
#![allow(clippy::unwrap_used)]

mod agreement;
mod company;
mod declarations;
mod defaults;
mod states;
mod totals;
