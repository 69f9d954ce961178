//! Replaces the figures of every record at once. Changing a million rows one by one would move each of their many index
//! entries; a new table is filled in the order of its key, its indexes are built by sorting, and it takes the place of the
//! old one in one short transaction. Readers keep the old figures until then; other writers wait for a step at a time. A table of
//! which few rows differ keeps its place: those rows are written.
//! Long because what overtakes a replacement, and what is written beside it, is best read with it.

use crate::{
    Actor, Dialect, Engine, Error, Figures, LogKind, Result, Row, Tx,
    bulk::{among, pieces},
    condition::bind,
    db::{aside, name},
    schema::{self, Index, Table, apart_table, apart_table_name},
    store::writer,
};
use futures::future::BoxFuture;
use meta::{Apart, Entity, Field, Id, Value, Values};
use sea_query::{
    Alias, Expr, ExprTrait, IntoIden, JoinType, Query as Sql, SelectStatement, TableRef, Value as Bound,
    ValueTuple,
};
use std::{collections::HashMap, sync::Arc};
use tokio::task::JoinHandle;

/// Rows written in one transaction.
const BATCH: usize = 5_000;
/// Entries of the change log read at once.
const ENTRIES: u64 = 1_000;
/// Records looked at to tell how many rows of a table differ.
const LOOKED_AT: usize = 1_000;
/// Where more than one row in so many differs, a new table is made sooner than the rows are changed.
const FEW: usize = 5;

/// Asked in each step's transaction with the token of the caller: whether these figures are still the ones wanted.
pub type StillWanted = for<'t> fn(&'t mut Tx, i64) -> BoxFuture<'t, Result<bool>>;

/// What figures rest on: the change log up to entry `since`. `follower` is the reader of the log who writes the same figures one by one.
#[derive(Clone, Copy)]
pub struct Reading {
    pub since: i64,
    pub follower: &'static str,
}

/// One replacement on its way.
#[derive(Clone)]
struct Replacement {
    entity: Arc<Entity>,
    reading: Reading,
    wanted: StillWanted,
    token: i64,
    /// The tables that are made anew, and those whose rows are changed.
    renewed: Vec<Apart>,
    changed: Vec<Apart>,
}

impl Replacement {
    /// Each has tables of its own, so that one overtaken by another harms nobody.
    fn next(&self, apart: Apart) -> String {
        format!("{}__{}", apart_table_name(&self.entity.name, apart), self.token)
    }

    /// The figures of a table that are written, and the others.
    fn fields(&self, apart: Apart, written: &Values) -> (Vec<&Field>, Vec<&Field>) {
        self.entity.figures_apart(apart).partition(|field| written.contains_key(&field.name))
    }
}

/// What differs in a table.
type Changes = (Apart, Vec<(Id, Values)>);

async fn is_written(writing: Option<JoinHandle<Result<bool>>>) -> Result<bool> {
    match writing {
        Some(writing) => writing.await.map_err(|stopped| Error::Internal(stopped.to_string()))?,
        None => Ok(true),
    }
}

/// The name under which stands, among the positions of the log's readers, how often figures of an entity were changed without an
/// entry: who keeps copies of them tells by it that any may be new. Each replacement counts; who writes figures by
/// [`Tx::set_figures`] that follow from no entry of the log counts with [`Tx::count_change`].
pub fn figures_reader(entity: &str) -> String {
    format!("figures:{entity}")
}

/// The name under which stands, among the positions of the log's readers, how often figures that rest on an older reading took the
/// place of those `follower` wrote.
pub fn overwritten(follower: &str) -> String {
    format!("{follower}:overwritten")
}

