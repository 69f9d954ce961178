//! A company that trades, and what a plain walk through its records gives.

use crate::company::{Company, at, decimal, values};
use chrono::{Datelike, NaiveDate};
use engine::{Actor, Query};
use meta::{Decimal, Id, Record, Value};
use rand::{RngExt, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeSet, HashMap};
use warehouse::semantic::{Cut, Level};

const PROVINCES: [&str; 3] = ["山东", "浙江", "Sichuan's"];
/// Employees; those with fewer than one are in a band of their own.
const SIZES: [i64; 9] = [0, 1, 9, 10, 49, 50, 250, 999, 1_000];
const POSTCODES: [&str; 4] = ["250000", "266000", "310000", "SW1A 1AA"];
const CHANNELS: [&str; 3] = ["store", "online", "phone"];

/// One sold or returned line as the records tell it.
#[derive(Clone, Debug)]
pub struct Fact {
    pub document: Id,
    pub account: Option<Id>,
    pub province: Option<String>,
    pub postcode: Option<String>,
    pub employees: Option<i64>,
    pub channel: Option<String>,
    pub day: NaiveDate,
    pub net: Decimal,
    pub sold: bool,
}

/// Customers in provinces, orders of one line by channel, returns of them and some of no order.
pub async fn trade(company: &Company, chance: &mut ChaCha8Rng) {
    let mut accounts = vec![None];
    for number in 0..12 {
        let province: Value = PROVINCES.choose(chance).filter(|_| chance.random_bool(0.8)).copied().into();
        let name = format!("Customer {number}");
        let postcode: Value = POSTCODES.choose(chance).filter(|_| chance.random_bool(0.8)).copied().into();
        let employees: Value = SIZES.choose(chance).filter(|_| chance.random_bool(0.8)).copied().into();
        let fields = [
            ("name", name.into()),
            ("province", province),
            ("postcode", postcode),
            ("size_employees", employees),
        ];
        accounts.push(Some(company.create("account", values(fields)).await));
    }
    let mut bought: HashMap<Id, Id> = HashMap::new();
    for number in 0..90 {
        let day =
            "2024-11-01".parse::<NaiveDate>().unwrap() + chrono::Duration::days(chance.random_range(0..700));
        let account = *accounts.choose(chance).unwrap();
        let amount = Decimal::new(chance.random_range(0..900_000), 2).to_string();
        if chance.random_ratio(1, 6) {
            if let Some(account) = account {
                let order = bought.get(&account).copied().filter(|_| number % 3 > 0);
                let head = values([
                    ("account", account.into()),
                    ("order", order.into()),
                    ("returned_at", at(&day.to_string())),
                ]);
                let line = values([
                    ("description", "goods".into()),
                    ("unit_price", decimal(&amount)),
                    ("unit_cost", decimal("1")),
                ]);
                company.document("return", "return_line", head, line).await;
            }
            continue;
        }
        let status = ["confirmed", "completed", "cancelled", "draft"].choose(chance).copied().unwrap();
        let channel: Value = CHANNELS.choose(chance).filter(|_| chance.random_bool(0.8)).copied().into();
        let head = values([
            ("account", account.into()),
            ("ordered_at", at(&day.to_string())),
            ("status", status.into()),
            ("channel", channel),
        ]);
        let line = values([("description", "goods".into()), ("unit_price", decimal(&amount))]);
        let order = company.document("order", "order_line", head, line).await;
        bought.extend(account.map(|account| (account, order)));
    }
}

pub async fn all(company: &Company, actor: &Actor, entity: &str) -> Vec<Record> {
    let page = company.engine.list(actor, &Query::new(entity).limit(1_000)).await.unwrap();
    assert!(page.next.is_none(), "more than one page");
    page.records
}

/// As far as the actor may see them.
pub async fn facts(company: &Company, actor: &Actor) -> Vec<Fact> {
    let accounts = all(company, actor, "account").await;
    let accounts: HashMap<Id, &Record> = accounts.iter().map(|account| (account.id, account)).collect();
    let orders = all(company, actor, "order").await;
    let orders: HashMap<Id, &Record> = orders.iter().map(|order| (order.id, order)).collect();
    let mut found = vec![];
    for (entity, moment, counting) in [
        ("order", "ordered_at", &["confirmed", "shipped", "completed"][..]),
        ("return", "returned_at", &["received", "refunded"]),
    ] {
        for record in all(company, actor, entity).await {
            if !counting.contains(&record.text("status")) {
                continue;
            }
            let account = record.reference("account");
            let archive = account.and_then(|id| accounts.get(&id));
            let said = |field: &str| archive?.get(field).as_text().map(str::to_owned);
            // A return is of the channel of its order.
            let order = if entity == "order" { Some(record.id) } else { record.reference("order") };
            let order = order.and_then(|id| orders.get(&id));
            found.push(Fact {
                document: record.id,
                account,
                province: said("province"),
                postcode: said("postcode"),
                employees: archive.and_then(|archive| archive.get("size_employees").as_int()),
                channel: order.and_then(|order| order.get("channel").as_text().map(str::to_owned)),
                day: record.get(moment).as_date().unwrap(),
                net: record.get("net_base").as_decimal().unwrap(),
                sold: entity == "order",
            });
        }
    }
    found
}

