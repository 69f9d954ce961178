//! A company that trades, and what a plain walk through its records gives.

use crate::company::{Company, at, decimal, values};
use chrono::{Datelike, NaiveDate};
use engine::{Actor, Query};
use meta::{Decimal, Id, Record, Value, Values};
use rand::{RngExt, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeSet, HashMap};
use warehouse::semantic::{Cut, Level};

const PROVINCES: [&str; 3] = ["山东", "浙江", "Sichuan's"];
/// Employees; those with fewer than one are in a band of their own.
const SIZES: [i64; 9] = [0, 1, 9, 10, 49, 50, 250, 999, 1_000];
const POSTCODES: [&str; 4] = ["250000", "266000", "310000", "SW1A 1AA"];
const CHANNELS: [&str; 3] = ["store", "online", "phone"];
const PRODUCTS: [&str; 4] = ["Paper", "Pens", "Tea", "Cups"];

/// One sold or returned line as the records tell it.
#[derive(Clone, Debug)]
pub struct Fact {
    pub document: Id,
    pub product: Option<Id>,
    pub quantity: Decimal,
    pub account: Option<Id>,
    pub province: Option<String>,
    pub postcode: Option<String>,
    pub employees: Option<i64>,
    pub channel: Option<String>,
    /// The salesperson of the order or return, …
    pub owner: Option<Id>,
    /// … and of the customer.
    pub account_owner: Option<Id>,
    pub day: NaiveDate,
    pub net: Decimal,
    pub sold: bool,
}

/// Customers in provinces, orders of up to four lines by channel, returns of up to four, some of no order; some lines are of a product.
pub async fn trade(company: &Company, chance: &mut ChaCha8Rng) {
    let mut products = vec![];
    for name in PRODUCTS {
        products.push(company.create("product", values([("name", name.into())])).await);
    }
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
        let lines = (0..chance.random_range(1..5)).map(|_| some_line(&products, chance)).collect();
        if chance.random_ratio(1, 6) {
            if let Some(account) = account {
                let order = bought.get(&account).copied().filter(|_| number % 3 > 0);
                let head = values([
                    ("account", account.into()),
                    ("order", order.into()),
                    ("returned_at", at(&day.to_string())),
                ]);
                company.document_of("return", "return_line", head, lines).await;
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
        let order = company.document_of("order", "order_line", head, lines).await;
        bought.extend(account.map(|account| (account, order)));
    }
}

/// Every customer, order and return is of one of these salespeople, or of nobody.
pub async fn hand_out(company: &Company, [one, other]: [Id; 2], chance: &mut ChaCha8Rng) {
    for entity in ["account", "order", "return"] {
        for record in all(company, &Actor::system(), entity).await {
            let owner = [Some(one), Some(other), None].choose(chance).copied().flatten();
            company.update(entity, record.id, values([("owner", owner.into())])).await;
        }
    }
}

fn some_line(products: &[Id], chance: &mut ChaCha8Rng) -> Values {
    let amount = Decimal::new(chance.random_range(0..900_000), 2).to_string();
    values([
        ("product", products.choose(chance).copied().filter(|_| chance.random_bool(0.8)).into()),
        ("description", "goods".into()),
        ("quantity", Value::Int(chance.random_range(1..4))),
        ("unit_price", decimal(&amount)),
    ])
}

pub async fn all(company: &Company, actor: &Actor, entity: &str) -> Vec<Record> {
    let (mut query, mut records) = (Query::new(entity).limit(1_000), vec![]);
    loop {
        let page = company.engine.list(actor, &query).await.unwrap();
        records.extend(page.records);
        match page.next {
            Some(next) => query = query.after(Some(next)),
            None => return records,
        }
    }
}

/// As far as the actor may see them.
pub async fn facts(company: &Company, actor: &Actor) -> Vec<Fact> {
    let accounts = all(company, actor, "account").await;
    let accounts: HashMap<Id, &Record> = accounts.iter().map(|account| (account.id, account)).collect();
    let orders = all(company, actor, "order").await;
    let orders: HashMap<Id, &Record> = orders.iter().map(|order| (order.id, order)).collect();
    let mut found = vec![];
    for (entity, line_entity, moment, counting) in [
        ("order", "order_line", "ordered_at", &["confirmed", "shipped", "completed"][..]),
        ("return", "return_line", "returned_at", &["received", "refunded"]),
    ] {
        let mut lines: HashMap<Id, Vec<Record>> = HashMap::new();
        for line in all(company, actor, line_entity).await {
            lines.entry(line.reference(entity).unwrap()).or_default().push(line);
        }
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
            let channel = order.and_then(|order| order.get("channel").as_text().map(str::to_owned));
            let lines = lines.remove(&record.id).unwrap_or_default();
            // What lines have is theirs, and the last one has what is left of the document.
            let mut left = record.get("net_base").as_decimal().unwrap();
            for (at, line) in lines.iter().enumerate() {
                let amount = line.get("amount").as_decimal().unwrap_or_default();
                let net = if at + 1 == lines.len() { left } else { amount };
                left -= net;
                found.push(Fact {
                    document: record.id,
                    product: line.reference("product"),
                    quantity: line.get("quantity").as_decimal().unwrap(),
                    account,
                    province: said("province"),
                    postcode: said("postcode"),
                    employees: archive.and_then(|archive| archive.get("size_employees").as_int()),
                    channel: channel.clone(),
                    owner: record.reference("owner"),
                    account_owner: archive.and_then(|archive| archive.reference("owner")),
                    day: record.get(moment).as_date().unwrap(),
                    net,
                    sold: entity == "order",
                });
            }
        }
    }
    found
}

