use axum::extract::{RawQuery, State};
use axum::response::Response;
use url::form_urlencoded;

use super::page;
use crate::error::ApiError;
use crate::state::AppState;

/// `GET /app-auth/connect`: where GitHub sends a person who installed or changed an app (rest.md 9.6). Without state it
/// was changed there and nothing waits here (decision D26); authorizing an app is not part of this version.
pub async fn get(State(state): State<AppState>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let names = |name: &str| {
        let mut given = form_urlencoded::parse(query.as_bytes());
        given.any(|(key, value)| key == name && !value.is_empty())
    };
    if names("installation_id") && !names("state") {
        return page::installation_changed(&state.broker.settings().at("app"));
    }
    let error = ApiError::feature_disabled("this version of Terapi does not connect GitHub Apps yet");
    page::failure(error.status(), &page::Failure::of_start(&error), None, None)
}
