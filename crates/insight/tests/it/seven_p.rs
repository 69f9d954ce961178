//! The seven P: every page renders in both languages with and without data, and its sums are those of the records.

use crate::company::{Company, decimal, on_databases, values};
use engine::{
    Actor, DEFAULT_TIME_ZONE, Query, name,
    sea_query::{Query as Sql, SelectStatement},
};
use insight::{
    after_fit, cycle, kept, refit,
    statistics::{COUNTING_ORDERS, COUNTING_RETURNS},
};
use meta::{Decimal, Id, Record, Value, scaled};
use rand::{RngExt, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};

const PARTS: [&str; 7] =
    ["profiling", "persistency", "profitability", "performance", "prospecting", "product", "promotion"];

#[test]
fn every_page_says_so_where_there_is_nothing_and_shows_what_there_is() {
    on_databases(async |company| {
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        client.get("/value/seven-p").await.expect(303);
        client.get("/value/seven-p/other").await.expect(404);
        for part in PARTS {
            let page = client.get(&format!("/value/seven-p/{part}")).await.expect(200).body;
            assert!(page.contains("Nothing to look at yet"), "{part}");
        }
        company.regulars().await;
        company.cost_rates().await;
        let fields = values([
            ("name", "Dealer".into()),
            ("relation", "dealer".into()),
            ("province", "山东".into()),
            ("source", "Fair".into()),
        ]);
        let dealer = company.create("account", fields).await;
        let product =
            company.create("product", values([("name", "Apples".into()), ("code", "A1".into())])).await;
        let head = values([
            ("account", dealer.into()),
            ("ordered_at", crate::company::at("2026-10-05")),
            ("channel", "fair".into()),
        ]);
        let line = values([
            ("product", product.into()),
            ("quantity", Value::Decimal(5.into())),
            ("unit_price", Value::Decimal(1_000.into())),
            ("unit_cost", Value::Decimal(400.into())),
        ]);
        company.document("order", "order_line", head, line).await;
        company.give_back(dealer, "2026-10-20", "500", None).await;
        company.settle().await;
        refit::refit(&company.engine, None).await.unwrap();
        after_fit::compute(&company.engine, None).await.unwrap();
        for language in ["zh-CN", "en"] {
            client.set_cookie("zhike_lang", language);
            for part in PARTS {
                let page = client.get(&format!("/value/seven-p/{part}")).await.expect(200).body;
                assert!(
                    page.contains("<h1>") && !page.contains("NaN") && !page.contains("seven."),
                    "{part}: {page}"
                );
            }
        }
        let dealers = "?months=3&relation=dealer&region=%E5%B1%B1%E4%B8%9C";
        let page = client.get(&format!("/value/seven-p/performance{dealers}")).await.expect(200).body;
        assert!(page.contains("¥5,000 sold in 1 orders") && page.contains("60% margin"), "{page}");
        assert!(page.contains("Trade fair"), "{page}");
        let profiling = client.get(&format!("/value/seven-p/profiling{dealers}")).await.expect(200).body;
        assert!(profiling.contains("1 VIP customers, 100% of all, bring 100% of net sales"), "{profiling}");
        assert!(profiling.contains("100% of the sales come from 1 VIP customers"), "{profiling}");
        assert!(profiling.contains("\"text\":\"¥4,500\",\"value\":1}]"), "{profiling}");
        assert!(profiling.contains("vip%27%20%26%26%20relation%20%3D%3D%20%27dealer%27"), "{profiling}");
        let nobody = client.get("/value/seven-p/persistency?relation=supplier").await.expect(200).body;
        assert!(nobody.contains("{\"bars\":[],\"unit\":\"count\"}"), "{nobody}");
        let others =
            client.get("/value/seven-p/performance?months=3&relation=consumer").await.expect(200).body;
        assert!(others.contains("¥0 sold in 0 orders"), "{others}");
        let products = client.get("/value/seven-p/product?months=3").await.expect(200).body;
        assert!(products.contains("Apples earns most: ¥3,000 margin"), "{products}");
        let prospecting = client.get("/value/seven-p/prospecting?months=3").await.expect(200).body;
        assert!(prospecting.contains("Most first buyers came by: Fair (1)"), "{prospecting}");
        for said in [
            "Accounts that came in the period, by source",
            "Fair · 100% bought",
            "100% (20.7% – 100%) bought",
        ] {
            assert!(prospecting.contains(said), "{said}: {prospecting}");
        }
        // What an earlier version kept names a run of another table.
        let earlier = json!({ "run": 1, "regions": ["山东"], "retention": null });
        let system = Actor::system();
        let kept = company.engine.write(&system, move |tx| {
            Box::pin(async move { kept::keep(tx, "seven_p", "2026-10-31".parse().unwrap(), &earlier).await })
        });
        kept.await.unwrap();
        for part in PARTS {
            let page = client.get(&format!("/value/seven-p/{part}")).await.expect(200).body;
            assert!(page.contains("Nothing computed yet") && !page.contains("¥"), "{part}: {page}");
        }
        after_fit::compute(&company.engine, None).await.unwrap();
        let page = client.get(&format!("/value/seven-p/performance{dealers}")).await.expect(200).body;
        assert!(page.contains("¥5,000 sold in 1 orders"), "{page}");
        let runs = Sql::select().column(name("run")).distinct().from(name("sales_cut_cells")).to_owned();
        assert_eq!(company.engine.fetch(&runs).await.unwrap().len(), 1, "the earlier run is gone");
    });
}

