//! Saved questions and the dashboard made of them, which everybody of the demo company finds.

use super::{chance::Chance, company::Company};
use meta::{DateTime, Id, Utc, Value};
use serde_json::{Value as Json, json};

/// Name, width on the dashboard, chart, how many cuts are columns, question.
fn questions() -> [(&'static str, &'static str, &'static str, usize, Json); 6] {
    let by = |dimension: &str| json!([{ "dimension": dimension }]);
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
            "销售额前十省份 Top ten provinces",
            "half",
            "bar",
            0,
            json!({ "measures": ["sales"], "cuts": by("account.province"), "top": 10, "share": true, "period": { "named": "year_to_date" } }),
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
            json!({ "measures": ["sales"], "cuts": [{ "dimension": "product.category" }, { "dimension": "product" }], "period": { "named": "year_to_date" } }),
        ),
        (
            "退货率前十产品 Products returned most",
            "half",
            "table",
            0,
            json!({ "measures": ["return_rate", "returned", "sales"], "cuts": by("product"), "top": 10, "sort": { "by": "returned", "descending": true },
                "period": { "named": "year_to_date" } }),
        ),
    ]
}

pub fn add(company: &mut Company, seed: u64, owner: Id, at: DateTime<Utc>) {
    let mut chance = Chance::new(seed, 60);
    let mut tiles = vec![];
    for (name, width, chart, across, question) in questions() {
        let id = chance.id(at);
        let definition = json!({ "question": question, "across": across, "chart": chart });
        let fields = [
            ("name", name.into()),
            ("definition", Value::Json(definition)),
            ("chart", chart.into()),
            ("shared", true.into()),
            ("owner", owner.into()),
        ];
        company.add("question", at, id, fields);
        tiles.push(json!({ "question": id, "width": width }));
    }
    let fields = [
        ("name", "经营概览 Business overview".into()),
        ("tiles", Value::Json(json!(tiles))),
        ("shared", true.into()),
        ("owner", owner.into()),
    ];
    company.add("dashboard", at, chance.id(at), fields);
}
