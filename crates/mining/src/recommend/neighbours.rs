//! Products bought by the same customers.
//!
//! With c(i) customers of product i and c(i,j) of both: s(i,j) = c(i,j) / √(c(i)·c(j)) · c(i,j) / (c(i,j) + [`SHRINK`]), the cosine
//! of their sets of customers, drawn towards zero where few bought both. A customer's score for j is the sum of s(i,j) over what
//! he bought, among j's [`NEAREST`] neighbours. Who bought more than [`MOST_PRODUCTS`] is in neither c(i) nor c(i,j), so that one is
//! always a part of the other.

use super::history::{History, Purchase};
use rayon::prelude::*;
use std::collections::BTreeMap;

pub const NEAREST: usize = 60;
const SHRINK: f64 = 5.0;
/// A customer with more products (a wholesaler, a test account) says of none that it goes with another; his are left out of the
/// counting of pairs, whose work grows with the square.
pub const MOST_PRODUCTS: usize = 1_000;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbour {
    pub product: u32,
    pub similarity: f64,
    /// Customers who bought both.
    pub both: u32,
}

/// For each product the most similar others, the nearest first.
pub struct Neighbours {
    nearest: Vec<Vec<Neighbour>>,
    /// Of each product, without those who are left out.
    customers: Vec<u32>,
    left_out: u32,
}

/// What pairs are counted on.
struct Pairs<'h> {
    history: &'h History,
    /// Of each purchase, whether it counts.
    counts: &'h [bool],
    /// Customers of each product, and who is left out of all of them.
    popularity: Vec<u32>,
    left_out: u32,
    /// Of the products whose neighbours are wanted.
    customers_of: Vec<Vec<u32>>,
}

impl<'h> Pairs<'h> {
    fn of(history: &'h History, counts: &'h [bool], wanted: impl Fn(u32) -> bool) -> Self {
        let popularity = vec![0; history.products()];
        let mut pairs = Pairs { history, counts, popularity, left_out: 0, customers_of: vec![] };
        for customer in 0..history.customers() {
            pairs.left_out += u32::from(pairs.bought_too_much(customer));
            for purchase in pairs.counted(customer) {
                pairs.popularity[purchase.product as usize] += 1;
            }
        }
        let room = |(product, customers): (u32, &u32)| {
            if wanted(product) { Vec::with_capacity(*customers as usize) } else { vec![] }
        };
        pairs.customers_of = (0..).zip(&pairs.popularity).map(room).collect();
        for customer in 0..history.customers() {
            for purchase in pairs.counted(customer).filter(|purchase| wanted(purchase.product)) {
                pairs.customers_of[purchase.product as usize].push(customer);
            }
        }
        pairs
    }

    fn bought_too_much(&self, customer: u32) -> bool {
        let own = self.history.places(customer);
        own.len() > MOST_PRODUCTS && self.counts[own].iter().filter(|counts| **counts).count() > MOST_PRODUCTS
    }

    fn counted(&self, customer: u32) -> impl Iterator<Item = &'h Purchase> + use<'h> {
        let own = if self.bought_too_much(customer) { 0..0 } else { self.history.places(customer) };
        let purchases = self.history.purchases()[own.clone()].iter().zip(&self.counts[own]);
        purchases.filter(|(_, counts)| **counts).map(|(purchase, _)| purchase)
    }

    /// `both` is zero for every product, before and after.
    fn nearest(&self, product: usize, both: &mut [u32]) -> Vec<Neighbour> {
        let mut touched = vec![];
        for customer in &self.customers_of[product] {
            for Purchase { product: other, .. } in self.counted(*customer) {
                if both[*other as usize] == 0 {
                    touched.push(*other);
                }
                both[*other as usize] += 1;
            }
        }
        let mut found: Vec<Neighbour> = vec![];
        for other in touched {
            let count = std::mem::take(&mut both[other as usize]);
            if other as usize != product {
                let together = f64::from(count);
                let customers = |product: usize| f64::from(self.popularity[product]);
                let of_both = (customers(product) * customers(other as usize)).sqrt();
                let similarity = together / of_both * (together / (together + SHRINK));
                found.push(Neighbour { product: other, similarity, both: count });
            }
        }
        let nearer = |a: &Neighbour, b: &Neighbour| {
            b.similarity.total_cmp(&a.similarity).then(a.product.cmp(&b.product))
        };
        // Of thousands of products only the nearest need an order.
        if found.len() > NEAREST {
            found.select_nth_unstable_by(NEAREST - 1, nearer);
            found.truncate(NEAREST);
        }
        found.sort_by(nearer);
        found
    }
}

/// The products nearest to each of some, without counting those of all others; `counts` says of each of the history's purchases
/// whether it counts.
pub fn of_some(history: &History, counts: &[bool], products: &[u32]) -> BTreeMap<u32, Vec<Neighbour>> {
    let pairs = Pairs::of(history, counts, |product| products.contains(&product));
    let known = products.par_iter().filter(|product| (**product as usize) < history.products());
    let nearest = |both: &mut Vec<u32>, product: &u32| (*product, pairs.nearest(*product as usize, both));
    known.map_init(|| vec![0; history.products()], nearest).collect()
}

