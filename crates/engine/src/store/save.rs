//! Saving: one fixed order of steps for one record or many — access, input check, defaults, numbers, rules, required,
//! references, write, search document, log.

use crate::{Action, Error, LogKind, Result, Tx, allow, condition::bind, db::name, search};
use meta::{Change, Draft, Entity, Field, FieldProblem, Id, Problem, Record, Value, Values};
use sea_query::{CaseStatement, Expr, ExprTrait, OnConflict, Query as Sql, Value as Bound};
use serde_json::{Map, Value as Json, json};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

/// SQLite takes 32,766 parameters in one statement, PostgreSQL 65,535.
const PARAMETERS: usize = 30_000;
/// More records are not written in one call.
pub(crate) const BATCH_LIMIT: usize = 10_000;

impl Tx {
    pub async fn create(&mut self, entity: &str, values: Values) -> Result<Id> {
        let ids = self.create_many(entity, vec![values]).await?;
        ids.first().copied().ok_or_else(|| Error::Internal("nothing was created".into()))
    }

    /// Creates many records with one compact log entry. A value named `id` makes the record have that id. Problems name
    /// their record as `[index].field` when there are several.
    pub async fn create_many(&mut self, entity: &str, mut records: Vec<Values>) -> Result<Vec<Id>> {
        let entity = self.writable(entity, Action::Create, records.len())?;
        let mut ids = Vec::with_capacity(records.len());
        for values in &mut records {
            ids.push(match values.remove("id") {
                Some(Value::Id(id)) => id,
                _ => self.clock().new_id(),
            });
        }
        self.fill_defaults(&entity, &mut records).await?;
        let many = records.len() > 1;
        let mut problems = vec![];
        for (index, (values, id)) in records.iter_mut().zip(&ids).enumerate() {
            let found = self.prepare(&entity, Change::Create, *id, None, values);
            problems.extend(found.into_iter().map(|problem| at(problem, many.then_some(index))));
        }
        if problems.is_empty() {
            problems = self.missing_references(&entity, &records).await?;
        }
        if !problems.is_empty() {
            return Err(Error::Invalid(problems));
        }
        self.insert(&entity, &ids, &records).await?;
        let documents: Vec<_> = ids.iter().zip(&records).map(|(id, values)| (*id, values, vec![])).collect();
        search::index(&mut self.conn, &entity, &documents, true).await?;
        let entries: Vec<(Id, Json)> = ids.iter().map(|id| (*id, json!({}))).collect();
        self.log(&entity.name, LogKind::Create, &entries).await?;
        self.touch(&entity.name, ids.iter().copied());
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
        let before = self.get(entity, id).await?;
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
        let mut found: HashMap<Id, Record> =
            self.get_many(entity, &ids).await?.into_iter().map(|record| (record.id, record)).collect();
        let mut pairs = Vec::with_capacity(updates.len());
        for (id, values) in updates {
            let before = found.remove(&id).filter(|record| record.deleted_at.is_none());
            pairs.push((before.ok_or_else(|| Error::NotFound(format!("{entity} {id}")))?, values));
        }
        Ok(self.update_known(entity, pairs).await?.len())
    }

