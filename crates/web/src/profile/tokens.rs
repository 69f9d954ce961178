//! A user's API tokens.

use super::{Said, done, page, sentence};
use crate::{Answer, App, Session, mail, tokens};
use axum::{
    Form,
    extract::{Path, State},
};
use chrono::TimeDelta;
use engine::{Error, Result};
use meta::Id;
use minijinja::{Value, context};
use serde::Deserialize;

pub(super) async fn shown(app: &App, session: &Session) -> Result<Vec<Value>> {
    let (format, now) = (session.format(), app.engine().clock().now());
    let tokens = tokens::list(app.engine(), session.user.id).await?;
    let shown = tokens.into_iter().map(|token| {
        context! {
            name => token.name,
            created => format.relative(token.created_at, now),
            expires => token.expires_at.map(|at| format.instant(at)),
            used => token.used_at.map(|at| format.relative(at, now)),
            revoke_href => format!("/profile/tokens/{}/revoke", token.id),
        }
    });
    Ok(shown.collect())
}

#[derive(Deserialize)]
pub(super) struct NewToken {
    name: String,
    /// Empty: never.
    #[serde(default)]
    days: String,
}

pub(super) async fn create(State(app): State<App>, session: Session, Form(given): Form<NewToken>) -> Answer {
    let days: Option<i64> = given.days.trim().parse().ok().filter(|days| (1..=3_650).contains(days));
    let expires_at = days.map(|days| app.engine().clock().now() + TimeDelta::days(days));
    match tokens::create(app.engine(), session.user.id, &given.name, expires_at).await {
        Ok(token) => {
            mail::notice(&app, session.user.id, "token");
            page(&app, &session, 200, Said { token: Some(token), ..Said::default() }).await
        }
        Err(Error::Invalid(problems)) => {
            let said = Said { token_error: sentence(&problems, session.lang), ..Said::default() };
            page(&app, &session, 422, said).await
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn revoke(State(app): State<App>, session: Session, Path(id): Path<Id>) -> Answer {
    tokens::revoke(app.engine(), session.user.id, id).await?;
    done(&app, &session, "profile.token_revoked")
}
