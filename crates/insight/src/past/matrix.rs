//! Current value against growth potential, as it stood a year ago, and what each quadrant brought since.

use super::{
    Customer, SHORT,
    lists::{List, Lists},
    profits::Profits,
    quadrant::Quadrant,
    spread,
};
use crate::{
    classes::Classes,
    settings::{Settings, ValueBy},
    statistics::RECENT_DAYS,
};
use serde::{Deserialize, Serialize};
use value::{
    backtest::{
        Method,
        rules::{RuleScore, YearBefore},
    },
    estimate::Unfit,
    history::{Purchase, Summary},
    model::{Model, RulesInForce},
    money,
    purchasing::Family,
    scoring::Scoring,
};

pub const QUADRANTS: [&str; 4] = ["core", "growing", "fading", "small"];
pub(super) const YEAR_DAYS: i32 = RECENT_DAYS;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Matrix {
    pub by: ValueBy,
    /// What forecast the value.
    pub method: Method,
    /// The day of the older classification, and the newer, days since 1970-01-01.
    pub then_day: i32,
    pub now_day: i32,
    /// In the order of [`QUADRANTS`].
    pub then: [Quadrant; 4],
    pub now: [Quadrant; 4],
    /// From the quadrant then (row) to now (column).
    pub moves: [[u64; 4]; 4],
    /// First bought after the older day.
    pub new_customers: u64,
    pub new_money: i64,
    /// Left out of what became of the quadrants: by profit, whose own is unknown of one of both years.
    pub unknown: u64,
}

impl Matrix {
    /// The numbers, and who is behind them.
    ///
    /// # Errors
    /// [`Unfit`] if there is no year to look back on, or no model of then.
    pub fn of(
        customers: &[Customer],
        day: i32,
        settings: &Settings,
        (in_force, by): (&Model, ValueBy),
    ) -> Result<(Self, Lists), Unfit> {
        let then_day = day - YEAR_DAYS;
        let then = Classified::of(customers, then_day, settings, (in_force, by))?;
        let mut matrix = Matrix {
            by,
            method: then.method,
            then_day,
            now_day: day,
            then: [Quadrant::default(); 4],
            now: [Quadrant::default(); 4],
            moves: [[0; 4]; 4],
            new_customers: 0,
            new_money: 0,
            unknown: 0,
        };
        let mut lists = Lists::default();
        let mut came = vec![];
        let [mut ahead_then, mut ahead_now]: [[Vec<Option<f64>>; 4]; 2] = Default::default();
        for (customer, was) in customers.iter().zip(&then.of) {
            let is = &customer.now;
            if let Some(is) = is {
                is.add_to(&mut matrix.now[is.quadrant]);
                ahead_now[is.quadrant].push(is.variance);
                lists.add(List::Stands(is.quadrant), is.before, customer.id);
            }
            let after = match by {
                ValueBy::Sales => Some(bought(customer, then_day, day)),
                ValueBy::Profit => customer.profits.after,
            };
            let is_new = customer.purchases.first().is_some_and(|first| first.day > then_day);
            let (Some(after), true) = (after, is_new || was.is_some()) else {
                matrix.unknown += 1;
                continue;
            };
            let Some(was) = was else {
                matrix.new_customers += 1;
                matrix.new_money = matrix.new_money.saturating_add(after);
                lists.add(List::New, after, customer.id);
                continue;
            };
            was.add_to(&mut matrix.then[was.quadrant]);
            ahead_then[was.quadrant].push(was.variance);
            came.push((was.quadrant, was.before, after, customer.purchases.iter().any(|p| p.day > then_day)));
            lists.add(List::Stood(was.quadrant), was.before, customer.id);
            if let Some(is) = is {
                matrix.moves[was.quadrant][is.quadrant] += 1;
                lists.add(List::Moved(was.quadrant, is.quadrant), was.before, customer.id);
            }
        }
        // Sums of decimals depend on their order, which says nothing here.
        came.sort_unstable();
        for (quadrant, before, after, came_back) in came {
            matrix.then[quadrant].add_after(before, after, came_back);
        }
        for (quadrants, ahead) in [(&mut matrix.then, ahead_then), (&mut matrix.now, ahead_now)] {
            for (quadrant, variances) in quadrants.iter_mut().zip(ahead) {
                quadrant.variance = spread::sum(variances);
            }
        }
        lists.sort();
        Ok((matrix, lists))
    }
}

