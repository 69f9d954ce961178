//! The database: reachable, new enough, in order, with somebody who can sign in.

use super::Finding;
use crate::{config::Config, modules::engine_modules, open::without_password};
use engine::{Engine, Inspection, Options};
use meta::Clock;

const POSTGRES_MINIMUM: i64 = 150_000;
const CLOCK_DIFFERENCE_LIMIT_S: i64 = 5;

pub async fn examine(config: &Config) -> Vec<Finding> {
    match engine::inspect(&config.database(), &config.data, engine_modules()).await {
        Ok(None) => vec![Finding::ok("database", "none yet: it is made at the first start")],
        Ok(Some(found)) => {
            let mut findings = state(&found);
            if found.steps == Some(0) && found.refusal.is_none() {
                findings.push(users(config).await);
            }
            findings
        }
        Err(error) => vec![unreachable(config, &error.to_string())],
    }
}

fn unreachable(config: &Config, error: &str) -> Finding {
    match &config.database_url {
        Some(url) => {
            let error = error.replace(url, &without_password(url));
            Finding::problem(
                "database",
                format!("{} does not answer: {error}", without_password(url)),
                "check that PostgreSQL runs and that host, port, database, user and password of database_url are right",
            )
        }
        None => Finding::problem(
            "database",
            format!("{} cannot be opened: {error}", config.data.join("zhike.db").display()),
            "check the rights on the data folder, or bring back the file from a backup",
        ),
    }
}

fn state(found: &Inspection) -> Vec<Finding> {
    let mut findings = vec![];
    let version = format!("{}, encoding {}, collation {}", found.version, found.encoding, found.collation);
    findings.push(match found.server_version {
        Some(number) if number < POSTGRES_MINIMUM => {
            Finding::problem("database", version, "upgrade PostgreSQL to version 15 or newer")
        }
        _ if !found.encoding.replace('-', "").eq_ignore_ascii_case("utf8") => Finding::problem(
            "database",
            version,
            "make a database with encoding UTF8 (CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0): Chinese text needs it",
        ),
        _ => Finding::ok("database", version),
    });
    if !found.may_create {
        findings.push(Finding::problem(
            "rights",
            "this login may not make tables",
            "make it the owner of the database (ALTER DATABASE … OWNER TO …), or GRANT CREATE ON SCHEMA public TO it",
        ));
    }
    if let Some(integrity) = &found.integrity {
        findings.push(if integrity == "ok" {
            Finding::ok("integrity", "the file is in order")
        } else {
            Finding::problem(
                "integrity",
                integrity,
                "stop Zhike and bring back the data folder from a backup",
            )
        });
    }
    if let Some(now) = found.now {
        let apart = (now - Clock::system().now()).num_seconds().abs();
        if apart > CLOCK_DIFFERENCE_LIMIT_S {
            let found = format!("the database's clock is {apart} s away from this machine's");
            findings.push(Finding::warning("clocks", found, "keep both right by NTP"));
        }
    }
    findings.push(match (&found.refusal, found.steps) {
        (Some(refusal), _) => {
            Finding::problem("schema", refusal, "start the version of Zhike that last used this database")
        }
        (None, None) => Finding::ok("schema", "empty: it is made at the first start"),
        (None, Some(0)) => Finding::ok("schema", "up to date"),
        (None, Some(steps)) => Finding::warning(
            "schema",
            format!("{steps} steps behind this version"),
            "the next start brings it up to date in one transaction; make a backup before",
        ),
    });
    findings
}

/// The schema is up to date, so opening the engine changes nothing.
async fn users(config: &Config) -> Finding {
    let options = Options::new(config.database(), config.data.clone());
    let administrators = async {
        let engine = Engine::open(options, engine_modules(), Clock::system()).await?;
        let query = engine::Query::new("user").filter("active == true && role == 'administrator'");
        engine.count(&engine::Actor::system(), &query, 1_000).await
    };
    match administrators.await {
        Ok(count) if count.number == 0 => Finding::warning(
            "users",
            "there is no administrator",
            "zhike user create --name NAME --email ADDRESS --role administrator",
        ),
        Ok(count) => Finding::ok("users", format!("{} administrators", count.number)),
        Err(error) => Finding::problem("users", error.to_string(), "see the findings above"),
    }
}
