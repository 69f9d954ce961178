//! Companies no model was made for: whatever the orders are, every page of analysis opens in both languages, shows no number
//! that is none, and says plainly what cannot be told.
//! Long because each kind of company is made here and told what must be said of it.

mod questions;

use crate::{
    explore::modules,
    pages::{create, unescaped},
    rights::routes::routes_of,
};
use chrono::{Days, NaiveDate};
use engine::{Actor, Dialect, Engine};
use insight::mining::{experiment, refresh};
use meta::{Decimal, Id, Value, Values};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use std::collections::BTreeSet;
use testkit::{Client, TestApp, on_both};

/// What the walk opens is under these.
const PARTS: [&str; 2] = ["/value", "/analysis"];
/// Only from files, whichever database they were made of.
const OF_FILES: &str = "/analysis/explore";
/// Refused by themselves: they are opened of an answer.
const OF_AN_ANSWER: [&str; 3] =
    ["/analysis/explore/cell", "/analysis/explore/rows", "/analysis/schedules/new"];
/// What no page of a computed company shows.
const NO_NUMBERS: [&str; 6] = ["nan", "inf", "infinity", "undefined", "panicked", "null%"];
const BATCH: usize = 1_000;
const REGULARS: usize = 250;

struct Purchase {
    customer: usize,
    day: NaiveDate,
    amount: i64,
    currency: Option<&'static str>,
}

fn bought(customer: usize, day: NaiveDate, amount: i64) -> Purchase {
    Purchase { customer, day, amount, currency: None }
}

