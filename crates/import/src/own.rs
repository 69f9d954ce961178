//! Fields a company declares itself, as targets of columns: recognised by their name or label.

use crate::{Kind, plain::entity_of};
use engine::{Engine, Result};
use meta::{Label, kept};

#[derive(Clone, Debug)]
pub struct Own {
    pub key: &'static str,
    pub label: Label,
}

impl Own {
    pub fn is_called(&self, header: &str) -> bool {
        let header = header.trim().to_lowercase();
        [self.key, &self.label.en, &self.label.zh].into_iter().any(|name| name.to_lowercase() == header)
    }
}

/// References are left out: a file names no record by its id.
pub fn fields(engine: &Engine, kind: Kind) -> Result<Vec<Own>> {
    let entity = engine.entity(entity_of(kind))?;
    let own = entity.fields.values().filter(|field| {
        kind != Kind::Orders && field.name.starts_with(engine::PREFIX) && field.target().is_none()
    });
    Ok(own.map(|field| Own { key: kept(&field.name), label: field.label.clone() }).collect())
}
