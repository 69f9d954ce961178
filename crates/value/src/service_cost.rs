//! What it costs to serve a customer, by activity-based costing: every activity has a driver that can be counted
//! (orders, lines, returns, calls, minutes …) and a rate per unit of it; a customer costs Σ units · rate.
//!
//! Source: Kaplan & Cooper (1998), *Cost & Effect*, ch. 10; Kaplan & Anderson (2004), "Time-Driven Activity-Based
//! Costing", *Harvard Business Review* 82(11), for the rates per minute. All money is whole ten-thousandths, so that a
//! sum over customers is the sum over what they caused, to the last digit.
//!
//! margin (goods, after returns and discounts) − selling = contribution; contribution − cost to serve = net profit, where
//! cost to serve = handling + returns + contacts.

use serde::{Deserialize, Serialize};

/// Shares are whole millionths.
pub const SHARE_SCALE: i64 = 1_000_000;

/// What can be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Driver {
    Order,
    OrderLine,
    Return,
    Freight,
    Payment,
    Commission,
    Call,
    Visit,
    Meeting,
    Email,
    Letter,
    Chat,
    Note,
    Task,
}

/// Where a cost appears in the customer's profit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// Rises with the sale itself: freight, payment, commission.
    Selling,
    /// Taking and picking orders.
    Handling,
    Returns,
    /// Calls, visits, letters …
    Contacts,
}

/// Drivers by the names records and activities have for them.
pub const DRIVERS: [(&str, Driver); 14] = [
    ("order", Driver::Order),
    ("order_line", Driver::OrderLine),
    ("return", Driver::Return),
    ("freight", Driver::Freight),
    ("payment", Driver::Payment),
    ("commission", Driver::Commission),
    ("call", Driver::Call),
    ("visit", Driver::Visit),
    ("meeting", Driver::Meeting),
    ("email", Driver::Email),
    ("letter", Driver::Letter),
    ("chat", Driver::Chat),
    ("note", Driver::Note),
    ("task", Driver::Task),
];

/// Those a sale itself causes.
pub const SELLING: [Driver; 3] = [Driver::Freight, Driver::Payment, Driver::Commission];

impl Driver {
    /// By its name in [`DRIVERS`].
    pub fn named(name: &str) -> Option<Driver> {
        DRIVERS.iter().find(|(known, _)| *known == name).map(|(_, driver)| *driver)
    }

    pub fn group(self) -> Group {
        match self {
            Driver::Freight | Driver::Payment | Driver::Commission => Group::Selling,
            Driver::Order | Driver::OrderLine => Group::Handling,
            Driver::Return => Group::Returns,
            _ => Group::Contacts,
        }
    }
}

/// A rate from a day on (days since 1970-01-01), until a later one of the same driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    pub from_day: i32,
    /// Ten-thousandths per piece.
    pub piece: i64,
    /// Ten-thousandths per minute.
    pub minute: i64,
    /// Millionths of the sale.
    pub share: i64,
}

/// How much of a driver was used at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Use {
    pub pieces: i64,
    pub minutes: i64,
    /// The sale, ten-thousandths.
    pub sales: i64,
}

/// All rates, by driver and day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rates(Vec<(Driver, Rate)>);

