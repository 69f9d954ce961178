//! Search by part of a word: one document of tokens per record, looked up by prefix. Each searched entity has a table of
//! documents, so that a search in customers never meets the numbers of a million orders.

mod making;
mod pending;
pub(crate) mod rebuild;
mod tokens;

use crate::{
    Dialect, Result,
    db::name,
    external_id,
    schema::{ColumnKind, Table},
    store::Source,
};
pub(crate) use making::Making;
use meta::{Entity, Id, Record, Values};
pub(crate) use pending::Pending;
use sea_query::{
    CommonTableExpression, Expr, ExprTrait, Order, Query, SelectStatement, UnionType, WithClause,
};
use std::collections::HashMap;
pub use tokens::{document, terms, words};

/// A record the search found.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    pub entity: String,
    pub id: Id,
    pub title: String,
}

/// How many matches of a search among other conditions are looked at, the newest first.
pub(crate) const MATCH_LIMIT: u64 = 10_000;

/// Documents walked before the index is asked: of a word that is in one of twenty the newest fifty are met.
const NEAR: u64 = 1_000;
/// A word that no more documents have is rare.
const FEW: u64 = 2_000;

pub fn is_searched(entity: &Entity) -> bool {
    entity.fields.values().any(|field| field.searched)
}

/// The table of documents of an entity.
pub fn table_name(entity: &str) -> String {
    format!("{entity}_search")
}

/// SQLite's full-text index of the documents, by their number.
pub fn tokens_table_name(entity: &str) -> String {
    format!("{entity}_search_tokens")
}

pub(crate) fn table(entity: &Entity) -> Option<Table> {
    is_searched(entity).then(|| {
        Table::new(&table_name(&entity.name), ["doc"])
            .required("doc", ColumnKind::Serial)
            .required("record_id", ColumnKind::Id)
            .optional("tokens", ColumnKind::Tokens)
            .unique(["record_id"])
    })
}

/// The tokens of a record's searched fields and numbers, apart by spaces.
pub fn record_tokens(entity: &Entity, values: &Values, numbers: &[String]) -> String {
    let texts = entity
        .fields
        .values()
        .filter(|field| field.searched)
        .filter_map(|field| values.get(&field.name).and_then(|value| value.as_text()));
    document(texts.chain(numbers.iter().map(String::as_str)))
}

pub(crate) fn record_matches(entity: &Entity, record: &Record, text: &str) -> bool {
    matches_with(entity, record, &[], text)
}

fn matches_with(entity: &Entity, record: &Record, numbers: &[String], text: &str) -> bool {
    let tokens = record_tokens(entity, &record.values, numbers);
    let terms = terms(text);
    let has = |term: &tokens::Term| {
        tokens
            .split(' ')
            .any(|token| if term.prefix { token.starts_with(&term.text) } else { token == term.text })
    };
    // A text without a word finds nothing, as in the database.
    !terms.is_empty() && terms.iter().all(has)
}

/// Leaves the records that match by the searched fields of `entity`, as somebody knows it, and their numbers elsewhere.
pub(crate) async fn keep_matching(
    source: &mut Source<'_>,
    entity: &Entity,
    text: &str,
    records: &mut Vec<Record>,
) -> Result<()> {
    let mut numbers: HashMap<Id, Vec<String>> = HashMap::new();
    if entity.external_ids {
        let ids: Vec<Id> = records.iter().map(|record| record.id).collect();
        for ids in ids.chunks(1_000) {
            for row in source.fetch(&external_id::of_records(ids)).await? {
                numbers.entry(row.id(0)?).or_default().push(row.text(2)?);
            }
        }
    }
    records.retain(|record| {
        matches_with(entity, record, numbers.get(&record.id).map_or(&[], Vec::as_slice), text)
    });
    Ok(())
}

