//! The back-test on customers whose truth is known, and on data that allow none.

use proptest::prelude::*;

use super::rules::{RuleScore, YearBefore};
use super::*;
use crate::erlang::{Dropout, Erlang};
use crate::generated;
use crate::model::{Model, Question, RulesInForce};
use crate::scoring::Scoring;

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
    assert_eq!([found.purchases, found.churn].map(|verdict| verdict.rule()), [None; 2]);
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

/// Everybody buys in one week of the year, the same one: only last year knows it.
fn seasonal(customers: i32) -> Vec<Vec<Purchase>> {
    (0..customers)
        .map(|i| {
            let own = (i * 7) % 360;
            (0..3).map(|year| Purchase { day: own + 364 * year, amount: 500_000 + i64::from(i) }).collect()
        })
        .collect()
}

#[test]
fn a_rule_that_is_better_beyond_doubt_is_in_force() {
    let found = run(&seasonal(400), 727, 727 + 182).expect("possible");
    for verdict in [found.purchases, found.churn] {
        let expected = (Some(Rule::LastYear), Because::RuleBetter);
        assert_eq!((verdict.rule(), verdict.because), expected, "{:#?}", found.tried);
        let rival = verdict.rival.expect("tried");
        assert!(rival.behind < -choice::SURE * rival.error);
    }
    // The same customers, but hardly anybody bought in the held-out weeks: nothing is sure.
    let found = run(&seasonal(40), 727, 727 + 182).expect("possible");
    assert!(found.buyers < choice::FEWEST_BUYERS);
    assert_eq!(found.purchases.because, Because::TooFewBuyers);
    assert_eq!([found.purchases, found.churn].map(|verdict| verdict.rule()), [None; 2]);
}

