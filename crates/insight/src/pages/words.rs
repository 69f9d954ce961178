//! Figures in the reader's words: language, units, currency.

use engine::Registry;
use meta::{Choice, Decimal, Field, Lang, NaiveDate, unscaled};
use value::{money, proportion::share};
use web::{App, Format, figure::Meaning};

/// What every part of a page needs to speak.
pub struct Words<'a> {
    pub app: &'a App,
    pub lang: Lang,
    pub format: Format,
    pub currency: String,
}

impl Words<'_> {
    pub fn t(&self, key: &str, args: &[(&str, &str)]) -> String {
        self.app.t(self.lang, key, args)
    }
    pub fn registry(&self) -> &Registry {
        self.app.engine().registry()
    }
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.registry().entity("account").ok()?.get(name)
    }
    pub fn label(&self, name: &str) -> String {
        self.field(name).map_or_else(|| name.to_owned(), |field| field.label.get(self.lang).to_owned())
    }
    /// What a figure means and how sure it is, by the message that says it.
    pub fn meaning(&self, key: &str, args: &[(&str, &str)]) -> Meaning {
        self.app.meaning(self.lang, key, args)
    }
    /// The same of a field of the account.
    pub fn help(&self, name: &str) -> Meaning {
        self.field(name).map(|field| self.help_of(field)).unwrap_or_default()
    }
    pub fn help_of(&self, field: &Field) -> Meaning {
        let definition = field.help.as_ref().map(|help| help.get(self.lang).to_owned()).unwrap_or_default();
        Meaning { definition, certainty: self.app.certainty_of(self.lang, field) }
    }
    /// A choice's word and colour.
    pub fn choice(&self, field: &str, value: &str) -> (String, &'static str) {
        let choices = self.field(field).map(Field::choices).unwrap_or_default();
        match choices.iter().find(|choice| choice.value == value) {
            Some(Choice { label, colour, .. }) => (label.get(self.lang).to_owned(), colour),
            None => (value.to_owned(), "grey"),
        }
    }

    /// Ten-thousandths of the company currency, whole units for large amounts.
    pub fn amount(&self, ten_thousandths: i64) -> String {
        let amount = unscaled(ten_thousandths, meta::MONEY_SCALE);
        if amount.abs() >= Decimal::from(10_000) {
            return self.whole_amount(ten_thousandths);
        }
        self.format.money(amount, &self.currency)
    }
    /// The same in whole units, for columns.
    pub fn whole_amount(&self, ten_thousandths: i64) -> String {
        let amount = unscaled(ten_thousandths, meta::MONEY_SCALE).round();
        self.format.money(amount, &self.currency).trim_end_matches(".00").to_owned()
    }
    pub fn units(&self, units: f64) -> String {
        self.amount(money::from_units(units))
    }
    pub fn fixed(&self, number: f64, decimals: u32) -> String {
        match Decimal::try_from(number) {
            Ok(number) => {
                let text = self.format.fixed(number, decimals);
                if text.contains('.') {
                    text.trim_end_matches('0').trim_end_matches('.').to_owned()
                } else {
                    text
                }
            }
            Err(_) => "–".to_owned(),
        }
    }
    pub fn count(&self, number: u64) -> String {
        self.format.number(Decimal::from(number))
    }
    pub fn percent(&self, share: f64) -> String {
        let decimals = if share > 0.0 && share < 0.01 { 4 } else { 3 };
        Decimal::try_from(share)
            .map_or_else(|_| "–".to_owned(), |share| self.format.percent(share.round_dp(decimals)))
    }
    /// For titles: `74 %` without decimals.
    pub fn whole_percent(&self, share: f64) -> String {
        format!("{:.0}%", share * 100.0)
    }
    /// A share with the interval it lies in with 95 % confidence: `31.3% (24.9% – 38.5%)`.
    pub fn share_between(&self, hits: u64, cases: u64) -> String {
        share(hits, cases).map_or_else(
            || "–".to_owned(),
            |found| {
                let [at, low, high] = [found.at, found.low, found.high].map(|share| self.percent(share));
                format!("{at} ({low} – {high})")
            },
        )
    }
    pub fn date(&self, day: NaiveDate) -> String {
        self.format.date(day)
    }
    pub fn weeks(&self, weeks: f64) -> String {
        let weeks = self.fixed(weeks, 1);
        self.t("value.weeks", &[("weeks", &weeks)])
    }
}
