use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use terapi_broker::connect::NewReconnectSession;
use terapi_model::{ConnectionKey, IntegrationKey, Scope};
use utoipa::ToSchema;

use super::body::{
    EndUserInput, IntegrationDefaultsInput, IntegrationOverridesInput, OpenedSessionAnswer,
    OrganizationInput, shared,
};
use crate::api::auth::ByKey;
use crate::api::input::{Fields, JsonBody, NoQuery, read_object};
use crate::error::ApiError;
use crate::state::AppState;

/// A session that renews one connection.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body in the OpenAPI document")]
#[serde(deny_unknown_fields)]
pub struct OpenReconnectSession {
    /// The connection's id.
    pub connection_id: String,
    /// The integration's key.
    pub integration_id: String,
    /// Whose account it is.
    pub end_user: Option<EndUserInput>,
    /// Where they belong.
    pub organization: Option<OrganizationInput>,
    /// Tags for the connection; the stored ones stay when none are given.
    pub tags: Option<BTreeMap<String, String>>,
    /// Presets by integration.
    pub integrations_config_defaults: Option<BTreeMap<String, IntegrationDefaultsInput>>,
    /// What to show differently, by integration.
    pub overrides: Option<BTreeMap<String, IntegrationOverridesInput>>,
    /// Where the connection's webhooks go; the stored address stays when absent.
    pub webhook_url_override: Option<String>,
}

/// Opens a session that renews one connection. Scope: `environment:connect_sessions:write`.
#[utoipa::path(
    post, path = "/connect/sessions/reconnect", tag = "Connect", security(("secret_key" = ["environment:connect_sessions:write"])),
    request_body = OpenReconnectSession,
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
    let opened = state
        .broker
        .connect()
        .open_reconnect_session(&caller, new)
        .await?;
    Ok((StatusCode::CREATED, Json(opened.into())))
}

fn read(fields: &mut Fields<'_, '_>) -> Option<NewReconnectSession> {
    let connection_key = fields.name("connection_id", ConnectionKey::parse);
    let integration_key = fields.name("integration_id", IntegrationKey::parse);
    let session = shared(fields, false);
    fields.strict();
    Some(NewReconnectSession {
        connection_key: connection_key?,
        integration_key: integration_key?,
        session,
    })
}
