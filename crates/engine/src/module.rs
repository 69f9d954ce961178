//! What a vertical module (customers, sales, insight …) gives the engine.

use crate::{
    Engine, JobContext, Result, Tx,
    deep::Check,
    privacy::{Erasing, Found},
    schema::Table,
};
use futures::future::BoxFuture;
use meta::{Draft, Entity, Field, Id, Label, Values, label};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// Fills in records about to be made what they lack, from those they refer to, which the actor sees; run before they are checked, which
/// tells what is wrong with them.
pub type Defaults = for<'t> fn(&'t mut Tx, &'t mut [Values]) -> BoxFuture<'t, Result<()>>;
/// A rule on one record about to be saved; pure.
pub type BeforeSave = fn(&mut Draft<'_>);
/// A rule over all records of an entity that a transaction touched (created, updated, deleted, restored), run once before
/// it commits; may write.
pub type BeforeCommit = for<'t> fn(&'t mut Tx, &'t [Id]) -> BoxFuture<'t, Result<()>>;
/// A rule on a setting about to be changed to the value it is given; refuses with [`crate::Error::Invalid`] on the setting's key.
pub type BeforeSetting = for<'t> fn(&'t mut Tx, &'t Json) -> BoxFuture<'t, Result<()>>;
pub type JobHandler = fn(JobContext) -> BoxFuture<'static, anyhow::Result<()>>;
/// A task that lives as long as the server: a reader of the change log, a timetable.
pub type Start = fn(Engine) -> BoxFuture<'static, ()>;

/// Looks for copies of a person's data in what a module keeps, and takes them away unless it is a dry run.
pub type Copies = for<'t> fn(&'t mut Tx, &'t Erasing) -> BoxFuture<'t, Result<Vec<Found>>>;

/// What the numbers in a field are called by now, in both languages; a number without a name stands for itself.
pub type NumberNames = for<'e> fn(&'e Engine) -> BoxFuture<'e, Result<BTreeMap<i64, Label>>>;

/// Columns and first order of an entity's list.
#[derive(Clone)]
pub struct List {
    pub entity: &'static str,
    pub columns: Vec<&'static str>,
    pub sort: &'static str,
}

#[derive(Clone)]
pub struct Module {
    pub name: &'static str,
    pub label: Label,
    pub entities: Vec<Entity>,
    pub extensions: Vec<(&'static str, Vec<Field>)>,
    pub lists: Vec<List>,
    pub tables: Vec<Table>,
    pub defaults: Vec<(&'static str, Defaults)>,
    pub before_save: Vec<(&'static str, BeforeSave)>,
    pub before_commit: Vec<(&'static str, BeforeCommit)>,
    pub before_setting: Vec<(&'static str, BeforeSetting)>,
    pub jobs: Vec<(&'static str, JobHandler)>,
    pub starts: Vec<Start>,
    pub checks: Vec<Check>,
    pub copies: Vec<Copies>,
    /// By entity and field.
    pub number_names: Vec<(&'static str, &'static str, NumberNames)>,
}

impl Module {
    pub fn new(name: &'static str) -> Self {
        Module {
            name,
            label: label(name, name),
            entities: vec![],
            extensions: vec![],
            lists: vec![],
            tables: vec![],
            defaults: vec![],
            before_save: vec![],
            before_commit: vec![],
            before_setting: vec![],
            jobs: vec![],
            starts: vec![],
            checks: vec![],
            copies: vec![],
            number_names: vec![],
        }
    }
    pub fn labels(mut self, en: &str, zh: &str) -> Self {
        self.label = label(en, zh);
        self
    }
    pub fn entity(mut self, entity: Entity) -> Self {
        self.entities.push(entity);
        self
    }
    /// Adds fields to an entity of another module.
    pub fn extend(mut self, entity: &'static str, fields: Vec<Field>) -> Self {
        self.extensions.push((entity, fields));
        self
    }
    /// Gives another module's entity the list it has when this module is there, usually with fields it added.
    pub fn list(mut self, entity: &'static str, columns: &[&'static str], sort: &'static str) -> Self {
        self.lists.push(List { entity, columns: columns.to_vec(), sort });
        self
    }
    pub fn table(mut self, table: Table) -> Self {
        self.tables.push(table);
        self
    }
    pub fn defaults(mut self, entity: &'static str, fill: Defaults) -> Self {
        self.defaults.push((entity, fill));
        self
    }
    pub fn before_save(mut self, entity: &'static str, rule: BeforeSave) -> Self {
        self.before_save.push((entity, rule));
        self
    }
    pub fn before_commit(mut self, entity: &'static str, rule: BeforeCommit) -> Self {
        self.before_commit.push((entity, rule));
        self
    }
    pub fn before_setting(mut self, key: &'static str, rule: BeforeSetting) -> Self {
        self.before_setting.push((key, rule));
        self
    }
    pub fn job(mut self, kind: &'static str, handler: JobHandler) -> Self {
        self.jobs.push((kind, handler));
        self
    }
    pub fn start(mut self, start: Start) -> Self {
        self.starts.push(start);
        self
    }
    /// Where the module keeps copies of what stands in records: files, tables of its own.
    pub fn copies(mut self, copies: Copies) -> Self {
        self.copies.push(copies);
        self
    }
    /// Names for the numbers in a field of an entity, where figures are cut by it.
    pub fn number_names(mut self, entity: &'static str, field: &'static str, names: NumberNames) -> Self {
        self.number_names.push((entity, field, names));
        self
    }
    /// What the module promises of its own records, looked at by `zhike doctor --deep`.
    pub fn check(mut self, check: Check) -> Self {
        self.checks.push(check);
        self
    }
}
