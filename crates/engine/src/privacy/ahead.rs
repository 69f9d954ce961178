//! Looking ahead: which answers, jobs and audit entries quote the person, found in a snapshot while others go on writing, so that
//! the erasure's own transaction, during which nobody else writes on SQLite, looks at these and at what came meanwhile.

use super::{
    erase::{Erasing, erasing_of},
    reach::{self, Group},
    words::Words,
};
use crate::{
    Actor, Engine, Result, Role, Tx,
    audit::Source,
    db::{self, name},
    store::{by_ids, decode_all},
};
use meta::{DateTime, Id, Utc};
use sea_query::{Expr, ExprTrait, Query as Sql, Value};
use std::collections::{BTreeSet, HashMap};

/// Rows are told apart by the moment they were made at; clocks and transactions that were open then are allowed for.
const OVERLAP: chrono::Duration = chrono::Duration::minutes(10);
const CHUNK: usize = 500;

/// Whom an erasure is about.
#[derive(Clone, Debug)]
pub(super) enum Whom {
    Person { entity: String, id: Id },
    Records { entity: String, ids: Vec<Id> },
}

/// What was found, for these records and words.
#[derive(Clone, Debug)]
pub(super) struct Ahead {
    ids: BTreeSet<Id>,
    words: Words,
    since: DateTime<Utc>,
    /// By table: values of the column that leads to its rows.
    rows: HashMap<&'static str, Vec<Value>>,
}

/// Tables that may be long: the column that leads to a row, and the one that says when it came or last changed.
const PLACES: [(&str, &str, &str); 4] = [
    ("idempotency", "created_at", "created_at"),
    ("job", "id", "finished_at"),
    ("audit_act", "seq", "at"),
    ("audit_seen", "seq", "at"),
];

/// Runs `work` on a snapshot; it can only read.
pub(super) async fn in_snapshot<T>(
    engine: &Engine,
    actor: &Actor,
    work: impl AsyncFnOnce(&mut Tx) -> Result<T>,
) -> Result<T> {
    let conn = db::snapshot(engine.pool(), engine.data_dir()).await?;
    let mut tx = Tx::new(conn, engine.clone(), Actor { role: Role::System, ..actor.clone() });
    let done = work(&mut tx).await;
    tx.conn.run("ROLLBACK").await?;
    done
}

impl Whom {
    pub async fn groups(&self, tx: &mut Tx) -> Result<Vec<Group>> {
        match self {
            Whom::Person { entity, id } => {
                let person = reach::person(tx, entity, *id).await?;
                reach::of_person(tx, &person).await
            }
            Whom::Records { entity, ids } => {
                let entity = tx.engine.entity(entity)?.clone();
                let records = decode_all(&entity, tx.conn.fetch(&by_ids(&entity, ids)).await?)?;
                Ok(vec![Group { entity, records }])
            }
        }
    }
}

pub(super) async fn look(engine: &Engine, actor: &Actor, whom: Whom) -> Result<Ahead> {
    in_snapshot(engine, actor, async |tx| {
        let since = tx.clock().now() - OVERLAP;
        let groups = whom.groups(tx).await?;
        let erasing = erasing_of(tx, "", Id::nil(), &groups).await?.0;
        let mut rows = HashMap::new();
        for (table, key, _) in PLACES {
            rows.insert(table, found(tx, table, key, &erasing).await?);
        }
        Ok(Ahead { ids: erasing.ids.into_iter().collect(), words: erasing.words, since, rows })
    })
    .await
}

async fn found(tx: &mut Tx, table: &'static str, key: &str, erasing: &Erasing) -> Result<Vec<Value>> {
    let mut found = vec![];
    for which in super::copies::quoting(erasing, table) {
        let select = Sql::select().distinct().column(name(key)).from(name(table)).and_where(which).to_owned();
        for row in tx.conn.fetch(&select).await? {
            found.push(match key {
                "id" => row.id(0)?.into(),
                "seq" => row.int(0)?.into(),
                _ => row.instant(0)?.into(),
            });
        }
    }
    Ok(found)
}

impl Ahead {
    /// Whether nothing new has to be looked for.
    fn covers(&self, erasing: &Erasing) -> bool {
        erasing.ids.iter().all(|id| self.ids.contains(id)) && erasing.words.are_among(&self.words)
    }

    /// The rows of `table` among which all that quote the person are; `None`: any may.
    pub fn rows(&self, table: &str, erasing: &Erasing) -> Option<Vec<Expr>> {
        let (_, key, moment) = PLACES.into_iter().find(|place| place.0 == table)?;
        if !self.covers(erasing) {
            return None;
        }
        let known = self.rows.get(table)?.chunks(CHUNK);
        let mut rows: Vec<Expr> =
            known.map(|keys| Expr::col(name(key)).is_in(keys.iter().cloned().map(Expr::val))).collect();
        rows.push(Expr::col(name(moment)).gte(self.since));
        Some(rows)
    }
}

/// The tables of the audit among [`PLACES`].
pub(super) fn audits() -> [Source; 2] {
    [Source::Acts, Source::Seen]
}