impl Neighbours {
    pub fn of(history: &History) -> Self {
        let all = vec![true; history.purchases().len()];
        let (pairs, products) = (Pairs::of(history, &all, |_| true), history.products());
        let nearest = |both: &mut Vec<u32>, product| pairs.nearest(product, both);
        let nearest = (0..products).into_par_iter().map_init(|| vec![0; products], nearest).collect();
        let Pairs { popularity, left_out, .. } = pairs;
        Neighbours { nearest, customers: popularity, left_out }
    }

    pub fn of_product(&self, product: u32) -> &[Neighbour] {
        self.nearest.get(product as usize).map_or(&[], Vec::as_slice)
    }

    /// Who bought a product, of those among whom [`Neighbour::both`] is counted.
    pub fn customers(&self, product: u32) -> u32 {
        self.customers.get(product as usize).copied().unwrap_or(0)
    }

    /// Customers of more than [`MOST_PRODUCTS`] products.
    pub fn left_out(&self) -> u32 {
        self.left_out
    }

    /// Products near what a customer bought, with their scores.
    pub fn scores(&self, owned: &[u32]) -> Vec<(u32, f64)> {
        let mut score = vec![0.0; self.nearest.len()];
        for product in owned {
            for near in self.of_product(*product) {
                score[near.product as usize] += near.similarity;
            }
        }
        (0..).zip(score).filter(|(_, score)| *score > 0.0).collect()
    }

    /// Of what a customer bought, the nearest to `product`; `None` if nothing of it is.
    pub fn strongest(&self, product: u32, owned: &[u32]) -> Option<Neighbour> {
        let near = self.of_product(product);
        near.iter().find(|near| owned.binary_search(&near.product).is_ok()).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::super::history::Purchase;
    use super::*;

    #[test]
    fn similarity_of_a_known_case() {
        // Product 0 by customers 0..4, product 1 by 0..3, product 2 by 5.
        let bought = [(0, 0), (1, 0), (2, 0), (3, 0), (0, 1), (1, 1), (2, 1), (5, 2)];
        let history = History::new(bought.map(|(customer, product)| Purchase { customer, product, day: 1 }));
        let found = Neighbours::of(&history);
        let expected = 3.0 / 12.0_f64.sqrt() * 3.0 / 8.0;
        assert_eq!(found.of_product(0).len(), 1);
        let near = found.of_product(0)[0];
        assert_eq!((near.product, near.both), (1, 3));
        assert!((near.similarity - expected).abs() < 1e-12);
        assert!(found.of_product(2).is_empty() && found.of_product(77).is_empty());
        assert_eq!(found.strongest(1, &[0]).map(|near| near.product), Some(0));
        assert_eq!(found.scores(&[2]), []);
        let some = of_some(&history, &[true; 8], &[0, 77]);
        assert_eq!(some, BTreeMap::from([(0, found.of_product(0).to_vec())]));
        assert_eq!(of_some(&history, &[false; 8], &[0]), BTreeMap::from([(0, vec![])]));
        assert_eq!(
            ([0, 1, 2, 77].map(|product| found.customers(product)), found.left_out()),
            ([4, 3, 1, 0], 0)
        );
    }

    #[test]
    fn who_bought_too_much_is_in_no_count() {
        // Products 0 and 1 by customers 0..4, 0 by 4, too; customer 5 bought everything there is.
        let plain = [(0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (0, 1), (1, 1), (2, 1), (3, 1)];
        let of = |everything: u32| {
            let all = (0..everything).map(|product| (5, product));
            let bought = plain.into_iter().chain(all);
            History::new(bought.map(|(customer, product)| Purchase { customer, product, day: 1 }))
        };
        let most = MOST_PRODUCTS as u32;
        let (without, with) = (Neighbours::of(&of(0)), Neighbours::of(&of(most + 1)));
        assert_eq!(with.of_product(0), without.of_product(0));
        assert_eq!((with.of_product(0)[0].both, with.customers(0), with.customers(1)), (4, 5, 4));
        assert_eq!((with.left_out(), with.customers(most)), (1, 0));
        assert!(with.of_product(most).is_empty());
        let all = of(most + 1);
        let some = of_some(&all, &vec![true; all.purchases().len()], &[0]);
        assert_eq!(some[&0], without.of_product(0));
        // One product less, and he counts like anybody.
        let fewer = Neighbours::of(&of(most));
        assert_eq!((fewer.left_out(), fewer.customers(0), fewer.customers(1)), (0, 6, 5));
        assert_eq!((fewer.of_product(0)[0].product, fewer.of_product(0)[0].both), (1, 5));
    }
}
