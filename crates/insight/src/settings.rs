//! What the company may set: the day figures hold for, the rules of its classes, how the future is valued.

use crate::cost_rate;
use engine::{DEFAULT_TIME_ZONE, Engine, Error, Result, Tx, chrono_tz::Tz};
use meta::{Clock, DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value as Json;
use std::sync::Arc;
use value::{clv::Outlook, life_cycle::StageRule, model::Question, service_cost::Rates};

pub const AS_OF: &str = "value.as_of";
pub const STAGE_RULE: &str = "value.stage_rule";
pub const IMPORTANCE_RULE: &str = "value.importance_rule";
/// What an earlier version classed or figured by other rules is done anew.
const RULES: &str = "3";
pub const ANNUAL_DISCOUNT: &str = "value.annual_discount";
pub const MEASURED_BY: &str = "value.measured_by";
const TIME_ZONE: &str = "company.time_zone";
const KEYS: [&str; 6] = [AS_OF, STAGE_RULE, IMPORTANCE_RULE, ANNUAL_DISCOUNT, TIME_ZONE, MEASURED_BY];

/// Cumulative shares of net sales, customers from the largest down, up to which they are VIP and key.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ImportanceRule {
    pub vip_share: f64,
    pub key_share: f64,
}

impl Default for ImportanceRule {
    fn default() -> Self {
        ImportanceRule { vip_share: 0.5, key_share: 0.8 }
    }
}

/// What a customer's value today and his potential are measured by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueBy {
    #[default]
    Sales,
    Profit,
}

impl ValueBy {
    pub const ALL: [ValueBy; 2] = [ValueBy::Sales, ValueBy::Profit];

    pub fn name(self) -> &'static str {
        match self {
            ValueBy::Sales => "sales",
            ValueBy::Profit => "profit",
        }
    }

    /// The customer's figures of both: the last 52 weeks, and what is expected of the next.
    pub fn figures(self) -> [&'static str; 2] {
        match self {
            ValueBy::Sales => ["sales_52w", "clv_52w"],
            ValueBy::Profit => ["earned_52w", "profit_52w"],
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// `None` is today, whatever day it is.
    pub as_of: Option<NaiveDate>,
    pub stage_rule: StageRule,
    pub importance_rule: ImportanceRule,
    pub annual_discount: f64,
    /// As chosen; [`crate::classes::Classes::by`] is what it came to.
    pub measured_by: ValueBy,
    /// Whose calendar days purchases fall on.
    pub time_zone: Tz,
    /// What serving a customer costs.
    pub cost_rates: Arc<Rates>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            as_of: None,
            stage_rule: StageRule::default(),
            importance_rule: ImportanceRule::default(),
            annual_discount: Outlook::default().annual_discount,
            measured_by: ValueBy::default(),
            time_zone: DEFAULT_TIME_ZONE,
            cost_rates: Arc::default(),
        }
    }
}

impl Settings {
    pub async fn load(engine: &Engine) -> Result<Settings> {
        let mut found = vec![];
        for key in KEYS {
            found.push(engine.setting(key).await?);
        }
        Ok(Settings { cost_rates: cost_rate::load(engine).await?, ..Self::read(&found) })
    }

    pub async fn load_in(tx: &mut Tx) -> Result<Settings> {
        let mut found = vec![];
        for key in KEYS {
            found.push(tx.setting(key).await?);
        }
        Ok(Settings { cost_rates: cost_rate::load_in(tx).await?, ..Self::read(&found) })
    }

    /// In the order of [`KEYS`]. What cannot be read falls back to its default with a warning: figures must not stop.
    fn read(found: &[Option<Json>]) -> Settings {
        let standard = Settings::default();
        let at = |index: usize| found.get(index).and_then(Option::as_ref);
        let stage_rule: StageRule = parsed(STAGE_RULE, at(1), standard.stage_rule);
        let usable =
            stage_rule.check().inspect_err(|bad| tracing::warn!("setting {STAGE_RULE}: {bad}")).is_ok();
        Settings {
            as_of: parsed(AS_OF, at(0), None),
            stage_rule: if usable { stage_rule } else { standard.stage_rule },
            importance_rule: parsed(IMPORTANCE_RULE, at(2), standard.importance_rule),
            annual_discount: parsed(ANNUAL_DISCOUNT, at(3), standard.annual_discount),
            measured_by: parsed(MEASURED_BY, at(5), standard.measured_by),
            time_zone: at(4).and_then(|zone| zone.as_str()?.parse().ok()).unwrap_or(standard.time_zone),
            cost_rates: Arc::default(),
        }
    }

    /// The day figures hold for.
    pub fn as_of_day(&self, clock: &Clock) -> NaiveDate {
        self.as_of.unwrap_or_else(|| self.day_of(clock.now()))
    }

