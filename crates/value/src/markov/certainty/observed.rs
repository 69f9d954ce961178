//! What customers did over several periods, kept so that customers count as independent and their periods do not.
//!
//! What one customer does in a quarter and in the next hangs together: one buys much in all of them, another little; one stays, another
//! comes and goes. Eight quarters of a customer tell less than one quarter of each of eight customers. So sums are kept over customers, each
//! wholly in one of [`BLOCKS`] blocks by chance, and what is uncertain is told from the spread between blocks (“random groups”: K. M. Wolter
//! 2007, *Introduction to Variance Estimation*, ch. 2). Few customers are nearly each a block of his own; of a million, one pass over
//! all of them leaves a hundred sums, whose spread tells a standard error to 1/√(2·99), 7 %. What moved all customers at once in a
//! quarter is in none of it.

use super::super::Transitions;
use crate::{money, rhythm::Z_80};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub const BLOCKS: u64 = 100;

/// One period of a customer: the states at its beginning and its end, and what he bought in it, ten-thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    pub from: usize,
    pub to: usize,
    pub money: i64,
}

/// Sums over some customers; vectors by the state at the beginning of a period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Block {
    moves: Transitions,
    /// Customers with a period that began in the state.
    customers: Vec<u64>,
    /// What was bought in these periods, ten-thousandths.
    money: Vec<i64>,
}

/// All that was observed: in whatever order customers come, it is the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    states: usize,
    blocks: BTreeMap<u64, Block>,
}

/// The mean money of a period that began in a state, currency units, and its standard error.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Mean {
    pub mean: f64,
    pub error: f64,
}

impl Mean {
    /// 80 %.
    pub fn interval(&self) -> [f64; 2] {
        [self.mean - Z_80 * self.error, self.mean + Z_80 * self.error]
    }
}

/// A mean, and what each block adds to it where its weight is more by one; the squares add up to the variance.
pub(super) struct Parts {
    pub mean: f64,
    pub parts: Vec<f64>,
}

impl Parts {
    /// The mean by such weights of the blocks.
    pub fn weighted(&self, weights: &[f64]) -> f64 {
        self.mean + self.parts.iter().zip(weights).map(|(part, weight)| (weight - 1.0) * part).sum::<f64>()
    }
}

impl Observed {
    pub fn new(states: usize) -> Self {
        Self { states, blocks: BTreeMap::new() }
    }

    /// All periods of one customer, whose number is his alone. Steps between states that do not exist are not counted.
    pub fn add(&mut self, customer: u128, steps: &[Step]) {
        let states = self.states;
        let block = self.blocks.entry(block_of(customer)).or_insert_with(|| Block {
            moves: Transitions::new(states),
            customers: vec![0; states],
            money: vec![0; states],
        });
        let exists = |step: &&Step| step.from < states && step.to < states;
        for step in steps.iter().filter(exists) {
            block.moves.add(step.from, step.to);
            block.money[step.from] = block.money[step.from].saturating_add(step.money);
        }
        for state in 0..states {
            block.customers[state] += u64::from(steps.iter().filter(exists).any(|step| step.from == state));
        }
    }

    /// Of all customers.
    pub fn moves(&self) -> Transitions {
        let mut all = Transitions::new(self.states);
        self.blocks.values().for_each(|block| all.merge(&block.moves));
        all
    }

    /// Periods of all customers that began in a state.
    pub fn left(&self, state: usize) -> u64 {
        self.blocks.values().map(|block| block.moves.left(state)).sum()
    }

    /// Customers with such a period, each once.
    pub(super) fn customers(&self, state: usize) -> u64 {
        self.blocks.values().filter_map(|block| block.customers.get(state)).sum()
    }

    pub(super) fn states(&self) -> usize {
        self.states
    }

    pub(super) fn blocks(&self) -> usize {
        self.blocks.len()
    }

    /// Moves between two states, each block's times its weight.
    pub(super) fn weighted(&self, from: usize, to: usize, weights: &[f64]) -> f64 {
        self.blocks
            .values()
            .zip(weights)
            .map(|(block, weight)| weight * block.moves.count(from, to) as f64)
            .sum()
    }

