//! The API: many who change one record, and writes that are sent again after a crash.

use crate::shop;
use engine::Database;
use futures::{FutureExt, future::join_all};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use testkit::{Client, TestApp, on_both};

const CUSTOMER: &str = "/api/v1/customer";

async fn create(client: &Client, name: &str) -> String {
    let made = client.json("POST", CUSTOMER, &json!({ "name": name })).await.expect(201).json();
    format!("{CUSTOMER}/{}", made["id"].as_str().unwrap())
}

/// How often each status came; refusals name the version it is at now.
fn statuses(answers: &[testkit::Answer], refused: u16, name: &str) -> BTreeMap<u16, usize> {
    let mut found = BTreeMap::new();
    for answer in answers {
        *found.entry(answer.status).or_insert(0) += 1;
        if answer.status == refused {
            let problem = answer.json();
            assert_eq!(problem["type"], format!("urn:zhike:problem:{name}"));
            assert_eq!((&problem["status"], &problem["current_version"]), (&json!(refused), &json!(2)));
        }
    }
    found
}

#[test]
fn of_ten_who_change_one_version_one_wins_and_the_others_learn_the_current_one() {
    on_both(shop::modules, async |test| {
        let client = test.api().await;
        let bodies: Vec<Json> = (0..10).map(|staff| json!({ "staff": staff })).collect();
        let path = create(&client, "by header").await;
        let headers = [("if-match", "\"1\"")];
        let all = bodies.iter().map(|body| client.json_with("PATCH", &path, &headers, body));
        let answers = join_all(all).await;
        assert_eq!(statuses(&answers, 412, "precondition_failed"), BTreeMap::from([(200, 1), (412, 9)]));
        let won = answers.iter().find(|answer| answer.status == 200).unwrap().json();
        assert_eq!(client.get(&path).await.expect(200).json(), won);

        let path = create(&client, "by body").await;
        let bodies: Vec<Json> = (0..10).map(|staff| json!({ "staff": staff, "version": 1 })).collect();
        let answers = join_all(bodies.iter().map(|body| client.json("PATCH", &path, body))).await;
        assert_eq!(statuses(&answers, 409, "conflict"), BTreeMap::from([(200, 1), (409, 9)]));

        let path = create(&client, "changed or deleted").await;
        let change = json!({ "staff": 1 });
        let (changed, deleted) = futures::join!(
            client.json_with("PATCH", &path, &headers, &change),
            client.json_with("DELETE", &path, &headers, &Json::Null),
        );
        let both = (changed.status, deleted.status);
        assert!([(200, 412), (404, 204), (412, 204)].contains(&both), "{both:?}");
    });
}

#[test]
fn a_version_in_a_batch_that_is_not_current_undoes_the_whole_batch() {
    on_both(shop::modules, async |test| {
        let client = test.api().await;
        let (one, two) = (create(&client, "one").await, create(&client, "two").await);
        client.json("PATCH", &two, &json!({ "staff": 1 })).await.expect(200);
        let id = |path: &str| path.rsplit('/').next().unwrap().to_owned();
        let update =
            |path: &str| json!({"op": "update", "id": id(path), "version": 1, "values": {"city": "上海"}});
        let body = json!({"operations": [update(&one), update(&two)]});
        let problem = client.json("POST", &format!("{CUSTOMER}/batch"), &body).await.expect(422).json();
        assert_eq!(problem["errors"][0]["field"], "operations[1].version");
        assert_eq!(client.get(&one).await.json()["city"], Json::Null);
        let odd = json!({"operations": [{"op": "update", "id": id(&one), "version": "1", "values": {}}]});
        let problem = client.json("POST", &format!("{CUSTOMER}/batch"), &odd).await.expect(422).json();
        assert_eq!(problem["errors"][0]["code"], "wrong_type", "a version that is none does not mean any");
    });
}

/// The connection goes away before the answer comes, at every moment a request passes.
#[test]
fn a_write_whose_caller_hung_up_is_done_once_when_it_is_sent_again() {
    on_both(shop::modules, async |test| {
        let client = test.api().await;
        let mut replayed = 0;
        for polls in 0..24 {
            let name = format!("hung up {polls}");
            let (key, body) = (format!("key {polls}"), json!({ "name": name }));
            let headers = [("idempotency-key", key.as_str())];
            {
                let mut sent = Box::pin(client.json_with("POST", CUSTOMER, &headers, &body));
                for _ in 0..polls {
                    if (&mut sent).now_or_never().is_some() {
                        break;
                    }
                    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
                }
            }
            let again = client.json_with("POST", CUSTOMER, &headers, &body).await.expect(201);
            replayed += usize::from(again.header("idempotent-replayed") == "true");
            let path = format!("{CUSTOMER}?count=true&filter=name%20%3D%3D%20'{}'", name.replace(' ', "%20"));
            let found = client.get(&path).await.expect(200).json();
            assert_eq!(found["count"]["number"], 1, "after {polls} polls");
            assert_eq!(found["data"][0]["id"], again.json()["id"]);
        }
        assert!(replayed > 0, "some were written before their caller went away");
    });
}

#[test]
fn a_key_belongs_to_one_request_of_one_address() {
    on_both(shop::modules, async |test| {
        let client = test.api().await;
        let path = create(&client, "one").await;
        let key = [("idempotency-key", "mine")];
        client.json_with("PATCH", &path, &key, &json!({ "staff": 1 })).await.expect(200);
        for (method, path, body) in [
            ("PATCH", path.as_str(), json!({ "staff": 2 })),
            ("PUT", path.as_str(), json!({ "staff": 1 })),
            ("POST", CUSTOMER, json!({ "staff": 1 })),
            ("POST", "/api/v1/customer/batch", json!({"operations": []})),
        ] {
            let problem = client.json_with(method, path, &key, &body).await.expect(422).json();
            assert_eq!(problem["errors"][0]["field"], "Idempotency-Key", "{method} {path}");
        }
        assert_eq!(client.get(&path).await.json()["staff"], 1);
    });
}

#[test]
fn the_first_answer_outlives_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let (headers, body) = ([("idempotency-key", "before the crash")], json!({ "name": "Once" }));
        let open = || TestApp::open(Database::Sqlite, folder.path(), shop::modules());
        let test = open().await;
        let user = test.user("Api Min", "api@example.com", engine::Role::Administrator).await;
        let token = web::tokens::create(&test.engine, user, "test", None).await.unwrap();
        let first = test.visitor().bearer(&token).json_with("POST", CUSTOMER, &headers, &body).await;
        drop(test);
        let test = open().await;
        let client = test.visitor().bearer(&token);
        let again = client.json_with("POST", CUSTOMER, &headers, &body).await.expect(201);
        assert_eq!(again.header("idempotent-replayed"), "true");
        assert_eq!(again.json(), first.expect(201).json());
        assert_eq!(client.get(CUSTOMER).await.json()["data"].as_array().unwrap().len(), 1);
    });
}
