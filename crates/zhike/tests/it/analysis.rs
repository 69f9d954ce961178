//! The pages and commands that ask the warehouse.

mod api;
mod catalog;

use crate::{
    pages::{account, create},
    workbook,
};
use meta::Value;
use serde_json::{Value as Json, json};
use std::{
    path::Path,
    process::{Command, Output},
};
use testkit::{Modules, TestApp, on_both, on_sqlite};
use warehouse::Manner;

fn modules() -> Modules {
    Modules {
        engine: vec![
            customers::module(),
            sales::module(),
            insight::module(),
            warehouse::module(),
            analysis::module(),
        ],
        web: insight::web_modules().into_iter().chain([analysis::web_module()]).collect(),
    }
}

async fn sell(test: &TestApp, name: &str, price: i64) {
    let account = account(&test.engine, name).await;
    let order = create(&test.engine, "order", &[("account", account.into())]).await;
    let line = [("order", order.into()), ("description", "goods".into()), ("unit_price", Value::Int(price))];
    create(&test.engine, "order_line", &line).await;
}

#[test]
fn an_analyst_asks_in_sql_and_takes_the_answer_along() {
    on_both(modules, async |test| {
        sell(&test, "Acme", 25).await;
        sell(&test, "=1+1", 5).await;
        let client = test.administrator().await;
        let sql = "SELECT a.name, sum(s.net) AS net FROM sales s JOIN account a ON a.key = s.account_key GROUP BY a.name ORDER BY net DESC";
        let not_yet = "The warehouse has not been filled yet";
        let early = client.post("/analysis/sql", &[("sql", sql)]).await.expect(422).body;
        assert!(early.contains("field-error") && early.contains(not_yet), "{early}");
        let (token, net) = ([("x-csrf-token", client.csrf.as_str())], json!({ "measures": ["net_sales"] }));
        let early = client.json_with("POST", "/api/v1/analysis/question", &token, &net).await.expect(503);
        assert!(early.body.contains(not_yet), "{}", early.body);
        warehouse::refresh(&test.engine, Manner::default(), None).await.unwrap();
        let page = client.post("/analysis/sql", &[("sql", sql)]).await.expect(200).body;
        assert!(
            page.contains("Acme") && page.contains("<td class=\"num\" data-label=\"net\">25</td>"),
            "{page}"
        );
        let empty = client.get("/analysis/sql").await.expect(200).body;
        for (_, example) in analysis::SQL_EXAMPLES {
            let offered =
                client.get(&format!("/analysis/sql?sql={}", web::encode(example))).await.expect(200).body;
            assert!(!offered.contains("id=\"examples\""), "{offered}");
            let page = client.post("/analysis/sql", &[("sql", example)]).await.expect(200).body;
            assert!(page.contains("data-label=\""), "{page}");
        }
        assert_eq!(empty.matches("href=\"/analysis/sql?sql=SELECT").count(), analysis::SQL_EXAMPLES.len());
        let wrong =
            client.post("/analysis/sql", &[("sql", "SELECT beauty FROM sales")]).await.expect(422).body;
        assert!(wrong.contains("beauty") && wrong.contains("aria-invalid"), "{wrong}");
        client.post("/analysis/sql", &[("sql", "DROP TABLE sales")]).await.expect(422);
        let csv = client.post("/analysis/sql/export", &[("sql", sql), ("format", "csv")]).await.expect(200);
        assert!(csv.header("content-type").starts_with("text/csv"));
        assert_eq!(csv.body.trim_start_matches('\u{feff}'), "name,net\nAcme,25\n'=1+1,5\n");
        let book = workbook::exported(&client, "/analysis/sql/export", &[("sql", sql)]).await;
        assert_eq!(book, [["name", "net"], ["Acme", "25"], ["=1+1", "5"]]);
        // A statement longer than a cell may be.
        let long = format!("{sql}\n-- {}", "x".repeat(40_000));
        let book = workbook::exported(&client, "/analysis/sql/export", &[("sql", &long)]).await;
        assert_eq!(book.len(), 3);
        client.post("/analysis/sql/export", &[("sql", sql), ("format", "pdf")]).await.expect(422);
        let question = json!({ "measures": ["net_sales"], "cuts": [{ "dimension": "account" }], "top": 1, "sort": { "by": "net_sales", "descending": true } });
        let answer =
            client.json_with("POST", "/api/v1/analysis/question", &token, &question).await.expect(200).json();
        assert_eq!(answer["rows"][0]["cells"][0]["value"], "25");
        assert_eq!(
            (&answer["rows"][1]["members"][0]["rest"], &answer["total"][0]["value"]),
            (&json!(true), &json!("30"))
        );
    });
}

