//! Live pages.

use crate::shop;
use engine::Actor;
use meta::{Decimal, Id, Values};
use serde_json::json;
use std::time::Duration;
use testkit::{on_both, on_sqlite};

const PATIENCE: Duration = Duration::from_secs(5);
const MOMENT: Duration = Duration::from_millis(1_500);

#[test]
fn an_open_page_learns_of_changes_figures_and_new_sales() {
    on_both(shop::modules, async |test| {
        let browser = test.administrator().await;
        let program = test.api().await;
        let make = async |name: &str| {
            program.json("POST", "/api/v1/customer", &json!({"name": name})).await.expect(201).json()["id"]
                .clone()
        };
        let (ours, other) = (make("Ours").await, make("Other").await);
        let path = |id: &serde_json::Value| format!("/api/v1/customer/{}", id.as_str().unwrap());
        let mut events =
            browser.events(&format!("/events/customer/{}", ours.as_str().unwrap())).await.unwrap();
        program.json("PATCH", &path(&other), &json!({"city": "青岛"})).await.expect(200);
        program.json("POST", "/api/v1/sale", &json!({"customer": other})).await.expect(201);
        assert_eq!(events.next(MOMENT).await, None, "what happens elsewhere is no news");
        program.json("PATCH", &path(&ours), &json!({"city": "青岛"})).await.expect(200);
        assert_eq!(events.next(PATIENCE).await.as_deref(), Some("changed"));
        program.json("POST", "/api/v1/sale", &json!({"customer": ours})).await.expect(201);
        assert_eq!(events.next(PATIENCE).await.as_deref(), Some("related"));
        let id: Id = ours.as_str().unwrap().parse().unwrap();
        let figures = [(id, Values::from([("worth".to_owned(), Decimal::TEN.into())]))];
        test.engine
            .write(&Actor::system(), move |tx| {
                Box::pin(async move { tx.set_figures("customer", &figures).await })
            })
            .await
            .unwrap();
        assert_eq!(events.next(PATIENCE).await.as_deref(), Some("changed"));
        let both = json!({"operations": [{"op": "update", "id": ours, "values": {"city": "烟台"}},
            {"op": "create", "values": {"name": "Branch", "parent": ours}}]});
        program.json("POST", "/api/v1/customer/batch", &both).await.expect(200);
        let mut told = [events.next(PATIENCE).await, events.next(PATIENCE).await];
        told.sort();
        assert_eq!(told, [Some("changed".to_owned()), Some("related".to_owned())], "neither hides the other");
        test.clock.set(testkit::start() + chrono::TimeDelta::minutes(1));
        let sales = |customer: &serde_json::Value| {
            let one = json!({"op": "create", "values": {"customer": customer}});
            json!({"operations": vec![one; 300]})
        };
        program.json("POST", "/api/v1/sale/batch", &sales(&other)).await.expect(200);
        assert_eq!(events.next(MOMENT).await, None, "an import for others is no news");
        program.json("POST", "/api/v1/sale/batch", &sales(&ours)).await.expect(200);
        assert_eq!(events.next(PATIENCE).await.as_deref(), Some("related"));
        program.json("DELETE", &path(&ours), &serde_json::Value::Null).await.expect(204);
        assert_eq!(events.next(PATIENCE).await, None, "the stream ends");
    });
}

