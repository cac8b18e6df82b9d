//! `/health` and `/ready`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;

use crate::state::AppState;

/// Says whether shutdown has begun; cloned into whoever must know.
#[derive(Debug, Clone, Default)]
pub struct Draining(Arc<AtomicBool>);

impl Draining {
    /// From now on `/ready` answers 503, so that a load balancer looks elsewhere.
    pub fn begin(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// True once shutdown has begun.
    pub fn has_begun(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// The routes of this room.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/health", get(health))
        .route("/ready", get(ready))
}

/// The process answers.
async fn health() -> Json<serde_json::Value> {
    Json(json!({ "result": "ok" }))
}

/// The process answers, its database answers, and it is not shutting down.
async fn ready(State(state): State<AppState>) -> Response {
    if !state.draining.has_begun() && state.broker.store().ping().await.is_ok() {
        return Json(json!({ "result": "ok" })).into_response();
    }
    (
        StatusCode::SERVICE_UNAVAILABLE,
        Json(json!({ "result": "not ready" })),
    )
        .into_response()
}
