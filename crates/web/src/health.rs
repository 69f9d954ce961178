//! Is the program alive, and can it work: for load balancers and container platforms.

use crate::App;
use axum::{Router, extract::State, http::StatusCode, routing::get};

pub fn routes() -> Router<App> {
    Router::new().route("/healthz", get(async || "ok\n")).route("/readyz", get(ready))
}

async fn ready(State(app): State<App>) -> (StatusCode, &'static str) {
    match is_ready(&app).await {
        true => (StatusCode::OK, "ready\n"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n"),
    }
}

/// Whether the database answers.
pub async fn is_ready(app: &App) -> bool {
    app.engine().last_change().await.inspect_err(|error| tracing::warn!("not ready: {error}")).is_ok()
}
