use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde_json::{Value, json};
use terapi_broker::connections::{ConnectionPatch, UpdateConnectionError};
use terapi_model::{ConnectionKey, ErrorCode, IntegrationKey, Scope};
use utoipa::ToSchema;

use crate::api::auth::ByKey;
use crate::api::connect::body::EndUserInput;
use crate::api::input::{Fields, JsonBody, Length, Path, Query, QueryReader, read_object};
use crate::error::ApiError;
use crate::state::AppState;

/// What to change; what is absent stays.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body in the OpenAPI document")]
#[serde(deny_unknown_fields)]
pub struct UpdateConnection {
    /// Whose account it is; also makes tags.
    pub end_user: Option<EndUserInput>,
    /// With `end_user` or alone, these replace the connection's tags.
    pub tags: Option<std::collections::BTreeMap<String, String>>,
    /// Empty for none.
    pub webhook_url_override: Option<String>,
}

/// Changes end user, tags or webhook address. Scope: `environment:connections:update`.
#[utoipa::path(
    patch, path = "/connections/{connection_id}", tag = "Connections", security(("secret_key" = ["environment:connections:update"])),
    params(
        ("connection_id" = String, Path, description = "The connection's id"),
        ("provider_config_key" = String, Query, description = "The integration's key"),
    ),
    request_body = UpdateConnection,
    responses(
        (status = 200, description = "It is done", body = crate::api::openapi::Success),
        (status = 400, description = "`invalid_body`, `unknown_provider_config`", body = crate::api::openapi::ErrorBody),
        (status = 404, description = "`not_found`", body = crate::api::openapi::ErrorBody),
    )
)]
pub(super) async fn update(
    State(state): State<AppState>,
    ByKey(caller): ByKey,
    query: Query,
    path: Path<String>,
    JsonBody(body): JsonBody,
) -> Result<Json<Value>, ApiError> {
    let mut reader = QueryReader::new(&query);
    let integration_key = reader.required("provider_config_key", IntegrationKey::parse);
    let integration_key = reader.finish(integration_key)?;
    let connection_key = path.parse("connectionId", ConnectionKey::parse)?;
    caller.require(&[Scope::CONNECTIONS_UPDATE])?;
    let patch = read_object(&body, read).map_err(ApiError::bad_body)?;
    state
        .broker
        .connections()
        .update(&caller, &integration_key, &connection_key, patch)
        .await?;
    Ok(Json(json!({ "success": true })))
}

fn read(fields: &mut Fields<'_, '_>) -> Option<ConnectionPatch> {
    let patch = ConnectionPatch {
        end_user: fields.optional_end_user("end_user"),
        tags: fields.optional_tags("tags"),
        webhook_url_override: fields
            .optional_text("webhook_url_override", Length::maybe_empty(2048))
            .map(str::to_owned),
    };
    fields.strict();
    Some(patch)
}

impl From<UpdateConnectionError> for ApiError {
    fn from(error: UpdateConnectionError) -> Self {
        let message = error.to_string();
        match error {
            UpdateConnectionError::UnknownIntegration => {
                Self::new(StatusCode::BAD_REQUEST, ErrorCode::UnknownProviderConfig, message)
            }
            UpdateConnectionError::NotFound => Self::not_found(message),
            UpdateConnectionError::Invalid(issues) => Self::bad_body(issues),
            UpdateConnectionError::Forbidden(forbidden) => forbidden.into(),
            UpdateConnectionError::Store(error) => error.into(),
        }
    }
}
