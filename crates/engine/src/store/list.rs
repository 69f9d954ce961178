//! Lists: filter, search, sort by an index, pages by key (never OFFSET), counts with a cap.

use super::{
    plan::{Plan, plan, sort_value, write_cursor},
    query::{LIMIT_MAXIMUM, Query},
    read,
    road::{Road, Source},
};
use crate::{Action, Actor, Engine, Error, Result, Tx, allow, search};
use meta::{Id, Record, label};

#[derive(Clone, Debug)]
pub struct Page {
    /// May be fewer than asked for, even none, with more to come: one answer looks at a limited number of rows.
    pub records: Vec<Record>,
    /// Give it as `after` to get the next page; `None` on the last.
    pub next: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    pub number: u64,
    /// There may be more than `number`.
    pub capped: bool,
}

impl Plan<'_> {
    async fn page(&self, mut source: Source<'_>) -> Result<Page> {
        let road = self.road(&mut source).await?;
        let mut records: Vec<Record> = vec![];
        let mut resume = None;
        for stretch in self.stretches(&road) {
            let missing = (self.limit + 1 - records.len()) as u64;
            let (select, bound) = match &road {
                Road::Seek(part) => (self.seek(*part, &stretch, missing), None),
                Road::Walk { served } => {
                    let bound = self.bound(&mut source, served, &stretch).await?;
                    (self.walk(served, &stretch, bound.as_ref(), missing), bound)
                }
            };
            for row in source.fetch(&select).await? {
                records.push(read::decode(self.entity, &self.fields, &row)?);
            }
            if records.len() > self.limit {
                break;
            }
            if bound.is_some() {
                resume = bound;
                break;
            }
        }
        let more = records.len() > self.limit;
        records.truncate(self.limit);
        let next = match records.last().filter(|_| more) {
            Some(last) => Some(write_cursor(&sort_value(last, &self.sort), last.id)),
            None => resume.map(|(value, id)| write_cursor(&value, id)),
        };
        Ok(Page { records, next })
    }
}

impl Engine {
    /// One page of records.
    pub async fn list(&self, actor: &Actor, query: &Query) -> Result<Page> {
        plan(self, actor, query)?.page(Source::Engine(self)).await
    }

    /// How many records match, looking at no more than `cap` of them, or at what is looked at for a page.
    pub async fn count(&self, actor: &Actor, query: &Query, cap: u64) -> Result<Count> {
        let plan = plan(self, actor, query)?;
        let (number, complete) = match plan.count_found(cap) {
            Some(count) => (read::number(&self.fetch(&count).await?)?, true),
            None => plan.count_sought(&mut Source::Engine(self), cap).await?,
        };
        Ok(Count { number: std::cmp::min(number, cap), capped: number > cap || !complete })
    }

    /// Records of any (or one) entity whose searched fields have every word of `text`.
    pub async fn search(
        &self,
        actor: &Actor,
        text: &str,
        entity: Option<&str>,
        limit: usize,
    ) -> Result<Vec<search::Hit>> {
        if limit == 0 || limit > LIMIT_MAXIMUM {
            return Err(Error::Limit(label("Too many results asked for at once.", "一次请求的结果太多。")));
        }
        let entities = self.registry().entities().filter(|candidate| {
            search::is_searched(candidate)
                && entity.is_none_or(|entity| entity == candidate.name)
                && allow(actor, candidate, Action::Read).is_ok()
        });
        let looks = entities.map(|entity| async {
            let select = search::matching_ids(&entity.name, text, self.dialect(), limit as u64);
            let rows = self.fetch(&select).await?;
            rows.iter().map(|row| Ok((entity.name.clone(), row.id(0)?))).collect::<Result<Vec<_>>>()
        });
        let mut found: Vec<(String, Id)> = futures::future::try_join_all(looks).await?.concat();
        // Newest first, as ids say: what a user looks for is mostly recent.
        found.sort_by_key(|(_, id)| std::cmp::Reverse(*id));
        found.truncate(limit);
        let wanted: Vec<(&str, Id)> = found.iter().map(|(entity, id)| (entity.as_str(), *id)).collect();
        let mut titles = self.titles(actor, &wanted).await?;
        Ok(found
            .into_iter()
            .filter_map(|(entity, id)| titles.remove(&id).map(|title| search::Hit { entity, id, title }))
            .collect())
    }
}

impl Tx {
    pub async fn list(&mut self, query: &Query) -> Result<Page> {
        let engine = self.engine.clone();
        let plan = plan(&engine, &self.actor, query)?;
        if plan.searches() {
            self.documents.flush(&mut self.conn).await?;
        }
        plan.page(Source::Tx(&mut self.conn)).await
    }
}
