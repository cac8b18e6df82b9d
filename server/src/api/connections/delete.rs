use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde_json::{Value, json};
use terapi_broker::connections::DeleteConnectionError;
use terapi_model::{ConnectionKey, ErrorCode, IntegrationKey, Scope};

use crate::api::auth::ByKey;
use crate::api::input::{Path, Query, QueryReader};
use crate::error::ApiError;
use crate::state::AppState;

/// Deletes a connection and its credentials. Scope: `environment:connections:delete`.
#[utoipa::path(
    delete, path = "/connections/{connection_id}", tag = "Connections", security(("secret_key" = ["environment:connections:delete"])),
    params(
        ("connection_id" = String, Path, description = "The connection's id"),
        ("provider_config_key" = String, Query, description = "The integration's key"),
    ),
    responses(
        (status = 200, description = "It is done", body = crate::api::openapi::Success),
        (status = 400, description = "`unknown_connection`", body = crate::api::openapi::ErrorBody),
    )
)]
pub(super) async fn delete(
    State(state): State<AppState>,
    ByKey(caller): ByKey,
    query: Query,
    path: Path<String>,
) -> Result<Json<Value>, ApiError> {
    let mut reader = QueryReader::new(&query);
    let integration_key = reader.required("provider_config_key", IntegrationKey::parse);
    let integration_key = reader.finish(integration_key)?;
    let connection_key = path.parse("connectionId", ConnectionKey::parse)?;
    caller.require(&[Scope::CONNECTIONS_DELETE])?;
    let deleted = state
        .broker
        .connections()
        .delete(&caller, &integration_key, &connection_key)
        .await?;
    Ok(Json(json!({ "success": deleted })))
}

impl From<DeleteConnectionError> for ApiError {
    fn from(error: DeleteConnectionError) -> Self {
        let message = error.to_string();
        match error {
            // 400 for both, as the reference answers (rest.md 18, Q2).
            DeleteConnectionError::UnknownIntegration | DeleteConnectionError::NotFound => {
                Self::new(StatusCode::BAD_REQUEST, ErrorCode::UnknownConnection, message)
            }
            DeleteConnectionError::Forbidden(forbidden) => forbidden.into(),
            DeleteConnectionError::Store(error) => error.into(),
        }
    }
}
