//! The base period the company chose, and the latest period of the same length.

use crate::{
    facts::day_before,
    pages::words::Words,
    settings::{date_of, day_number},
};
use engine::{Engine, Error, Result, Tx};
use meta::NaiveDate;
use serde::{Deserialize, Serialize};

pub const SETTING: &str = "value.benefit_base";
/// Shorter periods say nothing.
const DAYS_MINIMUM: i32 = 28;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
}

impl Period {
    pub fn days(&self) -> i32 {
        day_number(self.to) - day_number(self.from) + 1
    }

    /// The period of the same length that ends on `as_of`.
    pub fn latest(&self, as_of: NaiveDate) -> Period {
        Period { from: date_of(day_number(as_of) - self.days() + 1), to: as_of }
    }

    /// The period of the same length that ends before it.
    pub fn before(&self) -> Period {
        self.latest(day_before(self.from))
    }

    pub fn told(&self, words: &Words<'_>) -> String {
        format!("{} – {}", words.date(self.from), words.date(self.to))
    }

    /// `None` as long as the company has chosen none.
    pub async fn load(engine: &Engine) -> Result<Option<Period>> {
        let Some(json) = engine.setting(SETTING).await? else { return Ok(None) };
        Ok(serde_json::from_value(json)
            .inspect_err(|error| tracing::warn!("setting {SETTING} cannot be read: {error}"))
            .ok())
    }

    /// Refuses a period that is too short, or that reaches into the one it is compared with.
    pub async fn save(&self, tx: &mut Tx, as_of: NaiveDate) -> Result<()> {
        if self.days() < DAYS_MINIMUM {
            return Err(Error::rule(
                "to",
                format!("the base period must have at least {DAYS_MINIMUM} days: choose a later end"),
                format!("基期至少应有 {DAYS_MINIMUM} 天，请选择更晚的结束日期"),
            ));
        }
        if self.to >= self.latest(as_of).from {
            return Err(Error::rule(
                "to",
                "the base period reaches into the latest period of the same length: choose an earlier or shorter one",
                "基期与最近的同长度期间重叠，请选择更早或更短的期间",
            ));
        }
        tx.change_setting(SETTING, &serde_json::to_value(self)?).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_period_is_as_long_as_the_base() {
        let day = |text: &str| text.parse().unwrap();
        let base = Period { from: day("2025-01-01"), to: day("2025-01-31") };
        assert_eq!(base.days(), 31);
        let latest = base.latest(day("2026-11-21"));
        assert_eq!((latest.from, latest.days()), (day("2026-10-22"), 31));
        assert_eq!(base.before(), Period { from: day("2024-12-01"), to: day("2024-12-31") });
    }
}
