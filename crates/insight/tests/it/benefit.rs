//! Before and after: measured by hand, and honest about what is not known and what may be chance.

use crate::{
    company::{Company, at, on_databases, values},
    paged,
    satisfaction::answer,
    seven_p_behind::decoded,
};
use engine::{Actor, Query};
use insight::{
    after_fit,
    benefit::{self, Compared},
    kept, refit,
};
use meta::Value;
use testkit::Client;

/// October 2025 against the 31 days up to 2026-11-21, measured.
async fn compare(company: &Company, client: &Client) -> benefit::Report {
    company.settle().await;
    refit::refit(&company.engine, None).await.unwrap();
    client.post("/value/benefit", &[("from", "2025-10-01"), ("to", "2025-10-31")]).await.expect(303);
    after_fit::compute(&company.engine, None).await.unwrap();
    kept::find(&company.engine, benefit::REPORT).await.unwrap().unwrap().body
}

fn figure<'r>(report: &'r benefit::Report, key: &str) -> &'r Compared {
    report.figures.iter().find(|figure| figure.key == key).unwrap()
}

/// A figure's row of the page.
fn row(page: &str, label: &str) -> String {
    let (_, row) = page.split_once(&format!("<span class=\"row-title\">{label}</span>")).unwrap();
    row.split("</tr>").next().unwrap().replace("&#x2f;", "/").replace("&amp;", "&")
}

/// How many records each link of a row opens.
async fn behind(company: &Company, client: &Client, row: &str) -> Vec<u64> {
    let mut found = vec![];
    for link in row.split("<a href=\"").skip(1) {
        let address = link.split('"').next().unwrap();
        client.get(address).await.expect(200);
        let (entity, filter) = address.trim_start_matches('/').split_once("?filter=").unwrap();
        let filter = decoded(filter.split("&sort=").next().unwrap());
        let name = ["order", "return", "activity", "account", "survey_answer"];
        let name = name.into_iter().find(|name| *name == entity).unwrap();
        let query = Query::new(name).filter(filter);
        found.push(company.engine.count(&Actor::system(), &query, 1_000).await.unwrap().number);
    }
    found
}

#[test]
fn both_periods_are_measured_and_what_is_missing_is_said() {
    on_databases(async |company| {
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        assert!(client.get("/value/benefit").await.expect(200).body.contains("No base period is chosen yet"));
        let rep = company.app.user("Rep", "rep@example.com", engine::Role::User).await;
        let account = company.create("account", values([("name", "A".into()), ("owner", rep.into())])).await;
        for (day, amount) in [("2025-10-20", "1000"), ("2026-11-01", "1500"), ("2026-11-10", "1500")] {
            let head = values([("account", account.into()), ("ordered_at", at(day)), ("owner", rep.into())]);
            let line = values([
                ("description", "goods".into()),
                ("unit_price", crate::company::decimal(amount)),
                ("unit_cost", crate::company::decimal("600")),
            ]);
            company.document("order", "order_line", head, line).await;
        }
        // A customer calls, and is called back four hours later.
        for (time, direction) in [("2026-11-02T08:00:00Z", "incoming"), ("2026-11-02T12:00:00Z", "outgoing")]
        {
            let fields = values([
                ("subject", "Where is it?".into()),
                ("kind", "call".into()),
                ("account", account.into()),
                ("direction", direction.into()),
                ("happened_at", Value::Instant(time.parse().unwrap())),
            ]);
            company.create("activity", fields).await;
        }
        company.settle().await;
        refit::refit(&company.engine, None).await.unwrap();
        let refused =
            client.post("/value/benefit", &[("from", "2025-10-01"), ("to", "2025-10-05")]).await.expect(422);
        assert!(refused.body.contains("at least 28 days"), "{}", refused.body);
        let refused =
            client.post("/value/benefit", &[("from", "2026-10-01"), ("to", "2026-11-20")]).await.expect(422);
        assert!(refused.body.contains("reaches into the latest period"), "{}", refused.body);
        let refused = client.post("/value/benefit", &[("from", "x"), ("to", "")]).await.expect(422);
        assert!(refused.body.contains("is not a date"), "{}", refused.body);
        client.post("/value/benefit", &[("from", "2025-10-01"), ("to", "2025-10-31")]).await.expect(303);
        after_fit::compute(&company.engine, None).await.unwrap();
        let page = client.get("/value/benefit").await.expect(200).body;
        // One rep: 1,000 before, 3,000 now; margins 40 % and 60 %.
        for part in [
            "¥1,000",
            "¥3,000",
            "+200%",
            "40%",
            "60%",
            "4</a>",
            "takes at least 2 salespeople",
            "takes 30 customers",
            "Base period: ",
            "href=\"#base-period\"",
            "opportunities are not recorded",
            "No cost rates",
            "no experiment",
            // On how many cases a row rests, in either period.
            "<dt>Before: orders</dt><dd>1</dd>",
            "<dt>Now: orders</dt><dd>2</dd>",
            "<dt>Now: customers who bought</dt><dd>1</dd>",
            "<dt>Now: contacts answered</dt><dd>1</dd>",
        ] {
            assert!(page.contains(part), "{part} in {page}");
        }
        // Of so few nothing is told apart from chance.
        assert!(!page.contains("figure-good") && !page.contains("figure-bad"), "{page}");
        company
            .app
            .ordinary()
            .await
            .post("/value/benefit", &[("from", "2025-10-01"), ("to", "2025-10-31")])
            .await
            .expect(403);
    });
}

