//! Figures for Prometheus: how many requests of which kind, how long they took, what came of sign-ins. Served on an address
//! of its own, so that nobody outside can read them; no label holds what a user typed.

use crate::App;
use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
    routing::get,
};
use engine::{Error, Result};
use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Opts, Registry, TextEncoder};
use std::time::Instant;

/// Seconds; the first says whether a page feels instant, the last are exports.
const BUCKETS: [f64; 10] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

pub(crate) struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    seconds: HistogramVec,
    sign_ins: IntCounterVec,
    streams: IntGauge,
}

impl Metrics {
    pub fn new() -> Result<Metrics> {
        Metrics::make().map_err(|error| Error::Internal(format!("metrics: {error}")))
    }

    fn make() -> prometheus::Result<Metrics> {
        let registry = Registry::new();
        let requests = IntCounterVec::new(
            Opts::new("zhike_requests_total", "Requests answered"),
            &["method", "route", "status"],
        )?;
        let seconds = HistogramVec::new(
            HistogramOpts::new("zhike_request_seconds", "Time until the answer began")
                .buckets(BUCKETS.to_vec()),
            &["route"],
        )?;
        let sign_ins = IntCounterVec::new(
            Opts::new("zhike_sign_ins_total", "Attempts to sign in"),
            &["method", "outcome"],
        )?;
        let streams = IntGauge::new("zhike_live_streams", "Pages that listen for changes")?;
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(seconds.clone()))?;
        registry.register(Box::new(sign_ins.clone()))?;
        registry.register(Box::new(streams.clone()))?;
        Ok(Metrics { registry, requests, seconds, sign_ins, streams })
    }

    pub fn sign_in(&self, method: &str, outcome: &str) {
        self.sign_ins.with_label_values(&[method, outcome]).inc();
    }
}

/// Counts every request by its route, not by its address: addresses hold ids.
pub(crate) async fn count(State(app): State<App>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let response = next.run(request).await;
    let route = route.as_deref().unwrap_or("none");
    // Anybody can make up a method.
    let method = if method.is_safe() || ["POST", "PUT", "PATCH", "DELETE"].contains(&method.as_str()) {
        method.as_str()
    } else {
        "other"
    };
    let metrics = app.metrics();
    metrics.requests.with_label_values(&[method, route, response.status().as_str()]).inc();
    metrics.seconds.with_label_values(&[route]).observe(began.elapsed().as_secs_f64());
    response
}

/// What the second listener answers.
pub fn routes(app: App) -> Router {
    Router::new().route("/metrics", get(show)).with_state(app)
}

async fn show(State(app): State<App>) -> Response {
    let metrics = app.metrics();
    metrics.streams.set(i64::try_from(app.live().open()).unwrap_or(i64::MAX));
    match TextEncoder::new().encode_to_string(&metrics.registry.gather()) {
        Ok(text) => ([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response(),
        Err(error) => {
            tracing::error!("metrics: {error}");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
