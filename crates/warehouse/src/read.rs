//! Reads the rows of a table from the operational store, in the order of their heads' ids.

use crate::{
    column::{Cell, Filling, data_type},
    internal,
    keys::Keys,
    shares::shares,
    table::{Beside, Input, Share, Side, Source, Table},
};
use datafusion::arrow::{
    array::RecordBatch,
    datatypes::{Field, Schema, SchemaRef},
};
use engine::{
    Result, Row,
    chrono_tz::Tz,
    name,
    sea_query::{Alias, Expr, ExprTrait, Func, Order, Query as Sql, SelectStatement},
};
use meta::{DateTime, Id};
use std::sync::Arc;
use value::service_cost::Rates;

/// The columns of the files; the nullability is the same for all, so that files of several versions fit together.
pub(crate) fn schema(table: &Table) -> SchemaRef {
    let field = |column: &crate::Column| Field::new(&column.name, data_type(column.kind), true);
    Arc::new(Schema::new(table.columns.iter().map(field).collect::<Vec<_>>()))
}

/// Rows with `from <= head < until`; the inputs in their order.
pub(crate) fn select(table: &Table, from: Id, until: Option<Id>) -> SelectStatement {
    let head = name(&table.head);
    let beside = table.beside.as_ref().map_or(&[][..], |beside| &beside.tables);
    let (line, counted) = (named(&table.line), named(&table.counted));
    let mut select = Sql::select();
    for Input { side, field, .. } in &table.inputs {
        let from = match (side, &line) {
            (Side::Line, Some((line, _))) => line.clone(),
            (Side::Beside(at), _) => beside.get(*at).map_or(head.clone(), |beside| name(beside)),
            (Side::Count, _) => {
                if let Some((line, _)) = &counted {
                    select.expr(Func::count(Expr::col((line.clone(), name(field)))));
                }
                continue;
            }
            _ => head.clone(),
        };
        select.column((from, name(field)));
    }
    restrict(&mut select, table, from, until);
    select.order_by((head.clone(), name("id")), Order::Asc);
    if let Some(Beside { tables, then_by: Some(then_by), .. }) = &table.beside
        && let Some(table) = tables.last()
    {
        select.order_by((name(table), name(then_by)), Order::Asc);
    }
    if let Some((line, parent)) = counted {
        let of_head = Expr::col((line.clone(), parent)).equals((head.clone(), name("id")));
        let live = Expr::col((line.clone(), name("deleted_at"))).is_null();
        select.left_join(line, of_head.and(live)).group_by_col((head.clone(), name("id")));
    }
    if let Some((line, _)) = line {
        select.order_by((line, name("id")), Order::Asc);
    }
    select
}

/// How many rows [`select`] would give.
pub(crate) fn count(table: &Table, from: Id, until: Option<Id>) -> SelectStatement {
    let mut select = Sql::select();
    select.expr(Func::count(Expr::col((name(&table.head), name("id")))));
    restrict(&mut select, table, from, until);
    select
}

/// Rows with `from <= head < until`, and nothing deleted.
fn restrict(select: &mut SelectStatement, table: &Table, from: Id, until: Option<Id>) {
    let head = name(&table.head);
    let id = Expr::col((head.clone(), name("id")));
    select.from(head.clone()).and_where(Expr::col((head.clone(), name("deleted_at"))).is_null());
    if let Some(Beside { tables, key, known, .. }) = &table.beside {
        for table in tables {
            let same = Expr::col((name(table), name(key))).equals((head.clone(), name("id")));
            select.inner_join(name(table), same);
        }
        if let (Some(known), Some(table)) = (known, tables.last()) {
            select.and_where(Expr::col((name(table), name(known))).is_not_null());
        }
    }
    if let Some((field, values)) = &table.only {
        select.and_where(Expr::col((head.clone(), name(field))).is_in(values.clone()));
    }
    if from != Id::nil() {
        select.and_where(id.clone().gte(from));
    }
    if let Some(until) = until {
        select.and_where(id.lt(until));
    }
    if let Some((line, parent)) = named(&table.line) {
        let same = Expr::col((line.clone(), parent)).equals((head, name("id")));
        select.inner_join(line.clone(), same);
        select.and_where(Expr::col((line, name("deleted_at"))).is_null());
    }
}