#[test]
fn cost_returns_retention_and_answers_of_both_periods_are_those_worked_out_by_hand() {
    on_databases(async |company| {
        company.cost_rates().await;
        let (a, b) = (company.customer("A").await, company.customer("B").await);
        let rep = company.app.user("Rep", "rep@example.com", engine::Role::User).await;
        company.update("account", a, values([("owner", rep.into())])).await;
        // October 2025 against the 31 days up to 2026-11-21, each with the 31 days before it.
        for (account, day, amount, cost) in [
            (a, "2025-09-10", "100", "60"),
            (b, "2025-09-12", "100", "60"),
            (a, "2025-10-10", "1000", "600"),
            (a, "2026-10-01", "100", "60"),
            (b, "2026-10-02", "100", "60"),
            (a, "2026-11-01", "2000", "1200"),
            (b, "2026-11-02", "1000", "500"),
        ] {
            company.order(Some(account), day, amount, Some(cost)).await;
        }
        company.give_back(a, "2026-11-05", "500", Some("300")).await;
        company.contact(a, "2026-11-06", "call", 10).await;
        for (account, expected) in [(a, 8), (b, 4)] {
            let ratio = [("expected", expected), ("perceived", expected * 3 / 4)];
            answer(&company, account, "2025-10-15", "product", &ratio).await;
        }
        answer(&company, a, "2025-10-15", "overall", &[("recommend", 6)]).await;
        for (account, perceived) in [(a, 8), (b, 10), (b, 10)] {
            let ratio = [("expected", 8), ("perceived", perceived)];
            answer(&company, account, "2026-11-03", "product", &ratio).await;
        }
        for recommend in [9, 10, 3] {
            answer(&company, b, "2026-11-03", "overall", &[("recommend", recommend)]).await;
        }
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        let report = compare(&company, &client).await;
        let units = |amount: i64| amount as f64 / 10_000.0;
        let money = |found: &benefit::Measured| [found.sales, found.returned, found.margin].map(units);
        assert_eq!(money(&report.before), [1_000.0, 0.0, 400.0]);
        assert_eq!(money(&report.after), [3_000.0, 500.0, 1_100.0]);
        // An order 20, a line 3, payment 6, freight 25; then two orders of 30, two lines, payment 18, freight 50, a return 60
        // and ten minutes of a call 15.
        let cost = |found: &benefit::Measured| found.cost.map(units);
        assert_eq!((cost(&report.before), cost(&report.after)), (Some(54.0), Some(209.0)));
        // Of two who had bought one bought again; then both.
        let share = |found: &benefit::Measured| found.retention.map(|share| (share.at, share.cases));
        assert_eq!((share(&report.before), share(&report.after)), (Some((0.5, 2)), Some((1.0, 2))));
        // C: 0.75 twice; then 1 of A and 1.25 twice of B, whose answers are one voice.
        let ratio = |found: &benefit::Measured| {
            found.satisfaction.map(|mean| ((mean.at * 1_000.0).round(), mean.cases))
        };
        assert_eq!((ratio(&report.before), ratio(&report.after)), (Some((750.0, 2)), Some((1_167.0, 2))));
        // 2/1 · ((1 − 7/6)² + (2.5 − 2 · 7/6)²) / 9 = (1/9)², so ± 1.96/9.
        let low = report.after.satisfaction.unwrap().low;
        assert!((low - 7.0 / 6.0 + 1.96 / 9.0).abs() < 1e-4, "{low}");
        let nps = |found: &benefit::Measured| found.nps.map(|nps| (nps.promoters, nps.detractors));
        assert_eq!((nps(&report.before), nps(&report.after)), (Some((0, 1)), Some((2, 1))));
        // Three answers of one customer say nothing of others.
        assert_eq!(report.after.nps.map(|nps| (nps.low, nps.high)), Some((-1.0, 1.0)));
        // Each number opens its records, of either period.
        let page = client.get("/value/benefit").await.expect(200).body;
        for (label, records) in [
            ("Net sales", [1, 2]),
            ("Margin", [1, 2]),
            ("Returns", [0, 1]),
            ("Customers who bought", [1, 2]),
            ("First buyers", [0, 0]),
            ("Contacts per order", [0, 1]),
            ("Satisfaction C", [2, 3]),
            ("Net promoter score", [1, 3]),
        ] {
            assert_eq!(behind(&company, &client, &row(&page, label)).await, records, "{label}");
        }
        // Retention opens the customers it is of, who bought again first, the larger sales before the smaller.
        let retention = row(&page, "Retention");
        for (period, again) in [("before", 1), ("after", 2)] {
            let address = format!("/value/benefit/retention?period={period}");
            assert!(retention.contains(&format!("href=\"{address}\"")), "{retention}");
            let start = "class=\"row-title\" href=\"/account/";
            let (listed, _) = paged::walked(&client, &address, start, "\"").await;
            assert_eq!(listed, [a.to_string(), b.to_string()], "{period}");
            for (language, said, yes, no) in [
                ("zh-CN", format!("其中 {again} 位在"), "是", "否"),
                ("en", "these 2 customers, who bought".to_owned(), "Yes", "No"),
            ] {
                client.set_cookie("zhike_lang", language);
                let list = client.get(&address).await.expect(200).body;
                assert!(list.contains(&said), "{said}: {list}");
                let told = [yes, no].map(|told| list.matches(&format!(">{told}</td>")).count());
                assert_eq!(told, [again, 2 - again], "{list}");
                // Whose customer each is, by name.
                assert_eq!(list.matches(">Rep</td>").count(), 1, "{list}");
            }
        }
        // Bare, it leads to the periods; of another one it says which there are.
        let bare = client.get("/value/benefit/retention").await.expect(303);
        assert_eq!(bare.header("location"), "/value/benefit");
        for (language, said) in [
            ("en", "period: “never” is not one of the choices: use before, after"),
            ("zh-CN", "period: “never”不在可选值中，可选：before、after"),
        ] {
            client.set_cookie("zhike_lang", language);
            let refused = client.get("/value/benefit/retention?period=never").await.expect(422).body;
            assert!(refused.contains(said), "{refused}");
        }
    });
}

