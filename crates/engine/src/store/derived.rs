//! Background figures and search documents: what is derived from records and written beside them.

use super::save::PARAMETERS;
use crate::{Error, Result, Tx, condition::bind, db::name, search};
use meta::{Field, Id, Value, Values};
use sea_query::{Expr, ExprTrait, IntoIden, Query as Sql, TableRef, Value as Bound, ValueTuple};
use std::collections::HashMap;

impl Tx {
    /// Writes background figures: neither logged nor counted as a new version.
    pub async fn set_figures(&mut self, entity: &str, figures: &[(Id, Values)]) -> Result<()> {
        let engine = self.engine.clone();
        let entity = engine.entity(entity)?;
        let Some((_, first)) = figures.first() else { return Ok(()) };
        let fields: Vec<&Field> = first
            .keys()
            .map(|field| {
                entity
                    .get(field)
                    .filter(|field| field.figure)
                    .ok_or_else(|| Error::Internal(format!("{field} is not a figure of {}", entity.name)))
            })
            .collect::<Result<_>>()?;
        let rows = (PARAMETERS / (fields.len() + 1)).clamp(1, 500);
        for chunk in figures.chunks(rows) {
            let values = chunk.iter().map(|(id, values)| {
                let figures =
                    fields.iter().map(|field| bind(field, values.get(&field.name).unwrap_or(&Value::Null)));
                ValueTuple::Many([Bound::Uuid(Some(*id))].into_iter().chain(figures).collect())
            });
            // Both databases name the columns of a list of values column1, column2, …
            let mut update = Sql::update();
            update
                .table(name(&entity.name))
                .from(TableRef::ValuesList(values.collect(), name("figures").into_iden()));
            for (index, field) in fields.iter().enumerate() {
                update.value(
                    name(&field.name),
                    Expr::col((name("figures"), name(&format!("column{}", index + 2)))),
                );
            }
            update.and_where(
                Expr::col((name(&entity.name), name("id"))).equals((name("figures"), name("column1"))),
            );
            self.conn.execute(&update).await?;
        }
        Ok(())
    }

    /// Makes the search documents of `ids` anew from what is stored.
    pub(crate) async fn reindex(&mut self, entity: &str, ids: &[Id]) -> Result<()> {
        let engine = self.engine.clone();
        let entity = engine.entity(entity)?;
        if !search::is_searched(entity) {
            return Ok(());
        }
        let records = self.get_many(&entity.name, ids).await?;
        let mut numbers: HashMap<Id, Vec<String>> = HashMap::new();
        if entity.external_ids {
            for ids in ids.chunks(1_000) {
                let select = Sql::select()
                    .columns([name("record_id"), name("external_id")])
                    .from(name("external_id"))
                    .and_where(Expr::col(name("record_id")).is_in(ids.iter().copied()))
                    .to_owned();
                for row in self.conn.fetch(&select).await? {
                    numbers.entry(row.id(0)?).or_default().push(row.text(1)?);
                }
            }
        }
        let documents: Vec<_> = records
            .iter()
            .filter(|record| record.deleted_at.is_none())
            .map(|record| (record.id, &record.values, numbers.remove(&record.id).unwrap_or_default()))
            .collect();
        search::index(&mut self.conn, entity, &documents, false).await
    }
}
