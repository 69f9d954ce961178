//! Nothing acknowledged is lost, nothing is half there: the real program, killed at random moments, as is PostgreSQL under it, starved of
//! its disk and its database, and with a clock that jumps.
//!
//! A few rounds run with the other tests; `ZHIKE_KILL_ROUNDS=100 script/with-postgres cargo test -p zhike --test durability kill --
//! --nocapture` runs many and prints each. `ZHIKE_KILL_SEED` repeats the moments of an earlier run.
#![allow(clippy::unwrap_used)]

mod client;
mod clock;
mod crash;
mod declaring;
mod ending;
mod kill;
mod ledger;
mod load;
mod outage;
mod server;
mod store;
mod upgrade;
