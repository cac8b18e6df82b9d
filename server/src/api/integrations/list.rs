use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::IntegrationBody;
use crate::api::auth::ByKeyOrSession;
use crate::api::input::NoQuery;
use crate::error::ApiError;
use crate::state::AppState;

/// `{data: [integration]}`
#[derive(Serialize, ToSchema)]
pub struct IntegrationList {
    /// By provider, then by age.
    data: Vec<IntegrationBody>,
}

/// Integrations of the key's environment; with a session token those the session allows. Scope:
/// `environment:integrations:list` or `…:list_credentials`.
#[utoipa::path(
    get, path = "/integrations", tag = "Integrations",
    security(("secret_key" = ["environment:integrations:list"]), ("secret_key" = ["environment:integrations:list_credentials"]), ("connect_session" = [])),
    responses((status = 200, description = "Never with credentials", body = IntegrationList))
)]
pub(super) async fn list(
    State(state): State<AppState>,
    who: ByKeyOrSession,
    _: NoQuery,
) -> Result<Json<IntegrationList>, ApiError> {
    let integrations = state.broker.integrations();
    let found = match &who {
        ByKeyOrSession::Key(caller) => integrations.list(caller).await?,
        ByKeyOrSession::Session(session) => {
            integrations
                .list_allowed(&session.caller, session.allowed_integrations.as_deref())
                .await?
        }
    };
    let data = found
        .iter()
        .map(|integration| IntegrationBody::of(&state, integration))
        .collect();
    Ok(Json(IntegrationList { data }))
}
