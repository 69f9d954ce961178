//! The whole of it on made-up companies whose effect is known.

use super::{policy::Advice, simulated::Company, *};
use proptest::prelude::*;

const COUNTED: Terms = Terms { counted: true, value: 40.0, margin: 0.5, cost: 0.0 };
const SEEDS: u64 = 40;
/// With a chance of 5 % each, more than so many of [`SEEDS`] have a chance of 0.3 % (binomial: P(X > 6) = 0.0034).
const MOST_FALSE: usize = 6;

/// Who has a high first feature buys more when reached, who has a low one less: from +20 to −20 points.
fn persuadable(customers: u64, seed: u64) -> Company {
    Company { customers, share: 0.5, seed, base: |x| 0.3 + 0.1 * x[1], effect: |x| 0.2 * x[0] }
}

/// Those far from the middle of a feature, to either side: a line sees nothing of it.
fn valley(customers: u64, seed: u64) -> Company {
    let effect = |x: &[f64]| if x[0].abs() > 0.5 { 0.25 } else { -0.05 };
    Company { customers, share: 0.6, seed, base: |_| 0.3, effect }
}

fn false_claims(company: impl Fn(u64) -> Company) -> usize {
    let claims = (0..SEEDS).filter(|seed| {
        let (found, model) = learn(&company(*seed).draw(), COUNTED).expect("enough customers");
        assert_eq!(found.proven.is_some(), model.is_some());
        model.is_some()
    });
    claims.count()
}

#[test]
fn where_nobody_responds_nothing_is_claimed() {
    let none =
        |seed| Company { customers: 1_500, share: 0.5, seed, base: |x| 0.2 + 0.15 * x[0], effect: |_| 0.0 };
    let claims = false_claims(none);
    assert!(claims <= MOST_FALSE, "{claims} of {SEEDS}");
}

#[test]
fn where_all_respond_alike_no_difference_is_claimed() {
    // Strongly different customers, few of them left alone, one effect.
    let alike =
        |seed| Company { customers: 2_500, share: 0.8, seed, base: |x| 0.3 + 0.25 * x[0], effect: |_| 0.1 };
    let claims = false_claims(alike);
    assert!(claims <= MOST_FALSE, "{claims} of {SEEDS}");
}

#[test]
fn few_customers_and_rare_outcomes_claim_no_more() {
    let few =
        |seed| Company { customers: 900, share: 0.7, seed, base: |x| 0.2 + 0.05 * x[2], effect: |_| 0.03 };
    let claims = false_claims(few);
    assert!(claims <= MOST_FALSE, "{claims} of {SEEDS}");
}

#[test]
fn who_responds_is_found_in_order_and_in_size() {
    let mut covered = 0;
    for seed in 0..10 {
        let subjects = persuadable(8_000, seed).draw();
        let (found, model) = learn(&subjects, COUNTED).expect("enough customers");
        let (proven, model) = (found.proven.expect("proven"), model.expect("a model"));
        assert_eq!(proven.method, Method::Linear, "seed {seed}: the truth is a line");
        let tried = &found.tried[0];
        assert!(tried.p_value < 0.001 && tried.qini.interval().0 > 0.0, "{tried:?}");
        // The effect falls evenly by 0.4 over the ranks.
        let (low, high) = tried.qini.interval();
        covered += usize::from(low < 0.4 / 12.0 && 0.4 / 12.0 < high);
        assert_eq!(proven.fifths.len(), 5);
        let (best, worst) = (&proven.fifths[0].effect, &proven.fifths[4].effect);
        assert!(best.lower > 0.0 && worst.upper < 0.0, "{:?}", proven.fifths);
        let (best, worst) = (proven.traits[0].best, proven.traits[0].worst);
        assert!(
            proven.traits[0].feature == 0 && proven.traits[0].rises && best > worst,
            "{:?}",
            proven.traits
        );
        // Of the constant feature nothing is said.
        assert!(proven.traits.iter().all(|one| one.feature != 4));
        let rows: Vec<Vec<f64>> = subjects.iter().map(|one| one.features.clone()).collect();
        let told = model.effects(&rows).expect("told");
        let truth: Vec<f64> = rows.iter().map(|row| 0.2 * row[0]).collect();
        let right = told
            .iter()
            .zip(&truth)
            .filter(|(told, truth)| (Advice::of(**told, 0.0) == Advice::Reach) == (**truth > 0.0));
        let right = right.count() as f64 / rows.len() as f64;
        assert!(right > 0.8, "seed {seed}: {right} of the customers are told rightly");
        let error = told.iter().zip(&truth).map(|(told, truth)| (told - truth).abs()).sum::<f64>()
            / told.len() as f64;
        assert!(error < 0.06, "seed {seed}: {error}");
        // Contributions and the average are the effect.
        let parts = model.contributions(&rows).expect("told");
        let average = told[0] - parts[0].iter().sum::<f64>();
        assert!(
            parts
                .iter()
                .zip(&told)
                .all(|(parts, told)| (average + parts.iter().sum::<f64>() - told).abs() < 1e-9)
        );
    }
    // The ranks are learned, so the coefficient is a little below that of the truth: 95 % would be 9.5.
    assert!(covered >= 7, "{covered} of 10 intervals hold the truth");
}

