//! The data catalog: what there is, what it means, how fresh and how good it is.

use super::{modules, sell};
use crate::pages::{account, between, create};
use engine::Actor;
use insight::mining::experiment;
use meta::{Lang, Value};
use serde_json::{Value as Json, json};
use std::path::Path;
use testkit::{on_both, on_sqlite};
use warehouse::Manner;

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
        let catalog = client.get("/api/v1/analysis/catalog").await.expect(200).json();
        // Everything has its words in both languages: a table, column, measure, check or figure without fails here.
        let list = |name: &str| catalog[name].as_array().unwrap().clone();
        let columns =
            list("tables").into_iter().flat_map(|table| table["columns"].as_array().unwrap().clone());
        for item in list("checks") {
            in_both(&item, "label");
        }
        let all = [list("tables"), list("measures"), list("dimensions"), list("figures"), columns.collect()];
        for item in all.concat() {
            in_both(&item, "definition");
            let names = ["en", "zh"].map(|lang| item["label"][lang].as_str().unwrap().to_owned());
            assert!(names.iter().all(|name| !name.is_empty()), "{item}");
            let key = item["name"].as_str().unwrap();
            assert!(!names.contains(&key.to_owned()) || !key.contains('.'), "the words are missing: {item}");
        }
        let exact = |name: &str| {
            let figure = list("figures").into_iter().find(|figure| figure["name"] == name).unwrap();
            figure["certainty"]["en"].as_str().unwrap().starts_with("Exact: worked out over every record")
        };
        let estimates =
            ["value.clv", "value.matrix.forecast", "mining.probability", "mining.to_come", "contract.renews"];
        assert!(exact("value.net_sales") && exact("mining.both") && !estimates.into_iter().any(exact));
        for figure in list("figures") {
            // Exact or an estimate, and how far off: a page cannot show it without.
            in_both(&figure, "certainty");
            in_both(&figure, "origin");
            in_both(&figure, "page");
            assert!(figure["inputs"].as_str().is_some_and(|inputs| !inputs.is_empty()), "{figure}");
            // Cost rates are secret and in no file; what a deal is, is said in the company's own fields.
            let inputs = figure["inputs"].as_str().unwrap();
            let in_files = inputs != "–" && !inputs.starts_with("cost_rate.");
            assert_eq!(!figure["tables"].as_array().unwrap().is_empty(), in_files, "{figure}");
            let unit = format!("analysis.unit.{}", figure["unit"].as_str().unwrap());
            assert!(!page.contains(&unit), "{unit}");
        }
        for table in list("tables") {
            for column in table["columns"].as_array().unwrap() {
                assert!(column["origin"].as_str().is_some_and(|origin| !origin.is_empty()), "{column}");
            }
        }
        let sales =
            catalog["tables"].as_array().unwrap().iter().find(|table| table["name"] == "sales").unwrap();
        assert_eq!(sales["rows"], 1);
        // A measure is as new and as good as the facts it is taken from.
        let net_sales = list("measures").into_iter().find(|one| one["name"] == "net_sales").unwrap();
        assert_eq!(
            [&net_sales["facts"], &net_sales["rows"], &net_sales["failed_checks"]],
            [&json!(["sales", "returns"]), &json!(1), &json!([])]
        );
        assert!(net_sales["refreshed_at"].is_string(), "{net_sales}");
        let shown = between(&page, "<code>net_sales</code>", "</tr>");
        assert!(shown.contains(">1</td>") && shown.contains("As it should be"), "{shown}");
        // So is a figure of a page: one order of one line, and no return.
        let figure = |name: &str| list("figures").into_iter().find(|figure| figure["name"] == name).unwrap();
        for (name, tables, rows) in
            [("mining.both", 1, 1), ("value.customers", 3, 2), ("benefit.win_rate", 0, 0)]
        {
            let found = figure(name);
            assert_eq!(found["tables"].as_array().unwrap().len(), tables, "{found}");
            assert_eq!([&found["rows"], &found["failed_checks"]], [&json!(rows), &json!([])], "{found}");
        }
        assert_eq!(figure("mining.both")["tables"], json!(["sales"]));
        let told = between(&page, "id=\"figures\">", "</section>");
        assert!(told.contains("As it should be") && !told.contains("checks to look into"), "{told}");
        // A dimension stands once, with what it means and where it is.
        let dimensions = list("dimensions");
        let names: Vec<&str> = dimensions.iter().map(|one| one["name"].as_str().unwrap()).collect();
        for measure in list("measures") {
            for name in measure["dimensions"].as_array().unwrap() {
                let found = names.iter().filter(|known| *name == **known).count();
                assert_eq!(found, 1, "{name} of {}", measure["name"]);
            }
        }
        let told = between(&page, "<details id=\"dimensions\">", "</details>");
        for name in &names {
            assert!(told.contains(&format!("<code>{name}</code>")), "{name}");
        }
        assert!(told.contains("The risk of not being paid.") && told.contains("Year, Quarter"), "{told}");
        let channel = &dimensions[names.iter().position(|name| *name == "channel").unwrap()];
        assert_eq!(channel["facts"], json!(["order_costs", "return_costs", "returns", "sales"]));
        let tables = catalog["tables"].as_array().unwrap();
        let days = tables.iter().find(|table| table["name"] == "date").unwrap();
        assert_eq!((&days["rows"], &days["refreshed_at"]), (&json!(22_280), &json!(null)));
        for column in days["columns"].as_array().unwrap() {
            let said = ["en", "zh"].map(|lang| column["definition"][lang].as_str().unwrap_or("-").to_owned());
            assert!(said.iter().all(|text| !text.is_empty()), "{column}");
        }
        let summary = |name: &str| {
            let mut heads =
                page.split("<summary>").skip(1).filter_map(|part| part.split("</summary>").next());
            heads.find(|head| head.contains(&format!("<code>{name}</code>"))).unwrap().to_owned()
        };
        assert!(page.contains("fiscal_quarter") && summary("date").contains("22,280 rows, computed"));
        assert!(summary("sales").contains("1 rows,") && summary("sales").contains("last written "), "{page}");
        assert!(!summary("date").contains("last written"), "{page}");
        let ordinary = test.ordinary().await;
        ordinary.post("/analysis/catalog/refresh", &[]).await.expect(403);
        ordinary.get("/analysis/catalog").await.expect(200);
    });
}

