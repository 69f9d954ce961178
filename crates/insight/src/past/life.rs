//! Life-cycle stages at the ends of the last quarters, and the moves from each quarter to the next, of everybody and of groups: what a
//! customer in a stage is worth follows from them. Moves over any other period are asked for where they are shown ([`crate::moves`]).
//!
//! A stage of then follows from the purchases up to then by the rule in force; P(alive) in it is that of today's model.

use super::{Customer, SHORT};
use crate::settings::Settings;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use value::{
    estimate::Unfit,
    history::Summary,
    life_cycle::{Stage, Standing},
    markov::certainty::observed::{Observed, Step},
    model::Model,
};

/// Thirteen weeks.
pub const QUARTER_DAYS: i32 = 91;
/// Two years back.
const QUARTERS: usize = 8;
pub const STAGES: [Stage; 6] =
    [Stage::Prospect, Stage::Exploration, Stage::Formation, Stage::Stability, Stage::Decline, Stage::Lost];
const STATES: usize = STAGES.len();
/// Regions by number of customers; the others together are none.
const REGIONS: usize = 12;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Life {
    /// Quarter ends, the oldest first, days since 1970-01-01; the last is the day everything holds for.
    pub days: Vec<i32>,
    /// `""` is everybody; else `relation:business`, `importance:vip`, `region:…`, `first:large`.
    pub groups: BTreeMap<String, Moves>,
}

/// What the company keeps of what was bought, ten-thousandths; of all orders and returns, and as far as their cost is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    pub bought: i64,
    pub returned: i64,
    pub margin: i64,
    /// What the margin was earned on.
    pub costed: i64,
}

impl Kept {
    pub fn buy(&mut self, amount: i64, margin: Option<i64>) {
        self.bought = self.bought.saturating_add(amount.max(0));
        self.earn(amount, margin);
    }

    pub fn give_back(&mut self, amount: i64, lost: Option<i64>) {
        self.returned = self.returned.saturating_add(amount);
        self.earn(amount.saturating_neg(), lost.map(i64::saturating_neg));
    }

    fn earn(&mut self, sales: i64, margin: Option<i64>) {
        if let Some(margin) = margin {
            self.margin = self.margin.saturating_add(margin);
            self.costed = self.costed.saturating_add(sales);
        }
    }

    fn merge(&mut self, other: &Self) {
        self.bought = self.bought.saturating_add(other.bought);
        self.returned = self.returned.saturating_add(other.returned);
        self.margin = self.margin.saturating_add(other.margin);
        self.costed = self.costed.saturating_add(other.costed);
    }

    /// Share of what was bought that was not given back; of who gave back what he bought before orders were recorded, none.
    pub fn not_returned(&self) -> f64 {
        let stayed = self.bought.saturating_sub(self.returned).max(0);
        if self.bought > 0 { stayed as f64 / self.bought as f64 } else { 1.0 }
    }

    /// Share of net sales; `None` where no cost is known.
    pub fn margin_rate(&self) -> Option<f64> {
        (self.costed > 0).then(|| self.margin as f64 / self.costed as f64)
    }
}

/// The moves of a group.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Moves {
    /// Customers in each stage at each day.
    pub counts: Vec<[u64; STATES]>,
    pub kept: Kept,
    /// From each day to the next over all quarters, with what was bought between them.
    pub observed: Observed,
}

impl Moves {
    fn new(days: usize) -> Self {
        Moves { counts: vec![[0; STATES]; days], kept: Kept::default(), observed: Observed::new(STATES) }
    }

    fn add(&mut self, customer: &Customer, stages: &[usize], quarters: &[Step]) {
        self.kept.merge(&customer.kept);
        for (at, stage) in stages.iter().enumerate() {
            self.counts[at][*stage] += 1;
        }
        self.observed.add(customer.id.as_u128(), quarters);
    }
}

impl Life {
    /// # Errors
    /// [`Unfit::TooShort`] unless at least one quarter lies behind the first purchase.
    pub fn of(customers: &[Customer], day: i32, settings: &Settings, model: &Model) -> Result<Self, Unfit> {
        let first = customers.iter().filter_map(|c| c.purchases.first()).map(|p| p.day).min().ok_or(SHORT)?;
        let span = day.saturating_sub(first) / QUARTER_DAYS;
        let quarters = usize::try_from(span).unwrap_or(0).min(QUARTERS);
        if quarters == 0 {
            return Err(SHORT);
        }
        let days: Vec<i32> = (0..=quarters as i32).rev().map(|back| day - back * QUARTER_DAYS).collect();
        let regions = largest_regions(customers);
        let mut firsts: Vec<i64> =
            customers.iter().filter_map(|c| c.purchases.first()).map(|p| p.amount).collect();
        firsts.sort_unstable();
        let median = firsts[firsts.len() / 2];
        let mut groups: BTreeMap<String, Moves> = BTreeMap::new();
        for customer in customers {
            let (stages, quarters) = course(customer, &days, settings, model);
            for group in groups_of(customer, &regions, median) {
                let moves = groups.entry(group).or_insert_with(|| Moves::new(days.len()));
                moves.add(customer, &stages, &quarters);
            }
        }
        Ok(Life { days, groups })
    }
}

