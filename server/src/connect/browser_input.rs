//! What a browser package sends in the query of its calls (rest.md 9.1), and who it says it is.

use http::StatusCode;
use terapi_broker::connect::{BrowserAuth, BrowserAuthError, BrowserInput, OwnApp};
use terapi_model::ErrorCode;
use terapi_vault::SecretString;

use crate::api::input::{Node, Query};
use crate::error::ApiError;
use crate::rate_limit::Kind;
use crate::state::AppState;

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
        language: None,
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
