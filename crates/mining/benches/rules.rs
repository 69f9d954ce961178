//! Frequent sets and rules of `basket,product` pairs, one pair a line in the file named by PAIRS: seconds and exact counts as one
//! line of JSON, for `script/bench-rules`. SUPPORT is the least share of baskets.

use mining::baskets::{Baskets, rules};
use std::time::Instant;

fn main() {
    let (Ok(path), Ok(support)) = (std::env::var("PAIRS"), std::env::var("SUPPORT")) else {
        eprintln!("rules: PAIRS and SUPPORT say what to read: script/bench-rules sets them");
        return;
    };
    let text = std::fs::read_to_string(&path).expect("the file of pairs");
    let pairs: Vec<(u32, u32)> = text
        .lines()
        .filter_map(|line| line.split_once(','))
        .map(|(basket, product)| (basket.parse().expect("a number"), product.parse().expect("a number")))
        .collect();
    let share: f64 = support.parse().expect("a share");
    let began = Instant::now();
    let baskets = Baskets::new(pairs);
    let least = (share * baskets.len() as f64).ceil() as u32;
    let frequent = baskets.frequent(Some(least)).expect("enough baskets");
    let sets_after = began.elapsed().as_secs_f64();
    let found = rules::of(&frequent);
    let after = began.elapsed().as_secs_f64();
    let together: u64 = frequent.sets.iter().map(|set| u64::from(set.count)).sum();
    println!(
        "{{\"baskets\": {}, \"support\": {least}, \"sets\": {}, \"sum_of_counts\": {together}, \"rules_tried\": {}, \"rules\": {}, \"seconds_sets\": {sets_after:.3}, \"seconds\": {after:.3}}}",
        frequent.baskets,
        frequent.sets.len(),
        found.tried,
        found.rules.len()
    );
}
