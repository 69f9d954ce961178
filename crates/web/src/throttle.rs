//! How often one address or one e-mail may fail to sign in. Kept in memory: each program counts for itself, a restart
//! forgets, which costs an attacker more than it costs us.

use chrono::{DateTime, TimeDelta, Utc};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

const WINDOW: TimeDelta = TimeDelta::minutes(15);
pub const PER_EMAIL_LIMIT: usize = 10;
/// A whole office may share one address.
pub const PER_ADDRESS_LIMIT: usize = 50;
/// Names remembered at most; the memory is emptied when it overflows.
const NAMES_LIMIT: usize = 100_000;

pub struct Throttle(Mutex<HashMap<String, Vec<DateTime<Utc>>>>);

impl Throttle {
    pub fn new() -> Self {
        Throttle(Mutex::new(HashMap::new()))
    }

    /// Minutes to wait, or `None` if another attempt is fine.
    pub fn wait_minutes(&self, name: &str, limit: usize, now: DateTime<Utc>) -> Option<i64> {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = failures.get_mut(name)?;
        // A failure in the future was before somebody set the clock back.
        recent.retain(|at| *at <= now && *at + WINDOW > now);
        if recent.len() < limit {
            return None;
        }
        recent.first().map(|first| (*first + WINDOW - now).num_minutes() + 1)
    }

    /// The same for whatever an attempt is counted by.
    pub fn longest_wait_minutes(&self, names: &[(&str, usize)], now: DateTime<Utc>) -> Option<i64> {
        names.iter().filter_map(|(name, limit)| self.wait_minutes(name, *limit, now)).max()
    }

    pub fn failed(&self, name: &str, now: DateTime<Utc>) {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= NAMES_LIMIT {
            failures.retain(|_, at| at.last().is_some_and(|last| *last + WINDOW > now));
            if failures.len() >= NAMES_LIMIT {
                failures.clear();
            }
        }
        failures.entry(name.to_owned()).or_default().push(now);
    }

    pub fn succeeded(&self, name: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_failures_mean_waiting_until_the_window_has_passed() {
        let throttle = Throttle::new();
        let start: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
        for _ in 0..PER_EMAIL_LIMIT {
            assert_eq!(throttle.wait_minutes("a@b.cn", PER_EMAIL_LIMIT, start), None);
            throttle.failed("a@b.cn", start);
        }
        assert_eq!(throttle.wait_minutes("a@b.cn", PER_EMAIL_LIMIT, start), Some(16));
        assert_eq!(throttle.wait_minutes("other@b.cn", PER_EMAIL_LIMIT, start), None);
        assert_eq!(throttle.wait_minutes("a@b.cn", PER_EMAIL_LIMIT, start + WINDOW), None);
    }

    #[test]
    fn a_clock_set_back_keeps_nobody_waiting() {
        let throttle = Throttle::new();
        let start: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
        for _ in 0..PER_EMAIL_LIMIT {
            throttle.failed("a@b.cn", start);
        }
        let yesterday = start - TimeDelta::days(1);
        assert_eq!(throttle.wait_minutes("a@b.cn", PER_EMAIL_LIMIT, yesterday), None);
    }
}
