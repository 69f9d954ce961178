//! Reads files made here, of every kind, encoding and delimiter, and of the layouts real systems export.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod header_names;
mod kinds;
mod layouts;
mod made_files;
mod round_trips;
mod styles;
mod troubles;
mod values;
