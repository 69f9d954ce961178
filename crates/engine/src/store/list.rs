//! Lists: filter, search, sort by an index, pages by key (never OFFSET), counts with a cap.

use super::{
    plan::{Plan, plan, sort_value, write_cursor},
    query::{LIMIT_MAXIMUM, Query},
    read,
    road::{Road, Source, Used},
    statements::text_of,
};
use crate::{Actor, Engine, Recent, Result, Tx, engine::ESTIMATE_AGE, search};
use meta::{Field, Id, Record, Value};
use sea_query::{Expr, Query as Sql, SelectStatement};

#[derive(Clone, Debug)]
pub struct Page {
    /// May be fewer than asked for, even none, with more to come: one answer looks at a limited number of rows.
    pub records: Vec<Record>,
    /// Give it as `after` to get the next page; `None` on the last.
    pub next: Option<String>,
    /// How many rows were looked at where it ended for that; otherwise as many as it has.
    pub looked_at: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    pub number: u64,
    /// There may be more than `number`.
    pub capped: bool,
}

/// Counts of lists, by the statement that would find all they count. “More than 10,000” may be a minute old; a number that
/// somebody may check ends with the next change.
pub(crate) struct Counts {
    capped: Recent<String, Count>,
    exact: Recent<String, Count>,
}

impl Default for Counts {
    fn default() -> Self {
        let bytes = |text: &String, _: &Count| text.len();
        Counts {
            capped: Recent::for_at_most(ESTIMATE_AGE).weighing(bytes),
            exact: Recent::default().weighing(bytes),
        }
    }
}

impl Plan<'_> {
    async fn page(&self, mut source: Source<'_>) -> Result<Page> {
        let mut page = self.whole_page(&mut source).await?;
        self.withhold(&mut source, &mut page.records).await?;
        Ok(page)
    }

    async fn whole_page(&self, source: &mut Source<'_>) -> Result<Page> {
        match self.road(source).await? {
            Road::Seek(part) => self.sort_found(source, part).await,
            Road::Walk { served, otherwise } => {
                match (self.walk_along(source, &served, otherwise).await?, otherwise) {
                    (Some(page), _) => Ok(page),
                    (None, found) => self.sort_found(source, found.map(|(part, _)| part)).await,
                }
            }
        }
    }

    async fn sort_found(&self, source: &mut Source<'_>, part: Option<usize>) -> Result<Page> {
        let mut records = vec![];
        // Sorted whole, it is one stretch.
        for stretch in self.stretches(&Road::Seek(part)) {
            let select = self.seek(part, &stretch, self.missing(&records));
            self.read(source, &select, &mut records).await?;
        }
        Ok(self.page_of(records, None))
    }

    /// `None` if sorting the rows that `otherwise` finds looks shorter than to walk on.
    async fn walk_along(
        &self,
        source: &mut Source<'_>,
        served: &[usize],
        otherwise: Option<(usize, u64)>,
    ) -> Result<Option<Page>> {
        let (mut records, effort) = (vec![], self.effort(served));
        for mut stretch in self.stretches(&Road::Walk { served: served.to_vec(), otherwise }) {
            let (mut walked, mut leg, before) = (0, effort.first_leg, records.len() as u64);
            loop {
                let bound = self.bound(source, served, &stretch, leg).await?;
                let select = self.walk(served, &stretch, bound.as_ref(), self.missing(&records));
                self.read(source, &select, &mut records).await?;
                walked += leg;
                let (met, missing) = (records.len() as u64 - before, self.missing(&records));
                let Some(end) = bound.filter(|_| missing > 0) else { break };
                // As densely as so far.
                let needed = missing * walked / met.max(1);
                leg = std::cmp::min(2 * needed.max(effort.first_leg), effort.rows.saturating_sub(walked));
                match otherwise {
                    Some((_, found)) if needed / effort.rows_per_record > found || leg == 0 => {
                        return Ok(None);
                    }
                    _ if leg == 0 => return Ok(Some(self.page_of(records, Some((end, walked))))),
                    _ => stretch.range = Some(self.beyond(&end)),
                }
            }
            if self.missing(&records) == 0 {
                break;
            }
        }
        Ok(Some(self.page_of(records, None)))
    }

    /// One more than the page has room for tells whether there is another.
    fn missing(&self, records: &[Record]) -> u64 {
        (self.limit + 1).saturating_sub(records.len()) as u64
    }

    async fn read(
        &self,
        source: &mut Source<'_>,
        select: &SelectStatement,
        records: &mut Vec<Record>,
    ) -> Result<()> {
        for row in source.fetch(select).await? {
            records.push(read::decode(self.entity, &self.fields, row)?);
        }
        Ok(())
    }

    /// `end`: where the search for more ended, and after how many rows.
    fn page_of(&self, mut records: Vec<Record>, end: Option<((Value, Id), u64)>) -> Page {
        let more = records.len() > self.limit;
        records.truncate(self.limit);
        let looked_at = end.as_ref().map_or(records.len() as u64, |(_, walked)| *walked);
        let next = match records.last().filter(|_| more) {
            Some(last) => Some(write_cursor(&sort_value(last, &self.sort), last.id)),
            None => end.map(|((value, id), _)| write_cursor(&value, id)),
        };
        Page { records, next, looked_at }
    }

    /// Takes out what the actor may not see: records found by a word that stands only in fields hidden from him, and those
    /// fields.
    async fn withhold(&self, source: &mut Source<'_>, records: &mut Vec<Record>) -> Result<()> {
        let Some(rights) = &self.withheld.rights else { return Ok(()) };
        if let Some(words) = &self.withheld.words {
            search::keep_matching(source, self.entity, words, records).await?;
        }
        rights.withhold(&self.entity.name, records);
        Ok(())
    }
}

