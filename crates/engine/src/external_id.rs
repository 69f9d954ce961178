//! A record's numbers in other systems: unique per entity and source.

use crate::{Action, Engine, Error, Result, Tx, among, db::name};
use meta::Id;
use sea_query::{Expr, ExprTrait, Query as Sql, SelectStatement, Value as Bound};
use std::collections::HashMap;

const CHUNK: usize = 500;

fn select(entity: &str, source: &str, numbers: &[String]) -> SelectStatement {
    let mut select = Sql::select();
    select
        .columns([name("external_id"), name("record_id")])
        .from(name("external_id"))
        .and_where(Expr::col(name("entity")).eq(entity))
        .and_where(Expr::col(name("source")).eq(source))
        .and_where(Expr::col(name("external_id")).is_in(among(numbers)));
    select
}

pub(crate) fn of_records(ids: &[Id]) -> SelectStatement {
    Sql::select()
        .columns([name("record_id"), name("source"), name("external_id")])
        .from(name("external_id"))
        .and_where(Expr::col(name("record_id")).is_in(among(ids)))
        .order_by(name("source"), sea_query::Order::Asc)
        .order_by(name("external_id"), sea_query::Order::Asc)
        .to_owned()
}

impl Engine {
    /// (source, number) pairs of each record.
    pub async fn external_ids_of(&self, ids: &[Id]) -> Result<HashMap<Id, Vec<(String, String)>>> {
        let mut found: HashMap<Id, Vec<(String, String)>> = HashMap::new();
        for ids in ids.chunks(CHUNK) {
            for row in self.fetch(&of_records(ids)).await? {
                found.entry(row.id(0)?).or_default().push((row.text(1)?, row.text(2)?));
            }
        }
        Ok(found)
    }

    /// The records that have one of `numbers` in `source`.
    pub async fn external_ids(
        &self,
        entity: &str,
        source: &str,
        numbers: &[String],
    ) -> Result<HashMap<String, Id>> {
        let mut found = HashMap::new();
        for numbers in numbers.chunks(CHUNK) {
            for row in self.fetch(&select(entity, source, numbers)).await? {
                found.insert(row.text(0)?, row.id(1)?);
            }
        }
        Ok(found)
    }

    /// The record with this number in that system.
    pub async fn by_external_id(&self, entity: &str, source: &str, number: &str) -> Result<Option<Id>> {
        let rows = self.fetch(&select(entity, source, &[number.to_owned()])).await?;
        rows.first().map(|row| row.id(1)).transpose()
    }
}

impl Tx {
    /// The records that have one of `numbers` in `source`.
    pub async fn external_ids(
        &mut self,
        entity: &str,
        source: &str,
        numbers: &[String],
    ) -> Result<HashMap<String, Id>> {
        let mut found = HashMap::new();
        for numbers in numbers.chunks(CHUNK) {
            for row in self.conn.fetch(&select(entity, source, numbers)).await? {
                found.insert(row.text(0)?, row.id(1)?);
            }
        }
        Ok(found)
    }

    /// Gives records their numbers in `source`; a number another record has is refused. To give a number to a record that was
    /// there is to change it.
    pub async fn set_external_ids(
        &mut self,
        entity: &str,
        source: &str,
        numbers: &[(String, Id)],
    ) -> Result<()> {
        let old = numbers.iter().map(|(_, id)| *id).filter(|id| !self.made.contains(id));
        let (old, known) = (old.collect::<Vec<Id>>(), self.engine.entity(entity)?.clone());
        self.confirm(&known, &old, Action::Update).await?;
        self.insert_external_ids(entity, source, numbers).await?;
        self.reindex(entity, &numbers.iter().map(|(_, id)| *id).collect::<Vec<_>>(), false).await
    }

    pub(crate) async fn insert_external_ids(
        &mut self,
        entity: &str,
        source: &str,
        numbers: &[(String, Id)],
    ) -> Result<()> {
        let run = self.run;
        let columns = ["entity", "source", "external_id", "record_id", "run_id"];
        let values: Vec<Bound> = numbers
            .iter()
            .flat_map(|(number, id)| -> [Bound; 5] {
                [entity.into(), source.into(), number.as_str().into(), (*id).into(), run.into()]
            })
            .collect();
        let inserted = self.conn.insert_rows("external_id", &columns, values);
        inserted.await.map_err(|error| match error {
            Error::Invalid(_) => Error::rule(
                "external_id",
                format!("a number of source “{source}” already belongs to another record: use it once"),
                format!("来源“{source}”中的某个编号已属于另一条记录，每个编号只能用一次"),
            ),
            other => other,
        })
    }

    /// Frees the numbers that run `run` gave to `ids`, so that they can be given again.
    pub async fn forget_external_ids(&mut self, run: Id, ids: &[Id]) -> Result<()> {
        for ids in ids.chunks(CHUNK) {
            let delete = Sql::delete()
                .from_table(name("external_id"))
                .and_where(Expr::col(name("run_id")).eq(run))
                .and_where(Expr::col(name("record_id")).is_in(among(ids)))
                .to_owned();
            self.conn.execute(&delete).await?;
        }
        Ok(())
    }

    /// (source, number) pairs of each record, as this transaction sees them.
    pub async fn external_ids_of(&mut self, ids: &[Id]) -> Result<HashMap<Id, Vec<(String, String)>>> {
        let mut found: HashMap<Id, Vec<(String, String)>> = HashMap::new();
        for ids in ids.chunks(CHUNK) {
            for row in self.conn.fetch(&of_records(ids)).await? {
                found.entry(row.id(0)?).or_default().push((row.text(1)?, row.text(2)?));
            }
        }
        Ok(found)
    }

    /// Makes `numbers` all the numbers a record has in `source`.
    pub async fn replace_external_ids(
        &mut self,
        entity: &str,
        source: &str,
        id: Id,
        numbers: &[String],
    ) -> Result<()> {
        let known = self.external_ids(entity, source, numbers).await?;
        let mut others = Sql::delete();
        others
            .from_table(name("external_id"))
            .and_where(Expr::col(name("record_id")).eq(id))
            .and_where(Expr::col(name("source")).eq(source));
        if !numbers.is_empty() {
            others.and_where(Expr::col(name("external_id")).is_not_in(numbers.iter().cloned()));
        }
        let gone = self.conn.execute(&others).await?;
        let new = numbers.iter().filter(|number| known.get(*number) != Some(&id));
        let new: Vec<(String, Id)> = new.map(|number| (number.clone(), id)).collect();
        self.set_external_ids(entity, source, &new).await?;
        if gone > 0 { self.reindex(entity, &[id], false).await } else { Ok(()) }
    }
}