/// Waits until `check` holds; what goes on in other tasks has no moment of its own.
async fn eventually(what: &str, check: impl Fn() -> bool) {
    for _ in 0..200 {
        if check() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{what}");
}

async fn customer(client: &testkit::Client) -> String {
    let token = [("x-csrf-token", client.csrf.as_str())];
    let made = client.json_with("POST", "/api/v1/customer", &token, &json!({"name": "A"})).await.expect(201);
    made.json()["id"].as_str().unwrap().to_owned()
}

#[test]
fn hundreds_of_streams_leave_nothing_behind() {
    on_sqlite(shop::modules, async |test| {
        let first = test.administrator().await;
        let path = format!("/events/customer/{}", customer(&first).await);
        let mut browsers = vec![first];
        for _ in 0..9 {
            let mut browser = test.visitor();
            browser.sign_in("ada@example.com", testkit::PASSWORD).await;
            browsers.push(browser);
        }
        let live = test.app.live();
        for _ in 0..10 {
            let mut open = vec![];
            for browser in &browsers {
                for path in [path.as_str(), path.as_str(), "/events/customer", "/events/sale"] {
                    open.push(browser.events(path).await.unwrap());
                }
            }
            assert_eq!((live.open(), live.readers()), (40, 1), "one reader serves them all");
        }
        assert_eq!(live.open(), 0);
        eventually("the reader of the log ends", || live.readers() == 0).await;
    });
}

#[test]
fn connections_cut_off_give_their_places_back() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    on_sqlite(shop::modules, async |test| {
        let browser = test.administrator().await;
        let path = format!("/events/customer/{}", customer(&browser).await);
        let cookie = browser.cookie("zhike_session").unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(axum::serve(listener, web::router(test.app.clone())).into_future());
        let live = test.app.live();
        for _ in 0..50 {
            let mut sockets = vec![];
            for _ in 0..4 {
                let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
                let head = format!(
                    "GET {path} HTTP/1.1\r\nhost: zhike.test\r\ncookie: zhike_session={cookie}\r\n\r\n"
                );
                socket.write_all(head.as_bytes()).await.unwrap();
                let mut answer = [0; 12];
                socket.read_exact(&mut answer).await.unwrap();
                assert_eq!(&answer, b"HTTP/1.1 200");
                sockets.push(socket);
            }
            assert_eq!(live.open(), 4);
            drop(sockets);
            eventually("cut-off streams end", || live.open() == 0).await;
        }
        eventually("the reader of the log ends", || live.readers() == 0).await;
        server.abort();
    });
}

#[test]
fn streams_end_with_their_session_and_with_the_program() {
    on_sqlite(shop::modules, async |test| {
        let leaving = test.administrator().await;
        let path = format!("/events/customer/{}", customer(&leaving).await);
        let mut staying = test.visitor();
        staying.sign_in("ada@example.com", testkit::PASSWORD).await;
        let live = test.app.live();
        let mut ends = leaving.events(&path).await.unwrap();
        let mut stays = staying.events(&path).await.unwrap();
        leaving.post("/sign-out", &[]).await.expect(303);
        assert!(ends.ended(PATIENCE).await, "signing out ends the stream");
        assert_eq!(live.open(), 1, "the other session's stream stays");
        let mut third = test.visitor();
        third.sign_in("ada@example.com", testkit::PASSWORD).await;
        let mut other = third.events(&path).await.unwrap();
        let password = [("current", testkit::PASSWORD), ("password", "another long password")];
        third.post("/profile/password", &password).await.expect(303);
        assert!(stays.ended(PATIENCE).await, "a new password ends the other sessions' streams");
        assert_eq!(live.open(), 1, "but not the own");
        live.end();
        assert!(other.ended(PATIENCE).await, "the program's end ends every stream");
        assert_eq!(third.events(&path).await.err(), Some(204), "and no new one begins");
        drop((ends, stays, other));
        eventually("the reader of the log ends", || live.readers() == 0).await;
        assert_eq!(live.open(), 0);
    });
}

#[test]
fn a_board_learns_of_what_others_write() {
    on_both(shop::modules, async |test| {
        let browser = test.administrator().await;
        let program = test.api().await;
        let mut events = browser.events("/events/customer").await.unwrap();
        customer(&browser).await;
        assert_eq!(events.next(MOMENT).await, None, "what one does oneself is no news");
        program.json("POST", "/api/v1/customer", &json!({"name": "B"})).await.expect(201);
        assert_eq!(events.next(PATIENCE).await.as_deref(), Some("changed"));
        program.json("POST", "/api/v1/sale", &json!({})).await.expect(201);
        assert_eq!(events.next(MOMENT).await, None, "nor is what happens elsewhere");
        assert_eq!(browser.events("/events/nothing").await.err(), Some(404));
    });
}

#[test]
fn a_session_has_few_streams_and_gets_their_places_back() {
    on_sqlite(shop::modules, async |test| {
        let browser = test.administrator().await;
        let token = [("x-csrf-token", browser.csrf.as_str())];
        let made =
            browser.json_with("POST", "/api/v1/customer", &token, &json!({"name": "A"})).await.expect(201);
        let path = format!("/events/customer/{}", made.json()["id"].as_str().unwrap());
        let mut open = vec![];
        for _ in 0..4 {
            open.push(browser.events(&path).await.unwrap());
        }
        assert_eq!(browser.events(&path).await.err(), Some(204));
        drop(open);
        assert!(browser.events(&path).await.is_ok());
        assert_eq!(test.visitor().events(&path).await.err(), Some(303));
        let nobody = "/events/customer/0199a000-0000-7000-8000-000000000000";
        assert_eq!(browser.events(nobody).await.err(), Some(404));
    });
}
