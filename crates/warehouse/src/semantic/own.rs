//! Measures of what a company counts in fields of its own: the sum of each number, and its mean.

use super::measure::{Expression, Measure, Unit, Whole, measure};
use crate::table::{Column, ColumnKind, Table};
use engine::Registry;
use meta::{Field, Kind, kept, label};
use std::collections::BTreeMap;

/// Facts whose rows stand for what is counted; costs are of the same documents once more.
const COUNTED: [&str; 4] = ["sales", "returns", "activities", "surveys"];

/// Of every own number in a fact. Money counts where it is in the company's currency, or amounts of several would be added up.
pub(super) fn measures(registry: &Registry, facts: &BTreeMap<String, Table>) -> Vec<Measure> {
    let mut found = vec![];
    for fact in COUNTED.iter().filter_map(|name| facts.get(*name)) {
        for column in &fact.columns {
            let field =
                column.origin.as_ref().and_then(|(entity, field)| registry.entity(entity).ok()?.get(field));
            if let Some(field) = field.filter(|field| counts(column, field)) {
                found.extend(of_column(fact, column, field));
            }
        }
    }
    found
}

fn counts(column: &Column, field: &Field) -> bool {
    let number = matches!(column.kind, ColumnKind::Int | ColumnKind::Decimal(_));
    let own = field.name.starts_with(engine::PREFIX) && !field.personal;
    number && own && (field.kind != Kind::Money || field.company_currency)
}

fn of_column(fact: &Table, column: &Column, field: &Field) -> Vec<Measure> {
    let table = kept(&fact.name);
    let whole = if fact.first_line().is_some() && fact.is_of_head(column) { Whole::Once } else { Whole::Sum };
    let aggregate = |sql: String| Expression::Aggregate { table, sql: kept(&sql), whole };
    let name = |of: &str| kept(&format!("{}_{}{of}", fact.name, column.name));
    let (en, zh) = (&field.label.en, &field.label.zh);
    let one = |of: &str, unit: Unit, expression: Expression, words: [String; 4]| {
        let [en, zh, definition_en, definition_zh] = words;
        let declared = measure(name(of), unit, ("", ""), ("", ""), expression);
        Measure { label: label(en, zh), definition: label(definition_en, definition_zh), ..declared }
    };
    let (of_en, of_zh) = (&fact.label.en, &fact.label.zh);
    let (sum_unit, mean_unit) = match field.kind {
        Kind::Money => (Unit::Money, Unit::Money),
        Kind::Percent => (Unit::Share, Unit::Share),
        _ => (Unit::Quantity, Unit::Quantity),
    };
    let sum = one(
        "",
        sum_unit,
        aggregate(format!("sum(f.{})", column.name)),
        [
            en.clone(),
            zh.clone(),
            format!("Sum of the company's own field “{en}” over {of_en}."),
            format!("自定义字段“{zh}”之和，取自{of_zh}。"),
        ],
    );
    let known = one(
        "_known",
        Unit::Count,
        aggregate(format!("count(f.{})", column.name)),
        [
            format!("{en}: known"),
            format!("{zh}：已填数"),
            format!("How often “{en}” is filled in."),
            format!("“{zh}”已填写的次数。"),
        ],
    );
    let mean = one(
        "_mean",
        mean_unit,
        Expression::Ratio(sum.name, known.name),
        [
            format!("{en} (mean)"),
            format!("{zh}（平均）"),
            format!("Mean of the company's own field “{en}” over {of_en} in which it is filled in."),
            format!("自定义字段“{zh}”的平均值，取自{of_zh}中已填写者。"),
        ],
    );
    // To add up shares means nothing.
    let shares = field.kind == Kind::Percent;
    vec![Measure { part: shares, ..sum }, Measure { part: true, ..known }, mean]
}
