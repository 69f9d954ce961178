//! Imports of generated files on both databases.
#![allow(clippy::unwrap_used)]

mod ground;
mod orders;
