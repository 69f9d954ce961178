//! Customer lifetime value: the money expected from a customer's future purchases, in today's money.
//!
//! CLV(h) = s · m · Σ_{w=1..h} [E Y(w) − E Y(w−1)] / (1+d)^((w − ½)/52.1786)
//!
//! with E Y(w) the purchases expected within w weeks ([`crate::purchasing`]), m the amount expected per purchase
//! (Gamma-Gamma, [`crate::gamma_gamma`]), s the share of it that counts (1 for sales, the margin rate for profit)
//! and d the annual discount rate. A week's purchases are discounted from its middle; a year has 365.25/7 weeks. A
//! fraction of a week at the end of h counts as its own, shorter period.
//!
//! Source: Fader, Hardie & Lee (2005), "RFM and CLV", eq. (1)–(3), with finite horizon and weekly periods.
//! Unit: that of m.

use serde::{Deserialize, Serialize};

use crate::history::Observation;
use crate::purchasing::Purchasing;

/// Weeks of a mean Julian year.
pub const WEEKS_PER_YEAR: f64 = 365.25 / 7.0;
/// Years of [`Periods::of_life`]. What a purchase beyond is worth today is little, and a forecast that far ahead is a guess.
pub const LIFETIME_YEARS: u32 = 5;
/// Periods are a week up to here in [`discounted_purchases`] without end, a year beyond.
const WEEKLY_UNTIL: u32 = 260;
/// [`discounted_purchases_forever`] adds up years until a purchase is worth this share of one today.
const WORTHLESS: f64 = 1e-3;

/// How to value the future.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outlook {
    /// Weeks ahead, > 0.
    pub horizon_weeks: f64,
    /// Annual discount rate, 0.1 for 10 %; > −1.
    pub annual_discount: f64,
    /// Share of the amount that counts: 1 values sales, the margin rate values profit.
    pub margin_share: f64,
}

impl Default for Outlook {
    /// Sales of the next 52 weeks at 10 % a year.
    fn default() -> Self {
        Self { horizon_weeks: 52.0, annual_discount: 0.1, margin_share: 1.0 }
    }
}

/// The periods that purchases are counted and discounted in, for any number of customers.
#[derive(Clone, Debug, PartialEq)]
pub struct Periods {
    /// Weeks from today, ascending.
    ends: Vec<f64>,
    /// What a purchase within each is worth today.
    worth: Vec<f64>,
    /// How many of them are within the outlook's horizon.
    horizon: usize,
}

/// The weeks of the horizon, the last one as long as is left.
fn weeks(outlook: &Outlook) -> Vec<f64> {
    let mut ends: Vec<f64> = Vec::new();
    let horizon = outlook.horizon_weeks;
    let mut week = 1.0;
    while week < horizon {
        ends.push(week);
        week += 1.0;
    }
    if horizon > 0.0 {
        ends.push(horizon);
    }
    ends
}

impl Periods {
    /// The weeks of the outlook's horizon.
    pub fn within(outlook: &Outlook) -> Self {
        Self::new(weeks(outlook), outlook.annual_discount)
    }

    /// The same and, beyond, years up to [`LIFETIME_YEARS`], discounted from their middle: within 0.2 % of weeks all along.
    pub fn of_life(outlook: &Outlook) -> Self {
        let mut ends = weeks(outlook);
        let horizon = ends.len();
        let life = f64::from(LIFETIME_YEARS) * WEEKS_PER_YEAR;
        let mut end = ends.last().copied().unwrap_or(0.0);
        while end < life {
            end = (end + WEEKS_PER_YEAR).min(life);
            ends.push(end);
        }
        Self { horizon, ..Self::new(ends, outlook.annual_discount) }
    }

    fn new(ends: Vec<f64>, annual_discount: f64) -> Self {
        let begins = std::iter::once(&0.0).chain(&ends);
        let years = ends.iter().zip(begins).map(|(end, begin)| 0.5 * (begin + end) / WEEKS_PER_YEAR);
        let worth = years.map(|years| (-years * annual_discount.ln_1p()).exp()).collect();
        Self { horizon: ends.len(), ends, worth }
    }

    /// What a purchase within the horizon is worth today if all its times are alike; 0 without a horizon.
    pub fn mean_worth(&self) -> f64 {
        let ends = &self.ends[..self.horizon];
        let begins = std::iter::once(&0.0).chain(ends);
        let sum: f64 =
            ends.iter().zip(begins).zip(&self.worth).map(|((end, begin), w)| (end - begin) * w).sum();
        ends.last().map_or(0.0, |end| sum / end)
    }

    /// What a customer who is alive is expected to buy; with most models he counts only through x and T.
    pub fn ahead(&self, model: &Purchasing, seen: &Observation) -> Ahead {
        let expected = model.purchases_if_alive(seen, &self.ends);
        let mut ahead = Ahead::default();
        let mut before = 0.0;
        for (at, (purchases, worth)) in expected.iter().zip(&self.worth).enumerate() {
            ahead.last_period = (purchases - before) * worth;
            ahead.of_life += ahead.last_period;
            before = *purchases;
            if at + 1 == self.horizon {
                (ahead.purchases, ahead.discounted) = (before, ahead.of_life);
            }
        }
        ahead
    }
}

/// Purchases expected of a customer, if he is alive.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Ahead {
    /// Within the horizon.
    pub purchases: f64,
    /// The same, counted by their worth today.
    pub discounted: f64,
    /// Those within all [`Periods`], counted by their worth today.
    pub of_life: f64,
    /// The last period's part of it.
    last_period: f64,
}

