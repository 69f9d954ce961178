//! The API: how many requests one caller may send.

use crate::shop;
use testkit::{Client, TestApp, on_sqlite};
use web::{Options, Rates};

/// A program with a token at this address, behind these rates; so few a minute that the test's own time does not count.
async fn program(test: &TestApp, email: &str, token_per_minute: u32, address_per_minute: u32) -> Client {
    let user = test.user("Api Min", email, engine::Role::Administrator).await;
    let token = web::tokens::create(&test.engine, user, "test", None).await.unwrap();
    let rates = Rates { token_per_minute, address_per_minute };
    let options = Options { rates, ..Options::default() };
    test.visitor_with(options, "198.51.100.7:1234".parse().unwrap()).bearer(&token)
}

#[test]
fn beyond_the_rate_comes_429_that_says_when_to_go_on() {
    on_sqlite(shop::modules, async |test| {
        let client = program(&test, "api@example.com", 2, 0).await;
        let first = client.get("/api/v1/customer").await.expect(200);
        assert_eq!(first.header("ratelimit-policy"), "\"token\";q=2;w=60");
        assert_eq!(first.header("ratelimit"), "\"token\";r=1;t=30");
        assert_eq!(client.get("/api/v1/nothing").await.expect(404).header("ratelimit"), "\"token\";r=0;t=60");
        let refused = client.get("/api/v1/customer").await.expect(429);
        let wait: u64 = refused.header("retry-after").parse().unwrap();
        assert!((1..=30).contains(&wait), "{wait}");
        assert_eq!(refused.header("ratelimit"), "\"token\";r=0;t=60");
        assert_eq!(refused.header("content-type"), "application/problem+json");
        assert_eq!(
            refused.header("x-content-type-options"),
            "nosniff",
            "it passes the layers of every answer"
        );
        let problem = refused.json();
        assert_eq!(problem["type"], "urn:zhike:problem:rate_limited");
        assert_eq!(problem["status"], 429);
        let chinese = client.with("accept-language", "zh-CN");
        let problem = chinese.get("/api/v1/customer").await.expect(429).json();
        assert!(problem["detail"].as_str().unwrap().contains("请求过于频繁"), "{problem}");
        // Only the API counts.
        let pages = chinese.get("/sign-in").await.expect(200);
        assert_eq!(pages.header("ratelimit"), "");
    });
}

#[test]
fn an_address_is_limited_whoever_asks_from_it() {
    on_sqlite(shop::modules, async |test| {
        let client = program(&test, "api@example.com", 0, 3).await;
        client.get("/api/v1/customer").await.expect(200);
        let stranger = client.bearer("zk_made_up");
        assert_eq!(
            stranger.get("/api/v1/customer").await.expect(401).header("ratelimit"),
            "\"address\";r=1;t=40"
        );
        let other = stranger.bearer("zk_another");
        other.get("/api/v1/customer").await.expect(401);
        other.get("/api/v1/customer").await.expect(429);
    });
}

#[test]
fn without_rates_nothing_is_counted_and_nothing_said() {
    on_sqlite(shop::modules, async |test| {
        let client = program(&test, "api@example.com", 0, 0).await;
        for _ in 0..5 {
            assert_eq!(client.get("/api/v1/customer").await.expect(200).header("ratelimit"), "");
        }
        let default = test.api_of("Else", "else@example.com", engine::Role::User).await;
        let policy = default.get("/api/v1/customer").await.expect(200).header("ratelimit-policy").to_owned();
        assert_eq!(policy, format!("\"token\";q={};w=60", Rates::DEFAULT_PER_MINUTE));
    });
}
