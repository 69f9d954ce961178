//! Background figures and search documents: what is derived from records and written beside them.

use crate::{
    Dialect, Error, Figures, Result, Tx, among, bulk::pieces, condition::bind, db::name,
    engine::FIGURES_NAMED, schema::apart_table_name, search, store::replace,
};
use meta::{Apart, Entity, Field, Id, Value, Values};
use sea_query::{Expr, ExprTrait, IntoIden, Query as Sql, TableRef, Value as Bound, ValueTuple};
use std::collections::HashMap;

impl Tx {
    /// Writes background figures: neither logged nor counted as a new version.
    pub async fn set_figures(&mut self, entity: &str, figures: &[(Id, Values)]) -> Result<()> {
        let engine = self.engine.clone();
        let entity = engine.entity(entity)?;
        let Some((_, first)) = figures.first().filter(|(_, first)| !first.is_empty()) else { return Ok(()) };
        let fields: Vec<&Field> = first
            .keys()
            .map(|field| {
                entity
                    .get(field)
                    .filter(|field| field.figure)
                    .ok_or_else(|| Error::Internal(format!("{field} is not a figure of {}", entity.name)))
            })
            .collect::<Result<_>>()?;
        let stored = |apart: Option<Apart>| -> Vec<&Field> {
            fields.iter().copied().filter(|field| field.apart == apart).collect()
        };
        self.update_figures(&entity.name, &stored(None), figures).await?;
        for apart in Apart::ALL {
            let (table, fields) = (apart_table_name(&entity.name, apart), stored(Some(apart)));
            self.update_figures(&table, &fields, figures).await?;
            if !fields.is_empty() {
                for next in replace::next_tables(self, &table).await? {
                    self.update_figures(&next, &fields, figures).await?;
                }
            }
        }
        let named = if figures.len() > FIGURES_NAMED { &[] } else { figures };
        let ids = named.iter().map(|(id, _)| *id).collect();
        self.figures.push(Figures { entity: entity.name.clone(), ids });
        Ok(())
    }

    pub(super) async fn update_figures(
        &mut self,
        table: &str,
        fields: &[&Field],
        figures: &[(Id, Values)],
    ) -> Result<()> {
        if fields.is_empty() {
            return Ok(());
        }
        for chunk in pieces(figures, fields.len() + 1) {
            let values = chunk.iter().map(|(id, values)| {
                let figures =
                    fields.iter().map(|field| bind(field, values.get(&field.name).unwrap_or(&Value::Null)));
                ValueTuple::Many([Bound::Uuid(Some(*id))].into_iter().chain(figures).collect())
            });
            // Both databases name the columns of a list of values column1, column2, …
            let mut update = Sql::update();
            update
                .table(name(table))
                .from(TableRef::ValuesList(values.collect(), name("figures").into_iden()));
            for (index, field) in fields.iter().enumerate() {
                update.value(
                    name(&field.name),
                    Expr::col((name("figures"), name(&format!("column{}", index + 2)))),
                );
            }
            update.and_where(Expr::col((name(table), name("id"))).equals((name("figures"), name("column1"))));
            self.conn.execute(&update).await?;
        }
        Ok(())
    }

    /// Gives each of `ids` its rows of figures; `records`, in the same order, may hold values of `fields`.
    pub(super) async fn insert_figures(
        &mut self,
        entity: &Entity,
        ids: &[Id],
        fields: &[&Field],
        records: &[Values],
    ) -> Result<()> {
        for apart in entity.aparts() {
            let fields = || fields.iter().copied().filter(move |field| field.apart == Some(apart));
            let columns: Vec<&str> =
                ["id"].into_iter().chain(fields().map(|field| field.name.as_str())).collect();
            let mut values: Vec<Bound> = vec![];
            for (index, id) in ids.iter().enumerate() {
                let given = records.get(index);
                let value = |field: &Field| {
                    bind(field, given.and_then(|given| given.get(&field.name)).unwrap_or(&Value::Null))
                };
                values.push((*id).into());
                values.extend(fields().map(value));
            }
            self.conn.insert_rows(&apart_table_name(&entity.name, apart), &columns, values).await?;
        }
        Ok(())
    }

    /// Figures go with their record, and come back empty with it until they are computed again.
    pub(super) async fn mark_figures(&mut self, entity: &Entity, ids: &[Id], deleted: bool) -> Result<()> {
        if !deleted {
            return self.insert_figures(entity, ids, &[], &[]).await;
        }
        for apart in entity.aparts() {
            for ids in ids.chunks(1_000) {
                let delete = Sql::delete()
                    .from_table(name(&apart_table_name(&entity.name, apart)))
                    .and_where(Expr::col(name("id")).is_in(among(ids)))
                    .to_owned();
                self.conn.execute(&delete).await?;
            }
        }
        Ok(())
    }

    /// Throws away the search documents of an entity; whoever does so makes them anew.
    pub(crate) async fn clear_search(&mut self, entity: &str) -> Result<()> {
        /// What SQLite collects of its full-text index in memory before it writes a segment: segments are merged later, at the
        /// price of several times their making.
        const COLLECTED_BYTES: u32 = 4_000_000;
        /// Segments merged at once, as many as single writes leave before they are merged: four at once would write the words
        /// of an import twice as often.
        const SEGMENTS_MERGED: u32 = 16;
        self.conn.execute(Sql::delete().from_table(name(&search::table_name(entity)))).await?;
        if self.conn.dialect() == Dialect::Sqlite {
            let index = search::tokens_table_name(entity);
            let command = format!("INSERT INTO \"{index}\" (\"{index}\", rank) VALUES");
            self.conn.run(&format!("{command} ('delete-all', 0)")).await?;
            self.conn.run(&format!("{command} ('hashsize', {COLLECTED_BYTES})")).await?;
            self.conn.run(&format!("{command} ('automerge', {SEGMENTS_MERGED})")).await?;
        }
        Ok(())
    }

    /// Makes the search documents of `ids` anew from what is stored; `new`: they have none.
    pub(crate) async fn reindex(&mut self, entity: &str, ids: &[Id], new: bool) -> Result<()> {
        let engine = self.engine.clone();
        let entity = engine.entity(entity)?;
        if !search::is_searched(entity) {
            return Ok(());
        }
        let role = std::mem::replace(&mut self.actor.role, crate::Role::System);
        let records = self.get_many(&entity.name, ids).await;
        self.actor.role = role;
        let records = records?;
        let mut numbers: HashMap<Id, Vec<String>> = HashMap::new();
        if entity.external_ids {
            for ids in ids.chunks(1_000) {
                let select = Sql::select()
                    .columns([name("record_id"), name("external_id")])
                    .from(name("external_id"))
                    .and_where(Expr::col(name("record_id")).is_in(among(ids)))
                    .to_owned();
                for row in self.conn.fetch(&select).await? {
                    numbers.entry(row.id(0)?).or_default().push(row.text(1)?);
                }
            }
        }
        for record in records.iter().filter(|record| record.deleted_at.is_none()) {
            let numbers = numbers.remove(&record.id).unwrap_or_default();
            let tokens = search::record_tokens(entity, &record.values, &numbers);
            self.documents.put(&entity.name, record.id, tokens, new);
        }
        Ok(())
    }

    /// Takes the search documents of `ids` away.
    pub(super) fn unindex(&mut self, entity: &Entity, ids: &[Id]) {
        if search::is_searched(entity) {
            ids.iter().for_each(|id| self.documents.remove(&entity.name, *id));
        }
    }
}
