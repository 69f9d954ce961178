//! A write transaction.

use crate::{
    Actor, Dialect, Engine, Figures, Result, Row,
    db::{Conn, Statement},
    search,
};
use meta::{Clock, Id};
use sea_query::SelectStatement;
use std::collections::{BTreeMap, BTreeSet, HashSet};

pub struct Tx {
    pub(crate) conn: Conn,
    pub(crate) engine: Engine,
    pub(crate) actor: Actor,
    /// The import run this transaction belongs to.
    pub(crate) run: Option<Id>,
    /// What that run brings in: these records must be within the right to import, too.
    pub(crate) imported: Option<String>,
    /// Module code may write computed fields; input from outside may not.
    pub(crate) trusted: bool,
    /// Records written, for the rules that run before the commit.
    pub(crate) touched: BTreeMap<String, BTreeSet<Id>>,
    /// Records made by this transaction: lines of theirs are part of making them.
    pub(crate) made: HashSet<Id>,
    /// Entities with entries in the log, and tables that modules changed.
    pub(crate) changed: BTreeSet<String>,
    /// Search documents that are written just before the commit.
    pub(crate) documents: search::Pending,
    /// Announced after the commit.
    pub(crate) figures: Vec<Figures>,
}

impl Tx {
    pub(crate) fn new(conn: Conn, engine: Engine, actor: Actor) -> Self {
        let trusted = actor.role == crate::Role::System;
        Tx {
            conn,
            engine,
            actor,
            run: None,
            imported: None,
            trusted,
            touched: BTreeMap::new(),
            made: HashSet::new(),
            changed: BTreeSet::new(),
            documents: search::Pending::default(),
            figures: vec![],
        }
    }
    pub fn actor(&self) -> &Actor {
        &self.actor
    }
    pub fn engine(&self) -> &Engine {
        &self.engine
    }
    pub fn clock(&self) -> &Clock {
        self.engine.clock()
    }
    pub fn dialect(&self) -> Dialect {
        self.conn.dialect()
    }
    /// Every record this transaction creates and every log entry it writes carries the import run; records of `entity` are
    /// made and changed only within the actor's right to import.
    pub fn import(&mut self, run: Id, entity: &str) {
        self.run = Some(run);
        self.imported = Some(entity.to_owned());
    }
    /// From here on computed fields are accepted: for module code, never for values that came from outside.
    pub fn trust(&mut self) {
        self.trusted = true;
    }

    pub async fn fetch(&mut self, select: &SelectStatement) -> Result<Vec<Row>> {
        self.conn.fetch(select).await
    }
    /// A statement on a module's own table.
    pub async fn execute(&mut self, statement: &impl Statement) -> Result<u64> {
        self.conn.execute(statement).await
    }
    /// Says that a table of its own was changed, so that what is kept of it in memory is read again after the commit (see
    /// [`Engine::changes_to`]); the engine does so for entities.
    pub fn mark_changed(&mut self, table: &str) {
        self.changed.insert(table.to_owned());
    }

    /// The rules over these records run before the commit, too.
    pub fn touch(&mut self, entity: &str, ids: impl IntoIterator<Item = Id>) {
        self.touched.entry(entity.to_owned()).or_default().extend(ids);
    }

    /// Runs the rules that would run before the commit now, so that what is read next is what will be kept.
    pub async fn settle(&mut self) -> Result<()> {
        self.run_commit_rules().await
    }

    /// Runs the rules over touched records until none touches anything new. They keep the books whoever writes, and so see
    /// and change what he may not; the log still says it was he.
    pub(crate) async fn run_commit_rules(&mut self) -> Result<()> {
        let was_trusted = std::mem::replace(&mut self.trusted, true);
        let role = std::mem::replace(&mut self.actor.role, crate::Role::System);
        let done = self.run_rules().await;
        (self.trusted, self.actor.role) = (was_trusted, role);
        done
    }

    async fn run_rules(&mut self) -> Result<()> {
        const ROUNDS_LIMIT: usize = 8;
        let engine = self.engine.clone();
        for _ in 0..ROUNDS_LIMIT {
            // Taken when the first rule of their entity runs, so that what earlier rules touch is not looked at twice.
            let mut taken: BTreeMap<&str, Vec<Id>> = BTreeMap::new();
            for (entity, rule) in engine.registry().commit_rules() {
                let ids = taken
                    .entry(entity)
                    .or_insert_with(|| self.touched.remove(*entity).into_iter().flatten().collect());
                if !ids.is_empty() {
                    rule(self, ids).await?;
                }
            }
            self.touched.retain(|entity, _| taken.contains_key(entity.as_str()));
            if self.touched.is_empty() {
                return Ok(());
            }
        }
        Err(crate::Error::Internal("rules before commit keep triggering each other".into()))
    }
}
