//! The rules of thumb that models must beat. What a rule has to learn, it learns from the period of the same length just
//! before the cut, looked at from that period's own beginning.

use serde::{Deserialize, Serialize};

use super::{Divided, Forecast, divide};
use crate::estimate::storable;
use crate::history::{DAYS_PER_WEEK, Observation, Purchase, Summary};
use crate::model::Question;
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
/// A share of fewer customers than this is taken from the shorter period that was tested.
const FEWEST: usize = 10;

/// A rule asked about the next so many weeks, with what it learned.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ruled {
    pub rule: Rule,
    pub weeks: f64,
    /// Of the hiatus: P(buy) of who is not silent and of who is. Of the average: purchases and P(buy).
    learned: [f64; 2],
}

impl Ruled {
    /// Purchases expected and P(at least one). `year_before` is the number of his purchase days in the same weeks a year before.
    pub fn forecast(&self, seen: &Observation, year_before: u32) -> [f64; 2] {
        // A customer of yesterday has no rate yet: nobody is known for less than a week.
        let own = f64::from(seen.x) / seen.age.max(1.0) * self.weeks;
        match self.rule {
            Rule::Average => self.learned,
            Rule::PastFrequency => [own, chance(own)],
            Rule::Hiatus { weeks } if silent(seen.age - seen.t_x, weeks) => [0.0, self.learned[1]],
            Rule::Hiatus { .. } => [own, self.learned[0]],
            Rule::LastYear => [f64::from(year_before), f64::from(u8::from(year_before > 0))],
        }
    }

    /// Of the hiatus: the share of the not silent who buy, and of the silent.
    pub fn shares_of_buyers(&self) -> Option<[f64; 2]> {
        matches!(self.rule, Rule::Hiatus { .. }).then_some(self.learned)
    }
}

/// A customer's purchase days in the same weeks a year (52 weeks) before those a [`RuleScore`] is asked about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct YearBefore {
    pub horizon: u16,
    pub soon: u16,
}

impl YearBefore {
    /// Of purchases in order of time.
    pub fn of(purchases: &[Purchase], day: i32, question: &Question) -> Self {
        let within = |weeks: f64| {
            let begin = day.saturating_sub(YEAR_DAYS);
            let (bought, _) =
                bought(between(purchases, begin, begin.saturating_add(days_of(weeks)).min(day)));
            bought as u16
        };
        Self { horizon: within(question.outlook.horizon_weeks), soon: within(question.soon_weeks) }
    }
}

/// A rule that is in force as a score: the same question as of the models, see [`Question`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RuleScore {
    pub horizon: Ruled,
    pub soon: Ruled,
}

impl RuleScore {
    /// Learns from the histories up to a day; from as long a period as is asked about, or, where too few customers are known for
    /// so long, from one of `tested_weeks`, taking every week for alike.
    pub fn learn<H: AsRef<[Purchase]>>(
        rule: Rule,
        histories: &[H],
        day: i32,
        question: &Question,
        tested_weeks: f64,
    ) -> Self {
        let mut left_out = 0;
        let customers: Vec<Divided> =
            histories.iter().filter_map(|h| divide(h.as_ref(), day, day, &mut left_out)).collect();
        let asked = |weeks: f64| {
            let period = Period::new(&customers, day, day.saturating_add(days_of(weeks)));
            let mut ruled = period.ruled(rule);
            if let Rule::Hiatus { weeks: hiatus } = rule
                && !period.can_learn(hiatus)
            {
                let tested = Period::new(&customers, day, day.saturating_add(days_of(tested_weeks)));
                let times = weeks / tested.weeks();
                ruled.learned = tested.ruled(rule).learned.map(|p| storable(1.0 - (1.0 - p).powf(times)));
            }
            ruled
        };
        Self { horizon: asked(question.outlook.horizon_weeks), soon: asked(question.soon_weeks) }
    }

    pub fn rule(&self) -> Rule {
        self.horizon.rule
    }
}

fn days_of(weeks: f64) -> i32 {
    (weeks * DAYS_PER_WEEK).round() as i32
}

