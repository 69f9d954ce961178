//! The warehouse's questions on many machines: [`serve`] is a machine that computes, [`Coordinator`] asks them. Only this crate
//! names datafusion-distributed.
//!
//! A worker is a process of its own that ends when anything in it panics: the distributed engine takes a task that panicked for
//! one that has no more rows. Nothing is taken over from a question that failed; it is asked anew of the workers that are left.
#![cfg(feature = "distributed")]

mod channels;
mod compare;
mod coordinator;
mod identity;
mod link;
mod panics;
mod worker;
mod workers;

pub use compare::{Compared, JOB, SAMPLE, compare, conclude, heed, module};
pub use coordinator::{Coordinator, Counts, Manner, ask_workers};
pub use identity::{identity, identity_of};
pub use link::{Link, SECRET_MINIMUM};
pub use worker::{Settings, serve};
pub use workers::look;
