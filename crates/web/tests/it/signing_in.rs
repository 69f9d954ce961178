//! Sessions, passwords, tokens, language.

use crate::shop;
use chrono::TimeDelta;
use engine::Role;
use testkit::{PASSWORD, on_both, on_sqlite, start};

#[test]
fn a_user_signs_in_and_out() {
    on_both(shop::modules, async |test| {
        let mut client = test.administrator().await;
        let cookie = client.cookie("zhike_session").unwrap();
        let page = client.get("/profile").await.expect(200);
        assert!(page.body.contains("Ada Min"), "{}", page.body);
        client.post("/sign-out", &[]).await.expect(303);
        assert_eq!(client.cookie("zhike_session"), None);
        client.set_cookie("zhike_session", &cookie);
        assert_eq!(client.get("/profile").await.expect(303).header("location"), "/sign-in?next=/profile");
        client.sign_in("ADA@example.com ", PASSWORD).await;
    });
}

#[test]
fn who_is_not_signed_in_is_led_to_the_sign_in_page_and_back() {
    on_sqlite(shop::modules, async |test| {
        test.user("Lin Yue", "lin@example.com", Role::User).await;
        let mut visitor = test.visitor();
        let answer = visitor.get("/profile?x=1&y=2").await.expect(303);
        assert_eq!(answer.header("location"), "/sign-in?next=/profile%3Fx%3D1%26y%3D2");
        let page = visitor.get(answer.header("location")).await.expect(200);
        assert!(page.body.contains("value=\"/profile?x=1&amp;y=2\""), "{}", page.body);
        let fragment = visitor.fragment("/profile").await.expect(401);
        assert_eq!(fragment.header("hx-redirect"), "/sign-in?next=/profile");
        let htmx = [("hx-request", "true"), ("hx-current-url", "https://zhike.test/account?sort=name")];
        let fragment = visitor.send(axum::http::Method::GET, "/profile", &htmx, "".into()).await.expect(401);
        assert_eq!(fragment.header("hx-redirect"), "/sign-in?next=/account%3Fsort%3Dname");
        let problem = visitor.get("/api/v1/customer").await.expect(401);
        assert_eq!(problem.json()["type"], "urn:zhike:problem:sign_in");
        assert_eq!(problem.header("www-authenticate"), "Bearer");
        visitor.sign_in("lin@example.com", PASSWORD).await;
        let again = visitor.get("/sign-in?next=https://evil.example").await.expect(303);
        assert_eq!(again.header("location"), "/");
    });
}

#[test]
fn wrong_passwords_and_unknown_people_get_the_same_answer() {
    on_sqlite(shop::modules, async |test| {
        test.user("Lin Yue", "lin@example.com", Role::User).await;
        let mut visitor = test.visitor();
        visitor.csrf = token(&visitor.get("/sign-in").await.body);
        let mut texts = vec![];
        for email in ["lin@example.com", "nobody@example.com"] {
            let answer = visitor.post("/sign-in", &[("email", email), ("password", "wrong password")]).await;
            texts.push(answer.expect(422).body.replace(email, ""));
        }
        assert_eq!(texts[0], texts[1]);
        assert!(texts[0].contains("role=\"alert\""));
    });
}

#[test]
fn after_ten_failures_even_the_right_password_waits() {
    on_sqlite(shop::modules, async |test| {
        test.user("Lin Yue", "lin@example.com", Role::User).await;
        let mut visitor = test.visitor();
        visitor.csrf = token(&visitor.get("/sign-in").await.body);
        for _ in 0..10 {
            let wrong = [("email", "lin@example.com"), ("password", "wrong password")];
            visitor.post("/sign-in", &wrong).await.expect(422);
        }
        let right = [("email", "lin@example.com"), ("password", PASSWORD)];
        visitor.post("/sign-in", &right).await.expect(429);
        test.clock.set(start() + TimeDelta::minutes(15));
        visitor.post("/sign-in", &right).await.expect(303);
    });
}

#[test]
fn a_session_ends_when_idle_and_when_old() {
    on_both(shop::modules, async |test| {
        let client = test.administrator().await;
        test.clock.set(start() + TimeDelta::hours(11));
        client.get("/profile").await.expect(200);
        test.clock.set(start() + TimeDelta::hours(22));
        client.get("/profile").await.expect(200);
        test.clock.set(start() + TimeDelta::hours(34));
        client.get("/profile").await.expect(303);
        let mut client = test.visitor();
        client.sign_in("ada@example.com", PASSWORD).await;
        let began = test.clock.now();
        for hours in (0..30 * 24).step_by(11) {
            test.clock.set(began + TimeDelta::hours(hours));
            client.get("/profile").await.expect(200);
        }
        test.clock.set(began + TimeDelta::hours(30 * 24));
        client.get("/profile").await.expect(303);
    });
}

