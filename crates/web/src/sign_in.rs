//! Signing in and out.

use crate::{
    Answer, App, Failure, Session, Visit, auth, cookies, session,
    throttle::{PER_ADDRESS_LIMIT, PER_EMAIL_LIMIT},
};
use axum::{
    Form, Router,
    extract::{ConnectInfo, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use axum_extra::extract::cookie::CookieJar;
use minijinja::context;
use serde::Deserialize;
use std::net::{IpAddr, SocketAddr};

pub fn routes() -> Router<App> {
    Router::new().route("/sign-in", get(show).post(sign_in)).route("/sign-out", post(sign_out))
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    next: String,
}

async fn show(State(app): State<App>, visit: Visit, Query(wanted): Query<Wanted>) -> Answer {
    if visit.user.is_some() {
        return Ok(Redirect::to(inside(&wanted.next)).into_response());
    }
    page(&app, &visit, StatusCode::OK, "", &wanted.next, None)
}

fn page(
    app: &App,
    visit: &Visit,
    status: StatusCode,
    email: &str,
    next: &str,
    error: Option<String>,
) -> Answer {
    let hint = app.options().sign_in_hint.as_ref().map(|hint| hint.get(visit.lang).to_owned());
    let context = context! { email, next => inside(next), error, hint };
    app.page_with(status.as_u16(), visit, "sign_in.html", context)
}

/// Only addresses of our own pages; anything else leads home.
pub(crate) fn inside(next: &str) -> &str {
    let ours = next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\r', '\n']);
    if ours { next } else { "/" }
}

#[derive(Deserialize)]
struct Credentials {
    email: String,
    password: String,
    #[serde(default)]
    next: String,
}

async fn sign_in(
    State(app): State<App>,
    visit: Visit,
    address: Option<axum::Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
    Form(given): Form<Credentials>,
) -> Answer {
    let now = app.engine().clock().now();
    let address = address.map(|address| caller(address.0.0.ip(), &headers));
    let email = given.email.trim().to_lowercase();
    let names = [(Some(email.clone()), PER_EMAIL_LIMIT), (address.clone(), PER_ADDRESS_LIMIT)];
    let names = names.iter().filter_map(|(name, limit)| Some((name.as_deref()?, *limit)));
    let throttle = app.throttle();
    if let Some(minutes) =
        names.clone().filter_map(|(name, limit)| throttle.wait_minutes(name, limit, now)).max()
    {
        let text = app.t(visit.lang, "sign_in.wait", &[("minutes", &minutes.to_string())]);
        return page(&app, &visit, StatusCode::TOO_MANY_REQUESTS, &given.email, &given.next, Some(text));
    }
    let known = auth::credential(app.engine(), &email).await?;
    let (user, hash) = known.map_or((None, None), |(user, hash)| (Some(user), Some(hash)));
    let right = app.gate().verify(given.password, hash).await?;
    let Some(user) = user.filter(|_| right) else {
        names.for_each(|(name, _)| throttle.failed(name, now));
        let text = app.t(visit.lang, "sign_in.wrong", &[]);
        return page(&app, &visit, StatusCode::UNPROCESSABLE_ENTITY, &given.email, &given.next, Some(text));
    };
    throttle.succeeded(&email);
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    let agent = agent.map(|agent| agent.chars().take(200).collect());
    let token = session::start(&app, user, address, agent).await?;
    let mut response = Redirect::to(inside(&given.next)).into_response();
    cookies::set(&app, &mut response, session::SESSION, &token, session::AGE_LIMIT);
    cookies::clear(&app, &mut response, session::VISITOR);
    Ok(response)
}

/// A proxy stands in our own network and says for whom it asks: last in `X-Forwarded-For`, what stands before could be
/// made up by the caller. Anybody further away speaks for himself.
pub(crate) fn caller(peer: IpAddr, headers: &HeaderMap) -> String {
    let near = match peer {
        IpAddr::V4(peer) => peer.is_loopback() || peer.is_private(),
        IpAddr::V6(peer) => peer.is_loopback() || peer.is_unique_local(),
    };
    let forwarded = headers.get_all("x-forwarded-for").iter().next_back();
    let named =
        forwarded.and_then(|value| value.to_str().ok()?.rsplit(',').next()?.trim().parse::<IpAddr>().ok());
    named.filter(|_| near).unwrap_or(peer).to_string()
}

async fn sign_out(State(app): State<App>, session: Session, jar: CookieJar) -> Result<Response, Failure> {
    if let Some(token) = jar.get(session::SESSION) {
        session::end(&app, token.value()).await?;
        app.live().end_session(&session.csrf);
    }
    let mut response = Redirect::to("/sign-in").into_response();
    cookies::clear(&app, &mut response, session::SESSION);
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

    #[test]
    fn only_a_proxy_of_our_own_network_speaks_for_others() {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", "1.1.1.1, 203.0.113.7".parse().unwrap());
        let from = |peer: &str| caller(peer.parse().unwrap(), &headers);
        assert_eq!(from("127.0.0.1"), "203.0.113.7");
        assert_eq!(from("10.0.0.2"), "203.0.113.7");
        assert_eq!(from("198.51.100.9"), "198.51.100.9");
        assert_eq!(caller("127.0.0.1".parse().unwrap(), &HeaderMap::new()), "127.0.0.1");
    }
}
