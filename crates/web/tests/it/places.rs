//! From where people may work.

use crate::shop;
use testkit::{Client, PASSWORD, TestApp, on_both, on_sqlite};

fn at(test: &TestApp, address: &str) -> Client {
    test.visitor_with(web::Options::default(), std::net::SocketAddr::new(address.parse().unwrap(), 1234))
}

fn rules<'a>(administrator: &'a str, user: &'a str) -> [(&'static str, &'a str); 3] {
    [
        ("sign_in.second_factor", "optional"),
        ("sign_in.addresses.administrator", administrator),
        ("sign_in.addresses.user", user),
    ]
}

#[test]
fn sessions_and_tokens_work_only_from_the_networks_of_their_role() {
    on_both(shop::modules, async |test| {
        test.administrator().await;
        let mut administrator = at(&test, "203.0.113.5");
        administrator.sign_in("ada@example.com", PASSWORD).await;
        let user = test.user("Lin Yue", "lin@example.com", engine::Role::User).await;
        let token = web::tokens::create(&test.engine, user, "erp", None).await.unwrap();
        let mut lin = at(&test, "198.51.100.9");
        lin.sign_in("lin@example.com", PASSWORD).await;
        administrator
            .post("/security", &rules("203.0.113.0/24", "10.0.0.0/8 2001:db8::/32"))
            .await
            .expect(303);
        administrator.get("/profile").await.expect(200);

        let refused = lin.get("/profile").await.expect(403);
        assert!(refused.body.contains("198.51.100.9"), "{}", refused.body);
        lin.get("/sign-in").await.expect(200);
        let away = at(&test, "198.51.100.9").bearer(&token).get("/api/v1/customer").await.expect(403);
        assert_eq!(away.json()["type"], "urn:zhike:problem:wrong_place");
        at(&test, "10.1.2.3").bearer(&token).get("/api/v1/customer").await.expect(200);
        at(&test, "2001:db8::7").bearer(&token).get("/api/v1/customer").await.expect(200);
        // Whose word the proxy's is not cannot name another address.
        let liar = at(&test, "198.51.100.9").bearer(&token).with("x-forwarded-for", "10.1.2.3");
        liar.get("/api/v1/customer").await.expect(403);

        let mut office = at(&test, "10.1.2.3");
        office.sign_in("lin@example.com", PASSWORD).await;
        let mut cafe = at(&test, "198.51.100.9");
        let page = cafe.get("/sign-in").await.body;
        cafe.csrf = page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().into();
        let right = [("email", "lin@example.com"), ("password", PASSWORD)];
        assert!(cafe.post("/sign-in", &right).await.expect(403).body.contains("198.51.100.9"));
        assert_eq!(cafe.cookie("zhike_session"), None);
        assert!(office.get("/profile").await.body.contains("Not from this address"));
    });
}

#[test]
fn an_administrator_cannot_lock_himself_out() {
    on_sqlite(shop::modules, async |test| {
        test.administrator().await;
        let mut administrator = at(&test, "203.0.113.5");
        administrator.sign_in("ada@example.com", PASSWORD).await;
        let refused = administrator.post("/security", &rules("10.0.0.0/8", "")).await.expect(422);
        assert!(refused.body.contains("203.0.113.5: you would lock yourself out"), "{}", refused.body);
        let refused = administrator.post("/security", &rules("", "the office")).await.expect(422);
        assert!(refused.body.contains("“the” is not a network"), "{}", refused.body);
        administrator.post("/security", &rules("203.0.113.5", "10.0.0.0/8")).await.expect(303);
        let page = administrator.get("/security").await.expect(200).body;
        assert!(page.contains(">203.0.113.5</textarea>"), "{page}");
    });
}

/// The id of a new record, from where its form leads.
async fn made(client: &Client, entity: &str, fields: &[(&str, &str)]) -> String {
    let answer = client.post(&format!("/{entity}/new"), fields).await.expect(303);
    answer.header("location").split('/').nth(2).unwrap().to_owned()
}

