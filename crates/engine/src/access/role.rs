//! What one role says, read and written whole: as people see it, a table.

use super::{Action, Level, Withheld, withholdable};
use crate::{Actor, Engine, Error, Query, Result, Tx};
use meta::{Id, Problem, Record, Value, Values, label};
use std::collections::BTreeMap;

/// Rows of one role that are read; there are not as many entities and fields.
const ROWS_LIMIT: usize = 1_000;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct RoleRights {
    pub levels: BTreeMap<String, BTreeMap<&'static str, Level>>,
    /// By entity and field.
    pub fields: BTreeMap<(String, String), Withheld>,
}

impl RoleRights {
    pub fn level(&self, entity: &str, action: Action) -> Level {
        self.levels.get(entity).and_then(|levels| levels.get(action.name())).copied().unwrap_or_default()
    }
    pub fn withheld(&self, entity: &str, field: &str) -> Option<Withheld> {
        self.fields.get(&(entity.to_owned(), field.to_owned())).copied()
    }
    pub fn set(&mut self, entity: &str, action: Action, level: Level) {
        self.levels.entry(entity.to_owned()).or_default().insert(action.name(), level);
    }
}

fn of_role(entity: &str, role: Id) -> Query {
    Query::new(entity).belongs_to("role", role).sort("id").limit(ROWS_LIMIT)
}

impl Engine {
    pub async fn role_rights(&self, actor: &Actor, role: Id) -> Result<RoleRights> {
        let mut rights = RoleRights::default();
        for row in self.list(actor, &of_role("role_right", role)).await?.records {
            for action in Action::ALL {
                rights.set(row.text("entity"), action, Level::parse(row.text(action.name())));
            }
        }
        for row in self.list(actor, &of_role("field_right", role)).await?.records {
            let place = (row.text("entity").to_owned(), row.text("field").to_owned());
            rights.fields.insert(place, Withheld::parse(row.text("level")));
        }
        Ok(rights)
    }
}

impl Tx {
    /// Makes `rights` all the role says; what stays the same is not written.
    pub async fn set_role_rights(&mut self, role: Id, rights: &RoleRights) -> Result<()> {
        self.get("role", role).await?;
        self.refuse_unfit(rights)?;
        let mut wanted: BTreeMap<String, Values> = BTreeMap::new();
        for (entity, levels) in &rights.levels {
            if levels.values().all(|level| *level == Level::None) {
                continue;
            }
            let mut row = row_of(role, entity);
            row.extend(
                Action::ALL.map(|action| {
                    (action.name().to_owned(), Value::from(rights.level(entity, action).name()))
                }),
            );
            wanted.insert(entity.clone(), row);
        }
        self.set_rows("role_right", role, wanted, |row| row.text("entity").to_owned()).await?;
        let mut wanted: BTreeMap<String, Values> = BTreeMap::new();
        for ((entity, field), level) in &rights.fields {
            let mut row = row_of(role, entity);
            row.insert("field", field.as_str().into());
            row.insert("level", level.name().into());
            wanted.insert(format!("{entity}.{field}"), row);
        }
        let place = |row: &Record| format!("{}.{}", row.text("entity"), row.text("field"));
        self.set_rows("field_right", role, wanted, place).await
    }

    async fn set_rows(
        &mut self,
        entity: &str,
        role: Id,
        mut wanted: BTreeMap<String, Values>,
        place: impl Fn(&Record) -> String,
    ) -> Result<()> {
        let (mut gone, mut changed) = (vec![], vec![]);
        for row in self.list(&of_role(entity, role)).await?.records {
            match wanted.remove(&place(&row)) {
                Some(values) => changed.push((row.id, values)),
                // What a company declared and deleted may come back, and must not come back to everybody.
                None if self.is_known(&row) => gone.push(row.id),
                None => {}
            }
        }
        self.update_many(entity, changed).await?;
        self.delete_many(entity, &gone).await?;
        if !wanted.is_empty() {
            self.create_many(entity, wanted.into_values().collect()).await?;
        }
        Ok(())
    }

    fn is_known(&self, row: &Record) -> bool {
        let field = row.text("field");
        self.engine
            .entity(row.text("entity"))
            .is_ok_and(|entity| field.is_empty() || entity.get(field).is_some())
    }

    fn refuse_unfit(&self, rights: &RoleRights) -> Result<()> {
        for entity in rights.levels.keys() {
            self.engine.entity(entity)?;
        }
        for ((entity, field), level) in &rights.fields {
            let known = self.engine.entity(entity)?;
            if !withholdable(known, field).contains(level) {
                let level = level.label();
                let text = label(
                    format!("cannot be “{}”: choose another level", level.en),
                    format!("不能设为“{}”，请选择其他级别", level.zh),
                );
                return Err(Error::invalid(&format!("{entity}.{field}"), Problem::Rule(text)));
            }
        }
        Ok(())
    }
}

fn row_of(role: Id, entity: &str) -> Values {
    Values::from([("role".to_owned(), Value::Id(role)), ("entity".to_owned(), entity.into())])
}
