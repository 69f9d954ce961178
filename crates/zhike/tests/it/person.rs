//! `zhike person` as the machine's owner uses it.

use engine::{Actor, Database, Engine, Options, Query};
use meta::{Clock, Values};
use serde_json::Value as Json;
use std::{path::Path, process::Command};

/// Exit code and what was printed.
fn run(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zhike"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ZHIKE_")) {
        command.env_remove(name);
    }
    let output =
        command.current_dir(folder).arg("--data").arg(folder.join("data")).args(arguments).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(text).unwrap())
}

async fn program(folder: &Path) -> Engine {
    let options = Options::new(Database::Sqlite, folder.join("data"));
    Engine::open(options, crate::privacy::modules().engine, Clock::system()).await.unwrap()
}

#[tokio::test]
async fn a_person_is_exported_looked_at_and_erased_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let id = {
        let engine = program(folder).await;
        let values = [("name", "Quetzal Zorn"), ("kind", "person"), ("email", "zorn@example.com")];
        let values: Values = values.map(|(name, value)| (name.to_owned(), value.into())).into();
        engine
            .write(&Actor::system(), |tx| Box::pin(async move { tx.create("account", values).await }))
            .await
            .unwrap()
            .to_string()
    };
    let (code, text) =
        run(folder, &["person", "export", "Zorn@example.com", "zorn.json", "--reason", "letter"]);
    assert_eq!(code, 0, "{text}");
    let written = std::fs::read_to_string(folder.join("zorn.json")).unwrap();
    assert!(serde_json::from_str::<Json>(&written).is_ok() && written.contains("Quetzal Zorn"), "{written}");
    let (code, text) = run(folder, &["person", "export", &id, "zorn.json", "--reason", "letter"]);
    assert!(code == 1 && text.contains("cannot be made"), "a file is never written over: {text}");
    let (code, text) =
        run(folder, &["person", "export", "nobody@example.com", "x.json", "--reason", "letter"]);
    assert!(code == 1 && text.contains("nobody has"), "{text}");

    let (code, text) = run(folder, &["person", "erase", &id, "--dry-run"]);
    assert!(code == 0 && text.contains("Nothing was changed") && text.contains("account (name"), "{text}");
    let (code, text) = run(folder, &["person", "erase", &id]);
    assert!(code == 2 && text.contains("--reason"), "{text}");
    let other = "01977f4e-0000-7000-8000-000000000001";
    let (code, text) = run(folder, &["person", "erase", &id, "--reason", "letter", "--confirm", other]);
    assert!(code == 1 && text.contains("nothing was erased"), "{text}");
    let (code, text) = run(folder, &["person", "erase", &id, "--reason", "letter", "--confirm", &id]);
    assert!(code == 0 && text.contains("Erased account"), "{text}");

    let engine = program(folder).await;
    let found = engine.list(&Actor::system(), &Query::new("account")).await.unwrap().records;
    assert!(!found[0].text("name").contains("Zorn") && found[0].get("email").is_null(), "{found:?}");
    assert_eq!(crate::privacy::places(&engine, "quetzal").await, Vec::<String>::new());
}
