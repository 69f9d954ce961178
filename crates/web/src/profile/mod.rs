//! The signed-in user's own page: password, sessions, what happened at sign-in, API tokens. Administrators also set other
//! users' passwords here.

mod of_user;
mod password;
mod proof;
mod second_factor;
mod sessions;
mod tokens;

use crate::{Answer, App, Flash, PASSWORD_MINIMUM, Session, auth, security};
use axum::{
    Router,
    extract::State,
    response::{IntoResponse, Redirect},
    routing::{get, post},
};
use meta::{FieldProblem, Lang};
use minijinja::context;

/// Of the history, the newest.
const HISTORY_SHOWN: u64 = 10;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/profile", get(show))
        .route("/profile/password", post(password::change))
        .route("/profile/second-factor", get(second_factor::show).post(second_factor::begin))
        .route("/profile/second-factor/confirm", post(second_factor::confirm))
        .route("/profile/second-factor/recovery-codes", post(second_factor::renew))
        .route("/profile/second-factor/off", post(second_factor::turn_off))
        .route("/profile/sessions/end-others", post(sessions::end_others))
        .route("/profile/sessions/{handle}/end", post(sessions::end))
        .route("/profile/tokens", post(tokens::create))
        .route("/profile/tokens/{id}/revoke", post(tokens::revoke))
        .route("/user/{id}/second-factor/off", post(of_user::turn_off_factor))
        .route("/user/{id}/sessions/end", post(of_user::end_sessions))
        .route("/user/{id}/invitation", post(of_user::invite))
        .route("/user/{id}/password", get(of_user::show).post(of_user::set_password))
}

/// What a form of the page came to.
#[derive(Default)]
struct Said {
    password_error: Option<String>,
    factor_error: Option<String>,
    token_error: Option<String>,
    /// Just made, shown this once.
    token: Option<String>,
}

async fn show(State(app): State<App>, session: Session) -> Answer {
    page(&app, &session, 200, Said::default()).await
}

async fn page(app: &App, session: &Session, status: u16, said: Said) -> Answer {
    let user = session.user.id;
    let context = context! {
        password_error => said.password_error,
        password_minimum => PASSWORD_MINIMUM,
        asks_password => auth::hash_of_user(app.engine(), user).await?.is_some(),
        factor_error => said.factor_error,
        factor => second_factor::shown(app, session).await?,
        sessions => sessions::shown(app, session).await?,
        history => security::history::shown(app, session, Some(user), None, HISTORY_SHOWN).await?,
        token_error => said.token_error,
        token => said.token,
        tokens => tokens::shown(app, session).await?,
        entities => tokens::entities(app, session),
    };
    app.page_with(status, session, "profile.html", context)
}

/// The first of the problems as a sentence.
fn sentence(problems: &[FieldProblem], lang: Lang) -> Option<String> {
    problems.first().map(|found| found.problem.message(lang))
}

/// Back to the page, with a note.
fn done(app: &App, session: &Session, key: &str) -> Answer {
    let text = app.t(session.lang, key, &[]);
    Ok(Flash::success(text).on(Redirect::to("/profile").into_response()))
}
