//! The program as its owner uses it: commands, exit codes, what they print, a server that ends cleanly.

use serde_json::Value as Json;
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

fn zhike(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zhike"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ZHIKE_")) {
        command.env_remove(name);
    }
    command.current_dir(folder).arg("--data").arg(folder.join("data"));
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    zhike(folder).args(arguments).output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn error(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn users_are_made_listed_and_given_new_passwords() {
    let folder = tempfile::tempdir().unwrap();
    let made = run(
        folder.path(),
        &["user", "create", "--name", "林海", "--email", "Lin@Example.com", "--role", "administrator"],
    );
    assert!(made.status.success(), "{}", error(&made));
    assert!(out(&made).contains("Password: "), "{}", out(&made));
    let twice = run(folder.path(), &["user", "create", "--name", "x", "--email", "lin@example.com"]);
    assert_eq!(twice.status.code(), Some(1));
    assert!(error(&twice).contains("already used"), "{}", error(&twice));
    let listed = out(&run(folder.path(), &["user", "list"]));
    assert!(listed.contains("administrator") && listed.contains("lin@example.com"), "{listed}");
    assert!(run(folder.path(), &["user", "reset-password", "lin@example.com"]).status.success());
    let removed = run(folder.path(), &["user", "remove-second-factor", "lin@example.com"]);
    assert!(out(&removed).contains("password alone"), "{}", error(&removed));
    let allowed = run(folder.path(), &["user", "allow-everywhere"]);
    assert!(out(&allowed).contains("from everywhere"), "{}", error(&allowed));
    let nobody = run(folder.path(), &["user", "reset-password", "nobody@example.com"]);
    assert_eq!(nobody.status.code(), Some(1));
    assert!(error(&nobody).contains("zhike user list"), "{}", error(&nobody));
}

#[test]
fn a_password_can_come_from_another_program() {
    let folder = tempfile::tempdir().unwrap();
    let create = ["user", "create", "--name", "a", "--email", "a@example.com", "--password-stdin"];
    let mut child =
        zhike(folder.path()).args(create).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"correct horse\n").unwrap();
    let done = child.wait_with_output().unwrap();
    assert!(done.status.success());
    assert!(!out(&done).contains("correct horse"), "the password is not repeated");
}

#[test]
fn the_doctor_speaks_to_people_and_to_programs() {
    let folder = tempfile::tempdir().unwrap();
    let spoken = run(folder.path(), &["doctor", "--listen", "127.0.0.1:0"]);
    assert!(spoken.status.success(), "{}", out(&spoken));
    assert!(out(&spoken).contains("Zhike can run."));
    let json = run(folder.path(), &["doctor", "--json", "--listen", "127.0.0.1:0"]);
    let answer: Json = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(answer["healthy"], true);
    assert!(
        answer["checks"]
            .as_array()
            .unwrap()
            .iter()
            .any(|check| check["check"] == "database" && check["state"] == "ok")
    );

    let unreachable = ["doctor", "--json", "--database-url", "postgres://zhike:hidden@nowhere.invalid/zhike"];
    let ill = run(folder.path(), &unreachable);
    assert_eq!(ill.status.code(), Some(1));
    let answer: Json = serde_json::from_slice(&ill.stdout).unwrap();
    assert_eq!(answer["healthy"], false);
    assert!(!out(&ill).contains("hidden"), "passwords are not shown");
}

