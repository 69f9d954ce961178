//! Settings of signing in: letters, single sign-on, proxies, the key that seals secrets.

use super::Config;
use anyhow::{anyhow, bail};
use clap::Args;
use serde::Serialize;
use web::{MailServer, Options, Provider, Proxies};

#[derive(Args, Clone, Default, Serialize)]
pub struct SignInFlags {
    /// Where browsers reach the program, for links in letters and single sign-on: https://crm.example.com
    #[arg(long, global = true, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_url: Option<String>,
    /// Networks of reverse proxies whose X-Forwarded-For is believed [default: 127.0.0.0/8 ::1/128]
    #[arg(long, global = true, value_name = "NETWORKS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trusted_proxies: Option<String>,
    /// Seals secrets in the database; without it a key is made in the data folder (better in the environment than here)
    #[arg(long, global = true, value_name = "TEXT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_key: Option<String>,
    /// Mail server: smtps://user:password@host or smtp://…?tls=required (better in the environment than here)
    #[arg(long, global = true, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mail_server: Option<String>,
    /// Sender of letters: "Zhike <crm@example.com>"
    #[arg(long, global = true, value_name = "SENDER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mail_from: Option<String>,
    /// OpenID Connect provider for single sign-on: https://login.example.com/realm
    #[arg(long, global = true, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oidc_issuer: Option<String>,
    /// Name of this program at the provider
    #[arg(long, global = true, value_name = "ID")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oidc_client_id: Option<String>,
    /// Its secret there (better in the environment than here)
    #[arg(long, global = true, value_name = "SECRET")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oidc_client_secret: Option<String>,
    /// What the button for single sign-on calls the provider
    #[arg(long, global = true, value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oidc_name: Option<String>,
    /// Make a user of everybody the provider knows [default: false]
    #[arg(long, global = true, num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oidc_create_users: Option<bool>,
    /// Name of the role such a user gets; needed once the company has roles
    #[arg(long, global = true, value_name = "ROLE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oidc_role: Option<String>,
}

/// The keys of these settings; see [`super::KEYS`].
pub const KEYS: [&str; 11] = [
    "public_url",
    "trusted_proxies",
    "secret_key",
    "mail_server",
    "mail_from",
    "oidc_issuer",
    "oidc_client_id",
    "oidc_client_secret",
    "oidc_name",
    "oidc_create_users",
    "oidc_role",
];

/// Fills in what signing in needs, or says what is wrong with which setting.
pub fn options(config: &Config, options: Options) -> anyhow::Result<Options> {
    let public_url = config.public_url.as_deref().map(public_url).transpose()?;
    if let Some(key) = &config.secret_key
        && key.chars().count() < web::KEY_MINIMUM
    {
        bail!(
            "secret_key must have at least {} characters: make one with `openssl rand -base64 32`",
            web::KEY_MINIMUM
        );
    }
    Ok(Options {
        proxies: proxies(&config.trusted_proxies)?,
        secret_key: config.secret_key.clone(),
        mail: mail(config)?,
        provider: provider(config)?,
        public_url,
        ..options
    })
}

fn public_url(text: &str) -> anyhow::Result<String> {
    let text = text.trim_end_matches('/');
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match host {
        Some(host) if !host.is_empty() && !host.contains(['/', '?', '#', ' ']) => Ok(text.to_owned()),
        _ => bail!("public_url “{text}” must be scheme and host only: https://crm.example.com"),
    }
}

fn proxies(text: &str) -> anyhow::Result<Proxies> {
    let words = text.split(|letter: char| letter.is_whitespace() || letter == ',');
    let networks = words.filter(|word| !word.is_empty()).map(|word| {
        Proxies::network(word)
            .ok_or_else(|| anyhow!("trusted_proxies: “{word}” is not a network: write 10.0.0.5/32"))
    });
    Ok(Proxies(networks.collect::<anyhow::Result<_>>()?))
}

fn mail(config: &Config) -> anyhow::Result<Option<MailServer>> {
    let Some(url) = &config.mail_server else { return Ok(None) };
    let Some(from) = &config.mail_from else {
        bail!("mail_server needs mail_from, the sender of letters: Zhike <crm@example.com>");
    };
    if config.public_url.is_none() {
        bail!("mail_server needs public_url: links in letters begin with it");
    }
    MailServer::new(url, from).map(Some).map_err(|error| anyhow!("mail_server: {error}"))
}

fn provider(config: &Config) -> anyhow::Result<Option<Provider>> {
    let Some(issuer) = &config.oidc_issuer else { return Ok(None) };
    let Some(client_id) = &config.oidc_client_id else {
        bail!("oidc_issuer needs oidc_client_id, the name of this program at the provider");
    };
    if config.public_url.is_none() {
        bail!("oidc_issuer needs public_url: the provider sends browsers back there");
    }
    let name = config.oidc_name.clone().unwrap_or_default();
    let secret = config.oidc_client_secret.clone();
    let provider = Provider::new(issuer, client_id, secret, &name, config.oidc_create_users)
        .map_err(|error| anyhow!("oidc_issuer: {error}"))?;
    Ok(Some(Provider { role: config.oidc_role.clone(), ..provider }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(change: impl FnOnce(&mut Config)) -> String {
        let mut config = Config::default();
        change(&mut config);
        options(&config, Options::default()).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn what_belongs_together_must_be_set_together() {
        let server = || Some("smtps://u:hidden@mail.example.com".to_owned());
        assert!(wrong(|config| config.mail_server = server()).contains("mail_from"));
        let both = |config: &mut Config| {
            config.mail_server = server();
            config.mail_from = Some("Zhike <crm@example.com>".into());
        };
        assert!(wrong(both).contains("public_url"));
        let all = |config: &mut Config| {
            both(config);
            config.public_url = Some("https://crm.example.com/".into());
        };
        assert_eq!(wrong(all), "");
        assert!(
            wrong(|config| config.oidc_issuer = Some("https://a.example".into())).contains("oidc_client_id")
        );
    }

    #[test]
    fn a_wrong_setting_is_named_with_its_remedy_and_no_secret() {
        assert!(wrong(|config| config.public_url = Some("crm.example.com".into())).contains("https://"));
        assert!(wrong(|config| config.trusted_proxies = "10.0.0.5 proxy".into()).contains("“proxy”"));
        assert!(wrong(|config| config.secret_key = Some("short".into())).contains("openssl"));
        let plain = wrong(|config| {
            config.public_url = Some("https://crm.example.com".into());
            config.mail_from = Some("crm@example.com".into());
            config.mail_server = Some("smtp://u:hidden@mail.example.com".into());
        });
        assert!(plain.contains("tls=required") && !plain.contains("hidden"), "{plain}");
    }
}