#[test]
fn an_answer_says_how_many_rows_it_has_and_whether_they_fit_into_a_file() {
    on_sqlite(modules, async |test| {
        warehouse::refresh(&test.engine, Manner::default(), None).await.unwrap();
        let client = test.administrator().await;
        client.set_cookie("zhike_lang", "en");
        let days = |rows: usize| {
            format!("SELECT a.day FROM \"date\" a JOIN \"date\" b ON a.year = b.year LIMIT {rows}")
        };
        for (rows, said, fits) in [
            (500, "500 rows, as of", true),
            (700, "The first 500 of 700 rows", true),
            (100_000, "The first 500 of 100,000 rows", true),
            (100_001, "The first 500 of more than 100,000 rows", false),
        ] {
            let sql = days(rows);
            let page = client.post("/analysis/sql", &[("sql", &sql)]).await.expect(200).body;
            assert_eq!(page.matches("<td ").count(), 500);
            assert!(page.contains(said), "{rows}: {page}");
            assert_eq!(page.contains("aria-describedby=\"no-file\""), !fits, "{rows}");
            assert_eq!(page.contains("more rows than a file may have"), !fits, "{rows}");
            let file = client.post("/analysis/sql/export", &[("sql", &sql), ("format", "csv")]).await;
            assert_eq!((file.status == 200, file.body.lines().count() == rows + 1), (fits, fits), "{rows}");
        }
        client.set_cookie("zhike_lang", "zh-CN");
        for (rows, said) in [(700, "共 700 行，仅显示前 500 行"), (100_001, "结果超过 100,000 行")]
        {
            let page = client.post("/analysis/sql", &[("sql", &days(rows))]).await.expect(200).body;
            assert!(page.contains(said), "{said}: {page}");
        }
    });
}

/// A list in one piece cannot go by disk.
const LARGE: &str = "SELECT array_agg(a.day) FROM \"date\" a JOIN \"date\" b ON a.year = b.year";

#[test]
fn a_question_that_needs_too_much_memory_is_refused_with_the_limit_and_the_server_lives_on() {
    on_both(modules, async |test| {
        sell(&test, "Acme", 25).await;
        warehouse::limit_memory(&test.engine, 16 << 20);
        warehouse::refresh(&test.engine, Manner::default(), None).await.unwrap();
        let client = test.administrator().await;
        for _ in 0..3 {
            let refused = client.post("/analysis/sql", &[("sql", LARGE)]).await.expect(422).body;
            assert!(
                refused.contains("16 MiB")
                    && refused.contains("aggregate")
                    && refused.contains("warehouse_memory"),
                "{refused}"
            );
        }
        let refused =
            warehouse::query(&test.engine, &engine::Actor::system(), LARGE, warehouse::Limits::PAGE).await;
        let Err(engine::Error::Limit(why)) = refused else { panic!("it was answered") };
        assert!(why.zh.contains("16 MiB") && why.zh.contains("汇总"), "{}", why.zh);
        let file = client.post("/analysis/sql/export", &[("sql", LARGE), ("format", "csv")]).await;
        assert!(file.status >= 400 && file.body.contains("16 MiB"), "{}", file.body);
        // What was refused holds nothing back: questions are answered as before.
        let sorted = "SELECT a.day FROM \"date\" a JOIN \"date\" b ON a.day = b.day ORDER BY a.day LIMIT 3";
        client.post("/analysis/sql", &[("sql", sorted)]).await.expect(200);
        let page = client.get("/analysis/explore/answer?m=sales").await.expect(200).body;
        assert!(page.contains("¥25.00"), "{page}");
    });
}

fn zhike(folder: &Path, arguments: &[&str]) -> Output {
    let folder = folder.to_str().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_zhike"));
    command.env_clear().args(arguments).args(["--data", folder]).output().unwrap()
}

fn lines(output: &Output) -> Vec<Json> {
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

#[test]
fn commands_fill_the_warehouse_and_ask_it() {
    on_sqlite(modules, async |test| {
        sell(&test, "Acme", 25).await;
        let folder = test.engine.data_dir();
        let early = zhike(folder, &["query", "SELECT 1"]);
        assert!(!early.status.success());
        assert!(String::from_utf8_lossy(&early.stderr).contains("zhike warehouse refresh"));
        let done = &lines(&zhike(folder, &["warehouse", "refresh", "--json"]))[0];
        assert!(done["rows"].as_u64().unwrap() > 3, "{done}");
        let status = &lines(&zhike(folder, &["warehouse", "status", "--json"]))[0];
        assert_eq!(status["position"], status["newest_change"]);
        assert!(String::from_utf8_lossy(&zhike(folder, &["warehouse", "status"]).stdout).contains("sales"));
        let rows = lines(&zhike(folder, &["query", "SELECT net, day FROM sales", "--json"]));
        assert_eq!(rows[0]["net"], "25");
        let wrong = zhike(folder, &["query", "SELECT beauty FROM sales"]);
        assert!(!wrong.status.success() && String::from_utf8_lossy(&wrong.stderr).contains("beauty"));
    });
}
