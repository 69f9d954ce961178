//! The page of any record, its parts, deletion and restoring.

mod field;
pub mod related;
mod timeline;
pub mod view;

use super::{
    Caller, Place,
    address::{list_href, own_pages, shown_by},
    undo::Token,
};
use crate::{Answer, App, Flash};
use axum::{
    Form, Router,
    extract::Query as Asking,
    response::{IntoResponse, Redirect},
    routing::{get, post},
};
use engine::{Action, Error, LogKind};
use meta::{DateTime, Entity, Id, Kind, Lang, Record, Utc, Values};
use serde::Deserialize;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/{entity}/{id}", get(show))
        .route("/{entity}/{id}/related/{name}", get(show_related))
        .route("/{entity}/{id}/history", get(show_history))
        .route("/{entity}/{id}/panels", get(show_panels))
        .route("/{entity}/{id}/timeline", get(show_timeline).post(log))
        .route("/{entity}/{id}/field/{name}", get(field::edit).patch(field::save))
        .route("/{entity}/{id}/delete", post(delete))
        .route("/{entity}/{id}/restore", post(restore))
}

/// The record, also when it is deleted: its page then offers to bring it back.
async fn find(caller: &Caller, entity: &Entity, id: Id) -> Answer<Record> {
    let found = caller.engine().get_many(caller.actor(), &entity.name, &[id]).await?;
    let missing = || Error::NotFound(format!("{} {id}", entity.label.get(caller.reader.lang)));
    Ok(found.into_iter().next().ok_or_else(missing)?)
}

async fn show(caller: Caller, Place((entity, id)): Place<(String, Id)>) -> Answer {
    let entity = caller.entity(&entity, Action::Read)?;
    let record = find(&caller, &entity, id).await?;
    if record.deleted_at.is_some()
        && let Some(winner) = caller.engine().merged_into(&entity.name, id).await?
    {
        let text =
            caller.reader.say("This record was merged into the one you see.", "原记录已并入当前记录。");
        return Ok(Flash::success(text).on(Redirect::to(&view::href(&entity, winner)).into_response()));
    }
    if let Some(pages) = own_pages(&entity) {
        return Ok(Redirect::to(&format!("{pages}/{id}")).into_response());
    }
    if let Some(page) = shown_by(&entity, id).filter(|_| record.deleted_at.is_none()) {
        return Ok(Redirect::to(&page).into_response());
    }
    caller.app.saw(&caller.session, &entity.name, id);
    caller.page("record.html", view::record(&caller, &entity, &record).await?)
}

async fn show_related(caller: Caller, Place((entity, id, name)): Place<(String, Id, String)>) -> Answer {
    let entity = caller.entity(&entity, Action::Read)?;
    let record = find(&caller, &entity, id).await?;
    let link = related::find(&caller, &entity, &name)?;
    let related = related::related(&caller, &entity, &link, &record).await?;
    let of = format!("{}/{id}", entity.name);
    caller.app.saw_many(&caller.session, &link.entity.name, related.rows.len(), &[("of", &of)]);
    caller.page("related.html", minijinja::context! { related })
}

async fn show_history(caller: Caller, Place((entity, id)): Place<(String, Id)>) -> Answer {
    let entity = caller.entity(&entity, Action::Read)?;
    let record = find(&caller, &entity, id).await?;
    let items = timeline::history(&caller, &entity, &record).await?;
    let timeline = minijinja::context! { items, next_href => () };
    caller.page("history.html", minijinja::context! { timeline })
}

/// What modules show of the record and its key facts, asked for again when its figures have moved.
async fn show_panels(caller: Caller, Place((entity, id)): Place<(String, Id)>) -> Answer {
    let entity = caller.entity(&entity, Action::Read)?;
    let record = caller.engine().get(caller.actor(), &entity.name, id).await?;
    let panels = caller.app.panels(&caller.session, &record).await?;
    let facts = view::key_facts(&caller, &entity, &record).await?;
    caller.page("panels.html", minijinja::context! { panels, facts })
}

#[derive(Deserialize)]
struct Before {
    after: Option<DateTime<Utc>>,
}

async fn show_timeline(
    caller: Caller,
    Place((entity, id)): Place<(String, Id)>,
    Asking(before): Asking<Before>,
) -> Answer {
    let entity = caller.entity(&entity, Action::Read)?;
    let record = find(&caller, &entity, id).await?;
    let timeline = timeline::timeline(&caller, &entity, &record, before.after).await?;
    let template = if before.after.is_some() { "timeline_items.html" } else { "timeline.html" };
    caller.page(template, minijinja::context! { timeline })
}

#[derive(Deserialize)]
struct Line {
    kind: String,
    subject: String,
}

/// A call, visit or note written down in one line; what is longer becomes its text.
async fn log(caller: Caller, Place((entity, id)): Place<(String, Id)>, Form(line): Form<Line>) -> Answer {
    const SUBJECT_LETTERS: usize = 120;
    let entity = caller.entity(&entity, Action::Read)?;
    let record = caller.engine().get(caller.actor(), &entity.name, id).await?;
    let (other, subject) = timeline::logged_as(&caller, &entity)
        .ok_or_else(|| Error::NotFound(format!("{}/timeline", entity.name)))?;
    let text = line.subject.trim();
    let first: String = text.lines().next().unwrap_or_default().chars().take(SUBJECT_LETTERS).collect();
    let mut values = Values::from([
        ("kind".to_owned(), line.kind.as_str().into()),
        (subject.to_owned(), id.into()),
        ("subject".to_owned(), first.as_str().into()),
    ]);
    let long = other.fields.values().find(|field| field.kind == Kind::LongText);
    if let Some(field) = long.filter(|_| first != text) {
        values.insert(field.name.clone(), text.into());
    }
    let name = other.name.clone();
    caller
        .engine()
        .write(caller.actor(), move |tx| Box::pin(async move { tx.create(&name, values).await }))
        .await?;
    if !caller.session.htmx {
        return Ok(Redirect::to(&view::href(&entity, id)).into_response());
    }
    let timeline = timeline::timeline(&caller, &entity, &record, None).await?;
    caller.page("timeline.html", minijinja::context! { timeline })
}

#[derive(Deserialize)]
struct At {
    version: Option<i64>,
}

async fn delete(caller: Caller, Place((entity, id)): Place<(String, Id)>, Form(at): Form<At>) -> Answer {
    let entity = caller.entity(&entity, Action::Delete)?;
    let target = entity.name.clone();
    let stretch = caller
        .engine()
        .write(caller.actor(), move |tx| {
            Box::pin(async move {
                let before = tx.last_change().await?;
                tx.delete(&target, id, at.version).await?;
                Ok((before, tx.last_change().await?))
            })
        })
        .await?;
    let text = match caller.reader.lang {
        Lang::En => format!("{} deleted.", entity.label.en),
        Lang::Zh => format!("已删除{}。", entity.label.zh),
    };
    let undo = Token::new(&entity, LogKind::Delete, stretch).href();
    let back = Redirect::to(&list_href(&entity)).into_response();
    Ok(Flash::success(text).undo(undo).on(back))
}

async fn restore(caller: Caller, Place((entity, id)): Place<(String, Id)>) -> Answer {
    let entity = caller.entity(&entity, Action::Delete)?;
    let target = entity.name.clone();
    caller
        .engine()
        .write(caller.actor(), move |tx| Box::pin(async move { tx.restore(&target, id).await }))
        .await?;
    let text = caller.reader.say("Restored.", "已恢复。");
    Ok(Flash::success(text).on(Redirect::to(&view::href(&entity, id)).into_response()))
}