fn named(lines: &Option<(String, String)>) -> Option<(Alias, Alias)> {
    lines.as_ref().map(|(line, parent)| (name(line), name(parent)))
}

/// The id of the head `places` after the first one of `from <= head < until`, deleted ones included.
pub(crate) fn nth_head(table: &Table, from: Id, until: Option<Id>, places: u64) -> SelectStatement {
    let mut select = Sql::select();
    select.column(name("id")).from(name(&table.head)).and_where(Expr::col(name("id")).gte(from));
    if let Some(until) = until {
        select.and_where(Expr::col(name("id")).lt(until));
    }
    select.order_by(name("id"), Order::Asc).limit(1).offset(places).to_owned()
}

pub(crate) fn read(table: &Table, row: &Row) -> Result<Vec<Cell>> {
    table.inputs.iter().enumerate().map(|(at, input)| Cell::read(row, at, input.kind)).collect()
}

/// Rows becoming columns; whole heads at a time.
pub(crate) struct Batch<'t> {
    table: &'t Table,
    zone: Tz,
    rates: &'t Rates,
    columns: Vec<Filling>,
    rows: usize,
}

impl<'t> Batch<'t> {
    pub fn new(table: &'t Table, zone: Tz, rates: &'t Rates) -> Batch<'t> {
        let columns = table.columns.iter().map(|column| Filling::new(column.kind)).collect();
        Batch { table, zone, rates, columns, rows: 0 }
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The rows of one head.
    pub fn push(&mut self, rows: &[Vec<Cell>], keys: &mut Keys) -> Result<()> {
        let parts = self.table.shares.as_ref().map(|inputs| shares(rows, inputs));
        for (at, row) in rows.iter().enumerate() {
            for (column, filling) in self.table.columns.iter().zip(&mut self.columns) {
                let read = |at: &usize| row.get(*at).unwrap_or(&Cell::Null);
                let part = |share: &Share| parts.as_ref().and_then(|parts| parts.get(at)?.get(*share));
                let made = match &column.source {
                    Source::Own(at) => {
                        filling.push(read(at)).map_err(internal)?;
                        continue;
                    }
                    Source::Key(at) => match read(at) {
                        Cell::Id(id) => {
                            let target = column.target.as_deref().unwrap_or_default();
                            Cell::Int(i64::from(keys.of(target, *id)?))
                        }
                        _ => Cell::Null,
                    },
                    Source::Day(at) => match day_of(self.zone, read(at)) {
                        Some(day) => Cell::Int(i64::from(day)),
                        None => Cell::Null,
                    },
                    Source::Cost(cost) => {
                        let effort = self.table.effort.as_ref();
                        let cost = effort.and_then(|effort| effort.cost(*cost, row, self.rates, self.zone));
                        cost.map_or(Cell::Null, Cell::Int)
                    }
                    Source::First => Cell::Bool(at == 0),
                    Source::Share(share) => match part(share) {
                        Some(amount) => Cell::Int(i64::try_from(amount).map_err(internal)?),
                        None => Cell::Null,
                    },
                };
                filling.push(&made).map_err(internal)?;
            }
            self.rows += 1;
        }
        Ok(())
    }

    pub fn finish(&mut self) -> Result<RecordBatch> {
        self.rows = 0;
        let columns = self.columns.iter_mut().map(Filling::finish).collect();
        RecordBatch::try_new(schema(self.table), columns).map_err(internal)
    }
}

/// The company's calendar day of an instant, since 1970-01-01.
pub(crate) fn day_of(zone: Tz, instant: &Cell) -> Option<i32> {
    let at = instant.number().and_then(DateTime::from_timestamp_micros)?;
    Some(crate::column::day_number(at.with_timezone(&zone).date_naive()))
}
