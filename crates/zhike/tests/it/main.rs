//! The whole program over its router, on both databases.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod analysis;
mod api;
mod audit;
mod commands;
mod companies;
mod import_command;
mod pages;
mod plans;
mod privacy;
mod rights;
mod value_command;
