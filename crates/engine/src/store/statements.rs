//! Every statement a list may run, as text: for looking at how the databases would carry it out.

use super::{
    Query,
    plan::{Plan, plan},
    road::{EFFORT, Road, Used, count_of, found_ids, is_found},
};
use crate::{Actor, Dialect, Engine, Result};
use sea_query::{Expr, PostgresQueryBuilder, SelectStatement, SqliteQueryBuilder};

pub struct Statement {
    pub sql: String,
    pub way: Way,
}

/// How a statement stays within its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// It goes along an index and stops.
    Walks,
    /// An index finds its rows.
    Finds,
    /// An index finds a limited number of rows, which are sorted.
    FindsAndSorts,
}

/// A statement with its values in it. In the wrong database's words the values of its own functions would be missing.
pub(crate) fn text_of(select: &SelectStatement, dialect: Dialect) -> String {
    match dialect {
        Dialect::Sqlite => select.to_string(SqliteQueryBuilder),
        Dialect::Postgres => select.to_string(PostgresQueryBuilder),
    }
}

impl Engine {
    /// Whatever [`Engine::list`] and [`Engine::count`] could run for `query`, however many rows its parts find.
    pub fn statements(&self, actor: &Actor, query: &Query) -> Result<Vec<Statement>> {
        let plan = plan(self, actor, query)?;
        let text =
            |(select, way): (SelectStatement, Way)| Statement { sql: text_of(&select, self.dialect()), way };
        Ok(plan.statements().into_iter().map(text).collect())
    }
}

impl Plan<'_> {
    fn statements(&self) -> Vec<(SelectStatement, Way)> {
        let served = self.served();
        let found: Vec<usize> = (0..self.parts.len())
            .filter(|index| !self.deleted && is_found(self.entity, &self.parts[*index]))
            .collect();
        let seeks = found.iter().copied().filter(|index| !served.contains(index)).map(Some);
        let seeks: Vec<Option<usize>> = if self.deleted { vec![None] } else { seeks.collect() };
        let limit = self.limit as u64 + 1;
        let mut all = vec![];
        let walk = Road::Walk { served, otherwise: None };
        for stretch in self.stretches(&walk) {
            if let (Road::Walk { served, .. }, false) = (&walk, self.deleted) {
                all.push((self.walk(served, &stretch, None, limit), Way::Walks));
                all.push((self.bound_select(served, &stretch, EFFORT), Way::Walks));
            }
        }
        for part in seeks {
            for stretch in self.stretches(&Road::Seek(part)) {
                all.push((self.seek(part, &stretch, limit), Way::FindsAndSorts));
            }
        }
        for index in found {
            all.push((
                count_of(found_ids(self.entity, &self.parts[index], self.dialect, Some(limit))),
                Way::Finds,
            ));
            let mut sought = self.sought(Some(index), Used::default(), None);
            sought.expr(Expr::val(1i64)).limit(limit);
            all.push((count_of(sought), Way::Finds));
        }
        let way = if self.deleted { Way::FindsAndSorts } else { Way::Walks };
        all.push((count_of(self.some_ids()), way));
        all
    }
}
