//! `/images/template-logos/{provider}.svg`: a monogram that we draw from a provider's name and id, for every
//! provider of the catalogue, custom ones included, and for names whose provider is gone: integrations of it may
//! still be there. We show nobody's trademark.
//!
//! `/images/environments/{uuid}/logo`: the picture that an operator gave their Connect UI.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use terapi_catalog::monogram_svg;
use terapi_model::ProviderName;

use crate::api::input::Path;
use crate::error::ApiError;
use crate::route::Routes;
use crate::state::AppState;

/// The routes of this room.
pub fn routes() -> Routes {
    Routes::new()
        .get("/images/template-logos/{file}", logo)
        .get("/images/environments/{uuid}/logo", environment_logo)
}

async fn logo(
    State(state): State<AppState>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let name = file
        .strip_suffix(".svg")
        .and_then(|name| ProviderName::parse(name).ok())
        .ok_or_else(|| ApiError::not_found("no provider can have this logo"))?;
    let svg = match state.broker.catalogue().get(name.as_str()) {
        Some(provider) => monogram_svg(name.as_str(), &provider.display_name),
        None => monogram_svg(name.as_str(), name.as_str()),
    };
    let tag = format!("\"{:016x}\"", fingerprint(svg.as_bytes()));
    let current = headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|sent| sent.as_bytes() == tag.as_bytes());
    let mut response = if current {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        svg.into_response()
    };
    let answer = response.headers_mut();
    answer.insert(header::CONTENT_TYPE, HeaderValue::from_static("image/svg+xml"));
    answer.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=86400"),
    );
    // Embedded by other sites' pages, some of which isolate themselves with COEP.
    answer.insert(
        "cross-origin-resource-policy",
        HeaderValue::from_static("cross-origin"),
    );
    answer.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; sandbox"),
    );
    if let Ok(tag) = HeaderValue::try_from(tag) {
        answer.insert(header::ETAG, tag);
    }
    Ok(response)
}

/// The logo that an environment's Connect UI shows. Its address has a version: what is there never changes.
async fn environment_logo(
    State(state): State<AppState>,
    Path(uuid): Path<String>,
) -> Result<Response, ApiError> {
    let logo = state.broker.environments().logo(&uuid).await?;
    let logo = logo.ok_or_else(|| ApiError::not_found("no environment has this logo"))?;
    let mut response = logo.bytes.into_response();
    let answer = response.headers_mut();
    if let Ok(kind) = HeaderValue::try_from(logo.media_type) {
        answer.insert(header::CONTENT_TYPE, kind);
    }
    for (name, value) in [
        ("cache-control", "public, max-age=31536000, immutable"),
        ("cross-origin-resource-policy", "cross-origin"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; sandbox"),
    ] {
        answer.insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}

/// FNV-1a: the same for ever, on every machine.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
