//! The engine on both databases: every test body runs on SQLite and, where `ZHIKE_TEST_DATABASE_URL` says, on PostgreSQL.
#![allow(clippy::unwrap_used)]

mod audit;
mod checkpoint;
mod conditions;
mod custom;
mod deep;
mod jobs;
mod leases;
mod listing;
mod log;
mod redacting;
mod replacing;
mod rights;
mod saving;
mod schema;
mod searching;
mod shop;
