//! The whole program over its router, on both databases.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod analysis;
mod api;
mod audit;
mod commands;
mod companies;
mod explore;
mod hostile;
mod import_command;
mod logs;
mod merging;
/// What the program consists of.
#[path = "../../src/modules.rs"]
mod modules;
mod pages;
mod person;
mod plans;
mod privacy;
mod refusals;
mod rights;
mod traces;
mod value_command;
mod workbook;
