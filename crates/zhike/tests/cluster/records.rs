//! What a company has besides customers who trade: teams, products, contacts, rates, answers, campaigns, and the figures that models
//! make of them, so that no measure is without a value and no dimension without members.

use crate::company::{SMALL, values};
use chrono::{Days, NaiveDate};
use engine::{Actor, Engine, Tx};
use insight::{
    class_history,
    mining::{experiment, groups, lines},
    refit,
    settings::{self, Settings},
};
use meta::{Decimal, Id, Value, Values};
use std::sync::Arc;
use warehouse::Manner;

const CUSTOMERS: usize = 24;
/// Classes are kept for each: facts in between have the class of their time.
const FITTED_ON: [&str; 3] = ["2025-06-30", "2026-03-31", "2026-10-15"];

/// Everything by which customers, documents and contacts are told apart, twice: a half of them has the first, a half the second.
struct Half {
    side: usize,
    team: Id,
    user: Id,
    product: Id,
    holding: Id,
}

impl Half {
    fn pick(&self, pair: [&'static str; 2]) -> Value {
        pair[self.side].into()
    }
}

/// Gives the company all of it, fits its models and fills the warehouse anew.
pub async fn fill(engine: &Engine) {
    let system = Actor::system();
    let campaigns = engine.write(&system, |tx| Box::pin(records(tx))).await.unwrap();
    let mut drawn = vec![];
    for campaign in campaigns {
        let record = engine.get(&system, experiment::ENTITY, campaign).await.unwrap();
        assert!(experiment::members::draw(engine, &record).await.unwrap().customers > CUSTOMERS as u64);
        drawn.push(record);
    }
    for day in FITTED_ON {
        let day = day.parse().ok();
        engine.write(&system, move |tx| Box::pin(settings::set_as_of(tx, day))).await.unwrap();
        refit::refit(engine, None).await.unwrap();
        class_history::keep(engine, &Settings::load(engine).await.unwrap()).await.unwrap();
    }
    for campaign in &drawn {
        experiment::result::compute(engine, campaign).await.unwrap();
    }
    let sales = lines::read(engine, &Settings::load(engine).await.unwrap()).await.unwrap();
    groups::refresh(engine, &Arc::new(sales)).await.unwrap();
    // What was refreshed on the way lies in large files.
    warehouse::refresh(engine, Manner { full: true, ..SMALL }, None).await.unwrap();
}

async fn records(tx: &mut Tx) -> engine::Result<[Id; 2]> {
    rates(tx).await?;
    let halves = [half(tx, 0).await?, half(tx, 1).await?];
    for number in 0..CUSTOMERS {
        customer(tx, number, &halves[number % 2]).await?;
    }
    Ok([campaign(tx, &halves[0]).await?, campaign(tx, &halves[1]).await?])
}

async fn rates(tx: &mut Tx) -> engine::Result<()> {
    let rates = [
        ("order", "amount", 20),
        ("order_line", "amount", 3),
        ("return", "amount", 60),
        ("freight", "amount", 25),
        ("visit", "amount", 100),
        ("call", "amount_per_minute", 2),
    ];
    for (driver, field, rate) in rates {
        let fields = [("driver", driver.into()), ("valid_from", on("2024-01-01")), (field, decimal(rate, 0))];
        tx.create("cost_rate", values(fields)).await?;
    }
    let dollars = [("currency", "USD".into()), ("valid_on", on("2024-01-01")), ("rate", decimal(7, 0))];
    tx.create("exchange_rate", values(dollars)).await?;
    Ok(())
}

async fn half(tx: &mut Tx, side: usize) -> engine::Result<Half> {
    let pick = |pair: [&str; 2]| Value::from(pair[side]);
    let above = tx.create("team", values([("name", pick(["Home", "Abroad"]))])).await?;
    let team = values([("name", pick(["North", "South"])), ("parent_team", above.into())]);
    let team = tx.create("team", team).await?;
    let user = [
        ("name", pick(["Ann", "Bob"])),
        ("email", pick(["ann@example.com", "bob@example.com"])),
        ("role", pick(["user", "administrator"])),
        ("language", pick(["en", "zh-CN"])),
        ("team", team.into()),
        ("active", (side == 0).into()),
    ];
    let user = tx.create("user", values(user)).await?;
    tx.update("team", team, None, values([("lead", user.into())])).await?;
    let above = tx.create("product_category", values([("name", pick(["Goods", "Services"]))])).await?;
    let category = values([("name", pick(["Paper", "Repair"])), ("parent_category", above.into())]);
    let category = tx.create("product_category", category).await?;
    let product = [
        ("name", pick(["Envelopes", "Inspection"])),
        ("category", category.into()),
        ("price", decimal(40, 0)),
        ("cost", decimal(15, 0)),
        ("active", (side == 0).into()),
    ];
    let product = tx.create("product", values(product)).await?;
    let holding = tx.create("account", values([("name", pick(["Holding A", "Holding B"]))])).await?;
    Ok(Half { side, team, user, product, holding })
}

async fn customer(tx: &mut Tx, number: usize, half: &Half) -> engine::Result<()> {
    let account = account(tx, number, half).await?;
    let person = [
        ("account", account.into()),
        ("name", "Somebody".into()),
        ("owner", half.user.into()),
        ("role", half.pick(["buyer", "finance"])),
        ("main", (half.side == 0).into()),
        ("preferred_channel", half.pick(["email", "visit"])),
    ];
    let above = tx.create("contact", values(person.clone())).await?;
    let mut person = values(person);
    person.insert("reports_to".to_owned(), above.into());
    let contact = tx.create("contact", person).await?;
    let address = [
        ("account", account.into()),
        ("street", "Somewhere 1".into()),
        ("kind", half.pick(["shipping", "branch"])),
        ("main", (half.side == 0).into()),
        ("country", half.pick(["中国", "日本"])),
        ("province", half.pick(["山东", "东京"])),
        ("city", half.pick(["济南", "港区"])),
        ("postcode", half.pick(["250000", "105-0011"])),
    ];
    let address = tx.create("address", values(address)).await?;
    for time in 0..2 {
        let day = day("2024-11-15", number * 13 + time * 300);
        let head = [
            ("account", account.into()),
            ("contact", contact.into()),
            ("shipping_address", address.into()),
            ("owner", half.user.into()),
            ("team", half.team.into()),
            ("channel", half.pick(["fair", "dealer"])),
            ("status", half.pick(["shipped", "completed"])),
            ("currency", half.pick(["CNY", "USD"])),
            ("discount", decimal(1, 0)),
            ("ordered_at", noon(day)),
        ];
        let order = tx.create("order", values(head)).await?;
        for quantity in [2, 3 + number as i64 % 4] {
            let line = [
                ("order", order.into()),
                ("product", half.product.into()),
                ("quantity", Value::Int(quantity)),
                ("discount", decimal(5, 1)),
            ];
            tx.create("order_line", values(line)).await?;
        }
        let head = [
            ("account", account.into()),
            ("order", order.into()),
            ("owner", half.user.into()),
            ("reason", half.pick(["quality", "late"])),
            ("status", half.pick(["received", "refunded"])),
            ("returned_at", noon(day + Days::new(9))),
        ];
        let back = tx.create("return", values(head)).await?;
        let line = [("return", back.into()), ("product", half.product.into()), ("quantity", Value::Int(1))];
        tx.create("return_line", values(line)).await?;
    }
    contacts(tx, number, half, [account, contact]).await?;
    answers(tx, number, half, [account, contact]).await
}

async fn account(tx: &mut Tx, number: usize, half: &Half) -> engine::Result<Id> {
    let mut fields = values([
        ("name", format!("Known {number}").into()),
        ("owner", half.user.into()),
        ("team", half.team.into()),
        ("parent_account", half.holding.into()),
        ("preferred_channel", half.pick(["phone", "post"])),
        ("relation", half.pick(["consumer", "dealer"])),
        ("country", half.pick(["中国", "日本"])),
        ("province", half.pick(["山东", "浙江"])),
        ("city", half.pick(["济南", "杭州"])),
        ("postcode", half.pick(["250000", "310000"])),
        ("industry", half.pick(["steel", "paper"])),
        ("contract_start_on", on(["2024-06-01", "2025-06-01"][half.side])),
        ("contract_end_on", on(["2025-12-31", "2026-06-30"][half.side])),
        ("risk", half.pick(["low", "high"])),
    ]);
    let mut add = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    match number / 2 % 2 {
        0 => add("size_employees", Value::Int([5, 500][half.side])),
        _ => add("kind", "person".into()),
    };
    if number < 4 {
        add("importance_override", half.pick(["vip", "ordinary"]));
        add("loyalty_override", half.pick(["loyal", "new"]));
        add("value_behaviour_override", half.pick(["lighthouse", "rational"]));
    }
    tx.create("account", fields).await
}

async fn contacts(
    tx: &mut Tx,
    number: usize,
    half: &Half,
    [account, contact]: [Id; 2],
) -> engine::Result<()> {
    for (time, kind) in ["visit", "call", "task"].into_iter().enumerate() {
        let fields = [
            ("account", account.into()),
            ("contact", contact.into()),
            ("owner", half.user.into()),
            ("kind", kind.into()),
            ("subject", "About the order".into()),
            ("direction", half.pick(["incoming", "outgoing"])),
            ("duration_minutes", Value::Int(15)),
            ("happened_at", noon(day("2025-03-01", number * 11 + time * 100))),
        ];
        tx.create("activity", values(fields)).await?;
    }
    Ok(())
}

async fn answers(tx: &mut Tx, number: usize, half: &Half, [account, contact]: [Id; 2]) -> engine::Result<()> {
    let answer = |dimension: Value, more: Values| {
        let mut fields = values([
            ("account", account.into()),
            ("contact", contact.into()),
            ("asked_on", Value::Date(day("2026-05-01", number))),
            ("survey", half.pick(["Spring", "May"])),
            ("dimension", dimension),
        ]);
        fields.extend(more);
        fields
    };
    let score = |of: [i64; 3]| Value::Int(of[number % 3]);
    let found = values([("expected", Value::Int(8)), ("perceived", score([6, 8, 9]))]);
    tx.create("survey_answer", answer(half.pick(["product", "delivery"]), found)).await?;
    let loyal = values([
        ("recommend", score([10, 7, 3])),
        ("repurchase", score([9, 6, 4])),
        ("price_tolerance", score([8, 5, 2])),
        ("first_choice", score([7, 5, 1])),
        ("share_of_wallet", decimal([70, 40][half.side], 2)),
    ]);
    tx.create("survey_answer", answer("overall".into(), loyal)).await?;
    Ok(())
}

/// For everybody, a third of whom are left alone.
async fn campaign(tx: &mut Tx, half: &Half) -> engine::Result<Id> {
    let fields = [
        ("name", half.pick(["Letter", "Call"])),
        ("medium", half.pick(["letter", "call"])),
        ("control_share", decimal(3, 1)),
        ("start_on", on(["2025-03-01", "2026-03-01"][half.side])),
        ("end_on", on(["2025-03-31", "2026-03-31"][half.side])),
        ("outcome", half.pick(["bought", "sales"])),
    ];
    tx.create(experiment::ENTITY, values(fields)).await
}

fn decimal(digits: i64, scale: u32) -> Value {
    Value::Decimal(Decimal::new(digits, scale))
}

fn on(day: &str) -> Value {
    Value::Date(day.parse().unwrap())
}

fn day(first: &str, days: usize) -> NaiveDate {
    first.parse::<NaiveDate>().unwrap() + Days::new(days as u64)
}

fn noon(day: NaiveDate) -> Value {
    Value::Instant(day.and_hms_opt(4, 0, 0).unwrap().and_utc())
}
