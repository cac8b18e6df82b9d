//! Who asks: the `Authorization` header becomes a [`Caller`], and nothing else does (rest.md 2).

use axum::extract::FromRequestParts;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::request::Parts;
use http::{HeaderMap, header};
use terapi_broker::Caller;
use terapi_broker::connect::{Session, SessionAuthError};
use terapi_broker::keys::AuthenticateError;
use terapi_model::ErrorCode;
use terapi_vault::SecretString;

use crate::error::ApiError;
use crate::rate_limit::Kind;
use crate::state::AppState;

/// What every connect session token begins with.
pub const SESSION_PREFIX: &str = "nango_connect_session_";

/// The holder of an API key.
#[derive(Debug, Clone)]
pub struct ByKey(pub Caller);

/// The holder of a connect session token.
#[derive(Debug)]
pub struct BySession(pub Session);

/// The holder of either. A bearer with the session prefix is only tried as a session.
#[derive(Debug)]
pub enum ByKeyOrSession {
    /// A program.
    Key(Caller),
    /// An end user's browser.
    Session(Box<Session>),
}

impl ByKeyOrSession {
    /// Whoever it is.
    pub fn caller(&self) -> &Caller {
        match self {
            Self::Key(caller) => caller,
            Self::Session(session) => &session.caller,
        }
    }
}

impl FromRequestParts<AppState> for ByKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let token = bearer(&parts.headers)?;
        authenticate_key(state, &token).await.map(Self)
    }
}

impl FromRequestParts<AppState> for BySession {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let token = bearer(&parts.headers)?;
        authenticate_session(state, &token).await.map(Self)
    }
}

impl FromRequestParts<AppState> for ByKeyOrSession {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let token = bearer(&parts.headers)?;
        if token.expose().starts_with(SESSION_PREFIX) {
            let session = authenticate_session(state, &token).await?;
            return Ok(Self::Session(Box::new(session)));
        }
        authenticate_key(state, &token).await.map(Self::Key)
    }
}

async fn authenticate_key(state: &AppState, token: &SecretString) -> Result<Caller, ApiError> {
    let caller = state.broker.keys().authenticate(token.expose()).await?;
    state
        .rate_limit
        .count(&caller.account_id, Kind::Secret, state.broker.now())?;
    Ok(caller)
}

/// The session of a token.
///
/// # Errors
/// 401, as rest.md 2.3 lists them; 429 when the account calls too often.
pub async fn authenticate_session(state: &AppState, token: &SecretString) -> Result<Session, ApiError> {
    let session = state
        .broker
        .connect()
        .authenticate_session(token.expose())
        .await?;
    state
        .rate_limit
        .count(&session.caller.account_id, Kind::Global, state.broker.now())?;
    Ok(session)
}

/// The token of the `Authorization` header: what follows the last `Bearer `, or the user of `Basic user:` as the
/// oldest packages send it (decision D7), or the whole value.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<SecretString, ApiError> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Err(ApiError::unauthorized(
            ErrorCode::MissingAuthHeader,
            "send the secret key, or the session token, as `Authorization: Bearer …`",
        ));
    };
    let malformed = || {
        ApiError::unauthorized(
            ErrorCode::MalformedAuthHeader,
            "the Authorization header has no readable token; send `Authorization: Bearer …`",
        )
    };
    let value = value.to_str().map_err(|_| malformed())?.trim();
    let token = match scheme(value) {
        ("basic", rest) => {
            let decoded = STANDARD.decode(rest).map_err(|_| malformed())?;
            let text = String::from_utf8(decoded).map_err(|_| malformed())?;
            text.split_once(':')
                .map_or(text.clone(), |(user, _)| user.to_owned())
        }
        _ => {
            let start = value
                .to_ascii_lowercase()
                .rfind("bearer ")
                .map_or(0, |at| at + "bearer ".len());
            value[start..].trim().to_owned()
        }
    };
    if token.is_empty() || token.eq_ignore_ascii_case("bearer") {
        return Err(malformed());
    }
    Ok(SecretString::new(token))
}

fn scheme(value: &str) -> (&'static str, &str) {
    match value.split_once(' ') {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("basic") => ("basic", rest.trim()),
        _ => ("", value),
    }
}

impl From<AuthenticateError> for ApiError {
    fn from(error: AuthenticateError) -> Self {
        match error {
            AuthenticateError::InvalidFormat => Self::unauthorized(
                ErrorCode::InvalidSecretKeyFormat,
                "this is not a secret key: it has at least 32 characters, letters, digits, '_' and '-' only",
            ),
            AuthenticateError::Unknown => Self::unauthorized(
                ErrorCode::UnknownAccount,
                "no environment has this secret key; it may have been deleted or have expired",
            ),
            AuthenticateError::Store(error) => error.into(),
        }
    }
}

impl From<SessionAuthError> for ApiError {
    fn from(error: SessionAuthError) -> Self {
        match error {
            SessionAuthError::InvalidFormat => Self::unauthorized(
                ErrorCode::InvalidConnectSessionTokenFormat,
                "this is not a connect session token",
            ),
            SessionAuthError::Unknown => Self::unauthorized(
                ErrorCode::UnknownConnectSessionToken,
                "this connect session has ended or never was; open a new one on your backend",
            ),
            SessionAuthError::Ended(operation) => {
                Self::from(SessionAuthError::Unknown).with_log_id(Some(&operation))
            }
            SessionAuthError::Store(error) => error.into(),
            error @ SessionAuthError::Sealing(_) => Self::internal(&error),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn read(value: &str) -> Result<String, ErrorCode> {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        bearer(&headers)
            .map(|token| token.expose().clone())
            .map_err(|error| error.code())
    }

    #[test]
    fn the_token_is_found_however_it_was_sent() {
        for value in [
            "Bearer key",
            "bearer key",
            "Bearer  key ",
            "Bearer Bearer key",
            "key",
            "Basic a2V5Og==",
            "basic a2V5",
        ] {
            assert_eq!(read(value), Ok("key".to_owned()), "{value}");
        }
        for value in ["", "Bearer", "Bearer ", "Basic !", "Basic Og=="] {
            assert_eq!(read(value), Err(ErrorCode::MalformedAuthHeader), "{value}");
        }
        assert_eq!(
            bearer(&HeaderMap::new()).err().unwrap().code(),
            ErrorCode::MissingAuthHeader
        );
    }
}
