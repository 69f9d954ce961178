//! Erasing a person: what will happen, and the doing of it, by the same code.

use super::{
    ahead::{self, Ahead, Whom},
    allow,
    copies::{self, Found},
    entities::{self, Request},
    log,
    reach::{self, Group},
    replacement::{pseudonym, replacement},
    scrub,
    words::Words,
};
use crate::{Actor, Engine, Error, Result, Role, Tx, among, db::name};
use meta::{Entity, Id, Lang, Record, Value, Values};
use sea_query::{Expr, ExprTrait, OnConflict, Query as Sql};
use serde_json::json;
use std::sync::Arc;

/// What an erasure looks for; modules get it to look through their own copies.
#[derive(Clone, Debug)]
pub struct Erasing {
    pub entity: String,
    pub person: Id,
    /// Every record about the person.
    pub ids: Vec<Id>,
    /// What stood in personal fields.
    pub words: Words,
    /// What stands there from now on.
    pub pseudonym: String,
    /// Only look.
    pub dry: bool,
    /// Where the person is quoted, as far as it was looked for before.
    pub(super) ahead: Option<Ahead>,
}

/// Records of one entity about the person.
#[derive(Clone, Debug)]
pub struct Affected {
    pub entity: Arc<Entity>,
    pub records: usize,
    /// Of these, how many lie in the trash.
    pub deleted: usize,
    /// Personal fields with something in them; without any the records stay as they are.
    pub fields: Vec<String>,
}

/// What will happen, or has happened.
#[derive(Clone, Debug)]
pub struct Erasure {
    pub pseudonym: String,
    pub affected: Vec<Affected>,
    pub log_entries: u64,
    pub copies: Vec<Found>,
}

impl Erasure {
    fn counts(&self) -> serde_json::Value {
        let records = self.affected.iter().filter(|affected| !affected.fields.is_empty());
        let records = records.map(|affected| (affected.entity.name.clone(), json!(affected.records)));
        let copies = self.copies.iter().map(|found| (found.what.en.clone(), json!(found.count)));
        json!({
            "records": serde_json::Map::from_iter(records),
            "log_entries": self.log_entries,
            "copies": serde_json::Map::from_iter(copies),
        })
    }
}

impl Engine {
    /// What erasing the person would do.
    pub async fn erasure(&self, actor: &Actor, entity: &str, id: Id) -> Result<Erasure> {
        allow(actor)?;
        ahead::in_snapshot(self, actor, async |tx| {
            let person = reach::person(tx, entity, id).await?;
            erase_all(tx, &person, true, None).await
        })
        .await
    }

    /// Erases the person's data for good. `reason`: on whose request.
    pub async fn erase(&self, actor: &Actor, entity: &str, id: Id, reason: &str) -> Result<Erasure> {
        let (entity, reason) = (entity.to_owned(), reason.to_owned());
        // What somebody has just looked for must not be written down afterwards.
        self.write_notes().await?;
        allow(actor)?;
        let ahead = ahead::look(self, actor, Whom::Person { entity: entity.clone(), id }).await?;
        self.write(actor, move |tx| {
            Box::pin(async move {
                let done = as_system(tx, async |tx| {
                    let person = reach::person(tx, &entity, id).await?;
                    refuse_active_user(&person)?;
                    erase_all(tx, &person, false, Some(ahead)).await
                })
                .await?;
                let (entity, reason, counts) = (&entity, &reason, done.counts());
                let request = Request { kind: "erasure", entity, record: Some(id), reason, counts };
                entities::record(tx, request).await?;
                Ok(done)
            })
        })
        .await
    }
}

/// A person whose time is over, in the name of the program.
pub(super) async fn erase_person(
    tx: &mut Tx,
    entity: &str,
    id: Id,
    ahead: Ahead,
) -> Result<serde_json::Value> {
    let person = reach::person(tx, entity, id).await?;
    Ok(erase_all(tx, &person, false, Some(ahead)).await?.counts())
}

/// Empties the personal fields of these records and of their past, whoever they are about; for what is no person's own,
/// such as old activities.
pub(super) async fn erase_records(
    tx: &mut Tx,
    entity: &Arc<Entity>,
    records: Vec<Record>,
    ahead: Ahead,
) -> Result<serde_json::Value> {
    let person = records.first().map(|record| record.id).unwrap_or_default();
    let groups = vec![Group { entity: entity.clone(), records }];
    Ok(erase_groups(tx, &entity.name, person, groups, false, Some(ahead)).await?.counts())
}

/// Reads and writes whatever roles keep from people; the log still says who did it.
async fn as_system<T>(tx: &mut Tx, work: impl AsyncFnOnce(&mut Tx) -> Result<T>) -> Result<T> {
    let role = std::mem::replace(&mut tx.actor.role, Role::System);
    let done = work(tx).await;
    tx.actor.role = role;
    done
}

/// Whoever can sign in would be locked out in the middle of his work.
fn refuse_active_user(person: &Record) -> Result<()> {
    if person.entity == "user" && person.deleted_at.is_none() && person.get("active").as_bool() != Some(false)
    {
        return Err(Error::rule(
            "id",
            "can still sign in: take the user out of use first",
            "仍可登录，请先停用该用户",
        ));
    }
    Ok(())
}

async fn erase_all(tx: &mut Tx, person: &Record, dry: bool, ahead: Option<Ahead>) -> Result<Erasure> {
    let groups = reach::of_person(tx, person).await?;
    erase_groups(tx, &person.entity, person.id, groups, dry, ahead).await
}

