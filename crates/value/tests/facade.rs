//! Fit and score through [`value::model::Model`], with enough data and with too few.

mod generated;

use proptest::prelude::*;
use value::backtest::rules::YearBefore;
use value::bg_nbd::BgNbd;
use value::clv::clv;
use value::estimate::Unfit;
use value::gamma_gamma::GammaGamma;
use value::history::{Purchase, Summary};
use value::life_cycle::Stage;
use value::model::{Figures, Model, Question};
use value::parameter_errors::ParameterErrors;
use value::purchasing::{Family, Purchasing};
use value::scoring::Scoring;

const BG: BgNbd = BgNbd { r: 0.8, alpha: 6.0, a: 0.8, b: 3.0 };
const GG: GammaGamma = GammaGamma { p: 6.0, q: 4.0, v: 15.0 };

fn customers(count: usize) -> Vec<Summary> {
    let histories = generated::histories(&BG, &GG, count, 365, 3);
    histories.iter().filter_map(|h| Summary::of(h)).collect()
}

#[test]
fn a_model_survives_being_stored() {
    let model = Model::fit(&customers(600), 365);
    let text = serde_json::to_string(&model).expect("json");
    let back: Model = serde_json::from_str(&text).expect("model");
    assert_eq!(back, model);
    let question: Question =
        serde_json::from_str(&serde_json::to_string(&Question::default()).expect("json")).expect("question");
    assert_eq!(question, Question::default());
}

#[test]
fn with_enough_data_every_figure_is_there_and_sensible() {
    let customers = customers(2_000);
    let model = Model::fit(&customers, 365);
    assert_eq!((model.bg_nbd.missing(), model.gamma_gamma.missing()), (None, None));
    let scored: Vec<Figures> = customers.iter().map(|c| model.score(c, 365, &Question::default())).collect();
    for figures in &scored {
        let (Some(alive), Some(n), Some(p), Some(spend), Some(sales), Some(clv)) = (
            figures.p_alive,
            figures.expected_purchases,
            figures.p_buy_within,
            figures.expected_spend,
            figures.expected_sales,
            figures.clv,
        ) else {
            panic!("missing: {figures:?}");
        };
        assert!((0.0..=1.0).contains(&alive) && (0.0..=alive).contains(&p) && n >= 0.0 && spend > 0.0);
        assert!(clv <= sales && clv >= 0.9 * sales, "{figures:?}");
    }
    let count = |stage| scored.iter().filter(|f| f.stage.stage == stage).count();
    for stage in [Stage::Exploration, Stage::Formation, Stage::Stability, Stage::Decline, Stage::Lost] {
        // One-time buyers explore for 26 weeks; everyone here is older than that.
        assert_eq!(count(stage) > 0, stage != Stage::Exploration, "{stage:?}");
    }
}

/// Fits to many samples scatter by what one fit says its parameters are off by.
#[test]
fn figures_scatter_from_sample_to_sample_by_their_parameter_errors() {
    let asked = Summary { ..customers(600)[0] };
    let question = Question::default();
    let mut seen: [Vec<f64>; 5] = Default::default();
    let mut said: [f64; 5] = [0.0; 5];
    let samples = 40;
    for seed in 0..samples {
        let histories = generated::histories(&BG, &GG, 600, 365, 1_000 + seed);
        let buyers: Vec<Summary> = histories.iter().filter_map(|h| Summary::of(h)).collect();
        let model = Model::fit_family(&buyers, 365, Family::BgNbd);
        let figures = model.score(&asked, 365, &question);
        let errors = ParameterErrors::of(&model, &asked, 365, &question);
        let pairs = [
            (figures.p_alive, errors.p_alive),
            (figures.expected_purchases, errors.purchases),
            (figures.p_buy_within, errors.buys_within),
            (figures.p_buy_soon, errors.buys_soon),
            (figures.expected_spend, errors.spend),
        ];
        for (at, (figure, error)) in pairs.into_iter().enumerate() {
            seen[at].push(figure.expect("a figure"));
            said[at] += error.expect("an error") / samples as f64;
        }
    }
    for (at, values) in seen.iter().enumerate() {
        let mean = values.iter().sum::<f64>() / samples as f64;
        let spread = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (samples as f64 - 1.0)).sqrt();
        // 40 samples know a standard deviation to about 11 %.
        assert!((0.6..1.67).contains(&(said[at] / spread)), "{at}: {} said, {spread} seen", said[at]);
    }
}

#[test]
fn too_few_data_give_reasons_instead_of_numbers() {
    let few = Model::fit(&customers(12), 365);
    assert_eq!(few.bg_nbd.missing(), Some(Unfit::TooFewCustomers));
    let once: Vec<Summary> = (0..100).map(|day| Summary::first(Purchase { day, amount: 100_000 })).collect();
    let model = Model::fit(&once, 365);
    assert_eq!(model.bg_nbd.missing(), Some(Unfit::TooFewRepeatBuyers));
    assert_eq!(model.gamma_gamma.missing(), Some(Unfit::TooFewRepeatBuyers));
    let figures = model.score(&once[99], 120, &Question::default());
    assert_eq!((figures.p_alive, figures.clv, figures.expected_spend), (None, None, None));
    assert_eq!((figures.rfm.recency, figures.stage.stage), (5, Stage::Exploration));
    let nobody = Model::fit(&[], 0);
    assert_eq!((nobody.customers, nobody.bg_nbd.missing()), (0, Some(Unfit::TooFewCustomers)));
}