#[test]
fn the_doctor_knows_postgresql() {
    let Ok(url) = std::env::var("ZHIKE_TEST_DATABASE_URL") else {
        assert!(std::env::var("ZHIKE_TEST_REQUIRE_POSTGRES").is_err(), "ZHIKE_TEST_DATABASE_URL is not set");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let answer = run(folder.path(), &["doctor", "--json", "--listen", "127.0.0.1:0", "--database-url", &url]);
    let answer: Json = serde_json::from_slice(&answer.stdout).unwrap();
    let database =
        answer["checks"].as_array().unwrap().iter().find(|check| check["check"] == "database").unwrap();
    assert_eq!(database["state"], "ok", "{answer}");
    assert!(database["found"].as_str().unwrap().contains("encoding UTF8"), "{answer}");
}

#[tokio::test]
async fn the_doctor_sees_a_login_that_may_not_make_tables() {
    let Ok(url) = std::env::var("ZHIKE_TEST_DATABASE_URL") else {
        assert!(std::env::var("ZHIKE_TEST_REQUIRE_POSTGRES").is_err(), "ZHIKE_TEST_DATABASE_URL is not set");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let options = engine::Options::new(engine::Database::Postgres(url.clone()), folder.path());
    let admin = engine::Engine::open(options, vec![], meta::Clock::system()).await.unwrap();
    let name = format!("zhike_weak_{}", meta::Clock::system().new_id().simple());
    admin.fetch_text(&format!("CREATE DATABASE {name}")).await.unwrap();
    admin.fetch_text(&format!("CREATE ROLE {name} LOGIN PASSWORD '{name}'")).await.unwrap();
    let place = url.rsplit_once('@').unwrap().1.rsplit_once('/').unwrap().0;
    let weak = format!("postgres://{name}:{name}@{place}/{name}");
    let output =
        run(folder.path(), &["doctor", "--json", "--listen", "127.0.0.1:0", "--database-url", &weak]);
    admin.fetch_text(&format!("DROP DATABASE {name} WITH (FORCE)")).await.unwrap();
    admin.fetch_text(&format!("DROP ROLE {name}")).await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    let answer: Json = serde_json::from_slice(&output.stdout).unwrap();
    let rights =
        answer["checks"].as_array().unwrap().iter().find(|check| check["check"] == "rights").unwrap();
    assert!(rights["remedy"].as_str().unwrap().contains("OWNER TO"), "{answer}");
}

#[test]
fn a_wrong_setting_ends_with_code_2_and_its_name() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("zhike.toml"), "lissten = \"127.0.0.1:1\"\n").unwrap();
    let wrong = run(folder.path(), &["doctor", "--config", "zhike.toml"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(error(&wrong).contains("lissten") && error(&wrong).contains("zhike.toml"), "{}", error(&wrong));
    assert_eq!(run(folder.path(), &["doctor", "--config", "none.toml"]).status.code(), Some(2));
    assert_eq!(run(folder.path(), &["frobnicate"]).status.code(), Some(2));
}

#[cfg(unix)]
#[test]
fn the_server_says_where_it_is_and_ends_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = zhike(folder.path())
        .args(["serve", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    let address = first.rsplit("http://").next().unwrap().to_owned();
    let next = lines.next().unwrap().unwrap() + &lines.next().unwrap().unwrap();
    assert!(next.contains("zhike user create"), "{next}");
    assert!(get(&address, "/healthz").starts_with("HTTP/1.1 200"));
    assert!(get(&address, "/").contains("sign-in"));

    // A request under way: headers sent, no end yet.
    let mut open = TcpStream::connect(&address).unwrap();
    open.write_all(b"GET /sign-in HTTP/1.1\r\nhost: x\r\n").unwrap();
    let began = Instant::now();
    let asked = Command::new("kill").args(["-TERM", &server.id().to_string()]).status().unwrap();
    assert!(asked.success());
    let status = ended(&mut server, Duration::from_secs(20));
    assert_eq!(status, Some(0));
    assert!(began.elapsed() < Duration::from_secs(15));
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .write_all(format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").as_bytes())
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// The exit code, or nothing if it had to be killed.
fn ended(server: &mut Child, limit: Duration) -> Option<i32> {
    let began = Instant::now();
    while began.elapsed() < limit {
        if let Some(status) = server.try_wait().unwrap() {
            return status.code();
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    server.kill().unwrap();
    None
}
