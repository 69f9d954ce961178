//! What the seven P keep of each relation and region besides cells: profits, retention and what customers say.

use crate::{
    company::{Company, on_databases, values},
    satisfaction::answer,
    seven_p::all,
    seven_p_behind::{between, decoded},
};
use engine::{
    DEFAULT_TIME_ZONE, name,
    sea_query::{Expr, ExprTrait, Query as Sql, SelectStatement},
};
use insight::{after_fit, kept, profitability, refit, satisfaction::Heard, statistics::COUNTING_ORDERS};
use meta::{Decimal, Id, Record, scaled};
use serde::{Deserialize, de::DeserializeOwned};
use std::collections::{BTreeMap, BTreeSet};

/// What is kept of each relation and region.
pub async fn of_places<T: DeserializeOwned>(company: &Company, cut: &str) -> BTreeMap<[String; 2], T> {
    let select: SelectStatement = Sql::select()
        .columns(["relation", "region", "cells"].map(name))
        .from(name("sales_cut_cells"))
        .and_where(Expr::col(name("cut")).eq(cut))
        .to_owned();
    let mut found = BTreeMap::new();
    for row in company.engine.fetch(&select).await.unwrap() {
        let [relation, region, body] = [0, 1, 2].map(|at| row.text(at).unwrap());
        found.insert([relation, region], serde_json::from_str(&body).unwrap());
    }
    found
}

/// Relation and region of a customer, and all of either.
pub fn places(account: &Record) -> BTreeSet<[String; 2]> {
    let region = Some(account.text("province")).filter(|text| !text.is_empty());
    let region = region.unwrap_or(account.text("country"));
    let either = |own: &str| BTreeSet::from([own.to_owned(), String::new()]);
    let relations = either(account.text("relation"));
    let with_region =
        |relation: String| either(region).into_iter().map(move |region| [relation.clone(), region]);
    relations.into_iter().flat_map(with_region).collect()
}