/// The member of a cut as the answer gives its value.
pub fn member(fact: &Fact, cut: &Cut) -> String {
    let first = |year, month| NaiveDate::from_ymd_opt(year, month, 1).unwrap().to_string();
    match (cut.dimension.as_str(), cut.level) {
        ("account", _) => fact.account.map(|id| id.to_string()).unwrap_or_default(),
        ("account.province", _) => fact.province.clone().unwrap_or_default(),
        ("account.postcode", _) => fact.postcode.clone().unwrap_or_default(),
        ("account.size_employees", _) => fact.employees.map(band).unwrap_or_default(),
        ("channel", _) => fact.channel.clone().unwrap_or_default(),
        ("day", Some(Level::Year)) => first(fact.day.year(), 1),
        ("day", Some(Level::Quarter)) => first(fact.day.year(), fact.day.month0() / 3 * 3 + 1),
        ("day", Some(Level::Month)) => first(fact.day.year(), fact.day.month()),
        ("day", Some(Level::Week)) => (fact.day
            - chrono::Duration::days(i64::from(fact.day.weekday().num_days_from_monday())))
        .to_string(),
        ("day", Some(Level::MonthOfYear)) => fact.day.month().to_string(),
        // The fiscal year begins in April.
        ("day", Some(Level::FiscalYear)) => first((fact.day - chrono::Months::new(3)).year(), 4),
        ("day", Some(Level::FiscalQuarter)) => first(fact.day.year(), fact.day.month0() / 3 * 3 + 1),
        ("day", Some(Level::DayKind)) => day_kind(fact.day).to_string(),
        ("day", Some(Level::Weekday)) => fact.day.weekday().number_from_monday().to_string(),
        _ => fact.day.to_string(),
    }
}

/// The first number of the band, as the docs list them.
pub fn band(employees: i64) -> String {
    match employees {
        ..1 => "0",
        1..=9 => "1",
        10..=49 => "10",
        50..=249 => "50",
        250..=999 => "250",
        1_000.. => "1000",
    }
    .to_owned()
}

/// Workday, weekend, worked weekend or which holiday, of the days trade is made on.
fn day_kind(day: NaiveDate) -> u32 {
    const OFF: [(&str, &str, u32); 13] = [
        ("2025-01-01", "2025-01-01", 11),
        ("2025-01-28", "2025-02-04", 12),
        ("2025-04-04", "2025-04-06", 13),
        ("2025-05-01", "2025-05-05", 14),
        ("2025-05-31", "2025-06-02", 15),
        ("2025-10-01", "2025-10-08", 17),
        ("2026-01-01", "2026-01-03", 11),
        ("2026-02-15", "2026-02-23", 12),
        ("2026-04-04", "2026-04-06", 13),
        ("2026-05-01", "2026-05-05", 14),
        ("2026-06-19", "2026-06-21", 15),
        ("2026-09-25", "2026-09-27", 16),
        ("2026-10-01", "2026-10-07", 17),
    ];
    const WORKED: [&str; 11] = [
        "2025-01-26",
        "2025-02-08",
        "2025-04-27",
        "2025-09-28",
        "2025-10-11",
        "2026-01-04",
        "2026-02-14",
        "2026-02-28",
        "2026-05-09",
        "2026-09-20",
        "2026-10-10",
    ];
    let text = day.to_string();
    let off = OFF.iter().find(|(first, last, _)| (*first..=*last).contains(&text.as_str()));
    match off {
        Some((_, _, kind)) => *kind,
        None if WORKED.contains(&text.as_str()) => 3,
        None if day.weekday().number_from_monday() > 5 => 2,
        None => 1,
    }
}

pub fn text(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The same by walking through the facts.
pub fn measured(measure: &str, facts: &[&Fact]) -> Option<Decimal> {
    let sum = |sold: bool| {
        let nets: Vec<Decimal> = facts.iter().filter(|fact| fact.sold == sold).map(|fact| fact.net).collect();
        if nets.is_empty() { None } else { Some(nets.iter().sum::<Decimal>()) }
    };
    let orders: BTreeSet<Id> = facts.iter().filter(|fact| fact.sold).map(|fact| fact.document).collect();
    let customers: BTreeSet<Id> =
        facts.iter().filter(|fact| fact.sold).filter_map(|fact| fact.account).collect();
    let counted = |count: usize| if orders.is_empty() { None } else { Some(Decimal::from(count)) };
    match measure {
        "sales" => sum(true),
        "returned" => sum(false),
        "net_sales" if facts.is_empty() => None,
        "net_sales" => Some(sum(true).unwrap_or_default() - sum(false).unwrap_or_default()),
        "orders" => counted(orders.len()),
        "customers" => counted(customers.len()),
        "average_order" => sum(true).map(|sum| (sum / Decimal::from(orders.len())).round_dp(6)),
        other => panic!("the test does not know {other}"),
    }
}
