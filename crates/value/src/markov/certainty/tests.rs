//! Draws held to what is worked by hand, and to customers drawn anew.

use super::observed::{Mean, Step};
use super::*;
use crate::money;
use proptest::prelude::*;

/// Periods of a customer: so many of each, from a state to another, with what he buys in it, units.
type Course = Vec<(usize, usize, usize, i64)>;

fn observed(states: usize, customers: &[Course]) -> Observed {
    let mut observed = Observed::new(states);
    for (number, course) in (0..).zip(customers) {
        let steps = course.iter().flat_map(|(times, from, to, units)| {
            vec![Step { from: *from, to: *to, money: units * money::SCALE }; *times]
        });
        observed.add(number, &steps.collect::<Vec<_>>());
    }
    observed
}

/// Two states: of four in the first three stay; the second is the end. Everybody is seen in one quarter.
fn moves(times: usize) -> Observed {
    let stay = vec![vec![(1, 0, 0, 10)]; 3 * times];
    let leave = vec![vec![(1, 0, 1, 10)]; times];
    let gone = vec![vec![(1, 1, 1, 0)]; times];
    observed(2, &[stay, leave, gone].concat())
}

/// Nothing is taken off but one of those who are gone.
fn reward(state: usize, money: f64) -> f64 {
    if state == 1 { money - 1.0 } else { money }
}

