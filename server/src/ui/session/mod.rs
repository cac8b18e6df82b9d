//! The operators' sessions: a random id in a cookie, everything else in the database under that id's hash.
//!
//! A session lasts 14 days from sign-in and not a minute longer, ends after 24 hours without use, gets a new id at
//! sign-in and is gone from the database at sign-out. Nothing is cached, so a revoked session stops at once.

mod cookie;
mod store;

use std::net::IpAddr;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, header};
use terapi_app::SignedIn;
use terapi_model::{OperatorId, Timestamp};
use terapi_vault::hash::token_hash;
use time::OffsetDateTime;
use tower_sessions::cookie::SameSite;
use tower_sessions::{Expiry, Session, SessionManagerLayer};

pub use cookie::name;
pub(super) use cookie::protect_removal;
use store::{ADDRESS, OPERATOR, StoreSessions, USER_AGENT};

use super::refusal::Refusal;
use crate::state::AppState;

/// How long a session lasts from sign-in, used or not, seconds.
const LIFE_SECONDS: i64 = 14 * 24 * 3600;

/// Reads the session cookie and writes it when the session changed. Mounted on the cookie family alone.
pub(super) fn layer(state: &AppState) -> SessionManagerLayer<StoreSessions> {
    SessionManagerLayer::new(StoreSessions::new(state.broker.clone()))
        .with_name(name(state.public_url()))
        .with_secure(state.is_https())
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_path("/")
}

/// Puts `Option<SignedIn>` beside the request: who the session belongs to, if it is alive.
pub(super) async fn identify(session: Session, mut request: Request, next: Next) -> Response {
    let signed_in = match signed_in(&session).await {
        Ok(signed_in) => signed_in,
        Err(error) => {
            let shape = Refusal::shape(&request);
            return Refusal::unavailable(&error, &shape).shaped(shape);
        }
    };
    request.extensions_mut().insert(signed_in);
    next.run(request).await
}

async fn signed_in(session: &Session) -> Result<Option<SignedIn>, tower_sessions::session::Error> {
    let operator: Option<OperatorId> = session.get(OPERATOR).await?;
    // An id that leads nowhere is dropped while the record is looked for.
    Ok(operator.zip(session.id()).map(|(operator, id)| SignedIn {
        operator,
        session: token_hash(&id.to_string()).to_hex(),
    }))
}

/// Begins a session for `operator` under a new id; one that the browser had before ends.
pub(super) async fn begin(
    session: &Session,
    operator: &OperatorId,
    now: Timestamp,
    headers: &HeaderMap,
    address: IpAddr,
) -> Result<(), tower_sessions::session::Error> {
    session.cycle_id().await?;
    session.clear().await;
    session.set_expiry(Some(Expiry::AtDateTime(instant(now.plus_seconds(LIFE_SECONDS)))));
    let user_agent = headers
        .get(header::USER_AGENT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    session.insert(OPERATOR, operator).await?;
    session.insert(USER_AGENT, user_agent).await?;
    session.insert(ADDRESS, address).await
}

/// Ends the browser's session.
pub(super) async fn end(session: &Session) -> Result<(), tower_sessions::session::Error> {
    if session.id().is_none() {
        return Ok(());
    }
    session.flush().await
}

fn instant(at: Timestamp) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at.as_millis()) * 1_000_000)
        .expect("fourteen days from now is before the year 9999")
}
