//! `zhike doctor`: looks at everything the server needs, changes nothing, and says what to do about each trouble.
//! Exit code 1 if something would keep the server from working.

mod database;
mod deep;
mod machine;
mod warehouse;

use crate::config::Config;
use clap::Args;
use serde::Serialize;
use std::{borrow::Cow, process::ExitCode};

#[derive(Args)]
pub struct Arguments {
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
    /// Read everything and see whether it agrees: references, totals, search, history, figures. Figures that lag behind the
    /// change log are brought up to date first, as the server does
    #[arg(long)]
    deep: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Ok,
    /// Works, but should be looked at.
    Warning,
    /// The server would not work.
    Problem,
}

#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    pub check: Cow<'static, str>,
    pub state: State,
    pub found: String,
    /// What to do; empty if nothing.
    pub remedy: String,
}

impl Finding {
    pub fn ok(check: impl Into<Cow<'static, str>>, found: impl Into<String>) -> Self {
        Finding { check: check.into(), state: State::Ok, found: found.into(), remedy: String::new() }
    }
    pub fn warning(
        check: impl Into<Cow<'static, str>>,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Finding { check: check.into(), state: State::Warning, found: found.into(), remedy: remedy.into() }
    }
    pub fn problem(
        check: impl Into<Cow<'static, str>>,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Finding { check: check.into(), state: State::Problem, found: found.into(), remedy: remedy.into() }
    }
}

pub async fn run(arguments: &Arguments, config: &Config) -> anyhow::Result<ExitCode> {
    let mut findings = examine(config).await;
    if arguments.deep {
        findings.extend(deep::examine(config, &findings).await);
    }
    let healthy = findings.iter().all(|finding| finding.state != State::Problem);
    if arguments.json {
        println!("{}", serde_json::json!({ "healthy": healthy, "checks": findings }));
    } else {
        for finding in &findings {
            let mark = match finding.state {
                State::Ok => "ok      ",
                State::Warning => "warning ",
                State::Problem => "PROBLEM ",
            };
            println!("{mark} {:<14} {}", finding.check, finding.found);
            if !finding.remedy.is_empty() {
                println!("{:>24}→ {}", "", finding.remedy);
            }
        }
        println!(
            "{}",
            if healthy { "Zhike can run." } else { "Zhike cannot run until the problems are mended." }
        );
    }
    Ok(if healthy { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

pub async fn examine(config: &Config) -> Vec<Finding> {
    let mut findings = vec![
        Finding::ok("configuration", machine::settings(config)),
        machine::clock(),
        machine::listening(config.listen).await,
        machine::assets(),
    ];
    findings.extend(machine::folder(&config.data));
    findings.extend(database::examine(config).await);
    findings.extend(warehouse::examine(config).await);
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(findings: &[Finding], check: &str) -> State {
        findings
            .iter()
            .find(|finding| finding.check == check)
            .unwrap_or_else(|| panic!("no check {check}"))
            .state
    }

    #[tokio::test]
    async fn a_fresh_folder_is_healthy_and_stays_empty() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config {
            data: folder.path().join("data"),
            listen: ([127, 0, 0, 1], 0).into(),
            ..Config::default()
        };
        let findings = examine(&config).await;
        assert_eq!(state(&findings, "database"), State::Ok, "{findings:?}");
        assert_eq!(state(&findings, "data folder"), State::Ok);
        assert!(!config.data.exists(), "doctor must not make anything");
    }

    #[tokio::test]
    async fn what_is_wrong_is_named_with_a_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        std::fs::write(folder.path().join("file"), "no folder").unwrap();
        let config = Config {
            data: folder.path().join("file"),
            listen: taken.local_addr().unwrap(),
            database_url: Some("postgres://nobody:secret@nowhere.invalid/none".into()),
            ..Config::default()
        };
        let findings = examine(&config).await;
        assert_eq!(state(&findings, "data folder"), State::Problem);
        assert_eq!(state(&findings, "address"), State::Warning);
        assert_eq!(state(&findings, "database"), State::Problem);
        for finding in &findings {
            assert_eq!(finding.remedy.is_empty(), finding.state == State::Ok, "{finding:?}");
            assert!(!finding.found.contains("secret"), "{finding:?}");
        }
    }

    #[tokio::test]
    async fn a_database_in_use_shows_its_schema_and_users() {
        let folder = tempfile::tempdir().unwrap();
        let config =
            Config { data: folder.path().into(), listen: ([127, 0, 0, 1], 0).into(), ..Config::default() };
        let engine = crate::open::engine(&config).await.unwrap();
        let findings = examine(&config).await;
        assert_eq!(state(&findings, "schema"), State::Ok, "{findings:?}");
        assert_eq!(state(&findings, "users"), State::Warning);
        web::auth::create_user(
            &engine,
            "Ada",
            "ada@example.com",
            "quite long enough",
            engine::Role::Administrator,
            meta::Lang::En,
        )
        .await
        .unwrap();
        assert_eq!(state(&examine(&config).await, "users"), State::Ok);
    }
}
