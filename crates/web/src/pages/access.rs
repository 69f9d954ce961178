//! What the reader may do with an entity, so that pages offer only that; the engine checks again.

use super::address::own_pages;
use engine::{Action, Actor, Engine, Error, Result, allow};
use meta::{Entity, Id};
use serde::Serialize;
use std::sync::Arc;

#[derive(Clone, Copy, Debug, Serialize)]
pub struct Can {
    pub create: bool,
    pub import: bool,
    pub export: bool,
    pub edit: bool,
    pub delete: bool,
    pub merge: bool,
}

/// What can be brought in as a file.
const IMPORTED: [&str; 5] = ["order", "account", "contact", "product", "activity"];

impl Can {
    pub fn of(actor: &Actor, entity: &Entity) -> Can {
        let may = |action| allow(actor, entity, action).is_ok();
        let create = may(Action::Create);
        let generic = own_pages(entity).is_none();
        Can {
            create,
            import: create && may(Action::Import) && IMPORTED.contains(&entity.name.as_str()),
            export: may(Action::Export),
            edit: generic && may(Action::Update),
            delete: generic && may(Action::Delete),
            merge: entity.mergeable && may(Action::Merge),
        }
    }
}

impl Can {
    /// The same for one record.
    pub async fn with(engine: &Engine, actor: &Actor, entity: &Entity, id: Id) -> Result<Can> {
        let mut can = Can::of(actor, entity);
        if actor.limits().is_some() {
            can.edit = can.edit && engine.may(actor, &entity.name, id, Action::Update).await?;
            can.delete = can.delete && engine.may(actor, &entity.name, id, Action::Delete).await?;
            can.merge = can.merge && engine.may(actor, &entity.name, id, Action::Merge).await?;
        }
        Ok(can)
    }
}

/// The entity of an address as the actor knows it, if it has pages of its own and the actor may do `action`.
pub fn entity_with_pages<'e>(
    engine: &'e Engine,
    actor: &'e Actor,
    name: &str,
    action: Action,
) -> Result<&'e Arc<Entity>> {
    let entity = engine.entity(name)?;
    if entity.internal || entity.parent.is_some() {
        return Err(Error::NotFound(name.to_owned()));
    }
    allow(actor, entity, action)?;
    Ok(actor.view(entity))
}
