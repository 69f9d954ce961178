//! A database of its own for one test, and the program started on it.

use engine::{Database, Engine, Module, Options, Role};
use meta::{Clock, Lang};
use serde_json::Value as Json;
use std::{
    fs::File,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
};

pub struct Store {
    pub folder: tempfile::TempDir,
    pub database: Database,
    /// PostgreSQL's server and the name of the database on it.
    server: Option<(String, String)>,
}

/// SQLite, and PostgreSQL where `ZHIKE_TEST_DATABASE_URL` names a server.
/// A long run may be of one of them: `ZHIKE_KILL_STORE=sqlite` or `postgres`.
pub fn on_both(body: impl AsyncFn(&Store)) {
    let only = std::env::var("ZHIKE_KILL_STORE").ok();
    let is_wanted = |store: &str| only.as_deref().is_none_or(|only| only == store);
    assert!(is_wanted("sqlite") || is_wanted("postgres"), "ZHIKE_KILL_STORE is sqlite or postgres");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        if is_wanted("sqlite") {
            body(&Store::sqlite()).await;
        }
        if let Some(server) = postgres_server().filter(|_| is_wanted("postgres")) {
            let store = Store::postgres(&server).await;
            body(&store).await;
            store.drop_database().await;
        }
    });
}

/// The server of the tests; without one, what needs PostgreSQL is left out.
pub fn postgres_server() -> Option<String> {
    let server = std::env::var("ZHIKE_TEST_DATABASE_URL").ok();
    if server.is_none() {
        assert!(
            std::env::var("ZHIKE_TEST_REQUIRE_POSTGRES").is_err(),
            "ZHIKE_TEST_REQUIRE_POSTGRES is set but ZHIKE_TEST_DATABASE_URL is not"
        );
        eprintln!("PostgreSQL left out: ZHIKE_TEST_DATABASE_URL is not set");
    }
    server
}

/// Says in the summary of script/test what was left out: `eprintln!` would not, a passing test keeps it to itself.
pub fn note(text: &str) {
    std::io::stderr().write_all(format!("\nNOTE: {text}\n").as_bytes()).unwrap();
}

pub async fn on_server(server: &str, sql: String) {
    let mut admin = <sqlx::PgConnection as sqlx::Connection>::connect(server).await.unwrap();
    sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut admin).await.unwrap();
}

impl Store {
    pub fn sqlite() -> Store {
        Store { folder: tempfile::tempdir().unwrap(), database: Database::Sqlite, server: None }
    }

    pub async fn postgres(server: &str) -> Store {
        Store::postgres_in(server, "pg_default").await
    }

    /// With its tables and indexes in `tablespace`.
    pub async fn postgres_in(server: &str, tablespace: &str) -> Store {
        let name = format!("zhike_kill_{}", Clock::system().new_id().simple());
        on_server(server, format!("CREATE DATABASE {name} TABLESPACE {tablespace}")).await;
        let url = format!("{}/{name}", server.rsplit_once('/').unwrap().0);
        Store {
            folder: tempfile::tempdir().unwrap(),
            database: Database::Postgres(url),
            server: Some((server.to_owned(), name)),
        }
    }

    pub async fn drop_database(&self) {
        if let Some((server, name)) = &self.server {
            on_server(server, format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }

    pub fn name(&self) -> &'static str {
        if self.server.is_some() { "PostgreSQL" } else { "SQLite" }
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The engine in this process.
    pub async fn open(&self, modules: Vec<Module>) -> engine::Result<Engine> {
        let options = Options::new(self.database.clone(), self.data());
        Engine::open(options, modules, Clock::system()).await
    }

    /// Makes the tables and an administrator; returns his token.
    pub async fn prepare(&self) -> String {
        let engine = self.open(modules()).await.unwrap();
        let user = web::auth::create_user(
            &engine,
            "Ada",
            "ada@example.com",
            PASSWORD,
            Role::Administrator,
            Lang::En,
        )
        .await
        .unwrap();
        web::tokens::create(&engine, user, "test", None).await.unwrap()
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zhike"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ZHIKE_")) {
            command.env_remove(name);
        }
        command.args(arguments).arg("--data").arg(self.data()).current_dir(self.folder.path());
        if let Database::Postgres(url) = &self.database {
            command.args(["--database-url", url]);
        }
        command
    }

    pub fn serve(&self) -> Program {
        self.serve_with(&[])
    }

    /// With these in its environment.
    pub fn serve_with(&self, environment: &[(&str, &Path)]) -> Program {
        let log =
            File::options().create(true).append(true).open(self.folder.path().join("serve.log")).unwrap();
        let mut command = self.command(&["serve", "--listen", "127.0.0.1:0", "--log", "warn"]);
        command.envs(environment.iter().copied());
        Program::start(command.stderr(log), &self.folder.path().join("serve.log"))
    }

    /// What `zhike doctor --deep` finds; it must be healthy.
    #[track_caller]
    pub fn examine(&self) -> Json {
        let answer = self.doctor();
        assert!(is_deep(&answer), "the deep checks did not run: {answer}");
        answer
    }

    /// The same of what a death left, whether or not it is up to date: where it is not, a start has work to do first, and `false` says
    /// that the deep checks wait for it.
    #[track_caller]
    pub fn examine_as_left(&self) -> bool {
        let answer = self.doctor();
        let checks = answer["checks"].as_array().unwrap();
        let up_to_date = checks.iter().any(|check| check["check"] == "schema" && check["state"] == "ok");
        assert_eq!(is_deep(&answer), up_to_date, "{answer}");
        up_to_date
    }

    #[track_caller]
    fn doctor(&self) -> Json {
        let arguments = ["doctor", "--deep", "--json", "--listen", "127.0.0.1:0"];
        let output = self.command(&arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let answer: Json = serde_json::from_str(&said)
            .unwrap_or_else(|error| panic!("{error}: {said} {}", String::from_utf8_lossy(&output.stderr)));
        let checks = answer["checks"].as_array().unwrap();
        // A small disk is what one of the tests is about.
        let bad = |check: &&Json| check["state"] == "problem" && check["check"] != "disk";
        let bad: Vec<&Json> = checks.iter().filter(bad).collect();
        assert!(bad.is_empty(), "{bad:#?}");
        answer
    }
}

fn is_deep(answer: &Json) -> bool {
    answer["checks"].as_array().unwrap().iter().any(|check| check["check"] == "figures")
}

pub const PASSWORD: &str = "correct horse battery";

/// What the program consists of.
pub fn modules() -> Vec<Module> {
    vec![customers::module(), sales::module(), insight::module(), import::module()]
}

/// A server that is killed when it goes out of sight.
pub struct Program {
    child: Child,
    pub address: String,
    _said: BufReader<ChildStdout>,
}

impl Program {
    pub fn start(command: &mut Command, log: &Path) -> Program {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        let address = line.trim().rsplit("listens on ").next().unwrap_or_default().to_owned();
        assert!(
            address.starts_with("http"),
            "“{line}”: {}",
            std::fs::read_to_string(log).unwrap_or_default()
        );
        Program { child, address, _said: said }
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// As a service manager does.
    pub fn ask_to_end(&self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    }

    /// Whether it ended well; waits for it.
    pub fn ended_well(&mut self) -> bool {
        self.child.wait().unwrap().success()
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
