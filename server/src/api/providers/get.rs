use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use http::HeaderMap;
use serde_json::json;
use terapi_catalog::wire;
use terapi_model::ProviderName;

use super::{in_language, language};
use crate::api::auth::ByKeyOrSession;
use crate::api::input::{NoQuery, Path};
use crate::error::ApiError;
use crate::state::AppState;

/// One provider of the catalogue.
#[utoipa::path(
    get, path = "/providers/{provider}", tag = "Providers",
    security(("secret_key" = []), ("connect_session" = [])),
    params(
        ("provider" = String, Path, description = "The provider's name"),
        ("Accept-Language" = Option<String>, Header, description = "Language of titles and descriptions: `en`, `es`, `fr`, `de` or `ja`"),
    ),
    responses(
        (status = 200, description = "The provider", body = super::ProviderAnswer),
        (status = 404, description = "`not_found`", body = crate::api::openapi::ErrorBody),
    )
)]
pub(super) async fn get(
    State(state): State<AppState>,
    who: ByKeyOrSession,
    _: NoQuery,
    path: Path<String>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, ApiError> {
    let name = path.parse("provider", ProviderName::parse)?;
    who.caller().environment()?;
    let Some(provider) = state.broker.catalogue().get(name.as_str()) else {
        return Err(ApiError::not_found(format!("there is no provider {name}")));
    };
    let language = language(&headers);
    let shown = wire::provider_in(language, provider, state.public_url().as_str());
    Ok((in_language(language), Json(json!({ "data": shown }))))
}
