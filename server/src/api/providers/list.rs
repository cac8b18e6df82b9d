use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use http::HeaderMap;
use serde_json::{Value, json};
use terapi_catalog::wire;
use terapi_model::IntegrationKey;

use super::{in_language, language};
use crate::api::auth::ByKeyOrSession;
use crate::api::input::{Query, QueryReader};
use crate::error::ApiError;
use crate::state::AppState;

/// Every provider of the catalogue, by name.
#[utoipa::path(
    get, path = "/providers", tag = "Providers", security(("secret_key" = []), ("connect_session" = [])),
    params(
        ("search" = Option<String>, Query, description = "Part of a provider's name, ignoring case"),
        ("Accept-Language" = Option<String>, Header, description = "Language of titles and descriptions: `en`, `es`, `fr`, `de` or `ja`"),
    ),
    responses((status = 200, description = "The providers", body = super::ProviderList))
)]
pub(super) async fn list(
    State(state): State<AppState>,
    who: ByKeyOrSession,
    query: Query,
    headers: HeaderMap,
) -> Result<impl IntoResponse, ApiError> {
    let mut reader = QueryReader::new(&query);
    let search = reader.parsed("search", IntegrationKey::parse);
    reader.finish(Some(()))?;
    who.caller().environment()?;
    let wanted = search.map(|search| search.as_str().to_lowercase());
    let base = state.public_url().as_str();
    let language = language(&headers);
    let shown: Vec<Value> = state
        .broker
        .catalogue()
        .list()
        .filter(|provider| {
            wanted
                .as_ref()
                .is_none_or(|wanted| provider.name.as_str().to_lowercase().contains(wanted))
        })
        .map(|provider| wire::provider_in(language, provider, base))
        .collect();
    Ok((in_language(language), Json(json!({ "data": shown }))))
}
