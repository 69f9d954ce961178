//! Everything that points to a record, made to point to another: references of live and deleted records, numbers in other
//! systems, shares, what people keep (views, questions), earlier merges.

use crate::{
    Error, LogKind, Result, Tx, among,
    db::name,
    store::{by_ids, decode_all},
};
use meta::{Entity, Id, Record, Value, Values, label};
use sea_query::{Expr, ExprTrait, Query as Sql};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use std::{collections::HashMap, sync::Arc};

/// References moved in one transaction; on SQLite nobody else writes meanwhile.
const REFERENCES_LIMIT: usize = 20_000;
const CHUNK: usize = 500;

/// What pointed to one loser.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Moved {
    /// (entity, field, records)
    pub references: Vec<(String, String, Vec<Id>)>,
    /// (source, number)
    pub numbers: Vec<(String, String)>,
    pub shares: Vec<Id>,
    /// Texts of what people keep: (entity, field, records)
    #[serde(default)]
    pub kept: Vec<(String, String, Vec<Id>)>,
    /// Records that had been merged into the loser.
    pub merged: Vec<Id>,
}

impl Moved {
    pub fn count(&self) -> usize {
        self.references.iter().map(|(_, _, ids)| ids.len()).sum()
    }
}

impl Tx {
    pub(super) async fn move_pointers(
        &mut self,
        entity: &Arc<Entity>,
        winner: Id,
        losers: &[Id],
    ) -> Result<HashMap<Id, Moved>> {
        let engine = self.engine.clone();
        let mut moved: HashMap<Id, Moved> = losers.iter().map(|loser| (*loser, Moved::default())).collect();
        let mut count = 0;
        for (other, field) in engine.registry().referrers(&entity.name) {
            for loser in losers {
                let ids = self.pointing(other, &field.name, *loser).await?;
                count += ids.len();
                if count > REFERENCES_LIMIT {
                    return Err(Error::Limit(label(
                        format!(
                            "More than {REFERENCES_LIMIT} records refer to what is merged: keep the record they refer to, and merge the others into it."
                        ),
                        format!(
                            "引用被并入记录的数据超过 {REFERENCES_LIMIT} 条，请保留被引用的记录，把其余记录并入它。"
                        ),
                    )));
                }
                self.point(other, &field.name, &ids, winner).await?;
                if let Some(moved) = moved.get_mut(loser).filter(|_| !ids.is_empty()) {
                    moved.references.push((other.name.clone(), field.name.clone(), ids));
                }
            }
        }
        for loser in losers {
            let moved = moved.entry(*loser).or_default();
            let numbers = self.external_ids_of(&[*loser]).await?.remove(loser).unwrap_or_default();
            self.renumber(&entity.name, *loser, winner).await?;
            moved.numbers = numbers;
            if let Ok(share) = engine.entity("record_share") {
                moved.shares = self.readdress(share, "record", *loser, winner).await?;
            }
            for (kept, field) in engine.registry().kept_texts() {
                let ids = self.readdress(kept, &field.name, *loser, winner).await?;
                if !ids.is_empty() {
                    moved.kept.push((kept.name.clone(), field.name.clone(), ids));
                }
            }
            moved.merged = self.lead_on(*loser, winner).await?;
        }
        Ok(moved)
    }

    /// Live and deleted ones are asked for apart: each have an index of their own.
    async fn pointing(&mut self, other: &Entity, field: &str, id: Id) -> Result<Vec<Id>> {
        let mut found = vec![];
        let deleted = || Expr::col(name("deleted_at"));
        for which in [deleted().is_null(), deleted().is_not_null()] {
            let select = Sql::select()
                .column(name("id"))
                .from(name(&other.name))
                .and_where(Expr::col(name(field)).eq(id))
                .and_where(which)
                .limit(REFERENCES_LIMIT as u64 + 1)
                .to_owned();
            for row in self.conn.fetch(&select).await? {
                found.push(row.id(0)?);
            }
        }
        Ok(found)
    }

