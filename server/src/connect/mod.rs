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
mod typed;
pub mod ui;
mod unauthenticated;
mod unbuilt;
pub mod visitor;
mod websocket;

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

/// The routes of this room.
pub fn routes() -> Routes {
    let routes = Routes::new()
        .get("/", root::get)
        .post("/oauth2/auth/{integration}", unbuilt::refuse)
        .get("/connect/ui/result", result::get)
        .post("/connect/telemetry", telemetry::post)
        .options("/connect/telemetry", telemetry::preflight)
        .post("/app-store-auth/{integration}", unbuilt::refuse)
        .merge(typed::routes::<api_key::ApiKey>())
        .merge(typed::routes::<basic::Basic>())
        .merge(typed::routes::<unauthenticated::Unauthenticated>())
        .merge(ui::routes());
    UNBUILT_MODES.into_iter().fold(routes, |routes, mode| {
        routes.post(&format!("/auth/{mode}/{{integration}}"), unbuilt::refuse)
    })
}
