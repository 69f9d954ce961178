//! The first step: e-mail address and password.

use super::{
    code, finish,
    history::{self, Entry, Method, Outcome},
    inside,
};
use crate::{
    Answer, App, Visit, auth, second_factor,
    throttle::{PER_ADDRESS_LIMIT, PER_EMAIL_LIMIT},
};
use axum::{
    Form,
    extract::{Query, State},
    response::{IntoResponse, Redirect},
};
use minijinja::{Value, context};
use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    next: String,
}

pub(super) async fn show(State(app): State<App>, visit: Visit, Query(wanted): Query<Wanted>) -> Answer {
    if visit.user.is_some() {
        return Ok(Redirect::to(inside(&wanted.next)).into_response());
    }
    page(&app, &visit, 200, "", &wanted.next, None)
}

pub(super) fn page(
    app: &App,
    visit: &Visit,
    status: u16,
    email: &str,
    next: &str,
    error: Option<String>,
) -> Answer {
    let hint = app.options().sign_in_hint.as_ref().map(|hint| hint.get(visit.lang).to_owned());
    let context = context! { email, next => inside(next), error, hint, provider => provider(app, next) };
    app.page_with(status, visit, "sign_in.html", context)
}

/// The button for single sign-on.
fn provider(app: &App, next: &str) -> Option<Value> {
    let provider = app.options().provider.as_ref()?;
    let href = format!("/sign-in/provider?next={}", crate::encode(inside(next)));
    Some(context! { name => provider.name.as_str(), href })
}

/// The page with something to say besides.
pub(super) fn page_with_note(app: &App, visit: &Visit, note: String) -> Answer {
    let context =
        context! { email => "", next => "/", error => (), hint => note, provider => provider(app, "/") };
    app.page(visit, "sign_in.html", context)
}

#[derive(Deserialize)]
pub(super) struct Credentials {
    email: String,
    password: String,
    #[serde(default)]
    next: String,
}

pub(super) async fn sign_in(State(app): State<App>, visit: Visit, Form(given): Form<Credentials>) -> Answer {
    let again = |status, text| page(&app, &visit, status, &given.email, &given.next, Some(text));
    let email = given.email.trim().to_lowercase();
    let names = [
        (Some(email.clone()), PER_EMAIL_LIMIT),
        (visit.address.map(|address| address.to_string()), PER_ADDRESS_LIMIT),
    ];
    let names: Vec<(&str, usize)> =
        names.iter().filter_map(|(name, limit)| Some((name.as_deref()?, *limit))).collect();
    let now = app.engine().clock().now();
    if let Some(minutes) = app.throttle().longest_wait_minutes(&names, now) {
        return again(429, app.t(visit.lang, "sign_in.wait", &[("minutes", &minutes.to_string())]));
    }
    let known = auth::credential(app.engine(), &email).await?;
    let (user, hash) = known.map_or((None, None), |(user, hash)| (Some(user), Some(hash)));
    let right = app.gate().verify(given.password, hash).await?;
    let Some(user_id) = user.filter(|_| right) else {
        names.iter().for_each(|(name, _)| app.throttle().failed(name, now));
        let entry = Entry::of(&visit, user, Some(&email), Method::Password, Outcome::WrongPassword);
        history::note(&app, entry).await?;
        return again(422, app.t(visit.lang, "sign_in.wrong", &[]));
    };
    app.throttle().succeeded(&email);
    if second_factor::is_on(app.engine(), user_id).await? {
        return code::ask(&app, user_id, inside(&given.next)).await;
    }
    finish(&app, &visit, user_id, Method::Password, &given.next).await
}