#[derive(Debug, Default, PartialEq, Deserialize)]
struct Whale {
    customers: u64,
    winners: u64,
    losers: u64,
    gained: i64,
    lost: i64,
    total: i64,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
struct Profits {
    rated: bool,
    net_sales: i64,
    contribution: i64,
    whale: Whale,
}

/// From the customers' own figures.
async fn walked_profits(company: &Company) -> BTreeMap<[String; 2], Profits> {
    let mut found: BTreeMap<[String; 2], Profits> = BTreeMap::new();
    for account in all(company, "account").await {
        let money = |field: &str| account.get(field).as_decimal().map(|amount| scaled(amount, 4).unwrap());
        let (Some(profit), false) = (money("net_profit"), account.get("first_order_on").is_null()) else {
            continue;
        };
        for place in places(&account) {
            let sums = found.entry(place).or_default();
            sums.rated = true;
            sums.net_sales += money("net_sales").unwrap();
            sums.contribution += money("contribution").unwrap();
            let whale = &mut sums.whale;
            whale.customers += 1;
            whale.total += profit;
            if profit > 0 {
                whale.winners += 1;
                whale.gained += profit;
            } else if profit < 0 {
                whale.losers += 1;
                whale.lost += profit;
            }
        }
    }
    found
}

#[derive(Debug, Deserialize)]
struct Share {
    at: f64,
    cases: u64,
}

#[derive(Debug, Deserialize)]
struct Retention {
    now: Share,
}

/// Of each place: who bought in the year before the last, and of them who bought in the last.
async fn walked_retention(company: &Company) -> BTreeMap<[String; 2], (u64, u64)> {
    let today = company.clock.now().with_timezone(&DEFAULT_TIME_ZONE).date_naive();
    let mut years: BTreeMap<Id, BTreeSet<i64>> = BTreeMap::new();
    for order in all(company, "order").await {
        let paid = order.get("net_base").as_decimal().unwrap() > Decimal::ZERO;
        if let (true, Some(account)) =
            (paid && COUNTING_ORDERS.contains(&order.text("status")), order.reference("account"))
        {
            let local = order.get("ordered_at").as_instant().unwrap().with_timezone(&DEFAULT_TIME_ZONE);
            let ago = (today - local.date_naive()).num_days();
            years.entry(account).or_default().insert(ago.div_euclid(364));
        }
    }
    let mut found: BTreeMap<[String; 2], (u64, u64)> = BTreeMap::new();
    for account in all(company, "account").await {
        let Some(years) = years.get(&account.id).filter(|years| years.contains(&1)) else { continue };
        for place in places(&account) {
            let counts = found.entry(place).or_default();
            counts.0 += 1;
            counts.1 += u64::from(years.contains(&0));
        }
    }
    found
}

/// Twenty customers, numbered from 1, of several relations and regions.
pub async fn customers_of_places(company: &Company) -> Vec<(usize, Id)> {
    let places =
        [("dealer", "山东", "CN"), ("consumer", "", "DE"), ("consumer", "山东", "CN"), ("dealer", "", "")];
    let mut customers = vec![];
    for number in 1..=20 {
        let (relation, province, country) = places[(number - 1) / 5];
        let fields = [("relation", relation), ("province", province), ("country", country)];
        let mut fields = values(fields.map(|(field, text)| (field, text.into())));
        fields.insert("name".to_owned(), format!("Customer {number}").into());
        customers.push((number, company.create("account", fields).await));
    }
    customers
}

#[test]
fn profits_and_retention_of_each_relation_and_region_are_what_a_walk_over_the_records_finds() {
    on_databases(async |company| {
        company.cost_rates().await;
        for (number, account) in customers_of_places(&company).await {
            // A year and more ago; most again since; some at a loss, some without a known cost.
            let cost = [Some("40"), Some("130"), None][number % 3];
            let day = format!("2025-{:02}-{:02}", 1 + number % 9, 1 + number);
            company.order(Some(account), &day, "100", cost).await;
            if number % 4 > 0 {
                company.order(Some(account), &format!("2026-09-{number:02}"), "150", cost).await;
            }
        }
        company.settle().await;
        refit::refit(&company.engine, None).await.unwrap();
        after_fit::compute(&company.engine, None).await.unwrap();
        let profits = of_places::<Profits>(&company, "profits").await;
        let walked = walked_profits(&company).await;
        assert_eq!(profits, walked);
        let everybody = &profits[&[String::new(), String::new()]];
        assert!(everybody.whale.losers > 2 && everybody.whale.winners > 2, "{everybody:?}");
        assert!(profits.len() > 6, "{profits:?}");
        let kept = kept::find::<profitability::Report>(&company.engine, profitability::REPORT).await.unwrap();
        let report = kept.unwrap().body;
        assert_eq!(
            (report.whale.customers, report.whale.gained, report.whale.lost, report.whale.total),
            (everybody.whale.customers, everybody.whale.gained, everybody.whale.lost, everybody.whale.total),
            "the page of profitability says the same"
        );
        let retention = of_places::<Retention>(&company, "retention").await;
        let counted: BTreeMap<[String; 2], (u64, u64)> = retention
            .into_iter()
            .map(|(place, Retention { now, .. })| {
                (place, (now.cases, (now.at * now.cases as f64).round() as u64))
            })
            .collect();
        assert_eq!(counted, walked_retention(&company).await);
        assert!(counted.values().collect::<BTreeSet<_>>().len() > 2, "{counted:?}");
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        let dealers = &profits[&["dealer".to_owned(), "山东".to_owned()]];
        let page = client.get("/value/seven-p/profitability?relation=dealer&region=%E5%B1%B1%E4%B8%9C").await;
        let page = page.expect(200).body;
        let said = format!("{} customers lose", dealers.whale.losers);
        assert!(page.contains(&said), "{said}: {page}");
        // A third of the customers have no known cost: they are in no sum, and the page says whom it counts.
        let rests_on = format!("as far as it is known of them</dt><dd>{}</dd>", dealers.whale.customers);
        assert!(page.contains(&rests_on) && page.contains("at least 80 % of whose sales"), "{page}");
        assert!(
            page.contains(
                "orders%20%3E%200%20%26%26%20net_profit%20%3C%200%20%26%26%20relation%20%3D%3D%20%27dealer%27"
            ),
            "{page}"
        );
        let nobody = client.get("/value/seven-p/profitability?relation=supplier").await.expect(200).body;
        assert!(
            nobody.contains("Nobody under these filters bought anything whose profit is known."),
            "{nobody}"
        );
    });
}

#[derive(Debug, Deserialize)]
struct Said {
    heard: Heard,
    indexed: u64,
}

#[test]
fn what_customers_say_follows_relation_and_region() {
    on_databases(async |company| {
        let mut number = 0;
        for (relation, province, country, customers, perceived) in
            [("dealer", "山东", "CN", 12, 8), ("consumer", "山东", "CN", 12, 4), ("dealer", "", "DE", 3, 4)]
        {
            for _ in 0..customers {
                number += 1;
                let fields = [("relation", relation), ("province", province), ("country", country)];
                let mut fields = values(fields.map(|(field, text)| (field, text.into())));
                fields.insert("name".to_owned(), format!("Customer {number}").into());
                let account = company.create("account", fields).await;
                company.order(Some(account), "2026-09-01", "100", None).await;
                let answers = [("expected", 8), ("perceived", perceived), ("recommend", 9)];
                for dimension in ["product", "delivery"] {
                    answer(&company, account, "2026-10-01", dimension, &answers).await;
                }
            }
        }
        company.settle().await;
        refit::refit(&company.engine, None).await.unwrap();
        after_fit::compute(&company.engine, None).await.unwrap();
        // From the records: answers and customers of each place, and their mean of b / a.
        let mut walked: BTreeMap<[String; 2], (BTreeSet<Id>, Vec<f64>)> = BTreeMap::new();
        for one in all(&company, "survey_answer").await {
            let account = one.reference("account").unwrap();
            let [a, b] = ["expected", "perceived"].map(|field| one.get(field).as_int().unwrap() as f64);
            for place in places(&company.account(account).await) {
                let (customers, ratios) = walked.entry(place).or_default();
                customers.insert(account);
                ratios.push(b / a);
            }
        }
        let said = of_places::<Said>(&company, "said").await;
        assert_eq!(said.keys().collect::<Vec<_>>(), walked.keys().collect::<Vec<_>>());
        for (place, (customers, ratios)) in &walked {
            let Said { heard, indexed } = &said[place];
            let (asked, answers) = (customers.len() as u64, ratios.len() as u64);
            assert_eq!((heard.customers, heard.answers, *indexed), (asked, answers, asked), "{place:?}");
            let c = heard.satisfaction.unwrap();
            let mean = ratios.iter().sum::<f64>() / ratios.len() as f64;
            assert!(c.cases == asked && (c.at - mean).abs() < 1e-9, "{place:?}: {c:?} {mean}");
        }
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        for (filter, part) in [
            ("", "satisfied with C = 0.72 ("),
            ("?relation=dealer", "satisfied with C = 0.9 ("),
            ("?relation=consumer&region=%E5%B1%B1%E4%B8%9C", "satisfied with C = 0.5 ("),
            ("?region=DE", "Only 3 customers answered, too few for a claim: their mean is C = 0.5"),
            ("?relation=supplier", "nothing is said of satisfaction"),
        ] {
            let page = client.get(&format!("/value/seven-p/persistency{filter}")).await.expect(200).body;
            assert!(page.contains(part), "{filter}: {part} in {page}");
        }
        // The answers behind it are those of the same customers.
        let page = client.get("/value/seven-p/persistency?region=DE").await.expect(200).body;
        let page = page.replace("&#x2f;", "/").replace("&amp;", "&");
        let href = between(&page, "<a href=\"/survey_answer?", "\"");
        assert!(decoded(href).contains("account.country == 'DE'"), "{href}");
        client.get(&format!("/survey_answer?{href}")).await.expect(200);
    });
}

#[test]
fn without_rates_the_seven_p_and_the_page_of_profitability_count_the_same_customers() {
    on_databases(async |company| {
        // Of their sales of 1,000 so much has a known cost and leaves a third; of the last two too little is known.
        for (name, costed) in [("Whole", 1_000), ("Nine tenths", 900), ("Six tenths", 600), ("Nothing", 0)] {
            let account = company.customer(name).await;
            let cost = (costed * 2 / 3).to_string();
            if costed > 0 {
                company.order(Some(account), "2026-06-02", &costed.to_string(), Some(&cost)).await;
            }
            if costed < 1_000 {
                company.order(Some(account), "2026-06-03", &(1_000 - costed).to_string(), None).await;
            }
        }
        // Sold below its cost, by 30.
        let below = company.customer("Below cost").await;
        company.order(Some(below), "2026-06-02", "100", Some("130")).await;
        company.settle().await;
        refit::refit(&company.engine, None).await.unwrap();
        after_fit::compute(&company.engine, None).await.unwrap();
        let kept = kept::find::<profitability::Report>(&company.engine, profitability::REPORT).await.unwrap();
        let report = kept.unwrap().body;
        let profits = of_places::<Profits>(&company, "profits").await;
        let everybody = &profits[&[String::new(), String::new()]];
        // 334 of the first; 300 of 900, which stand for 333.3333 of 1,000; and the loss.
        assert_eq!((report.buyers.customers, report.buyers.margin), (3, 3_340_000 + 3_333_333 - 300_000));
        assert_eq!(
            (everybody.rated, everybody.net_sales, everybody.contribution),
            (report.rated, report.buyers.net_sales, report.buyers.margin)
        );
        let whale = &everybody.whale;
        assert_eq!(
            (whale.customers, whale.winners, whale.total),
            (report.whale.customers, report.whale.winners, report.whale.total)
        );
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        let those = "/account?filter=orders%20%3E%200%20%26%26%20contribution%20%21%3D%20null";
        for (path, said) in
            [("/value/profitability", "¥637"), ("/value/seven-p/profitability", "¥637 margin.")]
        {
            let page = client.get(path).await.expect(200).body;
            assert!(page.contains(said) && page.contains(those), "{path}: {page}");
        }
        // Who loses does so before the costs of serving are known.
        let page = client.get("/value/seven-p/profitability").await.expect(200).body;
        let losing = page.split_once("The largest losses").unwrap().1.split("</section>").next().unwrap();
        assert!(losing.contains("Below cost") && losing.contains("-¥30"), "{losing}");
        assert!(!losing.contains("Whole") && !page.contains("No customer loses money"), "{page}");
        let list = client.get(those).await.expect(200).body;
        assert!(list.contains("Whole") && list.contains("Nine tenths"), "{list}");
        assert!(!list.contains("Six tenths"), "{list}");
    });
}

#[test]
fn where_no_cost_of_goods_is_known_the_largest_customers_are_listed_and_what_to_do() {
    on_databases(async |company| {
        let account = company.customer("Sold to").await;
        company.order(Some(account), "2026-06-02", "1000", None).await;
        company.settle().await;
        refit::refit(&company.engine, None).await.unwrap();
        after_fit::compute(&company.engine, None).await.unwrap();
        let client = company.app.administrator().await;
        for (language, said) in [("en", "No cost of goods is known"), ("zh-CN", "商品成本未知")] {
            client.set_cookie("zhike_lang", language);
            let page = client.get("/value/seven-p/profitability").await.expect(200).body;
            assert!(page.contains(said) && page.contains("Sold to") && page.contains("¥1,000"), "{page}");
            let page = page.replace("&#x2f;", "/");
            assert!(page.contains("href=\"/product\""), "{page}");
            // A campaign on the listed ones begins with them.
            let population = between(&page, "href=\"/experiment/new?population=", "\"");
            let form = client.get(&format!("/experiment/new?population={population}")).await.expect(200).body;
            assert!(form.contains("value=\"orders &gt; 0\""), "{form}");
        }
        // Who may not make experiments is not offered one.
        let looks = company.create("role", values([("name", "Looks".into())])).await;
        for entity in ["account", "order", "order_line", "return", "return_line"] {
            let right = [("role", looks.into()), ("entity", entity.into()), ("read", "all".into())];
            company.create("role_right", values(right)).await;
        }
        let user = company.app.user("Carl", "carl@example.com", engine::Role::User).await;
        company.create("user_role", values([("user", user.into()), ("role", looks.into())])).await;
        let mut carl = company.app.visitor();
        carl.sign_in("carl@example.com", testkit::PASSWORD).await;
        let page = carl.get("/value/seven-p/profitability").await.expect(200).body;
        assert!(page.contains("Sold to"), "{page}");
        assert!(!page.replace("&#x2f;", "/").contains("/experiment/new"), "{page}");
    });
}
