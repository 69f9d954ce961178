//! Settings: from the command line, else the environment (`ZHIKE_…`), else the TOML file of `--config`, else the default.

pub mod sign_in;
pub mod warehouse;

use crate::company;
use anyhow::{Context, anyhow, bail};
use clap::{Args, ValueEnum};
use engine::Database;
use figment::{
    Figment,
    providers::{Env, Format, Serialized, Toml},
};
use meta::Lang;
use serde::{Deserialize, Serialize};
use std::{net::SocketAddr, path::PathBuf};
use web::Rates;

/// Never printed: some settings are secrets.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    pub data: PathBuf,
    pub listen: SocketAddr,
    pub database_url: Option<String>,
    pub postgres_connections: Option<u32>,
    pub language: Language,
    pub secure_cookies: bool,
    pub api_rate_per_minute: u32,
    pub api_address_rate_per_minute: u32,
    pub log: String,
    pub log_format: LogFormat,
    pub metrics_listen: Option<SocketAddr>,
    pub otlp_endpoint: Option<String>,
    pub public_url: Option<String>,
    pub trusted_proxies: String,
    pub secret_key: Option<String>,
    pub mail_server: Option<String>,
    pub mail_from: Option<String>,
    pub oidc_issuer: Option<String>,
    pub oidc_client_id: Option<String>,
    pub oidc_client_secret: Option<String>,
    pub oidc_name: Option<String>,
    pub oidc_create_users: bool,
    pub oidc_role: Option<String>,
    pub warehouse_storage: Option<String>,
    pub warehouse_memory: u32,
    pub s3_endpoint: Option<String>,
    pub s3_region: Option<String>,
    pub s3_access_key_id: Option<String>,
    pub s3_secret_access_key: Option<String>,
    /// Of one company among many, below the place they share; no setting.
    #[serde(skip)]
    pub warehouse_folder: Option<String>,
    pub warehouse_workers: String,
    pub workers_required: bool,
    pub worker_secret: Option<String>,
    pub worker_patience: u32,
    pub worker_share: u32,
    pub worker_authority: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            data: "./zhike-data".into(),
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            database_url: None,
            postgres_connections: None,
            language: Language::Zh,
            secure_cookies: false,
            api_rate_per_minute: Rates::DEFAULT_PER_MINUTE,
            api_address_rate_per_minute: Rates::DEFAULT_PER_MINUTE,
            log: "info".to_owned(),
            log_format: LogFormat::Text,
            metrics_listen: None,
            otlp_endpoint: None,
            public_url: None,
            trusted_proxies: "127.0.0.0/8 ::1/128".to_owned(),
            secret_key: None,
            mail_server: None,
            mail_from: None,
            oidc_issuer: None,
            oidc_client_id: None,
            oidc_client_secret: None,
            oidc_name: None,
            oidc_create_users: false,
            oidc_role: None,
            warehouse_storage: None,
            warehouse_memory: 1024,
            s3_endpoint: None,
            s3_region: None,
            s3_access_key_id: None,
            s3_secret_access_key: None,
            warehouse_folder: None,
            warehouse_workers: String::new(),
            workers_required: false,
            worker_secret: None,
            worker_patience: 10,
            worker_share: 16 * 1024,
            worker_authority: None,
        }
    }
}

