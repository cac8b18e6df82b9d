use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::allow::AllowList;
use super::guard;

/// Turns a name into addresses.
pub trait Lookup: Send + Sync {
    /// Every address of `name`.
    fn addresses(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// The machine's own resolver.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn addresses(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            Ok(tokio::net::lookup_host((name, 0))
                .await?
                .map(|found| found.ip())
                .collect())
        })
    }
}

/// Hands out only addresses that were judged; the connection goes to one of them and nowhere else.
pub(super) struct GuardedResolver {
    pub(super) lookup: Arc<dyn Lookup>,
    pub(super) allow: Arc<AllowList>,
    /// The port that will be connected to, when a rule names it.
    pub(super) port: Option<u16>,
    /// Whether public addresses do; without TLS only allowed ones do.
    pub(super) public: bool,
}

/// Every address of a name was refused.
#[derive(Debug)]
pub(super) struct RefusedAddress {
    pub(super) name: String,
    pub(super) address: IpAddr,
    /// It is public, but was to be spoken to without TLS.
    pub(super) plain: bool,
}

impl fmt::Display for RefusedAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} has no address that may be reached", self.name)
    }
}

impl std::error::Error for RefusedAddress {}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let found = self.lookup.addresses(name.as_str().to_owned());
        let (allow, port, public) = (Arc::clone(&self.allow), self.port, self.public);
        Box::pin(async move {
            let found = found
                .await
                .map_err(|error| io::Error::new(io::ErrorKind::NotFound, error))?;
            let Some(first) = found.first().copied() else {
                return Err(io::Error::from(io::ErrorKind::NotFound).into());
            };
            let passes = |ip: &IpAddr| (public && guard::is_public(*ip)) || allow.permits(*ip, port);
            let passed: Vec<SocketAddr> = found
                .into_iter()
                .filter(passes)
                .map(|ip| SocketAddr::new(ip, 0))
                .collect();
            if passed.is_empty() {
                let plain = !public && guard::is_public(first);
                return Err(RefusedAddress {
                    name: name.as_str().to_owned(),
                    address: first,
                    plain,
                }
                .into());
            }
            Ok(Box::new(passed.into_iter()) as Addrs)
        })
    }
}
