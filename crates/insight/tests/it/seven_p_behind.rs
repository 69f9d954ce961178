//! What stands behind the figures of the seven P: every link beside a number opens the records that make it, whatever is chosen,
//! and the running month is compared with the same days a year before.

use crate::{
    company::{Company, at, decimal, on_databases, values},
    paged,
};
use engine::{Actor, Query};
use insight::{after_fit, refit};
use meta::{Decimal, Id, Record, Value, Values};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use testkit::Client;

/// The way back from `&quot;`, `&#x2f;` and the like is only needed for what addresses contain.
pub fn plain(html: &str) -> String {
    html.replace("&#x2f;", "/").replace("&amp;", "&").replace("&#x27;", "'").replace("&quot;", "\"")
}

pub fn decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (vec![], text.as_bytes());
    while let [first, more @ ..] = rest {
        rest = more;
        match (*first, more) {
            (b'%', [high, low, more @ ..]) => {
                let digits = [*high, *low];
                let digits = std::str::from_utf8(&digits).unwrap();
                bytes.push(u8::from_str_radix(digits, 16).unwrap());
                rest = more;
            }
            (byte, _) => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).unwrap()
}

pub fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    let found = text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}")).1;
    found.split_once(after).unwrap_or_else(|| panic!("no {after} in {found}")).0
}

fn number(text: &str) -> u64 {
    text.trim().replace(',', "").parse().unwrap_or_else(|_| panic!("{text} is no number"))
}

pub struct Page {
    /// What a finding says, and the address beside it.
    findings: Vec<(String, String)>,
    pub charts: Vec<Json>,
    /// Of each row of a table: its address and its cells.
    pub tables: Vec<Vec<(String, Vec<String>)>>,
    pub html: String,
}

impl Page {
    pub fn read(html: String) -> Page {
        let findings = html.split("<div class=\"finding").skip(1).map(|finding| {
            let text = finding.split_once('>').unwrap().1.split("<details").next().unwrap();
            let text = text.replace("<strong>", "").replace("</strong>", "");
            let link = finding.rsplit_once("</details>").map_or(finding, |(finding, _)| finding);
            (plain(text.trim()), plain(between(link, "<a href=\"", "\"")))
        });
        let charts = html.split("<script type=\"application/json\">").skip(1);
        let charts =
            charts.map(|json| serde_json::from_str(json.split("</script>").next().unwrap()).unwrap());
        let tables = html.split("<tbody>").skip(1).map(|body| {
            let rows = body.split("</tbody>").next().unwrap().split("<tr data-href=\"").skip(1);
            let rows = rows.map(|row| {
                let cells = row.split("data-label=\"").skip(1);
                let cells = cells.map(|cell| plain(between(cell, ">", "</td>")));
                (plain(row.split('"').next().unwrap()), cells.collect())
            });
            rows.collect()
        });
        Page { findings: findings.collect(), charts: charts.collect(), tables: tables.collect(), html }
    }

    fn said(&self, word: &str) -> &(String, String) {
        let found = self.findings.iter().find(|(text, _)| text.contains(word));
        found.unwrap_or_else(|| panic!("nothing says {word}: {:?}", self.findings))
    }

    /// Of the charts with bars: address, value, text.
    fn bars(&self, chart: usize) -> Vec<(&str, f64, &str)> {
        let chart = self.charts.iter().filter(|chart| chart["bars"].is_array()).nth(chart).unwrap();
        let bars = chart["bars"].as_array().unwrap().iter();
        bars.map(|bar| {
            (bar["href"].as_str().unwrap(), bar["value"].as_f64().unwrap(), bar["text"].as_str().unwrap())
        })
        .collect()
    }
}

struct Behind<'a> {
    company: &'a Company,
    client: &'a Client,
    checked: usize,
}

