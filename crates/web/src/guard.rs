//! Every request for pages and API passes here: who is it, may it write (CSRF), and in what form failures are shown.
//!
//! A write by cookie must come from our own pages: the browser says so (`Sec-Fetch-Site`, `Origin`), and the request
//! carries the session's token. Large uploads (multipart) are not read for the token; for them it stands in the header,
//! or the browser's word is required. A bearer token is sent by no browser on its own, so it needs none of this.

use crate::{Answer, App, Failure, Session, Visit, cookies, failure, secret, session};
use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use axum_extra::extract::cookie::CookieJar;
use chrono::TimeDelta;
use std::time::Duration;
use subtle::ConstantTimeEq;

/// A form without files is not larger.
const FORM_LIMIT: usize = 4 * 1024 * 1024;
/// Forms for anybody.
fn is_open(path: &str) -> bool {
    path == "/sign-in" || path.starts_with("/sign-in/") || path == "/preferences"
}

/// Open to somebody who must set up a second factor first.
const WITHOUT_FACTOR: [&str; 5] =
    ["/profile/second-factor", "/profile/second-factor/confirm", "/sign-out", "/preferences", "/sign-in"];
/// Until the answer begins; streams may last longer.
const TIME_LIMIT: Duration = Duration::from_secs(120);
/// Large files over slow lines.
const UPLOAD_TIME_LIMIT: Duration = Duration::from_secs(3_600);

pub async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let jar = CookieJar::from_headers(&parts.headers);
    let request_id =
        parts.headers.get("x-request-id").and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned();
    let mut visit = match session::visit(&app, &parts, &jar).await {
        Ok(visit) => visit,
        Err(error) => {
            tracing::error!(request = request_id, "the session could not be read: {error}");
            let visit = session::stranger(&app, &parts, &jar);
            return failure::present(&app, &visit, &request_id, Failure::Engine(error).into_response());
        }
    };
    let visitor = new_visitor(&jar, &mut visit);
    parts.extensions.insert(visit.clone());
    let limit = if is_upload(&parts.headers) { UPLOAD_TIME_LIMIT } else { TIME_LIMIT };
    let limit = app.options().time_limit.unwrap_or(limit);
    let answered = async {
        let body = check(&visit, &mut parts, body).await?;
        Answer::Ok(next.run(Request::from_parts(parts, body)).await)
    };
    let response = match tokio::time::timeout(limit, answered).await {
        Err(_) => StatusCode::REQUEST_TIMEOUT.into_response(),
        Ok(Ok(response)) => response,
        // A form sent after the session has ended.
        Ok(Err(_)) if visit.user.is_none() && !visit.wrong_place && !is_open(path_of(&visit)) => {
            Failure::SignIn.into_response()
        }
        Ok(Err(failure)) => failure.into_response(),
    };
    let mut response = failure::present(&app, &visit, &request_id, response);
    if let Some(visitor) = visitor {
        cookies::set(&app, &mut response, session::VISITOR, &visitor, TimeDelta::days(1));
    }
    private(&mut response);
    response
}

fn path_of(visit: &Visit) -> &str {
    visit.path.split('?').next().unwrap_or_default()
}

fn is_upload(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/form-data"))
}

/// Somebody not signed in gets a cookie of his own, so that his forms can carry a token too.
fn new_visitor(jar: &CookieJar, visit: &mut Visit) -> Option<String> {
    if visit.api || visit.user.is_some() || jar.get(session::VISITOR).is_some() {
        return None;
    }
    let visitor = secret::new_token().ok()?;
    visit.csrf = session::csrf_of(&visitor);
    Some(visitor)
}

async fn check(visit: &Visit, parts: &mut Parts, body: Body) -> Answer<Body> {
    if visit.wrong_place && !is_open(parts.uri.path()) {
        return Err(wrong_place(visit));
    }
    if let Some(scope) = &visit.scope {
        scope.check(&parts.method, parts.uri.path(), visit.lang)?;
    }
    if visit.must_set_up && !WITHOUT_FACTOR.contains(&parts.uri.path()) && !is_open(parts.uri.path()) {
        return Err(Failure::SecondFactor);
    }
    if parts.method.is_safe() || visit.via == session::Via::Token || (visit.api && visit.user.is_none()) {
        return Ok(body);
    }
    let said = origin(&parts.headers);
    if said == Some(false) {
        return Err(foreign());
    }
    if let Some(token) = parts.headers.get("x-csrf-token") {
        return if same(token.as_bytes(), &visit.csrf) { Ok(body) } else { Err(foreign()) };
    }
    let kind = parts.headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    if is_upload(&parts.headers) && said == Some(true) {
        return Ok(body);
    }
    if !kind.starts_with(b"application/x-www-form-urlencoded") {
        return Err(foreign());
    }
    let bytes = to_bytes(body, FORM_LIMIT).await.map_err(|_| too_large())?;
    if same(&field(&bytes, "csrf"), &visit.csrf) { Ok(Body::from(bytes)) } else { Err(foreign()) }
}

/// Whether the browser says that the request comes from our own pages; `None` if it does not say.
fn origin(headers: &HeaderMap) -> Option<bool> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return Some(matches!(site, "same-origin" | "none"));
    }
    let origin = text("origin")?;
    let host = text("host")?;
    Some(origin.split_once("://").is_some_and(|(_, rest)| rest == host))
}

fn same(given: &[u8], wanted: &str) -> bool {
    !wanted.is_empty() && bool::from(given.ct_eq(wanted.as_bytes()))
}

fn field(form: &Bytes, name: &str) -> Vec<u8> {
    let found = form.split(|byte| *byte == b'&').find_map(|pair| {
        let value = pair.strip_prefix(name.as_bytes())?.strip_prefix(b"=")?;
        Some(value.to_vec())
    });
    found.unwrap_or_default()
}

fn foreign() -> Failure {
    Failure::refused(
        StatusCode::FORBIDDEN,
        "csrf",
        "This request did not come from one of our pages, or the page is too old: reload it and try again.",
        "该请求并非来自本系统页面，或页面已过期，请刷新后重试。",
    )
}

fn wrong_place(visit: &Visit) -> Failure {
    let address = visit.address.map_or("?".to_owned(), |address| address.to_string());
    Failure::refused(
        StatusCode::FORBIDDEN,
        "wrong_place",
        format!("You may not work from the address {address}: ask an administrator."),
        format!("不允许从地址 {address} 使用本系统，请联系管理员。"),
    )
}

fn too_large() -> Failure {
    Failure::refused(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too_large",
        "The form is too large: send it in parts.",
        "表单内容过大，请分批提交。",
    )
}

/// What one user sees is kept in no shared cache.
fn private(response: &mut Response) {
    response
        .headers_mut()
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("private, no-cache"));
}

/// Strangers learn nothing about which addresses exist.
pub async fn nothing_here(visit: Visit) -> Failure {
    match Session::of(visit.clone()) {
        None => Failure::SignIn,
        Some(_) => Failure::Engine(engine::Error::NotFound(visit.path)),
    }
}
