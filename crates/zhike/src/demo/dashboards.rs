//! Saved questions, the dashboard made of them, and the reports that mail them, which everybody of the demo company finds.

use super::{chance::Chance, company::Company};
use meta::{DateTime, Id, Utc, Value};
use serde_json::{Value as Json, json};

/// Name, width on the dashboard, chart, how many cuts are columns, question.
fn questions() -> [(&'static str, &'static str, &'static str, usize, Json); 10] {
    let by = |dimension: &str| json!([{ "dimension": dimension }]);
    let at_home = "account.country == \"中国\"";
    let months = json!([{ "dimension": "day", "level": "month" }]);
    [
        (
            "本年关键指标 Key figures of the year",
            "full",
            "table",
            0,
            json!({ "measures": ["net_sales", "margin", "margin_rate", "orders", "customers", "average_order"],
                "period": { "named": "year_to_date" }, "compare": "last_year" }),
        ),
        (
            "净销售额按月 Net sales by month",
            "full",
            "line",
            0,
            json!({ "measures": ["net_sales"], "cuts": months, "period": { "named": "last12_months" }, "compare": "last_year" }),
        ),
        (
            "各类客户服务后贡献 Profit after cost to serve by class",
            "full",
            "table",
            0,
            json!({ "measures": ["net_sales", "contribution", "cost_to_serve", "cost_to_serve_rate", "net_profit"],
                "cuts": by("account.importance"), "sort": { "by": "net_profit", "descending": true }, "period": { "named": "last12_months" } }),
        ),
        (
            "各阶段客户价值 Customer value by life-cycle stage",
            "full",
            "table",
            0,
            json!({ "measures": ["customer_records", "sales_52w", "clv_52w", "expected_buyers_13w", "expected_churn_rate"],
                "cuts": by("account.stage") }),
        ),
        (
            "销售额前十省份 Top ten provinces",
            "half",
            "bar",
            0,
            json!({ "measures": ["sales"], "cuts": by("account.province"), "filter": at_home, "top": 10, "share": true, "period": { "named": "last12_months" } }),
        ),
        (
            "各省销售地图 Sales by province",
            "half",
            "map",
            0,
            json!({ "measures": ["sales"], "cuts": by("account.province"), "filter": at_home, "period": { "named": "last12_months" } }),
        ),
        (
            "渠道分季度 Channels by quarter",
            "half",
            "heat",
            1,
            json!({ "measures": ["sales"], "cuts": [{ "dimension": "channel" }, { "dimension": "day", "level": "quarter" }],
                "period": { "named": "last12_months" } }),
        ),
        (
            "产品结构 Product mix",
            "half",
            "treemap",
            0,
            json!({ "measures": ["sales"], "cuts": [{ "dimension": "product.category" }, { "dimension": "product" }], "period": { "named": "last12_months" } }),
        ),
        (
            "各国销售地图 Sales by country",
            "half",
            "map",
            0,
            json!({ "measures": ["sales"], "cuts": by("account.country"), "period": { "named": "last12_months" } }),
        ),
        (
            "退货率前十产品 Products returned most",
            "half",
            "table",
            0,
            json!({ "measures": ["return_rate", "returned", "sales"], "cuts": by("product"), "top": 10, "sort": { "by": "returned", "descending": true },
                "period": { "named": "last12_months" } }),
        ),
    ]
}

pub fn add(company: &mut Company, seed: u64, readers: &[Id], at: DateTime<Utc>) {
    let mut chance = Chance::new(seed, 60);
    let owner = ("owner", Value::from(readers.first().copied()));
    let shared = ("shared", Value::from(true));
    let (mut tiles, mut last) = (vec![], None);
    for (name, width, chart, across, question) in questions() {
        let id = chance.id(at);
        let definition = json!({ "question": question, "across": across, "chart": chart });
        let fields = [
            ("name", name.into()),
            ("definition", Value::Json(definition)),
            ("chart", chart.into()),
            shared.clone(),
            owner.clone(),
        ];
        company.add("question", at, id, fields);
        tiles.push(json!({ "question": id, "width": width }));
        last = Some(id);
    }
    let board = chance.id(at);
    let fields = [
        ("name", "经营概览 Business overview".into()),
        ("tiles", Value::Json(json!(tiles))),
        shared.clone(),
        owner.clone(),
    ];
    company.add("dashboard", at, board, fields);
    let reports = [
        ("经营周报 Weekly overview", ("dashboard", Value::Id(board)), "weekly", 1),
        ("退货月报 Returns of the month", ("question", last.into()), "monthly", 1),
    ];
    for (name, what, rhythm, day) in reports {
        let fields = [
            ("name", name.into()),
            what,
            ("rhythm", rhythm.into()),
            ("day", Value::Int(day)),
            ("hour", Value::Int(8)),
            ("recipients", Value::Json(json!(readers))),
            shared.clone(),
            owner.clone(),
        ];
        company.add("scheduled_report", at, chance.id(at), fields);
    }
}
