//! The change log: every write appends, in its own transaction, who changed what, when. Audit, undo, live figures, live
//! pages and later webhooks and automation are readers of it, each with a position of its own.

use crate::{Actor, Dialect, Engine, Error, Result, Row, Tx, allow, db::name};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use meta::{DateTime, Id, Utc};
use sea_query::{Expr, ExprTrait, OnConflict, Order, Query as Sql, SelectStatement, Value as Bound};
use serde_json::{Value as Json, json};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogKind {
    /// Many at once when `ids` has more than one.
    Create,
    Update,
    Delete,
    Restore,
    /// Personal data went for good; `changes` names the fields without telling what stood in them.
    Erase,
}

impl LogKind {
    pub fn name(self) -> &'static str {
        match self {
            LogKind::Create => "create",
            LogKind::Update => "update",
            LogKind::Delete => "delete",
            LogKind::Restore => "restore",
            LogKind::Erase => "erase",
        }
    }
    /// Whether its `changes` are `{"field": [old, new]}`. In an erasure both are what stands there now.
    pub(crate) fn tells_fields(self) -> bool {
        matches!(self, LogKind::Update | LogKind::Erase)
    }
    pub(crate) fn parse(text: &str) -> Result<Self> {
        [LogKind::Create, LogKind::Update, LogKind::Delete, LogKind::Restore, LogKind::Erase]
            .into_iter()
            .find(|kind| kind.name() == text)
            .ok_or_else(|| Error::Internal(format!("unknown kind of change {text}")))
    }
}

#[derive(Clone, Debug)]
pub struct LogEntry {
    pub seq: i64,
    pub at: DateTime<Utc>,
    pub user: Option<Id>,
    pub run: Option<Id>,
    pub entity: String,
    pub kind: LogKind,
    pub ids: Vec<Id>,
    /// For an update `{"field": [old, new]}`, otherwise empty.
    pub changes: Json,
}