fn silent(idle_weeks: f64, weeks: u32) -> bool {
    idle_weeks > f64::from(weeks)
}

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
        let mut rules = vec![Rule::Average, Rule::PastFrequency, Rule::Hiatus { weeks: self.hiatus() }];
        if self.first_day <= self.cut_day.saturating_sub(YEAR_DAYS) {
            rules.push(Rule::LastYear);
        }
        rules.into_iter().map(|rule| (rule, self.forecasts(rule))).collect()
    }

    fn forecasts(&self, rule: Rule) -> Vec<Forecast> {
        let (ruled, (_, average_money)) = (self.ruled(rule), self.average());
        let begin = self.cut_day.saturating_sub(YEAR_DAYS);
        let forecast = |customer: &Divided| {
            let (days, money) = bought(between(&customer.past, begin, begin.saturating_add(self.days)));
            let [purchases, p_buy] = ruled.forecast(&customer.seen, days as u32);
            let money = match rule {
                Rule::Average => average_money,
                Rule::LastYear => money,
                Rule::PastFrequency | Rule::Hiatus { .. } => purchases * units_per_purchase(customer),
            };
            Forecast { purchases, p_buy, money }
        };
        self.customers.iter().map(forecast).collect()
    }

    fn ruled(&self, rule: Rule) -> Ruled {
        let learned = match rule {
            Rule::Average => self.average().0,
            Rule::Hiatus { weeks } => [false, true].map(|of_silent| self.share_of_buyers(weeks, of_silent)),
            Rule::PastFrequency | Rule::LastYear => [0.0; 2],
        };
        Ruled { rule, weeks: self.weeks(), learned }
    }

    fn can_learn(&self, hiatus: u32) -> bool {
        let quiet = self.before.iter().filter(|e| silent(e.idle_weeks, hiatus)).count();
        quiet >= FEWEST && self.before.len() - quiet >= FEWEST
    }

    /// Purchases and P(buy), and money in currency units.
    fn average(&self) -> ([f64; 2], f64) {
        let n = self.before.len() as f64;
        if self.before.is_empty() {
            // Nobody is known for so long: everybody's rate together.
            let sum = |of: &dyn Fn(&Divided) -> f64| self.customers.iter().map(of).sum::<f64>();
            let weeks = sum(&|c| c.seen.age).max(1.0);
            let purchases = sum(&|c| f64::from(c.seen.x)) / weeks * self.weeks();
            let money = sum(&|c| units_per_purchase(c)) / self.customers.len() as f64 * purchases;
            return ([purchases, chance(purchases)], money);
        }
        let sum = |of: &dyn Fn(&Earlier) -> f64| self.before.iter().map(of).sum::<f64>() / n;
        ([sum(&|e| e.purchases), sum(&|e| f64::from(u8::from(e.purchases > 0.0)))], sum(&|e| e.money))
    }

    /// The silence after which fewest were misjudged in the period before; the horizon itself where nobody is known.
    fn hiatus(&self) -> u32 {
        let wrong = |weeks: u32| {
            let gone = |e: &&Earlier| silent(e.idle_weeks, weeks) == (e.purchases > 0.0);
            self.before.iter().filter(gone).count()
        };
        let best = HIATUSES.into_iter().min_by_key(|weeks| wrong(*weeks));
        best.filter(|_| !self.before.is_empty()).unwrap_or(self.weeks() as u32)
    }

    /// In the period before, of the customers who were silent at its beginning, or of those who were not.
    fn share_of_buyers(&self, weeks: u32, of_silent: bool) -> f64 {
        let (mut all, mut bought) = (0.0, 0.0);
        for e in self.before.iter().filter(|e| silent(e.idle_weeks, weeks) == of_silent) {
            all += 1.0;
            bought += f64::from(u8::from(e.purchases > 0.0));
        }
        if all > 0.0 { storable(bought / all) } else { f64::from(u8::from(!of_silent)) }
    }
}

