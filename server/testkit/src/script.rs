//! What Acme is told to do: a [`Script`] that stands until changed, and the [`Answer`]s an endpoint can give.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tokio::sync::Semaphore;

/// How Acme behaves. The default is a well-behaved, strict provider that shows its consent page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Script {
    /// Skip the consent page: the authorize endpoint redirects back with a code at once.
    pub auto_approve: bool,
    /// Refuse every authorization at once with this error.
    pub deny: Option<Denial>,
    /// Value of `Cross-Origin-Opener-Policy` on every answer of the authorize endpoint, such as `same-origin`.
    pub coop: Option<String>,
    /// The `iss` parameter on callbacks (RFC 9207).
    pub iss: IssuerParameter,
    /// Parameters added to every callback; one of these replaces what Acme would send under the same name.
    pub callback_params: BTreeMap<String, String>,
    /// Refuse authorization requests without a `code_challenge` (RFC 7636). A challenge is always checked.
    pub require_pkce: bool,
    /// How clients must authenticate at the token, revocation and introspection endpoints.
    pub client_auth: ClientAuthRule,
    /// Life of an authorization code, in seconds.
    pub code_life: u64,
    /// Life of an access token, in seconds.
    pub access_token_life: u64,
    /// How the life of an access token is written in token answers.
    pub expires_in: ExpiresIn,
    /// Give a refresh token with the first access token.
    pub issue_refresh_token: bool,
    /// What happens to the refresh token when it is used.
    pub rotation: Rotation,
    /// Grant exactly these scopes, whatever was asked for.
    pub granted_scopes: Option<Vec<String>>,
    /// Members added to every good token answer; one of these replaces Acme's own.
    pub token_extra: Map<String, Value>,
    /// What the token endpoint answers to a code.
    pub token: Answer,
    /// Answers to the next codes, used up one by one before [`Script::token`] counts again.
    pub token_once: VecDeque<Answer>,
    /// Milliseconds between working on a code and answering.
    pub token_delay_ms: u64,
    /// What the token endpoint answers to a refresh token.
    pub refresh: Answer,
    /// Answers to the next refreshes, used up one by one before [`Script::refresh`] counts again.
    pub refresh_once: VecDeque<Answer>,
    /// Milliseconds between working on a refresh and answering.
    pub refresh_delay_ms: u64,
    /// What the revocation endpoint answers (RFC 7009).
    pub revocation: Answer,
    /// Answer `/api/me` with this status, whoever asks.
    pub me_status: Option<u16>,
    /// Close every connection without an answer, except those to the control endpoints.
    pub outage: bool,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            auto_approve: false,
            deny: None,
            coop: None,
            iss: IssuerParameter::Absent,
            callback_params: BTreeMap::new(),
            require_pkce: true,
            client_auth: ClientAuthRule::Any,
            code_life: 60,
            access_token_life: 3600,
            expires_in: ExpiresIn::Number,
            issue_refresh_token: true,
            rotation: Rotation::Rotate,
            granted_scopes: None,
            token_extra: Map::new(),
            token: Answer::Ok,
            token_once: VecDeque::new(),
            token_delay_ms: 0,
            refresh: Answer::Ok,
            refresh_once: VecDeque::new(),
            refresh_delay_ms: 0,
            revocation: Answer::Ok,
            me_status: None,
            outage: false,
        }
    }
}

impl Script {
    /// This script with the members of a JSON object put in place of its own.
    ///
    /// # Errors
    /// When a member is unknown or has the wrong type.
    pub(crate) fn patched(&self, patch: Map<String, Value>) -> Result<Self, serde_json::Error> {
        let Value::Object(mut whole) = serde_json::to_value(self)? else {
            return Ok(self.clone());
        };
        whole.extend(patch);
        serde_json::from_value(Value::Object(whole))
    }

    /// The answer to the code that has just arrived, and the delay before it is sent.
    pub(crate) fn next_token_answer(&mut self) -> (Answer, Duration) {
        let answer = self.token_once.pop_front().unwrap_or_else(|| self.token.clone());
        (answer, Duration::from_millis(self.token_delay_ms))
    }

