//! What leaves the house: files, and letters the program sends.
//!
//! A list of records as a file needs the right to export them ([`Query::exporting`]). Whatever else leaves asks here: rows behind a
//! figure, the answer to a SELECT, an answer broken down to single records, on a page, in a saved question or dashboard, or in a letter.

use super::{Action, allow, scope};
use crate::{Actor, Engine, Query, Result};
use meta::{Entity, Id, Unsaid};
use std::{collections::BTreeSet, sync::Arc};

/// Records looked at in one statement.
const BATCH: usize = 200;

impl Engine {
    /// The one rule: who takes records along, one by one, needs the right to export their kind; of lines, that of their document. What
    /// everybody may read, like products, teams and users, stands beside figures without it. A sum over many records is none of them.
    ///
    /// # Errors
    /// [`crate::Error::NoExport`], which names the kind and whom to ask.
    pub fn may_take_along(&self, actor: &Actor, entity: &str) -> Result<()> {
        let head = self.head(entity)?;
        if head.unsaid == Unsaid::Reading { Ok(()) } else { allow(actor, head, Action::Export) }
    }

    /// Whether whoever may take records of this kind along may do so with every one that he sees.
    pub fn takes_along_all_seen(&self, actor: &Actor, entity: &str) -> Result<bool> {
        let head = self.head(entity)?;
        let of = |action| scope(self.registry(), actor, head, action);
        Ok(head.unsaid == Unsaid::Reading || of(Action::Export) == of(Action::Read))
    }

    /// Those of these records that the actor may take along.
    pub async fn taken_along(&self, actor: &Actor, entity: &str, ids: &[Id]) -> Result<BTreeSet<Id>> {
        self.may_take_along(actor, entity)?;
        if self.takes_along_all_seen(actor, entity)? {
            return Ok(ids.iter().copied().collect());
        }
        let title = self.entity(entity)?.title.as_str();
        let mut taken = BTreeSet::new();
        for some in ids.chunks(BATCH) {
            let among: Vec<String> = some.iter().map(|id| format!("'{id}'")).collect();
            let among = format!("id in [{}]", among.join(", "));
            let query = Query::new(entity).filter(among).limit(some.len()).fields(&[title]).exporting();
            taken.extend(self.list(actor, &query).await?.records.into_iter().map(|record| record.id));
        }
        Ok(taken)
    }

    /// Lines have the rights of their document.
    fn head(&self, entity: &str) -> Result<&Arc<Entity>> {
        let entity = self.entity(entity)?;
        entity.parent_entity().map_or(Ok(entity), |parent| self.entity(parent))
    }
}
