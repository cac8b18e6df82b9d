use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use terapi_broker::integrations::{Integration, IntegrationSecrets};
use terapi_model::{AuthMode, IntegrationKey, IssueCode, Scope};

use super::{IntegrationAnswer, IntegrationBody, unknown};
use crate::api::auth::ByKey;
use crate::api::input::{Path, Query, QueryReader};
use crate::error::ApiError;
use crate::state::AppState;

/// One integration. Scope: `environment:integrations:read` or `…:read_credentials`; credentials need the latter
/// and are left out without it.
#[utoipa::path(
    get, path = "/integrations/{unique_key}", tag = "Integrations", security(("secret_key" = ["environment:integrations:read"]), ("secret_key" = ["environment:integrations:read_credentials"])),
    params(
        ("unique_key" = String, Path, description = "The integration's key"),
        ("include" = Option<Vec<String>>, Query, description = "`webhook`, `credentials`, once or repeated"),
    ),
    responses(
        (status = 200, description = "The integration", body = IntegrationAnswer),
        (status = 404, description = "`not_found`", body = crate::api::openapi::ErrorBody),
    )
)]
pub(super) async fn get(
    State(state): State<AppState>,
    ByKey(caller): ByKey,
    query: Query,
    path: Path<String>,
) -> Result<Json<IntegrationAnswer>, ApiError> {
    let mut reader = QueryReader::new(&query);
    let include = reader.texts("include");
    if include
        .iter()
        .any(|word| !matches!(*word, "webhook" | "credentials"))
    {
        reader.complain(
            "include",
            IssueCode::InvalidValue,
            "must be webhook or credentials",
        );
    }
    reader.finish(Some(()))?;
    let key = path.parse("uniqueKey", IntegrationKey::parse)?;
    let integrations = state.broker.integrations();
    let integration = integrations
        .get(&caller, &key)
        .await?
        .ok_or_else(|| unknown(&key))?;
    let mut data = IntegrationBody::of(&state, &integration);
    if include.contains(&"webhook") {
        // No provider of this version takes webhooks in.
        data.webhook_url = Some(Value::Null);
    }
    if include.contains(&"credentials") && caller.may(Scope::INTEGRATIONS_READ_CREDENTIALS) {
        let secrets = integrations
            .credentials(&caller, &key)
            .await?
            .ok_or_else(|| unknown(&key))?;
        data.credentials = Some(credentials(&integration, &secrets));
    }
    Ok(Json(IntegrationAnswer { data }))
}

/// The shapes of rest.md 6.2.
fn credentials(integration: &Integration, secrets: &IntegrationSecrets) -> Value {
    match integration.auth_mode {
        Some(mode @ (AuthMode::OAuth1 | AuthMode::OAuth2 | AuthMode::Tba)) => json!({
            "type": mode.as_wire(),
            "client_id": integration.client_id,
            "client_secret": secrets.client_secret.as_ref().map(|secret| secret.expose()),
            "scopes": integration.scopes.join(","),
            "webhook_secret": secrets.webhook_secret.as_ref().map(|secret| secret.expose()),
        }),
        _ => Value::Null,
    }
}
