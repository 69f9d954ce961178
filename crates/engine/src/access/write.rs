//! What a write must pass besides the rules: the right to do it with just these records, and to put them where they are then.

use super::{Action, Level, allow, scope};
use crate::{
    Actor, Dialect, Engine, Error, Result, Tx, among,
    condition::{Condition, to_test},
    db::{name, render},
    store::{ByIds, by_ids, decode_all, number},
};
use meta::{Entity, FieldProblem, Id, Problem, Record, Values, label};
use sea_query::{Expr, ExprTrait, Query as Sql, SelectStatement};
use std::collections::HashSet;

impl Engine {
    /// Finds those of `ids` the actor may do all of `actions` with.
    pub fn within(
        &self,
        actor: &Actor,
        entity: &str,
        ids: &[Id],
        actions: &[Action],
    ) -> Result<SelectStatement> {
        let entity = self.entity(entity)?;
        let id = || Expr::col((name(&entity.name), name("id")));
        let mut select = Sql::select();
        select.expr(id()).from(name(&entity.name)).and_where(id().is_in(among(ids)));
        for action in actions {
            let scope = scope(self.registry(), actor, entity, *action);
            select.and_where(to_test(&scope, &entity.name, self.dialect()));
        }
        Ok(select)
    }
}

impl Tx {
    /// The records among `ids` the actor may see, with everything that stands in them: for what is about to be written.
    pub(crate) async fn whole(&mut self, entity: &Entity, ids: &[Id]) -> Result<Vec<Record>> {
        allow(&self.actor, entity, Action::Read)?;
        let engine = self.engine.clone();
        let scope = scope(engine.registry(), &self.actor, entity, Action::Read);
        let mut records = Vec::with_capacity(ids.len());
        for ids in ids.chunks(ByIds::CHUNK) {
            let (sql, values) = match scope {
                Condition::Always(true) => engine.registry().by_ids(entity, ids, self.dialect()),
                _ => {
                    let test = to_test(&scope, &entity.name, self.dialect());
                    render(by_ids(entity, ids).and_where(test), self.dialect())
                }
            };
            records.extend(decode_all(entity, self.conn.rows(sql, values).await?)?);
        }
        Ok(records)
    }

    /// What of the values the actor may not write; what is no change is left out of them.
    pub(crate) fn withheld(
        &self,
        entity: &Entity,
        before: Option<&Record>,
        values: &mut Values,
    ) -> Vec<FieldProblem> {
        let view = self.actor.limits().and_then(|rights| rights.view(&entity.name));
        view.map(|view| view.refused(before, values)).unwrap_or_default()
    }

    /// The rights a write asks for: an import needs that to import besides.
    fn needed(&self, entity: &Entity, action: Action) -> impl Iterator<Item = Action> + use<> {
        let imported = self.imported.as_ref().is_some_and(|name| *name == entity.name);
        [action].into_iter().chain(imported.then_some(Action::Import))
    }

    /// Refuses unless the actor may do `action` with each of `ids`, which he may see.
    pub(crate) async fn confirm(&mut self, entity: &Entity, ids: &[Id], action: Action) -> Result<()> {
        let engine = self.engine.clone();
        let seen = scope(engine.registry(), &self.actor, entity, Action::Read);
        for action in self.needed(entity, action) {
            let allowed = scope(engine.registry(), &self.actor, entity, action);
            let within = allowed == Condition::Always(true) || allowed == seen;
            if !within && !self.all_in(entity, ids, &allowed).await? {
                return Err(Error::Forbidden(beyond(&self.actor, entity, action)));
            }
        }
        Ok(())
    }

