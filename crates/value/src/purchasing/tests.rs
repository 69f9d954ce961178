//! The family side by side.

use super::*;
use crate::estimate::delta_error;
use crate::generated;
use crate::history::Purchase;

fn histories(model: &Erlang, customers: usize, seed: u64) -> Vec<Vec<Purchase>> {
    generated::erlang_days(model, customers, 420, seed)
}

fn fits(histories: &[Vec<Purchase>]) -> Vec<PurchaseFit> {
    let customers = Customers::of_histories(histories, 420);
    let mut fits: Vec<PurchaseFit> =
        Family::RANDOM.iter().map(|family| PurchaseFit::of(*family, &customers).expect("fitted")).collect();
    fits.extend([false, true].map(|dropout| PurchaseFit::regular(&customers, dropout).expect("fitted")));
    fits
}

#[test]
fn who_never_stops_needs_no_dropout() {
    let truth = Erlang { k: 1, r: 1.2, alpha: 8.0, dropout: None };
    let fits = fits(&histories(&truth, 1_500, 2));
    let nbd = &fits[0];
    assert!(!nbd.shows_dropout() && nbd.boundary.is_empty());
    for fit in &fits[1..4] {
        // Nothing is gained by four parameters, and the fits say that no dropout is to be seen.
        assert!(fit.log_likelihood < nbd.log_likelihood + 2.0, "{fit:?}");
        assert!(!fit.shows_dropout(), "{fit:?}");
        assert!(fit.bic() > nbd.bic());
    }
}

#[test]
fn regular_buyers_are_told_from_random_ones() {
    let regular = Erlang { k: 3, r: 1.5, alpha: 2.0, dropout: Some(Dropout { a: 0.8, b: 4.0 }) };
    let found = fits(&histories(&regular, 1_500, 3));
    assert_eq!(found[5].family, Family::MbgCnbd { k: 3 });
    let best = found.iter().min_by(|one, other| one.bic().total_cmp(&other.bic())).expect("some");
    assert_eq!(best.family, Family::MbgCnbd { k: 3 });
    let random = Erlang { k: 1, ..regular };
    let found = fits(&histories(&random, 1_500, 3));
    assert_eq!((found[4].family, found[5].family), (Family::Nbd, Family::MbgNbd));
}

#[test]
fn the_order_of_customers_and_purchases_does_not_matter() {
    let truth = Erlang { k: 2, r: 1.5, alpha: 4.0, dropout: Some(Dropout { a: 0.8, b: 4.0 }) };
    let mut histories = histories(&truth, 400, 7);
    let first = fits(&histories);
    let (half, third) = (histories.len() / 2, histories.len() / 3);
    for turn in 0..3 {
        histories.reverse();
        histories.rotate_left(third + turn);
        histories[..half].reverse();
        for history in &mut histories {
            history.reverse();
        }
        assert_eq!(fits(&histories), first);
    }
}

#[test]
fn a_fit_survives_being_stored_and_knows_its_coordinates() {
    let truth = Erlang { k: 2, r: 1.5, alpha: 4.0, dropout: Some(Dropout { a: 0.8, b: 4.0 }) };
    for fit in fits(&histories(&truth, 400, 8)) {
        let back: PurchaseFit =
            serde_json::from_str(&serde_json::to_string(&fit).expect("json")).expect("fit");
        assert_eq!(back, fit);
        let seen = Observation { x: 3, t_x: 20.0, age: 30.0 };
        let again = fit.model.at(&fit.model.coordinates());
        let (one, other) = (fit.model.expected_purchases(&seen, 52.0), again.expected_purchases(&seen, 52.0));
        assert!((one / other - 1.0).abs() < 1e-9, "{}: {one} {other}", fit.family);
        // The delta method's error of ln r is that of r over r.
        let neighbours = Neighbours::of(&fit.model, &fit.covariance);
        let slope = neighbours.slope(|model| model.coordinates()[0]);
        let error = delta_error(&fit.covariance, &slope).expect("covariance");
        if let Some(known) = fit.parameters[0].standard_error {
            assert!((error / (known / fit.parameters[0].value) - 1.0).abs() < 1e-6, "{}", fit.family);
        }
    }
}

#[test]
fn too_few_customers_are_a_reason_and_not_a_number() {
    use crate::estimate::Unfit;
    let one =
        |days: &[i32]| days.iter().map(|day| Purchase { day: *day, amount: 10_000 }).collect::<Vec<_>>();
    let few = Customers::of_histories(&vec![one(&[1, 20]); 29], 100);
    let once = Customers::of_histories(&vec![one(&[5]); 200], 100);
    let one_day = Customers::of_histories(&vec![one(&[100, 100]); 200], 100);
    let future = Customers::of_histories(&vec![one(&[200, 300]); 200], 100);
    for family in [Family::Nbd, Family::BgNbd, Family::MbgNbd, Family::ParetoNbd, Family::MbgCnbd { k: 2 }] {
        assert_eq!(PurchaseFit::of(family, &few), Err(Unfit::TooFewCustomers));
        assert_eq!(PurchaseFit::of(family, &once), Err(Unfit::TooFewRepeatBuyers));
        assert_eq!(PurchaseFit::of(family, &one_day), Err(Unfit::TooFewRepeatBuyers));
        assert_eq!(PurchaseFit::of(family, &future), Err(Unfit::TooFewCustomers));
    }
}

#[test]
fn a_customer_with_ten_thousand_purchases_breaks_nothing() {
    let truth = Erlang { k: 1, r: 0.8, alpha: 6.0, dropout: Some(Dropout { a: 0.8, b: 4.0 }) };
    let mut histories = histories(&truth, 200, 9);
    histories.push((0..10_000).map(|day| Purchase { day: day - 9_590, amount: 10_000 }).collect());
    for fit in fits(&histories) {
        assert!(fit.log_likelihood.is_finite(), "{fit:?}");
        let heavy = Observation { x: 9_999, t_x: 1_428.43, age: 1_430.0 };
        let figures = [
            fit.model.p_alive(&heavy),
            fit.model.expected_purchases(&heavy, 52.0),
            fit.model.squared_purchases_if_alive(&heavy, 52.0),
            fit.model.p_no_purchase(&heavy, 13.0),
        ];
        assert!(
            figures.iter().all(|figure| figure.is_finite() && *figure >= 0.0),
            "{}: {figures:?}",
            fit.family
        );
        assert!(figures[1] < 500.0, "{}: {figures:?}", fit.family);
    }
}