/// Everybody on one day; `None` who had not bought by then.
struct Classified {
    method: Method,
    of: Vec<Option<Place>>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// In [`QUADRANTS`].
    quadrant: usize,
    before: i64,
    pub(super) forecast: i64,
    /// Of the forecast, see [`spread::variance`].
    pub(super) variance: Option<f64>,
}

impl Place {
    /// `before` and `forecast` in ten-thousandths, whose variance is not known yet; `None` of no quadrant.
    pub fn named(quadrant: Option<&str>, before: i64, forecast: i64) -> Option<Self> {
        let quadrant = QUADRANTS.iter().position(|known| quadrant == Some(known))?;
        Some(Place { quadrant, before, forecast, variance: None })
    }

    fn add_to(&self, quadrant: &mut Quadrant) {
        quadrant.customers += 1;
        quadrant.before = quadrant.before.saturating_add(self.before);
        quadrant.forecast = quadrant.forecast.saturating_add(self.forecast);
    }
}

impl Classified {
    /// With the kind of model or rule that is in force, fitted to what was known on that day. By profit, the last day of
    /// [`Customer::profits`]' year before is that day.
    fn of(
        customers: &[Customer],
        day: i32,
        settings: &Settings,
        (in_force, by): (&Model, ValueBy),
    ) -> Result<Self, Unfit> {
        let known = |c: &Customer| {
            let until = c.purchases.partition_point(|p| p.day <= day);
            Summary::of(&c.purchases[..until])
        };
        let summaries: Vec<Option<Summary>> = customers.iter().map(known).collect();
        let buyers: Vec<Summary> = summaries.iter().flatten().copied().collect();
        if buyers.is_empty() {
            return Err(SHORT);
        }
        let family = in_force.purchases.fitted().map_or(Family::BgNbd, |fit| fit.family);
        let mut model = Model::fit_family(&buyers, day, family);
        if let Some(reason) = model.purchases.missing().or(model.gamma_gamma.missing()) {
            return Err(reason);
        }
        let question = settings.question();
        let purchases = in_force
            .rules
            .purchases
            .map(|score| RuleScore::learn(score.rule(), customers, day, &question, question.soon_weeks));
        model.rules = RulesInForce { purchases, churn: None };
        let mut scoring = Scoring::new(&model, day, &question);
        let values: Vec<Option<(i64, i64, Option<f64>)>> = customers
            .iter()
            .zip(&summaries)
            .map(|(customer, summary)| {
                let year_before = YearBefore::of(&customer.purchases, day, &question);
                let figures = scoring.score(summary.as_ref()?, year_before);
                let clv = figures.clv.unwrap_or(0.0);
                let (before, forecast) = match by {
                    ValueBy::Sales => (bought(customer, day - YEAR_DAYS, day), money::from_units(clv)),
                    ValueBy::Profit => {
                        let Profits { before, share, .. } = customer.profits;
                        (before?, money::from_units(clv * share?))
                    }
                };
                Some((before, forecast, spread::variance(&figures, forecast)))
            })
            .collect();
        let (before, ahead): (Vec<i64>, Vec<i64>) =
            values.iter().flatten().map(|(before, forecast, _)| (*before, *forecast)).unzip();
        let classes = Classes::fit(&[], &before, &ahead, &settings.importance_rule);
        let place = |(before, forecast, variance): (i64, i64, Option<f64>)| {
            let place = Place::named(classes.quadrant(before, Some(forecast)), before, forecast)?;
            Some(Place { variance, ..place })
        };
        let family = model.purchases.fitted().map_or(family, |fit| fit.family);
        let method = purchases.map_or(Method::Model { family }, |score| Method::Rule { rule: score.rule() });
        Ok(Classified { method, of: values.into_iter().map(|value| place(value?)).collect() })
    }
}

