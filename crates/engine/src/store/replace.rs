//! Replaces the figures of every record at once. Changing a million rows one by one would move each of their many index
//! entries; a new table is filled in the order of its key, its indexes are built by sorting, and it takes the place of the
//! old one in one short transaction. Readers keep the old figures until then; other writers wait for a step at a time.

use crate::{
    Actor, Dialect, Engine, Error, Figures, LogKind, Result, Tx,
    bulk::{among, pieces},
    condition::bind,
    db::name,
    schema::{self, Index, Table, figures_table_name},
};
use futures::future::BoxFuture;
use meta::{Entity, Field, Id, Value, Values};
use sea_query::{
    Alias, Expr, ExprTrait, IntoIden, JoinType, Query as Sql, TableRef, Value as Bound, ValueTuple,
};
use std::sync::Arc;

/// Rows written in one transaction.
const BATCH: usize = 5_000;
/// Entries of the change log read at once.
const ENTRIES: u64 = 1_000;

/// Asked in each step's transaction with the token of the caller: whether these figures are still the ones wanted.
pub type StillWanted = for<'t> fn(&'t mut Tx, i64) -> BoxFuture<'t, Result<bool>>;

/// One replacement on its way.
#[derive(Clone)]
struct Replacement {
    entity: Arc<Entity>,
    wanted: StillWanted,
    token: i64,
}

impl Replacement {
    /// Each has a table of its own, so that one overtaken by another harms nobody.
    fn table(&self) -> String {
        format!("{}__{}", figures_table_name(&self.entity.name), self.token)
    }
}

/// The name under which the token of the last replacement stands among the positions of the log's readers: who keeps copies of
/// an entity's figures tells by it that all of them are new.
pub fn figures_reader(entity: &str) -> String {
    format!("figures:{entity}")
}

impl Engine {
    /// Writes `figures` (each with the same fields) as those of all records of `entity` there were at entry `since` of the
    /// change log; other figures stay, and records made or restored since keep what they have. Every step asks `wanted` with `token`, which rises from one call to
    /// the next; as soon as it says no, nothing is changed and the answer is `false`. Figures written one by one meanwhile
    /// are overwritten: who writes such must write them again.
    pub async fn replace_figures(
        &self,
        entity: &str,
        mut figures: impl Iterator<Item = (Id, Values)> + Send,
        since: i64,
        wanted: StillWanted,
        token: i64,
    ) -> Result<bool> {
        let one = Replacement { entity: self.entity(entity)?.clone(), wanted, token };
        let table = schema::figures_table(&one.entity)
            .ok_or_else(|| Error::Internal(format!("{entity} has no figures apart")))?;
        let plain = Table { name: one.table(), indexes: vec![], ..table.clone() };
        if !self.replacing_step(&one, schema::Step::CreateTable(plain)).await? {
            return Ok(false);
        }
        loop {
            let batch: Vec<(Id, Values)> = figures.by_ref().take(BATCH).collect();
            if batch.is_empty() {
                break;
            }
            let one = one.clone();
            let filled = self
                .write(&Actor::system(), move |tx| {
                    Box::pin(
                        async move { Ok(still_wanted(tx, &one).await? && fill(tx, &one, &batch).await?) },
                    )
                })
                .await?;
            if !filled {
                return Ok(false);
            }
        }
        for index in &table.indexes {
            let index = Index { name: format!("{}__{token}", index.name), ..index.clone() };
            if !self.replacing_step(&one, schema::Step::CreateIndex { table: one.table(), index }).await? {
                return Ok(false);
            }
        }
        self.write(&Actor::system(), move |tx| {
            Box::pin(async move { Ok(still_wanted(tx, &one).await? && swap(tx, &one, &table, since).await?) })
        })
        .await
    }

    async fn replacing_step(&self, one: &Replacement, step: schema::Step) -> Result<bool> {
        let one = one.clone();
        self.write(&Actor::system(), move |tx| {
            Box::pin(async move {
                if !still_wanted(tx, &one).await? {
                    return Ok(false);
                }
                for statement in schema::ddl(&step, tx.dialect()) {
                    tx.conn.run(&statement).await?;
                }
                Ok(true)
            })
        })
        .await
    }
}

async fn still_wanted(tx: &mut Tx, one: &Replacement) -> Result<bool> {
    if (one.wanted)(tx, one.token).await? {
        return Ok(true);
    }
    tx.conn.run(&format!("DROP TABLE IF EXISTS \"{}\"", one.table())).await?;
    Ok(false)
}

