use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::CookieJar;
use http::{HeaderMap, HeaderName, Method, StatusCode, header};
use terapi_broker::connect::{BrowserId, DepartError, DepartFailure};
use terapi_model::OAuthAttemptId;

use super::{flow_cookie, page};
use crate::api::input::{LenientQuery, Query};
use crate::error::ApiError;
use crate::state::AppState;

/// `GET /connect/ui/go`: a popup, or the page itself, comes for an attempt that was prepared for it. Here it is
/// first-party, so that the flow cookie is kept wherever the attempt was prepared (decision D9).
pub async fn get(
    State(state): State<AppState>,
    method: Method,
    headers: HeaderMap,
    LenientQuery(query): LenientQuery,
    jar: CookieJar,
) -> Response {
    if method == Method::HEAD || is_speculative(&headers) {
        // Nobody has come yet, and the link is good once.
        return StatusCode::NO_CONTENT.into_response();
    }
    match depart(&state, &query, jar).await {
        Ok(response) => response,
        Err(failed) => {
            let language = page::language(failed.language.as_deref(), &headers);
            let error = ApiError::from(failed.why);
            let failure = page::Failure::of_start(language, &error);
            let look = failure.look(&state).await;
            page::failure(error.status(), &failure, None, look.as_ref())
        }
    }
}

/// True when a browser or a link scanner only looks ahead.
fn is_speculative(headers: &HeaderMap) -> bool {
    ["sec-purpose", "purpose"]
        .iter()
        .filter_map(|name| headers.get(*name)?.to_str().ok())
        .any(|purpose| purpose.contains("prefetch") || purpose.contains("prerender"))
}

async fn depart(state: &AppState, query: &Query, jar: CookieJar) -> Result<Response, DepartFailure> {
    let attempt = query.text("attempt").and_then(OAuthAttemptId::parse);
    let attempt = attempt.ok_or_else(DepartFailure::of_nothing)?;
    let link = query.text("link").unwrap_or_default();
    let browser = flow_cookie::read_or_draw(&jar, state.public_url());
    let holder = BrowserId::of_cookie(browser.expose());
    let authorize_url = state.broker.connect().depart(&attempt, link, &holder).await?;
    let jar = jar.add(flow_cookie::renew(&browser, state.public_url()));
    let away: [(HeaderName, &str); 3] = [
        (header::CACHE_CONTROL, "no-store"),
        // The link is in this address and is nobody else's business.
        (header::REFERRER_POLICY, "no-referrer"),
        (header::LOCATION, authorize_url.as_str()),
    ];
    Ok((StatusCode::FOUND, jar, away).into_response())
}

impl From<DepartError> for ApiError {
    fn from(error: DepartError) -> Self {
        match error {
            DepartError::Unknown => Self::new(StatusCode::BAD_REQUEST, error.code(), error.to_string()),
            DepartError::Sealing(error) => Self::internal(&error),
            DepartError::Store(error) => error.into(),
        }
    }
}
