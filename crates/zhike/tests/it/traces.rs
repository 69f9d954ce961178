//! Traces: what a collector gets from the real program, and that it is not missed.

use axum::{Router, body::Bytes, extract::State, routing::post};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest, common::v1::any_value::Value, trace::v1::Span,
};
use prost::Message;
use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

type Received = Arc<Mutex<Vec<Span>>>;

/// A collector on loopback that takes OTLP over HTTP.
async fn collector() -> (String, Received) {
    let received = Received::default();
    let take = async |State(received): State<Received>, body: Bytes| {
        let request = ExportTraceServiceRequest::decode(body).unwrap();
        for resource in request.resource_spans {
            let named = &resource.resource.as_ref().unwrap().attributes;
            assert!(named.iter().any(|pair| pair.key == "service.name"), "{named:?}");
            received.lock().unwrap().extend(resource.scope_spans.into_iter().flat_map(|scope| scope.spans));
        }
    };
    let router = Router::new().route("/v1/traces", post(take)).with_state(received.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(axum::serve(listener, router).into_future());
    (format!("http://{address}"), received)
}

pub fn program(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zhike"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ZHIKE_")) {
        command.env_remove(name);
    }
    command.current_dir(folder).arg("--data").arg(folder.join("data")).args(arguments);
    command
}

fn serve(folder: &Path, endpoint: Option<&str>) -> (Child, String) {
    let mut command = program(folder, &["serve", "--listen", "127.0.0.1:0", "--log", "warn"]);
    if let Some(endpoint) = endpoint {
        command.env("ZHIKE_OTLP_ENDPOINT", endpoint);
    }
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().split("http://").nth(1).unwrap().to_owned();
    (child, format!("http://{address}"))
}

/// As a service manager does; how long it took.
pub fn end(mut child: Child) -> Duration {
    let began = Instant::now();
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    assert!(child.wait().unwrap().success());
    began.elapsed()
}

#[test]
fn a_server_ends_cleanly_as_soon_as_it_says_that_it_listens() {
    let folder = tempfile::tempdir().unwrap();
    let made = ["user", "create", "--name", "Ann", "--email", "ann@example.com"];
    assert!(program(folder.path(), &made).output().unwrap().status.success());
    let (child, _) = serve(folder.path(), None);
    end(child);
}

/// The nice values of its threads, as Linux tells them.
#[cfg(target_os = "linux")]
fn nice_values(process: u32) -> std::collections::BTreeSet<i32> {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let told = threads.filter_map(|thread| std::fs::read_to_string(thread.unwrap().path().join("stat")).ok());
    // The 19th of all, the 17th behind the name, which may hold anything.
    told.map(|told| told.rsplit_once(") ").unwrap().1.split(' ').nth(16).unwrap().parse().unwrap()).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn what_nobody_waits_for_has_threads_of_lower_priority() {
    let folder = tempfile::tempdir().unwrap();
    let made = ["user", "create", "--name", "Ann", "--email", "ann@example.com"];
    assert!(program(folder.path(), &made).output().unwrap().status.success());
    let (child, _) = serve(folder.path(), None);
    let own = *nice_values(std::process::id()).first().unwrap();
    let found = nice_values(child.id());
    end(child);
    // One that is lower already stays as it is.
    let wanted = [own, own.max(9), 19];
    assert!(wanted.iter().all(|nice| found.contains(nice)), "{found:?} beside {own}");
}

fn attribute(span: &Span, key: &str) -> String {
    let value = span.attributes.iter().find(|pair| pair.key == key).and_then(|pair| pair.value.clone());
    match value.and_then(|value| value.value) {
        Some(Value::StringValue(text)) => text,
        Some(Value::IntValue(number)) => number.to_string(),
        other => panic!("{key} of {} is {other:?}", span.name),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_gets_requests_and_what_they_wrote_and_nothing_anybody_typed() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (endpoint, received) = collector().await;
    let made = ["user", "create", "--name", "Ann", "--email", "ann@example.com", "--role", "administrator"];
    assert!(program(folder, &made).output().unwrap().status.success());
    let (child, address) = serve(folder, Some(&endpoint));
    let http = web::http_client().build().unwrap();
    let page = http.get(format!("{address}/sign-in?next=/account")).send().await.unwrap();
    let id = page.headers()["x-request-id"].to_str().unwrap().to_owned();
    let missing =
        http.get(format!("{address}/api/v1/account?filter=name+%3D%3D+'Quetzalzorn'")).send().await.unwrap();
    assert_eq!(missing.status(), 401);
    end(child);

    let spans = received.lock().unwrap().clone();
    let named = |name: &str| {
        spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("no {name} in {spans:#?}"))
    };
    let request = named("GET /sign-in");
    assert_eq!(attribute(request, "id"), id);
    assert_eq!(attribute(request, "http.route"), "/sign-in");
    assert_eq!(attribute(request, "http.response.status_code"), "200");
    assert_eq!(attribute(named("GET /api/v1/{entity}"), "http.response.status_code"), "401");
    // The chain of the audit is sealed at the end, in a transaction.
    assert!(spans.iter().any(|span| span.name == "write"), "{spans:#?}");
    assert!(!format!("{spans:?}").contains("Quetzalzorn"), "what was asked for is in the traces");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_an_endpoint_nothing_is_sent_and_a_collector_that_is_gone_holds_nobody_up() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (_, received) = collector().await;
    let made = ["user", "create", "--name", "Ann", "--email", "ann@example.com"];
    assert!(program(folder, &made).output().unwrap().status.success());
    let http = web::http_client().build().unwrap();
    // Nobody listens on the second endpoint.
    for endpoint in [None, Some("http://127.0.0.1:9")] {
        let (child, address) = serve(folder, endpoint);
        let answer = http.get(format!("{address}/healthz")).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let took = end(child);
        assert!(took < Duration::from_secs(20), "{endpoint:?}: ended after {took:?}");
    }
    assert!(received.lock().unwrap().is_empty());
    let output = program(folder, &["serve"]).env("ZHIKE_OTLP_ENDPOINT", "collector:4318").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("http://localhost:4318"), "{said}");
}
