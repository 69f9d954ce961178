//! The search index against the records: exactly the live records of searched entities have a document, and its tokens are
//! those of the record. SQLite's index keeps no texts, so its tokens are compared by a checksum per document.

use super::{BATCH_LIMIT, Verdict, beside::without, words};
use crate::{Dialect, Result, Tx, db::name, search};
use meta::{Entity, Id, Record};
use sea_query::{Expr, ExprTrait, Order, Query as Sql};
use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
};

/// Documents whose checksums are held at once, about 40 bytes each; more take another pass over the index.
const CHECKSUMS_LIMIT: u64 = 1_000_000;

/// A document as stored.
struct Doc {
    doc: i64,
    record: Id,
    checksum: u64,
}

pub(super) async fn examine(tx: &mut Tx) -> Result<Verdict> {
    let remedy = "edit and save the records named: their documents are made anew";
    let mut verdict = Verdict::new("search", "documents", remedy);
    let engine = tx.engine.clone();
    for entity in engine.registry().entities().filter(|entity| search::is_searched(entity)) {
        let table = search::table_name(&entity.name);
        for id in without(tx, (&entity.name, "id", true), (&table, "record_id", false)).await? {
            verdict.wrong(format!("{} {id} has no document", entity.name));
        }
        documents(tx, entity, &table, &mut verdict).await?;
    }
    Ok(verdict)
}

async fn documents(tx: &mut Tx, entity: &Entity, table: &str, verdict: &mut Verdict) -> Result<()> {
    let mut from = 0;
    loop {
        let last = last_doc(tx, table, from).await?;
        // The last pass also meets words of documents that nobody knows.
        let until = last.unwrap_or(i64::MAX);
        let mut checksums = match tx.dialect() {
            Dialect::Sqlite => {
                let words = search::tokens_table_name(&entity.name);
                words::checksums(&mut tx.conn, &words, from, until, checksum).await?
            }
            Dialect::Postgres => HashMap::new(),
        };
        if last.is_some() {
            compare(tx, entity, table, (from, until), &mut checksums, verdict).await?;
        }
        for doc in checksums.keys() {
            let name = &entity.name;
            verdict.wrong(format!("the index of {name} has words of document {doc}, which does not exist"));
        }
        if last.is_none() {
            return Ok(());
        }
        from = until;
    }
}

/// The last document of the next pass.
async fn last_doc(tx: &mut Tx, table: &str, after: i64) -> Result<Option<i64>> {
    let some = Sql::select()
        .column(name("doc"))
        .from(name(table))
        .and_where(Expr::col(name("doc")).gt(after))
        .order_by(name("doc"), Order::Asc)
        .limit(CHECKSUMS_LIMIT)
        .to_owned();
    let select =
        Sql::select().expr(Expr::col(name("doc")).max()).from_subquery(some, name("some")).to_owned();
    tx.fetch(&select).await?.first().map_or(Ok(None), |row| row.opt_int(0))
}

/// The documents after the first number up to the second; takes theirs out of `checksums`.
async fn compare(
    tx: &mut Tx,
    entity: &Entity,
    table: &str,
    (mut after, until): (i64, i64),
    checksums: &mut HashMap<i64, u64>,
    verdict: &mut Verdict,
) -> Result<()> {
    while after < until {
        let docs = read(tx, table, (after, until), checksums).await?;
        let Some(last) = docs.last() else { return Ok(()) };
        after = last.doc;
        verdict.saw(docs.len());
        let expected = expected(tx, entity, &docs).await?;
        for doc in docs {
            let record = format!("{} {}", entity.name, doc.record);
            match expected.get(&doc.record) {
                None => verdict.wrong(format!("{record} has a document and is deleted or does not exist")),
                Some(checksum) if *checksum != doc.checksum => {
                    verdict.wrong(format!("{record} is not found by what its fields say"));
                }
                Some(_) => {}
            }
        }
    }
    Ok(())
}

async fn read(
    tx: &mut Tx,
    table: &str,
    (after, until): (i64, i64),
    checksums: &mut HashMap<i64, u64>,
) -> Result<Vec<Doc>> {
    let postgres = tx.dialect() == Dialect::Postgres;
    let mut select = Sql::select();
    select
        .columns(["doc", "record_id"].map(name))
        .from(name(table))
        .and_where(Expr::col(name("doc")).gt(after))
        .and_where(Expr::col(name("doc")).lte(until))
        .order_by(name("doc"), Order::Asc)
        .limit(BATCH_LIMIT);
    if postgres {
        select.expr(Expr::cust("array_to_string(tsvector_to_array(\"tokens\"), ' ')"));
    }
    let rows = tx.fetch(&select).await?;
    rows.iter()
        .map(|row| {
            let doc = row.int(0)?;
            let checksum = if postgres {
                sum(&row.opt_text(2)?.unwrap_or_default())
            } else {
                checksums.remove(&doc).unwrap_or_default()
            };
            Ok(Doc { doc, record: row.id(1)?, checksum })
        })
        .collect()
}

/// Per live record the checksum of the document it should have.
async fn expected(tx: &mut Tx, entity: &Entity, docs: &[Doc]) -> Result<HashMap<Id, u64>> {
    let ids: Vec<Id> = docs.iter().map(|doc| doc.record).collect();
    let records: Vec<Record> = tx.get_many(&entity.name, &ids).await?;
    let mut numbers = if entity.external_ids { tx.external_ids_of(&ids).await? } else { HashMap::new() };
    let live = records.iter().filter(|record| record.deleted_at.is_none());
    Ok(live
        .map(|record| {
            let own = numbers.remove(&record.id).unwrap_or_default();
            let own: Vec<String> = own.into_iter().map(|(_, number)| number).collect();
            (record.id, sum(&search::record_tokens(entity, &record.values, &own)))
        })
        .collect())
}

fn checksum(word: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    word.hash(&mut hasher);
    hasher.finish()
}

/// Of a document, whatever the order of its words.
fn sum(tokens: &str) -> u64 {
    tokens.split(' ').filter(|token| !token.is_empty()).map(checksum).fold(0, u64::wrapping_add)
}
