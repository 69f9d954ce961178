//! The figures of one customer, each with its definition, its formula and the numbers that went into it.

use super::{
    figure::{Explain, Figure},
    href,
    words::Words,
};
use crate::{
    scoring::{Scored, Scorer},
    settings::date_of,
};
use meta::{Id, NaiveDate};
use value::{
    estimate::Unfit,
    history::{Observation, Summary},
    life_cycle::{Condition, Decision},
    purchasing::Family,
};

/// One customer and everything his figures are made of.
pub struct Customer<'a> {
    pub words: &'a Words<'a>,
    pub id: Id,
    pub as_of: NaiveDate,
    pub scorer: &'a Scorer,
    pub scored: &'a Scored,
}

impl Customer<'_> {
    /// Of a customer with a purchase; in the order of the panel.
    pub fn figures(&self, summary: &Summary) -> Vec<Figure> {
        let seen = summary.observe(self.scorer.day);
        vec![
            self.net_sales(),
            self.forecast_value(),
            self.p_alive(&seen),
            self.orders(summary),
            self.next_purchase(summary),
            self.margin(),
            self.expected_purchases(&seen),
            self.buys_soon(&seen),
            self.churn(&seen),
            self.expected_spend(summary),
            self.recent_sales(),
            self.rfm(summary),
            self.importance(),
        ]
    }

    fn explain(&self, field: &str) -> Explain {
        Explain::new(self.words.help(field), self.words.date(self.as_of))
    }
    fn input(&self, name: &str) -> String {
        self.words.t(&format!("value.input.{name}"), &[])
    }
    fn with_orders(&self, explain: Explain) -> Explain {
        let count = self.words.count(u64::from(self.scored.statistics.orders));
        let label = self.words.t("value.its_orders", &[("count", &count)]);
        explain.source(href::orders_of(self.id, &self.scorer.settings, self.as_of), label)
    }

    fn net_sales(&self) -> Figure {
        let (words, statistics) = (self.words, &self.scored.statistics);
        let explain = self
            .explain("net_sales")
            .formula(&words.t("value.formula.net_sales", &[]))
            .input(words.label("gross_sales"), words.amount(statistics.gross_sales))
            .input(self.input("returned"), words.amount(statistics.returned));
        let note = (statistics.returned > 0)
            .then(|| words.t("value.after_returns", &[("amount", &words.amount(statistics.returned))]));
        Figure::new(words.label("net_sales"), words.amount(statistics.net_sales()), self.with_orders(explain))
            .note(note)
    }

    fn margin(&self) -> Figure {
        let (words, statistics) = (self.words, &self.scored.statistics);
        let net = statistics.net_sales();
        let value = statistics.margin.map(|margin| words.amount(margin)).unwrap_or_default();
        let note = margin_note(words, statistics.margin, statistics.costed_sales, net);
        let explain = self
            .explain("margin")
            .input(words.label("net_sales"), words.amount(net))
            .input(self.input("costed_sales"), words.amount(statistics.costed_sales));
        let tone = statistics.margin.filter(|margin| *margin < 0).map(|_| "bad");
        Figure::new(words.label("margin"), value, self.with_orders(explain)).note(note).tone(tone)
    }

    fn recent_sales(&self) -> Figure {
        let words = self.words;
        let recent = self.scored.statistics.recent_sales;
        let limit = self.scorer.fitted.classes.current_from;
        let quadrant = self.scorer.fitted.classes.quadrant(recent, self.scored.clv);
        let mut explain = self.explain("sales_52w");
        if let Some(limit) = limit {
            explain = explain.input(self.input("best_fifth_from"), words.amount(limit));
        }
        let note = quadrant.map(|quadrant| words.choice("value_quadrant", quadrant).0);
        Figure::new(words.label("sales_52w"), words.amount(recent), self.with_orders(explain)).note(note)
    }

    fn orders(&self, summary: &Summary) -> Figure {
        let words = self.words;
        let days = summary.orders;
        let explain = self
            .explain("orders")
            .input(self.input("purchase_days"), words.count(u64::from(days)))
            .input(words.label("first_order_on"), words.date(date_of(summary.first_day)))
            .input(words.label("last_order_on"), words.date(date_of(summary.last_day)));
        let last = words.t("value.last_on", &[("date", &words.date(date_of(summary.last_day)))]);
        let count = words.count(u64::from(self.scored.statistics.orders));
        Figure::new(words.label("orders"), count, self.with_orders(explain)).note(Some(last))
    }

    fn next_purchase(&self, summary: &Summary) -> Figure {
        let words = self.words;
        let label = words.label("next_purchase_on");
        let figures = self.scored.figures.as_ref();
        let Some(interval) = summary.mean_interval_days() else {
            let explain = self.explain("next_purchase_on");
            return Figure::new(label, "", explain).note(Some(words.t("value.single_purchase", &[])));
        };
        let next = figures.and_then(|figures| figures.next_purchase_day).map(date_of);
        let overdue = figures.and_then(|figures| figures.overdue_ratio).unwrap_or(0.0);
        let idle = self.scorer.day.max(summary.last_day) - summary.last_day;
        let explain = self
            .explain("next_purchase_on")
            .formula(&words.t("value.formula.next_purchase", &[]))
            .input(words.label("last_order_on"), words.date(date_of(summary.last_day)))
            .input(words.label("interval_days"), words.fixed(interval, 1))
            .input(self.input("idle_days"), words.count(u64::from(idle.unsigned_abs())))
            .input(words.label("overdue"), words.fixed(overdue, 2));
        let note = if overdue > 1.0 {
            words.t("value.overdue", &[("ratio", &words.fixed(overdue, 1))])
        } else {
            words.t("value.every", &[("days", &words.fixed(interval, 1))])
        };
        let value = next.map(|next| words.date(next)).unwrap_or_default();
        Figure::new(label, value, self.with_orders(explain))
            .note(Some(note))
            .tone((overdue > 2.0).then_some("bad"))
    }

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

    fn p_alive(&self, seen: &Observation) -> Figure {
        let words = self.words;
        let p_alive = self.scored.figures.as_ref().and_then(|figures| figures.p_alive);
        let explain = self.seen(self.explain("p_alive"), seen).formula(formula_of_alive(self.family()));
        let certain = match self.family() {
            Some(family) if !family.has_dropout() => Some("value.nobody_stops"),
            Some(Family::BgNbd) if seen.x == 0 => Some("value.alive_single"),
            _ => None,
        };
        let single = certain.map(|key| words.t(key, &[]));
        let value = p_alive.map(|p| words.percent(p)).unwrap_or_default();
        Figure::new(words.label("p_alive"), value, self.with_orders(explain))
            .note(single.or_else(|| self.purchases_missing()))
            .tone(p_alive.filter(|p| *p < self.scorer.settings.stage_rule.decline_below).map(|_| "bad"))
    }

    fn family(&self) -> Option<Family> {
        self.scorer.fitted.model.purchases.fitted().map(|fit| fit.family)
    }

    fn churn(&self, seen: &Observation) -> Figure {
        let words = self.words;
        let churn = self.scored.figures.as_ref().and_then(|figures| figures.p_churn);
        let explain =
            self.seen(self.explain("p_churn_52w"), seen).formula("1 − P(alive) · P(N(52) ≥ 1 | alive)");
        let value = churn.map(|p| words.percent(p)).unwrap_or_default();
        Figure::new(words.label("p_churn_52w"), value, self.with_orders(explain))
            .note(self.purchases_missing())
    }

    fn expected_purchases(&self, seen: &Observation) -> Figure {
        let words = self.words;
        let expected = self.scored.figures.as_ref().and_then(|figures| figures.expected_purchases);
        let explain = self.seen(self.explain("expected_purchases_52w"), seen).formula("E[Y(52) | x, t_x, T]");
        let value = expected.map(|expected| words.fixed(expected, 2)).unwrap_or_default();
        Figure::new(words.label("expected_purchases_52w"), value, self.with_orders(explain))
            .note(self.purchases_missing())
    }

    fn buys_soon(&self, seen: &Observation) -> Figure {
        let words = self.words;
        let explain = self.seen(self.explain("p_buy_13w"), seen).formula("P(alive) · P(N(13) ≥ 1 | alive)");
        let value = self.scored.p_buy_soon.map(|p| words.percent(p)).unwrap_or_default();
        Figure::new(words.label("p_buy_13w"), value, self.with_orders(explain)).note(self.purchases_missing())
    }

    fn expected_spend(&self, summary: &Summary) -> Figure {
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
        let value = spend.map(|spend| words.units(spend)).unwrap_or_default();
        Figure::new(words.label("expected_spend"), value, self.with_orders(explain))
            .note(model.missing().map(|reason| missing(words, reason)))
    }

    fn forecast_value(&self) -> Figure {
        let words = self.words;
        let figures = self.scored.figures.as_ref();
        let model = &self.scorer.fitted.model;
        let mut explain =
            self.explain("clv_52w").formula("m · Σ E[purchases in week w] / (1+d)^((w−½)/52.18)");
        if let Some(purchases) = figures.and_then(|figures| figures.expected_purchases) {
            explain = explain.input(words.label("expected_purchases_52w"), words.fixed(purchases, 2));
        }
        if let Some(spend) = figures.and_then(|figures| figures.expected_spend) {
            explain = explain.input(words.label("expected_spend"), words.units(spend));
        }
        explain = explain.input(self.input("discount"), words.percent(self.scorer.settings.annual_discount));
        let reason = model.purchases.missing().or(model.gamma_gamma.missing());
        let range = self.scored.clv_range.map(|[low, high]| {
            words.t("value.range", &[("low", &words.amount(low)), ("high", &words.amount(high))])
        });
        let value = self.scored.clv.map(|clv| words.amount(clv)).unwrap_or_default();
        Figure::new(words.label("clv_52w"), value, self.with_orders(explain))
            .note(reason.map(|reason| missing(words, reason)).or(range))
    }

    fn rfm(&self, summary: &Summary) -> Figure {
        let words = self.words;
        let rfm = self.scored.figures.as_ref().map(|figures| figures.rfm);
        let rfm = rfm.filter(|_| self.scorer.fitted.model.customers > 0);
        let score = |score: Option<u8>, shown: String| match score {
            Some(score) => format!("{shown} → {score}"),
            None => shown,
        };
        let explain = self
            .explain("rfm")
            .input(
                words.label("rfm_recency"),
                score(rfm.map(|rfm| rfm.recency), words.date(date_of(summary.last_day))),
            )
            .input(
                words.label("rfm_frequency"),
                score(rfm.map(|rfm| rfm.frequency), words.count(u64::from(summary.orders))),
            )
            .input(
                words.label("rfm_monetary"),
                score(rfm.map(|rfm| rfm.monetary), words.amount(summary.total_amount)),
            );
        let code = rfm.map(|rfm| format!("{}-{}-{}", rfm.recency, rfm.frequency, rfm.monetary));
        Figure::new("RFM", code.unwrap_or_default(), self.with_orders(explain))
    }

    fn importance(&self) -> Figure {
        let (words, classes) = (self.words, &self.scorer.fitted.classes);
        let net = self.scored.statistics.net_sales();
        let mut explain = Explain::new(self.importance_help(), words.date(self.as_of))
            .input(words.label("net_sales"), words.amount(net));
        for (class, from) in [("vip", classes.vip_from), ("key", classes.key_from)] {
            if let Some(from) = from {
                explain =
                    explain.input(words.choice("importance", class).0, format!("≥ {}", words.amount(from)));
            }
        }
        let computed = words.choice("importance", classes.importance(net)).0;
        Figure::new(words.label("importance"), computed, explain)
    }

    fn importance_help(&self) -> String {
        let rule = &self.scorer.settings.importance_rule;
        let (vip, key) = (self.words.whole_percent(rule.vip_share), self.words.whole_percent(rule.key_share));
        self.words.t("value.importance_help", &[("vip", &vip), ("key", &key)])
    }
}

