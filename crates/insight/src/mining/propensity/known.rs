//! What was known of customers on a day, as features: what they did, and who they are. What does not depend on the product is made once for all
//! products, a few bytes a customer; rows of features are made for some customers at a time.

use super::{FIELD, HISTORY, HORIZON_DAYS, RECENT_DAYS, key};
use crate::{
    mining::{
        lines::{Line, Sales},
        traits::{self, Trait, Traits},
    },
    settings::day_number,
};
use mining::{
    propensity::{Example, sample},
    recommend::{
        history::History,
        neighbours::{self, Neighbour},
    },
};
use std::collections::{BTreeMap, BTreeSet};

/// Neighbours of the product that count as related.
pub const RELATED: usize = 5;
/// Customers learned from and tested on; more would not make the answer surer by what they cost.
const SAMPLED: usize = 100_000;
/// How common the product is among those of his industry and region; the kind of customer is one of [`Traits`].
pub const SHARES: usize = 2;

/// The first features of [`HISTORY`]: those that are not about one product.
type Base = [f32; 5];

/// What is needed of the past for any product, made once.
pub struct Past<'s> {
    pub sales: &'s Sales,
    traits: &'s Traits,
    pub history: History,
    /// Of each account.
    pub lines: Vec<&'s [Line]>,
    /// Of each feature, what it is told as.
    pub keys: Vec<String>,
    /// The quarter learned from, the quarter tested on, and today.
    pub days: [Day; 3],
}

pub struct Day {
    pub day: i32,
    /// Of each account, `None` for who had not bought anything.
    base: Vec<Option<Base>>,
    /// Of each product asked about.
    near: BTreeMap<u32, Vec<Neighbour>>,
}

impl Day {
    fn new(day: i32, lines: &[&[Line]], history: &History, products: &[u32]) -> Day {
        let known = history.until(day);
        Day {
            day,
            base: lines.iter().map(|lines| base(lines, day)).collect(),
            near: products.iter().map(|product| (*product, neighbours::of_one(&known, *product))).collect(),
        }
    }
}

fn base(lines: &[Line], day: i32) -> Option<Base> {
    let known = || lines.iter().filter(|line| line.day <= day);
    let (first, last) = (known().next()?.day, known().next_back()?.day);
    let recent = || known().filter(|line| line.day > day - RECENT_DAYS);
    // Lines of an order stand together.
    let (mut orders, mut order) = (0, None);
    for line in recent() {
        if order != Some(line.order) {
            (orders, order) = (orders + 1, Some(line.order));
        }
    }
    let products: BTreeSet<u32> = known().filter_map(|line| line.product).collect();
    let sales: f64 = recent().map(|line| line.amount).sum();
    let numbers =
        [f64::from(day - last), f64::from(orders), sales, f64::from(day - first), products.len() as f64];
    Some(numbers.map(|number| number.max(0.0).ln_1p() as f32))
}

impl<'s> Past<'s> {
    pub fn of(sales: &'s Sales, traits: &'s Traits, products: &[u32]) -> Self {
        let (history, today) = (sales.history(), day_number(sales.until));
        let mut lines: Vec<&[Line]> = vec![&[]; sales.accounts.len()];
        for (account, own) in sales.by_account() {
            lines[account as usize] = own;
        }
        let days = [today - 2 * HORIZON_DAYS, today - HORIZON_DAYS, today]
            .map(|day| Day::new(day, &lines, &history, products));
        let shares = ["industry", traits.regions().map_or(traits::REGIONS[0], |region| &region.field)];
        let fields = shares.into_iter().chain(traits.fields());
        let keys = HISTORY
            .iter()
            .map(|name| (*name).to_owned())
            .chain(fields.map(|field| format!("{FIELD}{field}")));
        Past { sales, traits, history, lines, keys: keys.collect(), days }
    }

