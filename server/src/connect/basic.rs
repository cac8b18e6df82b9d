use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use terapi_model::IntegrationKey;
use terapi_vault::SecretString;

use super::browser_input;
use crate::api::input::{JsonBody, Length, LenientQuery, Path, read_object};
use crate::error::ApiError;
use crate::state::AppState;

/// `POST /api-auth/basic/{integration}`: an end user typed a user name and a password, either may be empty
/// (rest.md 9.7), and one of them may be missing, as packages send it when a script gave only the other.
pub async fn post(
    State(state): State<AppState>,
    path: Path<String>,
    LenientQuery(query): LenientQuery,
    JsonBody(body): JsonBody<{ super::FORM_LIMIT }>,
) -> Result<Json<Value>, ApiError> {
    let auth = browser_input::authenticate(&state, &query).await?;
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
    let input = browser_input::read(&query);
    let connected = state
        .broker
        .connect()
        .submit_basic(
            &auth,
            &key,
            input,
            SecretString::from(username),
            SecretString::from(password),
        )
        .await?;
    Ok(Json(json!({
        "connectionId": connected.connection_key,
        "providerConfigKey": connected.integration_key,
    })))
}
