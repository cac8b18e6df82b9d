//! Connect sessions (rest.md 4).

pub mod body;
mod reconnect;
mod session;
mod sessions;

use utoipa_axum::routes;

use crate::route::Routes;

/// The routes of this room.
pub fn routes() -> Routes {
    Routes::new()
        .documented(routes!(sessions::open))
        .documented(routes!(reconnect::open))
        .documented(routes!(session::get, session::delete))
}
