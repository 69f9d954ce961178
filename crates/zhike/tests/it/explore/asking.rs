//! Questions put together by buttons, their answers, what is behind a figure.

use super::{EXPLORE, answer, get, link, modules, row, trade};
use crate::{
    pages::{create, unescaped},
    workbook,
};
use engine::{Actor, AuditQuery, Query, Role};
use meta::Value;
use testkit::{on_both, on_sqlite};
use warehouse::Manner;

#[test]
fn a_question_is_put_together_by_buttons_and_stands_in_the_address() {
    on_sqlite(modules, async |test| {
        let client = test.administrator().await;
        let start = get(&client, EXPLORE).await;
        assert!(
            start.contains("Net sales")
                && start.contains("Customer: Province")
                && start.contains("try") | start.contains("Explore")
        );
        let step = |at: &str, step: &str| format!("{EXPLORE}?{at}&do={}", step.replace(' ', "%20"));
        let moved = client.get(&step("", "add m net_sales")).await.expect(303);
        assert_eq!(moved.header("location"), "/analysis/explore?m=net_sales");
        let moved = client.get(&step("m=net_sales", "add r day")).await.expect(303);
        assert_eq!(moved.header("location"), "/analysis/explore?m=net_sales&r=day%3Amonth");
        let moved = client.get(&step("m=net_sales&r=day:month", "cross r 0")).await.expect(303);
        assert_eq!(moved.header("location"), "/analysis/explore?m=net_sales&c=day%3Amonth");
        // With htmx the builder comes back, and the address with it.
        let built = client.fragment(&step("m=net_sales", "add r account.province")).await.expect(200);
        assert_eq!(built.header("hx-push-url"), "/analysis/explore?m=net_sales&r=account.province");
        assert!(
            built.body.contains("name=\"r\" value=\"account.province\"") && !built.body.contains("<html")
        );
        let wrong = client.get(&step("m=net_sales", "fly away")).await.expect(422).body;
        assert!(wrong.contains("Step:") && wrong.contains("fly away"), "{wrong}");
    });
}

#[test]
fn before_the_first_refresh_the_page_says_so_and_offers_it() {
    on_sqlite(modules, async |test| {
        let client = test.administrator().await;
        let early = get(&client, &answer("m=sales&r=account.province")).await;
        assert!(
            early.contains("There is no data to ask yet") && early.contains("/analysis/catalog/refresh"),
            "{early}"
        );
        let back = [("back", "explore"), ("m", "sales"), ("r", "account.province")];
        let begun = client.post("/analysis/catalog/refresh", &back).await.expect(303);
        assert_eq!(begun.header("location"), "/analysis/explore?m=sales&r=account.province");
        let ordinary = test.ordinary().await;
        assert!(!get(&ordinary, &answer("m=sales")).await.contains("/analysis/catalog/refresh"));
    });
}

