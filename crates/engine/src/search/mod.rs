//! Search by part of a word: one document of tokens per record, looked up by prefix.

mod tokens;

use crate::{
    Dialect, Result,
    db::{Conn, name},
};
use meta::{Entity, Id, Record, Values};
use sea_query::{Cond, Expr, ExprTrait, Order, Query, SelectStatement};
pub use tokens::{document, terms};

/// A record the search found.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    pub entity: String,
    pub id: Id,
    pub title: String,
}

/// How many matches of a search among other conditions are looked at, the newest first.
pub(crate) const MATCH_LIMIT: u64 = 10_000;

pub(crate) fn is_searched(entity: &Entity) -> bool {
    entity.fields.values().any(|field| field.searched)
}

/// The tokens of a record's searched fields, apart by spaces.
fn record_tokens(entity: &Entity, values: &Values, numbers: &[String]) -> String {
    let texts = entity
        .fields
        .values()
        .filter(|field| field.searched)
        .filter_map(|field| values.get(&field.name).and_then(|value| value.as_text()));
    document(texts.chain(numbers.iter().map(String::as_str)))
}

pub(crate) fn record_matches(entity: &Entity, record: &Record, text: &str) -> bool {
    let tokens = record_tokens(entity, &record.values, &[]);
    terms(text).iter().all(|term| {
        tokens
            .split(' ')
            .any(|token| if term.prefix { token.starts_with(&term.text) } else { token == term.text })
    })
}

/// Ids of `entity`'s records whose document has every term of `text`.
pub(crate) fn matching_ids(entity: &str, text: &str, dialect: Dialect, limit: u64) -> SelectStatement {
    let mut select = matching(text, dialect, limit);
    select.column(name("record_id")).and_where(Expr::col(name("entity")).eq(entity));
    select.order_by(name("doc"), Order::Desc);
    select
}

/// `SELECT … FROM search_doc WHERE <text matches>`, without columns yet.
pub(crate) fn matching(text: &str, dialect: Dialect, limit: u64) -> SelectStatement {
    let terms = terms(text);
    let mut select = Query::select();
    select.from(name("search_doc")).limit(limit);
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
            let docs = Query::select()
                .expr(Expr::cust("rowid"))
                .from(name("search_doc_tokens"))
                .and_where(Expr::cust_with_values("\"search_doc_tokens\" MATCH ?", [wanted.join(" ")]))
                .to_owned();
            select.cond_where(Cond::all().add(Expr::col(name("doc")).in_subquery(docs)));
        }
        Dialect::Postgres => {
            let wanted: Vec<String> = terms
                .iter()
                .map(|term| {
                    format!(
                        "'{}'{}",
                        term.text.replace(['\'', '\\'], ""),
                        if term.prefix { ":*" } else { "" }
                    )
                })
                .collect();
            select.cond_where(Expr::cust_with_values(
                "\"tokens\" @@ CAST($1 AS tsquery)",
                [wanted.join(" & ")],
            ));
        }
    }
    select
}

/// Replaces the documents of `records` (id, values, external numbers).
pub(crate) async fn index(
    conn: &mut Conn,
    entity: &Entity,
    records: &[(Id, &Values, Vec<String>)],
    new: bool,
) -> Result<()> {
    if !is_searched(entity) {
        return Ok(());
    }
    for chunk in records.chunks(500) {
        if !new {
            let ids: Vec<Id> = chunk.iter().map(|(id, ..)| *id).collect();
            remove(conn, &ids).await?;
        }
        let tokens: Vec<String> =
            chunk.iter().map(|(_, values, numbers)| record_tokens(entity, values, numbers)).collect();
        let mut docs = Query::insert();
        docs.into_table(name("search_doc"));
        match conn.dialect() {
            Dialect::Sqlite => {
                docs.columns([name("entity"), name("record_id")]).returning_col(name("doc"));
                for (id, ..) in chunk {
                    docs.values_panic([entity.name.clone().into(), (*id).into()]);
                }
                let rows = conn.fetch(&docs).await?;
                let mut insert = Query::insert();
                insert.into_table(name("search_doc_tokens")).columns([name("rowid"), name("tokens")]);
                for (row, tokens) in rows.iter().zip(&tokens) {
                    insert.values_panic([row.int(0)?.into(), tokens.clone().into()]);
                }
                conn.execute(&insert).await?;
            }
            Dialect::Postgres => {
                docs.columns([name("entity"), name("record_id"), name("tokens")]);
                for ((id, ..), tokens) in chunk.iter().zip(tokens) {
                    docs.values_panic([
                        entity.name.clone().into(),
                        (*id).into(),
                        Expr::cust_with_values(
                            "array_to_tsvector(string_to_array(nullif($1, ''), ' '))",
                            [tokens],
                        ),
                    ]);
                }
                conn.execute(&docs).await?;
            }
        }
    }
    Ok(())
}

/// Removes the documents of deleted records.
pub(crate) async fn remove(conn: &mut Conn, ids: &[Id]) -> Result<()> {
    for ids in ids.chunks(500) {
        if conn.dialect() == Dialect::Sqlite {
            let docs = Query::select()
                .column(name("doc"))
                .from(name("search_doc"))
                .and_where(Expr::col(name("record_id")).is_in(ids.iter().copied()))
                .to_owned();
            for row in conn.fetch(&docs).await? {
                let delete = Query::delete()
                    .from_table(name("search_doc_tokens"))
                    .and_where(Expr::cust_with_values("rowid = ?", [row.int(0)?]))
                    .to_owned();
                conn.execute(&delete).await?;
            }
        }
        let delete = Query::delete()
            .from_table(name("search_doc"))
            .and_where(Expr::col(name("record_id")).is_in(ids.iter().copied()))
            .to_owned();
        conn.execute(&delete).await?;
    }
    Ok(())
}
