//! Search documents waiting to be written. A full-text index is written best in one go: SQLite writes a segment of it to
//! the disk with each savepoint, so the documents of all transactions of one commit go in together, at its end.

use super::{table_name, tokens_table_name};
use crate::{
    Dialect, Result, among,
    bulk::pieces,
    db::{Conn, name},
};
use indexmap::IndexMap;
use meta::Id;
use sea_query::{Expr, ExprTrait, Query, Value as Bound};
use std::collections::BTreeMap;

/// Documents deleted in one statement.
const CHUNK: usize = 500;

enum Document {
    /// Of a record made just now: there is none to replace.
    New(String),
    Replaced(String),
    Removed,
}

#[derive(Default)]
pub(crate) struct Pending {
    documents: BTreeMap<String, IndexMap<Id, Document>>,
}

impl Pending {
    pub fn put(&mut self, entity: &str, id: Id, tokens: String, new: bool) {
        let known = self.documents.entry(entity.to_owned()).or_default();
        let new = new || matches!(known.get(&id), Some(Document::New(_)));
        known.insert(id, if new { Document::New(tokens) } else { Document::Replaced(tokens) });
    }

    /// Of records made just now.
    pub fn put_new(&mut self, entity: &str, documents: impl Iterator<Item = (Id, String)>) {
        let known = self.documents.entry(entity.to_owned()).or_default();
        known.extend(documents.map(|(id, tokens)| (id, Document::New(tokens))));
    }

    pub fn remove(&mut self, entity: &str, id: Id) {
        let known = self.documents.entry(entity.to_owned()).or_default();
        match known.get(&id) {
            Some(Document::New(_)) => drop(known.shift_remove(&id)),
            _ => drop(known.insert(id, Document::Removed)),
        }
    }

    /// Takes over what a transaction of the same commit wants written.
    pub fn absorb(&mut self, later: Pending) {
        for (entity, documents) in later.documents {
            for (id, document) in documents {
                match document {
                    Document::New(tokens) => self.put(&entity, id, tokens, true),
                    Document::Replaced(tokens) => self.put(&entity, id, tokens, false),
                    Document::Removed => self.remove(&entity, id),
                }
            }
        }
    }

    pub async fn flush(&mut self, conn: &mut Conn) -> Result<()> {
        for (entity, documents) in std::mem::take(&mut self.documents) {
            let old = documents.iter().filter(|(_, document)| !matches!(document, Document::New(_)));
            let old: Vec<Id> = old.map(|(id, _)| *id).collect();
            delete(conn, &entity, &old).await?;
            let wanted: Vec<(Id, String)> = documents
                .into_iter()
                .filter_map(|(id, document)| match document {
                    Document::New(tokens) | Document::Replaced(tokens) => Some((id, tokens)),
                    Document::Removed => None,
                })
                .collect();
            insert(conn, &entity, wanted).await?;
        }
        Ok(())
    }
}

async fn delete(conn: &mut Conn, entity: &str, ids: &[Id]) -> Result<()> {
    let mut gone: Vec<i64> = vec![];
    for ids in ids.chunks(CHUNK) {
        let mut documents = Query::delete();
        documents
            .from_table(name(&table_name(entity)))
            .and_where(Expr::col(name("record_id")).is_in(among(ids)));
        if conn.dialect() == Dialect::Postgres {
            conn.execute(&documents).await?;
            continue;
        }
        for row in conn.fetch(documents.returning_col(name("doc"))).await? {
            gone.push(row.int(0)?);
        }
    }
    for docs in gone.chunks(CHUNK) {
        let tokens = Query::delete()
            .from_table(name(&tokens_table_name(entity)))
            .and_where(Expr::col(name("rowid")).is_in(among(docs)))
            .to_owned();
        conn.execute(&tokens).await?;
    }
    Ok(())
}

/// All numbers first, then all words: a statement that returns rows begins with a savepoint of its own, for which SQLite
/// writes what it has collected of the full-text index.
async fn insert(conn: &mut Conn, entity: &str, documents: Vec<(Id, String)>) -> Result<()> {
    let postgres = conn.dialect() == Dialect::Postgres;
    let mut numbers: Vec<i64> = Vec::with_capacity(documents.len());
    for documents in pieces(&documents, 2) {
        let mut docs = Query::insert();
        docs.into_table(name(&table_name(entity)));
        if postgres {
            docs.columns([name("record_id"), name("tokens")]);
            for (id, tokens) in documents {
                let vector = "array_to_tsvector(string_to_array(nullif($1, ''), ' '))";
                docs.values_panic([(*id).into(), Expr::cust_with_values(vector, [tokens.clone()])]);
            }
            conn.execute(&docs).await?;
            continue;
        }
        docs.columns([name("record_id")]).returning_col(name("doc"));
        for (id, _) in documents {
            docs.values_panic([(*id).into()]);
        }
        for row in conn.fetch(&docs).await? {
            numbers.push(row.int(0)?);
        }
    }
    if postgres {
        return Ok(());
    }
    let values: Vec<Bound> = numbers
        .into_iter()
        .zip(documents)
        .flat_map(|(number, (_, tokens))| -> [Bound; 2] { [number.into(), tokens.into()] })
        .collect();
    conn.insert_rows(&tokens_table_name(entity), &["rowid", "tokens"], values).await
}
