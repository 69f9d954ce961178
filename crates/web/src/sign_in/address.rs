//! Where a request comes from. A reverse proxy says for whom it asks; anybody else speaks for himself.

use crate::App;
use axum::{
    extract::ConnectInfo,
    http::{Extensions, HeaderMap, request::Parts},
};
use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The proxies whose `X-Forwarded-For` is believed: those of this machine, unless others are named.
#[derive(Clone, Debug)]
pub struct Proxies(pub Vec<IpNet>);

impl Default for Proxies {
    fn default() -> Self {
        let loopback = [(IpAddr::V4(Ipv4Addr::LOCALHOST), 8), (IpAddr::V6(Ipv6Addr::LOCALHOST), 128)];
        Proxies(loopback.into_iter().map(|(address, prefix)| IpNet::new_assert(address, prefix)).collect())
    }
}

impl Proxies {
    /// Reads a network or a single address.
    pub fn network(text: &str) -> Option<IpNet> {
        text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
    }

    /// Last in `X-Forwarded-For` stands what the proxy saw; what stands before could be made up by the caller.
    pub(crate) fn caller(&self, extensions: &Extensions, headers: &HeaderMap) -> Option<IpAddr> {
        let peer = extensions.get::<ConnectInfo<SocketAddr>>()?.0.ip().to_canonical();
        if !self.0.iter().any(|net| net.contains(&peer)) {
            return Some(peer);
        }
        let forwarded = headers.get_all("x-forwarded-for").iter().next_back();
        let named = forwarded
            .and_then(|value| value.to_str().ok()?.rsplit(',').next()?.trim().parse::<IpAddr>().ok());
        Some(named.map_or(peer, |named| named.to_canonical()))
    }
}

pub(crate) fn of(app: &App, parts: &Parts) -> Option<IpAddr> {
    app.options().proxies.caller(&parts.extensions, &parts.headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_trusted_proxy_speaks_for_others() {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", "1.1.1.1, 203.0.113.7".parse().unwrap());
        let from = |proxies: &Proxies, peer: &str, headers: &HeaderMap| {
            let mut extensions = Extensions::new();
            extensions.insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 1)));
            proxies.caller(&extensions, headers).unwrap().to_string()
        };
        let own = Proxies::default();
        assert_eq!(from(&own, "127.0.0.1", &headers), "203.0.113.7");
        assert_eq!(from(&own, "::ffff:127.0.0.1", &headers), "203.0.113.7");
        assert_eq!(from(&own, "10.0.0.2", &headers), "10.0.0.2");
        assert_eq!(from(&own, "127.0.0.1", &HeaderMap::new()), "127.0.0.1");
        let named = Proxies(vec!["10.0.0.0/24".parse().unwrap()]);
        assert_eq!(from(&named, "10.0.0.2", &headers), "203.0.113.7");
        assert_eq!(from(&named, "127.0.0.1", &headers), "127.0.0.1");
        assert_eq!(own.caller(&Extensions::new(), &headers), None);
    }
}
