//! The figures of one customer, each with its definition, its formula and the numbers that went into it.

use super::{
    figure::{Explain, Figure, Meaning},
    href,
    words::Words,
};
use crate::{
    scoring::{Scored, Scorer},
    settings::{ValueBy, date_of},
};
use meta::{NaiveDate, Record};
use value::{
    estimate::Unfit,
    history::Summary,
    life_cycle::{Condition, Decision},
    parameter_errors::ParameterErrors,
    rhythm::{GAPS_MINIMUM, REGULAR_SD},
};

/// One customer and everything his figures are made of.
pub struct Customer<'a> {
    pub words: &'a Words<'a>,
    pub record: &'a Record,
    pub as_of: NaiveDate,
    pub scorer: &'a Scorer,
    pub scored: &'a Scored,
    pub errors: ParameterErrors,
    /// What P(alive) does not say of somebody who has or had a contract.
    pub contract: Option<String>,
}

impl Customer<'_> {
    /// Of a customer with a purchase; in the order of the panel.
    pub fn figures(&self, summary: &Summary) -> Vec<Figure> {
        let seen = summary.observe(self.scorer.day);
        vec![
            self.net_sales(),
            self.forecast_value(summary),
            self.p_alive(&seen),
            self.orders(summary),
            self.next_purchase(summary),
            self.margin(),
            self.expected_profit("profit_52w", "clv_52w", (self.scored.clv, self.scored.clv_range)),
            self.expected_profit(
                "lifetime_profit",
                "lifetime_sales",
                (self.scored.lifetime, self.scorer.lifetime_range(summary)),
            ),
            self.expected_purchases(&seen),
            self.buys_soon(&seen),
            self.churn(&seen),
            self.expected_spend(summary),
            self.current_value(),
            self.rfm(summary),
            self.importance(),
        ]
    }

    pub(super) fn explain(&self, field: &str) -> Explain {
        Explain::new(self.words.help(field), self.words.date(self.as_of))
    }
    pub(super) fn input(&self, name: &str) -> String {
        self.words.t(&format!("value.input.{name}"), &[])
    }
    pub(super) fn with_orders(&self, explain: Explain) -> Explain {
        let count = self.words.count(u64::from(self.scored.statistics.orders));
        let label = self.words.t("value.its_orders", &[("count", &count)]);
        explain.source(href::orders_of(self.record.id, &self.scorer.settings, self.as_of), label)
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

    /// Sales or profit, whatever value is measured by.
    fn current_value(&self) -> Figure {
        let (words, classes) = (self.words, &self.scorer.fitted.classes);
        let (statistics, [field, _]) = (&self.scored.statistics, classes.by.figures());
        let current = classes.worth(statistics, self.scored.clv).map(|(current, _)| current);
        let mut explain = self.explain(field);
        if classes.by == ValueBy::Profit {
            explain = explain.input(words.label("sales_52w"), words.amount(statistics.recent.sales));
        }
        if let Some(limit) = classes.current_from {
            explain = explain.input(self.input("best_fifth_from"), words.amount(limit));
        }
        let quadrant = classes.quadrant_of(statistics, self.scored.clv);
        let note = quadrant.map(|quadrant| words.choice("value_quadrant", quadrant).0);
        let shown = current.map(|current| words.amount(current)).unwrap_or_default();
        Figure::new(words.label(field), shown, self.with_orders(explain)).note(note)
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
        let idle = self.scorer.day.max(summary.last_day) - summary.last_day;
        let explain = self
            .explain("next_purchase_on")
            .formula(&words.t("value.formula.next_purchase", &[]))
            .input(words.label("last_order_on"), words.date(date_of(summary.last_day)))
            .input(self.input("idle_days"), words.count(u64::from(idle.unsigned_abs())));
        let Some(known) = self.scored.rhythm else {
            let fewest = words.count(u64::from(GAPS_MINIMUM) + 1);
            let note = words.t("value.few_purchases", &[("fewest", &fewest)]);
            return Figure::new(label, "", self.with_orders(explain)).note(Some(note));
        };
        let typical = words.fixed(known.rhythm.typical_days(), 1);
        let explain = explain
            .input(self.input("typical_days"), typical.clone())
            .input(self.input("gap_spread"), format!("{} (≤ {REGULAR_SD})", words.fixed(known.sd, 2)));
        if !known.is_regular() {
            let note = words.t("value.irregular", &[("days", &typical)]);
            return Figure::new(label, "", self.with_orders(explain)).note(Some(note));
        }
        let (next, overdue) = (known.next(), known.overdue(self.scorer.day));
        let [from, to] = [next.from_day, next.to_day].map(|day| words.date(date_of(day)));
        let within = words.t("value.expected_between", &[("from", &from), ("to", &to)]);
        let explain = explain
            .input(self.input("expected_between"), format!("{from} – {to}"))
            .input(words.label("overdue"), words.fixed(overdue, 2));
        let is_over = self.scorer.day > next.to_day;
        let note = match is_over {
            true => words.t("value.overdue", &[("ratio", &words.fixed(overdue, 1)), ("within", &within)]),
            false => words.t("value.every", &[("days", &typical), ("within", &within)]),
        };
        Figure::new(label, words.date(date_of(next.day)), self.with_orders(explain))
            .note(Some(note))
            .tone(is_over.then_some("bad"))
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
        let class = |class: &str| words.choice("importance", class).0;
        let (computed, chosen) = (class(classes.importance(net)), self.record.text("importance_override"));
        let shown = if chosen.is_empty() { computed.clone() } else { class(chosen) };
        let note = (!chosen.is_empty()).then(|| words.t("value.chosen_over", &[("computed", &computed)]));
        Figure::new(words.label("importance"), shown, self.with_orders(explain)).note(note)
    }

    fn importance_help(&self) -> Meaning {
        let rule = &self.scorer.settings.importance_rule;
        let (vip, key) = (self.words.whole_percent(rule.vip_share), self.words.whole_percent(rule.key_share));
        self.words.meaning("value.importance_help", &[("vip", &vip), ("key", &key)])
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
