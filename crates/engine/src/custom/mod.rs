//! Fields and entities a company declares itself while the program runs: records like all others, made by administrators. Opening
//! the database they become part of the metadata, as real columns and tables; a server that finds them changed opens it anew
//! ([`Engine::is_outdated`]).
//!
//! Their names begin with `x_`, so that no field or entity of a later version, no table and no address can mean something else.

mod bands;
mod choices;
mod declared;
mod rules;

use crate::{
    Engine, Module, Result, Row, Tx,
    db::{Conn, name},
    schema::{self, Table},
    store::{all_fields, columns, decode_all},
};
use bands::bands;
use choices::choices;
use indexmap::IndexMap;
use meta::{
    Bands, Choice, Entity, Field, Id, Kind, Label, Record, boolean, date, decimal, email, instant, integer,
    kept_numbers, label, long_text, money, percent, phone, reference, text, url,
};
use sea_query::{Expr, ExprTrait, Order, Query as Sql, SelectStatement};
use std::time::Duration;

pub(crate) const ENTITY: &str = "custom_entity";
pub(crate) const FIELD: &str = "custom_field";
/// What every name begins with.
pub const PREFIX: &str = "x_";
const LOOK_EVERY: Duration = Duration::from_secs(2);

pub(crate) fn add(module: Module) -> Module {
    module
        .entity(declared::custom_entity())
        .entity(declared::custom_field())
        .before_save(ENTITY, rules::check_entity)
        .before_save(FIELD, rules::check_field)
        .before_commit(ENTITY, rules::refuse_taken_entities)
        .before_commit(FIELD, rules::refuse_taken_fields)
}

/// What a company has declared.
#[derive(Clone, Debug, Default)]
pub struct Customs {
    entities: Vec<Record>,
    fields: Vec<Record>,
}

/// The tables that must be there before anything can be read of them.
pub(crate) fn tables() -> [Table; 2] {
    [declared::custom_entity(), declared::custom_field()].map(|entity| schema::entity_table(&entity))
}

fn live(select: &mut SelectStatement, entity: &str) {
    select
        .from(name(entity))
        .and_where(Expr::col((name(entity), name("deleted_at"))).is_null())
        .order_by((name(entity), name("id")), Order::Asc);
}

/// What [`Customs::of_rows`] takes.
pub(crate) fn selects() -> [SelectStatement; 2] {
    [declared::custom_entity(), declared::custom_field()].map(|entity| {
        let mut select = columns(&entity.name, &all_fields(&entity));
        live(&mut select, &entity.name);
        select
    })
}

impl Customs {
    pub(crate) fn of_rows(entities: Vec<Row>, fields: Vec<Row>) -> Result<Customs> {
        let entities = decode_all(&declared::custom_entity(), entities)?;
        Ok(Customs { entities, fields: decode_all(&declared::custom_field(), fields)? })
    }

    pub(crate) async fn read(conn: &mut Conn) -> Result<Customs> {
        let [entities, fields] = selects();
        Customs::of_rows(conn.fetch(&entities).await?, conn.fetch(&fields).await?)
    }

    pub(crate) fn len(&self) -> usize {
        self.entities.len() + self.fields.len()
    }

    fn by_change(&self) -> Vec<&Record> {
        let mut all: Vec<&Record> = self.entities.iter().chain(&self.fields).collect();
        all.sort_by_key(|record| std::cmp::Reverse((record.updated_at, record.version, record.id)));
        all
    }

    /// Names of those changed last.
    pub(crate) fn latest(&self, count: usize) -> Vec<String> {
        let named = |record: &&Record| match record.text("entity") {
            "" => record.text("name").to_owned(),
            entity => format!("{entity}.{}", record.text("name")),
        };
        self.by_change().iter().take(count).map(named).collect()
    }

    /// All but those changed last.
    pub(crate) fn without_latest(&self, count: usize) -> Customs {
        let out: Vec<Id> = self.by_change().iter().take(count).map(|record| record.id).collect();
        let kept = |all: &[Record]| all.iter().filter(|record| !out.contains(&record.id)).cloned().collect();
        Customs { entities: kept(&self.entities), fields: kept(&self.fields) }
    }

    fn versions(&self) -> Vec<(Id, i64)> {
        self.entities.iter().chain(&self.fields).map(|record| (record.id, record.version)).collect()
    }

    /// Adds them to what modules declare; returns the names of new entities. A field whose entity is gone waits for it to come back.
    pub(crate) fn add_to(&self, entities: &mut IndexMap<String, Entity>) -> Vec<String> {
        let new: Vec<Entity> = self.entities.iter().map(entity_of).collect();
        let names = new.iter().map(|entity| entity.name.clone()).collect();
        entities.extend(new.into_iter().map(|entity| (entity.name.clone(), entity)));
        for record in &self.fields {
            let there = reference_target(record).is_none_or(|target| entities.contains_key(target));
            if let Some(entity) = entities.get_mut(record.text("entity")).filter(|_| there) {
                let field = field_of(record, entity);
                entity.fields.insert(field.name.clone(), field);
            }
        }
        offer(entities);
        names
    }
}

fn reference_target(field: &Record) -> Option<&str> {
    (field.text("kind") == "reference").then(|| field.text("target"))
}

/// Whether a company may add fields to it.
fn is_open_to_fields(entity: &Entity) -> bool {
    let own = entity.personal.is_some() || entity.unsaid == meta::Unsaid::Own;
    !entity.internal && !entity.admin_only && !entity.secret && !own
}

