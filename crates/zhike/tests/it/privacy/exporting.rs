//! Everything about a person in one document.

use super::{modules, system};
use crate::pages::create;
use engine::Query;
use meta::Value;
use serde_json::json;
use testkit::on_both;

#[test]
fn one_document_tells_everything_and_the_request_is_recorded() {
    on_both(modules, async |test| {
        let program = test.api().await;
        let person = json!({ "name": "Ann", "kind": "person", "phone": "+8613800138000", "external_ids": { "shop": ["A1"] } });
        let id = program.json("POST", "/api/v1/account", &person).await.expect(201).json()["id"]
            .as_str()
            .unwrap()
            .to_owned();
        program
            .json(
                "PATCH",
                &format!("/api/v1/account/{id}"),
                &json!({ "city": "Leeds", "phone": "+8613800138001" }),
            )
            .await
            .expect(200);
        let account: meta::Id = id.parse().unwrap();
        let of = ("account", Value::Id(account));
        let order =
            create(&test.engine, "order", &[of.clone(), ("description", "leave at the door".into())]).await;
        create(
            &test.engine,
            "order_line",
            &[("order", order.into()), ("description", "apples".into()), ("unit_price", Value::Int(7))],
        )
        .await;
        create(&test.engine, "consent", &[of.clone(), ("channel", "email".into())]).await;
        create(&test.engine, "activity", &[of, ("subject", "called".into())]).await;

        let told = program
            .json("POST", &format!("/api/v1/account/{id}/person-data"), &json!({ "reason": "by phone" }))
            .await
            .expect(200)
            .json();
        let records = &told["records"];
        assert_eq!(records["account"][0]["name"], "Ann");
        assert_eq!(records["account"][0]["external_ids"], json!([{ "source": "shop", "number": "A1" }]));
        let history = records["account"][0]["history"].as_array().unwrap();
        assert_eq!(history.last().unwrap()["changes"]["phone"], json!(["+8613800138000", "+8613800138001"]));
        assert_eq!(records["order_line"][0]["description"], "apples");
        assert_eq!(records["order"][0]["account"]["title"], "Ann");
        assert_eq!(
            (&records["consent"][0]["state"], &records["activity"][0]["subject"]),
            (&json!("given"), &json!("called"))
        );
        let figure = &told["meaning"]["account"]["fields"]["net_sales"];
        assert!(figure["computed"] == json!(true) && figure["label"]["zh"].is_string(), "{figure}");
        let request = &test.engine.list(&system(), &Query::new("privacy_request")).await.unwrap().records[0];
        assert_eq!(
            (request.text("kind"), request.text("reason"), request.text("record")),
            ("export", "by phone", id.as_str())
        );

        // As a file from the page, and shown in the register.
        let client = test.administrator().await;
        let page = client.get(&format!("/account/{id}/privacy")).await.expect(200).body;
        assert!(page.contains("Download everything") && !page.contains("leave at the door"), "{page}");
        let file =
            client.post(&format!("/account/{id}/privacy/export"), &[("reason", "again")]).await.expect(200);
        assert!(file.header("content-disposition").contains(&id));
        let register = client.get("/privacy").await.expect(200).body;
        assert!(register.contains("by phone") && register.contains("again"), "{register}");
    });
}

#[test]
fn a_person_is_erased_on_his_page_once_it_is_known_that_there_is_no_way_back() {
    on_both(modules, async |test| {
        let person = create(
            &test.engine,
            "account",
            &[("name", "Ann".into()), ("kind", "person".into()), ("city", "Leeds".into())],
        )
        .await;
        let company = create(&test.engine, "account", &[("name", "Acme".into())]).await;
        let client = test.administrator().await;
        let record = client.get(&format!("/account/{person}")).await.expect(200).body;
        assert!(
            record.contains(&format!("/account/{person}/privacy").replace('/', "&#x2f;"))
                || record.contains(&format!("/account/{person}/privacy"))
        );
        let erase = format!("/account/{person}/privacy/erase");
        let unsure = client.post(&erase, &[("reason", "mail")]).await.expect(422).body;
        assert!(unsure.contains("cannot be undone") && unsure.contains("value=\"mail\""));
        client.post(&erase, &[("reason", "mail"), ("sure", "true")]).await.expect(303);
        let page = client.get(&format!("/account/{person}")).await.expect(200).body;
        assert!(page.contains("Erased") && !page.contains("Ann") && page.contains("Leeds"));
        let other = client.get(&format!("/account/{company}/privacy")).await.expect(200).body;
        assert!(other.contains("no person") && !other.contains("Erase for good"), "{other}");
        let clerk = test.ordinary().await;
        clerk.get(&format!("/account/{person}/privacy")).await.expect(403);
        clerk.get("/privacy").await.expect(403);
        clerk.post(&erase, &[("sure", "true")]).await.expect(403);
    });
}
