//! The forecasts among a customer's figures: by the model in force, or by the rule of thumb that was better.

use super::{
    explain::{Customer, missing},
    figure::{Explain, Figure},
    in_force::rule_name,
};
use crate::profitability::{ProfitShare, future};
use value::{
    backtest::{
        Rule,
        rules::{RuleScore, Ruled},
    },
    history::{Observation, Summary},
    parameter_errors::ParameterErrors,
    proportion::Z_95,
    purchasing::Family,
};

/// What of a rule a figure shows.
#[derive(Clone, Copy)]
enum Asked {
    Purchases,
    Chance,
}

impl Customer<'_> {
    /// x, t_x, T, the model in force and its parameters.
    fn seen(&self, explain: Explain, seen: &Observation) -> Explain {
        let words = self.words;
        let mut explain = explain
            .input(self.input("x"), words.count(u64::from(seen.x)))
            .input(self.input("t_x"), words.weeks(seen.t_x))
            .input(self.input("age"), words.weeks(seen.age));
        if let Some(fit) = self.scorer.fitted.model.purchases.fitted() {
            explain = explain.input(self.input("model"), fit.family.to_string());
            for parameter in &fit.parameters {
                explain = explain.input(symbol(&parameter.name), words.fixed(parameter.value, 3));
            }
        }
        explain
    }
    fn purchases_missing(&self) -> Option<String> {
        self.scorer.fitted.model.purchases.missing().map(|reason| missing(self.words, reason))
    }

    /// The rules in force, for how often and for whether.
    fn purchases_rule(&self) -> Option<RuleScore> {
        self.scorer.fitted.model.rules.purchases
    }
    fn churn_rule(&self) -> Option<RuleScore> {
        self.scorer.fitted.model.rules.churn
    }

    /// How a rule comes to its figure, with the numbers that go into it.
    fn ruled(
        &self,
        explain: Explain,
        ruled: &Ruled,
        seen: &Observation,
        year_before: u16,
        asked: Asked,
    ) -> Explain {
        let words = self.words;
        let weeks = words.fixed(ruled.weeks, 0);
        let name = match ruled.rule {
            Rule::Average => "average",
            Rule::PastFrequency => "past_frequency",
            Rule::Hiatus { .. } => "hiatus",
            Rule::LastYear => "last_year",
        };
        let asked = match asked {
            Asked::Purchases => "purchases",
            Asked::Chance => "chance",
        };
        let key = format!("value.formula.{name}.{asked}");
        let mut explain = explain
            .formula(&words.t(&key, &[("weeks", &weeks)]))
            .input(self.input("rule"), rule_name(words, ruled.rule));
        if ruled.rule == Rule::LastYear {
            return explain.input(self.input("year_before"), words.count(u64::from(year_before)));
        }
        explain = explain
            .input(self.input("x"), words.count(u64::from(seen.x)))
            .input(self.input("t_x"), words.weeks(seen.t_x))
            .input(self.input("age"), words.weeks(seen.age));
        if let Some([active, silent]) = ruled.shares_of_buyers() {
            explain = explain
                .input(self.input("share_active"), words.percent(active))
                .input(self.input("share_silent"), words.percent(silent));
        }
        explain
    }

    /// How far the figure may be off with 95 % because the parameters are estimates; a rule has none.
    fn off_by(
        &self,
        explain: Explain,
        rule: Option<RuleScore>,
        error: impl Fn(&ParameterErrors) -> Option<f64>,
        shown: impl Fn(f64) -> String,
    ) -> Explain {
        if rule.is_some() {
            return explain.input(self.input("off_by"), self.words.t("value.source.no_interval", &[]));
        }
        match error(&self.errors) {
            Some(error) => explain.input(self.input("off_by"), format!("± {}", shown(Z_95 * error))),
            None => explain,
        }
    }

    /// That a rule is in force, on the figure itself.
    fn by_rule(&self, rule: Option<RuleScore>) -> Option<String> {
        rule.map(|score| {
            self.words.t("value.source.by_rule", &[("rule", &rule_name(self.words, score.rule()))])
        })
    }

    pub(super) fn p_alive(&self, seen: &Observation) -> Figure {
        let words = self.words;
        if self.churn_rule().is_some() {
            let note = words.t("value.source.no_alive", &[]);
            return Figure::new(words.label("p_alive"), "", self.explain("p_alive")).note(Some(note));
        }
        let p_alive = self.scored.figures.as_ref().and_then(|figures| figures.p_alive);
        let explain = self.seen(self.explain("p_alive"), seen).formula(formula_of_alive(self.family()));
        let certain = match self.family() {
            Some(family) if !family.has_dropout() => Some("value.nobody_stops"),
            Some(Family::BgNbd) if seen.x == 0 => Some("value.alive_single"),
            _ => None,
        };
        let single = certain.map(|key| words.t(key, &[]));
        let explain = self.off_by(explain, None, |errors| errors.p_alive, |p| words.percent(p));
        let value = p_alive.map(|p| words.percent(p)).unwrap_or_default();
        Figure::new(words.label("p_alive"), value, self.with_orders(explain))
            .note(self.contract.clone().or(single).or_else(|| self.purchases_missing()))
            .tone(p_alive.filter(|p| *p < self.scorer.settings.stage_rule.decline_below).map(|_| "bad"))
    }

    fn family(&self) -> Option<Family> {
        self.scorer.fitted.model.purchases.fitted().map(|fit| fit.family)
    }

    pub(super) fn churn(&self, seen: &Observation) -> Figure {
        let words = self.words;
        let churn = self.scored.figures.as_ref().and_then(|figures| figures.p_churn);
        let (explain, before) = (self.explain("p_churn_52w"), self.scored.statistics.year_before);
        let explain = match self.churn_rule() {
            Some(rule) => self.ruled(explain, &rule.horizon, seen, before.horizon, Asked::Chance),
            None => self.seen(explain, seen).formula("1 − P(alive) · P(N(52) ≥ 1 | alive)"),
        };
        let explain =
            self.off_by(explain, self.churn_rule(), |errors| errors.buys_within, |p| words.percent(p));
        let value = churn.map(|p| words.percent(p)).unwrap_or_default();
        Figure::new(words.label("p_churn_52w"), value, self.with_orders(explain))
            .note(self.by_rule(self.churn_rule()).or_else(|| self.purchases_missing()))
    }

    pub(super) fn expected_purchases(&self, seen: &Observation) -> Figure {
        let words = self.words;
        let expected = self.scored.figures.as_ref().and_then(|figures| figures.expected_purchases);
        let (explain, before) = (self.explain("expected_purchases_52w"), self.scored.statistics.year_before);
        let explain = match self.purchases_rule() {
            Some(rule) => self.ruled(explain, &rule.horizon, seen, before.horizon, Asked::Purchases),
            None => self.seen(explain, seen).formula("E[Y(52) | x, t_x, T]"),
        };
        let explain =
            self.off_by(explain, self.purchases_rule(), |errors| errors.purchases, |n| words.fixed(n, 2));
        let value = expected.map(|expected| words.fixed(expected, 2)).unwrap_or_default();
        Figure::new(words.label("expected_purchases_52w"), value, self.with_orders(explain))
            .note(self.by_rule(self.purchases_rule()).or_else(|| self.purchases_missing()))
    }

    pub(super) fn buys_soon(&self, seen: &Observation) -> Figure {
        let words = self.words;
        let (explain, before) = (self.explain("p_buy_13w"), self.scored.statistics.year_before);
        let explain = match self.churn_rule() {
            Some(rule) => self.ruled(explain, &rule.soon, seen, before.soon, Asked::Chance),
            None => self.seen(explain, seen).formula("P(alive) · P(N(13) ≥ 1 | alive)"),
        };
        let explain =
            self.off_by(explain, self.churn_rule(), |errors| errors.buys_soon, |p| words.percent(p));
        let value = self.scored.p_buy_soon.map(|p| words.percent(p)).unwrap_or_default();
        Figure::new(words.label("p_buy_13w"), value, self.with_orders(explain))
            .note(self.by_rule(self.churn_rule()).or_else(|| self.purchases_missing()))
    }

    pub(super) fn expected_spend(&self, summary: &Summary) -> Figure {
        let words = self.words;
        let model = &self.scorer.fitted.model.gamma_gamma;
        let spend = self.scored.figures.as_ref().and_then(|figures| figures.expected_spend);
        let own = summary.monetary().map_or("–".to_owned(), |mean| words.units(mean));
        let mut explain = self
            .explain("expected_spend")
            .formula("p (v + x·m̄) / (p·x + q − 1)")
            .input(self.input("x"), words.count(u64::from(summary.repeat())))
            .input(self.input("mean_amount"), own);
        if let Some(fit) = model.fitted() {
            let at = &fit.parameters;
            explain = explain.input("p, q, v", format!("{:.2}, {:.2}, {:.2}", at.p, at.q, at.v));
            if let Some(mean) = at.population_mean() {
                explain = explain.input(self.input("everybodys_amount"), words.units(mean));
            }
        }
        let explain = self.off_by(explain, None, |errors| errors.spend, |amount| words.units(amount));
        let value = spend.map(|spend| words.units(spend)).unwrap_or_default();
        Figure::new(words.label("expected_spend"), value, self.with_orders(explain))
            .note(model.missing().map(|reason| missing(words, reason)))
    }

    pub(super) fn forecast_value(&self, summary: &Summary) -> Figure {
        let words = self.words;
        let figures = self.scored.figures.as_ref();
        let model = &self.scorer.fitted.model;
        let rule = self.purchases_rule();
        let formula = match rule {
            Some(_) => "m · E[purchases] · mean of 1/(1+d)^((w−½)/52.18)",
            None => "m · Σ E[purchases in week w] / (1+d)^((w−½)/52.18)",
        };
        let mut explain = self.explain("clv_52w").formula(formula);
        if let Some(purchases) = figures.and_then(|figures| figures.expected_purchases) {
            explain = explain.input(words.label("expected_purchases_52w"), words.fixed(purchases, 2));
        }
        match (figures.and_then(|figures| figures.expected_spend), rule) {
            (Some(spend), _) => explain = explain.input(words.label("expected_spend"), words.units(spend)),
            (None, Some(_)) => {
                let own = value::money::to_units(summary.total_amount) / f64::from(summary.orders.max(1));
                explain = explain.input(self.input("own_amount"), words.units(own));
            }
            (None, None) => {}
        }
        explain = explain.input(self.input("discount"), words.percent(self.scorer.settings.annual_discount));
        let reason = model.purchases.missing().or(model.gamma_gamma.missing()).filter(|_| rule.is_none());
        if rule.is_some() {
            explain = explain.input(self.input("interval"), words.t("value.source.no_interval", &[]));
        }
        let range = self.scored.clv_range.map(|range| self.range(range));
        let value = self.scored.clv.map(|clv| words.amount(clv)).unwrap_or_default();
        Figure::new(words.label("clv_52w"), value, self.with_orders(explain))
            .note(self.by_rule(rule).or(reason.map(|reason| missing(words, reason))).or(range))
    }

    fn range(&self, range: [i64; 2]) -> String {
        let [low, high] = range.map(|amount| self.words.amount(amount));
        self.words.t("value.range", &[("low", &low), ("high", &high)])
    }

    /// `value` are the sales it is a share of, and their interval.
    pub(super) fn expected_profit(
        &self,
        field: &str,
        of: &str,
        (value, range): (Option<i64>, Option<[i64; 2]>),
    ) -> Figure {
        let words = self.words;
        let share = ProfitShare::of(&self.scored.statistics, &self.scorer.fitted.classes.earned);
        let sales = value.map_or("–".to_owned(), |value| words.amount(value));
        let mut explain =
            self.explain(field).formula("s · CLV, s = (n·s₁ + s₀) / (n + 1)").input(self.input(of), sales);
        if let Some(share) = share {
            let own = share.own.map_or("–".to_owned(), |own| words.percent(own));
            explain = explain
                .input(self.input("own_profit_share"), own)
                .input(self.input("everybodys_profit_share"), words.percent(share.everybodys))
                .input(self.input("orders_n"), words.count(u64::from(share.orders)))
                .input(self.input("profit_share"), words.percent(share.credible()));
        }
        let profit = value.zip(share).map(|(value, share)| future::part(value, share.credible()));
        let range = range.zip(share).map(|(range, share)| future::range(range, share.credible()));
        if value.is_some() && self.purchases_rule().is_some() {
            explain = explain.input(self.input("interval"), words.t("value.source.no_interval", &[]));
        }
        let missing_share = || share.is_none().then(|| words.t("value.no_cost_known", &[]));
        let no_further = || value.is_none().then(|| self.by_rule(self.purchases_rule())).flatten();
        let note = missing_share().or_else(no_further).or_else(|| self.purchases_missing());
        let note = note.or_else(|| range.map(|range| self.range(range)));
        let shown = profit.map(|profit| words.amount(profit)).unwrap_or_default();
        Figure::new(words.label(field), shown, self.with_orders(explain)).note(note)
    }
}

/// As the literature writes it.
pub fn symbol(parameter: &str) -> &str {
    match parameter {
        "alpha" => "α",
        "beta" => "β",
        other => other,
    }
}

fn formula_of_alive(family: Option<Family>) -> &'static str {
    match family {
        Some(Family::Nbd | Family::Cnbd { .. }) => "P = 1",
        Some(Family::MbgNbd) => "P = 1 / (1 + a/(b+x) · ((α+T)/(α+t_x))^(r+x))",
        Some(Family::MbgCnbd { .. }) => "P = 1 / (1 + a/(b+x) · ((α+T)/(α+t_x))^(r+kx) / S)",
        Some(Family::ParetoNbd) => "P = 1 / (1 + s/(r+s+x) · (α+T)^(r+x) · (β+T)^s · A₀)",
        Some(Family::BgNbd) | None => "P = 1 / (1 + a/(b+x−1) · ((α+T)/(α+t_x))^(r+x))",
    }
}
