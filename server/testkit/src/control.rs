//! `/_control/...`: what Rust tests do with [`Acme`](crate::Acme), over HTTP for everybody else. Bodies are JSON, also
//! when empty, so that no page of another origin can call these without asking first.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::acme::Shared;
use crate::clients::Client;
use crate::script::Script;

/// The control endpoints.
pub(crate) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route(
            "/_control/script",
            get(read_script).patch(patch_script).put(replace_script),
        )
        .route("/_control/requests", get(requests))
        .route("/_control/clients", post(register_client))
        .route("/_control/advance", post(advance))
        .route("/_control/release", post(release))
        .route("/_control/revoke-grants", post(revoke_grants))
        .route("/_control/reset", post(reset))
}

async fn read_script(State(shared): State<Arc<Shared>>) -> Json<Script> {
    Json(shared.script().clone())
}

async fn patch_script(State(shared): State<Arc<Shared>>, Json(patch): Json<Map<String, Value>>) -> Response {
    let mut script = shared.script();
    match script.patched(patch) {
        Ok(patched) => {
            *script = patched;
            Json(script.clone()).into_response()
        }
        Err(error) => {
            let body = Json(json!({ "error": error.to_string() }));
            (StatusCode::UNPROCESSABLE_ENTITY, body).into_response()
        }
    }
}

async fn replace_script(State(shared): State<Arc<Shared>>, Json(script): Json<Script>) -> Json<Script> {
    *shared.script() = script.clone();
    Json(script)
}

async fn requests(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(json!({ "requests": shared.record.requests(), "counters": shared.record.counters() }))
}

async fn register_client(State(shared): State<Arc<Shared>>, Json(client): Json<Client>) -> StatusCode {
    shared.clients().register(client);
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    seconds: u64,
}

async fn advance(State(shared): State<Arc<Shared>>, Json(advance): Json<Advance>) -> StatusCode {
    shared.clock.advance(Duration::from_secs(advance.seconds));
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Release {
    #[serde(default = "Release::one")]
    answers: usize,
}

impl Release {
    fn one() -> usize {
        1
    }
}

async fn release(State(shared): State<Arc<Shared>>, Json(release): Json<Release>) -> StatusCode {
    shared.release(release.answers);
    StatusCode::NO_CONTENT
}

/// A body that must be an empty JSON object.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

async fn revoke_grants(State(shared): State<Arc<Shared>>, Json(Nothing {}): Json<Nothing>) -> StatusCode {
    shared.grants().revoke_all();
    StatusCode::NO_CONTENT
}

async fn reset(State(shared): State<Arc<Shared>>, Json(Nothing {}): Json<Nothing>) -> StatusCode {
    shared.reset();
    StatusCode::NO_CONTENT
}
