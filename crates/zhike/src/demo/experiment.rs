//! A made-up experiment that has ended: a voucher sent by letter to half of the customers, drawn at random. Persons buy because of it,
//! companies order what they need with and without it, so that there is something true to find.

use super::{
    chance::Chance,
    company::{Company, Plan},
    customers::Customer,
    orders,
    segment::{Behaviour, Segment},
};
use ::mining::effect::assignment::is_control;
use chrono::{Datelike, Duration};
use engine::{Actor, Engine};
use insight::mining::experiment::{ENTITY, result};
use meta::{DateTime, Decimal, Id, Utc, Value};

/// Streams of chance of their own, so that the rest of the world stays as it is.
const STREAM: u64 = 300_000;
const CONTROL: Decimal = Decimal::from_parts(5, 0, 0, false, 1);
/// It began on the first day of the month of this many days ago.
const BEGAN_DAYS: i64 = 95;
const LASTED_DAYS: i64 = 60;
/// Of the persons reached so many come because of it.
const COME: f64 = 0.55;

pub struct Voucher {
    pub id: Id,
    from: DateTime<Utc>,
}

pub fn add(company: &mut Company, seed: u64, now: DateTime<Utc>) -> Voucher {
    let mut chance = Chance::new(seed, STREAM);
    let began = (now - Duration::days(BEGAN_DAYS)).date_naive();
    let first = began.with_day(1).unwrap_or(began);
    let from = super::company::start_of(first);
    let id = chance.id(from);
    let fields = [
        ("name", "礼券信函 Voucher by letter".into()),
        ("medium", "letter".into()),
        ("population", format!("created_at < \"{}\"", from.format("%Y-%m-%dT%H:%M:%SZ")).into()),
        ("control_share", Value::Decimal(CONTROL)),
        ("start_on", first.into()),
        ("end_on", (first + Duration::days(LASTED_DAYS - 1)).into()),
        ("contact_cost", Value::Decimal(Decimal::from(30))),
        ("fixed_cost", Value::Decimal(Decimal::from(2_000))),
        (
            "description",
            "随机抽取一半客户，寄送一张购物礼券。 Half of the customers, drawn at random, got a voucher."
                .into(),
        ),
    ];
    company.add(ENTITY, from, id, fields);
    Voucher { id, from }
}

/// The letter, and the order of who comes because of it. Nobody without an earlier purchase does.
pub fn reach(
    company: &mut Company,
    plan: &Plan,
    customer: &Customer,
    behaviour: Option<&Behaviour>,
    stream: u64,
) {
    let voucher = &plan.voucher;
    // As the program draws: the share is a half.
    let is_left_alone = is_control(voucher.id.as_u128(), customer.id.as_u128(), 0.5);
    if customer.since >= voucher.from || is_left_alone {
        return;
    }
    let mut chance = Chance::new(plan.seed, STREAM + stream);
    let at = voucher.from + Duration::hours(26);
    let subject = if customer.foreign { "Voucher by letter" } else { "寄送礼券" };
    let fields = [
        ("subject", subject.into()),
        ("kind", "letter".into()),
        ("account", customer.id.into()),
        ("contact", customer.contacts.first().copied().into()),
        ("direction", "outgoing".into()),
        ("happened_at", at.into()),
        ("done", true.into()),
        ("owner", customer.owner.into()),
    ];
    company.add("activity", at, chance.id(at), fields);
    let comes = customer.segment == Segment::Consumer && chance.happens(COME);
    if let Some(behaviour) = behaviour.filter(|_| comes) {
        let at = voucher.from + Duration::hours(24 * (5 + chance.below(40) as i64) + chance.below(9) as i64);
        orders::add_order(company, plan, customer, behaviour, at, &mut chance);
    }
}

/// Draws the groups and compares them.
pub async fn compare(engine: &Engine, voucher: Id) -> engine::Result<()> {
    let experiment = engine.get(&Actor::system(), ENTITY, voucher).await?;
    result::compute(engine, &experiment).await.map(drop)
}
