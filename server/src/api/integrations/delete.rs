use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use terapi_model::IntegrationKey;

use super::unknown;
use crate::api::auth::ByKey;
use crate::api::input::{NoQuery, Path};
use crate::error::ApiError;
use crate::state::AppState;

/// Deletes an integration and all its connections. Scope: `environment:integrations:delete`.
#[utoipa::path(
    delete, path = "/integrations/{unique_key}", tag = "Integrations", security(("secret_key" = ["environment:integrations:delete"])),
    params(("unique_key" = String, Path, description = "The integration's key")),
    responses(
        (status = 200, description = "It is done", body = crate::api::openapi::Success),
        (status = 404, description = "`not_found`", body = crate::api::openapi::ErrorBody),
    )
)]
pub(super) async fn delete(
    State(state): State<AppState>,
    ByKey(caller): ByKey,
    _: NoQuery,
    path: Path<String>,
) -> Result<Json<Value>, ApiError> {
    let key = path.parse("uniqueKey", IntegrationKey::parse)?;
    match state.broker.integrations().delete(&caller, &key).await? {
        Some(_) => Ok(Json(json!({ "success": true }))),
        None => Err(unknown(&key)),
    }
}
