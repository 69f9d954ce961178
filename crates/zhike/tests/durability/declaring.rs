//! Fields a company declares itself are taken up by the running program, which turns nobody away meanwhile.

use crate::{
    client::{Client, Request},
    store::on_both,
};
use serde_json::{Value as Json, json};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

const PATIENCE: Duration = Duration::from_secs(60);

fn create(entity: &str, key: &str, body: Json) -> Request {
    Request { method: "POST", path: entity.to_owned(), body, key: key.to_owned() }
}

/// Writes one account after the other until told to stop; returns how many.
async fn write_on(client: Client, stop: Arc<AtomicBool>) -> usize {
    let mut written = 0;
    while !stop.load(Ordering::Relaxed) {
        let request = create("account", &format!("on-{written}"), json!({"name": format!("客户 {written}")}));
        let (status, answer) = client.send(&request).await.expect("an answer");
        assert_eq!(status, 201, "{answer}");
        written += 1;
    }
    written
}

/// Until the program takes the record.
async fn taken(client: &Client, entity: &str, body: &Json) -> Json {
    let began = Instant::now();
    for turn in 0.. {
        let (status, answer) =
            client.send(&create(entity, &format!("{entity}-{turn}"), body.clone())).await.unwrap();
        if status == 201 {
            return answer;
        }
        assert!([404, 422].contains(&status), "{status} {answer}");
        assert!(began.elapsed() < PATIENCE, "it is not taken up: {answer}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    unreachable!()
}

#[test]
fn what_a_company_declares_is_taken_up_while_others_go_on_writing() {
    on_both(async |store| {
        let token = store.prepare().await;
        let mut program = store.serve();
        let client = Client::new(&program.address, &token);
        let stop = Arc::new(AtomicBool::new(false));
        let writing = tokio::spawn(write_on(client.clone(), stop.clone()));

        let vin =
            json!({"entity": "account", "english_label": "VIN", "chinese_label": "车架号", "kind": "text"});
        let (status, answer) = client.send(&create("custom_field", "vin", vin)).await.unwrap();
        assert_eq!((status, answer["name"].as_str()), (201, Some("x_vin")), "{answer}");
        let account = taken(&client, "account", &json!({"name": "车主", "x_vin": "LSV-1"})).await;
        assert_eq!(account["x_vin"], "LSV-1");

        let project = json!({"english_label": "Project", "chinese_label": "项目"});
        let (status, answer) = client.send(&create("custom_entity", "project", project)).await.unwrap();
        assert_eq!(status, 201, "{answer}");
        taken(&client, "x_project", &json!({"name": "Cold store"})).await;

        stop.store(true, Ordering::Relaxed);
        let written = writing.await.unwrap();
        assert!(program.is_running());
        assert!(written > 0, "nobody wrote meanwhile");
        let filter = "name.startsWith('客户')";
        assert_eq!(client.list("account", filter).await.len(), written, "what others wrote is there");
        assert_eq!(client.list("account", "x_vin == 'LSV-1'").await.len(), 1);

        // Another process finds them, too.
        program.ask_to_end();
        assert!(program.ended_well());
        store.examine();
        let program = store.serve();
        let client = Client::new(&program.address, &token);
        assert_eq!(client.list("x_project", "").await.len(), 1);
    });
}
