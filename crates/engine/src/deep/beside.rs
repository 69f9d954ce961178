//! What stands in a table of its own beside each live record: exactly one row for each, and none for others.

use super::{BATCH_LIMIT, Verdict};
use crate::{Result, Tx, db::name, schema::apart_table_name};
use meta::Id;
use sea_query::{Expr, ExprTrait, Order, Query as Sql};

/// A table, its column of record ids, and whether only its live rows count.
pub(super) type Side<'s> = (&'s str, &'s str, bool);

/// Record ids in one table that the other does not have.
pub(super) async fn without(tx: &mut Tx, of: Side<'_>, other: Side<'_>) -> Result<Vec<Id>> {
    let column = |side: Side<'_>, column: &str| Expr::col((name(side.0), name(column)));
    let mut there = Sql::select();
    there.expr(Expr::val(1i64)).from(name(other.0));
    there.and_where(column(other, other.1).equals((name(of.0), name(of.1))));
    if other.2 {
        there.and_where(column(other, "deleted_at").is_null());
    }
    let mut missing = vec![];
    loop {
        let mut select = Sql::select();
        select
            .column((name(of.0), name(of.1)))
            .from(name(of.0))
            .and_where(Expr::not_exists(there.clone()))
            .order_by((name(of.0), name(of.1)), Order::Asc)
            .limit(BATCH_LIMIT);
        if of.2 {
            select.and_where(column(of, "deleted_at").is_null());
        }
        if let Some(last) = missing.last() {
            select.and_where(column(of, of.1).gt(*last));
        }
        let rows = tx.fetch(&select).await?;
        for row in &rows {
            missing.push(row.id(0)?);
        }
        if rows.len() < BATCH_LIMIT as usize {
            return Ok(missing);
        }
    }
}

/// Each live record has its row of figures.
pub(super) async fn figures(tx: &mut Tx) -> Result<Verdict> {
    let remedy = "bring back the database from a backup, or delete and restore the records named";
    let mut verdict = Verdict::new("figure rows", "entities", remedy);
    let engine = tx.engine.clone();
    let entities = engine.registry().entities();
    for (entity, apart) in entities.flat_map(|entity| entity.aparts().map(move |apart| (entity, apart))) {
        verdict.saw(1);
        let table = apart_table_name(&entity.name, apart);
        let (records, figures) = ((&*entity.name, "id", true), (&*table, "id", false));
        for id in without(tx, records, figures).await? {
            verdict.wrong(format!("{} {id} has no figures", entity.name));
        }
        for id in without(tx, figures, records).await? {
            verdict.wrong(format!("{} {id} has figures and is deleted or does not exist", entity.name));
        }
    }
    Ok(verdict)
}
