//! What was known of customers on a day, as features: what they did, and who they are. What does not depend on the product is made once for all
//! products, a few bytes a customer; rows of features are made for some customers at a time.
//!
//! Of every day as much is known: what was bought within [`WINDOW_DAYS`] before it. What is learned of a day of which less is known does
//! not hold on one of which more is.
//!
//! Of one customer, looked at by day, the same is known by what was kept of everybody ([`Kept`]).

use super::{FIELD, HISTORY, HORIZON_DAYS, RECENT_DAYS, WINDOW_DAYS, key};
use crate::{
    mining::{
        lines::{self, Line, Sales},
        traits::{self, Coding, Trait, Traits},
    },
    settings::day_number,
};
use meta::Id;
use mining::{
    propensity::{Example, sample},
    recommend::{
        history::{History, Purchase},
        neighbours::{self, Neighbour},
    },
};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
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
}

pub struct Day {
    pub day: i32,
    /// Of each account, `None` for who had not bought anything within the window.
    base: Vec<Option<Base>>,
    /// Of each purchase of the history, whether the product was bought within the window.
    known: Vec<bool>,
    /// Of each product asked about.
    near: BTreeMap<u32, Vec<Neighbour>>,
}

impl Day {
    fn new(day: i32, lines: &[&[Line]], history: &History, products: &[u32]) -> Day {
        let known: Vec<bool> =
            history.purchases().par_iter().map(|first| is_known(lines, first, day)).collect();
        Day {
            day,
            base: lines.par_iter().map(|lines| base(lines, day)).collect(),
            near: neighbours::of_some(history, &known, products),
            known,
        }
    }
}

/// Whether a product whose first purchase is given was bought within the window: by that one, or again.
fn is_known(lines: &[&[Line]], first: &Purchase, day: i32) -> bool {
    let again = || {
        let known = lines::within(lines[first.customer as usize], day - WINDOW_DAYS, day);
        known.iter().any(|line| line.product() == Some(first.product))
    };
    first.day <= day && (first.day > day - WINDOW_DAYS || again())
}

fn base(lines: &[Line], day: i32) -> Option<Base> {
    let known = lines::within(lines, day - WINDOW_DAYS, day);
    let (first, last) = (known.first()?.day, known.last()?.day);
    let recent = lines::within(known, day - RECENT_DAYS, day);
    let sales: f64 = recent.iter().map(|line| line.amount).sum();
    let (orders, products) = (lines::orders(recent) as f64, lines::products(known) as f64);
    let numbers = [f64::from(day - last), orders, sales, f64::from(day - first), products];
    Some(numbers.map(|number| number.max(0.0).ln_1p() as f32))
}

impl<'s> Past<'s> {
    pub fn of(sales: &'s Sales, traits: &'s Traits) -> Self {
        let mut lines: Vec<&[Line]> = vec![&[]; sales.accounts.len()];
        for (account, own) in sales.by_account() {
            lines[account as usize] = own;
        }
        let shares = ["industry", traits.regions().map_or(traits::REGIONS[0], |region| &region.field)];
        let fields = shares.into_iter().chain(traits.fields());
        let keys = HISTORY
            .iter()
            .map(|name| (*name).to_owned())
            .chain(fields.map(|field| format!("{FIELD}{field}")));
        Past { sales, traits, lines, keys: keys.collect() }
    }

    pub fn coding(&self) -> Coding {
        self.traits.coding()
    }

    /// The quarter learned from, the quarter tested on, and today, of these products.
    pub fn days(&self, products: &[u32]) -> [Day; 3] {
        let today = day_number(self.sales.until);
        [today - 2 * HORIZON_DAYS, today - HORIZON_DAYS, today]
            .map(|day| Day::new(day, &self.lines, &self.sales.history, products))
    }

    /// Today, by what goes with one product as it was found of everybody. One after the other: of one customer it is little, and
    /// the threads of all cores may be at work for a night.
    pub fn today(&self, product: u32, near: Vec<Neighbour>) -> Day {
        let (day, first) = (day_number(self.sales.until), self.sales.history.purchases());
        Day {
            day,
            base: self.lines.iter().map(|lines| base(lines, day)).collect(),
            known: first.iter().map(|first| is_known(&self.lines, first, day)).collect(),
            near: BTreeMap::from([(product, near)]),
        }
    }

    /// Customers to learn from and to test on: of those who had bought by the later day.
    pub fn sample(&self, later: &Day) -> Vec<usize> {
        let known: Vec<usize> =
            (0..self.lines.len()).filter(|account| later.base[*account].is_some()).collect();
        let keys: Vec<u64> = known.iter().map(|account| key(self.sales.accounts[*account])).collect();
        sample(&keys, SAMPLED).into_iter().map(|at| known[at]).collect()
    }

