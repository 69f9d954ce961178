//! Where there is too little for a method its page shows the simpler figure itself, counted here by hand.

use crate::{
    company::{Company, at, decimal, on_databases, values},
    seven_p_behind::{between, plain},
};
use insight::{mining::refresh, past, refit};
use meta::{Id, Values};

/// The number of a figure by its label.
fn figure<'t>(page: &'t str, label: &str) -> &'t str {
    let mut figures = page.split("<div class=\"figure-label\">").skip(1);
    let found = figures.find(|figure| figure.trim_start().starts_with(label));
    between(found.unwrap_or_else(|| panic!("no {label} in {page}")), "class=\"figure-value\">", "<")
}

/// The rows of a table: what stands in its cells, without tags.
fn rows(page: &str, table: &str) -> Vec<Vec<String>> {
    let table = between(page, &format!("data-defined=\"{table}\">"), "</tbody>");
    let body = table.split_once("<tbody>").unwrap().1;
    let cell = |cell: &str| {
        let parts = cell.split('<').map(|part| part.split_once('>').map_or("", |(_, text)| text));
        plain(parts.collect::<String>().trim())
    };
    let cells =
        |row: &str| row.split("<td").skip(1).map(|part| cell(&format!("<td{part}"))).collect::<Vec<String>>();
    body.split("<tr").skip(1).map(cells).collect()
}

/// An order of one line for each product and its price.
async fn sell(company: &Company, account: Id, day: &str, products: &[(Id, &str)]) {
    let head = values([("account", account.into()), ("ordered_at", at(day))]);
    let line = |(product, price): &(Id, &str)| {
        values([("product", (*product).into()), ("unit_price", decimal(price))])
    };
    let lines: Vec<Values> = products.iter().map(line).collect();
    company.document_of("order", "order_line", head, lines).await;
}

#[test]
fn what_three_customers_bought_is_shown_in_place_of_models() {
    on_databases(async |company| {
        let product = company.create("product", values([("name", "Paper".into())])).await;
        // Bob bought every week, and has not for eleven: more than eight weeks and six of his intervals.
        for (name, orders) in [
            ("Ann", vec![("2026-03-02", "100"), ("2026-03-20", "80")]),
            ("Bob", vec![("2026-01-05", "40"), ("2026-01-12", "40")]),
            ("Carl", vec![("2026-02-03", "500")]),
            ("Dora", vec![]),
        ] {
            let account = company.customer(name).await;
            for (day, price) in orders {
                sell(&company, account, day, &[(product, price)]).await;
            }
        }
        company.hold("2026-03-31").await;
        refit::refit(&company.engine, None).await.unwrap();
        past::compute(&company.engine).await.unwrap();
        refresh::refresh(&company.engine, None).await.unwrap();
        let client = company.app.administrator().await;
        for (language, missing, customers, net) in [
            ("en", "fewer than twelve weeks", "Customers", "Net sales"),
            ("zh-CN", "订单历史不足 12 周", "成交客户", "净销售额"),
        ] {
            client.set_cookie("zhike_lang", language);
            let page = async |path: &str| client.get(path).await.expect(200).body;
            let (matrix, life, groups) = (
                page("/value/matrix").await,
                page("/value/life-cycle").await,
                page("/analysis/groups").await,
            );
            for page in [&matrix, &life] {
                assert!(page.contains(missing), "{page}");
            }
            for page in [&matrix, &life, &groups] {
                assert_eq!([figure(page, customers), figure(page, net)], ["3", "¥760.00"], "{page}");
                assert!(page.contains("2026-03-31"), "{page}");
            }
            let ranked = |page: &str| {
                let names = rows(page, "list-orders0").into_iter();
                names.map(|row| [row[0].clone(), row[1].clone()]).collect::<Vec<_>>()
            };
            let all = [["Carl", "¥500"], ["Ann", "¥180"], ["Bob", "¥80"]];
            assert_eq!(ranked(&groups), all, "{groups}");
            assert_eq!(ranked(&matrix), all, "{matrix}");
            // A cycle needs four days; who came back on a second stands there, the most frequent first.
            let cycles = page("/value/cycles").await;
            let back: Vec<[String; 2]> = rows(&cycles, "list-orders0intervaldaysnull")
                .into_iter()
                .map(|row| [row[0].clone(), row[1].clone()])
                .collect();
            assert_eq!(back, [["Bob", "7"], ["Ann", "18"]], "{cycles}");
            assert_eq!([figure(&cycles, customers), figure(&cycles, net)], ["3", "¥760.00"], "{cycles}");
            // Carl explores, Ann has come back, Bob is lost.
            let stages: Vec<[String; 2]> =
                rows(&life, "stages").into_iter().map(|row| [row[1].clone(), row[2].clone()]).collect();
            let counted =
                [["1", "¥500.00"], ["1", "¥180.00"], ["0", "¥0.00"], ["0", "¥0.00"], ["1", "¥80.00"]];
            assert_eq!(stages, counted, "{life}");
        }
    });
}