#[test]
fn fifths_hold_their_true_effects() {
    let (mut inside, mut all) = (0, 0);
    for seed in 0..10 {
        let subjects = persuadable(4_000, 100 + seed).draw();
        let sorted = prepared(&subjects, true).expect("enough");
        let (method, judged) = &validation::run(&sorted).expect("judged")[0];
        assert_eq!(*method, Method::Linear);
        let told: Vec<f64> = judged.iter().map(|one| one.told).collect();
        for (number, fifth) in fifths::of(&sorted, judged, &told, true).iter().enumerate() {
            let members = judged.iter().filter(|one| ((one.rank * 5.0) as usize).min(4) == number);
            let truths: Vec<f64> = members.map(|one| 0.2 * sorted[one.at].features[0]).collect();
            let truth = truths.iter().sum::<f64>() / truths.len() as f64;
            inside += usize::from(fifth.effect.lower < truth && truth < fifth.effect.upper);
            all += 1;
        }
    }
    // Of 50 intervals of 95 %, fewer than 43 have a chance of 0.3 %.
    assert!(inside >= 43, "{inside} of {all}");
}

#[test]
fn what_no_line_shows_the_trees_find() {
    let (found, _) = learn(&valley(8_000, 3).draw(), COUNTED).expect("enough customers");
    let proven = found.proven.expect("proven");
    assert_eq!(proven.method, Method::Boosting, "{:?}", found.tried);
    assert!(proven.fifths[0].effect.difference > proven.fifths[4].effect.difference + 0.15);
}

#[test]
fn reaching_the_chosen_pays_more_than_reaching_all() {
    let terms = Terms { cost: 1.0, ..COUNTED };
    let (found, _) = learn(&persuadable(6_000, 7).draw(), terms).expect("enough customers");
    let policy = found.proven.expect("proven").policy;
    assert!((0.3..0.6).contains(&policy.reached), "{policy:?}");
    assert!(policy.gain.interval().0 > 0.0 && policy.chosen.interval().0 > 0.0, "{policy:?}");
    let difference = policy.chosen.value - policy.everybody.value;
    assert!((policy.gain.value - difference).abs() < 1e-9, "{policy:?}");
}

#[test]
fn amounts_are_learned_as_well_as_counts() {
    let mut subjects = persuadable(6_000, 11).draw();
    subjects.iter_mut().for_each(|one| one.outcome = one.sales);
    let (found, model) = learn(&subjects, Terms { counted: false, value: 0.5, ..COUNTED }).expect("enough");
    assert!(found.proven.is_some() && model.is_some(), "{:?}", found.tried);
}

const SHUFFLED: usize = 1_000;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]
    #[test]
    fn the_order_of_customers_changes_nothing(
        seed in 0_u64..1_000,
        order in Just((0..SHUFFLED).collect::<Vec<usize>>()).prop_shuffle(),
    ) {
        // From 10 % to 90 % buy of those reached, half of the others: so strong that it is proven, and a model told.
        let company = Company {
            customers: SHUFFLED as u64, share: 0.5, seed, base: |_| 0.5, effect: |x| 0.4 * x[0],
        };
        let subjects = company.draw();
        let shuffled: Vec<Subject> = order.iter().map(|at| subjects[*at].clone()).collect();
        let found = learn(&subjects, COUNTED);
        prop_assert!(matches!(&found, Ok((_, Some(_)))), "{found:?}");
        prop_assert_eq!(learn(&shuffled, COUNTED), found);
    }
}

