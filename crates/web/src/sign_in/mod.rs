//! Signing in and out: the password, then the second factor of who has one; or the company's OpenID Connect provider.
//! What came of it stands in the history.

pub(crate) mod address;
mod code;
pub(crate) mod history;
mod identity;
pub(crate) mod link;
mod password;
pub(crate) mod provider;

use crate::{Answer, App, Failure, Session, Visit, cookies, security::places, session, sessions};
use axum::{
    Router,
    extract::State,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use axum_extra::extract::cookie::CookieJar;
use engine::Error;
use history::{Entry, Method, Outcome};
use meta::Id;

pub use address::Proxies;
pub use provider::{Provider, http_client};

pub fn routes() -> Router<App> {
    Router::new()
        .route("/sign-in", get(password::show).post(password::sign_in))
        .route("/sign-in/code", get(code::show).post(code::sign_in))
        .route("/sign-in/provider", get(provider::leave))
        .route(provider::CALLBACK, get(provider::come_back))
        .route("/sign-in/forgotten", get(link::show_forgotten).post(link::ask))
        .route("/sign-in/password", get(link::show).post(link::choose))
        .route("/sign-out", post(sign_out))
}

/// Who has proved who he is gets a session.
async fn finish(app: &App, visit: &Visit, user: Id, method: Method, next: &str) -> Answer {
    let who = session::user(app, user).await?;
    let who = who.ok_or_else(|| Error::NotFound("user".into()))?;
    if !places::allowed(app.engine(), &who, visit.address).await? {
        let entry = Entry::of(visit, Some(user), None, method, Outcome::WrongPlace);
        history::note(app, entry).await?;
        let address = visit.address.map_or("?".to_owned(), |address| address.to_string());
        let text = app.t(visit.lang, "sign_in.wrong_place", &[("address", &address)]);
        return password::page(app, visit, 403, "", next, Some(text));
    }
    let token = sessions::start(app, visit, user, method).await?;
    let mut response = Redirect::to(inside(next)).into_response();
    let name = session::cookie_name(app.options().secure_cookies);
    cookies::set(app, &mut response, name, &token, session::AGE_LIMIT);
    cookies::clear(app, &mut response, session::VISITOR);
    Ok(response)
}

/// Only addresses of our own pages; anything else leads home.
pub(crate) fn inside(next: &str) -> &str {
    let ours = next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\r', '\n']);
    if ours { next } else { "/" }
}

async fn sign_out(State(app): State<App>, session: Session, jar: CookieJar) -> Result<Response, Failure> {
    let name = session::cookie_name(app.options().secure_cookies);
    if let Some(token) = jar.get(name) {
        sessions::end(&app, token.value()).await?;
        app.live().end_session(&session.csrf);
    }
    let mut response = Redirect::to("/sign-in").into_response();
    cookies::clear(&app, &mut response, name);
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_led_to_a_foreign_site() {
        assert_eq!(inside("/account?sort=name"), "/account?sort=name");
        for foreign in ["https://evil.example", "//evil.example", "/\\evil.example", "", "account"] {
            assert_eq!(inside(foreign), "/", "{foreign}");
        }
    }
}