    /// The mean of a period that began in a state; zero where none did. With s the money and n the periods of each of the k blocks that
    /// have any, m = Σ s / Σ n, and its variance that of a ratio of sums, k/(k−1) · Σ (s − m n)² / (Σ n)² (W. G. Cochran 1977, *Sampling
    /// Techniques*, ch. 6): where everybody has one period, that of a mean, s²/n. What a single block tells is no surer than its size.
    pub fn purchases(&self, state: usize) -> Mean {
        let Parts { mean, parts } = self.parts(state);
        Mean { mean, error: parts.iter().map(|part| part * part).sum::<f64>().sqrt() }
    }

    pub(super) fn parts(&self, state: usize) -> Parts {
        let of = |block: &Block| {
            let money = block.money.get(state).copied().unwrap_or(0);
            (block.moves.left(state) as f64, money::to_units(money))
        };
        let sums: Vec<(f64, f64)> = self.blocks.values().map(of).collect();
        let (periods, money) = sums.iter().fold((0.0, 0.0), |(n, s), of| (n + of.0, s + of.1));
        if periods == 0.0 {
            return Parts { mean: 0.0, parts: vec![0.0; sums.len()] };
        }
        let (mean, seen) = (money / periods, sums.iter().filter(|(n, _)| *n > 0.0).count() as f64);
        let part = |(n, s): &(f64, f64)| match seen > 1.0 {
            true => (seen / (seen - 1.0)).sqrt() * (s - mean * n) / periods,
            false => mean * n / periods,
        };
        Parts { mean, parts: sums.iter().map(part).collect() }
    }
}