/// Orders, sales, margin, sales with a margin, returned, accounts, first buyers.
type Sums = [i64; 7];
/// Cut, month, relation, region, value.
type Cells = BTreeMap<[String; 5], Sums>;

fn add(cells: &mut Cells, key: [&str; 5], sums: Sums) {
    let cell = cells.entry(key.map(str::to_owned)).or_default();
    cell.iter_mut().zip(sums).for_each(|(cell, more)| *cell += more);
}

fn without_empty(mut cells: Cells) -> Cells {
    cells.retain(|_, sums| *sums != Sums::default());
    cells
}

/// Of a cell under its relation and region, and under all of either; where one is not known, under all alone.
fn add_to_all(cells: &mut Cells, [cut, month, relation, region, value]: [&str; 5], sums: Sums) {
    for relation in BTreeSet::from([relation, ""]) {
        for region in BTreeSet::from([region, ""]) {
            add(cells, [cut, month, relation, region, value], sums);
        }
    }
}

async fn stored(company: &Company) -> Cells {
    let select: SelectStatement = Sql::select()
        .columns(["cut", "relation", "region", "cells"].map(name))
        .from(name("sales_cut_cells"))
        .to_owned();
    let mut cells = Cells::new();
    for row in company.engine.fetch(&select).await.unwrap() {
        let [cut, relation, region, body] = [0, 1, 2, 3].map(|at| row.text(at).unwrap());
        if ["cohorts", "profits", "retention", "fallen", "said"].contains(&cut.as_str()) {
            continue;
        }
        let body: Json = serde_json::from_str(&body).unwrap();
        let (months, values) = (body["month"].as_array().unwrap(), body["value"].as_array().unwrap());
        assert_eq!(months.len(), values.len());
        for (at, (month, value)) in months.iter().zip(values).enumerate() {
            let listed = |list: &str, place: &Json| {
                body[list][place.as_u64().unwrap() as usize].as_str().unwrap().to_owned()
            };
            let (month, value) = (listed("months", month), listed("values", value));
            let measures = body["measures"].as_array().unwrap().iter();
            let sums: Vec<i64> = measures.map(|column| column[at].as_i64().unwrap_or_default()).collect();
            let key = [&cut, &month, &relation, &region, &value].map(String::as_str);
            assert!(!cells.contains_key(&key.map(str::to_owned)), "twice: {key:?}");
            add(&mut cells, key, sums.try_into().unwrap());
        }
    }
    without_empty(cells)
}

pub async fn all(company: &Company, entity: &str) -> Vec<Record> {
    let page = company.engine.list(&Actor::system(), &Query::new(entity).limit(1_000)).await.unwrap();
    assert!(page.next.is_none(), "more than one page");
    page.records
}

fn month_of(record: &Record, field: &str) -> String {
    let local = record.get(field).as_instant().unwrap().with_timezone(&DEFAULT_TIME_ZONE);
    local.format("%Y-%m-01").to_string()
}

