//! The page of a record: facts, inline edit, related records, timeline, changes, deletion.

use super::{account, between, create, modules, unescaped};
use engine::Actor;
use meta::Value;
use testkit::on_both;

#[test]
fn a_value_is_edited_in_place() {
    on_both(modules, async |test| {
        let id = account(&test.engine, "Acme").await;
        let client = test.ordinary().await;
        let path = format!("/account/{id}/field/email");
        let input = client.fragment(&path).await.expect(200).body;
        assert!(input.contains("name=\"version\" value=\"1\"") && input.contains("type=\"email\""));
        let refused =
            client.htmx("PATCH", &path, &[("version", "1"), ("email", "nobody")]).await.expect(422).body;
        assert!(refused.contains("value=\"nobody\"") && refused.contains("is not an e-mail address"));
        let saved =
            client.htmx("PATCH", &path, &[("version", "1"), ("email", "x@y.com")]).await.expect(200).body;
        assert!(saved.contains("mailto:x@y.com"), "{saved}");
        let late = client.htmx("PATCH", &path, &[("version", "1"), ("email", "z@y.com")]).await.expect(409);
        assert!(late.json()["detail"].as_str().unwrap().contains("Somebody else has changed"));
        client.fragment(&format!("/account/{id}/field/importance")).await.expect(422);
    });
}

#[test]
fn a_customers_page_shows_what_belongs_to_him() {
    on_both(modules, async |test| {
        let id = account(&test.engine, "Acme").await;
        let other = account(&test.engine, "Other").await;
        for (number, account) in [("SO-1", id), ("SO-2", id), ("SO-3", other)] {
            create(&test.engine, "order", &[("number", number.into()), ("account", Value::Id(account))])
                .await;
        }
        let client = test.ordinary().await;
        let page = client.get(&format!("/account/{id}")).await.expect(200).body;
        assert!(
            page.contains("SO-1") && page.contains("SO-2") && !page.contains("SO-3"),
            "the timeline is his"
        );
        let orders = client.fragment(&format!("/account/{id}/related/order.account")).await.expect(200).body;
        assert!(orders.contains("SO-2") && !orders.contains("SO-3"));
        let create = format!("/order/new?account={id}&return_to=/account/{id}");
        assert!(unescaped(&orders).contains(&create), "{orders}");
        let all = unescaped(between(&orders, "related-foot", "</div>"));
        assert!(all.contains("/order?filter=account%20%3D%3D%20%22"), "{all}");
        client.fragment(&format!("/account/{id}/related/order.owner")).await.expect(404);
    });
}

#[test]
fn a_line_of_text_becomes_an_activity_and_an_open_task_is_next() {
    on_both(modules, async |test| {
        let id = account(&test.engine, "Acme").await;
        let client = test.ordinary().await;
        let path = format!("/account/{id}/timeline");
        let form = [("kind", "call"), ("subject", "Asked for <prices>\nand for samples.")];
        let timeline = client.htmx("POST", &path, &form).await.expect(200).body;
        assert!(timeline.contains("Asked for &lt;prices&gt;") && timeline.contains("and for samples."));
        assert!(timeline.contains("Olive Dinary"), "who it was");
        client.htmx("POST", &path, &[("kind", "task"), ("subject", "Send samples")]).await.expect(200);
        let page = client.get(&format!("/account/{id}")).await.expect(200).body;
        assert!(between(&page, "next-list", "</ul>").contains("Send samples"));
        assert!(!between(&page, "next-list", "</ul>").contains("prices"), "a call is done");
        client.htmx("POST", &path, &[("kind", "dance"), ("subject", "x")]).await.expect(422);
    });
}

#[test]
fn a_long_timeline_goes_on() {
    on_both(modules, async |test| {
        let id = account(&test.engine, "Acme").await;
        for day in 1..=20 {
            let at = Value::Instant(format!("2026-10-{day:02}T08:00:00Z").parse().unwrap());
            let subject = format!("Call {day:02}.");
            let values = [
                ("subject", subject.as_str().into()),
                ("account", Value::Id(id)),
                ("happened_at", at),
                ("kind", "call".into()),
            ];
            create(&test.engine, "activity", &values).await;
        }
        let client = test.ordinary().await;
        let first = client.fragment(&format!("/account/{id}/timeline")).await.expect(200).body;
        assert!(first.contains("Call 20.") && !first.contains("Call 05."));
        let next = unescaped(between(&first, "class=\"timeline-more\" hx-get=\"", "\""));
        let rest = client.fragment(&next).await.expect(200).body;
        assert!(rest.contains("Call 05.") && rest.contains("Call 01.") && !rest.contains("Call 06."));
    });
}

