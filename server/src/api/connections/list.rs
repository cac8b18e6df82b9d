use std::future::ready;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{BoxError, Json};
use futures::{StreamExt, stream};
use http::header;
use serde::Serialize;
use terapi_broker::Broker;
use terapi_broker::connections::{Connection, ConnectionParts, ConnectionQuery, ListConnectionsError};
use terapi_model::IssueCode;
use utoipa::ToSchema;

use super::body::ListedConnection;
use crate::api::auth::ByKey;
use crate::api::input::{Query, QueryReader};
use crate::error::ApiError;
use crate::state::AppState;

/// `{connections: [connection]}`
#[derive(Serialize, ToSchema)]
pub struct ConnectionList {
    /// Newest first.
    connections: Vec<ListedConnection>,
}

/// Connections of the key's environment, newest first, never with credentials. Scope:
/// `environment:connections:list` or `…:list_credentials`.
#[utoipa::path(
    get, path = "/connections", tag = "Connections", security(("secret_key" = ["environment:connections:list"]), ("secret_key" = ["environment:connections:list_credentials"])),
    params(
        ("connectionId" = Option<String>, Query, description = "Exact id"),
        ("search" = Option<String>, Query, description = "Part of id, end user's name or e-mail, ignoring case"),
        ("endUserId" = Option<String>, Query, description = "Exact id of the end user"),
        ("endUserOrganizationId" = Option<String>, Query, description = "Exact id of their organization"),
        ("email" = Option<String>, Query, description = "Exact e-mail of the end user"),
        ("integrationId" = Option<String>, Query, description = "Keys of integrations, separated by commas"),
        ("tags" = Option<Object>, Query, style = DeepObject, explode, description = "`tags[key]=value`; all must match"),
        ("limit" = Option<u32>, Query, description = "1 to 2000; 10000 when absent"),
        ("page" = Option<u32>, Query, description = "From 0"),
    ),
    responses((status = 200, description = "The connections", body = ConnectionList))
)]
pub(super) async fn list(
    State(state): State<AppState>,
    ByKey(caller): ByKey,
    query: Query,
) -> Result<Response, ApiError> {
    let query = read(&query)?;
    let connections = state.broker.connections();
    let mut parts = connections.list_in_parts(&caller, query)?;
    let first = connections.next_part(&mut parts, FIRST_PART).await?;
    if parts.is_over() {
        let connections = first.into_iter().map(ListedConnection::of).collect();
        return Ok(Json(ConnectionList { connections }).into_response());
    }
    let head = written("{\"connections\":[", first).map_err(|error| ApiError::internal(&error))?;
    let rest = Rest {
        broker: state.broker.clone(),
        most: next_size(FIRST_PART, head.len()),
        parts,
    };
    let rest = stream::try_unfold(rest, Rest::next);
    let body = stream::once(ready(Ok(Bytes::from(head)))).chain(rest);
    let json = [(header::CONTENT_TYPE, "application/json")];
    Ok((json, Body::from_stream(body)).into_response())
}

/// So many are read first. Most lists end there.
const FIRST_PART: u32 = 200;

/// About so many bytes are in memory at a time.
const PART_BYTES: usize = 4 * 1024 * 1024;

/// A list that is on its way.
struct Rest {
    broker: Broker,
    parts: ConnectionParts,
    most: u32,
}

impl Rest {
    /// The next part; `None` after the last. A list that cannot be read on breaks off, so that nobody takes it for whole.
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, BoxError> {
        if self.parts.is_over() {
            return Ok(None);
        }
        let found = self
            .broker
            .connections()
            .next_part(&mut self.parts, self.most)
            .await;
        let found = found.inspect_err(|error| tracing::error!(%error, "a list of connections broke off"))?;
        let count = u32::try_from(found.len()).unwrap_or(self.most);
        let mut text = written(if found.is_empty() { "" } else { "," }, found)?;
        self.most = next_size(count, text.len());
        if self.parts.is_over() {
            text.push_str("]}");
        }
        Ok(Some((Bytes::from(text), self)))
    }
}

/// How many of the size that the last ones had fit.
fn next_size(count: u32, bytes: usize) -> u32 {
    let each = (bytes / usize::try_from(count.max(1)).unwrap_or(1)).max(1);
    u32::try_from(PART_BYTES / each)
        .unwrap_or(u32::MAX)
        .clamp(10, 2000)
}

/// Connections with commas between them.
fn written(start: &str, found: Vec<Connection>) -> serde_json::Result<String> {
    let mut text = start.to_owned();
    for (at, connection) in found.into_iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        text.push_str(&serde_json::to_string(&ListedConnection::of(connection))?);
    }
    Ok(text)
}

/// How many integrations one list may be narrowed to: the database takes time with the square of it.
const MOST_INTEGRATIONS: usize = 1000;

fn read(query: &Query) -> Result<ConnectionQuery, ApiError> {
    let mut reader = QueryReader::new(query);
    let wanted = ConnectionQuery {
        connection_key: reader.text("connectionId", 255).map(str::to_owned),
        search: reader.text("search", 255).map(str::to_owned),
        end_user_id: reader.text("endUserId", 255).map(str::to_owned),
        organization_id: reader.text("endUserOrganizationId", 255).map(str::to_owned),
        // For one generation of published clients (decision D7).
        end_user_email: reader.text("email", 255).map(str::to_owned),
        integration_keys: integration_keys(&mut reader),
        tags: reader.tags("tags").unwrap_or_default(),
        limit: reader.number("limit", 1, 2000),
        page: reader.number("page", 0, u32::MAX).unwrap_or(0),
        has_error: None,
        state: None,
    };
    reader.finish(Some(wanted))
}

/// `integrationId`, or `integrationIds` as one generation of clients writes it.
fn integration_keys(reader: &mut QueryReader<'_>) -> Vec<String> {
    let newer = reader.text("integrationId", usize::MAX);
    let older = reader.text("integrationIds", usize::MAX);
    let Some(text) = newer.or(older) else {
        return Vec::new();
    };
    let keys: Vec<String> = text
        .split(',')
        .map(str::trim)
        .filter(|key| !key.is_empty())
        .map(str::to_owned)
        .collect();
    if keys.is_empty() {
        reader.complain("integrationId", IssueCode::TooSmall, "names no integration");
    }
    if keys.len() > MOST_INTEGRATIONS {
        let message = format!("names at most {MOST_INTEGRATIONS} integrations");
        reader.complain("integrationId", IssueCode::TooBig, message);
    }
    keys
}

impl From<ListConnectionsError> for ApiError {
    fn from(error: ListConnectionsError) -> Self {
        match error {
            ListConnectionsError::Forbidden(forbidden) => forbidden.into(),
            ListConnectionsError::Store(error) => error.into(),
        }
    }
}
