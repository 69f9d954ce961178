//! What an import reads and writes through: a transaction, or for a dry run the database as it is and a memory of what would
//! have been made. So that both count the same, they run the same code.

use engine::{
    Action, Actor, Engine, Result, Row, Tx, name,
    sea_query::{Expr, ExprTrait, Query, SelectStatement},
};
use meta::{Id, Record, Value, Values};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
};

/// How many records of each entity were created, and under `updated` how many changed.
pub type Counts = BTreeMap<String, u64>;
pub const UPDATED: &str = "updated";

pub enum Access<'t> {
    Write(&'t mut Tx),
    Look(&'t Engine, &'t mut Made, &'t Actor),
}

/// Keys a dry run has seen first: eight bytes each, so that a file of any size fits.
pub type Made = HashSet<u64>;

pub struct Store<'t> {
    access: Access<'t>,
    pub source: &'t str,
    pub run: Id,
    pub counts: Counts,
}

/// Conditions of one statement.
const CHUNK: usize = 500;
/// More records are not written in one call of the engine.
const WRITE_CHUNK: usize = 5_000;

fn hash(entity: &str, key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (entity, key).hash(&mut hasher);
    hasher.finish()
}

fn hash_of(entity: &str, field: &str, text: &str) -> u64 {
    hash(&format!("{entity}.{field}"), text)
}

impl<'t> Store<'t> {
    pub fn new(access: Access<'t>, source: &'t str, run: Id) -> Self {
        Store { access, source, run, counts: Counts::new() }
    }

    fn count(&mut self, what: &str, number: usize) {
        if number > 0 {
            *self.counts.entry(what.to_owned()).or_default() += number as u64;
        }
    }

    /// Ids by number in the source; what a dry run would have made has an id of no record.
    pub async fn external_ids(&mut self, entity: &str, keys: &[String]) -> Result<HashMap<String, Id>> {
        let found = match &mut self.access {
            Access::Write(tx) => tx.external_ids(entity, self.source, keys).await?,
            Access::Look(engine, ..) => engine.external_ids(entity, self.source, keys).await?,
        };
        let ids = found.values().copied().collect();
        let seen = self.seen(entity, ids).await?;
        let mut found = found;
        found.retain(|_, id| seen.as_ref().is_none_or(|seen| seen.contains(id)));
        match &mut self.access {
            Access::Write(_) => Ok(found),
            Access::Look(_, made, _) => {
                for key in keys {
                    if !found.contains_key(key) && made.contains(&hash(entity, key)) {
                        found.insert(key.clone(), Id::nil());
                    }
                }
                Ok(found)
            }
        }
    }

    fn actor(&self) -> &Actor {
        match &self.access {
            Access::Write(tx) => tx.actor(),
            Access::Look(_, _, actor) => actor,
        }
    }

    fn engine(&self) -> &Engine {
        match &self.access {
            Access::Write(tx) => tx.engine(),
            Access::Look(engine, ..) => engine,
        }
    }

    /// Those of `ids` whoever imports may not do all of `actions` with.
    pub async fn beyond(
        &mut self,
        entity: &str,
        ids: impl Iterator<Item = Id>,
        actions: &[Action],
    ) -> Result<HashSet<Id>> {
        if self.actor().limits().is_none() {
            return Ok(HashSet::new());
        }
        let mut beyond: HashSet<Id> = ids.filter(|id| !id.is_nil()).collect();
        let ids: Vec<Id> = beyond.iter().copied().collect();
        for ids in ids.chunks(CHUNK) {
            let within = self.engine().within(self.actor(), entity, ids, actions)?;
            for row in self.fetch(&within).await? {
                beyond.remove(&row.id(0)?);
            }
        }
        Ok(beyond)
    }

    /// Those of `ids` whoever imports may see; `None` is all. What he may not see is not there for his file, either.
    async fn seen(&mut self, entity: &str, ids: Vec<Id>) -> Result<Option<HashSet<Id>>> {
        if self.actor().limits().is_none() {
            return Ok(None);
        }
        let records = self.records(entity, &ids).await?;
        Ok(Some(records.into_iter().map(|record| record.id).collect()))
    }

    /// Whether records may be recognised by a field: not by one that is hidden or masked.
    fn knows(&self, entity: &str, field: &str) -> Result<bool> {
        let entity = self.actor().view(self.engine().entity(entity)?);
        Ok(entity.get(field).is_some_and(|field| !field.masked))
    }

    pub async fn records(&mut self, entity: &str, ids: &[Id]) -> Result<Vec<Record>> {
        match &mut self.access {
            Access::Write(tx) => tx.get_many(entity, ids).await,
            Access::Look(engine, _, actor) => engine.get_many(actor, entity, ids).await,
        }
    }

    pub async fn by_id(&mut self, entity: &str, ids: &[Id]) -> Result<HashMap<Id, Record>> {
        Ok(self.records(entity, ids).await?.into_iter().map(|record| (record.id, record)).collect())
    }

    /// The same, taken out of the bin where they are in it: what a file names again is in use again.
    pub async fn restored(&mut self, entity: &str, ids: &[Id]) -> Result<HashMap<Id, Record>> {
        let records = self.by_id(entity, ids).await?;
        let deleted: Vec<Id> =
            records.values().filter(|record| record.deleted_at.is_some()).map(|record| record.id).collect();
        self.restore(entity, &deleted).await?;
        Ok(records)
    }

