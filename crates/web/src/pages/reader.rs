//! For whom a page is written: language, time zone, the company's currency, and the moment it is written.

use crate::{Format, Zone};
use chrono::{Duration, NaiveDateTime};
use meta::{DateTime, Label, Lang, NaiveDate, Utc};

#[derive(Clone, Debug)]
pub struct Reader {
    pub lang: Lang,
    pub zone: Zone,
    pub now: DateTime<Utc>,
    /// The company's currency.
    pub currency: String,
}

impl Reader {
    pub fn format(&self) -> Format {
        Format { lang: self.lang, zone: self.zone }
    }

    /// The wording in the reader's language.
    pub fn say<'a>(&self, en: &'a str, zh: &'a str) -> &'a str {
        match self.lang {
            Lang::En => en,
            Lang::Zh => zh,
        }
    }

    pub fn local(&self, at: DateTime<Utc>) -> NaiveDateTime {
        self.zone.local(at).naive_local()
    }

    pub fn utc(&self, local: NaiveDateTime) -> DateTime<Utc> {
        (local - Duration::minutes(self.zone.offset_minutes.into())).and_utc()
    }

    pub fn today(&self) -> NaiveDate {
        self.local(self.now).date()
    }

    pub fn ago(&self, at: DateTime<Utc>) -> String {
        self.format().relative(at, self.now)
    }

    pub fn exact(&self, at: DateTime<Utc>) -> String {
        self.format().instant(at)
    }

    /// Names of things are lower-case inside an English sentence.
    pub fn lower(&self, label: &Label) -> String {
        match self.lang {
            Lang::En => label.en.to_lowercase(),
            Lang::Zh => label.zh.clone(),
        }
    }
}

#[cfg(test)]
impl Reader {
    pub fn example(lang: Lang) -> Reader {
        // 2026-11-21 10:00 UTC
        let now = DateTime::from_timestamp(1_795_255_200, 0).unwrap_or_default();
        Reader { lang, zone: Zone { offset_minutes: 480 }, now, currency: "CNY".to_owned() }
    }
}