    async fn update_known(&mut self, entity: &str, pairs: Vec<(Record, Values)>) -> Result<Vec<Id>> {
        let entity = self.writable(entity, Action::Update, pairs.len())?;
        let many = pairs.len() > 1;
        let mut problems = vec![];
        let mut changed: Vec<(Record, Values)> = vec![];
        for (index, (before, mut values)) in pairs.into_iter().enumerate() {
            let found = self.prepare(&entity, Change::Update, before.id, Some(&before), &mut values);
            problems.extend(found.into_iter().map(|problem| at(problem, many.then_some(index))));
            values.retain(|field, value| before.get(field) != value);
            if !values.is_empty() {
                changed.push((before, values));
            }
        }
        if problems.is_empty() {
            let values: Vec<Values> = changed.iter().map(|(_, values)| values.clone()).collect();
            problems = self.missing_references(&entity, &values).await?;
        }
        if !problems.is_empty() {
            return Err(Error::Invalid(problems));
        }
        let mut entries = vec![];
        for (before, values) in &changed {
            self.write_update(&entity, before, values).await?;
            let fields: Map<String, Json> = values
                .iter()
                .map(|(field, value)| (field.clone(), json!([before.get(field).to_json(), value.to_json()])))
                .collect();
            entries.push((before.id, Json::Object(fields)));
        }
        let ids: Vec<Id> = changed.iter().map(|(before, _)| before.id).collect();
        if changed
            .iter()
            .any(|(_, values)| values.keys().any(|field| entity.get(field).is_some_and(|f| f.searched)))
        {
            self.reindex(&entity.name, &ids).await?;
        }
        self.log(&entity.name, LogKind::Update, &entries).await?;
        self.touch(&entity.name, ids.iter().copied());
        Ok(ids)
    }

    async fn write_update(&mut self, entity: &Entity, before: &Record, values: &Values) -> Result<()> {
        let mut update = Sql::update();
        update
            .table(name(&entity.name))
            .value(name("version"), before.version + 1)
            .value(name("updated_at"), self.clock().now())
            .and_where(Expr::col(name("id")).eq(before.id))
            .and_where(Expr::col(name("version")).eq(before.version));
        for (field, value) in values {
            if let Some(field) = entity.get(field) {
                update.value(name(&field.name), bind(field, value));
            }
        }
        // Another transaction of PostgreSQL may have been quicker.
        if self.conn.execute(&update).await? == 0 {
            let current = self.get_many(&entity.name, &[before.id]).await?;
            return Err(Error::Conflict { current: current.first().map_or(0, |record| record.version) });
        }
        Ok(())
    }

    /// Moves a record (and its lines) out of sight; [`Tx::restore`] brings it back.
    pub async fn delete(&mut self, entity: &str, id: Id, version: Option<i64>) -> Result<()> {
        let record = self.get(entity, id).await?;
        if version.is_some_and(|version| version != record.version) {
            return Err(Error::Conflict { current: record.version });
        }
        self.delete_many(entity, &[id]).await.map(drop)
    }

    pub async fn delete_many(&mut self, entity: &str, ids: &[Id]) -> Result<usize> {
        self.set_deleted(entity, ids, true).await
    }
    pub async fn restore(&mut self, entity: &str, id: Id) -> Result<()> {
        match self.restore_many(entity, &[id]).await? {
            0 => Err(Error::NotFound(format!("{entity} {id}"))),
            _ => Ok(()),
        }
    }
    pub async fn restore_many(&mut self, entity: &str, ids: &[Id]) -> Result<usize> {
        self.set_deleted(entity, ids, false).await
    }

    /// Lines carry their parent's moment of deletion, so that restoring it brings back just those.
    async fn set_deleted(&mut self, entity: &str, ids: &[Id], deleted: bool) -> Result<usize> {
        let entity = self.writable(entity, Action::Delete, ids.len())?;
        let known = self.get_many(&entity.name, ids).await?;
        let affected: Vec<Record> =
            known.into_iter().filter(|record| record.deleted_at.is_none() == deleted).collect();
        let ids: Vec<Id> = affected.iter().map(|record| record.id).collect();
        if ids.is_empty() {
            return Ok(0);
        }
        let now = self.clock().now();
        let engine = self.engine.clone();
        for child in engine.registry().children(&entity.name) {
            let Some(parent) = &child.parent else { continue };
            self.mark_lines(child, parent, &affected, deleted.then_some(now)).await?;
        }
        self.mark(&entity.name, &ids, deleted.then_some(now)).await?;
        if deleted {
            search::remove(&mut self.conn, &ids).await?;
        } else {
            self.reindex(&entity.name, &ids).await?;
        }
        let kind = if deleted { LogKind::Delete } else { LogKind::Restore };
        let entries: Vec<(Id, Json)> = ids.iter().map(|id| (*id, json!({}))).collect();
        self.log(&entity.name, kind, &entries).await?;
        self.touch(&entity.name, ids.iter().copied());
        Ok(ids.len())
    }

