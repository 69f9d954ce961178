//! What every page says about its entity.

use super::{Reader, address::list_href};
use meta::Entity;
use serde::Serialize;

#[derive(Serialize)]
pub struct EntityView {
    pub name: String,
    pub label: String,
    pub label_plural: String,
    pub href: String,
    pub icon: &'static str,
    pub description: String,
}

impl EntityView {
    pub fn new(reader: &Reader, entity: &Entity) -> Self {
        EntityView {
            name: entity.name.clone(),
            label: reader.lower(&entity.label),
            label_plural: entity.plural.get(reader.lang).to_owned(),
            href: list_href(entity),
            icon: entity.icon,
            description: entity.hint.get(reader.lang).to_owned(),
        }
    }
}

/// The first letter as a heading has it.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
