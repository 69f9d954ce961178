//! The demo company is the same each time, and of a plausible shape.

use super::{company, people, write};
use engine::{Actor, Database, Engine, Options, Query};
use meta::Clock;
use std::{
    collections::{BTreeMap, BTreeSet, hash_map::DefaultHasher},
    hash::{Hash, Hasher},
};

fn now() -> meta::DateTime<meta::Utc> {
    "2026-11-21T10:00:00Z".parse().unwrap()
}

fn generate(seed: u64) -> company::Company {
    company::generate(seed, now().date_naive(), now())
}

fn fingerprint(company: &company::Company) -> u64 {
    let mut hasher = DefaultHasher::new();
    for (entity, records) in &company.records {
        for record in records {
            (entity, record.at, record.id, format!("{:?}", record.values)).hash(&mut hasher);
        }
    }
    hasher.finish()
}

#[test]
fn the_same_seed_gives_the_same_company() {
    let (first, second) = (generate(1), generate(1));
    assert_eq!(fingerprint(&first), fingerprint(&second));
    assert_ne!(fingerprint(&first), fingerprint(&generate(2)));
}

#[test]
fn the_company_has_its_size_and_its_customers_differ() {
    let company = generate(super::SEED);
    assert_eq!(company.count("account"), 600);
    let orders = company.count("order");
    assert!((4_500..8_000).contains(&orders), "{orders} orders");
    assert!((60..600).contains(&company.count("return")), "{} returns", company.count("return"));
    assert!(company.count("activity") > 3_000);

    let mut sales: BTreeMap<meta::Id, f64> = BTreeMap::new();
    let account: BTreeMap<meta::Id, meta::Id> = company.records["order"]
        .iter()
        .map(|order| (order.id, order.values["account"].as_id().unwrap()))
        .collect();
    for line in &company.records["order_line"] {
        let number = |field: &str| line.values[field].as_decimal().unwrap().try_into().unwrap_or(0.0f64);
        *sales.entry(account[&line.values["order"].as_id().unwrap()]).or_default() +=
            number("quantity") * number("unit_price");
    }
    let mut sales: Vec<f64> = sales.into_values().collect();
    sales.sort_by(|a, b| b.total_cmp(a));
    let best: f64 = sales.iter().take(sales.len() / 5).sum();
    let share = best / sales.iter().sum::<f64>();
    assert!((0.6..0.97).contains(&share), "the best fifth brings {share}");
}

#[test]
fn nothing_happens_tomorrow_or_before_the_customer_is_known() {
    let company = generate(super::SEED);
    let since: BTreeMap<meta::Id, _> =
        company.records["account"].iter().map(|account| (account.id, account.at)).collect();
    for entity in ["order", "return", "activity", "contact"] {
        for record in &company.records[entity] {
            assert!(record.at <= now(), "{entity} at {}", record.at);
            let account = record.values["account"].as_id().unwrap();
            assert!(record.at.date_naive() >= since[&account].date_naive(), "{entity} before its customer");
        }
    }
}

