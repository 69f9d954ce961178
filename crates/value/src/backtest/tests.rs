//! The back-test on customers whose truth is known, and on data that allow none.

use proptest::prelude::*;

use super::*;
use crate::erlang::{Dropout, Erlang};
use crate::generated;

const STOPPING: Erlang = Erlang { k: 1, r: 0.9, alpha: 5.0, dropout: Some(Dropout { a: 0.8, b: 2.5 }) };

fn histories(model: &Erlang, customers: usize, seed: u64) -> Vec<Vec<Purchase>> {
    generated::erlang_days(model, customers, 560, seed)
}

fn score(backtest: &Backtest, wanted: Method) -> f64 {
    backtest.tried.iter().find(|t| t.method == wanted).and_then(|t| t.score).expect("scored")
}

#[test]
fn customers_who_stop_are_forecast_by_a_model_with_dropout() {
    let found = run(&histories(&STOPPING, 3_000, 1), 378, 560).expect("possible");
    assert!(found.chosen.has_dropout(), "{:?}", found.chosen);
    assert_eq!(found.better_rule, None);
    let model = found.of(found.chosen).expect("tried");
    assert!(model.measures.bias.expect("purchases").abs() < 0.05, "{:?}", model.measures);
    // Money does not depend on the model: forecast money is as right as purchases are.
    assert!(model.measures.money_bias.expect("money").abs() < 0.08, "{:?}", model.measures);
    for rule in [Rule::Average, Rule::PastFrequency] {
        assert!(score(&found, Method::Rule { rule }) > model.score.expect("scored") * 1.1, "{rule:?}");
    }
    // Who is forecast 30 % buys in about 30 % of the cases.
    for bin in &model.measures.calibration {
        let error = (bin.forecast * (1.0 - bin.forecast) / bin.customers as f64).sqrt();
        assert!((bin.forecast - bin.actual).abs() < 4.0 * error + 0.01, "{bin:?}");
    }
    let coverage = found.coverage.expect("intervals");
    assert!((0.76..=0.97).contains(&coverage), "{coverage}");
}

#[test]
fn customers_who_never_stop_are_left_to_the_simple_model() {
    let found =
        run(&histories(&Erlang { dropout: None, r: 1.5, ..STOPPING }, 1_500, 2), 378, 560).expect("possible");
    assert_eq!(found.chosen, Family::Nbd, "{:?}", found.tried);
    let regular = Erlang { k: 3, r: 2.0, alpha: 2.0, dropout: None };
    let found = run(&histories(&regular, 1_500, 2), 378, 560).expect("possible");
    assert_eq!(found.chosen, Family::Cnbd { k: 3 });
}

#[test]
fn a_rule_that_is_better_is_said_to_be() {
    // Everybody buys in one week of the year, the same one: only last year knows it.
    let seasonal: Vec<Vec<Purchase>> = (0..400)
        .map(|i| {
            let own = (i * 7) % 360;
            (0..3).map(|year| Purchase { day: own + 364 * year, amount: 500_000 + i64::from(i) }).collect()
        })
        .collect();
    let found = run(&seasonal, 727, 727 + 182).expect("possible");
    assert_eq!(found.better_rule, Some(Rule::LastYear), "{:#?}", found.tried);
}

#[test]
fn the_cut_leaves_twice_as_much_before_it() {
    assert_eq!(cut(0, 1_100), Ok(1_100 - 364));
    assert_eq!(cut(0, 373), Ok(373 - 91));
    assert_eq!(cut(0, 84), Ok(56));
    assert_eq!(cut(0, 83), Err(Unfit::TooShort));
    assert_eq!(cut(5, 5), Err(Unfit::TooShort));
}

#[test]
fn data_that_allow_no_back_test_are_refused_with_the_reason() {
    let all = histories(&STOPPING, 3_000, 3);
    assert_eq!(run(&all, 500, 500), Err(Unfit::TooShort));
    assert_eq!(run(&all[..20], 378, 560), Err(Unfit::TooFewCustomers));
    let empty: [Vec<Purchase>; 0] = [];
    assert_eq!(run(&empty, 378, 560), Err(Unfit::TooFewCustomers));
    let one_each = vec![vec![Purchase { day: 3, amount: 10_000 }]; 100];
    assert_eq!(run(&one_each, 378, 560), Err(Unfit::TooFewRepeatBuyers));
    let worthless = vec![vec![Purchase { day: 3, amount: 0 }, Purchase { day: 30, amount: -5 }]; 100];
    assert_eq!(run(&worthless, 378, 560), Err(Unfit::TooFewCustomers));
    let one_day: Vec<Vec<Purchase>> = vec![vec![Purchase { day: 378, amount: 10_000 }; 2]; 100];
    assert_eq!(run(&one_day, 378, 560), Err(Unfit::TooFewRepeatBuyers));
}

#[test]
fn without_a_held_out_purchase_the_likelihood_decides() {
    let mut all = histories(&STOPPING, 1_500, 4);
    for history in &mut all {
        history.retain(|p| p.day <= 378);
    }
    let found = run(&all, 378, 560).expect("possible");
    assert_eq!((found.reason, found.buyers), (Reason::LikelihoodAlone, 0));
    assert!(found.tried.iter().all(|t| t.score.is_none() && t.measures.bias.is_none()));
    // Days after the end and worthless entries are counted, not used.
    all[0].push(Purchase { day: 600, amount: 10_000 });
    all[0].push(Purchase { day: 400, amount: 0 });
    assert_eq!(run(&all, 378, 560).expect("possible"), Backtest { left_out: 2, ..found });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    /// Whatever the data: the result is stored and read back, nothing in it is NaN, and the order does not matter.
    #[test]
    fn any_data_give_finite_measures_in_any_order(
        histories in prop::collection::vec(prop::collection::vec((0..200_i32, -10_000..5_000_000_i64), 1..6), 30..80),
        cut in 60..140_i32,
    ) {
        let mut histories: Vec<Vec<Purchase>> = histories
            .iter()
            .map(|h| h.iter().map(|(day, amount)| Purchase { day: *day, amount: *amount }).collect())
            .collect();
        let found = run(&histories, cut, 200);
        histories.reverse();
        for history in &mut histories {
            history.reverse();
        }
        prop_assert_eq!(&run(&histories, cut, 200), &found);
        if let Ok(found) = found {
            let text = serde_json::to_string(&found).expect("json");
            // A NaN would have become null, which is no number.
            let back: Backtest = serde_json::from_str(&text).expect("finite numbers only");
            prop_assert_eq!(back.chosen, found.chosen);
        }
    }
}
