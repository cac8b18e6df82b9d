//! A customer's server that takes webhooks.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{OriginalUri, State};
use axum::response::{IntoResponse, Response};
use hyper::header::{HeaderName, LOCATION};
use hyper::{HeaderMap, Method, StatusCode};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::script::CloseConnection;
use crate::serve::serve;

/// What the receiver says to the next webhook.
#[derive(Debug, Clone)]
pub enum Reply {
    /// This status and body.
    Status(u16, String),
    /// This status, and a header.
    Header(u16, &'static str, String),
    /// This status, and the address to go to.
    Redirect(u16, String),
    /// Nothing: the connection is closed.
    Close,
    /// Nothing, ever.
    Never,
}

/// A webhook that arrived.
#[derive(Debug, Clone)]
pub struct ReceivedWebhook {
    /// Method.
    pub method: Method,
    /// Path and query.
    pub path: String,
    /// Headers.
    pub headers: HeaderMap,
    /// Body, as it came.
    pub body: String,
}

impl ReceivedWebhook {
    /// A header's text.
    ///
    /// # Panics
    /// When it is not there.
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        let text = value.and_then(|value| value.to_str().ok());
        text.unwrap_or_else(|| panic!("there is no readable header {name}"))
    }
}

#[derive(Debug)]
struct Shared {
    replies: Mutex<VecDeque<Reply>>,
    received: watch::Sender<Vec<ReceivedWebhook>>,
}

impl Shared {
    fn replies(&self) -> MutexGuard<'_, VecDeque<Reply>> {
        self.replies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running receiver on loopback. It answers 200 unless told otherwise, and stops when dropped.
#[derive(Debug)]
pub struct Receiver {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Receiver {
    /// Starts one on a free port.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a port is free on loopback");
        let address = listener.local_addr().expect("a bound socket has an address");
        let shared = Arc::new(Shared {
            replies: Mutex::default(),
            received: watch::Sender::new(Vec::new()),
        });
        let router = Router::new().fallback(take).with_state(Arc::clone(&shared));
        let task = tokio::spawn(serve(listener, router));
        Self {
            address,
            shared,
            task,
        }
    }

    /// An address at which it takes webhooks; `path` begins with a slash.
    pub fn at(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Says what it answers to the next webhooks, one each.
    pub fn reply(&self, replies: impl IntoIterator<Item = Reply>) {
        self.shared.replies().extend(replies);
    }

    /// Everything that arrived, in order.
    pub fn received(&self) -> Vec<ReceivedWebhook> {
        self.shared.received.borrow().clone()
    }

    /// Waits until so many have arrived.
    pub async fn wait_for(&self, count: usize) -> Vec<ReceivedWebhook> {
        let mut seen = self.shared.received.subscribe();
        let arrived = seen.wait_for(|received| received.len() >= count).await;
        arrived.map(|received| received.clone()).unwrap_or_default()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn take(
    State(shared): State<Arc<Shared>>,
    method: Method,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let webhook = ReceivedWebhook {
        method,
        path: uri.to_string(),
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    let reply = shared.replies().pop_front();
    shared.received.send_modify(|received| received.push(webhook));
    let status = |code| StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match reply {
        None => StatusCode::OK.into_response(),
        Some(Reply::Status(code, body)) => (status(code), body).into_response(),
        Some(Reply::Header(code, name, value)) => {
            (status(code), [(HeaderName::from_static(name), value)]).into_response()
        }
        Some(Reply::Redirect(code, to)) => (status(code), [(LOCATION, to)]).into_response(),
        Some(Reply::Close) => CloseConnection.into_response(),
        Some(Reply::Never) => std::future::pending().await,
    }
}
