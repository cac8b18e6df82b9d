use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use terapi_broker::keys::CreateKeyError;
use terapi_model::{ErrorCode, Issue, IssueCode, Scope, WireId};
use utoipa::ToSchema;

use crate::api::auth::ByKey;
use crate::api::input::{Fields, JsonBody, Length, NoQuery, read_object};
use crate::error::ApiError;
use crate::state::AppState;

/// A new key of an environment.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body in the OpenAPI document")]
#[serde(deny_unknown_fields)]
pub struct CreateApiKey {
    /// The environment's integer id.
    #[schema(minimum = 1)]
    pub environment_id: i64,
    /// Unique among the environment's keys.
    #[schema(min_length = 1, max_length = 255)]
    pub display_name: String,
}

/// The key that was made.
#[derive(Serialize, ToSchema)]
pub struct CreatedApiKeyAnswer {
    /// The key.
    data: CreatedApiKey,
}

/// A key, this once with its secret.
#[derive(Serialize, ToSchema)]
pub struct CreatedApiKey {
    /// Its integer id.
    id: i64,
    /// Its name.
    display_name: String,
    /// What it may do.
    scopes: Vec<String>,
    /// The key itself; it cannot be shown again.
    secret: String,
    /// When it was made.
    created_at: String,
}

/// Makes a full-access key for an environment. Scope: `account:environments:api_keys:create`.
#[utoipa::path(
    post, path = "/environment/api-keys", tag = "Account", security(("account_key" = ["account:environments:api_keys:create"])),
    request_body = CreateApiKey,
    responses(
        (status = 200, description = "The key", body = CreatedApiKeyAnswer),
        (status = 400, description = "`invalid_body`, `resource_capped`", body = crate::api::openapi::ErrorBody),
        (status = 404, description = "`not_found`", body = crate::api::openapi::ErrorBody),
        (status = 409, description = "`conflict`: another key has the name", body = crate::api::openapi::ErrorBody),
    )
)]
pub(in crate::api::environment) async fn create(
    State(state): State<AppState>,
    ByKey(caller): ByKey,
    _: NoQuery,
    JsonBody(body): JsonBody,
) -> Result<Json<CreatedApiKeyAnswer>, ApiError> {
    caller.require(&[Scope::API_KEYS_CREATE])?;
    let (environment, name) = read_object(&body, read).map_err(ApiError::bad_body)?;
    let (key, secret) = state
        .broker
        .keys()
        .create_for(&caller, environment, &name)
        .await?;
    Ok(Json(CreatedApiKeyAnswer {
        data: CreatedApiKey {
            id: key.wire_id.0,
            display_name: key.display_name,
            scopes: key.scopes.0,
            secret: secret.expose().clone(),
            created_at: key.created_at.to_rfc3339(),
        },
    }))
}

fn read(fields: &mut Fields<'_, '_>) -> Option<(WireId, String)> {
    let environment = fields.wire_id("environment_id");
    let name = fields.text("display_name", Length::to(255));
    fields.strict();
    Some((environment?, name?.to_owned()))
}

impl From<CreateKeyError> for ApiError {
    fn from(error: CreateKeyError) -> Self {
        use CreateKeyError as E;
        let message = error.to_string();
        let at = |field: &str, message| Self::bad_body(vec![Issue::at([field], IssueCode::Custom, message)]);
        match error {
            E::NoSuchEnvironment => Self::not_found(message),
            E::NameTaken => Self::new(StatusCode::CONFLICT, ErrorCode::Conflict, message),
            E::TooMany => Self::new(StatusCode::BAD_REQUEST, ErrorCode::ResourceCapped, message),
            E::NameInvalid => at("display_name", message),
            E::ScopesInvalid => at("scopes", message),
            E::ExpiryInvalid => at("expires_at", message),
            E::Forbidden(forbidden) => forbidden.into(),
            E::Store(error) => error.into(),
        }
    }
}
