//! Lines in the body of the record they belong to: `lines` where there is one kind, else the name of the kind.

use super::{
    input::{Input, shift},
    output::lines_in,
};
use engine::{Error, Registry, Result, Tx};
use meta::{Entity, FieldProblem, Id, Kind, Problem, Value, Values};
use std::{collections::HashSet, sync::Arc};

/// Records the engine writes at once.
const CHUNK: usize = 10_000;

/// The key under which the records of `child` stand in the body of their parent.
pub fn key_of(registry: &Registry, entity: &Entity, child: &Entity) -> String {
    match registry.children(&entity.name).count() {
        1 => "lines".to_owned(),
        _ => child.name.clone(),
    }
}

/// What a body says of the lines of one kind.
#[derive(Clone, Debug)]
pub struct Lines {
    pub key: String,
    pub child: Arc<Entity>,
    pub parent: String,
    pub lines: Vec<(Option<Id>, Values)>,
}

impl Lines {
    /// Lines are in the order they were sent, unless they say their position themselves.
    fn number(&mut self) {
        let kind = self.child.get("position").map(|field| &field.kind);
        if kind == Some(&Kind::Integer) {
            for (index, (_, values)) in self.lines.iter_mut().enumerate() {
                values.entry("position").or_insert(Value::Int(index as i64 + 1));
            }
        }
    }
}

/// A line to be created, with where it stood in the request.
struct New {
    place: String,
    values: Values,
}

/// Creates the lines of records just created; `place` names a record's position in the request.
pub async fn create(tx: &mut Tx, inputs: &mut [(String, Input)], ids: &[Id]) -> Result<()> {
    let mut by_child: Vec<(Arc<Entity>, Vec<New>)> = vec![];
    for ((place, input), id) in inputs.iter_mut().zip(ids) {
        for mut lines in std::mem::take(&mut input.lines) {
            lines.number();
            let at = by_child.iter().position(|(child, _)| child.name == lines.child.name);
            let at = at.unwrap_or_else(|| {
                by_child.push((lines.child.clone(), vec![]));
                by_child.len() - 1
            });
            for (index, (line, mut values)) in lines.lines.into_iter().enumerate() {
                let place = format!("{place}{}[{index}].", lines.key);
                if line.is_some() {
                    return Err(Error::Invalid(vec![FieldProblem::new(
                        format!("{place}id"),
                        Problem::ReadOnly,
                    )]));
                }
                values.insert(lines.parent.clone(), Value::Id(*id));
                by_child[at].1.push(New { place, values });
            }
        }
    }
    for (child, lines) in by_child {
        create_all(tx, &child, lines).await?;
    }
    Ok(())
}

async fn create_all(tx: &mut Tx, child: &Entity, lines: Vec<New>) -> Result<()> {
    let mut lines = lines.into_iter().peekable();
    while lines.peek().is_some() {
        let (places, values): (Vec<String>, Vec<Values>) =
            lines.by_ref().take(CHUNK).map(|line| (line.place, line.values)).unzip();
        tx.create_many(&child.name, values).await.map_err(|error| shift(error, &places))?;
    }
    Ok(())
}

/// Makes the lines of an existing record those of the request: with an id changed, without created, absent deleted.
pub async fn replace(tx: &mut Tx, place: &str, mut lines: Lines, id: Id) -> Result<()> {
    lines.number();
    let known = lines_in(tx, &lines.child, &lines.parent, id).await?;
    let known: HashSet<Id> = known.iter().map(|line| line.id).collect();
    let (mut new, mut updates, mut places, mut kept, mut problems) =
        (vec![], vec![], vec![], HashSet::new(), vec![]);
    for (index, (line, mut values)) in lines.lines.into_iter().enumerate() {
        let place = format!("{place}{}[{index}].", lines.key);
        values.remove(&lines.parent);
        match line {
            None => {
                values.insert(lines.parent.clone(), Value::Id(id));
                new.push(New { place, values });
            }
            Some(line) if known.contains(&line) && kept.insert(line) => {
                updates.push((line, values));
                places.push(place);
            }
            Some(_) => {
                let entity = lines.child.label.clone();
                problems.push(FieldProblem::new(format!("{place}id"), Problem::NoSuchRecord { entity }));
            }
        }
    }
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    let gone: Vec<Id> = known.difference(&kept).copied().collect();
    tx.delete_many(&lines.child.name, &gone).await?;
    tx.update_many(&lines.child.name, updates).await.map_err(|error| shift(error, &places))?;
    create_all(tx, &lines.child, new).await
}
