//! Forms: create, edit, lines, what is refused, conflicts.

use super::{account, between, create, modules};
use engine::{Actor, Query};
use meta::{Id, Record, Value};
use testkit::{TestApp, on_both};

async fn lines(test: &TestApp, order: Id) -> Vec<Record> {
    let query = Query::new("order_line").belongs_to("order", order).sort("id");
    let mut lines = test.engine.list(&Actor::system(), &query).await.unwrap().records;
    lines.sort_by_key(|line| line.get("position").as_int());
    lines
}

fn id_of(answer: &testkit::Answer) -> Id {
    answer.header("location").rsplit('/').next().unwrap().parse().unwrap()
}

fn decimal(text: &str) -> Value {
    Value::Decimal(text.parse().unwrap())
}

#[test]
fn a_record_is_created_and_a_refused_form_keeps_every_input() {
    on_both(modules, async |test| {
        let client = test.ordinary().await;
        let form = [
            ("name", " "),
            ("kind", "company"),
            ("email", "not an address"),
            ("city", "<b>Leeds</b>"),
            ("annual_revenue", "¥1,234,567.5"),
        ];
        let refused = client.post("/account/new", &form).await.expect(422).body;
        assert!(between(&refused, "id=\"f-email-error\">", "<").contains("is not an e-mail address"));
        assert!(between(&refused, "id=\"f-name-error\">", "<").contains("required"), "all problems at once");
        assert!(refused.contains("value=\"not an address\"") && refused.contains("&lt;b&gt;Leeds"));
        let form =
            [("name", "Acme"), ("kind", "company"), ("annual_revenue", "¥1,234,567.5"), ("email", "A@B.COM")];
        let answer = client.post("/account/new", &form).await.expect(303);
        let record = test.engine.get(&Actor::system(), "account", id_of(&answer)).await.unwrap();
        assert_eq!(record.get("annual_revenue"), &decimal("1234567.5"));
        assert_eq!(record.text("email"), "a@b.com");
        assert!(record.reference("owner").is_some(), "the creator owns it");
    });
}

#[test]
fn problems_are_told_in_the_users_language() {
    on_both(modules, async |test| {
        let role = engine::Role::User;
        web::auth::create_user(
            &test.engine,
            "林悦",
            "lin@example.com",
            testkit::PASSWORD,
            role,
            meta::Lang::Zh,
        )
        .await
        .unwrap();
        let mut client = test.visitor();
        client.sign_in("lin@example.com", testkit::PASSWORD).await;
        let page = client.post("/account/new", &[("name", "")]).await.expect(422).body;
        assert!(between(&page, "id=\"f-name-error\">", "<").contains("必填"));
        assert!(page.contains("尚未保存"));
    });
}

#[test]
fn a_form_starts_with_what_its_address_gives_and_returns_there() {
    on_both(modules, async |test| {
        let id = account(&test.engine, "Acme").await;
        let client = test.ordinary().await;
        let page =
            client.get(&format!("/contact/new?account={id}&return_to=/account/{id}")).await.expect(200).body;
        assert!(
            page.contains(&format!("<option value=\"{id}\" selected>Acme</option>")),
            "the reference is chosen"
        );
        let (account, back) = (id.to_string(), format!("/account/{id}"));
        let form = [("name", "Ann"), ("account", account.as_str()), ("return_to", back.as_str())];
        let answer = client.post("/contact/new", &form).await.expect(303);
        assert_eq!(answer.header("location"), back);
        let form = [("name", "Bob"), ("account", account.as_str()), ("return_to", "//evil.example")];
        let answer = client.post("/contact/new", &form).await.expect(303);
        assert!(answer.header("location").starts_with("/contact/"), "only our own pages are returned to");
    });
}

#[test]
fn a_new_order_is_in_its_customers_currency() {
    on_both(modules, async |test| {
        let values = [("name", "Hafen".into()), ("currency", "EUR".into())];
        let id = create(&test.engine, "account", &values).await;
        let client = test.ordinary().await;
        let page = client.get(&format!("/order/new?account={id}")).await.expect(200).body;
        assert!(page.contains("<option value=\"EUR\" selected>"), "{page}");
    });
}

#[test]
fn an_order_is_saved_with_its_lines_in_one_go() {
    on_both(modules, async |test| {
        let client = test.ordinary().await;
        let form = [
            ("ordered_at", "2026-11-20T08:30"),
            ("status", "confirmed"),
            ("currency", "CNY"),
            ("lines[0].description", "Apples"),
            ("lines[0].quantity", "10"),
            ("lines[0].unit_price", "2.50"),
            ("lines[3].description", "Pears"),
            ("lines[3].quantity", "4"),
            ("lines[3].unit_price", "3"),
            ("lines[3].discount", "2"),
            // A row added but left as it was.
            ("lines[4].description", ""),
            ("lines[4].quantity", "1"),
        ];
        let order = id_of(&client.post("/order/new", &form).await.expect(303));
        let record = test.engine.get(&Actor::system(), "order", order).await.unwrap();
        assert_eq!(record.get("ordered_at").to_json(), "2026-11-20T00:30:00Z", "typed in China's time");
        let saved = lines(&test, order).await;
        assert_eq!(
            saved.iter().map(|line| line.text("description")).collect::<Vec<_>>(),
            ["Apples", "Pears"]
        );
        let edit = client.get(&format!("/order/{order}/edit")).await.expect(200).body;
        assert!(edit.contains(&format!("name=\"lines[1].id\" value=\"{}\"", saved[1].id)));
        // The first line goes, the second changes, a third comes.
        let (kept, version) = (saved[1].id.to_string(), record.version.to_string());
        let form = [
            ("version", version.as_str()),
            ("ordered_at", "2026-11-20T08:30"),
            ("status", "shipped"),
            ("lines[0].id", kept.as_str()),
            ("lines[0].description", "Pears"),
            ("lines[0].quantity", "5"),
            ("lines[0].unit_price", "3.00"),
            ("lines[0].discount", "2.00"),
            ("lines[1].description", "Plums"),
            ("lines[1].quantity", "1"),
            ("lines[1].unit_price", "9"),
        ];
        client.post(&format!("/order/{order}/edit"), &form).await.expect(303);
        let saved = lines(&test, order).await;
        assert_eq!(saved.iter().map(|line| line.text("description")).collect::<Vec<_>>(), ["Pears", "Plums"]);
        assert_eq!((saved[0].id.to_string(), saved[0].get("quantity")), (kept, &decimal("5")));
        let page = client.get(&format!("/order/{order}")).await.expect(200).body;
        assert!(page.contains("Plums"), "the order's page shows its lines");
    });
}

