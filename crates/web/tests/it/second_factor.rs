//! The second factor: setting it up, signing in with it, losing the phone, being required to have it.

use crate::shop;
use chrono::TimeDelta;
use testkit::{Client, PASSWORD, TestApp, on_both, on_sqlite, start};
use totp_rs::{Builder, Secret};

/// What the authenticator app shows now.
fn code(test: &TestApp, key: &str) -> String {
    let secret = Secret::try_from_base32(key.replace(' ', "")).unwrap();
    let totp = Builder::new().with_secret(secret.as_bytes()).build().unwrap();
    totp.generate(u64::try_from(test.clock.now().timestamp()).unwrap()).to_string()
}

/// Sets the factor up; the app's key and the recovery codes.
async fn set_up(test: &TestApp, client: &Client) -> (String, Vec<String>) {
    let form = [("current", PASSWORD)];
    assert_eq!(
        client.post("/profile/second-factor", &form).await.expect(303).header("location"),
        "/profile/second-factor"
    );
    let page = client.get("/profile/second-factor").await.expect(200).body;
    assert!(page.contains("<svg xmlns"), "{page}");
    let key = page.split("class=\"mono\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let codes = client.post("/profile/second-factor/confirm", &[("code", &code(test, &key))]).await;
    let codes = codes.expect(200).body;
    let list = codes.split("class=\"codes mono\">").nth(1).unwrap().split("</ul>").next().unwrap().to_owned();
    let codes = list.split("<li>").skip(1).map(|code| code.split('<').next().unwrap().to_owned()).collect();
    (key, codes)
}

async fn form_token(client: &Client) -> String {
    let page = client.get("/sign-in").await.body;
    page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

/// Somebody whose password was right, before his code.
async fn half_way(test: &TestApp, email: &str) -> Client {
    let mut client = test.visitor();
    client.csrf = form_token(&client).await;
    let form = [("email", email), ("password", PASSWORD), ("next", "/profile")];
    let answer = client.post("/sign-in", &form).await;
    assert_eq!(answer.expect(303).header("location"), "/sign-in/code");
    client
}

#[test]
fn a_code_is_asked_for_and_good_once() {
    on_both(shop::modules, async |test| {
        let client = test.administrator().await;
        let mut phone = test.visitor();
        phone.sign_in("ada@example.com", PASSWORD).await;
        client.post("/profile/second-factor", &[("current", "a wrong password")]).await.expect(422);
        let (key, codes) = set_up(&test, &client).await;
        assert_eq!(codes.len(), 10);
        phone.get("/profile").await.expect(303);
        assert!(client.get("/profile").await.expect(200).body.contains("10 recovery codes are left"));

        let visitor = half_way(&test, "ada@example.com").await;
        visitor.get("/profile").await.expect(303);
        let used = code(&test, &key);
        visitor.post("/sign-in/code", &[("code", &used)]).await.expect(422);
        test.clock.set(start() + TimeDelta::seconds(60));
        visitor.post("/sign-in/code", &[("code", "000000")]).await.expect(422);
        let next = code(&test, &key);
        let answer = visitor.post("/sign-in/code", &[("code", &next)]).await.expect(303);
        assert_eq!(answer.header("location"), "/profile");
        visitor.get("/profile").await.expect(200);
        let other = half_way(&test, "ada@example.com").await;
        other.post("/sign-in/code", &[("code", &next)]).await.expect(422);
        let page = visitor.get("/profile").await.body;
        assert!(page.contains("Wrong code") && page.contains("Password and code"), "{page}");
    });
}

#[test]
fn a_code_of_the_half_minute_before_is_taken_and_an_older_one_is_not() {
    on_sqlite(shop::modules, async |test| {
        let client = test.administrator().await;
        let (key, _) = set_up(&test, &client).await;
        for (seconds, status) in [(30, 303), (90, 422)] {
            let began = test.clock.now() + TimeDelta::minutes(5);
            test.clock.set(began);
            let old = code(&test, &key);
            test.clock.set(began + TimeDelta::seconds(seconds));
            let visitor = half_way(&test, "ada@example.com").await;
            visitor.post("/sign-in/code", &[("code", &old)]).await.expect(status);
        }
    });
}

#[test]
fn a_recovery_code_opens_once_and_new_ones_replace_it() {
    on_both(shop::modules, async |test| {
        let client = test.administrator().await;
        let (_, codes) = set_up(&test, &client).await;
        let visitor = half_way(&test, "ada@example.com").await;
        visitor.post("/sign-in/code", &[("code", &codes[0].to_uppercase())]).await.expect(303);
        let visitor = half_way(&test, "ada@example.com").await;
        visitor.post("/sign-in/code", &[("code", &codes[0])]).await.expect(422);
        assert!(client.get("/profile").await.body.contains("9 recovery codes are left"));
        let renew = "/profile/second-factor/recovery-codes";
        client.post(renew, &[("current", "a wrong password")]).await.expect(422);
        client.post(renew, &[("current", PASSWORD)]).await.expect(200);
        visitor.post("/sign-in/code", &[("code", &codes[1])]).await.expect(422);
        client.post("/profile/second-factor/off", &[("current", PASSWORD)]).await.expect(303);
        test.visitor().sign_in("ada@example.com", PASSWORD).await;
    });
}

#[test]
fn guessing_codes_must_wait_and_a_password_before_it_does_not_help() {
    on_sqlite(shop::modules, async |test| {
        let client = test.administrator().await;
        let (key, _) = set_up(&test, &client).await;
        test.clock.set(start() + TimeDelta::minutes(1));
        for _ in 0..2 {
            let visitor = half_way(&test, "ada@example.com").await;
            for _ in 0..5 {
                visitor.post("/sign-in/code", &[("code", "000000")]).await.expect(422);
            }
        }
        let visitor = half_way(&test, "ada@example.com").await;
        visitor.post("/sign-in/code", &[("code", &code(&test, &key))]).await.expect(429);
    });
}

#[test]
fn the_step_between_password_and_code_ends_after_ten_minutes() {
    on_sqlite(shop::modules, async |test| {
        let client = test.administrator().await;
        let (key, _) = set_up(&test, &client).await;
        let visitor = half_way(&test, "ada@example.com").await;
        visitor.get("/sign-in/code").await.expect(200);
        test.clock.set(start() + TimeDelta::minutes(10));
        let answer = visitor.post("/sign-in/code", &[("code", &code(&test, &key))]).await.expect(303);
        assert_eq!(answer.header("location"), "/sign-in");
        assert_eq!(test.visitor().get("/sign-in/code").await.expect(303).header("location"), "/sign-in");
    });
}

#[test]
fn who_must_have_a_second_factor_sets_it_up_first() {
    on_both(shop::modules, async |test| {
        let administrator = test.administrator().await;
        let ordinary = test.ordinary().await;
        let rule = |rule| {
            let none = [("sign_in.addresses.administrator", ""), ("sign_in.addresses.user", "")];
            [none[0], none[1], ("sign_in.second_factor", rule)]
        };
        ordinary.get("/security").await.expect(403);
        ordinary.post("/security", &rule("everybody")).await.expect(403);
        administrator.post("/security", &rule("perhaps")).await.expect(422);
        administrator.post("/security", &rule("administrators")).await.expect(303);
        ordinary.get("/profile").await.expect(200);
        let answer = administrator.get("/customer").await.expect(303);
        assert_eq!(answer.header("location"), "/profile/second-factor");
        let fragment = administrator.fragment("/customer").await.expect(403);
        assert_eq!(fragment.header("hx-redirect"), "/profile/second-factor");
        administrator.get("/api/v1/customer").await.expect(403);
        // He has just shown his password.
        administrator.post("/profile/second-factor", &[]).await.expect(303);
        set_up(&test, &administrator).await;
        administrator.get("/customer").await.expect(200);
        administrator.post("/security", &rule("everybody")).await.expect(303);
        ordinary.get("/customer").await.expect(303);
        ordinary.post("/sign-out", &[]).await.expect(303);
    });
}

#[test]
fn an_administrator_removes_the_factor_of_a_lost_phone() {
    on_sqlite(shop::modules, async |test| {
        let administrator = test.administrator().await;
        let ordinary = test.ordinary().await;
        set_up(&test, &ordinary).await;
        let users = engine::Query::new("user").filter("email == 'olive@example.com'");
        let users = test.engine.list(&engine::Actor::system(), &users).await.unwrap();
        let path = format!("/user/{}/second-factor/off", users.records[0].id);
        ordinary.post(&path, &[]).await.expect(403);
        administrator.post(&path, &[]).await.expect(303);
        test.visitor().sign_in("olive@example.com", PASSWORD).await;
    });
}
