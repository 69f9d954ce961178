//! Matrix factorisation by alternating least squares, which crate discorec does.

use super::history::History;
use discorec::RecommenderBuilder;
use std::collections::HashMap;

const FACTORS: u32 = 16;
const ITERATIONS: u32 = 12;
/// Confidence of a purchase is 1 + α (Hu, Koren & Volinsky 2008).
const ALPHA: f32 = 10.0;
const REGULARISATION: f32 = 0.1;
const SEED: u64 = 0x0061_6c73;

pub struct Factors {
    customers: HashMap<u32, Vec<f32>>,
    products: Vec<(u32, Vec<f32>)>,
}

impl Factors {
    pub fn of(history: &History) -> Self {
        // In the history's own order, so that the factors do not depend on the order of the input.
        let bought =
            history.purchases().iter().map(|purchase| (purchase.customer, purchase.product, 1.0_f32));
        let recommender = RecommenderBuilder::new()
            .factors(FACTORS)
            .iterations(ITERATIONS)
            .alpha(ALPHA)
            .regularization(REGULARISATION)
            .seed(SEED)
            .fit_implicit(bought);
        // What the library gives cannot be asked by two threads.
        let customers = recommender.user_ids().iter();
        let products = recommender.item_ids().iter();
        Factors {
            customers: customers
                .filter_map(|customer| Some((*customer, recommender.user_factors(customer)?.to_vec())))
                .collect(),
            products: products
                .filter_map(|product| Some((*product, recommender.item_factors(product)?.to_vec())))
                .collect(),
        }
    }

    /// Of every product that was learned; nothing for a customer who was not.
    pub fn scores(&self, customer: u32) -> Vec<(u32, f64)> {
        let Some(customer) = self.customers.get(&customer) else { return vec![] };
        let score = |(product, factors): &(u32, Vec<f32>)| {
            let score: f32 = customer.iter().zip(factors).map(|(a, b)| a * b).sum();
            score.is_finite().then_some((*product, f64::from(score)))
        };
        self.products.iter().filter_map(score).collect()
    }
}