async fn role(test: &TestApp, client: &Client, name: &str, networks: &str) -> meta::Id {
    client.post("/role/new", &[("name", name), ("networks", networks)]).await.expect(303);
    let roles = test.engine.role_names().await.unwrap();
    roles.into_iter().find(|(_, known)| known == name).unwrap().0
}

#[test]
fn a_role_can_say_from_where_its_people_work() {
    on_both(shop::modules, async |test| {
        let administrator = test.administrator().await;
        let wrong = [("name", "Clerks"), ("networks", "10.0.0.0/8 the-office")];
        let refused = administrator.post("/role/new", &wrong).await.expect(422);
        assert!(refused.body.contains("“the-office” is not a network"), "{}", refused.body);
        let clerks = role(&test, &administrator, "Clerks", "10.0.0.0/8").await;
        let movers = role(&test, &administrator, "Movers", "").await;
        let user = test.user("Lin Yue", "lin@example.com", engine::Role::User).await;
        let token = web::tokens::create(&test.engine, user, "erp", None).await.unwrap();
        at(&test, "198.51.100.9").bearer(&token).get("/api/v1/meta").await.expect(200);
        for role in [movers, clerks] {
            let values = [("user", user), ("role", role)].map(|(field, id)| (field.to_owned(), id.into()));
            test.engine
                .write(&engine::Actor::system(), move |tx| {
                    Box::pin(async move { tx.create("user_role", values.into()).await })
                })
                .await
                .unwrap();
        }
        at(&test, "198.51.100.9").bearer(&token).get("/api/v1/meta").await.expect(403);
        at(&test, "10.1.2.3").bearer(&token).get("/api/v1/meta").await.expect(200);
    });
}

#[test]
fn a_newcomer_gets_the_companys_role_or_no_password() {
    on_both(shop::modules, async |test| {
        let administrator = test.administrator().await;
        let password = [("password", "a quiet orchard in spring")];
        let user = |name, email| [("name", name), ("email", email), ("role", "user")];
        // Without any role in the company everything is as before.
        let first = made(&administrator, "user", &user("First", "first@example.com")).await;
        administrator.post(&format!("/user/{first}/password"), &password).await.expect(303);
        let clerks = role(&test, &administrator, "Clerks", "").await;
        let second = made(&administrator, "user", &user("Second", "second@example.com")).await;
        for road in ["password", "invitation"] {
            let refused = administrator.post(&format!("/user/{second}/{road}"), &password).await.expect(422);
            assert!(refused.body.contains("give the user a role first"), "{}", refused.body);
        }
        // Who could sign in before the first role stays as he is.
        administrator.post(&format!("/user/{first}/password"), &password).await.expect(303);
        let unknown = [
            ("rights.new_user_role", "01977f4e-0000-7000-8000-000000000001"),
            ("sign_in.second_factor", "optional"),
        ];
        administrator.post("/security", &unknown).await.expect(422);
        let chosen = clerks.to_string();
        let chosen = [("rights.new_user_role", chosen.as_str()), ("sign_in.second_factor", "optional")];
        administrator.post("/security", &chosen).await.expect(303);
        let third = made(&administrator, "user", &user("Third", "third@example.com")).await;
        administrator.post(&format!("/user/{third}/password"), &password).await.expect(303);
        let actor = test.engine.actor(third.parse().unwrap(), meta::Lang::En).await.unwrap();
        let customer = test.engine.entity("customer").unwrap();
        assert!(
            engine::allow(&actor, customer, engine::Action::Read).is_err(),
            "the role allows nothing yet"
        );
        let fourth = [("name", "Fourth"), ("email", "fourth@example.com"), ("role", "administrator")];
        let fourth = made(&administrator, "user", &fourth).await;
        administrator.post(&format!("/user/{fourth}/password"), &password).await.expect(303);
    });
}