/// Bought after one day up to another, less what was given back in that time.
fn bought(customer: &Customer, after: i32, until: i32) -> i64 {
    let sum = |entries: &[Purchase]| {
        let from = entries.partition_point(|p| p.day <= after);
        let to = entries.partition_point(|p| p.day <= until);
        entries[from..to.max(from)].iter().map(|p| p.amount).fold(0, i64::saturating_add)
    };
    sum(&customer.purchases).saturating_sub(sum(&customer.returns))
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::Id;
    use std::collections::BTreeSet;

    fn customer(number: i32, purchases: Vec<Purchase>) -> Customer {
        let id = Id::from_u128(number as u128);
        let (returns, now) = (vec![], None);
        let (relation, importance, region) = Default::default();
        let (kept, profits) = Default::default();
        Customer { id, purchases, returns, kept, now, profits, relation, importance, region }
    }

    /// Forty customers of whom every fifth buys monthly and much, the others now and then.
    fn customers(last: i32) -> Vec<Customer> {
        let mut customers: Vec<Customer> = (0..40)
            .map(|i| {
                let (every, amount) = if i % 5 == 0 { (28, 5_000_000) } else { (170 + i, 400_000) };
                let days = (i..=last).step_by(every as usize);
                customer(
                    i,
                    days.map(|day| Purchase { day, amount: amount + i64::from(day % 7) * 1_000 }).collect(),
                )
            })
            .collect();
        let today =
            Classified::of(&customers, last, &Settings::default(), (&Model::fit(&[], 0), ValueBy::Sales));
        for (customer, place) in customers.iter_mut().zip(today.map(|today| today.of).unwrap_or_default()) {
            customer.now = place;
        }
        customers
    }

    #[test]
    fn quadrants_of_a_year_ago_bring_what_their_customers_bought_since() {
        let customers = customers(900);
        let (found, lists) =
            Matrix::of(&customers, 900, &Settings::default(), (&Model::fit(&[], 0), ValueBy::Sales)).unwrap();
        assert_eq!((found.then_day, found.new_customers), (536, 0));
        assert_eq!(found.then.iter().map(|quadrant| quadrant.customers).sum::<u64>(), 40);
        assert_eq!(found.moves.iter().flatten().sum::<u64>(), 40);
        let after: i64 = found.then.iter().filter_map(|quadrant| quadrant.after).sum();
        assert_eq!(after, customers.iter().map(|c| bought(c, 536, 900)).sum::<i64>());
        // Those who buy monthly were core, still are, and brought most.
        assert_eq!((found.then[0].customers, found.moves[0][0]), (8, 8));
        assert!(found.then[0].after > Some(after / 2));
        assert!(found.now.iter().all(|quadrant| quadrant.after.is_none()));
        // Everybody bought often enough that what he will buy has a variance.
        for quadrant in found.then.iter().chain(&found.now).filter(|quadrant| quadrant.customers > 0) {
            assert!(quadrant.variance.is_some_and(|variance| variance > 0.0), "{quadrant:?}");
        }
        // Who is behind the numbers: those who buy monthly, the largest sales of the year before first.
        let core = lists.of(List::Stood(0));
        let monthly: BTreeSet<Id> = (0..40).step_by(5).map(|i| customers[i].id).collect();
        assert_eq!(core.iter().copied().collect::<BTreeSet<_>>(), monthly);
        assert_eq!(lists.of(List::Moved(0, 0)), core);
        let before = |id: &Id| {
            let customer = customers.iter().find(|customer| customer.id == *id).unwrap();
            bought(customer, 536 - YEAR_DAYS, 536)
        };
        assert!(core.iter().map(before).is_sorted_by(|one, next| one >= next));
        for was in 0..4 {
            assert_eq!(lists.of(List::Stood(was)).len() as u64, found.then[was].customers);
            assert_eq!(lists.of(List::Stands(was)).len() as u64, found.now[was].customers);
            for is in 0..4 {
                assert_eq!(lists.of(List::Moved(was, is)).len() as u64, found.moves[was][is]);
            }
        }
        assert!(lists.of(List::New).is_empty());
    }

    #[test]
    fn without_a_year_to_look_back_on_the_reason_is_said() {
        let refused =
            Matrix::of(&customers(200), 200, &Settings::default(), (&Model::fit(&[], 0), ValueBy::Sales));
        assert_eq!(refused, Err(Unfit::TooShort));
        assert_eq!(
            Matrix::of(&[], 200, &Settings::default(), (&Model::fit(&[], 0), ValueBy::Sales)),
            Err(Unfit::TooShort)
        );
    }

    #[test]
    fn the_order_of_customers_changes_nothing() {
        let (given, mut shuffled) = (customers(900), customers(900));
        shuffled.reverse();
        shuffled.rotate_left(13);
        let of = |customers: &[Customer]| {
            Matrix::of(customers, 900, &Settings::default(), (&Model::fit(&[], 0), ValueBy::Sales))
        };
        let found = of(&given).unwrap();
        assert!(found.0.then.iter().all(|quadrant| quadrant.squares.iter().all(|sum| *sum >= 0.0)));
        assert_eq!(of(&shuffled).unwrap(), found);
    }
}
