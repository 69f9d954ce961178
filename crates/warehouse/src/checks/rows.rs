//! What must hold of the rows of a table, as SQL.

use crate::{
    Table,
    count_keys::COUNT_KEYS,
    lower::quoted,
    semantic,
    table::{Column, ColumnKind, Share, Source},
};
use meta::{Label, label};

/// No company sells as much at once: an amount beyond it is a mistake in a price or an exchange rate. In company currency.
const MOST: &str = "CAST(1000000000000 AS DECIMAL(18, 4))";

/// A check that a single walk through the table counts.
pub(super) struct Check {
    pub name: &'static str,
    pub label: Label,
    /// An aggregate over table `f`: how many rows fail it.
    pub counted: String,
    /// A SELECT of those rows.
    pub rows: String,
}

/// Rows whose reference leads nowhere: `FROM` to the end of the statement.
pub(super) struct Reference {
    pub name: String,
    pub label: Label,
    pub from: String,
}

/// Keys of every table; days, quantities, amounts and answers of the facts.
pub(super) fn checks(table: &Table, today: &str) -> Vec<Check> {
    let name = quoted(&table.name);
    let mut found = vec![];
    // Where a record's own key stands, every row has another.
    if table.line.is_none() && table.column("key").is_some() {
        found.push(Check {
            name: "key_twice",
            label: label("Rows without a key of their own: it is missing or stands twice", "没有唯一键（键缺失或重复）的行"),
            counted: format!("count(*) - {COUNT_KEYS}(f.\"key\")"),
            rows: format!(
                "SELECT f.\"key\", count(*) AS rows FROM {name} f GROUP BY f.\"key\" HAVING count(*) > 1 OR f.\"key\" IS NULL"
            ),
        });
    }
    if !is_fact(table) {
        return found;
    }
    let mut add = |check: &'static str, label: Label, condition: String| {
        found.push(Check {
            name: check,
            label,
            counted: format!("count(CASE WHEN {condition} THEN 1 END)"),
            rows: format!("SELECT f.* FROM {name} f WHERE {condition}"),
        });
    };
    let has = |column: &str| table.column(column).is_some();
    if has("quantity") {
        add(
            "negative_quantity",
            label("Lines with a quantity below zero", "数量为负的行"),
            "f.quantity < 0".into(),
        );
    }
    // Campaigns are planned ahead.
    if !has("control") {
        add(
            "future_day",
            label("Rows dated in the future", "日期在未来的行"),
            format!("f.\"day\" > DATE '{today}'{}", if has("done") { " AND f.done" } else { "" }),
        );
    }
    // Who never bought has no day.
    let dated = if has("orders") { " AND f.orders > 0" } else { "" };
    add("no_day", label("Rows without a day", "没有日期的行"), format!("f.\"day\" IS NULL{dated}"));
    let amounts = |wanted: &dyn Fn(&Column) -> bool| -> Vec<String> {
        table
            .columns
            .iter()
            .filter(|column| wanted(column))
            .map(|column| format!("f.{}", quoted(&column.name)))
            .collect()
    };
    if has("control") {
        add(
            "half_a_response",
            label(
                "Customers of campaigns who bought for nothing, or for an amount on no day",
                "营销活动中有购买日期而无金额、或有金额而无购买日期的客户",
            ),
            "(f.bought_on IS NOT NULL) <> (coalesce(f.sales, 0) > 0)".into(),
        );
    }
    let responded = |column: &Column| has("control") && matches!(column.kind, ColumnKind::Decimal(_));
    let money =
        amounts(&|column| matches!(column.source, Source::Share(_) | Source::Cost(_)) || responded(column));
    if !money.is_empty() {
        let beyond: Vec<String> =
            money.iter().map(|amount| format!("{amount} > {MOST} OR {amount} < -{MOST}")).collect();
        add(
            "impossible_amount",
            label("Rows with an amount of more than a trillion", "金额超过一万亿的行"),
            beyond.join(" OR "),
        );
    }
    for amount in amounts(&|column| column.source == Source::Share(Share::Net)) {
        add("no_amount", label("Rows without a net amount", "没有净额的行"), format!("{amount} IS NULL"));
    }
    if has("expected") && has("recommend") {
        let attitudes = ["recommend", "repurchase", "price_tolerance", "first_choice", "perceived"];
        let outside =
            attitudes.iter().filter(|name| has(name)).map(|name| format!("f.{name} NOT BETWEEN 0 AND 10"));
        let outside: Vec<String> =
            ["f.expected NOT BETWEEN 1 AND 10".to_owned()].into_iter().chain(outside).collect();
        add(
            "impossible_answer",
            label("Answers outside their range", "超出取值范围的回答"),
            outside.join(" OR "),
        );
    }
    found
}

fn is_fact(table: &Table) -> bool {
    semantic::is_fact(&table.name)
}

/// The references of a fact.
pub(super) fn references(fact: &Table, tables: &[Table]) -> Vec<Reference> {
    let name = quoted(&fact.name);
    let keys = fact.columns.iter().filter(|column| column.kind == ColumnKind::Key && column.name != "key");
    let known = |column: &&Column| {
        column.target.as_deref().is_some_and(|target| tables.iter().any(|table| table.name == target))
    };
    keys.filter(|_| is_fact(fact))
        .filter(known)
        .map(|column| Reference {
            name: format!("unknown_{}", column.name.trim_end_matches("_key")),
            label: label(
                format!("Rows whose “{}” is deleted", column.label.en),
                format!("“{}”已被删除的行", column.label.zh),
            ),
            from: format!(
                "FROM {name} f LEFT ANTI JOIN {} t ON t.\"key\" = f.{key} WHERE f.{key} IS NOT NULL",
                quoted(column.target.as_deref().unwrap_or_default()),
                key = quoted(&column.name),
            ),
        })
        .collect()
}
