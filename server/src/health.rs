//! `/health` and `/ready`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::route::Routes;
use crate::state::AppState;

/// The routes of this room.
pub fn routes() -> Routes {
    Routes::new().get("/health", health).get("/ready", ready)
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
