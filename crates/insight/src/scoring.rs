//! Statistics and the fitted model → the values of an account's figures.

use crate::{
    behaviour::Behaviour,
    classes::Classes,
    profitability, satisfaction,
    settings::{Settings, date_of, day_number},
    statistics::Statistics,
    weekday,
};
use meta::{Decimal, NaiveDate, Value, Values};
use serde::{Deserialize, Serialize};
use std::sync::OnceLock;
use value::{
    history::Summary,
    life_cycle::{Decision, Stage, Standing},
    model::{Figures, Model, Question},
    money,
    rhythm::Known,
    scoring::Scoring,
};

/// Everything a fit learned: enough to score one customer live.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fitted {
    pub model: Model,
    pub classes: Classes,
    /// σ of the logarithm of everybody's gaps between purchases ([`value::rhythm`]).
    #[serde(default)]
    pub rhythm_sd: Option<f64>,
    /// The settings it was fitted with ([`Settings::mark`]).
    #[serde(default)]
    pub settings: String,
}

impl Fitted {
    /// Before the first fit: nothing is known of anybody else.
    pub fn nothing(day: i32) -> Self {
        Fitted {
            model: Model::fit(&[], day),
            classes: Classes::default(),
            rhythm_sd: None,
            settings: String::new(),
        }
    }
}

pub struct Scorer {
    pub fitted: Fitted,
    pub settings: Settings,
    /// The day the figures hold for, days since 1970-01-01.
    pub day: i32,
    question: Question,
}

/// A customer's figures before they become values.
pub struct Scored {
    pub statistics: Statistics,
    /// `None` without a purchase.
    pub figures: Option<Figures>,
    /// Of whatever he buys; `None` with too few purchase days.
    pub rhythm: Option<Known>,
    pub stage: Decision,
    pub p_buy_soon: Option<f64>,
    /// Value of the next 52 weeks, ten-thousandths, and the interval it lies in with 80 %.
    pub clv: Option<i64>,
    pub clv_range: Option<[i64; 2]>,
    /// Value of the next years, ten-thousandths.
    pub lifetime: Option<i64>,
}

impl Scored {
    /// His rhythm, if a next purchase can be told from it.
    pub fn regular(&self) -> Option<Known> {
        self.rhythm.filter(Known::is_regular)
    }

    /// By how many of his typical gaps the last purchase lies back; 1 on the expected day.
    pub fn overdue(&self, on_day: i32) -> Option<f64> {
        self.regular().map(|rhythm| rhythm.overdue(on_day))
    }
}

impl Scorer {
    pub fn new(fitted: Fitted, settings: Settings, as_of: NaiveDate) -> Self {
        Scorer { question: settings.question(), fitted, settings, day: day_number(as_of) }
    }

    pub fn score(&self, statistics: &Statistics) -> Scored {
        self.many()(statistics)
    }

    /// Scores one customer after the other; what they have in common is computed once ([`Scoring`]).
    pub fn many(&self) -> impl FnMut(&Statistics) -> Scored {
        let mut scoring = Scoring::new(&self.fitted.model, self.day, &self.question);
        move |statistics| {
            let figures = statistics.summary.as_ref();
            let figures = figures.map(|summary| scoring.score(summary, statistics.year_before));
            let prospect = || self.settings.stage_rule.decide(&Standing::prospect());
            Scored {
                statistics: *statistics,
                rhythm: statistics.rhythm().and_then(|rhythm| Known::of(rhythm, self.fitted.rhythm_sd)),
                stage: figures.map_or_else(prospect, |figures| figures.stage),
                p_buy_soon: figures.and_then(|figures| figures.p_buy_soon),
                clv: figures.and_then(|figures| figures.clv).map(cents),
                lifetime: figures.and_then(|figures| figures.lifetime_value).map(cents),
                clv_range: figures.and_then(|figures| Some([figures.clv_low?, figures.clv_high?].map(cents))),
                figures,
            }
        }
    }

    /// The interval of [`Scored::lifetime`], computed anew: shown to who looks at one customer, and kept nowhere.
    pub fn lifetime_range(&self, summary: &Summary) -> Option<[i64; 2]> {
        let range = Scoring::new(&self.fitted.model, self.day, &self.question).lifetime_range(summary)?;
        Some([range.low, range.high].map(cents))
    }

