//! Figures in the reader's words: language, units, currency.

use meta::{Decimal, Label, Lang};
use web::{App, Format, Session};

/// What every part of a page needs to speak.
pub struct Words<'a> {
    pub app: &'a App,
    pub lang: Lang,
    pub format: Format,
    pub currency: String,
}

/// What is unknown.
pub const NONE: &str = "–";

impl<'a> Words<'a> {
    pub async fn of(app: &'a App, session: &Session) -> engine::Result<Words<'a>> {
        let currency = app.engine().company_currency().await?;
        Ok(Words { app, lang: session.lang, format: session.format(), currency })
    }

    pub fn t(&self, key: &str, args: &[(&str, &str)]) -> String {
        self.app.t(self.lang, key, args)
    }

    pub fn say(&self, label: &Label) -> String {
        label.get(self.lang).to_owned()
    }

    pub fn count(&self, number: usize) -> String {
        self.format.number(Decimal::from(number))
    }

    /// A value of a measure; large amounts of money in whole units.
    pub fn figure(&self, value: Option<Decimal>, unit: &str) -> String {
        let Some(value) = value else { return NONE.to_owned() };
        match unit {
            "money" if value.abs() >= Decimal::from(10_000) => {
                self.format.money(value.round(), &self.currency).trim_end_matches(".00").to_owned()
            }
            "money" => self.format.money(value, &self.currency),
            "share" => self.format.percent(value.round_dp(4)),
            _ => self.format.number(value.round_dp(2)),
        }
    }

    /// The same in few letters, for titles.
    pub fn short(&self, value: Option<Decimal>, unit: &str) -> String {
        match (value, unit) {
            (Some(value), "money") => self.format.money_short(value, &self.currency),
            (Some(value), "count" | "quantity" | "points") => self.format.short(value),
            _ => self.figure(value, unit),
        }
    }

    /// `+12.5%`; of shares in percentage points.
    pub fn change(&self, change: Option<Decimal>, unit: &str) -> String {
        let Some(change) = change else { return NONE.to_owned() };
        let sign = if change > Decimal::ZERO { "+" } else { "" };
        if unit == "share" {
            let points = self.format.number((change * Decimal::ONE_HUNDRED).round_dp(2));
            return self.t("explore.points", &[("points", &format!("{sign}{points}"))]);
        }
        format!("{sign}{}", self.format.percent(change.round_dp(4)))
    }
}
