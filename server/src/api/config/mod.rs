//! Integrations as clients up to 0.60 named them (rest.md 6.7, sdk-versions.md 4): the same integrations under older
//! names and shapes.

mod create;
mod delete;
mod get;
mod list;
mod submitted;
mod update;

use serde::Serialize;
use terapi_broker::integrations::Integration;
use terapi_model::IntegrationKey;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::error::ApiError;
use crate::route::Routes;

/// The routes of this room.
pub fn routes() -> Routes {
    Routes::new()
        .documented(routes!(list::list, create::create, update::update))
        .documented(routes!(get::get, delete::delete))
}

/// `{config: …}`
#[derive(Serialize, ToSchema)]
pub struct ConfigAnswer {
    /// The integration.
    config: ConfigBody,
}

/// An integration in the old shape.
#[derive(Serialize, ToSchema)]
pub struct ConfigBody {
    /// What callers name it by.
    unique_key: String,
    /// Its provider.
    provider: String,
    /// Always empty: Terapi has no syncs.
    #[schema(value_type = Vec<String>)]
    syncs: [&'static str; 0],
    /// Always empty: Terapi has no actions.
    #[schema(value_type = Vec<String>)]
    actions: [&'static str; 0],
}

impl ConfigBody {
    fn of(integration: &Integration) -> Self {
        Self {
            unique_key: integration.unique_key.to_string(),
            provider: integration.provider.to_string(),
            syncs: [],
            actions: [],
        }
    }
}

fn unknown(key: &IntegrationKey) -> ApiError {
    ApiError::new(
        http::StatusCode::BAD_REQUEST,
        terapi_model::ErrorCode::UnknownProviderConfig,
        format!("this environment has no integration {key}"),
    )
}
