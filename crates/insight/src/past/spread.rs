//! How far what is forecast of many customers together may be off: the sum of their variances, as if each went his own way and the
//! parameters of the models were known, as the overview has it of everybody ([`crate::overview::Overview::clv_variance`]).

use super::Customer;
use crate::settings::Settings;
use value::{
    backtest::rules::YearBefore,
    history::Summary,
    model::{Figures, Model},
    money,
    scoring::Scoring,
};

/// Variance of the forecast of one customer in units: that of his value, of which the forecast is a share where value is measured by
/// profit. `None` where a rule is in force, or where it is infinite.
pub fn variance(figures: &Figures, forecast: i64) -> Option<f64> {
    let share = figures.clv.filter(|clv| *clv > 0.0).map_or(0.0, |clv| money::to_units(forecast) / clv);
    figures.clv_variance.map(|variance| variance * share * share)
}

/// Fills in those of today's forecasts, which were made on `day` with the model in force.
pub fn add(customers: &mut [Customer], day: i32, settings: &Settings, in_force: &Model) {
    let question = settings.question();
    let mut scoring = Scoring::new(in_force, day, &question);
    for Customer { purchases, now, .. } in customers {
        if let (Some(now), Some(summary)) = (now, Summary::of(purchases)) {
            let figures = scoring.score(&summary, YearBefore::of(purchases, day, &question));
            now.variance = variance(&figures, now.forecast);
        }
    }
}

/// In an order of its own, which sums of decimals depend on; `None` if one of them is unknown.
pub fn sum(variances: Vec<Option<f64>>) -> Option<f64> {
    let mut known: Vec<f64> = variances.into_iter().collect::<Option<_>>()?;
    known.sort_unstable_by(f64::total_cmp);
    Some(known.iter().sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use value::model::Question;

    #[test]
    fn the_variance_of_a_share_is_its_square_of_the_whole() {
        let purchases = [0, 30, 60].map(|day| value::history::Purchase { day, amount: 1_000_000 });
        let (model, question) = (Model::fit(&[], 100), Question::default());
        let year_before = YearBefore::of(&purchases, 100, &question);
        let summary = Summary::of(&purchases).unwrap();
        let unknown = Scoring::new(&model, 100, &question).score(&summary, year_before);
        assert_eq!(variance(&unknown, 0), None);
        let figures = Figures { clv: Some(200.0), clv_variance: Some(400.0), ..unknown };
        // 50 of 200 units: a quarter, so a sixteenth of the variance; at a loss the same.
        assert_eq!(variance(&figures, 500_000), Some(25.0));
        assert_eq!(variance(&figures, -500_000), Some(25.0));
        assert_eq!(variance(&Figures { clv: Some(0.0), ..figures }, 0), Some(0.0));
    }

    #[test]
    fn one_unknown_variance_leaves_the_sum_unknown() {
        assert_eq!(
            sum(vec![Some(1.0), Some(1e-16), Some(1e-16)]),
            sum(vec![Some(1e-16), Some(1.0), Some(1e-16)])
        );
        assert_eq!((sum(vec![]), sum(vec![Some(2.0), None])), (Some(0.0), None));
    }
}