    pub fn loyalty(&self, scored: &Scored) -> &'static str {
        let Some(summary) = &scored.statistics.summary else { return "potential" };
        let known_weeks = summary.observe(self.day).age;
        if known_weeks < self.settings.stage_rule.stability_weeks {
            "new"
        } else if scored.stage.stage == Stage::Stability {
            "loyal"
        } else {
            "old"
        }
    }

    /// `None` where too little is known of what he pays.
    pub fn behaviour(&self, scored: &Scored) -> Option<Behaviour> {
        let frequency = scored.figures.as_ref().map(|figures| figures.rfm.frequency)?;
        Behaviour::of(&scored.statistics, &self.fitted.classes, frequency)
    }

    /// The values of every figure declared in [`crate::fields`], classes included.
    pub fn values(&self, scored: &Scored) -> Values {
        let statistics = &scored.statistics;
        let figures = scored.figures.as_ref();
        let summary = statistics.summary.as_ref();
        let date = |day: Option<i32>| Value::from(day.map(date_of));
        // Scores compare with others; before the first fit there are none.
        let rfm = figures.map(|figures| figures.rfm).filter(|_| self.fitted.model.customers > 0);
        let score = |of: fn(value::rfm::Rfm) -> u8| Value::from(rfm.map(|rfm| i64::from(of(rfm))));
        let classed = summary.map(|_| {
            let classes = &self.fitted.classes;
            (classes.importance(statistics.net_sales()), classes.quadrant_of(statistics, scored.clv))
        });
        let deviation = |variance: fn(&Figures) -> Option<f64>| {
            figures.and_then(variance).map(f64::sqrt).filter(|sd| sd.is_finite())
        };
        let list: [(&str, Value); 30] = [
            ("orders", i64::from(statistics.orders).into()),
            ("first_order_on", date(summary.map(|summary| summary.first_day))),
            ("last_order_on", date(summary.map(|summary| summary.last_day))),
            ("gross_sales", amount(statistics.gross_sales)),
            ("net_sales", amount(statistics.net_sales())),
            ("margin", statistics.margin.map_or(Value::Null, amount)),
            ("sales_52w", amount(statistics.recent.sales)),
            ("interval_days", number(summary.and_then(|summary| summary.mean_interval_days()), 1)),
            (weekday::FIELD, statistics.weekdays.usual().map(|(day, ..)| day).into()),
            ("next_purchase_on", date(scored.regular().map(|rhythm| rhythm.next().day))),
            ("overdue", number(scored.overdue(self.day), 2)),
            ("rfm", rfm.map(|rfm| rfm.code()).into()),
            ("rfm_recency", score(|rfm| rfm.recency)),
            ("rfm_frequency", score(|rfm| rfm.frequency)),
            ("rfm_monetary", score(|rfm| rfm.monetary)),
            ("p_alive", number(figures.and_then(|figures| figures.p_alive), 4)),
            ("expected_purchases_52w", number(figures.and_then(|figures| figures.expected_purchases), 4)),
            ("purchases_52w_deviation", number(deviation(|figures| figures.purchases_variance), 4)),
            ("p_buy_13w", number(scored.p_buy_soon, 4)),
            ("p_churn_52w", number(figures.and_then(|figures| figures.p_churn), 4)),
            ("expected_spend", number(figures.and_then(|figures| figures.expected_spend), 2)),
            ("clv_52w", scored.clv.map_or(Value::Null, amount)),
            ("clv_52w_low", scored.clv_range.map_or(Value::Null, |[low, _]| amount(low))),
            ("clv_52w_high", scored.clv_range.map_or(Value::Null, |[_, high]| amount(high))),
            (
                "clv_52w_deviation",
                deviation(|figures| figures.clv_variance).map_or(Value::Null, |units| amount(cents(units))),
            ),
            ("stage", stage_name(scored.stage.stage).into()),
            ("importance", classed.map(|(importance, _)| importance).into()),
            ("loyalty", self.loyalty(scored).into()),
            ("value_behaviour", self.behaviour(scored).and_then(|behaviour| behaviour.class).into()),
            ("value_quadrant", classed.and_then(|(_, quadrant)| quadrant).into()),
        ];
        let parts = list
            .into_iter()
            .chain(statistics.adoption.values())
            .chain(profitability::values(self, statistics))
            .chain(profitability::future::values(self, scored))
            .chain(satisfaction::values(self, scored));
        in_order(parts.collect())
    }
}

