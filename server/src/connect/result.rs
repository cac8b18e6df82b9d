//! `GET /connect/ui/result`: what became of an attempt, for pages that wait for it (decision D22).
//!
//! The result is stored with the attempt, so whoever comes late or comes again is told too.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::Json;
use axum::extract::{ConnectInfo, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt, stream};
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};
use terapi_broker::connect::{AttemptView, ResultFrame, ResultHolder, Session, Wait};
use terapi_model::{ErrorCode, OAuthAttemptId, OperationId};
use terapi_vault::SecretString;

use super::browser_input::is_listener_id;
use super::sockets::Seat;
use super::visitor::answer_beside;
use crate::api::auth::{SESSION_PREFIX, authenticate_session, bearer};
use crate::api::input::Query;
use crate::error::ApiError;
use crate::serve::Draining;
use crate::state::AppState;

/// How long a stream may stay open; whoever still waits asks again.
const LIFE: Duration = Duration::from_secs(15 * 60);
/// How often an idle stream says that it is alive.
const ALIVE_EVERY: Duration = Duration::from_secs(15);
/// How often a stream looks whether the process wants to stop.
const STOPPING: Duration = Duration::from_secs(1);

/// The result of `?attempt=`: a stream of `status` events when `text/event-stream` is asked for, JSON at once otherwise.
pub async fn get(
    State(state): State<AppState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    query: Query,
) -> Result<Response, ApiError> {
    let token = bearer(&headers)?;
    let session = match token.expose().as_str() {
        text if is_listener_id(text) && !text.starts_with(SESSION_PREFIX) => None,
        _ => Some(authenticate_session(&state, &token).await?),
    };
    let told = tell(&state, &headers, peer.ip(), &query, session.as_ref(), &token).await;
    match &session {
        Some(session) => answer_beside(&state, session, told).await,
        None => told,
    }
}

async fn tell(
    state: &AppState,
    headers: &HeaderMap,
    peer: IpAddr,
    query: &Query,
    session: Option<&Session>,
    token: &SecretString,
) -> Result<Response, ApiError> {
    let holder = match session {
        Some(session) => ResultHolder::Session(session),
        None => ResultHolder::Listener(token.expose()),
    };
    let unknown = || ApiError::not_found("there is no such attempt here");
    let attempt = query.text("attempt").and_then(OAuthAttemptId::parse);
    let attempt = attempt.ok_or_else(unknown)?;
    let connect = state.broker.connect();
    let streams = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.contains("text/event-stream"));
    if !streams {
        let view = connect.attempt(holder, &attempt).await?.ok_or_else(unknown)?;
        return Ok(Json(status(view.result.as_ref(), &view.operation_id)).into_response());
    }
    // First the wait, then the look: a result in between is not missed.
    let wait = connect.wait_for(&attempt);
    let view = connect.attempt(holder, &attempt).await?.ok_or_else(unknown)?;
    let seat = state.sockets.take(state.client_address(headers, peer));
    let seat = seat.ok_or_else(|| {
        ApiError::new(
            StatusCode::TOO_MANY_REQUESTS,
            ErrorCode::TooManyRequest,
            "too many streams are open from this address; ask for JSON instead",
        )
    })?;
    let events = events(view, wait, state.draining.clone(), seat);
    let alive = KeepAlive::new().interval(ALIVE_EVERY);
    // Proxies that gather an answer before they pass it on would keep the first event to themselves.
    Ok(([("x-accel-buffering", "no")], Sse::new(events).keep_alive(alive)).into_response())
}

fn events(
    view: AttemptView,
    wait: Wait,
    draining: Draining,
    seat: Seat,
) -> impl Stream<Item = Result<Event, Infallible>> {
    let AttemptView { operation_id, result } = view;
    let first = event(&status(result.as_ref(), &operation_id));
    let last = async move {
        let _seat = seat;
        if result.is_some() {
            return None;
        }
        tokio::select! {
            frame = wait.result() => Some(event(&status(Some(&frame), &operation_id))),
            () = tokio::time::sleep(LIFE) => None,
            () = stopped(draining) => None,
        }
    };
    stream::iter([Ok(first)]).chain(stream::once(last).filter_map(|event| async { event.map(Ok) }))
}

async fn stopped(draining: Draining) {
    while !draining.has_begun() {
        tokio::time::sleep(STOPPING).await;
    }
}

fn event(status: &Value) -> Event {
    Event::default().event("status").data(status.to_string())
}

/// Where an attempt stands, on the wire.
fn status(result: Option<&ResultFrame>, operation: &OperationId) -> Value {
    match result {
        None => json!({ "status": "pending" }),
        Some(ResultFrame::Success {
            provider_config_key,
            connection_id,
            is_pending,
        }) => json!({
            "status": "connected",
            "provider_config_key": provider_config_key,
            "connection_id": connection_id,
            "is_pending": is_pending,
        }),
        Some(ResultFrame::Error {
            provider_config_key,
            connection_id: _,
            error_type,
            error_desc,
            cause,
            provider,
        }) => {
            let mut error = json!({ "code": error_type, "message": error_desc, "log_id": operation });
            if let Some(cause) = cause {
                error["cause"] = json!(cause);
            }
            if let Some(provider) = provider {
                error["provider"] = json!(provider);
            }
            json!({ "status": "failed", "provider_config_key": provider_config_key, "error": error })
        }
    }
}