impl Engine {
    /// One page of records.
    #[tracing::instrument(level = "debug", skip_all, fields(entity = query.entity))]
    pub async fn list(&self, actor: &Actor, query: &Query) -> Result<Page> {
        plan(self, actor, query)?.page(Source::Engine(self)).await
    }

    /// How many records match, looking at no more than `cap` of them, or at what is looked at for a page.
    pub async fn count(&self, actor: &Actor, query: &Query, cap: u64) -> Result<Count> {
        let plan = plan(self, actor, query)?;
        if plan.withheld.words.is_some() {
            // The number of matches must not tell what the matches do not.
            let page =
                self.list(actor, &Query { limit: LIMIT_MAXIMUM, after: None, ..query.clone() }).await?;
            let number = page.records.len() as u64;
            return Ok(Count {
                number: std::cmp::min(number, cap),
                capped: number > cap || page.next.is_some(),
            });
        }
        let changes = self.changes_to_followed(&query.entity);
        let all = plan.sought(None, Used::default(), Some(cap));
        // What was counted up to 99 for a tab says nothing of a list that counts on.
        let text = text_of(all.to_owned().expr(Expr::val(1i64)), self.dialect());
        let key = format!("{cap} {text}");
        let counts = self.counts();
        if let Some(known) = counts.capped.get(&key, 0).or_else(|| counts.exact.get(&key, changes)) {
            return Ok(known);
        }
        let (number, complete) = match plan.count_found(cap) {
            Some(count) => (read::number(&self.fetch(&count).await?)?, true),
            None => plan.count_sought(&mut Source::Engine(self), cap).await?,
        };
        let count = Count { number: std::cmp::min(number, cap), capped: number > cap || !complete };
        if count.capped {
            counts.capped.put(key, 0, count);
        } else {
            counts.exact.put(key, changes, count);
        }
        Ok(count)
    }

    /// The same for many queries: all that an index counts by itself by one statement, since to begin one takes longer than most
    /// of them count.
    pub async fn count_each(&self, actor: &Actor, queries: &[Query], cap: u64) -> Result<Vec<Count>> {
        let (mut together, mut places) = (Sql::select(), vec![]);
        for (place, query) in queries.iter().enumerate() {
            let plan = plan(self, actor, query)?;
            if let Some(count) = plan.count_found(cap).filter(|_| plan.withheld.words.is_none()) {
                together.expr(Expr::from(count));
                places.push(place);
            }
        }
        let mut counted: Vec<Option<Count>> = vec![None; queries.len()];
        if !places.is_empty() {
            for row in self.fetch(&together).await? {
                for (column, place) in places.iter().enumerate() {
                    let number = row.int(column)?.unsigned_abs();
                    counted[*place] =
                        Some(Count { number: std::cmp::min(number, cap), capped: number > cap });
                }
            }
        }
        let each = queries.iter().zip(counted).map(|(query, counted)| async move {
            match counted {
                Some(count) => Ok(count),
                None => self.count(actor, query, cap).await,
            }
        });
        futures::future::try_join_all(each).await
    }
}

impl Engine {
    /// Whose a record is may change with what it follows.
    fn changes_to_followed(&self, entity: &str) -> u64 {
        let Ok(known) = self.entity(entity) else { return 0 };
        let followed = known.follows.iter().filter_map(|name| known.get(name).and_then(Field::target));
        let followed = followed.map(|target| self.changes_to_followed(target));
        followed.fold(self.changes_to(entity), u64::wrapping_add)
    }
}

impl Tx {
    pub async fn list(&mut self, query: &Query) -> Result<Page> {
        let engine = self.engine.clone();
        let actor = self.actor.clone();
        let plan = plan(&engine, &actor, query)?;
        if plan.searches() {
            self.documents.flush(&mut self.conn).await?;
        }
        plan.page(Source::Tx(&mut self.conn)).await
    }
}
