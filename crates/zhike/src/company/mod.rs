//! Many companies in one installation: each has a folder below the data folder, `companies/NAME`, with all that is its own
//! (database or, on PostgreSQL, the name of one; uploads; keys) and `company.toml`, which says how it is reached.

mod closed;
pub mod command;
mod export;
pub mod hosted;

use crate::config::Config;
use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Connections to PostgreSQL for each of many companies, unless the setting says otherwise; all share one server.
const CONNECTIONS: u32 = 5;
const FOLDER: &str = "companies";
const FILE: &str = "company.toml";
const NAME_LIMIT: usize = 40;

/// `company.toml`. Settings that are not given are the installation's, but for single sign-on: whom another company's provider
/// knows has no business here.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Company {
    /// Host names that lead here, like crm.example.com.
    pub hosts: Vec<String>,
    pub suspended: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mail_from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oidc_issuer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oidc_client_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oidc_client_secret: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oidc_name: Option<String>,
    pub oidc_create_users: bool,
}

pub fn folder(config: &Config, name: &str) -> PathBuf {
    config.data.join(FOLDER).join(name)
}

/// Whether the data folder is that of many companies.
pub fn is_hosted(config: &Config) -> bool {
    config.data.join(FOLDER).is_dir()
}

/// A name stands in addresses, paths and names of databases.
fn check_name(name: &str) -> anyhow::Result<()> {
    let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    let begins = name.starts_with(|letter: char| letter.is_ascii_lowercase());
    if !begins || name.len() > NAME_LIMIT || !name.chars().all(plain) || name.ends_with('-') {
        bail!(
            "“{name}” cannot name a company: use 1 to {NAME_LIMIT} small letters, digits and hyphens, beginning with a letter"
        );
    }
    Ok(())
}

/// A host name as browsers send it.
fn check_host(host: &str) -> anyhow::Result<String> {
    let host = host.trim().trim_end_matches('.').to_ascii_lowercase();
    let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '.';
    if host.is_empty() || !host.chars().all(plain) {
        bail!("“{host}” is not a host name: write crm.example.com, without https:// and port");
    }
    Ok(host)
}

fn read_file(path: &Path) -> anyhow::Result<Company> {
    let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    toml::from_str(&text).with_context(|| format!("{} is not as it should be", path.display()))
}

pub fn read(config: &Config, name: &str) -> anyhow::Result<Company> {
    check_name(name)?;
    let path = folder(config, name).join(FILE);
    if !path.is_file() {
        bail!("there is no company “{name}” in {}: `zhike company list` shows all", config.data.display());
    }
    read_file(&path)
}

/// All companies by name; one whose file cannot be read is there with the reason.
fn all(config: &Config) -> anyhow::Result<BTreeMap<String, anyhow::Result<Company>>> {
    let folder = config.data.join(FOLDER);
    let mut found = BTreeMap::new();
    if !folder.is_dir() {
        return Ok(found);
    }
    for entry in fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let file = entry.path().join(FILE);
        if check_name(&name).is_ok() && file.is_file() {
            found.insert(name, read_file(&file));
        }
    }
    Ok(found)
}

/// Written beside and moved, so that a server never reads half of it.
fn write(config: &Config, name: &str, company: &Company) -> anyhow::Result<()> {
    let folder = folder(config, name);
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let text = toml::to_string(company).context("writing the company's settings")?;
    let (path, new) = (folder.join(FILE), folder.join(format!("{FILE}.new")));
    private_file(&new, &text).with_context(|| format!("writing {}", new.display()))?;
    fs::rename(&new, &path).with_context(|| format!("writing {}", path.display()))
}

/// Only its owner may read it: it may hold the provider's secret.
fn private_file(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// The name of a company's database on PostgreSQL.
fn database_name(name: &str) -> String {
    format!("zhike_{}", name.replace('-', "_"))
}

/// The URL of another database on the same server.
fn with_database(url: &str, database: &str) -> String {
    let (place, options) = url.split_once('?').map_or((url, None), |(place, options)| (place, Some(options)));
    let start = place.find("://").map_or(0, |at| at + 3);
    let server = place[start..].find('/').map_or(place, |at| &place[..start + at]);
    match options {
        Some(options) => format!("{server}/{database}?{options}"),
        None => format!("{server}/{database}"),
    }
}

impl Config {
    /// The settings of one company of the installation.
    pub fn of_company(&self, name: &str, company: &Company) -> Config {
        let scheme = if self.secure_cookies { "https" } else { "http" };
        let by_host = company.hosts.first().map(|host| format!("{scheme}://{host}"));
        Config {
            data: folder(self, name),
            database_url: self.database_url.as_deref().map(|url| with_database(url, &database_name(name))),
            public_url: company.public_url.clone().or(by_host).or(self.public_url.clone()),
            mail_from: company.mail_from.clone().or(self.mail_from.clone()),
            oidc_issuer: company.oidc_issuer.clone(),
            oidc_client_id: company.oidc_client_id.clone(),
            oidc_client_secret: company.oidc_client_secret.clone(),
            oidc_name: company.oidc_name.clone(),
            oidc_create_users: company.oidc_create_users,
            postgres_connections: self.postgres_connections.or(Some(CONNECTIONS)),
            warehouse_folder: self.warehouse_storage.is_some().then(|| name.to_owned()),
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_in_paths_and_databases() {
        for name in ["acme", "acme-2", "a"] {
            check_name(name).unwrap();
        }
        for name in ["", "../acme", "Acme", "acme_", "-a", "a-", "2a", "a/b", &"a".repeat(41)] {
            assert!(check_name(name).is_err(), "{name}");
        }
        assert_eq!(database_name("acme-2"), "zhike_acme_2");
        assert_eq!(with_database("postgres://u:p@h:5/old?a=b", "new"), "postgres://u:p@h:5/new?a=b");
        assert_eq!(with_database("postgres://h", "new"), "postgres://h/new");
    }

    #[test]
    fn a_provider_of_the_installation_is_no_companys() {
        let config = Config { oidc_issuer: Some("https://all".into()), ..Config::default() };
        let own = config.of_company("acme", &Company::default());
        assert_eq!(own.oidc_issuer, None);
        assert!(own.data.ends_with("companies/acme"));
    }
}
