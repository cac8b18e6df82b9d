use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use terapi_catalog::wire;
use terapi_model::IntegrationKey;

use crate::api::auth::ByKeyOrSession;
use crate::api::input::{Query, QueryReader};
use crate::error::ApiError;
use crate::state::AppState;

/// Every provider of the catalogue, by name.
#[utoipa::path(
    get, path = "/providers", tag = "Providers", security(("secret_key" = []), ("connect_session" = [])),
    params(("search" = Option<String>, Query, description = "Part of a provider's name, ignoring case")),
    responses((status = 200, description = "`{data: [provider]}`", body = Object))
)]
pub(super) async fn list(
    State(state): State<AppState>,
    who: ByKeyOrSession,
    query: Query,
) -> Result<Json<Value>, ApiError> {
    let mut reader = QueryReader::new(&query);
    let search = reader.parsed("search", IntegrationKey::parse);
    reader.finish(Some(()))?;
    who.caller().environment()?;
    let wanted = search.map(|search| search.as_str().to_lowercase());
    let base = state.public_url().as_str();
    let shown: Vec<Value> = state
        .broker
        .catalogue()
        .list()
        .filter(|provider| {
            wanted
                .as_ref()
                .is_none_or(|wanted| provider.name.as_str().to_lowercase().contains(wanted))
        })
        .map(|provider| wire::provider(provider, base))
        .collect();
    Ok(Json(json!({ "data": shown })))
}
