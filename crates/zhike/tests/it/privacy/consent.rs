//! Who may be reached by what: written down on the page, through the API and from a file, and obeyed.

use super::{modules, system};
use crate::pages::create;
use customers::consent::may_contact;
use engine::consent::Reason;
use engine::{Engine, Query};
use import::Kind as ImportKind;
use meta::{Id, Value};
use serde_json::json;
use testkit::on_both;

async fn asked(engine: &Engine, entity: &str, id: Id, channel: &str, purpose: &str) -> Reason {
    let person = engine.get(&system(), entity, id).await.unwrap();
    let verdict = may_contact(engine, &person, channel, purpose).await.unwrap();
    assert_eq!(verdict.allowed, matches!(verdict.reason, Reason::Given | Reason::NotNeeded));
    verdict.reason
}

#[test]
fn a_customer_takes_no_e_mail_but_a_phone_call() {
    on_both(modules, async |test| {
        let account =
            create(&test.engine, "account", &[("name", "Ann".into()), ("kind", "person".into())]).await;
        let page = format!("/account/{account}");
        let client = test.ordinary().await;
        let panel = client.get(&page).await.expect(200).body;
        assert!(panel.contains("consent-panel") && panel.contains("Not asked"), "{panel}");
        let given = [
            ("state", "given"),
            ("channel", "phone"),
            ("purpose", "marketing"),
            ("source", "fair"),
            ("expires_at", "2027-12-31"),
        ];
        client.post(&format!("{page}/consent"), &given).await.expect(303);
        let refused =
            [("state", "refused"), ("channel", "email"), ("purpose", "any"), ("proof", "Never by mail!")];
        client.post(&format!("{page}/consent"), &refused).await.expect(303);
        let decided = Query::new("consent").filter("state == 'refused'");
        let decided = test.engine.list(&system(), &decided).await.unwrap();
        let decision = &decided.records[0];
        assert_eq!(decision.text("proof"), "Never by mail!");
        assert!(
            client
                .get(&format!("/consent/{}", decision.id))
                .await
                .expect(200)
                .body
                .contains("Never by mail!")
        );
        let panel = client.get(&page).await.expect(200).body;
        assert!(
            panel.contains("Refused") && panel.contains("Given") && panel.contains("holds until"),
            "{panel}"
        );
        let engine = &test.engine;
        assert_eq!(asked(engine, "account", account, "phone", "marketing").await, Reason::Given);
        assert_eq!(asked(engine, "account", account, "email", "service").await, Reason::Refused);
        assert_eq!(asked(engine, "account", account, "sms", "service").await, Reason::NotNeeded);

        // What is refused leaves nothing behind and is told.
        client
            .post(&format!("{page}/consent"), &[("state", "given"), ("channel", "pigeon")])
            .await
            .expect(303);
        assert!(client.get(&page).await.body.contains("pigeon"));

        let program = test.api().await;
        let place = format!("/api/v1/account/{account}/may-contact");
        let answer =
            program.get(&format!("{place}?channel=email&purpose=marketing")).await.expect(200).json();
        assert_eq!(
            (&answer["data"][0]["allowed"], &answer["data"][0]["reason"]),
            (&json!(false), &json!("refused"))
        );
        assert_eq!(program.get(&place).await.expect(200).json()["data"].as_array().unwrap().len(), 24);
        program.get(&format!("{place}?channel=pigeon")).await.expect(422);

        // Withdrawn at once, and kept as history.
        let end = json!({ "account": account, "channel": "any", "purpose": "any", "state": "withdrawn" });
        test.clock.set(test.clock.now() + std::time::Duration::from_secs(60));
        program.json("POST", "/api/v1/consent", &end).await.expect(201);
        assert_eq!(asked(engine, "account", account, "phone", "marketing").await, Reason::Withdrawn);
        assert_eq!(engine.list(&system(), &Query::new("consent")).await.unwrap().records.len(), 3);
    });
}

#[test]
fn a_contact_decides_for_himself_and_else_his_customer_does() {
    on_both(modules, async |test| {
        let account = create(&test.engine, "account", &[("name", "Acme".into())]).await;
        let of = ("account", Value::Id(account));
        let contact = create(&test.engine, "contact", &[("name", "Bo".into()), of.clone()]).await;
        create(
            &test.engine,
            "consent",
            &[of.clone(), ("channel", "email".into()), ("state", "refused".into())],
        )
        .await;
        assert_eq!(asked(&test.engine, "contact", contact, "email", "marketing").await, Reason::Refused);
        let page = test.administrator().await;
        test.clock.set(test.clock.now() + std::time::Duration::from_secs(60));
        let given = [("state", "given"), ("channel", "email"), ("purpose", "marketing")];
        page.post(&format!("/contact/{contact}/consent"), &given).await.expect(303);
        assert_eq!(asked(&test.engine, "contact", contact, "email", "marketing").await, Reason::Given);
        assert_eq!(asked(&test.engine, "account", account, "email", "marketing").await, Reason::Refused);
        let query = Query::new("consent").filter(format!("contact == '{contact}'"));
        let own = &test.engine.list(&system(), &query).await.unwrap().records[0];
        assert_eq!(own.reference("account"), Some(account), "who sees the customer sees the decision");
        test.engine.erase(&system(), "contact", contact, "").await.unwrap();
        assert_eq!(asked(&test.engine, "contact", contact, "email", "service").await, Reason::Gone);
    });
}

#[test]
fn decisions_come_from_a_file() {
    on_both(modules, async |test| {
        create(&test.engine, "account", &[("name", "王芳".into()), ("kind", "person".into())]).await;
        let rows = "许可编号,客户名称,渠道,用途,许可,许可时间,许可来源\nC1,王芳,短信,营销,退订,2026-03-01 10:00,网页\nC2,王芳,phone,marketing,yes,2026-03-01 10:00,call\n";
        let path = test.engine.data_dir().join("consents.csv");
        std::fs::write(&path, rows).unwrap();
        let options = import::Options { source: "old".into(), ..import::Options::default() };
        for _ in 0..2 {
            let done = import::import_file(
                &test.engine,
                &system(),
                ImportKind::Consents,
                &path,
                "consents.csv",
                &options,
                &import::Control::none(),
            )
            .await
            .unwrap();
            assert_eq!((done.progress.rows, done.progress.errors), (2, 0), "{:?}", done.progress);
        }
        let found = test.engine.list(&system(), &Query::new("consent")).await.unwrap().records;
        assert_eq!(found.len(), 2, "the same file again changes nothing");
        let account = found[0].reference("account").unwrap();
        assert_eq!(asked(&test.engine, "account", account, "sms", "marketing").await, Reason::Withdrawn);
        assert_eq!(asked(&test.engine, "account", account, "phone", "marketing").await, Reason::Given);
    });
}
