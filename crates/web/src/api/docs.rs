//! The API's description and the page that shows it.

use super::openapi;
use crate::{Answer, App, Session};
use axum::{
    Json,
    extract::State,
    http::{HeaderValue, header},
    response::IntoResponse,
};

pub async fn document(State(app): State<App>, session: Session) -> Answer {
    let operations = app.modules().iter().filter_map(|module| module.operations);
    let operations = operations.flat_map(|of_module| of_module(session.lang));
    Ok(Json(openapi::document(app.engine().registry(), session.lang, operations)).into_response())
}

/// Scalar writes its own styles into the page: this page alone allows it.
const POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; \
    img-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'self'; frame-ancestors 'none'";

pub async fn page(State(app): State<App>, session: Session) -> Answer {
    let mut response = app.page(&session, "api_docs.html", minijinja::context! {})?;
    let policy = HeaderValue::from_static(POLICY);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}
