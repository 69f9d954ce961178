//! Short notes for the reader: shown on the next page (a cookie) or at once as a toast (a header htmx acts on).

use axum::{
    http::{HeaderValue, header::SET_COOKIE},
    response::Response,
};
use axum_extra::extract::cookie::{Cookie, CookieJar};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

const COOKIE: &str = "zhike_flash";

#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct Flash {
    /// `success`, `error` or `info`.
    pub kind: String,
    pub text: String,
    /// POSTed when the reader wants it undone.
    pub undo_href: Option<String>,
}

impl Flash {
    pub fn success(text: impl Into<String>) -> Self {
        Flash { kind: "success".into(), text: text.into(), undo_href: None }
    }
    pub fn error(text: impl Into<String>) -> Self {
        Flash { kind: "error".into(), text: text.into(), undo_href: None }
    }
    pub fn undo(mut self, href: impl Into<String>) -> Self {
        self.undo_href = Some(href.into());
        self
    }

    /// Leaves the note for the next page.
    pub fn on(self, mut response: Response) -> Response {
        let text = serde_json::to_vec(&[self]).unwrap_or_default();
        let cookie =
            format!("{COOKIE}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age=60", URL_SAFE_NO_PAD.encode(text));
        if let Ok(value) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(SET_COOKIE, value);
        }
        response
    }
}

pub(crate) fn read(jar: &CookieJar) -> Vec<Flash> {
    jar.get(COOKIE)
        .map(Cookie::value)
        .and_then(|text| URL_SAFE_NO_PAD.decode(text).ok())
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default()
}

pub(crate) fn clear(response: &mut Response) {
    let gone = HeaderValue::from_static("zhike_flash=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
    response.headers_mut().append(SET_COOKIE, gone);
}

/// Shows the note at once: `HX-Trigger` with the toast and further `events` without detail.
pub fn toast(mut response: Response, flash: &Flash, events: &[&str]) -> Response {
    let mut triggers = serde_json::Map::new();
    triggers.insert("toast".into(), serde_json::json!(flash));
    for event in events {
        triggers.insert((*event).to_owned(), serde_json::Value::Null);
    }
    let text = ascii(&serde_json::Value::Object(triggers).to_string());
    if let Ok(value) = HeaderValue::from_str(&text) {
        response.headers_mut().insert("hx-trigger", value);
    }
    response
}

/// Headers carry ASCII only; JSON can say the rest as `\u…`.
fn ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    let mut units = [0u16; 2];
    for letter in json.chars() {
        if letter.is_ascii() {
            text.push(letter);
        } else {
            for unit in letter.encode_utf16(&mut units) {
                text.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::response::IntoResponse;

    #[test]
    fn a_toast_in_chinese_fits_a_header() {
        let response = toast(().into_response(), &Flash::success("已删除 😀").undo("/x"), &["list-changed"]);
        let header = response.headers()["hx-trigger"].to_str().unwrap();
        let json: serde_json::Value = serde_json::from_str(header).unwrap();
        assert_eq!(json["toast"]["text"], "已删除 😀");
        assert_eq!(json["list-changed"], serde_json::Value::Null);
    }

    #[test]
    fn a_note_survives_to_the_next_page() {
        let response = Flash::success("已保存").on(().into_response());
        let cookie = response.headers()[SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
        let mut headers = axum::http::HeaderMap::new();
        headers.insert("cookie", cookie.parse().unwrap());
        assert_eq!(read(&CookieJar::from_headers(&headers)), vec![Flash::success("已保存")]);
    }
}