impl Engine {
    /// Writes `figures`, one for each of `ids` (each with the same fields; fastest in the order of ids), as those of all records of `entity`
    /// there were at entry `reading.since` of the change log; other figures stay, those written one by one meanwhile too, and records made or
    /// restored since keep what they have. Every step asks `wanted` with `token`, which rises from one call to the next; as soon as it
    /// says no, nothing more is written and the answer is `false`. What the follower wrote meanwhile may be overwritten: in the same
    /// transaction it is set back, and [`overwritten`] counts. It must move on only if that still is what it was when it began a step,
    /// read while neither `wanted` nor another of its steps can run.
    pub async fn replace_figures(
        &self,
        entity: &str,
        ids: &[Id],
        mut figures: impl FnMut(usize) -> Values + Send,
        reading: Reading,
        wanted: StillWanted,
        token: i64,
    ) -> Result<bool> {
        let entity = self.entity(entity)?.clone();
        let mut one = Replacement { entity, reading, wanted, token, renewed: vec![], changed: vec![] };
        let entity = one.entity.clone();
        let step = Ord::max(ids.len().div_ceil(LOOKED_AT), 1);
        let some: Vec<(Id, Values)> =
            aside(|| (0..ids.len()).step_by(step).map(|at| (ids[at], figures(at))).collect());
        for apart in entity.aparts() {
            let many = self.differing(&one, apart, &some).await?.len() * FEW > some.len();
            if many { one.renewed.push(apart) } else { one.changed.push(apart) }
        }
        for apart in &one.renewed {
            let plain = Table { name: one.next(*apart), indexes: vec![], ..apart_table(&entity, *apart) };
            if !self.replacing_step(&one, schema::Step::CreateTable(plain)).await? {
                return Ok(false);
            }
        }
        // The next batch is made while one is written.
        let mut writing: Option<JoinHandle<Result<bool>>> = None;
        for from in (0..ids.len()).step_by(BATCH) {
            let until = Ord::min(from + BATCH, ids.len());
            let batch: Vec<(Id, Values)> = aside(|| (from..until).map(|at| (ids[at], figures(at))).collect());
            let changes = self.changed_rows(&one, &batch).await?;
            if !is_written(writing.take()).await? {
                return Ok(false);
            }
            let (engine, one) = (self.clone(), one.clone());
            writing = Some(tokio::spawn(async move { engine.write_batch(one, batch, changes).await }));
        }
        if !is_written(writing).await? {
            return Ok(false);
        }
        for apart in &one.renewed {
            let (name, table) = (one.next(*apart), apart_table(&entity, *apart));
            for index in table.indexes {
                let index = Index { name: format!("{}__{token}", index.name), ..index };
                if !self
                    .replacing_step(&one, schema::Step::CreateIndex { table: name.clone(), index })
                    .await?
                {
                    return Ok(false);
                }
            }
        }
        if !self.learn(&one).await? {
            return Ok(false);
        }
        self.write(&Actor::system(), move |tx| {
            Box::pin(async move { Ok(still_wanted(tx, &one).await? && take_over(tx, &one).await?) })
        })
        .await
    }