/// A page and what it must say in English and in Chinese.
type Said = (&'static str, &'static str, &'static str);

struct Firm {
    accounts: Vec<Id>,
    products: Vec<Id>,
    experiment: Id,
}

fn values<const N: usize>(fields: [(&str, Value); N]) -> Values {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn amount(units: i64) -> Value {
    Value::Decimal(Decimal::from(units))
}

async fn create_many(engine: &Engine, entity: &'static str, records: Vec<Values>) -> Vec<Id> {
    let mut ids = vec![];
    let mut records = records.into_iter().peekable();
    while records.peek().is_some() {
        let batch: Vec<Values> = records.by_ref().take(BATCH).collect();
        let system = Actor::system();
        let made =
            engine.write(&system, move |tx| Box::pin(async move { tx.create_many(entity, batch).await }));
        ids.extend(made.await.unwrap());
    }
    ids
}

/// Customers with these purchases, a contract and an answer to a survey, and a campaign that ended.
async fn firm(test: &TestApp, purchases: &[Purchase]) -> Firm {
    let engine = &test.engine;
    let customers = purchases.iter().map(|one| one.customer + 1).max().unwrap_or(0);
    let account = |number: usize| {
        values([
            ("name", format!("Customer {number}").into()),
            ("province", ["山东", "四川"][number % 2].into()),
            ("relation", ["dealer", "consumer"][number / 2 % 2].into()),
        ])
    };
    let accounts = create_many(engine, "account", (0..customers).map(account).collect()).await;
    let product = |number: usize| {
        values([("name", format!("Product {number}").into()), ("code", format!("P{number}").into())])
    };
    let products = create_many(engine, "product", (0..3).map(product).collect()).await;
    let order = |one: &Purchase| {
        let at = one.day.and_hms_opt(4, 0, 0).unwrap().and_utc();
        let mut head = values([("account", accounts[one.customer].into()), ("ordered_at", at.into())]);
        head.extend(one.currency.map(|currency| ("currency".to_owned(), currency.into())));
        head
    };
    let orders = create_many(engine, "order", purchases.iter().map(order).collect()).await;
    let lines = purchases.iter().zip(&orders).enumerate().map(|(at, (one, order))| {
        values([
            ("order", (*order).into()),
            ("product", products[at % products.len()].into()),
            ("unit_price", amount(one.amount)),
            ("unit_cost", amount(one.amount / 2)),
        ])
    });
    create_many(engine, "order_line", lines.collect()).await;
    let today = engine.clock().today();
    let day = |before: u64| Value::Date(today - Days::new(before));
    let contract = values([("name", "Under contract".into()), ("contract_start_on", day(500))]);
    create_many(engine, "account", vec![contract]).await;
    let answer = [
        ("account", accounts[0].into()),
        ("asked_on", day(40)),
        ("expected", Value::Int(8)),
        ("perceived", Value::Int(0)),
        ("recommend", Value::Int(0)),
    ];
    create(engine, "survey_answer", &answer).await;
    let letter = [
        ("name", "Letter".into()),
        ("control_share", Value::Decimal(Decimal::new(5, 1))),
        ("start_on", day(60)),
        ("end_on", day(30)),
    ];
    let experiment = create(engine, experiment::ENTITY, &letter).await;
    Firm { accounts, products, experiment }
}

/// Everything that is computed at night or when somebody asks for it.
async fn compute(test: &TestApp, firm: &Firm, client: &Client) {
    let engine = &test.engine;
    let letter = engine.get(&Actor::system(), experiment::ENTITY, firm.experiment).await.unwrap();
    experiment::members::draw(engine, &letter).await.unwrap();
    let begin = async |path: &str, fields: &[(&str, &str)]| {
        let answer = client.post(path, fields).await;
        assert!(answer.status < 400, "{path}: {} {}", answer.status, answer.body);
    };
    begin("/value/refit", &[]).await;
    engine.run_due_jobs().await.unwrap();
    insight::after_fit::compute(engine, None).await.unwrap();
    refresh::refresh(engine, None).await.unwrap();
    let as_of = insight::settings::Settings::load(engine).await.unwrap().as_of_day(engine.clock());
    let day = |before: u64| (as_of - Days::new(before)).to_string();
    begin("/value/matrix", &[]).await;
    begin("/value/benefit", &[("from", &day(700)), ("to", &day(400))]).await;
    begin(&format!("/analysis/product/{}", firm.products[0]), &[]).await;
    begin(&format!("/analysis/experiment/{}", firm.experiment), &[]).await;
    engine.run_due_jobs().await.unwrap();
    let failed = engine::sea_query::Query::select()
        .columns(["kind", "error"].map(engine::name))
        .from(engine::name("job"))
        .and_where(engine::sea_query::ExprTrait::eq(
            engine::sea_query::Expr::col(engine::name("state")),
            "failed",
        ))
        .to_owned();
    let failed = engine.fetch(&failed).await.unwrap();
    let told: Vec<String> =
        failed.iter().map(|row| format!("{:?}: {:?}", row.text(0), row.opt_text(1))).collect();
    assert!(told.is_empty(), "jobs failed: {told:?}");
}

/// Every address the routers name and that can be filled in.
fn named(firm: &Firm) -> Vec<String> {
    let mut found: Vec<String> = routes_of(&["insight", "analysis"])
        .into_iter()
        .filter(|(method, _)| *method == "get")
        .flat_map(|(_, route)| {
            let id = match &route {
                _ if route.contains("/analysis/product/") => firm.products[0],
                _ if route.contains("/analysis/experiment/") => firm.experiment,
                _ => Id::nil(),
            };
            let account = firm.accounts.first().copied().unwrap_or_default();
            let is_left_out =
                route.contains("{id}") && id.is_nil() || route.contains("{account}") && account.is_nil();
            let parts: &[&str] = if route.contains("{part}") { &["product", "performance"] } else { &[""] };
            let route = route.replace("{id}", &id.to_string()).replace("{side}", "reached");
            // What goes with the product is asked of itself: no such pair is known, and it leads back to the page.
            let route = route.replace("{other}", &id.to_string()).replace("{account}", &account.to_string());
            let filled = parts.iter().map(move |part| route.replace("{part}", part));
            filled.filter(move |_| !is_left_out).collect::<Vec<_>>()
        })
        .collect();
    assert!(found.len() > 25, "the routers name no pages: {found:?}");
    let own = [firm.accounts.first(), firm.accounts.last()].into_iter().flatten();
    found.extend(own.map(|id| format!("/account/{id}")));
    found.extend(["/".to_owned(), "/account".to_owned(), format!("/product/{}", firm.products[0])]);
    found.push(format!("/experiment/{}", firm.experiment));
    found
}

/// Where a page of analysis leads, and what it asks for by itself.
fn links(page: &str) -> Vec<String> {
    let addresses = ["href=\"", "hx-get=\""].into_iter().flat_map(|mark| page.split(mark).skip(1));
    let addresses = addresses.filter_map(|rest| rest.split('"').next());
    let addresses = addresses.map(|href| unescaped(href).replace("&#x27;", "'").replace("&#39;", "'"));
    addresses.filter(|href| PARTS.iter().any(|part| href.starts_with(part))).collect()
}

/// An address without what it asks: why a customer is likely to buy is the same page of every customer.
fn alike(path: &str) -> &str {
    let plain = path.split(['?', '#']).next().unwrap_or_default();
    match plain.rsplit_once('/') {
        Some((list, account)) if list.ends_with("/customers") && account != "export" => &plain[..=list.len()],
        _ => plain,
    }
}

/// Opens every page of analysis and those it leads to, and says what is wrong with each. Of addresses that differ only behind the
/// question mark it opens two on SQLite and one on PostgreSQL, where what is read from files alone was seen already.
async fn walk(client: &Client, firm: &Firm, dialect: Dialect, wrong: &mut Vec<String>) -> BTreeSet<String> {
    let variants = if dialect == Dialect::Sqlite { 2 } else { 1 };
    let leads = |href: &String| dialect == Dialect::Sqlite || !href.starts_with(OF_FILES);
    let mut opened = BTreeSet::new();
    let mut waiting: Vec<String> = named(firm);
    while let Some(path) = waiting.pop() {
        let plain = alike(&path);
        let of_this = opened.iter().filter(|one: &&String| alike(one) == plain);
        if opened.contains(&path) || of_this.count() >= variants {
            continue;
        }
        let answer = client.get(&path).await;
        // A part of the seven leads to the first; of an experiment nobody took part in there are no sides to compare.
        let is_right = matches!(answer.status, 200 | 303)
            || (answer.status == 422 && OF_AN_ANSWER.contains(&path.as_str()))
            || (["/uplift", "/sides/reached", "/export"].iter().any(|end| path.ends_with(end))
                && answer.status == 404);
        if !is_right {
            wrong.push(format!("{path}: {} {}", answer.status, answer.body));
        }
        shown(&path, &answer.body, wrong);
        waiting.extend(links(&answer.body).into_iter().filter(leads));
        opened.insert(path);
    }
    opened
}

/// Says where a page shows a number that is none.
fn shown(path: &str, body: &str, wrong: &mut Vec<String>) {
    // How an estimate is at its boundary, for programs.
    let lower = body.replace("\"limit\":\"infinity\"", "").to_lowercase();
    let words: BTreeSet<&str> =
        lower.split(|letter: char| !letter.is_alphanumeric() && letter != '%').collect();
    for word in NO_NUMBERS.into_iter().filter(|word| words.contains(word)) {
        wrong.push(format!("{path} shows {word}: {}", around(&lower, word)));
    }
    // Data of charts may hold null, what is read may not.
    if path.starts_with(PARTS[0]) && body.trim_start().starts_with('<') {
        let read = read(&lower);
        if read.split(|letter: char| !letter.is_alphanumeric()).any(|word| word == "null") {
            wrong.push(format!("{path} shows null: {}", around(&read, "null")));
        }
    }
}

/// The text between the tags, without scripts.
fn read(page: &str) -> String {
    let parts = page.split('<').filter(|part| !part.starts_with("script"));
    parts.filter_map(|part| part.split_once('>')).map(|(_, text)| text).collect::<Vec<_>>().join(" ")
}

/// What stands about a word.
fn around(text: &str, word: &str) -> String {
    let at = text.match_indices(word).map(|(at, _)| at);
    let near = at.map(|at| {
        let before: String = text[..at].chars().rev().take(80).collect();
        let before: String = before.chars().rev().collect();
        format!("{before}{}", text[at..].chars().take(80).collect::<String>())
    });
    near.collect::<Vec<_>>().join("\n…\n")
}

/// What the command line prints, computed in this process.
async fn told_to_programs(engine: &Engine, account: Id) {
    use insight::{mining::report as mined, report, store};
    let stored = store::newest_model(engine).await.unwrap().unwrap();
    let mut told = vec![report::models(&stored), report::backtest(&stored), report::pareto(&stored)];
    told.push(mined::segments(engine).await.unwrap());
    told.push(mined::rules(engine, 20).await.unwrap());
    told.push(mined::recommend(engine, Some(account)).await.unwrap());
    told.push(mined::forecast(engine).await.unwrap());
    assert!(told.iter().all(serde_json::Value::is_object), "{told:?}");
    // Only those who bought; where nothing counts, nobody.
    report::customers(engine, &Actor::system(), None, |customer| assert!(customer.is_object()))
        .await
        .unwrap();
}

fn hostile(
    kind: &str,
    held: fn(NaiveDate) -> Option<NaiveDate>,
    sold: fn(NaiveDate) -> Vec<Purchase>,
    says: &[Said],
) {
    on_both(modules, async |test| {
        let today = test.clock.today();
        let firm = firm(&test, &sold(today)).await;
        see(&test, &firm, kind, held(today), says).await;
    });
}

/// Everything was computed, so each figure of the catalog says when: one whose result is kept under another name than the catalog asks
/// for would never.
async fn dated(client: &Client, wrong: &mut Vec<String>) {
    let catalog = client.get("/api/v1/analysis/catalog").await.expect(200).json();
    let figures = catalog["figures"].as_array().unwrap();
    assert!(figures.len() > 100, "{} figures are listed", figures.len());
    for figure in figures {
        if !figure["as_of"].is_string() || !figure["refreshed_at"].is_string() {
            wrong.push(format!("{} of {} was never computed", figure["name"], figure["href"]));
        }
    }
}

async fn see(test: &TestApp, firm: &Firm, kind: &str, held: Option<NaiveDate>, says: &[Said]) {
    let client = test.administrator().await;
    if held.is_some() {
        let system = Actor::system();
        let set = test.engine.write(&system, move |tx| Box::pin(insight::settings::set_as_of(tx, held)));
        set.await.unwrap();
    }
    compute(test, firm, &client).await;
    let mut wrong = vec![];
    dated(&client, &mut wrong).await;
    let model = warehouse::semantic::askable(&test.engine, &Actor::system()).unwrap();
    // What differs between databases shows in either language, and the other way round: each walks in its own.
    let dialect = test.engine.dialect();
    let (language, least) = match dialect {
        Dialect::Sqlite => ("en", 50),
        Dialect::Postgres => ("zh-CN", 30),
    };
    client.set_cookie("zhike_lang", language);
    let opened = walk(&client, firm, dialect, &mut wrong).await;
    assert!(opened.len() > least, "{kind}: {opened:?}");
    // Answers are of files, whichever database they were made of.
    if dialect == Dialect::Sqlite {
        questions::ask(&client, &model, &mut wrong).await;
    }
    for (page, english, chinese) in says {
        let named = [firm.accounts[0], firm.products[0], firm.experiment].map(|id| id.to_string());
        let page = page
            .replace("{first}", &named[0])
            .replace("{product}", &named[1])
            .replace("{experiment}", &named[2]);
        let text = if language == "en" { english } else { chinese };
        let body = client.get(&page).await.expect(200).body;
        if !body.contains(text) {
            wrong.push(format!("{page} does not say {text}"));
        }
    }
    assert!(wrong.is_empty(), "{kind}:\n{}", wrong.join("\n"));
    told_to_programs(&test.engine, firm.accounts[0]).await;
}

fn today(_: NaiveDate) -> Option<NaiveDate> {
    None
}

/// Customers who buy now and then over two years, each with a rhythm of his own.
fn ordinary(today: NaiveDate, customers: usize, amount: impl Fn(usize, u64) -> i64) -> Vec<Purchase> {
    let mut found = vec![];
    for customer in 0..customers {
        let rhythm = 17 + (customer as u64 * 13) % 90;
        let mut before = 20 + (customer as u64 * 31) % 600;
        for time in 0..=(customer as u64 % 6) {
            found.push(bought(customer, today - Days::new(before), amount(customer, time)));
            let next = rhythm + (time * 29 + customer as u64) % 40;
            before = before.saturating_sub(next);
            if before == 0 {
                break;
            }
        }
    }
    found
}

#[test]
fn too_few_customers() {
    hostile("few", today, |today| ordinary(today, 3, |_, _| 40), SAID_OF_FEW);
}

/// Every page of customer value says what it cannot tell.
const SAID_OF_FEW: &[Said] = &[
    ("/value", "too few customers for a forecast (at least 30)", "客户太少，无法预测（至少 30 位）"),
    (
        "/value/backtest",
        "No back-test is possible: the orders span fewer than twelve weeks",
        "无法回测：订单历史不足 12 周",
    ),
    ("/value/matrix", TOO_SHORT.0, TOO_SHORT.1),
    ("/value/life-cycle", TOO_SHORT.0, TOO_SHORT.1),
    (
        "/value/profitability",
        "No cost rates yet, so this page shows the margin only",
        "尚未设置成本费率，本页暂时只显示毛利",
    ),
    ("/value/cycles", NO_CYCLES.0, NO_CYCLES.1),
    ("/value/satisfaction", "Only 1 answers: the intervals are wide", "只有 1 条回答：区间较宽"),
    ("/value/alarms", NOBODY_LOOKED_AT.0, NOBODY_LOOKED_AT.1),
    ("/value/benefit", "Nobody bought in the time before.", "此前没有购买客户。"),
    NOBODY_TO_STAY,
    NO_RULES,
    ("/value/seven-p/promotion", "No experiment has proven an effect yet", "目前没有实验证实了效果"),
    ("/analysis/groups", "Too few customers: 3 bought, it takes 50", "客户太少：目前有 3 位成交客户"),
    BY_NET_SALES,
    ("/analysis/baskets", "Most bought products", "查看购买最多的产品"),
    ("/analysis/product/{product}", "How many bought it, quarter by quarter", "查看各季度购买人数"),
    // What the last two lead to.
    ("/analysis/explore/answer?m=orders&m=sales&r=product&sort=-orders&top=20", "answer-foot", "answer-foot"),
    (
        "/analysis/explore/answer?m=customers&m=orders&r=day%3Aquarter&filter=product%20%3D%3D%20'{product}'",
        "answer-foot",
        "answer-foot",
    ),
    (
        "/analysis/forecast",
        "Too short a history for a forecast: 10 whole weeks",
        "历史太短，无法预测：目前 10 个完整周",
    ),
    NO_BASKETS,
    (
        "/analysis/baskets",
        "Too few customers bought something new lately for a test",
        "近期购买新产品的老客户太少，无法检验",
    ),
    (
        "/analysis/product/{product}",
        "Too few customers bought it, or did not, within a quarter",
        "一个季度内购买（或未购买）该产品的客户太少",
    ),
    ("/experiment/{experiment}", "Too few customers on one side", "其中一组客户太少"),
    // The simpler figures: of three customers with five orders of ¥40 each.
    ("/value/matrix", "¥200.00 in the last 52 weeks", "近一年 ¥200.00"),
    ("/value/matrix", "Customers by: Sales, last 52 weeks", "客户排名：近一年净销售额"),
    ("/value/life-cycle", "¥200.00 in the last 52 weeks", "近一年 ¥200.00"),
    ("/value/life-cycle", "data-defined=\"stages\"", "data-defined=\"stages\""),
    ("/analysis/groups", "Customers by: Net sales", "客户排名：净销售额"),
    ("/analysis/baskets", "Products in most orders", "订单最多的产品"),
    ("/analysis/baskets", "What most customers buy is recommended.", "暂按购买人数最多的产品推荐。"),
    ("/analysis/product/{product}", "Orders that hold it so far", "含该产品的订单数"),
    // Four of the orders lie in whole weeks: that of the first sale does not count.
    ("/analysis/forecast", "On average ¥16.00 a week over 10 weeks.", "10 周来平均每周 ¥16.00。"),
];
const TOO_SHORT: (&str, &str) = (
    "Nothing can be said of the past yet: the orders span fewer than twelve weeks",
    "目前还无法回顾历史：订单历史不足 12 周",
);
/// The simpler figure, where there are too few for groups.
const BY_NET_SALES: Said =
    ("/analysis/groups", "Until then: customers by net sales", "在此之前可按净销售额查看客户");
const NO_CYCLES: (&str, &str) =
    ("A cycle needs at least 4 purchase days of one customer", "同一客户至少要有 4 个购买日才能看出周期");
/// Every order made here has one line.
const NO_BASKETS: Said = (
    "/analysis/baskets",
    "Too few orders with at least two different products: 0",
    "含两种以上产品的订单太少：目前 0 张",
);
const NO_RULES: Said = (
    "/value/seven-p/product",
    "No products are bought together more often than by chance yet.",
    "尚未发现明显常一起购买的产品。",
);
/// Who buys often buys another product each time.
const NO_PRODUCT_REGULARLY: Said =
    ("/value/cycles", "No product is bought regularly.", "没有被规律购买的产品。");
const NOBODY_TO_STAY: Said = (
    "/value/seven-p/persistency",
    "Retention is not known yet: nobody bought more than a year ago.",
    "还没有一年前的购买记录，无法计算保留率。",
);
const NOBODY_LOOKED_AT: (&str, &str) = (
    "The rule of core customers cannot be tried on the last 13 weeks",
    "核心客户下滑规则尚无法在最近 13 周检验",
);

const SAID_OF_ONCE: &[Said] = &[
    ("/value", NOBODY_CAME_BACK.0, NOBODY_CAME_BACK.1),
    ("/value/backtest", NOBODY_CAME_BACK.0, NOBODY_CAME_BACK.1),
    ("/value/matrix", NOBODY_CAME_BACK.0, NOBODY_CAME_BACK.1),
    ("/value/cycles", NO_CYCLES.0, NO_CYCLES.1),
    (
        "/value/seven-p/persistency",
        "0% of the 42 customers who bought in the 52 weeks before bought again in the last 52",
        "前 52 周购买过的 42 位客户中，有 0% 在近 52 周再次购买",
    ),
    ("/value/seven-p/product", "Nothing came back in this period.", "本期没有退货。"),
    NO_RULES,
    ("/analysis/groups", "Orders begin on 2025-02-06: less was known", "订单从 2025-02-06 开始："),
    ("/analysis/forecast", TRIED.0, TRIED.1),
    NO_BASKETS,
];
const TRIED: (&str, &str) = (
    "From 6 points of the past each method forecast 13 weeks that are known by now.",
    "从过去 6 个时点出发，各方法分别预测当时之后的 13 周并与实际比较",
);
const NOBODY_CAME_BACK: (&str, &str) =
    ("too few customers bought a second time (at least 10)", "重复购买的客户太少（至少 10 位）");

#[test]
fn one_purchase_each() {
    hostile(
        "once",
        today,
        |today| (0..90).map(|one| bought(one, today - Days::new(30 + one as u64 * 7), 50)).collect(),
        SAID_OF_ONCE,
    );
}

const SAID_OF_ONE_DAY: &[Said] = &[
    ("/value/backtest", "the orders span fewer than twelve weeks", "订单历史不足 12 周"),
    ("/value/matrix", TOO_SHORT.0, TOO_SHORT.1),
    ("/value/life-cycle", TOO_SHORT.0, TOO_SHORT.1),
    ("/value/cycles", NO_CYCLES.0, NO_CYCLES.1),
    (
        "/analysis/forecast",
        "Too short a history for a forecast: 0 whole weeks",
        "历史太短，无法预测：目前 0 个完整周",
    ),
    NOBODY_TO_STAY,
    NO_RULES,
    NO_BASKETS,
];
const SAID_OF_NONE: &[Said] = &[
    ("/value", "There are orders, but none counts as a purchase", "已有订单，但都不计为购买"),
    (
        "/value/backtest",
        "No back-test is possible: too few customers for a forecast (at least 30)",
        "无法回测：客户太少，无法预测（至少 30 位）",
    ),
    ("/value/matrix", TOO_SHORT.0, TOO_SHORT.1),
    ("/value/life-cycle", TOO_SHORT.0, TOO_SHORT.1),
    ("/value/profitability", "No profits yet", "还没有盈利数据"),
    ("/value/cycles", NO_CYCLES.0, NO_CYCLES.1),
    ("/value/alarms", NOBODY_LOOKED_AT.0, NOBODY_LOOKED_AT.1),
    (
        "/analysis/forecast",
        "Orders without an amount and orders of days to come do not count",
        "金额为零或日期在未来的订单不计入",
    ),
    ("/analysis/groups", "Too few customers: 0 bought, it takes 50", "客户太少：目前有 0 位成交客户"),
    ("/value/seven-p/profiling", "Nothing to look at yet", "还没有可分析的数据"),
];

fn on_one_day(today: NaiveDate) -> Vec<Purchase> {
    (0..160).map(|one| bought(one % 80, today - Days::new(200), 10 + one as i64)).collect()
}

#[test]
fn everything_on_one_day() {
    hostile(
        "one_day",
        today,
        on_one_day,
        &[
            SAID_OF_ONE_DAY,
            &[(
                "/value",
                "Seen from today everybody has been silent since",
                "以今天来看所有客户此后都没有购买",
            )],
        ]
        .concat(),
    );
}

#[test]
fn everything_on_the_day_the_figures_hold() {
    let held = |today: NaiveDate| Some(today - Days::new(200));
    hostile("that_day", held, on_one_day, SAID_OF_ONE_DAY);
}

#[test]
fn nothing_but_zero() {
    hostile("zero", today, |today| ordinary(today, 80, |_, _| 0), SAID_OF_NONE);
}

const SAID_OF_NEGATIVE: &[Said] = &[
    (
        "/value",
        "59 customers gave back more than they bought, -¥524,979 together.",
        "59 位客户退回的超过购买的，合计 -¥524,979。",
    ),
    ("/value/backtest", HALF_A_YEAR.0, HALF_A_YEAR.1),
    (
        "/value/matrix",
        "Nothing can be said of the past yet: too few customers for a forecast (at least 30)",
        "目前还无法回顾历史：客户太少，无法预测（至少 30 位）",
    ),
    NO_PRODUCT_REGULARLY,
    (
        "/value/seven-p/persistency",
        "56% of the 18 customers who bought in the 52 weeks before bought again in the last 52",
        "前 52 周购买过的 18 位客户中，有 56% 在近 52 周再次购买",
    ),
    ("/value/seven-p/product", "(¥720,000, 100% of all returns)", "（¥720,000，占退货 100%）"),
    NO_RULES,
    ("/analysis/groups", "Orders begin on 2025-05-21: less was known", "订单从 2025-05-21 开始："),
    (
        "/analysis/forecast",
        "There is no season in this forecast: too few weeks are known to try one.",
        "已知的周数太少，无法检验季节性，本预测不含季节因素。",
    ),
];

#[test]
fn more_came_back_than_was_sold() {
    on_both(modules, async |test| {
        let today = test.clock.today();
        let sold = ordinary(today, 80, |customer, time| i64::from(time > 0) * customer as i64);
        let firm = firm(&test, &sold).await;
        let back = |customer: &Id| {
            let at = (today - Days::new(15)).and_hms_opt(4, 0, 0).unwrap().and_utc();
            values([
                ("account", (*customer).into()),
                ("returned_at", at.into()),
                ("status", "refunded".into()),
            ])
        };
        let returns = create_many(&test.engine, "return", firm.accounts.iter().map(back).collect()).await;
        let line = |back: &Id| {
            values([
                ("return", (*back).into()),
                ("product", firm.products[0].into()),
                ("unit_price", amount(9_000)),
                ("unit_cost", amount(10)),
            ])
        };
        create_many(&test.engine, "return_line", returns.iter().map(line).collect()).await;
        let program = test.api().await;
        let goods = json!({ "order": Id::nil(), "description": "goods", "unit_price": -5 });
        let refused = program.json("POST", "/api/v1/order_line", &goods).await.expect(422).body;
        assert!(refused.contains("cannot be negative: a reduction is a discount"), "{refused}");
        see(&test, &firm, "negative", None, SAID_OF_NEGATIVE).await;
    });
}

const SAID_OF_FUTURE: &[Said] = &[
    (
        "/value",
        "Customers with at least one order that counts up to the as-of date",
        "截至统计日至少有一张有效订单的客户",
    ),
    ("/value", "¥6,750", "¥6,750"),
    ("/value", NOT_YET.0, NOT_YET.1),
    ("/value/backtest", HALF_A_YEAR.0, HALF_A_YEAR.1),
    LOOKED_BACK,
    NO_PRODUCT_REGULARLY,
    ("/value/cycles", "As of 2026-11-21", "截至 2026-11-21"),
    (
        "/value/seven-p/persistency",
        "61% of the 33 customers who bought in the 52 weeks before bought again in the last 52",
        "前 52 周购买过的 33 位客户中，有 61% 在近 52 周再次购买",
    ),
    ("/value/seven-p/performance", "¥4,680 sold in 156 orders", "156 张订单，销售额 ¥4,680"),
    ("/analysis/groups", ORDERS_BEGIN.0, ORDERS_BEGIN.1),
    ("/analysis/forecast", NOT_YET.0, NOT_YET.1),
    NO_BASKETS,
];
const NOT_YET: (&str, &str) =
    ("101 orders lie after 2026-11-21 and are not counted.", "2026-11-21 之后还有 101 张订单，未计入。");
/// The last order that counts is of that day.
const HALF_A_YEAR: (&str, &str) =
    ("after 2026-05-20 until 2026-11-18, 26 weeks", "2026-05-20 之后至 2026-11-18，共 26 周");
const LOOKED_BACK: Said =
    ("/value/matrix", "80 customers, histories until 2026-11-18", "共 80 位客户，历史截至 2026-11-18");
const ORDERS_BEGIN: (&str, &str) = (
    "Orders begin on 2025-03-13: less was known of customers a quarter ago than is known today",
    "订单从 2025-03-13 开始：一个季度前所知的历史比现在短",
);

#[test]
fn orders_of_days_to_come() {
    hostile(
        "future",
        today,
        |today| {
            let mut sold = ordinary(today, 80, |_, _| 30);
            sold.extend((0..100).map(|one| bought(one, today + Days::new(1 + one as u64 * 9), 70)));
            sold.push(bought(0, "2999-12-31".parse().unwrap(), 5));
            sold
        },
        SAID_OF_FUTURE,
    );
}

#[test]
fn nothing_but_orders_of_days_to_come() {
    let sold = |today: NaiveDate| {
        (0..100).map(|one| bought(one % 60, today + Days::new(1 + one as u64), 70)).collect()
    };
    let not_yet = (
        "/value",
        "100 orders lie after 2026-11-21 and are not counted.",
        "2026-11-21 之后还有 100 张订单，未计入。",
    );
    hostile("only_future", today, sold, &[SAID_OF_NONE, &[not_yet]].concat());
}

#[test]
fn a_customer_with_ten_thousand_purchases() {
    hostile(
        "many",
        today,
        |today| {
            let mut sold = ordinary(today, 60, |_, _| 30);
            sold.extend((0..10_000).map(|one| bought(0, today - Days::new(one % 720), 3)));
            sold
        },
        &[
            ("/account/{first}", "The 10,001 orders behind it", "10,001 张订单"),
            (
                "/value/matrix",
                "Nothing can be said of the past yet: too few customers for a forecast (at least 30)",
                "目前还无法回顾历史：客户太少，无法预测（至少 30 位）",
            ),
            NO_RULES,
            NO_BASKETS,
        ],
    );
}

#[test]
fn currencies_mixed() {
    on_both(modules, async |test| {
        let today = test.clock.today();
        for (currency, rate) in [("USD", "7.2"), ("EUR", "7.9"), ("JPY", "0.048"), ("VND", "0.0003")] {
            let fields = [
                ("currency", currency.into()),
                ("valid_on", Value::Date("2010-01-01".parse().unwrap())),
                ("rate", Value::Decimal(rate.parse().unwrap())),
            ];
            create(&test.engine, "exchange_rate", &fields).await;
        }
        let mut sold = ordinary(today, 80, |_, _| 40);
        for (at, one) in sold.iter_mut().enumerate() {
            one.currency = [None, Some("USD"), Some("EUR"), Some("JPY"), Some("VND")][at % 5];
        }
        let firm = firm(&test, &sold).await;
        let program = test.api().await;
        let unknown = json!({ "account": firm.accounts[0], "currency": "KRW" });
        let refused = program.json("POST", "/api/v1/order", &unknown).await.expect(422).body;
        assert!(refused.contains("there is no exchange rate from KRW"), "{refused}");
        let said = [
            ("/value", "¥29,067", "¥29,067"),
            ("/value/backtest", HALF_A_YEAR.0, HALF_A_YEAR.1),
            LOOKED_BACK,
            ("/value/seven-p/performance", "¥19,710 sold in 156 orders", "156 张订单，销售额 ¥19,710"),
            NO_PRODUCT_REGULARLY,
            ("/analysis/groups", ORDERS_BEGIN.0, ORDERS_BEGIN.1),
            ("/analysis/forecast", TRIED.0, TRIED.1),
            NO_RULES,
            NO_BASKETS,
        ];
        see(&test, &firm, "mixed", None, &said).await;
    });
}

#[test]
fn years_without_an_order() {
    hostile(
        "gap",
        today,
        |today| {
            let mut sold = ordinary(today - Days::new(4_000), 80, |_, _| 40);
            sold.extend(ordinary(today, 40, |_, _| 90));
            sold
        },
        &[
            ("/value", "¥7,290.00 in the last 52 weeks", "近一年 ¥7,290.00"),
            (
                "/value",
                "Between 2015-12-06 and 2025-03-22 no customer ordered: 3,394 days, where 3 are usual.",
                "2015-12-06 与 2025-03-22 之间没有客户下单：相隔 3,394 天，通常只隔 3 天。",
            ),
            (
                "/value/backtest",
                "after 2025-11-19 until 2026-11-18, 52 weeks",
                "2025-11-19 之后至 2026-11-18，共 52 周",
            ),
            LOOKED_BACK,
            (
                "/analysis/forecast",
                "Between 2015-12-06 and 2025-03-22 no customer ordered (3,394 days): the season of that time \
                 was not seen.",
                "2015-12-06 与 2025-03-22 之间没有客户下单（相隔 3,394 天），这段时间的季节表现无从得知。",
            ),
            (
                "/analysis/groups",
                "Too few customers: 40 bought, it takes 50",
                "客户太少：目前有 40 位成交客户",
            ),
            (
                "/value/seven-p/persistency",
                "56% of the 16 customers who bought in the 52 weeks before bought again in the last 52",
                "前 52 周购买过的 16 位客户中，有 56% 在近 52 周再次购买",
            ),
            NO_RULES,
            NO_BASKETS,
        ],
    );
}

/// One year of customers who buy more regularly than at random and of whom none is ever lost, as wholesale customers do.
fn regular(today: NaiveDate) -> Vec<Purchase> {
    let mut chance = ChaCha8Rng::seed_from_u64(11);
    let mut found = vec![];
    for customer in 0..REGULARS {
        let interval = chance.random_range(12.0..70.0);
        let mut at = chance.random_range(0.0..120.0);
        while at < 364.0 {
            found.push(bought(customer, today - Days::new(364 - at as u64), chance.random_range(20..400)));
            // The sum of three waits at random is a third as irregular as one.
            at += (0..3).map(|_| -chance.random_range(1e-9..1.0_f64).ln() * interval / 3.0).sum::<f64>();
        }
    }
    found
}

#[test]
fn customers_who_never_stop_and_buy_regularly_are_recognised() {
    on_both(modules, async |test| {
        firm(&test, &regular(test.clock.today())).await;
        insight::refit::refit(&test.engine, None).await.unwrap();
        let client = test.administrator().await;
        for (language, said) in [
            (
                "en",
                [
                    ("/value", "No customer is seen to stop for good in these data"),
                    ("/value", "Customers buy more regularly than at random (k = "),
                    ("/value/backtest", "no dropout visible"),
                ],
            ),
            (
                "zh-CN",
                [
                    ("/value", "数据中看不出有客户彻底停止购买"),
                    ("/value", "客户的购买比随机更有规律（k = "),
                    ("/value/backtest", "看不出流失"),
                ],
            ),
        ] {
            client.set_cookie("zhike_lang", language);
            for (page, text) in said {
                let body = client.get(page).await.expect(200).body;
                assert!(body.contains(text), "{page} does not say {text}: {body}");
            }
        }
        let stored = insight::store::newest_model(&test.engine).await.unwrap().unwrap();
        let fit = stored.fitted.model.purchases.fitted().unwrap();
        assert!(fit.family.k() > 1 && !fit.shows_dropout(), "{fit:?}");
    });
}