impl Behind<'_> {
    /// What a link opens.
    async fn records(&mut self, href: &str) -> Vec<Record> {
        let answer = self.client.get(href).await;
        assert_eq!(answer.status, 200, "{}", decoded(href));
        self.checked += 1;
        let (entity, filter) = href.split_once("?filter=").unwrap_or_else(|| panic!("no list: {href}"));
        let filter = decoded(filter.split('&').next().unwrap());
        let query = Query::new(&entity[1..]).filter(filter).limit(1_000);
        let page = self.company.engine.list(&Actor::system(), &query).await.unwrap();
        assert!(page.next.is_none(), "more than one page");
        page.records
    }

    async fn count(&mut self, href: &str, wanted: u64) {
        let found = self.records(href).await.len() as u64;
        assert_eq!(found, wanted, "{}", decoded(href));
    }

    async fn sum(&mut self, href: &str, wanted: f64, of: fn(&Record) -> Decimal) {
        let found: Decimal = self.records(href).await.iter().map(of).sum();
        let found: f64 = found.to_string().parse().unwrap();
        assert!((found - wanted).abs() < 0.01, "{found} for {wanted}: {}", decoded(href));
    }

    /// What the explorer lists for such an address, added up; its pages are tested with the explorer.
    async fn lines(&mut self, href: &str, wanted: f64, column: &str) {
        self.checked += 1;
        let rows = paged::lines(self.company, href).await;
        let at = rows.columns.iter().position(|known| known.label.en == column);
        let at = at.unwrap_or_else(|| panic!("no {column} in {:?}", rows.columns));
        let found: Decimal = rows.rows.iter().filter_map(|row| row[at].0.as_decimal()).sum();
        let found: f64 = found.to_string().parse().unwrap();
        assert!((found - wanted).abs() < 0.01, "{found} for {wanted}: {}", decoded(href));
    }

    async fn page(&self, part: &str, filter: &str) -> Page {
        let page = self.client.get(&format!("/value/seven-p/{part}?{filter}")).await.expect(200);
        Page::read(page.body)
    }

    async fn customers(&mut self, filter: &str) {
        let profiling = self.page("profiling", filter).await;
        let (text, href) = profiling.said("VIP");
        self.count(href, number(text.split(' ').next().unwrap())).await;
        let persistency = self.page("persistency", filter).await;
        for page in [&profiling, &persistency] {
            for chart in page.charts.iter() {
                for bar in chart["bars"].as_array().into_iter().flatten() {
                    self.count(bar["href"].as_str().unwrap(), bar["value"].as_f64().unwrap() as u64).await;
                }
                // Of those who bought for the first time in a quarter, whenever they came back.
                for cell in chart["cells"].as_array().into_iter().flatten() {
                    let cohort = number(between(cell["text"].as_str().unwrap(), "Of the ", " customers"));
                    self.count(cell["href"].as_str().unwrap(), cohort).await;
                }
            }
        }
        // These are orders, and say so: their customers are the ones counted.
        let (text, href) = persistency.said("bought again in the last 52");
        let buyers: BTreeSet<Option<Id>> =
            self.records(href).await.iter().map(|order| order.reference("account")).collect();
        assert_eq!(buyers.len() as u64, number(between(text, "of the ", " customers")), "{text}");
        assert!(persistency.html.contains("Orders of the 52 weeks these customers had bought in"));
        let profitability = self.page("profitability", filter).await;
        let (text, href) = profitability.said("customers lose");
        self.count(href, number(between(text, "; ", " customers lose"))).await;
    }

    /// Returns how many orders were counted.
    async fn sales(&mut self, filter: &str) -> u64 {
        let performance = self.page("performance", filter).await;
        let (text, href) = performance.said("sold in");
        let orders = number(between(text, "sold in ", " orders"));
        self.count(href, orders).await;
        for (href, value, _) in performance.bars(0) {
            self.sum(href, value, |order| order.get("net_base").as_decimal().unwrap_or_default()).await;
        }
        for (href, value, _) in performance.bars(1) {
            self.lines(href, value, "Net amount").await;
        }
        for (href, cells) in performance.tables.last().unwrap() {
            self.count(href, number(&cells[2])).await;
        }
        let product = self.page("product", filter).await;
        for (href, value, _) in product.bars(0) {
            self.lines(href, value, "Margin").await;
        }
        for (href, value, text) in product.bars(1) {
            self.count(href, number(text)).await;
            self.sum(href, value, |back| back.get("net_base").as_decimal().unwrap_or_default()).await;
        }
        for (href, cells) in &product.tables[0] {
            let wanted: f64 = cells[1].trim_start_matches('¥').replace(',', "").parse().unwrap();
            self.lines(href, wanted, "Net amount").await;
        }
        if let Some((_, href)) = product.findings.iter().find(|(text, _)| text.contains("earns most")) {
            assert_eq!(href, product.bars(0)[0].0);
        }
        let promotion = self.page("promotion", filter).await;
        for (href, value, _) in promotion.bars(0) {
            self.sum(href, value, |order| order.get("net_base").as_decimal().unwrap_or_default()).await;
        }
        for (href, cells) in promotion.tables.last().unwrap() {
            self.count(href, number(&cells[2])).await;
        }
        if let Some((_, href)) = promotion.findings.iter().find(|(text, _)| text.contains("brought the")) {
            assert!(promotion.bars(0).iter().any(|(bar, ..)| bar == href), "{href}");
        }
        orders
    }

    /// Returns how many bought for the first time.
    async fn prospects(&mut self, filter: &str) -> u64 {
        let page = self.page("prospecting", filter).await;
        let (text, href) = page.said("bought for the first time");
        let buyers = number(between(text, "came, ", " bought"));
        self.count(href, buyers).await;
        let came = plain(page.html.split("<a class=\"link-button\" href=\"").last().unwrap());
        assert!(came.contains("Accounts that came in the period"), "{came}");
        self.count(came.split('"').next().unwrap(), number(text.split(' ').next().unwrap())).await;
        if let Some((text, href)) = page.findings.iter().find(|(text, _)| text.contains("came by")) {
            self.count(href, number(between(text, "(", ")"))).await;
        }
        for chart in 0..page.charts.iter().filter(|chart| chart["bars"].is_array()).count() {
            for (href, value, _) in page.bars(chart) {
                self.count(href, value as u64).await;
            }
        }
        buyers
    }
}

