//! Cookies for the whole site that scripts cannot read and other sites cannot send along with a write.

use crate::App;
use axum::{
    http::{HeaderValue, header::SET_COOKIE},
    response::Response,
};
use chrono::TimeDelta;

/// `value` must be of characters a cookie can hold (tokens, codes).
pub fn set(app: &App, response: &mut Response, key: &str, value: &str, lasts: TimeDelta) {
    let secure = if app.options().secure_cookies { "; Secure" } else { "" };
    let seconds = lasts.num_seconds();
    let text = format!("{key}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
    match HeaderValue::from_str(&text) {
        Ok(header) => {
            response.headers_mut().append(SET_COOKIE, header);
        }
        Err(error) => tracing::error!("cookie {key} cannot be set: {error}"),
    }
}

pub fn clear(app: &App, response: &mut Response, key: &str) {
    set(app, response, key, "", TimeDelta::zero());
}
