//! Deleting and restoring; lines follow their parent.

use crate::{Action, Error, LogKind, Result, Tx, db::name};
use meta::{DateTime, Entity, Id, Record, Utc};
use sea_query::{Expr, ExprTrait, Query as Sql};
use serde_json::{Value as Json, json};

impl Tx {
    /// Moves a record (and its lines) out of sight; [`Tx::restore`] brings it back.
    pub async fn delete(&mut self, entity: &str, id: Id, version: Option<i64>) -> Result<()> {
        let record = self.get(entity, id).await?;
        if version.is_some_and(|version| version != record.version) {
            return Err(Error::Conflict { current: record.version });
        }
        if version.is_some() && !self.hold(entity, &record).await? {
            return Err(Error::Conflict { current: self.get(entity, id).await?.version });
        }
        self.delete_many(entity, &[id]).await.map(drop)
    }

    /// Keeps others from the record until this transaction ends; false if one of them was faster (PostgreSQL: what was
    /// read is not locked).
    async fn hold(&mut self, entity: &str, record: &Record) -> Result<bool> {
        let update = Sql::update()
            .table(name(entity))
            .value(name("version"), record.version)
            .and_where(Expr::col(name("id")).eq(record.id))
            .and_where(Expr::col(name("version")).eq(record.version))
            .and_where(Expr::col(name("deleted_at")).is_null())
            .to_owned();
        Ok(self.conn.execute(&update).await? == 1)
    }

    pub async fn delete_many(&mut self, entity: &str, ids: &[Id]) -> Result<usize> {
        self.set_deleted(entity, ids, true).await
    }
    pub async fn restore(&mut self, entity: &str, id: Id) -> Result<()> {
        match self.restore_many(entity, &[id]).await? {
            0 => Err(Error::NotFound(format!("{entity} {id}"))),
            _ => Ok(()),
        }
    }
    pub async fn restore_many(&mut self, entity: &str, ids: &[Id]) -> Result<usize> {
        self.set_deleted(entity, ids, false).await
    }

    /// Lines carry their parent's moment of deletion, so that restoring it brings back just those.
    async fn set_deleted(&mut self, entity: &str, ids: &[Id], deleted: bool) -> Result<usize> {
        let entity = self.writable(entity, Action::Delete, ids.len())?;
        let known = self.get_many(&entity.name, ids).await?;
        let affected: Vec<Record> =
            known.into_iter().filter(|record| record.deleted_at.is_none() == deleted).collect();
        let ids: Vec<Id> = affected.iter().map(|record| record.id).collect();
        if ids.is_empty() {
            return Ok(0);
        }
        self.confirm(&entity, &ids, Action::Delete).await?;
        if !deleted && entity.mergeable {
            self.refuse_merged(&ids).await?;
        }
        let now = self.clock().now();
        let engine = self.engine.clone();
        for child in engine.registry().children(&entity.name) {
            let Some(parent) = &child.parent else { continue };
            self.mark_lines(child, parent, &affected, deleted.then_some(now)).await?;
        }
        self.mark(&entity, &ids, deleted.then_some(now)).await?;
        if deleted {
            self.unindex(&entity, &ids);
        } else {
            self.reindex(&entity.name, &ids, false).await?;
        }
        let kind = if deleted { LogKind::Delete } else { LogKind::Restore };
        let entries: Vec<(Id, Json)> = ids.iter().map(|id| (*id, json!({}))).collect();
        self.log(&entity.name, kind, &entries).await?;
        self.touch(&entity.name, ids.iter().copied());
        Ok(ids.len())
    }

    async fn mark(&mut self, entity: &Entity, ids: &[Id], at: Option<DateTime<Utc>>) -> Result<()> {
        for ids in ids.chunks(1_000) {
            let update = Sql::update()
                .table(name(&entity.name))
                .value(name("deleted_at"), at)
                .value(name("version"), Expr::col(name("version")).add(1i64))
                .value(name("updated_at"), self.clock().now())
                .and_where(Expr::col(name("id")).is_in(ids.iter().copied()))
                .to_owned();
            self.conn.execute(&update).await?;
        }
        self.mark_figures(entity, ids, at.is_some()).await
    }

    async fn mark_lines(
        &mut self,
        child: &Entity,
        parent: &str,
        parents: &[Record],
        at: Option<DateTime<Utc>>,
    ) -> Result<()> {
        for chunk in parents.chunks(500) {
            let mut lines = Sql::select();
            lines.column(name("id")).from(name(&child.name));
            lines.and_where(Expr::col(name(parent)).is_in(chunk.iter().map(|record| record.id)));
            match at {
                Some(_) => lines.and_where(Expr::col(name("deleted_at")).is_null()),
                None => lines.and_where(
                    Expr::col(name("deleted_at")).is_in(chunk.iter().filter_map(|record| record.deleted_at)),
                ),
            };
            let ids: Vec<Id> =
                self.conn.fetch(&lines).await?.iter().map(|row| row.id(0)).collect::<Result<_>>()?;
            self.mark(child, &ids, at).await?;
        }
        Ok(())
    }
}
