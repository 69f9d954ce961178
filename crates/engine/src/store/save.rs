//! Saving: one fixed order of steps for one record or many — access, input check, defaults, numbers, rules, required,
//! references, write, search document, log.

use super::{check::at, read::only_live};
use crate::{Action, Error, LogKind, Result, Tx, allow, condition::bind, db::name, search};
use meta::{Change, Entity, Field, Id, Record, Value, Values};
use sea_query::{Expr, ExprTrait, Query as Sql, Value as Bound};
use serde_json::{Map, Value as Json, json};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// More records are not written in one call.
pub(crate) const BATCH_LIMIT: usize = 10_000;

impl Tx {
    pub async fn create(&mut self, entity: &str, values: Values) -> Result<Id> {
        let ids = self.create_many(entity, vec![values]).await?;
        ids.first().copied().ok_or_else(|| Error::Internal("nothing was created".into()))
    }

    /// Creates many records with one compact log entry. A value named `id` makes the record have that id. Problems name
    /// their record as `[index].field` when there are several.
    pub async fn create_many(&mut self, entity: &str, records: Vec<Values>) -> Result<Vec<Id>> {
        self.create_all(entity, records, None).await
    }

    /// The same for records that have a number in another system; one round for the search documents, too.
    pub async fn create_many_numbered(
        &mut self,
        entity: &str,
        source: &str,
        numbered: Vec<(String, Values)>,
    ) -> Result<Vec<Id>> {
        let (numbers, records) = numbered.into_iter().unzip();
        self.create_all(entity, records, Some((source, numbers))).await
    }

    async fn create_all(
        &mut self,
        entity: &str,
        mut records: Vec<Values>,
        numbers: Option<(&str, Vec<String>)>,
    ) -> Result<Vec<Id>> {
        let entity = self.writable(entity, Action::Create, records.len())?;
        let mut ids = Vec::with_capacity(records.len());
        for values in &mut records {
            ids.push(match values.remove("id") {
                Some(Value::Id(id)) => id,
                _ => self.clock().new_id(),
            });
        }
        let many = records.len() > 1;
        let mut problems = vec![];
        for (index, values) in records.iter_mut().enumerate() {
            let found = self.withheld(&entity, None, values);
            problems.extend(found.into_iter().map(|problem| at(problem, many.then_some(index))));
        }
        self.fill_defaults(&entity, &mut records).await?;
        self.fill_from_others(&entity, &ids, &mut records).await?;
        for (index, (values, id)) in records.iter_mut().zip(&ids).enumerate() {
            let found = self.prepare(&entity, Change::Create, *id, None, values);
            problems.extend(found.into_iter().map(|problem| at(problem, many.then_some(index))));
        }
        if problems.is_empty() {
            problems = self.missing_references(&entity, &ids, &records).await?;
        }
        if !problems.is_empty() {
            return Err(Error::Invalid(problems));
        }
        let records = Arc::new(records);
        let (source, numbers) = numbers.map_or((None, vec![]), |(source, numbers)| (Some(source), numbers));
        let numbers = Arc::new(numbers);
        let documents = search::is_searched(&entity)
            .then(|| search::Making::begin(entity.clone(), records.clone(), numbers.clone()));
        self.insert(&entity, &ids, &records).await?;
        self.confirm_place(&entity, &ids, Action::Create).await?;
        self.made.extend(&ids);
        if let Some(documents) = documents {
            self.documents.put_new(&entity.name, ids.iter().copied().zip(documents.end().await?));
        }
        let entries: Vec<(Id, Json)> = ids.iter().map(|id| (*id, json!({}))).collect();
        self.log(&entity.name, LogKind::Create, &entries).await?;
        self.touch(&entity.name, ids.iter().copied());
        if let Some(source) = source {
            let pairs: Vec<(String, Id)> = numbers.iter().cloned().zip(ids.iter().copied()).collect();
            self.insert_external_ids(&entity.name, source, &pairs).await?;
        }
        Ok(ids)
    }

    /// Changes the given fields; with `version`, only if the record is still at it. Returns the new version.
    pub async fn update(
        &mut self,
        entity: &str,
        id: Id,
        version: Option<i64>,
        values: Values,
    ) -> Result<i64> {
        let declared = self.engine.entity(entity)?.clone();
        let before = only_live(self.whole(&declared, &[id]).await?, &declared, id)?;
        if version.is_some_and(|version| version != before.version) {
            return Err(Error::Conflict { current: before.version });
        }
        let current = before.version;
        let changed = self.update_known(entity, vec![(before, values)]).await?;
        Ok(if changed.is_empty() { current } else { current + 1 })
    }

    /// Changes many records; those that stay the same are neither written nor logged. Returns how many changed.
    pub async fn update_many(&mut self, entity: &str, updates: Vec<(Id, Values)>) -> Result<usize> {
        let ids: Vec<Id> = updates.iter().map(|(id, _)| *id).collect();
        let declared = self.engine.entity(entity)?.clone();
        let mut found: HashMap<Id, Record> =
            self.whole(&declared, &ids).await?.into_iter().map(|record| (record.id, record)).collect();
        let mut pairs = Vec::with_capacity(updates.len());
        for (id, values) in updates {
            let before = found.remove(&id).filter(|record| record.deleted_at.is_none());
            pairs.push((before.ok_or_else(|| Error::NotFound(format!("{entity} {id}")))?, values));
        }
        Ok(self.update_known(entity, pairs).await?.len())
    }