#[test]
fn who_is_in_a_fifth_is_who_was_counted_in_it() {
    let subjects = persuadable(2_500, 21).draw();
    let Learned { found, places, .. } = learn_placed(&subjects, COUNTED).expect("enough customers");
    let proven = found.proven.expect("persuadable customers");
    assert_eq!(places.len(), found.judged);
    for (number, fifth) in proven.fifths.iter().enumerate() {
        let inside = |one: &&Subject| places.contains(&(one.key, number));
        let (reached, alone): (Vec<&Subject>, Vec<&Subject>) =
            subjects.iter().filter(inside).partition(|one| one.treated);
        assert_eq!((reached.len(), alone.len()), (fifth.treated, fifth.control));
        let bought = reached.iter().filter(|one| one.outcome > 0.0).count() as f64;
        assert!((bought / reached.len() as f64 - fifth.effect.treated).abs() < 1e-9);
    }
}

#[test]
fn a_model_lasts() {
    let (found, model) = learn(&persuadable(2_500, 21).draw(), COUNTED).expect("enough customers");
    let model = model.expect("a model");
    let kept = serde_json::to_string(&model).expect("plain data");
    let read: Model = serde_json::from_str(&kept).expect("plain data");
    let row = vec![vec![0.5, -0.5, 0.1, 0.2, 7.0]];
    assert_eq!(read.effects(&row), model.effects(&row));
    let kept = serde_json::to_string(&found).expect("plain data");
    assert_eq!(serde_json::from_str::<Found>(&kept).expect("plain data"), found);
}

#[test]
fn unusable_experiments_give_their_reason() {
    let good = persuadable(2_000, 1).draw();
    let told = |subjects: &[Subject]| learn(subjects, COUNTED).map(|(found, _)| found.proven.is_some());
    let few = |have| Err(Reason::TooFewCustomers { have, need: FEWEST_IN_ARM });
    assert_eq!(told(&[]), few(0));
    let reached = good[..10].iter().filter(|one| one.treated).count();
    assert_eq!(told(&good[..10]), few(reached.min(10 - reached)));
    let each = |change: fn(&mut Subject)| {
        let mut changed = good.clone();
        changed.iter_mut().for_each(change);
        changed
    };
    assert_eq!(told(&each(|one| one.treated = true)), few(0));
    let events = Err(Reason::TooFewEvents { have: 0, need: FEWEST_EVENTS });
    assert_eq!(told(&each(|one| one.outcome = 0.0)), events);
    assert_eq!(told(&each(|one| one.outcome = 1.0)), events);
    // Nothing to tell customers apart by, all of one fold, no features at all: no claim and no crash.
    assert_eq!(told(&each(|one| one.features = vec![3.0, 3.0])), Ok(false));
    assert_eq!(told(&each(|one| one.features.clear())), Ok(false));
    assert!(
        told(&each(|one| one.key = 9)).is_ok_and(|proven| !proven) || told(&each(|one| one.key = 9)).is_err()
    );
    let mut bad = good.clone();
    bad[7].features[0] = f64::NAN;
    assert_eq!(told(&bad), Err(Reason::NotFinite));
    bad[7].features = vec![1.0];
    assert_eq!(told(&bad), Err(Reason::Ragged));
}

#[test]
fn enormous_amounts_and_lopsided_sides_give_finite_numbers() {
    let company = Company { share: 0.05, ..persuadable(9_000, 4) };
    let mut subjects = company.draw();
    subjects.iter_mut().for_each(|one| one.outcome = one.sales);
    subjects[3].outcome = 1e12;
    subjects[3].sales = 1e12;
    let (found, _) = learn(&subjects, Terms { counted: false, ..COUNTED }).expect("enough customers");
    let text = serde_json::to_string(&found).expect("plain data");
    // JSON has no NaN: it would be null.
    assert!(found.tried.iter().all(|one| one.p_value.is_finite() && one.qini.error.is_finite()), "{text}");
}
