//! The popup's way: `/oauth/connect/{integration}` sends it to the provider, `/oauth/callback` takes it back.
//!
//! Answers are pages, because a person is looking at them; failures also reach the socket that waits for the
//! result. The only cookie read is the flow cookie ([`flow_cookie`]).

mod callback;
mod connect;
pub mod flow_cookie;
pub mod page;

use crate::route::Routes;

/// The routes of this room.
pub fn routes() -> Routes {
    Routes::new()
        .get("/oauth/connect/{integration}", connect::get)
        .get("/oauth/callback", callback::get_shared)
        .post("/oauth/callback", callback::post_shared)
        .get("/oauth/callback/{integration_uuid}", callback::get_own)
        .post("/oauth/callback/{integration_uuid}", callback::post_own)
}
