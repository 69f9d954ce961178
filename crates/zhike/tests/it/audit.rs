//! `zhike audit` as its owner uses it.

use engine::{
    Actor, Database, Engine, Options, name,
    sea_query::{Expr, ExprTrait, Query as Sql},
};
use meta::Clock;
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

async fn tamper(folder: &Path) {
    let options = Options::new(Database::Sqlite, folder.join("data"));
    let engine = Engine::open(options, vec![], Clock::system()).await.unwrap();
    let actor = Actor::system();
    let write = engine.write(&actor, |tx| {
        Box::pin(async move {
            let update = Sql::update()
                .table(name("change_log"))
                .value(name("kind"), "delete")
                .and_where(Expr::col(name("seq")).eq(1i64))
                .to_owned();
            tx.execute(&update).await
        })
    });
    assert_eq!(write.await.unwrap(), 1);
}

#[tokio::test]
async fn the_chain_is_verified_and_a_row_that_was_touched_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (code, text) = run(folder, &["audit", "seal"]);
    assert!(code == 0 && text.contains("there is no seal"), "{text}");
    for email in ["a@example.com", "b@example.com"] {
        let (code, text) = run(folder, &["user", "create", "--name", "A", "--email", email]);
        assert_eq!(code, 0, "{text}");
        let (code, seal) = run(folder, &["audit", "seal"]);
        assert!(code == 0 && seal.contains(':'), "{seal}");
        let (code, text) = run(folder, &["audit", "verify", "--kept", seal.trim()]);
        assert!(code == 0 && text.contains("The chain holds, and it is the one"), "{text}");
    }
    let (code, text) = run(folder, &["audit", "verify", "--kept", "nonsense"]);
    assert!(code == 2 && text.contains("zhike audit seal"), "{text}");
    tamper(folder).await;
    let (code, text) = run(folder, &["audit", "verify"]);
    assert!(code == 1 && text.contains("BROKEN: change log entry 1 was changed (seal 1)"), "{text}");
    let (code, text) = run(folder, &["audit", "verify", "--json"]);
    let answer: Json = serde_json::from_str(&text).unwrap();
    assert!(code == 1 && answer["holds"] == false, "{text}");
    let (_, text) = run(folder, &["doctor", "--deep", "--listen", "127.0.0.1:0"]);
    assert!(text.contains("PROBLEM  audit chain"), "{text}");
}