/// The margin as a share of the sales it was earned on, and how large these are if not all.
pub fn margin_note(
    words: &Words<'_>,
    margin: Option<i64>,
    costed_sales: i64,
    net_sales: i64,
) -> Option<String> {
    let Some(margin) = margin else { return Some(words.t("value.no_cost", &[])) };
    let share = (costed_sales > 0).then(|| words.percent(margin as f64 / costed_sales as f64))?;
    Some(if costed_sales == net_sales {
        words.t("value.of_net_sales", &[("share", &share)])
    } else {
        words.t("value.of_costed_sales", &[("share", &share), ("amount", &words.amount(costed_sales))])
    })
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

/// Why a model, and with it a figure, is missing.
pub fn missing(words: &Words<'_>, reason: Unfit) -> String {
    let key = match reason {
        Unfit::TooFewCustomers => "too_few_customers",
        Unfit::TooFewRepeatBuyers => "too_few_repeat_buyers",
        Unfit::NoTimePassed => "no_time_passed",
        Unfit::NobodyLeft => "nobody_left",
        Unfit::TooShort => "too_short",
        Unfit::NotConverged => "not_converged",
    };
    words.t(&format!("value.missing.{key}"), &[])
}

/// Which condition decided the stage, with the customer's number and the threshold.
pub fn why(words: &Words<'_>, decision: &Decision) -> String {
    let (key, percent) = match decision.condition {
        Condition::NoPurchase => ("no_purchase", false),
        Condition::ProbablyInactive => ("probably_inactive", true),
        Condition::SilentForIntervals => ("silent_for_intervals", false),
        Condition::SinglePurchaseLongAgo => ("single_purchase_long_ago", false),
        Condition::FewOrders => ("few_orders", false),
        Condition::ShortTenure => ("short_tenure", false),
        Condition::LastingRelation => ("lasting_relation", false),
    };
    let shown = |number: f64| if percent { words.percent(number) } else { words.fixed(number, 1) };
    let (figure, threshold) = (shown(decision.figure), shown(decision.threshold));
    words.t(&format!("value.why.{key}"), &[("figure", &figure), ("threshold", &threshold)])
}
