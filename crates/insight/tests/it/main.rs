//! The analytical module on both databases: every test body runs on SQLite and, where `ZHIKE_TEST_DATABASE_URL` says, on
//! PostgreSQL, with the real customers and orders.
#![allow(clippy::unwrap_used)]

mod adoption;
mod alarms;
mod archive;
mod asked;
mod benefit;
mod class_history;
mod company;
mod contracts;
mod customer_groups;
mod documents;
mod drawn;
mod effects;
mod experiments;
mod figures;
mod forecast;
mod largest;
mod live_equals_refit;
mod mining;
mod models;
mod moves;
mod one_version;
mod order_of_entry;
mod own_fields;
mod pages;
mod past;
mod profitability;
mod propensity;
mod questions;
mod recommended;
mod satisfaction;
mod scores;
mod served;
mod settings;
mod seven_p;
mod seven_p_behind;
mod seven_p_lists;
mod seven_p_places;
mod sides;
mod surveys;
mod touches;
mod trees;
mod uplift;
mod walk;
mod warehouse;