/// The number mixed through (MurmurHash3's finaliser, A. Appleby), so that customers of one time are in no block together but by chance.
fn block_of(customer: u128) -> u64 {
    let mut mixed = (customer ^ (customer >> 64)) as u64;
    for factor in [0xff51_afd7_ed55_8ccd_u64, 0xc4ce_b9fe_1a85_ec53] {
        mixed = (mixed ^ (mixed >> 33)).wrapping_mul(factor);
    }
    (mixed ^ (mixed >> 33)) % BLOCKS
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// Each customer, wholly in state 0, with what he bought in each period, units.
    fn bought(customers: &[&[i64]]) -> Observed {
        let mut observed = Observed::new(1);
        for (number, amounts) in (0..).zip(customers) {
            let step = |units: &i64| Step { from: 0, to: 0, money: units * money::SCALE };
            observed.add(number, &amounts.iter().map(step).collect::<Vec<_>>());
        }
        assert_eq!(observed.blocks(), customers.len(), "they are in different blocks");
        observed
    }

    #[test]
    fn a_mean_and_its_error_by_hand() {
        // 2, 4, 6 of a customer each: variance 4, error √(4/3).
        let found = bought(&[&[2], &[4], &[6]]).purchases(0);
        assert!(found.mean == 4.0 && (found.error - (4.0_f64 / 3.0).sqrt()).abs() < 1e-12, "{found:?}");
        let [low, high] = found.interval();
        assert!((high - low - 2.0 * 1.281_551_565_5 * found.error).abs() < 1e-12);
        // Each says it seven times: no more is known of it.
        let sevenfold = bought(&[&[2; 7], &[4; 7], &[6; 7]]).purchases(0);
        assert!(sevenfold.mean == 4.0 && (sevenfold.error - found.error).abs() < 1e-12, "{sevenfold:?}");
        // 1 in a period and 6 in three: m = 7/4; 2/1 · ((1 − 7/4)² + (6 − 21/4)²) / 16 = 9/64.
        let uneven = bought(&[&[1], &[1, 2, 3]]).purchases(0);
        assert!(uneven.mean == 1.75 && (uneven.error - 0.375).abs() < 1e-12, "{uneven:?}");
        assert_eq!(bought(&[&[5, 5]]).purchases(0), Mean { mean: 5.0, error: 5.0 });
        assert_eq!(Observed::new(1).purchases(0), Mean::default());
        assert_eq!(Observed::default().purchases(3), Mean::default());
    }

    #[test]
    fn customers_are_counted_once_where_their_moves_are_counted_all() {
        let mut observed = Observed::new(2);
        let step = |from, to| Step { from, to, money: 10_000 };
        observed.add(1, &[step(0, 0), step(0, 1), step(1, 1)]);
        observed.add(2, &[step(0, 1), step(9, 0), step(0, 9)]);
        let moves = observed.moves();
        assert_eq!([moves.count(0, 0), moves.count(0, 1), moves.count(1, 1), moves.total()], [1, 2, 1, 4]);
        assert_eq!([observed.left(0), observed.left(1), observed.left(9)], [3, 1, 0]);
        assert_eq!([observed.customers(0), observed.customers(1), observed.customers(9)], [2, 1, 0]);
        assert_eq!(observed.purchases(0).mean, 1.0);
        let text = serde_json::to_string(&observed).expect("json");
        assert_eq!(serde_json::from_str::<Observed>(&text).expect("observed"), observed);
    }

    #[test]
    fn blocks_tell_the_error_that_customers_drawn_anew_show() {
        // 3,000 customers of eight periods; what one buys in them is about his own mean.
        let mut random = ChaCha8Rng::seed_from_u64(3);
        let customers: Vec<Vec<i64>> = (0..3_000)
            .map(|_| {
                let own = random.random_range(1..100_i64);
                (0..random.random_range(1..=8)).map(|_| own + random.random_range(0..20)).collect()
            })
            .collect();
        let mut observed = Observed::new(1);
        for (number, amounts) in (0..).zip(&customers) {
            let step = |units: &i64| Step { from: 0, to: 0, money: units * money::SCALE };
            observed.add(number, &amounts.iter().map(step).collect::<Vec<_>>());
        }
        assert_eq!(observed.blocks() as u64, BLOCKS);
        let sums: Vec<(f64, f64)> =
            customers.iter().map(|own| (own.len() as f64, own.iter().sum::<i64>() as f64)).collect();
        let mean = |of: &mut dyn Iterator<Item = (f64, f64)>| {
            let (n, s) = of.fold((0.0, 0.0), |(n, s), one| (n + one.0, s + one.1));
            s / n
        };
        let drawn: Vec<f64> = (0..1_000)
            .map(|_| mean(&mut (0..sums.len()).map(|_| sums[random.random_range(0..sums.len())])))
            .collect();
        let middle = drawn.iter().sum::<f64>() / drawn.len() as f64;
        let spread = drawn.iter().map(|one| (one - middle).powi(2)).sum::<f64>() / (drawn.len() - 1) as f64;
        let found = observed.purchases(0);
        assert!((found.mean - mean(&mut sums.iter().copied())).abs() < 1e-9);
        // Four standard errors of the error.
        assert!((found.error / spread.sqrt() - 1.0).abs() < 0.28, "{found:?} {}", spread.sqrt());
        // Over customers without blocks, by the same formula, it is the same within as much.
        let squares: f64 = sums.iter().map(|(n, s)| (s - found.mean * n).powi(2)).sum();
        let (k, n) = (sums.len() as f64, sums.iter().map(|(n, _)| n).sum::<f64>());
        let exact = (k / (k - 1.0) * squares).sqrt() / n;
        assert!((exact / spread.sqrt() - 1.0).abs() < 0.1 && (found.error / exact - 1.0).abs() < 0.28);
    }

    proptest! {
        #[test]
        fn neither_the_order_of_customers_nor_that_of_their_periods_matters(
            customers in prop::collection::vec(prop::collection::vec((0..3_usize, 0..3_usize, 0..1_000_000_i64), 0..6), 0..30),
        ) {
            let step = |(from, to, money)| Step { from, to, money };
            let steps = |course: Vec<(usize, usize, i64)>| course.into_iter().map(step).collect();
            let mut numbered: Vec<(u128, Vec<Step>)> = (0..).zip(customers.into_iter().map(steps)).collect();
            let of = |customers: &[(u128, Vec<Step>)]| {
                let mut observed = Observed::new(3);
                customers.iter().for_each(|(number, steps)| observed.add(*number, steps));
                observed
            };
            let first = of(&numbered);
            numbered.reverse();
            numbered.iter_mut().for_each(|(_, steps)| steps.reverse());
            prop_assert_eq!(of(&numbered), first);
        }
    }
}
