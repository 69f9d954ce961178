//! Forecasts that add up, on both databases: what is kept, what the pages say of weeks, months and quarters, and what the purchasing
//! list wants.

use crate::{
    company::{on_databases, values},
    mining::shop,
    paged,
    seven_p_behind::{between, plain},
};
use insight::mining::{
    forecast::{self, HORIZON, Part},
    refresh, report,
};
use meta::Decimal;
use mining::forecast::{Forecast, series::Period};
use testkit::Client;

fn told(part: &Part) -> &Forecast {
    part.forecast.as_ref().unwrap()
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * a.abs().max(1.0)
}

/// Of the weeks methods were tried on: what was sold, and the address beside it.
async fn held(client: &Client, address: &str) -> Vec<(f64, String)> {
    let page = plain(&client.get(address).await.expect(200).body);
    let rows = between(&page, "data-defined=\"forecast-held\"", "</table>");
    let cells = rows.split("data-label=\"Sold in them\">").skip(1);
    cells
        .map(|cell| {
            let sold = between(cell, "\">", "</a>").trim_start_matches('¥').replace(',', "");
            (sold.parse().unwrap_or_else(|_| panic!("{sold}")), between(cell, "<a href=\"", "\"").to_owned())
        })
        .collect()
}

#[test]
fn what_methods_were_tried_on_opens_its_orders() {
    on_databases(async |company| {
        let products = shop(&company).await;
        company.hold("2026-04-12").await;
        refresh::refresh(&company.engine, None).await.unwrap();
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        let kept = forecast::load(&company.engine).await.unwrap().unwrap();
        let all = held(&client, "/analysis/forecast").await;
        assert_eq!(all.len(), told(&kept.body.total).backtest.origins);
        for (sold, href) in &all {
            let orders = paged::records(&company, &client, href).await;
            let net: Decimal =
                orders.iter().map(|order| order.get("net_base").as_decimal().unwrap_or_default()).sum();
            let net: f64 = net.to_string().parse().unwrap();
            // Shown without cents at most.
            assert!((net - sold).abs() < 1.0 && net > 0.0, "{net} for {sold}: {href}");
        }
        // What is forecast says of how many weeks it knows.
        let page = plain(&client.get("/analysis/forecast").await.expect(200).body);
        let known = kept.body.total.history.values.len();
        let explained = between(&page, "<strong>Next 13 weeks</strong>", "</details>");
        assert!(explained.contains(&format!("<dt>Weeks known</dt><dd>{known}</dd>")), "{explained}");
        // Of paper the latest thirteen weeks are those to the 12th of April: 35 companies bought it three times for 500.
        let paper = held(&client, &format!("/analysis/forecast?by=product&key={}", products[0])).await;
        let (sold, href) = &paper[0];
        assert_eq!((*sold, paged::lines(&company, href).await.total), (52_500.0, 105));
        assert!(href.contains("from=2026-01-12&to=2026-04-12"), "{href}");
    });
}

