//! Links to choose a password, and the letters they come in, handed to a mail server that listens.

use crate::shop;
use chrono::TimeDelta;
use engine::{Actor, Role};
use meta::{Id, Lang, Values};
use std::time::Duration;
use testkit::MailServer;
use testkit::{Client, PASSWORD, TestApp, on_both, on_sqlite, start};

const NEW: &str = "quite another sentence";

fn options(server: &MailServer) -> web::Options {
    web::Options {
        public_url: Some("https://crm.example.com".into()),
        mail: Some(web::MailServer::new(&server.url, "Zhike <crm@example.com>").unwrap()),
        ..web::Options::default()
    }
}

async fn visitor(test: &TestApp, options: web::Options) -> Client {
    let client = test.visitor_with(options, "198.51.100.7:1234".parse().unwrap());
    let mut client = client.with("accept-language", "en");
    let page = client.get("/sign-in").await.body;
    client.csrf = page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    client
}

/// The path of the link in a text.
fn link(text: &str) -> String {
    let at =
        text.find("https://crm.example.com/sign-in/password?ticket=").unwrap_or_else(|| panic!("{text}"));
    let link = text[at..].split(|letter: char| letter.is_whitespace() || letter == '<').next().unwrap();
    link.trim_start_matches("https://crm.example.com").to_owned()
}

fn ticket(link: &str) -> &str {
    link.split("ticket=").nth(1).unwrap()
}

async fn asked(client: &Client, email: &str) -> String {
    client.post("/sign-in/forgotten", &[("email", email)]).await.expect(200).body
}

async fn user_without_password(test: &TestApp, email: &str, lang: Lang) -> Id {
    let values = Values::from([
        ("name".to_owned(), "林悦".into()),
        ("email".to_owned(), email.into()),
        ("language".to_owned(), lang.code().into()),
    ]);
    test.engine
        .write(&Actor::system(), move |tx| Box::pin(async move { tx.create("user", values).await }))
        .await
        .unwrap()
}

#[test]
fn who_forgot_his_password_gets_a_link_that_is_good_once() {
    on_both(shop::modules, async |test| {
        let server = MailServer::start();
        let signed_in = test.administrator().await;
        let client = visitor(&test, options(&server)).await;
        asked(&client, " ADA@example.com").await;
        let letter = server.letter(0).await;
        assert_eq!(
            (letter.to.as_str(), letter.subject.as_str()),
            ("ada@example.com", "Choose a new password")
        );
        assert!(letter.text.contains("Hello Ada Min,"), "{}", letter.text);
        let link = link(&letter.text);
        let page = client.get(&link).await.expect(200);
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert!(page.body.contains("ada@example.com"), "{}", page.body);
        let choose = |password| [("ticket", ticket(&link)), ("password", password)];
        client.post("/sign-in/password", &choose("password1234")).await.expect(422);
        let done = client.post("/sign-in/password", &choose(NEW)).await.expect(200);
        assert!(done.body.contains("Your password has been set"), "{}", done.body);
        client.post("/sign-in/password", &choose("yet another sentence")).await.expect(410);
        client.get(&link).await.expect(410);
        signed_in.get("/profile").await.expect(303);
        test.visitor().sign_in("ada@example.com", NEW).await;
        let notice = server.letter(1).await;
        assert!(notice.text.contains("the password of your account has been changed"), "{}", notice.text);
        // The database holds no secret that opens anything.
        let rows = engine::sea_query::Query::select()
            .column(engine::name("token_hash"))
            .from(engine::name("ticket"))
            .to_owned();
        let kept = test.engine.fetch(&rows).await.unwrap();
        assert!(kept.iter().all(|row| row.text(0).unwrap() != ticket(&link)));
    });
}

#[test]
fn an_address_nobody_has_gets_the_same_answer_and_no_letter() {
    on_sqlite(shop::modules, async |test| {
        let server = MailServer::start();
        test.user("Lin Yue", "lin@example.com", Role::User).await;
        let client = visitor(&test, options(&server)).await;
        let unknown = asked(&client, "nobody@example.com").await;
        assert_eq!(unknown, asked(&client, "not an address").await);
        assert_eq!(unknown, asked(&client, "lin@example.com").await);
        server.letter(0).await;
        for _ in 0..4 {
            assert_eq!(unknown, asked(&client, "lin@example.com").await);
        }
        server.letter(2).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(server.count(), 3, "no more than three in a quarter of an hour");
        for _ in 0..13 {
            asked(&client, "nobody@example.com").await;
        }
        client.post("/sign-in/forgotten", &[("email", "nobody@example.com")]).await.expect(429);
    });
}

