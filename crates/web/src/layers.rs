//! What surrounds every answer: a request id, the log, size limits, compression, security headers.

use crate::{App, metrics};
use axum::{
    Router,
    body::Body,
    extract::{DefaultBodyLimit, MatchedPath},
    http::{HeaderName, HeaderValue, Request, header},
    middleware::{Next, from_fn, from_fn_with_state},
    response::Response,
};
use tower_http::{
    CompressionLevel,
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer, Predicate,
        predicate::{DefaultPredicate, NotForContentType},
    },
    request_id::{MakeRequestId, PropagateRequestIdLayer, RequestId, SetRequestIdLayer},
    set_header::SetResponseHeaderLayer,
    trace::TraceLayer,
};
use tracing::{Instrument, Span};

/// Routes that take files set their own limit.
const BODY_LIMIT: usize = 16 * 1024 * 1024;

/// No inline script or style, nothing from elsewhere.
pub const POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

/// Nothing here needs a camera, a microphone or the place of the reader.
const PERMISSIONS: &str = "camera=(), microphone=(), geolocation=(), payment=(), usb=()";

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

#[derive(Clone)]
struct RandomId;

impl MakeRequestId for RandomId {
    fn make_request_id<B>(&mut self, _: &Request<B>) -> Option<RequestId> {
        let bytes = crate::secret::random::<8>().ok()?;
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        HeaderValue::from_str(&hex).ok().map(RequestId::new)
    }
}

/// A span for OpenTelemetry, of a target of its own that the log does not show; where nobody collects traces it costs nothing.
fn span(request: &Request<Body>) -> Span {
    let route = || request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let id = || request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or_default();
    tracing::debug_span!(
        target: "trace",
        "request",
        id = id(),
        http.request.method = %request.method(),
        http.route = route(),
        otel.name = format!("{} {}", request.method(), route()),
        otel.kind = "server",
        http.response.status_code = tracing::field::Empty,
    )
}

async fn traced(request: Request<Body>, next: Next) -> Response {
    let span = span(&request);
    if span.is_disabled() {
        return next.run(request).await;
    }
    let response = next.run(request).instrument(span.clone()).await;
    span.record("http.response.status_code", response.status().as_u16());
    response
}

/// What every answer carries, also one that is given before there is an [`App`]: security headers and a request id.
pub fn carried<S: Clone + Send + Sync + 'static>(router: Router<S>, secure: bool) -> Router<S> {
    numbered(secured(router, secure))
}

fn numbered<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    router.layer(PropagateRequestIdLayer::new(REQUEST_ID)).layer(SetRequestIdLayer::new(REQUEST_ID, RandomId))
}

fn secured<S: Clone + Send + Sync + 'static>(router: Router<S>, secure: bool) -> Router<S> {
    let fixed = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
    };
    let router = match secure {
        true => router.layer(fixed(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000")),
        false => router,
    };
    router
        .layer(fixed(header::CONTENT_SECURITY_POLICY, POLICY))
        .layer(fixed(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(fixed(header::X_FRAME_OPTIONS, "DENY"))
        .layer(fixed(header::REFERRER_POLICY, "same-origin"))
        .layer(fixed(HeaderName::from_static("cross-origin-opener-policy"), "same-origin"))
        .layer(fixed(HeaderName::from_static("cross-origin-resource-policy"), "same-origin"))
        .layer(fixed(HeaderName::from_static("permissions-policy"), PERMISSIONS))
}

pub fn around(app: &App, router: Router<App>) -> Router<App> {
    let trace = TraceLayer::new_for_http().make_span_with(|request: &Request<_>| {
        let id = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or_default();
        // Never the query: it may hold what a user searched for.
        tracing::info_span!("request", id, method = %request.method(), path = request.uri().path())
    });
    // Live updates are a stream: compressed, they would wait for more.
    let compressible = DefaultPredicate::new().and(NotForContentType::new("text/event-stream"));
    let router = router
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        // Better compression of a page costs more than making it.
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(compressible));
    let router = secured(router.layer(CatchPanicLayer::new()), app.options().secure_cookies)
        .layer(from_fn_with_state(app.clone(), metrics::count))
        .layer(from_fn(traced))
        .layer(trace);
    numbered(router)
}
