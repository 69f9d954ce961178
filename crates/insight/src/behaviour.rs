//! The value-behaviour class: how a customer decides, as far as it shows in what he pays and how often he comes.
//!
//! His margin rate is held against that of all customers together (returns and discounts are in both):
//!
//! | # | class | condition |
//! |---|---|---|
//! | 1 | profit-seeking | pays clearly less than others: rate below 3/4 of everybody's |
//! | 2 | lighthouse | pays no less than others and is among the most frequent (score 5): sets the pace at full price |
//! | 3 | rational | comes often (score 3 or 4, or 5 at a lower price): buys by need, at the usual price |
//! | 4 | follower | all others: comes seldom, at the usual price |
//!
//! Without two orders and a known cost nothing is said. Whoever knows better chooses the class by hand.

use crate::{classes::Earned, statistics::Statistics};

/// Cheaper than three quarters of the usual rate.
const CHEAP: (i128, i128) = (3, 4);
const FEWEST_ORDERS: u32 = 2;
const PACE: u8 = 5;
const OFTEN: u8 = 3;

/// The class and what decided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Behaviour {
    pub class: &'static str,
    /// His margin rate, and everybody's.
    pub rate: f64,
    pub usual: f64,
    /// Frequency score, 1 to 5.
    pub frequency: u8,
}

impl Behaviour {
    pub fn of(statistics: &Statistics, earned: &Earned, frequency: u8) -> Option<Self> {
        let margin = statistics.margin?;
        let (sales, everybody) = (statistics.costed_sales, earned.costed_sales);
        if statistics.orders < FEWEST_ORDERS || sales <= 0 || everybody <= 0 || earned.margin <= 0 {
            return None;
        }
        // margin/sales against earned.margin/everybody in whole numbers.
        let his = i128::from(margin) * i128::from(everybody);
        let usual = i128::from(earned.margin) * i128::from(sales);
        let class = if his * CHEAP.1 < usual * CHEAP.0 {
            "profit_seeking"
        } else if frequency >= PACE && his >= usual {
            "lighthouse"
        } else if frequency >= OFTEN {
            "rational"
        } else {
            "follower"
        };
        let rate = |margin: i64, sales: i64| margin as f64 / sales as f64;
        Some(Behaviour { class, rate: rate(margin, sales), usual: rate(earned.margin, everybody), frequency })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: Earned =
        Earned { margin: 400, costed_sales: 1_000, costs: 0, net_sales: 1_000, gross_sales: 1_000 };

    fn class(margin: Option<i64>, orders: u32, frequency: u8) -> Option<&'static str> {
        let one = Statistics { margin, costed_sales: 100, orders, ..Statistics::default() };
        Behaviour::of(&one, &USUAL, frequency).map(|behaviour| behaviour.class)
    }

    #[test]
    fn price_and_frequency_decide() {
        assert_eq!(class(Some(29), 9, 5), Some("profit_seeking"));
        assert_eq!(class(Some(30), 9, 5), Some("rational"));
        assert_eq!(class(Some(40), 9, 5), Some("lighthouse"));
        assert_eq!(class(Some(55), 3, 4), Some("rational"));
        assert_eq!(class(Some(55), 3, 2), Some("follower"));
    }

    #[test]
    fn without_cost_or_a_second_order_nothing_is_said() {
        assert_eq!(class(None, 9, 5), None);
        assert_eq!(class(Some(40), 1, 5), None);
        let one = Statistics { margin: Some(40), costed_sales: 100, orders: 3, ..Statistics::default() };
        assert_eq!(Behaviour::of(&one, &Earned::default(), 5), None);
        assert_eq!(Behaviour::of(&Statistics { costed_sales: 0, ..one }, &USUAL, 5), None);
    }
}
