//! What an end user's browser talks to besides OAuth: the socket on `/`, the routes that take typed credentials,
//! and the Connect UI. Public routes, all of them.

mod api_key;
mod basic;
pub mod browser_input;
mod refusal;
mod result;
mod root;
pub mod sockets;
mod telemetry;
pub mod ui;
mod unauthenticated;
mod unbuilt;
pub mod visitor;
mod websocket;

use axum::Json;
use serde_json::{Value, json};
use terapi_broker::connect::Connected;

use crate::route::Routes;

/// How large a form with credentials may be, in bytes (decision D25).
pub const FORM_LIMIT: usize = 16 * 1024;

/// Modes of `POST /auth/{mode}/{integration}` in the contract, and `tableau` of older packages, which is two-step.
const UNBUILT_MODES: [&str; 8] = [
    "tba",
    "two-step",
    "jwt",
    "bill",
    "signature",
    "aws-sigv4",
    "tableau",
    "oauth-outbound",
];

/// What every route for typed credentials answers (rest.md 9.7).
fn connected_answer(connected: &Connected) -> Json<Value> {
    Json(json!({
        "connectionId": connected.connection_key,
        "providerConfigKey": connected.integration_key,
    }))
}

/// The routes of this room.
pub fn routes() -> Routes {
    let routes = Routes::new()
        .get("/", root::get)
        .post("/api-auth/api-key/{integration}", api_key::post)
        .post("/api-auth/basic/{integration}", basic::post)
        .post("/oauth2/auth/{integration}", unbuilt::refuse)
        .post("/auth/unauthenticated/{integration}", unauthenticated::post)
        .post("/unauth/{integration}", unauthenticated::post)
        .get("/connect/ui/result", result::get)
        .post("/connect/telemetry", telemetry::post)
        .options("/connect/telemetry", telemetry::preflight)
        .post("/app-store-auth/{integration}", unbuilt::refuse)
        .merge(ui::routes());
    UNBUILT_MODES.into_iter().fold(routes, |routes, mode| {
        routes.post(&format!("/auth/{mode}/{{integration}}"), unbuilt::refuse)
    })
}
