use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use terapi_model::IntegrationKey;

use super::browser_input;
use crate::api::input::{JsonBody, LenientQuery, Path};
use crate::error::ApiError;
use crate::state::AppState;

/// `POST /auth/unauthenticated/{integration}`, `/unauth/{integration}` to older packages: a connection to an API that
/// lets everybody in (rest.md 9.7). Whatever JSON is in the body says nothing.
pub async fn post(
    State(state): State<AppState>,
    path: Path<String>,
    LenientQuery(query): LenientQuery,
    JsonBody(_): JsonBody<{ super::FORM_LIMIT }>,
) -> Result<Json<Value>, ApiError> {
    let auth = browser_input::authenticate(&state, &query).await?;
    let key = path.parse("providerConfigKey", IntegrationKey::parse)?;
    let input = browser_input::read(&query);
    let connected = state.broker.connect().submit_nothing(&auth, &key, input).await?;
    Ok(Json(json!({
        "connectionId": connected.connection_key,
        "providerConfigKey": connected.integration_key,
    })))
}
