//! How far one customer's figures may be off because the models' parameters are estimates: standard errors by the delta method,
//! √(∇gᵀ Σ ∇g) with Σ the covariance of the fit's coordinates (inverse of the observed information at the maximum) and ∇g by central
//! differences. What the customer himself decides by chance is not in them: that is in the interval of his value ([`crate::clv_range`]).

use crate::estimate::delta_error;
use crate::history::Summary;
use crate::model::{Model, Question};
use crate::purchasing::{Neighbours, Purchasing};

/// In the unit of each figure; `None` where no model or no covariance is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ParameterErrors {
    pub p_alive: Option<f64>,
    /// Of the purchases expected within the horizon.
    pub purchases: Option<f64>,
    /// Of the probability to buy within the horizon, and so of that not to.
    pub buys_within: Option<f64>,
    pub buys_soon: Option<f64>,
    /// Of the expected amount per purchase, currency units.
    pub spend: Option<f64>,
}

impl ParameterErrors {
    /// `on_day` as in [`crate::scoring::Scoring::new`].
    pub fn of(model: &Model, customer: &Summary, on_day: i32, question: &Question) -> Self {
        let seen = customer.observe(on_day.max(customer.last_day));
        let fit = model.purchases.fitted();
        let neighbours = fit.map(|fit| Neighbours::of(&fit.model, &fit.covariance)).unwrap_or_default();
        let error = |figure: &dyn Fn(&Purchasing) -> f64| {
            let covariance = &fit?.covariance;
            delta_error(covariance, &neighbours.slope(figure)).filter(|_| !covariance.is_empty())
        };
        let weeks = question.outlook.horizon_weeks;
        let spend = model.gamma_gamma.fitted().and_then(|fit| {
            let (x, mean) = (customer.repeat(), customer.monetary().unwrap_or(0.0));
            let relative = delta_error(&fit.covariance, &fit.parameters.slope_of_expected_spend(x, mean)?)?;
            Some(relative * fit.parameters.expected_spend(x, mean)?)
        });
        Self {
            p_alive: error(&|model| model.p_alive(&seen)),
            purchases: error(&|model| model.expected_purchases(&seen, weeks)),
            buys_within: error(&|model| model.p_no_purchase(&seen, weeks)),
            buys_soon: error(&|model| model.p_no_purchase(&seen, question.soon_weeks)),
            spend,
        }
    }
}
