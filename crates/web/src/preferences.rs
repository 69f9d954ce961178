//! Language and appearance, chosen by anybody; a signed-in user's language is also kept with him.

use crate::{Answer, App, Visit, cookies, session::is_theme, sign_in::inside};
use axum::{
    Form, Router,
    extract::State,
    response::{IntoResponse, Redirect},
    routing::post,
};
use chrono::TimeDelta;
use engine::{Actor, Role};
use meta::{Id, Lang, Values};
use serde::Deserialize;

pub fn routes() -> Router<App> {
    Router::new().route("/preferences", post(choose))
}

#[derive(Deserialize)]
struct Chosen {
    lang: Option<String>,
    theme: Option<String>,
    #[serde(default)]
    return_to: String,
}

const LASTS: TimeDelta = TimeDelta::days(400);

async fn choose(State(app): State<App>, visit: Visit, Form(chosen): Form<Chosen>) -> Answer {
    let mut response = Redirect::to(inside(&chosen.return_to)).into_response();
    if let Some(lang) = chosen.lang.as_deref().and_then(Lang::parse) {
        cookies::set(&app, &mut response, "zhike_lang", lang.code(), LASTS);
        if let Some(user) = &visit.user {
            keep(&app, user.id, lang).await?;
        }
    }
    if let Some(theme) = chosen.theme.as_deref().filter(|theme| is_theme(theme)) {
        cookies::set(&app, &mut response, "zhike_theme", theme, LASTS);
    }
    Ok(response)
}

/// In the user's name but with the program's rights: users may not write users.
async fn keep(app: &App, user: Id, lang: Lang) -> engine::Result<()> {
    let actor = Actor::user(user, Role::System, lang);
    let values = Values::from([("language".to_owned(), lang.code().into())]);
    app.engine()
        .write(&actor, move |tx| {
            Box::pin(async move { tx.update("user", user, None, values).await.map(drop) })
        })
        .await
}
