//! What every handler is given.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;

use http::HeaderMap;
use ipnet::IpNet;
use terapi_broker::Broker;
use url::Url;

use crate::config::Config;
use crate::connect::sockets::OpenSockets;
use crate::rate_limit::RateLimit;
use crate::serve::Draining;

/// Shared by all handlers; cheap to clone.
#[derive(Clone)]
pub struct AppState {
    /// Everything Terapi can do.
    pub broker: Broker,
    /// Whether shutdown has begun.
    pub draining: Draining,
    /// How many result sockets each address holds open.
    pub sockets: OpenSockets,
    /// How often each account may call.
    pub rate_limit: RateLimit,
    /// Networks whose `X-Forwarded-For` and `-Proto` are believed.
    pub trusted_proxies: Arc<[IpNet]>,
    /// Origins that may frame the Connect UI; any when empty (decision D22).
    pub frame_ancestors: Arc<[String]>,
}

impl AppState {
    /// The state of a server that runs as `config` says.
    pub fn new(broker: Broker, config: &Config, draining: Draining) -> Self {
        Self {
            broker,
            draining,
            sockets: OpenSockets::default(),
            rate_limit: RateLimit::new(config.rate_limit.and_then(NonZeroU32::new)),
            trusted_proxies: config.trusted_proxies.clone().into(),
            frame_ancestors: config.connect_frame_ancestors.clone().into(),
        }
    }

    /// Where browsers reach this instance.
    pub fn public_url(&self) -> &Url {
        &self.broker.settings().public_url
    }

    /// True when browsers reach this instance over TLS; decides cookie names and HSTS.
    pub fn is_https(&self) -> bool {
        self.public_url().scheme() == "https"
    }

    /// Who is asking: the peer of the socket, or, as long as that is a trusted proxy, the address it vouches for.
    pub fn client_address(&self, headers: &HeaderMap, peer: IpAddr) -> IpAddr {
        client_address(&self.trusted_proxies, headers, peer)
    }
}

/// Walks `X-Forwarded-For` from its end, because only what a trusted proxy appended is true.
fn client_address(trusted: &[IpNet], headers: &HeaderMap, peer: IpAddr) -> IpAddr {
    let hops: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect();
    let mut address = peer.to_canonical();
    for hop in hops.into_iter().rev() {
        if !trusted.iter().any(|network| network.contains(&address)) {
            break;
        }
        let Ok(before) = hop.parse::<IpAddr>() else { break };
        address = before.to_canonical();
    }
    address
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn only_what_trusted_proxies_appended_is_believed() {
        let trusted: Vec<IpNet> = vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        let table = [
            ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
            ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
            ("10.0.0.1", "6.6.6.6, 198.51.100.1", "198.51.100.1"),
            ("10.0.0.1", "198.51.100.1, 10.0.0.2", "198.51.100.1"),
            ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
            ("10.0.0.1", "nonsense", "10.0.0.1"),
            ("10.0.0.1", "", "10.0.0.1"),
        ];
        for (peer, forwarded, wanted) in table {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", forwarded.parse().unwrap());
            let found = client_address(&trusted, &headers, peer.parse().unwrap());
            assert_eq!(found, wanted.parse::<IpAddr>().unwrap(), "{peer} {forwarded}");
        }
    }
}
