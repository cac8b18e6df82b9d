//! Public pages for people who program against this instance (decision D1).

mod example;
mod reference;

use axum::response::Html;
use http::{HeaderName, HeaderValue, header};
use serde_json::Value;

use crate::oauth::page::Escaped;
use crate::route::Routes;

/// The routes of this room, with the OpenAPI document that the reference is made of.
pub fn routes() -> Routes {
    Routes::new().get("/docs/reference.css", async || {
        let headers = [
            (header::CONTENT_TYPE, "text/css; charset=utf-8"),
            (header::CACHE_CONTROL, "public, max-age=300"),
        ];
        (headers, include_str!("reference.css"))
    })
}

/// `/docs/api`: the reference of the REST API as a page, for [`reference_at`] to complete. It has no script.
pub fn reference(document: &Value) -> String {
    reference::page(document)
}

/// The page of an instance that is reached at `base`.
pub fn reference_at(page: &str, base: &str) -> Html<String> {
    Html(page.replace(reference::BASE, &Escaped(base).to_string()))
}

/// Headers of such a page: its own stylesheet is all it loads.
pub fn headers() -> [(HeaderName, HeaderValue); 3] {
    let policy = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; \
                  frame-ancestors 'none'";
    [
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy)),
        (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
        (
            header::CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=300"),
        ),
    ]
}