/// Rows of the next table: the new figures, and the others of the row there is.
async fn fill(tx: &mut Tx, one: &Replacement, figures: &[(Id, Values)]) -> Result<bool> {
    let Some((_, first)) = figures.first() else { return Ok(true) };
    let entity = &one.entity;
    let (new, kept): (Vec<&Field>, Vec<&Field>) =
        entity.figures_apart().partition(|field| first.contains_key(&field.name));
    let table = figures_table_name(&entity.name);
    for chunk in pieces(figures, new.len() + 1) {
        let rows = chunk.iter().map(|(id, values)| {
            let own = new.iter().map(|field| bind(field, values.get(&field.name).unwrap_or(&Value::Null)));
            ValueTuple::Many([Bound::Uuid(Some(*id))].into_iter().chain(own).collect())
        });
        let given = |column: usize| Expr::col((name("figures"), name(&format!("column{column}"))));
        let mut select = Sql::select();
        select.from(TableRef::ValuesList(rows.collect(), name("figures").into_iden()));
        select.join(JoinType::InnerJoin, name(&table), Expr::col((name(&table), name("id"))).eq(given(1)));
        select.exprs((1..=new.len() + 1).map(given));
        select.columns(kept.iter().map(|field| (name(&table), name(&field.name))));
        let columns: Vec<Alias> = ["id"]
            .into_iter()
            .chain(new.iter().chain(&kept).map(|field| field.name.as_str()))
            .map(name)
            .collect();
        let mut insert = Sql::insert();
        insert.into_table(name(&one.table())).columns(columns);
        insert.select_from(select).map_err(|error| Error::Internal(error.to_string()))?;
        tx.conn.execute(&insert).await?;
    }
    Ok(true)
}

async fn swap(tx: &mut Tx, one: &Replacement, table: &Table, since: i64) -> Result<bool> {
    let entity = &one.entity;
    let (old, next) = (table.name.clone(), one.table());
    if tx.dialect() == Dialect::Postgres {
        tx.conn.run(&format!("LOCK TABLE \"{old}\" IN ACCESS EXCLUSIVE MODE")).await?;
    }
    let (came, went) = came_and_went(tx, &entity.name, since).await?;
    for ids in went.chunks(1_000) {
        let delete = Sql::delete()
            .from_table(name(&next))
            .and_where(Expr::col(name("id")).is_in(among(ids)))
            .to_owned();
        tx.conn.execute(&delete).await?;
    }
    for ids in came.chunks(1_000) {
        let mut known = Sql::select();
        known.column(name("id")).from(name(&next));
        let mut select = Sql::select();
        select.columns(table.columns.iter().map(|column| name(&column.name))).from(name(&old));
        select.and_where(Expr::col(name("id")).is_in(among(ids)));
        select.and_where(Expr::col(name("id")).not_in_subquery(known));
        let mut insert = Sql::insert();
        insert.into_table(name(&next)).columns(table.columns.iter().map(|column| name(&column.name)));
        insert.select_from(select).map_err(|error| Error::Internal(error.to_string()))?;
        tx.conn.execute(&insert).await?;
    }
    tx.conn.run(&format!("DROP TABLE \"{old}\"")).await?;
    tx.conn.run(&format!("ALTER TABLE \"{next}\" RENAME TO \"{old}\"")).await?;
    if tx.dialect() == Dialect::Postgres {
        for index in &table.indexes {
            let own = format!("{}__{}", index.name, one.token);
            tx.conn.run(&format!("ALTER INDEX \"{own}\" RENAME TO \"{}\"", index.name)).await?;
        }
        tx.conn.run(&format!("ALTER INDEX \"{next}_pkey\" RENAME TO \"{old}_pkey\"")).await?;
    }
    drop_overtaken(tx, &old).await?;
    tx.set_position(&figures_reader(&entity.name), one.token).await?;
    tx.figures.push(Figures { entity: entity.name.clone(), ids: vec![] });
    Ok(true)
}

/// Records of `entity` that were made or restored after entry `since` of the log, and those that were deleted.
async fn came_and_went(tx: &mut Tx, entity: &str, since: i64) -> Result<(Vec<Id>, Vec<Id>)> {
    let (mut came, mut went, mut after) = (vec![], vec![], since);
    loop {
        let entries = tx.changes(after, ENTRIES).await?;
        let Some(last) = entries.last() else { return Ok((came, went)) };
        after = last.seq;
        for entry in entries.into_iter().filter(|entry| entry.entity == entity) {
            match entry.kind {
                LogKind::Create | LogKind::Restore => came.extend(entry.ids),
                LogKind::Delete => went.extend(entry.ids),
                LogKind::Update | LogKind::Erase => {}
            }
        }
    }
}

/// Tables of replacements that were overtaken or killed on the way.
async fn drop_overtaken(tx: &mut Tx, table: &str) -> Result<()> {
    let sql = match tx.dialect() {
        Dialect::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE",
        Dialect::Postgres => {
            "SELECT CAST(tablename AS text) FROM pg_tables WHERE schemaname = current_schema() AND tablename LIKE"
        }
    };
    let pattern = format!("{}\\_\\_%", table.replace('_', "\\_"));
    for row in tx.conn.fetch_text(&format!("{sql} '{pattern}' ESCAPE '\\'")).await? {
        tx.conn.run(&format!("DROP TABLE \"{}\"", row.text(0)?)).await?;
    }
    Ok(())
}
