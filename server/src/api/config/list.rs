use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::auth::ByKey;
use crate::api::input::NoQuery;
use crate::api::integrations::IntegrationBody;
use crate::error::ApiError;
use crate::state::AppState;

/// `{configs: [integration]}`
#[derive(Serialize, ToSchema)]
pub struct ConfigList {
    /// By provider, then by age.
    configs: Vec<IntegrationBody>,
}

/// Integrations, as older clients ask for them. Scope: `environment:integrations:list` or `…:list_credentials`.
#[utoipa::path(
    get, path = "/config", tag = "Deprecated", security(("secret_key" = ["environment:integrations:list"]), ("secret_key" = ["environment:integrations:list_credentials"])),
    responses((status = 200, description = "Never with credentials", body = ConfigList))
)]
pub(super) async fn list(
    State(state): State<AppState>,
    ByKey(caller): ByKey,
    _: NoQuery,
) -> Result<Json<ConfigList>, ApiError> {
    let found = state.broker.integrations().list(&caller).await?;
    let configs = found
        .iter()
        .map(|integration| IntegrationBody::of(&state, integration))
        .collect();
    Ok(Json(ConfigList { configs }))
}
