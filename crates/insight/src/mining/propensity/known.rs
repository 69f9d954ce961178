//! What was known of customers on a day, as features: what they did, and who they are. What does not depend on the product is made once for all
//! products, a few bytes a customer; rows of features are made for some customers at a time.

use super::{FIELD, HISTORY, HORIZON_DAYS, RECENT_DAYS, key};
use crate::{
    mining::{
        lines::{self, Line, Sales},
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
use std::collections::BTreeMap;

/// Neighbours of the product that count as related.
pub const RELATED: usize = 5;
/// Customers learned from and tested on; more would not make the answer surer by what they cost.
const SAMPLED: usize = 50_000;
/// How common the product is among those of his industry and region; the kind of customer is one of [`Traits`].
pub const SHARES: usize = 2;

/// The first features of [`HISTORY`]: those that are not about one product.
type Base = [f32; 5];

/// What is needed of the past for any product, made once.
pub struct Past<'s> {
    pub sales: &'s Sales,
    traits: &'s Traits,
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
        Day {
            day,
            base: lines.iter().map(|lines| base(lines, day)).collect(),
            near: neighbours::of_some(history, day, products),
        }
    }
}

fn base(lines: &[Line], day: i32) -> Option<Base> {
    let known = lines::until(lines, day);
    let (first, last) = (known.first()?.day, known.last()?.day);
    let recent = &known[lines::until(known, day - RECENT_DAYS).len()..];
    let sales: f64 = recent.iter().map(|line| line.amount).sum();
    let (orders, products) = (lines::orders(recent) as f64, lines::products(known) as f64);
    let numbers = [f64::from(day - last), orders, sales, f64::from(day - first), products];
    Some(numbers.map(|number| number.max(0.0).ln_1p() as f32))
}

impl<'s> Past<'s> {
    pub fn of(sales: &'s Sales, traits: &'s Traits, products: &[u32]) -> Self {
        let today = day_number(sales.until);
        let mut lines: Vec<&[Line]> = vec![&[]; sales.accounts.len()];
        for (account, own) in sales.by_account() {
            lines[account as usize] = own;
        }
        let days = [today - 2 * HORIZON_DAYS, today - HORIZON_DAYS, today]
            .map(|day| Day::new(day, &lines, &sales.history, products));
        let shares = ["industry", traits.regions().map_or(traits::REGIONS[0], |region| &region.field)];
        let fields = shares.into_iter().chain(traits.fields());
        let keys = HISTORY
            .iter()
            .map(|name| (*name).to_owned())
            .chain(fields.map(|field| format!("{FIELD}{field}")));
        Past { sales, traits, lines, keys: keys.collect(), days }
    }

    /// Customers to learn from and to test on: of those who had bought by the later day.
    pub fn sample(&self) -> Vec<usize> {
        let known: Vec<usize> =
            (0..self.lines.len()).filter(|account| self.days[1].base[*account].is_some()).collect();
        let keys: Vec<u64> = known.iter().map(|account| key(self.sales.accounts[*account])).collect();
        sample(&keys, SAMPLED).into_iter().map(|at| known[at]).collect()
    }

    pub fn had_bought(&self, account: usize, product: u32, day: i32) -> bool {
        let own = self.sales.history.of(account as u32);
        own.binary_search_by_key(&product, |one| one.product).is_ok_and(|at| own[at].day <= day)
    }
}

/// What was known on a day of who buys a product.
pub struct Known<'p> {
    pub past: &'p Past<'p>,
    pub at: &'p Day,
    pub product: u32,
    pub near: &'p [Neighbour],
    /// Of each product its place in `near`.
    places: Vec<Option<usize>>,
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
        let mut places = vec![None; past.sales.history.products()];
        near.iter().enumerate().for_each(|(place, near)| places[near.product as usize] = Some(place));
        Known { past, at, product, near, places, shares }
    }

    /// What he did, in the order of [`HISTORY`]; `None` for who had not bought anything.
    pub fn history(&self, account: usize) -> Option<Vec<f64>> {
        let mut row = Vec::with_capacity(self.past.keys.len());
        row.extend(self.at.base[account].as_ref()?.map(f64::from));
        let (mut before, mut affinity, mut related) = (0.0, 0.0, 0.0);
        let purchases = self.past.sales.history.of(account as u32).iter();
        for purchase in purchases.filter(|purchase| purchase.day <= self.at.day) {
            if purchase.product == self.product {
                before = 1.0;
            } else if let Some(place) = self.places[purchase.product as usize] {
                affinity += self.near[place].similarity;
                related += if place < RELATED { 1.0 } else { 0.0 };
            }
        }
        row.extend([before, affinity, related]);
        Some(row)
    }

    /// What he did and who he is, in the order of [`Past::keys`]; `None` for who had not bought anything.
    pub fn features(&self, account: usize) -> Option<Vec<f64>> {
        let mut row = self.history(account)?;
        row.extend(self.shares.iter().map(|shares| shares.of(account)));
        self.past.traits.push(&mut row, account, self.at.day);
        Some(row)
    }

    /// Those of `accounts` known by the day, and whether they bought the product within the horizon after it.
    pub fn examples(&self, accounts: &[usize]) -> impl Iterator<Item = Example> {
        let within = self.at.day + 1..=self.at.day + HORIZON_DAYS;
        accounts.iter().filter_map(move |account| {
            let lines = self.past.lines[*account].iter();
            let happened =
                lines.rev().any(|line| line.product() == Some(self.product) && within.contains(&line.day));
            Some(Example {
                key: key(self.past.sales.accounts[*account]),
                features: self.features(*account)?,
                happened,
            })
        })
    }
}