    /// Refuses to put records where the actor may not work with them: `own` rights make no records for others.
    pub(crate) async fn confirm_place(&mut self, entity: &Entity, ids: &[Id], action: Action) -> Result<()> {
        if self.actor.limits().is_none() {
            return Ok(());
        }
        let engine = self.engine.clone();
        // Lines come with their parent, or change it.
        let (old, action) = match (&entity.parent, action) {
            (Some(_), Action::Create) => (self.lines_of_old(entity, ids).await?, Action::Update),
            _ => (ids.to_vec(), action),
        };
        for action in self.needed(entity, action) {
            let allowed = scope(engine.registry(), &self.actor, entity, action);
            if allowed != Condition::Always(true) && !self.all_in(entity, &old, &allowed).await? {
                return Err(misplaced(&self.actor, entity, action));
            }
        }
        Ok(())
    }

    /// Lines among `ids` whose parent was not made in this transaction.
    async fn lines_of_old(&mut self, entity: &Entity, ids: &[Id]) -> Result<Vec<Id>> {
        let Some(parent) = &entity.parent else { return Ok(ids.to_vec()) };
        let mut old = vec![];
        for ids in ids.chunks(1_000) {
            let mut select = Sql::select();
            select.columns(["id", parent].map(name)).from(name(&entity.name));
            select.and_where(Expr::col(name("id")).is_in(among(ids)));
            for row in self.conn.fetch(&select).await? {
                if row.opt_id(1)?.is_none_or(|parent| !self.made.contains(&parent)) {
                    old.push(row.id(0)?);
                }
            }
        }
        Ok(old)
    }

    /// Whether `condition` holds for all of `ids`.
    pub(crate) async fn all_in(
        &mut self,
        entity: &Entity,
        ids: &[Id],
        condition: &Condition,
    ) -> Result<bool> {
        let wanted: HashSet<Id> = ids.iter().copied().collect();
        let wanted: Vec<Id> = wanted.into_iter().collect();
        let mut found = 0;
        for ids in wanted.chunks(1_000) {
            let count = among_ids(entity, ids, condition, self.dialect());
            found += number(&self.conn.fetch(&count).await?)?;
        }
        Ok(found == wanted.len() as u64)
    }

    /// Whether a change of these fields may move a record to somebody else.
    pub(crate) fn moves(entity: &Entity, values: &Values) -> bool {
        let places = entity.owner().into_iter().chain(entity.team());
        places.chain(entity.follows.iter().map(String::as_str)).any(|name| values.contains_key(name))
    }
}

/// How many of `ids` the condition holds for.
pub(super) fn among_ids(
    entity: &Entity,
    ids: &[Id],
    condition: &Condition,
    dialect: Dialect,
) -> SelectStatement {
    Sql::select()
        .expr(Expr::col((name(&entity.name), name("id"))).count())
        .from(name(&entity.name))
        .and_where(Expr::col((name(&entity.name), name("id"))).is_in(among(ids)))
        .and_where(to_test(condition, &entity.name, dialect))
        .to_owned()
}

/// What is refused is a place: the field that says whose a record is, with how far the right goes.
fn misplaced(actor: &Actor, entity: &Entity, action: Action) -> Error {
    let field = entity.parent.as_deref().or(entity.owner()).filter(|name| entity.get(name).is_some());
    let field = field.or(entity.follows.first().map(String::as_str));
    let level = actor.rights.level(&entity.name, action).label();
    let text = label(
        format!(
            "would put the record beyond your right (“{}”): choose one within it, or ask an administrator",
            level.en
        ),
        format!("超出了您的权限范围（{}），请选择范围内的值，或联系管理员", level.zh),
    );
    match field {
        Some(field) => Error::invalid(field, Problem::Rule(text)),
        None => Error::Forbidden(beyond(actor, entity, action)),
    }
}

/// What is refused, with how far the right goes.
fn beyond(actor: &Actor, entity: &Entity, action: Action) -> String {
    let level = actor.rights.level(&entity.name, action);
    let (verb, level) = match level {
        Level::None => (action.label(), Level::None.label()),
        level => (action.label(), level.label()),
    };
    match actor.lang {
        meta::Lang::En => format!("{}: your right to {} covers “{}”", entity.label.en, verb.en, level.en),
        meta::Lang::Zh => format!("{}：您的{}权限范围为“{}”", entity.label.zh, verb.zh, level.zh),
    }
}
