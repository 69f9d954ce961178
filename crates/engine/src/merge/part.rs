//! The way back: what became one record is several again, as far as nobody has changed it since.

use super::pointers::Moved;
use crate::{
    Action, Error, Result, Role, Tx, allow,
    db::name,
    log,
    store::{by_ids, decode_all},
};
use meta::{Entity, Id, Values};
use sea_query::{Expr, ExprTrait, Query as Sql};
use std::sync::Arc;

struct Row {
    loser: Id,
    winner: Id,
    moved: Moved,
    winner_seq: Option<i64>,
}

impl Tx {
    /// Undoes a merge: the losers come back, and what still is as the merge left it goes back to them. Returns the winner, and
    /// how many references stayed because somebody has changed them since.
    pub async fn unmerge(&mut self, entity: &str, merge: Id) -> Result<(Id, usize)> {
        let entity = self.engine.entity(entity)?.clone();
        allow(&self.actor, &entity, Action::Merge)?;
        let rows = self.rows_of(&entity, merge).await?;
        let Some(winner) = rows.first().map(|row| row.winner) else {
            return Err(Error::NotFound(format!("merge {merge}")));
        };
        let known = self.whole(&entity, &[winner]).await?;
        if !known.iter().any(|record| record.deleted_at.is_none()) {
            return Err(Error::NotFound(format!("{} {winner}", entity.name)));
        }
        self.confirm(&entity, &[winner], Action::Merge).await?;
        let role = std::mem::replace(&mut self.actor.role, Role::System);
        let done = self.part(&entity, winner, &rows).await;
        self.actor.role = role;
        done.map(|stayed| (winner, stayed))
    }

    async fn rows_of(&mut self, entity: &Entity, merge: Id) -> Result<Vec<Row>> {
        let select = Sql::select()
            .columns(["record_id", "into_id", "moved", "winner_seq"].map(name))
            .from(name("merged"))
            .and_where(Expr::col(name("merge_id")).eq(merge))
            .and_where(Expr::col(name("entity")).eq(entity.name.as_str()))
            .order_by(name("record_id"), sea_query::Order::Asc)
            .to_owned();
        let mut found = vec![];
        for row in self.conn.fetch(&select).await? {
            let moved = row.text(2)?;
            if moved.is_empty() {
                return Err(Error::rule(
                    "merge",
                    "cannot be undone: personal data was erased since",
                    "无法撤销：合并之后已删除个人信息",
                ));
            }
            let moved = serde_json::from_str(&moved)?;
            found.push(Row { loser: row.id(0)?, winner: row.id(1)?, moved, winner_seq: row.opt_int(3)? });
        }
        Ok(found)
    }

    async fn part(&mut self, entity: &Arc<Entity>, winner: Id, rows: &[Row]) -> Result<usize> {
        let losers: Vec<Id> = rows.iter().map(|row| row.loser).collect();
        if let Some(seq) = rows.first().and_then(|row| row.winner_seq) {
            self.write_back(entity, winner, seq).await?;
        }
        let forget = Sql::delete()
            .from_table(name("merged"))
            .and_where(Expr::col(name("record_id")).is_in(losers.iter().copied()))
            .to_owned();
        self.conn.execute(&forget).await?;
        self.restore_many(&entity.name, &losers).await?;
        let mut stayed = 0;
        let engine = self.engine.clone();
        for row in rows {
            for (other, field, ids) in &row.moved.references {
                let Ok(other) = engine.entity(other) else { continue };
                let still = self.still(other, field, ids, winner).await?;
                stayed += ids.len() - still.len();
                self.point(other, field, &still, row.loser).await?;
            }
            self.give_back_numbers(&entity.name, row).await?;
            let kept = row.moved.kept.iter().map(|(table, field, ids)| (table.as_str(), field.as_str(), ids));
            for (table, field, ids) in kept.chain([("record_share", "record", &row.moved.shares)]) {
                if let Ok(table) = engine.entity(table) {
                    self.replace_id(table, field, ids, winner, row.loser).await?;
                }
            }
            self.lead_to(&row.moved.merged, row.loser).await?;
        }
        let all: Vec<Id> = losers.iter().copied().chain([winner]).collect();
        self.reindex(&entity.name, &all, false).await?;
        Ok(stayed)
    }

    /// Fields of the winner that still hold what the merge gave them get what they held before.
    async fn write_back(&mut self, entity: &Arc<Entity>, winner: Id, seq: i64) -> Result<()> {
        let mut select = log::select();
        select.and_where(Expr::col(name("seq")).eq(seq));
        let rows = self.conn.fetch(&select).await?;
        let Some(entry) = rows.first().map(log::read_entry).transpose()? else { return Ok(()) };
        let now = self.get(&entity.name, winner).await?;
        let mut values = Values::new();
        for (field, change) in entry.changes.as_object().into_iter().flatten() {
            let Some(known) = entity.get(field).filter(|field| !field.computed) else { continue };
            if change.get(1) == Some(&now.get(field).to_json())
                && let Some(Ok(old)) = change.get(0).map(|old| known.parse_json(old))
            {
                values.insert(field.clone(), old);
            }
        }
        self.update(&entity.name, winner, None, values).await.map(drop)
    }

    /// Those of `ids` that still point to `winner`; the winner himself, whose reference to a loser was emptied.
    async fn still(&mut self, other: &Entity, field: &str, ids: &[Id], winner: Id) -> Result<Vec<Id>> {
        let mut found = vec![];
        for ids in ids.chunks(500) {
            let rows = self.conn.fetch(&by_ids(other, ids)).await?;
            let as_left = decode_all(other, rows)?.into_iter().filter(|record| match record.id == winner {
                true => record.get(field).is_null(),
                false => record.reference(field) == Some(winner),
            });
            found.extend(as_left.map(|record| record.id));
        }
        Ok(found)
    }

    async fn give_back_numbers(&mut self, entity: &str, row: &Row) -> Result<()> {
        for (source, number) in &row.moved.numbers {
            let update = Sql::update()
                .table(name("external_id"))
                .value(name("record_id"), row.loser)
                .and_where(Expr::col(name("entity")).eq(entity))
                .and_where(Expr::col(name("source")).eq(source.as_str()))
                .and_where(Expr::col(name("external_id")).eq(number.as_str()))
                .and_where(Expr::col(name("record_id")).eq(row.winner))
                .to_owned();
            self.conn.execute(&update).await?;
        }
        Ok(())
    }
}
