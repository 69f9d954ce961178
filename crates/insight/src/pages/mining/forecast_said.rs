//! The sentences of the forecast's page that state figures, each with what they mean and what they rest on: how it was tried, how often
//! its interval held, where repeating what was does as well, and the mean where there is too little for a forecast.

use super::Words;
use crate::{
    mining::forecast::{HORIZON, Part},
    pages::figure::{Explain, Finding},
};
use mining::forecast::{Forecast, LEVEL, Method};

pub(super) struct Said<'a> {
    pub words: &'a Words<'a>,
    pub part: &'a Part,
    pub as_of: &'a str,
    /// The list of what was sold in the weeks known.
    pub orders: String,
}

impl Said<'_> {
    /// How often it was tried, and on how long a time.
    pub fn tested(&self, told: &Forecast) -> Finding {
        let (origins, weeks) = (self.count(told.backtest.origins), self.count(HORIZON));
        let text = self.words.t("mining.backtest_forecast", &[("origins", &origins), ("weeks", &weeks)]);
        Finding { text, explain: self.of_test("mining.tested_help", told) }
    }

    /// How many outcomes lay within the interval, told from the other points of the past.
    pub fn covered(&self, told: &Forecast) -> Option<Finding> {
        let (words, (weeks, sums)) = (self.words, told.backtest.covered());
        let text = words.t(
            "mining.covered",
            &[
                ("share", &words.percent(weeks.share()?)),
                ("weeks", &self.count(weeks.of)),
                ("within", &self.count(sums.within)),
                ("sums", &self.count(sums.of)),
                ("horizon", &self.count(HORIZON)),
                ("level", &words.whole_percent(LEVEL)),
            ],
        );
        Some(Finding { text, explain: self.of_test("mining.covered_help", told) })
    }

    /// Where repeating the last season would have been as good: the floor every forecast is held to.
    pub fn no_better(&self, told: &Forecast) -> Option<Finding> {
        let words = self.words;
        let floor = told.backtest.of(Method::SeasonalNaive)?.errors.wape?;
        let own = told.errors.wape.filter(|own| *own >= floor)?;
        let numbers = [("own", words.percent(own)), ("floor", words.percent(floor))];
        let numbers = numbers.each_ref().map(|(name, number)| (*name, number.as_str()));
        let explain = self.of_test("mining.no_better_help", told).formula("Σ|e| / Σ|y|");
        Some(Finding { text: words.t("mining.no_better", &numbers), explain })
    }

    /// Where there is too little for a forecast: what was sold on average.
    pub fn mean(&self) -> Option<Finding> {
        let values = &self.part.history.values;
        (!values.is_empty()).then(|| {
            let mean = self.words.units(values.iter().sum::<f64>() / values.len() as f64);
            let weeks = self.count(values.len());
            let text = self.words.t("mining.simple_mean", &[("mean", &mean), ("weeks", &weeks)]);
            Finding { text, explain: self.explain("mining.simple_mean_help") }
        })
    }

    fn of_test(&self, key: &str, told: &Forecast) -> Explain {
        let origins = self.count(told.backtest.origins);
        self.explain(key).input(self.words.t("mining.origins", &[]), origins)
    }

    fn explain(&self, key: &str) -> Explain {
        let words = self.words;
        Explain::new(words.meaning(key, &[]), self.as_of)
            .input(words.t("mining.known_weeks", &[]), self.count(self.part.history.values.len()))
            .source(self.orders.clone(), words.t("mining.orders", &[]))
    }

    fn count(&self, number: usize) -> String {
        self.words.count(number as u64)
    }
}
