//! A browser or a program: sends requests to the router, keeps cookies and the form token.

use crate::{Answer, Events};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Method, Request, header},
    response::Response,
};
use serde_json::Value as Json;
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};
use tower::ServiceExt;

pub struct Client {
    router: Router,
    cookies: Mutex<BTreeMap<String, String>>,
    /// Sent with every request.
    headers: Vec<(String, String)>,
    pub csrf: String,
}

impl Client {
    pub(crate) fn new(router: Router) -> Self {
        Client { router, cookies: Mutex::default(), headers: vec![], csrf: String::new() }
    }

    pub fn bearer(self, token: &str) -> Self {
        self.with("authorization", &format!("Bearer {token}"))
    }

    /// Sends this header with every request from now on.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub async fn sign_in(&mut self, email: &str, password: &str) {
        self.csrf = form_token(&self.get("/sign-in").await.expect(200).body);
        self.post("/sign-in", &[("email", email), ("password", password)]).await.expect(303);
        self.csrf = form_token(&self.get("/profile").await.expect(200).body);
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], Body::empty()).await
    }

    /// As htmx asks for a fragment.
    pub async fn fragment(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[("hx-request", "true")], Body::empty()).await
    }

    /// Posts a form with the session's token.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let fields = [fields, &[("csrf", self.csrf.as_str())]].concat();
        self.send(Method::POST, path, &[("content-type", FORM)], Body::from(encode(&fields))).await
    }

    /// As htmx sends a form, with the token in a header.
    pub async fn htmx(&self, method: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let headers = [("content-type", FORM), ("hx-request", "true"), ("x-csrf-token", self.csrf.as_str())];
        self.send(method.parse().expect("a method"), path, &headers, Body::from(encode(fields))).await
    }

    pub async fn json(&self, method: &str, path: &str, body: &Json) -> Answer {
        self.json_with(method, path, &[], body).await
    }

    pub async fn json_with(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &Json) -> Answer {
        let headers = [&[("content-type", "application/json")], headers].concat();
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        self.send(method.parse().expect("a method"), path, &headers, body).await
    }

    /// Opens a stream of server-sent events, or gives the answer that refused it.
    pub async fn events(&self, path: &str) -> Result<Events, u16> {
        let response = self.response(Method::GET, path, &[], Body::empty()).await;
        match response.status().as_u16() {
            200 => Ok(Events::new(response.into_body().into_data_stream())),
            status => Err(status),
        }
    }

    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Body) -> Answer {
        let (parts, body) = self.response(method, path, headers, body).await.into_parts();
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            self.keep(cookie.to_str().expect("a readable cookie"));
        }
        let bytes = to_bytes(body, usize::MAX).await.expect("a whole answer");
        let body = String::from_utf8_lossy(&bytes).into_owned();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    /// The answer whose body has not been read yet; cookies are not kept.
    pub async fn response(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Body,
    ) -> Response {
        let mut request = Request::builder().method(method).uri(path).header("host", "zhike.test");
        let own = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in own.chain(headers.iter().copied()) {
            request = request.header(name, value);
        }
        let cookies = self.cookie_header();
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies);
        }
        let request = request.body(body).expect("a request");
        self.router.clone().oneshot(request).await.expect("an answer")
    }

    /// What the browser holds under this name.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    pub fn set_cookie(&self, name: &str, value: &str) {
        self.keep(&format!("{name}={value}"));
    }

    fn cookie_header(&self) -> String {
        let cookies = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn keep(&self, cookie: &str) {
        let mut parts = cookie.split("; ");
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { return };
        let mut cookies = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        if parts.any(|part| part == "Max-Age=0") {
            cookies.remove(name);
        } else {
            cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}

const FORM: &str = "application/x-www-form-urlencoded";

fn form_token(page: &str) -> String {
    let after = page.split("name=\"csrf\" value=\"").nth(1).expect("a form with a token");
    after.split('"').next().expect("a token").to_owned()
}

fn encode(fields: &[(&str, &str)]) -> String {
    let quoted = |text: &str| web::encode(text);
    let pairs: Vec<String> =
        fields.iter().map(|(name, value)| format!("{}={}", quoted(name), quoted(value))).collect();
    pairs.join("&")
}