#[test]
fn orders_and_buyers_of_products_are_shown_in_place_of_rules_and_probabilities() {
    on_databases(async |company| {
        let product = async |name: &str| company.create("product", values([("name", name.into())])).await;
        let (paper, pens, unsold) = (product("Paper").await, product("Pens").await, product("Unsold").await);
        let [ann, bob, carl, dora] = [
            company.customer("Ann").await,
            company.customer("Bob").await,
            company.customer("Carl").await,
            company.customer("Dora").await,
        ];
        sell(&company, ann, "2026-03-02", &[(paper, "100"), (paper, "20")]).await;
        sell(&company, ann, "2026-03-20", &[(paper, "50"), (pens, "30")]).await;
        sell(&company, bob, "2026-01-10", &[(paper, "40")]).await;
        sell(&company, bob, "2026-02-10", &[(paper, "40")]).await;
        sell(&company, carl, "2024-02-01", &[(pens, "500")]).await;
        // Within three years, but not within 30 months.
        sell(&company, dora, "2023-06-01", &[(pens, "7")]).await;
        company.hold("2026-03-31").await;
        refresh::refresh(&company.engine, None).await.unwrap();
        let client = company.app.administrator().await;
        // Nobody asked for the third product of its own accord: it was never sold.
        client.post(&format!("/analysis/product/{unsold}"), &[]).await.expect(303);
        company.engine.run_due_jobs().await.unwrap();
        for (language, few, buyers, orders) in [
            (
                "en",
                "Too few orders with at least two different products: 1,",
                "Bought it so far",
                "Orders that hold it",
            ),
            ("zh-CN", "含两种以上产品的订单太少：目前 1 张", "已购客户", "含该产品的订单"),
        ] {
            client.set_cookie("zhike_lang", language);
            let baskets = client.get("/analysis/baskets").await.expect(200).body;
            assert!(baskets.contains(few), "{baskets}");
            // Two of Ann's and two of Bob's orders hold paper; pens are in one each of Ann's, Carl's and Dora's.
            assert_eq!(rows(&baskets, "most-bought"), [["Paper", "4"], ["Pens", "3"]], "{baskets}");
            let explained = between(&baskets, "data-definitions=\"most-bought\"", "</details>");
            assert!(explained.contains("<dd>6</dd>") && explained.contains("2026-03-31"), "{explained}");
            for (product, counted) in [(paper, ["2", "4"]), (pens, ["2", "2"]), (unsold, ["0", "0"])] {
                let page = client.get(&format!("/analysis/product/{product}")).await.expect(200).body;
                assert_eq!([figure(&page, buyers), figure(&page, orders)], counted, "{page}");
                // The number opens the lines it is counted on.
                assert!(page.contains("fact=sales"), "{page}");
            }
        }
    });
}
