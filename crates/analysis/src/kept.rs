//! What people keep (questions, dashboards, reports) goes alike.

use axum::response::{IntoResponse, Redirect, Response};
use engine::Result;
use meta::{Id, Values};
use web::{Answer, App, Flash, Session};

/// A new one is his who makes it.
pub async fn create(app: &App, session: &Session, entity: &'static str, mut values: Values) -> Result<Id> {
    values.insert("owner", session.actor.user.into());
    let write = app
        .engine()
        .write(&session.actor, move |tx| Box::pin(async move { tx.create(entity, values).await }));
    write.await
}

pub async fn update(
    app: &App,
    session: &Session,
    entity: &'static str,
    id: Id,
    values: Values,
) -> Result<()> {
    let write = app
        .engine()
        .write(&session.actor, move |tx| Box::pin(async move { tx.update(entity, id, None, values).await }));
    write.await.map(drop)
}

/// To `path`, where the message `said` is shown.
pub fn told(app: &App, session: &Session, said: &str, path: &str) -> Response {
    Flash::success(app.t(session.lang, said, &[])).on(Redirect::to(path).into_response())
}

/// Back to `path`, with `said` and a way to undo it.
pub async fn delete(
    app: &App,
    session: &Session,
    entity: &'static str,
    id: Id,
    said: &str,
    path: &str,
) -> Answer<Response> {
    let write = app
        .engine()
        .write(&session.actor, move |tx| Box::pin(async move { tx.delete(entity, id, None).await }));
    write.await?;
    let flash = Flash::success(app.t(session.lang, said, &[]));
    Ok(flash.undo(format!("/{entity}/{id}/restore")).on(Redirect::to(path).into_response()))
}