#[test]
fn an_answer_has_totals_shares_comparison_and_its_sample() {
    on_both(modules, async |test| {
        trade(&test, None).await;
        let client = test.administrator().await;
        let page = get(&client, &answer("m=sales&m=orders&r=account.province&share=1")).await;
        assert_eq!(row(&page, "四川"), ["四川", "¥1,100.00", "57.89%", "1"]);
        assert_eq!(row(&page, "山东"), ["山东", "¥800.00", "42.11%", "2"]);
        assert_eq!(row(&page, "Total"), ["Total", "¥1,900.00", "100%", "3"]);
        assert!(page.contains("3 order lines counted") && page.contains("As of "), "{page}");
        // The largest stands first. What it means, what it is taken from and how sure it is stand beside it, with what is behind it.
        assert!(page.find(">四川<") < page.find(">山东<") && page.contains("before returns."));
        for told in
            ["From “Sales”", "3 order lines counted", "Exact: worked out over", "sum(f.net) FROM sales f"]
        {
            assert!(page.contains(told), "{told}: {page}");
        }
        assert!(page.contains("data-defined=\"answer\"") && page.contains("data-definitions=\"answer\""));
        let behind = get(&client, &link(&page, "/analysis/explore/cell?m=sales&m=orders")).await;
        assert!(behind.contains("3 Orders in their list") && behind.contains("¥1,900.00"), "{behind}");
        let crossed = get(
            &client,
            &answer("m=sales&r=account.province&c=day:quarter&period=between&from=2026-01-01&to=2026-06-30"),
        )
        .await;
        assert_eq!(row(&crossed, "山东"), ["山东", "¥300.00", "¥500.00", "¥800.00"]);
        assert_eq!(row(&crossed, "四川"), ["四川", "¥1,100.00", "–", "¥1,100.00"]);
        assert_eq!(row(&crossed, "Total"), ["Total", "¥1,400.00", "¥500.00", "¥1,900.00"]);
        let compared = get(
            &client,
            &answer("m=sales&r=channel&period=between&from=2026-04-01&to=2026-06-30&compare=previous"),
        )
        .await;
        assert_eq!(row(&compared, "Shop"), ["Shop", "¥500.00", "–", "–"]);
        assert_eq!(row(&compared, "Total"), ["Total", "¥500.00", "¥1,400.00", "-64.29%"]);
        let top = get(&client, &answer("m=sales&r=account&top=1")).await;
        assert_eq!(row(&top, "Others"), ["Others", "¥800.00"]);
        // The others as one cannot be asked for: all of them can.
        let others = top.split("rest-row").nth(1).unwrap();
        assert_eq!(link(others, EXPLORE), "/analysis/explore?m=sales&r=account");
        for chart in ["bar", "line", "heat", "treemap", "table"] {
            let page =
                get(&client, &answer(&format!("m=sales&r=account.province&c=day:quarter&chart={chart}")))
                    .await;
            let drawn = page.contains("data-chart=");
            assert_eq!(drawn, chart != "table", "{chart}: {page}");
        }
        let running = get(&client, &answer("m=sales&r=day:quarter&running=1")).await;
        assert_eq!(row(&running, "2026 Q2"), ["2026 Q2", "¥500.00", "¥1,900.00"]);
    });
}

