use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use terapi_broker::integrations::{CredentialsPatch, IntegrationPatch, UpdateIntegrationError};
use terapi_model::{IntegrationKey, Scope};
use utoipa::ToSchema;

use super::body::{IntegrationCredentialsInput, credentials};
use super::create::about;
use super::{IntegrationAnswer, IntegrationBody, unknown};
use crate::api::auth::ByKey;
use crate::api::input::{Fields, JsonBody, Length, NoQuery, Path, read_object};
use crate::error::ApiError;
use crate::state::AppState;

/// What to change; what is absent stays.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body in the OpenAPI document")]
#[serde(deny_unknown_fields)]
pub struct UpdateIntegration {
    /// A new key; refused while there are connections.
    pub unique_key: Option<String>,
    /// 1 to 255 characters.
    pub display_name: Option<String>,
    /// Whether webhooks of the provider are passed on.
    pub forward_webhooks: Option<bool>,
    /// Fields that are absent stay; an empty webhook secret removes it.
    pub credentials: Option<IntegrationCredentialsInput>,
    /// Settings named here are set; an empty text clears an optional one.
    pub integration_config: Option<BTreeMap<String, String>>,
    /// Merged into the values kept.
    pub custom: Option<BTreeMap<String, String>>,
}

/// Changes an integration. Scope: `environment:integrations:update`.
#[utoipa::path(
    patch, path = "/integrations/{unique_key}", tag = "Integrations", security(("secret_key" = ["environment:integrations:update"])),
    params(("unique_key" = String, Path, description = "The integration's key")),
    request_body = UpdateIntegration,
    responses(
        (status = 200, description = "The integration", body = IntegrationAnswer),
        (status = 400, description = "`invalid_body`", body = crate::api::openapi::ErrorBody),
        (status = 404, description = "`not_found`", body = crate::api::openapi::ErrorBody),
    )
)]
pub(super) async fn update(
    State(state): State<AppState>,
    ByKey(caller): ByKey,
    _: NoQuery,
    path: Path<String>,
    JsonBody(body): JsonBody,
) -> Result<Json<IntegrationAnswer>, ApiError> {
    let key = path.parse("uniqueKey", IntegrationKey::parse)?;
    caller.require(&[Scope::INTEGRATIONS_UPDATE])?;
    let patch = read_object(&body, read).map_err(ApiError::bad_body)?;
    let updated = state.broker.integrations().update(&caller, &key, patch).await;
    let integration = updated.map_err(|error| match error {
        UpdateIntegrationError::NotFound => unknown(&key),
        error => error.into(),
    })?;
    Ok(Json(IntegrationAnswer {
        data: IntegrationBody::of(&state, &integration),
    }))
}

fn read(fields: &mut Fields<'_, '_>) -> Option<IntegrationPatch> {
    let patch = IntegrationPatch {
        unique_key: fields.optional_name("unique_key", IntegrationKey::parse),
        display_name: fields
            .optional_text("display_name", Length::to(255))
            .map(|name| Some(name.to_owned())),
        forward_webhooks: fields.optional_flag("forward_webhooks"),
        own_redirect: None,
        credentials: credentials(fields, false).map(|given| CredentialsPatch {
            mode: given.mode,
            client_id: given.client_id,
            client_secret: given.client_secret,
            scopes: given.scopes,
            webhook_secret: given.webhook_secret,
        }),
        integration_config: fields.optional_texts("integration_config", Length::maybe_empty(8192)),
        custom: fields.optional_texts("custom", Length::maybe_empty(8192)),
        draft: false,
    };
    fields.strict();
    Some(patch)
}

impl From<UpdateIntegrationError> for ApiError {
    fn from(error: UpdateIntegrationError) -> Self {
        use UpdateIntegrationError as E;
        let message = error.to_string();
        match error {
            E::NotFound => Self::not_found("this environment has no such integration"),
            E::KeyTaken(_) => about("uniqueKey", message),
            E::HasConnections(_) | E::UnknownProvider | E::CredentialMismatch { .. } => {
                Self::bad_body_because(message)
            }
            E::Config(issues) => Self::bad_body(issues),
            E::Forbidden(forbidden) => forbidden.into(),
            E::Store(error) => error.into(),
            error @ E::Sealing(_) => Self::internal(&error),
        }
    }
}
