//! The page of the audit.

use super::{AUDIT, asked::Asked, words::Words};
use crate::{
    Answer, App, Flash, Session, pages::record_href, security::administrators_only, shell::initials,
};
use axum::{
    Form,
    extract::{Query, State},
    response::{IntoResponse, Redirect},
};
use engine::{AuditAction, AuditEntry, AuditPage, Error, Result, SEEN_DAYS, SEEN_DAYS_RANGE, Source};
use meta::Id;
use minijinja::{Value, context};
use serde::Deserialize;
use serde_json::json;

const PAGE: usize = 50;

pub(super) async fn show(State(app): State<App>, session: Session, Query(asked): Query<Asked>) -> Answer {
    administrators_only(&session)?;
    page(&app, &session, 200, &asked, None).await
}

async fn page(app: &App, session: &Session, status: u16, asked: &Asked, error: Option<String>) -> Answer {
    let engine = app.engine();
    let found = engine.audit(&session.actor, &asked.query(session.zone, PAGE)?).await?;
    app.saw_many(session, AUDIT, found.entries.len(), &asked.parts());
    let words = Words::of(app, &session.actor, session.lang, &found.entries).await?;
    let rows: Vec<Value> =
        found.entries.iter().map(|entry| row(app, session, asked, &words, entry)).collect();
    let seal = engine.newest_seal().await?;
    let format = session.format();
    let context = context! {
        rows,
        made => made(app, session, asked, &found).await?,
        filter => filter(app, session, asked).await?,
        next_href => found.next.map(|next| asked.href("/audit", Some(next.to_string()))),
        first_href => (!asked.after.is_empty()).then(|| asked.href("/audit", None)),
        all_href => asked.is_filtered().then_some("/audit"),
        export_href => asked.href("/audit/export", None),
        seal => seal.map(|seal| context! {
            number => seal.number,
            at => format.relative(seal.at, engine.clock().now()),
            at_exact => format.instant(seal.at),
            text => seal.text(),
        }),
        keep => context! {
            days => engine.seen_days().await?,
            least => SEEN_DAYS_RANGE.start(),
            most => SEEN_DAYS_RANGE.end(),
            error,
        },
    };
    app.page_with(status, session, "audit.html", context)
}

/// What was made together with many others has no entry of its own: the record itself says by whom and when.
async fn made(app: &App, session: &Session, asked: &Asked, found: &AuditPage) -> Result<Option<Value>> {
    let query = asked.query(session.zone, 1)?;
    let (engine, known) = (app.engine(), found.entries.iter().any(|entry| entry.what == "create"));
    let Some(record) = query.record.filter(|_| found.next.is_none() && !known) else { return Ok(None) };
    let is_whole =
        query.user.is_none() && query.action.is_none() && query.from.is_none() && query.until.is_none();
    let Some(entity) = query.entity.filter(|entity| is_whole && engine.entity(entity).is_ok()) else {
        return Ok(None);
    };
    let records = engine.get_many(&session.actor, &entity, &[record]).await?;
    let Some(record) = records.first() else { return Ok(None) };
    let by: Vec<(&str, Id)> = record.created_by.map(|user| ("user", user)).into_iter().collect();
    let names = engine.titles(&session.actor, &by).await?;
    let who = record.created_by.map(|user| names.get(&user).cloned().unwrap_or_else(|| user.to_string()));
    Ok(Some(context! { at => session.format().instant(record.created_at), who }))
}

fn row(app: &App, session: &Session, asked: &Asked, words: &Words<'_>, entry: &AuditEntry) -> Value {
    let (format, now) = (session.format(), app.engine().clock().now());
    let only = |change: &dyn Fn(&mut Asked)| {
        let mut asked = Asked { after: String::new(), ..asked.clone() };
        change(&mut asked);
        asked.href("/audit", None)
    };
    let who = words.who(entry);
    let record = entry.record.zip(entry.entity.clone());
    context! {
        at => format.relative(entry.at, now),
        at_exact => format.instant(entry.at),
        initials => who.as_deref().map(initials),
        who_href => entry.user.map(|user| only(&|asked| asked.user = user.to_string())),
        who,
        what => words.action(entry),
        color => color(entry),
        entity => words.entity(entry),
        record => words.record(entry),
        record_href => record.as_ref().and_then(|(id, entity)| record_href(app.engine().registry(), entity, *id)),
        only_href => record.as_ref().map(|(id, _)| only(&|asked| asked.record = id.to_string())),
        details => words.details(entry),
        via => words.via(entry),
        address => entry.address,
    }
}

fn color(entry: &AuditEntry) -> &'static str {
    match (entry.source, entry.what) {
        (Source::Seen, _) => "grey",
        (_, "create" | "signed_in") => "green",
        (_, "delete" | "sign_in_failed" | "lost") => "red",
        (_, "exported" | "redacted" | "removed") => "orange",
        _ => "blue",
    }
}

/// What the form of the filter shows.
async fn filter(app: &App, session: &Session, asked: &Asked) -> Result<Value> {
    let engine = app.engine();
    let query = asked.query(session.zone, 1)?;
    let mut wanted: Vec<(&str, Id)> = query.user.map(|user| ("user", user)).into_iter().collect();
    let of_record = query.record.zip(engine.entity(&asked.entity).ok());
    wanted.extend(of_record.map(|(record, entity)| (entity.name.as_str(), record)));
    let names = engine.titles(&session.actor, &wanted).await?;
    let actions = AuditAction::ALL.map(|action| {
        context! { value => action.name(), label => app.t(session.lang, &format!("audit.action_{}", action.name()), &[]) }
    });
    let entities: Vec<Value> = engine
        .registry()
        .entities()
        .map(|entity| context! { value => entity.name, label => entity.plural.get(session.lang) })
        .collect();
    Ok(context! {
        user => query.user.map(|user| context! { id => user, name => names.get(&user) }),
        action => asked.action,
        actions,
        entity => asked.entity,
        entities,
        record => query.record.map(|record| context! { id => record, name => names.get(&record) }),
        without_record_href => Asked { record: String::new(), after: String::new(), ..asked.clone() }.href("/audit", None),
        from => asked.from,
        until => asked.until,
    })
}

#[derive(Deserialize)]
pub(super) struct Keep {
    days: String,
}

/// For how long entries of what was seen are kept.
pub(super) async fn keep(State(app): State<App>, session: Session, Form(given): Form<Keep>) -> Answer {
    administrators_only(&session)?;
    let days = given.days.trim().parse::<i64>().map_or(json!(given.days), |days| json!(days));
    let saved = app
        .engine()
        .write(&session.actor, move |tx| Box::pin(async move { tx.change_setting(SEEN_DAYS, &days).await }))
        .await;
    match saved {
        Ok(()) => {
            let text = app.t(session.lang, "audit.kept_saved", &[]);
            Ok(Flash::success(text).on(Redirect::to("/audit").into_response()))
        }
        Err(Error::Invalid(problems)) => {
            let error = problems.first().map(|problem| problem.problem.message(session.lang));
            page(&app, &session, 422, &Asked::default(), error).await
        }
        Err(error) => Err(error.into()),
    }
}