#[test]
fn a_rule_is_not_in_force_by_luck() {
    // The models are true in each of these worlds, so that a rule is ahead only by chance: 5 % at most for each question.
    let wins = (0..20)
        .flat_map(|seed| {
            let found = run(&histories(&STOPPING, 250, 100 + seed), 378, 560).expect("possible");
            [found.purchases.rule(), found.churn.rule()]
        })
        .flatten()
        .count();
    assert!(wins <= 2, "{wins} of 40");
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

/// The figures of the first customer of `histories` on a day with these rules in force.
fn scored(histories: &[Vec<Purchase>], day: i32, rules: RulesInForce) -> crate::model::Figures {
    let question = Question::default();
    let summaries: Vec<Summary> = histories.iter().filter_map(|h| Summary::of(h)).collect();
    let model = Model { rules, ..Model::fit(&summaries, day) };
    let year_before = YearBefore::of(&histories[0], day, &question);
    Scoring::new(&model, day, &question).score(&summaries[0], year_before)
}

#[test]
fn a_rule_in_force_makes_the_figures_and_says_nothing_it_does_not_know() {
    let question = Question::default();
    let mut histories = histories(&STOPPING, 400, 9);
    let on = |day: i32| Purchase { day, amount: 1_000_000 };
    // Three purchase days in the last 52 weeks, two of them in the first 13 of those.
    histories.insert(0, vec![on(10), on(200), on(270), on(270), on(540)]);
    let last_year = Some(RuleScore::learn(Rule::LastYear, &histories, 560, &question, 26.0));
    let models = scored(&histories, 560, RulesInForce::default());
    let both = scored(&histories, 560, RulesInForce { purchases: last_year, churn: last_year });
    assert_eq!((both.expected_purchases, both.p_churn, both.p_buy_soon), (Some(3.0), Some(0.0), Some(1.0)));
    assert_eq!((both.p_alive, both.clv_low, both.clv_high), (None, None, None));
    // A mean purchase is worth a little less in the middle of the year than today.
    let clv = both.clv.expect("value");
    let spend = both.expected_spend.expect("amount");
    assert!((0.94..0.97).contains(&(clv / (3.0 * spend))), "{clv} {spend}");
    // Each question has its own: what no rule answers stays with the model.
    let often = scored(&histories, 560, RulesInForce { purchases: last_year, churn: None });
    assert_eq!((often.p_alive, often.p_churn, often.stage), (models.p_alive, models.p_churn, models.stage));
    let whether = scored(&histories, 560, RulesInForce { purchases: None, churn: last_year });
    assert_eq!((whether.clv, whether.clv_low), (models.clv, models.clv_low));
}

#[test]
fn a_hiatus_learns_who_comes_back_from_as_long_a_period() {
    let question = Question::default();
    // Half buy every fortnight all along; the others stopped in the second month. Three of these return after a year of silence.
    let on = |day: i32| Purchase { day, amount: 200_000 };
    let stays = |i: i32| (0..70).map(|n| on(i % 14 + 14 * n)).collect::<Vec<_>>();
    let leaves = |i: i32| {
        let returns = (i < 3).then_some(on(900));
        [on(i % 14), on(i % 14 + 28)].into_iter().chain(returns).collect()
    };
    let histories: Vec<Vec<Purchase>> = (0..30).map(stays).chain((0..30).map(leaves)).collect();
    let score = RuleScore::learn(Rule::Hiatus { weeks: 8 }, &histories, 980, &question, 26.0);
    assert_eq!(score.horizon.shares_of_buyers(), Some([1.0, 0.1]));
    assert_eq!(score.soon.shares_of_buyers(), Some([1.0, 0.1]));
    let gone = Observation { x: 1, t_x: 4.0, age: 140.0 };
    assert_eq!(score.horizon.forecast(&gone, 0), [0.0, 0.1]);
    let there = Observation { x: 69, t_x: 138.0, age: 140.0 };
    assert_eq!(score.horizon.forecast(&there, 0), [69.0 / 140.0 * 52.0, 1.0]);
    // Nobody is known for a year on day 300: the shares of a quarter are stretched, as if every week were alike.
    let young = RuleScore::learn(Rule::Hiatus { weeks: 8 }, &histories, 300, &question, 13.0);
    assert_eq!(young.horizon.shares_of_buyers(), Some([1.0, 0.0]));
}

/// Everybody buys after 14 and after 56 days in turn; the second half stops after one to five purchases, on day 209 at the latest.
/// So from there on, whoever was silent for more than eight weeks never came back, and all others did.
fn silent_for_good() -> Vec<Vec<Purchase>> {
    let history = |i: i32, purchases: usize| -> Vec<Purchase> {
        let turns = (i % 2..).map(|turn| if turn % 2 == 0 { 14 } else { 56 });
        let days = turns.scan(i % 70, |day, gap| {
            let today = *day;
            *day += gap;
            Some(today)
        });
        let days = days.take_while(|day| *day <= 419).take(purchases);
        days.map(|day| Purchase { day, amount: 200_000 + i64::from(i) }).collect()
    };
    let stays = (0..150).map(|i| history(i, usize::MAX));
    stays.chain((0..150).map(|i| history(i, 1 + (i % 5) as usize))).collect()
}

#[test]
fn a_hiatus_is_in_force_where_silence_tells_all() {
    let mut histories = silent_for_good();
    // 52 weeks before the cut nobody had bought: last year is no rule here.
    let found = run(&histories, 363, 419).expect("possible");
    assert!(found.tried.iter().all(|tried| tried.method != Method::Rule { rule: Rule::LastYear }));
    let hiatus = Rule::Hiatus { weeks: 8 };
    let expected = (Some(hiatus), Because::RuleBetter);
    assert_eq!((found.churn.rule(), found.churn.because), expected, "{:#?}", found.tried);
    let tried =
        found.tried.iter().find(|tried| tried.method == Method::Rule { rule: hiatus }).expect("tried");
    assert_eq!(tried.measures.brier, 0.0);
    // The first customer has 12 purchase days from 0 to 364, and goes on as before.
    let learned = Some(RuleScore::learn(hiatus, &histories, 419, &Question::default(), 8.0));
    let both = RulesInForce { purchases: learned, churn: learned };
    let there = scored(&histories, 419, both);
    assert_eq!((there.p_churn, there.p_buy_soon, there.p_alive), (Some(0.0), Some(1.0), None));
    let purchases = there.expected_purchases.expect("by the rule");
    assert!((purchases - 11.0 * 364.0 / 419.0).abs() < 1e-9, "{purchases}");
    // The first of those who stopped.
    histories.rotate_left(150);
    let gone = scored(&histories, 419, both);
    assert_eq!((gone.p_churn, gone.p_buy_soon, gone.p_alive), (Some(1.0), Some(0.0), None));
    assert_eq!((gone.expected_purchases, gone.clv), (Some(0.0), Some(0.0)));
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
