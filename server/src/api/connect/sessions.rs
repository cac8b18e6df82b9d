use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use terapi_broker::connect::NewSession;
use terapi_model::{IntegrationKey, Scope};
use utoipa::ToSchema;

use super::body::{
    EndUserInput, IntegrationDefaultsInput, IntegrationOverridesInput, OpenedSessionAnswer,
    OrganizationInput, shared,
};
use crate::api::auth::ByKey;
use crate::api::input::{Fields, JsonBody, NoQuery, read_object};
use crate::error::ApiError;
use crate::state::AppState;

/// A new session. `end_user` is required unless `tags` are given.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body in the OpenAPI document")]
#[serde(deny_unknown_fields)]
pub struct OpenSession {
    /// Whose account will be connected.
    pub end_user: Option<EndUserInput>,
    /// Where they belong.
    pub organization: Option<OrganizationInput>,
    /// Tags for the connection, at most 10 together with those made from end user and organization.
    pub tags: Option<BTreeMap<String, String>>,
    /// Integrations to choose from; all when empty.
    pub allowed_integrations: Option<Vec<String>>,
    /// Presets by integration.
    pub integrations_config_defaults: Option<BTreeMap<String, IntegrationDefaultsInput>>,
    /// What to show differently, by integration.
    pub overrides: Option<BTreeMap<String, IntegrationOverridesInput>>,
    /// Where the connection's webhooks go; empty for nowhere special.
    pub webhook_url_override: Option<String>,
}

/// Opens a session for an end user's browser. Scope: `environment:connect_sessions:write`.
#[utoipa::path(
    post, path = "/connect/sessions", tag = "Connect", security(("secret_key" = ["environment:connect_sessions:write"])),
    request_body = OpenSession,
    responses(
        (status = 201, description = "The session", body = OpenedSessionAnswer),
        (status = 400, description = "`invalid_body`", body = crate::api::openapi::ErrorBody),
    )
)]
pub(super) async fn open(
    State(state): State<AppState>,
    ByKey(caller): ByKey,
    _: NoQuery,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<OpenedSessionAnswer>), ApiError> {
    caller.require(&[Scope::CONNECT_SESSIONS_WRITE])?;
    let new = read_object(&body, read).map_err(ApiError::bad_body)?;
    let opened = state.broker.connect().open_session(&caller, new).await?;
    Ok((StatusCode::CREATED, Json(opened.into())))
}

fn read(fields: &mut Fields<'_, '_>) -> Option<NewSession> {
    let end_user_required = !fields.has("tags");
    let mut new = shared(fields, end_user_required);
    for (index, item) in fields
        .optional_array("allowed_integrations")
        .unwrap_or_default()
        .iter()
        .enumerate()
    {
        let path = ["allowed_integrations", &index.to_string()];
        new.allowed_integrations
            .extend(fields.name_of(&path, Some(item), IntegrationKey::parse));
    }
    fields.strict();
    Some(new)
}