/// The cuts that need no lines, from the records alone.
async fn walked(company: &Company) -> Cells {
    let accounts = all(company, "account").await;
    let of = |id: Option<Id>| accounts.iter().find(|account| Some(account.id) == id);
    let place = |account: Option<&Record>| {
        let text = |field: &str| account.map_or("", |account| account.text(field)).to_owned();
        let region = if text("province").is_empty() { text("country") } else { text("province") };
        (text("relation"), region, text("source"))
    };
    let money = |record: &Record, field: &str| {
        record.get(field).as_decimal().map(|amount| scaled(amount, 4).unwrap())
    };
    let mut cells = Cells::new();
    for order in all(company, "order").await {
        if !COUNTING_ORDERS.contains(&order.text("status")) {
            continue;
        }
        let (relation, region, source) = place(of(order.reference("account")));
        let (sales, margin) = (money(&order, "net_base").unwrap(), money(&order, "margin_base"));
        let costed = margin.map_or(0, |_| sales);
        let sums = [i64::from(sales > 0), sales, margin.unwrap_or(0), costed, 0, 0, 0];
        let month = month_of(&order, "ordered_at");
        let owner = order.reference("owner").map(|owner| owner.to_string()).unwrap_or_default();
        for (cut, value) in
            [("month", ""), ("channel", order.text("channel")), ("owner", &owner), ("source", &source)]
        {
            add_to_all(&mut cells, [cut, &month, &relation, &region, value], sums);
        }
    }
    for back in all(company, "return").await {
        if !COUNTING_RETURNS.contains(&back.text("status")) {
            continue;
        }
        let (relation, region, _) = place(of(back.reference("account")));
        let (month, returned) = (month_of(&back, "returned_at"), money(&back, "net_base").unwrap());
        add_to_all(&mut cells, ["month", &month, &relation, &region, ""], [0, 0, 0, 0, returned, 0, 0]);
        let reason = ["reason", &month, &relation, &region, back.text("reason")];
        add_to_all(&mut cells, reason, [1, 0, 0, 0, returned, 0, 0]);
    }
    let month = company.clock.now().with_timezone(&DEFAULT_TIME_ZONE).format("%Y-%m-01").to_string();
    for account in accounts.iter().filter(|account| account.get("orders").as_int() > Some(0)) {
        let (relation, region, _) = place(Some(account));
        for class in ["importance", "stage", "value_quadrant"]
            .into_iter()
            .filter(|class| !account.get(class).is_null())
        {
            let sums = [0, money(account, "net_sales").unwrap(), 0, 0, 0, 1, 0];
            add_to_all(&mut cells, [class, &month, &relation, &region, account.text(class)], sums);
        }
    }
    for account in &accounts {
        let (relation, region, source) = place(Some(account));
        let came = account.created_at.with_timezone(&DEFAULT_TIME_ZONE).format("%Y-%m-01").to_string();
        let first = account.get("first_order_on").as_date().map(|day| day.format("%Y-%m-01").to_string());
        add_to_all(&mut cells, ["month", &came, &relation, &region, ""], [0, 0, 0, 0, 0, 1, 0]);
        let bought = [0, 0, 0, 0, 0, 1, i64::from(first.is_some())];
        add_to_all(&mut cells, ["came", &came, &relation, &region, ""], bought);
        add_to_all(&mut cells, ["came_by", &came, &relation, &region, &source], bought);
        for (cut, value) in [("month", ""), ("source", source.as_str())] {
            if let Some(first) = &first {
                add_to_all(&mut cells, [cut, first, &relation, &region, value], [0, 0, 0, 0, 0, 0, 1]);
            }
        }
    }
    without_empty(cells)
}

/// Customers, and customers and products, with purchases on at least four days.
async fn bought_often(company: &Company) -> u64 {
    let mut days: BTreeMap<(Id, Option<Id>), BTreeSet<String>> = BTreeMap::new();
    let lines = all(company, "order_line").await;
    for order in all(company, "order").await {
        let paid = order.get("net_base").as_decimal().unwrap() > Decimal::ZERO;
        let Some(account) = order.reference("account").filter(|_| paid) else { continue };
        if !COUNTING_ORDERS.contains(&order.text("status")) {
            continue;
        }
        let local = order.get("ordered_at").as_instant().unwrap().with_timezone(&DEFAULT_TIME_ZONE);
        let day = local.date_naive().to_string();
        days.entry((account, None)).or_default().insert(day.clone());
        for line in lines.iter().filter(|line| line.reference("order") == Some(order.id)) {
            if let Some(product) = line.reference("product") {
                days.entry((account, Some(product))).or_default().insert(day.clone());
            }
        }
    }
    days.values().filter(|days| days.len() > 3).count() as u64
}

/// Sales, margin and returned amount by month.
fn by_month<'c>(cells: impl Iterator<Item = (&'c [String; 5], &'c Sums)>) -> BTreeMap<String, [i64; 3]> {
    let mut found: BTreeMap<String, [i64; 3]> = BTreeMap::new();
    for ([_, month, ..], [_, sales, margin, _, returned, ..]) in cells {
        let known = found.entry(month.clone()).or_default();
        known.iter_mut().zip([sales, margin, returned]).for_each(|(known, more)| *known += more);
    }
    found.retain(|_, sums| *sums != [0; 3]);
    found
}

