//! What a handler answers when it cannot do what was asked. A [`Failure`] carries no form yet: `guard` knows whether the
//! caller wants a page, a fragment or problem+json, and in which language.

use crate::{App, Visit, session::Via};
use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use engine::Error;
use meta::{Label, Lang, Problem, label};
use serde_json::json;
use std::sync::Arc;

const SET_UP: &str = "/profile/second-factor";

pub type Answer<T = Response> = Result<T, Failure>;

#[derive(Debug)]
pub enum Failure {
    Engine(Error),
    /// 401: nobody is signed in, or the token is not valid.
    SignIn,
    /// 403: the company asks for a second factor, which this user has yet to set up.
    SecondFactor,
    /// 412: `If-Match` named another version.
    Precondition {
        current: i64,
    },
    /// Any other refusal: a status, a name for programs, a sentence for people.
    Refused {
        status: StatusCode,
        name: &'static str,
        text: Label,
    },
}

impl Failure {
    pub fn refused(
        status: StatusCode,
        name: &'static str,
        en: impl Into<String>,
        zh: impl Into<String>,
    ) -> Self {
        Failure::Refused { status, name, text: label(en, zh) }
    }
    pub fn bad_request(en: impl Into<String>, zh: impl Into<String>) -> Self {
        Failure::refused(StatusCode::BAD_REQUEST, "bad_request", en, zh)
    }

    pub fn status(&self) -> StatusCode {
        match self {
            Failure::Engine(error) => {
                StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }
            Failure::SignIn => StatusCode::UNAUTHORIZED,
            Failure::SecondFactor => StatusCode::FORBIDDEN,
            Failure::Precondition { .. } => StatusCode::PRECONDITION_FAILED,
            Failure::Refused { status, .. } => *status,
        }
    }

    /// The name of the kind of failure, for programs.
    pub fn name(&self) -> &'static str {
        match self {
            Failure::Engine(error) => match error {
                Error::NotFound(_) => "not_found",
                Error::Forbidden(_) | Error::NoExport(_) => "forbidden",
                Error::Invalid(_) => "invalid",
                Error::Conflict { .. } => "conflict",
                Error::Limit(_) => "limit",
                Error::Unavailable(_)
                | Error::NotReady(_)
                | Error::DiskFull(_)
                | Error::Locked(_)
                | Error::Unsure(_) => "unavailable",
                Error::Internal(_) => "internal",
            },
            Failure::SignIn => "sign_in",
            Failure::SecondFactor => "second_factor",
            Failure::Precondition { .. } => "precondition_failed",
            Failure::Refused { name, .. } => name,
        }
    }

    pub fn message(&self, lang: Lang) -> String {
        match self {
            Failure::Engine(error) => error.message(lang),
            Failure::SignIn => label(
                "Sign in, or send a valid token: “Authorization: Bearer zk_…”.",
                "请先登录，或在请求中携带有效令牌：“Authorization: Bearer zk_…”。",
            )
            .get(lang)
            .to_owned(),
            Failure::SecondFactor => label(
                "Your company asks for a second factor: set it up in your account first.",
                "公司要求使用两步验证，请先在个人资料中完成设置。",
            )
            .get(lang)
            .to_owned(),
            Failure::Precondition { current } => label(
                format!("The record is at version {current}, not at the one If-Match names: read it again."),
                format!("记录当前版本为 {current}，与 If-Match 不符，请重新读取。"),
            )
            .get(lang)
            .to_owned(),
            Failure::Refused { text, .. } => text.get(lang).to_owned(),
        }
    }

    /// The body of an RFC 9457 answer.
    pub fn problem(&self, lang: Lang) -> serde_json::Value {
        let mut body = json!({
            "type": format!("urn:zhike:problem:{}", self.name()),
            "title": self.status().canonical_reason().unwrap_or("Error"),
            "status": self.status().as_u16(),
            "detail": self.message(lang),
        });
        if let Failure::Engine(Error::Invalid(problems)) = self {
            body["errors"] = problems
                .iter()
                .map(|found| {
                    json!({
                        "field": found.field,
                        "code": code(&found.problem),
                        "message": found.problem.message(lang),
                    })
                })
                .collect();
        }
        match self {
            Failure::Engine(Error::Conflict { current }) | Failure::Precondition { current } => {
                body["current_version"] = json!(current);
            }
            _ => {}
        }
        body
    }
}

/// The name of a field's problem, for programs.
pub fn code(problem: &Problem) -> &'static str {
    match problem {
        Problem::Required => "required",
        Problem::Unknown => "unknown_field",
        Problem::ReadOnly => "read_only",
        Problem::TooLong { .. } => "too_long",
        Problem::NotANumber { .. } => "not_a_number",
        Problem::NotAnInteger { .. } => "not_an_integer",
        Problem::TooManyDecimals { .. } => "too_many_decimals",
        Problem::OutOfRange => "out_of_range",
        Problem::NotADate { .. } => "not_a_date",
        Problem::NotAnInstant { .. } => "not_an_instant",
        Problem::NotABoolean { .. } => "not_a_boolean",
        Problem::NotAChoice { .. } => "not_a_choice",
        Problem::NotAnEmail { .. } => "not_an_email",
        Problem::NotAPhone { .. } => "not_a_phone",
        Problem::NotAUrl { .. } => "not_a_url",
        Problem::NotAReference { .. } => "not_a_reference",
        Problem::NoSuchRecord { .. } => "no_such_record",
        Problem::Taken { .. } => "taken",
        Problem::WrongType { .. } => "wrong_type",
        Problem::Rule(_) => "rule",
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Engine(error)
    }
}
impl From<minijinja::Error> for Failure {
    fn from(error: minijinja::Error) -> Self {
        Failure::Engine(Error::Internal(format!(
            "template: {error} {:?}",
            error.template_source().map(|_| error.line())
        )))
    }
}