/// Words in English, and in Chinese with a Chinese sign.
fn in_both(item: &Json, what: &str) {
    let [en, zh] = ["en", "zh"].map(|lang| item[what][lang].as_str().unwrap_or_default().to_owned());
    assert!(!en.is_empty() && zh.chars().any(|c| c > '\u{2e80}'), "{what} of {item}");
}

/// Every file below a folder with this end.
fn sources(folder: &Path, end: &str, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, end, found);
        } else if path.to_string_lossy().ends_with(end) {
            found.push(std::fs::read_to_string(&path).unwrap());
        }
    }
}

/// What stands between `before` and the next quote, each time.
fn quoted_after<'t>(text: &'t str, before: &str) -> Vec<&'t str> {
    text.split(before).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[test]
fn every_figure_a_page_of_analysis_shows_is_in_the_catalog() {
    on_sqlite(modules, async |test| {
        let catalog = test.administrator().await.get("/api/v1/analysis/catalog").await.expect(200).json();
        let figures = catalog["figures"].as_array().unwrap();
        let names: Vec<&str> = figures.iter().map(|figure| figure["name"].as_str().unwrap()).collect();
        let labels: Vec<&str> =
            figures.iter().map(|figure| figure["label"]["en"].as_str().unwrap()).collect();
        let insight = Path::new(env!("CARGO_MANIFEST_DIR")).join("../insight/src");
        let (mut pages, mut programs, mut words) = (vec![], vec![], vec![]);
        sources(&insight, ".html", &mut pages);
        sources(&insight, ".rs", &mut programs);
        sources(&insight, "messages.toml", &mut words);
        let mut shown = 0;
        // The head of a column of numbers.
        for page in &pages {
            for head in
                page.split("<th ").skip(1).filter(|head| head.starts_with("scope=\"col\" class=\"num\">"))
            {
                let head = head.split_once('>').unwrap().1.split("</th>").next().unwrap().trim();
                let known = match quoted_after(head, "t(\"").first() {
                    Some(key) => names.contains(key),
                    // Stages, features and columns the page fills in are of other figures.
                    None => head.contains("{{") || labels.contains(&head),
                };
                assert!(known, "no figure in the catalog for the column {head}");
                shown += 1;
            }
        }
        // A figure that explains itself.
        for program in &programs {
            for figure in program.split("Figure::new(").skip(1) {
                let first = figure.trim_start();
                for (says, prefix) in [("words.t(\"", ""), ("self.say(\"", "mining.uplift.")] {
                    if let Some(key) = first.strip_prefix(says).and_then(|rest| rest.split('"').next()) {
                        let key = format!("{prefix}{key}");
                        assert!(names.contains(&key.as_str()), "no figure in the catalog for {key}");
                        shown += 1;
                    }
                }
            }
        }
        // Figures whose keys are put together.
        for text in &words {
            // What ends so is a definition.
            for key in quoted_after(text, "\n\"").into_iter().filter(|key| !key.ends_with(".is")) {
                let seven = key.starts_with("seven.column.")
                    && ![
                        "experiment",
                        "medium",
                        "region",
                        "measured_by",
                        "rep",
                        "product",
                        "channel",
                        "rule",
                    ]
                    .iter()
                    .any(|name| key.ends_with(name));
                let benefit = key.strip_prefix("benefit.help.").map(|name| format!("benefit.{name}"));
                let known = match benefit {
                    Some(name) => names.contains(&name.as_str()),
                    None => !(seven || key.starts_with("contract.figure.")) || names.contains(&key),
                };
                assert!(known, "no figure in the catalog for {key}");
            }
        }
        assert!(shown > 90, "{shown} figures were found in the pages");
    });
}

