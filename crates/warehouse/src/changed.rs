//! Which records the change log says have moved, table by table.

use crate::table::{Mover, Table};
use engine::{
    Engine, LogEntry, LogKind, Result, among, name,
    sea_query::{Expr, ExprTrait, Query as Sql},
};
use meta::Id;
use std::collections::{BTreeSet, HashMap};

/// Entries of the log read at once; each may name a thousand records.
const ENTRIES: u64 = 2_000;
/// More changed records of an entity than this are not told apart.
pub(crate) const NAMED_LIMIT: usize = 200_000;
const LOOKUP: usize = 1_024;

/// Heads of a table that changed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Touched {
    Some(BTreeSet<Id>),
    All,
}

impl Touched {
    pub fn nothing() -> Touched {
        Touched::Some(BTreeSet::new())
    }

    pub fn add(&mut self, more: impl IntoIterator<Item = Id>) {
        let Touched::Some(ids) = self else { return };
        ids.extend(more);
        if ids.len() > NAMED_LIMIT {
            *self = Touched::All;
        }
    }
}

/// What a stretch of the log tells.
pub(crate) struct Changes {
    /// The last entry read.
    pub position: i64,
    by_entity: HashMap<String, Touched>,
    /// Those that were deleted or restored.
    life: HashMap<String, Touched>,
    /// By entity and reference: what records pointed to before and after.
    moved: HashMap<(String, String), Touched>,
}

/// Reads the log from `after` to its end.
pub(crate) async fn since(engine: &Engine, after: i64, tables: &[Table]) -> Result<Changes> {
    between(engine, after, None, tables).await
}

/// Reads the log from `after` up to `until`, whose writes have ended.
pub(crate) async fn since_until(
    engine: &Engine,
    after: i64,
    until: i64,
    tables: &[Table],
) -> Result<Changes> {
    between(engine, after, Some(until), tables).await
}

async fn between(engine: &Engine, after: i64, until: Option<i64>, tables: &[Table]) -> Result<Changes> {
    let mut changes =
        Changes { position: after, by_entity: HashMap::new(), life: HashMap::new(), moved: HashMap::new() };
    let first_steps: BTreeSet<(&str, &str)> = tables
        .iter()
        .flat_map(|table| &table.movers)
        .filter_map(|mover| Some((mover.entity.as_str(), mover.path.first()?.as_str())))
        .collect();
    loop {
        let entries = match until {
            Some(until) => engine.changes_between(changes.position, until, ENTRIES).await?,
            None => engine.changes(changes.position, ENTRIES).await?,
        };
        let Some(last) = entries.last() else { return Ok(changes) };
        changes.position = last.seq;
        for entry in &entries {
            let known = changes.by_entity.entry(entry.entity.clone()).or_insert_with(Touched::nothing);
            known.add(entry.ids.iter().copied());
            if matches!(entry.kind, LogKind::Delete | LogKind::Restore) {
                let life = changes.life.entry(entry.entity.clone()).or_insert_with(Touched::nothing);
                life.add(entry.ids.iter().copied());
            }
            for (_, reference) in first_steps.iter().filter(|(entity, _)| *entity == entry.entity) {
                let ids = referenced(entry, reference);
                if !ids.is_empty() {
                    let step = (entry.entity.clone(), (*reference).to_owned());
                    changes.moved.entry(step).or_insert_with(Touched::nothing).add(ids);
                }
            }
        }
    }
}

/// Old and new value of a reference that the entry changed.
fn referenced(entry: &LogEntry, field: &str) -> Vec<Id> {
    let change = entry.changes.get(field).and_then(|change| change.as_array());
    change.into_iter().flatten().filter_map(|value| value.as_str()?.parse().ok()).collect()
}

impl Changes {
    /// The heads of a table that it tells have moved.
    pub async fn touched(&self, engine: &Engine, table: &Table) -> Result<Touched> {
        let mut touched = Touched::nothing();
        for Mover { entity, path, life_only } in &table.movers {
            let told = if *life_only { &self.life } else { &self.by_entity };
            let Some(ids) = told.get(entity) else { continue };
            let Some((first, rest)) = path.split_first() else {
                touched.join(ids);
                continue;
            };
            let mut reached = follow(engine, entity, first, ids).await?;
            if let Some(moved) = self.moved.get(&(entity.clone(), first.clone())) {
                reached.join(moved);
            }
            let mut at = target(engine, entity, first)?;
            for reference in rest {
                reached = follow(engine, &at, reference, &reached).await?;
                at = target(engine, &at, reference)?;
            }
            touched.join(&reached);
        }
        Ok(touched)
    }
}

impl Touched {
    pub fn join(&mut self, other: &Touched) {
        match other {
            Touched::All => *self = Touched::All,
            Touched::Some(ids) => self.add(ids.iter().copied()),
        }
    }
}

fn target(engine: &Engine, entity: &str, reference: &str) -> Result<String> {
    let field = engine.entity(entity)?.get(reference).and_then(|field| field.target());
    Ok(field.unwrap_or_default().to_owned())
}

/// What `reference` of these records points to, deleted records included.
async fn follow(engine: &Engine, entity: &str, reference: &str, ids: &Touched) -> Result<Touched> {
    let Touched::Some(ids) = ids else { return Ok(Touched::All) };
    let ids: Vec<Id> = ids.iter().copied().collect();
    let mut found = Touched::nothing();
    for ids in ids.chunks(LOOKUP) {
        let select = Sql::select()
            .distinct()
            .column(name(reference))
            .from(name(entity))
            .and_where(Expr::col(name("id")).is_in(among(ids)))
            .and_where(Expr::col(name(reference)).is_not_null())
            .to_owned();
        let rows = engine.fetch(&select).await?;
        found.add(rows.iter().map(|row| row.id(0)).collect::<Result<Vec<_>>>()?);
    }
    Ok(found)
}
