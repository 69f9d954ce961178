//! The records a rule is about tonight.

use super::{Rule, Since};
use crate::{Actor, Engine, Registry, Result, db::name, privacy, store::number};
use chrono::Months;
use meta::{DateTime, Entity, Id, Kind, Persons, Utc};
use sea_query::{Alias, Expr, ExprTrait, Query as Sql, SelectStatement};
use std::sync::Arc;

/// More are not counted.
const COUNT_LIMIT: u64 = 100_000;

/// A rule, and how many records it would reach now; `more`: at least so many.
#[derive(Clone, Debug)]
pub struct Due {
    pub rule: Rule,
    pub count: u64,
    pub more: bool,
}

/// What happens with records of `entity`: entities with a timeline that refer to it, the referring field, and when.
pub(crate) fn happenings<'r>(
    registry: &'r Registry,
    entity: &'r Entity,
) -> impl Iterator<Item = (&'r Arc<Entity>, &'r str, &'r str)> {
    registry.referrers(&entity.name).filter_map(|(other, field)| {
        let timeline = other.timeline.as_ref()?;
        let at = other.get(&timeline.at).filter(|at| at.kind == Kind::Instant)?;
        Some((other, field.name.as_str(), at.name.as_str()))
    })
}

impl Engine {
    /// What a rule on `entity` may count from besides its creation.
    pub fn happenings(&self, entity: &Entity) -> Vec<Arc<Entity>> {
        let mut found: Vec<Arc<Entity>> = vec![];
        for (other, ..) in happenings(self.registry(), entity) {
            if found.iter().all(|known| known.name != other.name) {
                found.push(other.clone());
            }
        }
        found
    }

    /// How many records each rule would reach now.
    pub async fn retention_due(&self, actor: &Actor, rules: &[Rule]) -> Result<Vec<Due>> {
        privacy::allow(actor)?;
        let mut counted = vec![];
        for rule in rules {
            let due = select(self, rule, COUNT_LIMIT)?;
            let count =
                Sql::select().expr(Expr::cust("COUNT(*)")).from_subquery(due, Alias::new("due")).to_owned();
            let count = number(&self.fetch(&count).await?)?;
            counted.push(Due { rule: rule.clone(), count, more: count == COUNT_LIMIT });
        }
        Ok(counted)
    }

    pub(super) async fn due(&self, rule: &Rule, limit: u64) -> Result<Vec<Id>> {
        self.fetch(&select(self, rule, limit)?).await?.iter().map(|row| row.id(0)).collect()
    }
}

fn cutoff(engine: &Engine, rule: &Rule) -> DateTime<Utc> {
    let now = engine.clock().now();
    now.checked_sub_months(Months::new(rule.months)).unwrap_or_default()
}

/// Old records with nothing newer about them, erased neither before nor since their last change; the trash counts, too.
fn select(engine: &Engine, rule: &Rule, limit: u64) -> Result<SelectStatement> {
    let entity = engine.entity(&rule.entity)?;
    let cutoff = cutoff(engine, rule);
    let own = |column: &str| Expr::col((name(&entity.name), name(column)));
    let mut select = Sql::select();
    select.column(name("id")).from(name(&entity.name)).and_where(own("created_at").lt(cutoff)).limit(limit);
    if let Persons::When { field, value } = &entity.persons {
        select.and_where(own(field).eq(value.as_str()));
    }
    let erased = Sql::select()
        .expr(Expr::val(1i64))
        .from(name("erased"))
        .and_where(Expr::col((name("erased"), name("record_id"))).equals((name(&entity.name), name("id"))))
        .and_where(Expr::col((name("erased"), name("at"))).gte(own("updated_at")))
        .to_owned();
    select.and_where(Expr::exists(erased).not());
    for (other, field, at) in happenings(engine.registry(), entity) {
        let counts = match &rule.since {
            Since::Created => false,
            Since::Anything => true,
            Since::Last(last) => *last == other.name,
        };
        if counts {
            let column = |column: &str| Expr::col((name(&other.name), name(column)));
            let newer = Sql::select()
                .expr(Expr::val(1i64))
                .from(name(&other.name))
                .and_where(column(field).equals((name(&entity.name), name("id"))))
                .and_where(column("deleted_at").is_null())
                .and_where(column(at).gte(cutoff))
                .to_owned();
            select.and_where(Expr::exists(newer).not());
        }
    }
    Ok(select)
}
