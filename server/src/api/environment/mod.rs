//! What keys do to an environment: its API keys (rest.md 8.3), the key its webhooks are signed with (8.2).

mod api_keys;
mod webhook_signing_key;

use utoipa_axum::routes;

use crate::route::Routes;

/// The routes of this room.
pub fn routes() -> Routes {
    Routes::new()
        .documented(routes!(api_keys::create::create))
        .documented(routes!(api_keys::delete::delete))
        .documented(routes!(webhook_signing_key::rotate))
}
