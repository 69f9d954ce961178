//! Saved questions and dashboards: whose they are, whom they are shared with, and whose figures they show.

use super::{EXPLORE, get, modules, trade};
use crate::pages::{between, create, unescaped};
use engine::{Actor, Role};
use meta::{Id, Value, Values};
use serde_json::json;
use testkit::{Client, PASSWORD, TestApp, on_both};

const QUESTIONS: &str = "/analysis/questions";
const DASHBOARDS: &str = "/analysis/dashboards";

pub async fn signed_in(test: &TestApp, email: &str) -> Client {
    let mut client = test.visitor();
    client.sign_in(email, PASSWORD).await;
    client
}

async fn put(test: &TestApp, entity: &'static str, id: Id, field: &str, value: impl Into<Value>) {
    let values = Values::from([(field.to_owned(), value.into())]);
    let system = Actor::system();
    let write = test
        .engine
        .write(&system, move |tx| Box::pin(async move { tx.update(entity, id, None, values).await }));
    write.await.unwrap();
}

/// The id at the end of an address.
fn id_in(address: &str) -> Id {
    let path = address.split('?').next().unwrap();
    path.rsplit('/').next().unwrap().parse().unwrap()
}

async fn saved(client: &Client, name: &str, with: &str) -> Id {
    let fields =
        [("m", "sales"), ("r", "account.province"), ("chart", "bar"), ("name", name), ("with", with)];
    let answer = client.post(QUESTIONS, &fields).await.expect(303);
    let address = answer.header("location");
    assert!(
        address.starts_with("/analysis/explore?m=sales&r=account.province&chart=bar&saved="),
        "{address}"
    );
    address.split("saved=").nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_saved_question_is_its_owners_until_he_shares_it() {
    on_both(modules, async |test| {
        trade(&test, None).await;
        let ann = test.administrator().await;
        let bob = test.ordinary().await;
        let question = saved(&ann, "By province", "me").await;
        let open = format!("{QUESTIONS}/{question}");
        assert!(get(&ann, QUESTIONS).await.contains("By province"));
        assert!(!get(&bob, QUESTIONS).await.contains("By province"));
        bob.get(&open).await.expect(404);
        bob.post(&open, &[("name", "Mine now")]).await.expect(404);
        bob.post(&format!("{open}/delete"), &[]).await.expect(404);
        bob.get(&format!("/question/{question}")).await.expect(404);
        // Shared, others open it and do not change it.
        ann.post(&open, &[("name", "By province"), ("with", "everybody")]).await.expect(303);
        let there = bob.get(&open).await.expect(303);
        let there = there.header("location").to_owned();
        assert!(there.contains("r=account.province") && get(&bob, &there).await.contains("By province"));
        bob.post(&open, &[("name", "Mine now")]).await.expect(403);
        bob.post(&format!("{open}/delete"), &[]).await.expect(403);
        bob.post(QUESTIONS, &[("m", "sales"), ("saved", &question.to_string()), ("again", "1")])
            .await
            .expect(403);
        // Changed in the explorer, it is saved under the same name.
        ann.post(QUESTIONS, &[("m", "orders"), ("saved", &question.to_string()), ("again", "1")])
            .await
            .expect(303);
        assert_eq!(bob.get(&open).await.header("location"), format!("{EXPLORE}?m=orders&saved={question}"));
        ann.post(&format!("{open}/delete"), &[]).await.expect(303);
        bob.get(&open).await.expect(404);
        let wrong = ann.post(QUESTIONS, &[("m", "sales"), ("name", ""), ("with", "me")]).await.expect(422);
        assert!(wrong.body.contains("name") || wrong.body.contains("Name"), "{}", wrong.body);
    });
}

#[test]
fn what_is_shared_with_a_team_is_seen_by_the_team_and_those_below() {
    on_both(modules, async |test| {
        let ann = test.administrator().await;
        let team = create(&test.engine, "team", &[("name", "North".into())]).await;
        let below =
            create(&test.engine, "team", &[("name", "Harbour".into()), ("parent_team", team.into())]).await;
        let question = saved(&ann, "For the north", &team.to_string()).await;
        let bob = test.user("Bob", "bob@example.com", Role::User).await;
        let client = signed_in(&test, "bob@example.com").await;
        assert!(!get(&client, QUESTIONS).await.contains("For the north"));
        put(&test, "user", bob, "team", below).await;
        assert!(get(&client, QUESTIONS).await.contains("For the north"));
        client.post(&format!("{QUESTIONS}/{question}"), &[("name", "Mine")]).await.expect(403);
        // The same for somebody whose rights are limited.
        let role = create(&test.engine, "role", &[("name", "own".into())]).await;
        create(&test.engine, "user_role", &[("user", bob.into()), ("role", role.into())]).await;
        assert!(get(&client, QUESTIONS).await.contains("For the north"));
        put(&test, "user", bob, "team", Value::Null).await;
        assert!(!get(&client, QUESTIONS).await.contains("For the north"));
    });
}

#[test]
fn what_is_no_question_is_not_kept() {
    on_both(modules, async |test| {
        let program = test.api().await;
        let wrong = json!({ "name": "x", "definition": { "question": { "beauty": 1 } } });
        let refused = program.json("POST", "/api/v1/question", &wrong).await.expect(422).json();
        assert_eq!(refused["errors"][0]["field"], "definition", "{refused}");
        let wrong = json!({ "name": "x", "tiles": [{ "question": "nobody" }] });
        let refused = program.json("POST", "/api/v1/dashboard", &wrong).await.expect(422).json();
        assert_eq!(refused["errors"][0]["field"], "tiles", "{refused}");
        let right =
            json!({ "name": "x", "definition": { "question": { "measures": ["sales"] }, "across": 0 } });
        program.json("POST", "/api/v1/question", &right).await.expect(201);
    });
}

#[test]
fn a_dashboard_asks_its_tiles_with_the_readers_rights_and_one_set_of_filters() {
    on_both(modules, async |test| {
        let own = test.user("Own Er", "own@example.com", Role::User).await;
        let role = create(&test.engine, "role", &[("name", "own".into())]).await;
        crate::rights::grant(&test.engine, role, &["account", "order"], "own").await;
        create(&test.engine, "user_role", &[("user", own.into()), ("role", role.into())]).await;
        trade(&test, Some(own)).await;
        let ann = test.administrator().await;
        let (shared, private) =
            (saved(&ann, "Shared tile", "everybody").await, saved(&ann, "Private tile", "me").await);
        let made = ann.post(DASHBOARDS, &[("name", "Overview"), ("with", "everybody")]).await.expect(303);
        let board = id_in(made.header("location"));
        let (tiles, page) = (format!("{DASHBOARDS}/{board}/tiles"), format!("{DASHBOARDS}/{board}"));
        for question in [shared, private] {
            let edit = get(&ann, &format!("{page}?edit=1")).await;
            let known: Vec<String> = edit
                .split("name=\"tile\" value=\"")
                .skip(1)
                .map(|rest| rest.split('"').next().unwrap().to_owned())
                .collect();
            let mut fields: Vec<(&str, &str)> = known.iter().map(|tile| ("tile", tile.as_str())).collect();
            let question = question.to_string();
            fields.extend([("question", question.as_str()), ("do", "add")]);
            ann.post(&tiles, &fields).await.expect(303);
        }
        let edit = get(&ann, &format!("{page}?edit=1")).await;
        assert!(
            edit.find("Shared tile") < edit.find("Private tile")
                && edit.contains("Others do not see this tile"),
            "{edit}"
        );
        let (first, second) = (format!("{shared}:half"), format!("{private}:half"));
        ann.post(
            &tiles,
            &[("tile", &first), ("width", "full"), ("tile", &second), ("width", "third"), ("do", "down 0")],
        )
        .await
        .expect(303);
        let seen = get(&ann, &page).await;
        assert!(
            seen.contains("tile-third")
                && seen.contains("tile-full")
                && seen.find("Private tile") < seen.find("Shared tile"),
            "{seen}"
        );
        ann.post(&tiles, &[("tile", "x")]).await.expect(422);
        let whole = get(&ann, &format!("{page}/tile/1")).await;
        assert!(whole.contains("3 order lines counted") && whole.contains("data-chart"), "{whole}");
        let period = "period=between&from=2026-01-01&to=2026-03-31";
        let quarter = get(&ann, &format!("{page}/tile/1?{period}&filter=channel%20%3D%3D%20'online'")).await;
        assert!(quarter.contains("2 order lines counted"), "{quarter}");
        let wrong = get(&ann, &format!("{page}/tile/1?filter=beauty%20%3D%3D%201")).await;
        assert!(wrong.contains("Filter:") && wrong.contains("beauty"), "{wrong}");
        // What stands in the page's address is asked of every tile. From 11 February to 31 May there are two lines,
        // of the customer in 山东 two; of both one, of 500, and the 110 days before have the one of 300.
        let period = "period=between&from=2026-02-11&to=2026-05-31&compare=previous";
        let filter = web::encode("account.province == '山东'");
        let filtered = get(&ann, &format!("{page}?{period}&filter={filter}")).await;
        let loaded = filtered.split("hx-get=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
        let loaded: Vec<String> =
            loaded.map(unescaped).filter(|address| address.contains("/tile/")).collect();
        assert_eq!(loaded.len(), 2, "{filtered}");
        for address in &loaded {
            let tile = get(&ann, address).await;
            assert!(tile.contains("· 1 order lines counted"), "{address}: {tile}");
            let drawn = between(&tile, "<script type=\"application/json\">", "</script>");
            let drawn: serde_json::Value = serde_json::from_str(drawn).unwrap();
            let value = |series: usize| drawn["series"][series]["values"][0]["value"].as_f64();
            assert_eq!([value(0), value(1)], [Some(500.0), Some(300.0)], "{address}: {drawn}");
        }
        // The limited reader sees the dashboard, his own figures, and not the private tile.
        let reader = signed_in(&test, "own@example.com").await;
        let seen = get(&reader, &page).await;
        assert!(
            seen.contains("Shared tile")
                && !seen.contains("Private tile")
                && seen.contains("not shared with you"),
            "{seen}"
        );
        reader.get(&format!("{page}/tile/0")).await.expect(404);
        let tile = get(&reader, &format!("{page}/tile/1")).await;
        assert!(tile.contains("2 order lines counted") && !tile.contains("四川"), "{tile}");
        reader.post(&tiles, &[]).await.expect(403);
        reader.post(&page, &[("name", "Mine")]).await.expect(403);
        reader.post(&format!("{page}/delete"), &[]).await.expect(403);
        ann.post(&format!("{page}/delete"), &[]).await.expect(303);
        reader.get(&page).await.expect(404);
    });
}