impl Rates {
    /// Of two rates of one driver and day the later in `rates` holds.
    pub fn of(rates: impl IntoIterator<Item = (Driver, Rate)>) -> Self {
        let mut all: Vec<(Driver, Rate)> = rates.into_iter().collect();
        all.sort_by_key(|(driver, rate)| (*driver, rate.from_day));
        Rates(all)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn has(&self, driver: Driver) -> bool {
        self.0.iter().any(|(known, _)| *known == driver)
    }

    pub fn has_group(&self, group: Group) -> bool {
        self.0.iter().any(|(driver, _)| driver.group() == group)
    }

    /// The rate in force on `day`; before a driver's first rate there is none.
    pub fn on(&self, driver: Driver, day: i32) -> Option<&Rate> {
        let until = self.0.partition_point(|(known, rate)| (*known, rate.from_day) <= (driver, day));
        let (known, rate) = &self.0[..until].last()?;
        (*known == driver).then_some(rate)
    }

    /// The days on which one of `drivers` costs otherwise by `other`: the first, and the first after them, if they end.
    pub fn differing_days(&self, other: &Rates, drivers: &[Driver]) -> Option<(i32, Option<i32>)> {
        let amounts = |rates: &Rates, driver, day| {
            rates.on(driver, day).map_or((0, 0, 0), |rate| (rate.piece, rate.minute, rate.share))
        };
        let mut found: Option<(i32, Option<i32>)> = None;
        for driver in drivers {
            let of_driver = self.0.iter().chain(&other.0).filter(|(known, _)| known == driver);
            let mut days: Vec<i32> = of_driver.map(|(_, rate)| rate.from_day).collect();
            days.sort_unstable();
            days.dedup();
            for (at, day) in days.iter().enumerate() {
                if amounts(self, *driver, *day) == amounts(other, *driver, *day) {
                    continue;
                }
                let end = days.get(at + 1).copied();
                let (first, last) = found.unwrap_or((*day, end));
                found = Some((first.min(*day), last.zip(end).map(|(one, other)| one.max(other))));
            }
        }
        found
    }

    /// What `used` of `driver` costs on `day`, ten-thousandths, the share rounded half away from zero. 0 without a rate.
    pub fn cost(&self, driver: Driver, day: i32, used: Use) -> i64 {
        let Some(rate) = self.on(driver, day) else { return 0 };
        let share = i128::from(rate.share) * i128::from(used.sales);
        let half = i128::from(SHARE_SCALE / 2) * share.signum();
        let cost = i128::from(rate.piece) * i128::from(used.pieces)
            + i128::from(rate.minute) * i128::from(used.minutes)
            + (share + half) / i128::from(SHARE_SCALE);
        i64::try_from(cost).unwrap_or(if cost > 0 { i64::MAX } else { i64::MIN })
    }
}

/// What one customer caused, ten-thousandths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Costs {
    pub selling: i64,
    pub handling: i64,
    pub returns: i64,
    pub contacts: i64,
}

impl Costs {
    pub fn add(&mut self, group: Group, cost: i64) {
        let sum = match group {
            Group::Selling => &mut self.selling,
            Group::Handling => &mut self.handling,
            Group::Returns => &mut self.returns,
            Group::Contacts => &mut self.contacts,
        };
        *sum = sum.saturating_add(cost);
    }

    pub fn all(&self) -> i64 {
        self.selling.saturating_add(self.to_serve())
    }

    /// Everything but [`Group::Selling`].
    pub fn to_serve(&self) -> i64 {
        self.handling.saturating_add(self.returns).saturating_add(self.contacts)
    }
}

/// One customer's profit, ten-thousandths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profit {
    pub margin: i64,
    pub costs: Costs,
}

/// What a loss comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Goods sold below their cost.
    BelowCost,
    Selling,
    Handling,
    Returns,
    Contacts,
}

impl Profit {
    pub fn contribution(&self) -> i64 {
        self.margin.saturating_sub(self.costs.selling)
    }

    pub fn net(&self) -> i64 {
        self.contribution().saturating_sub(self.costs.to_serve())
    }

