//! Imports of generated files on both databases.
#![allow(clippy::unwrap_used)]
// Tests of whole imports are futures within futures.
#![recursion_limit = "256"]

mod formats;
mod ground;
mod orders;
mod pages;
mod plain;
mod reverting;
mod rights;
mod stopping;