/// Numbers missing in PostgreSQL's log (and in the tables of the audit): taken by transactions that are open or were rolled back. Each transaction has a
/// number of its own before it writes (see `store::writer`), so a gap is dead once all are over that began before it was seen.
#[derive(Default)]
pub(crate) struct Gaps(Mutex<HashMap<(&'static str, i64), i64>>);

const GAPS_LIMIT: usize = 1_000;

impl Gaps {
    /// `end` is the table and the entry behind the gap, `oldest_open` the oldest transaction open now. `None` for a gap not
    /// seen before.
    fn is_dead(&self, end: (&'static str, i64), oldest_open: i64) -> Option<bool> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(&end).map(|next| *next <= oldest_open)
    }

    /// `next` is younger than every transaction that began before.
    fn remember(&self, end: (&'static str, i64), next: i64) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= GAPS_LIMIT {
            seen.clear();
        }
        seen.entry(end).or_insert(next);
    }
}

const COLUMNS: [&str; 8] = ["seq", "at", "user_id", "run_id", "entity", "record_id", "kind", "changes"];
/// With what keeps the hash of an entry from telling its content (see `audit`).
const WRITTEN: [&str; 8] = ["at", "user_id", "run_id", "entity", "record_id", "kind", "changes", "salt"];
/// Ids per compact entry.
const BULK_LIMIT: usize = 1_000;

impl Tx {
    /// One entry per record for updates (they carry old and new values), compact entries for the rest.
    pub(crate) async fn log(&mut self, entity: &str, kind: LogKind, records: &[(Id, Json)]) -> Result<()> {
        if records.is_empty() {
            return Ok(());
        }
        self.mark_changed(entity);
        let rows: Vec<(Option<Id>, String)> = if kind.tells_fields() || records.len() == 1 {
            records.iter().map(|(id, changes)| (Some(*id), changes.to_string())).collect()
        } else {
            records.chunks(BULK_LIMIT).map(|chunk| (None, pack(chunk))).collect()
        };
        let (at, user, run) = (self.clock().now(), self.actor.user, self.run);
        let values: Vec<Bound> = rows
            .into_iter()
            .flat_map(|(record, changes)| -> [Bound; 8] {
                let (kind, salt) = (kind.name().into(), Some(self.clock().new_id()).into());
                [at.into(), user.into(), run.into(), entity.into(), record.into(), kind, changes.into(), salt]
            })
            .collect();
        self.conn.insert_rows("change_log", &WRITTEN, values).await
    }

    /// Where reader `reader` of the log stands now; stored with what it did.
    pub async fn set_position(&mut self, reader: &str, seq: i64) -> Result<()> {
        let insert = Sql::insert()
            .into_table(name("log_position"))
            .columns([name("reader"), name("seq")])
            .values_panic([reader.to_owned().into(), seq.into()])
            .on_conflict(OnConflict::column(name("reader")).update_column(name("seq")).to_owned())
            .to_owned();
        self.conn.execute(&insert).await.map(drop)
    }

    /// Counts a change that leaves no entry, under a reader's name: in one statement, so that of two at the same time both count.
    pub async fn count_change(&mut self, reader: &str) -> Result<()> {
        let counted = Expr::col((name("log_position"), name("seq"))).add(1);
        let insert = Sql::insert()
            .into_table(name("log_position"))
            .columns([name("reader"), name("seq")])
            .values_panic([reader.to_owned().into(), 1_i64.into()])
            .on_conflict(OnConflict::column(name("reader")).value(name("seq"), counted).to_owned())
            .to_owned();
        self.conn.execute(&insert).await.map(drop)
    }
}

fn pack(records: &[(Id, Json)]) -> String {
    let bytes: Vec<u8> = records.iter().flat_map(|(id, _)| *id.as_bytes()).collect();
    json!({ "ids": STANDARD_NO_PAD.encode(bytes) }).to_string()
}

pub(crate) fn read_entry(row: &Row) -> Result<LogEntry> {
    let mut changes: Json = serde_json::from_str(&row.text(7)?)?;
    let ids = match row.opt_id(5)? {
        Some(id) => vec![id],
        None => {
            let packed = changes.get("ids").and_then(Json::as_str).unwrap_or_default();
            let bytes = STANDARD_NO_PAD
                .decode(packed)
                .map_err(|_| Error::Internal("unreadable change log".into()))?;
            changes = json!({});
            bytes.chunks_exact(16).filter_map(|chunk| Id::from_slice(chunk).ok()).collect()
        }
    };
    Ok(LogEntry {
        seq: row.int(0)?,
        at: row.instant(1)?,
        user: row.opt_id(2)?,
        run: row.opt_id(3)?,
        entity: row.text(4)?,
        kind: LogKind::parse(&row.text(6)?)?,
        ids,
        changes,
    })
}

fn last() -> SelectStatement {
    let mut select = Sql::select();
    select.column(name("seq")).from(name("change_log")).order_by(name("seq"), Order::Desc).limit(1);
    select
}

fn position(reader: &str) -> SelectStatement {
    Sql::select()
        .column(name("seq"))
        .from(name("log_position"))
        .and_where(Expr::col(name("reader")).eq(reader))
        .to_owned()
}

pub(crate) fn select() -> SelectStatement {
    let mut select = Sql::select();
    select.from(name("change_log")).columns(COLUMNS.iter().map(|column| name(column)));
    select
}

impl Engine {
    /// Entries after `seq`, oldest first, none that a transaction still open could precede.
    pub async fn changes(&self, seq: i64, limit: u64) -> Result<Vec<LogEntry>> {
        let rows = self.settled("change_log", select(), COLUMNS.len(), seq, limit).await?;
        rows.iter().map(read_entry).collect()
    }

    /// Rows of `table` after number `seq`, in order, none that a transaction still open could precede; `select` takes `width`
    /// columns of it, its number first.
    pub(crate) async fn settled(
        &self,
        table: &'static str,
        mut select: SelectStatement,
        width: usize,
        seq: i64,
        limit: u64,
    ) -> Result<Vec<Row>> {
        select.and_where(Expr::col(name("seq")).gt(seq)).order_by(name("seq"), Order::Asc).limit(limit);
        if self.dialect() == Dialect::Sqlite {
            return self.fetch(&select).await;
        }
        // PostgreSQL counts entries up when they are written and shows them when they are committed.
        select.expr(Expr::cust("CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint)"));
        let (mut settled, mut expected) = (vec![], seq + 1);
        for row in self.fetch(&select).await? {
            let found = row.int(0)?;
            if found != expected {
                match self.gaps().is_dead((table, found), row.int(width)?) {
                    Some(true) => {}
                    Some(false) => break,
                    None => {
                        let number = "SELECT CAST(CAST(pg_current_xact_id() AS text) AS bigint)";
                        let next =
                            self.fetch_text(number).await?.first().map_or(Ok(i64::MAX), |row| row.int(0))?;
                        self.gaps().remember((table, found), next);
                        break;
                    }
                }
            }
            expected = found + 1;
            settled.push(row);
        }
        Ok(settled)
    }

    /// Entries after `after` up to `until`, oldest first: for a stretch whose writes are known to have ended. (A reader that
    /// follows the log asks [`Engine::changes`], which holds back what a transaction still open could precede.)
    pub async fn changes_between(&self, after: i64, until: i64, limit: u64) -> Result<Vec<LogEntry>> {
        let mut select = select();
        select
            .and_where(Expr::col(name("seq")).gt(after))
            .and_where(Expr::col(name("seq")).lte(until))
            .order_by(name("seq"), Order::Asc)
            .limit(limit);
        self.fetch(&select).await?.iter().map(read_entry).collect()
    }

    /// The newest sequence number in the log.
    pub async fn last_change(&self) -> Result<i64> {
        Ok(self.fetch(&last()).await?.first().map(|row| row.int(0)).transpose()?.unwrap_or(0))
    }

    pub async fn position(&self, reader: &str) -> Result<i64> {
        Ok(self.fetch(&position(reader)).await?.first().map(|row| row.int(0)).transpose()?.unwrap_or(0))
    }

    /// What happened to one record, newest first. (That a bulk write created it stands in the record itself.)
    pub async fn history(&self, actor: &Actor, entity: &str, id: Id, limit: u64) -> Result<Vec<LogEntry>> {
        allow(actor, self.entity(entity)?, crate::Action::Read)?;
        if actor.limits().is_some() && self.get_many(actor, entity, &[id]).await?.is_empty() {
            return Err(Error::NotFound(format!("{entity} {id}")));
        }
        let mut select = select();
        select.and_where(Expr::col(name("record_id")).eq(id)).order_by(name("seq"), Order::Desc).limit(limit);
        let entries = self.fetch(&select).await?.iter().map(read_entry).collect::<Result<Vec<_>>>()?;
        Ok(match actor.limits() {
            Some(rights) => rights.withheld_from_log(entity, entries),
            None => entries,
        })
    }
}

impl Tx {
    /// The newest sequence number in the log, this transaction's own entries included.
    pub async fn last_change(&mut self) -> Result<i64> {
        Ok(self.conn.fetch(&last()).await?.first().map(|row| row.int(0)).transpose()?.unwrap_or(0))
    }

    /// Entries after `seq`, oldest first, as this transaction sees them.
    pub async fn changes(&mut self, seq: i64, limit: u64) -> Result<Vec<LogEntry>> {
        let mut select = select();
        select.and_where(Expr::col(name("seq")).gt(seq)).order_by(name("seq"), Order::Asc).limit(limit);
        self.conn.fetch(&select).await?.iter().map(read_entry).collect()
    }

    /// Where reader `reader` of the log stands.
    pub async fn position(&mut self, reader: &str) -> Result<i64> {
        let rows = self.conn.fetch(&position(reader)).await?;
        Ok(rows.first().map(|row| row.int(0)).transpose()?.unwrap_or(0))
    }

    /// Entries that name one of these records alone, oldest first.
    pub(crate) async fn changes_of_records(&mut self, ids: &[Id]) -> Result<Vec<LogEntry>> {
        let mut select = select();
        select
            .and_where(Expr::col(name("record_id")).is_in(ids.iter().copied()))
            .order_by(name("seq"), Order::Asc);
        self.conn.fetch(&select).await?.iter().map(read_entry).collect()
    }

    /// What an import run wrote, newest first, before `before`; for reverting it.
    pub async fn changes_of_run(&mut self, run: Id, before: i64, limit: u64) -> Result<Vec<LogEntry>> {
        let mut select = select();
        select
            .and_where(Expr::col(name("run_id")).eq(run))
            .and_where(Expr::col(name("seq")).lt(before))
            .order_by(name("seq"), Order::Desc)
            .limit(limit);
        self.conn.fetch(&select).await?.iter().map(read_entry).collect()
    }
}
