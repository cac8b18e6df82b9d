use axum::Json;
use axum::extract::State;
use terapi_broker::integrations::{CredentialsPatch, IntegrationPatch, UpdateIntegrationError};
use terapi_model::{AuthMode, Scope};

use super::submitted::{Client, ConfigInput, key};
use super::{ConfigAnswer, ConfigBody, unknown};
use crate::api::auth::ByKey;
use crate::api::input::{JsonBody, NoQuery, read_object};
use crate::error::ApiError;
use crate::state::AppState;

/// Changes the OAuth client of an integration, in the form of older clients; `provider` cannot change. Scope:
/// `environment:integrations:update`.
#[utoipa::path(
    put, path = "/config", tag = "Deprecated", security(("secret_key" = ["environment:integrations:update"])),
    request_body = ConfigInput,
    responses(
        (status = 200, description = "The integration", body = ConfigAnswer),
        (
            status = 400,
            description = "`invalid_body`, `missing_provider_config`, `unknown_provider_config`",
            body = crate::api::openapi::ErrorBody,
        ),
    )
)]
pub(super) async fn update(
    State(state): State<AppState>,
    ByKey(caller): ByKey,
    _: NoQuery,
    JsonBody(body): JsonBody,
) -> Result<Json<ConfigAnswer>, ApiError> {
    caller.require(&[Scope::INTEGRATIONS_UPDATE])?;
    let key = key(&body)?;
    let client = read_object(&body, |fields| Some(Client::read(fields))).map_err(ApiError::bad_body)?;
    let integrations = state.broker.integrations();
    let mode = integrations.auth_mode(&caller, &key).await?;
    let mode = mode.ok_or_else(|| unknown(&key))?;
    let patch = IntegrationPatch {
        credentials: client.is_given().then(|| CredentialsPatch {
            mode: mode.unwrap_or(AuthMode::OAuth2),
            client_id: client.id,
            client_secret: client.secret,
            scopes: client.scopes,
            webhook_secret: None,
        }),
        ..IntegrationPatch::default()
    };
    let integration = integrations.update(&caller, &key, patch).await;
    let integration = integration.map_err(|error| match error {
        UpdateIntegrationError::NotFound => unknown(&key),
        other => other.into(),
    })?;
    Ok(Json(ConfigAnswer {
        config: ConfigBody::of(&integration),
    }))
}
