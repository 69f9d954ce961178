//! The pages and commands that ask the warehouse.

use crate::pages::{account, create};
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
fn the_catalog_says_what_there_is_in_both_languages() {
    on_both(modules, async |test| {
        let client = test.administrator().await;
        let empty = client.get("/analysis/catalog").await.expect(200).body;
        assert!(empty.contains("has not been filled yet"), "{empty}");
        sell(&test, "Acme", 25).await;
        client.post("/analysis/catalog/refresh", &[]).await.expect(303);
        assert!(client.get("/analysis/catalog").await.expect(200).body.contains("A refresh is running"));
        test.engine.run_due_jobs().await.unwrap();
        let page = client.get("/analysis/catalog").await.expect(200).body;
        assert!(
            page.contains("Net sales") && page.contains("margin_rate") && page.contains("order.ordered_at")
        );
        assert!(page.contains("As it should be") && !page.contains("Look into it"), "{page}");
        let catalog = client.get("/analysis/catalog.json").await.expect(200).json();
        for list in ["tables", "measures", "checks"] {
            for item in catalog[list].as_array().unwrap() {
                let words = &item["label"];
                let both = ["en", "zh"].map(|lang| words[lang].as_str().unwrap().to_owned());
                assert!(
                    both.iter().all(|text| !text.is_empty()) && both[1].chars().any(|c| c > '\u{2e80}'),
                    "{item}"
                );
            }
        }
        let sales =
            catalog["tables"].as_array().unwrap().iter().find(|table| table["name"] == "sales").unwrap();
        assert_eq!(sales["rows"], 1);
        let tables = catalog["tables"].as_array().unwrap();
        let days = tables.iter().find(|table| table["name"] == "date").unwrap();
        assert_eq!((&days["rows"], &days["refreshed_at"]), (&json!(22_280), &json!(null)));
        for column in days["columns"].as_array().unwrap() {
            let said = ["en", "zh"].map(|lang| column["definition"][lang].as_str().unwrap_or("-").to_owned());
            assert!(said.iter().all(|text| !text.is_empty()), "{column}");
        }
        let summary = |name: &str| {
            let shown =
                page.split("<summary>").skip(1).find(|part| part.contains(&format!("<code>{name}</code>")));
            shown.unwrap().split("</summary>").next().unwrap().to_owned()
        };
        assert!(page.contains("fiscal_quarter") && summary("date").contains("22,280 rows, computed"));
        assert!(summary("sales").contains("1 rows,") && summary("sales").contains("last written "), "{page}");
        assert!(!summary("date").contains("last written"), "{page}");
        let ordinary = test.ordinary().await;
        ordinary.post("/analysis/catalog/refresh", &[]).await.expect(403);
        ordinary.get("/analysis/catalog").await.expect(200);
    });
}

#[test]
fn an_analyst_asks_in_sql_and_takes_the_answer_along() {
    on_both(modules, async |test| {
        sell(&test, "Acme", 25).await;
        sell(&test, "=1+1", 5).await;
        let client = test.administrator().await;
        let sql = "SELECT a.name, sum(s.net) AS net FROM sales s JOIN account a ON a.key = s.account_key GROUP BY a.name ORDER BY net DESC";
        let early = client.post("/analysis/sql", &[("sql", sql)]).await.expect(422).body;
        assert!(early.contains("field-error"), "{early}");
        warehouse::refresh(&test.engine, Manner::default(), None).await.unwrap();
        let page = client.post("/analysis/sql", &[("sql", sql)]).await.expect(200).body;
        assert!(
            page.contains("Acme") && page.contains("<td class=\"num\" data-label=\"net\">25</td>"),
            "{page}"
        );
        let wrong =
            client.post("/analysis/sql", &[("sql", "SELECT beauty FROM sales")]).await.expect(422).body;
        assert!(wrong.contains("beauty") && wrong.contains("aria-invalid"), "{wrong}");
        client.post("/analysis/sql", &[("sql", "DROP TABLE sales")]).await.expect(422);
        let csv = client.post("/analysis/sql/export", &[("sql", sql), ("format", "csv")]).await.expect(200);
        assert!(csv.header("content-type").starts_with("text/csv"));
        assert_eq!(csv.body.trim_start_matches('\u{feff}'), "name,net\nAcme,25\n'=1+1,5\n");
        let xlsx = client.post("/analysis/sql/export", &[("sql", sql), ("format", "xlsx")]).await.expect(200);
        assert!(xlsx.header("content-disposition").contains("answer.xlsx"));
        client.post("/analysis/sql/export", &[("sql", sql), ("format", "pdf")]).await.expect(422);
        let question = json!({ "measures": ["net_sales"], "cuts": [{ "dimension": "account" }], "top": 1, "sort": { "by": "net_sales", "descending": true } });
        let token = [("x-csrf-token", client.csrf.as_str())];
        let answer =
            client.json_with("POST", "/analysis/question.json", &token, &question).await.expect(200).json();
        assert_eq!(answer["rows"][0]["cells"][0]["value"], "25");
        assert_eq!(
            (&answer["rows"][1]["members"][0]["rest"], &answer["total"][0]["value"]),
            (&json!(true), &json!("30"))
        );
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