#[test]
fn customers_of_the_future_do_not_take_part() {
    let mut all = customers(300);
    let model = Model::fit(&all, 365);
    all.push(Summary::first(Purchase { day: 400, amount: 1 }));
    assert_eq!(Model::fit(&all, 365), model);
}

#[test]
fn the_order_of_customers_does_not_matter() {
    let mut all = customers(500);
    let model = Model::fit(&all, 365);
    all.reverse();
    let turned = Model::fit(&all, 365);
    let (one, other) = (model.bg_nbd.fitted().expect("fitted"), turned.bg_nbd.fitted().expect("fitted"));
    assert_eq!(one, other);
    assert_eq!(model.rfm_bands, turned.rfm_bands);
}

#[test]
fn customers_scored_together_get_exactly_their_own_figures() {
    let mut customers = customers(3_000);
    let model = Model::fit(&customers, 365);
    // One who bought after the day of the figures, and one in the range of the heavy buyers' formula.
    customers[0].add(Purchase { day: 370, amount: 900_000 }).expect("after the last");
    customers.push(Summary {
        first_day: 0,
        last_day: 364,
        orders: 360,
        first_amount: 100_000,
        total_amount: 9_000_000,
    });
    let question = Question::default();
    let mut scoring = Scoring::new(&model, 365, &question);
    for customer in &customers {
        assert_eq!(
            scoring.score(customer, YearBefore::default()),
            model.score(customer, 365, &question),
            "{customer:?}"
        );
    }
}

#[test]
fn a_forecast_is_the_one_of_the_models_alone() {
    let customers = customers(600);
    let (model, question) = (Model::fit(&customers, 365), Question::default());
    let bg = model.bg_nbd.fitted().expect("fitted").parameters;
    let purchasing = Purchasing::from(bg);
    let mut single_buyers = 0;
    for customer in &customers {
        let (seen, found) = (customer.observe(365), model.score(customer, 365, &question));
        let close = |found: Option<f64>, expected: f64| {
            let found = found.expect("a model");
            assert!((found - expected).abs() <= 1e-13 * expected, "{found} is not {expected}: {customer:?}");
        };
        close(found.expected_purchases, bg.expected_purchases(&seen, 52.0));
        close(found.p_buy_within, bg.p_buy_within(&seen, 52.0));
        close(found.p_buy_soon, bg.p_buy_within(&seen, 13.0));
        close(found.clv, clv(&purchasing, &seen, found.expected_spend.expect("a model"), &question.outlook));
        let churn = found.p_churn.expect("a model");
        let quiet = 1.0 - bg.p_buy_within(&seen, 52.0);
        assert!((churn - quiet).abs() <= 1e-13, "{churn} is not {quiet}: {customer:?}");
        // BG/NBD takes a single buyer for alive, but not for one who buys: churn by P(alive) would be none.
        if seen.x == 0 {
            assert_eq!(found.p_alive, Some(1.0));
            assert!(churn > 0.3, "{churn}: {customer:?}");
            single_buyers += 1;
        }
    }
    assert!(single_buyers > 0);
}

#[test]
fn a_new_order_moves_the_figures_at_once() {
    let customers = customers(1_000);
    let model = Model::fit(&customers, 365);
    let mut customer = *customers.iter().find(|c| c.orders == 3 && c.last_day < 300).expect("one");
    let before = model.score(&customer, 365, &Question::default());
    customer.add(Purchase { day: 366, amount: 900_000 }).expect("after the last");
    let after = model.score(&customer, 365, &Question::default());
    assert_eq!(after.on_day, 366);
    assert!(after.p_alive > before.p_alive && after.clv > before.clv);
    assert!(after.expected_spend > before.expected_spend);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    /// Whatever the data: no NaN and no infinity in any figure, and the model can be stored.
    #[test]
    fn any_data_give_finite_figures(
        histories in prop::collection::vec(prop::collection::vec((0..200_i32, -10_000..5_000_000_i64), 1..6), 1..80),
        as_of in 0..400_i32,
    ) {
        let customers: Vec<Summary> = histories
            .iter()
            .filter_map(|h| Summary::of(&h.iter().map(|(day, amount)| Purchase { day: *day, amount: *amount }).collect::<Vec<_>>()))
            .collect();
        let model = Model::fit(&customers, as_of);
        let text = serde_json::to_string(&model).expect("json");
        let back: Model = serde_json::from_str(&text).expect("finite numbers only");
        prop_assert_eq!(back.bg_nbd.missing(), model.bg_nbd.missing());
        for customer in &customers {
            let f = model.score(customer, as_of, &Question::default());
            let all = [f.p_alive, f.expected_purchases, f.p_buy_within, f.p_buy_soon, f.expected_spend, f.expected_sales, f.clv, f.p_churn, f.clv_low, f.clv_high];
            prop_assert!(all.iter().flatten().all(|v| v.is_finite()), "{:?}", f);
        }
    }
}