/// Discounted expected number of purchases within the horizon.
pub fn discounted_purchases(model: &Purchasing, seen: &Observation, outlook: &Outlook) -> f64 {
    model.p_alive(seen) * Periods::within(outlook).ahead(model, seen).discounted
}

/// CLV over the horizon, in the unit of `spend` (the amount expected per purchase).
pub fn clv(model: &Purchasing, seen: &Observation, spend: f64, outlook: &Outlook) -> f64 {
    spend * outlook.margin_share * discounted_purchases(model, seen, outlook)
}

/// Discounted expected number of all future purchases, without horizon; `None` unless the discount rate is positive.
///
/// Approximation: weekly periods for five years, then yearly ones (discounted from their middle) until a purchase
/// is worth less than 1/1000 of one today; the rest is valued as if the last year's rate went on forever, which
/// bounds it from above because the expected rate only falls. Together the error is below 0.2 % at 10 % a year.
pub fn discounted_purchases_forever(
    model: &Purchasing,
    seen: &Observation,
    annual_discount: f64,
) -> Option<f64> {
    if annual_discount.is_nan() || annual_discount <= 0.0 {
        return None;
    }
    let mut ends: Vec<f64> = (1..=WEEKLY_UNTIL).map(f64::from).collect();
    let years = (-WORTHLESS.ln() / annual_discount.ln_1p()).ceil().clamp(10.0, 2000.0);
    let mut end = f64::from(WEEKLY_UNTIL);
    while end < years * WEEKS_PER_YEAR {
        end += WEEKS_PER_YEAR;
        ends.push(end);
    }
    let ahead = Periods::new(ends, annual_discount).ahead(model, seen);
    // Σ of a geometric series starting one year after the last period.
    Some(model.p_alive(seen) * (ahead.discounted + ahead.last_period / annual_discount))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bg_nbd::BgNbd;

    const MODEL: Purchasing = Purchasing::BgNbd(BgNbd { r: 0.243, alpha: 4.414, a: 0.793, b: 2.426 });
    const CUSTOMER: Observation = Observation { x: 2, t_x: 30.43, age: 38.86 };

    fn outlook(horizon_weeks: f64, annual_discount: f64) -> Outlook {
        Outlook { horizon_weeks, annual_discount, margin_share: 1.0 }
    }

    #[test]
    fn without_discount_it_is_the_expected_number() {
        let found = discounted_purchases(&MODEL, &CUSTOMER, &outlook(39.0, 0.0));
        assert!((found - MODEL.expected_purchases(&CUSTOMER, 39.0)).abs() < 1e-12);
        assert!((clv(&MODEL, &CUSTOMER, 20.0, &outlook(39.0, 0.0)) - 20.0 * found).abs() < 1e-10);
    }

    #[test]
    fn weekly_periods_are_close_to_continuous_discounting() {
        // A thousand times finer: Σ over 1/1000 weeks, computed from the expected numbers directly.
        let fine: Vec<f64> = (1..=52_000).map(|k| f64::from(k) / 1000.0).collect();
        let exact = MODEL.p_alive(&CUSTOMER) * Periods::new(fine, 0.15).ahead(&MODEL, &CUSTOMER).discounted;
        let found = discounted_purchases(&MODEL, &CUSTOMER, &outlook(52.0, 0.15));
        assert!((found / exact - 1.0).abs() < 1e-5, "{found} {exact}");
    }

    #[test]
    fn discount_and_horizon_have_their_direction() {
        let value = |h, d| discounted_purchases(&MODEL, &CUSTOMER, &outlook(h, d));
        assert!(value(52.0, 0.1) < value(52.0, 0.05) && value(26.0, 0.1) < value(52.0, 0.1));
        assert!(value(10.0, 0.1) < value(10.5, 0.1) && value(10.5, 0.1) < value(11.0, 0.1));
        assert_eq!(value(0.0, 0.1), 0.0);
    }

    #[test]
    fn a_life_is_the_horizon_and_the_years_after_it() {
        let outlook = outlook(52.0, 0.1);
        let [year, life] = [Periods::within(&outlook), Periods::of_life(&outlook)]
            .map(|periods| periods.ahead(&MODEL, &CUSTOMER));
        assert_eq!((year.purchases, year.discounted), (life.purchases, life.discounted));
        let weekly = Outlook { horizon_weeks: f64::from(LIFETIME_YEARS) * WEEKS_PER_YEAR, ..outlook };
        let exact = Periods::within(&weekly).ahead(&MODEL, &CUSTOMER).discounted;
        assert!((life.of_life / exact - 1.0).abs() < 2e-3, "{} {exact}", life.of_life);
        assert_eq!(Periods::of_life(&outlook).mean_worth(), Periods::within(&outlook).mean_worth());
    }

    #[test]
    fn forever_is_the_limit_of_long_horizons() {
        let forever = discounted_purchases_forever(&MODEL, &CUSTOMER, 0.1).expect("positive rate");
        let long = discounted_purchases(&MODEL, &CUSTOMER, &outlook(150.0 * WEEKS_PER_YEAR, 0.1));
        assert!((forever / long - 1.0).abs() < 2e-3, "{forever} {long}");
        assert_eq!(discounted_purchases_forever(&MODEL, &CUSTOMER, 0.0), None);
    }
}
