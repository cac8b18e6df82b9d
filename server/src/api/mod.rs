//! The REST API (rest.md): the tree of files is the tree of URLs, one endpoint one file. A handler authenticates,
//! reads its input strictly, asks the broker one thing and writes the answer down.

pub mod auth;
pub mod config;
pub mod connect;
pub mod connections;
pub mod environment;
pub mod environment_variables;
pub mod environments;
pub mod input;
pub mod integrations;
pub mod openapi;
pub mod providers;
mod unavailable;

use crate::route::Routes;

/// The routes of this room.
pub fn routes() -> Routes {
    Routes::new()
        .merge(connect::routes())
        .merge(connections::routes())
        .merge(config::routes())
        .merge(integrations::routes())
        .merge(providers::routes())
        .merge(environment_variables::routes())
        .merge(environment::routes())
        .merge(environments::routes())
        .merge(unavailable::routes())
}
