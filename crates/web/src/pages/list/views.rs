//! Saved views: a list's filter, order and columns under a name, for oneself or for everybody.

use crate::{
    Answer, Failure, Flash,
    pages::{
        Caller, Place, Reader,
        address::{Asked, Layout, encode},
    },
};
use axum::{
    Form,
    extract::Query as Asking,
    http::Uri,
    response::{IntoResponse, Redirect},
};
use engine::{Action, Actor, Engine, Error, Query, Result};
use meta::{Entity, Id, Record, Values};
use serde::{Deserialize, Serialize};

/// Tabs above a list.
const VIEWS_LIMIT: usize = 50;

#[derive(Serialize)]
pub struct ViewTab {
    pub label: String,
    pub href: String,
    pub active: bool,
    pub id: Option<Id>,
    pub shared: bool,
    /// Only its owner may rename, share or delete it.
    pub save_href: Option<String>,
    pub delete_href: Option<String>,
}

/// The tabs, and what the address asks once the view it names is opened.
pub async fn tabs(
    engine: &Engine,
    actor: &Actor,
    reader: &Reader,
    entity: &Entity,
    asked: &Asked,
    layout: Layout,
) -> Result<(Vec<ViewTab>, Asked)> {
    let mine = if actor.user.is_some() { "(shared == true || owner == me())" } else { "shared == true" };
    let query = Query::new("saved_view")
        .filter(format!("entity == '{}' && {mine}", entity.name))
        .sort("id")
        .limit(VIEWS_LIMIT);
    let saved = engine.list(actor, &query).await?.records;
    let all = ViewTab {
        label: reader.say("All", "全部").to_owned(),
        href: layout.href(entity),
        active: asked.view.is_empty(),
        id: None,
        shared: true,
        save_href: None,
        delete_href: None,
    };
    let tabs = saved.iter().map(|view| {
        let own = is_owner(actor, view);
        ViewTab {
            label: view.text("name").to_owned(),
            href: layout.href(entity) + &opened(view).query(),
            active: asked.view == view.id.to_string(),
            id: Some(view.id),
            shared: view.get("shared").as_bool() == Some(true),
            save_href: own.then(|| format!("/views/{}", view.id)),
            delete_href: own.then(|| format!("/views/{}/delete", view.id)),
        }
    });
    let bare = asked.filter.is_empty() && asked.sort.is_empty() && asked.columns.is_empty();
    let named = saved.iter().find(|view| bare && asked.view == view.id.to_string());
    let asked = match named {
        Some(view) => Asked { q: asked.q.clone(), after: asked.after.clone(), ..opened(view) },
        None => asked.clone(),
    };
    Ok(([all].into_iter().chain(tabs).collect(), asked))
}

fn is_owner(actor: &Actor, view: &Record) -> bool {
    actor.is_administrator() || (actor.user.is_some() && view.reference("owner") == actor.user)
}

/// The address that shows a view.
fn opened(view: &Record) -> Asked {
    let columns = match view.get("columns") {
        meta::Value::Json(serde_json::Value::Array(names)) => {
            names.iter().filter_map(|name| name.as_str()).collect::<Vec<_>>().join(",")
        }
        _ => String::new(),
    };
    Asked {
        filter: view.text("filter").to_owned(),
        sort: view.text("sort").to_owned(),
        columns,
        view: view.id.to_string(),
        ..Asked::default()
    }
}

#[derive(Deserialize)]
pub struct NewView {
    entity: String,
    label: String,
    /// The query of the list's address.
    query: String,
    #[serde(default)]
    shared: String,
    /// Made on the board, so shown there.
    #[serde(default)]
    board: bool,
}

pub async fn save(caller: Caller, Form(new): Form<NewView>) -> Answer {
    let entity = caller.entity(&new.entity, Action::Read)?;
    let asked = read_query(&new.query)?;
    let mut values = Values::new();
    values.insert("name", new.label.trim().into());
    values.insert("entity", entity.name.as_str().into());
    values.insert("filter", with_search(&asked).as_str().into());
    values.insert("sort", asked.sort.as_str().into());
    let columns: Vec<&str> = asked.columns.split(',').filter(|name| !name.is_empty()).collect();
    values.insert("columns", serde_json::json!(columns).into());
    values.insert("shared", (!new.shared.is_empty()).into());
    values.insert("owner", caller.actor().user.into());
    let id = caller
        .engine()
        .write(caller.actor(), move |tx| Box::pin(async move { tx.create("saved_view", values).await }))
        .await?;
    let view = caller.engine().get(caller.actor(), "saved_view", id).await?;
    let text = caller.reader.say("View saved.", "视图已保存。");
    let layout = if new.board { Layout::Board } else { Layout::List };
    let shown = layout.href(&entity) + &opened(&view).query();
    Ok(Flash::success(text).on(Redirect::to(&shown).into_response()))
}

