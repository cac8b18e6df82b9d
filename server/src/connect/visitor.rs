//! Who was let in to connect or holds a session, and how the log is told what they are refused.

use axum::extract::Request;
use terapi_broker::connect::{BrowserAuth, Session, TurnedAway};
use terapi_model::{ErrorCode, IntegrationKey};

use super::browser_input::authenticate;
use crate::api::input::Query;
use crate::error::ApiError;
use crate::layers::judge_content_type;
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
    /// Judges who asks, and what kind of body comes, by the request's path and headers. `integration` is as received;
    /// `auth_type` says how credentials are to come.
    ///
    /// # Errors
    /// 401 and 429 of [`authenticate`]; 415, which does not depend on who asks (rest.md 1.2).
    pub fn admit(
        state: &'s AppState,
        query: &Query,
        request: &Request,
        integration: &str,
        auth_type: &'static str,
    ) -> impl Future<Output = Result<Self, ApiError>> + Send {
        // Before anything is waited for: a reference to a request cannot go to another thread.
        let judged = judge_content_type(request.uri().path(), request.headers());
        async move {
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
/// A refusal of too many requests costs no write: that is its point.
fn is_unlogged(error: &ApiError) -> bool {
    error.log_id().is_none() && !error.status().is_server_error() && error.code() != ErrorCode::TooManyRequest
}