/// The entities there are become the choices of the fields that name one.
fn offer(entities: &mut IndexMap<String, Entity>) {
    let choices = |takes: fn(&Entity) -> bool| {
        let taken = entities.values().filter(|entity| takes(entity));
        let choice = |entity: &Entity| Choice {
            value: entity.name.clone(),
            label: entity.label.clone(),
            colour: "grey",
        };
        Kind::Choice(taken.map(choice).collect())
    };
    let is_a_target =
        |entity: &Entity| is_open_to_fields(entity) && entity.parent.is_none() || entity.name == "user";
    let (to, targets) = (choices(is_open_to_fields), choices(is_a_target));
    if let Some(declared) = entities.get_mut(FIELD) {
        for (name, kind) in [("entity", to), ("target", targets)] {
            if let Some(field) = declared.fields.get_mut(name) {
                field.kind = kind;
            }
        }
    }
}

/// In both languages; the one that was left out is as the other.
fn both(record: &Record, en: &str, zh: &str) -> Label {
    let (english, chinese) = (record.text(en), record.text(zh));
    let or = |one: &str, other: &str| if one.is_empty() { other.to_owned() } else { one.to_owned() };
    label(or(english, chinese), or(chinese, english))
}

fn entity_of(record: &Record) -> Entity {
    let mut entity = Entity::new(record.text("name"))
        .icon("box")
        .field(text("name").zh("名称").required().searched().indexed())
        .field(reference("owner", "user").label("Owner", "负责人"))
        .list(["name", "owner", "created_at"])
        .sort("-created_at")
        .external_ids();
    entity.label = both(record, "english_label", "chinese_label");
    let plural = record.text("english_plural");
    let english = if plural.is_empty() { entity.label.en.clone() } else { plural.to_owned() };
    entity.plural = label(english, entity.label.zh.clone());
    entity.hint = both(record, "english_hint", "chinese_hint");
    entity
}

fn field_of(record: &Record, entity: &Entity) -> Field {
    let name = record.text("name");
    let set = |flag: &str| record.get(flag).as_bool().unwrap_or(false);
    let mut field = match record.text("kind") {
        "long_text" => long_text(name),
        "email" => email(name),
        "phone" => phone(name),
        "url" => url(name),
        "integer" => {
            let mut field = integer(name);
            let firsts = bands(record.text("bands")).unwrap_or_default();
            field.bands = (!firsts.is_empty()).then(|| Bands(kept_numbers(&firsts)));
            field
        }
        "decimal" => decimal(name, decimals(record.get("decimals").as_int())),
        "money" => money(name),
        "percent" => percent(name),
        "bool" => boolean(name),
        "date" => date(name),
        "instant" => instant(name),
        "reference" => reference(name, record.text("target")),
        "choice" => {
            let mut field = text(name);
            field.kind = Kind::Choice(choices(record.text("choices")).unwrap_or_default());
            field
        }
        _ => text(name),
    };
    field.label = both(record, "english_label", "chinese_label");
    let help = both(record, "english_help", "chinese_help");
    field.help = Some(help).filter(|help| !help.en.is_empty());
    field.unique = set("unique");
    field.indexed = set("indexed") && field.kind != Kind::LongText || field.target().is_some();
    field.searched = set("searched");
    field.personal = set("personal");
    // Where records have no currency of their own.
    field.company_currency =
        field.kind == Kind::Money && entity.get("currency").is_none() && entity.parent.is_none();
    field.section = label("Custom fields", "自定义字段");
    field
}

fn decimals(given: Option<i64>) -> u32 {
    given.and_then(|digits| u32::try_from(digits).ok()).unwrap_or(declared::DECIMALS)
}

impl Tx {
    /// Columns of personal fields that the company has deleted, or that could not be taken up: an erasure empties them, too.
    pub(crate) async fn retired_personal(&mut self, entity: &Entity) -> Result<Vec<String>> {
        let select = Sql::select()
            .column(name("name"))
            .from(name(FIELD))
            .and_where(Expr::col(name("entity")).eq(entity.name.as_str()))
            .and_where(Expr::col(name("personal")).eq(true))
            .to_owned();
        let declared = self.fetch(&select).await?;
        let mut retired = vec![];
        for field in declared.iter().map(|row| row.text(0)).collect::<Result<Vec<String>>>()? {
            if entity.get(&field).is_none()
                && schema::has_column(&mut self.conn, &entity.name, &field).await?
            {
                retired.push(field);
            }
        }
        Ok(retired)
    }
}

impl Engine {
    /// Whether fields or entities of the company's own have changed since this engine was opened.
    pub async fn is_outdated(&self) -> Result<bool> {
        let mut now = vec![];
        for entity in [ENTITY, FIELD] {
            let mut select = Sql::select();
            select.columns(["id", "version"].map(name));
            live(&mut select, entity);
            for row in self.fetch(&select).await? {
                now.push((row.id(0)?, row.int(1)?));
            }
        }
        Ok(now != self.customs().versions())
    }

    /// Until they have changed, by whomever.
    pub async fn outdated(&self) {
        let changes = || self.changes_to(ENTITY) + self.changes_to(FIELD);
        let mut moved = self.subscribe();
        loop {
            let known = changes();
            match self.is_outdated().await {
                Ok(true) => return,
                Ok(false) => {}
                Err(error) => tracing::warn!("the company's own fields cannot be read: {error}"),
            }
            let changed = async { while moved.changed().await.is_ok() && changes() == known {} };
            // Other processes write, too.
            let _ = tokio::time::timeout(LOOK_EVERY, changed).await;
        }
    }
}
