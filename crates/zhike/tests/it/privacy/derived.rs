//! What the program made of a person goes with him: rows and files of the warehouse, figures, recommendations.

use super::{modules, system};
use crate::pages::create;
use chrono::TimeDelta;
use engine::Engine;
use meta::{Id, Value};
use serde_json::json;
use std::{collections::BTreeSet, path::Path, time::Duration};
use testkit::{Modules, TestApp, on_both};
use warehouse::Limits;

const WORD: &str = "quetzalzorn";
const POSTCODE: &str = "987654";
/// What the person, and nobody else, answered.
const PERCEIVED: i64 = 3;

fn with_warehouse() -> Modules {
    let mut modules = modules();
    modules.engine.push(warehouse::module());
    modules
}

/// Ten people who bought some of four products each; the first is the one to go.
async fn trade(engine: &Engine) -> Id {
    let mut products = vec![];
    for number in 0..4 {
        let name = format!("product {number}");
        products.push(
            create(engine, "product", &[("name", name.as_str().into()), ("code", name.as_str().into())])
                .await,
        );
    }
    let mut people = vec![];
    for number in 0..10 {
        let name = if number == 0 { WORD.to_owned() } else { format!("customer {number}") };
        let fields = [
            ("name", Value::from(name.as_str())),
            ("kind", "person".into()),
            ("street", format!("{name} street").into()),
            ("postcode", if number == 0 { POSTCODE.into() } else { "266000".into() }),
        ];
        let account = create(engine, "account", &fields).await;
        people.push(account);
        let contact = [("name", format!("{name} contact").into()), ("account", account.into())];
        create(engine, "contact", &contact).await;
        let call = [("subject", format!("{name} called").into()), ("account", account.into())];
        create(engine, "activity", &call).await;
        let said = [
            ("account", account.into()),
            ("asked_on", Value::Date("2026-06-01".parse().unwrap())),
            ("dimension", "product".into()),
            ("expected", Value::Int(8)),
            ("perceived", Value::Int(if number == 0 { PERCEIVED } else { 8 })),
            ("recommend", Value::Int(if number == 0 { 2 } else { 9 })),
        ];
        create(engine, "survey_answer", &said).await;
        for month in 0..3 {
            let at = format!("2026-0{}-1{}T02:00:00Z", 5 + month, number);
            let at = Value::Instant(at.parse().unwrap());
            let order = create(engine, "order", &[("account", account.into()), ("ordered_at", at)]).await;
            let line = [
                ("order", order.into()),
                ("product", products[(number + month) % 4].into()),
                ("unit_price", Value::Int(100)),
            ];
            create(engine, "order_line", &line).await;
        }
    }
    people[0]
}

async fn run_jobs(engine: &Engine) {
    while engine.run_due_jobs().await.unwrap() > 0 {}
}

/// In how many rows of the warehouse the word stands.
async fn in_warehouse(engine: &Engine) -> usize {
    let mut rows = 0;
    for (table, columns) in
        [("account", ["name", "street"]), ("contact", ["name", "name"]), ("activity", ["subject", "subject"])]
    {
        for column in columns {
            let sql = format!("SELECT id FROM \"{table}\" WHERE \"{column}\" LIKE '%{WORD}%'");
            // A column the warehouse does not take holds nothing.
            rows += warehouse::query(engine, &system(), &sql, Limits::PAGE)
                .await
                .map_or(0, |answer| answer.rows());
        }
    }
    rows
}

/// What a statement counts in the warehouse.
async fn counted(engine: &Engine, sql: &str) -> i64 {
    let answer = warehouse::query(engine, &system(), sql, Limits::PAGE).await.unwrap();
    answer.values().next().unwrap().unwrap()[0].as_int().unwrap()
}

/// Rows with the person's postcode, of customers and of questions cut by it, and rows with his answers.
async fn postcode_and_answers(engine: &Engine) -> [i64; 4] {
    let postcode = format!("SELECT count(*) FROM account WHERE postcode = '{POSTCODE}'");
    let sales = format!(
        "SELECT count(*) FROM sales s JOIN account a ON a.key = s.account_key WHERE a.postcode = '{POSTCODE}'"
    );
    let answers =
        |table: &str| format!("SELECT count(*) FROM {table} WHERE perceived = {PERCEIVED} OR recommend = 2");
    [
        counted(engine, &postcode).await,
        counted(engine, &sales).await,
        counted(engine, &answers("survey_answer")).await,
        counted(engine, &answers("surveys")).await,
    ]
}

