//! What serving customers costs the made-up company; some rates rose a year ago.

use super::{
    chance::Chance,
    company::{Company, rounded},
};
use meta::{DateTime, Utc, Value};

/// Driver, per piece, per minute, share of sales.
type Rate = (&'static str, f64, f64, f64);

const FROM_THE_BEGINNING: [Rate; 12] = [
    ("order", 32.0, 0.0, 0.0),
    ("order_line", 4.0, 0.0, 0.0),
    ("return", 160.0, 0.0, 0.0),
    ("freight", 18.0, 0.0, 0.011),
    ("payment", 0.0, 0.0, 0.005),
    ("commission", 0.0, 0.0, 0.01),
    ("call", 6.0, 1.2, 0.0),
    ("visit", 140.0, 1.8, 0.0),
    ("meeting", 40.0, 1.8, 0.0),
    ("email", 4.0, 0.0, 0.0),
    ("letter", 7.0, 0.0, 0.0),
    ("chat", 3.0, 1.2, 0.0),
];

const SINCE_A_YEAR: [Rate; 3] =
    [("order", 36.0, 0.0, 0.0), ("return", 180.0, 0.0, 0.0), ("visit", 160.0, 2.0, 0.0)];

pub fn add(company: &mut Company, seed: u64, from: DateTime<Utc>, now: DateTime<Utc>) {
    let mut chance = Chance::new(seed, 50);
    let year_ago = Ord::max(now - chrono::Duration::days(365), from);
    for (at, rates) in [(from, &FROM_THE_BEGINNING[..]), (year_ago, &SINCE_A_YEAR[..])] {
        for (driver, piece, minute, share) in rates {
            let given = |amount: f64| if amount > 0.0 { rounded(amount, 4) } else { Value::Null };
            let fields = [
                ("driver", (*driver).into()),
                ("valid_from", at.date_naive().into()),
                ("amount", given(*piece)),
                ("amount_per_minute", given(*minute)),
                ("share_of_sales", given(*share)),
            ];
            company.add("cost_rate", at, chance.id(at), fields);
        }
    }
}
