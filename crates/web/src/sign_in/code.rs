//! The second step of who has a second factor: a code of the app, or a recovery code. Between the steps a cookie holds a
//! ticket that says whose password was right.

use super::{
    finish,
    history::{self, Entry, Method, Outcome},
};
use crate::{
    Answer, App, Visit, cookies,
    second_factor::{self, Given},
    throttle::{PER_ADDRESS_LIMIT, PER_EMAIL_LIMIT},
    ticket::{self, Purpose},
};
use axum::{
    Form,
    extract::State,
    response::{IntoResponse, Redirect},
};
use axum_extra::extract::cookie::CookieJar;
use meta::Id;
use minijinja::context;
use serde::Deserialize;

const STEP: &str = "zhike_step";

/// The password was right: on to the code.
pub(super) async fn ask(app: &App, user: Id, next: &str) -> Answer {
    let token = ticket::issue(app.engine(), Purpose::Code, Some(user), next.to_owned()).await?;
    let mut response = Redirect::to("/sign-in/code").into_response();
    cookies::set(app, &mut response, STEP, &token, Purpose::Code.lasts());
    Ok(response)
}

fn page(app: &App, visit: &Visit, status: u16, error: Option<String>) -> Answer {
    app.page_with(status, visit, "sign_in_code.html", context! { error })
}

fn from_the_beginning() -> Answer {
    Ok(Redirect::to("/sign-in").into_response())
}

pub(super) async fn show(State(app): State<App>, visit: Visit, jar: CookieJar) -> Answer {
    let token = jar.get(STEP).map(|cookie| cookie.value()).unwrap_or_default();
    match ticket::look(app.engine(), Purpose::Code, token).await? {
        Some(_) => page(&app, &visit, 200, None),
        None => from_the_beginning(),
    }
}

#[derive(Deserialize)]
pub(super) struct Typed {
    code: String,
}

pub(super) async fn sign_in(
    State(app): State<App>,
    visit: Visit,
    jar: CookieJar,
    Form(typed): Form<Typed>,
) -> Answer {
    let token = jar.get(STEP).map(|cookie| cookie.value()).unwrap_or_default();
    let ticket = ticket::look(app.engine(), Purpose::Code, token).await?;
    let Some((ticket, user)) = ticket.and_then(|ticket| ticket.user.map(|user| (ticket, user))) else {
        return from_the_beginning();
    };
    let names = [
        (Some(format!("code:{user}")), PER_EMAIL_LIMIT),
        (visit.address.map(|address| address.to_string()), PER_ADDRESS_LIMIT),
    ];
    let names: Vec<(&str, usize)> =
        names.iter().filter_map(|(name, limit)| Some((name.as_deref()?, *limit))).collect();
    let now = app.engine().clock().now();
    if let Some(minutes) = app.throttle().longest_wait_minutes(&names, now) {
        let text = app.t(visit.lang, "sign_in.wait", &[("minutes", &minutes.to_string())]);
        return page(&app, &visit, 429, Some(text));
    }
    let method = match second_factor::accept(&app, user, &typed.code).await? {
        Some(Given::Code) => Method::Code,
        Some(Given::RecoveryCode) => Method::RecoveryCode,
        None => {
            names.iter().for_each(|(name, _)| app.throttle().failed(name, now));
            let entry = Entry::of(&visit, Some(user), None, Method::Code, Outcome::WrongCode);
            history::note(&app, entry).await?;
            return page(&app, &visit, 422, Some(app.t(visit.lang, "sign_in.wrong_code", &[])));
        }
    };
    if ticket::take(app.engine(), Purpose::Code, token).await?.is_none() {
        return from_the_beginning();
    }
    app.throttle().succeeded(&format!("code:{user}"));
    let mut response = finish(&app, &visit, user, method, &ticket.data).await?;
    cookies::clear(&app, &mut response, STEP);
    Ok(response)
}
