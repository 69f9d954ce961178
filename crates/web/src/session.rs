//! Who asks. [`Visit`] is what is known of any request (language, time zone …), [`Session`] a visit by a signed-in user.

use crate::{
    App, Failure, Flash, Format, Scope, Zone,
    second_factor::{self, Rule},
    secret::digest,
    security::{idle, places},
    sessions,
    sign_in::{address, history},
};
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, Method, header, request::Parts},
};
use axum_extra::extract::cookie::CookieJar;
use chrono::{DateTime, TimeDelta, Utc};
use engine::{
    Actor, Error, Recent, Result, Rights, Role, name,
    sea_query::{Expr, ExprTrait, Query as Sql},
};
use meta::{Id, Lang};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::{net::IpAddr, ops::Deref, sync::Arc};

const SESSION: &str = "zhike_session";
/// Over https browsers take this name from this host alone, and never from another under the same domain.
const SESSION_OF_HOST: &str = "__Host-zhike_session";
pub(crate) const VISITOR: &str = "zhike_visitor";
pub(crate) const AGE_LIMIT: TimeDelta = TimeDelta::days(30);
const AGENT_LIMIT: usize = 200;
/// `seen_at` is not written more often.
const SEEN_EVERY: TimeDelta = TimeDelta::minutes(5);

#[derive(Clone, Debug)]
pub struct User {
    pub id: Id,
    pub name: String,
    pub email: String,
    pub role: Role,
    pub language: Option<Lang>,
}

/// How the user proved who he is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    Nobody,
    Cookie,
    Token,
}

#[derive(Clone, Debug)]
pub struct Visit {
    pub user: Option<Arc<User>>,
    /// What the user's roles come to now.
    pub rights: Arc<Rights>,
    pub via: Via,
    pub lang: Lang,
    /// `auto`, `light` or `dark`.
    pub theme: String,
    pub csrf: String,
    pub zone: Zone,
    /// Path and query.
    pub path: String,
    /// Where the reader is and can return to: the page itself, or the one that sent this request.
    pub(crate) place: String,
    /// htmx asks: a fragment is wanted.
    pub htmx: bool,
    /// The address lies under `/api/`.
    pub api: bool,
    pub(crate) wants_json: bool,
    /// The company asks for a second factor and the user has none yet: first he sets it up.
    pub(crate) must_set_up: bool,
    /// What the token may do, if it is one.
    pub(crate) scope: Option<Arc<Scope>>,
    /// Somebody who may not work from this address, so that the visit is nobody's.
    pub(crate) wrong_place: bool,
    /// Where the request comes from, as far as it is known.
    pub(crate) address: Option<IpAddr>,
    /// What the caller's program says it is.
    pub(crate) agent: Option<String>,
    pub flash: Vec<Flash>,
}

impl Visit {
    pub fn format(&self) -> Format {
        Format { lang: self.lang, zone: self.zone }
    }
}

/// A visit by a signed-in user; as an extractor it refuses everybody else.
#[derive(Clone, Debug)]
pub struct Session {
    pub user: Arc<User>,
    pub actor: Actor,
    pub visit: Visit,
}

impl Deref for Session {
    type Target = Visit;
    fn deref(&self) -> &Visit {
        &self.visit
    }
}

