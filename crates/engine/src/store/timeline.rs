//! Everything that happened with one record, newest first, from every entity that declares a timeline.

use crate::{Action, Actor, Engine, Query, Result, allow};
use meta::{DateTime, Entity, Id, Record, Utc};

#[derive(Clone, Debug)]
pub struct TimelineItem {
    pub at: DateTime<Utc>,
    pub record: Record,
}

impl Engine {
    /// At most `limit` items before `before`; one indexed look-up per entity, of the `fields` of each as the actor knows it
    /// (none are all).
    pub async fn timeline(
        &self,
        actor: &Actor,
        subject: &str,
        id: Id,
        before: Option<DateTime<Utc>>,
        limit: usize,
        fields: fn(&Entity) -> Vec<String>,
    ) -> Result<Vec<TimelineItem>> {
        let mut items = vec![];
        if actor.limits().is_some() && self.get_many(actor, subject, &[id]).await?.is_empty() {
            return Ok(items);
        }
        for entity in self.registry().entities() {
            let Some(timeline) = &actor.view(entity).timeline else { continue };
            let fits = entity.get(&timeline.subject).and_then(|field| field.target()) == Some(subject);
            if !fits || allow(actor, entity, Action::Read).is_err() {
                continue;
            }
            // Not as a filter: to read one takes longer than to find the records.
            let query = Query::new(&entity.name).belongs_to(&timeline.subject, id);
            let mut query = query.sort(format!("-{}", timeline.at)).limit(limit);
            query.fields = fields(actor.view(entity));
            if let Some(before) = before {
                query = query.filter(format!("{} < '{}'", timeline.at, before.to_rfc3339()));
            }
            for record in self.list(actor, &query).await?.records {
                if let Some(at) = record.get(&timeline.at).as_instant() {
                    items.push(TimelineItem { at, record });
                }
            }
        }
        items.sort_by(|a, b| b.at.cmp(&a.at).then(b.record.id.cmp(&a.record.id)));
        items.truncate(limit);
        Ok(items)
    }
}
