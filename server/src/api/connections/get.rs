use axum::Json;
use axum::extract::State;
use http::{HeaderValue, StatusCode, header};
use serde_json::json;
use terapi_broker::connections::{GetConnectionError, GetOptions, RefreshFailure};
use terapi_model::{ConnectionKey, ErrorCode, IntegrationKey, Scope, Timestamp};

use super::body::{ConnectionBody, OlderConnection};
use crate::api::auth::ByKey;
use crate::api::input::{Path, Query, QueryReader};
use crate::error::ApiError;
use crate::state::AppState;

/// One connection with its credentials, renewed if need be. Scope: `environment:connections:read_credentials`;
/// with `…:read` alone the credentials are empty.
#[utoipa::path(
    get, path = "/connections/{connection_id}", tag = "Connections", security(("secret_key" = ["environment:connections:read"]), ("secret_key" = ["environment:connections:read_credentials"])),
    params(
        ("connection_id" = String, Path, description = "The connection's id"),
        ("provider_config_key" = String, Query, description = "The integration's key"),
        ("refresh_token" = Option<bool>, Query, description = "Show refresh tokens"),
        ("force_refresh" = Option<bool>, Query, description = "Renew now"),
        ("refresh_github_app_jwt_token" = Option<bool>, Query, description = "Renew a GitHub App's token"),
        ("min_ttl" = Option<u32>, Query, description = "Renew when the token lives for less than these seconds, 0 to 604800, and answer no shorter one unless the provider gave it within the last minute. An addition of Terapi"),
    ),
    responses(
        (status = 200, description = "The connection", body = ConnectionBody),
        (status = 400, description = "`unknown_provider_config`", body = crate::api::openapi::ErrorBody),
        (status = 404, description = "`not_found`", body = crate::api::openapi::ErrorBody),
        (status = 424, description = "`invalid_credentials`: renewing them failed before; with `Retry-After` when it will be tried again", body = crate::api::openapi::ErrorBody),
    )
)]
pub(super) async fn get(
    State(state): State<AppState>,
    ByKey(caller): ByKey,
    query: Query,
    path: Path<String>,
) -> Result<Json<ConnectionBody>, ApiError> {
    let mut reader = QueryReader::new(&query);
    let integration_key = reader.required("provider_config_key", IntegrationKey::parse);
    let refresh_token = reader.flag("refresh_token");
    let force_refresh = reader.flag("force_refresh");
    let refresh_app_token = reader.flag("refresh_github_app_jwt_token");
    let min_ttl = reader.number("min_ttl", 0, 7 * 24 * 60 * 60);
    let integration_key = reader.finish(integration_key)?;
    let connection_key = path.parse("connectionId", ConnectionKey::parse)?;
    caller.require(&[Scope::CONNECTIONS_READ, Scope::CONNECTIONS_READ_CREDENTIALS])?;
    let with_credentials = caller.may(Scope::CONNECTIONS_READ_CREDENTIALS);
    // All of them are about credentials, so who may not read them may not ask for them.
    if !with_credentials && (refresh_token || force_refresh || refresh_app_token || min_ttl.is_some()) {
        caller.require(&[Scope::CONNECTIONS_READ_CREDENTIALS])?;
    }
    let options = GetOptions {
        with_credentials,
        force_refresh,
        min_ttl,
    };
    let fetched = state
        .broker
        .connections()
        .get(&caller, &integration_key, &connection_key, options)
        .await
        .map_err(|error| refused(error, state.broker.now()))?;
    Ok(Json(ConnectionBody::of(
        fetched.connection,
        fetched.credentials.as_ref(),
        refresh_token,
    )))
}

/// The same at `/connection/{connection_id}`, where clients from 0.21 to 0.26 also look for their field mapping.
pub(super) async fn get_older(
    state: State<AppState>,
    by: ByKey,
    query: Query,
    path: Path<String>,
) -> Result<Json<OlderConnection>, ApiError> {
    let Json(connection) = get(state, by, query, path).await?;
    Ok(Json(OlderConnection::of(connection)))
}

/// The failure, with the seconds to wait where an earlier one stands in the way for a while.
fn refused(error: GetConnectionError, now: Timestamp) -> ApiError {
    let wait = match &error {
        GetConnectionError::InvalidCredentials {
            reason: RefreshFailure::Backoff { until },
            ..
        } => Some((until.millis_since(now).max(0) + 999) / 1000),
        _ => None,
    };
    let refused = ApiError::from(error);
    match wait {
        Some(seconds) => refused.with_header(header::RETRY_AFTER, HeaderValue::from(seconds)),
        None => refused,
    }
}

impl From<GetConnectionError> for ApiError {
    fn from(error: GetConnectionError) -> Self {
        let message = error.to_string();
        match error {
            GetConnectionError::UnknownIntegration => {
                Self::new(StatusCode::BAD_REQUEST, ErrorCode::UnknownProviderConfig, message)
            }
            GetConnectionError::NotFound => Self::not_found(message),
            GetConnectionError::InvalidCredentials { reason, connection } => {
                let status = match reason {
                    // Nothing was tried now: an earlier failure stands in the way (rest.md 12.4).
                    RefreshFailure::NeedsReauth
                    | RefreshFailure::Exhausted
                    | RefreshFailure::Backoff { .. } => StatusCode::FAILED_DEPENDENCY,
                    RefreshFailure::Failed { .. } => StatusCode::BAD_REQUEST,
                };
                let operation = connection.auth_error.clone();
                let connection = ConnectionBody::of(*connection, None, false);
                Self::new(status, ErrorCode::InvalidCredentials, message)
                    .with_payload(json!({ "connection": connection }))
                    .with_log_id(operation.as_ref())
            }
            GetConnectionError::Forbidden(forbidden) => forbidden.into(),
            GetConnectionError::Store(error) => error.into(),
            error @ GetConnectionError::Sealing(_) => Self::internal(&error),
        }
    }
}
