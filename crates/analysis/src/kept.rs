//! What people keep (questions, dashboards, reports) goes alike.

use axum::response::{IntoResponse, Redirect, Response};
use meta::Id;
use web::{Answer, App, Flash, Session};

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
