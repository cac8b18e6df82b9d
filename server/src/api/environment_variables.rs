//! Environment variables (rest.md 8.1).

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use terapi_broker::environments::ReadSecretError;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::auth::ByKey;
use super::input::{EmptyBody, NoQuery};
use crate::error::ApiError;
use crate::route::Routes;
use crate::state::AppState;

/// The routes of this room.
pub fn routes() -> Routes {
    Routes::new().documented(routes!(list))
}

/// A variable of an environment.
#[derive(Serialize, ToSchema)]
pub struct EnvironmentVariable {
    /// Its name.
    name: String,
    /// Its value.
    value: String,
}

/// Variables of the key's environment. Scope: `environment:variables:read`.
#[utoipa::path(
    get, path = "/environment-variables", tag = "Environment", security(("secret_key" = ["environment:variables:read"])),
    responses((status = 200, description = "Every variable", body = [EnvironmentVariable]))
)]
async fn list(
    State(state): State<AppState>,
    ByKey(caller): ByKey,
    _: NoQuery,
    _: EmptyBody,
) -> Result<Json<Vec<EnvironmentVariable>>, ApiError> {
    let variables = state.broker.environments().variables(&caller).await?;
    let shown = |(name, value): (String, terapi_vault::SecretString)| EnvironmentVariable {
        name,
        value: value.expose().clone(),
    };
    Ok(Json(variables.into_iter().map(shown).collect()))
}

impl From<ReadSecretError> for ApiError {
    fn from(error: ReadSecretError) -> Self {
        match error {
            ReadSecretError::Forbidden(forbidden) => forbidden.into(),
            ReadSecretError::Store(error) => error.into(),
            error @ ReadSecretError::Sealing(_) => Self::internal(&error),
        }
    }
}
