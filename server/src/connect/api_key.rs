use axum::Json;
use axum::extract::{FromRequest, Request, State};
use serde_json::Value;
use terapi_model::IntegrationKey;
use terapi_vault::SecretString;

use super::browser_input;
use super::connected_answer;
use super::visitor::Visitor;
use crate::api::input::{JsonBody, Length, LenientQuery, Path, Query, read_object};
use crate::error::ApiError;
use crate::state::AppState;

/// `POST /api-auth/api-key/{integration}`: an end user typed a key (rest.md 9.7).
pub async fn post(
    State(state): State<AppState>,
    path: Path<String>,
    LenientQuery(query): LenientQuery,
    request: Request,
) -> Result<Json<Value>, ApiError> {
    let visitor = Visitor::admit(&state, &query, &request, &path.0, "apikey").await?;
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
    let JsonBody(body) = JsonBody::<{ super::FORM_LIMIT }>::from_request(request, state).await?;
    let typed = read_object(&body, |fields| {
        // Published packages drop the `type` they were given; by hand it may well be sent.
        fields.value("type");
        let key = fields.text("apiKey", Length::to(1024));
        fields.strict();
        key
    })
    .map_err(ApiError::bad_body)?;
    let key = path.parse("providerConfigKey", IntegrationKey::parse)?;
    let input = browser_input::read(query);
    let connected = state
        .broker
        .connect()
        .submit_api_key(&visitor.auth, &key, input, SecretString::from(typed))
        .await?;
    Ok(connected_answer(&connected))
}
