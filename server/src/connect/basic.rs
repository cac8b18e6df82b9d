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

/// `POST /api-auth/basic/{integration}`: an end user typed a user name and a password, either may be empty
/// (rest.md 9.7), and one of them may be missing, as packages send it when a script gave only the other.
pub async fn post(
    State(state): State<AppState>,
    path: Path<String>,
    LenientQuery(query): LenientQuery,
    request: Request,
) -> Result<Json<Value>, ApiError> {
    let visitor = Visitor::admit(&state, &query, &request, &path.0, "basic").await?;
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
    let (username, password) = read_object(&body, |fields| {
        // Published packages drop the `type` they were given; by hand it may well be sent.
        fields.value("type");
        let username = fields.optional_text("username", Length::maybe_empty(1024));
        let password = fields.optional_text("password", Length::maybe_empty(1024));
        if !fields.has("username") && !fields.has("password") {
            fields.text("username", Length::maybe_empty(1024));
        }
        fields.strict();
        Some((username.unwrap_or_default(), password.unwrap_or_default()))
    })
    .map_err(ApiError::bad_body)?;
    let key = path.parse("providerConfigKey", IntegrationKey::parse)?;
    let input = browser_input::read(query);
    let connected = state
        .broker
        .connect()
        .submit_basic(
            &visitor.auth,
            &key,
            input,
            SecretString::from(username),
            SecretString::from(password),
        )
        .await?;
    Ok(connected_answer(&connected))
}
