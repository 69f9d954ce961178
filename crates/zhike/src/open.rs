//! Opens the company's database for a command.

use crate::{
    config::{Config, warehouse::place},
    modules::engine_modules,
};
use anyhow::Context;
use engine::{Engine, Options, POSTGRES_CONNECTIONS};
use meta::{Clock, Lang};

pub async fn engine(config: &Config) -> anyhow::Result<Engine> {
    engine_at(config, Clock::system()).await
}

/// Beside one that is open in this process, whose place it will take.
pub async fn engine_instead_of(config: &Config, other: Engine) -> anyhow::Result<Engine> {
    engine_with(config, Clock::system(), Some(other)).await
}

pub async fn engine_at(config: &Config, clock: Clock) -> anyhow::Result<Engine> {
    engine_with(config, clock, None).await
}

async fn engine_with(config: &Config, clock: Clock, instead_of: Option<Engine>) -> anyhow::Result<Engine> {
    let connections = config.postgres_connections.unwrap_or(POSTGRES_CONNECTIONS);
    let options = Options { connections, instead_of, ..Options::new(config.database(), &config.data) };
    let engine = Engine::open(options, engine_modules(), clock).await.with_context(|| {
        let place = match &config.database_url {
            Some(url) => without_password(url),
            None => format!("in {}", config.data.display()),
        };
        format!("the database {place} cannot be opened (`zhike doctor` says more)")
    })?;
    warehouse::place_in(&engine, place(config)?, config.warehouse_folder.as_deref());
    warehouse::limit_memory(&engine, usize::try_from(config.warehouse_memory)? << 20);
    #[cfg(feature = "cluster")]
    crate::worker::ask_workers(&engine, config)?;
    Ok(engine)
}

/// An engine error in words for the command line.
pub fn explain(error: engine::Error) -> anyhow::Error {
    match &error {
        engine::Error::Invalid(problems) => {
            let lines: Vec<String> = problems
                .iter()
                .map(|problem| format!("{} {}", problem.field, problem.problem.message(Lang::En)))
                .collect();
            anyhow::anyhow!(lines.join("\n"))
        }
        _ => error.into(),
    }
}

pub fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    match rest.rsplit_once('@') {
        Some((login, place)) => {
            let user = login.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}@{place}")
        }
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        assert_eq!(without_password("postgres://a:se@cret@host/db"), "postgres://a@host/db");
        assert_eq!(without_password("postgres://host/db"), "postgres://host/db");
    }
}
