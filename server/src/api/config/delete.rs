use axum::Json;
use axum::extract::State;
use terapi_model::IntegrationKey;

use super::unknown;
use crate::api::auth::ByKey;
use crate::api::input::{NoQuery, Path};
use crate::api::openapi::Success;
use crate::error::ApiError;
use crate::state::AppState;

/// Deletes an integration and all its connections, as older clients ask for it. Scope:
/// `environment:integrations:delete`.
#[utoipa::path(
    delete, path = "/config/{provider_config_key}", tag = "Deprecated", security(("secret_key" = ["environment:integrations:delete"])),
    params(("provider_config_key" = String, Path, description = "The integration's key")),
    responses(
        (status = 200, description = "That it was done", body = crate::api::openapi::Success),
        (status = 400, description = "`unknown_provider_config`", body = crate::api::openapi::ErrorBody),
    )
)]
pub(super) async fn delete(
    State(state): State<AppState>,
    ByKey(caller): ByKey,
    _: NoQuery,
    path: Path<String>,
) -> Result<Json<Success>, ApiError> {
    let key = path.parse("providerConfigKey", IntegrationKey::parse)?;
    match state.broker.integrations().delete(&caller, &key).await? {
        Some(_) => Ok(Json(Success::YES)),
        None => Err(unknown(&key)),
    }
}
