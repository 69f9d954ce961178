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
    /// monotonic for the system clock).
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
}
