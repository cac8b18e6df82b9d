use serde_json::{Map, Value};
use terapi_model::{AuthMode, Organization, Tags, Timestamp};
use terapi_store::connections::{ConnectionDetail, ConnectionRow, ConnectionSummary, IntegrationName};
use terapi_store::credentials::CredentialState;
use terapi_store::end_users::EndUserRow;

use super::{Connection, ConnectionState, EndUserRecord};

impl From<EndUserRow> for EndUserRecord {
    fn from(row: EndUserRow) -> Self {
        Self {
            id: row.end_user_id,
            display_name: row.display_name,
            email: row.email,
            tags: row.tags,
            organization: row.organization_id.map(|id| Organization {
                id,
                display_name: row.organization_display_name,
            }),
        }
    }
}

impl From<CredentialState> for ConnectionState {
    fn from(state: CredentialState) -> Self {
        match state {
            CredentialState::Active => Self::Active,
            CredentialState::NeedsReauth => Self::NeedsReauth,
        }
    }
}

/// A connection as rows hold it. `secret_config` are the opened secret fields of its config, or nothing.
pub(crate) fn view(detail: ConnectionDetail, tags: Tags, secret_config: Map<String, Value>) -> Connection {
    let ConnectionDetail {
        connection,
        integration,
        credential,
        end_user,
    } = detail;
    let name = IntegrationName {
        unique_key: integration.unique_key,
        provider: integration.provider,
        display_name: integration.display_name,
    };
    let scopes = credential
        .as_ref()
        .map(|row| (row.granted_scopes.clone(), row.requested_scopes.clone()));
    let health = credential.map(|row| Health {
        auth_mode: row.auth_mode,
        state: row.state,
        expires_at: row.expires_at,
        last_refresh_success_at: row.last_refresh_success_at,
        last_refresh_failure_at: row.last_refresh_failure_at,
    });
    let mut shown = assemble(connection, name, health, end_user, tags);
    shown.connection_config.extend(secret_config);
    if let Some((granted, requested)) = scopes {
        shown.granted_scopes = granted.as_deref().map(split_scopes);
        shown.requested_scopes = requested.as_deref().map(split_scopes).unwrap_or_default();
    }
    shown
}

/// A connection as lists hold it: without scopes.
pub(super) fn summary(row: ConnectionSummary, tags: Tags) -> Connection {
    let health = row.credential.map(|row| Health {
        auth_mode: row.auth_mode,
        state: row.state,
        expires_at: row.expires_at,
        last_refresh_success_at: row.last_refresh_success_at,
        last_refresh_failure_at: row.last_refresh_failure_at,
    });
    assemble(row.connection, row.integration, health, row.end_user, tags)
}

/// What of the credentials can be shown anywhere.
struct Health {
    auth_mode: AuthMode,
    state: CredentialState,
    expires_at: Option<Timestamp>,
    last_refresh_success_at: Option<Timestamp>,
    last_refresh_failure_at: Option<Timestamp>,
}

fn assemble(
    row: ConnectionRow,
    integration: IntegrationName,
    health: Option<Health>,
    end_user: Option<EndUserRow>,
    tags: Tags,
) -> Connection {
    let refreshed = health.as_ref().and_then(|health| health.last_refresh_success_at);
    Connection {
        id: row.id,
        wire_id: row.wire_id,
        connection_key: row.connection_id,
        integration_id: row.integration_id,
        integration_key: integration.unique_key,
        provider: integration.provider,
        auth_mode: health.as_ref().map_or(AuthMode::None, |health| health.auth_mode),
        auth_error: row.auth_error_operation_id,
        end_user: end_user.map(EndUserRecord::from),
        tags,
        metadata: row.metadata.as_ref().map(object),
        connection_config: object(&row.connection_config),
        webhook_url_override: row.webhook_url_override,
        created_at: row.created_at,
        updated_at: refreshed.map_or(row.updated_at, |refreshed| row.updated_at.max(refreshed)),
        last_fetched_at: row.last_fetched_at,
        state: health
            .as_ref()
            .map_or(ConnectionState::Active, |health| health.state.into()),
        expires_at: health.as_ref().and_then(|health| health.expires_at),
        last_refresh_success_at: refreshed,
        last_refresh_failure_at: health.as_ref().and_then(|health| health.last_refresh_failure_at),
        granted_scopes: None,
        requested_scopes: Vec::new(),
    }
}

/// The members of a stored JSON object; whatever else was stored counts as none.
pub(crate) fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

/// Scopes as a column holds them.
fn split_scopes(text: &str) -> Vec<String> {
    text.split(',')
        .filter(|scope| !scope.is_empty())
        .map(str::to_owned)
        .collect()
}