/// In the order of their names, which are always the same ones: to sort those of everybody takes seconds.
fn in_order(mut values: Vec<(&'static str, Value)>) -> Values {
    static ORDER: OnceLock<Vec<usize>> = OnceLock::new();
    let order = ORDER.get_or_init(|| {
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_by_key(|at| values[*at].0);
        order
    });
    let take = |at: &usize| (values[*at].0, std::mem::replace(&mut values[*at].1, Value::Null));
    order.iter().map(take).collect()
}

pub fn stage_name(stage: Stage) -> &'static str {
    match stage {
        Stage::Prospect => "prospect",
        Stage::Exploration => "exploration",
        Stage::Formation => "formation",
        Stage::Stability => "stability",
        Stage::Decline => "decline",
        Stage::Lost => "lost",
    }
}

pub fn amount(ten_thousandths: i64) -> Value {
    Value::Decimal(Decimal::new(ten_thousandths, meta::MONEY_SCALE).normalize())
}

/// An estimate is not more exact than a cent: currency units → ten-thousandths in whole cents.
pub(crate) fn cents(units: f64) -> i64 {
    let hundredth = money::SCALE / 100;
    money::from_units(units) / hundredth * hundredth
}

/// `None` for what no decimal holds.
pub fn number(figure: Option<f64>, scale: u32) -> Value {
    let scaled = figure.map(|figure| (figure * 10_f64.powi(scale as i32)).round());
    let fits = scaled.filter(|scaled| scaled.abs() < 9e17);
    fits.map(|scaled| Decimal::new(scaled as i64, scale).normalize()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profitability::known::Recent;
    use value::{history::Summary, rhythm::Gaps};

    fn scorer(as_of: &str) -> Scorer {
        let day: NaiveDate = as_of.parse().unwrap();
        Scorer::new(Fitted::nothing(day_number(day)), Settings::default(), day)
    }

    #[test]
    fn every_declared_figure_gets_a_value() {
        let scorer = scorer("2011-12-09");
        let values = scorer.values(&scorer.score(&Statistics::default()));
        let mut declared: Vec<String> =
            crate::fields::account_figures().into_iter().map(|field| field.name).collect();
        declared.extend(crate::fields::CLASSES.map(str::to_owned));
        declared.sort();
        assert_eq!(values.keys().collect::<Vec<_>>(), declared);
        for field in crate::fields::account_figures() {
            field.check(values[&field.name].clone()).unwrap();
        }
    }

    #[test]
    fn without_a_purchase_one_is_a_prospect() {
        let scorer = scorer("2011-12-09");
        let values = scorer.values(&scorer.score(&Statistics::default()));
        assert_eq!(values["stage"], "prospect".into());
        assert_eq!(values["loyalty"], "potential".into());
        assert_eq!((&values["importance"], &values["rfm"]), (&Value::Null, &Value::Null));
        assert_eq!(values["orders"], Value::Int(0));
    }

    #[test]
    fn figures_of_a_known_history_before_any_fit() {
        let scorer = scorer("2011-12-09");
        let day = scorer.day;
        let summary = Summary {
            first_day: day - 200,
            last_day: day - 50,
            orders: 4,
            first_amount: 10_000,
            total_amount: 100_000,
        };
        let statistics = Statistics {
            summary: Some(summary),
            // Three gaps of 48, 50 and 52 days: e^3.911488 = 49.97.
            gaps: [(1, 48.0), (2, 50.0), (3, 52.0)].iter().fold(
                Gaps::default(),
                |mut gaps, (count, days)| {
                    gaps.add(*count, *days);
                    gaps
                },
            ),
            orders: 5,
            gross_sales: 100_000,
            returned: 12_500,
            margin: Some(30_000),
            costed_sales: 87_500,
            recent: Recent { sales: 87_500, ..Recent::default() },
            ..Statistics::default()
        };
        let values = scorer.values(&scorer.score(&statistics));
        assert_eq!(values["net_sales"], Value::Decimal("8.75".parse().unwrap()));
        assert_eq!(values["interval_days"], Value::Decimal("50".parse().unwrap()));
        assert_eq!(values["next_purchase_on"], Value::Date(date_of(day)));
        assert_eq!(values["overdue"], Value::Decimal("1".parse().unwrap()));
        assert_eq!(values["stage"], "stability".into());
        assert_eq!(values["loyalty"], "loyal".into());
        assert_eq!(values["p_alive"], Value::Null);
    }
}
