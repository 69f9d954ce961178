//! The log for machines: one JSON object a line, found by the answer's request id, without what anybody searched for.

use crate::traces::{end, program};
use serde_json::Value as Json;
use std::{
    io::{BufRead, BufReader, Read},
    process::Stdio,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_line_is_json_and_a_request_is_found_by_its_id_and_never_by_its_query() {
    let folder = tempfile::tempdir().unwrap();
    // Without anybody who can sign in the program says more on standard output than is read here.
    let made = ["user", "create", "--name", "Ann", "--email", "ann@example.com"];
    assert!(program(folder.path(), &made).output().unwrap().status.success());
    let arguments =
        ["serve", "--listen", "127.0.0.1:0", "--log-format", "json", "--log", "info,tower_http=debug"];
    let mut child =
        program(folder.path(), &arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().split("http://").nth(1).unwrap().to_owned();
    let mut log = child.stderr.take().unwrap();
    let reading = std::thread::spawn(move || {
        let mut text = String::new();
        log.read_to_string(&mut text).unwrap();
        text
    });
    let http = web::http_client().build().unwrap();
    let asked = format!("http://{address}/api/v1/account?filter=name+%3D%3D+'Quetzalzorn'");
    let answer = http.get(asked).send().await.unwrap();
    let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
    end(child);

    let text = reading.join().unwrap();
    let lines: Vec<Json> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    let of_the_request: Vec<&Json> = lines.iter().filter(|line| line["span"]["id"] == id).collect();
    assert!(!of_the_request.is_empty(), "{text}");
    assert!(of_the_request.iter().all(|line| line["span"]["path"] == "/api/v1/account"), "{text}");
    for key in ["timestamp", "level", "fields", "target"] {
        assert!(lines.iter().all(|line| !line[key].is_null()), "{key}: {text}");
    }
    assert!(!text.contains("Quetzalzorn"), "{text}");
}