#[test]
fn a_link_is_worthless_after_an_hour_and_after_a_change_of_password() {
    on_sqlite(shop::modules, async |test| {
        let server = MailServer::start();
        let user = test.user("Lin Yue", "lin@example.com", Role::User).await;
        let client = visitor(&test, options(&server)).await;
        asked(&client, "lin@example.com").await;
        let first = link(&server.letter(0).await.text);
        test.clock.set(start() + TimeDelta::minutes(59));
        client.get(&first).await.expect(200);
        test.clock.set(start() + TimeDelta::minutes(60));
        client.get(&first).await.expect(410);
        let choose = [("ticket", ticket(&first)), ("password", NEW)];
        client.post("/sign-in/password", &choose).await.expect(410);
        asked(&client, "lin@example.com").await;
        let second = link(&server.letter(1).await.text);
        web::auth::set_password(&test.engine, user, NEW, None).await.unwrap();
        client.get(&second).await.expect(410);
    });
}

#[test]
fn a_link_is_worthless_once_the_address_is_corrected_or_the_user_out_of_use() {
    on_sqlite(shop::modules, async |test| {
        let server = MailServer::start();
        let user = test.user("Lin Yue", "lin@exmaple.com", Role::User).await;
        let client = visitor(&test, options(&server)).await;
        let set = async |field: &str, value: meta::Value| {
            let (system, values) = (Actor::system(), Values::from([(field.to_owned(), value)]));
            let set = test.engine.write(&system, move |tx| {
                Box::pin(async move { tx.update("user", user, None, values).await })
            });
            set.await.unwrap();
        };
        asked(&client, "lin@exmaple.com").await;
        let wrong = link(&server.letter(0).await.text);
        client.get(&wrong).await.expect(200);
        set("email", "lin@example.com".into()).await;
        client.get(&wrong).await.expect(410);
        client.post("/sign-in/password", &[("ticket", ticket(&wrong)), ("password", NEW)]).await.expect(410);
        asked(&client, "lin@example.com").await;
        let right = link(&server.letter(1).await.text);
        client.get(&right).await.expect(200);
        set("active", false.into()).await;
        client.get(&right).await.expect(410);
    });
}

#[test]
fn an_administrator_invites_by_letter_in_the_users_language() {
    on_both(shop::modules, async |test| {
        let server = MailServer::start();
        test.administrator().await;
        let mut ada = visitor(&test, options(&server)).await;
        ada.sign_in("ada@example.com", PASSWORD).await;
        let user = user_without_password(&test, "lin@example.com", Lang::Zh).await;
        let path = format!("/user/{user}/invitation");
        test.ordinary().await.post(&path, &[]).await.expect(403);
        ada.post(&path, &[]).await.expect(303);
        let letter = server.letter(0).await;
        assert_eq!(
            (letter.to.as_str(), letter.subject.as_str()),
            ("lin@example.com", "邀请您使用客户管理系统")
        );
        assert!(letter.text.contains("林悦，您好"), "{}", letter.text);
        test.clock.set(start() + TimeDelta::days(6));
        let client = visitor(&test, options(&server)).await;
        let choose = [("ticket", ticket(&link(&letter.text)).to_owned()), ("password", NEW.to_owned())];
        let choose = choose.each_ref().map(|(name, value)| (*name, value.as_str()));
        client.post("/sign-in/password", &choose).await.expect(200);
        test.visitor().sign_in("lin@example.com", NEW).await;
    });
}

#[test]
fn without_a_mail_server_the_administrator_hands_the_link_over() {
    on_sqlite(shop::modules, async |test| {
        test.administrator().await;
        let options =
            || web::Options { public_url: Some("https://crm.example.com".into()), ..web::Options::default() };
        let mut ada = visitor(&test, options()).await;
        assert!(ada.get("/sign-in/forgotten").await.expect(200).body.contains("ask an administrator"));
        asked(&ada, "ada@example.com").await;
        ada.sign_in("ada@example.com", PASSWORD).await;
        let user = user_without_password(&test, "lin@example.com", Lang::En).await;
        let page = ada.post(&format!("/user/{user}/invitation"), &[]).await.expect(200).body;
        let client = visitor(&test, options()).await;
        assert!(client.get(&link(&page)).await.expect(200).body.contains("Welcome"));
    });
}

#[test]
fn a_letter_that_cannot_be_sent_leaves_the_link_with_the_administrator() {
    on_sqlite(shop::modules, async |test| {
        let server = MailServer::start();
        test.administrator().await;
        let mut wrong = options(&server);
        let url = server.url.replace("mail-password", "other");
        wrong.mail = Some(web::MailServer::new(&url, "crm@example.com").unwrap());
        let mut ada = visitor(&test, wrong).await;
        ada.sign_in("ada@example.com", PASSWORD).await;
        let user = user_without_password(&test, "lin@example.com", Lang::En).await;
        let page = ada.post(&format!("/user/{user}/invitation"), &[]).await.expect(200).body;
        assert!(page.contains("could not be sent"), "{page}");
        visitor(&test, options(&server)).await.get(&link(&page)).await.expect(200);
        assert_eq!(server.count(), 0);
    });
}
