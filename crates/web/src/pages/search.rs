//! The command palette (records, pages, actions) and the pickers of forms.

use super::{
    Caller, Place,
    access::Can,
    address::{create_href, list_href, record_href},
    cell::Shown,
};
use crate::{Answer, App, shell::listed};
use axum::{Json, Router, extract::Query as Asking, routing::get};
use engine::{Action, Error, Hit, Query, allow};
use meta::{Entity, Field, Id, Lang, Record};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const HITS: usize = 40;
const HITS_OF_ONE_ENTITY: usize = 6;
const PAGES: usize = 8;
const PICKS: usize = 20;

pub fn routes() -> Router<App> {
    Router::new().route("/search", get(search)).route("/lookup/{entity}", get(look_up))
}

#[derive(Deserialize)]
struct Words {
    #[serde(default)]
    q: String,
}

#[derive(Serialize)]
struct Group {
    label: String,
    items: Vec<Item>,
}

#[derive(Serialize)]
struct Item {
    label: String,
    detail: Option<String>,
    icon: String,
    href: String,
    kind: &'static str,
}

async fn search(caller: Caller, Asking(words): Asking<Words>) -> Answer {
    let q = words.q.trim();
    let mut groups = if q.is_empty() { vec![] } else { records(&caller, q).await? };
    let found = |label: &str| q.is_empty() || label.to_lowercase().contains(&q.to_lowercase());
    let mut pages: Vec<Item> = pages(&caller).into_iter().filter(|item| found(&item.label)).collect();
    let mut actions: Vec<Item> = actions(&caller).into_iter().filter(|item| found(&item.label)).collect();
    pages.truncate(PAGES);
    actions.truncate(PAGES);
    let reader = &caller.reader;
    for (label, items) in [(reader.say("Pages", "页面"), pages), (reader.say("Actions", "操作"), actions)]
    {
        if !items.is_empty() {
            groups.push(Group { label: label.to_owned(), items });
        }
    }
    caller.page("search.html", minijinja::context! { q, groups })
}

/// Hits in groups by entity, the group of the newest hit first; what tells them apart is read group by group.
async fn records(caller: &Caller, q: &str) -> Answer<Vec<Group>> {
    let (engine, actor, reader) = (caller.engine(), caller.actor(), &caller.reader);
    let mut by_entity: Vec<(String, Vec<Hit>)> = vec![];
    let hits = engine.search(actor, q, None, HITS).await?;
    caller.app.saw_many(&caller.session, "search", hits.len(), &[("q", q)]);
    for hit in hits {
        match by_entity.iter_mut().find(|(name, _)| *name == hit.entity) {
            Some((_, hits)) if hits.len() >= HITS_OF_ONE_ENTITY => {}
            Some((_, hits)) => hits.push(hit),
            None => by_entity.push((hit.entity.clone(), vec![hit])),
        }
    }
    let mut groups = vec![];
    for (name, hits) in by_entity {
        let entity = actor.view(engine.entity(&name)?);
        let ids: Vec<Id> = hits.iter().map(|hit| hit.id).collect();
        let records = engine.get_many(actor, &name, &ids).await?;
        let shown = Shown::look_up(engine, actor, reader, entity, &details(entity), &records).await?;
        let items = hits.into_iter().filter_map(|hit| {
            let record = records.iter().find(|record| record.id == hit.id)?;
            let detail = Some(detail(entity, record, &shown)).filter(|text| !text.is_empty());
            let href = record_href(engine.registry(), &name, hit.id)?;
            Some(Item { label: hit.title, detail, icon: entity.icon.to_owned(), href, kind: "record" })
        });
        let items: Vec<Item> = items.collect();
        if !items.is_empty() {
            groups.push(Group { label: entity.plural.get(reader.lang).to_owned(), items });
        }
    }
    Ok(groups)
}

/// Entities with a list the caller may see.
fn lists(caller: &Caller) -> impl Iterator<Item = &Arc<Entity>> {
    caller.engine().registry().entities().filter(|entity| listed(entity, &caller.session))
}

fn pages(caller: &Caller) -> Vec<Item> {
    let lang = caller.reader.lang;
    let added = caller.app.modules().iter().flat_map(|module| &module.nav);
    let added = added.filter(|nav| nav.is_offered_to(caller.actor()));
    let added = added.map(|nav| Item {
        label: nav.label.get(lang).to_owned(),
        detail: None,
        icon: nav.icon.to_owned(),
        href: nav.href.to_owned(),
        kind: "page",
    });
    let lists = lists(caller).map(|entity| Item {
        label: entity.plural.get(lang).to_owned(),
        detail: None,
        icon: entity.icon.to_owned(),
        href: list_href(entity),
        kind: "page",
    });
    added.chain(lists).collect()
}

fn actions(caller: &Caller) -> Vec<Item> {
    let reader = &caller.reader;
    lists(caller)
        .filter(|entity| Can::of(caller.actor(), entity).create)
        .map(|entity| Item {
            label: match reader.lang {
                Lang::En => format!("New {}", reader.lower(&entity.label)),
                Lang::Zh => format!("新建{}", entity.label.zh),
            },
            detail: None,
            icon: "plus".to_owned(),
            href: create_href(entity),
            kind: "action",
        })
        .collect()
}

#[derive(Serialize)]
struct Pick {
    value: Id,
    text: String,
    detail: String,
}

/// Records to choose from in a form or filter; the newest before anything is typed.
async fn look_up(
    caller: Caller,
    Place(entity): Place<String>,
    Asking(words): Asking<Words>,
) -> Answer<Json<Vec<Pick>>> {
    let entity = caller.actor().view(caller.engine().entity(&entity)?).clone();
    if entity.internal {
        return Err(Error::NotFound(entity.name.clone()).into());
    }
    let (engine, actor) = (caller.engine(), caller.actor());
    allow(actor, &entity, Action::Read)?;
    let searched = entity.fields.values().any(|field| field.searched);
    let q = words.q.trim();
    let query = Query::new(&entity.name).sort("-id").limit(PICKS);
    let query = match (q.is_empty(), searched) {
        (true, _) => query,
        (false, true) => query.search(q),
        (false, false) => query.filter(format!("{}.contains({})", entity.title, serde_json::json!(q))),
    };
    let page = engine.list(actor, &query).await?;
    let titled = entity.get(&entity.title).cloned();
    let fields: Vec<Field> = details(&entity).into_iter().chain(titled).collect();
    let shown = Shown::look_up(engine, actor, &caller.reader, &entity, &fields, &page.records).await?;
    let picks = page.records.iter().map(|record| Pick {
        value: record.id,
        text: super::record::view::title(&entity, record, &shown),
        detail: detail(&entity, record, &shown),
    });
    Ok(Json(picks.collect()))
}

/// What tells records of the same name apart.
fn details(entity: &Entity) -> Vec<Field> {
    let names = ["city", "account", "code", "email", "category", "ordered_at", "total"].iter();
    let known = names.filter(|name| **name != entity.title).filter_map(|name| entity.get(name).cloned());
    known.take(2).collect()
}

fn detail(entity: &Entity, record: &Record, shown: &Shown<'_>) -> String {
    let words = details(entity);
    let words = words.iter().map(|field| shown.cell(field, record, false).text);
    words.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" · ")
}