/// The member of a cut as the answer gives its value.
pub fn member(fact: &Fact, cut: &Cut) -> String {
    let first = |year, month| NaiveDate::from_ymd_opt(year, month, 1).unwrap().to_string();
    match (cut.dimension.as_str(), cut.level) {
        ("product", _) => fact.product.map(|id| id.to_string()).unwrap_or_default(),
        ("account", _) => fact.account.map(|id| id.to_string()).unwrap_or_default(),
        ("account.province", _) => fact.province.clone().unwrap_or_default(),
        ("account.postcode", _) => fact.postcode.clone().unwrap_or_default(),
        ("account.size_employees", _) => fact.employees.map(band).unwrap_or_default(),
        ("owner", _) => fact.owner.map(|id| id.to_string()).unwrap_or_default(),
        ("account.owner", _) => fact.account_owner.map(|id| id.to_string()).unwrap_or_default(),
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
    let documents = |sold: bool| -> BTreeSet<Id> {
        facts.iter().filter(|fact| fact.sold == sold).map(|fact| fact.document).collect()
    };
    let of_sales = || facts.iter().filter(|fact| fact.sold);
    let customers: BTreeSet<Id> = of_sales().filter_map(|fact| fact.account).collect();
    let (orders, returns) = (documents(true).len(), documents(false).len());
    // Of nothing nothing is counted.
    let counted = |count: usize, of: usize| if of == 0 { None } else { Some(Decimal::from(count)) };
    match measure {
        "sales" => sum(true),
        "returned" => sum(false),
        "net_sales" if facts.is_empty() => None,
        "net_sales" => Some(sum(true).unwrap_or_default() - sum(false).unwrap_or_default()),
        "orders" => counted(orders, orders),
        "return_documents" => counted(returns, returns),
        "lines" => counted(of_sales().count(), orders),
        "quantity" if orders == 0 => None,
        "quantity" => Some(of_sales().map(|fact| fact.quantity).sum()),
        "customers" => counted(customers.len(), orders),
        "average_order" => sum(true).map(|sum| (sum / Decimal::from(orders)).round_dp(6)),
        other => panic!("the test does not know {other}"),
    }
}