    async fn mark(&mut self, entity: &str, ids: &[Id], at: Option<meta::DateTime<meta::Utc>>) -> Result<()> {
        for ids in ids.chunks(1_000) {
            let update = Sql::update()
                .table(name(entity))
                .value(name("deleted_at"), at)
                .value(name("version"), Expr::col(name("version")).add(1i64))
                .value(name("updated_at"), self.clock().now())
                .and_where(Expr::col(name("id")).is_in(ids.iter().copied()))
                .to_owned();
            self.conn.execute(&update).await?;
        }
        Ok(())
    }

    async fn mark_lines(
        &mut self,
        child: &Entity,
        parent: &str,
        parents: &[Record],
        at: Option<meta::DateTime<meta::Utc>>,
    ) -> Result<()> {
        for chunk in parents.chunks(500) {
            let mut lines = Sql::select();
            lines.column(name("id")).from(name(&child.name));
            lines.and_where(Expr::col(name(parent)).is_in(chunk.iter().map(|record| record.id)));
            match at {
                Some(_) => lines.and_where(Expr::col(name("deleted_at")).is_null()),
                None => lines.and_where(
                    Expr::col(name("deleted_at")).is_in(chunk.iter().filter_map(|record| record.deleted_at)),
                ),
            };
            let ids: Vec<Id> =
                self.conn.fetch(&lines).await?.iter().map(|row| row.id(0)).collect::<Result<_>>()?;
            self.mark(&child.name, &ids, at).await?;
        }
        Ok(())
    }

    /// Writes background figures: neither logged nor counted as a new version.
    pub async fn set_figures(&mut self, entity: &str, figures: &[(Id, Values)]) -> Result<()> {
        let engine = self.engine.clone();
        let entity = engine.entity(entity)?;
        let Some((_, first)) = figures.first() else { return Ok(()) };
        let fields: Vec<&Field> = first
            .keys()
            .map(|field| {
                entity
                    .get(field)
                    .filter(|field| field.figure)
                    .ok_or_else(|| Error::Internal(format!("{field} is not a figure of {}", entity.name)))
            })
            .collect::<Result<_>>()?;
        for chunk in figures.chunks((PARAMETERS / (fields.len() * 2 + 1)).clamp(1, 200)) {
            let mut update = Sql::update();
            update.table(name(&entity.name));
            for field in &fields {
                let mut case = CaseStatement::new();
                for (id, values) in chunk {
                    let value = values.get(&field.name).unwrap_or(&Value::Null);
                    case = case.case(Expr::col(name("id")).eq(*id), typed(field, value, self.dialect()));
                }
                update.value(name(&field.name), case);
            }
            update.and_where(Expr::col(name("id")).is_in(chunk.iter().map(|(id, _)| *id)));
            self.conn.execute(&update).await?;
        }
        Ok(())
    }

    /// Makes the search documents of `ids` anew from what is stored.
    pub(crate) async fn reindex(&mut self, entity: &str, ids: &[Id]) -> Result<()> {
        let engine = self.engine.clone();
        let entity = engine.entity(entity)?;
        if !search::is_searched(entity) {
            return Ok(());
        }
        let records = self.get_many(&entity.name, ids).await?;
        let mut numbers: HashMap<Id, Vec<String>> = HashMap::new();
        if entity.external_ids {
            for ids in ids.chunks(1_000) {
                let select = Sql::select()
                    .columns([name("record_id"), name("external_id")])
                    .from(name("external_id"))
                    .and_where(Expr::col(name("record_id")).is_in(ids.iter().copied()))
                    .to_owned();
                for row in self.conn.fetch(&select).await? {
                    numbers.entry(row.id(0)?).or_default().push(row.text(1)?);
                }
            }
        }
        let documents: Vec<_> = records
            .iter()
            .filter(|record| record.deleted_at.is_none())
            .map(|record| (record.id, &record.values, numbers.remove(&record.id).unwrap_or_default()))
            .collect();
        search::index(&mut self.conn, entity, &documents, false).await
    }