/// Ids of the `limit` newest records of `entity` whose document has every term of `text`.
pub(crate) fn matching_ids(entity: &str, text: &str, dialect: Dialect, limit: u64) -> SelectStatement {
    let terms = terms(text);
    let mut select = Query::select();
    select.column(name("record_id")).from(name(&table_name(entity)));
    if terms.is_empty() {
        select.and_where(Expr::val(1i64).eq(0i64));
        return select;
    }
    match dialect {
        Dialect::Sqlite => {
            let wanted: Vec<String> = terms
                .iter()
                .map(|term| {
                    format!("\"{}\"{}", term.text.replace('"', ""), if term.prefix { "*" } else { "" })
                })
                .collect();
            let tokens = tokens_table_name(entity);
            // In the index's own order, so that it stops at the limit.
            let docs = Query::select()
                .column(name("rowid"))
                .from(name(&tokens))
                .and_where(Expr::cust_with_values(format!("\"{tokens}\" MATCH ?"), [wanted.join(" ")]))
                .order_by(name("rowid"), Order::Desc)
                .limit(limit)
                .to_owned();
            select.and_where(Expr::col(name("doc")).in_subquery(docs));
        }
        Dialect::Postgres => {
            let wanted: Vec<String> = terms
                .iter()
                .map(|term| {
                    let text = term.text.replace(['\'', '\\'], "");
                    format!("'{text}'{}", if term.prefix { ":*" } else { "" })
                })
                .collect();
            let wanted = wanted.join(" & ");
            if limit < FEW {
                return newest_of_few_or_many(&table_name(entity), &wanted, limit);
            }
            let matches = Expr::cust_with_values("\"tokens\" @@ CAST($1 AS tsquery)", [wanted]);
            select.and_where(matches).order_by(name("doc"), Order::Desc).limit(limit);
        }
    }
    select
}

/// PostgreSQL knows of the commonest words alone how common they are. Any other it takes for common, too, and for the newest documents
/// that have it would walk all of them, whether or not any has it. So the newest documents are walked a little way, where a common word
/// is met often enough. Otherwise the index is asked for a few matches: were they all, they are put in order; only of a word that more
/// have the walk goes on. The word is asked for, not given: so PostgreSQL neither guesses by it nor plans anew for each, which took
/// longer than to find most words.
fn newest_of_few_or_many(table: &str, wanted: &str, limit: u64) -> SelectStatement {
    let matches =
        || Expr::cust_with_values("\"tokens\" @@ (SELECT CAST($1 AS tsquery))", [wanted.to_owned()]);
    let of =
        |table: &str| Query::select().columns(["record_id", "doc"].map(name)).from(name(table)).to_owned();
    let kept = |called: &str, select: &mut SelectStatement| {
        CommonTableExpression::new()
            .query(select.take())
            .table_name(name(called))
            .materialized(true)
            .to_owned()
    };
    let number_of = |kept: &str| Expr::from(of(kept).clear_selects().expr(Expr::cust("COUNT(*)")).take());

    let mut newest = of(table).column(name("tokens")).order_by(name("doc"), Order::Desc).limit(NEAR).take();
    let mut near = Query::select()
        .columns(["record_id", "doc"].map(name))
        .from_subquery(newest.take(), name("newest"))
        .and_where(matches())
        .order_by(name("doc"), Order::Desc)
        .limit(limit)
        .take();
    let mut few = of(table).and_where(matches()).and_where(number_of("near").lt(limit)).limit(FEW).take();
    // Hidden from the index, which would find them all.
    let many = of(table)
        .and_where(Expr::cust_with_expr("($1) IS TRUE", matches()))
        .and_where(number_of("few").gte(FEW))
        .order_by(name("doc"), Order::Desc)
        .limit(limit)
        .take();
    let found = of("near")
        .and_where(number_of("near").gte(limit))
        .union(UnionType::All, of("few").and_where(number_of("few").lt(FEW)).take())
        .union(UnionType::All, many)
        .take();
    Query::select()
        .with_cte(WithClause::new().cte(kept("near", &mut near)).cte(kept("few", &mut few)).to_owned())
        .column(name("record_id"))
        .from_subquery(found, name("found"))
        .order_by(name("doc"), Order::Desc)
        .limit(limit)
        .take()
}
