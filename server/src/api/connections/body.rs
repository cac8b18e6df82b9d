//! How a connection looks on the wire (rest.md 5.1, 5.2, 11.4, 11.5).

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use terapi_broker::connections::{Connection, EndUserRecord};
use terapi_broker::credentials::{Credentials, config_without_refresh_tokens};
use terapi_model::{Organization, Timestamp};
use utoipa::ToSchema;

/// A connection in a list.
#[derive(Serialize, ToSchema)]
pub struct ListedConnection {
    /// An integer that means nothing else.
    id: i64,
    /// What callers name it by.
    connection_id: String,
    /// The integration's key.
    provider_config_key: String,
    /// The integration's provider.
    provider: String,
    /// Failures that stand.
    errors: Vec<ConnectionError>,
    /// Whose account it is.
    end_user: Option<EndUserBody>,
    /// Tags.
    tags: BTreeMap<String, String>,
    /// The operator's own data.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Map<String, Value>>,
    /// When it was first connected.
    created: String,
}

/// A connection.
#[derive(Serialize, ToSchema)]
pub struct ConnectionBody {
    /// An integer that means nothing else.
    id: i64,
    /// What callers name it by.
    connection_id: String,
    /// The integration's key.
    provider_config_key: String,
    /// The integration's provider.
    provider: String,
    /// Failures that stand.
    errors: Vec<ConnectionError>,
    /// Whose account it is.
    end_user: Option<EndUserBody>,
    /// Tags.
    tags: BTreeMap<String, String>,
    /// The operator's own data.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Map<String, Value>>,
    /// What was asked for at connecting and what the provider's answers said.
    #[schema(value_type = Object)]
    connection_config: Map<String, Value>,
    /// Where its webhooks go instead of the environment's address.
    webhook_url_override: Option<String>,
    /// When it was first connected.
    created_at: String,
    /// When it changed last.
    updated_at: String,
    /// When its credentials were handed out last.
    last_fetched_at: Option<String>,
    /// By auth mode; an empty object without the scope to read them.
    #[schema(value_type = Object)]
    credentials: Box<RawValue>,
    /// Scopes that were asked for and not granted. Absent when the provider did not say what it granted. Our own
    /// addition to the contract.
    #[serde(skip_serializing_if = "Option::is_none")]
    missing_scopes: Option<Vec<String>>,
}

/// A connection as older clients read it, who kept their mapping of fields where metadata is now.
#[derive(Serialize)]
pub(super) struct OlderConnection {
    field_mappings: Map<String, Value>,
    #[serde(flatten)]
    connection: ConnectionBody,
}

impl OlderConnection {
    pub(super) fn of(connection: ConnectionBody) -> Self {
        Self {
            field_mappings: connection.metadata.clone().unwrap_or_default(),
            connection,
        }
    }
}

/// A failure that stands.
#[derive(Serialize, ToSchema)]
pub struct ConnectionError {
    /// `auth`
    r#type: &'static str,
    /// The operation that failed.
    log_id: String,
}

/// Whose account a connection is.
#[derive(Serialize, ToSchema)]
pub struct EndUserBody {
    /// The product's own id of that person.
    id: String,
    /// Name to show.
    display_name: Option<String>,
    /// E-mail address.
    email: Option<String>,
    /// Free tags.
    tags: Option<BTreeMap<String, String>>,
    /// The organization they belong to.
    organization: Option<OrganizationBody>,
}

/// An organization.
#[derive(Serialize, ToSchema)]
pub struct OrganizationBody {
    /// The product's own id of it.
    id: String,
    /// Name to show.
    display_name: Option<String>,
}

impl ListedConnection {
    pub(super) fn of(connection: Connection) -> Self {
        Self {
            id: connection.wire_id.0,
            errors: errors(&connection),
            tags: tags(&connection),
            connection_id: connection.connection_key.into(),
            provider_config_key: connection.integration_key.into(),
            provider: connection.provider.into(),
            end_user: connection.end_user.map(EndUserBody::from),
            metadata: connection.metadata,
            created: connection.created_at.to_rfc3339_offset(),
        }
    }
}

impl ConnectionBody {
    /// Refresh tokens are left out at any depth unless they are asked for.
    pub(super) fn of(connection: Connection, credentials: Option<&Credentials>, refresh_token: bool) -> Self {
        Self::written(
            connection,
            credentials,
            refresh_token,
            Timestamp::to_rfc3339_offset,
        )
    }

    /// What was just imported: with its refresh token, and with times as the rest of the API writes them
    /// (rest.md 1.7).
    pub(super) fn imported(connection: Connection, credentials: &Credentials) -> Self {
        Self::written(connection, Some(credentials), true, Timestamp::to_rfc3339)
    }

    fn written(
        connection: Connection,
        credentials: Option<&Credentials>,
        refresh_token: bool,
        time: fn(Timestamp) -> String,
    ) -> Self {
        Self {
            missing_scopes: connection.granted_scopes.is_some().then(|| {
                connection
                    .missing_scopes()
                    .into_iter()
                    .map(str::to_owned)
                    .collect()
            }),
            id: connection.wire_id.0,
            errors: errors(&connection),
            tags: tags(&connection),
            connection_config: if refresh_token {
                connection.connection_config
            } else {
                config_without_refresh_tokens(&connection.connection_config)
            },
            connection_id: connection.connection_key.into(),
            provider_config_key: connection.integration_key.into(),
            provider: connection.provider.into(),
            end_user: connection.end_user.map(EndUserBody::from),
            metadata: connection.metadata,
            webhook_url_override: connection.webhook_url_override,
            created_at: time(connection.created_at),
            updated_at: time(connection.updated_at),
            last_fetched_at: connection.last_fetched_at.map(time),
            credentials: credentials
                .map_or_else(empty_object, |credentials| credentials.to_wire(refresh_token)),
        }
    }
}

fn empty_object() -> Box<RawValue> {
    RawValue::from_string("{}".to_owned()).expect("two braces are JSON")
}

fn errors(connection: &Connection) -> Vec<ConnectionError> {
    let failed = connection.auth_error.iter();
    failed
        .map(|operation| ConnectionError {
            r#type: "auth",
            log_id: operation.to_string(),
        })
        .collect()
}

fn tags(connection: &Connection) -> BTreeMap<String, String> {
    connection
        .tags
        .iter()
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

impl From<EndUserRecord> for EndUserBody {
    fn from(user: EndUserRecord) -> Self {
        Self {
            id: user.id,
            display_name: user.display_name,
            email: user.email,
            tags: user.tags,
            organization: user
                .organization
                .map(|Organization { id, display_name }| OrganizationBody { id, display_name }),
        }
    }
}
