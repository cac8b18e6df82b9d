//! What Acme has seen: a list of requests without any of their values, and counters to wait on.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use axum::http::{HeaderName, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tokio::sync::watch;

use crate::acme::Shared;
use crate::params::Params;
use crate::script::CloseConnection;

/// Requests kept: the oldest are forgotten first, so that a demo may run for months.
const KEPT: usize = 10_000;
/// Largest body Acme reads, in bytes.
const LARGEST_BODY: usize = 16 * 1024 * 1024;

/// A request Acme has seen: names and kinds, never a value that could be a secret.
#[derive(Clone, Debug, Serialize)]
pub struct SeenRequest {
    /// Place in the order of arrival, from 1.
    pub number: u64,
    /// When it arrived in Acme's time, milliseconds since 1970.
    pub at_ms: u64,
    /// HTTP method.
    pub method: String,
    /// Path without query.
    pub path: String,
    /// Names of the query parameters, sorted.
    pub query_names: Vec<String>,
    /// Names of the body parameters (form or JSON object), sorted.
    pub body_names: Vec<String>,
    /// Names of the headers, sorted.
    pub header_names: Vec<String>,
    /// How the caller presented itself.
    pub credential: CredentialKind,
    /// The `grant_type` body parameter.
    pub grant_type: Option<String>,
    /// The `Content-Type` header.
    pub content_type: Option<String>,
    /// The `User-Agent` header.
    pub user_agent: Option<String>,
    /// The status answered; `None` while there is no answer, and for ever when the connection was closed.
    pub status: Option<u16>,
}

/// How a caller presented itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialKind {
    /// Not at all.
    None,
    /// `client_id` or `client_secret` in the body.
    Body,
    /// `Authorization: Basic`.
    Basic,
    /// `Authorization: Basic`, and `client_secret` in the body as well.
    Both,
    /// `Authorization: Bearer`.
    Bearer,
    /// `X-Api-Key`.
    ApiKey,
}

impl CredentialKind {
    fn of(headers: &HeaderMap, body: &Params) -> Self {
        let scheme = headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .map(|(scheme, _)| scheme.to_ascii_lowercase());
        match scheme.as_deref() {
            Some("basic") if body.get("client_secret").is_some() => Self::Both,
            Some("basic") => Self::Basic,
            Some("bearer") => Self::Bearer,
            _ if headers.contains_key("x-api-key") => Self::ApiKey,
            _ if body.get("client_id").is_some() || body.get("client_secret").is_some() => Self::Body,
            _ => Self::None,
        }
    }
}

/// How often things have happened since the start or the last reset. Counted when a request arrives, before it is
/// answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Requests to the authorize endpoint.
    pub authorizations: u64,
    /// Requests to the token endpoint, of any kind.
    pub token_requests: u64,
    /// Requests to the token endpoint with a code.
    pub exchanges: u64,
    /// Requests to the token endpoint with a refresh token.
    pub refreshes: u64,
    /// Requests to the revocation endpoint.
    pub revocations: u64,
    /// Requests to the introspection endpoint.
    pub introspections: u64,
    /// Requests to the API.
    pub api_requests: u64,
    /// Codes and refresh tokens presented again after their use; each has revoked its family.
    pub reuses: u64,
}

impl Counters {
    fn count(&mut self, path: &str, grant_type: Option<&str>) {
        match path {
            "/oauth/authorize" => self.authorizations += 1,
            "/oauth/token" => {
                self.token_requests += 1;
                match grant_type {
                    Some("authorization_code") => self.exchanges += 1,
                    Some("refresh_token") => self.refreshes += 1,
                    _ => {}
                }
            }
            "/oauth/revoke" => self.revocations += 1,
            "/oauth/introspect" => self.introspections += 1,
            path if path.starts_with("/api/") => self.api_requests += 1,
            _ => {}
        }
    }
}

/// The requests and counters.
#[derive(Debug)]
pub(crate) struct Record {
    seen: Mutex<Seen>,
    counters: watch::Sender<Counters>,
}

#[derive(Debug, Default)]
struct Seen {
    requests: VecDeque<SeenRequest>,
    last_number: u64,
}

impl Record {
    pub(crate) fn new() -> Self {
        Self {
            seen: Mutex::default(),
            counters: watch::Sender::new(Counters::default()),
        }
    }

    pub(crate) fn requests(&self) -> Vec<SeenRequest> {
        self.seen().requests.iter().cloned().collect()
    }

    pub(crate) fn counters(&self) -> Counters {
        *self.counters.borrow()
    }

    pub(crate) fn watch(&self) -> watch::Receiver<Counters> {
        self.counters.subscribe()
    }

    pub(crate) fn count_reuse(&self) {
        self.counters.send_modify(|counters| counters.reuses += 1);
    }

    pub(crate) fn reset(&self) {
        self.seen().requests.clear();
        self.counters.send_replace(Counters::default());
    }

    fn arrived(&self, mut request: SeenRequest) -> u64 {
        let mut seen = self.seen();
        seen.last_number += 1;
        let number = seen.last_number;
        request.number = number;
        if seen.requests.len() == KEPT {
            seen.requests.pop_front();
        }
        let (path, grant_type) = (request.path.clone(), request.grant_type.clone());
        seen.requests.push_back(request);
        drop(seen);
        self.counters
            .send_modify(|counters| counters.count(&path, grant_type.as_deref()));
        number
    }

    fn answered(&self, number: u64, status: StatusCode) {
        let mut seen = self.seen();
        if let Some(request) = seen
            .requests
            .iter_mut()
            .rev()
            .find(|request| request.number == number)
        {
            request.status = Some(status.as_u16());
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Middleware: writes every request down before it is worked on, and closes the connection during an outage.
pub(crate) async fn write_down(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    if request.uri().path().starts_with("/_control/") {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_BODY).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let sent = Params::from_body(&parts.headers, &body);
    let is_parameters = !parts.uri.path().starts_with("/api/");
    let number = shared.record.arrived(SeenRequest {
        number: 0,
        at_ms: shared.clock.now_ms(),
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query_names: Params::from_form(parts.uri.query().unwrap_or_default().as_bytes()).names(),
        body_names: if is_parameters { sent.names() } else { Vec::new() },
        header_names: header_names(&parts.headers),
        credential: CredentialKind::of(&parts.headers, &sent),
        grant_type: sent
            .get("grant_type")
            .filter(|_| is_parameters)
            .map(str::to_owned),
        content_type: header_text(&parts.headers, &CONTENT_TYPE),
        user_agent: header_text(&parts.headers, &USER_AGENT),
        status: None,
    });
    if shared.script().outage {
        return CloseConnection.into_response();
    }
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    if response.extensions().get::<CloseConnection>().is_none() {
        shared.record.answered(number, response.status());
    }
    response
}

fn header_names(headers: &HeaderMap) -> Vec<String> {
    let mut names: Vec<String> = headers.keys().map(ToString::to_string).collect();
    names.sort_unstable();
    names
}

fn header_text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned)
}