/// After one day up to another.
fn between(purchases: &[Purchase], after: i32, until: i32) -> &[Purchase] {
    let from = purchases.partition_point(|p| p.day <= after);
    let to = purchases.partition_point(|p| p.day <= until);
    &purchases[from..to.max(from)]
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

#[cfg(test)]
mod tests {
    use super::*;

    const CUT: i32 = 491;
    const HORIZON_DAYS: i32 = 91;
    /// Where the period before the cut begins.
    const BEGIN: i32 = CUT - HORIZON_DAYS;

    /// Silent for so many weeks when the period before began; bought in it or did not.
    fn customer((idle_weeks, buys): (i32, bool)) -> Divided {
        let on = |day: i32| Purchase { day, amount: 10_000 };
        let history: Vec<Purchase> =
            [on(BEGIN - 7 * idle_weeks)].into_iter().chain(buys.then_some(on(BEGIN + 50))).collect();
        divide(&history, CUT, CUT + HORIZON_DAYS, &mut 0).expect("bought before the cut")
    }

    #[test]
    fn a_hiatus_is_the_silence_that_misjudged_fewest() {
        let known = [
            (1, true),
            (1, true),
            (1, true),
            (3, true),
            (3, true),
            (8, true),
            (8, true),
            (8, false),
            (10, false),
            (10, false),
            (10, false),
            (30, true),
            (30, false),
        ];
        // Silent who bought and not silent who did not: 5 with 2 weeks, 3 with 4, 2 with 8, 5 with 13 and more.
        let customers: Vec<Divided> = known.into_iter().map(customer).collect();
        let period = Period::new(&customers, CUT, CUT + HORIZON_DAYS);
        assert_eq!(period.hiatus(), 8);
        let tried: Vec<Rule> = period.rules().into_iter().map(|(rule, _)| rule).collect();
        assert!(tried.contains(&Rule::Hiatus { weeks: 8 }), "{tried:?}");
        // Of the 8 who were not silent 7 bought, of the 5 others 1.
        assert_eq!(period.ruled(Rule::Hiatus { weeks: 8 }).shares_of_buyers(), Some([0.875, 0.2]));
        // Five more who come back after ten weeks: 2 weeks misjudge 10, 4 weeks 8, 8 weeks 7, 13 weeks and more still 5.
        let returning = [(10, true); 5].into_iter().map(customer);
        let customers: Vec<Divided> = customers.into_iter().chain(returning).collect();
        assert_eq!(Period::new(&customers, CUT, CUT + HORIZON_DAYS).hiatus(), 13);
    }

    #[test]
    fn where_nobody_was_known_before_the_hiatus_is_the_horizon() {
        let on = |day: i32| Purchase { day, amount: 10_000 };
        let new = divide(&[on(BEGIN + 1), on(BEGIN + 20)], CUT, CUT + HORIZON_DAYS, &mut 0).expect("bought");
        assert_eq!(Period::new(&[new], CUT, CUT + HORIZON_DAYS).hiatus(), 13);
    }

    /// Asked about eight weeks.
    fn ruled(rule: Rule) -> Ruled {
        Ruled { rule, weeks: 8.0, learned: [0.9, 0.1] }
    }

    #[test]
    fn who_goes_on_as_before_buys_at_random_at_his_own_rate() {
        let rule = ruled(Rule::PastFrequency);
        // 6 purchases in 24 weeks are 2 in 8; none comes with probability e^−2. Neither silence nor last year matters.
        for (t_x, year_before) in [(24.0, 0), (1.0, 9)] {
            let [purchases, p_buy] = rule.forecast(&Observation { x: 6, t_x, age: 24.0 }, year_before);
            assert_eq!(purchases, 2.0);
            assert!((p_buy - 0.864_664_716_763_387).abs() < 1e-12, "{p_buy}");
        }
        assert_eq!(rule.forecast(&Observation { x: 0, t_x: 0.0, age: 24.0 }, 9), [0.0, 0.0]);
        // Known for half a week, he counts as known for one: 8 in 8 weeks, none with e^−8.
        let [purchases, p_buy] = rule.forecast(&Observation { x: 1, t_x: 0.5, age: 0.5 }, 0);
        assert_eq!(purchases, 8.0);
        assert!((p_buy - 0.999_664_537_372_097).abs() < 1e-12, "{p_buy}");
    }

    #[test]
    fn by_a_hiatus_the_silent_are_gone_and_the_others_go_on() {
        let rule = ruled(Rule::Hiatus { weeks: 8 });
        let last = |t_x: f64| rule.forecast(&Observation { x: 6, t_x, age: 24.0 }, 9);
        // Eight weeks to the day are no silence yet.
        assert_eq!(last(16.0), [2.0, 0.9]);
        assert_eq!(last(15.9), [0.0, 0.1]);
    }
}