/// Figures of customers are explained, not only named: each says in both languages what it is, and how sure.
#[test]
fn every_figure_of_a_customer_says_what_it_is_and_how_sure() {
    on_sqlite(modules, async |test| {
        let account = test.engine.entity("account").unwrap().clone();
        let figures: Vec<_> = account.fields.values().filter(|field| field.apart.is_some()).collect();
        assert!(figures.len() > 20);
        for field in figures {
            let help = field.help.as_ref();
            let said =
                help.is_some_and(|help| !help.en.is_empty() && help.zh.chars().any(|c| c > '\u{2e80}'));
            assert!(said, "{} has no help in both languages", field.name);
            let key =
                field.sure.map(|sure| format!("sure.{sure}")).unwrap_or_else(|| panic!("{}", field.name));
            for lang in [Lang::En, Lang::Zh] {
                let words = test.app.messages().get(lang, &key, &[]);
                assert_eq!(words, Some(test.app.certainty_of(lang, field)), "{} names no {key}", field.name);
            }
        }
    });
}

#[test]
fn quality_is_checked_for_every_fact_and_shows_the_rows() {
    on_both(modules, async |test| {
        let client = test.administrator().await;
        sell(&test, "Acme", 25).await;
        let buyer = account(&test.engine, "Beta").await;
        let said = [
            ("account", buyer.into()),
            ("asked_on", Value::Date("2026-05-01".parse().unwrap())),
            ("dimension", "price".into()),
            ("recommend", Value::Int(9)),
        ];
        create(&test.engine, "survey_answer", &said).await;
        let call = [("subject", Value::from("Called")), ("account", buyer.into())];
        create(&test.engine, "activity", &call).await;
        let letter = [
            ("name", Value::from("Spring letter")),
            ("start_on", Value::Date("2026-03-01".parse().unwrap())),
            ("end_on", Value::Date("2026-03-31".parse().unwrap())),
        ];
        let letter = create(&test.engine, experiment::ENTITY, &letter).await;
        let letter = test.engine.get(&Actor::system(), experiment::ENTITY, letter).await.unwrap();
        assert_eq!(experiment::members::draw(&test.engine, &letter).await.unwrap().customers, 2);
        warehouse::refresh(&test.engine, Manner::default(), None).await.unwrap();
        let checks = async || {
            client.get("/api/v1/analysis/catalog").await.expect(200).json()["checks"]
                .as_array()
                .unwrap()
                .clone()
        };
        let found = checks().await;
        let of = |found: &[Json], table: &str, name: &str| {
            let is = |check: &&Json| check["table"] == table && check["name"] == name;
            found.iter().find(is).unwrap_or_else(|| panic!("{name} of {table}")).clone()
        };
        let facts = [
            "sales",
            "returns",
            "activities",
            "order_costs",
            "return_costs",
            "surveys",
            "campaign_touches",
            "account_figures",
        ];
        for fact in facts {
            // Campaigns are planned ahead.
            let future: &[&str] = if fact == "campaign_touches" { &[] } else { &["future_day"] };
            for name in ["rows", "no_day"].iter().chain(future) {
                let check = of(&found, fact, name);
                assert!(check["good"] == true && check["looked_at"].is_string(), "{check}");
            }
            assert!(
                found.iter().any(|check| check["table"] == fact && check["name"] == "unknown_account"),
                "{fact}"
            );
        }
        for (fact, name) in [
            ("sales", "impossible_amount"),
            ("sales", "no_amount"),
            ("sales", "sum"),
            ("returns", "sum"),
            ("order_costs", "impossible_amount"),
            ("activities", "key_twice"),
            ("surveys", "impossible_answer"),
            ("account", "key_twice"),
            ("order_line", "rows"),
        ] {
            assert_eq!(of(&found, fact, name)["good"], true, "{name} of {fact}");
        }
        assert_eq!(of(&found, "account", "rows")["cases"], 2);
        assert_eq!(of(&found, "campaign_touches", "no_day")["cases"], 2);

        // An order of next year, and a customer who is deleted although he answered.
        let late = create(
            &test.engine,
            "order",
            &[
                ("account", buyer.into()),
                ("ordered_at", Value::Instant("2031-01-01T00:00:00Z".parse().unwrap())),
            ],
        )
        .await;
        create(
            &test.engine,
            "order_line",
            &[("order", late.into()), ("description", "goods".into()), ("unit_price", Value::Int(5))],
        )
        .await;
        warehouse::refresh(&test.engine, Manner::default(), None).await.unwrap();
        let check = of(&checks().await, "sales", "future_day");
        assert_eq!(
            (&check["found"], &check["good"], &check["cases"]),
            (&json!("1"), &json!(false), &json!(2)),
            "{check}"
        );
        let catalog = client.get("/api/v1/analysis/catalog").await.expect(200).json();
        for (measure, failed) in [("orders", json!(["sales.future_day"])), ("returned", json!([]))] {
            let found = catalog["measures"].as_array().unwrap().iter().find(|one| one["name"] == measure);
            assert_eq!(found.unwrap()["failed_checks"], failed, "{measure}");
        }
        for (figure, failed) in [("mining.both", json!(["sales.future_day"])), ("benefit.nps", json!([]))] {
            let found = catalog["figures"].as_array().unwrap().iter().find(|one| one["name"] == figure);
            assert_eq!(found.unwrap()["failed_checks"], failed, "{figure}");
        }
        let page = client.get("/analysis/catalog").await.expect(200).body;
        for part in [("<code>orders</code>", "</tr>"), ("id=\"figures\">", "</section>")] {
            let shown = between(&page, part.0, part.1);
            assert!(shown.contains("1 checks to look into") && shown.contains("#quality"), "{shown}");
        }
        assert!(page.contains("Look into it") && page.contains("/analysis/sql?sql=SELECT"), "{page}");
        let rows = client
            .post("/analysis/sql", &[("sql", check["rows_sql"].as_str().unwrap())])
            .await
            .expect(200)
            .body;
        assert!(rows.contains("2031-01-01"), "{rows}");
        // Every SELECT of rows can be asked.
        for check in checks().await {
            if let Some(sql) = check["rows_sql"].as_str() {
                client.post("/analysis/sql", &[("sql", sql)]).await.expect(200);
            }
        }
    });
}