#[test]
fn changes_are_told_in_words() {
    on_both(modules, async |test| {
        let id =
            create(&test.engine, "account", &[("name", "Acme".into()), ("kind", "company".into())]).await;
        let boss = account(&test.engine, "Holding").await.to_string();
        let client = test.ordinary().await;
        let form =
            [("version", "1"), ("name", "Acme"), ("kind", "person"), ("parent_account", boss.as_str())];
        client.post(&format!("/account/{id}/edit"), &form).await.expect(303);
        let history = client.fragment(&format!("/account/{id}/history")).await.expect(200).body;
        assert!(history.contains("Olive Dinary"));
        assert!(history.contains("Company</span> → Person"), "{history}");
        assert!(history.contains("→ Holding"), "references are named");
        assert!(history.contains("Created"));
    });
}

#[test]
fn a_deleted_record_comes_back_with_its_lines() {
    on_both(modules, async |test| {
        let order = create(&test.engine, "order", &[("number", "SO-1".into())]).await;
        let price = Value::Decimal("2.5".parse().unwrap());
        let line = [("order", Value::Id(order)), ("description", "Apples".into()), ("unit_price", price)];
        create(&test.engine, "order_line", &line).await;
        let client = test.ordinary().await;
        client.post(&format!("/order/{order}/delete"), &[("version", "99")]).await.expect(409);
        let version = test.engine.get(&Actor::system(), "order", order).await.unwrap().version.to_string();
        let gone = client.post(&format!("/order/{order}/delete"), &[("version", &version)]).await.expect(303);
        assert_eq!(gone.header("location"), "/order");
        let list = client.get("/order").await.expect(200).body;
        let undo = unescaped(between(&list, "action=\"/undo", "\""));
        let page = client.get(&format!("/order/{order}")).await.expect(200).body;
        assert!(
            unescaped(&page).contains(&format!("/order/{order}/restore")),
            "its page offers to bring it back"
        );
        let back = client.post(&format!("/undo{undo}"), &[]).await.expect(303);
        assert_eq!(back.header("location"), format!("/order/{order}"));
        assert!(client.get(&format!("/order/{order}")).await.expect(200).body.contains("Apples"));
    });
}

#[test]
fn lines_seen_from_their_product_lead_to_their_order() {
    on_both(modules, async |test| {
        let price = Value::Decimal("0.0425".parse().unwrap());
        let product = [("name", "Screw".into()), ("price", price.clone())];
        let product = create(&test.engine, "product", &product).await;
        let order = create(&test.engine, "order", &[("number", "SO-77".into())]).await;
        let line = [("order", Value::Id(order)), ("product", Value::Id(product)), ("unit_price", price)];
        create(&test.engine, "order_line", &line).await;
        let client = test.ordinary().await;
        let tab =
            client.fragment(&format!("/product/{product}/related/order_line.product")).await.expect(200).body;
        assert!(tab.contains(&format!("href=\"/order/{order}\">SO-77")), "{tab}");
        assert!(tab.contains("¥0.0425"), "prices are shown in full");
    });
}

#[test]
fn an_administrator_can_give_a_user_a_password() {
    on_both(modules, async |test| {
        let admin = test.administrator().await;
        let user = test.user("Bob", "bob@example.com", engine::Role::User).await;
        let password = format!("/user/{user}/password");
        assert!(admin.get(&format!("/user/{user}")).await.expect(200).body.contains(&password));
        admin.get(&password).await.expect(200);
        let form = [("name", "Eve"), ("email", "eve@example.com"), ("role", "user"), ("active", "true")];
        let made = admin.post("/user/new", &form).await.expect(303);
        assert!(made.header("location").ends_with("/password"), "without one he could not sign in");
        admin.get(made.header("location")).await.expect(200);
        let page = test.ordinary().await.get(&format!("/user/{user}")).await.body;
        assert!(!page.contains(&password));
    });
}

#[test]
fn what_does_not_exist_is_not_found() {
    on_both(modules, async |test| {
        let client = test.ordinary().await;
        let missing = meta::Id::nil();
        for path in ["/nonsense", "/order_line", "/account/new2", "/nonsense/new"] {
            client.get(path).await.expect(404);
        }
        for part in ["", "/edit", "/history", "/timeline", "/field/name", "/related/order.account"] {
            client.get(&format!("/account/{missing}{part}")).await.expect(404);
        }
    });
}
