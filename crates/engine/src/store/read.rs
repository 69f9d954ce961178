//! Single records: rows decoded by metadata; the same code for reads and inside transactions.

use crate::{
    Action, Actor, Dialect, Engine, Error, Result, Row, Tx,
    access::scope,
    allow, among,
    condition::{Condition, table_of, to_test},
    db::{name, render},
    schema,
};
use meta::{Decimal, Entity, Field, Id, Kind, Record, Value, unscaled};
use sea_query::{Alias, Expr, ExprTrait, Order, Query as Sql, SelectStatement, Value as Bound, Values};
use std::{collections::HashMap, sync::OnceLock};

const SYSTEM: [&str; 6] = ["id", "version", "created_at", "updated_at", "created_by", "deleted_at"];

/// The system columns and `fields` of what FROM calls `entity`.
pub(crate) fn columns(entity: &str, fields: &[&Field]) -> SelectStatement {
    let mut select = Sql::select();
    select.columns(SYSTEM.map(|column| (name(entity), name(column))));
    select.columns(fields.iter().map(|field| (table_of(entity, field), name(&field.name))));
    select
}

/// The rows of two tables are of one record.
pub(crate) fn same(one: &Alias, other: &Alias) -> Expr {
    Expr::col((other.clone(), name("id"))).equals((one.clone(), name("id")))
}

/// `SELECT` of the system columns and `fields`; a deleted record has no figures.
fn select(entity: &Entity, fields: &[&Field]) -> SelectStatement {
    let mut select = columns(&entity.name, fields);
    select.from(name(&entity.name));
    join_figures(&mut select, entity, fields);
    select
}

fn join_figures(select: &mut SelectStatement, entity: &Entity, fields: &[&Field]) {
    for apart in entity.aparts().filter(|apart| fields.iter().any(|field| field.apart == Some(*apart))) {
        let figures = name(&schema::apart_table_name(&entity.name, apart));
        select.left_join(figures.clone(), same(&name(&entity.name), &figures));
    }
}

pub(crate) fn decode(entity: &Entity, fields: &[&Field], mut row: Row) -> Result<Record> {
    let mut values = meta::Values::with_capacity(fields.len());
    for (index, field) in fields.iter().enumerate() {
        values.insert(field.name.as_str(), decode_value(field, &mut row, SYSTEM.len() + index)?);
    }
    Ok(Record {
        entity: entity.name.clone(),
        id: row.id(0)?,
        version: row.int(1)?,
        created_at: row.instant(2)?,
        updated_at: row.instant(3)?,
        created_by: row.opt_id(4)?,
        deleted_at: row.opt_instant(5)?,
        values,
    })
}

fn decode_value(field: &Field, row: &mut Row, index: usize) -> Result<Value> {
    Ok(match &field.kind {
        Kind::Integer => row.opt_int(index)?.into(),
        Kind::Decimal { .. } | Kind::Money | Kind::Percent => {
            let scale = field.scale().unwrap_or(0);
            row.opt_int(index)?.map(|stored| shortest(stored, scale)).into()
        }
        Kind::Bool => row.opt_bool(index)?.into(),
        Kind::Date => row.opt_date(index)?.into(),
        Kind::Instant => row.opt_instant(index)?.into(),
        Kind::Reference { .. } => row.opt_id(index)?.into(),
        Kind::Json => match row.opt_text(index)? {
            Some(text) => Value::Json(serde_json::from_str(&text)?),
            None => Value::Null,
        },
        _ => row.take_text(index)?.into(),
    })
}

/// Without zeros at its end. They are taken off the stored number: a division of decimals takes ten times as long, and the
/// records of a list have thousands.
fn shortest(mut stored: i64, mut scale: u32) -> Decimal {
    while scale > 0 && stored % 10 == 0 {
        stored /= 10;
        scale -= 1;
    }
    unscaled(stored, scale)
}

impl Row {
    /// A value of `field` read from column `index` of a module's own SELECT.
    /// A text is taken out: it is read no second time.
    pub fn value(&mut self, field: &Field, index: usize) -> Result<Value> {
        decode_value(field, self, index)
    }
}

/// The number a `SELECT COUNT` found.
pub(crate) fn number(rows: &[Row]) -> Result<u64> {
    Ok(rows.first().map(|row| row.int(0)).transpose()?.unwrap_or(0).unsigned_abs())
}

/// In the order of the map that a record's values are: made of values in order it is made at once.
pub(crate) fn all_fields(entity: &Entity) -> Vec<&Field> {
    let mut fields: Vec<&Field> = entity.fields.values().collect();
    fields.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    fields
}

pub(crate) fn by_ids(entity: &Entity, ids: &[Id]) -> SelectStatement {
    let mut select = select(entity, &all_fields(entity));
    select.and_where(Expr::col((name(&entity.name), name("id"))).is_in(among(ids)));
    select
}

/// Texts of [`by_ids`], one for each number of ids `among` gives: to build a SELECT of seventy columns takes longer than to
/// run it.
#[derive(Default)]
pub(crate) struct ByIds([OnceLock<String>; ByIds::CHUNK.ilog2() as usize + 1]);

impl ByIds {
    /// Ids of one statement.
    pub const CHUNK: usize = 1_024;

    /// The statement for `ids` of the entity these are the texts of.
    pub fn statement(&self, entity: &Entity, ids: &[Id], dialect: Dialect) -> (String, Values) {
        let bound: Vec<Bound> = among(ids).map(Bound::from).collect();
        let text = || render(&by_ids(entity, ids), dialect).0;
        let size = bound.len().checked_ilog2().and_then(|size| self.0.get(size as usize));
        (size.map_or_else(text, |known| known.get_or_init(text).clone()), Values(bound))
    }
}