    /// Customers to learn from and to test on: of those who had bought by the later day.
    pub fn sample(&self) -> Vec<usize> {
        let known: Vec<usize> =
            (0..self.lines.len()).filter(|account| self.days[1].base[*account].is_some()).collect();
        let keys: Vec<u64> = known.iter().map(|account| key(self.sales.accounts[*account])).collect();
        sample(&keys, SAMPLED).into_iter().map(|at| known[at]).collect()
    }

    pub fn had_bought(&self, account: usize, product: u32, day: i32) -> bool {
        let own = self.history.of(account as u32);
        own.binary_search_by_key(&product, |one| one.product).is_ok_and(|at| own[at].day <= day)
    }
}

/// What was known on a day of who buys a product.
pub struct Known<'p> {
    pub past: &'p Past<'p>,
    pub at: &'p Day,
    pub product: u32,
    pub near: &'p [Neighbour],
    shares: [Shares<'p>; SHARES],
}

/// How many of each value of a field had bought it.
pub struct Shares<'p> {
    field: Option<&'p Trait>,
    of: Vec<(u32, u32)>,
    overall: f64,
}

impl Shares<'_> {
    /// The share of buyers of a part, drawn towards that of all: as if ten more of average taste were in it.
    fn of(&self, account: usize) -> f64 {
        let value = self.field.and_then(|field| field.value(account));
        let (bought, all) = value.and_then(|value| self.of.get(value)).copied().unwrap_or((0, 0));
        (f64::from(bought) + 10.0 * self.overall) / (f64::from(all) + 10.0)
    }
}

impl<'p> Known<'p> {
    pub fn on(past: &'p Past<'p>, at: &'p Day, product: u32) -> Self {
        let fields = [past.traits.find("industry"), past.traits.regions()];
        let mut shares = fields.map(|field| Shares {
            field,
            of: vec![(0, 0); field.map_or(0, Trait::values)],
            overall: 0.0,
        });
        let mut overall = (0_u32, 0_u32);
        for account in (0..past.lines.len()).filter(|account| at.base[*account].is_some()) {
            let bought = u32::from(past.had_bought(account, product, at.day));
            overall = (overall.0 + bought, overall.1 + 1);
            for shares in &mut shares {
                if let Some(value) = shares.field.and_then(|field| field.value(account)) {
                    let share = &mut shares.of[value];
                    *share = (share.0 + bought, share.1 + 1);
                }
            }
        }
        for shares in &mut shares {
            shares.overall = f64::from(overall.0) / f64::from(overall.1.max(1));
        }
        let near = at.near.get(&product).map(Vec::as_slice).unwrap_or_default();
        Known { past, at, product, near, shares }
    }

    /// In the order of [`Past::keys`]; `None` for who had not bought anything.
    pub fn features(&self, account: usize) -> Option<Vec<f64>> {
        let day = self.at.day;
        let mut row = Vec::with_capacity(self.past.keys.len());
        row.extend(self.at.base[account].as_ref()?.map(f64::from));
        let owned = |product: u32| self.past.had_bought(account, product, day);
        let near = || self.near.iter().enumerate().filter(|(_, near)| owned(near.product));
        row.push(f64::from(u8::from(owned(self.product))));
        row.push(near().map(|(_, near)| near.similarity).sum());
        row.push(near().filter(|(at, _)| *at < RELATED).count() as f64);
        row.extend(self.shares.iter().map(|shares| shares.of(account)));
        self.past.traits.push(&mut row, account, day);
        Some(row)
    }

    /// Those of `accounts` known by the day, and whether they bought the product within the horizon after it.
    pub fn examples(&self, accounts: &[usize]) -> Vec<Example> {
        let within = self.at.day + 1..=self.at.day + HORIZON_DAYS;
        let example = |account: &usize| {
            let lines = self.past.lines[*account].iter();
            let happened =
                lines.rev().any(|line| line.product == Some(self.product) && within.contains(&line.day));
            Some(Example {
                key: key(self.past.sales.accounts[*account]),
                features: self.features(*account)?,
                happened,
            })
        };
        accounts.iter().filter_map(example).collect()
    }
}