/// What to look for, and how many entries of the log tell of it.
pub(super) async fn erasing_of(
    tx: &mut Tx,
    entity: &str,
    person: Id,
    groups: &[Group],
) -> Result<(Erasing, u64)> {
    let mut words = Words::of(groups);
    let mut log_entries = 0;
    for group in groups {
        log_entries += log::add_words(tx, &group.entity, &group.ids(), &mut words).await? as u64;
    }
    let erasing = Erasing {
        entity: entity.to_owned(),
        person,
        ids: groups.iter().flat_map(Group::ids).collect(),
        words,
        pseudonym: pseudonym(person, tx.actor.lang),
        dry: true,
        ahead: None,
    };
    Ok((erasing, log_entries))
}

async fn erase_groups(
    tx: &mut Tx,
    entity: &str,
    person: Id,
    groups: Vec<Group>,
    dry: bool,
    ahead: Option<Ahead>,
) -> Result<Erasure> {
    let (erasing, log_entries) = erasing_of(tx, entity, person, &groups).await?;
    let erasing = Erasing { dry, ahead, ..erasing };
    let affected = groups.iter().map(affected).collect();
    if !dry {
        write_groups(tx, &groups).await?;
    }
    let copies = copies::find(tx, &erasing, &groups).await?;
    if !dry {
        log::redact_acts(tx, entity, &erasing).await?;
        // After the numbers are gone: they are searched by, too.
        for group in groups.iter().filter(|group| group.entity.external_ids) {
            tx.reindex_live(group).await?;
        }
        scrub::queue(tx).await?;
    }
    Ok(Erasure { pseudonym: erasing.pseudonym, affected, log_entries, copies })
}

fn affected(group: &Group) -> Affected {
    let filled = |field: &&meta::Field| group.records.iter().any(|record| !record.get(&field.name).is_null());
    Affected {
        entity: group.entity.clone(),
        records: group.records.len(),
        deleted: group.records.iter().filter(|record| record.deleted_at.is_some()).count(),
        fields: group.entity.personal_fields().filter(filled).map(|field| field.name.clone()).collect(),
    }
}

async fn write_groups(tx: &mut Tx, groups: &[Group]) -> Result<()> {
    let lang = tx.actor.lang;
    for group in groups {
        empty_retired(tx, group).await?;
    }
    for group in groups.iter().filter(|group| group.entity.personal_fields().next().is_some()) {
        let mut erased = vec![];
        for record in &group.records {
            let fields = emptied(&group.entity, record, lang);
            if fields.is_empty() {
                continue;
            }
            // Past the rules for input: an old record may break what new ones must keep.
            let values: Values = fields.iter().cloned().collect();
            tx.write_update(&group.entity, record, &values).await?;
            erased.push((record.id, fields));
        }
        log::redact_records(tx, &group.entity, &group.ids()).await?;
        log::tell_erased(tx, &group.entity, &erased).await?;
        tx.reindex_live(group).await?;
        note(tx, &group.entity, &group.ids()).await?;
    }
    Ok(())
}

/// What stands in personal fields the company declared and deleted is out of sight, and must be gone.
async fn empty_retired(tx: &mut Tx, group: &Group) -> Result<()> {
    const CHUNK: usize = 500;
    let retired = tx.retired_personal(&group.entity).await?;
    for column in &retired {
        for ids in group.ids().chunks(CHUNK) {
            let update = Sql::update()
                .table(name(&group.entity.name))
                .value(name(column), Expr::cust("NULL"))
                .and_where(Expr::col(name("id")).is_in(among(ids)))
                .to_owned();
            tx.conn.execute(&update).await?;
        }
    }
    if !retired.is_empty() {
        log::redact_records(tx, &group.entity, &group.ids()).await?;
    }
    Ok(())
}

/// The personal fields that hold something, with what they will hold.
fn emptied(entity: &Entity, record: &Record, lang: Lang) -> Vec<(String, Value)> {
    entity
        .personal_fields()
        .map(|field| (field.name.clone(), replacement(field, record.id, lang)))
        .filter(|(field, new)| record.get(field) != new)
        .collect()
}

impl Tx {
    /// Deleted records have no search document, and must not get one.
    async fn reindex_live(&mut self, group: &Group) -> Result<()> {
        let live = group.records.iter().filter(|record| record.deleted_at.is_none());
        let live: Vec<Id> = live.map(|record| record.id).collect();
        self.reindex(&group.entity.name, &live, false).await
    }
}

/// The moment is that of the last write to the record: what is written later is new.
async fn note(tx: &mut Tx, entity: &Entity, ids: &[Id]) -> Result<()> {
    const CHUNK: usize = 500;
    let (now, user) = (tx.clock().now(), tx.actor.user);
    for ids in ids.chunks(CHUNK) {
        let mut insert = Sql::insert();
        insert.into_table(name("erased")).columns(["record_id", "entity", "at", "user_id"].map(name));
        for id in ids {
            insert.values_panic([(*id).into(), entity.name.as_str().into(), now.into(), user.into()]);
        }
        let again =
            OnConflict::column(name("record_id")).update_columns(["at", "user_id"].map(name)).to_owned();
        tx.conn.execute(insert.on_conflict(again)).await?;
    }
    Ok(())
}

impl Engine {
    /// When the record's personal data was erased, if it was.
    pub async fn erased_at(&self, id: Id) -> Result<Option<meta::DateTime<meta::Utc>>> {
        let select = Sql::select()
            .column(name("at"))
            .from(name("erased"))
            .and_where(Expr::col(name("record_id")).eq(id))
            .to_owned();
        self.fetch(&select).await?.first().map(|row| row.instant(0)).transpose()
    }
}