    /// Of a customer who loses money, the largest of what takes it; the first in the order of [`Cause`] among equals.
    pub fn cause_of_loss(&self) -> Option<Cause> {
        if self.net() >= 0 {
            return None;
        }
        let taken = [
            (Cause::BelowCost, self.margin.saturating_neg()),
            (Cause::Selling, self.costs.selling),
            (Cause::Handling, self.costs.handling),
            (Cause::Returns, self.costs.returns),
            (Cause::Contacts, self.costs.contacts),
        ];
        taken.into_iter().rev().max_by_key(|(_, amount)| *amount).map(|(cause, _)| cause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rate(from_day: i32, piece: i64, minute: i64, share: i64) -> Rate {
        Rate { from_day, piece, minute, share }
    }

    /// A customer worked out by hand, in units: two orders of 1,000 and 500 with 3 and 1 lines, margin 450 of 1,500; one
    /// return; a visit of 90 minutes and two calls of 10. Rates: order 20, line 3, return 60, visit 100 + 2/min, call
    /// 1.5/min, payment 0.6 % of sales, freight 25 an order.
    #[test]
    fn a_customer_computed_by_hand() {
        let unit = 10_000;
        let rates = Rates::of([
            (Driver::Order, rate(0, 20 * unit, 0, 0)),
            (Driver::OrderLine, rate(0, 3 * unit, 0, 0)),
            (Driver::Return, rate(0, 60 * unit, 0, 0)),
            (Driver::Visit, rate(0, 100 * unit, 2 * unit, 0)),
            (Driver::Call, rate(0, 0, 15_000, 0)),
            (Driver::Payment, rate(0, 0, 0, 6_000)),
            (Driver::Freight, rate(0, 25 * unit, 0, 0)),
        ]);
        let mut costs = Costs::default();
        let mut spend = |driver: Driver, pieces: i64, minutes: i64, sales: i64| {
            let used = Use { pieces, minutes, sales: sales * unit };
            costs.add(driver.group(), rates.cost(driver, 100, used));
        };
        for (lines, sales) in [(3, 1_000), (1, 500)] {
            spend(Driver::Order, 1, 0, 0);
            spend(Driver::OrderLine, lines, 0, 0);
            SELLING.iter().for_each(|driver| spend(*driver, 1, 0, sales));
        }
        spend(Driver::Return, 1, 0, 0);
        spend(Driver::Visit, 1, 90, 0);
        [10, 10].iter().for_each(|minutes| spend(Driver::Call, 1, *minutes, 0));
        // Payment 6 + 3, freight 50; orders 40 + lines 12; return 60; visit 280, calls 30.
        let units = |amount: i64| amount as f64 / 10_000.0;
        assert_eq!(units(costs.selling), 59.0);
        assert_eq!(units(costs.handling), 52.0);
        assert_eq!((units(costs.returns), units(costs.contacts)), (60.0, 310.0));
        let profit = Profit { margin: 450 * unit, costs };
        assert_eq!((units(profit.contribution()), units(costs.to_serve())), (391.0, 422.0));
        assert_eq!((units(profit.net()), profit.cause_of_loss()), (-31.0, Some(Cause::Contacts)));
    }

    #[test]
    fn a_rate_holds_from_its_day_until_the_next() {
        let rates = Rates::of([
            (Driver::Order, rate(200, 9, 0, 0)),
            (Driver::Order, rate(100, 5, 0, 0)),
            (Driver::Call, rate(0, 7, 0, 0)),
        ]);
        let once = Use { pieces: 1, ..Use::default() };
        let on = |driver, day| rates.cost(driver, day, once);
        assert_eq!([99, 100, 199, 200].map(|day| on(Driver::Order, day)), [0, 5, 5, 9]);
        assert_eq!((on(Driver::Call, -1), on(Driver::Call, 0), on(Driver::Visit, 300)), (0, 7, 0));
    }

    #[test]
    fn the_loss_comes_from_the_largest() {
        let profit = |margin, selling, returns| Profit {
            margin,
            costs: Costs { selling, returns, ..Costs::default() },
        };
        assert_eq!(profit(10, 5, 5).cause_of_loss(), None);
        assert_eq!(profit(-10, 5, 6).cause_of_loss(), Some(Cause::BelowCost));
        assert_eq!(profit(3, 5, 6).cause_of_loss(), Some(Cause::Returns));
        assert_eq!(profit(3, 5, 5).cause_of_loss(), Some(Cause::Selling));
    }

    proptest! {
        #[test]
        fn customers_together_cost_what_everything_costs(
            piece in 0_i64..1_000_000, minute in 0_i64..100_000, share in 0_i64..200_000,
            uses in prop::collection::vec((0_usize..5, 0_i64..9, 0_i64..300, -9_000_000_i64..9_000_000), 0..60),
        ) {
            let rates = Rates::of([(Driver::Payment, rate(0, piece, minute, share))]);
            let mut each = [Costs::default(); 5];
            let mut all = Costs::default();
            for (customer, pieces, minutes, sales) in uses {
                let cost = rates.cost(Driver::Payment, 1, Use { pieces, minutes, sales });
                each[customer].add(Group::Selling, cost);
                all.add(Group::Selling, cost);
            }
            prop_assert_eq!(each.iter().map(|one| one.selling).sum::<i64>(), all.selling);
        }

        #[test]
        fn rates_differ_on_the_days_named_and_on_no_others(
            one in prop::collection::vec((any::<bool>(), 0_i32..20, 0_i64..3), 0..6),
            other in prop::collection::vec((any::<bool>(), 0_i32..20, 0_i64..3), 0..6),
        ) {
            let drivers = [Driver::Call, Driver::Visit];
            let rates = |given: Vec<(bool, i32, i64)>| {
                Rates::of(given.into_iter().map(|(call, day, piece)| (drivers[usize::from(call)], rate(day, piece, 0, 0))))
            };
            let (one, other) = (rates(one), rates(other));
            let once = Use { pieces: 1, ..Use::default() };
            let differs = |day: i32| {
                drivers.iter().any(|driver| one.cost(*driver, day, once) != other.cost(*driver, day, once))
            };
            let days: Vec<i32> = (-1..25).filter(|day| differs(*day)).collect();
            match one.differing_days(&other, &drivers) {
                None => prop_assert!(days.is_empty()),
                Some((first, end)) => {
                    prop_assert_eq!(days.first(), Some(&first));
                    prop_assert_eq!(days.last().map(|day| day + 1), Some(end.unwrap_or(25)));
                }
            }
        }
    }

    /// Of a driver from a day on: per piece, per minute, of the sale.
    type Rated = ((usize, i32), (i64, i64, i64));

    proptest! {
        #[test]
        fn the_order_of_rates_and_uses_changes_nothing(
            (rates, other_rates) in prop::collection::btree_map((0_usize..14, 0_i32..60), (0_i64..90_000, 0_i64..9_000, 0_i64..200_000), 0..40)
                .prop_map(|rates| rates.into_iter().collect::<Vec<Rated>>())
                .prop_flat_map(|given| (Just(given.clone()), Just(given).prop_shuffle())),
            (uses, other_uses) in prop::collection::vec((0_usize..14, 0_i32..60, 0_i64..9, 0_i64..300, -9_000_000_i64..9_000_000), 0..60)
                .prop_flat_map(|given| (Just(given.clone()), Just(given).prop_shuffle())),
        ) {
            let of = |given: Vec<Rated>| {
                Rates::of(given.into_iter().map(|((driver, day), (piece, minute, share))| {
                    (DRIVERS[driver].1, rate(day, piece, minute, share))
                }))
            };
            let costs = |rates: &Rates, uses: Vec<(usize, i32, i64, i64, i64)>| {
                let mut costs = Costs::default();
                for (driver, day, pieces, minutes, sales) in uses {
                    let driver = DRIVERS[driver].1;
                    costs.add(driver.group(), rates.cost(driver, day, Use { pieces, minutes, sales }));
                }
                costs
            };
            let (one, other) = (of(rates), of(other_rates));
            prop_assert_eq!(&one, &other);
            prop_assert_eq!(costs(&one, uses), costs(&other, other_uses));
        }
    }
}