/// Stages at the days, and the quarters between them.
fn course(customer: &Customer, days: &[i32], settings: &Settings, model: &Model) -> (Vec<usize>, Vec<Step>) {
    let until = |day: i32| customer.purchases.partition_point(|p| p.day <= day);
    let stage = |day: &i32| {
        let standing = match Summary::of(&customer.purchases[..until(*day)]) {
            None => Standing::prospect(),
            Some(summary) => Standing::of(&summary, *day, model.p_alive(&summary.observe(*day))),
        };
        STAGES.iter().position(|stage| *stage == settings.stage_rule.stage(&standing)).unwrap_or(0)
    };
    let stages: Vec<usize> = days.iter().map(stage).collect();
    let quarter = |(days, stages): (&[i32], &[usize])| {
        let bought = &customer.purchases[until(days[0])..until(days[1])];
        let money = bought.iter().map(|p| p.amount).fold(0, i64::saturating_add);
        Step { from: stages[0], to: stages[1], money }
    };
    let quarters = days.windows(2).zip(stages.windows(2)).map(quarter).collect();
    (stages, quarters)
}

fn largest_regions(customers: &[Customer]) -> Vec<String> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for customer in customers.iter().filter(|c| !c.region.is_empty()) {
        *counts.entry(&customer.region).or_default() += 1;
    }
    let mut regions: Vec<(&str, u64)> = counts.into_iter().collect();
    regions.sort_by(|one, other| other.1.cmp(&one.1).then(one.0.cmp(other.0)));
    regions.into_iter().take(REGIONS).map(|(region, _)| region.to_owned()).collect()
}

fn groups_of(customer: &Customer, regions: &[String], median: i64) -> Vec<String> {
    let mut groups = vec![String::new()];
    for (kind, value) in [("relation", &customer.relation), ("importance", &customer.importance)] {
        if !value.is_empty() {
            groups.push(format!("{kind}:{value}"));
        }
    }
    if regions.iter().any(|region| **region == *customer.region) {
        groups.push(format!("region:{}", customer.region));
    }
    if customer.purchases.first().is_some_and(|p| p.amount > median) {
        groups.push("first:large".to_owned());
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use value::history::Purchase;

    fn customer(number: u128, days: &[i32], relation: &str) -> Customer {
        let purchases = days.iter().map(|day| Purchase { day: *day, amount: 10_000 }).collect();
        Customer {
            id: meta::Id::from_u128(number),
            purchases,
            returns: vec![],
            kept: Kept { bought: 10_000 * days.len() as i64, ..Kept::default() },
            now: None,
            profits: Default::default(),
            relation: relation.into(),
            importance: "ordinary".into(),
            region: "青岛".into(),
        }
    }

    #[test]
    fn moves_between_quarters_are_counted_by_group() {
        // One buys every month, one bought once long ago, one comes at the end.
        let regular: Vec<i32> = (0..=800).step_by(30).collect();
        let customers =
            [customer(1, &regular, "dealer"), customer(2, &[0], "consumer"), customer(3, &[790], "consumer")];
        let model = Model::fit(&[], 800);
        let found = Life::of(&customers, 800, &Settings::default(), &model).unwrap();
        assert_eq!(found.days, [72, 163, 254, 345, 436, 527, 618, 709, 800]);
        let everybody = &found.groups[""];
        let moves = everybody.observed.moves();
        assert_eq!(moves.total(), 24);
        // Exploration declines and is lost, a prospect explores.
        assert_eq!((moves.count(4, 5), moves.count(0, 1)), (1, 1));
        assert_eq!(everybody.counts[8], [0, 1, 0, 1, 0, 1]);
        let dealer = &found.groups["relation:dealer"];
        assert_eq!(dealer.kept.bought, 270_000);
        let dealers = dealer.observed.moves();
        // Known for 26 weeks only from the third quarter on.
        assert_eq!((dealers.total(), dealers.count(3, 3), dealers.count(2, 3)), (8, 6, 1));
        // Three purchases of 1.00 in each of his quarters: of one customer, it is no surer than its size.
        let purchases = dealer.observed.purchases(3);
        assert_eq!((purchases.mean, purchases.error), (3.0, 3.0));
        assert_eq!(found.groups["region:青岛"].observed.moves().total(), 24);
    }

    #[test]
    fn what_is_kept_by_hand() {
        let mut kept = Kept::default();
        kept.buy(100, Some(40));
        kept.buy(100, None);
        // A free sample.
        kept.buy(0, Some(-5));
        kept.give_back(20, Some(8));
        assert_eq!(kept, Kept { bought: 200, returned: 20, margin: 27, costed: 80 });
        assert_eq!((kept.not_returned(), kept.margin_rate()), (0.9, Some(0.3375)));
        assert_eq!((Kept::default().not_returned(), Kept::default().margin_rate()), (1.0, None));
        // More came back than was bought: a loss on it is not turned into a gain.
        kept.give_back(500, None);
        assert_eq!(kept.not_returned(), 0.0);
    }

    #[test]
    fn less_than_a_quarter_is_too_short() {
        let model = Model::fit(&[], 50);
        let refused = Life::of(&[customer(1, &[0, 20], "dealer")], 50, &Settings::default(), &model);
        assert_eq!(refused, Err(Unfit::TooShort));
    }

    #[test]
    fn the_order_of_customers_changes_nothing() {
        let customers = || -> Vec<Customer> {
            let one = |number: i32| {
                let days: Vec<i32> = (number * 9..=800).step_by(20 + 17 * (number as usize % 11)).collect();
                let mut one = customer(number as u128, &days, ["dealer", "consumer"][number as usize % 2]);
                one.region = format!("Region {}", number % 17).into();
                one.purchases.iter_mut().for_each(|purchase| purchase.amount += i64::from(number % 5));
                one
            };
            (0..60).map(one).collect()
        };
        let mut shuffled = customers();
        shuffled.reverse();
        shuffled.rotate_left(23);
        let model = Model::fit(&[], 800);
        let of = |customers: &[Customer]| Life::of(customers, 800, &Settings::default(), &model).unwrap();
        let found = of(&customers());
        assert!(found.groups.len() > 5, "{:?}", found.groups.keys());
        assert_eq!(of(&shuffled), found);
    }
}
