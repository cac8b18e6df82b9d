//! The catalogue (rest.md 7).

mod all;
mod get;
mod list;

use utoipa_axum::routes;

use crate::route::Routes;

/// The routes of this room.
pub fn routes() -> Routes {
    Routes::new()
        .documented(routes!(list::list))
        .documented(routes!(get::get))
        .documented(routes!(all::all))
}
