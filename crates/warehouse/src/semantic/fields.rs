//! The fields a filter of a question may name: those of the facts, and of what they refer to.

use super::{Model, filter::entity_of};
use engine::{Actor, Engine, Error, Result};
use meta::{Entity, Field, Kind, Label, label};

/// A field as it stands in a condition.
#[derive(Clone, Debug)]
pub struct FilterField {
    /// `channel`, `account.province`.
    pub path: String,
    pub label: Label,
    pub field: Field,
}

/// What every fact of these measures has; all facts if there are no measures yet.
pub fn filter_fields(
    engine: &Engine,
    actor: &Actor,
    model: &Model,
    measures: &[String],
) -> Result<Vec<FilterField>> {
    let mut facts: Vec<&str> = measures.iter().flat_map(|name| model.facts_of(name)).collect();
    if facts.is_empty() {
        facts = model.facts.keys().map(String::as_str).collect();
    }
    facts.sort_unstable();
    facts.dedup();
    let mut found: Option<Vec<FilterField>> = None;
    for fact in facts {
        let table = model.facts.get(fact).ok_or_else(|| Error::NotFound(fact.to_owned()))?;
        let of_fact = of_entity(engine, actor, &entity_of(engine, actor, table)?)?;
        found = Some(match found {
            None => of_fact,
            Some(known) => {
                known.into_iter().filter(|one| of_fact.iter().any(|other| other.path == one.path)).collect()
            }
        });
    }
    Ok(found.unwrap_or_default())
}

fn of_entity(engine: &Engine, actor: &Actor, fact: &Entity) -> Result<Vec<FilterField>> {
    let mut own = vec![];
    let mut further = vec![];
    for field in fact.fields.values() {
        own.push(FilterField { path: in_cel(&field.name), label: field.label.clone(), field: field.clone() });
        let Kind::Reference { entity } = &field.kind else { continue };
        let target = engine.entity(entity)?;
        if engine::allow(actor, target, engine::Action::Read).is_err() || !crate::tables::is_kept(target) {
            continue;
        }
        let kept = actor.view(target).fields.values().filter(|inner| crate::tables::kind_of(inner).is_some());
        further.extend(kept.map(|inner| FilterField {
            path: format!("{}.{}", in_cel(&field.name), in_cel(&inner.name)),
            label: label(
                format!("{}: {}", field.label.en, inner.label.en),
                format!("{}：{}", field.label.zh, inner.label.zh),
            ),
            field: inner.clone(),
        }));
    }
    own.extend(further);
    Ok(own)
}

/// CEL reserves some words: a field of that name is written with an underscore behind it.
pub(super) fn in_cel(name: &str) -> String {
    const RESERVED: [&str; 6] = ["return", "in", "as", "for", "if", "package"];
    if RESERVED.contains(&name) { format!("{name}_") } else { name.to_owned() }
}