#[test]
fn a_form_sent_after_the_session_ended_leads_to_signing_in_and_back_to_its_page() {
    on_sqlite(shop::modules, async |test| {
        let client = test.administrator().await.with("referer", "https://zhike.test/profile?x=1");
        test.clock.set(start() + TimeDelta::days(2));
        let answer = client.post("/profile/tokens", &[("name", "x")]).await.expect(303);
        assert_eq!(answer.header("location"), "/sign-in?next=/profile%3Fx%3D1");
    });
}

#[test]
fn times_are_told_as_the_readers_clock_shows_them() {
    on_sqlite(shop::modules, async |test| {
        let client = test.administrator().await;
        client.post("/profile/tokens", &[("name", "ERP"), ("days", "1")]).await.expect(200);
        for (offset_minutes, shown) in
            [("480", "2026-11-22 18:00"), ("-300", "2026-11-22 05:00"), ("x", "2026-11-22 18:00")]
        {
            client.set_cookie("tz", offset_minutes);
            let page = client.get("/profile").await.expect(200).body;
            assert!(page.contains(shown), "{offset_minutes}: {page}");
        }
    });
}

#[test]
fn a_user_taken_out_of_use_is_out_at_once() {
    on_sqlite(shop::modules, async |test| {
        let client = test.ordinary().await;
        let user = test.user("Other", "other@example.com", Role::User).await;
        let token = web::tokens::create(&test.engine, user, "erp", None).await.unwrap();
        let program = test.visitor().bearer(&token);
        program.get("/api/v1/customer").await.expect(200);
        let users = test.engine.list(&engine::Actor::system(), &engine::Query::new("user")).await.unwrap();
        for user in users.records {
            let off = meta::Values::from([("active".to_owned(), false.into())]);
            test.engine
                .write(&engine::Actor::system(), move |tx| {
                    Box::pin(async move { tx.update("user", user.id, None, off).await })
                })
                .await
                .unwrap();
        }
        client.get("/profile").await.expect(303);
        program.get("/api/v1/customer").await.expect(401);
        let mut visitor = test.visitor();
        visitor.csrf = token_of(&visitor).await;
        visitor.post("/sign-in", &[("email", "olive@example.com"), ("password", PASSWORD)]).await.expect(422);
    });
}

#[test]
fn a_changed_password_signs_other_devices_out() {
    on_both(shop::modules, async |test| {
        let client = test.administrator().await;
        let mut phone = test.visitor();
        phone.sign_in("ada@example.com", PASSWORD).await;
        let form = |current, password| [("current", current), ("password", password)];
        let wrong = client.post("/profile/password", &form("not it at all", "another long one")).await;
        assert!(wrong.expect(422).body.contains("The current password is wrong."));
        client.post("/profile/password", &form(PASSWORD, "short")).await.expect(422);
        client.post("/profile/password", &form(PASSWORD, "another long one")).await.expect(303);
        let page = client.get("/profile").await.expect(200);
        assert!(page.body.contains("other devices are signed out"), "the note of the page before");
        assert!(!client.get("/profile").await.body.contains("other devices are signed out"), "only once");
        phone.get("/profile").await.expect(303);
        phone.sign_in("ada@example.com", "another long one").await;
    });
}

#[test]
fn a_session_left_open_does_not_guess_the_password() {
    on_sqlite(shop::modules, async |test| {
        let client = test.administrator().await;
        for _ in 0..10 {
            let wrong = [("current", "not it at all"), ("password", "another long one")];
            client.post("/profile/password", &wrong).await.expect(422);
        }
        let right = [("current", PASSWORD), ("password", "another long one")];
        let answer = client.post("/profile/password", &right).await.expect(422);
        assert!(answer.body.contains("Too many failed attempts"), "{}", answer.body);
        test.clock.set(start() + TimeDelta::minutes(16));
        client.post("/profile/password", &right).await.expect(303);
    });
}

#[test]
fn an_administrator_sets_a_password_and_a_user_does_not() {
    on_sqlite(shop::modules, async |test| {
        let administrator = test.administrator().await;
        let ordinary = test.ordinary().await;
        let user = test.user("Lin Yue", "lin@example.com", Role::User).await;
        let path = format!("/user/{user}/password");
        ordinary.get(&path).await.expect(403);
        ordinary.post(&path, &[("password", "another long one")]).await.expect(403);
        assert!(administrator.get(&path).await.expect(200).body.contains("Lin Yue"));
        administrator.post(&path, &[("password", "another long one")]).await.expect(303);
        test.visitor().sign_in("lin@example.com", "another long one").await;
    });
}