#[test]
fn regions_categories_and_products_add_up_and_the_list_wants_what_is_forecast() {
    on_databases(async |company| {
        let products = shop(&company).await;
        let mut categories = vec![];
        for name in ["Office", "Kitchen"] {
            categories.push(company.create("product_category", values([("name", name.into())])).await);
        }
        // Paper and pens; tea and cups. Desks are in no category.
        for (product, category) in [(0, 0), (1, 0), (2, 1), (3, 1)] {
            company
                .update("product", products[product], values([("category", categories[category].into())]))
                .await;
        }
        company.hold("2026-04-12").await;
        refresh::refresh(&company.engine, None).await.unwrap();
        let kept = forecast::load(&company.engine).await.unwrap().unwrap();
        let found = &kept.body;
        let list = forecast::purchasing(&company.engine).await.unwrap().unwrap();
        assert_eq!((found.regions.len(), found.categories.len(), found.products.len()), (2, 3, 5));
        for parts in [&found.regions, &found.categories, &found.products] {
            for step in 0..HORIZON {
                let sum: f64 = parts.iter().map(|part| told(part).points[step]).sum();
                assert!(near(sum, told(&found.total).points[step]));
            }
            for slice in found.slices(Period::Month).iter().chain(&found.slices(Period::Quarter)) {
                let sum: f64 = parts.iter().map(|part| told(part).over(&slice.weights).expected).sum();
                assert!(near(sum, told(&found.total).over(&slice.weights).expected));
            }
        }
        let part = |parts: &[Part], key: String| {
            parts.iter().find(|part| part.key == Some(key.clone())).cloned().unwrap()
        };
        let office = part(&found.categories, categories[0].to_string());
        let [paper, pens] = [0, 1].map(|at| part(&found.products, products[at].to_string()));
        for step in 0..HORIZON {
            let sum = told(&paper).points[step] + told(&pens).points[step];
            assert!(near(sum, told(&office).points[step]), "paper and pens are all of the office's");
        }
        // 500 a unit: what the list wants of paper is what is forecast of it.
        let demand = list.body.products.iter().find(|one| one.product == products[0]).unwrap();
        assert_eq!((demand.price, demand.category.as_deref()), (500.0, office.key.as_deref()));
        for (at, cover) in demand.covers.iter().enumerate() {
            assert!(near(cover.demand * 500.0, told(&paper).points[..=at].iter().sum()));
        }
        // 35 companies bought it three times each since the 12th of January, and from the first week on.
        assert_eq!((demand.orders, demand.weeks), (105, found.total.history.values.len()));

        // The thirteen weeks to the 12th of April; one line of paper an order.
        let lines = format!(
            "/analysis/explore/rows?fact=sales&m=sales&period=between&from=2026-01-12&to=2026-04-12&filter=product%20%3D%3D%20%27{}%27",
            products[0]
        );
        assert_eq!(paged::lines(&company, &lines).await.total, 105);
        let client = company.app.administrator().await;
        let category = format!("/analysis/forecast?by=category&key={}", categories[0]);
        let product = format!("/analysis/forecast?by=product&key={}", products[0]);
        for (language, words) in [
            (
                "en",
                [
                    "Sold so far",
                    "Products of Office",
                    "As shown: moved so that all adds up",
                    "2026-04",
                    "2026 Q2",
                    "Units, 13 weeks",
                    "Sales forecast, 13 weeks",
                ],
            ),
            (
                "zh-CN",
                [
                    "已售",
                    "Office的产品",
                    "页面所示：调整至合计一致",
                    "2026年04月",
                    "2026年第2季度",
                    "13 周需求量",
                    "13 周销售预测",
                ],
            ),
        ] {
            client.set_cookie("zhike_lang", language);
            let [sold, products_of, shown, month, quarter, units, sales] = words;
            // As the heading of a column: definitions speak of it anyway.
            let sold = &format!(">{sold}</th>");
            let page = client.get(&category).await.expect(200).body;
            assert!(page.contains(products_of) && page.contains(shown) && !page.contains(sold), "{page}");
            for (view, period) in [("month", month), ("quarter", quarter)] {
                for address in [format!("/analysis/forecast?view={view}"), format!("{category}&view={view}")]
                {
                    let page = client.get(&address).await.expect(200).body;
                    assert!(page.contains(sold) && page.contains(period) && !page.contains("NaN"), "{page}");
                }
            }
            let demanded = demand.covers.last().unwrap().demand;
            let page = client.get(&product).await.expect(200).body;
            assert!(page.contains(units), "{page}");
            let row = plain(&client.get("/analysis/purchasing?lead=12&review=1").await.expect(200).body);
            assert!(row.contains(sales) && row.contains("/analysis/forecast?by=category"), "{row}");
            // All thirteen weeks on the list: the demand is that of the forecast's page.
            let shown = format!("{:.1}", (demanded * 10.0).round() / 10.0);
            let shown = shown.trim_end_matches(".0");
            assert!(page.contains(shown) && row.contains(shown), "{shown}");
            // Each row says on how many cases it rests, and all of them from how many points they were tried.
            let [sold, orders, weeks, points] = match language {
                "en" => [
                    "Sold, 13 weeks",
                    "Orders, 13 weeks",
                    "Weeks known",
                    "Points of the past tried, 13 weeks each",
                ],
                _ => ["近 13 周销量", "近 13 周订单数", "已知周数", "检验所用的历史时点数（各预测 13 周）"],
            };
            for part in [
                format!("data-label=\"{sold}\"><a href=\"{lines}\">105</a></td>"),
                format!("data-label=\"{orders}\"><a href=\"{lines}\">105</a></td>"),
                format!("data-label=\"{weeks}\">{}</td>", demand.weeks),
                format!("<dt>{points}</dt><dd>{}</dd>", list.body.origins),
            ] {
                assert!(row.contains(&part), "{part} in {row}");
            }
        }
        // Months tell of the weeks what weeks tell, to other tools, too.
        let json = report::forecast(&company.engine).await.unwrap();
        let all = |name: &str, field: &str| -> f64 {
            json["total"][name].as_array().unwrap().iter().map(|one| one[field].as_f64().unwrap()).sum()
        };
        let weeks = all("weeks", "point");
        assert!(near(all("months", "to_come"), weeks) && near(all("quarters", "to_come"), weeks));
        // Known of April are the days of whole weeks, to the 12th.
        assert_eq!(json["total"]["months"][0]["first_day"], "2026-04-01");
        assert_eq!(json["total"]["months"][3]["whole"], false, "twelve days of July");
        assert!(json["total"]["errors"]["wape"].as_f64().is_some());

        // To see what sells is not to take the products along.
        let user = company.app.user("Reader", "reader@example.com", engine::Role::User).await;
        let role = company.create("role", values([("name", "Reads".into())])).await;
        for entity in ["account", "order", "return"] {
            let right = [("role", role.into()), ("entity", entity.into()), ("read", "all".into())];
            company.create("role_right", values(right)).await;
        }
        company.create("user_role", values([("user", user.into()), ("role", role.into())])).await;
        let mut reader = company.app.visitor();
        reader.sign_in("reader@example.com", testkit::PASSWORD).await;
        reader.set_cookie("zhike_lang", "en");
        let page = reader.get("/analysis/purchasing").await.expect(200).body;
        assert!(page.contains("Paper") && !page.contains("purchasing.csv"), "{page}");
        let refused = reader.get("/analysis/purchasing.csv").await.expect(403).body;
        assert!(refused.contains("the right to export “Products”"), "{refused}");
    });
}
