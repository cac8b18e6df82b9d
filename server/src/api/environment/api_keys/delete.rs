use axum::Json;
use axum::extract::State;
use http::StatusCode;
use terapi_broker::keys::DeleteKeyError;
use terapi_model::{ErrorCode, Scope, WireId};
use utoipa::ToSchema;

use crate::api::auth::ByKey;
use crate::api::input::{Fields, JsonBody, NoQuery, read_object};
use crate::api::openapi::Success;
use crate::error::ApiError;
use crate::state::AppState;

/// Which key to delete.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body in the OpenAPI document")]
#[serde(deny_unknown_fields)]
pub struct DeleteApiKey {
    /// The environment's integer id.
    #[schema(minimum = 1)]
    pub environment_id: i64,
    /// The key's integer id.
    #[schema(minimum = 1)]
    pub key_id: i64,
}

/// Deletes a key of an environment; it stops working at once. Scope: `account:environments:api_keys:delete`.
#[utoipa::path(
    delete, path = "/environment/api-keys", tag = "Account", security(("account_key" = ["account:environments:api_keys:delete"])),
    request_body = DeleteApiKey,
    responses(
        (status = 200, description = "It is gone", body = Success),
        (status = 400, description = "`invalid_body`", body = crate::api::openapi::ErrorBody),
        (status = 404, description = "`not_found`", body = crate::api::openapi::ErrorBody),
        (status = 409, description = "`conflict`: the key comes from the instance's configuration", body = crate::api::openapi::ErrorBody),
    )
)]
pub(in crate::api::environment) async fn delete(
    State(state): State<AppState>,
    ByKey(caller): ByKey,
    _: NoQuery,
    JsonBody(body): JsonBody,
) -> Result<Json<Success>, ApiError> {
    caller.require(&[Scope::API_KEYS_DELETE])?;
    let (environment, key) = read_object(&body, read).map_err(ApiError::bad_body)?;
    match state.broker.keys().delete_for(&caller, environment, key).await? {
        true => Ok(Json(Success::YES)),
        false => Err(ApiError::not_found("there is no such key in this environment")),
    }
}

fn read(fields: &mut Fields<'_, '_>) -> Option<(WireId, WireId)> {
    let environment = fields.wire_id("environment_id");
    let key = fields.wire_id("key_id");
    fields.strict();
    Some((environment?, key?))
}

impl From<DeleteKeyError> for ApiError {
    fn from(error: DeleteKeyError) -> Self {
        let message = error.to_string();
        match error {
            DeleteKeyError::Managed => Self::new(StatusCode::CONFLICT, ErrorCode::Conflict, message),
            DeleteKeyError::Forbidden(forbidden) => forbidden.into(),
            DeleteKeyError::Store(error) => error.into(),
        }
    }
}
