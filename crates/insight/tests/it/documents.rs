//! Documents are counted by their first lines where all their lines are asked for, one by one elsewhere: always as many as a
//! walk through the records finds.

use crate::{
    company::{Company, at, decimal, on_databases, on_one, values},
    walk::all,
    warehouse::{SMALL, ask, refresh},
};
use chrono::{Datelike, NaiveDate};
use engine::Actor;
use meta::{Decimal, Id};
use rand::{RngExt, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use warehouse::semantic::{self, Compare, Cut, Level, Period, Question, Within};

const CHANNELS: [&str; 3] = ["store", "online", "phone"];

/// A line of an order that counts.
struct Line {
    order: Id,
    product: Id,
    category: Id,
    channel: String,
    day: NaiveDate,
    amount: Decimal,
}

/// Sixty orders of one to four lines, of four products in two categories; some do not count, some have lost a line.
async fn trade(company: &Company) -> Vec<Line> {
    let mut chance = ChaCha8Rng::seed_from_u64(23);
    let mut products = vec![];
    for category in ["fruit", "tools"] {
        let category = company.create("product_category", values([("name", category.into())])).await;
        for number in 0..2 {
            let name = format!("{category} {number}");
            let fields =
                [("name", name.clone().into()), ("code", name.into()), ("category", category.into())];
            products.push((company.create("product", values(fields)).await, category));
        }
    }
    let mut lines = vec![];
    for _ in 0..60 {
        let day: NaiveDate = "2025-01-01".parse().unwrap();
        let day = day + chrono::Duration::days(chance.random_range(0..500));
        let channel = *CHANNELS.choose(&mut chance).unwrap();
        let status = ["confirmed", "confirmed", "completed", "draft"].choose(&mut chance).copied().unwrap();
        let head = values([
            ("ordered_at", at(&day.to_string())),
            ("status", status.into()),
            ("channel", channel.into()),
        ]);
        let mut order = None;
        let mut ids = vec![];
        for _ in 0..chance.random_range(1..5) {
            let (product, category) = *products.choose(&mut chance).unwrap();
            let amount = Decimal::from(chance.random_range(1..200));
            let mut line = values([
                ("product", product.into()),
                ("description", "goods".into()),
                ("unit_price", decimal(&amount.to_string())),
            ]);
            let id = match order {
                None => {
                    let id = company.document("order", "order_line", head.clone(), line).await;
                    order = Some(id);
                    company.those_of("order_line", "order", id).await[0].id
                }
                Some(order) => {
                    line.insert("order".to_owned(), order.into());
                    company.create("order_line", line).await
                }
            };
            ids.push((id, product, category, amount));
        }
        // The first line there was may be gone.
        if ids.len() > 1 && chance.random_bool(0.3) {
            company.delete("order_line", ids.remove(0).0).await.unwrap();
        }
        let made = ids.into_iter().map(|(_, product, category, amount)| Line {
            order: order.unwrap(),
            product,
            category,
            channel: channel.to_owned(),
            day,
            amount,
        });
        lines.extend(made.filter(|_| status != "draft"));
    }
    lines
}

type By = fn(&Line) -> String;
type Selects = Box<dyn Fn(&Line) -> bool>;

fn month(line: &Line) -> String {
    NaiveDate::from_ymd_opt(line.day.year(), line.day.month(), 1).unwrap().to_string()
}

/// How many orders in each group, and in all.
fn counted(lines: &[Line], by: By, selects: &Selects) -> (BTreeMap<String, Decimal>, Decimal) {
    let mut groups: BTreeMap<String, BTreeSet<Id>> = BTreeMap::new();
    for line in lines.iter().filter(|line| selects(line)) {
        groups.entry(by(line)).or_default().insert(line.order);
    }
    let whole: BTreeSet<Id> = groups.values().flatten().copied().collect();
    let number = |set: &BTreeSet<Id>| Decimal::from(set.len());
    (groups.iter().map(|(member, orders)| (member.clone(), number(orders))).collect(), number(&whole))
}

#[test]
fn documents_are_as_many_as_there_are_whatever_they_are_cut_and_chosen_by() {
    on_one(async |company| {
        let lines = trade(&company).await;
        assert_eq!(all(&company, &Actor::system(), "order").await.len(), 60);
        refresh(&company, SMALL).await;
        let (product, category) = (lines[0].product, lines[0].category);
        let day: NaiveDate = "2025-06-01".parse().unwrap();
        let cuts: [(Cut, By); 4] = [
            (Cut::new("day", Some(Level::Month)), month),
            (Cut::new("channel", None), |line| line.channel.clone()),
            (Cut::new("product", None), |line| line.product.to_string()),
            (Cut::new("product.category", None), |line| line.category.to_string()),
        ];
        let within = |dimension: &str, value| Within { dimension: dimension.to_owned(), level: None, value };
        let chosen: [(Question, Selects); 7] = [
            (Question::default(), Box::new(|_| true)),
            (
                Question { filter: "channel == 'online'".into(), ..Question::default() },
                Box::new(|line| line.channel == "online"),
            ),
            (
                Question { filter: format!("product == '{product}'"), ..Question::default() },
                Box::new(move |line| line.product == product),
            ),
            (
                Question { filter: "net > 100".into(), ..Question::default() },
                Box::new(|line| line.amount > Decimal::from(100)),
            ),
            (
                Question { within: vec![within("product.category", json!(category))], ..Question::default() },
                Box::new(move |line| line.category == category),
            ),
            (
                Question { within: vec![within("channel", json!("store"))], ..Question::default() },
                Box::new(|line| line.channel == "store"),
            ),
            (
                Question {
                    period: Some(Period::Between { from: day, to: day + chrono::Duration::days(200) }),
                    compare: Some(Compare::Previous),
                    ..Question::default()
                },
                Box::new(move |line| line.day >= day && line.day <= day + chrono::Duration::days(200)),
            ),
        ];
        let mut several = 0;
        for (cut, by) in &cuts {
            for (question, selects) in &chosen {
                for beside in [None, Some("quantity")] {
                    let measures =
                        [Some("orders"), beside].into_iter().flatten().map(str::to_owned).collect();
                    let question = Question { measures, cuts: vec![cut.clone()], ..question.clone() };
                    let answer = semantic::ask(&company.engine, &Actor::system(), &question).await;
                    let answer = answer.unwrap_or_else(|error| panic!("{question:?}: {error}"));
                    let (groups, whole) = counted(&lines, *by, selects);
                    let found: BTreeMap<String, Decimal> = answer
                        .rows
                        .iter()
                        .filter_map(|row| {
                            Some((crate::walk::text(&row.members[0].value), row.cells[0].value?))
                        })
                        .collect();
                    assert_eq!(found, groups, "{question:?}");
                    assert_eq!(answer.total[0].value, Some(whole), "{question:?}");
                    several += usize::from(groups.values().sum::<Decimal>() > whole);
                }
            }
        }
        assert!(several > 10, "orders in several groups: {several}");

        let one = "SELECT \"order\" FROM sales GROUP BY 1 HAVING count(*) FILTER (WHERE first_line) <> 1";
        assert!(ask(&company, one).await.is_empty());
    });
}

/// Files an older version wrote do not say which line is the first: nobody is told that there are no orders.
#[test]
fn files_of_another_version_are_counted_too() {
    on_databases(async |company| {
        let lines = trade(&company).await;
        refresh(&company, SMALL).await;
        let (_, whole) = counted(&lines, month, &(Box::new(|_: &Line| true) as Selects));
        let system = Actor::system();
        let knows = async || {
            let sql = "SELECT first_line FROM sales";
            warehouse::query(&company.engine, &system, sql, warehouse::Limits::PAGE).await.is_ok()
        };
        let orders = async || {
            let question = Question { measures: vec!["orders".into()], ..Question::default() };
            semantic::ask(&company.engine, &system, &question).await.unwrap().total[0].value
        };
        assert!(knows().await);
        assert_eq!(orders().await, Some(whole));

        let folder = company.engine.data_dir().join("warehouse").join("manifest");
        let newest = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).max().unwrap();
        let mut manifest: serde_json::Value =
            serde_json::from_slice(&std::fs::read(&newest).unwrap()).unwrap();
        let number = manifest["number"].as_u64().unwrap() + 1;
        manifest["number"] = json!(number);
        manifest["tables"]["sales"]["fingerprint"] = json!("older");
        std::fs::write(folder.join(format!("{number:012}.json")), manifest.to_string()).unwrap();
        // What is known of the files may be two seconds old.
        tokio::time::sleep(std::time::Duration::from_millis(2_100)).await;
        assert!(!knows().await);
        assert_eq!(orders().await, Some(whole));
        refresh(&company, SMALL).await;
        assert!(knows().await);
        assert_eq!(orders().await, Some(whole));
    });
}
