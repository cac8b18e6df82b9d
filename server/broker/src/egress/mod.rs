//! All outbound traffic. No other module of Terapi builds an HTTP client.
//!
//! A request leaves only towards a public address, over TLS, or towards an address that the instance's operator
//! allowed. Names are resolved here, the addresses are judged ([`guard`]), and the socket is opened to an address
//! that was judged: a name that answers differently a moment later gains nothing. Redirects are followed for webhooks
//! only, a few times, each judged anew; environment proxies are ignored, answers are cut off at a size and at a time.

mod allow;
pub mod guard;
mod resolver;
mod webhook;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Once};
use std::time::Duration;

use http::{HeaderMap, Method};
use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls_platform_verifier::Verifier;
use url::{Host, Url};

pub use allow::{AllowError, EgressAllow};
pub use resolver::{Lookup, SystemLookup};
pub use webhook::{WebhookAnswer, WebhookSendError};

use crate::hidden::Hidden;

use allow::AllowList;
use resolver::{GuardedResolver, RefusedAddress};

/// Largest answer that is read, in bytes.
pub const MOST_BYTES: usize = 1024 * 1024;

/// How outbound traffic is set up.
#[derive(Clone)]
pub struct EgressOptions {
    /// Networks that may be reached besides public ones, also without TLS.
    pub allow: Vec<EgressAllow>,
    /// Further certificate authorities, PEM; from `TERAPI_CA_FILE`.
    pub extra_roots_pem: Option<Vec<u8>>,
    /// How long connecting may take.
    pub connect_limit: Duration,
    /// How long a token request may take in all, answer included. Shorter than the refresh lease.
    pub token_limit: Duration,
    /// How long a webhook may take in all, redirects and answer included (rest.md 14.2).
    pub webhook_limit: Duration,
    /// Resolves names.
    pub lookup: Arc<dyn Lookup>,
}

impl Default for EgressOptions {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            extra_roots_pem: None,
            connect_limit: Duration::from_secs(10),
            token_limit: Duration::from_secs(20),
            webhook_limit: Duration::from_secs(20),
            lookup: Arc::new(SystemLookup),
        }
    }
}

/// A client could not be built.
#[derive(Debug, thiserror::Error)]
pub enum EgressBuildError {
    /// The file of certificate authorities is not PEM certificates.
    #[error("the file of certificate authorities cannot be read: {0}")]
    BadCertificates(String),
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
    /// The HTTP client cannot be built.
    #[error("the HTTP client cannot be built: {0}")]
    Client(#[from] reqwest::Error),
}

/// Why no answer came.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EgressError {
    /// Not an address Terapi talks to: wrong scheme, no host, or a user name in it.
    #[error("the address is not acceptable: {0}")]
    BadAddress(&'static str),
    /// The address is private, reserved or otherwise not public, and not allowed by the operator.
    #[error("{0} is not a public address; the instance's operator can allow it with TERAPI_EGRESS_ALLOW")]
    Refused(String),
    /// Plain HTTP to somewhere the operator did not allow.
    #[error("plain http is only possible to networks allowed with TERAPI_EGRESS_ALLOW; use https")]
    PlainHttp,
    /// No connection: name unknown, refused, TLS failure, or the connection broke.
    #[error("{host} could not be reached: {reason}")]
    Unreachable {
        /// Where to.
        host: String,
        /// In short; never contains the request.
        reason: String,
    },
    /// No complete answer in time.
    #[error("{host} did not answer within {seconds} s")]
    Timeout {
        /// Where to.
        host: String,
        /// The limit.
        seconds: u64,
    },
    /// The answer is larger than [`MOST_BYTES`].
    #[error("the answer of {host} is larger than 1 MiB")]
    TooLarge {
        /// Where to.
        host: String,
    },
}

impl EgressError {
    /// The same without what is hidden: a host may have been made of a secret setting.
    #[must_use]
    pub fn without(self, hidden: &Hidden) -> Self {
        match self {
            Self::Refused(host) => Self::Refused(hidden.without(&host)),
            Self::Unreachable { host, reason } => Self::Unreachable {
                host: hidden.without(&host),
                reason,
            },
            Self::Timeout { host, seconds } => Self::Timeout {
                host: hidden.without(&host),
                seconds,
            },
            Self::TooLarge { host } => Self::TooLarge {
                host: hidden.without(&host),
            },
            other => other,
        }
    }
}

/// One request.
pub struct Outbound {
    /// Method.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// Headers; `User-Agent` is added.
    pub headers: HeaderMap,
    /// Body; empty for none.
    pub body: Vec<u8>,
}

/// What came back.
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// The whole body, at most [`MOST_BYTES`].
    pub body: Vec<u8>,
}

