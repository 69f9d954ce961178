//! The signed-in user's own page: password and API tokens. Administrators also set other users' passwords here.

use crate::{Answer, App, Failure, Flash, Session, auth, secret::digest, session, tokens};
use axum::{
    Form, Router,
    extract::{Path, State},
    response::{IntoResponse, Redirect},
    routing::{get, post},
};
use axum_extra::extract::cookie::CookieJar;
use chrono::TimeDelta;
use engine::Error;
use meta::{Id, Lang};
use minijinja::{Value, context};
use serde::Deserialize;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/profile", get(show))
        .route("/profile/password", post(change_password))
        .route("/profile/tokens", post(create_token))
        .route("/profile/tokens/{id}/revoke", post(revoke_token))
        .route("/user/{id}/password", get(show_user).post(set_password))
}

/// `form`: which form was refused and why; `token`: just made, shown this once.
async fn page(
    app: &App,
    session: &Session,
    status: u16,
    wrong: (&str, Option<String>),
    token: Option<String>,
) -> Answer {
    let (format, now) = (session.format(), app.engine().clock().now());
    let tokens: Vec<Value> = tokens::list(app.engine(), session.user.id)
        .await?
        .into_iter()
        .map(|token| {
            context! {
                name => token.name,
                created => format.relative(token.created_at, now),
                expires => token.expires_at.map(|at| format.instant(at)),
                used => token.used_at.map(|at| format.relative(at, now)),
                revoke_href => format!("/profile/tokens/{}/revoke", token.id),
            }
        })
        .collect();
    let (form, error) = wrong;
    let context = context! {
        password_error => error.clone().filter(|_| form == "password"),
        token_error => error.filter(|_| form == "token"),
        password_minimum => auth::PASSWORD_MINIMUM,
        token,
        tokens,
    };
    app.page_with(status, session, "profile.html", context)
}

async fn show(State(app): State<App>, session: Session) -> Answer {
    page(&app, &session, 200, ("", None), None).await
}

#[derive(Deserialize)]
struct NewPassword {
    current: String,
    password: String,
}

async fn change_password(
    State(app): State<App>,
    session: Session,
    jar: CookieJar,
    Form(given): Form<NewPassword>,
) -> Answer {
    let hash = auth::hash_of_user(app.engine(), session.user.id).await?;
    if !app.gate().verify(given.current, hash).await? {
        let text = app.t(session.lang, "profile.wrong_password", &[]);
        return page(&app, &session, 422, ("password", Some(text)), None).await;
    }
    let keep = jar.get(session::SESSION).map(|token| digest(token.value()));
    match auth::set_password(app.engine(), session.user.id, &given.password, keep).await {
        Ok(()) => {
            app.live().end_sessions_of(session.user.id, Some(&session.csrf));
            let text = app.t(session.lang, "profile.password_changed", &[]);
            Ok(Flash::success(text).on(Redirect::to("/profile").into_response()))
        }
        Err(Error::Invalid(problems)) => {
            page(&app, &session, 422, ("password", said(&problems, session.lang)), None).await
        }
        Err(error) => Err(error.into()),
    }
}

fn said(problems: &[meta::FieldProblem], lang: Lang) -> Option<String> {
    problems.first().map(|found| found.problem.message(lang))
}

#[derive(Deserialize)]
struct NewToken {
    name: String,
    /// Empty: never.
    #[serde(default)]
    days: String,
}

async fn create_token(State(app): State<App>, session: Session, Form(given): Form<NewToken>) -> Answer {
    let days: Option<i64> = given.days.trim().parse().ok().filter(|days| (1..=3_650).contains(days));
    let expires_at = days.map(|days| app.engine().clock().now() + TimeDelta::days(days));
    match tokens::create(app.engine(), session.user.id, &given.name, expires_at).await {
        Ok(token) => page(&app, &session, 200, ("", None), Some(token)).await,
        Err(Error::Invalid(problems)) => {
            page(&app, &session, 422, ("token", said(&problems, session.lang)), None).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn revoke_token(State(app): State<App>, session: Session, Path(id): Path<Id>) -> Answer {
    tokens::revoke(app.engine(), session.user.id, id).await?;
    let text = app.t(session.lang, "profile.token_revoked", &[]);
    Ok(Flash::success(text).on(Redirect::to("/profile").into_response()))
}

fn administrator(session: &Session) -> Result<(), Failure> {
    if session.actor.is_administrator() {
        return Ok(());
    }
    Err(Error::Forbidden(if session.lang == Lang::En { "users" } else { "用户" }.into()).into())
}

async fn user_page(app: &App, session: &Session, id: Id, status: u16, error: Option<String>) -> Answer {
    administrator(session)?;
    let user = app.engine().get(&session.actor, "user", id).await?;
    let context = context! {
        error,
        password_minimum => auth::PASSWORD_MINIMUM,
        user => context! { name => user.text("name"), href => format!("/user/{id}") },
    };
    app.page_with(status, session, "user_password.html", context)
}

async fn show_user(State(app): State<App>, session: Session, Path(id): Path<Id>) -> Answer {
    user_page(&app, &session, id, 200, None).await
}

#[derive(Deserialize)]
struct SetPassword {
    password: String,
}

async fn set_password(
    State(app): State<App>,
    session: Session,
    Path(id): Path<Id>,
    Form(given): Form<SetPassword>,
) -> Answer {
    administrator(&session)?;
    match auth::set_password(app.engine(), id, &given.password, None).await {
        Ok(()) => {
            app.live().end_sessions_of(id, None);
            let text = app.t(session.lang, "profile.password_changed", &[]);
            Ok(Flash::success(text).on(Redirect::to(&format!("/user/{id}")).into_response()))
        }
        Err(Error::Invalid(problems)) => {
            user_page(&app, &session, id, 422, said(&problems, session.lang)).await
        }
        Err(error) => Err(error.into()),
    }
}