impl Session {
    pub fn of(visit: Visit) -> Option<Session> {
        let user = visit.user.clone()?;
        let actor = Actor::user(user.id, user.role, visit.lang).with(visit.rights.clone());
        Some(Session { user, actor, visit })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Visit {
    type Rejection = Failure;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let visit = parts.extensions.get::<Visit>().cloned();
        visit.ok_or_else(|| {
            Failure::Engine(Error::Internal("a route outside of guard asks for a visit".into()))
        })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Session {
    type Rejection = Failure;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        Session::of(Visit::from_request_parts(parts, state).await?).ok_or(Failure::SignIn)
    }
}

/// Reads a request's cookies and headers, without asking who it is.
pub(crate) fn stranger(app: &App, parts: &Parts, jar: &CookieJar) -> Visit {
    let text = |cookie: &str| jar.get(cookie).map(|cookie| cookie.value().to_owned());
    let headers = &parts.headers;
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let api = path.starts_with("/api/") && parts.uri.path() != "/api/docs";
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let chosen = text("zhike_lang").as_deref().and_then(Lang::parse);
    Visit {
        place: place(parts, &path),
        user: None,
        rights: Rights::nothing(),
        via: Via::Nobody,
        lang: chosen.or(asked(headers)).unwrap_or_default(),
        theme: text("zhike_theme").filter(|theme| is_theme(theme)).unwrap_or_else(|| "auto".into()),
        csrf: text(VISITOR).map(|visitor| csrf_of(&visitor)).unwrap_or_default(),
        zone: text("tz").as_deref().and_then(Zone::parse).unwrap_or_default(),
        htmx: headers.contains_key("hx-request"),
        must_set_up: false,
        wrong_place: false,
        scope: None,
        address: address::of(app, parts),
        agent: headers
            .get(header::USER_AGENT)
            .and_then(|agent| agent.to_str().ok())
            .map(|agent| agent.chars().take(AGENT_LIMIT).collect()),
        wants_json: accept.contains("json") && !accept.contains("text/html"),
        flash: if parts.method == Method::GET { crate::flash::read(jar) } else { vec![] },
        path,
        api,
    }
}

fn asked(headers: &HeaderMap) -> Option<Lang> {
    headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).and_then(Lang::parse)
}

/// The same with the user; a session or token that is no longer valid is nobody's.
pub(crate) async fn visit(app: &App, parts: &Parts, jar: &CookieJar) -> Result<Visit> {
    let text = |cookie: &str| jar.get(cookie).map(|cookie| cookie.value().to_owned());
    let headers = &parts.headers;
    let mut visit = stranger(app, parts, jar);
    let found = match (bearer(headers), text(cookie_name(app.options().secure_cookies))) {
        (Some(token), _) if visit.api => {
            known(app, Via::Token, token).await?.map(|known| (known, Via::Token))
        }
        (None, Some(token)) => known(app, Via::Cookie, &token).await?.map(|known| (known, Via::Cookie)),
        _ => None,
    };
    if let Some((known, via)) = found {
        enter(app, &mut visit, known, via).await?;
    }
    if let Some(user) = visit.user.as_ref() {
        visit.rights = app.engine().rights(user.id).await?;
    }
    let own = visit.user.as_ref().and_then(|user| user.language);
    let chosen = text("zhike_lang").as_deref().and_then(Lang::parse);
    // A program says in each request which language it wants; a person has chosen one.
    let asked = asked(headers);
    let wanted = if visit.via == Via::Token { asked.or(own) } else { chosen.or(own).or(asked) };
    visit.lang = wanted.unwrap_or_default();
    Ok(visit)
}

/// The visit becomes the user's, unless he may not work from where he is.
async fn enter(app: &App, visit: &mut Visit, known: Known, via: Via) -> Result<()> {
    if !places::allowed(app.engine(), &known.user, visit.address).await? {
        visit.wrong_place = true;
        return Ok(());
    }
    if via == Via::Cookie {
        visit.csrf = known.csrf;
        let administrator = known.user.role == Role::Administrator;
        visit.must_set_up = known.without_factor && Rule::of(app.engine()).await?.asks(administrator);
    }
    (visit.user, visit.via, visit.scope) = (Some(known.user), via, known.scope);
    Ok(())
}

/// A fragment or a form is not a page to return to; the page around it is named by htmx or the browser.
fn place(parts: &Parts, path: &str) -> String {
    let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let around = text("hx-current-url").or_else(|| text("referer").filter(|_| !parts.method.is_safe()));
    let around = around.and_then(|address| address.parse::<axum::http::Uri>().ok());
    match around {
        Some(address) => address.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
        None if parts.method.is_safe() => path.to_owned(),
        None => "/".to_owned(),
    }
}

pub(crate) fn cookie_name(secure: bool) -> &'static str {
    if secure { SESSION_OF_HOST } else { SESSION }
}

pub(crate) fn is_theme(theme: &str) -> bool {
    ["auto", "light", "dark"].contains(&theme)
}

