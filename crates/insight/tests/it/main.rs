//! The analytical module on both databases: every test body runs on SQLite and, where `ZHIKE_TEST_DATABASE_URL` says, on
//! PostgreSQL, with the real customers and orders.
#![allow(clippy::unwrap_used)]

mod company;
mod figures;
mod live_equals_refit;
mod pages;
mod questions;
mod walk;
mod warehouse;
