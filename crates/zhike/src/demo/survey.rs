//! Made-up answers of customers: what they expected, how they found it, and whether they would recommend the company. Delivery abroad
//! is the sore point, and service has become better.

use super::{
    chance::Chance,
    company::{Company, Plan, rounded},
    customers::Customer,
    orders::Purchase,
};
use chrono::Duration;
use meta::{DateTime, Utc, Value};

/// Streams of chance of their own, so that the rest of the world stays as it is.
const STREAM: u64 = 100_000;
/// One customer in so many answers in a year.
const ANSWERS: f64 = 0.3;

/// Dimension, what is expected, how it is found against that.
const DIMENSIONS: [(&str, f64, f64); 4] =
    [("product", 8.2, 0.1), ("price", 7.0, -0.5), ("delivery", 7.8, -0.3), ("service", 7.6, 0.2)];

pub fn add(company: &mut Company, plan: &Plan, customer: &Customer, purchases: &[Purchase], stream: u64) {
    let mut chance = Chance::new(plan.seed, STREAM + stream);
    let Some(first) = purchases.first() else { return };
    let likes = chance.normal() * 0.9;
    let mut at = first.at + Duration::days(30 + chance.below(300) as i64);
    while at < plan.to {
        let still = purchases.iter().any(|purchase| (at - purchase.at).num_days().abs() < 200);
        if still && chance.happens(ANSWERS) {
            answer(company, plan, customer, at, likes, &mut chance);
        }
        at += Duration::days(330 + chance.below(60) as i64);
    }
}

fn whole(number: f64) -> i64 {
    number.round().clamp(0.0, 10.0) as i64
}

fn answer(
    company: &mut Company,
    plan: &Plan,
    customer: &Customer,
    at: DateTime<Utc>,
    likes: f64,
    chance: &mut Chance,
) {
    let years_ago = (plan.to - at).num_days() as f64 / 365.0;
    for (dimension, expected, found) in DIMENSIONS {
        let mut gap = found + likes + chance.normal() * 0.8;
        if dimension == "delivery" && customer.foreign {
            gap -= 1.8;
        }
        if dimension == "service" {
            gap -= 0.5 * years_ago;
        }
        let expected = (expected + chance.normal() * 0.8).round().clamp(4.0, 10.0);
        let fields = [
            ("account", customer.id.into()),
            ("contact", customer.contacts.first().copied().into()),
            ("asked_on", at.date_naive().into()),
            ("survey", "年度满意度调查 Yearly survey".into()),
            ("dimension", dimension.into()),
            ("expected", Value::Int(expected as i64)),
            ("perceived", Value::Int(whole(expected + gap))),
        ];
        company.add("survey_answer", at, chance.id(at), fields);
    }
    let attitude = |chance: &mut Chance, about: f64| Value::Int(whole(about + 1.4 * likes + chance.normal()));
    let fields = [
        ("account", customer.id.into()),
        ("contact", customer.contacts.first().copied().into()),
        ("asked_on", at.date_naive().into()),
        ("survey", "年度满意度调查 Yearly survey".into()),
        ("dimension", "overall".into()),
        ("expected", Value::Int(8)),
        ("perceived", Value::Int(whole(7.7 + likes))),
        ("recommend", attitude(chance, 8.0)),
        ("repurchase", attitude(chance, 8.2)),
        ("price_tolerance", attitude(chance, 5.5)),
        ("first_choice", attitude(chance, 7.0)),
        ("share_of_wallet", rounded(chance.beta(3.0, 3.0), 2)),
    ];
    company.add("survey_answer", at, chance.id(at), fields);
}
