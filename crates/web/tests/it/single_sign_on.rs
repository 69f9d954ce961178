//! Single sign-on with a provider that lies, forges and forgets; the journey `single-sign-on` has a real one.

use crate::{
    provider::{CLIENT, Provider},
    shop,
};
use engine::{Actor, Query, Role};
use meta::Values;
use serde_json::{Value as Json, json};
use std::collections::HashMap;
use testkit::{Answer, Client, TestApp, on_both, on_sqlite};

fn visitor(test: &TestApp, provider: &Provider, create_users: bool) -> Client {
    visitor_as(test, provider, create_users, None)
}

fn visitor_as(test: &TestApp, provider: &Provider, create_users: bool, role: Option<&str>) -> Client {
    let own = web::Provider::new(&provider.issuer, CLIENT, Some("a secret".into()), "", create_users);
    let options = web::Options {
        public_url: Some("https://crm.example.com".into()),
        provider: Some(web::Provider { role: role.map(str::to_owned), ..own.unwrap() }),
        ..web::Options::default()
    };
    test.visitor_with(options, "198.51.100.7:1234".parse().unwrap()).with("accept-language", "en")
}

/// What the provider is asked with.
async fn leave(client: &Client) -> HashMap<String, String> {
    let answer = client.get("/sign-in/provider?next=/profile").await.expect(303);
    let query = answer.header("location").split_once('?').unwrap().1.to_owned();
    let decode = |text: &str| text.replace("%3A", ":").replace("%2F", "/").replace('+', " ");
    query
        .split('&')
        .map(|pair| pair.split_once('=').unwrap())
        .map(|(k, v)| (k.to_owned(), decode(v)))
        .collect()
}

/// The claims of an honest provider, about `lin`.
fn claims(test: &TestApp, provider: &Provider, asked: &HashMap<String, String>) -> Json {
    let now = test.clock.now().timestamp();
    json!({
        "iss": provider.issuer, "aud": CLIENT, "sub": "42", "nonce": asked["nonce"],
        "iat": now, "exp": now + 300,
        "email": "Lin@example.com", "email_verified": true, "name": "林悦",
    })
}

/// Signs in with the claims as `change` leaves them.
async fn come_back(test: &TestApp, provider: &Provider, client: &Client, change: Json) -> Answer {
    let asked = leave(client).await;
    let mut claims = claims(test, provider, &asked);
    for (name, value) in change.as_object().unwrap() {
        claims[name] = value.clone();
    }
    provider.say(claims, &asked["code_challenge"]);
    client.get(&format!("/sign-in/provider/callback?code=abc&state={}", asked["state"])).await
}

#[test]
fn a_user_is_known_by_his_verified_address_and_then_by_his_subject() {
    on_both(shop::modules, async |test| {
        let provider = Provider::start().await;
        test.user("Lin Yue", "lin@example.com", Role::User).await;
        let client = visitor(&test, &provider, false);
        let asked = leave(&client).await;
        assert_eq!(asked["redirect_uri"], "https://crm.example.com/sign-in/provider/callback");
        assert_eq!(
            (asked["scope"].as_str(), asked["code_challenge_method"].as_str()),
            ("openid email profile", "S256")
        );
        let stranger =
            come_back(&test, &provider, &client, json!({ "sub": "7", "email_verified": false })).await;
        assert!(stranger.expect(403).body.contains("not a user here"));
        let back = come_back(&test, &provider, &client, json!({})).await.expect(303);
        assert_eq!(back.header("location"), "/profile");
        client.get("/profile").await.expect(200);
        // From now on the subject counts, whatever his address is there.
        let moved = json!({ "email": "other@example.com", "email_verified": false });
        let again = visitor(&test, &provider, false);
        come_back(&test, &provider, &again, moved).await.expect(303);
        assert!(again.get("/profile").await.expect(200).body.contains("Lin Yue"));
    });
}