#[test]
fn the_voucher_makes_persons_buy_and_companies_not() {
    let company = generate(super::SEED);
    let voucher = &company.records["experiment"][0];
    let day = |field: &str| voucher.values[field].as_date().unwrap();
    let (first, last) = (day("start_on"), day("end_on"));
    assert!(voucher.id == company.voucher && last < now().date_naive());
    let accounts =
        |records: &[company::Dated], wanted: &dyn Fn(&company::Dated) -> bool| -> BTreeSet<meta::Id> {
            let found = records.iter().filter(|record| wanted(record));
            found.map(|record| record.values["account"].as_id().unwrap()).collect()
        };
    let during = |record: &company::Dated| (first..=last).contains(&record.at.date_naive());
    let reached = accounts(&company.records["activity"], &|activity| {
        during(activity)
            && ["寄送礼券", "Voucher by letter"].contains(&activity.values["subject"].as_text().unwrap())
    });
    let bought = accounts(&company.records["order"], &during);
    for (kind, effect) in [("person", 0.25..0.65), ("company", -0.12..0.12)] {
        let share = |of_reached: bool| {
            let side: Vec<meta::Id> = company.records["account"]
                .iter()
                .filter(|account| {
                    account.at.date_naive() < first && account.values["kind"].as_text() == Some(kind)
                })
                .map(|account| account.id)
                .filter(|account| reached.contains(account) == of_reached)
                .collect();
            assert!(side.len() > 80, "{} {kind}", side.len());
            side.iter().filter(|account| bought.contains(account)).count() as f64 / side.len() as f64
        };
        let (reached, alone) = (share(true), share(false));
        assert!(
            effect.contains(&(reached - alone)),
            "{kind}: {reached} of those reached, {alone} of the others"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_company_can_be_written_and_its_totals_add_up() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::fixed(now());
    let options = Options::new(Database::Sqlite, folder.path());
    let engine = Engine::open(options, crate::modules::engine_modules(), clock.clone()).await.unwrap();
    let mut company = generate(super::SEED);
    // Half a year is enough for a test.
    let from = now() - chrono::Duration::days(150);
    let late: Vec<meta::Id> = company.records["account"]
        .iter()
        .filter(|account| account.at > from)
        .map(|account| account.id)
        .collect();
    assert!(late.len() > 40, "{}", late.len());
    keep_only(&mut company, &late);
    let (accounts, orders) = (company.count("account"), company.count("order"));
    write::write(&engine, &clock, company).await.unwrap();

    let system = Actor::system();
    assert_eq!(engine.count(&system, &Query::new("account"), 10_000).await.unwrap().number, accounts as u64);
    assert_eq!(engine.count(&system, &Query::new("order"), 10_000).await.unwrap().number, orders as u64);
    let foreign = Query::new("order").filter("currency != 'CNY'").limit(1);
    let order = engine.list(&system, &foreign).await.unwrap().records.remove(0);
    let number = |field: &str| order.get(field).as_decimal().unwrap();
    assert_ne!(number("exchange_rate"), 1.into());
    assert_eq!((number("total") * number("exchange_rate")).round_dp(2), number("total_base").round_dp(2));
    let query = Query::new("user").filter(format!("email == '{}'", people::ADMINISTRATOR));
    assert_eq!(engine.count(&system, &query, 10).await.unwrap().number, 1);
    let hits = engine.search(&system, "C1", Some("account"), 10).await.unwrap();
    assert!(!hits.is_empty(), "customers are found by their number");
}

/// Leaves the company's own things and what belongs to these customers.
fn keep_only(company: &mut company::Company, accounts: &[meta::Id]) {
    let mut kept: std::collections::BTreeSet<meta::Id> = accounts.iter().copied().collect();
    for entity in ["order", "return"] {
        let ids: Vec<meta::Id> = company.records[entity]
            .iter()
            .filter(|record| kept.contains(&record.values["account"].as_id().unwrap()))
            .map(|record| record.id)
            .collect();
        kept.extend(ids);
    }
    for (entity, owner) in [
        ("account", "id"),
        ("contact", "account"),
        ("address", "account"),
        ("order", "account"),
        ("order_line", "order"),
        ("return", "account"),
        ("return_line", "return"),
        ("activity", "account"),
        ("survey_answer", "account"),
    ] {
        let records = company.records.get_mut(entity).unwrap();
        records.retain(|record| {
            if owner == "id" {
                kept.contains(&record.id)
            } else {
                kept.contains(&record.values[owner].as_id().unwrap())
            }
        });
        for record in records {
            if record
                .values
                .get("parent_account")
                .and_then(meta::Value::as_id)
                .is_some_and(|parent| !kept.contains(&parent))
            {
                record.values.remove("parent_account");
            }
        }
    }
    company.external_ids.get_mut("account").unwrap().retain(|(_, _, id)| kept.contains(id));
}