#[test]
fn cuts_are_what_a_walk_over_the_records_adds_up() {
    on_databases(async |company| {
        let mut chance = ChaCha8Rng::seed_from_u64(7);
        let mut accounts = vec![];
        for (at, (relation, province, country, source)) in [
            ("dealer", "山东", "CN", "Fair"),
            ("consumer", "", "DE", ""),
            ("consumer", "山东", "CN", "Web"),
            ("dealer", "", "", "Web"),
        ]
        .into_iter()
        .enumerate()
        {
            let fields =
                [("relation", relation), ("province", province), ("country", country), ("source", source)];
            let mut fields = values(fields.map(|(field, text)| (field, text.into())));
            fields.insert("name".to_owned(), format!("Customer {at}").into());
            accounts.push(company.create("account", fields).await);
        }
        let mut products = vec![];
        for at in 0..3 {
            let category =
                company.create("product_category", values([("name", format!("Category {at}").into())])).await;
            let fields = values([
                ("name", format!("Product {at}").into()),
                ("code", format!("P{at}").into()),
                ("category", Some(category).filter(|_| at > 0).into()),
            ]);
            products.push(company.create("product", fields).await);
        }
        for at in 0..80 {
            // Around the turn of months on the company's clock, too, which is at 16:00 UTC.
            let moment = format!(
                "2026-{:02}-{:02}T{:02}:30:00Z",
                chance.random_range(7..11),
                chance.random_range(28..31),
                chance.random_range(0..24)
            );
            let account = accounts.choose(&mut chance).copied().filter(|_| at % 9 > 0);
            let back = at % 8 == 0;
            let (entity, line, when, states): (_, _, _, &[&str]) = if back {
                ("return", "return_line", "returned_at", &["requested", "received", "refunded"])
            } else {
                ("order", "order_line", "ordered_at", &["draft", "confirmed", "completed", "cancelled"])
            };
            let mut head = values([
                ("account", account.into()),
                (when, Value::Instant(moment.parse().unwrap())),
                ("status", states.choose(&mut chance).copied().unwrap().into()),
            ]);
            if !back {
                head.insert("channel".to_owned(), ["fair", "online"].choose(&mut chance).copied().into());
                head.insert("discount".to_owned(), decimal(if at % 3 == 0 { "0.35" } else { "0" }));
            }
            let cost = if at % 5 == 0 { Value::Null } else { decimal("3.3333") };
            let price = Decimal::new(chance.random_range(0..9_000), 2);
            let goods = values([
                ("product", products.choose(&mut chance).copied().into()),
                ("unit_price", Value::Decimal(price)),
                ("unit_cost", cost),
            ]);
            let id = company.document(entity, line, head, goods.clone()).await;
            let second = values([
                (entity, id.into()),
                ("description", "more".into()),
                ("unit_price", decimal("1.01")),
                ("unit_cost", decimal("1")),
            ]);
            company.create(line, second).await;
            if at % 20 == 0 {
                company.delete(entity, id).await.unwrap();
            }
        }
        company.settle().await;
        refit::refit(&company.engine, None).await.unwrap();
        after_fit::compute(&company.engine, None).await.unwrap();
        let (stored, walked) = (stored(&company).await, walked(&company).await);
        let of = |cut: &'static str| stored.iter().filter(move |(key, _)| key[0] == cut);
        for cut in ["month", "channel", "owner", "source", "came", "came_by", "reason"] {
            let there: Vec<_> = of(cut).collect();
            let wanted: Vec<_> = walked.iter().filter(|(key, _)| key[0] == cut).collect();
            assert!(wanted.len() > 5, "{cut}: {wanted:?}");
            assert_eq!(there, wanted, "{cut}");
        }
        // Lines share out what their documents amount to, so their cuts add up to the same: of all, and of whom they are cut by.
        let of_all = |cut| of(cut).filter(|(key, _)| key[2].is_empty() && key[3].is_empty());
        let months = by_month(of_all("month"));
        assert_eq!(by_month(of_all("product")), months);
        assert_eq!(of("product").count(), of_all("product").count(), "products are not cut by customer");
        let sold = |months: BTreeMap<String, [i64; 3]>| -> BTreeMap<String, [i64; 2]> {
            let sold = months.into_iter().map(|(month, [sales, margin, _])| (month, [sales, margin]));
            sold.filter(|(_, sums)| *sums != [0; 2]).collect()
        };
        let dealers = |cut| of(cut).filter(|(key, _)| key[2] == "dealer" && key[3] == "山东");
        let dealers_months = sold(by_month(dealers("month")));
        assert!(dealers_months.len() > 2, "{dealers_months:?}");
        assert_eq!(sold(by_month(dealers("category"))), dealers_months);
        assert_eq!(sold(by_month(of_all("category"))), sold(months));
        let values: BTreeSet<&String> = of("category").map(|(key, _)| &key[4]).collect();
        assert_eq!(values.len(), 3, "two categories and none: {values:?}");
        let cycles: cycle::Report = kept::find(&company.engine, cycle::REPORT).await.unwrap().unwrap().body;
        let pairs = bought_often(&company).await;
        assert!(pairs > 4, "{pairs}");
        assert_eq!(cycles.pairs, pairs);
    });
}