#[test]
fn a_change_has_its_colour_where_chance_is_ruled_out() {
    on_databases(async |company| {
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        let reps = [
            company.app.user("One", "one@example.com", engine::Role::User).await,
            company.app.user("Two", "two@example.com", engine::Role::User).await,
            company.app.user("Three", "three@example.com", engine::Role::User).await,
        ];
        // Forty very different customers. All buy again, about half as much more, at a margin that varies from 38 % to 42 % in both.
        for at_place in 0..40_i64 {
            let account = company.customer(&format!("Customer {at_place:02}")).await;
            let before = 100 * (at_place % 9 + 1).pow(2);
            let after = before * (145 + 10 * (at_place / 4 % 2)) / 100;
            for (day, amount, percent) in
                [("2025-10-10", before, 58 + at_place % 5), ("2026-11-01", after, 58 + (at_place + 2) % 5)]
            {
                let owner = reps[(at_place % 3) as usize];
                let head =
                    values([("account", account.into()), ("ordered_at", at(day)), ("owner", owner.into())]);
                let line = values([
                    ("description", "goods".into()),
                    ("unit_price", Value::Decimal(amount.into())),
                    ("unit_cost", Value::Decimal(meta::Decimal::new(amount * percent, 2))),
                ]);
                company.document("order", "order_line", head, line).await;
            }
            // One in four returns a part, before as now.
            if at_place % 4 == 0 {
                let (before, after) = ((before / 10).to_string(), (after / 10).to_string());
                company.give_back(account, "2025-10-15", &before, None).await;
                company.give_back(account, "2026-11-05", &after, None).await;
            }
        }
        let report = compare(&company, &client).await;
        for key in ["sales", "sales_per_rep"] {
            let change = figure(&report, key).change.unwrap();
            let [low, high] = change.range.unwrap();
            assert!(
                change.is_clear() && 0.3 < low && low < change.at && change.at < high && high < 0.7,
                "{change:?}"
            );
        }
        // The customers differ far more than their change: the periods alone would tell nothing apart.
        let [before, after] = [figure(&report, "sales").before, figure(&report, "sales").after];
        let ([_, high], [low, _]) = (before.unwrap().range.unwrap(), after.unwrap().range.unwrap());
        assert!(low < high, "{before:?} {after:?}");
        for key in ["margin", "returns", "buyers"] {
            let change = figure(&report, key).change;
            assert!(
                change.is_some_and(|change| change.range.is_some() && !change.is_clear()),
                "{key}: {change:?}"
            );
        }
        let page = client.get("/value/benefit").await.expect(200).body;
        assert!(row(&page, "Net sales").contains("figure-good"), "{page}");
        // All forty were new then, and nobody is now.
        assert!(row(&page, "First buyers").contains("figure-bad"), "{page}");
        for label in ["Margin", "Returns", "Customers who bought"] {
            let row = row(&page, label);
            assert!(row.contains("No difference that could not be chance."), "{row}");
            assert!(!row.contains("figure-good") && !row.contains("figure-bad"), "{row}");
        }
        assert_eq!(behind(&company, &client, &row(&page, "Sales per salesperson")).await, [40, 40]);
        client.set_cookie("zhike_lang", "zh-CN");
        let page = client.get("/value/benefit").await.expect(200).body;
        assert!(page.contains("没有超出偶然范围的差异。"), "{page}");
    });
}
