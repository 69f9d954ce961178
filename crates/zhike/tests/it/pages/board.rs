//! Boards: columns and cards, paging by key, putting a card into another column, what is refused.

use super::{account, between, create, modules, toast, unescaped};
use chrono::TimeDelta;
use engine::{Actor, Engine};
use meta::{DateTime, Id, Utc, Value, Values};
use testkit::on_both;

fn at(minute: i64) -> DateTime<Utc> {
    testkit::start() - TimeDelta::minutes(minute)
}

/// An order placed so many minutes ago.
async fn order(engine: &Engine, number: &str, status: &str, minutes: i64) -> Id {
    let values = [("number", number.into()), ("status", status.into()), ("ordered_at", at(minutes).into())];
    create(engine, "order", &values).await
}

fn numbers(page: &str) -> Vec<String> {
    let cards = page.split("class=\"row-title\"").skip(1);
    cards.map(|card| between(card, ">", "</a>").to_owned()).collect()
}

/// The numbers in one column.
fn column(page: &str, value: &str) -> Vec<String> {
    numbers(between(page, &format!("data-column=\"{value}\""), "</section>"))
}

async fn status(engine: &Engine, id: Id) -> (String, i64) {
    let record = engine.get(&Actor::system(), "order", id).await.unwrap();
    (record.text("status").to_owned(), record.version)
}

#[test]
fn a_board_has_a_column_for_each_state_in_the_lists_order() {
    on_both(modules, async |test| {
        let buyer = account(&test.engine, "Buyer & Sons").await;
        order(&test.engine, "SO-1", "confirmed", 30).await;
        order(&test.engine, "SO-2", "confirmed", 10).await;
        order(&test.engine, "SO-3", "shipped", 20).await;
        let own = [("number", "SO-4".into()), ("account", Value::Id(buyer))];
        create(&test.engine, "order", &own).await;
        let client = test.ordinary().await;
        let page = client.get("/order/board").await.expect(200).body;
        assert_eq!(column(&page, "confirmed"), ["SO-4", "SO-2", "SO-1"], "newest first");
        assert_eq!(column(&page, "shipped"), ["SO-3"]);
        assert!(column(&page, "draft").is_empty());
        assert!(page.contains("Buyer &amp; Sons") && page.contains("data-count=\"3\">3<"), "{page}");
        assert!(page.contains("id=\"count\">4<"));
        assert!(client.get("/order").await.body.contains("href=\"/order/board\""), "the list leads there");
        assert!(!client.get("/account").await.body.contains("/account/board"));
        client.get("/account/board").await.expect(404);
        client.set_cookie("zhike_lang", "zh-CN");
        assert!(client.get("/order/board").await.expect(200).body.contains("已确认"));
    });
}

#[test]
fn further_cards_of_a_column_come_by_key_without_gaps() {
    on_both(modules, async |test| {
        let orders: Vec<Values> = (0..45)
            .map(|n| {
                let number = format!("SO-{n:02}");
                Values::from([("number", number.as_str().into()), ("ordered_at", at(n).into())])
            })
            .collect();
        let system = Actor::system();
        let write = test
            .engine
            .write(&system, move |tx| Box::pin(async move { tx.create_many("order", orders).await }));
        write.await.unwrap();
        order(&test.engine, "SO-X", "shipped", 5).await;
        let client = test.ordinary().await;
        let mut page = client.get("/order/board").await.expect(200).body;
        let mut seen = column(&page, "confirmed");
        assert_eq!(seen.len(), 20);
        assert!(page.contains("data-count=\"45\""), "the count is of all");
        while let Some((_, rest)) = page.split_once("hx-get=\"/order/board") {
            let next = format!("/order/board{}", unescaped(rest.split('"').next().unwrap()));
            page = client.fragment(&next).await.expect(200).body;
            assert!(!page.contains("<html"), "only cards come");
            seen.extend(numbers(&page));
        }
        let expected: Vec<String> = (0..45).map(|n| format!("SO-{n:02}")).collect();
        assert_eq!(seen, expected);
        client.fragment("/order/board?column=nowhere&after=x").await.expect(422);
    });
}

#[test]
fn a_board_keeps_what_the_list_was_asked_for() {
    on_both(modules, async |test| {
        order(&test.engine, "SO-1", "confirmed", 1).await;
        order(&test.engine, "SO-2", "confirmed", 2).await;
        let client = test.ordinary().await;
        let filter = format!("filter={}", web::encode("number == 'SO-2' || number == 'SO-9'"));
        let page = client.get(&format!("/order/board?{filter}")).await.expect(200).body;
        assert_eq!(numbers(&page), ["SO-2"], "the filter holds inside every column");
        assert!(
            unescaped(&page).contains("href=\"/order?filter=number%20%3D%3D"),
            "and goes along to the list"
        );
        assert_eq!(numbers(&client.get("/order/board?q=SO-1").await.expect(200).body), ["SO-1"]);
        let page = client.get("/order/board?filter=colour%20%3D%3D%201").await.expect(200).body;
        assert!(between(&page, "class=\"field-error\" role=\"alert\">", "</div>").contains("colour"));
        let form = [("entity", "order"), ("label", "Two"), ("query", filter.as_str()), ("board", "true")];
        let saved = client.post("/views", &form).await.expect(303);
        assert!(saved.header("location").starts_with("/order/board?"), "a view made here is shown here");
        assert_eq!(numbers(&client.get(saved.header("location")).await.body), ["SO-2"]);
    });
}

#[test]
fn a_card_put_into_another_column_can_be_taken_back() {
    on_both(modules, async |test| {
        let id = order(&test.engine, "SO-1", "confirmed", 1).await;
        let client = test.ordinary().await;
        let (_, version) = status(&test.engine, id).await;
        let version = version.to_string();
        let form = [("column", "shipped"), ("version", version.as_str())];
        let answer = client.htmx("POST", &format!("/order/{id}/column"), &form).await.expect(200);
        assert_eq!(numbers(&answer.body), ["SO-1"], "the card comes back");
        let (now, newer) = status(&test.engine, id).await;
        assert_eq!(now, "shipped");
        assert!(answer.body.contains(&format!("data-version=\"{newer}\"")), "at its new version");
        let undo = toast(&answer)["toast"]["undo_href"].as_str().unwrap().to_owned();
        client.htmx("POST", &undo, &[]).await.expect(204);
        assert_eq!(status(&test.engine, id).await.0, "confirmed");
    });
}

#[test]
fn a_refused_move_says_why_and_changes_nothing() {
    on_both(modules, async |test| {
        let id = order(&test.engine, "SO-1", "completed", 1).await;
        let client = test.ordinary().await;
        let path = format!("/order/{id}/column");
        let put = async |column: &str, version: i64| {
            let version = version.to_string();
            client.htmx("POST", &path, &[("column", column), ("version", version.as_str())]).await
        };
        let (_, version) = status(&test.engine, id).await;
        let refused = put("cancelled", version).await.expect(422);
        assert!(refused.json()["detail"].as_str().unwrap().contains("enter a return"), "{}", refused.body);
        put("shipped", version - 1).await.expect(409);
        put("lost", version).await.expect(422);
        assert_eq!(status(&test.engine, id).await, ("completed".to_owned(), version));
    });
}
