//! The web side as browsers and programs meet it, on both databases.

#![allow(clippy::unwrap_used)]

mod api_batch;
mod api_conflicts;
mod api_cursor;
mod api_docs;
mod api_errors;
mod api_export;
mod api_limits;
mod api_read;
mod api_write;
mod audit;
mod company;
mod guarding;
mod letters;
mod limits;
mod lists;
mod live;
mod pages;
mod places;
mod provider;
mod second_factor;
mod sessions;
mod shop;
mod signing_in;
mod single_sign_on;
