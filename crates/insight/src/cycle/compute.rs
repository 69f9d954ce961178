//! Everybody's cycles, computed after each fit and kept: the regular ones, which of them are due, and what they ask for in
//! the coming weeks.

use super::{
    everybody,
    store::{self, Cycle},
};
use crate::{
    kept,
    refit::tell,
    settings::{Settings, date_of, day_number},
    store as models,
};
use engine::{Actor, Engine, JobContext, Result, aside};
use meta::{Id, NaiveDate};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use value::{
    proportion::{Clusters, Estimate},
    rhythm::{Known, Pool, Rhythm},
};

pub const REPORT: &str = "cycles";
pub(super) const WEEKS: usize = 8;
const PRODUCTS: usize = 20;

/// Purchases expected in the week from `from_on`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Week {
    pub from_on: NaiveDate,
    pub purchases: u64,
    /// How many have all the days that hold their purchase with 80 % probability in this week, and how many have one of them in it; `None` in
    /// what an earlier version kept.
    #[serde(default)]
    pub range: Option<[u64; 2]>,
}

/// What regular buyers of a product are expected to take in the coming weeks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Demand {
    pub product: Id,
    pub purchases: u64,
    /// Days on which these buyers have bought it.
    pub days: u64,
    /// Ten-thousandths of a piece.
    pub quantity: i64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Under which the cycles are stored.
    pub run: i64,
    /// Customers and products with at least [`value::rhythm::GAPS_MINIMUM`] gaps, and how many of them are regular.
    pub pairs: u64,
    pub regular: u64,
    /// Customers they are of, and the share that is regular with the interval of customers: cycles of one hang together. Not known of
    /// what earlier versions kept, nor the interval of a single customer.
    #[serde(default)]
    pub customers: u64,
    #[serde(default)]
    pub share: Option<Estimate>,
    /// Of a product; what is due of whatever he buys says nothing to act on.
    pub due: u64,
    /// Everybody's pooled σ of the logarithm of gaps; `None` without cycles.
    pub sd: Option<f64>,
    /// Of customers (not products), from the as-of day on.
    pub weeks: Vec<Week>,
    /// Products by expected purchases within [`WEEKS`] weeks, most first.
    pub demand: Vec<Demand>,
}

/// A regular customer whose next purchase of a product is due.
#[derive(Clone, Debug, PartialEq)]
pub struct Due {
    pub account: Id,
    pub product: Id,
    pub cycle: Cycle,
}

/// Computes and keeps; returns what is due.
pub async fn compute(engine: &Engine, settings: &Settings, job: Option<&JobContext>) -> Result<Vec<Due>> {
    let as_of = settings.as_of_day(engine.clock());
    let mut pairs: Vec<Pair> = vec![];
    tell(job, "cycles", 0, 1).await?;
    everybody::each(engine, settings, as_of, |account, product, bought| {
        if let Some(rhythm) = Rhythm::of(&bought.days) {
            pairs.push(((account, product), rhythm, bought.usual_quantity()));
        }
    })
    .await?;
    // Of whatever somebody buys, his figures say the same.
    let of_customers = models::newest_model(engine).await?.and_then(|model| model.fitted.rhythm_sd);
    let today = day_number(as_of);
    let (mut report, rows, due) = aside(|| regular(pairs, of_customers, today));
    report.run = store::write(engine, rows, today).await?;
    let run = report.run;
    engine
        .write(&Actor::system(), move |tx| {
            Box::pin(async move { kept::keep(tx, REPORT, as_of, &report).await })
        })
        .await?;
    store::RUNS.clear_before(engine, run).await?;
    Ok(due)
}

/// Customer and product, their rhythm and usual quantity.
type Pair = ((Id, Option<Id>), Rhythm, i64);

/// The same with the cycle of who buys regularly.
type Regular = (Id, Option<Id>, Cycle);

