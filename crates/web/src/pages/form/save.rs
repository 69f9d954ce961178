//! A form saved: the record and its lines in one transaction.

use super::{
    texts::{LINES_LIMIT, Typed, in_line, values},
    view::line_fields,
};
use crate::pages::{Reader, input::inputs};
use engine::{Actor, Engine, Error, Query, Result, Tx};
use meta::{Entity, FieldProblem, Id, Problem, Record, Value, Values};
use std::{collections::HashMap, sync::Arc};

/// A record's lines, as they are stored; `None` if they are too many for a form.
pub async fn lines_of(engine: &Engine, actor: &Actor, child: &Entity, id: Id) -> Result<Option<Vec<Record>>> {
    let Some(parent) = &child.parent else { return Ok(None) };
    let query = Query::new(&child.name).belongs_to(parent, id).sort("id").limit(LINES_LIMIT + 1);
    let mut lines = engine.list(actor, &query).await?.records;
    lines.sort_by_key(|line| line.get("position").as_int());
    Ok(Some(lines).filter(|lines| lines.len() <= LINES_LIMIT))
}

/// One line as it will be written.
struct LineWrite {
    /// Its place in the form.
    index: usize,
    id: Option<Id>,
    values: Values,
}

/// What is to be done, all inputs read.
pub struct Plan {
    entity: String,
    id: Option<Id>,
    version: Option<i64>,
    values: Values,
    child: Option<Arc<Entity>>,
    lines: Vec<LineWrite>,
    removed: Vec<Id>,
}

/// Reads every input of record and lines; all problems come back together.
pub fn plan(
    reader: &Reader,
    entity: &Entity,
    child: Option<&Arc<Entity>>,
    before: Option<(&Record, &[Record])>,
    typed: &Typed,
) -> Result<Plan> {
    let mut problems: Vec<FieldProblem> = vec![];
    let record = before.map(|(record, _)| record);
    let own = values(reader, inputs(entity), &typed.texts, record).unwrap_or_else(|found| {
        problems.extend(found);
        Values::new()
    });
    let stored: HashMap<Id, &Record> =
        before.iter().flat_map(|(_, lines)| lines.iter()).map(|line| (line.id, line)).collect();
    let mut lines = vec![];
    let mut kept: Vec<Id> = vec![];
    for (index, line) in typed.lines.iter().enumerate() {
        let Some(child) = child else { break };
        // A line taken from another record, or removed meanwhile, is a new one.
        let old = line.id.and_then(|id| stored.get(&id).copied());
        if old.is_none() && is_untouched(reader, child, line) {
            continue;
        }
        kept.extend(old.map(|line| line.id));
        match values(reader, line_fields(child).into_iter(), &line.texts, old) {
            Ok(mut values) => {
                let place = Value::Int(lines.len() as i64 + 1);
                if child.get("position").is_some() && old.is_none_or(|old| *old.get("position") != place) {
                    values.insert("position", place);
                }
                lines.push(LineWrite { index, id: old.map(|line| line.id), values });
            }
            Err(found) => problems.extend(in_line(index, found)),
        }
    }
    if !problems.is_empty() {
        // The engine is not asked any more, so what it would miss is said here.
        problems.extend(left_empty(entity, typed, &problems));
        return Err(Error::Invalid(problems));
    }
    Ok(Plan {
        entity: entity.name.clone(),
        id: record.map(|record| record.id),
        version: typed.get("version").parse().ok(),
        values: own,
        child: child.cloned(),
        lines,
        removed: stored.into_keys().filter(|id| !kept.contains(id)).collect(),
    })
}

fn left_empty(entity: &Entity, typed: &Typed, named: &[FieldProblem]) -> Vec<FieldProblem> {
    let needed = inputs(entity).filter(|field| {
        field.required && field.default.is_none() && field.numbered.is_none() && !field.default_now
    });
    needed
        .filter(|field| typed.get(&field.name).trim().is_empty())
        .filter(|field| named.iter().all(|problem| problem.field != field.name))
        .map(|field| FieldProblem::new(&field.name, Problem::Required))
        .collect()
}

/// A new line in which nothing was typed over what it begins with.
fn is_untouched(reader: &Reader, child: &Entity, line: &super::texts::Line) -> bool {
    let blank = super::texts::of_new(reader, child, &HashMap::new(), None);
    line.texts.iter().all(|(name, text)| text.trim().is_empty() || blank.get(name) == Some(text))
}

pub async fn write(engine: &Engine, actor: &Actor, plan: Plan) -> Result<Id> {
    engine.write(actor, move |tx| Box::pin(async move { run(tx, plan).await })).await
}

async fn run(tx: &mut Tx, plan: Plan) -> Result<Id> {
    let id = match plan.id {
        Some(id) => {
            tx.update(&plan.entity, id, plan.version, plan.values).await?;
            id
        }
        None => tx.create(&plan.entity, plan.values).await?,
    };
    let Some(child) = plan.child else { return Ok(id) };
    if !plan.removed.is_empty() {
        tx.delete_many(&child.name, &plan.removed).await?;
    }
    let mut problems = vec![];
    for line in plan.lines {
        match write_line(tx, &child, id, line.id, line.values).await {
            Ok(()) => {}
            Err(Error::Invalid(found)) => problems.extend(in_line(line.index, found)),
            Err(error) => return Err(error),
        }
    }
    if problems.is_empty() { Ok(id) } else { Err(Error::Invalid(problems)) }
}

async fn write_line(
    tx: &mut Tx,
    child: &Entity,
    parent: Id,
    id: Option<Id>,
    mut values: Values,
) -> Result<()> {
    match id {
        Some(id) => tx.update(&child.name, id, None, values).await.map(drop),
        None => {
            if let Some(field) = &child.parent {
                values.insert(field.clone(), parent.into());
            }
            tx.create(&child.name, values).await.map(drop)
        }
    }
}
