//! The order in which records were entered, and the database they are in, change no figure and nothing that is mined.

use crate::company::{Company, at, decimal, on_databases, values};
use insight::{
    after_fit,
    mining::{refresh, report},
    refit,
};
use meta::{Id, Value};
use rand::{RngExt, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use serde_json::Value as Json;
use std::{collections::BTreeMap, sync::Mutex};

const CUSTOMERS: usize = 70;
const PRODUCTS: usize = 6;

/// Customer, day, products, pieces; one in nine comes back.
type Document = (usize, String, Vec<usize>, i64, bool);

/// What is entered, whatever the order.
fn business() -> Vec<Document> {
    let mut chance = ChaCha8Rng::seed_from_u64(5);
    let mut documents = vec![];
    for customer in 0..CUSTOMERS {
        let mut day: chrono::NaiveDate = "2024-11-04".parse().unwrap();
        for _ in 0..2 + customer % 9 {
            day += chrono::Duration::days(chance.random_range(5..90));
            let first = chance.random_range(0..PRODUCTS);
            // The first and the third are often bought together.
            let mut products = vec![first, if first == 0 { 2 } else { chance.random_range(0..PRODUCTS) }];
            products.dedup();
            let back = chance.random_ratio(1, 9);
            documents.push((customer, day.to_string(), products, chance.random_range(1..9), back));
        }
    }
    documents
}

fn shuffled<T>(mut all: Vec<T>, seed: u64) -> Vec<T> {
    all.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    all
}

/// Names by the texts of their ids.
async fn enter(company: &Company, seed: u64) -> BTreeMap<String, String> {
    company.cost_rates().await;
    let (mut accounts, mut products) = (BTreeMap::new(), BTreeMap::new());
    for number in shuffled((0..CUSTOMERS).collect(), seed) {
        let fields = values([
            ("name", format!("Customer {number:02}").into()),
            ("province", ["山东", "浙江", "四川"][number % 3].into()),
            ("relation", ["dealer", "consumer"][number % 2].into()),
        ]);
        accounts.insert(number, company.create("account", fields).await);
    }
    for number in shuffled((0..PRODUCTS).collect(), seed) {
        let fields =
            values([("name", format!("Product {number}").into()), ("code", format!("P{number}").into())]);
        products.insert(number, company.create("product", fields).await);
    }
    for (customer, day, goods, pieces, back) in shuffled(business(), seed) {
        let (entity, line, when) = if back {
            ("return", "return_line", "returned_at")
        } else {
            ("order", "order_line", "ordered_at")
        };
        let head = values([("account", accounts[&customer].into()), (when, at(&day))]);
        let lines = goods.iter().map(|product| {
            values([
                ("product", products[product].into()),
                ("quantity", Value::Decimal(pieces.into())),
                ("unit_price", decimal(&format!("{}.37", 20 + product * 11))),
                ("unit_cost", decimal(&format!("{}.11", 12 + product * 7))),
            ])
        });
        company.document_of(entity, line, head, lines.collect()).await;
    }
    let name =
        |kind: &'static str| move |(number, id): (usize, Id)| (id.to_string(), format!("{kind} {number}"));
    accounts.into_iter().map(name("account")).chain(products.into_iter().map(name("product"))).collect()
}

/// Sums of decimals depend on their order in the last of sixteen digits: nine are told.
fn rounded(json: &Json) -> Json {
    match json {
        Json::Number(number) => format!("{:.9e}", number.as_f64().unwrap()).into(),
        Json::Array(all) => all.iter().map(rounded).collect(),
        Json::Object(all) => all.iter().map(|(name, one)| (name.clone(), rounded(one))).collect(),
        other => other.clone(),
    }
}

/// Every customer's figures, the models, and what was mined; ids by what they are of.
async fn told(company: &Company, names: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let entity = company.engine.registry().entity("account").unwrap().clone();
    let mut found = BTreeMap::new();
    for account in company.everybody().await {
        for field in entity.fields.values().filter(|field| field.apart.is_some()) {
            let figure = format!("{:?}", account.get(&field.name));
            found.insert(format!("{} {}", account.text("name"), field.name), figure);
        }
    }
    let engine = &company.engine;
    let mut keep = |what: &str, json: &Json| {
        let mut text = rounded(json).to_string();
        for (id, name) in names {
            text = text.replace(id.as_str(), name);
        }
        let mut told: Json = serde_json::from_str(&text).unwrap();
        // Equal ones stand in the order of their products' ids.
        if let Some(rules) = told["rules"].as_array_mut() {
            for rule in rules.iter_mut() {
                rule["if_bought"].as_array_mut().unwrap().sort_by_key(Json::to_string);
            }
            rules.sort_by_key(Json::to_string);
        }
        if let Some(sets) = told["together"].as_array_mut() {
            for set in sets.iter_mut() {
                set["products"].as_array_mut().unwrap().sort_by_key(Json::to_string);
            }
            sets.sort_by_key(Json::to_string);
        }
        found.insert(what.to_owned(), told.to_string());
    };
    keep("groups", &report::segments(engine).await.unwrap());
    keep("rules", &report::rules(engine, 50).await.unwrap());
    keep("forecast", &report::forecast(engine).await.unwrap());
    for (id, name) in names.iter().filter(|(_, name)| name.starts_with("account")) {
        keep(&format!("recommended to {name}"), &report::recommend(engine, id.parse().ok()).await.unwrap());
    }
    found
}

#[test]
fn records_entered_in_another_order_give_the_same_figures() {
    let runs: Mutex<Vec<BTreeMap<String, String>>> = Mutex::default();
    for seed in [1, 2] {
        on_databases(async |company| {
            let names = enter(&company, seed).await;
            company.settle().await;
            refit::refit(&company.engine, None).await.unwrap();
            after_fit::compute(&company.engine, None).await.unwrap();
            refresh::refresh(&company.engine, None).await.unwrap();
            let found = told(&company, &names).await;
            runs.lock().unwrap().push(found);
        });
    }
    let runs = runs.into_inner().unwrap();
    let (first, others) = runs.split_first().unwrap();
    assert!(first.len() > 1_000 && !others.is_empty(), "{} told", first.len());
    let known = first.values().filter(|figure| !figure.contains("Null")).count();
    assert!(known > 1_000, "{known} known");
    for other in others {
        let different: Vec<_> = first.iter().filter(|(what, told)| other.get(*what) != Some(told)).collect();
        let shown: Vec<_> =
            different.iter().take(5).map(|(what, told)| (what, told, other.get(*what))).collect();
        assert!(different.is_empty(), "{} differ: {shown:#?}", different.len());
    }
}
