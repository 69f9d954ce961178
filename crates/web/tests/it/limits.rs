//! Bytes and time have a limit on every road, told in the form the caller understands.

use crate::shop;
use axum::{
    body::{Body, Bytes},
    http::Method,
};
use std::time::Duration;
use testkit::{Client, TestApp, on_sqlite};
use web::Options;

const MB: usize = 1024 * 1024;
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const JSON: (&str, &str) = ("content-type", "application/json");

#[test]
fn a_body_beyond_its_limit_is_refused_as_too_large() {
    on_sqlite(shop::modules, async |test| {
        let program = test.api().await;
        let send = async |size: usize| {
            program.send(Method::POST, "/api/v1/customer", &[JSON], Body::from(vec![b' '; size])).await
        };
        assert_ne!(send(16 * MB).await.status, 413, "so much is read");
        let refused = send(16 * MB + 1).await.expect(413);
        assert_eq!(refused.header("content-type"), "application/problem+json");
        assert_eq!(refused.json()["type"], "urn:zhike:problem:too_large");

        let client = test.administrator().await;
        let start = format!("csrf={}&theme=dark&x=", client.csrf);
        let send = async |size: usize| {
            let form = format!("{start}{}", "x".repeat(size - start.len()));
            client.send(Method::POST, "/preferences", &[FORM], Body::from(form)).await
        };
        send(4 * MB).await.expect(303);
        let refused = send(4 * MB + 1).await.expect(413);
        assert!(refused.header("content-type").starts_with("text/html"));
        assert!(refused.body.contains("The form is too large"), "{}", refused.body);
    });
}

/// Somebody at a server that waits a twentieth of a second.
fn impatient(test: &TestApp) -> Client {
    let options = Options { time_limit: Some(Duration::from_millis(50)), ..Options::default() };
    test.visitor_with(options, "198.51.100.7:1234".parse().unwrap())
}

fn never_ending() -> Body {
    Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>())
}

#[test]
fn a_request_that_takes_too_long_is_given_up() {
    on_sqlite(shop::modules, async |test| {
        let user = test.user("Api Min", "api@example.com", engine::Role::Administrator).await;
        let token = web::tokens::create(&test.engine, user, "test", None).await.unwrap();
        let program = impatient(&test).bearer(&token);
        let given_up =
            program.send(Method::POST, "/api/v1/customer", &[JSON], never_ending()).await.expect(408);
        assert_eq!(given_up.header("content-type"), "application/problem+json");
        assert_eq!(given_up.json()["type"], "urn:zhike:problem:timeout");
        assert!(!given_up.header("x-request-id").is_empty());
        // A form is read before its page is asked: that counts, too.
        let page = impatient(&test)
            .with("accept-language", "en")
            .send(Method::POST, "/preferences", &[FORM], never_ending())
            .await
            .expect(408);
        assert!(page.header("content-type").starts_with("text/html") && page.body.contains("too long"));
    });
}