fn account(name: String, [relation, province, country, source]: [&str; 4]) -> Values {
    values([
        ("name", name.into()),
        ("relation", relation.into()),
        ("province", province.into()),
        ("country", country.into()),
        ("source", source.into()),
    ])
}

/// Customers of several relations, regions and sources; orders and returns in every state, over nothing, before the period and after
/// today, of products with and without a category.
pub async fn trade(company: &Company) {
    let places = [
        ["dealer", "山东", "CN", "Fair"],
        ["dealer", "", "CN", "O'Hara"],
        ["consumer", "山东", "CN", ""],
        ["consumer", "", "DE", "Web"],
        ["dealer", "浙江", "CN", "Web"],
    ];
    let mut accounts = vec![];
    for at in 0..20 {
        let fields = account(format!("Trader {at}"), places[at % places.len()]);
        accounts.push(company.create("account", fields).await);
    }
    let mut products = vec![];
    for (at, categorised) in [true, true, false].into_iter().enumerate() {
        let name = format!("Category {at}");
        let category = company.create("product_category", values([("name", name.into())])).await;
        let fields = values([
            ("name", format!("Product {at}").into()),
            ("code", format!("P{at}").into()),
            ("category", Some(category).filter(|_| categorised).into()),
        ]);
        products.push(company.create("product", fields).await);
    }
    let states = ["confirmed", "draft", "shipped", "cancelled", "completed"];
    let back = ["received", "requested", "refunded"];
    let days = [
        "2025-08-05",
        "2025-11-10",
        "2025-11-25",
        "2026-07-31",
        "2026-08-31",
        "2026-09-01",
        "2026-10-09",
        "2026-11-21",
        "2026-11-30",
    ];
    for round in 0..120 {
        let account = (round % 11 > 0).then(|| accounts[(round * 7) % (accounts.len() - 3)]);
        let goods = values([
            ("product", products[round % 3].into()),
            (
                "unit_price",
                Value::Decimal(Decimal::from(if round % 13 == 0 { 0 } else { 20 + round as i64 })),
            ),
            ("unit_cost", decimal("9")),
        ]);
        let mut head = values([
            ("account", account.into()),
            ("ordered_at", at(days[(round * 5) % days.len()])),
            ("status", states[round % 5].into()),
            ("channel", (round % 4 > 0).then_some(["fair", "online", "store"][round % 3]).into()),
        ]);
        if round % 6 == 0 {
            let reason = ["other", "damaged"][round % 4 / 2];
            head.remove("channel");
            head.insert("returned_at".to_owned(), head["ordered_at"].clone());
            head.remove("ordered_at");
            head.insert("status".to_owned(), back[round / 6 % 3].into());
            head.insert("reason".to_owned(), reason.into());
            company.document("return", "return_line", head, goods).await;
        } else {
            company.document("order", "order_line", head, goods).await;
        }
    }
}

