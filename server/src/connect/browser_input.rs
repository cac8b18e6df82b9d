//! What a browser package sends in the query of its calls (rest.md 9.1), and who it says it is.

use http::{HeaderMap, StatusCode};
use terapi_broker::connect::{BrowserAuth, BrowserAuthError, BrowserInput, OwnApp, Session, TurnedAway};
use terapi_model::{ErrorCode, IntegrationKey};
use terapi_vault::SecretString;

use crate::api::input::{Node, Query};
use crate::error::ApiError;
use crate::layers::judge_content_type;
use crate::rate_limit::Kind;
use crate::state::AppState;

/// A browser that was let in to connect. What it is refused from here on is written into the log, and the answer carries
/// the id that finds it there.
///
/// Whoever is not let in has no operation, and neither has a call too many (429): that it costs nothing is its point.
pub struct Visitor<'s> {
    state: &'s AppState,
    /// How it was let in.
    pub auth: BrowserAuth,
    auth_type: &'static str,
    integration: Option<IntegrationKey>,
}

impl<'s> Visitor<'s> {
    /// Judges who asks, and what kind of body comes, by the request's path and headers. `integration` is as received; `auth_type` says how credentials are
    /// to come.
    ///
    /// # Errors
    /// 401 and 429 of [`authenticate`]; 415, which does not depend on who asks (rest.md 1.2).
    pub async fn admit(
        state: &'s AppState,
        query: &Query,
        (path, headers): (&str, &HeaderMap),
        integration: &str,
        auth_type: &'static str,
    ) -> Result<Self, ApiError> {
        let judged = judge_content_type(path, headers);
        match (authenticate(state, query).await, judged) {
            (Err(_), Err(refused)) => Err(refused),
            (Err(refused), Ok(())) => Err(refused),
            (Ok(auth), judged) => {
                let visitor = Self::of(state, auth, integration, auth_type);
                visitor.answer(judged).await?;
                Ok(visitor)
            }
        }
    }

    /// One that was let in elsewhere.
    pub fn of(state: &'s AppState, auth: BrowserAuth, integration: &str, auth_type: &'static str) -> Self {
        Self {
            state,
            auth,
            auth_type,
            integration: IntegrationKey::parse(integration).ok(),
        }
    }

    /// What came of its request.
    ///
    /// # Errors
    /// As [`Visitor::refuse`] answers it.
    pub async fn answer<T>(&self, outcome: Result<T, ApiError>) -> Result<T, ApiError> {
        match outcome {
            Ok(done) => Ok(done),
            Err(error) => Err(self.refuse(error).await),
        }
    }

    /// The refusal with `log_id`. One that no operation has yet is written into the session's, or, with a public key, into
    /// one of its own.
    pub async fn refuse(&self, error: ApiError) -> ApiError {
        if !is_unlogged(&error) {
            return error;
        }
        let refused = TurnedAway {
            code: error.code(),
            message: error.message(),
            integration: self.integration.as_ref(),
            auth_type: self.auth_type,
        };
        let operation = self.state.broker.connect().turn_away(&self.auth, &refused).await;
        error.with_log_id(operation.as_ref())
    }
}

/// What came of a request by the holder of a session that was no try to connect. A refusal becomes a line of the session's
/// operation, and carries its id.
///
/// # Errors
/// The refusal, with `log_id`.
pub async fn answer_beside<T>(
    state: &AppState,
    session: &Session,
    outcome: Result<T, ApiError>,
) -> Result<T, ApiError> {
    let error = match outcome {
        Err(error) if is_unlogged(&error) => error,
        told => return told,
    };
    let connect = state.broker.connect();
    let operation = connect
        .refuse_beside(session, error.code(), error.message())
        .await;
    Err(error.with_log_id(operation.as_ref()))
}

/// What broke on our side is in the server's own log, under the request's id, and the operation log may be what broke.
fn is_unlogged(error: &ApiError) -> bool {
    error.log_id().is_none() && !error.status().is_server_error()
}

/// The browser's session token or public key, judged.
///
/// # Errors
/// 401, as rest.md 2.3 and 2.4 list them; 429 when the account calls too often.
pub async fn authenticate(state: &AppState, query: &Query) -> Result<BrowserAuth, ApiError> {
    let connect = state.broker.connect();
    let auth = connect
        .authenticate_browser(query.text("connect_session_token"), query.text("public_key"))
        .await?;
    let account = &auth.environment().account_id;
    state
        .rate_limit
        .count(account, Kind::Global, state.broker.now())?;
    Ok(auth)
}

/// The rest of the query. Unknown names are ignored, as the contract asks.
pub fn read(query: &Query) -> BrowserInput {
    let own_app = |name: &str| match query.get("credentials") {
        Some(Node::Map(entries)) => entries
            .iter()
            .find(|(key, _)| key == name)
            .and_then(|(_, node)| node.as_text())
            .filter(|text| !text.is_empty())
            .map(str::to_owned),
        _ => None,
    };
    BrowserInput {
        connection_key: query
            .text("connection_id")
            .filter(|key| !key.is_empty())
            .map(str::to_owned),
        params: query.text_map("params"),
        user_scope: query.text("user_scope").map(str::to_owned),
        authorization_params: query.text_map("authorization_params"),
        own_app: OwnApp {
            client_id: own_app("oauth_client_id_override"),
            client_secret: own_app("oauth_client_secret_override").map(SecretString::new),
            refresh_token: own_app("oauth_refresh_token_override").map(SecretString::new),
        },
        ws_client_id: query
            .text("ws_client_id")
            .filter(|id| is_listener_id(id))
            .map(str::to_owned),
        hmac: query.text("hmac").map(str::to_owned),
        return_url: query.text("return_url").map(str::to_owned),
        opener_waits: opener_waits(query),
        shown_at: None,
    }
}

/// The oldest packages have no socket: their opener waits for a message. They call every key public, also a session's
/// (decision D7).
pub fn opener_waits(query: &Query) -> bool {
    let names = ["ws_client_id", "connect_session_token"];
    names.iter().all(|name| query.get(name).is_none()) && query.text("public_key").is_some()
}

/// A listener's id has the shape that [`super::websocket`] gave it; anything else could never be listened to.
pub fn is_listener_id(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

impl From<BrowserAuthError> for ApiError {
    fn from(error: BrowserAuthError) -> Self {
        let message = error.to_string();
        let code = match error {
            BrowserAuthError::Missing => ErrorCode::MissingPublicKey,
            BrowserAuthError::InvalidPublicKey => ErrorCode::InvalidPublicKey,
            BrowserAuthError::UnknownAccount => ErrorCode::UnknownAccount,
            BrowserAuthError::PublicKeyDisabled => ErrorCode::DeprecatedAuthentication,
            BrowserAuthError::InvalidSessionToken => ErrorCode::InvalidConnectSessionTokenFormat,
            BrowserAuthError::UnknownSession => ErrorCode::UnknownConnectSessionToken,
            BrowserAuthError::EndedSession(operation) => {
                let code = ErrorCode::UnknownConnectSessionToken;
                return Self::new(StatusCode::UNAUTHORIZED, code, message).with_log_id(Some(&operation));
            }
            BrowserAuthError::Sealing(error) => return Self::internal(&error),
            BrowserAuthError::Store(error) => return error.into(),
        };
        Self::new(StatusCode::UNAUTHORIZED, code, message)
    }
}
