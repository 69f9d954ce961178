//! Customers under contract, whose end is seen: how long they stay ([`sbg`], [`kaplan_meier`]) and what makes them leave
//! sooner ([`cox`]). The opposite of [`crate::purchasing`], where customers stop silently.

pub mod cox;
pub mod kaplan_meier;
pub mod sbg;
