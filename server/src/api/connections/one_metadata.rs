use axum::Json;
use axum::extract::State;
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};
use terapi_broker::Caller;
use terapi_broker::connections::{MetadataChange, MetadataError};
use terapi_model::{ConnectionKey, ErrorCode, IntegrationKey, Issue, IssueCode, Scope};

use crate::api::auth::ByKey;
use crate::api::input::{JsonBody, Path, Query, QueryReader, read_object};
use crate::error::ApiError;
use crate::state::AppState;

/// Replaces the metadata of one connection; older clients call it. Scope: `environment:connections:update`.
#[utoipa::path(
    post, path = "/connection/{connection_id}/metadata", tag = "Deprecated", security(("secret_key" = ["environment:connections:update"])),
    params(
        ("connection_id" = String, Path, description = "The connection's id"),
        ("provider_config_key" = Option<String>, Query, description = "The integration's key; may come as the header `Provider-Config-Key`"),
    ),
    request_body(content = Object, description = "Your own data"),
    responses(
        (status = 201, description = "The body, repeated", body = Object),
        (status = 404, description = "`unknown_connection`", body = crate::api::openapi::ErrorBody),
    )
)]
pub(super) async fn set(
    State(state): State<AppState>,
    ByKey(caller): ByKey,
    query: Query,
    path: Path<String>,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let asked = judged(&caller, &query, &path, &headers, &body)?;
    asked.write(&state, &caller, MetadataChange::Replace).await?;
    Ok((StatusCode::CREATED, Json(body)))
}

/// Merges top-level keys into the metadata of one connection; older clients call it. Scope:
/// `environment:connections:update`.
#[utoipa::path(
    patch, path = "/connection/{connection_id}/metadata", tag = "Deprecated", security(("secret_key" = ["environment:connections:update"])),
    params(
        ("connection_id" = String, Path, description = "The connection's id"),
        ("provider_config_key" = Option<String>, Query, description = "The integration's key; may come as the header `Provider-Config-Key`"),
    ),
    request_body(content = Object, description = "Your own data"),
    responses(
        (status = 200, description = "The body, repeated", body = Object),
        (status = 404, description = "`unknown_connection`", body = crate::api::openapi::ErrorBody),
    )
)]
pub(super) async fn merge(
    State(state): State<AppState>,
    ByKey(caller): ByKey,
    query: Query,
    path: Path<String>,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<Json<Value>, ApiError> {
    let asked = judged(&caller, &query, &path, &headers, &body)?;
    asked.write(&state, &caller, MetadataChange::Merge).await?;
    Ok(Json(body))
}

struct Asked {
    integration: IntegrationKey,
    connection: ConnectionKey,
    metadata: Map<String, Value>,
}

impl Asked {
    async fn write(&self, state: &AppState, caller: &Caller, change: MetadataChange) -> Result<(), ApiError> {
        let connections = state.broker.connections();
        let keys = std::slice::from_ref(&self.connection);
        connections
            .write_metadata(caller, &self.integration, keys, &self.metadata, change)
            .await
            .map_err(|error| self.named(error))
    }

    /// An unknown connection is answered with both names, as old clients were.
    fn named(&self, error: MetadataError) -> ApiError {
        let unknown = matches!(error, MetadataError::UnknownConnection(_));
        let answer = ApiError::from(error);
        if unknown {
            answer.with_payload(json!({
                "connectionId": self.connection, "providerConfigKey": self.integration,
            }))
        } else {
            answer
        }
    }
}

fn judged(
    caller: &Caller,
    query: &Query,
    path: &Path<String>,
    headers: &HeaderMap,
    body: &Value,
) -> Result<Asked, ApiError> {
    caller.require(&[Scope::CONNECTIONS_UPDATE])?;
    let mut reader = QueryReader::new(query);
    let named = reader.parsed("provider_config_key", IntegrationKey::parse);
    reader.finish(Some(()))?;
    let integration = match named {
        Some(key) => key,
        None => of_header(headers)?,
    };
    let connection = path.parse("connectionId", ConnectionKey::parse)?;
    let metadata = read_object(body, |_| body.as_object().cloned()).map_err(ApiError::bad_body)?;
    Ok(Asked {
        integration,
        connection,
        metadata,
    })
}

fn of_header(headers: &HeaderMap) -> Result<IntegrationKey, ApiError> {
    let given = headers.get("provider-config-key");
    let key = given
        .and_then(|value| value.to_str().ok())
        .and_then(|text| IntegrationKey::parse(text).ok());
    key.ok_or_else(|| {
        let issue = Issue::at(
            ["provider_config_key"],
            IssueCode::InvalidType,
            "is required, in the query or as the header Provider-Config-Key",
        );
        ApiError::new(
            StatusCode::BAD_REQUEST,
            ErrorCode::InvalidQueryParams,
            "name the integration by its key",
        )
        .with_issues(vec![issue])
    })
}
