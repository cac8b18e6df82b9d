//! `POST /oauth/introspect` (RFC 7662).

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::acme::Shared;
use crate::params::Params;
use crate::script::oauth_error;

/// Says whether a token of the asking client is live.
pub(crate) async fn introspect(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let params = Params::from_body(&headers, &body);
    let rule = shared.script().client_auth;
    let client_id = match shared.clients().authenticate(rule, &headers, &params) {
        Ok(client_id) => client_id,
        Err(answer) => return *answer,
    };
    let Some(token) = params.get("token") else {
        return oauth_error(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            Some("There is no token."),
        );
    };
    let grants = shared.grants();
    if let Some(live) = grants
        .live(token, shared.clock.now_ms())
        .filter(|live| live.client_id == client_id)
    {
        return Json(json!({
            "active": true,
            "token_type": "Bearer",
            "client_id": live.client_id,
            "sub": live.account.id,
            "username": live.account.email,
            "scope": live.scopes.join(" "),
            "exp": live.expires_at_ms / 1000,
            "iss": shared.url,
        }))
        .into_response();
    }
    if grants.live_refresh_token(token) == Some(client_id.as_str()) {
        return Json(json!({ "active": true, "client_id": client_id, "iss": shared.url })).into_response();
    }
    Json(json!({ "active": false })).into_response()
}