    fn writable(&self, entity: &str, action: Action, records: usize) -> Result<Arc<Entity>> {
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

    async fn fill_defaults(&mut self, entity: &Entity, records: &mut [Values]) -> Result<()> {
        for field in entity.fields.values() {
            if let Some(default) = &field.default {
                for values in records.iter_mut() {
                    values.entry(field.name.clone()).or_insert_with(|| default.clone());
                }
            }
            if let Some(prefix) = field.numbered {
                self.number(entity, field, prefix, records).await?;
            }
        }
        if entity.get("currency").is_some_and(|field| matches!(field.kind, meta::Kind::Text { limit: 3 })) {
            let missing = |values: &Values| values.get("currency").is_none_or(Value::is_null);
            if records.iter().any(missing) {
                let currency = self.company_currency().await?;
                for values in records.iter_mut().filter(|values| missing(values)) {
                    values.insert("currency".into(), currency.as_str().into());
                }
            }
        }
        if entity.get("owner").and_then(Field::target) == Some("user") {
            for values in records.iter_mut() {
                values.entry("owner".into()).or_insert_with(|| self.actor.user.into());
            }
        }
        Ok(())
    }

    /// Takes as many numbers from the sequence as there are records without one.
    async fn number(
        &mut self,
        entity: &Entity,
        field: &Field,
        prefix: &str,
        records: &mut [Values],
    ) -> Result<()> {
        let missing = |values: &Values| values.get(&field.name).is_none_or(Value::is_null);
        let wanted = records.iter().filter(|values| missing(values)).count() as i64;
        if wanted == 0 {
            return Ok(());
        }
        let sequence = format!("{}.{}", entity.name, field.name);
        let insert = Sql::insert()
            .into_table(name("number_sequence"))
            .columns([name("name"), name("next")])
            .values_panic([sequence.into(), (wanted + 1).into()])
            .on_conflict(
                OnConflict::column(name("name"))
                    .value(name("next"), Expr::col((name("number_sequence"), name("next"))).add(wanted))
                    .to_owned(),
            )
            .returning_col(name("next"))
            .to_owned();
        let rows = self.conn.returning(&insert).await?;
        let after = rows.first().map(|row| row.int(0)).transpose()?.unwrap_or(wanted + 1);
        let mut next = after - wanted;
        for values in records.iter_mut().filter(|values| missing(values)) {
            values.insert(field.name.clone(), format!("{prefix}{next:06}").into());
            next += 1;
        }
        Ok(())
    }

    /// Input check, rules, required fields; `values` become what will be written.
    fn prepare(
        &self,
        entity: &Entity,
        change: Change,
        id: Id,
        before: Option<&Record>,
        values: &mut Values,
    ) -> Vec<FieldProblem> {
        let mut problems = vec![];
        let given: Vec<String> = values.keys().cloned().collect();
        for name in given {
            let Some(field) = entity.get(&name) else {
                problems.push(FieldProblem::new(name, Problem::Unknown));
                continue;
            };
            let value = values.remove(&name).unwrap_or_default();
            let kept = field.default.as_ref() == Some(&value)
                || before.is_some_and(|before| before.get(&name) == &value);
            if field.computed && !self.trusted && !kept {
                problems.push(FieldProblem::new(name, Problem::ReadOnly));
                continue;
            }
            match field.check(value) {
                Ok(value) => {
                    values.insert(name, value);
                }
                Err(problem) => problems.push(FieldProblem::new(name, problem)),
            }
        }
        let mut draft = Draft { id, change, before, values, problems };
        for rule in self.engine.registry().rules(&entity.name) {
            rule(&mut draft);
        }
        for field in entity.fields.values().filter(|field| field.required) {
            let named = draft.problems.iter().any(|problem| problem.field == field.name);
            if !named && draft.get(&field.name).is_null() {
                draft.problems.push(FieldProblem::new(&field.name, Problem::Required));
            }
        }
        draft.problems
    }

    /// References to records that do not exist or are deleted.
    async fn missing_references(&mut self, entity: &Entity, records: &[Values]) -> Result<Vec<FieldProblem>> {
        let mut wanted: BTreeMap<&str, BTreeSet<Id>> = BTreeMap::new();
        for field in entity.fields.values() {
            if let Some(target) = field.target() {
                let ids = records.iter().filter_map(|values| values.get(&field.name).and_then(Value::as_id));
                wanted.entry(target).or_default().extend(ids);
            }
        }
        let mut known: HashSet<Id> = HashSet::new();
        for (target, ids) in wanted {
            let ids: Vec<Id> = ids.into_iter().collect();
            for ids in ids.chunks(1_000) {
                let select = Sql::select()
                    .column(name("id"))
                    .from(name(target))
                    .and_where(Expr::col(name("id")).is_in(ids.iter().copied()))
                    .and_where(Expr::col(name("deleted_at")).is_null())
                    .to_owned();
                for row in self.conn.fetch(&select).await? {
                    known.insert(row.id(0)?);
                }
            }
        }
        let mut problems = vec![];
        for (index, values) in records.iter().enumerate() {
            for field in entity.fields.values() {
                let Some(target) = field.target() else { continue };
                let id = values.get(&field.name).and_then(Value::as_id);
                if id.is_some_and(|id| !known.contains(&id)) {
                    let label = self.engine.entity(target)?.label.clone();
                    let problem = FieldProblem::new(&field.name, Problem::NoSuchRecord { entity: label });
                    problems.push(at(problem, (records.len() > 1).then_some(index)));
                }
            }
        }
        Ok(problems)
    }

    async fn insert(&mut self, entity: &Entity, ids: &[Id], records: &[Values]) -> Result<()> {
        // Only columns that some record fills: a sparse bulk insert stays small.
        let fields: Vec<&Field> = entity
            .fields
            .values()
            .filter(|field| {
                records.iter().any(|values| values.get(&field.name).is_some_and(|value| !value.is_null()))
            })
            .collect();
        let system = ["id", "version", "created_at", "updated_at", "created_by", "run_id"];
        let (now, user, run) = (self.clock().now(), self.actor.user, self.run);
        let rows = (PARAMETERS / (system.len() + fields.len())).clamp(1, 500);
        for (ids, records) in ids.chunks(rows).zip(records.chunks(rows)) {
            let mut insert = Sql::insert();
            insert.into_table(name(&entity.name)).columns(
                system.iter().copied().chain(fields.iter().map(|field| field.name.as_str())).map(name),
            );
            for (id, values) in ids.iter().zip(records) {
                let own: [Expr; 6] =
                    [(*id).into(), 1i64.into(), now.into(), now.into(), user.into(), run.into()];
                let fields = fields
                    .iter()
                    .map(|field| Expr::from(bind(field, values.get(&field.name).unwrap_or(&Value::Null))));
                insert.values_panic(own.into_iter().chain(fields));
            }
            self.conn.execute(&insert).await?;
        }
        Ok(())
    }
}

/// PostgreSQL cannot tell the type of a parameter inside CASE.
fn typed(field: &Field, value: &Value, dialect: crate::Dialect) -> Expr {
    let bound: Bound = bind(field, value);
    if dialect == crate::Dialect::Sqlite {
        return Expr::from(bound);
    }
    let kind = match bound {
        Bound::BigInt(_) => "bigint",
        Bound::Bool(_) => "boolean",
        Bound::ChronoDate(_) => "date",
        Bound::ChronoDateTimeUtc(_) => "timestamptz",
        Bound::Uuid(_) => "uuid",
        _ => "text",
    };
    Expr::from(bound).cast_as(name(kind))
}

fn at(problem: FieldProblem, index: Option<usize>) -> FieldProblem {
    match index {
        Some(index) => FieldProblem { field: format!("[{index}].{}", problem.field), ..problem },
        None => problem,
    }
}