fn spread(of: &[f64]) -> f64 {
    let n = of.len() as f64;
    let mean = of.iter().sum::<f64>() / n;
    (of.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt()
}

#[test]
fn many_moves_leave_little_doubt_and_few_leave_much() {
    // V = 10 + 0.75/1.25·V = 25; the end costs one and is stopped.
    let of = |times| best(&moves(times), reward, 0.25).expect("good");
    let (policy, many) = of(10_000);
    assert!((policy.values[0] - 25.0).abs() < 1e-9 && policy.go_on == [true, false]);
    let [low, high] = many[0].value;
    assert!(low < 25.0 && 25.0 < high && high - low < 0.5, "{low} to {high}");
    assert_eq!((many[0].stop, many[1].stop, many[1].value), (0.0, 1.0, [0.0, 0.0]));
    let (_, few) = of(3);
    assert!(few[0].value[1] - few[0].value[0] > 10.0 * (high - low), "{few:?}");
    assert_eq!(of(3), of(3), "the same data, the same draws");
}

#[test]
fn what_hardly_pays_is_stopped_in_about_half_of_the_draws() {
    // Half of them buy for 8, half for 12, and the marketing costs 10.
    let customers: Vec<Course> = (0..400)
        .map(|number| vec![(1, 0, usize::from(number % 4 == 0), if number % 8 < 4 { 8 } else { 12 })])
        .collect();
    let observed = observed(2, &customers);
    let Mean { mean, error } = observed.purchases(0);
    assert!(mean == 10.0 && (0.07..0.13).contains(&error), "{mean} {error}");
    let (_, found) = best(&observed, |_, money| money - 10.0, 0.25).expect("good");
    assert!((0.35..0.65).contains(&found[0].stop), "{found:?}");
}

#[test]
fn draws_are_probabilities_about_the_shares_and_nobody_comes_where_nobody_came() {
    let customers = [vec![vec![(1, 0, 1, 0)]; 30], vec![vec![(1, 1, 2, 0)]; 10]].concat();
    let observed = observed(3, &customers);
    let (moves, mut chance) = (observed.moves(), ChaCha8Rng::seed_from_u64(1));
    let mut sum = 0.0;
    for _ in 0..2_000 {
        let weights: Vec<f64> = (0..observed.blocks()).map(|_| exponential(&mut chance)).collect();
        let drawn = drawn(&observed, &moves, &weights, &mut chance);
        assert!(drawn.iter().all(|row| (row.iter().sum::<f64>() - 1.0).abs() < 1e-12));
        assert!(drawn[0][0] == 0.0 && drawn[2] == [0.0, 0.0, 1.0]);
        sum += drawn[0][1];
    }
    // Dirichlet (30.5, 0.5), but for a few customers who share a block.
    assert!((sum / 2_000.0 - 30.5 / 31.0).abs() < 0.003, "{sum}");
}

/// Half of the customers stay in all of eight quarters, half in four of them.
fn faithful_and_not() -> Vec<Course> {
    (0..60)
        .map(|number| if number % 2 == 0 { vec![(8, 0, 0, 1)] } else { vec![(4, 0, 0, 1), (4, 0, 1, 1)] })
        .collect()
}

#[test]
fn shares_are_as_uncertain_as_customers_and_not_as_their_quarters() {
    // p = ¾; each customer is off by 2 of 8: 60/59 · 60 · 4 / 480², linearised. Of 480 quarters taken for independent it is p q / 480.
    let by_customer = (60.0 / 59.0 * 240.0_f64).sqrt() / 480.0;
    let by_quarter = (0.75 * 0.25 / 480.0_f64).sqrt();
    let customers = faithful_and_not();
    let observed = observed(2, &customers);
    let (moves, mut chance) = (observed.moves(), ChaCha8Rng::seed_from_u64(2));
    let stay: Vec<f64> = (0..2_000)
        .map(|_| {
            let weights: Vec<f64> = (0..observed.blocks()).map(|_| exponential(&mut chance)).collect();
            drawn(&observed, &moves, &weights, &mut chance)[0][0]
        })
        .collect();
    let found = spread(&stay);
    // Some customers share a block.
    assert!((found / by_customer - 1.0).abs() < 0.2, "{found} {by_customer}");
    assert!(found > 1.3 * by_quarter, "{found} {by_quarter}");
    assert!(stay.iter().all(|share| (0.0..=1.0).contains(share)));
    // Customers drawn anew, with replacement, say the same.
    let stays = |number: usize| if number.is_multiple_of(2) { 8.0 } else { 4.0 };
    let anew: Vec<f64> = (0..2_000)
        .map(|_| (0..60).map(|_| stays(chance.random_range(0..60_usize))).sum::<f64>() / 480.0)
        .collect();
    assert!((spread(&anew) / by_customer - 1.0).abs() < 0.1 && (found / spread(&anew) - 1.0).abs() < 0.2);
}

#[test]
fn the_interval_of_a_value_is_that_of_customers_drawn_anew() {
    // Of twenty quarters half of the customers stay 18 and buy for 15, half stay 12 and buy for 5: who buys more stays longer, too.
    let course = |number: usize| match number % 2 {
        0 => vec![(18, 0, 0, 15), (2, 0, 1, 15)],
        _ => vec![(12, 0, 0, 5), (8, 0, 1, 5)],
    };
    let customers: Vec<Course> = (0..80).map(course).collect();
    let (policy, found) = best(&observed(2, &customers), reward, 0.25).expect("good");
    assert!((policy.values[0] - 25.0).abs() < 1e-9, "{policy:?}");
    let width = found[0].value[1] - found[0].value[0];
    let mut chance = ChaCha8Rng::seed_from_u64(3);
    // V = R / (1 − p / 1.25); of n who buy for 15 and 80 − n others.
    let value = |large: f64| {
        let (stay, money) = ((18.0 * large + 12.0 * (80.0 - large)) / 1_600.0, 5.0 + 10.0 * large / 80.0);
        money / (1.0 - 0.8 * stay)
    };
    let mut anew: Vec<f64> = (0..2_000)
        .map(|_| value((0..80).filter(|_| chance.random_range(0..2) == 0).count() as f64))
        .collect();
    anew.sort_unstable_by(f64::total_cmp);
    let of_customers = anew[1_799] - anew[200];
    assert!((width / of_customers - 1.0).abs() < 0.35, "{width} {of_customers}");
    // Each quarter of a customer of its own: all that is said is surer.
    let quarters: Vec<Course> = customers
        .iter()
        .flatten()
        .flat_map(|(times, from, to, units)| vec![vec![(1, *from, *to, *units)]; *times])
        .collect();
    let (_, apart) = best(&observed(2, &quarters), reward, 0.25).expect("good");
    assert!(width > 1.5 * (apart[0].value[1] - apart[0].value[0]), "{width} {apart:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn a_customer_who_does_everything_seven_times_tells_no_more(
        customers in prop::collection::vec(prop::collection::vec((1..3_usize, 0..3_usize, 0..3_usize, 0..90_i64), 1..5), 1..30),
    ) {
        let mut sevenfold = customers.clone();
        sevenfold.iter_mut().flatten().for_each(|(times, ..)| *times *= 7);
        let of = |customers: &[Course]| best(&observed(3, customers), |_, money| money - 20.0, 0.1).expect("good");
        let ((policy, once), (same, often)) = (of(&customers), of(&sevenfold));
        let near = |one: f64, other: f64| (one - other).abs() < 1e-6 * (1.0 + one.abs());
        for state in 0..3 {
            prop_assert!(near(policy.values[state], same.values[state]));
            let [low, high] = once[state].value;
            prop_assert!(near(low, often[state].value[0]) && near(high, often[state].value[1]));
            prop_assert!(low >= 0.0 && low <= high);
        }
    }
}