    /// The answer to the refresh that has just arrived, and the delay before it is sent.
    pub(crate) fn next_refresh_answer(&mut self) -> (Answer, Duration) {
        let answer = self
            .refresh_once
            .pop_front()
            .unwrap_or_else(|| self.refresh.clone());
        (answer, Duration::from_millis(self.refresh_delay_ms))
    }
}

/// An authorization refused by the user or by Acme.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Denial {
    /// The `error` parameter; `access_denied` when left out.
    #[serde(default = "Denial::access_denied")]
    pub error: String,
    /// The `error_description` parameter: any text, hostile ones included.
    #[serde(default)]
    pub description: Option<String>,
}

impl Denial {
    fn access_denied() -> String {
        "access_denied".to_owned()
    }
}

/// The `iss` parameter of callbacks (RFC 9207).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IssuerParameter {
    /// Not sent, and not announced in the metadata.
    #[default]
    Absent,
    /// Announced, and Acme's own issuer.
    Right,
    /// Announced, but left out: an attack.
    Missing,
    /// Announced, and this text instead of Acme's issuer: an attack.
    Wrong(String),
}

/// How clients must authenticate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuthRule {
    /// In the body, in a Basic header, or in both.
    #[default]
    Any,
    /// `client_id` and `client_secret` in the body only.
    Body,
    /// A Basic header only, its two parts form-urlencoded (RFC 6749 section 2.3.1).
    Basic,
}

/// How `expires_in` is written in token answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpiresIn {
    /// `3600`
    #[default]
    Number,
    /// `"3600"`
    String,
    /// `3600.5`
    Float,
    /// `-3600`
    Negative,
    /// `null`
    Null,
    /// `"soon"`
    Nonsense,
    /// Not there at all.
    Absent,
}

impl ExpiresIn {
    /// The JSON value for a life in seconds.
    pub(crate) fn written(self, life: u64) -> Option<Value> {
        match self {
            Self::Number => Some(json!(life)),
            Self::String => Some(json!(life.to_string())),
            Self::Float => Some(json!(Duration::from_secs(life).as_secs_f64() + 0.5)),
            Self::Negative => Some(json!(i64::try_from(life).unwrap_or(i64::MAX).saturating_neg())),
            Self::Null => Some(Value::Null),
            Self::Nonsense => Some(json!("soon")),
            Self::Absent => None,
        }
    }
}

/// What using a refresh token does to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rotation {
    /// It is replaced. Using the old one again revokes everything that came from the same authorization, at once:
    /// there is no period of grace.
    #[default]
    Rotate,
    /// It stays good and is sent again.
    Repeat,
    /// It stays good and is left out of the answer.
    Omit,
}

/// What an endpoint answers. In JSON: `{"kind": "html", "status": 500}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Answer {
    /// Do the work and tell the truth.
    #[default]
    Ok,
    /// Do the work, then wait before answering.
    Slow {
        /// Milliseconds to wait.
        delay_ms: u64,
    },
    /// Do the work, then keep the answer until [`Acme::release`](crate::Acme::release).
    Hold,
    /// Do the work, then close the connection: the client never learns what it was given.
    DropAnswer,
    /// Do nothing, and never answer.
    Never,
    /// Do nothing, and close the connection.
    CloseConnection,
    /// Do nothing, and answer a page.
    Html {
        /// HTTP status.
        status: u16,
    },
    /// Do nothing, and answer an OAuth error (RFC 6749 section 5.2). With status 200: an error inside a success.
    Error {
        /// HTTP status.
        status: u16,
        /// The `error` member.
        error: String,
        /// The `error_description` member.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<String>,
    },
    /// Do nothing, and answer 400 `invalid_grant`.
    InvalidGrant,
    /// Do nothing, and answer 429.
    RateLimited {
        /// `Retry-After`, in seconds.
        retry_after: u64,
    },
    /// Do nothing, and answer 200 with JSON that ends too early.
    MalformedJson,
    /// Do nothing, and answer 200 with JSON that has no access token.
    NoAccessToken,
    /// Do nothing, and answer 200 with no body.
    Empty,
    /// Do nothing, and answer 200 with a JSON string of about this size.
    Oversized {
        /// Bytes in the body.
        bytes: usize,
    },
    /// Do nothing, and send the client elsewhere with a 307, which would carry the secret along.
    Redirect {
        /// The `Location` header.
        location: String,
    },
    /// Do nothing, and answer exactly this.
    Raw {
        /// HTTP status.
        status: u16,
        /// The `Content-Type` header.
        content_type: String,
        /// The body.
        body: String,
    },
}

