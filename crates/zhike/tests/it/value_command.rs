//! `zhike value …` as other tools call it: JSON on standard output, everything else on standard error.

use engine::{Actor, Database, Engine, Options, Tx};
use insight::mining::experiment::{self, members};
use meta::{Clock, Decimal, Id, Value, Values};
use serde_json::Value as Json;
use std::{
    collections::HashMap,
    path::Path,
    process::{Command, Output},
};

fn zhike(folder: &Path, arguments: &[&str]) -> Output {
    program(folder, &[&["value"], arguments].concat())
}

fn program(folder: &Path, arguments: &[&str]) -> Output {
    let folder = folder.to_str().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_zhike"));
    command.env_clear().args(arguments).args(["--data", folder]).output().unwrap()
}

fn json(output: &Output) -> Json {
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn fields<const N: usize>(fields: [(&str, Value); N]) -> Values {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

async fn buy(tx: &mut Tx, number: i64, days: Vec<chrono::NaiveDate>) -> engine::Result<()> {
    let account = tx.create("account", fields([("name", format!("Customer {number}").into())])).await?;
    tx.set_external_ids("account", "shop", &[(format!("C{number}"), account)]).await?;
    for day in days {
        let at = day.and_hms_opt(4, 0, 0).unwrap().and_utc();
        let order =
            tx.create("order", fields([("account", account.into()), ("ordered_at", at.into())])).await?;
        let price = Value::Decimal(Decimal::from(number + 10));
        let line = fields([("order", order.into()), ("description", "goods".into()), ("unit_price", price)]);
        tx.create("order_line", line).await?;
    }
    Ok(())
}

async fn open(folder: &Path) -> Engine {
    let options = Options::new(Database::Sqlite, folder.to_owned());
    let modules = vec![customers::module(), sales::module(), insight::module(), warehouse::module()];
    Engine::open(options, modules, Clock::system()).await.unwrap()
}

/// Customer n bought n % 5 + 1 times, every 10 + n/2 days, for n + 10; the last one also on 2026-06-30.
async fn fill(folder: &Path) {
    let engine = open(folder).await;
    let first: chrono::NaiveDate = "2026-01-05".parse().unwrap();
    for number in 0..40i64 {
        let mut days: Vec<chrono::NaiveDate> =
            (0..=number % 5).map(|time| first + chrono::Duration::days(time * (10 + number / 2))).collect();
        if number == 39 {
            days.push("2026-06-30".parse().unwrap());
        }
        engine.write(&Actor::system(), move |tx| Box::pin(buy(tx, number, days))).await.unwrap();
    }
}

async fn begin_an_experiment(folder: &Path) {
    let engine = open(folder).await;
    let day = |text: &str| Value::Date(text.parse().unwrap());
    let spring =
        fields([("name", "Spring".into()), ("start_on", day("2026-03-01")), ("end_on", day("2026-04-01"))]);
    let system = Actor::system();
    let made = engine.write(&system, |tx| Box::pin(async move { tx.create("experiment", spring).await }));
    made.await.unwrap();
}

#[test]
fn value_commands_answer_in_json_and_in_words() {
    let folder = tempfile::tempdir().unwrap();
    tokio::runtime::Runtime::new().unwrap().block_on(fill(folder.path()));
    let early = zhike(folder.path(), &["models", "--json"]);
    assert!(!early.status.success() && early.stdout.is_empty());
    assert!(String::from_utf8_lossy(&early.stderr).contains("zhike value refresh"));

    let refreshed = json(&zhike(folder.path(), &["refresh", "--as-of", "2026-06-29", "--json"]));
    let models = json(&zhike(folder.path(), &["models", "--json"]));
    assert_eq!(refreshed, models);
    assert_eq!((&models["as_of"], &models["customers"]), (&Json::from("2026-06-29"), &Json::from(40)));
    for field in ["r", "alpha", "a", "b", "log_likelihood"] {
        assert!(models["bg_nbd"][field].is_number(), "{field}: {models}");
    }
    assert!(models["bg_nbd"]["boundary"].is_boolean());
    let pareto = json(&zhike(folder.path(), &["pareto", "--json"]));
    let sales = |number: i64| (number % 5 + 1) * (number + 10);
    assert_eq!(pareto["gross_sales"].as_f64(), Some((0..40).map(sales).sum::<i64>() as f64));

    let list = zhike(folder.path(), &["customers", "--json"]);
    let text = String::from_utf8(list.stdout).unwrap();
    let customers: Vec<Json> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(customers.len(), 40);
    let best = &customers[0];
    assert_eq!((&best["external_id"], &best["name"]), (&Json::from("C39"), &Json::from("Customer 39")));
    assert_eq!((&best["orders"], best["net_sales"].as_f64()), (&Json::from(5), Some(245.0)));
    assert_eq!(text.lines().count(), 40);
    assert_eq!(
        String::from_utf8_lossy(&zhike(folder.path(), &["customers", "--json", "--limit", "3"]).stdout)
            .lines()
            .count(),
        3
    );

    // Without a date the last purchase counts as well.
    zhike(folder.path(), &["refresh"]);
    let after = zhike(folder.path(), &["customers", "--limit", "1", "--json"]);
    assert_eq!(json(&after)["orders"], 6);
    let backtest = json(&zhike(folder.path(), &["backtest", "--json"]));
    assert!(backtest["chosen"].is_string() && backtest["methods"][0]["brier"].is_number(), "{backtest}");
    let refused = |experiment: &str| {
        let told = zhike(folder.path(), &["uplift", "--experiment", experiment, "--json"]);
        assert!(!told.status.success() && told.stdout.is_empty());
        String::from_utf8_lossy(&told.stderr).into_owned()
    };
    assert!(refused("Spring").contains("no experiment has the id or name Spring: look it up"));
    tokio::runtime::Runtime::new().unwrap().block_on(begin_an_experiment(folder.path()));
    assert!(refused("Spring").contains("draw its groups first"));

    let mined = zhike(folder.path(), &["mine"]);
    assert!(mined.status.success(), "{}", String::from_utf8_lossy(&mined.stderr));
    assert!(json(&zhike(folder.path(), &["segments", "--json"])).is_object());
    for words in ["models", "backtest", "pareto", "customers"] {
        let shown = zhike(folder.path(), &[words]);
        assert!(shown.status.success() && !shown.stdout.is_empty(), "{words}");
    }
}

const PEOPLE: usize = 1_400;
const PROVINCES: [&str; 2] = ["浙江", "四川"];
/// Of a hundred people of a province who buy: reached, left alone.
const BUYERS: [[usize; 2]; 2] = [[60, 30], [10, 30]];

async fn create_many(engine: &Engine, entity: &'static str, records: Vec<Values>) -> Vec<Id> {
    let system = Actor::system();
    let made =
        engine.write(&system, move |tx| Box::pin(async move { tx.create_many(entity, records).await }));
    made.await.unwrap()
}

/// An experiment that ended a month ago, in which people of one province bought because they were reached, and those of the
/// other stayed away because of it.
async fn run_a_campaign(folder: &Path) {
    let engine = open(folder).await;
    let person = |number: usize| {
        let province = PROVINCES[number % 2].into();
        fields([("name", format!("P{number}").into()), ("kind", "person".into()), ("province", province)])
    };
    let people = create_many(&engine, "account", (0..PEOPLE).map(person).collect()).await;
    let day = |days: i64| engine.clock().today() - chrono::Duration::days(days);
    let letter = fields([
        ("name", "Letter".into()),
        ("control_share", Value::Decimal(Decimal::new(5, 1))),
        ("start_on", Value::Date(day(60))),
        ("end_on", Value::Date(day(30))),
        ("contact_cost", Value::Decimal(Decimal::ONE)),
    ]);
    let letter = create_many(&engine, experiment::ENTITY, vec![letter]).await[0];
    let letter = engine.get(&Actor::system(), experiment::ENTITY, letter).await.unwrap();
    members::draw(&engine, &letter).await.unwrap();
    let sides = members::of(&engine, letter.id).await.unwrap();
    let alone: HashMap<Id, bool> = sides.into_iter().collect();
    let mut seen = [[0; 2]; 2];
    let mut orders = vec![];
    for (number, person) in people.iter().enumerate() {
        let (province, side) = (number % 2, usize::from(alone[person]));
        let seen = &mut seen[province][side];
        let buyers = |seen: usize| seen * BUYERS[province][side] / 100;
        *seen += 1;
        if buyers(*seen) > buyers(*seen - 1) {
            let at = day(50).and_hms_opt(4, 0, 0).unwrap().and_utc();
            orders.push(fields([("account", (*person).into()), ("ordered_at", at.into())]));
        }
    }
    let orders = create_many(&engine, "order", orders).await;
    let line = |order: &Id| {
        let [price, cost] = [40, 30].map(|amount: i64| Value::Decimal(Decimal::from(amount)));
        let goods = ("description", "goods".into());
        fields([("order", (*order).into()), goods, ("unit_price", price), ("unit_cost", cost)])
    };
    create_many(&engine, "order_line", orders.iter().map(line).collect()).await;
    experiment::result::compute(&engine, &letter).await.unwrap();
}

#[test]
fn the_uplift_command_tells_who_responds_and_how_it_is_proven() {
    let folder = tempfile::tempdir().unwrap();
    tokio::runtime::Runtime::new().unwrap().block_on(run_a_campaign(folder.path()));
    let told = json(&zhike(folder.path(), &["uplift", "--experiment", "Letter", "--json"]));
    assert_eq!((&told["proven"], &told["in_use"]), (&Json::from(true), &Json::from(true)), "{told}");
    assert_eq!(told["treated"].as_u64().unwrap() + told["control"].as_u64().unwrap(), PEOPLE as u64);
    let fifths = told["proof"]["fifths"].as_array().unwrap();
    let effect = |at: usize| fifths[at]["effect"]["difference"].as_f64().unwrap();
    assert!(fifths.len() == 5 && effect(0) > 0.1 && effect(4) < 0.0, "{told}");
    let half = Json::from(PEOPLE / 2);
    assert_eq!((&told["advised"]["reach"], &told["advised"]["leave_alone"]), (&half, &half), "{told}");
    let money = serde_json::json!({ "cost": 1.0, "fixed": 0.0, "margin": 0.25, "per_buyer": 40.0 });
    assert_eq!(told["money"], money);
    let words = zhike(folder.path(), &["uplift", "--experiment", "Letter"]);
    let words = String::from_utf8_lossy(&words.stdout).into_owned();
    assert!(words.contains("proven") && words.contains("advised"), "{words}");
}

/// Seventy people over the last forty weeks: half of them buy paper and pens together, the others tea, some with cups.
async fn keep_a_shop(folder: &Path) {
    let engine = open(folder).await;
    let product = |name: &&str| fields([("name", (*name).into()), ("code", (*name).into())]);
    let goods =
        create_many(&engine, "product", ["Paper", "Pens", "Tea", "Cups"].iter().map(product).collect()).await;
    let person = |number: i64| fields([("name", format!("P{number:02}").into())]);
    let people = create_many(&engine, "account", (0..70).map(person).collect()).await;
    let first = engine.clock().today() - chrono::Duration::days(281);
    let (mut orders, mut bought) = (vec![], vec![]);
    for (number, person) in (0..).zip(&people) {
        let writes = number % 2 == 0;
        let times: i64 = if writes { 12 } else { 5 };
        for time in 0..times {
            let day = first + chrono::Duration::days(time * 270 / times + number % 9);
            let at = day.and_hms_opt(4, 0, 0).unwrap().and_utc();
            orders.push(fields([("account", (*person).into()), ("ordered_at", at.into())]));
            bought.push(match (writes, (time + number) % 4) {
                (true, _) => vec![goods[0], goods[1]],
                (false, 0) => vec![goods[2], goods[3]],
                (false, _) => vec![goods[2]],
            });
        }
    }
    let orders = create_many(&engine, "order", orders).await;
    let line = |(order, product): (&Id, &Id)| {
        let price = Value::Decimal(Decimal::from(20));
        fields([("order", (*order).into()), ("product", (*product).into()), ("unit_price", price)])
    };
    let lines =
        orders.iter().zip(&bought).flat_map(|(order, goods)| goods.iter().map(move |one| (order, one)));
    create_many(&engine, "order_line", lines.map(line).collect()).await;
}

#[test]
fn what_was_mined_is_told_in_json_and_in_words() {
    let folder = tempfile::tempdir().unwrap();
    tokio::runtime::Runtime::new().unwrap().block_on(keep_a_shop(folder.path()));
    let asked: [&[&str]; 3] =
        [&["value", "rules"], &["value", "recommend", "--customer", "P01"], &["forecast"]];
    for arguments in asked {
        let early = program(folder.path(), &[arguments, &["--json"]].concat());
        assert!(!early.status.success() && early.stdout.is_empty(), "{arguments:?}");
        assert!(String::from_utf8_lossy(&early.stderr).contains("zhike value mine"), "{arguments:?}");
    }
    let mined = json(&zhike(folder.path(), &["mine", "--json"]));
    assert_eq!(mined["orders"], 35 * 12 + 35 * 5, "{mined}");
    let [rules, recommended, forecast] = asked.map(|arguments| {
        let words = program(folder.path(), arguments);
        assert!(words.status.success() && !words.stdout.is_empty(), "{arguments:?}");
        json(&program(folder.path(), &[arguments, &["--json"]].concat()))
    });

    let segments = json(&zhike(folder.path(), &["segments", "--json"]));
    let groups = segments["groups"].as_array().unwrap_or_else(|| panic!("{segments}"));
    let members: u64 = groups.iter().map(|group| group["customers"].as_u64().unwrap()).sum();
    assert!(groups.len() > 1 && members == 70, "{segments}");
    assert!(groups.iter().all(|group| group["features"]["sales"]["mean"].is_number()), "{segments}");

    let list = rules["rules"].as_array().unwrap();
    let pens = list.iter().find(|rule| rule["if_bought"] == serde_json::json!(["Paper"])).unwrap();
    assert_eq!((&pens["then"], &pens["confidence"]), (&Json::from("Pens"), &Json::from(1.0)), "{rules}");
    assert_eq!((&pens["both"], &rules["baskets"]), (&Json::from(35 * 12), &mined["orders"]), "{rules}");
    let pair =
        |set: &&Json| set["products"].as_array().unwrap().iter().all(|one| one == "Paper" || one == "Pens");
    let set = rules["together"].as_array().unwrap().iter().find(pair).unwrap();
    assert_eq!(set["orders"], pens["both"], "{rules}");
    let one = json(&zhike(folder.path(), &["rules", "--limit", "1", "--json"]));
    assert_eq!(one["rules"].as_array().unwrap().len(), 1);

    assert!(recommended["method"].is_string() && recommended["backtest"].is_object(), "{recommended}");
    let told = recommended["recommendations"].as_array().unwrap();
    assert!(!told.is_empty() && told.iter().all(|one| one["product"] != "Tea"), "he has tea: {recommended}");
    let nobody = zhike(folder.path(), &["recommend", "--customer", "Nobody", "--json"]);
    assert!(!nobody.status.success() && nobody.stdout.is_empty());
    assert!(String::from_utf8_lossy(&nobody.stderr).contains("no account has the id or name Nobody"));

    let weeks = forecast["total"]["weeks"].as_array().unwrap_or_else(|| panic!("{forecast}"));
    assert_eq!(weeks.len(), 13, "{forecast}");
    for week in weeks {
        let [lower, point, upper] = ["lower", "point", "upper"].map(|bound| week[bound].as_f64().unwrap());
        assert!(lower <= point && point <= upper, "{week}");
        assert!(week["monday"].is_string());
    }
    assert!(forecast["total"]["method"].is_string() && forecast["as_of"].is_string(), "{forecast}");
}