/// The cycles of those who buy regularly, and what they come to; `of_customers` is the spread of whatever anybody buys.
fn regular(mut pairs: Vec<Pair>, of_customers: Option<f64>, today: i32) -> (Report, Vec<Regular>, Vec<Due>) {
    // Sums of decimals depend on their order.
    pairs.sort_unstable_by_key(|(pair, ..)| *pair);
    let mut pool = Pool::default();
    pairs.iter().for_each(|(_, rhythm, _)| pool.add(rhythm));
    let sd = pool.sd();
    let mut report = Report { pairs: pairs.len() as u64, sd, weeks: weeks(today), ..Report::default() };
    let mut demand: BTreeMap<Id, Demand> = BTreeMap::new();
    let (mut rows, mut due) = (vec![], vec![]);
    let mut counts = Counts::default();
    for ((account, product), rhythm, quantity) in pairs {
        let everybodys = if product.is_none() { of_customers } else { sd };
        let regular = Known::of(rhythm, everybodys).filter(Known::is_regular);
        counts.add(account, regular.is_some());
        let Some(known) = regular else { continue };
        let cycle = Cycle::of(&known, quantity);
        report.regular += 1;
        match product {
            None if !cycle.is_over(today) => count(&mut report.weeks, &cycle, today),
            Some(product) if !cycle.is_over(today) && week_of(cycle.next.day, today) < WEEKS => {
                let one =
                    demand.entry(product).or_insert(Demand { product, purchases: 0, days: 0, quantity: 0 });
                one.purchases += 1;
                one.days += u64::from(cycle.gaps) + 1;
                one.quantity = one.quantity.saturating_add(cycle.quantity);
            }
            _ => {}
        }
        if cycle.is_due(today) {
            due.extend(product.map(|product| Due { account, product, cycle }));
        }
        rows.push((account, product, cycle));
    }
    report.due = due.len() as u64;
    (report.customers, report.share) = counts.share();
    report.demand = demand.into_values().collect();
    report.demand.sort_by(|a, b| (b.purchases, &b.product).cmp(&(a.purchases, &a.product)));
    report.demand.truncate(PRODUCTS);
    (report, rows, due)
}

/// Cycles of each customer, and how many of them are regular; they come customer by customer.
#[derive(Default)]
struct Counts(Vec<(Id, i64, i64)>);

impl Counts {
    fn add(&mut self, account: Id, is_regular: bool) {
        let regular = i64::from(is_regular);
        match self.0.last_mut() {
            Some((last, cycles, sum)) if *last == account => {
                *cycles += 1;
                *sum += regular;
            }
            _ => self.0.push((account, 1, regular)),
        }
    }

    /// Customers, and the share of their cycles that is regular.
    fn share(&self) -> (u64, Option<Estimate>) {
        let found = Clusters::of(self.0.iter().map(|(_, cycles, regular)| (*cycles, *regular)));
        (found.respondents, found.share())
    }
}

fn weeks(today: i32) -> Vec<Week> {
    let from = |week: usize| date_of(today + 7 * week as i32);
    (0..WEEKS).map(|week| Week { from_on: from(week), purchases: 0, range: Some([0; 2]) }).collect()
}

/// What is expected before today is expected in this week.
fn week_of(day: i32, today: i32) -> usize {
    usize::try_from(day - today).unwrap_or(0) / 7
}

fn count(weeks: &mut [Week], cycle: &Cycle, today: i32) {
    let [first, expected, last] =
        [cycle.next.from_day, cycle.next.day, cycle.next.to_day].map(|day| week_of(day, today));
    for (number, week) in weeks.iter_mut().enumerate().take(last + 1).skip(first) {
        week.purchases += u64::from(number == expected);
        if let Some([least, most]) = &mut week.range {
            *least += u64::from(first == last);
            *most += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use value::rhythm::Next;

    #[test]
    fn the_share_of_regular_cycles_is_as_sure_as_customers_are_many() {
        let mut counts = Counts::default();
        // Of twelve customers each has ten cycles, of nine all regular, of three none.
        for customer in 0..12 {
            (0..10).for_each(|_| counts.add(Id::from_u128(customer), customer < 9));
        }
        let (customers, share) = counts.share();
        let (share, as_independent) = (share.unwrap(), value::proportion::share(90, 120).unwrap());
        assert_eq!((customers, share.cases, share.at), (12, 12, as_independent.at));
        // Twelve say less than 120: the interval is as wide as of eleven cases.
        assert!(share.low < 0.48 && share.high > 0.91, "{share:?}");
        assert!(as_independent.low > 0.66 && as_independent.high < 0.83, "{as_independent:?}");
    }

    #[test]
    fn a_week_counts_whom_it_expects_between_those_who_surely_and_those_who_may_come() {
        let mut found = weeks(1_000);
        let days = [(990, 995, 1_003), (1_001, 1_003, 1_006), (1_006, 1_010, 1_030), (1_040, 1_060, 1_090)];
        for (from_day, day, to_day) in days {
            let next = Next { day, from_day, to_day };
            let cycle = Cycle { gaps: 5, typical_days: 20.0, sd: 0.3, last_day: 980, next, quantity: 0 };
            count(&mut found, &cycle, 1_000);
        }
        let counted: Vec<_> = found.iter().map(|week| (week.purchases, week.range)).collect();
        let some = |purchases: u64, least: u64, most: u64| (purchases, Some([least, most]));
        assert_eq!(counted[..3], [some(2, 2, 3), some(1, 0, 1), some(0, 0, 1)]);
        assert_eq!(counted[4..], [some(0, 0, 1), some(0, 0, 1), some(0, 0, 1), some(0, 0, 1)]);
    }
}
