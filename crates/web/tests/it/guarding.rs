//! Writes from foreign pages are refused; headers and limits are there on every answer.

use crate::shop;
use axum::{body::Body, http::Method};
use testkit::on_sqlite;

#[test]
fn a_write_without_the_form_token_is_refused() {
    on_sqlite(shop::modules, async |test| {
        let mut client = test.administrator().await;
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let send = async |headers: &[(&str, &str)], body: String| {
            client.send(Method::POST, "/preferences", headers, Body::from(body)).await.status
        };
        let good = format!("csrf={}", client.csrf);
        assert_eq!(send(&form, "theme=dark".into()).await, 403);
        assert_eq!(send(&form, "csrf=wrong".into()).await, 403);
        assert_eq!(send(&form, "csrf=".into()).await, 403);
        assert_eq!(send(&form, good.clone()).await, 303);
        assert_eq!(send(&[("content-type", "text/plain")], good.clone()).await, 403);
        for foreign in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("origin", "https://evil.example"),
        ] {
            assert_eq!(send(&[form[0], foreign], good.clone()).await, 403, "{foreign:?}");
        }
        for own in [("sec-fetch-site", "same-origin"), ("origin", "https://zhike.test")] {
            assert_eq!(send(&[form[0], own], good.clone()).await, 303, "{own:?}");
        }
        let token = ("x-csrf-token", client.csrf.as_str());
        assert_eq!(send(&[form[0], token], "theme=dark".into()).await, 303);
        assert_eq!(send(&[form[0], ("x-csrf-token", "wrong")], good.clone()).await, 403);
        // Another browser's token is not this one's.
        let other = test.ordinary().await.csrf;
        client.csrf = other;
        client.post("/preferences", &[("theme", "dark")]).await.expect(403);
    });
}

#[test]
fn the_api_by_cookie_needs_the_token_and_by_bearer_does_not() {
    on_sqlite(shop::modules, async |test| {
        let client = test.administrator().await;
        let body = serde_json::json!({"name": "Longkou Fruit"});
        let refused = client.json("POST", "/api/v1/customer", &body).await.expect(403);
        assert_eq!(refused.json()["type"], "urn:zhike:problem:csrf");
        let token = [("x-csrf-token", client.csrf.as_str())];
        client.json_with("POST", "/api/v1/customer", &token, &body).await.expect(201);
        test.api().await.json("POST", "/api/v1/customer", &body).await.expect(201);
    });
}

#[test]
fn every_answer_has_the_security_headers_and_a_request_id() {
    on_sqlite(shop::modules, async |test| {
        let client = test.administrator().await;
        for path in ["/profile", "/healthz", "/nowhere/at/all/here", "/api/v1/customer", "/assets/none.js"] {
            let answer = client.get(path).await;
            let policy = answer.header("content-security-policy");
            assert!(policy.contains("script-src 'self';") && !policy.contains("unsafe"), "{path}: {policy}");
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
            assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{path}");
            assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin", "{path}");
            assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
            assert_eq!(answer.header("server"), "", "{path}");
            assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
            assert!(answer.header("permissions-policy").contains("camera=()"), "{path}");
            assert!(!answer.header("x-request-id").is_empty(), "{path}");
        }
        assert_eq!(client.get("/profile").await.header("cache-control"), "private, no-cache");
    });
}

#[test]
fn the_program_says_whether_it_can_work() {
    on_sqlite(shop::modules, async |test| {
        let visitor = test.visitor();
        assert_eq!(visitor.get("/healthz").await.expect(200).body, "ok\n");
        assert_eq!(visitor.get("/readyz").await.expect(200).body, "ready\n");
    });
}

#[test]
fn cookies_are_for_https_only_where_there_is_https() {
    on_sqlite(shop::modules, async |test| {
        let visitor = test.visitor();
        let cookie = visitor.get("/sign-in").await.header("set-cookie").to_owned();
        assert!(cookie.contains("HttpOnly; SameSite=Lax") && !cookie.contains("Secure"), "{cookie}");
        let options = web::Options { secure_cookies: true, ..web::Options::default() };
        let app = web::App::new(test.engine.clone(), vec![], options).unwrap();
        let request = axum::http::Request::get("/sign-in").body(Body::empty()).unwrap();
        let answer = tower::ServiceExt::oneshot(web::router(app), request).await.unwrap();
        let cookie = answer.headers()["set-cookie"].to_str().unwrap();
        assert!(cookie.ends_with("; Secure"), "{cookie}");
        assert!(answer.headers().contains_key("strict-transport-security"));
        test.administrator().await;
        let options = web::Options { secure_cookies: true, ..web::Options::default() };
        let mut client = test.visitor_with(options, "198.51.100.7:1234".parse().unwrap());
        client.sign_in("ada@example.com", testkit::PASSWORD).await;
        assert!(client.cookie("__Host-zhike_session").is_some() && client.cookie("zhike_session").is_none());
        client.post("/sign-out", &[]).await.expect(303);
        assert!(client.cookie("__Host-zhike_session").is_none());
    });
}

#[test]
fn figures_count_routes_and_sign_ins_without_what_users_typed() {
    on_sqlite(shop::modules, async |test| {
        let client = test.administrator().await;
        client.get("/customer?filter=secret").await;
        client.get("/nowhere/at/all/here").await.expect(404);
        let request = axum::http::Request::get("/metrics").body(Body::empty()).unwrap();
        let router = web::metrics_routes(test.app.clone());
        let answer = tower::ServiceExt::oneshot(router, request).await.unwrap();
        let text = axum::body::to_bytes(answer.into_body(), 1_000_000).await.unwrap();
        let text = String::from_utf8(text.to_vec()).unwrap();
        let line = |start: &str| assert!(text.lines().any(|line| line.starts_with(start)), "{start}: {text}");
        line("zhike_sign_ins_total{method=\"password\",outcome=\"success\"} 1");
        line("zhike_requests_total{method=\"GET\",route=\"/profile\",status=\"200\"} 1");
        line("zhike_requests_total{method=\"GET\",route=\"none\",status=\"404\"} 1");
        line("zhike_request_seconds_bucket{route=\"/{entity}\",le=\"+Inf\"} 1");
        assert!(!text.contains("secret"), "{text}");
        client.get("/metrics").await.expect(404);
    });
}
