//! `POST /oauth/revoke` (RFC 7009).

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::acme::Shared;
use crate::params::Params;
use crate::script::oauth_error;

/// Ends a token, by the script.
pub(crate) async fn revoke(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let params = Params::from_body(&headers, &body);
    let answer = shared.script().revocation.clone();
    let work = || {
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
        shared.grants().revoke(token, &client_id);
        StatusCode::OK.into_response()
    };
    answer.play(Duration::ZERO, &shared.gate, work).await
}