    async fn update_known(&mut self, entity: &str, pairs: Vec<(Record, Values)>) -> Result<Vec<Id>> {
        let entity = self.writable(entity, Action::Update, pairs.len())?;
        let ids: Vec<Id> = pairs.iter().map(|(before, _)| before.id).collect();
        self.confirm(&entity, &ids, Action::Update).await?;
        let many = pairs.len() > 1;
        let mut problems = vec![];
        let mut changed: Vec<(Record, Values)> = vec![];
        for (index, (before, mut values)) in pairs.into_iter().enumerate() {
            let mut found = self.withheld(&entity, Some(&before), &mut values);
            found.extend(self.prepare(&entity, Change::Update, before.id, Some(&before), &mut values));
            problems.extend(found.into_iter().map(|problem| at(problem, many.then_some(index))));
            values.retain(|field, value| before.get(field) != value);
            if !values.is_empty() {
                changed.push((before, values));
            }
        }
        if problems.is_empty() {
            let values: Vec<Values> = changed.iter().map(|(_, values)| values.clone()).collect();
            problems = self.missing_references(&entity, &[], &values).await?;
        }
        if !problems.is_empty() {
            return Err(Error::Invalid(problems));
        }
        let mut entries = vec![];
        for (before, values) in &changed {
            self.write_update(&entity, before, values).await?;
            let fields: Map<String, Json> = values
                .iter()
                .map(|(field, value)| {
                    (field.to_owned(), json!([before.get(field).to_json(), value.to_json()]))
                })
                .collect();
            entries.push((before.id, Json::Object(fields)));
        }
        let moved = changed.iter().filter(|(_, values)| Tx::moves(&entity, values));
        let moved: Vec<Id> = moved.map(|(before, _)| before.id).collect();
        self.confirm_place(&entity, &moved, Action::Update).await?;
        let ids: Vec<Id> = changed.iter().map(|(before, _)| before.id).collect();
        if changed
            .iter()
            .any(|(_, values)| values.keys().any(|field| entity.get(field).is_some_and(|f| f.searched)))
        {
            self.reindex(&entity.name, &ids, false).await?;
        }
        self.log(&entity.name, LogKind::Update, &entries).await?;
        self.touch(&entity.name, ids.iter().copied());
        Ok(ids)
    }

    pub(crate) async fn write_update(
        &mut self,
        entity: &Entity,
        before: &Record,
        values: &Values,
    ) -> Result<()> {
        let mut update = Sql::update();
        update
            .table(name(&entity.name))
            .value(name("version"), before.version + 1)
            .value(name("updated_at"), self.clock().now())
            .and_where(Expr::col(name("id")).eq(before.id))
            .and_where(Expr::col(name("version")).eq(before.version));
        let mut figures = Values::new();
        for (field, value) in values {
            match entity.get(field) {
                Some(field) if field.apart.is_some() => {
                    drop(figures.insert(field.name.clone(), value.clone()))
                }
                Some(field) => drop(update.value(name(&field.name), bind(field, value))),
                None => {}
            }
        }
        // Another transaction of PostgreSQL may have been quicker.
        if self.conn.execute(&update).await? == 0 {
            let current = self.get_many(&entity.name, &[before.id]).await?;
            return Err(Error::Conflict { current: current.first().map_or(0, |record| record.version) });
        }
        self.set_figures(&entity.name, &[(before.id, figures)]).await
    }

    pub(super) fn writable(&self, entity: &str, action: Action, records: usize) -> Result<Arc<Entity>> {
        let entity = self.engine.entity(entity)?.clone();
        allow(&self.actor, &entity, action)?;
        if records > BATCH_LIMIT {
            return Err(Error::Limit(meta::label(
                format!("At most {BATCH_LIMIT} records can be written at once: send them in parts."),
                format!("一次最多写入 {BATCH_LIMIT} 条记录，请分批提交。"),
            )));
        }
        Ok(entity)
    }

    async fn insert(&mut self, entity: &Entity, ids: &[Id], records: &[Values]) -> Result<()> {
        // Only columns that some record fills: a sparse bulk insert stays small.
        let given = records.iter().flatten().filter(|(_, value)| !value.is_null());
        let filled: HashSet<&str> = given.map(|(field, _)| field).collect();
        let fields = entity.fields.values().filter(|field| filled.contains(field.name.as_str()));
        let (figures, fields): (Vec<&Field>, Vec<&Field>) = fields.partition(|field| field.apart.is_some());
        self.insert_figures(entity, ids, &figures, records).await?;
        let system = ["id", "version", "created_at", "updated_at", "created_by", "run_id"];
        let columns: Vec<&str> =
            system.into_iter().chain(fields.iter().map(|field| field.name.as_str())).collect();
        let (now, user, run) = (self.clock().now(), self.actor.user, self.run);
        let values: Vec<Bound> = ids
            .iter()
            .zip(records)
            .flat_map(|(id, values)| {
                let own: [Bound; 6] =
                    [(*id).into(), 1i64.into(), now.into(), now.into(), user.into(), run.into()];
                let given =
                    fields.iter().map(|field| bind(field, values.get(&field.name).unwrap_or(&Value::Null)));
                own.into_iter().chain(given)
            })
            .collect();
        self.conn.insert_rows(&entity.name, &columns, values).await
    }
}
