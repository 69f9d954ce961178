//! What values must pass before they are written: defaults and numbers, input check, rules, required, references.

use crate::{
    Action, Result, Tx, access, among,
    condition::{Condition, to_test},
    db::name,
};
use meta::{Change, Draft, Entity, Field, FieldProblem, Id, Problem, Record, Value, Values};
use sea_query::{Expr, ExprTrait, OnConflict, Query as Sql};
use std::collections::{BTreeMap, BTreeSet, HashSet};

impl Tx {
    pub(super) async fn fill_defaults(&mut self, entity: &Entity, records: &mut [Values]) -> Result<()> {
        for field in entity.fields.values() {
            if let Some(default) = &field.default {
                for values in records.iter_mut() {
                    values.entry(field.name.clone()).or_insert_with(|| default.clone());
                }
            }
            if field.default_now {
                let now = self.clock().now();
                let value =
                    if field.kind == meta::Kind::Date { now.date_naive().into() } else { Value::from(now) };
                let missing = |values: &Values| values.get(&field.name).is_none_or(Value::is_null);
                for values in records.iter_mut().filter(|values| missing(values)) {
                    values.insert(field.name.clone(), value.clone());
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
                    values.insert("currency", currency.as_str().into());
                }
            }
        }
        if entity.get("owner").and_then(Field::target) == Some("user") {
            for values in records.iter_mut() {
                values.entry("owner").or_insert_with(|| self.actor.user.into());
            }
        }
        Ok(())
    }

    /// What records about to be made take from those they refer to. Who may not see one of these learns nothing of it here: the check of
    /// references, which comes after the others, says that it is not there.
    pub(super) async fn fill_from_others(
        &mut self,
        entity: &Entity,
        ids: &[Id],
        records: &mut [Values],
    ) -> Result<()> {
        let engine = self.engine.clone();
        let mut fills = engine.registry().defaults(&entity.name).peekable();
        if fills.peek().is_some() && self.missing_references(entity, ids, records).await?.is_empty() {
            for fill in fills {
                fill(self, records).await?;
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
        let rows = self.conn.fetch(&insert).await?;
        let after = rows.first().map(|row| row.int(0)).transpose()?.unwrap_or(wanted + 1);
        for (number, values) in (after - wanted..).zip(records.iter_mut().filter(|values| missing(values))) {
            values.insert(field.name.clone(), format!("{prefix}{number:06}").into());
        }
        Ok(())
    }

    /// Input check, rules, required fields; `values` become what will be written.
    pub(super) fn prepare(
        &self,
        entity: &Entity,
        change: Change,
        id: Id,
        before: Option<&Record>,
        values: &mut Values,
    ) -> Vec<FieldProblem> {
        let mut problems = vec![];
        let mut refused = vec![];
        for (name, value) in values.iter_mut() {
            let Some(field) = entity.get(name) else {
                problems.push(FieldProblem::new(name.as_str(), Problem::Unknown));
                continue;
            };
            let given = std::mem::take(value);
            let kept = field.default.as_ref() == Some(&given)
                || before.is_some_and(|before| before.get(name) == &given);
            let checked = match field.computed && !self.trusted && !kept {
                true => Err(Problem::ReadOnly),
                false => field.check(given),
            };
            match checked {
                Ok(checked) => *value = checked,
                Err(problem) => {
                    problems.push(FieldProblem::new(name.as_str(), problem));
                    refused.push(name.clone());
                }
            }
        }
        if !refused.is_empty() {
            values.retain(|name, _| !refused.contains(name));
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

    /// References to records that do not exist or are deleted; `own` are about to exist.
    pub(super) async fn missing_references(
        &mut self,
        entity: &Entity,
        own: &[Id],
        records: &[Values],
    ) -> Result<Vec<FieldProblem>> {
        let mut wanted: BTreeMap<&str, BTreeSet<Id>> = BTreeMap::new();
        for field in entity.fields.values() {
            if let Some(target) = field.target() {
                let ids = records.iter().filter_map(|values| values.get(&field.name).and_then(Value::as_id));
                wanted.entry(target).or_default().extend(ids);
            }
        }
        let engine = self.engine.clone();
        let mut known: HashSet<Id> = own.iter().copied().collect();
        for (target, ids) in wanted {
            let ids: Vec<Id> = ids.into_iter().collect();
            for ids in ids.chunks(1_000) {
                let mut live = Sql::select();
                live.from(name(target))
                    .and_where(Expr::col(name("id")).is_in(among(ids)))
                    .and_where(Expr::col(name("deleted_at")).is_null());
                // What somebody may not see is not there for him.
                let scope =
                    access::scope_of(engine.registry(), &self.actor, engine.entity(target)?, Action::Read);
                if scope != Condition::Always(true) {
                    live.and_where(to_test(&scope, target, self.conn.dialect()));
                }
                // All of them being there is the rule; then their number says enough.
                let count = live.clone().expr(Expr::col(name("id")).count()).to_owned();
                let rows = self.conn.fetch(&count).await?;
                if rows.first().map(|row| row.int(0)).transpose()? == i64::try_from(ids.len()).ok() {
                    known.extend(ids);
                    continue;
                }
                for row in self.conn.fetch(live.column(name("id"))).await? {
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
}

/// Names the record among several.
pub(super) fn at(problem: FieldProblem, index: Option<usize>) -> FieldProblem {
    match index {
        Some(index) => FieldProblem { field: format!("[{index}].{}", problem.field), ..problem },
        None => problem,
    }
}
