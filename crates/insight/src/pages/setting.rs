//! Settings of the company that everybody's figures rest on: who may change them, and how their pages save them.

use crate::after_fit;
use axum::response::{IntoResponse, Redirect, Response};
use engine::{BoxFuture, Error, Tx};
use meta::{FieldProblem, label};
use web::{Answer, App, Flash, Session};

/// Refuses whoever is no administrator; `what` is in English and Chinese.
pub fn for_administrators(session: &Session, what: (&str, &str)) -> Answer<()> {
    if session.actor.is_administrator() {
        return Ok(());
    }
    Err(Error::Forbidden(label(what.0, what.1).get(session.lang).to_owned()).into())
}

/// Saves a setting and has computed anew what rests on it: the way to `page` with the message `saved`, or what is wrong with it.
pub async fn save<F>(
    app: &App,
    session: &Session,
    page: &str,
    saved: &str,
    setting: F,
) -> Answer<Result<Response, FieldProblem>>
where
    F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, engine::Result<()>> + Send + 'static,
{
    let written = app.engine().write(&session.actor, move |tx| {
        Box::pin(async move {
            setting(tx).await?;
            after_fit::queue(tx).await
        })
    });
    match written.await {
        Ok(()) => {
            let text = app.t(session.lang, saved, &[]);
            Ok(Ok(Flash::success(text).on(Redirect::to(page).into_response())))
        }
        Err(Error::Invalid(mut problems)) if !problems.is_empty() => Ok(Err(problems.remove(0))),
        Err(error) => Err(error.into()),
    }
}
