//! Records that are found in one of several ways, some of which lead through another table: those of my customers, and those
//! I made myself. Neither database combines such indexes, so each way is a look-up of its own.

use super::road::found_ids;
use crate::{Dialect, condition::Condition, db::name};
use meta::Entity;
use sea_query::{Alias, Query as Sql, SelectStatement, UnionType};

/// Whether the ways are plain and no single index has them all.
pub(super) fn differ(ways: &[Condition]) -> bool {
    let field = |way: &Condition| match way {
        Condition::Compare { path, .. } | Condition::In { path, .. } | Condition::Empty { path } => {
            Some((path.through.is_some(), path.field.name.clone()))
        }
        Condition::Reaches { reference, .. } => Some((true, reference.name.clone())),
        _ => None,
    };
    let fields: Vec<_> = ways.iter().map(field).collect();
    fields.iter().all(Option::is_some) && fields.windows(2).any(|two| two[0] != two[1])
}

/// `SELECT id` of the live rows that any of `ways` finds. The limit holds for each way, so that none goes on for nothing.
pub(super) fn found_in_any(
    entity: &Entity,
    ways: &[Condition],
    dialect: Dialect,
    limit: Option<u64>,
) -> SelectStatement {
    let of = |way: &Condition| {
        let found = found_ids(entity, way, dialect, limit);
        let mut select = Sql::select();
        select.column(name("id")).from_subquery(found, Alias::new("way"));
        select
    };
    let mut all = ways.iter().map(of);
    let first = all.next().unwrap_or_else(|| of(&Condition::Always(false)));
    let any = all.fold(first, |mut any, way| any.union(UnionType::Distinct, way).to_owned());
    let Some(limit) = limit else { return any };
    let mut select = Sql::select();
    select.column(name("id")).from_subquery(any, Alias::new("ways")).limit(limit);
    select
}