    /// PostgreSQL plans by what it knows of a table's values, which of a new one is nothing until autovacuum comes round; before that it takes
    /// a third of the rows for an answer and reads all of them.
    async fn learn(&self, one: &Replacement) -> Result<bool> {
        if self.dialect() == Dialect::Sqlite {
            return Ok(true);
        }
        for apart in &one.renewed {
            let statement = format!("ANALYZE \"{}\"", one.next(*apart));
            if !self.while_wanted(one, vec![statement]).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn changed_rows(&self, one: &Replacement, batch: &[(Id, Values)]) -> Result<Vec<Changes>> {
        let mut changes = vec![];
        for apart in &one.changed {
            changes.push((*apart, self.differing(one, *apart, batch).await?));
        }
        changes.retain(|(_, changes)| !changes.is_empty());
        Ok(changes)
    }

    async fn write_batch(
        &self,
        one: Replacement,
        batch: Vec<(Id, Values)>,
        changes: Vec<Changes>,
    ) -> Result<bool> {
        if changes.is_empty() && one.renewed.is_empty() {
            return Ok(true);
        }
        self.write(&Actor::system(), move |tx| {
            Box::pin(async move {
                if !still_wanted(tx, &one).await? {
                    return Ok(false);
                }
                for apart in one.entity.aparts() {
                    if one.renewed.contains(&apart) || changes.iter().any(|(changed, _)| *changed == apart) {
                        hold_writers(tx, &apart_table_name(&one.entity.name, apart)).await?;
                    }
                }
                for apart in &one.renewed {
                    fill(tx, &one, *apart, &batch).await?;
                }
                for (apart, changes) in &changes {
                    change(tx, &one, *apart, changes).await?;
                }
                if !changes.is_empty() {
                    let followed = tx.position(one.reading.follower).await?;
                    set_follower(tx, one.reading, Ord::min(followed, one.reading.since)).await?;
                }
                Ok(true)
            })
        })
        .await
    }

    /// Those of `figures` that a table has otherwise: only the values that differ.
    async fn differing(
        &self,
        one: &Replacement,
        apart: Apart,
        figures: &[(Id, Values)],
    ) -> Result<Vec<(Id, Values)>> {
        let Some((_, first)) = figures.first() else { return Ok(vec![]) };
        let (fields, _) = one.fields(apart, first);
        if fields.is_empty() {
            return Ok(vec![]);
        }
        let places = places(&fields, first);
        let table = apart_table_name(&one.entity.name, apart);
        let mut differing = vec![];
        for chunk in figures.chunks(1_000) {
            let rows = self.fetch(&stored(&table, &fields, chunk)).await?;
            let mut rows: HashMap<Id, Row> =
                rows.into_iter().map(|row| Ok((row.id(0)?, row))).collect::<Result<_>>()?;
            for (id, values) in chunk {
                // Who is gone has no row.
                let Some(row) = rows.get_mut(id) else { continue };
                let mut other = Values::new();
                for (at, field) in fields.iter().enumerate() {
                    let value = values.get_near(places[at], &field.name).unwrap_or(&Value::Null);
                    if row.value(field, at + 1)? != *value {
                        other.insert(field.name.clone(), value.clone());
                    }
                }
                if !other.is_empty() {
                    differing.push((*id, other));
                }
            }
        }
        Ok(differing)
    }

    async fn replacing_step(&self, one: &Replacement, step: schema::Step) -> Result<bool> {
        let statements = schema::ddl(&step, self.dialect());
        // SQLite's writer sorts more quickly on its own than in a transaction.
        let (in_it, alone) = match (step, self.writer()) {
            (schema::Step::CreateIndex { .. }, Some(writer)) => (vec![], Some((writer, statements))),
            _ => (statements, None),
        };
        let wanted = self.while_wanted(one, in_it).await?;
        if let (true, Some((writer, statements))) = (wanted, alone) {
            writer::alone(writer, statements).await?;
        }
        Ok(wanted)
    }

    async fn while_wanted(&self, one: &Replacement, statements: Vec<String>) -> Result<bool> {
        let (one, system) = (one.clone(), Actor::system());
        let wanted = self.write(&system, move |tx| {
            Box::pin(async move {
                if !still_wanted(tx, &one).await? {
                    return Ok(false);
                }
                for statement in statements {
                    tx.conn.run(&statement).await?;
                }
                Ok(true)
            })
        });
        wanted.await
    }
}

/// Where the fields stand in the figures of most, who have them all.
fn places(fields: &[&Field], values: &Values) -> Vec<Option<usize>> {
    fields.iter().map(|field| values.place(&field.name)).collect()
}

/// The rows of `figures` as they are stored.
fn stored(table: &str, fields: &[&Field], figures: &[(Id, Values)]) -> SelectStatement {
    let ids: Vec<Id> = figures.iter().map(|(id, _)| *id).collect();
    let mut select = Sql::select();
    select.column(name("id")).columns(fields.iter().map(|field| name(&field.name))).from(name(table));
    select.and_where(Expr::col(name("id")).is_in(among(&ids)));
    select
}

async fn still_wanted(tx: &mut Tx, one: &Replacement) -> Result<bool> {
    if (one.wanted)(tx, one.token).await? {
        return Ok(true);
    }
    for apart in &one.renewed {
        keep_writers_out(tx, &apart_table_name(&one.entity.name, *apart)).await?;
        tx.conn.run(&format!("DROP TABLE IF EXISTS \"{}\"", one.next(*apart))).await?;
    }
    Ok(false)
}

/// Rows of the next table: the new figures, and the others of the row there is.
async fn fill(tx: &mut Tx, one: &Replacement, apart: Apart, figures: &[(Id, Values)]) -> Result<()> {
    let Some((_, first)) = figures.first() else { return Ok(()) };
    let (new, kept) = one.fields(apart, first);
    let places = places(&new, first);
    let table = apart_table_name(&one.entity.name, apart);
    for chunk in pieces(figures, new.len() + 1) {
        let rows = chunk.iter().map(|(id, values)| {
            let own = new.iter().zip(&places).map(|(field, place)| {
                bind(field, values.get_near(*place, &field.name).unwrap_or(&Value::Null))
            });
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
        insert.into_table(name(&one.next(apart))).columns(columns);
        insert.select_from(select).map_err(|error| Error::Internal(error.to_string()))?;
        tx.conn.execute(&insert).await?;
    }
    Ok(())
}

/// Writes the values that differ: those of the same fields at once, for a database moves the index entries of all it is given.
async fn change(tx: &mut Tx, one: &Replacement, apart: Apart, changes: &[(Id, Values)]) -> Result<()> {
    let mut alike: HashMap<Vec<&str>, Vec<(Id, Values)>> = HashMap::new();
    for (id, values) in changes {
        let fields = values.keys().collect();
        alike.entry(fields).or_default().push((*id, values.clone()));
    }
    let table = apart_table_name(&one.entity.name, apart);
    for (names, changes) in alike {
        let fields: Vec<&Field> = names.iter().filter_map(|name| one.entity.get(name)).collect();
        tx.update_figures(&table, &fields, &changes).await?;
    }
    Ok(())
}

async fn set_follower(tx: &mut Tx, reading: Reading, entry: i64) -> Result<()> {
    tx.set_position(reading.follower, entry).await?;
    tx.count_change(&overwritten(reading.follower)).await
}

async fn take_over(tx: &mut Tx, one: &Replacement) -> Result<bool> {
    let entity = &one.entity.name;
    if !one.renewed.is_empty() {
        // First, or who is on his way would be in neither table: the lock waits for him.
        for apart in &one.renewed {
            keep_writers_out(tx, &apart_table_name(entity, *apart)).await?;
        }
        let (came, went) = came_and_went(tx, entity, one.reading.since).await?;
        for apart in &one.renewed {
            swap(tx, one, *apart, &came, &went).await?;
        }
    }
    for apart in one.entity.aparts() {
        drop_overtaken(tx, &apart_table_name(entity, apart)).await?;
    }
    // From here on everybody's figures rest on the reading: nothing before it is followed any more, and all after it once again.
    set_follower(tx, one.reading, one.reading.since).await?;
    tx.count_change(&figures_reader(entity)).await?;
    tx.figures.push(Figures { entity: entity.clone(), ids: vec![] });
    Ok(true)
}

async fn swap(tx: &mut Tx, one: &Replacement, apart: Apart, came: &[Id], went: &[Id]) -> Result<()> {
    let table = apart_table(&one.entity, apart);
    let (old, next) = (table.name.clone(), one.next(apart));
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
    Ok(())
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

/// Until the transaction ends nobody else writes the table; SQLite has one writer anyway. Who writes other figures meanwhile writes the next
/// table too, and must find the row there; and two that write the same rows in different orders would wait for each other.
async fn hold_writers(tx: &mut Tx, table: &str) -> Result<()> {
    match tx.dialect() {
        Dialect::Sqlite => Ok(()),
        Dialect::Postgres => {
            tx.conn.run(&format!("LOCK TABLE \"{table}\" IN SHARE ROW EXCLUSIVE MODE")).await
        }
    }
}

/// Until the transaction ends nobody reads or writes the table, nor writes those that are to take its place; SQLite has one writer anyway.
async fn keep_writers_out(tx: &mut Tx, table: &str) -> Result<()> {
    match tx.dialect() {
        Dialect::Sqlite => Ok(()),
        Dialect::Postgres => tx.conn.run(&format!("LOCK TABLE \"{table}\" IN ACCESS EXCLUSIVE MODE")).await,
    }
}

/// The tables that are to take the place of this one; also of replacements that were overtaken or killed on the way.
pub(super) async fn next_tables(tx: &mut Tx, table: &str) -> Result<Vec<String>> {
    let sql = match tx.dialect() {
        Dialect::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE",
        Dialect::Postgres => {
            "SELECT CAST(tablename AS text) FROM pg_tables WHERE schemaname = current_schema() AND tablename LIKE"
        }
    };
    let pattern = format!("{}\\_\\_%", table.replace('_', "\\_"));
    let rows = tx.conn.fetch_text(&format!("{sql} '{pattern}' ESCAPE '\\'")).await?;
    rows.iter().map(|row| row.text(0)).collect()
}

async fn drop_overtaken(tx: &mut Tx, table: &str) -> Result<()> {
    let overtaken = next_tables(tx, table).await?;
    if !overtaken.is_empty() {
        keep_writers_out(tx, table).await?;
    }
    for table in overtaken {
        tx.conn.run(&format!("DROP TABLE \"{table}\"")).await?;
    }
    Ok(())
}
