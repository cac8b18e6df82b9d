//! The popup's way: `/oauth/connect/{integration}` sends it to the provider, `/oauth/callback` takes it back. A page
//! that cannot keep the flow cookie prepares the attempt and sends its popup to `/connect/ui/go`.
//!
//! Answers are pages, because a person is looking at them; failures also reach the socket that waits for the
//! result. The only cookie read is the flow cookie ([`flow_cookie`]).

mod app_auth;
mod callback;
mod connect;
pub mod flow_cookie;
mod go;
pub mod page;

use crate::route::Routes;

/// The routes of this room.
pub fn routes() -> Routes {
    Routes::new()
        .get("/oauth/connect/", connect::get_nameless)
        .post("/oauth/connect/", connect::post_nameless)
        .get("/oauth/connect/{*integration}", connect::get)
        .post("/oauth/connect/{*integration}", connect::post)
        .get("/connect/ui/go", go::get)
        .get("/app-auth/connect", app_auth::get)
        .get("/oauth/callback", callback::get_shared)
        .post("/oauth/callback", callback::post_shared)
        .get("/oauth/callback/{integration_uuid}", callback::get_own)
        .post("/oauth/callback/{integration_uuid}", callback::post_own)
}
