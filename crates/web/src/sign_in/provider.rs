//! Single sign-on at the company's OpenID Connect provider: authorization code with PKCE, state and nonce. Between leaving
//! and coming back a cookie holds the state, so that nobody can be signed in by somebody else's link.

use super::{
    finish,
    history::{self, Entry, Method, Outcome},
    identity::{self, Newcomers, Person},
    inside, password,
};
use crate::{
    Answer, App, Visit, cookies,
    secret::new_token,
    ticket::{self, Purpose},
};
use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect},
};
use axum_extra::extract::cookie::CookieJar;
use engine::{Error, Result};
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet,
    EndpointSet, HttpRequest, HttpResponse, IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, Scope, TokenResponse,
    core::{CoreAuthenticationFlow, CoreClient, CoreIdTokenClaims, CoreProviderMetadata, CoreUserInfoClaims},
};
use reqwest::Url;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use subtle::ConstantTimeEq;

const COOKIE: &str = "zhike_provider";
pub(super) const CALLBACK: &str = "/sign-in/provider/callback";
/// Each asks the provider and is written down; a whole office may begin its day at one address.
const LEAVES_PER_ADDRESS: usize = 300;
const TIME_LIMIT: Duration = Duration::from_secs(15);

#[derive(Clone, PartialEq)]
pub struct Provider {
    /// On the button.
    pub name: String,
    pub issuer: String,
    pub client_id: String,
    pub client_secret: Option<String>,
    /// Whether everybody the provider knows becomes a user.
    pub create_users: bool,
    /// The role such a user gets, by its name.
    pub role: Option<String>,
}

impl Provider {
    pub fn new(
        issuer: &str,
        client_id: &str,
        client_secret: Option<String>,
        name: &str,
        create_users: bool,
    ) -> std::result::Result<Provider, String> {
        let address = Url::parse(issuer).map_err(|_| format!("“{issuer}” is no address"))?;
        let host = address.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let here = host == "localhost"
            || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
        if address.scheme() != "https" && !here {
            return Err(format!("“{issuer}” must begin with https://"));
        }
        let name = if name.is_empty() { host } else { name.to_owned() };
        let (issuer, client_id) = (issuer.to_owned(), client_id.to_owned());
        Ok(Provider { name, issuer, client_id, client_secret, create_users, role: None })
    }
}

/// For asking others over https: with ring, which needs no C library on the machine. reqwest panics without a provider of
/// cryptography, so every client of the workspace begins here.
pub fn http_client() -> reqwest::ClientBuilder {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
}

/// Redirects are not followed, because a provider has no reason to send us elsewhere.
pub(crate) fn http() -> Result<reqwest::Client> {
    http_client()
        .timeout(TIME_LIMIT)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|error| Error::Internal(format!("http client: {error}")))
}

async fn fetch(http: reqwest::Client, request: HttpRequest) -> Result<HttpResponse> {
    let wrong = |error: reqwest::Error| Error::Unavailable(format!("provider: {}", error.without_url()));
    let answer = http.execute(request.try_into().map_err(wrong)?).await.map_err(wrong)?;
    let mut response = HttpResponse::new(vec![]);
    *response.status_mut() = answer.status();
    *response.headers_mut() = answer.headers().clone();
    *response.body_mut() = answer.bytes().await.map_err(wrong)?.to_vec();
    Ok(response)
}

/// What went wrong, without what the provider sent: it may hold tokens.
fn failed(what: &str, error: &(dyn std::error::Error + 'static)) -> Error {
    let ours = error.source().and_then(|cause| cause.downcast_ref::<Error>());
    let cause = ours.map(|cause| format!(": {cause}")).unwrap_or_default();
    Error::Unavailable(format!("single sign-on: {what}: {error}{cause}"))
}

fn broken(what: &str) -> Error {
    Error::Unavailable(format!("single sign-on: {what}"))
}

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// What the provider says of itself, its keys among it, is asked anew each time: sign-ins are rare and keys change.
async fn client(app: &App) -> Result<(Client, &Provider, reqwest::Client)> {
    let (Some(provider), Some(http), Some(base)) =
        (&app.options().provider, app.http(), &app.options().public_url)
    else {
        return Err(Error::NotFound("single sign-on".into()));
    };
    let issuer = IssuerUrl::new(provider.issuer.clone()).map_err(|error| failed("issuer", &error))?;
    let ask = |request| fetch(http.clone(), request);
    let metadata = CoreProviderMetadata::discover_async(issuer, &ask)
        .await
        .map_err(|error| failed("discovery", &error))?;
    let secret = provider.client_secret.clone().map(ClientSecret::new);
    let back = RedirectUrl::new(format!("{base}{CALLBACK}")).map_err(|error| failed("redirect", &error))?;
    let client =
        CoreClient::from_provider_metadata(metadata, ClientId::new(provider.client_id.clone()), secret)
            .set_redirect_uri(back);
    Ok((client, provider, http.clone()))
}

/// Kept while somebody is at the provider.
#[derive(Serialize, Deserialize)]
struct Away {
    nonce: String,
    verifier: String,
    next: String,
}

#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    next: String,
}