#[test]
fn a_line_that_is_refused_saves_nothing() {
    on_both(modules, async |test| {
        let client = test.ordinary().await;
        let form = [
            ("ordered_at", "2026-11-20T08:30"),
            ("status", "confirmed"),
            ("description", "Deliver <early>"),
            ("lines[0].description", "Apples"),
            ("lines[0].quantity", "ten"),
            ("lines[1].description", "Pears"),
            ("lines[1].quantity", "2"),
        ];
        let page = client.post("/order/new", &form).await.expect(422).body;
        assert!(page.contains("“ten” is not a number"), "{page}");
        assert!(
            page.contains("value=\"ten\"")
                && page.contains("value=\"Pears\"")
                && page.contains("&lt;early&gt;")
        );
        let count = test.engine.count(&Actor::system(), &Query::new("order"), 10).await.unwrap();
        assert_eq!(count.number, 0);
        // A reference to a product that is not there is found by the engine, after the order was made.
        let missing = Id::nil().to_string();
        let form = [
            ("ordered_at", "2026-11-20T08:30"),
            ("status", "confirmed"),
            ("lines[2].quantity", "1"),
            ("lines[2].product", missing.as_str()),
        ];
        let page = client.post("/order/new", &form).await.expect(422).body;
        assert!(
            page.contains("there is no such product") || page.contains("There is no such product"),
            "{page}"
        );
        let count = test.engine.count(&Actor::system(), &Query::new("order"), 10).await.unwrap();
        assert_eq!(count.number, 0, "order and lines are one transaction");
    });
}

#[test]
fn who_saves_over_anothers_change_is_told_and_keeps_his_input() {
    on_both(modules, async |test| {
        let values = [("name", "Acme".into()), ("city", "Leeds".into()), ("country", "UK".into())];
        let id = create(&test.engine, "account", &values).await;
        let other = test.administrator().await;
        let client = test.ordinary().await;
        let path = format!("/account/{id}/edit");
        other.post(&path, &[("version", "1"), ("name", "Acme"), ("city", "York")]).await.expect(303);
        let form = [("version", "1"), ("name", "Acme Ltd"), ("city", "Leeds")];
        let page = client.post(&path, &form).await.expect(409).body;
        assert!(page.contains("Ada Min changed this record"), "{page}");
        assert!(page.contains("value=\"Acme Ltd\"") && page.contains("Is now “York”"), "{page}");
        assert!(page.contains("name=\"version\" value=\"2\""), "saving again is his decision");
        client.post(&path, &[("version", "2"), ("name", "Acme Ltd"), ("city", "York")]).await.expect(303);
        let record = test.engine.get(&Actor::system(), "account", id).await.unwrap();
        assert_eq!((record.text("name"), record.text("country")), ("Acme Ltd", "UK"));
    });
}

#[test]
fn forms_of_administrators_are_closed_to_others() {
    on_both(modules, async |test| {
        let client = test.ordinary().await;
        client.get("/user/new").await.expect(403);
        client.post("/user/new", &[("name", "Eve"), ("email", "eve@example.com")]).await.expect(403);
        let team = create(&test.engine, "team", &[("name", "North".into())]).await;
        client.get(&format!("/team/{team}/edit")).await.expect(403);
        client.fragment(&format!("/team/{team}/field/name")).await.expect(403);
        client.htmx("POST", "/team/bulk/delete", &[("ids", &team.to_string())]).await.expect(403);
        test.administrator().await.get("/user/new").await.expect(200);
        test.visitor().get("/account/new").await.expect(303);
    });
}

#[test]
fn an_order_with_too_many_lines_for_a_form_keeps_them() {
    on_both(modules, async |test| {
        let order = create(&test.engine, "order", &[("number", "SO-1".into())]).await;
        let line = || {
            meta::Values::from([
                ("order".to_owned(), Value::Id(order)),
                ("description".to_owned(), "Apples".into()),
                ("unit_price".to_owned(), decimal("1")),
            ])
        };
        let many: Vec<meta::Values> = (0..501).map(|_| line()).collect();
        test.engine
            .write(&Actor::system(), move |tx| {
                Box::pin(async move { tx.create_many("order_line", many).await })
            })
            .await
            .unwrap();
        let client = test.ordinary().await;
        let path = format!("/order/{order}/edit");
        let page = client.get(&path).await.expect(200).body;
        assert!(page.contains("The lines stay as they are") && !page.contains("data-line-body"));
        client.post(&path, &[("status", "shipped"), ("ordered_at", "2026-11-20T08:30")]).await.expect(303);
        assert_eq!(
            test.engine.get(&Actor::system(), "order", order).await.unwrap().text("status"),
            "shipped"
        );
        let query = Query::new("order_line").belongs_to("order", order);
        assert_eq!(test.engine.count(&Actor::system(), &query, 1_000).await.unwrap().number, 501);
    });
}
