//! A user's API tokens.

use super::{Said, done, page, sentence};
use crate::{Answer, App, Scope, Session, mail, tokens};
use axum::extract::{Path, State};
use axum_extra::extract::Form;
use chrono::TimeDelta;
use engine::{Action, Error, Result, allow};
use meta::Id;
use minijinja::{Value, context};
use serde::Deserialize;

pub(super) async fn shown(app: &App, session: &Session) -> Result<Vec<Value>> {
    let (format, now) = (session.format(), app.engine().clock().now());
    let tokens = tokens::list(app.engine(), session.user.id).await?;
    let shown = tokens.into_iter().map(|token| {
        let scope = scope_text(app, session, &token.scope);
        context! {
            scope,
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
    /// `read` or `write`.
    #[serde(default)]
    access: String,
    /// None: all.
    #[serde(default)]
    entities: Vec<String>,
}

/// What a token may do, in words.
fn scope_text(app: &App, session: &Session, scope: &Scope) -> String {
    let access = app.t(session.lang, &format!("profile.token_{}", scope.access()), &[]);
    let Some(entities) = &scope.entities else { return access };
    let label = |name: &String| match app.engine().entity(name) {
        Ok(entity) => entity.plural.get(session.lang).to_owned(),
        Err(_) => name.clone(),
    };
    let labels: Vec<String> = entities.iter().map(label).collect();
    format!("{access} · {}", labels.join(" · "))
}

/// The entities a token can be limited to.
pub(super) fn entities(app: &App, session: &Session) -> Vec<Value> {
    let registry = app.engine().registry();
    let open = registry.entities().filter(|entity| {
        let readable = allow(&session.actor, entity, Action::Read).is_ok();
        readable && !entity.internal && entity.parent.is_none() && !entity.list.is_empty()
    });
    open.map(|entity| context! { value => entity.name, label => entity.plural.get(session.lang) }).collect()
}

pub(super) async fn create(State(app): State<App>, session: Session, Form(given): Form<NewToken>) -> Answer {
    let days: Option<i64> = given.days.trim().parse().ok().filter(|days| (1..=3_650).contains(days));
    let expires_at = days.map(|days| app.engine().clock().now() + TimeDelta::days(days));
    let known = |name: &String| app.engine().entity(name).is_ok_and(|entity| !entity.internal);
    let entities: Vec<String> = given.entities.into_iter().filter(known).collect();
    let scope =
        Scope { write: given.access != "read", entities: Some(entities).filter(|names| !names.is_empty()) };
    match tokens::create_with(app.engine(), session.user.id, &given.name, expires_at, scope).await {
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