/// Satisfaction and number of answers as the explorer has them.
async fn satisfaction(engine: &Engine) -> Vec<Option<meta::Decimal>> {
    let measures = ["satisfaction", "survey_answers", "detractors"].map(str::to_owned).to_vec();
    let question = warehouse::semantic::Question { measures, ..Default::default() };
    let answer = warehouse::semantic::ask(engine, &system(), &question).await.unwrap();
    answer.total.iter().map(|cell| cell.value.map(|value| value.round_dp(4).normalize())).collect()
}

async fn recommended(engine: &Engine, account: Id) -> i64 {
    let simple = account.simple().to_string();
    let sql = format!(
        "SELECT COUNT(*) FROM mining_recommendation WHERE lower(replace(CAST({} AS text), '-', '')) = '{simple}'",
        if engine.dialect() == engine::Dialect::Sqlite { "hex(account)" } else { "account" }
    );
    engine.fetch_text(&sql).await.unwrap()[0].int(0).unwrap()
}

fn files(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.path() {
            path if path.is_dir() => files(&path, found),
            path if path.extension().is_some_and(|end| end == "parquet") => {
                found.insert(path.display().to_string());
            }
            _ => {}
        }
    }
}

/// The files of tables about people.
fn files_about_people(test: &TestApp) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    files(test.engine.data_dir(), &mut found);
    found.retain(|file| {
        ["/account/", "/contact/", "/survey_answer/", "/surveys/"].iter().any(|table| file.contains(table))
    });
    found
}

async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    for _ in 0..300 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("after a minute it still does not hold: {what}");
}

#[test]
fn what_was_made_of_a_person_goes_with_him_and_the_warehouse_follows_by_itself() {
    on_both(with_warehouse, async |test| {
        let engine = &test.engine;
        let person = trade(engine).await;
        let browser = test.administrator().await;
        let program = test.api().await;
        browser.post("/value/refit", &[]).await.expect(303);
        run_jobs(engine).await;
        browser.post("/analysis/refresh", &[]).await.expect(303);
        run_jobs(engine).await;
        assert!(in_warehouse(engine).await >= 1, "the person is in the warehouse");
        assert!(recommended(engine, person).await > 0, "something was recommended to the person");
        assert_eq!(postcode_and_answers(engine).await, [1, 3, 1, 1]);
        // (0.375 + 9 · 1) / 10.
        let numbers = |texts: [&str; 3]| texts.map(|text| text.parse().ok()).to_vec();
        assert_eq!(satisfaction(engine).await, numbers(["0.9375", "10", "1"]));
        let before = files_about_people(&test);
        assert!(!before.is_empty());

        let address = format!("/api/v1/account/{person}/erasure");
        let done = program.json("POST", &address, &json!({})).await.expect(200).json();
        let mut copies = done["copies"].as_array().unwrap().iter();
        let gone = copies.find(|one| one["what"] == "Recommendations");
        assert!(gone.is_some_and(|one| one["count"].as_u64() > Some(0)), "{done:#}");
        assert_eq!(recommended(engine, person).await, 0);

        // As in a server: nobody asks the warehouse to follow.
        let background = engine.start();
        test.clock.set(test.clock.now() + TimeDelta::minutes(11));
        until("no row of the warehouse tells of the person", async || in_warehouse(engine).await == 0).await;
        assert_eq!(postcode_and_answers(engine).await, [0, 0, 0, 0]);
        assert_eq!(satisfaction(engine).await, numbers(["1", "9", "0"]));
        test.clock.set(test.clock.now() + TimeDelta::minutes(11));
        until("the files that told of the person are gone", async || {
            files_about_people(&test).is_disjoint(&before)
        })
        .await;
        background.end().await;
        let sales = warehouse::query(engine, &system(), "SELECT \"order\" FROM sales", Limits::PAGE).await;
        assert_eq!(sales.unwrap().rows(), 30, "what was sold stays");
    });
}
