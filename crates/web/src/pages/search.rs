//! The command palette (records, pages, actions) and the pickers of forms.

use super::{
    Caller, Place,
    access::Can,
    address::{list_href, record_href},
};
use crate::{Answer, App};
use axum::{Json, Router, extract::Query as Asking, routing::get};
use engine::{Action, Query, allow};
use meta::{Entity, Id, Lang};
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

/// Hits in groups by entity; the group of the newest hit first.
async fn records(caller: &Caller, q: &str) -> Answer<Vec<Group>> {
    let registry = caller.engine().registry();
    let mut groups: Vec<(String, Group)> = vec![];
    for hit in caller.engine().search(caller.actor(), q, None, HITS).await? {
        let Some(href) = record_href(registry, &hit.entity, hit.id) else { continue };
        let entity = caller.engine().entity(&hit.entity)?;
        let index = groups.iter().position(|(name, _)| *name == hit.entity).unwrap_or_else(|| {
            let label = entity.plural.get(caller.reader.lang).to_owned();
            groups.push((hit.entity.clone(), Group { label, items: vec![] }));
            groups.len() - 1
        });
        let items = &mut groups[index].1.items;
        if items.len() < HITS_OF_ONE_ENTITY {
            let icon = entity.icon.to_owned();
            items.push(Item { label: hit.title, detail: None, icon, href, kind: "record" });
        }
    }
    Ok(groups.into_iter().map(|(_, group)| group).collect())
}

/// Entities with a list the caller may see.
fn listed(caller: &Caller) -> impl Iterator<Item = &Arc<Entity>> {
    caller.engine().registry().entities().filter(|entity| {
        let shown = !entity.internal && entity.parent.is_none() && !entity.list.is_empty();
        let hidden = entity.admin_only && !caller.actor().is_administrator();
        shown && !hidden && allow(caller.actor(), entity, Action::Read).is_ok()
    })
}

fn pages(caller: &Caller) -> Vec<Item> {
    let lang = caller.reader.lang;
    let added = caller.app.modules().iter().flat_map(|module| &module.nav);
    let added = added.filter(|nav| !nav.administrators_only || caller.actor().is_administrator());
    let added = added.map(|nav| Item {
        label: nav.label.get(lang).to_owned(),
        detail: None,
        icon: nav.icon.to_owned(),
        href: nav.href.to_owned(),
        kind: "page",
    });
    let lists = listed(caller).map(|entity| Item {
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
    listed(caller)
        .filter(|entity| Can::of(caller.actor(), entity).create)
        .map(|entity| Item {
            label: match reader.lang {
                Lang::En => format!("New {}", reader.lower(&entity.label)),
                Lang::Zh => format!("新建{}", entity.label.zh),
            },
            detail: None,
            icon: "plus".to_owned(),
            href: format!("{}/new", list_href(entity)),
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
    let entity = caller.engine().entity(&entity)?.clone();
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
    let mut fields: Vec<meta::Field> = ["city", "account", "code", "email", "category"]
        .iter()
        .filter(|name| **name != entity.title)
        .filter_map(|name| entity.get(name).cloned())
        .take(2)
        .collect();
    let details = fields.clone();
    fields.extend(entity.get(&entity.title).cloned());
    let shown =
        super::cell::Shown::look_up(engine, actor, &caller.reader, &entity, &fields, &page.records).await?;
    let picks = page.records.iter().map(|record| {
        let words = details.iter().map(|field| shown.cell(field, record, false).text);
        Pick {
            value: record.id,
            text: super::record::view::title(&entity, record, &shown),
            detail: words.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" · "),
        }
    });
    Ok(Json(picks.collect()))
}
