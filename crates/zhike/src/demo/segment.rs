//! Kinds of customers and how they behave. Purchases follow the BG/NBD assumptions (rate λ ~ Gamma(r, α) per week, dropout
//! after each purchase with probability p ~ Beta(a, b)), order values Gamma-Gamma (z ~ Gamma(p, ν), ν ~ Gamma(q, γ)), so that
//! the value models have something true to find.

use super::chance::Chance;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Segment {
    Export,
    Wholesale,
    Dealer,
    Hotel,
    Consumer,
}

pub const SEGMENTS: [(Segment, usize); 5] = [
    (Segment::Export, 70),
    (Segment::Wholesale, 130),
    (Segment::Dealer, 90),
    (Segment::Hotel, 60),
    (Segment::Consumer, 250),
];

pub struct Habit {
    /// Purchases per week: Gamma(shape, rate).
    pub rate: (f64, f64),
    /// Dropout after a purchase: Beta(a, b).
    pub dropout: (f64, f64),
    /// Mean order value in the company's currency.
    pub order_value: f64,
    /// Categories bought, with weights.
    pub categories: &'static [(&'static str, f64)],
    pub lines_mean: f64,
    pub returns: f64,
}

/// Shapes of the Gamma-Gamma spend: within a customer, between customers.
const WITHIN: f64 = 5.0;
const BETWEEN: f64 = 3.2;

impl Segment {
    pub fn habit(self) -> Habit {
        match self {
            Segment::Export => Habit {
                rate: (1.2, 5.6),
                dropout: (0.6, 22.0),
                order_value: 42_000.0,
                categories: &[
                    ("apples", 6.0),
                    ("pears", 3.0),
                    ("vegetables", 4.0),
                    ("processed", 2.5),
                    ("cherries", 1.0),
                ],
                lines_mean: 2.6,
                returns: 0.06,
            },
            Segment::Wholesale => Habit {
                rate: (0.9, 3.2),
                dropout: (0.6, 24.0),
                order_value: 11_000.0,
                categories: &[
                    ("apples", 6.0),
                    ("pears", 3.0),
                    ("vegetables", 4.0),
                    ("cherries", 2.0),
                    ("processed", 1.0),
                ],
                lines_mean: 3.4,
                returns: 0.04,
            },
            Segment::Dealer => Habit {
                rate: (1.0, 4.2),
                dropout: (0.6, 18.0),
                order_value: 16_000.0,
                categories: &[("cooling", 4.0), ("kitchen", 4.0), ("video", 3.0), ("care", 3.0)],
                lines_mean: 3.2,
                returns: 0.045,
            },
            Segment::Hotel => Habit {
                rate: (1.1, 4.0),
                dropout: (0.6, 18.0),
                order_value: 4_500.0,
                categories: &[
                    ("apples", 3.0),
                    ("cherries", 3.0),
                    ("vegetables", 4.0),
                    ("gifts", 1.0),
                    ("cooling", 0.3),
                ],
                lines_mean: 3.0,
                returns: 0.03,
            },
            Segment::Consumer => Habit {
                rate: (0.7, 9.0),
                dropout: (0.8, 6.0),
                order_value: 1_900.0,
                categories: &[
                    ("kitchen", 4.0),
                    ("video", 2.0),
                    ("care", 3.0),
                    ("cooling", 1.5),
                    ("gifts", 4.0),
                ],
                lines_mean: 1.5,
                returns: 0.05,
            },
        }
    }

    /// How much of the usual demand there is in a month: harvest and festivals for fruit, summer and November for appliances.
    pub fn season(self, month: u32) -> f64 {
        const FRUIT: [f64; 12] = [1.0, 0.55, 0.6, 0.6, 0.65, 0.75, 0.6, 0.65, 0.95, 1.0, 0.95, 1.0];
        const APPLIANCES: [f64; 12] = [0.8, 0.5, 0.6, 0.65, 0.75, 1.0, 0.85, 0.7, 0.7, 0.75, 1.0, 0.8];
        let months = if matches!(self, Segment::Dealer | Segment::Consumer) { &APPLIANCES } else { &FRUIT };
        months[(month as usize).saturating_sub(1) % 12]
    }
}

/// Dealers who stop more rarely than this after a purchase buy by plan.
const LOYAL_DROPOUT: f64 = 0.01;

/// One customer's own behaviour, drawn once.
pub struct Behaviour {
    /// Purchases per week in the strongest month.
    pub rate: f64,
    pub dropout: f64,
    /// Buys by plan: at even distances the year round, his staple every time.
    pub regular: bool,
    /// Rate of the Gamma his order values come from.
    spend_rate: f64,
}

impl Behaviour {
    pub fn draw(segment: Segment, chance: &mut Chance) -> Self {
        let habit = segment.habit();
        let gamma = habit.order_value * (BETWEEN - 1.0) / WITHIN;
        let rate = chance.gamma(habit.rate.0, habit.rate.1);
        let dropout = chance.beta(habit.dropout.0, habit.dropout.1);
        Behaviour {
            rate,
            dropout,
            regular: segment == Segment::Dealer && dropout < LOYAL_DROPOUT,
            spend_rate: chance.gamma(BETWEEN, gamma),
        }
    }
    pub fn order_value(&self, chance: &mut Chance) -> f64 {
        chance.gamma(WITHIN, self.spend_rate)
    }
}