    /// Past the rules for input, which an old record may break; those before the commit run. A record does not point to
    /// itself.
    pub(super) async fn point(&mut self, other: &Arc<Entity>, field: &str, ids: &[Id], to: Id) -> Result<()> {
        for ids in ids.chunks(CHUNK) {
            let rows = self.conn.fetch(&by_ids(other, ids)).await?;
            let mut entries = vec![];
            for record in decode_all(other, rows)? {
                let new = if record.id == to { Value::Null } else { Value::Id(to) };
                self.set_one(other, &record, field, new, &mut entries).await?;
            }
            self.log(&other.name, LogKind::Update, &entries).await?;
        }
        Ok(())
    }

    async fn set_one(
        &mut self,
        entity: &Entity,
        record: &Record,
        field: &str,
        new: Value,
        entries: &mut Vec<(Id, Json)>,
    ) -> Result<()> {
        self.write_update(entity, record, &Values::from([(field.to_owned(), new.clone())])).await?;
        entries.push((record.id, json!({ field: [record.get(field).to_json(), new.to_json()] })));
        if record.deleted_at.is_none() {
            self.touch(&entity.name, [record.id]);
        }
        Ok(())
    }

    pub(super) async fn renumber(&mut self, entity: &str, from: Id, to: Id) -> Result<()> {
        let update = Sql::update()
            .table(name("external_id"))
            .value(name("record_id"), to)
            .and_where(Expr::col(name("entity")).eq(entity))
            .and_where(Expr::col(name("record_id")).eq(from))
            .to_owned();
        self.conn.execute(&update).await.map(drop)
    }

    /// Texts of a small table that hold the id of a record.
    async fn readdress(&mut self, entity: &Arc<Entity>, field: &str, from: Id, to: Id) -> Result<Vec<Id>> {
        let like = sea_query::LikeExpr::new(format!("%{from}%"));
        let select = Sql::select()
            .column(name("id"))
            .from(name(&entity.name))
            .and_where(Expr::col(name(field)).like(like))
            .to_owned();
        let rows = self.conn.fetch(&select).await?;
        let ids: Vec<Id> = rows.iter().map(|row| row.id(0)).collect::<Result<_>>()?;
        self.replace_id(entity, field, &ids, from, to).await?;
        Ok(ids)
    }

    pub(super) async fn replace_id(
        &mut self,
        entity: &Arc<Entity>,
        field: &str,
        ids: &[Id],
        from: Id,
        to: Id,
    ) -> Result<()> {
        let mut entries = vec![];
        let rows = self.conn.fetch(&by_ids(entity, ids)).await?;
        for record in decode_all(entity, rows)? {
            let moved = |text: &str| text.replace(&from.to_string(), &to.to_string());
            let new = match record.get(field) {
                Value::Json(json) => Value::Json(serde_json::from_str(&moved(&json.to_string()))?),
                _ => Value::Text(moved(record.text(field))),
            };
            self.set_one(entity, &record, field, new, &mut entries).await?;
        }
        self.log(&entity.name, LogKind::Update, &entries).await
    }

    /// What was merged into `from` is found at `to` from now on.
    async fn lead_on(&mut self, from: Id, to: Id) -> Result<Vec<Id>> {
        let select = Sql::select()
            .column(name("record_id"))
            .from(name("merged"))
            .and_where(Expr::col(name("into_id")).eq(from))
            .to_owned();
        let rows = self.conn.fetch(&select).await?;
        let ids: Vec<Id> = rows.iter().map(|row| row.id(0)).collect::<Result<_>>()?;
        self.lead_to(&ids, to).await?;
        Ok(ids)
    }

    pub(super) async fn lead_to(&mut self, ids: &[Id], to: Id) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let update = Sql::update()
            .table(name("merged"))
            .value(name("into_id"), to)
            .and_where(Expr::col(name("record_id")).is_in(among(ids)))
            .to_owned();
        self.conn.execute(&update).await.map(drop)
    }
}