#[test]
fn every_link_beside_a_number_opens_the_records_that_make_it() {
    on_databases(async |company| {
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        company.regulars().await;
        company.cost_rates().await;
        trade(&company).await;
        company.settle().await;
        refit::refit(&company.engine, None).await.unwrap();
        after_fit::compute(&company.engine, None).await.unwrap();
        let mut behind = Behind { company: &company, client: &client, checked: 0 };
        let mut seen: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for filter in [
            "months=3",
            "months=36",
            "months=3&relation=dealer&region=%E5%B1%B1%E4%B8%9C",
            "months=12&relation=consumer",
            // Who is in a province is of the province, not of the country.
            "months=12&region=CN",
        ] {
            behind.customers(filter).await;
            seen.insert(filter, (behind.sales(filter).await, behind.prospects(filter).await));
        }
        assert!(behind.checked > 120, "{}", behind.checked);
        let different: BTreeSet<(u64, u64)> = seen.values().copied().collect();
        assert!(different.len() == seen.len() && !different.contains(&(0, 0)), "{seen:?}");
    });
}

#[test]
fn early_in_a_month_its_days_are_compared_with_the_same_days_a_year_before() {
    on_databases(async |company| {
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        // As much in every month of both years: what came of November by the second is as much as a year before.
        for year in [2025, 2026] {
            for day in ["09-15", "10-15", "11-02"] {
                company
                    .order(Some(company.customer("A").await), &format!("{year}-{day}"), "100", Some("50"))
                    .await;
            }
        }
        for day in ["2025-11-03", "2025-11-30"] {
            company.order(Some(company.customer("B").await), day, "1000", Some("50")).await;
        }
        company.order(Some(company.customer("C").await), "2026-11-03", "1000", Some("50")).await;
        company.hold("2026-11-02").await;
        company.settle().await;
        refit::refit(&company.engine, None).await.unwrap();
        after_fit::compute(&company.engine, None).await.unwrap();
        let behind = Behind { company: &company, client: &client, checked: 0 };
        let page = behind.page("performance", "months=3").await;
        assert!(
            page.said("sold in").0.starts_with("¥300 sold in 3 orders, +0% on the same days"),
            "{:?}",
            page.findings
        );
        assert!(page.html.contains("Days: 2026-09-01 – 2026-11-02, compared with the same days a year earlier, 2025-09-01 – 2025-11-02."), "{}", page.html);
        let line = |page: &Page, series: usize| -> Vec<f64> {
            let values = page.charts[0]["series"][series]["values"].as_array().unwrap();
            values.iter().map(|value| value.as_f64().unwrap()).collect()
        };
        assert_eq!((line(&page, 0), line(&page, 1)), (vec![100.0; 3], vec![100.0; 3]));
        assert_eq!(page.charts[1]["bars"][0]["value"], 300.0);
        let prospecting = behind.page("prospecting", "months=3").await;
        assert!(
            prospecting.said("bought for the first time").0.contains("3 bought for the first time (+0%"),
            "{:?}",
            prospecting.findings
        );
        // Over three years it is a month like any other, whole.
        let long = line(&behind.page("performance", "months=36").await, 0);
        assert_eq!((long.len(), long[23]), (36, 2_100.0), "{long:?}");
    });
}