fn read_query(query: &str) -> Answer<Asked> {
    let unreadable = || {
        Failure::bad_request(
            "The list's address cannot be read: reload it.",
            "列表地址无法识别，请刷新后再试。",
        )
    };
    let uri: Uri = format!("/?{}", query.trim_start_matches('?')).parse().map_err(|_| unreadable())?;
    let Asking(asked) = Asking::<Asked>::try_from_uri(&uri).map_err(|_| unreadable())?;
    Ok(asked)
}

/// A quick search becomes part of the filter.
fn with_search(asked: &Asked) -> String {
    let search = asked.q.trim();
    if search.is_empty() {
        return asked.filter.clone();
    }
    let search = format!("search({})", serde_json::json!(search));
    if asked.filter.is_empty() { search } else { format!("({}) && {search}", asked.filter) }
}

#[derive(Deserialize)]
pub struct Change {
    label: String,
    #[serde(default)]
    shared: String,
}

pub async fn change(caller: Caller, Place(id): Place<Id>, Form(change): Form<Change>) -> Answer {
    let view = own(&caller, id).await?;
    let entity = caller.entity(view.text("entity"), Action::Read)?;
    let mut values = Values::new();
    values.insert("name", change.label.trim().into());
    values.insert("shared", (!change.shared.is_empty()).into());
    caller
        .engine()
        .write(caller.actor(), move |tx| {
            Box::pin(async move { tx.update("saved_view", id, None, values).await })
        })
        .await?;
    Ok(Redirect::to(&opened(&view).href(&entity)).into_response())
}

pub async fn delete(caller: Caller, Place(id): Place<Id>) -> Answer {
    let view = own(&caller, id).await?;
    caller
        .engine()
        .write(caller.actor(), move |tx| Box::pin(async move { tx.delete("saved_view", id, None).await }))
        .await?;
    let text = match caller.reader.lang {
        meta::Lang::En => format!("View “{}” deleted.", view.text("name")),
        meta::Lang::Zh => format!("已删除视图“{}”。", view.text("name")),
    };
    let back = Redirect::to(&format!("/{}", encode(view.text("entity")))).into_response();
    Ok(Flash::success(text).undo(format!("/views/{id}/restore")).on(back))
}

pub async fn restore(caller: Caller, Place(id): Place<Id>) -> Answer {
    let records = caller.engine().get_many(caller.actor(), "saved_view", &[id]).await?;
    let view = records.into_iter().find(|view| is_owner(caller.actor(), view)).ok_or_else(missing)?;
    caller
        .engine()
        .write(caller.actor(), move |tx| Box::pin(async move { tx.restore("saved_view", id).await }))
        .await?;
    let entity = caller.entity(view.text("entity"), Action::Read)?;
    Ok(Redirect::to(&opened(&view).href(&entity)).into_response())
}

async fn own(caller: &Caller, id: Id) -> Answer<Record> {
    let view = caller.engine().get(caller.actor(), "saved_view", id).await?;
    if is_owner(caller.actor(), &view) { Ok(view) } else { Err(missing()) }
}

fn missing() -> Failure {
    Failure::Engine(Error::NotFound("view / 视图".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quick_search_is_kept_in_the_views_filter() {
        let asked = Asked { q: " 华\"为 ".into(), filter: "a == 1 || b == 2".into(), ..Asked::default() };
        assert_eq!(with_search(&asked), "(a == 1 || b == 2) && search(\"华\\\"为\")");
        assert_eq!(with_search(&Asked::default()), "");
        let read = read_query("?filter=a%20%3D%3D%201&q=x").unwrap();
        assert_eq!((read.filter.as_str(), read.q.as_str()), ("a == 1", "x"));
    }
}
