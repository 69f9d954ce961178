//! What a customer may buy next that he has not bought yet: three methods, of which the back-test chooses.
//!
//! * **popular** — what most customers bought; the floor every other method has to beat.
//! * **neighbours** — item-based nearest neighbours: products bought by the same customers as his (G. Linden, B. Smith, J. York
//!   2003, *Amazon.com recommendations*; shrinkage as in Koren & Bell 2011).
//! * **factors** — alternating least squares on implicit feedback (Y. Hu, Y. Koren, C. Volinsky 2008), by crate discorec.
//!
//! The test is one of time: methods learn from what was bought up to a day and are asked for what the same customers bought
//! for the first time after it ([`backtest`]).

pub mod backtest;
mod factors;
pub mod history;
pub mod neighbours;

use history::History;
use serde::{Deserialize, Serialize};

/// From the simplest to the most involved: of methods that are equally good the first is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    Popular,
    Neighbours,
    Factors,
}

impl Method {
    pub const ALL: [Method; 3] = [Method::Popular, Method::Neighbours, Method::Factors];

    pub fn name(self) -> &'static str {
        match self {
            Method::Popular => "popular",
            Method::Neighbours => "neighbours",
            Method::Factors => "factors",
        }
    }
}

/// A product for a customer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recommendation {
    pub product: u32,
    /// Comparable within one customer's recommendations only.
    pub score: f64,
    pub why: Why,
}

/// Why this product: the one of his own that it is bought with most, or nothing but being bought by many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// `both` of the `of` customers who bought `product` bought the recommended one, too; both counts without those of more than
    /// [`neighbours::MOST_PRODUCTS`].
    BoughtWith {
        product: u32,
        both: u32,
        of: u32,
    },
    Popular {
        customers: u32,
    },
}

/// A method that has learned a history.
pub struct Recommender {
    method: Method,
    popular: Vec<u32>,
    by_popularity: Vec<u32>,
    neighbours: neighbours::Neighbours,
    factors: Option<factors::Factors>,
}

impl Recommender {
    pub fn learn(history: &History, method: Method) -> Self {
        Recommender {
            method,
            popular: history.popularity(),
            by_popularity: history.by_popularity(),
            neighbours: neighbours::Neighbours::of(history),
            factors: (method == Method::Factors).then(|| factors::Factors::of(history)),
        }
    }

    pub fn method(&self) -> Method {
        self.method
    }

    /// What goes with each product, also behind the reasons.
    pub fn neighbours(&self) -> &neighbours::Neighbours {
        &self.neighbours
    }

    /// The best `count` products for a customer that he has not bought, the best first; of equal scores the more popular,
    /// then the smaller number. `owned` is what he bought, rising.
    pub fn recommend(&self, customer: u32, owned: &[u32], count: usize) -> Vec<Recommendation> {
        let is_new = |product: &u32| owned.binary_search(product).is_err();
        let scores = match (self.method, &self.factors) {
            (Method::Popular, _) => {
                let best = self.by_popularity.iter().copied().filter(is_new).take(count);
                best.map(|product| (product, f64::from(self.popular[product as usize]))).collect()
            }
            (Method::Factors, Some(factors)) => factors.scores(customer),
            _ => self.neighbours.scores(owned),
        };
        let mut scored: Vec<(f64, u32, u32)> = scores
            .into_iter()
            .filter(|(product, score)| *score > 0.0 && is_new(product))
            .map(|(product, score)| (score, self.popular[product as usize], product))
            .collect();
        let better = |a: &(f64, u32, u32), b: &(f64, u32, u32)| {
            b.0.total_cmp(&a.0).then(b.1.cmp(&a.1)).then(a.2.cmp(&b.2))
        };
        if scored.len() > count && count > 0 {
            scored.select_nth_unstable_by(count - 1, better);
        }
        scored.truncate(count);
        scored.sort_by(better);
        scored
            .into_iter()
            .map(|(score, _, product)| Recommendation { product, score, why: self.why(product, owned) })
            .collect()
    }

    fn why(&self, product: u32, owned: &[u32]) -> Why {
        let strongest = self.neighbours.strongest(product, owned);
        strongest.map_or(Why::Popular { customers: self.popular[product as usize] }, |with| Why::BoughtWith {
            product: with.product,
            both: with.both,
            of: self.neighbours.customers(with.product),
        })
    }
}