/// The token that forms carry, made from a cookie that only this browser has.
pub(crate) fn csrf_of(cookie: &str) -> String {
    digest(&format!("csrf:{cookie}"))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

pub(crate) async fn user(app: &App, id: Id) -> Result<Option<User>> {
    let record = match app.engine().get(&Actor::system(), "user", id).await {
        Ok(record) => record,
        Err(Error::NotFound(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    if record.get("active").as_bool() == Some(false) {
        return Ok(None);
    }
    Ok(Some(User {
        id,
        name: record.text("name").to_owned(),
        email: record.text("email").to_owned(),
        role: if record.text("role") == "administrator" { Role::Administrator } else { Role::User },
        language: Lang::parse(record.text("language")),
    }))
}

/// Who a session or token belongs to, as long as it holds.
#[derive(Clone)]
pub(crate) struct Known {
    user: Arc<User>,
    csrf: String,
    /// Signed in by the password alone.
    without_factor: bool,
    scope: Option<Arc<Scope>>,
    /// When it must be looked up again because it ends, or because its use is to be noted.
    until: DateTime<Utc>,
}

/// Sessions and tokens used a moment ago, by the hash of their secret.
pub(crate) type RecentVisitors = Recent<String, Known>;

pub(crate) const CHANGED: &str = "session";

async fn known(app: &App, via: Via, token: &str) -> Result<Option<Known>> {
    let hash = digest(token);
    let engine = app.engine();
    // Ended sessions and tokens, and changes to users.
    let version = engine.changes_to(CHANGED).wrapping_add(engine.changes_to("user"));
    // A clock that is set back must not keep anybody known for long.
    let holds = |left: TimeDelta| left > TimeDelta::zero() && left <= SEEN_EVERY;
    if let Some(known) = app.visitors().get(&hash, version)
        && holds(known.until - engine.clock().now())
    {
        return Ok(Some(known));
    }
    let known = match via {
        Via::Token => user_of_token(app, hash.clone()).await?,
        _ => user_of_session(app, hash.clone()).await?,
    };
    match &known {
        Some(known) => app.visitors().put(hash, version, known.clone()),
        None => app.visitors().forget(&hash),
    }
    Ok(known)
}

async fn user_of_session(app: &App, hash: String) -> Result<Option<Known>> {
    let select = Sql::select()
        .columns(["user_id", "csrf", "seen_at", "expires_at", "method"].map(name))
        .from(name("session"))
        .and_where(Expr::col(name("token_hash")).eq(hash.as_str()))
        .to_owned();
    let rows = app.engine().fetch(&select).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let now = app.engine().clock().now();
    let (mut seen_at, expires_at) = (row.instant(2)?, row.instant(3)?);
    if expires_at <= now || seen_at + idle::limit(app.engine()).await? <= now {
        return Ok(None);
    }
    if seen_at + SEEN_EVERY <= now {
        sessions::touch(app, "session", "seen_at", hash, now).await;
        seen_at = now;
    }
    let until = std::cmp::min(expires_at, seen_at + SEEN_EVERY);
    let Some(user) = user(app, row.id(0)?).await? else { return Ok(None) };
    let by_provider = row.opt_text(4)?.as_deref() == Some(history::Method::Provider.name());
    let without_factor = !by_provider && !second_factor::is_on(app.engine(), user.id).await?;
    Ok(Some(Known { user: Arc::new(user), csrf: row.text(1)?, without_factor, scope: None, until }))
}

async fn user_of_token(app: &App, hash: String) -> Result<Option<Known>> {
    let select = Sql::select()
        .columns(["user_id", "expires_at", "used_at", "access", "entities"].map(name))
        .from(name("api_token"))
        .and_where(Expr::col(name("token_hash")).eq(hash.as_str()))
        .to_owned();
    let rows = app.engine().fetch(&select).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let now = app.engine().clock().now();
    let (expires_at, used_at) = (row.opt_instant(1)?, row.opt_instant(2)?);
    if expires_at.is_some_and(|expires_at| expires_at <= now) {
        return Ok(None);
    }
    let mut until = used_at.unwrap_or(now) + SEEN_EVERY;
    if used_at.is_none() || until <= now {
        sessions::touch(app, "api_token", "used_at", hash, now).await;
        until = now + SEEN_EVERY;
    }
    let until = expires_at.map_or(until, |expires_at| std::cmp::min(expires_at, until));
    let known = user(app, row.id(0)?).await?;
    let scope = Scope::read(row.opt_text(3)?.as_deref(), row.opt_text(4)?.as_deref());
    let scope = Some(Arc::new(scope));
    Ok(known.map(|user| Known {
        user: Arc::new(user),
        csrf: String::new(),
        without_factor: false,
        scope,
        until,
    }))
}

/// A path stays readable.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// A text as the value of a query.
pub fn encode(text: &str) -> String {
    utf8_percent_encode(text, VALUE).to_string()
}

#[cfg(test)]
mod encode_tests {
    #[test]
    fn bytes_outside_an_address_are_written_in_hexadecimal() {
        assert_eq!(super::encode("/a-b._~9 == '客'\n"), "/a-b._~9%20%3D%3D%20%27%E5%AE%A2%27%0A");
    }
}