#[test]
fn what_was_not_said_here_now_and_to_us_is_not_believed() {
    on_sqlite(shop::modules, async |test| {
        let provider = Provider::start().await;
        test.user("Lin Yue", "lin@example.com", Role::User).await;
        let client = visitor(&test, &provider, true);
        let now = test.clock.now().timestamp();
        for wrong in [
            json!({ "nonce": "of another sign-in" }),
            json!({ "aud": "another program" }),
            json!({ "iss": "https://other.example" }),
            json!({ "iat": now - 900, "exp": now - 600 }),
            json!({ "forged": true }),
        ] {
            let answer = come_back(&test, &provider, &client, wrong.clone()).await;
            assert_eq!(answer.status, 502, "{wrong}");
            client.get("/profile").await.expect(303);
        }
        // The state is good once, and only with this browser's cookie.
        let asked = leave(&client).await;
        provider.say(claims(&test, &provider, &asked), &asked["code_challenge"]);
        let back = format!("/sign-in/provider/callback?code=abc&state={}", asked["state"]);
        visitor(&test, &provider, true).get(&back).await.expect(422);
        client.get("/sign-in/provider/callback?code=abc&state=made-up").await.expect(422);
        client.get(&format!("{back}&error=access_denied")).await.expect(422);
        client.get(&back).await.expect(422);
    });
}

#[test]
fn somebody_new_becomes_a_user_only_if_the_company_wants_it() {
    on_both(shop::modules, async |test| {
        let provider = Provider::start().await;
        let count = async || {
            let users = test.engine.list(&Actor::system(), &Query::new("user")).await.unwrap();
            users.records.len()
        };
        come_back(&test, &provider, &visitor(&test, &provider, false), json!({})).await.expect(403);
        let client = visitor(&test, &provider, true);
        come_back(&test, &provider, &client, json!({ "email_verified": false })).await.expect(403);
        assert_eq!(count().await, 0);
        come_back(&test, &provider, &client, json!({})).await.expect(303);
        let users = test.engine.list(&Actor::system(), &Query::new("user")).await.unwrap().records;
        assert_eq!(
            (users[0].text("email"), users[0].text("name"), users[0].text("role")),
            ("lin@example.com", "林悦", "user")
        );
        come_back(&test, &provider, &visitor(&test, &provider, true), json!({})).await.expect(303);
        assert_eq!(count().await, 1);
    });
}

#[test]
fn where_there_are_roles_nobody_new_comes_in_without_one() {
    on_both(shop::modules, async |test| {
        let provider = Provider::start().await;
        let role = Values::from([("name".to_owned(), "Sales' reps".into())]);
        let system = Actor::system();
        let made =
            test.engine.write(&system, move |tx| Box::pin(async move { tx.create("role", role).await }));
        let role = made.await.unwrap();
        for wrong in [None, Some("Nobody's")] {
            let client = visitor_as(&test, &provider, true, wrong);
            come_back(&test, &provider, &client, json!({})).await.expect(403);
        }
        let client = visitor_as(&test, &provider, true, Some("Sales' reps"));
        come_back(&test, &provider, &client, json!({})).await.expect(303);
        let has = test.engine.list(&system, &Query::new("user_role")).await.unwrap().records;
        assert_eq!(has[0].get("role"), &meta::Value::Id(role));
        client.get("/api/v1/customer").await.expect(403);
    });
}

#[test]
fn a_user_taken_out_of_use_does_not_come_back_by_the_provider() {
    on_sqlite(shop::modules, async |test| {
        let provider = Provider::start().await;
        let lin = test.user("Lin Yue", "lin@example.com", Role::User).await;
        let client = visitor(&test, &provider, true);
        let off = Values::from([("active".to_owned(), false.into())]);
        let set = async |values: Values| {
            let system = Actor::system();
            let set = test.engine.write(&system, move |tx| {
                Box::pin(async move { tx.update("user", lin, None, values).await })
            });
            set.await.unwrap();
        };
        set(off.clone()).await;
        come_back(&test, &provider, &client, json!({})).await.expect(403);
        set(Values::from([("active".to_owned(), true.into())])).await;
        come_back(&test, &provider, &client, json!({})).await.expect(303);
        set(off).await;
        come_back(&test, &provider, &client, json!({})).await.expect(403);
        client.get("/profile").await.expect(303);
    });
}

#[test]
fn a_provider_that_does_not_answer_is_said_to() {
    on_sqlite(shop::modules, async |test| {
        let mut provider = Provider::start().await;
        provider.issuer = "http://127.0.0.1:1".into();
        let client = visitor(&test, &provider, false);
        let answer = client.get("/sign-in/provider").await.expect(502);
        assert!(answer.body.contains("does not work at the moment"), "{}", answer.body);
        test.visitor().get("/sign-in/provider").await.expect(404);
    });
}
