use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;

/// A network that may be reached although it is not public: one entry of `TERAPI_EGRESS_ALLOW`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EgressAllow {
    network: IpNet,
    port: Option<u16>,
}

/// An entry is neither `network` nor `network:port`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AllowError {
    /// The network is none.
    #[error(
        "`{0}` is not a network; expected an address such as 10.1.2.3, a network such as 10.0.0.0/8, or [::1]"
    )]
    Network(String),
    /// The port is none.
    #[error("`{0}` does not end in a port from 1 to 65535")]
    Port(String),
}

impl EgressAllow {
    /// Reads `network` or `network:port`: `10.0.0.0/8`, `127.0.0.1:4010`, `[::1]:4010`, `fd00::/8`.
    ///
    /// # Errors
    /// [`AllowError`], with the entry as written.
    pub fn parse(entry: &str) -> Result<Self, AllowError> {
        let entry = entry.trim();
        let bad_network = || AllowError::Network(entry.to_owned());
        let (network, port) = if let Some(rest) = entry.strip_prefix('[') {
            let (address, tail) = rest.split_once(']').ok_or_else(bad_network)?;
            match tail.split_once(':') {
                Some((length, port)) => (format!("{address}{length}"), Some(port)),
                None => (format!("{address}{tail}"), None),
            }
        } else if entry.matches(':').count() == 1 {
            let (network, port) = entry.split_once(':').ok_or_else(bad_network)?;
            (network.to_owned(), Some(port))
        } else {
            (entry.to_owned(), None)
        };
        let network = match network.parse::<IpNet>() {
            Ok(network) => network,
            Err(_) => IpNet::from(network.parse::<IpAddr>().map_err(|_| bad_network())?),
        };
        let port = match port {
            None => None,
            Some(port) => match port.parse::<u16>() {
                Ok(number) if number > 0 => Some(number),
                _ => return Err(AllowError::Port(entry.to_owned())),
            },
        };
        Ok(Self { network, port })
    }
}

/// Every entry.
#[derive(Debug, Clone, Default)]
pub(super) struct AllowList(pub(super) Vec<EgressAllow>);

impl AllowList {
    /// Whether any address may be reached at this port.
    pub(super) fn names_port(&self, port: u16) -> bool {
        let mut ports = self.0.iter().map(|entry| entry.port);
        ports.any(|named| named.is_none_or(|named| named == port))
    }

    /// Whether this address may be reached whatever else is said about it. Without a port, only the entries without
    /// one count.
    pub(super) fn permits(&self, ip: IpAddr, port: Option<u16>) -> bool {
        let ip = ip.to_canonical();
        let mut entries = self.0.iter();
        entries.any(|entry| entry.network.contains(&ip) && (entry.port.is_none() || entry.port == port))
    }

    /// The ports that an entry names.
    pub(super) fn ports(&self) -> BTreeSet<u16> {
        self.0.iter().filter_map(|entry| entry.port).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_and_ports_are_read_in_every_spelling() {
        let entries = [
            "10.0.0.0/8",
            "127.0.0.1:4010",
            "[::1]:4011",
            "fd00::/8",
            "[fe80::]/10:80",
            " 192.0.2.1 ",
        ];
        let allow = AllowList(
            entries
                .into_iter()
                .map(|entry| EgressAllow::parse(entry).unwrap())
                .collect(),
        );
        for (ip, port, permitted) in [
            ("10.9.8.7", 1, true),
            ("127.0.0.1", 4010, true),
            ("127.0.0.1", 4011, false),
            ("::ffff:127.0.0.1", 4010, true),
            ("::1", 4011, true),
            ("::1", 4010, false),
            ("fd12::1", 443, true),
            ("fe80::1", 80, true),
            ("fe80::1", 81, false),
            ("192.0.2.1", 9, true),
            ("192.0.2.2", 9, false),
        ] {
            assert_eq!(
                allow.permits(ip.parse().unwrap(), Some(port)),
                permitted,
                "{ip} {port}"
            );
        }
        assert!(!allow.permits("127.0.0.1".parse().unwrap(), None));
        assert_eq!(allow.ports().into_iter().collect::<Vec<_>>(), [80, 4010, 4011]);
    }

    #[test]
    fn a_bad_entry_is_named() {
        for bad in [
            "localhost",
            "10.0.0.0/33",
            "10.0.0.1:0",
            "10.0.0.1:http",
            "[::1",
            "[::1]:70000",
            "::1/129",
            "x:1",
        ] {
            let error = EgressAllow::parse(bad).unwrap_err();
            assert!(error.to_string().contains(bad), "{error}");
        }
    }
}