/// Which client sends: the name resolver has to know the port and whether plain HTTP is spoken, and reqwest tells
/// it neither. Ports without a rule of their own share one client, so there are only few.
type Lane = (Option<u16>, Scheme);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Scheme {
    Plain,
    Tls,
}

/// The way out. Cheap to clone.
#[derive(Clone)]
pub struct Egress(Arc<Inner>);

struct Inner {
    lanes: BTreeMap<Lane, reqwest::Client>,
    allow: Arc<AllowList>,
    token_limit: Duration,
    webhook_limit: Duration,
}

impl Egress {
    /// Builds the clients.
    ///
    /// # Errors
    /// When the extra certificates are no certificates, or TLS cannot be set up.
    pub fn new(options: &EgressOptions) -> Result<Self, EgressBuildError> {
        install_crypto();
        let tls = tls_config(options.extra_roots_pem.as_deref())?;
        let allow = Arc::new(AllowList(options.allow.clone()));
        let mut lanes = BTreeMap::new();
        for port in std::iter::once(None).chain(allow.ports().into_iter().map(Some)) {
            for scheme in [Scheme::Plain, Scheme::Tls] {
                let resolver = GuardedResolver {
                    lookup: Arc::clone(&options.lookup),
                    allow: Arc::clone(&allow),
                    port,
                    public: scheme == Scheme::Tls,
                };
                #[expect(
                    clippy::disallowed_methods,
                    reason = "the one place that builds clients, behind the guard"
                )]
                let builder = reqwest::Client::builder();
                let client = builder
                    .tls_backend_preconfigured(tls.clone())
                    .dns_resolver(resolver)
                    .no_proxy()
                    .redirect(reqwest::redirect::Policy::none())
                    .retry(reqwest::retry::never())
                    .referer(false)
                    .connect_timeout(options.connect_limit)
                    .pool_idle_timeout(Duration::from_secs(30))
                    .user_agent(concat!("terapi/", env!("CARGO_PKG_VERSION")))
                    .build()?;
                lanes.insert((port, scheme), client);
            }
        }
        Ok(Self(Arc::new(Inner {
            lanes,
            allow,
            token_limit: options.token_limit,
            webhook_limit: options.webhook_limit,
        })))
    }

    /// Sends a request to a token endpoint, or a small one like it, and reads the whole answer.
    ///
    /// # Errors
    /// When the address is refused or no complete answer comes in time. Any status is an answer.
    ///
    /// # Panics
    /// In debug builds, when a database transaction is open in this task: a slow provider must never hold one.
    pub async fn send(&self, request: Outbound) -> Result<Answer, EgressError> {
        debug_assert!(
            !terapi_store::tx_alive(),
            "no transaction may be open while a provider is asked"
        );
        let host = request.url.host_str().unwrap_or_default().to_owned();
        let client = self.lane_for(&request.url)?;
        let exchange = async {
            let response = client
                .request(request.method, request.url)
                .headers(request.headers)
                .body(request.body)
                .send()
                .await
                .map_err(|error| describe(&host, &error))?;
            read_all(&host, response).await
        };
        match tokio::time::timeout(self.0.token_limit, exchange).await {
            Ok(answer) => answer,
            Err(_) => Err(EgressError::Timeout {
                host,
                seconds: self.0.token_limit.as_secs(),
            }),
        }
    }

    /// Judges everything that can be judged without resolving a name.
    ///
    /// # Errors
    /// [`EgressError::BadAddress`], [`EgressError::Refused`] and [`EgressError::PlainHttp`].
    pub(crate) fn judge(&self, url: &Url) -> Result<(), EgressError> {
        self.lane_for(url).map(|_| ())
    }

    /// Judges everything that can be judged before a name is resolved, and picks the client.
    fn lane_for(&self, url: &Url) -> Result<&reqwest::Client, EgressError> {
        let scheme = match url.scheme() {
            "https" => Scheme::Tls,
            "http" => Scheme::Plain,
            _ => return Err(EgressError::BadAddress("only https and http are spoken")),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(EgressError::BadAddress("it has a user name or password in it"));
        }
        let port = url
            .port_or_known_default()
            .ok_or(EgressError::BadAddress("it has no port"))?;
        let literal;
        let known = match url.host() {
            None => return Err(EgressError::BadAddress("it has no host")),
            Some(Host::Domain(name)) => guard::addresses_of(name),
            Some(Host::Ipv4(ip)) => {
                literal = [IpAddr::V4(ip)];
                &literal
            }
            Some(Host::Ipv6(ip)) => {
                literal = [IpAddr::V6(ip)];
                &literal
            }
        };
        if known.is_empty() {
            // Whether the name's addresses are allowed is seen when it is resolved. Here it can be seen whether any
            // address is at this port.
            if scheme == Scheme::Plain && !self.0.allow.names_port(port) {
                return Err(EgressError::PlainHttp);
            }
        } else if !known.iter().any(|ip| self.0.allow.permits(*ip, Some(port))) {
            if !known.iter().any(|ip| guard::is_public(*ip)) {
                return Err(EgressError::Refused(
                    url.host_str().unwrap_or_default().to_owned(),
                ));
            }
            if scheme == Scheme::Plain {
                return Err(EgressError::PlainHttp);
            }
        }
        let lanes = &self.0.lanes;
        lanes
            .get(&(Some(port), scheme))
            .or_else(|| lanes.get(&(None, scheme)))
            .ok_or(EgressError::BadAddress("no client speaks to this port"))
    }
}