    pub async fn fetch(&mut self, select: &SelectStatement) -> Result<Vec<Row>> {
        match &mut self.access {
            Access::Write(tx) => tx.fetch(select).await,
            Access::Look(engine, ..) => engine.fetch(select).await,
        }
    }

    /// Live records by the text of one field: (text, id). What a dry run would have made has an id of no record.
    pub async fn by_text(
        &mut self,
        entity: &str,
        field: &str,
        texts: &[String],
    ) -> Result<Vec<(String, Id)>> {
        let mut found = vec![];
        if !self.knows(entity, field)? {
            return Ok(found);
        }
        for texts in texts.chunks(CHUNK) {
            let select = Query::select()
                .columns([name(field), name("id")])
                .from(name(entity))
                .and_where(Expr::col(name(field)).is_in(texts.iter().cloned()))
                .and_where(Expr::col(name("deleted_at")).is_null())
                .to_owned();
            for row in self.fetch(&select).await? {
                found.push((row.text(0)?, row.id(1)?));
            }
        }
        let seen = self.seen(entity, found.iter().map(|(_, id)| *id).collect()).await?;
        found.retain(|(_, id)| seen.as_ref().is_none_or(|seen| seen.contains(id)));
        if let Access::Look(_, made, _) = &self.access {
            let would_be = texts.iter().filter(|text| made.contains(&hash_of(entity, field, text)));
            found.extend(would_be.map(|text| (text.clone(), Id::nil())));
        }
        Ok(found)
    }

    /// Creates records known by `key` in the source.
    pub async fn create(&mut self, entity: &str, numbered: Vec<(String, Values)>) -> Result<Vec<Id>> {
        self.count(entity, numbered.len());
        let mut ids = Vec::with_capacity(numbered.len());
        match &mut self.access {
            Access::Write(tx) => {
                let mut rest = numbered;
                while !rest.is_empty() {
                    let more = rest.split_off(rest.len().min(WRITE_CHUNK));
                    ids.extend(tx.create_many_numbered(entity, self.source, rest).await?);
                    rest = more;
                }
            }
            Access::Look(_, made, _) => {
                for (key, _) in &numbered {
                    made.insert(hash(entity, key));
                    ids.push(Id::nil());
                }
            }
        }
        Ok(ids)
    }

    /// Creates records without a number of their own: lines, and what is told by its name.
    pub async fn create_plain(&mut self, entity: &str, mut records: Vec<Values>) -> Result<Vec<Id>> {
        self.count(entity, records.len());
        let mut ids = Vec::with_capacity(records.len());
        match &mut self.access {
            Access::Write(tx) => {
                while !records.is_empty() {
                    let more = records.split_off(records.len().min(WRITE_CHUNK));
                    ids.extend(tx.create_many(entity, records).await?);
                    records = more;
                }
            }
            Access::Look(..) => ids.resize(records.len(), Id::nil()),
        }
        Ok(ids)
    }

    /// Remembers in a dry run that a record with this text would exist now.
    pub fn would_exist(&mut self, entity: &str, field: &str, text: &str) {
        if let Access::Look(_, made, _) = &mut self.access {
            made.insert(hash_of(entity, field, text));
        }
    }

    /// Writes what differs; see [`changes`].
    pub async fn update(&mut self, entity: &str, updates: Vec<(Id, Values)>) -> Result<()> {
        let updates: Vec<(Id, Values)> =
            updates.into_iter().filter(|(id, values)| !values.is_empty() && !id.is_nil()).collect();
        self.count(UPDATED, updates.len());
        if let Access::Write(tx) = &mut self.access {
            let mut rest = updates;
            while !rest.is_empty() {
                let more = rest.split_off(rest.len().min(WRITE_CHUNK));
                tx.update_many(entity, rest).await?;
                rest = more;
            }
        }
        Ok(())
    }

    /// Gives records that exist their number in the source, if whoever imports may change them.
    pub async fn give_numbers(&mut self, entity: &str, mut numbers: Vec<(String, Id)>) -> Result<()> {
        let beyond = self.beyond(entity, numbers.iter().map(|(_, id)| *id), &[Action::Update]).await?;
        numbers.retain(|(_, id)| !beyond.contains(id));
        match &mut self.access {
            Access::Write(tx) if !numbers.is_empty() => {
                tx.set_external_ids(entity, self.source, &numbers).await
            }
            _ => Ok(()),
        }
    }

    pub async fn restore(&mut self, entity: &str, ids: &[Id]) -> Result<()> {
        match &mut self.access {
            Access::Write(tx) if !ids.is_empty() => tx.restore_many(entity, ids).await.map(drop),
            _ => Ok(()),
        }
    }
}

/// The values that differ from the record's.
pub fn changes(record: &Record, mut values: Values) -> Values {
    values.retain(|field, value| record.get(field) != value);
    values
}

/// Puts a value that is there.
pub fn put(values: &mut Values, field: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        values.insert(field.to_owned(), value.into());
    }
}