#[test]
fn behind_a_figure_are_the_steps_down_and_exactly_its_records() {
    on_both(modules, async |test| {
        trade(&test, None).await;
        let client = test.administrator().await;
        let page = get(
            &client,
            &answer("m=sales&m=orders&r=account.province&c=day:quarter&filter=channel%20!%3D%20null"),
        )
        .await;
        let cell = get(
            &client,
            &link(&page, "a=account.province%3D%22%E5%B1%B1%E4%B8%9C%22&a=day%3Aquarter%3D%222026-01-01%22"),
        )
        .await;
        assert!(cell.contains("¥300.00") && cell.contains("1 Orders in their list"), "{cell}");
        // The next finer level comes first.
        assert!(link(&cell, "r=day%3Amonth").contains("w=account.province%3D%22%E5%B1%B1%E4%B8%9C%22"));
        let list = link(&cell, "/order?filter=");
        let shown = get(&client, &list).await;
        assert_eq!(shown.matches("data-row=").count(), 1, "{shown}");
        let filter = percent_decoded(list.split_once("filter=").unwrap().1);
        let found = test
            .engine
            .count(&Actor::system(), &Query::new("order").filter(filter.as_str()), 10)
            .await
            .unwrap();
        assert_eq!(found.number, 1, "{filter}");
        let rows = get(&client, &link(&cell, "/rows?")).await;
        assert!(rows.contains("青岛海风") && rows.contains("¥300.00") && !rows.contains("¥500.00"), "{rows}");
        // What the list cannot say is shown row by row.
        let by_product = get(&client, &format!("{EXPLORE}/cell?m=sales&r=product&a=product%3Dnull")).await;
        assert!(
            !by_product.contains("/order?filter=") && by_product.contains("3 order lines, one by one"),
            "{by_product}"
        );
        for (place, finer) in [("country", "province"), ("province", "city"), ("city", "postcode")] {
            let cell = get(&client, &format!("{EXPLORE}/cell?m=sales&a=account.{place}%3Dnull")).await;
            link(&cell, &format!("r=account.{finer}"));
        }
        let band = get(&client, &format!("{EXPLORE}/cell?m=sales&a=account.size_employees%3D10")).await;
        assert!(band.contains("10–49"), "{band}");
        let deep =
            get(&client, &answer("m=sales&r=channel&w=account.province%3D%22%E5%B1%B1%E4%B8%9C%22")).await;
        assert_eq!(row(&deep, "Total"), ["Total", "¥800.00"]);
        let up = client
            .get(&format!("{EXPLORE}?m=sales&r=channel&w=account.province%3D%22x%22&do=up%200"))
            .await
            .expect(303);
        assert_eq!(up.header("location"), "/analysis/explore?m=sales&r=account.province");
    });
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = vec![];
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let code: String = rest.by_ref().take(2).map(char::from).collect();
            bytes.push(u8::from_str_radix(&code, 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).unwrap()
}

#[test]
fn an_answer_is_taken_along_without_formulas_and_the_audit_says_so() {
    on_both(modules, async |test| {
        trade(&test, None).await;
        let client = test.administrator().await;
        let asked = [("m", "sales"), ("r", "account"), ("format", "csv")];
        let csv = client.post("/analysis/explore/export", &asked).await.expect(200);
        assert_eq!(
            csv.body.trim_start_matches('\u{feff}'),
            "Customer,Sales\n'=Chengdu,1100\n青岛海风,800\nTotal,1900\n"
        );
        let asked = [("m", "sales"), ("r", "account")];
        let book = workbook::exported(&client, "/analysis/explore/export", &asked).await;
        let rows = [["Customer", "Sales"], ["=Chengdu", "1100"], ["青岛海风", "800"], ["Total", "1900"]];
        assert_eq!(book, rows);
        // What it is of goes with it: a file of a part does not pass for the whole.
        client.set_cookie("zhike_lang", "en");
        let part = [("m", "sales"), ("r", "account"), ("w", "account.province=\"四川\""), ("share", "1")];
        let rows = [("m", "sales"), ("fact", "sales"), ("a", "account.province=\"四川\"")];
        for (path, form) in [("export", &part[..]), ("rows/export", &rows)] {
            let book = workbook::saved(&client, &format!("/analysis/explore/{path}"), form).await;
            let about = workbook::sheet(&book, Some("2 About"));
            let said = |what: &str| about.iter().find(|row| row[1] == what).map(|row| row[2].as_str());
            assert!(about[1..].iter().all(|row| row[0] == "1"), "{about:?}");
            assert!(said("Within").is_some_and(|members| members.contains("四川")), "{about:?}");
            assert!(said("Data as of").is_some(), "{about:?}");
            let columns = ["Sales", if path == "export" { "Share" } else { "Quantity" }];
            assert!(columns.iter().all(|column| said(column).is_some()), "{about:?}");
        }
        client.post("/analysis/explore/export", &[("m", "sales"), ("format", "pdf")]).await.expect(422);
        client.post("/analysis/explore/export", &[("m", "beauty"), ("format", "csv")]).await.expect(422);
        let rows = client
            .post("/analysis/explore/rows/export", &[("m", "sales"), ("fact", "sales"), ("format", "csv")])
            .await
            .expect(200);
        assert_eq!(rows.body.lines().count(), 4, "{}", rows.body);
        test.engine.write_notes().await.unwrap();
        let audit = test
            .engine
            .audit(&Actor::system(), &AuditQuery { limit: 100, ..AuditQuery::default() })
            .await
            .unwrap();
        let exported = audit.entries.iter().filter(|entry| entry.what == "exported");
        let questions = exported
            .filter(|entry| entry.details["question"].as_str().is_some_and(|asked| asked.contains("sales")));
        assert!(questions.count() >= 3, "{:?}", audit.entries);
    });
}

#[test]
fn a_limited_user_gets_the_figures_of_his_records_alone() {
    on_both(modules, async |test| {
        let own = test.user("Own Er", "own@example.com", Role::User).await;
        let role = create(&test.engine, "role", &[("name", "own".into())]).await;
        crate::rights::grant(&test.engine, role, &["account", "order"], "own").await;
        create(&test.engine, "user_role", &[("user", own.into()), ("role", role.into())]).await;
        trade(&test, Some(own)).await;
        let mut client = test.visitor();
        client.sign_in("own@example.com", testkit::PASSWORD).await;
        let page = get(&client, &answer("m=sales&r=account.province")).await;
        assert_eq!(row(&page, "Total"), ["Total", "¥800.00"]);
        assert!(!page.contains("四川"), "{page}");
        // Of what he may not read there is no measure to choose.
        let start = get(&client, EXPLORE).await;
        assert!(start.contains("add m sales") && !start.contains("add m activities"), "{start}");
        client.get(&answer("m=activities")).await.expect(422);
        let cell = get(
            &client,
            &format!(
                "{EXPLORE}/cell?m=sales&r=account.province&a=account.province%3D%22%E5%9B%9B%E5%B7%9D%22"
            ),
        )
        .await;
        assert!(!cell.contains("¥1,100"), "{cell}");
        let rows = get(&client, &format!("{EXPLORE}/rows?m=sales&fact=sales")).await;
        assert!(rows.contains("青岛海风") && !unescaped(&rows).contains("Chengdu"), "{rows}");
        let file = [("m", "sales"), ("fact", "sales"), ("format", "csv")];
        let file = client.post("/analysis/explore/rows/export", &file).await.expect(200).body;
        assert!(file.contains("青岛海风") && !file.contains("Chengdu"), "{file}");
    });
}

/// A hidden field of an answer is in no measure of surveys: it is neither offered nor answered, whatever road it is asked by.
#[test]
fn what_is_made_of_a_hidden_answer_cannot_be_asked() {
    const MADE_OF_IT: [&str; 6] =
        ["nps", "recommendation", "promoters", "passives", "detractors", "survey_answers"];
    const OTHERS: [&str; 3] = ["repurchase", "satisfaction", "surveyed_customers"];
    on_both(modules, async |test| {
        let engine = &test.engine;
        let reader = test.user("Read Er", "reader@example.com", Role::User).await;
        let role = create(engine, "role", &[("name", "without scores".into())]).await;
        crate::rights::grant(engine, role, &["account", "survey_answer"], "all").await;
        create(engine, "user_role", &[("user", reader.into()), ("role", role.into())]).await;
        let account = create(engine, "account", &[("name", "Acme".into())]).await;
        let said = [
            ("account", account.into()),
            ("asked_on", Value::Date("2026-07-02".parse().unwrap())),
            ("dimension", "overall".into()),
            ("recommend", Value::Int(9)),
            ("repurchase", Value::Int(7)),
        ];
        create(engine, "survey_answer", &said).await;
        warehouse::refresh(engine, Manner::default(), None).await.unwrap();
        let mut client = test.visitor();
        client.sign_in("reader@example.com", testkit::PASSWORD).await;
        let offered = async |name: &str| {
            let catalog = client.get("/api/v1/analysis/catalog").await.expect(200).json();
            let listed = catalog["measures"].as_array().unwrap().iter().any(|one| one["name"] == name);
            let start = get(&client, EXPLORE).await;
            let chosen = start.contains(&format!("\"add m {name}\""));
            assert_eq!(listed, chosen, "{name}: in the catalog, in the explorer");
            chosen
        };
        // Every road to a figure: its status.
        let roads = async |name: &str| {
            let mut found = vec![];
            for path in [
                answer(&format!("m={name}")),
                answer(&format!("m={name}&r=account")),
                format!("{EXPLORE}/cell?m={name}"),
                format!("{EXPLORE}/rows?m={name}&fact=surveys"),
            ] {
                found.push(client.get(&path).await.status);
            }
            let file = [("m", name), ("format", "csv")];
            found.push(client.post("/analysis/explore/export", &file).await.status);
            let token = [("x-csrf-token", client.csrf.as_str())];
            let question = serde_json::json!({ "measures": [name] });
            found.push(client.json_with("POST", "/api/v1/analysis/question", &token, &question).await.status);
            found
        };
        for name in MADE_OF_IT.iter().chain(&OTHERS) {
            assert!(offered(name).await, "{name}");
            assert!(roads(name).await.iter().all(|status| *status == 200), "{name}");
        }
        let hidden = [
            ("role", role.into()),
            ("entity", "survey_answer".into()),
            ("field", "recommend".into()),
            ("level", "hidden".into()),
        ];
        create(engine, "field_right", &hidden).await;
        for name in OTHERS {
            assert!(offered(name).await, "{name}");
            assert!(roads(name).await.iter().all(|status| *status == 200), "{name}");
        }
        for name in MADE_OF_IT {
            assert!(!offered(name).await, "{name}");
            let answers = roads(name).await;
            assert!(answers.iter().all(|status| [403, 422].contains(status)), "{name}: {answers:?}");
        }
        // Nor is it a condition, a cut, a step down or a column of the rows behind another figure.
        for asked in ["filter=recommend%20%3E%3D%209", "r=recommend", "w=recommend%3D9"] {
            client.get(&answer(&format!("m=repurchase&{asked}"))).await.expect(422);
        }
        let rows = get(&client, &format!("{EXPLORE}/rows?m=repurchase&fact=surveys")).await;
        assert!(rows.contains("Would buy again") && !rows.contains("Would recommend"), "{rows}");
        client.post("/analysis/sql", &[("sql", "SELECT recommend FROM surveys")]).await.expect(422);
    });
}

#[test]
fn groups_of_customers_stand_under_their_names() {
    on_sqlite(modules, async |test| {
        trade(&test, None).await;
        let accounts = test.engine.list(&Actor::system(), &Query::new("account")).await.unwrap().records;
        let group = |name: &str, number: i64| {
            let account = accounts.iter().find(|account| account.text("name") == name).unwrap();
            (account.id, meta::Values::from([("customer_group".to_owned(), Value::Int(number))]))
        };
        let figures = [group("青岛海风", 1), group("=Chengdu", 3)];
        let names = serde_json::json!({ "next": 4, "of": { "1": { "marks": [], "given": "Dealers" } } });
        test.engine
            .write(&Actor::system(), move |tx| {
                Box::pin(async move {
                    tx.set_figures("account", &figures).await?;
                    tx.set_setting("mining.group_names", &names).await
                })
            })
            .await
            .unwrap();
        warehouse::refresh(&test.engine, Manner { full: true, ..Manner::default() }, None).await.unwrap();
        let client = test.administrator().await;
        let asked = answer("m=sales&r=account.customer_group");
        let page = get(&client, &asked).await;
        assert_eq!(row(&page, "1: Dealers"), ["1: Dealers", "¥800.00"]);
        // One without a name is its number.
        assert_eq!(row(&page, "3"), ["3", "¥1,100.00"]);
        let behind = get(&client, &link(&page, "/analysis/explore/cell?")).await;
        assert!(behind.contains("¥1,900.00"), "{behind}");
        let within = format!("{EXPLORE}?m=sales&r=channel&w=account.customer_group%3D1");
        client.set_cookie("zhike_lang", "zh-CN");
        for (page, name) in
            [(get(&client, &asked).await, "1：Dealers"), (get(&client, &within).await, "1：Dealers")]
        {
            assert!(page.contains(name), "{name}: {page}");
        }
    });
}
