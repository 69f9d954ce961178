//! The warehouse in a bucket and on many machines: workers are real processes, which are killed, frozen and made to panic.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod answers;
mod bucket;
mod chaos;
mod company;
mod fleet;
mod hosted;
mod measure;
mod nightly;
mod records;
mod refused;
mod secure;
