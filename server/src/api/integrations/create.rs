use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use terapi_broker::integrations::{CreateIntegrationError, IntegrationCredentials, NewIntegration};
use terapi_model::{IntegrationKey, Issue, IssueCode, ProviderName, Scope};
use utoipa::ToSchema;

use super::body::{IntegrationCredentialsInput, credentials};
use super::{IntegrationAnswer, IntegrationBody};
use crate::api::auth::ByKey;
use crate::api::input::{Fields, JsonBody, Length, NoQuery, read_object};
use crate::error::ApiError;
use crate::state::AppState;

/// A new integration.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body in the OpenAPI document")]
#[serde(deny_unknown_fields)]
pub struct CreateIntegration {
    /// A provider of the catalogue.
    pub provider: String,
    /// What callers will name it by.
    pub unique_key: String,
    /// 1 to 255 characters.
    pub display_name: Option<String>,
    /// True when absent.
    pub forward_webhooks: Option<bool>,
    /// Required where the provider's mode has an OAuth client, refused elsewhere.
    pub credentials: Option<IntegrationCredentialsInput>,
    /// The provider's declared settings.
    pub integration_config: Option<BTreeMap<String, String>>,
    /// Free values, for providers that declare no settings.
    pub custom: Option<BTreeMap<String, String>>,
}

/// Creates an integration. Scope: `environment:integrations:create`.
#[utoipa::path(
    post, path = "/integrations", tag = "Integrations", security(("secret_key" = ["environment:integrations:create"])),
    request_body = CreateIntegration,
    responses(
        (status = 200, description = "The integration", body = IntegrationAnswer),
        (status = 400, description = "`invalid_body`", body = crate::api::openapi::ErrorBody),
    )
)]
pub(super) async fn create(
    State(state): State<AppState>,
    ByKey(caller): ByKey,
    _: NoQuery,
    JsonBody(body): JsonBody,
) -> Result<Json<IntegrationAnswer>, ApiError> {
    caller.require(&[Scope::INTEGRATIONS_CREATE])?;
    let new = read_object(&body, read).map_err(ApiError::bad_body)?;
    let integration = state.broker.integrations().create(&caller, new).await?;
    Ok(Json(IntegrationAnswer {
        data: IntegrationBody::of(&state, &integration),
    }))
}

fn read(fields: &mut Fields<'_, '_>) -> Option<NewIntegration> {
    let provider = fields.name("provider", ProviderName::parse);
    let unique_key = fields.name("unique_key", IntegrationKey::parse);
    let display_name = fields.optional_text("display_name", Length::to(255));
    let forward_webhooks = fields.optional_flag("forward_webhooks").unwrap_or(true);
    let given = credentials(fields, true);
    let integration_config = fields.optional_texts("integration_config", Length::maybe_empty(8192));
    let custom = fields.optional_texts("custom", Length::maybe_empty(8192));
    fields.strict();
    Some(NewIntegration {
        provider: provider?,
        unique_key: unique_key?,
        display_name: display_name.map(str::to_owned),
        forward_webhooks,
        credentials: given.map(|given| IntegrationCredentials {
            mode: given.mode,
            client_id: given.client_id.unwrap_or_default(),
            client_secret: given.client_secret,
            scopes: given.scopes,
            webhook_secret: given.webhook_secret,
        }),
        integration_config: integration_config.unwrap_or_default(),
        custom: custom.unwrap_or_default(),
        own_redirect: false,
        draft: false,
    })
}

/// 400 `invalid_body` with a whole sentence, which is also the issue of a field.
pub(super) fn about(field: &str, message: String) -> ApiError {
    let issue = Issue::at([field], IssueCode::Custom, message.clone());
    ApiError::bad_body_because(message).with_issues(vec![issue])
}

impl From<CreateIntegrationError> for ApiError {
    fn from(error: CreateIntegrationError) -> Self {
        use CreateIntegrationError as E;
        let message = error.to_string();
        match error {
            E::UnknownProvider(_) => about("provider", message),
            // The reference writes the field in camel case, and clients may look for it.
            E::KeyTaken(_) => about("uniqueKey", message),
            E::CredentialMismatch { .. } | E::MissingCredentials(_) => Self::bad_body_because(message),
            E::Config(issues) => Self::bad_body(issues),
            E::Forbidden(forbidden) => forbidden.into(),
            E::Store(error) => error.into(),
            error @ E::Sealing(_) => Self::internal(&error),
        }
    }
}