pub(super) async fn leave(State(app): State<App>, visit: Visit, Query(wanted): Query<Wanted>) -> Answer {
    let now = app.engine().clock().now();
    let caller = visit.address.map(|address| format!("provider@{address}")).unwrap_or_default();
    if let Some(minutes) = app.throttle().wait_minutes(&caller, LEAVES_PER_ADDRESS, now) {
        let text = app.t(visit.lang, "sign_in.wait", &[("minutes", &minutes.to_string())]);
        return password::page(&app, &visit, 429, "", &wanted.next, Some(text));
    }
    app.throttle().failed(&caller, now);
    let (client, _, _) = match client(&app).await {
        Ok(found) => found,
        Err(error @ Error::NotFound(_)) => return Err(error.into()),
        Err(error) => return unavailable(&app, &visit, &error),
    };
    let away = Away { nonce: new_token()?, verifier: new_token()?, next: inside(&wanted.next).to_owned() };
    let state = ticket::issue(
        app.engine(),
        Purpose::Provider,
        None,
        serde_json::to_string(&away).map_err(Error::from)?,
    )
    .await?;
    let challenge =
        PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(away.verifier.clone()));
    let (csrf, nonce) = (CsrfToken::new(state.clone()), Nonce::new(away.nonce.clone()));
    let (address, _, _) = client
        .authorize_url(CoreAuthenticationFlow::AuthorizationCode, move || csrf, move || nonce)
        .add_scope(Scope::new("email".into()))
        .add_scope(Scope::new("profile".into()))
        .set_pkce_challenge(challenge)
        .url();
    let mut response = Redirect::to(address.as_str()).into_response();
    cookies::set(&app, &mut response, COOKIE, &state, Purpose::Provider.lasts());
    Ok(response)
}

#[derive(Deserialize)]
pub(super) struct Back {
    #[serde(default)]
    state: String,
    code: Option<String>,
    error: Option<String>,
}

pub(super) async fn come_back(
    State(app): State<App>,
    visit: Visit,
    jar: CookieJar,
    Query(back): Query<Back>,
) -> Answer {
    let kept = jar.get(COOKIE).map(|cookie| cookie.value()).unwrap_or_default();
    let own = !kept.is_empty() && bool::from(kept.as_bytes().ct_eq(back.state.as_bytes()));
    let ticket = if own { ticket::take(app.engine(), Purpose::Provider, kept).await? } else { None };
    let away = ticket.and_then(|ticket| serde_json::from_str::<Away>(&ticket.data).ok());
    let refused =
        |key: &str, status| password::page(&app, &visit, status, "", "/", Some(app.t(visit.lang, key, &[])));
    let (Some(away), Some(code)) = (away, back.code.filter(|_| back.error.is_none())) else {
        return refused("sign_in.provider_again", 422);
    };
    let person = match person(&app, code, &away).await {
        Ok(person) => person,
        Err(error) => return unavailable(&app, &visit, &error),
    };
    let newcomers = app.options().provider.as_ref().filter(|provider| provider.create_users);
    let newcomers = newcomers.map(|provider| Newcomers { role: provider.role.clone(), lang: visit.lang });
    let Some(user) = identity::user(app.engine(), &person, newcomers).await? else {
        let entry = Entry::of(&visit, None, person.email.as_deref(), Method::Provider, Outcome::NoUser);
        history::note(&app, entry).await?;
        return refused("sign_in.provider_no_user", 403);
    };
    let mut response = finish(&app, &visit, user, Method::Provider, &away.next).await?;
    cookies::clear(&app, &mut response, COOKIE);
    Ok(response)
}

fn unavailable(app: &App, visit: &Visit, error: &Error) -> Answer {
    tracing::warn!("{error}");
    let text = app.t(visit.lang, "sign_in.provider_unavailable", &[]);
    password::page(app, visit, 502, "", "/", Some(text))
}

/// Who it is, after the provider's signature, audience, time and nonce have been checked.
async fn person(app: &App, code: String, away: &Away) -> Result<Person> {
    let (client, provider, http) = client(app).await?;
    let ask = |request| fetch(http.clone(), request);
    let token = client
        .exchange_code(AuthorizationCode::new(code))
        .map_err(|error| failed("token endpoint", &error))?
        .set_pkce_verifier(PkceCodeVerifier::new(away.verifier.clone()))
        .request_async(&ask)
        .await
        .map_err(|error| failed("code", &error))?;
    let id_token = token.id_token().ok_or_else(|| broken("the answer holds no ID token"))?;
    let clock = app.engine().clock().clone();
    let verifier = client.id_token_verifier().set_time_fn(move || clock.now());
    let claims = id_token
        .claims(&verifier, &Nonce::new(away.nonce.clone()))
        .map_err(|error| failed("ID token", &error))?;
    if let Some(wanted) = claims.access_token_hash() {
        let algorithm = id_token.signing_alg().map_err(|error| failed("ID token", &error))?;
        let key = id_token.signing_key(&verifier).map_err(|error| failed("ID token", &error))?;
        let actual = AccessTokenHash::from_token(token.access_token(), algorithm, key)
            .map_err(|error| failed("access token", &error))?;
        if actual != *wanted {
            return Err(broken("the access token is not the one the ID token names"));
        }
    }
    let mut person = of_claims(provider, claims);
    if person.email.is_none()
        && let Ok(asked) = client.user_info(token.access_token().clone(), Some(claims.subject().clone()))
    {
        let more: CoreUserInfoClaims =
            asked.request_async(&ask).await.map_err(|error| failed("user info", &error))?;
        person.email = more.email().map(|email| email.to_string());
        person.verified = more.email_verified() == Some(true);
        person.name =
            person.name.or(more.name().and_then(|name| name.get(None)).map(|name| name.to_string()));
    }
    Ok(person)
}

fn of_claims(provider: &Provider, claims: &CoreIdTokenClaims) -> Person {
    Person {
        issuer: provider.issuer.clone(),
        subject: claims.subject().to_string(),
        email: claims.email().map(|email| email.to_string()),
        verified: claims.email_verified() == Some(true),
        name: claims.name().and_then(|name| name.get(None)).map(|name| name.to_string()),
    }
}
