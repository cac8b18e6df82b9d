use axum::Json;
use axum::extract::State;
use serde_json::{Map, Value, json};
use terapi_broker::Caller;
use terapi_broker::integrations::{Integration, IntegrationSecrets};
use terapi_model::{IntegrationKey, Scope};

use super::{ConfigAnswer, ConfigBody, unknown};
use crate::api::auth::ByKey;
use crate::api::input::{Path, Query, QueryReader};
use crate::error::ApiError;
use crate::state::AppState;

/// One integration, as older clients ask for it. Scope: `environment:integrations:read` or `…:read_credentials`;
/// `include_creds` needs the latter.
#[utoipa::path(
    get, path = "/config/{provider_config_key}", tag = "Deprecated", security(("secret_key" = ["environment:integrations:read"]), ("secret_key" = ["environment:integrations:read_credentials"])),
    params(
        ("provider_config_key" = String, Path, description = "The integration's key"),
        ("include_creds" = Option<bool>, Query, description = "With client id, secret, scopes and connections"),
    ),
    responses(
        (status = 200, description = "The integration; with `include_creds` also its credentials", body = ConfigAnswer),
        (status = 400, description = "`unknown_provider_config`", body = crate::api::openapi::ErrorBody),
    )
)]
pub(super) async fn get(
    State(state): State<AppState>,
    ByKey(caller): ByKey,
    query: Query,
    path: Path<String>,
) -> Result<Json<Value>, ApiError> {
    let mut reader = QueryReader::new(&query);
    let with_credentials = reader.flag("include_creds");
    reader.finish(Some(()))?;
    let key = path.parse("providerConfigKey", IntegrationKey::parse)?;
    let integrations = state.broker.integrations();
    let integration = integrations
        .get(&caller, &key)
        .await?
        .ok_or_else(|| unknown(&key))?;
    let mut config = json!(ConfigBody::of(&integration));
    if with_credentials {
        caller.require(&[Scope::INTEGRATIONS_READ_CREDENTIALS])?;
        let secrets = integrations.credentials(&caller, &key).await?;
        let secrets = secrets.ok_or_else(|| unknown(&key))?;
        let more = credentials(&state, &integration, &secrets);
        let connections = connections(&state, &caller, &integration).await?;
        if let Some(config) = config.as_object_mut() {
            config.extend(more);
            config.insert("connection_count".to_owned(), connections.len().into());
            config.insert("connections".to_owned(), connections.into());
        }
    }
    Ok(Json(json!({ "config": config })))
}

fn credentials(
    state: &AppState,
    integration: &Integration,
    secrets: &IntegrationSecrets,
) -> Map<String, Value> {
    let text = |secret: &terapi_vault::SecretString| secret.expose().clone();
    let custom: Map<String, Value> = secrets
        .custom
        .iter()
        .map(|(name, value)| (name.clone(), text(value).into()))
        .collect();
    let provider = state.broker.catalogue().get(integration.provider.as_str());
    let fields = json!({
        "client_id": integration.client_id,
        "client_secret": secrets.client_secret.as_ref().map(text),
        "custom": if custom.is_empty() { Value::Null } else { custom.into() },
        "scopes": integration.scopes.join(","),
        "app_link": null,
        "auth_mode": integration.auth_mode.map(terapi_model::AuthMode::as_wire),
        "created_at": integration.created_at.to_rfc3339(),
        // No provider of this version takes webhooks in.
        "has_webhook": false,
        "webhook_secret": secrets.webhook_secret.as_ref().map(text),
        "has_webhook_user_defined_secret": false,
        "webhook_url": null,
        "docs": provider.and_then(|provider| provider.docs.clone()),
    });
    fields.as_object().cloned().unwrap_or_default()
}

async fn connections(
    state: &AppState,
    caller: &Caller,
    integration: &Integration,
) -> Result<Vec<Value>, ApiError> {
    let environment = state.broker.environments().find(caller.environment()?).await?;
    let rows = state
        .broker
        .connections()
        .list_of_integration(caller, &integration.id)
        .await?;
    let shown = rows.into_iter().map(|connection| {
        json!({
            "id": connection.wire_id,
            "connection_id": connection.connection_key,
            "provider_config_key": connection.integration_key,
            "environment_id": environment.as_ref().map(|environment| environment.wire_id),
            "connection_config": connection.connection_config,
        })
    });
    Ok(shown.collect())
}
