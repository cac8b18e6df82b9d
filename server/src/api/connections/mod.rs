//! Connections (rest.md 5). Everything is also at `/connection`, where older clients look.

mod body;
mod delete;
mod get;
mod import;
mod legacy_import;
mod list;
mod metadata;
mod one_metadata;
mod submitted;
mod update;

use axum::extract::State;
use utoipa_axum::routes;

pub use body::EndUserBody;

use super::auth::ByKey;
use super::input::{Path, Query};
use crate::route::Routes;
use crate::state::AppState;

/// The routes of this room. `metadata` is also a possible id: its other methods go to the id's handlers.
pub fn routes() -> Routes {
    let documented = Routes::new()
        .documented(routes!(list::list, import::import))
        .documented(routes!(get::get, update::update, delete::delete))
        .documented(routes!(metadata::set, metadata::merge))
        .documented(routes!(legacy_import::import))
        .documented(routes!(one_metadata::set, one_metadata::merge))
        .post("/connection/{connection_id}/field-mapping", one_metadata::set);
    let aliases = Routes::new()
        .get("/connection", list::list)
        .get("/connection/{connection_id}", get::get_older)
        .patch("/connection/{connection_id}", update::update)
        .delete("/connection/{connection_id}", delete::delete)
        .post("/connection/metadata", metadata::set)
        .patch("/connection/metadata", metadata::merge);
    ["/connections/metadata", "/connection/metadata"]
        .into_iter()
        .fold(documented.merge(aliases), called_metadata)
}

fn called_metadata(routes: Routes, path: &str) -> Routes {
    let id = || Path("metadata".to_owned());
    routes
        .get(path, move |state: State<AppState>, by: ByKey, query: Query| {
            get::get(state, by, query, id())
        })
        .delete(path, move |state: State<AppState>, by: ByKey, query: Query| {
            delete::delete(state, by, query, id())
        })
}
