//! The rules of thumb that models must beat. What a rule has to learn, it learns from the period of the same length just
//! before the cut, looked at from that period's own beginning.

use serde::{Deserialize, Serialize};

use super::{Divided, Forecast};
use crate::history::{DAYS_PER_WEEK, Purchase, Summary};
use crate::money;

/// In order of simplicity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Everybody buys what a customer bought on average in the period before.
    Average,
    /// Everybody goes on at his own rate so far, for his own mean amount.
    PastFrequency,
    /// Who has not bought for so many weeks is gone; the others go on at their own rate (Wübben & Wangenheim 2008).
    Hiatus { weeks: u32 },
    /// Everybody buys what he bought in the same period a year (52 weeks) before.
    LastYear,
}

/// Weeks of silence tried for the hiatus.
const HIATUSES: [u32; 8] = [2, 4, 8, 13, 20, 26, 39, 52];
const YEAR_DAYS: i32 = 364;

/// The held-out period and the one before it.
pub(super) struct Period<'c> {
    customers: &'c [Divided],
    cut_day: i32,
    days: i32,
    /// Customers known when the period before began.
    before: Vec<Earlier>,
    first_day: i32,
}

/// A customer as of the beginning of the period before, and what he did in it.
struct Earlier {
    idle_weeks: f64,
    purchases: f64,
    money: f64,
}

impl<'c> Period<'c> {
    pub fn new(customers: &'c [Divided], cut_day: i32, end_day: i32) -> Self {
        let days = end_day - cut_day;
        let begin = cut_day.saturating_sub(days);
        let earlier = |customer: &Divided| {
            let split = customer.past.partition_point(|p| p.day <= begin);
            let last = customer.past[..split].last()?;
            let (purchases, money) = bought(&customer.past[split..]);
            Some(Earlier { idle_weeks: f64::from(begin - last.day) / DAYS_PER_WEEK, purchases, money })
        };
        let before = customers.iter().filter_map(earlier).collect();
        let first_day = customers.iter().map(|c| c.summary.first_day).min().unwrap_or(cut_day);
        Self { customers, cut_day, days, before, first_day }
    }

    pub fn weeks(&self) -> f64 {
        f64::from(self.days) / DAYS_PER_WEEK
    }

    /// The average first. Last year's only where there was one.
    pub fn rules(&self) -> Vec<(Rule, Vec<Forecast>)> {
        let hiatus = self.hiatus();
        let mut rules = vec![
            (Rule::Average, self.average()),
            (Rule::PastFrequency, self.customers.iter().map(|c| self.own_rate(c)).collect()),
            (Rule::Hiatus { weeks: hiatus }, self.silence(hiatus)),
        ];
        if self.first_day <= self.cut_day.saturating_sub(YEAR_DAYS) {
            rules.push((Rule::LastYear, self.customers.iter().map(|c| self.last_year(c)).collect()));
        }
        rules
    }

    fn average(&self) -> Vec<Forecast> {
        let n = self.before.len() as f64;
        let everybody = if self.before.is_empty() {
            // Nobody is known for so long: everybody's rate together.
            let sum = |of: &dyn Fn(&Divided) -> f64| self.customers.iter().map(of).sum::<f64>();
            let weeks = sum(&|c| c.seen.age).max(1.0);
            let purchases = sum(&|c| f64::from(c.seen.x)) / weeks * self.weeks();
            let money = sum(&|c| units_per_purchase(c)) / self.customers.len() as f64 * purchases;
            Forecast { purchases, p_buy: chance(purchases), money }
        } else {
            let sum = |of: &dyn Fn(&Earlier) -> f64| self.before.iter().map(of).sum::<f64>() / n;
            Forecast {
                purchases: sum(&|e| e.purchases),
                p_buy: sum(&|e| f64::from(u8::from(e.purchases > 0.0))),
                money: sum(&|e| e.money),
            }
        };
        vec![everybody; self.customers.len()]
    }

    fn own_rate(&self, customer: &Divided) -> Forecast {
        // A customer of yesterday has no rate yet: nobody is known for less than a week.
        let purchases = f64::from(customer.seen.x) / customer.seen.age.max(1.0) * self.weeks();
        Forecast { purchases, p_buy: chance(purchases), money: purchases * units_per_purchase(customer) }
    }

    /// The silence after which fewest were misjudged in the period before; the horizon itself where nobody is known.
    fn hiatus(&self) -> u32 {
        let wrong = |weeks: u32| {
            let gone = |e: &&Earlier| (e.idle_weeks > f64::from(weeks)) == (e.purchases > 0.0);
            self.before.iter().filter(gone).count()
        };
        let best = HIATUSES.into_iter().min_by_key(|weeks| wrong(*weeks));
        best.filter(|_| !self.before.is_empty()).unwrap_or(self.weeks() as u32)
    }

    fn silence(&self, weeks: u32) -> Vec<Forecast> {
        let silent = |idle: f64| idle > f64::from(weeks);
        let share = |of_silent: bool| {
            let (mut all, mut bought) = (0.0, 0.0);
            for e in self.before.iter().filter(|e| silent(e.idle_weeks) == of_silent) {
                all += 1.0;
                bought += f64::from(u8::from(e.purchases > 0.0));
            }
            if all > 0.0 { bought / all } else { f64::from(u8::from(!of_silent)) }
        };
        let chances = [share(false), share(true)];
        let forecast = |customer: &Divided| {
            if silent(customer.seen.age - customer.seen.t_x) {
                return Forecast { purchases: 0.0, p_buy: chances[1], money: 0.0 };
            }
            Forecast { p_buy: chances[0], ..self.own_rate(customer) }
        };
        self.customers.iter().map(forecast).collect()
    }

    fn last_year(&self, customer: &Divided) -> Forecast {
        let (begin, end) = (self.cut_day - YEAR_DAYS, self.cut_day - YEAR_DAYS + self.days);
        let from = customer.past.partition_point(|p| p.day <= begin);
        let to = customer.past.partition_point(|p| p.day <= end);
        let (purchases, money) = bought(&customer.past[from..to.max(from)]);
        Forecast { purchases, p_buy: f64::from(u8::from(purchases > 0.0)), money }
    }
}

/// P(at least one) of so many purchases expected at random.
fn chance(purchases: f64) -> f64 {
    -(-purchases).exp_m1()
}

/// Purchase days and money.
fn bought(purchases: &[Purchase]) -> (f64, f64) {
    Summary::of(purchases).map_or((0.0, 0.0), |s| (f64::from(s.orders), money::to_units(s.total_amount)))
}

fn units_per_purchase(customer: &Divided) -> f64 {
    money::to_units(customer.summary.total_amount) / f64::from(customer.summary.orders.max(1))
}