#[test]
fn a_token_is_shown_once_and_works_until_revoked() {
    on_both(shop::modules, async |test| {
        let client = test.administrator().await;
        client.post("/profile/tokens", &[("name", " ")]).await.expect(422);
        let page = client.post("/profile/tokens", &[("name", "ERP"), ("days", "2")]).await.expect(200).body;
        let token = page.split("zk_").nth(1).unwrap().split('<').next().unwrap();
        let token = format!("zk_{token}");
        assert!(!client.get("/profile").await.body.contains(&token));
        let program = test.visitor().bearer(&token);
        program.get("/api/v1/customer").await.expect(200);
        test.visitor().bearer("zk_wrong").get("/api/v1/customer").await.expect(401);
        // A token opens the API, not the pages.
        program.get("/profile").await.expect(303);
        test.clock.set(start() + TimeDelta::hours(10));
        let page = client.get("/profile").await.expect(200).body;
        let revoke = page.split("action=\"").find(|part| part.starts_with("/profile/tokens/")).unwrap();
        let revoke = revoke.split('"').next().unwrap().to_owned();
        program.get("/api/v1/customer").await.expect(200);
        test.ordinary().await.post(&revoke, &[]).await.expect(404);
        client.post(&revoke, &[]).await.expect(303);
        program.get("/api/v1/customer").await.expect(401);
    });
}

#[test]
fn a_token_does_only_what_its_scope_says() {
    on_both(shop::modules, async |test| {
        let client = test.administrator().await;
        let make = async |fields: &[(&str, &str)]| {
            let page = client.post("/profile/tokens", fields).await.expect(200).body;
            let token = page.split("zk_").nth(1).unwrap().split('<').next().unwrap();
            test.visitor().bearer(&format!("zk_{token}"))
        };
        let body = serde_json::json!({"name": "Longkou Fruit"});
        let reader = make(&[("name", "BI"), ("access", "read")]).await;
        reader.get("/api/v1/customer").await.expect(200);
        let refused = reader.json("POST", "/api/v1/customer", &body).await.expect(403);
        assert_eq!(refused.json()["type"], "urn:zhike:problem:forbidden");
        let writer = make(&[("name", "ERP"), ("access", "write"), ("entities", "customer")]).await;
        writer.json("POST", "/api/v1/customer", &body).await.expect(201);
        writer.get("/api/v1/user").await.expect(403);
        writer.get("/api/v1/search?q=x").await.expect(403);
        let page = client.get("/profile").await.expect(200).body;
        assert!(page.contains("Read and write · Customers"), "{page}");
    });
}

#[test]
fn an_expired_token_is_refused() {
    on_sqlite(shop::modules, async |test| {
        let user = test.user("Lin Yue", "lin@example.com", Role::User).await;
        let until = Some(start() + TimeDelta::days(1));
        let token = web::tokens::create(&test.engine, user, "erp", until).await.unwrap();
        let program = test.visitor().bearer(&token);
        program.get("/api/v1/customer").await.expect(200);
        test.clock.set(start() + TimeDelta::days(1));
        program.get("/api/v1/customer").await.expect(401);
    });
}

#[test]
fn the_chosen_language_stays() {
    on_sqlite(shop::modules, async |test| {
        let visitor = test.visitor().with("accept-language", "zh-CN,zh;q=0.9,en;q=0.8");
        assert!(visitor.get("/sign-in").await.body.contains("lang=\"zh-CN\""));
        let client = test.ordinary().await.with("accept-language", "zh-CN");
        assert!(
            client.get("/profile").await.body.contains("Your account"),
            "the user's own language is English"
        );
        let chosen = [("lang", "zh-CN"), ("return_to", "/profile")];
        assert_eq!(client.post("/preferences", &chosen).await.expect(303).header("location"), "/profile");
        assert!(client.get("/profile").await.body.contains("个人资料"));
        let mut phone = test.visitor();
        phone.sign_in("olive@example.com", PASSWORD).await;
        assert!(phone.get("/profile").await.body.contains("个人资料"), "kept with the user");
        client.post("/preferences", &[("theme", "dark")]).await.expect(303);
        assert!(client.get("/profile").await.body.contains("data-theme=\"dark\""));
        client.post("/preferences", &[("theme", "<script>")]).await.expect(303);
        assert!(client.get("/profile").await.body.contains("data-theme=\"dark\""));
    });
}

fn token(page: &str) -> String {
    page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

async fn token_of(client: &testkit::Client) -> String {
    token(&client.get("/sign-in").await.body)
}

#[test]
fn a_session_outlives_a_clock_that_is_set_back_or_an_hour_ahead() {
    on_both(shop::modules, async |test| {
        let client = test.administrator().await;
        for hours in [-30 * 24, 1, 0] {
            test.clock.set(start() + TimeDelta::hours(hours));
            client.get("/profile").await.expect(200);
        }
    });
}