/// The failure on its way from the handler to `guard`.
#[derive(Clone)]
pub(crate) struct Failed(pub Arc<Failure>);

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Failed(Arc::new(self)));
        response
    }
}

/// Gives a failed answer the form its caller understands.
pub(crate) fn present(app: &App, visit: &Visit, request_id: &str, response: Response) -> Response {
    let failed = response.extensions().get::<Failed>().cloned();
    let failure = match failed {
        Some(Failed(failure)) => failure,
        None if is_bare(&response) => Arc::new(bare(response.status())),
        None => return response,
    };
    if failure.status().is_server_error() {
        // Without the query, which may hold what nobody else should read.
        let path = visit.path.split('?').next().unwrap_or_default();
        tracing::error!(request = request_id, path, "request failed: {failure:?}");
    }
    if failure.status() == StatusCode::FORBIDDEN {
        let user = visit.user.as_ref().map(|user| user.id);
        let path = visit.path.split('?').next().unwrap_or_default();
        tracing::warn!(request = request_id, ?user, path, reason = failure.name(), "access refused");
    }
    let mut shown = form(app, visit, request_id, &failure);
    for kept in [header::ALLOW, header::RETRY_AFTER] {
        if let Some(value) = response.headers().get(&kept) {
            shown.headers_mut().insert(kept, value.clone());
        }
    }
    shown
}

/// An answer of the framework (no such route, wrong method, unreadable body): a status and at most a line of text.
fn is_bare(response: &Response) -> bool {
    let status = response.status();
    let plain = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"));
    (status.is_client_error() || status.is_server_error()) && plain
}

fn bare(status: StatusCode) -> Failure {
    match status {
        StatusCode::NOT_FOUND => Failure::Engine(Error::NotFound("this address / 此地址".into())),
        StatusCode::METHOD_NOT_ALLOWED => Failure::refused(
            status,
            "method_not_allowed",
            "This address does not take this method: see the Allow header.",
            "此地址不支持该方法，可用方法见 Allow 响应头。",
        ),
        StatusCode::PAYLOAD_TOO_LARGE => Failure::refused(
            status,
            "too_large",
            "The request is too large: send it in parts.",
            "请求内容过大，请分批提交。",
        ),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Failure::refused(
            status,
            "unsupported_media_type",
            "The body has a type that is not understood here: send JSON with “Content-Type: application/json”.",
            "请求体类型不受支持，请以“Content-Type: application/json”发送 JSON。",
        ),
        StatusCode::REQUEST_TIMEOUT => Failure::refused(
            status,
            "timeout",
            "The request took too long. Ask for less at once.",
            "请求耗时过长，请缩小范围后再试。",
        ),
        status if status.is_server_error() => {
            Failure::Engine(Error::Internal(format!("bare answer {status}")))
        }
        status => Failure::refused(
            status,
            "bad_request",
            "The request cannot be read: check its address and body.",
            "无法读取请求，请检查地址与内容。",
        ),
    }
}

fn form(app: &App, visit: &Visit, request_id: &str, failure: &Failure) -> Response {
    let status = failure.status();
    if visit.api || visit.wants_json {
        return problem(visit, request_id, failure);
    }
    let sign_in = format!("/sign-in?next={}", crate::session::encode(&visit.place));
    if matches!(failure, Failure::SignIn) && !visit.htmx {
        return Redirect::to(&sign_in).into_response();
    }
    if matches!(failure, Failure::SecondFactor) && !visit.htmx {
        return Redirect::to(SET_UP).into_response();
    }
    // The browser's scripts read the sentence from problem+json and show it as a toast.
    if visit.htmx {
        let mut response = problem(visit, request_id, failure);
        let to = match failure {
            Failure::SignIn => HeaderValue::from_str(&sign_in).ok(),
            Failure::SecondFactor => Some(HeaderValue::from_static(SET_UP)),
            _ => None,
        };
        if let Some(address) = to {
            response.headers_mut().insert("hx-redirect", address);
        }
        return response;
    }
    let context = minijinja::context! {
        status => status.as_u16(),
        detail => failure.message(visit.lang),
        request_id => status.is_server_error().then_some(request_id),
        back_href => "/",
    };
    match app.page_with(status.as_u16(), visit, "error.html", context) {
        Ok(page) => page,
        Err(error) => {
            tracing::error!("the error page failed: {error:?}");
            (status, failure.message(visit.lang)).into_response()
        }
    }
}

fn problem(visit: &Visit, request_id: &str, failure: &Failure) -> Response {
    let mut body = failure.problem(visit.lang);
    if failure.status().is_server_error() {
        body["request_id"] = json!(request_id);
    }
    let mut response = (failure.status(), Json(body)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if matches!(failure, Failure::SignIn) && visit.via != Via::Cookie {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}
