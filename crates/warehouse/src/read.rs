//! Reads the rows of a table from the operational store, in the order of their heads' ids.

use crate::{
    column::{Cell, Filling, data_type},
    internal,
    keys::Keys,
    shares::shares,
    table::{Input, Share, Side, Source, Table},
};
use datafusion::arrow::{
    array::RecordBatch,
    datatypes::{Field, Schema, SchemaRef},
};
use engine::{
    Result, Row,
    chrono_tz::Tz,
    name,
    schema::figures_table_name,
    sea_query::{Expr, ExprTrait, Order, Query as Sql, SelectStatement},
};
use meta::{DateTime, Id};
use std::sync::Arc;

/// The columns of the files; the nullability is the same for all, so that files of several versions fit together.
pub(crate) fn schema(table: &Table) -> SchemaRef {
    let field = |column: &crate::Column| Field::new(&column.name, data_type(column.kind), true);
    Arc::new(Schema::new(table.columns.iter().map(field).collect::<Vec<_>>()))
}

/// Rows with `from <= head < until`; the inputs in their order.
pub(crate) fn select(table: &Table, from: Id, until: Option<Id>) -> SelectStatement {
    let head = name(&table.head);
    let figures = name(&figures_table_name(&table.head));
    let line = table.line.as_ref().map(|(line, parent)| (name(line), name(parent)));
    let mut select = Sql::select();
    for Input { side, field, .. } in &table.inputs {
        let from = match (side, &line) {
            (Side::Line, Some((line, _))) => line.clone(),
            (Side::Figures, _) => figures.clone(),
            _ => head.clone(),
        };
        select.column((from, name(field)));
    }
    let id = Expr::col((head.clone(), name("id")));
    select.from(head.clone()).and_where(Expr::col((head.clone(), name("deleted_at"))).is_null());
    if table.figures {
        let same = Expr::col((figures.clone(), name("id"))).equals((head.clone(), name("id")));
        select.inner_join(figures, same);
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
    select.order_by((head.clone(), name("id")), Order::Asc);
    if let Some((line, parent)) = line {
        let same = Expr::col((line.clone(), parent)).equals((head.clone(), name("id")));
        select.inner_join(line.clone(), same);
        select.and_where(Expr::col((line.clone(), name("deleted_at"))).is_null());
        select.order_by((line, name("id")), Order::Asc);
    }
    select
}

pub(crate) fn read(table: &Table, row: &Row) -> Result<Vec<Cell>> {
    table.inputs.iter().enumerate().map(|(at, input)| Cell::read(row, at, input.kind)).collect()
}

/// Rows becoming columns; whole heads at a time.
pub(crate) struct Batch<'t> {
    table: &'t Table,
    zone: Tz,
    columns: Vec<Filling>,
    rows: usize,
}

impl<'t> Batch<'t> {
    pub fn new(table: &'t Table, zone: Tz) -> Batch<'t> {
        let columns = table.columns.iter().map(|column| Filling::new(column.kind)).collect();
        Batch { table, zone, columns, rows: 0 }
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
                    Source::Day(at) => day(self.zone, read(at)),
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

/// The company's calendar day of an instant.
fn day(zone: Tz, instant: &Cell) -> Cell {
    let at = instant.number().and_then(DateTime::from_timestamp_micros);
    let day = at.map(|at| at.with_timezone(&zone).date_naive());
    day.map_or(Cell::Null, |day| Cell::Int(i64::from(crate::column::day_number(day))))
}
