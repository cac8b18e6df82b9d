use axum::Json;
use axum::extract::{FromRequest, Request, State};
use serde_json::Value;
use terapi_model::IntegrationKey;

use super::browser_input;
use super::connected_answer;
use super::visitor::Visitor;
use crate::api::input::{JsonBody, LenientQuery, Path, Query};
use crate::error::ApiError;
use crate::state::AppState;

/// `POST /auth/unauthenticated/{integration}`, `/unauth/{integration}` to older packages: a connection to an API that
/// lets everybody in (rest.md 9.7). Whatever JSON is in the body says nothing.
pub async fn post(
    State(state): State<AppState>,
    path: Path<String>,
    LenientQuery(query): LenientQuery,
    request: Request,
) -> Result<Json<Value>, ApiError> {
    let visitor = Visitor::admit(&state, &query, &request, &path.0, "unauth").await?;
    let submitted = submit(&state, &visitor, &path, &query, request).await;
    visitor.answer(submitted).await
}

async fn submit(
    state: &AppState,
    visitor: &Visitor<'_>,
    path: &Path<String>,
    query: &Query,
    request: Request,
) -> Result<Json<Value>, ApiError> {
    JsonBody::<{ super::FORM_LIMIT }>::from_request(request, state).await?;
    let key = path.parse("providerConfigKey", IntegrationKey::parse)?;
    let input = browser_input::read(query);
    let connect = state.broker.connect();
    let connected = connect.submit_nothing(&visitor.auth, &key, input).await?;
    Ok(connected_answer(&connected))
}