impl Answer {
    /// Answers a request whose honest work is `work`.
    pub(crate) async fn play(
        self,
        delay: Duration,
        gate: &Semaphore,
        work: impl FnOnce() -> Response,
    ) -> Response {
        let response = match self {
            Self::Ok => work(),
            Self::Slow { delay_ms } => {
                let response = work();
                wait(Duration::from_millis(delay_ms)).await;
                response
            }
            Self::Hold => {
                let response = work();
                if let Ok(permit) = gate.acquire().await {
                    permit.forget();
                }
                response
            }
            Self::DropAnswer => {
                work();
                CloseConnection.into_response()
            }
            Self::Never => std::future::pending().await,
            Self::CloseConnection => CloseConnection.into_response(),
            Self::Html { status } => {
                let body = "<!doctype html><title>Acme</title><h1>Something went sideways</h1>";
                typed(status, "text/html; charset=utf-8", body)
            }
            Self::Error {
                status,
                error,
                description,
            } => oauth_error(status_code(status), &error, description.as_deref()),
            Self::InvalidGrant => oauth_error(
                StatusCode::BAD_REQUEST,
                "invalid_grant",
                Some("The grant is no longer good."),
            ),
            Self::RateLimited { retry_after } => {
                let mut response = oauth_error(
                    StatusCode::TOO_MANY_REQUESTS,
                    "rate_limited",
                    Some("Too many requests."),
                );
                response
                    .headers_mut()
                    .insert(RETRY_AFTER, HeaderValue::from(retry_after));
                response
            }
            Self::MalformedJson => typed(200, "application/json", r#"{"access_token":"acme_at_"#),
            Self::NoAccessToken => typed(200, "application/json", r#"{"token_type":"Bearer"}"#),
            Self::Empty => typed(200, "application/json", ""),
            Self::Oversized { bytes } => typed(
                200,
                "application/json",
                &format!("\"{}\"", "x".repeat(bytes.saturating_sub(2))),
            ),
            Self::Redirect { location } => match HeaderValue::from_str(&location) {
                Ok(location) => (StatusCode::TEMPORARY_REDIRECT, [(LOCATION, location)]).into_response(),
                Err(_) => StatusCode::TEMPORARY_REDIRECT.into_response(),
            },
            Self::Raw {
                status,
                content_type,
                body,
            } => typed(status, &content_type, &body),
        };
        wait(delay).await;
        response
    }
}

/// Marks a response that must never be sent: the connection is closed instead.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CloseConnection;

impl IntoResponse for CloseConnection {
    fn into_response(self) -> Response {
        let mut response = Response::default();
        response.extensions_mut().insert(self);
        response
    }
}

/// An OAuth error answer (RFC 6749 section 5.2).
pub(crate) fn oauth_error(status: StatusCode, error: &str, description: Option<&str>) -> Response {
    let mut body = json!({ "error": error });
    if let Some(description) = description {
        body["error_description"] = json!(description);
    }
    (status, [(CACHE_CONTROL, "no-store")], axum::Json(body)).into_response()
}

async fn wait(delay: Duration) {
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
}

fn typed(status: u16, content_type: &str, body: &str) -> Response {
    let content_type =
        HeaderValue::from_str(content_type).unwrap_or(HeaderValue::from_static("text/plain; charset=utf-8"));
    (
        status_code(status),
        [(CONTENT_TYPE, content_type)],
        body.to_owned(),
    )
        .into_response()
}

/// A status that can end an HTTP exchange; anything else in a script becomes 500.
pub(crate) fn status_code(status: u16) -> StatusCode {
    StatusCode::from_u16(status)
        .ok()
        .filter(|status| !status.is_informational())
        .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
