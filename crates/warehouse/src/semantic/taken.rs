//! What of an answer leaves the house with a file or a letter. An answer broken down to single records takes these along, and needs the
//! right to export them; one by region, class or month takes nothing along, and is for whoever may read it.

use super::{AnswerTable, Cut, Dimension, DimensionKind, Member, Model, Question};
use crate::table::Table;
use engine::{Actor, Engine, Error, Registry, Result};
use meta::Id;

/// The kind of records that the members of a dimension are, one by one.
enum Named<'m> {
    /// They are these records.
    Records(&'m str),
    /// They are what stands in them, and tells which one it is.
    Words(&'m str),
}

fn named<'m>(registry: &Registry, fact: &'m Table, dimension: &'m Dimension) -> Option<Named<'m>> {
    if let DimensionKind::Record { entity } = &dimension.kind {
        return Some(Named::Records(entity));
    }
    let (entity, field) = match dimension.path.last() {
        Some(step) => (&step.table, &dimension.column),
        None => fact.column(&dimension.column)?.origin.as_ref().map(|(entity, field)| (entity, field))?,
    };
    let known = registry.entity(entity).ok()?;
    let field = known.get(field)?;
    let is_title = dimension.kind == DimensionKind::Text && field.name == known.title && !field.area;
    (is_title || field.unique || field.tells_who()).then_some(Named::Words(entity))
}

/// What the members of a cut of the question name, if it is single records.
fn named_by<'m>(engine: &Engine, model: &'m Model, question: &Question, cut: &Cut) -> Option<Named<'m>> {
    let mut facts = question.measures.iter().flat_map(|measure| model.facts_of(measure));
    facts.find_map(|fact| {
        let (fact, dimension) = (model.facts.get(fact)?, model.dimension(fact, &cut.dimension)?);
        named(engine.registry(), fact, dimension)
    })
}

/// Refuses a file, or a letter, of the answer to a question that takes records along which the actor may not export.
pub fn may_take_along(engine: &Engine, actor: &Actor, model: &Model, question: &Question) -> Result<()> {
    for cut in &question.cuts {
        match named_by(engine, model, question, cut) {
            None => {}
            Some(Named::Records(entity)) => engine.may_take_along(actor, entity)?,
            Some(Named::Words(entity)) => {
                engine.may_take_along(actor, entity)?;
                // Words do not say whose record they stand in: all are taken along, or none.
                if !engine.takes_along_all_seen(actor, entity)? {
                    return Err(Error::NoExport(engine.entity(entity)?.plural.clone()));
                }
            }
        }
    }
    Ok(())
}

/// Takes out of an answer the rows of records that the actor may see and not export; answers how many. The total stays that of everything
/// he may see.
///
/// # Errors
/// Those of [`may_take_along`].
pub async fn leave_behind(
    engine: &Engine,
    actor: &Actor,
    model: &Model,
    question: &Question,
    answer: &mut AnswerTable,
) -> Result<usize> {
    may_take_along(engine, actor, model, question)?;
    let all = answer.rows.len();
    for (at, cut) in question.cuts.iter().enumerate() {
        let Some(Named::Records(entity)) = named_by(engine, model, question, cut) else { continue };
        if engine.takes_along_all_seen(actor, entity)? {
            continue;
        }
        let mut ids: Vec<Id> = answer.rows.iter().filter_map(|line| id_of(line.members.get(at)?)).collect();
        ids.sort_unstable();
        ids.dedup();
        let taken = engine.taken_along(actor, entity, &ids).await?;
        // The rest beyond the largest is many records, and an empty reference none.
        let stays = |member: &Member| match id_of(member) {
            Some(id) => taken.contains(&id),
            None => !member.unknown,
        };
        answer.rows.retain(|line| line.members.get(at).is_none_or(stays));
    }
    Ok(all - answer.rows.len())
}

fn id_of(member: &Member) -> Option<Id> {
    member.value.as_str()?.parse().ok()
}
