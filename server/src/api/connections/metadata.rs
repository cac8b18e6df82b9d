use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde_json::{Map, Value};
use terapi_broker::Caller;
use terapi_broker::connections::{MetadataChange, MetadataError};
use terapi_model::{ConnectionKey, ErrorCode, IntegrationKey, IssueCode, Scope};
use utoipa::ToSchema;

use crate::api::auth::ByKey;
use crate::api::input::{Fields, JsonBody, NoQuery, read_object};
use crate::error::ApiError;
use crate::state::AppState;

/// Metadata for one connection or several.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body in the OpenAPI document")]
#[serde(deny_unknown_fields)]
pub struct ConnectionMetadata {
    /// One id, or a list of ids.
    pub connection_id: OneOrMore,
    /// The integration's key.
    pub provider_config_key: String,
    /// Your own data, at most 256 KiB of JSON; merged, at most that with what is there.
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
}

/// One id, or several.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body in the OpenAPI document")]
#[serde(untagged)]
pub enum OneOrMore {
    /// One.
    One(String),
    /// Several.
    More(Vec<String>),
}

/// Replaces the metadata of one connection or several; all or none. Scope: `environment:connections:update`.
#[utoipa::path(
    post, path = "/connections/metadata", tag = "Connections", security(("secret_key" = ["environment:connections:update"])),
    request_body = ConnectionMetadata,
    responses(
        (status = 201, description = "The body, repeated", body = ConnectionMetadata),
        (status = 404, description = "`unknown_connection`", body = crate::api::openapi::ErrorBody),
    )
)]
pub(super) async fn set(
    State(state): State<AppState>,
    ByKey(caller): ByKey,
    _: NoQuery,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    write(&state, &caller, &body, MetadataChange::Replace).await?;
    Ok((StatusCode::CREATED, Json(body)))
}

/// Merges top-level keys into the metadata of one connection or several; all or none. Scope:
/// `environment:connections:update`.
#[utoipa::path(
    patch, path = "/connections/metadata", tag = "Connections", security(("secret_key" = ["environment:connections:update"])),
    request_body = ConnectionMetadata,
    responses(
        (status = 200, description = "The body, repeated", body = ConnectionMetadata),
        (status = 404, description = "`unknown_connection`", body = crate::api::openapi::ErrorBody),
    )
)]
pub(super) async fn merge(
    State(state): State<AppState>,
    ByKey(caller): ByKey,
    _: NoQuery,
    JsonBody(body): JsonBody,
) -> Result<Json<Value>, ApiError> {
    write(&state, &caller, &body, MetadataChange::Merge).await?;
    Ok(Json(body))
}

struct Asked {
    integration: IntegrationKey,
    connections: Vec<ConnectionKey>,
    metadata: Map<String, Value>,
}

async fn write(
    state: &AppState,
    caller: &Caller,
    body: &Value,
    change: MetadataChange,
) -> Result<(), ApiError> {
    caller.require(&[Scope::CONNECTIONS_UPDATE])?;
    let asked = read_object(body, read).map_err(ApiError::bad_body)?;
    let connections = state.broker.connections();
    connections
        .write_metadata(
            caller,
            &asked.integration,
            &asked.connections,
            &asked.metadata,
            change,
        )
        .await?;
    Ok(())
}

fn read(fields: &mut Fields<'_, '_>) -> Option<Asked> {
    let connections = match fields.value("connection_id") {
        Some(Value::Array(items)) => items
            .iter()
            .enumerate()
            .filter_map(|(index, item)| {
                fields.name_of(
                    &["connection_id", &index.to_string()],
                    Some(item),
                    ConnectionKey::parse,
                )
            })
            .collect(),
        Some(value @ Value::String(_)) => fields
            .name_of(&["connection_id"], Some(value), ConnectionKey::parse)
            .into_iter()
            .collect(),
        Some(_) => {
            fields.complain(
                &["connection_id"],
                IssueCode::InvalidUnion,
                "must be a string or an array of strings",
            );
            Vec::new()
        }
        None => {
            fields.complain(&["connection_id"], IssueCode::InvalidType, "is required");
            Vec::new()
        }
    };
    let integration = fields.name("provider_config_key", IntegrationKey::parse);
    let metadata = fields.object("metadata").cloned();
    fields.strict();
    Some(Asked {
        integration: integration?,
        connections,
        metadata: metadata?,
    })
}

impl From<MetadataError> for ApiError {
    fn from(error: MetadataError) -> Self {
        let message = error.to_string();
        match error {
            MetadataError::UnknownConnection(_) => {
                Self::new(StatusCode::NOT_FOUND, ErrorCode::UnknownConnection, message)
            }
            MetadataError::Forbidden(forbidden) => forbidden.into(),
            MetadataError::Store(error) => error.into(),
            MetadataError::Invalid(issue) => Self::bad_body(vec![issue]),
        }
    }
}
