//! Versions in HTTP: `ETag: "3-5f2c…"` names a record's version and, after the dash, the whole answer (lines, figures and
//! outside numbers change without it). `If-None-Match` compares the whole, `If-Match` the version.

use crate::{Answer, Failure, secret::digest};
use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::Value as Body;

const HASH_LENGTH: usize = 16;

/// `text` is the body as it is sent.
fn etag(body: &Body, text: &str) -> String {
    let version = body["version"].as_i64().unwrap_or_default();
    format!("\"{version}-{}\"", &digest(text)[..HASH_LENGTH])
}

/// The version `If-Match` asks for; `None` without the header or for `*`.
pub fn if_match(headers: &HeaderMap) -> Answer<Option<i64>> {
    let Some(given) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = given.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let version = text.trim_start_matches("W/").trim_matches('"').split('-').next().unwrap_or_default();
    version.parse().map(Some).map_err(|_| {
        Failure::bad_request(
            format!("If-Match is “{text}”: send the ETag of the record, like \"3\"."),
            format!("If-Match 的值“{text}”无效，请使用记录的 ETag，如 \"3\"。"),
        )
    })
}

/// A record with its tag, or 304 if the caller has it already.
pub fn answer(headers: &HeaderMap, status: StatusCode, body: &Body) -> Response {
    let text = body.to_string();
    let tag = etag(body, &text);
    let known = headers.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok()).unwrap_or_default();
    let mut response = if status == StatusCode::OK && known.contains(&tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        (status, [(header::CONTENT_TYPE, "application/json")], text).into_response()
    };
    if let Ok(value) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn if_match_takes_a_version_or_a_whole_tag() {
        for (given, wanted) in [("\"3\"", Some(3)), ("3", Some(3)), ("W/\"12-abc\"", Some(12)), ("*", None)] {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_MATCH, given.parse().unwrap());
            assert_eq!(if_match(&headers).unwrap(), wanted, "{given}");
        }
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_MATCH, "\"abc\"".parse().unwrap());
        assert!(if_match(&headers).is_err());
    }

    #[test]
    fn the_tag_changes_with_the_body_even_at_one_version() {
        let tag = |worth| {
            let body = serde_json::json!({"version": 3, "worth": worth});
            etag(&body, &body.to_string())
        };
        assert_ne!(tag("1"), tag("2"));
        assert!(tag("1").starts_with("\"3-"));
    }
}
