//! Acme itself: what it shares between requests, its routes, and the handle that tests hold.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::routing::{any, get, post};
use axum::{Router, middleware};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::clients::{Client, Clients};
use crate::clock::Clock;
use crate::grants::Grants;
use crate::record::{Counters, Record, SeenRequest, write_down};
use crate::script::Script;
use crate::serve::serve;
use crate::{api, authorize, control, introspect, metadata, revoke, token};

/// Id of the client that is always registered.
pub const DEMO_CLIENT_ID: &str = "acme-demo";
/// Secret of the client that is always registered.
pub const DEMO_CLIENT_SECRET: &str = "acme-demo-secret";
/// Every `X-Api-Key` that starts so is good.
pub const LIVE_KEY_PREFIX: &str = "acme_live_";
/// An API key to try things with.
pub const DEMO_API_KEY: &str = "acme_live_demo";
/// User of the Basic credentials the API accepts.
pub const DEMO_USER: &str = "demo";
/// Password of the Basic credentials the API accepts.
pub const DEMO_PASSWORD: &str = "demo";

/// What all requests share.
#[derive(Debug)]
pub(crate) struct Shared {
    /// Base URL without a slash at the end; also the issuer.
    pub(crate) url: String,
    pub(crate) clock: Clock,
    pub(crate) record: Record,
    /// One permit for each held answer that may go.
    pub(crate) gate: Semaphore,
    script: Mutex<Script>,
    clients: Mutex<Clients>,
    grants: Mutex<Grants>,
}

impl Shared {
    fn new(url: String) -> Self {
        Self {
            url,
            clock: Clock::default(),
            record: Record::new(),
            gate: Semaphore::new(0),
            script: Mutex::default(),
            clients: Mutex::default(),
            grants: Mutex::default(),
        }
    }

    pub(crate) fn script(&self) -> MutexGuard<'_, Script> {
        lock(&self.script)
    }

    pub(crate) fn clients(&self) -> MutexGuard<'_, Clients> {
        lock(&self.clients)
    }

    pub(crate) fn grants(&self) -> MutexGuard<'_, Grants> {
        lock(&self.grants)
    }

    pub(crate) fn release(&self, answers: usize) {
        self.gate
            .add_permits(answers.min(Semaphore::MAX_PERMITS - self.gate.available_permits()));
    }

    pub(crate) fn reset(&self) {
        *self.script() = Script::default();
        *self.clients() = Clients::default();
        *self.grants() = Grants::default();
        self.clock.reset();
        self.record.reset();
        self.gate.forget_permits(self.gate.available_permits());
    }
}

/// A panic in one test's request must not hide what the others saw.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn router(shared: &Arc<Shared>) -> Router {
    Router::new()
        .route("/.well-known/oauth-authorization-server", get(metadata::metadata))
        .route("/oauth/authorize", get(authorize::show).post(authorize::decide))
        .route("/oauth/token", post(token::token))
        .route("/oauth/revoke", post(revoke::revoke))
        .route("/oauth/introspect", post(introspect::introspect))
        .route("/api/me", get(api::me))
        .route("/api/echo", any(api::echo))
        .route("/api/status/{code}", any(api::status))
        .merge(control::router())
        .layer(middleware::from_fn_with_state(Arc::clone(shared), write_down))
        .with_state(Arc::clone(shared))
}

/// A running Acme. It stops, and closes every connection, when dropped.
#[derive(Debug)]
pub struct Acme {
    shared: Arc<Shared>,
    address: SocketAddr,
    server: JoinHandle<()>,
}

impl Acme {
    /// Starts Acme on a free port of 127.0.0.1.
    ///
    /// # Panics
    /// When loopback has no free port.
    pub async fn start() -> Self {
        Self::start_on(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
            .await
            .expect("loopback has a free port")
    }

    /// Starts Acme on an address.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn start_on(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::new(format!("http://{address}")));
        let server = tokio::spawn(serve(listener, router(&shared)));
        Ok(Self {
            shared,
            address,
            server,
        })
    }

    /// The base URL without a slash at the end, such as `http://127.0.0.1:4010`. It is also the issuer.
    pub fn url(&self) -> &str {
        &self.shared.url
    }

    /// The address Acme listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes the script; what is not touched stays as it is.
    pub fn script(&self, change: impl FnOnce(&mut Script)) {
        change(&mut self.shared.script());
    }

    /// Registers a confidential client. Without redirect URIs it may use any.
    pub fn register_client(&self, client_id: &str, client_secret: &str, redirect_uris: &[&str]) {
        self.shared.clients().register(Client {
            client_id: client_id.to_owned(),
            client_secret: Some(client_secret.to_owned()),
            name: None,
            redirect_uris: redirect_uris.iter().map(|&uri| uri.to_owned()).collect(),
        });
    }

    /// Moves Acme's time forward.
    pub fn advance(&self, by: Duration) {
        self.shared.clock.advance(by);
    }

    /// Lets that many answers under [`Answer::Hold`](crate::Answer::Hold) go, now or when they come.
    pub fn release(&self, answers: usize) {
        self.shared.release(answers);
    }

    /// Ends every grant, as when users remove the client in the settings of their accounts.
    pub fn revoke_grants(&self) {
        self.shared.grants().revoke_all();
    }

    /// Forgets everything: script, clients, tokens, records and time.
    pub fn reset(&self) {
        self.shared.reset();
    }

    /// The requests seen, oldest first, without those to the control endpoints.
    pub fn requests(&self) -> Vec<SeenRequest> {
        self.shared.record.requests()
    }

    /// The counters now.
    pub fn counters(&self) -> Counters {
        self.shared.record.counters()
    }

    /// Waits until the counters are as wanted. Counters grow when a request arrives, before it is answered.
    pub async fn wait_until(&self, mut is_wanted: impl FnMut(&Counters) -> bool) -> Counters {
        let mut counters = self.shared.record.watch();
        let seen = counters.wait_for(|counters| is_wanted(counters)).await;
        *seen.expect("the sender lives as long as this Acme")
    }
}

impl Drop for Acme {
    fn drop(&mut self) {
        self.server.abort();
    }
}