/// Makes ring the process's TLS provider. Called by [`Egress::new`]; calling it again changes nothing.
pub fn install_crypto() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // An error says that somebody installed one already, which is what is wanted.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

/// TLS with the platform's authorities, or the Mozilla set where the platform has none, as in a bare container.
fn tls_config(extra_roots_pem: Option<&[u8]>) -> Result<ClientConfig, EgressBuildError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let extra = extra_certificates(extra_roots_pem)?;
    let builder =
        ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    let mut config = match Verifier::new(Arc::clone(&provider)) {
        Ok(_) => {
            let verifier = Verifier::new_with_extra_roots(extra, provider)?;
            builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(verifier))
                .with_no_client_auth()
        }
        Err(_) => {
            let mut roots = rustls::RootCertStore {
                roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
            };
            for certificate in extra {
                roots.add(certificate)?;
            }
            builder.with_root_certificates(roots).with_no_client_auth()
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn extra_certificates(pem: Option<&[u8]>) -> Result<Vec<CertificateDer<'static>>, EgressBuildError> {
    let Some(pem) = pem else { return Ok(Vec::new()) };
    let certificates = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| EgressBuildError::BadCertificates(error.to_string()))?;
    if certificates.is_empty() {
        return Err(EgressBuildError::BadCertificates(
            "there is no certificate in it".to_owned(),
        ));
    }
    Ok(certificates)
}

async fn read_all(host: &str, mut response: reqwest::Response) -> Result<Answer, EgressError> {
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| describe(host, &error))? {
        if body.len() + chunk.len() > MOST_BYTES {
            return Err(EgressError::TooLarge {
                host: host.to_owned(),
            });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer {
        status,
        headers,
        body,
    })
}

/// reqwest's own text may contain the address with its query, so the causes are named here instead.
fn describe(host: &str, error: &reqwest::Error) -> EgressError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    let mut reason = "the connection broke";
    while let Some(current) = cause {
        if let Some(refused) = current.downcast_ref::<RefusedAddress>() {
            return match refused.plain {
                true => EgressError::PlainHttp,
                false => EgressError::Refused(format!("{} ({})", refused.name, refused.address)),
            };
        }
        if current.is::<rustls::Error>() {
            reason = "TLS failed; its certificate may not be trusted";
        } else if let Some(io) = current.downcast_ref::<std::io::Error>() {
            match io.kind() {
                std::io::ErrorKind::ConnectionRefused => reason = "the connection was refused",
                std::io::ErrorKind::TimedOut => reason = "connecting took too long",
                std::io::ErrorKind::NotFound => reason = "its name is unknown",
                _ => {}
            }
        }
        cause = current.source();
    }
    if error.is_timeout() && error.is_connect() {
        reason = "connecting took too long";
    }
    EgressError::Unreachable {
        host: host.to_owned(),
        reason: reason.to_owned(),
    }
}
