use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use terapi_broker::integrations::{IntegrationCredentials, NewIntegration};
use terapi_model::{AuthMode, ProviderName, Scope};

use super::submitted::{Client, ConfigInput, key};
use super::{ConfigAnswer, ConfigBody};
use crate::api::auth::ByKey;
use crate::api::input::{Fields, JsonBody, NoQuery, read_object};
use crate::error::ApiError;
use crate::state::AppState;

/// Creates an integration, in the form of older clients. Scope: `environment:integrations:create`.
#[utoipa::path(
    post, path = "/config", tag = "Deprecated", security(("secret_key" = ["environment:integrations:create"])),
    request_body = ConfigInput,
    responses(
        (status = 200, description = "The integration", body = ConfigAnswer),
        (status = 400, description = "`invalid_body`, `missing_provider_config`", body = crate::api::openapi::ErrorBody),
    )
)]
pub(super) async fn create(
    State(state): State<AppState>,
    ByKey(caller): ByKey,
    _: NoQuery,
    JsonBody(body): JsonBody,
) -> Result<Json<ConfigAnswer>, ApiError> {
    caller.require(&[Scope::INTEGRATIONS_CREATE])?;
    let unique_key = key(&body)?;
    let (provider, client) = read_object(&body, read).map_err(ApiError::bad_body)?;
    let mode = state
        .broker
        .catalogue()
        .get(provider.as_str())
        .map_or(AuthMode::OAuth2, |found| found.auth_mode());
    let new = NewIntegration {
        provider,
        unique_key,
        display_name: None,
        forward_webhooks: true,
        credentials: client.is_given().then(|| IntegrationCredentials {
            mode,
            client_id: client.id.unwrap_or_default(),
            client_secret: client.secret,
            scopes: client.scopes,
            webhook_secret: None,
        }),
        integration_config: BTreeMap::new(),
        custom: BTreeMap::new(),
        own_redirect: false,
        draft: false,
    };
    let integration = state.broker.integrations().create(&caller, new).await?;
    Ok(Json(ConfigAnswer {
        config: ConfigBody::of(&integration),
    }))
}

fn read(fields: &mut Fields<'_, '_>) -> Option<(ProviderName, Client)> {
    let provider = fields.name("provider", ProviderName::parse);
    let client = Client::read(fields);
    Some((provider?, client))
}
