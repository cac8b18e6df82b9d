//! `POST /oauth/token` (RFC 6749 sections 4.1.3 and 6).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, PRAGMA};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::acme::Shared;
use crate::grants::{Issued, Refusal, split_scopes};
use crate::params::Params;
use crate::script::{Script, oauth_error};

/// Answers a token request, by the script.
pub(crate) async fn token(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let params = Params::from_body(&headers, &body);
    let (answer, delay) = match params.get("grant_type") {
        Some("refresh_token") => shared.script().next_refresh_answer(),
        _ => shared.script().next_token_answer(),
    };
    answer
        .play(delay, &shared.gate, || grant(&shared, &headers, &params))
        .await
}

fn grant(shared: &Shared, headers: &HeaderMap, params: &Params) -> Response {
    let bad = |error, description: &str| oauth_error(StatusCode::BAD_REQUEST, error, Some(description));
    let script = shared.script().clone();
    if let Some(name) = params.repeated() {
        return bad(
            "invalid_request",
            &format!("The parameter {name} was sent twice."),
        );
    }
    let client_id = match shared.clients().authenticate(script.client_auth, headers, params) {
        Ok(client_id) => client_id,
        Err(answer) => return *answer,
    };
    let now_ms = shared.clock.now_ms();
    let issued = match params.get("grant_type") {
        Some("authorization_code") => {
            let Some(code) = params.get("code") else {
                return bad("invalid_request", "There is no code.");
            };
            let (redirect_uri, verifier) = (params.get("redirect_uri"), params.get("code_verifier"));
            shared
                .grants()
                .exchange(code, &client_id, redirect_uri, verifier, &script, now_ms)
        }
        Some("refresh_token") => {
            let Some(refresh_token) = params.get("refresh_token") else {
                return bad("invalid_request", "There is no refresh_token.");
            };
            let wanted = params.get("scope").map(split_scopes);
            shared
                .grants()
                .refresh(refresh_token, &client_id, wanted, &script, now_ms)
        }
        Some(_) => {
            return bad(
                "unsupported_grant_type",
                "Acme knows authorization_code and refresh_token.",
            );
        }
        None => return bad("invalid_request", "There is no grant_type."),
    };
    match issued {
        Ok(issued) => tokens(issued, &script),
        Err(refusal) => {
            if refusal == Refusal::Reused {
                shared.record.count_reuse();
            }
            let error = if refusal == Refusal::ScopeTooWide {
                "invalid_scope"
            } else {
                "invalid_grant"
            };
            bad(error, refusal.description())
        }
    }
}

fn tokens(issued: Issued, script: &Script) -> Response {
    let mut body = Map::new();
    body.insert("access_token".to_owned(), json!(issued.access_token));
    body.insert("token_type".to_owned(), json!("Bearer"));
    if let Some(expires_in) = script.expires_in.written(script.access_token_life) {
        body.insert("expires_in".to_owned(), expires_in);
    }
    if let Some(refresh_token) = issued.refresh_token {
        body.insert("refresh_token".to_owned(), json!(refresh_token));
    }
    body.insert("scope".to_owned(), json!(issued.scopes.join(" ")));
    body.extend(script.token_extra.clone());
    (
        [(CACHE_CONTROL, "no-store"), (PRAGMA, "no-cache")],
        axum::Json(Value::Object(body)),
    )
        .into_response()
}
