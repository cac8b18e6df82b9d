//! Environments of an account, for its own keys (rest.md 8.4).

mod create;
mod delete;

use utoipa_axum::routes;

use crate::route::Routes;

/// The routes of this room.
pub fn routes() -> Routes {
    Routes::new()
        .documented(routes!(create::create))
        .documented(routes!(delete::delete))
}
