//! Time as a parameter, so that tests and demo data are deterministic.

use chrono::{DateTime, NaiveDate, Utc};
use std::sync::{Arc, RwLock};
use uuid::{NoContext, Timestamp, Uuid};

#[derive(Clone)]
pub struct Clock(Source);

#[derive(Clone)]
enum Source {
    System,
    Fixed(Arc<RwLock<DateTime<Utc>>>),
}

impl Clock {
    pub fn system() -> Self {
        Clock(Source::System)
    }

    /// A clock that stands still until [`Clock::set`] moves it.
    pub fn fixed(at: DateTime<Utc>) -> Self {
        Clock(Source::Fixed(Arc::new(RwLock::new(at))))
    }

    #[allow(clippy::disallowed_methods)]
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            Source::System => Utc::now(),
            Source::Fixed(at) => *at.read().unwrap_or_else(|poisoned| poisoned.into_inner()),
        }
    }

    pub fn today(&self) -> NaiveDate {
        self.now().date_naive()
    }

    /// Moves a fixed clock; the system clock goes its own way.
    pub fn set(&self, to: DateTime<Utc>) {
        if let Source::Fixed(at) = &self.0 {
            *at.write().unwrap_or_else(|poisoned| poisoned.into_inner()) = to;
        }
    }

    /// A new id carrying this clock's time (within one millisecond the order is random for a fixed clock,
    /// monotonic for the system clock). The order of ids is that of their making only within one process: another one, and this one after
    /// a restart, knows nothing of the ids made while the clock stood further ahead.
    #[allow(clippy::disallowed_methods)]
    pub fn new_id(&self) -> Uuid {
        match &self.0 {
            Source::System => Uuid::now_v7(),
            Source::Fixed(_) => {
                let now = self.now();
                let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
                Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, now.timestamp_subsec_nanos()))
            }
        }
    }

    /// A new id that sorts behind another one, wherever the clock stood when that was made.
    pub fn new_id_after(&self, last: Uuid) -> Uuid {
        let id = self.new_id();
        match last.get_timestamp() {
            Some(at) if id <= last => {
                let (seconds, nanoseconds) = at.to_unix();
                let milliseconds = seconds * 1_000 + u64::from(nanoseconds / 1_000_000) + 1;
                let rest = u32::try_from(milliseconds % 1_000).unwrap_or(0) * 1_000_000;
                Uuid::new_v7(Timestamp::from_unix(NoContext, milliseconds / 1_000, rest))
            }
            _ => id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_after_another_sorts_behind_it_although_the_clock_was_set_back() {
        let clock = Clock::fixed("2026-11-21T10:00:00.999Z".parse().unwrap());
        let mut last = clock.new_id();
        let day = chrono::Duration::days(1);
        for at in [clock.now(), clock.now() - day, clock.now() - day - day, clock.now() + day] {
            clock.set(at);
            let next = clock.new_id_after(last);
            assert!(next > last, "{next} after {last}");
            last = next;
        }
        // Once the clock is ahead again, so is what ids carry.
        assert_eq!(last.get_timestamp().unwrap().to_unix().0, clock.now().timestamp().unsigned_abs());
    }
}
