//! The API behind the authorization server.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use crate::acme::{DEMO_PASSWORD, DEMO_USER, LIVE_KEY_PREFIX, Shared};
use crate::clients::basic_credentials;
use crate::script::status_code;

/// `GET /api/me`: who the caller is, by access token, API key or Basic credentials.
pub(crate) async fn me(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    if let Some(status) = shared.script().me_status {
        return (status_code(status), Json(json!({ "error": "scripted" }))).into_response();
    }
    if let Some(key) = headers.get("x-api-key") {
        let is_live = key.to_str().is_ok_and(|key| key.starts_with(LIVE_KEY_PREFIX));
        return if is_live {
            caller("key", "Acme workspace", "workspace@acme.test")
        } else {
            unauthorized()
        };
    }
    let Some(authorization) = headers.get(AUTHORIZATION) else {
        return unauthorized();
    };
    if let Some((user, password)) = basic_credentials(authorization) {
        let is_demo = user == DEMO_USER && password == DEMO_PASSWORD;
        return if is_demo {
            caller("basic", "Demo user", "demo@acme.test")
        } else {
            unauthorized()
        };
    }
    let Some(access_token) = bearer(authorization) else {
        return unauthorized();
    };
    match shared.grants().live(access_token, shared.clock.now_ms()) {
        Some(live) => Json(json!({
            "via": "oauth",
            "id": live.account.id,
            "name": live.account.name,
            "email": live.account.email,
            "scope": live.scopes.join(" "),
            "client_id": live.client_id,
        }))
        .into_response(),
        None => unauthorized(),
    }
}

/// `/api/echo`, any method: the request back as JSON. A body that is not text comes back in `body_base64`.
pub(crate) async fn echo(
    method: Method,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Json<Value> {
    let mut names = Map::new();
    for (name, value) in &headers {
        names.insert(name.to_string(), json!(String::from_utf8_lossy(value.as_bytes())));
    }
    let query: Vec<(String, String)> = form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .into_owned()
        .collect();
    let mut echoed =
        json!({ "method": method.as_str(), "headers": names, "query": query, "bytes": body.len() });
    match std::str::from_utf8(&body) {
        Ok(text) => echoed["body"] = json!(text),
        Err(_) => echoed["body_base64"] = json!(STANDARD.encode(&body)),
    }
    Json(echoed)
}

/// `/api/status/{code}`, any method: answers with that status.
pub(crate) async fn status(Path(code): Path<u16>) -> Response {
    (status_code(code), Json(json!({ "status": code }))).into_response()
}

fn bearer(authorization: &HeaderValue) -> Option<&str> {
    let (scheme, token) = authorization.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

fn caller(via: &str, name: &str, email: &str) -> Response {
    Json(json!({ "via": via, "name": name, "email": email })).into_response()
}

fn unauthorized() -> Response {
    let challenge = HeaderValue::from_static("Bearer realm=\"acme\", error=\"invalid_token\"");
    (
        StatusCode::UNAUTHORIZED,
        [(WWW_AUTHENTICATE, challenge)],
        Json(json!({ "error": "unauthorized" })),
    )
        .into_response()
}
