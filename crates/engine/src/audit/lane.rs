//! One table of the audit read along one of its indexes, newest first. What the index does not filter by is filtered here,
//! over a limited number of rows: whoever asks for the rare finds short pages with more to come, never a slow one.

use super::{
    act::Act,
    list::{AuditEntry, AuditQuery, Cursor},
    source::Source,
};
use crate::{Dialect, Engine, Result, Row, db::name, log};
use meta::Id;
use sea_query::{Cond, Expr, ExprTrait, NullOrdering, Order, SelectStatement};
use std::cmp::{Ordering, Reverse};

/// Rows read at once.
const CHUNK: u64 = 200;
/// Rows read for one page in one lane.
const WALK_LIMIT: usize = 2_000;

/// What the rows of a lane have in common; each has an index that goes on with the time.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Road {
    All,
    Act(Act),
    User(Id),
    Entity(String),
    Record(Id),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Lane {
    pub source: Source,
    pub road: Road,
}

/// What a lane gave: entries, newest first, and where it stopped looking before there were enough.
pub(super) struct Given {
    pub entries: Vec<AuditEntry>,
    pub stopped: Option<Cursor>,
}

impl Lane {
    pub async fn read(&self, engine: &Engine, query: &AuditQuery, wanted: usize) -> Result<Given> {
        let (mut given, mut read, mut after) = (vec![], 0, query.after);
        loop {
            let rows = engine.fetch(&self.select(engine.dialect(), query, after)).await?;
            for row in &rows {
                let entry = entry(self.source, row)?;
                after = Some(entry.place());
                if self.fits(query, &entry) {
                    given.push(entry);
                }
                if given.len() == wanted {
                    return Ok(Given { entries: given, stopped: None });
                }
            }
            read += rows.len();
            if (rows.len() as u64) < CHUNK {
                return Ok(Given { entries: given, stopped: None });
            }
            if read >= WALK_LIMIT {
                return Ok(Given { entries: given, stopped: after });
            }
        }
    }

    fn select(&self, dialect: Dialect, query: &AuditQuery, after: Option<Cursor>) -> SelectStatement {
        let mut select = match self.source {
            Source::Log => log::select(),
            Source::Acts | Source::Seen => self.source.select(),
        };
        let column = |column: &str| Expr::col(name(column));
        let mut all = Cond::all();
        match &self.road {
            Road::All => {}
            Road::Act(act) => all = all.add(column("act").eq(act.name())),
            Road::User(user) => all = all.add(column("user_id").eq(*user)),
            Road::Entity(entity) => all = all.add(column("entity").eq(entity.as_str())),
            Road::Record(record) => all = all.add(column("record_id").eq(*record)),
        }
        if let Some(from) = query.from {
            all = all.add(column("at").gte(from));
        }
        if let Some(until) = query.until {
            all = all.add(column("at").lt(until));
        }
        if let Some(after) = after {
            let at = column("at").eq(after.at);
            let same_moment = match Reverse(self.source).cmp(&after.source) {
                Ordering::Less => Some(at),
                Ordering::Equal => Some(at.and(column("seq").lt(after.seq))),
                Ordering::Greater => None,
            };
            // The first condition is what the index starts from.
            all = all.add(column("at").lte(after.at));
            all = all.add(Cond::any().add(column("at").lt(after.at)).add_option(same_moment));
        }
        select.cond_where(all).limit(CHUNK);
        for order in ["at", "seq"] {
            match dialect {
                Dialect::Sqlite => select.order_by(name(order), Order::Desc),
                // As the indexes are built.
                Dialect::Postgres => select.order_by_with_nulls(name(order), Order::Desc, NullOrdering::Last),
            };
        }
        select
    }

    fn fits(&self, query: &AuditQuery, entry: &AuditEntry) -> bool {
        query.user.is_none_or(|user| entry.user == Some(user))
            && query.entity.as_ref().is_none_or(|entity| entry.entity.as_ref() == Some(entity))
            && query.record.is_none_or(|record| entry.record == Some(record))
            && query.action.is_none_or(|action| action.takes(entry))
    }
}

fn entry(source: Source, row: &Row) -> Result<AuditEntry> {
    if source == Source::Log {
        let entry = log::read_entry(row)?;
        return Ok(AuditEntry {
            source,
            seq: entry.seq,
            at: entry.at,
            user: entry.user,
            what: entry.kind.name(),
            entity: Some(entry.entity),
            // One of many is not found by its number: the entry of many stands for all.
            record: row.opt_id(5)?,
            via: entry.run.map(|_| "import"),
            address: None,
            count: Some(entry.ids.len() as i64),
            details: entry.changes,
        });
    }
    Ok(AuditEntry {
        source,
        seq: row.int(0)?,
        at: row.instant(1)?,
        user: row.opt_id(2)?,
        what: Act::parse(&row.text(3)?)?.name(),
        entity: row.opt_text(4)?,
        record: row.opt_id(5)?,
        via: super::Via::parse(&row.text(6)?),
        address: row.opt_text(7)?,
        count: row.opt_int(8)?,
        details: serde_json::from_str(&row.text(9)?)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Database, Options};
    use meta::Clock;
    use sea_query::SqliteQueryBuilder;

    #[tokio::test]
    async fn every_lane_goes_along_an_index() {
        let folder = tempfile::tempdir().unwrap();
        let options = Options::new(Database::Sqlite, folder.path().to_owned());
        let engine = Engine::open(options, vec![], Clock::system()).await.unwrap();
        let (id, now) = (engine.clock().new_id(), engine.clock().now());
        let after = Some(Cursor { at: now, source: Reverse(Source::Acts), seq: 7 });
        let query =
            AuditQuery { from: Some(now), until: Some(now), after, limit: 50, ..AuditQuery::default() };
        for source in Source::ALL {
            let roads = [Road::All, Road::User(id), Road::Entity("user".into()), Road::Record(id)];
            let acts = (source == Source::Acts).then_some(Road::Act(Act::Exported));
            for road in roads.into_iter().chain(acts) {
                for query in [&query, &AuditQuery::default()] {
                    let lane = Lane { source, road: road.clone() };
                    let sql = lane.select(Dialect::Sqlite, query, query.after).to_string(SqliteQueryBuilder);
                    let plan = engine.fetch_text(&format!("EXPLAIN QUERY PLAN {sql}")).await.unwrap();
                    let plan: Vec<String> = plan.iter().map(|row| row.text(3).unwrap()).collect();
                    let index =
                        plan.iter().all(|step| step.contains("USING INDEX") || step.contains("TEMP B-TREE"));
                    assert!(index, "{lane:?}: {plan:?}");
                    // The index of a record's changes goes by number, and they are few.
                    let sorts = plan.iter().any(|step| step.contains("TEMP B-TREE"));
                    let few = source == Source::Log && road == Road::Record(id);
                    assert!(!sorts || few, "{lane:?}: {plan:?}");
                }
            }
        }
    }
}
