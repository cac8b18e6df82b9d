//! Public pages for people who program against this instance (decision D1).

mod example;
mod reference;

use axum::response::{Html, IntoResponse};
use http::{HeaderName, HeaderValue, header};
use serde_json::Value;

use crate::oauth::page::Escaped;
use crate::route::Routes;

/// What the reference loads.
pub fn routes() -> Routes {
    Routes::new()
        .get("/docs/reference.css", async || {
            beside("text/css; charset=utf-8", include_str!("reference.css"))
        })
        .get("/docs/reference.js", async || {
            beside("text/javascript; charset=utf-8", include_str!("reference.js"))
        })
}

fn beside(media_type: &'static str, text: &'static str) -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, media_type),
        (header::CACHE_CONTROL, "public, max-age=300"),
    ];
    (headers, text)
}

/// `/docs/api`: the reference of the REST API as a page, for [`reference_at`] to complete. It lacks nothing without its
/// script.
pub fn reference(document: &Value) -> String {
    reference::page(document)
}

/// The page of an instance that is reached at `base`.
pub fn reference_at(page: &str, base: &str) -> Html<String> {
    Html(page.replace(reference::BASE, &Escaped(base).to_string()))
}

/// Headers of such a page: its own stylesheet and script are all it loads.
pub fn headers() -> [(HeaderName, HeaderValue); 3] {
    let policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; \
                  form-action 'none'; frame-ancestors 'none'";
    [
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy)),
        (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
        (
            header::CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=300"),
        ),
    ]
}
