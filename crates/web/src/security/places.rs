//! From which network addresses people may work: lists of networks in the company's settings, for administrators and for users,
//! and in each role.

use crate::{Proxies, User};
use engine::{Actor, Engine, Result, Role};
use ipnet::IpNet;
use serde_json::json;
use std::net::IpAddr;

/// One setting for each role.
pub(super) const KEYS: [&str; 2] = ["sign_in.addresses.administrator", "sign_in.addresses.user"];
const NETWORKS_LIMIT: usize = 200;

pub(super) fn key_of(role: Role) -> &'static str {
    if role == Role::User { KEYS[1] } else { KEYS[0] }
}

/// Reads a list of networks or addresses; fails with the first that is none.
pub(super) fn parse(text: &str) -> std::result::Result<Vec<IpNet>, String> {
    let words = text.split(|letter: char| letter.is_whitespace() || ",;，；、".contains(letter));
    let mut networks = vec![];
    for word in words.filter(|word| !word.is_empty()) {
        networks.push(Proxies::network(word).ok_or_else(|| word.to_owned())?);
        if networks.len() > NETWORKS_LIMIT {
            return Err(format!("> {NETWORKS_LIMIT}"));
        }
    }
    Ok(networks)
}

/// An empty list is no limit. From an unknown address nobody passes a list.
pub(super) fn contains(networks: &[IpNet], address: Option<IpAddr>) -> bool {
    networks.is_empty()
        || address.is_some_and(|address| networks.iter().any(|network| network.contains(&address)))
}

pub(crate) async fn allowed(engine: &Engine, user: &User, address: Option<IpAddr>) -> Result<bool> {
    let setting = engine.setting(key_of(user.role)).await?;
    let text = setting.as_ref().and_then(|text| text.as_str()).unwrap_or_default();
    // What was saved has been checked; if it cannot be read nobody passes it.
    let passes = |text: &str| parse(text).is_ok_and(|networks| contains(&networks, address));
    Ok(passes(text) && engine.networks_of(user.id).await?.iter().all(|text| passes(text)))
}

/// Empties the lists: for the owner of the machine, when nobody gets in any more.
pub async fn allow_everywhere(engine: &Engine) -> Result<()> {
    engine
        .write(&Actor::system(), |tx| {
            Box::pin(async move {
                for key in KEYS {
                    tx.set_setting(key, &json!("")).await?;
                }
                Ok(())
            })
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_and_single_addresses_are_read() {
        let networks = parse("10.1.0.0/16\n2001:db8::/32，198.51.100.7").unwrap();
        let inside = |address: &str| contains(&networks, Some(address.parse().unwrap()));
        assert!(inside("10.1.2.3") && inside("2001:db8::1") && inside("198.51.100.7"));
        assert!(!inside("10.2.0.1") && !inside("198.51.100.8") && !inside("2001:db9::1"));
        assert!(!contains(&networks, None));
        assert!(contains(&[], None));
        assert_eq!(parse("10.0.0.0/8 everywhere").unwrap_err(), "everywhere");
    }
}
