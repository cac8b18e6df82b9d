use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::HeaderMap;
use url::form_urlencoded;

use super::page;
use crate::error::ApiError;
use crate::state::AppState;

/// `GET /app-auth/connect`: where GitHub sends a person who installed or changed an app (rest.md 9.6). Without state it
/// was changed there and nothing waits here (decision D26); authorizing an app is not part of this version.
pub async fn get(State(state): State<AppState>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    let language = page::language(None, &headers);
    let query = query.unwrap_or_default();
    let names = |name: &str| {
        let mut given = form_urlencoded::parse(query.as_bytes());
        given.any(|(key, value)| key == name && !value.is_empty())
    };
    if names("installation_id") && !names("state") {
        return page::installation_changed(language, &state.broker.settings().at("app"));
    }
    let error = ApiError::feature_disabled("this version of Terapi does not connect GitHub Apps yet");
    let failure = page::Failure::of_start(language, &error);
    page::failure(error.status(), &failure, None, None)
}
