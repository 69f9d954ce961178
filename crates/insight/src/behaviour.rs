//! The value-behaviour class: how a customer decides, as far as it shows in what he pays, how early he takes up what is new and how
//! often he comes.
//!
//! His margin rate is held against that of all customers together (returns and discounts are in both), his share of new products
//! bought early against theirs ([`crate::adoption`]). The first condition that holds decides:
//!
//! | # | class | condition |
//! |---|---|---|
//! | 1 | profit-seeking | pays clearly less than others: rate below 3/4 of everybody's |
//! | 2 | lighthouse | takes up the new first: share in the first fifth and above everybody's |
//! | 3 | follower | takes up the new later: share below everybody's |
//! | 4 | rational | takes up the new as others do, or, where that is not known, comes often (score 3 to 5): buys by need, at the usual price |
//! | – | none | comes seldom, and too few of the products he bought were new |
//!
//! Without two orders and a known cost nothing is said. Whoever knows better chooses the class by hand.

use crate::{
    adoption::{Adoption, Place},
    classes::Classes,
    statistics::Statistics,
};

/// Cheaper than three quarters of the usual rate.
const CHEAP: (i128, i128) = (3, 4);
const FEWEST_ORDERS: u32 = 2;
const OFTEN: u8 = 3;

/// The class and what decided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Behaviour {
    /// `None` where nothing tells of it.
    pub class: Option<&'static str>,
    /// His margin rate, and everybody's.
    pub rate: f64,
    pub usual: f64,
    /// Frequency score, 1 to 5.
    pub frequency: u8,
    /// What he bought of the new, and how that stands to others'; no place where too little is known.
    pub adoption: Adoption,
    pub place: Option<Place>,
}

impl Behaviour {
    pub fn of(statistics: &Statistics, classes: &Classes, frequency: u8) -> Option<Self> {
        let (earned, adoption) = (&classes.earned, statistics.adoption);
        let margin = statistics.margin?;
        let (sales, everybody) = (statistics.costed_sales, earned.costed_sales);
        if statistics.orders < FEWEST_ORDERS || sales <= 0 || everybody <= 0 || earned.margin <= 0 {
            return None;
        }
        // margin/sales against earned.margin/everybody in whole numbers.
        let his = i128::from(margin) * i128::from(everybody);
        let usual = i128::from(earned.margin) * i128::from(sales);
        let place = classes.adopters.place(adoption);
        let class = match place {
            _ if his * CHEAP.1 < usual * CHEAP.0 => Some("profit_seeking"),
            Some(Place::First) => Some("lighthouse"),
            Some(Place::Behind) => Some("follower"),
            Some(Place::Among) => Some("rational"),
            None => (frequency >= OFTEN).then_some("rational"),
        };
        let rate = |margin: i64, sales: i64| margin as f64 / sales as f64;
        let (rate, usual) = (rate(margin, sales), rate(earned.margin, everybody));
        Some(Behaviour { class, rate, usual, frequency, adoption, place })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{adoption::Adopters, classes::Earned};

    /// Everybody earns 40 %; of five who bought ten new products each, one bought six of them early, the others one: 20 %.
    fn classes() -> Classes {
        let early = [6, 1, 1, 1, 1].map(|early| Adoption { new: 10, early });
        Classes {
            earned: Earned {
                margin: 400,
                costed_sales: 1_000,
                costs: 0,
                net_sales: 1_000,
                gross_sales: 1_000,
            },
            adopters: Adopters::fit(early.into_iter()),
            ..Classes::default()
        }
    }

    fn class(margin: i64, orders: u32, frequency: u8, (early, new): (u16, u16)) -> Option<&'static str> {
        let adoption = Adoption { new, early };
        let one =
            Statistics { margin: Some(margin), costed_sales: 100, orders, adoption, ..Statistics::default() };
        Behaviour::of(&one, &classes(), frequency)?.class
    }

    #[test]
    fn price_then_the_new_then_frequency_decide() {
        // Who goes where the discount is does so with new products, too.
        assert_eq!(class(29, 9, 5, (6, 10)), Some("profit_seeking"));
        assert_eq!(class(30, 9, 1, (6, 10)), Some("lighthouse"));
        assert_eq!(class(55, 9, 5, (1, 10)), Some("follower"));
        // Above everybody's fifth, but not among the first.
        assert_eq!(class(40, 9, 1, (3, 10)), Some("rational"));
    }

    #[test]
    fn where_too_few_products_are_new_only_price_and_frequency_tell() {
        for new in [(0, 0), (2, 2)] {
            assert_eq!(class(29, 9, 5, new), Some("profit_seeking"));
            assert_eq!(class(40, 9, 5, new), Some("rational"));
            assert_eq!(class(55, 3, 3, new), Some("rational"));
            assert_eq!(class(55, 3, 2, new), None);
        }
    }

    #[test]
    fn without_cost_or_a_second_order_nothing_is_said() {
        let one = Statistics { margin: Some(40), costed_sales: 100, orders: 3, ..Statistics::default() };
        let said = |one: &Statistics, classes: &Classes| Behaviour::of(one, classes, 5).is_some();
        assert!(said(&one, &classes()));
        assert!(!said(&Statistics { margin: None, ..one }, &classes()));
        assert!(!said(&Statistics { orders: 1, ..one }, &classes()));
        assert!(!said(&one, &Classes::default()));
        assert!(!said(&Statistics { costed_sales: 0, ..one }, &classes()));
    }
}