    /// The company's calendar day of an instant.
    pub fn day_of(&self, at: DateTime<Utc>) -> NaiveDate {
        at.with_timezone(&self.time_zone).date_naive()
    }

    /// When the company's `day` is over.
    pub fn end_of(&self, day: NaiveDate) -> DateTime<Utc> {
        let midnight = day.succ_opt().unwrap_or(NaiveDate::MAX).and_time(chrono::NaiveTime::MIN);
        // A clock put forward at midnight skips it: then the day ends an hour later on the clock, at the same instant.
        let local = midnight.and_local_timezone(self.time_zone).earliest().or_else(|| {
            (midnight + chrono::Duration::hours(1)).and_local_timezone(self.time_zone).earliest()
        });
        local.map_or(midnight.and_utc(), |local| local.with_timezone(&Utc))
    }

    /// Differs whenever figures computed with these settings would, or those of a version with other rules.
    pub fn mark(&self) -> String {
        format!("{RULES} {self:?}")
    }

    pub fn question(&self) -> Question {
        let outlook = Outlook { annual_discount: self.annual_discount, ..Outlook::default() };
        Question { outlook, stage_rule: self.stage_rule, ..Question::default() }
    }
}

fn parsed<T: DeserializeOwned>(key: &str, json: Option<&Json>, standard: T) -> T {
    let Some(json) = json else { return standard };
    serde_json::from_value(json.clone()).unwrap_or_else(|error| {
        tracing::warn!("setting {key} is left at its default: {error}");
        standard
    })
}

/// Keeps the day figures hold for; `None` is today.
pub async fn set_as_of(tx: &mut Tx, as_of: Option<NaiveDate>) -> Result<()> {
    let json = as_of.map_or(Json::Null, |day| Json::String(day.to_string()));
    tx.change_setting(AS_OF, &json).await
}

/// Keeps the thresholds of the life-cycle stages; refuses what makes no sense.
pub async fn set_stage_rule(tx: &mut Tx, rule: &StageRule) -> Result<()> {
    rule.check().map_err(|bad| {
        Error::rule(
            bad.field,
            format!("{}: check the threshold", bad.remedy),
            format!("阈值不合理（{}），请检查", bad.remedy),
        )
    })?;
    tx.change_setting(STAGE_RULE, &serde_json::to_value(rule)?).await
}

/// Keeps what value is measured by.
pub async fn set_measured_by(tx: &mut Tx, by: ValueBy) -> Result<()> {
    tx.change_setting(MEASURED_BY, &serde_json::to_value(by)?).await
}

const EPOCH: NaiveDate = match NaiveDate::from_ymd_opt(1970, 1, 1) {
    Some(day) => day,
    None => NaiveDate::MIN,
};

/// Days since 1970-01-01, as crate `value` counts them.
pub fn day_number(day: NaiveDate) -> i32 {
    i32::try_from(day.signed_duration_since(EPOCH).num_days()).unwrap_or(0)
}

pub fn date_of(day: i32) -> NaiveDate {
    EPOCH.checked_add_signed(chrono::Duration::days(i64::from(day))).unwrap_or(NaiveDate::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn days_count_from_1970() {
        let day = "2011-12-09".parse().unwrap();
        assert_eq!(day_number(day), 15_317);
        assert_eq!(date_of(15_317), day);
    }

    #[test]
    fn days_are_those_of_the_companys_zone() {
        let settings = Settings::default();
        let evening = "2026-11-21T17:00:00Z".parse().unwrap();
        assert_eq!(settings.day_of(evening), "2026-11-22".parse().unwrap());
        assert_eq!(
            settings.end_of("2026-11-21".parse().unwrap()),
            "2026-11-21T16:00:00Z".parse::<DateTime<Utc>>().unwrap()
        );
        // Beirut puts its clocks forward at midnight.
        let beirut = Settings { time_zone: Tz::Asia__Beirut, ..settings };
        assert_eq!(
            beirut.end_of("2025-03-29".parse().unwrap()),
            "2025-03-29T22:00:00Z".parse::<DateTime<Utc>>().unwrap()
        );
    }

    #[test]
    fn unreadable_settings_fall_back() {
        let found = [
            Some(json!("2011-12-09")),
            Some(json!({"lost_below": 0.9})),
            Some(json!({"vip_share": 0.4})),
            None,
        ];
        let settings = Settings::read(&found);
        assert_eq!(settings.as_of, "2011-12-09".parse().ok());
        assert_eq!(settings.stage_rule, StageRule::default());
        assert_eq!(settings.importance_rule, ImportanceRule { vip_share: 0.4, key_share: 0.8 });
        assert_eq!(Settings::read(&[Some(Json::Null)]), Settings::default());
    }
}