    pub fn had_bought(&self, account: usize, product: u32, on: &Day) -> bool {
        let own = self.sales.history.places(account as u32);
        let purchases = &self.sales.history.purchases()[own.clone()];
        let place = purchases.binary_search_by_key(&product, |one| one.product);
        place.is_ok_and(|at| on.known[own.start + at])
    }
}

/// What was known on a day of who buys a product.
pub struct Known<'p> {
    pub past: &'p Past<'p>,
    pub at: &'p Day,
    pub product: u32,
    /// Customers known by the day, and those of them who had bought it.
    pub customers: u32,
    pub buyers: u32,
    pub near: &'p [Neighbour],
    /// Of each product its place in `near`.
    places: Vec<Option<usize>>,
    shares: [Shares<'p>; SHARES],
}

/// How many of each value of a field had bought it, and how many there were.
pub struct Shares<'p> {
    field: Option<&'p Trait>,
    of: Vec<(u32, u32)>,
    overall: f64,
}

/// What is known of everybody on a day and goes into one customer's features. Values of fields are kept by their marks: there are some
/// that one customer alone has, of whom nothing may be left where he is erased.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    customers: u32,
    buyers: u32,
    /// What goes with it and how much, as bits.
    near: Vec<(Id, u64)>,
    shares: [Vec<(u64, u32, u32)>; SHARES],
}

impl Kept {
    pub fn near(&self) -> impl Iterator<Item = Id> {
        self.near.iter().map(|(product, _)| *product)
    }

    /// As `sales` number them, who know all of them.
    pub fn neighbours(&self, sales: &Sales) -> Vec<Neighbour> {
        let one = |(product, similarity): &(Id, u64)| {
            let product = sales.products.binary_search(product).ok()? as u32;
            Some(Neighbour { product, similarity: f64::from_bits(*similarity), both: 0 })
        };
        self.near.iter().filter_map(one).collect()
    }
}

