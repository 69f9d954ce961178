//! The filter of the audit in an address.

use crate::{Zone, encode};
use chrono::{Days, Duration, NaiveDate, NaiveTime};
use engine::{AuditAction, AuditQuery, Error, Result};
use meta::{DateTime, Id, Problem, Utc};
use serde::Deserialize;
use std::str::FromStr;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    pub user: String,
    pub action: String,
    pub entity: String,
    pub record: String,
    /// Days of the reader, both included.
    pub from: String,
    pub until: String,
    pub after: String,
}

pub(super) fn given<T: FromStr>(
    name: &str,
    text: &str,
    wrong: impl Fn(String) -> Problem,
) -> Result<Option<T>> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| Error::invalid(name, wrong(text.to_owned())))
}

pub(super) fn id(name: &str, text: &str) -> Result<Option<Id>> {
    given(name, text, |given| Problem::NotAReference { given })
}

pub(super) fn action(text: &str) -> Result<Option<AuditAction>> {
    if text.is_empty() {
        return Ok(None);
    }
    AuditAction::parse(text).map(Some).ok_or_else(|| {
        let allowed = super::actions().into_iter().map(str::to_owned).collect();
        Error::invalid("action", Problem::NotAChoice { given: text.to_owned(), allowed })
    })
}

fn midnight(day: NaiveDate, zone: Zone) -> DateTime<Utc> {
    (day.and_time(NaiveTime::MIN) - Duration::minutes(zone.offset_minutes.into())).and_utc()
}

impl Asked {
    pub fn query(&self, zone: Zone, limit: usize) -> Result<AuditQuery> {
        let day = |name, text| given::<NaiveDate>(name, text, |given| Problem::NotADate { given });
        let until = day("until", &self.until)?.and_then(|day| day.checked_add_days(Days::new(1)));
        Ok(AuditQuery {
            user: id("user", &self.user)?,
            action: action(&self.action)?,
            entity: Some(self.entity.clone()).filter(|entity| !entity.is_empty()),
            record: id("record", &self.record)?,
            from: day("from", &self.from)?.map(|day| midnight(day, zone)),
            until: until.map(|day| midnight(day, zone)),
            after: if self.after.is_empty() { None } else { Some(self.after.parse()?) },
            limit,
        })
    }

    /// The filter's parts that are set, by their names.
    pub fn parts(&self) -> [(&'static str, &str); 6] {
        [
            ("user", &self.user),
            ("action", &self.action),
            ("entity", &self.entity),
            ("record", &self.record),
            ("from", &self.from),
            ("until", &self.until),
        ]
    }

    pub fn is_filtered(&self) -> bool {
        self.parts().iter().any(|(_, value)| !value.is_empty())
    }

    pub fn href(&self, path: &str, after: Option<String>) -> String {
        let after = after.unwrap_or_default();
        let parts = self.parts().into_iter().chain([("after", after.as_str())]);
        let parts: Vec<String> = parts
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{name}={}", encode(value)))
            .collect();
        if parts.is_empty() { path.to_owned() } else { format!("{path}?{}", parts.join("&")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_reader_and_both_included() {
        let asked = Asked { from: "2026-11-21".into(), until: "2026-11-21".into(), ..Asked::default() };
        let query = asked.query(Zone { offset_minutes: 480 }, 10).unwrap();
        assert_eq!(query.from.unwrap().to_rfc3339(), "2026-11-20T16:00:00+00:00");
        assert_eq!(query.until.unwrap().to_rfc3339(), "2026-11-21T16:00:00+00:00");
        assert_eq!(asked.href("/audit", None), "/audit?from=2026-11-21&until=2026-11-21");
        for wrong in [
            Asked { user: "x".into(), ..Asked::default() },
            Asked { action: "flew".into(), ..Asked::default() },
            Asked { from: "yesterday".into(), ..Asked::default() },
            Asked { after: "x".into(), ..Asked::default() },
        ] {
            assert!(wrong.query(Zone::default(), 10).is_err(), "{wrong:?}");
        }
    }
}