pub(crate) fn decode_all(entity: &Entity, rows: Vec<Row>) -> Result<Vec<Record>> {
    let fields = all_fields(entity);
    rows.into_iter().map(|row| decode(entity, &fields, row)).collect()
}

pub(super) fn only_live(records: Vec<Record>, entity: &Entity, id: Id) -> Result<Record> {
    records
        .into_iter()
        .find(|record| record.deleted_at.is_none())
        .ok_or_else(|| Error::NotFound(format!("{} {id}", entity.name)))
}

impl Engine {
    /// A live record; [`Error::NotFound`] for a deleted one.
    pub async fn get(&self, actor: &Actor, entity: &str, id: Id) -> Result<Record> {
        let entity = self.entity(entity)?;
        let records = self.get_many(actor, &entity.name, &[id]).await?;
        only_live(records, entity, id)
    }

    /// The records that exist among `ids`, deleted ones included, in no particular order.
    pub async fn get_many(&self, actor: &Actor, entity: &str, ids: &[Id]) -> Result<Vec<Record>> {
        let entity = self.entity(entity)?;
        allow(actor, entity, Action::Read)?;
        let scope = scope(self.registry(), actor, entity, Action::Read);
        let mut records = Vec::with_capacity(ids.len());
        for ids in ids.chunks(ByIds::CHUNK) {
            let (sql, values) = match scope {
                Condition::Always(true) => self.registry().by_ids(entity, ids, self.dialect()),
                _ => {
                    let test = to_test(&scope, &entity.name, self.dialect());
                    render(by_ids(entity, ids).and_where(test), self.dialect())
                }
            };
            records.extend(decode_all(entity, self.pool().rows(sql, values).await?)?);
        }
        if let Some(rights) = actor.limits() {
            rights.withhold(&entity.name, &mut records);
        }
        Ok(records)
    }

    /// `SELECT` for a module's own reading of everybody: the id and `fields` of all live records, in order of the ids.
    pub fn select_live(&self, entity: &str, fields: &[&str]) -> Result<SelectStatement> {
        let entity = self.entity(entity)?;
        let unknown = |field: &str| Error::Internal(format!("{} has no field {field}", entity.name));
        let fields: Vec<&Field> = fields
            .iter()
            .map(|field| entity.get(field).ok_or_else(|| unknown(field)))
            .collect::<Result<_>>()?;
        let own = |column: &str| (name(&entity.name), name(column));
        let mut select = Sql::select();
        select.column(own("id"));
        select.columns(fields.iter().map(|field| (table_of(&entity.name, field), name(&field.name))));
        select.from(name(&entity.name));
        join_figures(&mut select, entity, &fields);
        select.and_where(Expr::col(own("deleted_at")).is_null()).order_by(own("id"), Order::Asc);
        Ok(select)
    }

    /// The titles of many records of several entities, one query per entity.
    pub async fn titles(&self, actor: &Actor, records: &[(&str, Id)]) -> Result<HashMap<Id, String>> {
        let mut by_entity: HashMap<&str, Vec<Id>> = HashMap::new();
        for (entity, id) in records {
            by_entity.entry(entity).or_default().push(*id);
        }
        let mut titles = HashMap::new();
        for (entity, mut ids) in by_entity {
            ids.sort_unstable();
            ids.dedup();
            let entity = self.entity(entity)?;
            if allow(actor, entity, Action::Read).is_err() {
                continue;
            }
            let title = actor.view(entity).get(&entity.title).filter(|title| title.masked);
            let mut select = Sql::select();
            select.columns([name("id"), name(&entity.title)]).from(name(&entity.name));
            select.and_where(Expr::col(name("id")).is_in(among(&ids)));
            let scope = scope(self.registry(), actor, entity, Action::Read);
            if scope != Condition::Always(true) {
                select.and_where(to_test(&scope, &entity.name, self.dialect()));
            }
            for mut row in self.fetch(&select).await? {
                let value = match entity.get(&entity.title) {
                    Some(field) => row.value(field, 1)?,
                    None => Value::Null,
                };
                let title = match value {
                    Value::Text(text) => match title {
                        Some(masked) => crate::masked(&masked.kind, &text),
                        None => text,
                    },
                    other => other.to_json().to_string(),
                };
                titles.insert(row.id(0)?, title);
            }
        }
        Ok(titles)
    }
}

impl Tx {
    pub async fn get(&mut self, entity: &str, id: Id) -> Result<Record> {
        let records = self.get_many(entity, &[id]).await?;
        let engine = self.engine.clone();
        only_live(records, engine.entity(entity)?, id)
    }

    pub async fn get_many(&mut self, entity: &str, ids: &[Id]) -> Result<Vec<Record>> {
        let engine = self.engine.clone();
        let entity = engine.entity(entity)?;
        let mut records = self.whole(entity, ids).await?;
        if let Some(rights) = self.actor.limits() {
            rights.withhold(&entity.name, &mut records);
        }
        Ok(records)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_number_is_read_in_its_shortest_form() {
        for stored in [0, 7, 10, 12_500, -340_000, 1_234_567, i64::MAX, i64::MIN] {
            for scale in [0, 2, 4] {
                let whole = unscaled(stored, scale).normalize();
                let read = shortest(stored, scale);
                assert_eq!((read, read.scale()), (whole, whole.scale()));
            }
        }
    }
}