impl Config {
    pub fn database(&self) -> Database {
        match &self.database_url {
            Some(url) => Database::Postgres(url.clone()),
            None => Database::Sqlite,
        }
    }
    pub fn lang(&self) -> Lang {
        match self.language {
            Language::Zh => Lang::Zh,
            Language::En => Lang::En,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
pub enum Language {
    #[serde(rename = "zh-CN")]
    #[value(name = "zh-CN")]
    Zh,
    #[serde(rename = "en")]
    #[value(name = "en")]
    En,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

/// The settings as flags; what is not given is left to the environment, the file, the default.
#[derive(Args, Clone, Default, Serialize)]
#[command(next_help_heading = "Settings")]
pub struct Flags {
    /// TOML file with any of these settings (written with _ for -)
    #[arg(long, global = true, env = "ZHIKE_CONFIG", value_name = "FILE")]
    #[serde(skip)]
    pub config: Option<PathBuf>,
    /// One company of an installation that serves many: the command is about it alone
    #[arg(long, global = true, env = "ZHIKE_COMPANY", value_name = "NAME")]
    #[serde(skip)]
    pub company: Option<String>,
    /// Folder for the database, uploads and error files [default: ./zhike-data]
    #[arg(long, global = true, value_name = "DIR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<PathBuf>,
    /// Address to listen on [default: 127.0.0.1:8080]
    #[arg(long, global = true, value_name = "ADDRESS:PORT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<String>,
    /// PostgreSQL instead of SQLite in the data folder: postgres://user:password@host/name
    #[arg(long, global = true, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_url: Option<String>,
    /// Connections to PostgreSQL at most, of each company if there are many [default: 16; 5 of each of many]
    #[arg(long, global = true, value_name = "NUMBER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postgres_connections: Option<u32>,
    /// Language of new users [default: zh-CN]
    #[arg(long, global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// Send cookies over https only; for a server behind TLS [default: false]
    #[arg(long, global = true, num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secure_cookies: Option<bool>,
    /// API requests of one token or session; 0: no limit [default: 600000]
    #[arg(long, global = true, value_name = "NUMBER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_rate_per_minute: Option<u32>,
    /// API requests of one address; 0: no limit [default: 600000]
    #[arg(long, global = true, value_name = "NUMBER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_address_rate_per_minute: Option<u32>,
    /// What to log on standard error: error, warn, info, debug, or per module [default: info]
    #[arg(long, global = true, value_name = "FILTER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
    /// Form of the log [default: text]
    #[arg(long, global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_format: Option<LogFormat>,
    /// Address for Prometheus to read figures from; without it there is none
    #[arg(long, global = true, value_name = "ADDRESS:PORT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics_listen: Option<String>,
    /// Where OpenTelemetry collects traces by OTLP over HTTP: http://localhost:4318; without it there are none
    #[arg(long, global = true, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub otlp_endpoint: Option<String>,
    #[command(flatten)]
    #[serde(flatten)]
    pub sign_in: sign_in::SignInFlags,
    #[command(flatten)]
    #[serde(flatten)]
    pub warehouse: warehouse::WarehouseFlags,
}

/// The keys of [`Config`], which are also the environment's after `ZHIKE_`.
const KEYS: [&str; 12] = [
    "data",
    "listen",
    "database_url",
    "postgres_connections",
    "language",
    "secure_cookies",
    "api_rate_per_minute",
    "api_address_rate_per_minute",
    "log",
    "log_format",
    "metrics_listen",
    "otlp_endpoint",
];

pub fn load(flags: &Flags) -> anyhow::Result<Config> {
    let mut figment = Figment::from(Serialized::defaults(Config::default()));
    if let Some(path) = &flags.config {
        if !path.is_file() {
            bail!("configuration file {} does not exist: check --config or ZHIKE_CONFIG", path.display());
        }
        figment = figment.merge(Toml::file_exact(path));
    }
    let figment = figment
        .merge(Env::prefixed("ZHIKE_").only(&[&KEYS[..], &sign_in::KEYS, &warehouse::KEYS].concat()))
        .merge(Serialized::defaults(flags));
    let config: Config = figment.extract().map_err(explain)?;
    if let Some(url) = &config.database_url
        && !["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme))
    {
        bail!(
            "database_url must begin with postgres:// or postgresql:// (without it SQLite in the data folder is used)"
        );
    }
    if config.postgres_connections.is_some_and(|number| !(3..=1_000).contains(&number)) {
        bail!("postgres_connections must be 3 to 1000: a write, its rules and a read need one each");
    }
    let config = match &flags.company {
        Some(name) => config.of_company(name, &company::read(&config, name)?),
        None => config,
    };
    sign_in::options(&config, web::Options::default())?;
    warehouse::check(&config)?;
    tracing_filter(&config.log).context("setting log")?;
    Ok(config)
}

pub fn tracing_filter(text: &str) -> anyhow::Result<tracing_subscriber::EnvFilter> {
    tracing_subscriber::EnvFilter::try_new(text)
        .map_err(|error| anyhow!("“{text}” is not a log filter: {error}; write info, debug or module=debug"))
}

/// Names every wrong setting, where it came from and what is possible.
fn explain(error: figment::Error) -> anyhow::Error {
    use figment::error::Kind;
    let mut lines = vec![];
    for one in error {
        let key = one.path.join(".");
        let source =
            one.metadata.as_ref().and_then(|from| from.source.as_ref()).map(|source| format!(" in {source}"));
        let source = source
            .or_else(|| one.metadata.as_ref().map(|from| format!(" in {}", from.name)))
            .unwrap_or_default();
        lines.push(match &one.kind {
            Kind::UnknownField(field, known) => {
                format!("unknown setting “{field}”{source}: settings are {}", known.join(", "))
            }
            kind => format!("setting {key}{source}: {kind}"),
        });
    }
    anyhow!("{}", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use figment::Jail;

    fn flags(file: &str) -> Flags {
        Flags { config: Some(file.into()), ..Flags::default() }
    }

    #[test]
    #[allow(clippy::result_large_err)]
    fn flags_win_over_environment_over_file_over_default() {
        Jail::expect_with(|jail| {
            jail.create_file("z.toml", "data = \"/from/file\"\nlisten = \"0.0.0.0:1\"\nlog = \"warn\"")?;
            jail.set_env("ZHIKE_LISTEN", "0.0.0.0:2");
            jail.set_env("ZHIKE_LOG", "debug");
            jail.set_env("ZHIKE_SECURE_COOKIES", "true");
            let given = Flags { log: Some("error".into()), ..flags("z.toml") };
            let config = load(&given).unwrap();
            assert_eq!(config.data, PathBuf::from("/from/file"));
            assert_eq!(config.listen, SocketAddr::from(([0, 0, 0, 0], 2)));
            assert_eq!((config.log.as_str(), config.secure_cookies), ("error", true));
            assert_eq!(config.language, Language::Zh);
            Ok(())
        });
    }

    #[test]
    #[allow(clippy::result_large_err)]
    fn an_unknown_key_is_named_with_the_known_ones() {
        Jail::expect_with(|jail| {
            jail.create_file("z.toml", "lissten = \"0.0.0.0:1\"")?;
            let message = load(&flags("z.toml")).err().unwrap().to_string();
            assert!(
                message.contains("lissten") && message.contains("listen") && message.contains("z.toml"),
                "{message}"
            );
            Ok(())
        });
    }

    #[test]
    #[allow(clippy::result_large_err)]
    fn a_wrong_value_is_named_with_its_key() {
        Jail::expect_with(|jail| {
            jail.set_env("ZHIKE_LISTEN", "somewhere");
            let message = load(&Flags::default()).err().unwrap().to_string();
            assert!(message.contains("listen"), "{message}");
            jail.set_env("ZHIKE_LISTEN", "127.0.0.1:1");
            jail.set_env("ZHIKE_DATABASE_URL", "mysql://x");
            let message = load(&Flags::default()).err().unwrap().to_string();
            assert!(message.contains("postgres://"), "{message}");
            Ok(())
        });
    }

    #[test]
    fn every_setting_can_be_set_everywhere() {
        let config =
            serde_json::to_value(Config { database_url: Some("x".into()), ..Config::default() }).unwrap();
        let keys: Vec<&str> = config.as_object().unwrap().keys().map(String::as_str).collect();
        let known = [&KEYS[..], &sign_in::KEYS, &warehouse::KEYS].concat();
        assert_eq!(keys.len(), known.len());
        assert!(known.iter().all(|key| keys.contains(key)));
        let all = Flags {
            company: None,
            config: None,
            data: Some("a".into()),
            listen: Some("b".into()),
            database_url: Some("c".into()),
            postgres_connections: Some(9),
            language: Some(Language::En),
            secure_cookies: Some(true),
            api_rate_per_minute: Some(1),
            api_address_rate_per_minute: Some(1),
            log: Some("d".into()),
            log_format: Some(LogFormat::Json),
            metrics_listen: Some("n".into()),
            otlp_endpoint: Some("p".into()),
            sign_in: sign_in::SignInFlags {
                public_url: Some("e".into()),
                trusted_proxies: Some("f".into()),
                secret_key: Some("g".into()),
                mail_server: Some("h".into()),
                mail_from: Some("i".into()),
                oidc_issuer: Some("j".into()),
                oidc_client_id: Some("k".into()),
                oidc_client_secret: Some("l".into()),
                oidc_name: Some("m".into()),
                oidc_create_users: Some(true),
                oidc_role: Some("o".into()),
            },
            warehouse: warehouse::WarehouseFlags {
                warehouse_storage: Some("q".into()),
                warehouse_memory: Some(1),
                s3_endpoint: Some("r".into()),
                s3_region: Some("s".into()),
                s3_access_key_id: Some("t".into()),
                s3_secret_access_key: Some("u".into()),
                warehouse_workers: Some("v".into()),
                workers_required: Some(true),
                worker_secret: Some("w".into()),
                worker_patience: Some(1),
                worker_share: Some(1),
                worker_authority: Some("x".into()),
            },
        };
        let given = serde_json::to_value(all).unwrap();
        assert!(given.as_object().unwrap().keys().all(|key| known.contains(&key.as_str())));
        assert_eq!(given.as_object().unwrap().len(), known.len());
    }
}
