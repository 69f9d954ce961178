//! Imports of generated files on both databases.
#![allow(clippy::unwrap_used)]

mod formats;
mod ground;
mod orders;
mod pages;
mod plain;
mod reverting;
mod rights;
mod stopping;
