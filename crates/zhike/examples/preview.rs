//! scratch
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]
use engine::{Actor, Database, Engine};
use meta::{Decimal, Id, Value, Values};

fn v(pairs: &[(&str, Value)]) -> Values {
    pairs.iter().map(|(n, v)| ((*n).to_owned(), v.clone())).collect()
}

#[tokio::main]
async fn main() {
    let dir = std::path::PathBuf::from("/tmp/preview-data");
    let fresh = !dir.exists();
    let options = engine::Options { database: Database::Sqlite, data_dir: dir };
    let clock = meta::Clock::system();
    let engine = Engine::open(options, vec![customers::module(), sales::module(), insight::module()], clock)
        .await
        .unwrap();
    if fresh {
        fill(&engine).await;
    }
    engine.start();
    let app = web::App::new(engine, vec![], web::Options::default()).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8477").await.unwrap();
    axum::serve(listener, web::router(app)).await.unwrap();
}

async fn create(engine: &Engine, actor: &Actor, entity: &'static str, values: Values) -> Id {
    engine.write(actor, move |tx| Box::pin(async move { tx.create(entity, values).await })).await.unwrap()
}

async fn fill(engine: &Engine) {
    let lin = web::auth::create_user(
        engine,
        "林悦",
        "lin@example.com",
        "correct horse battery",
        engine::Role::Administrator,
        meta::Lang::Zh,
    )
    .await
    .unwrap();
    web::auth::create_user(
        engine,
        "Ada Min",
        "ada@example.com",
        "correct horse battery",
        engine::Role::User,
        meta::Lang::En,
    )
    .await
    .unwrap();
    let actor = Actor::user(lin, engine::Role::Administrator, meta::Lang::Zh);
    let surnames = [
        "青岛海风",
        "深圳蓝图",
        "上海恒信",
        "Longkou Fruit",
        "Hawthorne Retail",
        "成都锦程",
        "Nordic Trade",
        "广州粤辉",
        "王小明",
        "李静",
    ];
    let tails = [
        "贸易有限公司",
        "科技有限公司",
        "食品有限公司",
        " & Vegetable Export Co., Ltd.",
        " Ltd.",
        "物流有限公司",
        " AB",
        "电子有限公司",
        "",
        "",
    ];
    let cities = ["青岛", "深圳", "上海", "龙口", "Leeds", "成都", "Stockholm", "广州", "杭州", "北京"];
    let mut products = vec![];
    for (n, (name, price)) in [
        ("红富士苹果 5kg 箱", "46.80"),
        ("阿克苏冰糖心 10kg", "98"),
        ("烟台大樱桃 2kg", "128"),
        ("Gift box, pears", "19.5"),
        ("冷链运费", "300"),
    ]
    .into_iter()
    .enumerate()
    {
        let d: Decimal = price.parse().unwrap();
        products.push(
            create(
                engine,
                &actor,
                "product",
                v(&[
                    ("name", name.into()),
                    ("code", format!("P-{n:03}").as_str().into()),
                    ("unit", "箱".into()),
                    ("price", Value::Decimal(d)),
                    ("cost", Value::Decimal(d * Decimal::new(6, 1))),
                ]),
            )
            .await,
        );
    }
    let now = chrono::Utc::now();
    for n in 0..130usize {
        let k = n % 10;
        let person = k >= 8;
        let mut values = v(&[
            (
                "name",
                format!("{}{}{}", surnames[k], if n < 10 { String::new() } else { format!("{n}") }, tails[k])
                    .as_str()
                    .into(),
            ),
            ("kind", if person { "person" } else { "company" }.into()),
            ("city", cities[k].into()),
            (
                "country",
                if k == 4 {
                    "英国"
                } else if k == 6 {
                    "瑞典"
                } else {
                    "中国"
                }
                .into(),
            ),
            ("phone", format!("138{:08}", n * 7919).as_str().into()),
            ("email", format!("buyer{n}@example.com").as_str().into()),
        ]);
        if !person {
            values.extend(v(&[
                ("industry", "果蔬批发".into()),
                ("annual_revenue", Value::Decimal(Decimal::from(n * 130_000 + 500_000))),
            ]));
        }
        let account = create(engine, &actor, "account", values).await;
        if n < 60 {
            create(
                engine,
                &actor,
                "contact",
                v(&[
                    ("name", format!("联系人 {n}").as_str().into()),
                    ("account", Value::Id(account)),
                    ("job_title", "采购经理".into()),
                    ("phone", "0532-8888 1234".into()),
                ]),
            )
            .await;
        }
        for o in 0..(n * 37 % 7) {
            let at = now
                - chrono::TimeDelta::days((o * 41 + n) as i64)
                - chrono::TimeDelta::minutes((n * 13) as i64);
            let order = create(
                engine,
                &actor,
                "order",
                v(&[
                    ("account", Value::Id(account)),
                    ("ordered_at", Value::Instant(at)),
                    ("status", ["completed", "shipped", "confirmed", "draft"][o % 4].into()),
                    ("channel", ["online", "sales_rep", "phone"][n % 3].into()),
                ]),
            )
            .await;
            for l in 0..(1 + (n + o) % 4) {
                create(
                    engine,
                    &actor,
                    "order_line",
                    v(&[
                        ("order", Value::Id(order)),
                        ("position", Value::Int(l as i64 + 1)),
                        ("product", Value::Id(products[(n + l) % 5])),
                        ("quantity", Value::Decimal(Decimal::from(5 + (n * l) % 90))),
                    ]),
                )
                .await;
            }
        }
        if n % 3 == 0 {
            for (a, kind) in ["call", "visit", "note", "email", "task"].into_iter().enumerate() {
                let at = now - chrono::TimeDelta::hours((a * 30 + n) as i64);
                let mut values = v(&[
                    (
                        "subject",
                        [
                            "电话询问冬季订单的交货时间",
                            "拜访客户并演示新品",
                            "Wants the cartons marked in Korean as well",
                            "已发送报价单",
                            "发送新价目表",
                        ][a]
                            .into(),
                    ),
                    ("kind", kind.into()),
                    ("account", Value::Id(account)),
                    ("happened_at", Value::Instant(at)),
                    ("body", "客户希望外箱同时印韩文，并在十二月十日前到货。".into()),
                ]);
                if kind == "task" {
                    values.insert(
                        "due_at".into(),
                        Value::Instant(now + chrono::TimeDelta::hours(20 - n as i64)),
                    );
                }
                create(engine, &actor, "activity", values).await;
            }
        }
    }
}
