//! Who bought what first when: the one input of all methods.

use crate::grouping::evenly;
use std::{cmp::Reverse, ops::Range};

/// A purchase; customers and products are numbered from 0 by the caller, days by any calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Purchase {
    pub customer: u32,
    pub product: u32,
    pub day: i32,
}

/// The first purchase of each product by each customer, in order of customer and product.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    first: Vec<Purchase>,
    /// Where each customer's begin in `first`, and one more.
    begins: Vec<usize>,
    products: usize,
}

impl History {
    pub fn new(purchases: impl IntoIterator<Item = Purchase>) -> Self {
        let purchases = purchases.into_iter();
        // Of millions, doubling would take twice the memory.
        let mut first = Vec::with_capacity(purchases.size_hint().1.unwrap_or_default());
        first.extend(purchases);
        first.sort_unstable();
        // In order of the day within customer and product: the first stays.
        first.dedup_by_key(|purchase| (purchase.customer, purchase.product));
        let products = first.iter().map(|purchase| purchase.product as usize + 1).max().unwrap_or(0);
        Self::indexed(first, products)
    }

    fn indexed(first: Vec<Purchase>, products: usize) -> Self {
        let customers = first.last().map_or(0, |purchase| purchase.customer as usize + 1);
        let mut begins = vec![0; customers + 1];
        for purchase in &first {
            begins[purchase.customer as usize + 1] += 1;
        }
        for at in 1..begins.len() {
            begins[at] += begins[at - 1];
        }
        History { first, begins, products }
    }

    /// What was known at the end of `day`; products keep their numbers.
    pub fn until(&self, day: i32) -> Self {
        let mut known = self.first.clone();
        known.retain(|purchase| purchase.day <= day);
        Self::indexed(known, self.products)
    }

    /// At most `most` of the customers, evenly spread and numbered anew; products keep their numbers.
    pub fn spread(&self, most: usize) -> Self {
        let all: Vec<usize> = (0..self.customers() as usize).collect();
        let renumbered = |(customer, place): (u32, usize)| {
            self.of(place as u32).iter().map(move |purchase| Purchase { customer, ..*purchase })
        };
        Self::indexed((0..).zip(evenly(&all, most)).flat_map(renumbered).collect(), self.products)
    }

    pub fn customers(&self) -> u32 {
        (self.begins.len().max(1) - 1) as u32
    }

    pub fn products(&self) -> usize {
        self.products
    }

    pub fn purchases(&self) -> &[Purchase] {
        &self.first
    }

    /// The first purchases of a customer, by product; none for one who is not known.
    pub fn of(&self, customer: u32) -> &[Purchase] {
        &self.first[self.places(customer)]
    }

    /// Where they stand among [`Self::purchases`].
    pub fn places(&self, customer: u32) -> Range<usize> {
        let at = customer as usize;
        match (self.begins.get(at), self.begins.get(at + 1)) {
            (Some(from), Some(to)) => *from..*to,
            _ => 0..0,
        }
    }

    /// What a customer bought, rising.
    pub fn owned(&self, customer: u32) -> Vec<u32> {
        self.of(customer).iter().map(|purchase| purchase.product).collect()
    }

    /// Customers of each product.
    pub fn popularity(&self) -> Vec<u32> {
        let mut customers = vec![0; self.products];
        for purchase in &self.first {
            customers[purchase.product as usize] += 1;
        }
        customers
    }

    /// What anybody bought, the product most customers bought first; of equals the smaller number.
    pub fn by_popularity(&self) -> Vec<u32> {
        let popularity = self.popularity();
        let customers = |product: &u32| popularity[*product as usize];
        let mut bought: Vec<u32> =
            (0..popularity.len() as u32).filter(|product| customers(product) > 0).collect();
        bought.sort_by_key(|product| (Reverse(customers(product)), *product));
        bought
    }
}
