//! `zhike value …` as other tools call it: JSON on standard output, everything else on standard error.

use engine::{Actor, Database, Engine, Options, Tx};
use meta::{Clock, Decimal, Value, Values};
use serde_json::Value as Json;
use std::{
    path::Path,
    process::{Command, Output},
};

fn zhike(folder: &Path, arguments: &[&str]) -> Output {
    let folder = folder.to_str().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_zhike"));
    command.env_clear().arg("value").args(arguments).args(["--data", folder]).output().unwrap()
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

/// Customer n bought n % 5 + 1 times, every 10 + n/2 days, for n + 10; the last one also on 2026-06-30.
async fn fill(folder: &Path) {
    let options = Options::new(Database::Sqlite, folder.to_owned());
    let modules = vec![customers::module(), sales::module(), insight::module()];
    let engine = Engine::open(options, modules, Clock::system()).await.unwrap();
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
    let options = Options::new(Database::Sqlite, folder.to_owned());
    let modules = vec![customers::module(), sales::module(), insight::module()];
    let engine = Engine::open(options, modules, Clock::system()).await.unwrap();
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