/// The same for the same text in every version of the program (Fowler, Noll and Vo's hash).
fn mark(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |mark, byte| (mark ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

impl Shares<'_> {
    /// The share of buyers of a part, drawn towards that of all: as if ten more of average taste were in it.
    fn of(&self, account: usize) -> f64 {
        let value = self.field.and_then(|field| field.value(account));
        let (bought, all) = value.and_then(|value| self.of.get(value)).copied().unwrap_or((0, 0));
        (f64::from(bought) + 10.0 * self.overall) / (f64::from(all) + 10.0)
    }
}

fn overall(buyers: u32, customers: u32) -> f64 {
    f64::from(buyers) / f64::from(Ord::max(customers, 1))
}

impl<'p> Known<'p> {
    pub fn on(past: &'p Past<'p>, at: &'p Day, product: u32) -> Self {
        let mut shares = Self::fields(past).map(|field| Shares {
            field,
            of: vec![(0, 0); field.map_or(0, |field| field.values().len())],
            overall: 0.0,
        });
        let (mut buyers, mut customers) = (0, 0);
        for account in (0..past.lines.len()).filter(|account| at.base[*account].is_some()) {
            let bought = u32::from(past.had_bought(account, product, at));
            (buyers, customers) = (buyers + bought, customers + 1);
            for shares in &mut shares {
                if let Some(value) = shares.field.and_then(|field| field.value(account)) {
                    let share = &mut shares.of[value];
                    *share = (share.0 + bought, share.1 + 1);
                }
            }
        }
        for shares in &mut shares {
            shares.overall = overall(buyers, customers);
        }
        Self::new(past, at, product, (customers, buyers), shares)
    }

    /// Of those in `past`, by what was kept of everybody.
    pub fn by(past: &'p Past<'p>, at: &'p Day, product: u32, kept: &Kept) -> Self {
        let mut of = kept.shares.iter();
        let shares = Self::fields(past).map(|field| {
            let known = of.next().map(Vec::as_slice).unwrap_or_default();
            let share = |value: &String| {
                let found = known.iter().find(|(value_mark, ..)| *value_mark == mark(value));
                found.map_or((0, 0), |(_, bought, all)| (*bought, *all))
            };
            let values = field.map(Trait::values).unwrap_or_default();
            let overall = overall(kept.buyers, kept.customers);
            Shares { field, of: values.iter().map(share).collect(), overall }
        });
        Self::new(past, at, product, (kept.customers, kept.buyers), shares)
    }

    fn fields(past: &'p Past<'p>) -> [Option<&'p Trait>; SHARES] {
        [past.traits.find("industry"), past.traits.regions()]
    }

    fn new(
        past: &'p Past<'p>,
        at: &'p Day,
        product: u32,
        (customers, buyers): (u32, u32),
        shares: [Shares<'p>; SHARES],
    ) -> Self {
        let near = at.near.get(&product).map(Vec::as_slice).unwrap_or_default();
        let mut places = vec![None; past.sales.products.len()];
        near.iter().enumerate().for_each(|(place, near)| places[near.product as usize] = Some(place));
        Known { past, at, product, customers, buyers, near, places, shares }
    }

    /// What it takes to know the same of one customer.
    pub fn keep(&self) -> Kept {
        let product = |near: &Neighbour| self.past.sales.products[near.product as usize];
        let shares = self.shares.each_ref().map(|shares| {
            let values = shares.field.map(Trait::values).unwrap_or_default();
            let counted = values.iter().zip(&shares.of).filter(|(_, (_, all))| *all > 0);
            counted.map(|(value, (bought, all))| (mark(value), *bought, *all)).collect()
        });
        Kept {
            customers: self.customers,
            buyers: self.buyers,
            near: self.near.iter().map(|near| (product(near), near.similarity.to_bits())).collect(),
            shares,
        }
    }

    /// What he did, in the order of [`HISTORY`]; `None` for who had not bought anything within the window.
    pub fn history(&self, account: usize) -> Option<Vec<f64>> {
        let mut row = Vec::with_capacity(self.past.keys.len());
        row.extend(self.at.base[account].as_ref()?.map(f64::from));
        let (mut before, mut affinity, mut related) = (0.0, 0.0, 0.0);
        let history = &self.past.sales.history;
        let own = history.places(account as u32);
        let known = history.purchases()[own.clone()].iter().zip(&self.at.known[own]);
        for (first, _) in known.filter(|(_, known)| **known) {
            let place = self.places[first.product as usize];
            if first.product != self.product && place.is_none() {
                continue;
            }
            match place {
                Some(place) => {
                    affinity += self.near[place].similarity;
                    related += if place < RELATED { 1.0 } else { 0.0 };
                }
                None => before = 1.0,
            }
        }
        row.extend([before, affinity, related]);
        Some(row)
    }

    /// What he did and who he is, in the order of [`Past::keys`]; `None` as there.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_who_buys_as_ever_the_same_is_known_on_every_day() {
        const STEADY: usize = 60;
        // And one whose order is known on the first day only.
        let sales = lines::made::steady(STEADY as u32, &[WINDOW_DAYS + 100]);
        let traits = Traits::default();
        let past = Past::of(&sales, &traits);
        let days = past.days(&[0, 1]);
        for product in [0, 1] {
            let [first, ..] = &days;
            let then = Known::on(&past, first, product);
            for later in &days[1..] {
                let now = Known::on(&past, later, product);
                for account in 0..STEADY {
                    assert!(then.history(account).is_some());
                    assert_eq!(then.history(account), now.history(account), "{product} {account}");
                }
                assert_eq!((then.history(STEADY).is_some(), now.history(STEADY)), (true, None));
                assert_eq!((now.customers, now.buyers), (then.customers - 1, then.buyers));
            }
        }
    }

    #[test]
    fn of_one_customer_looked_at_alone_the_same_is_known_as_among_all() {
        const STEADY: usize = 60;
        let (sales, traits) = (lines::made::steady(STEADY as u32, &[]), Traits::default());
        let past = Past::of(&sales, &traits);
        let [.., today] = past.days(&[0, 1]);
        for product in [0, 1] {
            let among_all = Known::on(&past, &today, product);
            let kept = serde_json::to_string(&among_all.keep()).expect("plain data");
            let kept: Kept = serde_json::from_str(&kept).expect("plain data");
            assert!(kept == among_all.keep() && kept.near().count() > 1, "{kept:?}");
            for account in 0..STEADY {
                let own = |line: &Line| {
                    Line::new(Some(0), line.product(), line.order, line.day, line.quantity, line.amount)
                };
                let lines: Vec<Line> = past.lines[account].iter().map(own).collect();
                let bought =
                    |line: &Line| Some(Purchase { customer: 0, product: line.product()?, day: line.day });
                let alone = Sales {
                    accounts: vec![sales.accounts[account]],
                    products: sales.products.clone(),
                    history: History::new(lines.iter().filter_map(bought)),
                    lines,
                    until: sales.until,
                };
                let of_one = Past::of(&alone, &traits);
                let day = of_one.today(product, kept.neighbours(&alone));
                let known = Known::by(&of_one, &day, product, &kept);
                assert!(known.features(0).is_some());
                assert_eq!(known.features(0), among_all.features(account), "{product} {account}");
            }
        }
    }
}
